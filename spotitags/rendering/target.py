"""Predicted numbers as rich renderables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from spotitags.io.text import plain
from spotitags.rendering.wording import number_of_covers

if TYPE_CHECKING:
    from rich.console import RenderableType

    from spotitags.records.target import TargetPrediction


def show_target_prediction(prediction: TargetPrediction) -> list[RenderableType]:
    """Render the artist's name, and the number with its interval."""
    name = plain(prediction.artist.name or prediction.artist.id)
    covers = number_of_covers(prediction.covers)
    value, low, high = (shown(each) for each in (prediction.value, prediction.low, prediction.high))
    return [
        Text.assemble((name, "bold"), (f"  {covers}", "dim")),
        Text.assemble(
            (plain(prediction.target), ""), "  ", (value, "bold"), f"  (90% interval {low} to {high})"
        ),
        Text(""),
    ]


def shown(number: float) -> str:
    """Return a number with three significant digits.

    >>> shown(61.238), shown(0.012345), shown(12345.6)
    ('61.2', '0.0123', '12,346')
    """
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"  # noqa: PLR2004
