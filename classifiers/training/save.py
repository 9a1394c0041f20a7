"""Write a trained ensemble: one ONNX graph and the JSON card that describes it, no pickle."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from classifiers.ensemble.model_file import FORMAT, model_files
from classifiers.training.onnx_export import Part, merged
from classifiers.training.train import MAX_TEST_COVERS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from classifiers.ensemble.results import VoterName
    from classifiers.training.train import Trained, WeightedVoter


def save(trained: Trained, stem: Path, *, created: str) -> tuple[Path, ...]:
    """Write ``<stem>.onnx`` and ``<stem>.json``; equal trainings give equal bytes.

    Voters that vote only when they are asked for go to ``<stem>.optional.onnx``, to cost nothing till then.

    Args:
        trained: From `classifiers.training.train`.
        stem: Path without the ending; folders that are not there are made.
        created: Date for the card, such as ``2026-11-20``.

    Returns:
        The files: graph, card, and the optional voters' graph where there are any.

    Raises:
        OSError: They cannot be written.
    """
    voters = [voter for voter in trained.voters if not voter.optional]
    asked = [voter for voter in trained.voters if voter.optional]
    graph, optional = _graph(voters), _graph(asked) if asked else b""
    files = model_files(stem)
    files.graph.parent.mkdir(parents=True, exist_ok=True)
    files.graph.write_bytes(graph)
    card = _card(trained, created) | _voters_card(voters, graph)
    if asked:
        files.optional.write_bytes(optional)
        card["optional"] = _voters_card(asked, optional)
    else:
        files.optional.unlink(missing_ok=True)  # an earlier model's
    text = json.dumps(card, ensure_ascii=False, indent=1)
    files.card.write_text(text + "\n", encoding="utf-8")
    return files if asked else files[:2]


def _graph(voters: Sequence[WeightedVoter]) -> bytes:
    fits = [voter.fitted for voter in voters]
    return merged([Part(_input(f.name), f.width, f.model) for f in fits if f.model])


def _card(trained: Trained, created: str) -> dict[str, Any]:
    """What a reader, and `classifiers.ensemble.ensemble.Ensemble`, should know of the graph."""
    from sklearn import __version__

    measures = {
        "measures": [{"name": name, "version": version} for name, version in trained.measures.items()]
    }
    return {
        "format": FORMAT,
        "created": created,
        "scikit_learn": __version__,
        "seed": trained.seed,
        "genres": list(trained.genres),
        "artists": dict(trained.artists),
        "taggers": [{"name": name, "version": version} for name, version in trained.taggers.items()],
        **(measures if trained.measures else {}),
        "evaluation": {
            "folds": trained.folds,
            "repeats": trained.repeats,
            "max_test_covers": MAX_TEST_COVERS,
            "artists": trained.tested,
            **{name: _rounded(found._asdict()) for name, found in trained.estimates.items()},
        },
        "confidence": trained.calibration.card(),
        "notes": list(trained.notes),
    }


def _voters_card(voters: Sequence[WeightedVoter], graph: bytes) -> dict[str, Any]:
    """A graph's digest, its voters and its inputs."""
    inputs = {_input(v.name): v.fitted for v in voters}
    return {
        "sha256": hashlib.sha256(graph).hexdigest(),
        "voters": [
            {
                **v.name._asdict(),
                "input": _input(v.name),
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
            }
            for name, fitted in inputs.items()
        ],
    }


def _input(name: VoterName) -> str:
    return f"{name.tagger}/{name.view}"


def _rounded(scores: dict[str, float]) -> dict[str, float]:
    return {name: round(score, 4) for name, score in scores.items()}
