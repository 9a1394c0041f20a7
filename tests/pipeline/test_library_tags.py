from __future__ import annotations

import json
from typing import TYPE_CHECKING

from spotitags.catalogs.library.catalog import FORMAT, LibraryCatalog
from spotitags.pipeline.library_tags import library_tags
from spotitags.records import Tag, TaggedCovers

if TYPE_CHECKING:
    from pathlib import Path


def test_further_albums_take_the_place_of_copies(tmp_path: Path) -> None:
    albums = [
        {"id": str(n), "name": str(n), "date": None, "digest": digest, "tags": [0, 0.5]}
        for n, digest in enumerate("aabcad")
    ]
    artist = {"id": "0" * 22, "name": "Ann", "genre": "folk", "held_out": False, "albums": albums}
    sample = {"format": FORMAT, "tagger": "lite", "version": "1", "labels": ["sea"], "artists": [artist]}
    path = tmp_path / "sample.json"
    path.write_text(json.dumps(sample), encoding="utf-8")
    found = library_tags(LibraryCatalog(path), "0" * 22, 3)
    assert isinstance(found, TaggedCovers)
    assert ([album.id for album in found.albums], found.copies) == (["0", "2", "3"], 1)
    assert found.tags == {"lite": [[Tag("sea", 0.5)]] * 3}
    every = library_tags(LibraryCatalog(path), "0" * 22, 10)
    assert isinstance(every, TaggedCovers)
    assert ([album.id for album in every.albums], every.copies) == (["0", "2", "3", "5"], 2)
