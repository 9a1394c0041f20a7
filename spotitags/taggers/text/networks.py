"""The two networks of the tagger `text`: PP-OCRv6's detector and reader of lines, in ONNX."""

from __future__ import annotations

import hashlib
from importlib import resources
from typing import TYPE_CHECKING, Final, NamedTuple

from classifiers.onnx_session import open_session
from spotitags.errors import WeightsError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

CHARACTERS: Final = "characters"
"""Key of the reader's metadata: the characters of its classes in order, but for class 0, which has none."""


class Network(NamedTuple):
    """A network in this package: the name of its file, and the SHA-256 of the file."""

    file: str
    sha256: str


class Reader(NamedTuple):
    """The network that reads lines, and the character of each of its classes; class 0 has none."""

    session: InferenceSession
    characters: tuple[str, ...]


DETECTION: Final = Network(
    "detection.onnx", "b58d8237fa8dd7d752e1e47bd047f5290808d5e5b77731fe1a956b37c84b66c9"
)
"""Marks lines of text; spotitags/training/text_models.py made both files."""
RECOGNITION: Final = Network(
    "recognition.onnx", "a3dfce89d93ebfaf43a4bbca2e929185f5e54e59c542bb9498c6a245d9b4ec61"
)
"""Reads a line."""


def open_network(network: Network) -> InferenceSession:
    """Open a network of this package, with one thread per run.

    Raises:
        WeightsError: Its file is missing or damaged.
    """
    file = resources.files("spotitags.taggers.text") / "models" / network.file
    try:
        data = file.read_bytes()
    except OSError as error:
        raise WeightsError(f"{file} cannot be read ({error.strerror}): reinstall spotitags") from error
    if hashlib.sha256(data).hexdigest() != network.sha256:
        raise WeightsError(f"{file} is not the file that this version knows: reinstall spotitags")
    return open_session(data)


def open_reader() -> Reader:
    """Open the network that reads lines.

    Raises:
        WeightsError: Its file is missing or damaged.
    """
    session = open_network(RECOGNITION)
    return Reader(session, characters_of(session))


def characters_of(session: InferenceSession) -> tuple[str, ...]:
    """Return the character of each class of a network that reads lines; class 0 has none."""
    return ("", *session.get_modelmeta().custom_metadata_map[CHARACTERS])
