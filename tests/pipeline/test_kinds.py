"""Words on covers and titles of albums beside tags, from labelled artists to predictions."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import numpy as np
import pytest
from helpers.rows import LIKED

from classifiers.ensemble.ensemble import Ensemble
from classifiers.training.dataset import Row
from classifiers.training.save import save
from classifiers.training.train import train
from spotitags.bags.bag import bag
from spotitags.bags.titles import VERSION, title_words
from spotitags.catalogs.library.catalog import FORMAT, LibraryCatalog
from spotitags.pipeline.library_tags import library_tags, versions
from spotitags.pipeline.voting import Voting
from spotitags.records import Album, Artist, Image, Tag, TagBag, TaggedCovers
from spotitags.rendering.json_objects import prediction_json
from spotitags.rendering.wording import agreement

if TYPE_CHECKING:
    from pathlib import Path

    from helpers.model_files import Card

WORDS = {"jazz": "quartet swing", "metal": "blood doom", "pop": "remix dance"}
TAGGERS = {"lite": "lite 1", "text": "text 1"}


def labelled(rng: random.Random, genre: str, name: str, covers: int = 3) -> Row:
    def some(liked: str) -> list[dict[str, float]]:
        return [{rng.choice(liked.split()): 1.0} for _ in range(covers)]

    centre = 2 * np.eye(3)[sorted(LIKED).index(genre)]
    return Row(
        name,
        genre,
        {"lite": some(LIKED[genre]), "text": some(WORDS[genre]), "titles": some(WORDS[genre])},
        {"lite": np.array([centre + [rng.gauss(0, 1) for _ in range(3)] for _ in range(covers)], np.float32)},
    )


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = random.Random(5)
    rows = [labelled(rng, genre, f"{genre} {i}") for genre in WORDS for i in range(6)]
    path = tmp_path_factory.mktemp("models") / "kinds"
    trained = train(
        rows, TAGGERS | {"titles": VERSION}, classifiers=("logistic_regression",), folds=2, repeats=1
    )
    save(trained, path, created="2026-11-22")
    return path


def shown(
    genre: str = "metal", title: str = "Doom", words: str | None = None
) -> tuple[list[TagBag], TaggedCovers]:
    artist = Artist("a", "Slayers of Doom")
    albums = tuple(Album(str(i), title, artist, digest=str(i)) for i in range(3))
    tags = {
        "lite": [[Tag(LIKED[genre].split()[0], 1.0)]] * 3,
        "text": [[Tag((words or WORDS[genre]).split()[0], 1.0)]] * 3,
    }
    features = {"lite": np.array([2 * np.eye(3)[sorted(LIKED).index(genre)]] * 3, np.float32)}
    covers = TaggedCovers(artist, tags, albums, features=features)
    bags = [bag(artist, name, each) for name, each in tags.items()]
    for each in bags:
        object.__setattr__(each, "albums", albums)
    return bags, covers


def test_a_saved_model_has_a_blend_and_a_calibration_for_each_set_of_kinds(model: Path) -> None:
    card: Card = json.loads(model.with_suffix(".json").read_text(encoding="utf-8"))
    sets = {frozenset(blend["weights"]) for blend in card["blends"]}
    assert len(sets) == len(card["blends"]) == 15
    assert all(blend["confidence"]["steps"] for blend in card["blends"])
    (words,) = (source for source in card["inputs"] if source["name"] == "text/words")
    assert len(words["idf"]) == words["width"] == len(words["labels"])
    assert {"blood", "~bloo"} <= set(words["labels"])
    ensemble = Ensemble.load(model)
    assert ensemble.taggers == TAGGERS
    assert ensemble.titles == VERSION


def test_all_kinds_vote_and_are_named(model: Path) -> None:
    found = Voting(model, TAGGERS).predict(*shown(title="Dance"), explain=True)
    assert [vote.kind for vote in found.kinds] == ["picture", "tags", "words", "titles"]
    assert found.genre == "metal"
    assert found.confidence
    assert agreement(found) == "pictures, tags and words on covers say metal; titles of albums say pop"
    written = prediction_json(found, explain=True)
    assert [kind["genre"] for kind in written["kinds"]] == ["metal", "metal", "metal", "pop"]
    assert sum(voter["weight"] for voter in written["voters"]) == pytest.approx(1, abs=1e-4)
    evidence = written["evidence"]
    parts = [evidence[name] for name in ("tags", "pictures", "words", "titles")]
    assert sum(parts) == pytest.approx(evidence["log_odds"], rel=1e-4)
    assert evidence["words"] > 0 > evidence["titles"] or evidence["runner_up"] != "pop"
    reasons = {(reason["tagger"], reason["label"]) for reason in written["reasons"]}
    assert {("text", "blood"), ("titles", "dance")} <= reasons


@pytest.mark.parametrize(
    ("words", "titles", "kinds"),
    [
        ("blood", False, ["picture", "tags", "words"]),
        ("xyzzy", True, ["picture", "tags", "titles"]),
        ("xyzzy", False, ["picture", "tags"]),
    ],
)
def test_without_known_words_or_titles_the_others_weights_and_confidence_count(
    model: Path, words: str, titles: bool, kinds: list[str]
) -> None:
    found = Voting(model, TAGGERS, titles=titles).predict(*shown(title="Blood", words=words))
    assert [vote.kind for vote in found.kinds] == kinds
    blend = Ensemble.load(model).blends[frozenset(kinds)]
    assert {vote.kind: vote.weight for vote in found.kinds} == pytest.approx(blend.weights, abs=1e-5)
    assert blend.calibration is not None
    assert found.confidence == blend.calibration.confidence(max(found.votes.values()))


def test_a_tagger_that_does_not_run_takes_no_confidence_away(model: Path) -> None:
    notes: list[str] = []
    voting = Voting(model, {"lite": "lite 1"}, titles=False, notify=notes.append)
    bags, covers = shown()
    found = voting.predict(bags[:1], covers)
    assert notes == ["model: voters on text abstain, since that tagger does not run"]
    assert [vote.kind for vote in found.kinds] == ["picture", "tags"]
    assert found.confidence
    assert Voting(model, {"lite": "lite 2"}, titles=False).predict(bags[:1], covers).confidence is None


def test_titles_are_words_without_the_artists_name_and_no_names_of_files() -> None:
    artist = Artist("m", "Metallica")
    albums = [
        Album("1", "Metallica: Kill 'Em All, all", artist),
        Album("2", "cover_01", artist, images=(Image("covers/metal/cover_01.jpg"),)),
        Album("3", "Garage", artist, images=(Image("covers/metal/cover_01.jpg"),)),
    ]
    assert title_words(albums) == [{"kill": 1.0, "em": 1.0, "all": 1.0}, {}, {"garage": 1.0}]


def test_a_library_with_words_has_a_second_bag(tmp_path: Path) -> None:
    album = {
        "id": "1",
        "name": "One",
        "date": None,
        "digest": "a",
        "tags": [0, 0.5],
        "words": [1, 0.9, 0, 0.8],
    }
    artist = {"id": "0" * 22, "name": "Ann", "genre": "folk", "held_out": False, "albums": [album]}
    words = {"tagger": "text", "version": "2", "labels": ["ann", "live"]}
    sample = {
        "format": FORMAT, "tagger": "lite", "version": "1", "labels": ["sea"], "words": words,
        "artists": [artist],
    }  # fmt: skip
    path = tmp_path / "sample.json"
    path.write_text(json.dumps(sample), encoding="utf-8")
    library = LibraryCatalog(path)
    found = library_tags(library, "0" * 22, 3)
    assert isinstance(found, TaggedCovers)
    assert found.tags == {"lite": [[Tag("sea", 0.5)]], "text": [[Tag("live", 0.9)]]}, "without the name"
    assert versions(library, ()) == {"lite": "1", "text": "2"}
    assert versions(library, ["text"]) == {"text": "2"}
