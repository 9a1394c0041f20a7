from __future__ import annotations

import os
from shutil import copytree
from typing import TYPE_CHECKING

import numpy as np
import pytest
from helpers.cover_files import picture

from spotitags.errors import InputError, WeightsError
from spotitags.records import Album, Artist, Cover
from spotitags.taggers.features.backbone import TimmBackbone
from spotitags.taggers.features.registry import extractors_for_models, feature_versions

if TYPE_CHECKING:
    from pathlib import Path

ARTIST = Artist("a", "A")
COVERS = [
    Cover(Album(mode, "", ARTIST), mode, np.asarray(picture(mode).convert("RGB"))) for mode in ("RGB", "L")
]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A small network with random weights, as timm writes it."""
    timm = pytest.importorskip("timm")
    import torch
    from timm.models import save_for_hf

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("network")
    save_for_hf(timm.create_model("test_resnet", pretrained=False), str(folder), safe_serialization=True)
    return f"local-dir:{folder}"


def test_a_backbone_gives_numbers_of_each_cover_under_its_name(checkpoint: str) -> None:
    backbone = TimmBackbone(checkpoint)
    first, again = backbone.extract(COVERS), TimmBackbone(checkpoint).extract(COVERS)
    assert (first == again).all()
    assert backbone.feature == checkpoint
    features = backbone.unpack(first)
    assert features.shape[0] == 2
    assert (features[0] != features[1]).any()
    assert np.abs(features - backbone.embed(COVERS)).max() < np.abs(features).max() / 100


def test_other_weights_are_another_version(checkpoint: str, tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"other")
    assert TimmBackbone(checkpoint).version == TimmBackbone(checkpoint).version
    assert TimmBackbone(checkpoint).version != TimmBackbone(f"local-dir:{tmp_path}").version


@pytest.mark.parametrize("name", ["local-dir:/nowhere/at/all", "no_such_network", "resnet18.a1_in1k"])
def test_a_backbone_that_cannot_be_had_says_so(name: str) -> None:
    pytest.importorskip("timm")
    with pytest.raises(WeightsError, match=r"cannot be loaded.*local-dir:FOLDER"):
        TimmBackbone(name, offline=True).embed(COVERS)


def test_a_folder_with_a_pickle_alone_is_refused(checkpoint: str, tmp_path: Path) -> None:
    import torch

    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(tmp_path / "trapped"),)

    copytree(checkpoint.removeprefix("local-dir:"), tmp_path / "net")
    (tmp_path / "net" / "model.safetensors").unlink()
    torch.save({"weight": Trap()}, tmp_path / "net" / "pytorch_model.bin")

    with pytest.raises(WeightsError, match=r"no model\.safetensors"):
        TimmBackbone(f"local-dir:{tmp_path / 'net'}").embed(COVERS)

    assert not (tmp_path / "trapped").exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders here")
def test_a_pipe_in_a_folder_is_not_read(checkpoint: str, tmp_path: Path) -> None:
    copytree(checkpoint.removeprefix("local-dir:"), tmp_path / "net")
    os.mkfifo(tmp_path / "net" / "endless")
    assert TimmBackbone(f"local-dir:{tmp_path / 'net'}").version == TimmBackbone(checkpoint).version


def test_models_have_their_readers() -> None:
    readers = extractors_for_models(
        ["colour-knn", "transfer", "transfer:lite", "colour-boost", "pca-forest"], ["lite"]
    )
    assert list(feature_versions(readers)) == ["colours", "thumbnail"]
    (reader,) = extractors_for_models(["transfer:resnet18"], ["lite"])
    assert feature_versions([reader]) == {"resnet18": reader.version}


@pytest.mark.parametrize(
    ("name", "word"), [("colour-guess", "there are: colour-boost"), ("colour-knn:lite", "only")]
)
def test_a_model_that_is_none_is_named(name: str, word: str) -> None:
    with pytest.raises(InputError, match=word):
        extractors_for_models([name], ["lite"])
