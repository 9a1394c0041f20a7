"""Protocols of catalogues."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from spotitags.records import Album, Artist, Tag


class Catalog(Protocol):
    """Source of the albums of artists."""

    @property
    def name(self) -> str:
        """Name of the catalogue on the command line."""
        ...

    def albums(self, artist: str, limit: int) -> list[Album]:
        """Return up to ``limit`` albums of one artist, best first, with all image sizes.

        Raises:
            ArtistNotFoundError: The catalogue has no such artist.
            CatalogError: The catalogue could not answer.
        """
        ...


class Match(NamedTuple):
    """One result of a search for an artist.

    Attributes:
        id: Id of the artist for `Catalog.albums` of the same catalogue.
        name: Name as the catalogue writes it.
        detail: Distinguishes artists of the same name, such as ``US, 1978, punk band``; may be empty.
    """

    id: str
    name: str
    detail: str = ""


@runtime_checkable
class SearchableCatalog(Protocol):
    """A catalogue with a search for artists by name."""

    def search(self, name: str, limit: int) -> list[Match]:
        """Return up to ``limit`` artists with similar names, best first; empty if there are none.

        Raises:
            CatalogError: The catalogue could not answer.
        """
        ...


@runtime_checkable
class ListableCatalog(Protocol):
    """A catalogue that lists all of its artists."""

    def artists(self) -> list[Artist]:
        """Return all artists, in the order of the catalogue."""
        ...


@runtime_checkable
class TaggedCatalog(Protocol):
    """A catalogue whose covers were tagged in advance; it has no pictures."""

    @property
    def name(self) -> str:
        """Name of the catalogue."""
        ...

    @property
    def tagger(self) -> str:
        """Name of the first tagger, which has the embeddings."""
        ...

    @property
    def taggers(self) -> dict[str, str]:
        """Each tagger to its version."""
        ...

    def albums(self, artist: str, limit: int) -> list[Album]:
        """Return albums as `Catalog.albums` does, with the digests of their covers."""
        ...

    def tags(self, digests: Sequence[str], tagger: str | None = None) -> list[list[Tag] | None]:
        """Return the tags of covers of the artist that `albums` returned last; None for an unknown cover.

        Args:
            digests: SHA-256 (hex) of the covers.
            tagger: One of `taggers`; None for the first.
        """
        ...

    def embeddings(self, digests: Sequence[str]) -> NDArray[np.uint8] | None:
        """Return their packed embeddings, (n_digests, 4 + dim); None if there are none."""
        ...
