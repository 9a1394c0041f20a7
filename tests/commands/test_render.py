from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from classifiers.ensemble.results import Confidence, Evidence
from spotitags.io.text import plain
from spotitags.records import Artist, Prediction, Reason, Skipped, Tag, TagBag, Vote
from spotitags.rendering.json_objects import bags_json, error_json, prediction_json
from spotitags.rendering.prediction import show_prediction
from spotitags.rendering.tags import show_bags

ARTIST = Artist("id", "Motörhead 動物")
BAG = TagBag(ARTIST, "lite", (Tag("skull", 2.123456), Tag("flame", 1.0)), 3, (Skipped("Demo", "truncated"),))
OTHER = TagBag(ARTIST, "clip", (Tag("neon sign", 0.9),), 3, (Skipped("Demo", "truncated"),))
TRAINED = Vote(
    "lite",
    "all",
    "linear_svm",
    {"metal": 0.75, "jazz": 0.25},
    1.0,
    reasons=(Reason("skull", 0.2, "lite", 0.9),),
)
UNTRAINED = Vote("clip", "zero-shot", "text tower", {"metal": 0.75, "jazz": 0.25}, 1.0, trained=False)


def prediction(*voters: Vote) -> Prediction:
    trained = any(voter.trained for voter in voters)
    reasons = (Reason("skull", 0.2, "lite", 0.9), Reason("flame", -0.1, "lite", -0.45)) if trained else ()
    evidence = Evidence("metal", "jazz", 1.1, 1.1, 0.0, 1.1) if trained else None
    return Prediction(ARTIST, {"metal": 0.75, "jazz": 0.25}, voters, (BAG,), reasons, evidence=evidence)


def shown(renderables: list[object], width: int = 80) -> str:
    file = io.StringIO()
    console = Console(file=file, width=width)
    for renderable in renderables:
        console.print(renderable)
    return file.getvalue()


def test_a_person_sees_who_was_skipped_and_why() -> None:
    text = shown(show_prediction(prediction(TRAINED), top=1))
    assert text.startswith("Motörhead 動物  3 covers\n  skipped Demo: truncated\n")
    assert "lite: skull 2.12" in text
    assert "flame" not in text


@pytest.mark.parametrize(("copies", "words"), [(1, "1 copy"), (2, "2 copies")])
def test_copies_of_a_cover_are_counted(copies: int, words: str) -> None:
    bag = replace(BAG, copies=copies)
    assert bags_json([bag])["covers"]["copies"] == copies
    assert f"Motörhead 動物  3 covers ({words} left out)\n" in shown(show_bags([bag], top=1))


def test_an_explanation_names_tags_on_both_sides_and_each_voter() -> None:
    text = shown(show_prediction(prediction(TRAINED, TRAINED), top=5, explain=True))
    assert "evidence for metal over jazz: log-odds +1.10 (+0.7 doubles the odds)\n" in text
    bars = dict(re.findall(r"^(skull|flame) (.*?) *\S+$", text, re.MULTILINE))
    assert bars["skull"].strip() == "│" + "█" * 12
    assert bars["flame"].strip() == "█" * 6 + "│"
    assert re.search(r"^skull .* \+0\.90$", text, re.MULTILINE)
    assert re.search(r"^flame .* -0\.45$", text, re.MULTILINE)
    assert text.count("linear_svm") == 2
    assert "all 2 voters say metal" in text


def test_an_untrained_vote_is_called_so() -> None:
    text = shown(show_prediction(prediction(UNTRAINED), top=5, explain=True))
    assert "one voter says metal; untrained, by the genres' names alone" in text
    assert "metal (untrained)" in text


@pytest.mark.parametrize(
    ("confidence", "line"),
    [
        (
            Confidence(0.91, 31, sure=True),
            "votes this sure were right 9 times in 10 (of 31 held-out",
        ),
        (Confidence(0.97, 31, sure=True), "votes this sure were right more than 9 times in 10"),
        (
            Confidence(0.44, 12, sure=False),
            "not sure: votes this unsure were right 4 times in 10 (of 12",
        ),
        (Confidence(0.12, 12, sure=False), "not sure: votes this unsure were right once in 10"),
        (Confidence(0.01, 99, sure=False), "not sure: votes this unsure were right less than once in 10"),
    ],
)
def test_a_person_reads_how_often_such_votes_were_right(confidence: Confidence, line: str) -> None:
    answer = replace(prediction(TRAINED), confidence=confidence)
    assert line in shown(show_prediction(answer, top=1), width=120)
    assert "were right" not in shown(show_prediction(prediction(TRAINED), top=1), width=120)
    assert prediction_json(answer)["confidence"] == confidence._asdict()


