"""Files of a trained ensemble: read its model card, and load the graphs of the voters that are to vote."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from classifiers.ensemble.onnx_voters import OnnxVoters
from classifiers.ensemble.results import VoterName
from classifiers.errors import ModelFileError, UnknownVoterError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


FORMAT = 2


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
        ModelFileError: The card is missing, broken or of another format.
    """
    file = model_files(Path(path)).card
    try:
        card = json.loads(_read(file))
        version = card["format"]
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, ModelFileError):
            raise
        raise ModelFileError(f"{file} is not a model card; train the model again") from error
    if version != FORMAT:
        raise ModelFileError(f"{file} has format {version}, this version reads {FORMAT}; train it again")
    return file, card


def load_voters(file: Path, card: Mapping[str, Any], optional_voters: Sequence[str]) -> list[OnnxVoters]:
    """Load the graph of the default voters, and that of the optional ones if one of them is requested.

    Args:
        file: Path of the card.
        card: From `read_card`.
        optional_voters: As in `classifiers.ensemble.ensemble.Ensemble.load`.

    Raises:
        ModelFileError: A graph is missing or is not the one that the card describes.
        UnknownVoterError: The model has no voter of that name.
    """
    optional = card.get("optional", {"voters": ()})
    requested = [name for name in optional_voters if not _has_voter(card["voters"], name)]
    for name in requested:
        if not _has_voter(optional["voters"], name):
            raise UnknownVoterError(_unknown_voter(name, [each["classifier"] for each in optional["voters"]]))
    files = model_files(file)
    graphs = [OnnxVoters(card, _read_graph(files.graph, card, file))]
    if requested:
        graph = _read_graph(files.optional, optional, file)
        graphs.append(OnnxVoters(optional, graph, lambda v: any(_matches(v, name) for name in requested)))
    return graphs


def _has_voter(cards: Iterable[Mapping[str, Any]], name: str) -> bool:
    voters = (VoterName(card["tagger"], card["view"], card["classifier"]) for card in cards)
    return any(_matches(voter, name) for voter in voters)


def _matches(voter: VoterName, name: str) -> bool:
    """Return whether ``name`` is the voter's classifier, alone or as ``classifier:tagger``."""
    return name in {voter.classifier, f"{voter.classifier}:{voter.tagger}"}


def _unknown_voter(name: str, available: Iterable[str]) -> str:
    """Error message for a voter that the model does not have: suggest another one, or a training."""
    from classifiers.image import classifier_names

    available, trainable = list(dict.fromkeys(available)), classifier_names(default=False)
    if name.partition(":")[0] in trainable:
        take = f"take {' or '.join(available)}, leave" if available else "leave"
        train = f"train a model with it: 'spotitags train LABELS.csv --out OUT --voter {name}'"
        return f"the model has no voter {name!r}: {take} --voter out, or {train}"
    take = f"{', '.join(available)}: take one of these, or leave" if available else "none: leave"
    return (
        f"no voter is called {name!r}; there are {', '.join(trainable)}, and the model has {take} --voter out"
    )


def _read_graph(graph: Path, card: Mapping[str, Any], card_file: Path) -> bytes:
    """Read a graph, and check that it has the digest in the card."""
    data = _read(graph)
    if card.get("sha256") != hashlib.sha256(data).hexdigest():
        raise ModelFileError(
            f"{graph} is not the graph that {card_file.name} describes; train the model again"
        )
    return data


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ModelFileError(
            f"no model at {file}: {error}; a model is a .onnx and a .json file in one folder"
        ) from error
