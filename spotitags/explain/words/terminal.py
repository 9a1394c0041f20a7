"""Telling words as rich renderables, and as rows of a table or a JSON object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from spotitags.explain.words.wording import LEGEND, heading, interval, times
from spotitags.io.text import plain
from spotitags.rendering.wording import kind_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import RenderableType

    from spotitags.explain.words.effects import GenreWords
    from spotitags.io.tables import Cell


COLUMNS: Mapping[str, type] = {
    "genre": str, "against": str, "tagger": str, "word": str, "effect": float, "low": float, "high": float,
    "score": float, "sure": bool, "covers": int, "share": float, "other_share": float,
}  # fmt: skip
"""Columns of a table of words, with their types."""


def show_words(found: Sequence[GenreWords], top: int, notes: Sequence[str]) -> list[RenderableType]:
    """Render the ``top`` words that each genre has more often, and as many that it has less often."""
    shown: list[RenderableType] = []
    for genre in found:
        shown.append(Text.assemble((plain(genre.genre), "bold"), (f"  {plain(heading(genre))}", "dim")))
        if genre.telling:
            shown.append(_table(genre, top))
        else:
            shown.append(
                Text("no word tells it from the others: there are too few artists, or no difference")
            )
        shown.append(Text(""))
    shown += [Text(line, style="dim") for line in (*LEGEND, *notes)]
    return shown


def _table(genre: GenreWords, top: int) -> Table:
    others = genre.others[0] if len(genre.others) == 1 else "others"
    several = len({word.tagger for word in genre.words}) > 1
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("", width=1)
    table.add_column("word", overflow="fold")
    for name in ("odds", "95% interval", plain(genre.genre), plain(others)):
        table.add_column(name, justify="right", no_wrap=True)
    for more in (True, False):
        words = [word for word in genre.telling if (word.effect > 0) == more]
        side = "more often" if more else "less often"
        left = f" ({top} of {len(words)})" if len(words) > top else ""
        if words:
            table.add_row("", Text(f"{side}{left}", style="dim"))
        for word in words[:top]:
            label = Text(plain(word.label))
            if several:
                label.append(f" ({kind_name(word.tagger)})", style="dim")
            style = "red" if more else "blue"
            odds = Text(times(word.effect), style=style)
            shares = f"{word.share:.0%}", f"{word.other_share:.0%}"
            table.add_row("*" if word.sure else "", label, odds, interval(word), *shares)
    return table


def rows(found: Sequence[GenreWords]) -> Iterator[list[Cell]]:
    """Yield a row of `COLUMNS` for every word of every genre, the telling ones of a genre first."""
    for genre in found:
        for word in genre.words:
            yield [genre.genre, ", ".join(genre.others), *word]


def words_json(found: Sequence[GenreWords], notes: Sequence[str]) -> dict[str, Any]:
    """Build the JSON object of ``spotitags words --json``."""
    return {
        "genres": [
            {
                "genre": genre.genre,
                "against": list(genre.others),
                "artists": genre.artists,
                "covers": genre.covers,
                "other_artists": genre.other_artists,
                "other_covers": genre.other_covers,
                "words": [
                    {"word": word.label, **{k: v for k, v in word._asdict().items() if k != "label"}}
                    for word in genre.words
                ],
            }
            for genre in found
        ],
        "notes": list(notes),
    }
