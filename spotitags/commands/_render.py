"""Records as rich renderables for the terminal. Nothing is printed here."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from classifiers.ensemble.confidence import MOST_NONE
from classifiers.image import EMBEDDING
from spotitags.bags.bag import largest_bag, skipped_covers
from spotitags.bags.display.selection import shown_tags
from spotitags.io.text import plain
from spotitags.records import SMALL_SIDE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from classifiers.ensemble.results import Confidence
    from spotitags.records import Prediction, Tag, TagBag, Vote
    from spotitags.training.ensemble import TrainingReport


BAR = 30  # columns of a full bar
BAGS_ABREAST = 3  # pairs of columns that fit in 80 characters


def show_prediction(
    prediction: Prediction, top: int, *, explain: bool = False, raw: bool = False
) -> list[RenderableType]:
    """Render a prediction: name, a bar per genre, tags as `_tags` gives them, with ``explain`` the voters."""
    shown: list[RenderableType] = [_heading(prediction.bags), _bars(prediction)]
    shown.append(Text(_agreement(prediction), style="dim"))
    if prediction.genre is None:
        shown.append(Text("none of these genres fits; the shares only compare them", style="yellow"))
    elif prediction.confidence:
        shown.append(_confidence_line(prediction.confidence, prediction.none))
    shown += [_tag_line(bag, _tags(bag, top, raw=raw)) for bag in prediction.bags if not bag.missing]
    shown += _missing_lines(prediction.bags)
    if explain:
        if any(voter.trained for voter in prediction.voters):  # a vote on genre names uses no tags
            shown += [_reasons_line(side, prediction) for side in ("for", "against")]
        shown += _tagless_line(prediction.voters)
        shown.append(_voters(prediction.voters))
    return [*shown, Text("")]


def show_bags(bags: Sequence[TagBag], top: int, *, raw: bool = False) -> list[RenderableType]:
    """Render one artist's tags, as `_tags` gives them, as tables with two columns per tagger."""
    tags = [(bag, _tags(bag, top, raw=raw)) for bag in bags if not bag.missing]
    listed = [(bag.tagger, chosen) for bag, chosen in tags if chosen]
    tables = [
        _tag_table(listed[first : first + BAGS_ABREAST]) for first in range(0, len(listed), BAGS_ABREAST)
    ]
    empty = [_tag_line(bag, ()) for bag, chosen in tags if not chosen]
    return [_heading(bags), *tables, *empty, *_missing_lines(bags), Text("")]


def _tags(bag: TagBag, top: int, *, raw: bool) -> Sequence[Tag]:
    """Return the tags that are worth reading; with ``raw`` the heaviest of the bag."""
    return bag.tags[:top] if raw else shown_tags(bag, top)


