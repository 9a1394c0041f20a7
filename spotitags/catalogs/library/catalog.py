"""Catalogue of the bundled library: artists with precomputed tags, without network and images.

``sample.json`` has artists, albums and tags. ``embeddings.npy`` beside it has one row of bytes per distinct
cover, in the order in which the covers first appear in ``sample.json``.
"""

from __future__ import annotations

import hashlib
import io
import json
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from spotitags.catalogs.artist_ids import spotify_id
from spotitags.errors import ArtistNotFoundError, CatalogError
from spotitags.records import Album, Artist, Tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray


FORMAT = 1
"""Format of ``sample.json`` that this version reads."""
EMBEDDINGS = "embeddings.npy"
"""Name of the file of embeddings."""
_REBUILD = "reinstall spotitags, or rebuild the sample as CONTRIBUTING.md says"


class LibraryCatalog:
    """Artists, albums, tags and embeddings that ship with the package.

    Args:
        path: Another sample file, with its `EMBEDDINGS` beside it; None for the bundled one.
    """

    name: ClassVar[str] = "library"

    def __init__(self, path: Path | None = None) -> None:
        self.path = path

    def __repr__(self) -> str:
        return f"LibraryCatalog({str(self.path) if self.path else ''})"

    @property
    def tagger(self) -> str:
        """Name of the tagger that tagged the covers."""
        return str(self._sample["tagger"])

    @property
    def version(self) -> str:
        """Version of that tagger."""
        return str(self._sample["version"])

    @property
    def taggers(self) -> dict[str, str]:
        """Each tagger that tagged the covers to its version; `tagger` first."""
        words = self._sample.get("words")
        return {self.tagger: self.version} | ({words["tagger"]: words["version"]} if words else {})

    @property
    def held_out(self) -> frozenset[str]:
        """Ids of the artists that the bundled model was not trained on."""
        return frozenset(row["id"] for row in self._sample["artists"] if row["held_out"])

    @property
    def trained_on(self) -> frozenset[str]:
        """Ids of the artists that the bundled model was trained on; they have genres of held-out ones."""
        genres = {row["genre"] for row in self._sample["artists"] if row["held_out"]}
        return frozenset(
            row["id"] for row in self._sample["artists"] if row["genre"] in genres and not row["held_out"]
        )

    def artists(self) -> list[Artist]:
        """Return all artists with name and genre, in the order of the sample."""
        return [Artist(row["id"], row["name"], row["genre"]) for row in self._sample["artists"]]

    def albums(self, artist: str, limit: int) -> list[Album]:
        """Return up to ``limit`` albums of one artist, without images, with the digests of their covers.

        Raises:
            ArtistNotFoundError: The artist is not in the sample.
        """
        wanted = spotify_id(artist)
        row = self._rows.get(wanted)
        if row is None:
            raise ArtistNotFoundError(
                f"artist {wanted} is not among the {len(self._rows)} of the bundled library: "
                "'spotitags library' lists them; for another one set SPOTITAGS_CONTACT, your e-mail or web "
                "address, which MusicBrainz requires, or use --catalog spotify with keys, or --manifest"
            )
        found = Artist(row["id"], row["name"], row["genre"])
        return [
            Album(album["id"], album["name"], found, release_date=album["date"], digest=album["digest"])
            for album in row["albums"][:limit]
        ]

    def tags(self, digests: Sequence[str], tagger: str | None = None) -> list[list[Tag] | None]:
        """Return the tags of the covers with these digests, heaviest first; None for an unknown cover.

        Args:
            digests: SHA-256 (hex) of the covers.
            tagger: One of `taggers`; None for the first.
        """
        first = tagger in {None, self.tagger}
        key, labels = (
            ("tags", self._sample["labels"]) if first else ("words", self._sample["words"]["labels"])
        )
        return [self._tags(digest, key, labels) for digest in digests]

    def embeddings(self, digests: Sequence[str]) -> NDArray[np.uint8] | None:
        """Return embeddings of covers by digest, as `spotitags.taggers.features.embedding.pack` packs them.

        Returns:
            (n_digests, 4 + dim) bytes; None if one of the covers is unknown.

        Raises:
            CatalogError: The file is missing, broken or belongs to another sample.
        """
        indices = {digest: index for index, digest in enumerate(self._covers)}
        if any(digest not in indices for digest in digests):
            return None
        rows: NDArray[np.uint8] = self._embeddings[[indices[digest] for digest in digests]]
        return rows

    def _tags(self, digest: str, key: str, labels: Sequence[str]) -> list[Tag] | None:
        album = self._covers.get(digest)
        if album is None:
            return None
        pairs = album[key]
        return [Tag(labels[index], weight) for index, weight in zip(pairs[::2], pairs[1::2], strict=True)]

    @cached_property
    def _rows(self) -> dict[str, dict[str, Any]]:
        return {row["id"]: row for row in self._sample["artists"]}

    @cached_property
    def _covers(self) -> dict[str, dict[str, Any]]:
        return {album["digest"]: album for row in self._rows.values() for album in row["albums"]}

    @property
    def _source(self) -> Path:
        return self.path or Path(str(files("spotitags.catalogs.library").joinpath("sample.json")))

    @cached_property
    def _embeddings(self) -> NDArray[np.uint8]:
        import numpy as np

        source = self._source.with_name(EMBEDDINGS)
        try:
            data = source.read_bytes()
            rows = np.load(io.BytesIO(data), allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise CatalogError(f"the library {source} cannot be read ({error}): {_REBUILD}") from error
        if hashlib.sha256(data).hexdigest() != self._sample.get("embeddings_sha256"):
            raise CatalogError(f"the library {source} does not belong to {self._source.name}: {_REBUILD}")
        return cast("NDArray[np.uint8]", rows)

    @cached_property
    def _sample(self) -> dict[str, Any]:
        source = self._source
        try:
            sample = json.loads(source.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CatalogError(f"the library {source} cannot be read ({error}): {_REBUILD}") from error
        if not isinstance(sample, dict) or sample.get("format") != FORMAT:
            raise CatalogError(f"the library {source} is not of format {FORMAT}: {_REBUILD}")
        return sample
