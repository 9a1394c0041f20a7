"""Find or download open_clip's weights: model names, Hugging Face's cache folder, the Hub.

Importing this module imports no torch, so readiness and version take milliseconds; only `locate` imports it,
for models that it must find in open_clip's table.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classifiers.files import read_plain
from spotitags.errors import InputError, NotInstalledError, TaggerError, WeightsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType


DEFAULT_MODEL = "ViT-B-32-256/datacomp_s34b_b86k"

_DEFAULT_REPO = "laion/CLIP-ViT-B-32-256x256-DataComp-s34B-b86K"
_DEFAULT_SIZE = 256
_HUB, _FOLDER = "hf-hub:", "local-dir:"
_CONFIG = "open_clip_config.json"
_CHECKPOINTS = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
_SUFFIXES = (".safetensors", ".bin", ".pth")
_PREPROCESSING = ("mean", "std", "interpolation", "resize_mode")
_ANOTHER = "take another --clip-model, or --tagger lite"
_MAX_SIZE = 2048  # pixels; published models have at most 1024
_VISION_SIZE = 224  # open_clip's CLIPVisionCfg.image_size
_TIMEOUT = 5.0  # seconds to wait for the Hub's response to a HEAD request


@dataclass(frozen=True, slots=True)
class Weights:
    """Arguments for open_clip to build one model.

    Attributes:
        model: open_clip's ``model_name``.
        tokenizer: The name of the tokenizer, if it is not built into open_clip.
        checkpoint: The path of the weights; None if ``model`` is a folder that holds them.
        preprocessing: ``mean``, ``std``, ``interpolation`` and ``resize_mode`` from open_clip's table.
        quick_gelu: True if the weights were trained with OpenAI's approximate GELU.
    """

    model: str
    tokenizer: str
    checkpoint: str | None = None
    preprocessing: Mapping[str, Any] = field(default_factory=dict)
    quick_gelu: bool = False


def image_size(model: str, *, offline: bool = False) -> int:
    """Return the side of the model's input in pixels, from its configuration file; builds no model.

    Raises:
        InputError: There is no model of that name.
        WeightsError: The configuration is missing and cannot be downloaded, or is none.
    """
    if model == DEFAULT_MODEL:
        return _DEFAULT_SIZE
    if model.startswith(_FOLDER):
        config = _folder(model) / _CONFIG
    elif model.startswith(_HUB):
        config = hub_file(model.removeprefix(_HUB), (_CONFIG,), offline=offline)
    else:
        config = _builtin_config(model)
    try:
        content = json.loads(read_plain(config))
        size = content.get("model_cfg", content)["vision_cfg"].get("image_size", _VISION_SIZE)
        side = int(max(size)) if isinstance(size, list) else int(size)
    except Exception as error:  # of the file system, of json, or of values of other types
        reason = f"{type(error).__name__}: {one_line(error)}"
        raise WeightsError(f"{config} is no configuration of open_clip ({reason}): {_ANOTHER}") from error
    if not 1 <= side <= _MAX_SIZE:
        raise WeightsError(f"{config} asks for covers of {side} pixels, not 1 to {_MAX_SIZE}: {_ANOTHER}")
    return side


def identity(model: str) -> str:
    """Return the model's name; for a folder, with a digest of its configuration and its weights' status."""
    if not model.startswith(_FOLDER):
        _check_name(model)
        return model
    folder = _folder(model)
    digest = hashlib.sha256(read_plain(folder / _CONFIG))
    for checkpoint in _checkpoints(folder):
        status = checkpoint.stat()
        digest.update(f"{checkpoint.name} {status.st_size} {status.st_mtime_ns}".encode())
    return f"{model}@{digest.hexdigest()[:12]}"


def on_disk(model: str) -> bool | None:
    """Return whether the weights are on disk; None if only open_clip's table has the answer.

    Raises:
        InputError: ``model`` has no form that open_clip accepts.
    """
    if model == DEFAULT_MODEL:
        return cached_file(_DEFAULT_REPO, _CHECKPOINTS) is not None
    if model.startswith(_HUB):
        return cached_file(model.removeprefix(_HUB), _CHECKPOINTS) is not None
    if model.startswith(_FOLDER):
        folder = Path(model.removeprefix(_FOLDER))
        return (folder / _CONFIG).is_file() and bool(_checkpoints(folder))
    _check_name(model)
    return None


def installed() -> bool:
    """Return whether the packages of the extra ``clip`` are installed; imports none."""
    return all(find_spec(package) is not None for package in ("torch", "torchvision", "open_clip"))


def import_open_clip() -> ModuleType:
    """Import open_clip, which takes seconds the first time.

    Raises:
        TaggerError: The installed packages do not fit together.
    """
    try:
        import open_clip
    except (ImportError, RuntimeError, OSError) as error:
        raise TaggerError(
            f"open_clip cannot be imported ({one_line(error)}): install torch and torchvision from the same "
            "source, or take --tagger lite"
        ) from error
    module: ModuleType = open_clip
    return module


def locate(model: str, *, offline: bool = False) -> Weights:
    """Find the weights on disk, or download them.

    open_clip gets the checkpoint's path together with the preprocessing from its own table: with a path alone
    it would silently use OpenAI's (right for ViT-B-32, wrong for SigLIP, PE and MobileCLIP).

    Raises:
        InputError: There is no model of that name.
        WeightsError: The weights are missing and cannot be downloaded.
        NotInstalledError: open_clip is not installed.
    """
    if not installed():
        raise NotInstalledError("the clip tagger", "clip")
    if model.startswith(_FOLDER):
        if not _checkpoints(_folder(model)):
            raise _missing(model, "the folder holds no *.safetensors, *.bin or *.pth file")
        return Weights(model, tokenizer=model)
    if model.startswith(_HUB):
        repository = model.removeprefix(_HUB)
        hub_file(repository, (_CONFIG,), offline=offline)
        checkpoint = hub_file(repository, _CHECKPOINTS, offline=offline)
        return Weights(f"{_FOLDER}{checkpoint.parent}", tokenizer=model)
    name, _, tag = _check_name(model)
    if model == DEFAULT_MODEL:  # its repository is known, so a missing network shows before torch is imported
        hub_file(_DEFAULT_REPO, _CHECKPOINTS, offline=offline)
    entry = _table_entry(name, tag)
    repository, _, file = entry["hf_hub"].rpartition("/")
    checkpoint = hub_file(repository, (file,) if file else _CHECKPOINTS, offline=offline)
    return Weights(
        name,
        tokenizer=name,
        checkpoint=str(checkpoint),
        preprocessing={key: entry[key] for key in _PREPROCESSING if key in entry},
        quick_gelu=bool(entry.get("quick_gelu")),
    )


def cached_file(repository: str, names: Sequence[str]) -> Path | None:
    """Return the first of ``names`` of a repository's main branch in Hugging Face's cache folder."""
    folder = _hub_cache() / f"models--{repository.replace('/', '--')}"
    try:
        commit = (folder / "refs" / "main").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    files = (folder / "snapshots" / commit / name for name in names)
    return next((file for file in files if file.is_file()), None)


def hub_file(repository: str, names: Sequence[str], *, offline: bool) -> Path:
    """Return the first of ``names`` in a repository, from the cache folder or else the Hugging Face Hub.

    One HEAD request precedes the download: without a network, the Hub's client would retry for half a minute
    and print warnings.

    Raises:
        WeightsError: Neither the cache nor the Hub has it.
    """
    if cached := cached_file(repository, names):
        return cached
    if offline:
        raise _missing(f"{_HUB}{repository}", "it is not on disk and offline forbids a download")
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url
    from huggingface_hub.errors import RemoteEntryNotFoundError

    for name in names:
        try:
            get_hf_file_metadata(hf_hub_url(repository, name), timeout=_TIMEOUT)
            return Path(hf_hub_download(repository, name))
        except RemoteEntryNotFoundError:
            continue
        except Exception as error:  # the errors of the client, its HTTP library and xet share no base class
            raise _missing(f"{_HUB}{repository}", f"{type(error).__name__}: {error}") from error
    raise _missing(f"{_HUB}{repository}", f"it holds none of {', '.join(names)}")


def _missing(model: str, cause: str) -> WeightsError:
    return WeightsError(
        f"the CLIP weights {model} are not available ({one_line(cause)}): "
        "take --tagger lite, or run once with a network"
    )


def one_line(text: object) -> str:
    """Return a text, such as an error's, in one line of at most 300 characters."""
    return " ".join(str(text).split())[:300]