def _tag_table(tags: Sequence[tuple[str, Sequence[Tag]]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for tagger, _ in tags:
        table.add_column(f"{plain(tagger)} tag", overflow="fold")
        table.add_column("weight", justify="right", no_wrap=True)
    for row in zip_longest(*(chosen for _, chosen in tags)):
        cells: list[str | Text] = []
        for tag in row:
            cells += [Text(plain(tag.label)), f"{tag.weight:.3f}"] if tag else ["", ""]
        table.add_row(*cells)
    return table


def _heading(bags: Sequence[TagBag]) -> Text:
    artist, skipped, largest = bags[0].artist, skipped_covers(bags), largest_bag(bags)
    covers, small = largest.covers, largest.small_sides()
    heading = Text(plain(artist.name or artist.id), style="bold")
    heading.append(f"  {covers} cover{'' if covers == 1 else 's'}", style="dim")
    if copies := bags[0].copies:
        heading.append(f" ({copies} cop{'y' if copies == 1 else 'ies'} left out)", style="dim")
    for cover, reason, _ in skipped:
        heading.append(f"\n  skipped {plain(cover)}: {plain(reason)}", style="yellow")
    if small:
        number = f"{len(small)} of {covers} cover{'' if covers == 1 else 's'}"
        line = f"{number} under {SMALL_SIDE} px (smallest {min(small)}): tags and votes are less reliable"
        heading.append(f"\n  {line}", style="yellow")
    return heading


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
    table.add_column(overflow="ellipsis", max_width=30)
    table.add_column()
    table.add_column(justify="right", no_wrap=True)
    for genre, share in prediction.votes.items():
        winner = genre == prediction.genre
        bar = _Bar(share, "green" if winner else "dim")
        table.add_row(Text(plain(genre), style="bold" if winner else ""), bar, f"{share:.2f}")
    if prediction.none is not None:
        style = "yellow" if prediction.genre is None else "dim"
        bar = _Bar(prediction.none, style)
        table.add_row(Text("none of these", style=style), bar, f"{prediction.none:.2f}")
    return table


def _agreement(prediction: Prediction) -> str:
    voters, genre = prediction.voters, plain(prediction.leading)
    untrained = "" if any(voter.trained for voter in voters) else "; untrained, by the genres' names alone"
    if len(voters) == 1:
        return f"one voter says {genre}{untrained}"
    agreeing = sum(voter.genre == prediction.leading for voter in voters)
    return f"{agreeing} of {len(voters)} voters say {genre}{untrained}"


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


def _tag_line(bag: TagBag, tags: Iterable[Tag]) -> Text:
    line = Text(f"{bag.tagger}: ", style="dim")
    named = ", ".join(f"{plain(tag.label)} {tag.weight:.2f}" for tag in tags)
    return line.append(named or _without_tags(bag), style="default")


def _without_tags(bag: TagBag) -> str:
    return "no tag is sure enough; --raw-tags shows all" if bag.tags else "no tags"


def _missing_lines(bags: Sequence[TagBag]) -> list[Text]:
    return [
        Text(f"{plain(bag.tagger)} is missing: {plain(bag.missing)}", style="yellow")
        for bag in bags
        if bag.missing
    ]


def _reasons_line(side: str, prediction: Prediction) -> Text:
    """Render the tags for or against the winner; with several taggers, also the tagger of each."""
    chosen = [reason for reason in prediction.reasons if (reason.pull > 0) == (side == "for")]
    several = len(prediction.bags) > 1
    named = ", ".join(
        f"{plain(label)} {pull:+.3f}" + (f" ({plain(tagger)})" if several else "")
        for label, pull, tagger in chosen
    )
    head = Text(f"{side} {plain(prediction.leading)}: ", style="dim")
    return head.append(named or "nothing", style="default")


def _tagless_line(voters: Sequence[Vote]) -> list[Text]:
    """Render the weight of the voters on embeddings, which have no tags to name."""
    share = sum(voter.weight for voter in voters if voter.view == EMBEDDING)
    if not share:
        return []
    return [Text(f"{share:.0%} of the vote uses whole pictures ({EMBEDDING}): no tags to name", style="dim")]


def _voters(voters: Sequence[Vote]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("tagger", "view", "classifier"):
        table.add_column(name, overflow="fold")
    table.add_column("weight", justify="right", no_wrap=True)
    table.add_column("votes for", overflow="fold")
    table.add_column("share", justify="right", no_wrap=True)
    for voter in voters:
        genre = plain(voter.genre) + ("" if voter.trained else " (untrained)")
        table.add_row(
            voter.tagger, voter.view, voter.classifier, f"{voter.weight:.3f}", Text(genre),
            f"{voter.votes[voter.genre]:.2f}",
        )  # fmt: skip
    return table


def show_training(report: TrainingReport) -> list[RenderableType]:
    """Render a training: files of the model, artists, voters, and scores on held-out artists."""
    trained = report.trained
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    table.add_row("model", Text("\n".join(map(str, report.files))))
    artists = ", ".join(f"{plain(genre)} {count}" for genre, count in trained.artists.items())
    table.add_row("artists", Text(artists + (f"; {len(report.failed)} failed" if report.failed else "")))
    optional = [voter for voter in trained.voters if voter.optional]
    table.add_row("voters", str(len(trained.voters) - len(optional)))
    if optional:
        names = ", ".join(f"{voter.name.classifier} on {voter.name.tagger}" for voter in optional)
        table.add_row("optional", Text(f"{plain(names)}: they vote if --voter names them"))
    accuracy, loss = trained.estimates["balanced_accuracy"], trained.estimates["log_loss"]
    table.add_row(
        "held out",
        f"balanced accuracy {accuracy.value:.2f}, 95% interval {accuracy.low:.2f} to {accuracy.high:.2f} "
        f"(chance {1 / len(trained.genres):.2f}), log loss {loss.value:.2f}, {trained.tested} artists, "
        f"{trained.folds} folds, {trained.repeats} repeats",
    )
    for note in (*trained.notes, *report.notes):
        table.add_row("note", Text(plain(note)))
    return [table]
