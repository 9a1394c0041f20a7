"""Predictions of several artists as rich renderables: a line each, below one head."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

from spotitags.bags.bag import largest_bag, skipped_covers
from spotitags.bags.display.selection import shown_tags
from spotitags.io.text import plain
from spotitags.records import SMALL_SIDE
from spotitags.rendering.wording import NONE, number_of_covers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from spotitags.records import Prediction, TagBag

GENRE: Final = len(NONE)  # columns of a genre; longer names are folded
NUMBERS: Final = (5, 6)  # columns of the share and of the confidence
GAP: Final = 2
NARROWEST, WIDEST = 22, 30  # columns of an artist: an id is whole
SMALL = 60  # columns of a terminal on which an id is folded
PART: Final = 0.3  # of the terminal, for an artist
MOST_TAGS: Final = 10
NOT_SURE, TRAINED = "?", "*"


class Overview:
    """A line for each of several predictions: artist, winner, its share, confidence and best tags.

    Args:
        width: Columns of the terminal.
        top: Maximum number of tags per artist.
    """

    def __init__(self, width: int, top: int = MOST_TAGS) -> None:
        self.top = top
        self.artist = int(PART * width) if width < SMALL else min(WIDEST, max(NARROWEST, int(PART * width)))
        self.tags = max(0, width - self.artist - GENRE - sum(NUMBERS) - 4 * GAP)
        self._marks: set[str] = set()
        self._started = False

    def lines(self, prediction: Prediction) -> list[RenderableType]:
        """Render one prediction, below the head if it is the first."""
        shown: list[RenderableType] = []
        if not self._started:
            shown.append(
                self._row(*(Text(each, style="dim") for each in ("artist", "genre", "share", "right")))
            )
            self._started = True
        sure = prediction.genre is not None and (prediction.confidence is None or prediction.confidence.sure)
        share = prediction.none if prediction.genre is None else prediction.votes[prediction.genre]
        shown.append(
            self._row(
                Text(plain(prediction.artist.name or prediction.artist.id)),
                Text(plain(prediction.genre or NONE), style="green" if sure else "yellow"),
                Text(f"{share:.2f}"),
                Text(self._confidence(prediction)),
                Text(self._tags(prediction.bags), style="dim"),
            )
        )
        if line := _exceptions(prediction.bags):
            shown.append(Text(f"  {line}", style="yellow"))
        return shown

    def foot(self) -> list[RenderableType]:
        """Render what the head and the marks mean; nothing if no prediction was rendered."""
        if not self._started:
            return []
        parts = ["right: how often such votes were right on held-out artists"]
        if NOT_SURE in self._marks:
            parts.append(f"{NOT_SURE}: not sure")
        if TRAINED in self._marks:
            parts.append(f"{TRAINED}: the model was trained on covers of this artist")
        return [Text("; ".join([*parts, "--full shows each artist in full"]), style="dim")]

    def _confidence(self, prediction: Prediction) -> str:
        known = prediction.confidence if prediction.genre is not None else None
        marks = [
            mark
            for mark, holds in ((NOT_SURE, known and not known.sure), (TRAINED, prediction.trained_on))
            if holds
        ]
        self._marks.update(marks)
        return (f"{known.right:.0%}" if known else "") + "".join(marks)

    def _tags(self, bags: Sequence[TagBag]) -> str:
        """Return as many of the best tags as fit in one line, each whole."""
        labels = dict.fromkeys(
            plain(tag.label) for bag in bags if not bag.missing for tag in shown_tags(bag, self.top)
        )
        line = ""
        for label in [*labels][: self.top]:
            longer = f"{line}, {label}" if line else label
            if Text(longer).cell_len <= self.tags:
                line = longer
        return line

    def _row(self, *cells: Text) -> Table:
        table = Table.grid(padding=(0, GAP, 0, 0))
        table.add_column(width=self.artist, overflow="fold")
        table.add_column(width=GENRE, overflow="fold")
        for width in NUMBERS:
            table.add_column(width=width, justify="right", no_wrap=True)
        table.add_column(overflow="fold")
        table.add_row(*cells)
        return table


def _exceptions(bags: Sequence[TagBag]) -> str:
    """Return what limits a prediction: covers that were skipped or are small, and missing taggers."""
    largest, skipped = largest_bag(bags), len(skipped_covers(bags))
    small = len(largest.small_sides())
    parts = [f"{number_of_covers(skipped)} skipped"] if skipped else []
    parts += [f"{small} of {number_of_covers(largest.covers)} under {SMALL_SIDE} px"] if small else []
    return "; ".join(parts + [f"{plain(bag.tagger)} is missing" for bag in bags if bag.missing])
