"""Catalogue of a corpus: artists whose covers `spotitags tag-corpus` has tagged, with tags and embeddings."""

from __future__ import annotations

from functools import cached_property, lru_cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

import numpy as np

from spotitags.errors import ArtistNotFoundError, InputError
from spotitags.io.corpus import corpus_card, corpus_files, import_pyarrow
from spotitags.io.genre_names import genre_key
from spotitags.records import Album, Artist, Tag

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_GROUPS: Final = 16  # row groups that are held, of about 3 MB each
_TEXTS: Final = ("id", "file", "digest", "album_name", "release_date", "width", "height", "labels", "weights")


class _Index(NamedTuple):
    """Rows of each artist.

    Attributes:
        artists: Artists in the order of their first covers.
        numbers: Number of each artist by its id.
        rows: Numbers of all rows, those of an artist in order.
        starts: Where the rows of each artist begin in ``rows``, and their number at the end.
    """

    artists: list[Artist]
    numbers: dict[str, int]
    rows: NDArray[np.int64]
    starts: NDArray[np.int64]


class CorpusCatalog:
    """Artists, albums, tags and embeddings of a corpus folder, or of a Parquet file from one.

    A cover without an artist is an artist of its own, with its file as id. The index takes about 20 bytes a
    cover and 300 an artist; rows are read when they are needed, which is fast if an artist's covers
    are near each other.

    Args:
        path: The folder or file.

    Raises:
        NotInstalledError: pyarrow is missing.
        InputError: It is no corpus, or cannot be read.
    """

    name: ClassVar[str] = "corpus"

    def __init__(self, path: Path) -> None:
        import_pyarrow("a corpus")
        self.path = path
        self._files = corpus_files(path)
        self._card = corpus_card(path)
        self._group = lru_cache(_GROUPS)(self._read_group)
        self._recent: dict[str, dict[str, Any]] = {}  # rows of the last artist by digest

    @property
    def tagger(self) -> str:
        """Name of the tagger that tagged the covers."""
        return self._card.tagger

    @property
    def version(self) -> str:
        """Version of that tagger."""
        return self._card.version

    @property
    def taggers(self) -> dict[str, str]:
        """The tagger to its version."""
        return {self.tagger: self.version}

    def artists(self) -> list[Artist]:
        """Return all artists, in the order of their first covers.

        Raises:
            InputError: An artist has two genres, or a file cannot be read.
        """
        return self._index.artists

    def albums(self, artist: str, limit: int) -> list[Album]:
        """Return up to ``limit`` tagged covers of one artist, in the order of the input.

        Raises:
            ArtistNotFoundError: The corpus has no such artist.
            InputError: A file cannot be read.
        """
        index = self._index
        if artist not in index.numbers:
            raise ArtistNotFoundError(
                f"{self.path} has no artist {artist!r}; it has {len(index.artists)}, among them "
                f"{', '.join(each.id for each in index.artists[:3])}"
            )
        number = index.numbers[artist]
        places = index.rows[index.starts[number] : index.starts[number + 1]][: max(limit, 0)]
        rows = list(self._read(places))
        self._recent = {row["digest"]: row for row in reversed(rows)}
        return [
            Album(
                id=row["id"],
                name=row["album_name"] or PurePosixPath(row["file"]).stem,
                artist=index.artists[number],
                release_date=row["release_date"],
                digest=row["digest"],
                size=None if row["width"] is None else (row["width"], row["height"]),
            )
            for row in rows
        ]

    def tags(self, digests: Sequence[str], tagger: str | None = None) -> list[list[Tag] | None]:  # noqa: ARG002
        """Return the tags of covers of the last artist, heaviest first; None for any other cover.

        Args:
            digests: SHA-256 (hex) of the covers.
            tagger: The only one, or None.
        """
        return [_tags(self._recent[digest]) if digest in self._recent else None for digest in digests]

    def embeddings(self, digests: Sequence[str]) -> NDArray[np.uint8] | None:
        """Return embeddings of covers of the last artist, (n_digests, 4 + dim) packed bytes.

        None if the tagger gives none, or one of the covers is not the artist's.
        """
        if not self._card.dimensions or any(digest not in self._recent for digest in digests):
            return None
        rows: NDArray[np.uint8] = np.empty((len(digests), 4 + self._card.dimensions), np.uint8)
        for target, digest in zip(rows, digests, strict=True):
            target[:4] = np.frombuffer(np.float32(self._recent[digest]["scale"]).tobytes(), np.uint8)
            target[4:] = self._recent[digest]["embedding"].view(np.uint8)
        return rows

    @cached_property
    def _index(self) -> _Index:
        numbers: dict[str, int] = {}
        artists: list[Artist] = []
        codes = []
        for file in self._files:
            ids, found = _artists_of(file)
            for artist in found:
                number = numbers.setdefault(artist.id, len(artists))
                if number == len(artists):
                    artists.append(artist)
                else:
                    artists[number] = self._merged(artists[number], artist)
            known = np.fromiter((numbers[artist.id] for artist in found), np.int32, len(found))
            codes.append(known[ids])
        all_codes = np.concatenate(codes) if codes else np.empty(0, np.int32)
        rows = np.argsort(all_codes, kind="stable")
        starts = np.searchsorted(all_codes[rows], np.arange(len(artists) + 1))
        return _Index(artists, numbers, rows, starts)

    def _merged(self, first: Artist, second: Artist) -> Artist:
        """Return an artist with the name and the genre that either record has."""
        if first.genre and second.genre and genre_key(first.genre) != genre_key(second.genre):
            raise InputError(
                f"{self.path}: artist {first.id} is {first.genre!r} and {second.genre!r}: give each artist "
                "one genre in the input, and write the corpus anew"
            )
        if (first.name or not second.name) and (first.genre or not second.genre):
            return first
        return Artist(first.id, first.name or second.name, first.genre or second.genre)

    @cached_property
    def _first_rows(self) -> NDArray[np.int64]:
        """Number of the first row of each row group of all files, and of all rows at the end."""
        return np.cumsum([0, *(rows for _, _, rows in self._groups)])

    @cached_property
    def _groups(self) -> list[tuple[int, int, int]]:
        """File, row group and number of rows of all row groups."""
        import pyarrow.parquet as pq

        metadata = [pq.read_metadata(file) for file in self._files]
        return [
            (number, group, each.row_group(group).num_rows)
            for number, each in enumerate(metadata)
            for group in range(each.num_row_groups)
        ]

    def _read(self, places: NDArray[np.int64]) -> Iterator[dict[str, Any]]:
        """Yield rows by their numbers, which ascend, with embeddings as arrays."""
        groups = np.searchsorted(self._first_rows, places, side="right") - 1
        for group in np.unique(groups).tolist():
            table = self._group(group)
            chosen = places[groups == group] - self._first_rows[group]
            rows = table.select([*_TEXTS, *self._optional]).take(chosen).to_pylist()
            if self._card.dimensions:
                flat = table["embedding"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
                vectors = flat.reshape(-1, self._card.dimensions)[chosen]
                rows = [row | {"embedding": vector} for row, vector in zip(rows, vectors, strict=True)]
            yield from rows

    @property
    def _optional(self) -> tuple[str, ...]:
        return ("scale",) if self._card.dimensions else ()

    def _read_group(self, number: int) -> Any:  # noqa: ANN401 - no types
        import pyarrow.parquet as pq

        file, group, _ = self._groups[number]
        columns = [*_TEXTS, *self._optional, *(["embedding"] if self._card.dimensions else [])]
        try:
            with pq.ParquetFile(self._files[file]) as part:
                return part.read_row_group(group, columns)
        except (OSError, ValueError) as error:
            raise InputError(f"{self._files[file]} cannot be read ({error}): restore it") from error


def _tags(row: Mapping[str, Any]) -> list[Tag]:
    return [Tag(*tag) for tag in zip(row["labels"], row["weights"], strict=True)]


def _artists_of(file: Path) -> tuple[NDArray[np.int32], list[Artist]]:
    """Return the number of the artist of each row of a file, and its artists."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(file, columns=["artist_id", "file", "artist_name", "genre"])
    except (OSError, ValueError) as error:
        raise InputError(f"{file} cannot be read as part of a corpus ({error}): restore it") from error
    ids = pc.coalesce(table["artist_id"], table["file"]).combine_chunks().dictionary_encode()
    found = [Artist(each) for each in ids.dictionary.to_pylist()]
    named = table.select(["artist_name", "genre"]).append_column("code", ids.indices)
    for row in named.group_by(["code", "artist_name", "genre"]).aggregate([]).to_pylist():
        old = found[row["code"]]
        found.append(Artist(old.id, row["artist_name"], row["genre"]))
    return ids.indices.to_numpy(zero_copy_only=False), found