def test_a_person_reads_that_none_of_the_genres_may_fit() -> None:
    unsure = replace(prediction(TRAINED), confidence=Confidence(0.9, 31, sure=False, fits=False), none=0.5)
    text = shown(show_prediction(unsure, top=1), width=120)
    assert "not sure that one of these fits; where one did, such votes were right 9 times in 10" in text
    none = replace(unsure, none=0.8)
    text = shown(show_prediction(none, top=1), width=120)
    assert "none of these genres fits; the shares only compare them" in text
    assert "were right" not in text
    assert (prediction_json(none)["genre"], prediction_json(none)["none"]) == (None, 0.8)


def test_json_follows_readme_and_explains_only_when_asked() -> None:
    brief = prediction_json(prediction(TRAINED))
    assert brief == {
        "artist": {"id": "id", "name": "Motörhead 動物"},
        "genre": "metal",
        "none": None,
        "votes": [{"genre": "metal", "share": 0.75}, {"genre": "jazz", "share": 0.25}],
        "confidence": None,
        "trained_on": None,
        "kinds": [],
        "voters": [
            {
                "tagger": "lite",
                "view": "all",
                "classifier": "linear_svm",
                "genre": "metal",
                "votes": [{"genre": "metal", "share": 0.75}, {"genre": "jazz", "share": 0.25}],
                "weight": 1.0,
                "trained": True,
            }
        ],
        "tags": [{"label": "skull", "weight": 2.1235}, {"label": "flame", "weight": 1.0}],
        "shown": [{"label": "skull", "weight": 2.1235}, {"label": "flame", "weight": 1.0}],
        "covers": {"used": 3, "skipped": [{"cover": "Demo", "reason": "truncated"}], "copies": 0},
    }
    full = prediction_json(prediction(TRAINED), explain=True)
    assert full["reasons"] == [
        {"label": "skull", "pull": 0.2, "log_odds": 0.9},
        {"label": "flame", "pull": -0.1, "log_odds": -0.45},
    ]
    assert full["voters"][0]["reasons"] == [{"label": "skull", "pull": 0.2, "log_odds": 0.9}]
    assert full["evidence"] == {
        "winner": "metal", "runner_up": "jazz", "log_odds": 1.1, "tags": 1.1, "pictures": 0.0, "words": 0.0,
        "titles": 0.0, "texts": {},
        "in_shares": 1.1,
    }  # fmt: skip
    assert prediction_json(prediction(UNTRAINED), explain=True)["evidence"] is None


def test_small_covers_are_named_in_text_and_in_json() -> None:
    small = replace(BAG, sides=(64, 300, None))
    text = shown(show_bags([small], top=5))
    assert "  1 of 3 covers under 150 px (smallest 64): tags and votes are less reliable\n" in text
    assert "1 of 3 covers" in shown(show_prediction(replace(prediction(TRAINED), bags=(small,)), top=5))
    assert bags_json([small])["covers"] == {
        "used": 3, "skipped": [{"cover": "Demo", "reason": "truncated"}], "copies": 0,
        "small": 1, "smallest_px": 64,
    }  # fmt: skip
    assert "under" not in shown(show_bags([replace(BAG, sides=(150, 300, None))], top=5))


def test_with_several_taggers_each_tag_names_its_own() -> None:
    tags = bags_json([BAG, OTHER])["tags"]
    assert [tag["tagger"] for tag in tags] == ["lite", "lite", "clip"]
    text = shown(show_bags([BAG, OTHER], top=20))
    assert "lite tag  weight  clip tag   weight" in text


SEVERAL = (
    BAG,
    TagBag(
        ARTIST,
        "clip",
        (Tag("neon sign", 0.9),),
        2,
        (Skipped("Demo", "truncated"), Skipped("Live", "clip: dark")),
    ),
    TagBag(ARTIST, "google-vision", (), 0, (Skipped("Demo", "truncated"),), missing="it dropped out: no key"),
)


