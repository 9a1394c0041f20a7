from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from classifiers.training.dataset import Row
from classifiers.training.detector import CATEGORIES
from spotitags.catalogs.library.catalog import LibraryCatalog
from spotitags.taggers.features.embedding import unpack
from spotitags.taggers.lite import LiteTagger
from spotitags.training import references
from spotitags.training.references import DIGEST, is_related, references_for

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from classifiers.training.detector import Kind, References

NAMES = ["folk", "doom metal", "K-Pop", "photographs", "plain"]
CATEGORIES_OF = ["music", "music", "music", "pictures", "blanks"]
DIM = 5
VERSION = "efficientnet-x graph-1 attributes-1 head-y labels-1"


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """References of two artists with two covers per kind; cover n of kind k has the digest ``k n``."""
    from spotitags.taggers.features.embedding import pack

    kinds = np.repeat(np.arange(len(NAMES)), 4)
    digests = [digest(kind, number) for kind in range(len(NAMES)) for number in range(4)]
    embeddings = np.random.default_rng(0).normal(size=(len(kinds), DIM)).astype(np.float32)
    np.savez(
        tmp_path / "references.npz",
        version=np.array(VERSION),
        covers=pack(embeddings),
        digests=np.array([each[:DIGEST] for each in digests]),
        kind=kinds.astype(np.int16),
        artist=np.tile([0, 0, 1, 1], len(NAMES)).astype(np.int16),
        kinds=np.array(NAMES),
        categories=np.array(CATEGORIES_OF),
        size_directions=np.eye(2, DIM),
    )
    monkeypatch.setattr(references, "files", lambda _package: tmp_path)


def digest(kind: int, number: int) -> str:
    return f"{kind}{number}".ljust(64, "0")


def rows(*genres: str, used: tuple[str, ...] = ()) -> list[Row]:
    return [
        Row(genre, genre, {"lite": [{}] * max(1, len(used))}, groups=used if number == 0 else ())
        for number, genre in enumerate(genres)
    ]


def loaded(given: list[Row], version: str = VERSION) -> References:
    found = references_for(given, {"lite": version})
    assert found is not None
    return found


def by_name(given: References) -> dict[str, Kind]:
    return {kind.name: kind for kind in given.kinds if not kind.name.endswith("(library)")}


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("spelling", ["k-pop", "K-Pop", "kpop", "Korean Pop"])
def test_a_kind_that_is_a_genre_in_any_spelling_is_an_example_of_it(spelling: str) -> None:
    kinds = by_name(loaded(rows(spelling, "folk music", "jazz")))
    assert kinds["K-Pop"].genre == spelling
    assert kinds["folk"].genre == "folk music"
    assert kinds["doom metal"].genre is None


@pytest.mark.usefixtures("small")
def test_a_kind_that_is_related_to_a_genre_is_left_out_and_pictures_never_are() -> None:
    kinds = by_name(loaded(rows("metal", "photographs")))
    assert "doom metal" not in kinds
    assert {kinds[name].genre for name in ("folk", "K-Pop", "photographs", "plain")} == {None}


@pytest.mark.parametrize(
    ("kind", "genre", "related"),
    [
        ("doom-metal", "Metal", True),
        ("metal", "black metal", True),
        ("k-pop", "pop", True),
        ("pop", "kpop", True),
        ("hiphop", "alternative hip hop", True),
        ("gangsta rap", "hip-hop", True),
        ("folk", "metal", False),
        ("ambient", "drum and bass", False),
        ("rock and roll", "drum & bass", False),
        ("k-pop", "hiphop", False),
    ],
)
def test_genres_are_related_if_they_share_a_word(kind: str, genre: str, related: bool) -> None:
    assert is_related(kind, ["classical", genre]) == is_related(genre, [kind]) == related


@pytest.mark.usefixtures("small")
def test_covers_of_the_models_artists_are_left_out() -> None:
    used = (digest(0, 1), digest(3, 2), digest(3, 3))
    kinds = by_name(loaded(rows("jazz", "classical", used=used)))
    assert list(map(len, kinds["folk"].artists)) == [1, 2]
    assert list(map(len, kinds["photographs"].artists)) == [2], "an artist without a cover is no artist"
    assert kinds["plain"].covers == 4
    all_of_a_kind = tuple(digest(0, number) for number in range(4))
    assert "folk" not in by_name(loaded(rows("jazz", "classical", used=all_of_a_kind)))


