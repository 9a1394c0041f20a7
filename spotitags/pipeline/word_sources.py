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
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from classifiers.ensemble.ensemble import Ensemble
    from spotitags.records import Album

    Words = dict[str, list[dict[str, float]]]

_VERSIONS = (texts_of.VERSION, texts_of.NAMED)


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


def model_words(sources: Mapping[str, str], texts: TextColumns, ref: str, albums: Sequence[Album]) -> Words:
    """Return the words of the sources that a model was trained with, by album, where the artist has any.

    Args:
        sources: Source to version, as in a model card.
        texts: Text columns of the user's tables.
        ref: The artist as the table names it.
        albums: Albums of the artist.
    """
    found: Words = {TITLES: title_words(albums)} if sources.get(TITLES) == TITLES_VERSION else {}
    for source, version in sources.items():
        name = source.removeprefix(COLUMN)
        if source.startswith(COLUMN) and version in _VERSIONS and texts.has(name):
            keep_names = version == texts_of.NAMED
            words = text_words_of(texts, name, ref, albums, keep_names=keep_names)
            found |= {source: words} if any(words) else {}
    return found


class ModelWords:
    """Sources of words that a model votes on.

    Args:
        ensemble: The model.
        titles: False lets no voter on titles vote.
        texts: Text columns of the user's tables.

    Attributes:
        titles: True if titles vote.
        columns: Names of the model's text columns.
    """

    def __init__(self, ensemble: Ensemble, *, titles: bool, texts: TextColumns) -> None:
        self._texts = texts
        self._sources = {COLUMN + name: version for name, version in ensemble.texts.items()}
        if titles and ensemble.titles:
            self._sources[TITLES] = ensemble.titles
        self.titles = self._sources.get(TITLES) == TITLES_VERSION
        self.columns = tuple(ensemble.texts)
        self._absent = [name for name in ensemble.texts if not texts.has(name)]

    def report(self, notify: Callable[[str], None]) -> None:
        """Report text columns of the model that no table has."""
        if self._absent and self._texts.names is None:
            notify(f"model: voters on {' and '.join(self._absent)} abstain: no table has such a column")

    def of(self, ref: str, albums: Sequence[Album]) -> Words:
        """Return the words of each source by album; sources without any word of the artist are left out."""
        return model_words(self._sources, self._texts, ref, albums)
