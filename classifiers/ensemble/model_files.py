"""Files of a trained ensemble: found, read within limits, and checked before they are used."""

from __future__ import annotations

import errno
import hashlib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from classifiers.ensemble.confidence import OUTSIDERS
from classifiers.ensemble.graph_check import check_graph
from classifiers.ensemble.graph_inputs import output_name
from classifiers.ensemble.model_card import parse_card
from classifiers.ensemble.onnx_voters import OnnxVoters
from classifiers.ensemble.results import VoterName
from classifiers.errors import ModelFileError, UnknownVoterError
from classifiers.files import earlier_name, read_plain
from classifiers.image import classifier_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence


MAX_CARD_BYTES: Final = 2**24
MAX_GRAPH_BYTES: Final = 2**31 - 1
"""Protocol Buffers' own limit."""


class ModelFiles(NamedTuple):
    """Files of one model; ``optional`` exists only if the model has optional voters."""

    graph: Path
    card: Path
    optional: Path


def model_files(path: Path) -> ModelFiles:
    """Return the files of a model, given its graph, its card or their common stem."""
    stem = path.with_suffix("") if path.suffix in {".onnx", ".json"} else path
    return ModelFiles(
        *(stem.with_name(stem.name + ending) for ending in (".onnx", ".json", ".optional.onnx"))
    )


def read_card(path: Path | str) -> tuple[Path, dict[str, Any]]:
    """Read a model card; returns its file and its content.

    Raises:
        ModelFileError: The card is missing, broken, of another format, or has impossible values.
    """
    file = model_files(Path(path)).card
    data = _read(file, MAX_CARD_BYTES)
    try:
        return file, parse_card(data)
    except ValueError as error:
        raise ModelFileError.unusable(file, error) from error


def load_voters(file: Path, card: Mapping[str, Any], optional_voters: Sequence[str]) -> list[OnnxVoters]:
    """Load the graph of the default voters, and that of the optional ones if one of them is requested.

    Args:
        file: Path of the card.
        card: From `read_card`.
        optional_voters: As in `classifiers.ensemble.ensemble.Ensemble.load`.

    Raises:
        ModelFileError: A graph is missing, is not the one that the card describes, or is refused by
            `classifiers.ensemble.graph_check.check_graph`.
        UnknownVoterError: The model has no voter of that name.
    """
    optional = card.get("optional", {"voters": ()})
    requested = [name for name in optional_voters if not _has_voter(card["voters"], name)]
    for name in requested:
        if not _has_voter(optional["voters"], name):
            available = [each["classifier"] for each in optional["voters"]]
            raise UnknownVoterError.of(name, available, classifier_names(default=False))
    files, genres = model_files(file), len(card["genres"])
    graphs = [_open(files.graph, card, file, genres)]
    if requested:

        def wanted(voter: VoterName) -> bool:
            return any(_matches(voter, name) for name in requested)

        graphs.append(_open(files.optional, optional, file, genres, wanted))
    return graphs


def _has_voter(cards: Iterable[Mapping[str, Any]], name: str) -> bool:
    voters = (VoterName(card["tagger"], card["view"], card["classifier"]) for card in cards)
    return any(_matches(voter, name) for voter in voters)


def _matches(voter: VoterName, name: str) -> bool:
    """Return whether ``name`` is the voter's classifier, alone or as ``classifier:tagger``."""
    return name in {voter.classifier, f"{voter.classifier}:{voter.tagger}"}


def _open(
    graph: Path,
    card: Mapping[str, Any],
    card_file: Path,
    genres: int,
    wanted: Callable[[VoterName], bool] | None = None,
) -> OnnxVoters:
    """Open a graph that has the digest, the inputs and the outputs of the card."""
    digest, data = card["sha256"], _read(graph, MAX_GRAPH_BYTES)
    found = hashlib.sha256(data).hexdigest()
    if digest != found and (earlier := earlier_name(graph, digest)).is_file():
        data = _read(earlier, MAX_GRAPH_BYTES)  # the model is being replaced
        found = hashlib.sha256(data).hexdigest()
    if digest != found:
        raise ModelFileError(
            f"{graph} is not the graph that {card_file.name} describes: train the model again, or get both "
            "files again"
        )
    try:
        check_against_card(data, card, genres)
        return OnnxVoters(card, data, graph, wanted)
    except Exception as error:
        # of the check, or of onnxruntime, whose errors share no base class
        raise ModelFileError.unusable(graph, error) from error


def check_against_card(data: bytes, card: Mapping[str, Any], genres: int) -> None:
    """Check a graph, and that it has the inputs, voters and genres of its card.

    Args:
        data: The ONNX file.
        card: The card, or its entry on optional voters.
        genres: Number of genres.

    Raises:
        ValueError: It has others, or is refused by `classifiers.ensemble.graph_check.check_graph`.
    """
    count = Counter(voter["input"] for voter in card["voters"])
    outputs: dict[str, tuple[int, ...]] = {
        output_name(source): (voters, genres) for source, voters in count.items()
    }
    if "outsiders" in card:
        outputs[OUTSIDERS] = (1 + genres,)
    check_graph(data, {each["name"]: each["width"] for each in card["inputs"]}, outputs)


def _read(file: Path, limit: int) -> bytes:
    """Read a plain file of at most ``limit`` bytes."""
    try:
        return read_plain(file, limit)
    except (OSError, ValueError) as error:  # ValueError: a path with a null byte
        if isinstance(error, OSError) and error.errno in {errno.EINVAL, errno.EFBIG}:
            raise ModelFileError.unusable(file, str(error.strerror)) from error
        reason = error.strerror if isinstance(error, OSError) else error
        raise ModelFileError(
            f"no model at {file}: {reason}; a model is a .onnx and a .json file in one folder"
        ) from error
