"""Catalogue of artists from several catalogues, so that one run tags the covers of all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from spotitags.errors import ArtistNotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spotitags.catalogs.base import Catalog
    from spotitags.records import Album


@dataclass(frozen=True)
class CombinedCatalog:
    """Artists of several catalogues.

    Args:
        origins: By the reference to an artist, which is unique, its catalogue and its id there.
    """

    name: ClassVar[str] = "combined"

    origins: Mapping[str, tuple[Catalog, str]]

    def albums(self, artist: str, limit: int) -> list[Album]:
        """Return up to ``limit`` albums from the artist's own catalogue.

        Raises:
            ArtistNotFoundError: There is no such reference, or its catalogue does not have the artist.
            CatalogError: The catalogue could not answer.
        """
        if artist not in self.origins:
            raise ArtistNotFoundError(f"there is no artist {artist!r} among the {len(self.origins)} selected")
        catalog, artist_id = self.origins[artist]
        return catalog.albums(artist_id, limit)
