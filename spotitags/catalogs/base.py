"""Protocols that catalogues implement."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from spotitags.records import Album, Artist


class Catalog(Protocol):
    """Where albums come from."""

    @property
    def name(self) -> str:
        """The catalogue's name on the command line."""
        ...

    def albums(self, artist: str, limit: int) -> list[Album]:
        """Up to ``limit`` albums of one artist, best first, with every image size.

        Raises:
            ArtistNotFoundError: The catalogue has no such artist.
            CatalogError: The catalogue could not answer.
        """
        ...


class Match(NamedTuple):
    """An artist that a search found.

    Attributes:
        id: What the same catalogue's `Catalog.albums` takes.
        name: As the catalogue writes it.
        detail: What tells it from others of the same name, such as ``US, 1978, punk band``; may be empty.
    """

    id: str
    name: str
    detail: str = ""


@runtime_checkable
class SearchableCatalog(Protocol):
    """A catalogue that knows artists by name, too."""

    def search(self, name: str, limit: int) -> list[Match]:
        """Up to ``limit`` artists whose names fit, the best first; empty where none does.

        Raises:
            CatalogError: The catalogue could not answer.
        """
        ...


@runtime_checkable
class ListableCatalog(Protocol):
    """A catalogue that can list all of its artists."""

    def artists(self) -> list[Artist]:
        """Every artist, in the catalogue's order."""
        ...
