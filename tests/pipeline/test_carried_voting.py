"""Votes on the words of taggers without a trained model: paid services on loopback, and taggers of others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from helpers.grpc_servers import KEY, ClarifaiReplay, GoogleReplay
from helpers.manifests import manifest

from spotitags.errors import InputError, ModelError
from spotitags.io.cache import Cache
from spotitags.pipeline.carried_voting import CarriedVoting
from spotitags.pipeline.spotitags import SpotiTags
from spotitags.records import Album, Artist, Tag, TagBag
from spotitags.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

GENRES = ("classical", "country", "hiphop", "jazz", "metal")
METAL = [
    [Tag("skull", 0.9), Tag("demon", 0.8), Tag("flames", 0.7)],
    [Tag("skeleton", 0.9), Tag("darkness", 0.5)],
]
CLASSICAL = [
    [Tag("violinist", 0.9), Tag("orchestra", 0.8)],
    [Tag("grand piano", 0.9), Tag("oil painting", 0.6)],
]


def bag(covers: list[list[Tag]], name: str = "a", tagger: str = "other") -> TagBag:
    """The bag of an artist's covers, whose digests are ``name0``, ``name1`` and so on."""
    artist = Artist(name, name)
    sums = tuple(tag for cover in covers for tag in cover)
    albums = tuple(Album(f"{name}{i}", "", artist, digest=f"{name}{i}") for i in range(len(covers)))
    return TagBag(artist, tagger, sums, len(covers), each=tuple(map(tuple, covers)), albums=albums)


def voting(said: list[str] | None = None, genres: tuple[str, ...] = GENRES, **taggers: str) -> CarriedVoting:
    notify = (lambda _line: None) if said is None else said.append
    return CarriedVoting(taggers or {"other": "1"}, genres, None, notify)


def services(folder: Path, **settings: Any) -> Settings:
    return Settings.model_validate({"cache_dir": folder / "cache", "CLARIFAI_PAT": KEY} | settings)


@pytest.mark.parametrize(
    ("tagger", "server", "answer", "setting"),
    [
        ("clarifai", ClarifaiReplay(), "outputs", "clarifai_address"),
        ("google-vision", GoogleReplay(), "labels", "google_vision_address"),
    ],
)
def test_a_paid_tagger_votes_at_once(
    tmp_path: Path, tagger: str, server: ClarifaiReplay | GoogleReplay, answer: str, setting: str
) -> None:
    server.answers(answer)
    said: list[str] = []
    covers = manifest(tmp_path / "covers", {"a": "sea", "b": "fire"})
    with server.running():
        settings = services(tmp_path, **{setting: server.address})
        spotitags = SpotiTags(manifest=covers, tagger=tagger, settings=settings, notify=said.append)
        found = spotitags.predict("a", explain=True)
        assert spotitags.predict("b").voters[0].basis.count("compared with 3 other covers")
        again = SpotiTags(manifest=covers, tagger=tagger, settings=settings).predict("a")
    assert again.voters[0].basis.count("compared with 3 other covers"), (
        "those of b are in the cache, its own don't count"
    )
    assert set(found.votes) == set(GENRES)
    (voter,) = found.voters
    assert (voter.tagger, voter.view, voter.weight) == (tagger, "carried", 1.0)
    assert voter.basis.startswith("carried over from other words: ")
    assert found.to_dict()["voters"][0]["basis"] == voter.basis
    assert "carried over from other words" in " ".join(str(found).split())
    assert {reason.label for reason in found.reasons} <= {tag.label for tag in found.bags[0].tags}
    (line,) = (line for line in said if line.startswith("model: "))
    assert f"was not trained with {tagger}" in line
    assert "spotitags train" in line


def test_words_of_a_kind_of_music_speak_for_it() -> None:
    said: list[str] = []
    both = voting(said)
    metal, classical = both.predict([bag(METAL, "m")]), both.predict([bag(CLASSICAL, "c")])
    assert (metal.genre, classical.genre) == ("metal", "classical")
    assert len(said) == 1
    assert sum(metal.votes.values()) == pytest.approx(1)
    assert metal.none is None


def test_without_the_tags_of_each_cover_the_bag_votes() -> None:
    sums = TagBag(Artist("a"), "other", (Tag("skull", 3.0), Tag("demon", 2.0)), 4)
    assert voting().predict([sums]).genre == "metal"


def test_an_artist_votes_alike_whether_its_covers_are_known_or_not() -> None:
    twice = voting()
    first, second = (twice.predict([bag(METAL, "m")]) for _ in range(2))
    assert first.votes == second.votes


def test_confidence_needs_enough_different_words() -> None:
    many = [
        [Tag(f"{word} {number}", 0.5) for number in range(8)] for word in ("skull", "fire", "night", "stage")
    ]
    assert voting().predict([bag(many)]).confidence is not None
    few = voting().predict([bag(METAL)])
    assert few.confidence is None
    assert "too few different words" in few.voters[0].basis


def test_fewer_genres_have_no_measured_confidence() -> None:
    found = voting(genres=("metal", "jazz")).predict([bag(METAL)])
    assert list(found.votes) == ["metal", "jazz"]
    assert sum(found.votes.values()) == pytest.approx(1)
    assert found.confidence is None


def test_several_taggers_vote_together() -> None:
    both = voting(other="1", third="1")
    found = both.predict([bag(METAL), bag(METAL, tagger="third")])
    assert [(voter.tagger, voter.weight) for voter in found.voters] == [("other", 0.5), ("third", 0.5)]
    assert found.genre == "metal"
    gone = TagBag(Artist("a"), "third", (), 0, missing="it dropped out")
    assert [voter.tagger for voter in both.predict([bag(METAL), gone]).voters] == ["other"]


def test_weights_of_clip_count_by_their_rank_alone() -> None:
    steep = [[Tag(label, weight**4) for label, weight in cover] for cover in METAL]
    votes = [voting(clip="1").predict([bag(covers, tagger="clip")]).votes for covers in (METAL, steep)]
    assert votes[0] == votes[1]
    others = [voting().predict([bag(covers)]).votes for covers in (METAL, steep)]
    assert others[0] != others[1]


def test_unknown_words_are_an_error_that_says_what_to_do() -> None:
    with pytest.raises(ModelError, match="'spotitags train'"):
        voting().predict([bag([[Tag("totenkopf", 0.9)]])])


def test_damaged_values_of_the_cache_are_left_out(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "answers")
    cache.put_many(
        "tags", {"other:1:x": [["violin", 0.5]], "other:1:y": "damaged", "other:2:z": [["skull", 0.5]]}
    )
    cached = CarriedVoting({"other": "1"}, GENRES, lambda: cache, lambda _line: None)
    assert "compared with 1 other cover;" in cached.predict([bag(METAL)]).voters[0].basis


def test_a_genre_that_the_model_lacks_still_needs_names(tmp_path: Path) -> None:
    covers = manifest(tmp_path / "covers", {"a": "sea"})
    spotitags = SpotiTags(
        manifest=covers, tagger="clarifai", settings=services(tmp_path), genres=["doom metal", "jazz"]
    )
    with pytest.raises((ModelError, InputError), match="doom metal"):
        spotitags.predict("a")
