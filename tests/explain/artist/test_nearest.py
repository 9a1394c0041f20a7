from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from spotitags.explain.artist.nearest import SHOWN, Nearest, nearest_others
from spotitags.pipeline.spotitags import SpotiTags
from spotitags.records import TaggedCovers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from spotitags.records import Artist


class Others:
    """A catalogue whose artists are given with their covers."""

    def __init__(self, artists: Sequence[TaggedCovers], version: str = "1") -> None:
        self.found = artists
        self.version = version

    def artists(self) -> list[Artist]:
        return [each.artist for each in self.found]

    def tagger_versions(self) -> dict[str, str]:
        return {"lite": self.version}

    def tagged_covers(self, refs: Sequence[str]) -> Iterator[tuple[str, TaggedCovers]]:
        yield from zip(refs, self.found, strict=True)


def artist(name: str, rows: Sequence[Sequence[float]], genre: str | None = None) -> TaggedCovers:
    from spotitags.records import Album, Artist

    who = Artist(f"id of {name}", name, genre)
    albums = tuple(Album(f"{name} {i}", f"{name} {i}", who, digest=f"{name}{i}") for i in range(len(rows)))
    return TaggedCovers(
        who, {"lite": [[]] * len(rows)}, albums, features={"lite": np.array(rows, np.float32)}
    )


OWN = artist("Own", [[9, 0, 0], [0, 9, 0]])
NEAR = artist("Near", [[8, 1, 0], [1, 8, 0]], "metal")
FAR = artist("Far", [[0, 0, 9], [1, 1, 8]])


def find(others: Sequence[TaggedCovers], version: str = "1") -> Nearest | str:
    return nearest_others(OWN, {"lite": "1"}, Others(others, version), "a table")  # type: ignore[arg-type]


def test_the_nearest_are_first_and_each_cover_names_its_own() -> None:
    found = find([FAR, NEAR])
    assert isinstance(found, Nearest)
    assert [each.artist.name for each in found.artists] == ["Near", "Far"]
    assert [each.album.name for each in found.covers[:2]] in (["Near 0", "Near 1"], ["Near 1", "Near 0"])
    assert {each.album.name: each.own.name for each in found.covers[:2]} == {
        "Near 0": "Own 0",
        "Near 1": "Own 1",
    }
    assert found.artists[0].similarity > 0.5
    assert found.artists[1].similarity < 0
    assert found.compared == (2, 4)


def test_the_same_artist_and_the_same_file_are_left_out() -> None:
    again = artist("OWN!", [[9, 0, 0]])
    copied = artist("Copy", [[9, 0, 0]])
    shared = TaggedCovers(copied.artist, copied.tags, (OWN.albums[0],), features=copied.features)
    found = find([again, shared, FAR])
    assert isinstance(found, Nearest)
    assert [each.artist.name for each in found.artists] == ["Copy", "Far"]
    assert OWN.albums[0].digest not in {each.album.digest for each in found.covers}


def test_what_cannot_be_compared_is_said() -> None:
    assert "another version of lite" in str(find([NEAR], version="2"))
    assert find([]) == "a table has no other artist"
    other = TaggedCovers(OWN.artist, OWN.tags, OWN.albums)
    reason = nearest_others(other, {"clip": "1"}, Others([NEAR]), "a table")  # type: ignore[arg-type]
    assert "has embeddings of lite alone" in str(reason)


def test_an_artist_of_the_library_is_nearest_to_itself_under_another_name() -> None:
    library = SpotiTags(offline=True, catalog="library")
    _, covers = next(library.tagged_covers(["Metallica"]))
    assert isinstance(covers, TaggedCovers)
    from dataclasses import replace

    from spotitags.records import Artist

    renamed = replace(covers, artist=Artist("someone", "Someone"))
    found = nearest_others(renamed, library.tagger_versions(), library, "the library")
    assert isinstance(found, Nearest)
    assert found.artists[0].artist.name == "Metallica"
    assert found.artists[0].similarity > 0.99
    assert len(found.artists) == len(found.covers) == SHOWN
    assert not set(covers.digests) & {each.album.digest for each in found.covers}
