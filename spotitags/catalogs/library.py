"""The bundled sample: artists whose covers were tagged beforehand; nothing is fetched, no image opened."""

from __future__ import annotations

import json
from functools import cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, Any, ClassVar

from spotitags.catalogs import spotify_id
from spotitags.errors import ArtistNotFoundError, CatalogError
from spotitags.records import Album, Artist, Tag

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FORMAT = 1
_REBUILD = "reinstall spotitags, or rebuild the sample as CONTRIBUTING.md says"


class LibraryCatalog:
    """Artists, albums and tags that ship with the package (labels and weights only, no image).

    Args:
        path: Another sample file; None takes the bundled one.
    """

    name: ClassVar[str] = "library"

    def __init__(self, path: Path | None = None) -> None:
        self.path = path

    def __repr__(self) -> str:
        return f"LibraryCatalog({str(self.path) if self.path else ''})"

    @property
    def tagger(self) -> str:
        """Name of the tagger that saw the covers."""
        return str(self._sample["tagger"])

    @property
    def version(self) -> str:
        """Version of that tagger."""
        return str(self._sample["version"])

    @property
    def held_out(self) -> frozenset[str]:
        """Ids of the artists that the bundled model was not trained on."""
        return frozenset(row["id"] for row in self._sample["artists"] if row["held_out"])

    def artists(self) -> list[Artist]:
        """Every artist of the sample with name and genre, in the sample's order."""
        return [Artist(row["id"], row["name"], row["genre"]) for row in self._sample["artists"]]

    def albums(self, artist: str, limit: int) -> list[Album]:
        """Up to ``limit`` albums of one artist, without images, each with the digest of its cover.

        Raises:
            ArtistNotFoundError: The artist is not in the sample.
        """
        wanted = spotify_id(artist)
        row = self._rows.get(wanted)
        if row is None:
            raise ArtistNotFoundError(
                f"artist {wanted} is not among the {len(self._rows)} of the bundled library: "
                "'spotitags library' lists them; for others take --manifest with covers on disk, "
                "or --catalog spotify with keys"
            )
        found = Artist(row["id"], row["name"], row["genre"])
        return [
            Album(album["id"], album["name"], found, release_date=album["date"], digest=album["digest"])
            for album in row["albums"][:limit]
        ]

    def tags(self, digests: Sequence[str]) -> list[list[Tag] | None]:
        """What `tagger` saw on the covers with these digests, best first; None for an unknown cover."""
        return [self._tags(digest) for digest in digests]

    def _tags(self, digest: str) -> list[Tag] | None:
        pairs = self._covers.get(digest)
        if pairs is None:
            return None
        labels = self._sample["labels"]
        return [Tag(labels[index], weight) for index, weight in zip(pairs[::2], pairs[1::2], strict=True)]

    @cached_property
    def _rows(self) -> dict[str, dict[str, Any]]:
        return {row["id"]: row for row in self._sample["artists"]}

    @cached_property
    def _covers(self) -> dict[str, list[Any]]:
        return {album["digest"]: album["tags"] for row in self._rows.values() for album in row["albums"]}

    @cached_property
    def _sample(self) -> dict[str, Any]:
        source = self.path or files("spotitags").joinpath("library", "sample.json")
        try:
            sample = json.loads(source.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CatalogError(f"the library {source} cannot be read ({error}): {_REBUILD}") from error
        if not isinstance(sample, dict) or sample.get("format") != FORMAT:
            raise CatalogError(f"the library {source} is not of format {FORMAT}: {_REBUILD}")
        return sample
