"""Predictions as rich renderables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from spotitags.io.text import plain
from spotitags.rendering.explanation import show_explanation
from spotitags.rendering.tags import chosen_tags, heading, missing_lines, tag_line
from spotitags.rendering.wording import NONE, agreement, ranked, reliability, trained_on

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from spotitags.records import Prediction


BAR = 30  # columns of a full bar


def show_prediction(
    prediction: Prediction, top: int = 10, *, explain: bool = False, raw: bool = False
) -> list[RenderableType]:
    """Render a prediction: the artist's name, a bar per genre, the voters' agreement, and tags.

    Args:
        prediction: The prediction.
        top: Maximum number of tags per tagger.
        explain: True adds the evidence and the voters.
        raw: False for the tags that are worth reading, True for the heaviest of the bag.
    """
    shown: list[RenderableType] = [heading(prediction.bags), _bars(prediction)]
    shown.append(Text(agreement(prediction), style="dim"))
    words, sure = reliability(prediction)
    if words:
        shown.append(Text(words, style="dim" if sure else "yellow"))
    if known := trained_on(prediction):
        shown.append(Text(known, style="yellow"))
    shown += [tag_line(bag, chosen_tags(bag, top, raw=raw)) for bag in prediction.bags if not bag.missing]
    shown += missing_lines(prediction.bags)
    if explain:
        shown += show_explanation(prediction)
    return [*shown, Text("")]


@dataclass(frozen=True)
class _Bar:
    """Bar of a share in [0, 1], shorter on a narrow terminal."""

    share: float
    style: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the bar."""
        yield Text("█" * round(self.share * options.max_width) or "▏", style=self.style)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """Return the shortest and the usual length."""
        return Measurement(1, BAR)


def _bars(prediction: Prediction) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(overflow="fold", max_width=30)
    table.add_column()
    table.add_column(justify="right", no_wrap=True)
    for genre, share in ranked(prediction):
        if genre is None:
            style = "yellow" if prediction.genre is None else "dim"
            table.add_row(Text(NONE, style=style), _Bar(share, style), f"{share:.2f}")
            continue
        winner = genre == prediction.genre
        bar = _Bar(share, "green" if winner else "dim")
        table.add_row(Text(plain(genre), style="bold" if winner else ""), bar, f"{share:.2f}")
    return table
