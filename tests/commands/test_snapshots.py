"""Output of the command line for a prediction, at several widths of the terminal.

After a deliberate change, run this file with ``SPOTITAGS_WRITE_SNAPSHOTS=1`` and read the difference.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from classifiers.ensemble.results import Confidence, Evidence
from spotitags.commands._console import print_all
from spotitags.records import Artist, Prediction, Reason, Skipped, Tag, TagBag, Vote
from spotitags.rendering.explanation import LEAST, signed
from spotitags.rendering.overview import Overview
from spotitags.rendering.prediction import show_prediction
from spotitags.rendering.text import as_text

FOLDER = Path(__file__).parent / "snapshots"
ARTIST = Artist("2ye2Wgw4gimLv2eAKyk1NB")
LONG = "melodic death metal from Gothenburg"
SHARES = {LONG: 0.997, "jazz": 0.002, "soul/R&B": 0.001}
TAGS = ("skull", "illegible spiky logo", "three-dimensional letters", "動物")


def bag(tagger: str, *, missing: str = "") -> TagBag:
    tags = () if missing else tuple(Tag(label, 2.5 - i / 4) for i, label in enumerate(TAGS))
    return TagBag(ARTIST, tagger, tags, 10, (Skipped("Live at Donington", "truncated"),), missing=missing)


def vote(tagger: str, view: str, classifier: str, weight: float, share: float = 0.99) -> Vote:
    rest = (1 - share) / 2
    trained = view != "zero-shot"
    return Vote(tagger, view, classifier, {LONG: share, "jazz": rest, "soul/R&B": rest}, weight, trained)


TRAINED = Prediction(
    ARTIST,
    SHARES,
    (
        vote("google-vision", "log-odds", "logistic_regression", 0.4),
        vote("lite", "embedding", "logistic_regression", 0.5671),
        vote("lite", "covers", "multinomial_nb", 0.0309, 0.2),
        vote("lite", "top", "complement_nb", 0.0014),
        vote("lite", "distinct", "complement_nb", 0.0006),
        vote("lite", "all", "complement_nb", 0.0),
    ),
    (bag("google-vision"), bag("lite"), bag("clarifai", missing="it dropped out: no key")),
    (
        Reason("illegible spiky logo", 0.0001, "google-vision", 0.914),
        Reason("skull", 0.0, "lite", 0.302),
        Reason("three-dimensional letters", 0.0, "google-vision", -0.2503),
        Reason("動物", -0.0, "lite", -0.0301),
        Reason("flame", -0.0, "lite", -0.0004),
    ),
    Confidence(0.96, 24, sure=True),
    0.0301,
    Evidence(LONG, "jazz", 13.7868, 7.717, 6.0698, 6.2116),
)
BY_NAME = Prediction(
    ARTIST,
    SHARES,
    (vote("lite", "zero-shot", "text tower", 0.5), vote("clip", "zero-shot", "text tower", 0.5)),
    (bag("lite"), bag("clip")),
)
FLAT = Prediction(
    ARTIST,
    dict.fromkeys(SHARES, 1 / 3),
    (vote("lite", "all", "linear_svm", 1.0, 1 / 3),),
    (bag("lite"),),
    evidence=Evidence(LONG, "jazz", -0.0, -0.0, 0.0, 0.0),
)


def as_before(name: str, width: int, output: str) -> str:
    """Compare an output, without spaces at the ends of lines, with its snapshot; check its width."""
    printed = "\n".join(line.rstrip() for line in output.splitlines())
    snapshot = FOLDER / f"{name}-{width}.txt"
    if os.environ.get("SPOTITAGS_WRITE_SNAPSHOTS"):
        snapshot.write_text(printed, encoding="utf-8")
    assert printed == snapshot.read_text(encoding="utf-8")
    assert max(map(cell_len, printed.splitlines())) <= width
    return printed


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize(
    ("name", "prediction"),
    [("trained", TRAINED), ("by-name", BY_NAME), ("flat", FLAT)],
    ids=lambda p: str(p)[:7],
)
def test_a_prediction_prints_as_before(
    name: str,
    prediction: Prediction,
    width: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    print_all(show_prediction(prediction, explain=True))
    printed = as_before(name, width, capsys.readouterr().out)
    assert "…" not in printed
    assert ARTIST.id in printed
    assert "-0.00" not in printed


SEVERAL = (
    TRAINED,
    replace(TRAINED, artist=Artist("id", "Einstürzende Neubauten"), none=0.8),
    replace(TRAINED, confidence=Confidence(0.61, 30, sure=False), trained_on=3, bags=(bag("lite"),)),
    replace(FLAT, artist=Artist("id", "Frost"), bags=(bag("clip"), bag("lite", missing="it has no network"))),
)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_several_artists_are_a_line_each(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    overview = Overview(width)
    for prediction in SEVERAL:
        print_all(overview.lines(prediction))
    print_all(overview.foot())
    printed = as_before("several", width, capsys.readouterr().out)
    assert printed.startswith("artist ")
    assert ARTIST.id in "".join(line[: overview.artist].strip() for line in printed.splitlines())
    assert "61%?*" in printed
    assert "?: not sure; *: the model was trained on covers of this artist" in " ".join(printed.split())
    assert re.search(r"none of these +0\.80  ", printed)
    assert printed.count("1 cover skipped") == 4


def test_an_overview_of_nothing_has_no_foot() -> None:
    assert Overview(80).foot() == []


def test_none_of_these_is_first_where_it_is_the_answer() -> None:
    for none, place in ((0.8, 1), (0.7, 5)):
        lines = as_text(replace(TRAINED, none=none)).splitlines()
        assert [line.startswith("none of these") for line in lines].index(True) == place + 1


def test_covers_of_the_training_are_named() -> None:
    for number, words in ((10, "these covers"), (3, "3 of these 10 covers")):
        assert f"the model was trained on {words}: on others it is less often right" in as_text(
            replace(TRAINED, trained_on=number)
        )
    for unknown in (0, None):
        assert "was trained" not in as_text(replace(TRAINED, trained_on=unknown))


@pytest.mark.parametrize("width", [60, 80, 120])
def test_numbers_stay_whole(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    text = as_text(TRAINED)
    assert re.findall(r"  ([+-]\d+\.\d\d)$", text, re.MULTILINE) == [
        "+0.91", "+0.30", "-0.25", "-0.03", "+7.72", "+6.07",
    ]  # fmt: skip
    assert re.findall(r" (\d+\.\d%) ", text) == ["56.7%", "40.0%", "3.1%", "0.2%"]
    assert re.findall(r" (\d\.\d\d)$", text, re.MULTILINE)[:4] == ["1.00", "0.00", "0.00", "0.03"]


@given(
    st.lists(st.floats(-1e4, 1e4).filter(bool), min_size=1, max_size=10).map(
        lambda parts: [Reason(f"tag{i}", 0.0, "lite", part) for i, part in enumerate(parts)]
    )
)
@settings(max_examples=50)
def test_bars_point_to_the_side_of_their_sign_and_grow_with_it(reasons: list[Reason]) -> None:
    one = Prediction(
        ARTIST, SHARES, TRAINED.voters, (bag("lite"),), tuple(reasons), evidence=TRAINED.evidence
    )
    rows = re.findall(r"^tag(\d+) +(\S+) +(\S+)$", as_text(one), re.MULTILINE)
    shown = {int(number): (bar, value) for number, bar, value in rows}
    assert shown.keys() == {i for i, reason in enumerate(reasons) if abs(reason.log_odds) >= LEAST}
    sizes = {}
    for number, (bar, value) in shown.items():
        left, right = bar.split("│")
        part = reasons[number].log_odds
        assert value == signed(part) == f"{part:+.2f}"
        assert bool(right) == (part > 0)
        assert bool(left) == (part < 0)
        sizes[abs(part)] = sum({"█": 2}.get(char, 1) for char in left + right)
    assert [sizes[part] for part in sorted(sizes)] == sorted(sizes.values())
    assert max(sizes.values(), default=24) == 24
    assert "-0.00" not in as_text(one)


@pytest.mark.parametrize(
    ("voters", "line"),
    [
        ([("a", 1.0, 0.9)], "one voter says"),
        ([("a", 0.6, 0.9), ("b", 0.4, 0.9)], "all 2 voters say"),
        ([("a", 0.97, 0.9), ("b", 0.03, 0.1)], "voters with 97% of the weight say"),
        ([("a", 0.9999, 0.9), ("b", 0.0001, 0.1)], "voters with more than 99% of the weight say"),
        ([("a", 0.9999, 0.1), ("b", 0.0001, 0.9)], "voters with less than 1% of the weight say"),
        ([("a", 0.6, 0.1), ("b", 0.4, 0.1)], "no voter alone says"),
    ],
)
def test_a_person_reads_which_weight_agrees(voters: list[tuple[str, float, float]], line: str) -> None:
    votes = tuple(vote("lite", view, "linear_svm", weight, share) for view, weight, share in voters)
    answer = Prediction(ARTIST, SHARES, votes, (bag("lite"),))
    assert f"\n{line} {LONG}\n" in as_text(answer)


def test_a_single_light_voter_has_its_own_line() -> None:
    votes = (vote("lite", "all", "linear_svm", 0.996), vote("lite", "top", "linear_svm", 0.004))
    text = as_text(Prediction(ARTIST, SHARES, votes, (bag("lite"),), evidence=TRAINED.evidence))
    assert "less than 1% of the weight" not in text
    assert re.search(r"^lite top linear_svm +0\.4% ", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("tags", "pictures", "names"),
    [
        (3.0, 1.0, ["all tags together (75%)", "whole pictures (25%)"]),
        (0.0133, 8.57, ["all tags together (less than 1%)", "whole pictures (more than 99%)"]),
        (-0.4, -0.1, ["all tags together (80%)", "whole pictures (20%)"]),
        (3.0, -1.0, ["all tags together", "whole pictures"]),
        (0.0, 2.0, ["all tags together", "whole pictures"]),
    ],
)
def test_a_person_reads_the_share_of_whole_pictures(tags: float, pictures: float, names: list[str]) -> None:
    total = tags + pictures
    evidence = Evidence(LONG, "jazz", total, tags, pictures, total)
    text = as_text(replace(TRAINED, evidence=evidence))
    rows = re.findall(r"^(all tags.*?|whole pictures.*?)  +(\S+)$", text, re.MULTILINE)
    assert rows == list(zip(names, [signed(tags), signed(pictures)], strict=True))
    assert "in the shares" not in text
    without = replace(TRAINED, evidence=evidence, voters=TRAINED.voters[2:3])
    assert "whole pictures" not in as_text(without)
