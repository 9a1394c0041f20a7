"""Saving of a trained ensemble: one ONNX graph and the JSON card that describes it, without pickle."""

from __future__ import annotations

import glob
import hashlib
import json
import os
from contextlib import ExitStack, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classifiers.ensemble.model_card import DIGEST, FORMAT, card_digest, check_card
from classifiers.ensemble.model_files import ModelFiles, check_against_card, model_files
from classifiers.ensemble.training_covers import KEY as TRAINING_COVERS
from classifiers.ensemble.training_covers import MAX_COVERS, pack
from classifiers.errors import ClassifierError
from classifiers.files import DIGITS, earlier_name, read_plain, replaced_file
from classifiers.training.onnx_export import ExportedDetector, ExportedVoter, export
from classifiers.training.train import MAX_TEST_COVERS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from classifiers.ensemble.confidence import Calibration
    from classifiers.ensemble.results import VoterName
    from classifiers.training.outsiders import TrainedOutsiders
    from classifiers.training.train import TrainedEnsemble, WeightedVoter


def save(
    trained: TrainedEnsemble, stem: Path, *, created: str, covers: Collection[str] = ()
) -> tuple[Path, ...]:
    """Write ``<stem>.onnx`` and ``<stem>.json``; equal trainings give equal bytes.

    Optional voters go to ``<stem>.optional.onnx``, so that they cost nothing unless requested.

    Args:
        trained: From `classifiers.training.train`.
        stem: Path without the ending; missing folders are created.
        created: Date for the card, such as ``2026-11-20``.
        covers: SHA-256 (hex) of each cover in training, so that predictions can name them; empty if unknown.

    Returns:
        The files: graph, card, and the graph of the optional voters if there are any.

    Raises:
        ClassifierError: The model has something that prediction would refuse.
        OSError: A file cannot be written.
    """
    defaults = [voter for voter in trained.voters if not voter.optional]
    optional = [voter for voter in trained.voters if voter.optional]
    detector = ExportedDetector(out.model.input, out.detector) if (out := trained.outsiders) else None
    graph, optional_graph = _graph(defaults, detector), _graph(optional) if optional else b""
    card = _card(trained, created) | _voters_card(defaults, graph)
    if 0 < len(covers) <= MAX_COVERS:
        card[TRAINING_COVERS] = pack(covers)
    if optional:
        card["optional"] = _voters_card(optional, optional_graph)
    card[DIGEST] = card_digest(card)
    _check(card, graph, optional_graph)
    files = model_files(stem)
    graphs = {files.graph: graph} | ({files.optional: optional_graph} if optional else {})
    text = json.dumps(card, ensure_ascii=False, indent=1)
    _replace(files, graphs, text.encode() + b"\n")
    return files if optional else files[:2]


def _check(card: dict[str, Any], graph: bytes, optional_graph: bytes) -> None:
    """Check that prediction will not refuse the model: another skl2onnx may write other operators."""
    try:
        check_card(card)
        check_against_card(graph, card, len(card["genres"]))
        if "optional" in card:
            check_against_card(optional_graph, card["optional"], len(card["genres"]))
    except ValueError as error:
        raise ClassifierError(
            f"the model is not saved, since predictions would refuse it ({error}): install the version of "
            "skl2onnx that SpotiTags was tested with"
        ) from error


def _replace(files: ModelFiles, graphs: Mapping[Path, bytes], card: bytes) -> None:
    """Replace a model: when all files are on the disk, the graphs get their names, then the card.

    A reader with the earlier card finds its graphs under the names of `earlier_name` until the new card is
    there, also if this process is killed between.
    """
    earlier = [file for file in (files.graph, files.optional) if file.is_file()]
    for file in earlier:
        digest = hashlib.sha256(read_plain(file)).hexdigest()
        with suppress(OSError):  # it exists, or the file system has no links
            earlier_name(file, digest).hardlink_to(file.resolve())
    with ExitStack() as stack:  # which leaves the contexts in reverse order
        opened = [
            (stack.enter_context(replaced_file(file, lasting=True)), data)
            for file, data in {files.card: card, **graphs}.items()
        ]
        for stream, data in opened:
            stream.write(data)
        for stream, _ in opened:  # a full disk must be known before the first file gets its name
            stream.flush()
            os.fsync(stream.fileno())
    if files.optional not in graphs:
        files.optional.unlink(missing_ok=True)  # of an earlier model
    for file in (files.graph, files.optional):
        for kept in file.parent.glob(earlier_name(Path(glob.escape(file.name)), "?" * DIGITS).name):
            kept.unlink(missing_ok=True)


def _graph(voters: Sequence[WeightedVoter], detector: ExportedDetector | None = None) -> bytes:
    fits = [voter.fitted for voter in voters]
    return export([ExportedVoter(_input_name(f.name), f.width, f.model) for f in fits if f.model], detector)


def _card(trained: TrainedEnsemble, created: str) -> dict[str, Any]:
    """The card without its voters: for users, and for `classifiers.ensemble.ensemble.Ensemble`."""
    from sklearn import __version__

    features = [{"name": name, "version": version} for name, version in trained.feature_versions.items()]
    return {
        "format": FORMAT,
        "created": created,
        "scikit_learn": __version__,
        "seed": trained.seed,
        "genres": list(trained.genres),
        "artists": dict(trained.artists),
        "taggers": [{"name": name, "version": version} for name, version in trained.taggers.items()],
        **({"measures": features} if features else {}),
        "evaluation": {
            "folds": trained.folds,
            "repeats": trained.repeats,
            "asked_covers": MAX_TEST_COVERS,
            "artists": trained.tested,
            **{name: _rounded(estimate._asdict()) for name, estimate in trained.estimates.items()},
        },
        "blends": [blend.to_card() for blend in trained.blends.values()],
        "confidence": trained.calibration.to_card(),
        **(
            {"outsiders": _outsiders_card(trained.outsiders, trained.calibration)}
            if trained.outsiders
            else {}
        ),
        "notes": list(trained.notes),
    }


def _outsiders_card(outsiders: TrainedOutsiders, calibration: Calibration) -> dict[str, Any]:
    """Both probabilities, the kinds of outsiders, and the rates on kinds that were held out."""
    rates = {name: _rounded(each) for name, each in outsiders.rates(calibration).items()}
    return {**outsiders.model.to_card(), "kinds": outsiders.kinds, "held_out": rates}


def _voters_card(voters: Sequence[WeightedVoter], graph: bytes) -> dict[str, Any]:
    """A graph's digest, its voters and its inputs."""
    inputs = {_input_name(v.name): v.fitted for v in voters}
    return {
        "sha256": hashlib.sha256(graph).hexdigest(),
        "voters": [
            {
                **v.name._asdict(),
                "input": _input_name(v.name),
                "weight": round(v.weight, 6),
                **({"sharpness": v.sharpness._asdict()} if v.sharpness else {}),
                **_rounded(asdict(v.scores)),
            }
            for v in voters
        ],
        "inputs": [
            {
                "name": name,
                "tagger": fitted.name.tagger,
                "view": fitted.name.view,
                "top": fitted.view.top,
                "width": fitted.width,
                "labels": list(fitted.view.labels),
                **({"idf": list(fitted.view.idf)} if fitted.view.idf else {}),
            }
            for name, fitted in inputs.items()
        ],
    }


def _input_name(name: VoterName) -> str:
    return f"{name.tagger}/{name.view}"


def _rounded(scores: dict[str, float]) -> dict[str, float]:
    return {name: round(score, 4) for name, score in scores.items()}
