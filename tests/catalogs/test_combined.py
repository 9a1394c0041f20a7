from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from helpers.manifests import manifest

from spotitags.catalogs.combined import CombinedCatalog
from spotitags.catalogs.manifest import FolderCatalog
from spotitags.errors import ArtistNotFoundError
from spotitags.records import Artist

if TYPE_CHECKING:
    from pathlib import Path


def test_each_artist_is_looked_up_in_its_own_catalogue(tmp_path: Path) -> None:
    first = FolderCatalog(manifest(tmp_path / "one", {"a": "sea"}, covers=2))
    second = FolderCatalog(manifest(tmp_path / "two", {"a": "fire"}, covers=3))
    combined = CombinedCatalog({"a": (first, "a"), "two: a": (second, "a"), "b": (second, "b")})
    assert combined.albums("a", 5) == first.albums("a", 5)
    assert combined.albums("two: a", 2) == second.albums("a", 2)
    assert combined.albums("two: a", 2)[0].artist == Artist("a", "The a", "fire")
    with pytest.raises(ArtistNotFoundError, match="has no artist 'b'"):
        combined.albums("b", 1)
    with pytest.raises(ArtistNotFoundError, match="no artist 'c' among the 3"):
        combined.albums("c", 1)
