"""Predictions as rich renderables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from classifiers.ensemble.confidence import MOST_NONE
from spotitags.io.text import plain
from spotitags.rendering.explanation import percent, show_explanation
from spotitags.rendering.tags import chosen_tags, heading, missing_lines, tag_line

if TYPE_CHECKING:
    from rich.console import RenderableType

    from classifiers.ensemble.results import Confidence
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
    shown.append(Text(_agreement(prediction), style="dim"))
    if prediction.genre is None:
        shown.append(Text("none of these genres fits; the shares only compare them", style="yellow"))
    elif prediction.confidence:
        shown.append(_confidence_line(prediction.confidence, prediction.none))
    shown += [tag_line(bag, chosen_tags(bag, top, raw=raw)) for bag in prediction.bags if not bag.missing]
    shown += missing_lines(prediction.bags)
    if explain:
        shown += show_explanation(prediction)
    return [*shown, Text("")]


def _bars(prediction: Prediction) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(overflow="fold", max_width=30)
    table.add_column(min_width=BAR, no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    for genre, share in prediction.votes.items():
        winner = genre == prediction.genre
        bar = Text("█" * round(share * BAR) or "▏", style="green" if winner else "dim")
        table.add_row(Text(plain(genre), style="bold" if winner else ""), bar, f"{share:.2f}")
    if prediction.none is not None:
        style = "yellow" if prediction.genre is None else "dim"
        bar = Text("█" * round(prediction.none * BAR) or "▏", style=style)
        table.add_row(Text("none of these", style=style), bar, f"{prediction.none:.2f}")
    return table


def _agreement(prediction: Prediction) -> str:
    """Return the weight of the voters that agree with the ensemble, in words."""
    voters, genre = prediction.voters, plain(prediction.leading)
    untrained = "" if any(voter.trained for voter in voters) else "; untrained, by the genres' names alone"
    agreeing = [voter.weight for voter in voters if voter.genre == prediction.leading]
    if len(voters) == 1:
        who = "one voter says"
    elif len(agreeing) == len(voters):
        who = f"all {len(voters)} voters say"
    elif not agreeing:
        who = "no voter alone says"
    else:
        who = f"voters with {percent(sum(agreeing))} of the weight say"
    return f"{who} {genre}{untrained}"


def _confidence_line(confidence: Confidence, none: float | None) -> Text:
    right = f"were right {_times(confidence.right)} (of {confidence.artists} held-out artists)"
    if confidence.sure:
        return Text(f"votes this sure {right}", style="dim")
    if none is not None and none >= MOST_NONE:
        return Text(f"not sure that one of these fits; where one did, such votes {right}", style="yellow")
    return Text(f"not sure: votes this unsure {right}", style="yellow")


def _times(rate: float) -> str:
    """Return a rate in words, no more exact than a few artists allow."""
    tenths = round(rate * 10)
    if tenths in {0, 10}:
        return "less than once in 10" if tenths == 0 else "more than 9 times in 10"
    return "once in 10" if tenths == 1 else f"{tenths} times in 10"
