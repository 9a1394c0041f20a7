"""Sources of words besides covers: titles of albums, and text columns of tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from classifiers.ensemble.blends import COLUMN, TITLES
from spotitags.bags import texts as texts_of
from spotitags.bags.own_names import known_name
from spotitags.bags.titles import VERSION as TITLES_VERSION
from spotitags.bags.titles import title_words
from spotitags.catalogs.csv_table import CsvTable
from spotitags.catalogs.text_columns import TextColumns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from classifiers.ensemble.ensemble import Ensemble
    from spotitags.records import Album

    Words = dict[str, list[dict[str, float]]]


def open_texts(
    texts: TextColumns | Sequence[str] | None, manifest: Path | str | CsvTable | None
) -> TextColumns:
    """Return the text columns of an instance: those given, or columns of its manifest."""
    if isinstance(texts, TextColumns):
        return texts
    return TextColumns([] if manifest is None else [CsvTable.of(manifest)], texts)


def word_versions(texts: TextColumns, *, titles: bool) -> dict[str, str]:
    """Return the version of each source of words in training."""
    version = texts_of.NAMED if texts.keep_names else texts_of.VERSION
    columns = {COLUMN + name: version for name in texts.names or ()}
    return ({TITLES: TITLES_VERSION} if titles else {}) | columns


def training_words(texts: TextColumns, ref: str, albums: Sequence[Album], *, titles: bool) -> Words:
    """Return the words of each source by album, for training.

    Args:
        texts: Text columns.
        ref: The artist as the table names it.
        albums: Albums of the artist.
        titles: True for the words of titles, too.
    """
    found: Words = {TITLES: title_words(albums)} if titles else {}
    return found | {
        COLUMN + name: text_words_of(texts, name, ref, albums, keep_names=texts.keep_names)
        for name in texts.names or ()
    }


def text_words_of(
    texts: TextColumns, name: str, ref: str, albums: Sequence[Album], *, keep_names: bool
) -> list[dict[str, float]]:
    """Return the words of one text column by album."""
    return [
        texts_of.text_words(text, "" if keep_names else known_name(album.artist))
        for album, text in zip(albums, texts.of(name, ref, albums), strict=True)
    ]


class ModelWords:
    """Sources of words that a model votes on.

    Args:
        ensemble: The model.
        titles: False lets no voter on titles vote.
        texts: Text columns of the user's tables.
    """

    def __init__(self, ensemble: Ensemble, *, titles: bool, texts: TextColumns) -> None:
        self._titles = titles and ensemble.titles == TITLES_VERSION
        self._texts = texts
        known = {texts_of.VERSION: False, texts_of.NAMED: True}
        self._columns = {
            name: known[version]
            for name, version in ensemble.texts.items()
            if version in known and texts.has(name)
        }
        self._absent = [name for name in ensemble.texts if name not in self._columns]

    def report(self, notify: Callable[[str], None]) -> None:
        """Report text columns of the model that no table has."""
        if self._absent and self._texts.names is None:
            notify(f"model: voters on {' and '.join(self._absent)} abstain: no table has such a column")

    def of(self, ref: str, albums: Sequence[Album]) -> Words:
        """Return the words of each source by album; sources without any word of the artist are left out."""
        found: Words = {TITLES: title_words(albums)} if self._titles else {}
        for name, keep_names in self._columns.items():
            words = text_words_of(self._texts, name, ref, albums, keep_names=keep_names)
            if any(words):
                found[COLUMN + name] = words
        return found
