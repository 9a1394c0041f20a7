"""Weights from the cache folder and from the Hub, and errors without either; torch is not imported."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from helpers.tiny_clip import tiny_clip
from werkzeug import Response

from spotitags.errors import InputError, TaggerError, WeightsError
from spotitags.taggers.base import TaggerOptions
from spotitags.taggers.clip.encoder import load_encoder
from spotitags.taggers.clip.tagger import ClipTagger
from spotitags.taggers.clip.weights import DEFAULT_MODEL, _table_entry, cached_file, image_size, locate

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_httpserver import HTTPServer

REPOSITORY = "laion/CLIP-ViT-B-32-256x256-DataComp-s34B-b86K"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def store_weights(cache: Path, repository: str, *names: str) -> None:
    """Fill the cache folder as Hugging Face's client lays it out."""
    folder = cache / f"models--{repository.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text(COMMIT)
    snapshot = folder / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    for name in names:
        (snapshot / name).write_text("{}")


@pytest.fixture
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for variable in ("HF_HOME", "XDG_CACHE_HOME", "HUGGINGFACE_HUB_CACHE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"HF_HUB_DISABLE_XET": "1"} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_is_ready_where_its_weights_are_on_disk(hub_cache: Path, tmp_path: Path) -> None:
    options = TaggerOptions(tmp_path, device="cpu", offline=True)
    before = ClipTagger.readiness(options)
    store_weights(hub_cache, REPOSITORY, "open_clip_model.safetensors")

    after = ClipTagger.readiness(options)

    assert (before.ready, before.reason) == (False, "no GPU and no weights on disk")
    assert "--tagger clip" in before.remedy
    assert (after.ready, after.reason) == (True, "its weights are on disk")


def test_a_gpu_makes_it_ready_unless_downloads_are_forbidden(hub_cache: Path, tmp_path: Path) -> None:
    assert not hub_cache.exists()
    assert ClipTagger.readiness(TaggerOptions(tmp_path, device="cuda")).reason == "a CUDA GPU is here"
    assert not ClipTagger.readiness(TaggerOptions(tmp_path, device="cuda", offline=True)).ready


def test_a_hub_model_is_ready_where_its_own_weights_are_on_disk(hub_cache: Path, tmp_path: Path) -> None:
    store_weights(hub_cache, "me/tiny", "open_clip_pytorch_model.bin")

    def ready(model: str) -> bool:
        return ClipTagger.readiness(TaggerOptions(tmp_path, clip_model=model, device="cpu")).ready

    assert ready("hf-hub:me/tiny")
    assert not ready("hf-hub:me/large")
    assert not ready(f"local-dir:{tmp_path / 'nowhere'}")
    assert not ready("ViT-B-32/openai")


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({"HF_HUB_CACHE": "{}/a"}, "a"),
        ({"HF_HOME": "{}/b"}, "b/hub"),
        ({"XDG_CACHE_HOME": "{}/c"}, "c/huggingface/hub"),
        ({"HF_HOME": "{}/b", "HF_HUB_CACHE": "{}/a"}, "a"),
    ],
)
def test_the_cache_folder_is_found_as_hugging_faces_client_finds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], folder: str
) -> None:
    for variable in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(variable, raising=False)
    environment = {name: value.format(tmp_path) for name, value in variables.items()}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    store_weights(tmp_path / folder, "me/tiny", "weights.bin")

    theirs = python(
        "from huggingface_hub import try_to_load_from_cache as t; print(t('me/tiny', 'weights.bin'))",
        **environment,
    )

    ours = cached_file("me/tiny", ["absent.bin", "weights.bin"])
    assert ours is not None
    assert ours.is_file()
    assert theirs.stdout.strip() == str(ours)


