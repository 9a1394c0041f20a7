"""Changes of the files of saved models."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from onnx import ModelProto

Card = dict[str, Any]


def copy_model(stem: Path, folder: Path, name: str = "m") -> Path:
    """Copy a model's files to a folder; returns the stem of the copy."""
    folder.mkdir(parents=True, exist_ok=True)
    for suffix in (".onnx", ".json", ".optional.onnx"):
        if (file := Path(f"{stem}{suffix}")).exists():
            shutil.copyfile(file, folder / f"{name}{suffix}")
    return folder / name


def edit_card(stem: Path, change: Callable[[Card], object]) -> None:
    """Change a card and renew its digest, as an attacker or a user with this code can."""
    from classifiers.ensemble.model_card import card_digest

    file = Path(f"{stem}.json")
    card = json.loads(file.read_text(encoding="utf-8"))
    change(card)
    if "card_sha256" in card:
        card["card_sha256"] = card_digest(card)
    file.write_text(json.dumps(card), encoding="utf-8")


def replace_graph(stem: Path, data: bytes, *, optional: bool = False) -> None:
    """Replace a graph, and put its digest into the card."""
    Path(f"{stem}.optional.onnx" if optional else f"{stem}.onnx").write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    edit_card(stem, lambda card: (card["optional"] if optional else card).update(sha256=digest))


def edit_graph(stem: Path, change: Callable[[ModelProto], object], *, optional: bool = False) -> None:
    """Change a graph, and put its digest into the card."""
    import onnx

    file = Path(f"{stem}.optional.onnx" if optional else f"{stem}.onnx")
    model = onnx.ModelProto.FromString(file.read_bytes())
    change(model)
    replace_graph(stem, model.SerializeToString(), optional=optional)
