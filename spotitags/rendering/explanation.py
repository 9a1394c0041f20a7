"""Explanation of a prediction as rich renderables: the evidence of each kind of voters, and the voters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from classifiers.ensemble.blends import COLUMN, PICTURE, TAGS, TITLES, WRITTEN, kind_of
from classifiers.ensemble.results import VoterName
from spotitags.io.text import plain
from spotitags.rendering.wording import kind_name, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from classifiers.ensemble.results import Evidence, KindVote
    from spotitags.records import Prediction, Reason, Vote


SIDE = 12  # columns of the longest bar, on either side of the axis
LEAST = 0.005  # log-odds that two decimals show
SMALL_WEIGHT = 0.01  # voters below are counted in one line


def show_explanation(prediction: Prediction) -> list[RenderableType]:
    """Render the evidence for the winner against the runner-up, and each voter's vote."""
    shown: list[RenderableType] = []
    if prediction.evidence:
        shown += _show_evidence(prediction, prediction.evidence)
    else:
        shown.append(Text("no tags to name: these votes use whole pictures", style="dim"))
    if len(prediction.kinds) > 1:
        shown.append(_kinds(prediction.kinds))
    small = [voter.weight for voter in prediction.voters if voter.weight < SMALL_WEIGHT]
    folded = len(small) > 1
    shown.append(_voters([v for v in prediction.voters if not folded or v.weight >= SMALL_WEIGHT]))
    if folded:
        together = f"{len(small)} voters with less than {SMALL_WEIGHT:.0%} of the weight each"
        shown.append(Text(f"{together}: {sum(small):.1%} together", style="dim"))
    return shown


def _show_evidence(prediction: Prediction, evidence: Evidence) -> list[RenderableType]:
    """Render a signed bar per tag, the part of each kind of voters, and what the shares count."""
    pair = f"{plain(evidence.winner)} over {plain(evidence.runner_up)}"
    total = f"log-odds {signed(evidence.log_odds)} (+0.7 doubles the odds)"
    shown: list[RenderableType] = [Text(f"evidence for {pair}: {total}", style="dim")]
    reasons = [reason for reason in prediction.reasons if abs(reason.log_odds) >= LEAST]
    shown.append(
        _bars(
            reasons,
            evidence_parts(prediction.voters, evidence),
            several=max(len(prediction.bags), len({reason.tagger for reason in reasons})) > 1,
        )
    )
    if not reasons:
        shown.append(Text("no single tag changes the log-odds by 0.01", style="dim"))
    if abs(evidence.log_odds - evidence.in_shares) >= LEAST:
        limit = f"in the shares limited to {signed(evidence.in_shares)}: no voter can rule a genre out"
        shown.append(Text(limit, style="dim"))
    return shown


def evidence_parts(voters: Sequence[Vote], evidence: Evidence) -> list[tuple[str, float]]:
    """Return the part of each kind of voters, with its share if they do not disagree."""
    kinds = {kind_of(VoterName(voter.tagger, voter.view, voter.classifier)) for voter in voters}
    parts = [("all tags together", evidence.tags)] * (TAGS in kinds)
    parts += [("whole pictures", evidence.pictures)] * (PICTURE in kinds)
    parts += [("words on covers", evidence.words)] * (WRITTEN in kinds)
    parts += [("titles of albums", evidence.titles)] * (TITLES in kinds)
    parts += [(kind_name(COLUMN + name), part) for name, part in evidence.texts]
    agree = len(parts) > 1 and all(part * evidence.log_odds > 0 for _, part in parts)
    return [
        (f"{name} ({percent(part / evidence.log_odds)})" if agree else name, part) for name, part in parts
    ]


def _bars(reasons: Sequence[Reason], parts: Sequence[tuple[str, float]], *, several: bool) -> Table:
    """Build a table of names, bars (for the winner to the right of an axis) and log-odds.

    Args:
        reasons: Tags, with bars on the scale of the strongest.
        parts: Names and log-odds that get no bar.
        several: True to name the tagger of each tag.
    """
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(overflow="fold")
    table.add_column(width=2 * SIDE + 1, no_wrap=True, overflow="crop")
    table.add_column(justify="right", no_wrap=True)
    strongest = max((abs(reason.log_odds) for reason in reasons), default=0.0)
    for reason in reasons:
        name = Text(plain(reason.label))
        if several:
            name.append(f" ({kind_name(reason.tagger)})", style="dim")
        table.add_row(name, _bar(reason.log_odds / strongest), signed(reason.log_odds))
    for part, log_odds in parts:
        table.add_row(Text(part, style="dim"), "", Text(signed(log_odds), style="dim"))
    return table


def _bar(part: float) -> Text:
    """Draw a bar from an axis in the middle, to the right if ``part``, in [-1, 1], is above 0."""
    full, half = divmod(max(1, round(2 * SIDE * abs(part))), 2)
    left, right = ("", "█" * full + "▌" * half) if part > 0 else ("▐" * half + "█" * full, "")
    return Text.assemble((left.rjust(SIDE), "red"), ("│", "dim"), (right, "green"))


def signed(number: float) -> str:
    """Return a number with its sign and two decimals; 0.00 without a sign.

    >>> signed(0.914), signed(-0.25), signed(-0.004)
    ('+0.91', '-0.25', '0.00')
    """
    return "0.00" if abs(number) < LEAST else f"{number:+.2f}"


def _kinds(kinds: Sequence[KindVote]) -> Table:
    """Build a table of the votes of each kind of voters, and their exponents in the shares."""
    table = _table("kind of voters", "exponent")
    for each in kinds:
        genre = max(each.probabilities, key=each.probabilities.__getitem__)
        share = f"{each.probabilities[genre]:.2f}"
        table.add_row(Text(kind_name(each.kind)), f"{each.weight:.2f}", Text(plain(genre)), share)
    return table


def _voters(voters: Sequence[Vote]) -> Table:
    """Build a table of voters, the heaviest first."""
    table = _table("voter", "weight")
    for voter in sorted(voters, key=lambda voter: -voter.weight):
        name = plain(f"{voter.tagger} {voter.view} {voter.classifier}")
        genre = plain(voter.genre) + ("" if voter.trained else " (untrained)")
        table.add_row(Text(name), f"{voter.weight:.1%}", Text(genre), f"{voter.votes[voter.genre]:.2f}")
    return table


def _table(name: str, weight: str) -> Table:
    """Build a table of votes without rows."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(name, overflow="fold")
    table.add_column(weight, justify="right", no_wrap=True)
    table.add_column("votes for", overflow="fold")
    table.add_column("share", justify="right", no_wrap=True)
    return table
