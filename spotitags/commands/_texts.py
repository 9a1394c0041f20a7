"""Options on the text columns of tables, such as lyrics, and the columns that they choose."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from spotitags.commands._console import note

if TYPE_CHECKING:
    from spotitags.catalogs.csv_table import CsvTable
    from spotitags.catalogs.text_columns import TextColumns

TextColumn = Annotated[
    list[str] | None,
    typer.Option(
        "--text-column",
        metavar="NAME",
        help="Column of the table with texts, such as lyrics or track, whose words are used; repeatable.",
    ),
]
KeepNames = Annotated[
    bool,
    typer.Option(
        "--keep-names",
        help="Keep the artist's own name in text columns; by default it is left out, since it identifies.",
    ),
]
Texts = Annotated[
    bool,
    typer.Option(
        "--texts/--no-texts",
        help="Use the words of text columns, such as lyrics, where the model was trained with them and the"
        " table has them.",
    ),
]


def text_columns(
    table: "CsvTable | None", names: list[str] | None, *, keep_names: bool = False
) -> "TextColumns":
    """Return the text columns of labels that a command uses, and report usual ones that it does not.

    Args:
        table: Table of the labels; None for the bundled library.
        names: Values of ``--text-column``.
        keep_names: Value of ``--keep-names``.

    Raises:
        InputError: The table has no such column, or none that may be used.
    """
    from spotitags.catalogs.text_columns import TextColumns

    texts = TextColumns([] if table is None else [table], tuple(names or ()), keep_names=keep_names)
    texts.check()
    for name in texts.unused:
        note(f"{texts.tables[0].path} has a column {name}: add --text-column {name} to use its words, too")
    return texts


def model_texts(tables: "Iterable[CsvTable]", *, used: bool) -> "TextColumns":
    """Return the text columns that a model may find in the tables of a command."""
    from spotitags.catalogs.text_columns import TextColumns

    return TextColumns(tables) if used else TextColumns([], ())
