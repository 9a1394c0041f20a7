"""Command ``taggers``."""

from typing import TYPE_CHECKING

from spotitags.commands._console import print_all, print_json, stdout
from spotitags.commands._options import Json
from spotitags.commands._status import StatusRow, status_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from spotitags.taggers.registry import InstalledTagger


def taggers(*, as_json: Json = False) -> None:
    """List the installed taggers with their requirements and costs."""
    from spotitags.settings import Settings
    from spotitags.taggers.registry import installed_taggers, tagger_options

    found = installed_taggers(tagger_options(Settings()))
    if as_json:
        for tagger in found:
            print_json(tagger._asdict())
    else:
        print_all([taggers_table(found, stdout().width)])


def taggers_table(taggers: "Sequence[InstalledTagger]", width: int = 80) -> "Table":
    """Build a table of taggers, ``width`` columns wide: state and remedy of each, with its cost below."""
    return status_table(
        ("tagger", "status"),
        [
            StatusRow(
                tagger.ready,
                tagger.name if tagger.package == "spotitags" else f"{tagger.name}\n{tagger.package}",
                tagger.reason,
                tagger.remedy,
                tagger.cost,
            )
            for tagger in taggers
        ],
        width,
    )
