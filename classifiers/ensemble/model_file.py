"""A trained ensemble on disk: its files, what its card says, and the graphs of the voters asked for."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from classifiers.ensemble.onnx_voters import OnnxVoters
from classifiers.ensemble.results import VoterName
from classifiers.errors import ModelFileError, UnknownVoterError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence


FORMAT = 2


class Files(NamedTuple):
    """Of one model; ``optional`` is there where it has voters that vote only when they are asked for."""

    graph: Path
    card: Path
    optional: Path


def model_files(path: Path) -> Files:
    """The files of a model named by its graph, by its card or by their common stem."""
    stem = path.with_suffix("") if path.suffix in {".onnx", ".json"} else path
    return Files(*(stem.with_name(stem.name + ending) for ending in (".onnx", ".json", ".optional.onnx")))


def read_card(path: Path | str) -> tuple[Path, dict[str, Any]]:
    """A model's card, and the file that it stands in.

    Raises:
        ModelFileError: It is missing, broken or of another format.
    """
    file = model_files(Path(path)).card
    try:
        card = json.loads(_read(file))
        version = card["format"]
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, ModelFileError):
            raise
        raise ModelFileError(f"{file} is no model card; train the model anew") from error
    if version != FORMAT:
        raise ModelFileError(f"{file} has format {version}, this version reads {FORMAT}; train it anew")
    return file, card


def graphs_of(file: Path, card: Mapping[str, Any], optional_voters: Sequence[str]) -> list[OnnxVoters]:
    """The graph of a card's voters, and that of its optional ones where one of them is asked for.

    Args:
        file: Where the card stands.
        card: From `read_card`.
        optional_voters: As in `classifiers.ensemble.ensemble.Ensemble.load`.

    Raises:
        ModelFileError: A graph is missing or not the card's.
        UnknownVoterError: The model has no voter of that name.
    """
    optional = card.get("optional", {"voters": ()})
    wanted = [name for name in optional_voters if not _named([name], card["voters"])]
    _check(wanted, optional["voters"])
    files = model_files(file)
    graphs = [OnnxVoters(card, _checked(files.graph, card, file))]
    if wanted:
        graph = _checked(files.optional, optional, file)
        graphs.append(OnnxVoters(optional, graph, lambda voter: is_called(voter, wanted)))
    return graphs


def is_called(voter: VoterName, names: Iterable[str]) -> bool:
    """Whether one of the names is the voter's: its classifier's, alone or as ``classifier:tagger``."""
    return any(name in {voter.classifier, f"{voter.classifier}:{voter.tagger}"} for name in names)


def _named(names: Sequence[str], voters: Iterable[Mapping[str, Any]]) -> bool:
    return any(is_called(VoterName(v["tagger"], v["view"], v["classifier"]), names) for v in voters)


def _check(names: Sequence[str], optional: Sequence[Mapping[str, Any]]) -> None:
    for name in names:
        if not _named([name], optional):
            raise UnknownVoterError(_unknown(name, dict.fromkeys(voter["classifier"] for voter in optional)))


def _unknown(name: str, held: Collection[str]) -> str:
    """What to do about a voter that a model does not hold: another one, or a training."""
    from classifiers.image import classifier_names

    there = classifier_names(default=False)
    if name.partition(":")[0] in there:
        take = f"take {' or '.join(held)}, leave" if held else "leave"
        train = f"train a model with it: 'spotitags train LABELS.csv --out OUT --voter {name}'"
        return f"the model has no voter {name!r}: {take} --voter out, or {train}"
    take = f"{', '.join(held)}: take one of these, or leave" if held else "none: leave"
    return f"no voter is called {name!r}; there are {', '.join(there)}, and the model has {take} --voter out"


def _checked(graph: Path, about: Mapping[str, Any], card: Path) -> bytes:
    """The bytes of a graph, if they are those that the card describes."""
    data = _read(graph)
    if about.get("sha256") != hashlib.sha256(data).hexdigest():
        raise ModelFileError(f"{graph} is not the graph that {card.name} describes; train the model anew")
    return data


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ModelFileError(
            f"no model at {file}: {error}; a model is a .onnx and a .json side by side"
        ) from error
