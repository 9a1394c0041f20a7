from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
import pytest

from spotitags.catalogs.library.catalog import EMBEDDINGS, LibraryCatalog
from spotitags.errors import ArtistNotFoundError, CatalogError, InputError
from spotitags.taggers.base import TaggerOptions
from spotitags.taggers.lite.tagger import EMBEDDING
from spotitags.taggers.registry import tagger_class

if TYPE_CHECKING:
    from pathlib import Path

METALLICA = "2ye2Wgw4gimLv2eAKyk1NB"


@pytest.fixture(scope="module")
def library() -> LibraryCatalog:
    return LibraryCatalog()


def test_every_bundled_artist_has_a_name_a_genre_and_tagged_covers(library: LibraryCatalog) -> None:
    assert len(library.artists()) > 80
    for artist in library.artists():
        assert artist.name
        assert artist.genre
        albums = library.albums(artist.id, 100)
        assert albums
        assert {album.artist for album in albums} == {artist}
        for tags in library.tags([album.digest or "" for album in albums]):
            assert tags
            weights = [tag.weight for tag in tags]
            assert weights == sorted(weights, reverse=True)
            assert 0 < weights[-1] <= weights[0] <= 1
            assert len({tag.label for tag in tags}) == len(tags)


def test_the_sample_was_tagged_by_the_taggers_as_they_are_now(
    library: LibraryCatalog, tmp_path: Path
) -> None:
    for name, version in library.taggers.items():
        tagger = tagger_class(name).from_options(TaggerOptions(cache_dir=tmp_path))
        assert version == tagger.version, "rebuild the sample as CONTRIBUTING.md says"


def test_two_artists_of_each_trained_genre_are_held_out(library: LibraryCatalog) -> None:
    held_out = [artist.genre for artist in library.artists() if artist.id in library.held_out]
    assert sorted(held_out) == sorted(["classical", "country", "hiphop", "jazz", "metal"] * 2)


def test_albums_come_in_one_order_and_up_to_the_limit(library: LibraryCatalog) -> None:
    every = library.albums(f"spotify:artist:{METALLICA}", 100)
    assert library.albums(METALLICA, 4) == every[:4]
    assert len(every) > 10


def test_an_unknown_artist_is_refused_with_other_catalogues(library: LibraryCatalog) -> None:
    with pytest.raises(ArtistNotFoundError, match="spotitags library"):
        library.albums("0000000000000000000000", 10)
    with pytest.raises(InputError, match="22-character"):
        library.albums("Metallica", 10)


def test_every_bundled_cover_has_an_embedding(library: LibraryCatalog) -> None:
    digests = [album.digest or "" for a in library.artists() for album in library.albums(a.id, 100)]
    rows = library.embeddings(digests)
    assert rows is not None
    assert rows.shape == (len(digests), 4 + EMBEDDING)
    assert len({row.tobytes() for row in rows}) > 0.98 * len(set(digests))
    first, second = library.embeddings(digests[:1]), library.embeddings(digests[1:2])
    assert first is not None
    assert second is not None
    assert (rows[:2] == [first[0], second[0]]).all()
    assert library.embeddings([digests[0], "no such digest"]) is None


def test_embeddings_of_another_sample_are_refused(library: LibraryCatalog, tmp_path: Path) -> None:
    sample = files("spotitags.catalogs.library").joinpath("sample.json").read_bytes()
    (tmp_path / "sample.json").write_bytes(sample)
    other = LibraryCatalog(tmp_path / "sample.json")
    digests = [album.digest or "" for album in library.albums(METALLICA, 1)]
    with pytest.raises(CatalogError, match="reinstall"):
        other.embeddings(digests)
    np.save(tmp_path / EMBEDDINGS, np.zeros((984, 1284), np.uint8))
    with pytest.raises(CatalogError, match="does not belong to"):
        other.embeddings(digests)
    (tmp_path / EMBEDDINGS).write_bytes(b"no array")
    with pytest.raises(CatalogError, match="cannot be read"):
        other.embeddings(digests)


def test_an_unknown_cover_has_no_tags(library: LibraryCatalog) -> None:
    assert library.tags(["no such digest"]) == [None]


@pytest.mark.parametrize("text", ["", "{", "[]", json.dumps({"format": 999})])
def test_a_broken_sample_says_how_to_mend_it(tmp_path: Path, text: str) -> None:
    (tmp_path / "sample.json").write_text(text)
    with pytest.raises(CatalogError, match="reinstall"):
        LibraryCatalog(tmp_path / "sample.json").artists()
