"""Records as plain text, for `str` and `repr`."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rich.console import Console

from spotitags.io.text import plain
from spotitags.records import Prediction, TagBag
from spotitags.rendering.prediction import show_prediction
from spotitags.rendering.tags import show_bags
from spotitags.rendering.wording import number_of_covers

if TYPE_CHECKING:
    from rich.console import RenderableType


def as_text(record: object) -> str:
    """Return what the command line prints of a record, without colours and as wide as the terminal.

    Args:
        record: A prediction (with the evidence if it has any), or the bag of one tagger.
    """
    console = Console(file=io.StringIO(), color_system=None, force_jupyter=False)
    with console.capture() as captured:
        for renderable in _renderables(record):
            console.print(renderable)
    return "\n".join(line.rstrip() for line in captured.get().splitlines()).rstrip()


def summary(record: object) -> str:
    """Return a record in one short line.

    Args:
        record: A prediction, or the bag of one tagger.
    """
    if isinstance(record, Prediction):
        parts = [f"{plain(record.leading)} {record.votes[record.leading]:.2f}"]
        if record.none is not None:
            parts.append(f"none {record.none:.2f}")
        if record.confidence:
            sure = "" if record.confidence.sure else " (not sure)"
            parts.append(f"confidence {record.confidence.right:.2f}{sure}")
        return f"<Prediction {plain(record.artist.name or record.artist.id)}: {', '.join(parts)}>"
    bag = _bag(record)
    name = plain(bag.artist.name or bag.artist.id)
    covers = number_of_covers(bag.covers)
    return f"<TagBag {name}: {len(bag.tags)} tags of {covers} by {plain(bag.tagger)}>"


def _renderables(record: object) -> list[RenderableType]:
    if isinstance(record, Prediction):
        return show_prediction(record, explain=record.evidence is not None)
    return show_bags([_bag(record)])


def _bag(record: object) -> TagBag:
    if not isinstance(record, TagBag):
        raise TypeError(f"{type(record).__name__} has no text")
    return record