def test_taggers_that_are_missing_are_named_with_the_reason_and_the_covers_of_all_are_counted_once() -> None:
    found = bags_json(SEVERAL)
    assert found["missing"] == [{"tagger": "google-vision", "reason": "it dropped out: no key"}]
    assert found["covers"] == {
        "used": 3,
        "skipped": [{"cover": "Demo", "reason": "truncated"}, {"cover": "Live", "reason": "clip: dark"}],
        "copies": 0,
    }
    assert "missing" not in bags_json([BAG])
    text = shown(show_bags(SEVERAL, top=5))
    assert text.startswith(
        "Motörhead 動物  3 covers\n  skipped Demo: truncated\n  skipped Live: clip: dark\n"
    )
    assert "google-vision is missing: it dropped out: no key" in text
    assert "google-vision tag" not in text


def test_with_several_taggers_each_reason_names_its_own() -> None:
    answer = replace(prediction(TRAINED), bags=SEVERAL)
    assert "skull (lite)" in shown(show_prediction(answer, 5, explain=True))
    assert prediction_json(answer, explain=True)["reasons"] == [
        {"label": "skull", "pull": 0.2, "log_odds": 0.9, "tagger": "lite"},
        {"label": "flame", "pull": -0.1, "log_odds": -0.45, "tagger": "lite"},
    ]
    assert prediction_json(answer)["missing"] == bags_json(SEVERAL)["missing"]


def test_many_taggers_with_long_names_fit_into_80_columns() -> None:
    names = ("clarifai", "google-vision", "clip+google-vision+lite", "lite", "example")
    tags = tuple(Tag(f"a label of several words, number {n}", 10.0 - n / 10) for n in range(30))
    bags = [TagBag(ARTIST, name, tags, 10) for name in names]
    voters = [
        replace(TRAINED, tagger=name, classifier="logistic_regression", view="log-odds") for name in names
    ]
    answer = replace(prediction(*voters), bags=tuple(bags))
    for text in (shown(show_bags(bags, 20)), shown(show_prediction(answer, 10, explain=True))):
        lines = [line.rstrip() for line in text.splitlines()]
        assert max(map(len, lines)) <= 80
        assert "…" not in text, "folded, not cut off"
    assert shown(show_bags(bags, 20)).count("10.000") == len(names)


def test_an_error_keeps_the_artist_and_says_what_kind_it_is() -> None:
    assert error_json("x", ValueError("why")) == {
        "artist": {"id": "x", "name": None},
        "error": {"type": "ValueError", "message": "why"},
    }


def test_nothing_from_outside_reaches_the_terminal_as_a_command() -> None:
    assert plain("a\x1b[31m\u202eb\nc\x07é動") == "a [31m b c é動"
    evil = TagBag(Artist("i", "[red]\x1b[0m"), "lite", (Tag("[blink]x", 1.0),), 1)
    text = shown(show_bags([evil], top=5))
    assert "[red] [0m" in text
    assert "[blink]x" in text


def test_a_weight_stays_whole_on_a_narrow_terminal() -> None:
    bags = [TagBag(ARTIST, name, (Tag("label", 2.125),), 3) for name in ("lite", "clip", "other")]
    assert shown(show_bags(bags, top=5), width=36).count("2.125") == 3


def test_tags_worth_reading_are_shown_unless_all_are_wanted() -> None:
    cover = (Tag("flames", 0.8), Tag("fire", 0.7), Tag("glow", 0.05))
    bag = TagBag(ARTIST, "lite", cover, 1, each=(cover,))
    assert shown(show_bags([bag], top=20)).split()[-2:] == ["flames", "0.800"]
    assert shown(show_bags([bag], top=20, raw=True)).split()[-2:] == ["glow", "0.050"]
    whole = replace(prediction(TRAINED), bags=(bag,))
    assert "lite: flames 0.80\n" in shown(show_prediction(whole, top=10))
    assert "lite: flames 0.80, fire 0.70, glow 0.05\n" in shown(show_prediction(whole, top=10, raw=True))
    found = bags_json([bag])
    assert [tag["label"] for tag in found["tags"]] == ["flames", "fire", "glow"]
    assert [tag["label"] for tag in found["shown"]] == ["flames"]


def test_a_bag_of_doubtful_tags_says_how_to_see_them() -> None:
    cover = (Tag("skull", 0.1),)
    bag = TagBag(ARTIST, "lite", cover, 1, each=(cover,))
    assert "lite: no tag is sure enough; --raw-tags shows all" in shown(show_bags([bag], top=20))
    assert "lite: no tags\n" in shown(show_bags([TagBag(ARTIST, "lite", (), 1)], top=20))