@pytest.mark.usefixtures("small")
def test_embeddings_and_artists_are_those_of_the_file() -> None:
    found = loaded(rows("jazz", "classical"))
    assert found.tagger == "lite"
    assert found.size_directions.shape == (2, DIM)
    drawn = np.random.default_rng(0).normal(size=(4, DIM))
    folk = by_name(found)["folk"]
    assert np.concatenate(folk.artists) == pytest.approx(drawn, abs=0.02), "one byte per value"


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("version", "same"),
    [
        (VERSION, True),
        (VERSION.replace("labels-1", "labels-2"), True),
        (VERSION.replace("attributes-1", "attributes-9"), True),
        (VERSION.replace("efficientnet-x", "efficientnet-z"), False),
        (VERSION.replace("graph-1", "graph-2"), False),
        (VERSION.replace("head-y", "head-z"), False),
        ("", False),
    ],
)
def test_references_of_other_networks_are_not_used(version: str, same: bool) -> None:
    assert (references_for(rows("jazz", "classical"), {"lite": version}) is not None) == same


def test_models_without_lite_have_no_references() -> None:
    assert references_for(rows("jazz", "metal"), {"clip": "1"}) is None


def library_kinds(given: References) -> dict[str, Kind]:
    return {kind.name: kind for kind in given.kinds if kind.name.endswith("(library)")}


@pytest.mark.usefixtures("small")
def test_artists_of_the_library_are_outsiders_if_their_genre_is_another() -> None:
    library = LibraryCatalog()
    kinds = library_kinds(loaded(rows("Rap", "jazz", "alternative country")))
    assert kinds.keys() == {"classical (library)", "metal (library)", "reggae (library)"}
    for kind in kinds.values():
        assert kind.category == "music"
        assert kind.genre is None
    metal = [artist for artist in library.artists() if artist.genre == "metal"]
    assert len(kinds["metal (library)"].artists) == len(metal)
    assert all(1 <= len(covers) <= 10 for covers in kinds["metal (library)"].artists)


@pytest.mark.usefixtures("small")
def test_covers_of_the_library_that_the_models_artists_have_are_left_out() -> None:
    library = LibraryCatalog()
    first = next(artist for artist in library.artists() if artist.genre == "reggae")
    albums = [album.digest or "" for album in library.albums(first.id, 10)]
    counts = []
    for used in ((), tuple(albums[:1]), tuple(albums)):
        kind = library_kinds(loaded(rows("jazz", "metal", used=used)))["reggae (library)"]
        counts.append((len(kind.artists), kind.covers))
    artists, covers = counts[0]
    assert counts == [(artists, covers), (artists, covers - 1), (artists - 1, covers - len(albums))]


@pytest.fixture(scope="module")
def packaged() -> dict[str, NDArray[np.generic]]:
    with np.load(str(references.files("spotitags.training").joinpath(references.FILE))) as data:
        return dict(data)


def test_the_packages_references_are_those_of_the_installed_tagger(tmp_path: Path) -> None:
    assert references_for(rows("jazz", "metal"), {"lite": LiteTagger(tmp_path).version}) is not None


def test_the_packages_references_are_whole(packaged: dict[str, NDArray[np.generic]]) -> None:
    embeddings, directions = unpack(packaged["covers"]), packaged["size_directions"]  # type: ignore[arg-type]
    covers = len(embeddings)
    assert np.isfinite(embeddings).all()
    assert (np.abs(embeddings).max(axis=1) > 0).all()
    assert directions.shape[1] == embeddings.shape[1]
    assert directions @ directions.T == pytest.approx(np.eye(len(directions)), abs=1e-5)
    assert {len(packaged[name]) for name in ("digests", "kind", "artist")} == {covers}
    pairs = set(zip(packaged["digests"].tolist(), packaged["kind"].tolist(), strict=True))
    assert len(pairs) == len(set(packaged["digests"].tolist())), "no cover is of two kinds"
    assert set(map(len, packaged["digests"].tolist())) == {DIGEST}
    kinds = packaged["kinds"].tolist()
    assert len(set(kinds)) == len(kinds) == len(packaged["categories"]) >= 15
    assert set(packaged["kind"].tolist()) == set(range(len(kinds))), "no kind is empty"
    assert set(packaged["categories"].tolist()) == CATEGORIES.keys()


def test_the_bundled_models_genres_leave_many_kinds_of_outsiders(tmp_path: Path) -> None:
    genres = ["classical", "country", "hiphop", "jazz", "metal"]
    found = loaded(rows(*genres), LiteTagger(tmp_path).version)
    genre_of = {kind.name: kind.genre for kind in found.kinds}
    assert (genre_of["jazz"], genre_of["metal"]) == ("jazz", "metal")
    assert "doom-metal" not in genre_of
    assert {"folk", "k-pop", "rock", "reggae (library)", "photographs", "plain"} <= {
        kind.name for kind in found.outsiders
    }
    assert len(found.outsiders) >= 12
