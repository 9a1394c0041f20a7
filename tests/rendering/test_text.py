"""Text of records in Python."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from classifiers.ensemble.results import Confidence
from spotitags import SpotiTags
from spotitags.records import Artist, Prediction, Tag, TagBag, Vote
from spotitags.records.printing import Printable

ARTIST = Artist("id", "Motörhead\x1b[31m")
BAG = TagBag(ARTIST, "lite", (Tag("skull", 2.1), Tag("flame", 1.0)), 1)
PREDICTION = Prediction(
    ARTIST,
    {"metal": 0.756, "jazz": 0.244},
    (Vote("lite", "all", "linear_svm", {"metal": 0.75, "jazz": 0.25}, 1.0),),
    (BAG,),
)
METALLICA = "2ye2Wgw4gimLv2eAKyk1NB"


@pytest.mark.parametrize("width", [60, 80])
@pytest.mark.parametrize("explain", [False, True])
def test_a_prediction_prints_as_on_the_command_line(
    width: int, *, explain: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("FORCE_COLOR", "1")
    args = ["predict", "-a", METALLICA, "--offline", *["--explain"] * explain]
    run = [sys.executable, "-m", "spotitags", *args]
    printed = subprocess.run(run, capture_output=True, encoding="utf-8", check=True, env=plain_environment())
    spotitags = SpotiTags(offline=True)
    text = str(spotitags.predict(METALLICA, explain=explain))
    assert text.splitlines() == [line.rstrip() for line in printed.stdout.rstrip().splitlines()]
    assert "\x1b" not in text


def plain_environment() -> dict[str, str]:
    import os

    return {name: value for name, value in os.environ.items() if name != "FORCE_COLOR"} | {"PYTHONUTF8": "1"}


def test_a_bag_prints_as_the_command_tag() -> None:
    lines = str(BAG).splitlines()
    assert lines[0] == "Motörhead [31m  1 cover"
    assert [line.split() for line in lines[1:]] == [
        ["lite", "tag", "weight"],
        ["skull", "2.100"],
        ["flame", "1.000"],
    ]


@pytest.mark.parametrize(
    ("prediction", "line"),
    [
        (PREDICTION, "<Prediction Motörhead [31m: metal 0.76>"),
        (replace(PREDICTION, none=0.394), "<Prediction Motörhead [31m: metal 0.76, none 0.39>"),
        (
            replace(PREDICTION, none=0.1, confidence=Confidence(0.9, 12, sure=True)),
            "<Prediction Motörhead [31m: metal 0.76, none 0.10, confidence 0.90>",
        ),
        (
            replace(PREDICTION, confidence=Confidence(0.5, 12, sure=False)),
            "<Prediction Motörhead [31m: metal 0.76, confidence 0.50 (not sure)>",
        ),
        (replace(PREDICTION, artist=Artist("mbid")), "<Prediction mbid: metal 0.76>"),
    ],
)
def test_a_prediction_has_a_short_repr(prediction: Prediction, line: str) -> None:
    assert repr([prediction]) == f"[{line}]"


def test_a_bag_has_a_short_repr() -> None:
    assert repr(BAG) == "<TagBag Motörhead [31m: 2 tags of 1 cover by lite>"
    assert repr(replace(BAG, covers=3)) == "<TagBag Motörhead [31m: 2 tags of 3 covers by lite>"


def test_another_record_must_get_a_text_first() -> None:
    with pytest.raises(TypeError, match="Printable has no text"):
        str(Printable())