@pytest.mark.parametrize("model", [DEFAULT_MODEL, "hf-hub:me/tiny", "local-dir:nowhere"])
def test_weights_that_are_not_here_are_one_line_with_a_way_out(hub_cache: Path, model: str) -> None:
    assert not hub_cache.exists()

    with pytest.raises(WeightsError, match="take --tagger lite") as caught:
        locate(model, offline=True)

    assert "\n" not in str(caught.value)
    assert model.partition(":")[0].split("/")[0] in str(caught.value) or REPOSITORY in str(caught.value)


@pytest.mark.parametrize("model", ["ViT-B-32", "", "ViT-B-32/", "/openai"])
def test_a_name_without_weights_is_refused(model: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="hf-hub:"):
        _ = ClipTagger(tmp_path, model=model).version


def test_the_size_of_named_models_is_read_from_open_clips_files(tmp_path: Path) -> None:
    assert image_size(DEFAULT_MODEL) == 256
    assert image_size("ViT-L-14-336/openai") == 336
    assert image_size("ViT-B-16-SigLIP2-512/webli") == 512
    with pytest.raises(InputError, match="no model 'ViT-Z-99'"):
        image_size("ViT-Z-99/openai")
    with pytest.raises(WeightsError):
        image_size(f"local-dir:{tmp_path}")


@pytest.mark.parametrize(
    "config",
    [
        "",
        "[]",
        "[" * 100_000,
        "{}",
        '{"vision_cfg": 7}',
        '{"vision_cfg": {"image_size": []}}',
        '{"vision_cfg": {"image_size": {}}}',
        '{"vision_cfg": {"image_size": Infinity}}',
        '{"vision_cfg": {"image_size": 0}}',
        '{"vision_cfg": {"image_size": 1000000000}}',
        '{"model_cfg": 1, "vision_cfg": {}}',
    ],
)
def test_a_folder_with_a_configuration_that_is_none_is_refused(tmp_path: Path, config: str) -> None:
    (tmp_path / "open_clip_config.json").write_text(config)
    with pytest.raises(WeightsError, match=r"open_clip_config\.json .*--clip-model") as caught:
        image_size(f"local-dir:{tmp_path}")
    assert "\n" not in str(caught.value)


def test_a_checkpoint_that_is_a_pickle_runs_no_code(tmp_path: Path) -> None:
    import torch

    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(tmp_path / "trapped"),)

    name = tiny_clip(tmp_path / "evil")
    (tmp_path / "evil" / "open_clip_model.safetensors").unlink()
    torch.save({"state_dict": Trap()}, tmp_path / "evil" / "open_clip_pytorch_model.bin")

    with pytest.raises(WeightsError, match="cannot be loaded"):
        load_encoder(name, device="cpu", precision="fp32", offline=True)

    assert not (tmp_path / "trapped").exists()


def test_an_unknown_device_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cpu, cuda, mps"):
        ClipTagger.readiness(TaggerOptions(tmp_path, device="tpu"))


def test_version_size_and_readiness_import_nothing_heavy(tmp_path: Path) -> None:
    done = python(
        "import sys\n"
        "from pathlib import Path\n"
        "from spotitags.taggers import TaggerOptions\n"
        "from spotitags.taggers.clip import ClipTagger\n"
        f"options = TaggerOptions(Path({str(tmp_path)!r}))\n"
        "ClipTagger.readiness(options)\n"
        "tagger = ClipTagger.from_options(options)\n"
        "tagger.version, tagger.image_size, tagger.batch_size, tagger.votes_version(['a', 'b'])\n"
        "print(sorted({'torch', 'open_clip', 'PIL', 'huggingface_hub', 'sklearn'} & set(sys.modules)))\n"
    )

    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_without_the_extra_the_install_line_is_the_answer(tmp_path: Path) -> None:
    done = python(
        "import sys\n"
        "from pathlib import Path\n"
        "import numpy as np\n"
        "from spotitags.errors import NotInstalledError\n"
        "from spotitags.records import Album, Artist, Cover\n"
        "from spotitags.taggers import TaggerOptions\n"
        "from spotitags.taggers.clip import ClipTagger\n"
        "sys.modules['open_clip'] = None  # as if it were not installed\n"
        f"options = TaggerOptions(Path({str(tmp_path)!r}))\n"
        "print(ClipTagger.readiness(options).reason)\n"
        "try:\n"
        "    cover = Cover(Album('1', '', Artist('1')), '1', np.zeros((8, 8, 3), np.uint8))\n"
        "    ClipTagger.from_options(options).tag([cover])\n"
        "except NotInstalledError as error:\n"
        "    print(error)\n"
    )

    reason, error = done.stdout.splitlines()
    assert reason == "open_clip is not installed"
    assert "uv sync --inexact --extra clip" in error


