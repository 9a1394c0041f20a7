"""Report of a training as rich renderables. Nothing is printed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from spotitags.io.text import plain

if TYPE_CHECKING:
    from rich.console import RenderableType

    from classifiers.training.target import TrainedTarget
    from spotitags.training.ensemble import TrainingReport
    from spotitags.training.target import TargetReport


def show_training(report: TrainingReport, *, kept: bool = True) -> list[RenderableType]:
    """Render a training: files of the model if they are kept, artists, voters, scores on held-out artists."""
    trained = report.trained
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    if kept:
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


def show_target(report: TargetReport) -> list[RenderableType]:
    """Render the training of a model of a number: files, artists, and scores on held-out artists."""
    from spotitags.rendering.target import shown

    trained = report.trained
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    target = plain(trained.target)
    table.add_row("model", Text("\n".join(map(str, report.files))))
    table.add_row(
        "artists", Text(f"{trained.rows}, {target} from {shown(trained.low)} to {shown(trained.high)}")
    )
    r2, rank = trained.r2, trained.rank
    table.add_row(
        "held out",
        f"R² {r2.value:.2f}, 95% interval {r2.low:.2f} to {r2.high:.2f} (the mean alone: 0); "
        f"rank correlation {rank.value:.2f}, {rank.low:.2f} to {rank.high:.2f} (chance 0); "
        f"{trained.folds} folds, {trained.repeats} repeats",
    )
    model, mean = trained.error
    table.add_row("error", f"{shown(model)} on average; the mean alone {shown(mean)}")
    table.add_row("verdict", Text(verdict(trained)))
    for note in report.notes:
        table.add_row("note", Text(plain(note)))
    return [table]


def verdict(trained: TrainedTarget) -> str:
    """Return what the covers say about a number, in words."""
    target = plain(trained.target)
    if not trained.says_nothing:
        return f"says something about {target}: the interval of R² is above 0"
    if trained.rank.low > 0:
        return f"orders artists by {target} better than chance, but its numbers are no better than the mean"
    return f"says nothing about {target}: the interval of R² includes 0, as the mean alone has it"
