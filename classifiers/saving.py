"""Write a trained ensemble: one ONNX graph and the JSON card that describes it, no pickle."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from classifiers.ensemble import FORMAT, model_files
from classifiers.export import Part, merged
from classifiers.training import ASKED

if TYPE_CHECKING:
    from pathlib import Path

    from classifiers.results import VoterName
    from classifiers.training import Trained


def save(trained: Trained, stem: Path, *, created: str) -> tuple[Path, Path]:
    """Write ``<stem>.onnx`` and ``<stem>.json``; equal trainings give equal bytes.

    Args:
        trained: From `classifiers.training.train`.
        stem: Path without the ending; folders that are not there are made.
        created: Date for the card, such as ``2026-11-20``.

    Returns:
        The two files.

    Raises:
        OSError: They cannot be written.
    """
    fits = [voter.fitted for voter in trained.voters]
    graph = merged([Part(_input(f.name), f.width, f.model) for f in fits if f.model])
    onnx, card = model_files(stem)
    onnx.parent.mkdir(parents=True, exist_ok=True)
    onnx.write_bytes(graph)
    text = json.dumps(_card(trained, graph, created), ensure_ascii=False, indent=1)
    card.write_text(text + "\n", encoding="utf-8")
    return onnx, card


def _card(trained: Trained, graph: bytes, created: str) -> dict[str, Any]:
    """What a reader, and `classifiers.ensemble.Ensemble`, should know of the graph."""
    from sklearn import __version__

    inputs = {_input(v.name): v.fitted for v in trained.voters}
    return {
        "format": FORMAT,
        "sha256": hashlib.sha256(graph).hexdigest(),
        "created": created,
        "scikit_learn": __version__,
        "seed": trained.seed,
        "genres": list(trained.genres),
        "artists": dict(trained.artists),
        "taggers": [{"name": name, "version": version} for name, version in trained.taggers.items()],
        "evaluation": {
            "folds": trained.folds,
            "repeats": trained.repeats,
            "asked_covers": ASKED,
            "artists": trained.tested,
            **{name: _rounded(found._asdict()) for name, found in trained.estimates.items()},
        },
        "confidence": trained.calibration.card(),
        "notes": list(trained.notes),
        "voters": [
            {
                **v.name._asdict(),
                "input": _input(v.name),
                "weight": round(v.weight, 6),
                **({"sharpness": v.sharpness._asdict()} if v.sharpness else {}),
                **_rounded(asdict(v.scores)),
            }
            for v in trained.voters
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
