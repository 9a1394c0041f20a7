"""Build the networks of the tagger `text` from those of PP-OCRv6 in the package ``rapidocr``.

    pip download --no-deps rapidocr==3.10.0
    python -m spotitags.training.text_models rapidocr-3.10.0-py3-none-any.whl

Weights are stored in half precision, which onnxruntime turns into single precision when it opens the file;
of the reader's 18,710 characters the Latin ones stay. docs/text.md says what both change.
"""

from __future__ import annotations

import hashlib
import sys
import unicodedata
import zipfile
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from classifiers.files import replaced_file
from spotitags.errors import InputError
from spotitags.taggers.text.networks import CHARACTERS, DETECTION, RECOGNITION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onnx import ModelProto

DETECTOR: Final = (
    "rapidocr/models/PP-OCRv6_det_small.onnx",
    "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
)
"""File of the detector in the package, and its SHA-256."""
READER: Final = (
    "rapidocr/models/PP-OCRv6_rec_small.onnx",
    "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
)
"""File of the reader, and its SHA-256."""

_LAST_LAYER = ("linear_8.w_0", "linear_8.b_0")  # of the reader: (120, classes) and (classes,)
_MIN_HALF = 64  # numbers in an array that is stored in half precision
_LAST_LATIN = "\u024f"  # of Latin Extended-B
# Beside ASCII; they keep signs from being read as letters.
_SIGNS = "¡¿«»°·©®™×÷£€§–—‘’“”„†•…′″№♯♭♪★✝"  # noqa: RUF001


def build(package: Path, folder: Path) -> list[Path]:
    """Build both files from the package's wheel.

    Args:
        package: The wheel of rapidocr 3.10.0.
        folder: Where to write them.

    Raises:
        InputError: The wheel does not have the expected files.
    """
    detector, reader = _read(package, *DETECTOR), _read(package, *READER)
    _keep_latin(reader)
    files = [folder / DETECTION.file, folder / RECOGNITION.file]
    for file, model in zip(files, (detector, reader), strict=True):
        _halve(model)
        del model.graph.value_info[:]
        with replaced_file(file) as opened:
            opened.write(model.SerializeToString(deterministic=True))
    return files


def _read(package: Path, name: str, sha256: str) -> ModelProto:
    import onnx

    try:
        with zipfile.ZipFile(package) as wheel:
            data = wheel.read(name)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise InputError(f"{package} has no {name} ({error}): give the wheel of rapidocr 3.10.0") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise InputError(f"{name} in {package} is another file than that of rapidocr 3.10.0")
    return onnx.load_model_from_string(data)


def _keep_latin(reader: ModelProto) -> None:
    """Remove all classes but none, Latin characters, signs and space; name the rest in the metadata."""
    from onnx import numpy_helper

    (known,) = (entry.value for entry in reader.metadata_props if entry.key == "character")
    characters = ["", *known.split("\n"), " "]
    kept = [index for index, character in enumerate(characters) if index == 0 or is_kept(character)]
    for weights in reader.graph.initializer:
        if weights.name in _LAST_LAYER:
            array = numpy_helper.to_array(weights)
            if array.shape[-1] != len(characters):
                raise InputError(f"{weights.name} has {array.shape[-1]} classes, not {len(characters)}")
            smaller = np.ascontiguousarray(array[..., kept])
            weights.CopyFrom(numpy_helper.from_array(smaller, weights.name))
    reader.graph.output[0].type.tensor_type.shape.dim[2].dim_value = len(kept)
    del reader.metadata_props[:]
    reader.metadata_props.add(key=CHARACTERS, value="".join(characters[index] for index in kept))


def is_kept(character: str) -> bool:
    """Return whether the reader can read a character: ASCII, another Latin letter or a sign.

    >>> [is_kept(character) for character in "aß7&文Ж"]
    [True, True, True, True, False, False]
    """
    if len(character) != 1:
        return False
    is_latin = unicodedata.name(character, "").startswith("LATIN") and character <= _LAST_LATIN
    return is_latin or " " <= character <= "~" or character in _SIGNS


def _halve(model: ModelProto) -> None:
    """Store the large arrays in half precision, each followed by a cast to single precision."""
    from onnx import TensorProto, helper, numpy_helper

    casts = []
    for weights in model.graph.initializer:
        array = numpy_helper.to_array(weights)
        if array.dtype == np.float32 and array.size >= _MIN_HALF:
            name = weights.name
            weights.CopyFrom(numpy_helper.from_array(array.astype(np.float16), f"{name}.half"))
            casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def main(arguments: Sequence[str]) -> None:
    """Build the files from the wheel that the first argument names, and print their digests."""
    folder = Path(str(resources.files("spotitags.taggers.text") / "models"))
    folder.mkdir(exist_ok=True)
    for file in build(Path(arguments[0]), folder):
        data = file.read_bytes()
        print(f"{file.name}: {len(data):,} bytes, SHA-256 {hashlib.sha256(data).hexdigest()}")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
