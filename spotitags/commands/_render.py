"""Report of a training as rich renderables. Nothing is printed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from spotitags.io.text import plain

if TYPE_CHECKING:
    from rich.console import RenderableType

    from spotitags.training.ensemble import TrainingReport


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