def test_without_a_network_it_gives_up_within_seconds_and_says_nothing_else(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "import numpy as np\n"
        "from spotitags.errors import WeightsError\n"
        "from spotitags.records import Album, Artist, Cover\n"
        "from spotitags.taggers.clip import ClipTagger\n"
        "cover = Cover(Album('1', '', Artist('1')), '1', np.zeros((8, 8, 3), np.uint8))\n"
        "try:\n"
        f"    ClipTagger(Path({str(tmp_path)!r})).tag([cover])\n"
        "except WeightsError as error:\n"
        "    print(error)\n"
    )
    start = time.monotonic()

    done = python(code, HF_ENDPOINT="http://127.0.0.1:9", HF_HUB_CACHE=str(tmp_path / "hub"))

    assert time.monotonic() - start < 15
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1
    assert REPOSITORY in done.stdout
    assert "--tagger lite" in done.stdout


def test_a_download_takes_the_first_file_that_the_hub_has(httpserver: HTTPServer, tmp_path: Path) -> None:
    there = "/me/tiny/resolve/main/open_clip_pytorch_model.bin"
    absent = "/me/tiny/resolve/main/open_clip_model.safetensors"
    headers = {"X-Repo-Commit": COMMIT, "ETag": '"abc"', "Accept-Ranges": "bytes"}
    httpserver.expect_request(absent).respond_with_response(
        Response("", 404, headers | {"X-Error-Code": "EntryNotFound"})
    )
    httpserver.expect_request(there).respond_with_response(Response(b"weights", 200, headers))
    code = (
        "from spotitags.taggers.clip.weights import hub_file, cached_file, _CHECKPOINTS\n"
        "print(hub_file('me/tiny', _CHECKPOINTS, offline=False).read_text())\n"
        "print(hub_file('me/tiny', _CHECKPOINTS, offline=True).name)\n"
    )

    done = python(code, HF_ENDPOINT=httpserver.url_for("").rstrip("/"), HF_HUB_CACHE=str(tmp_path / "hub"))

    assert done.stdout.split() == ["weights", "open_clip_pytorch_model.bin"], done.stderr


def test_weights_that_do_not_fit_their_model_are_an_error_of_one_line(tmp_path: Path) -> None:
    name = tiny_clip(tmp_path / "broken")
    (tmp_path / "broken" / "open_clip_model.safetensors").write_bytes(b"half a download")

    with pytest.raises(WeightsError, match="--tagger lite") as caught:
        load_encoder(name, device="cpu", precision="fp32", offline=True)

    assert "\n" not in str(caught.value)


def test_a_gpu_that_torch_cannot_use_is_an_error_that_names_the_way_out(tmp_path: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    with pytest.raises(TaggerError, match="--device cpu"):
        load_encoder(tiny_clip(tmp_path / "tiny"), device="cuda", precision="fp32", offline=True)


def test_open_clips_table_gives_preprocessing_and_activation_of_named_weights() -> None:
    assert _table_entry("ViT-B-32-256", "datacomp_s34b_b86k")["hf_hub"].startswith(
        "laion/CLIP-ViT-B-32-256x256"
    )
    assert _table_entry("ViT-B-32", "openai")["quick_gelu"]
    assert _table_entry("ViT-B-16-SigLIP", "webli")["resize_mode"] == "squash"
    with pytest.raises(InputError, match="datacomp_s34b_b86k"):
        _table_entry("ViT-B-32-256", "no-such-tag")