def _hub_cache() -> Path:
    """Return Hugging Face's cache folder, from the same variables in the same order as its own client."""
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    home = os.environ.get("HF_HOME") or str(Path(home) / "huggingface")
    hub = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE") or str(Path(home) / "hub")
    return Path(os.path.expandvars(hub)).expanduser()


def _check_name(model: str) -> tuple[str, str, str]:
    name, slash, tag = model.partition("/")
    if model.startswith(_HUB) or (name and tag):
        return name, slash, tag
    raise InputError(
        f"{model!r} names no CLIP weights: give open_clip's name/pretrained (such as {DEFAULT_MODEL}), "
        f"{_HUB}owner/repository or {_FOLDER}path"
    )


def _folder(model: str) -> Path:
    folder = Path(model.removeprefix(_FOLDER))
    if not (folder / _CONFIG).is_file():
        raise _missing(model, f"the folder holds no {_CONFIG}")
    return folder


def _checkpoints(folder: Path) -> list[Path]:
    return sorted(file for file in folder.glob("*") if file.suffix in _SUFFIXES)


def _builtin_config(model: str) -> Path:
    """Return open_clip's configuration file of a named model, without importing open_clip."""
    name = _check_name(model)[0]
    spec = find_spec("open_clip")
    if spec is None or spec.origin is None:
        raise NotInstalledError("the clip tagger", "clip")
    config = Path(spec.origin).parent / "model_configs" / f"{name}.json"
    if not config.is_file():
        raise InputError(
            f"open_clip knows no model {name!r}; python -c 'import open_clip; print(open_clip.list_models())'"
        )
    return config


def _table_entry(name: str, tag: str) -> dict[str, Any]:
    """Return open_clip's entry for a pretrained tag: repository, preprocessing, activation. Imports torch."""
    open_clip = import_open_clip()
    entry: dict[str, Any] = open_clip.get_pretrained_cfg(name, tag)
    if not entry:
        tags = open_clip.list_pretrained_tags_by_model(name)
        known = (
            f"{name} has {', '.join(tags)}"
            if tags
            else "python -c 'import open_clip; print(open_clip.list_pretrained())'"
        )
        raise InputError(f"open_clip knows no weights {name}/{tag}; {known}")
    return entry
