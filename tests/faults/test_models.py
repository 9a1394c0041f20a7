"""Models from strangers: each hostile or damaged one ends in one error, within limits of time and memory.

The digests in the cards are renewed after each change, as an attacker would do. `helpers.hostile_models`
makes the models, and `helpers.model_trials` runs each in a process of its own.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from helpers.command_line import spotitags
from helpers.hostile_models import CARDS, GRAPHS, OPTIONAL_GRAPHS
from helpers.model_files import copy_model, edit_card
from helpers.rows import rows, versions
from helpers.servers import FIXTURES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classifiers.ensemble import Ensemble
from classifiers.errors import ModelFileError
from classifiers.training.save import save
from classifiers.training.train import train
from spotitags.pipeline.voting import bundled_model

if TYPE_CHECKING:
    from classifiers.training.dataset import Row

ROOT = Path(__file__).resolve().parents[2]
METALLICA = "2ye2Wgw4gimLv2eAKyk1NB"
MEGABYTES = 400
BAG = {"skull": 3.0, "church": 2.0, "common 1": 1.5}
VARIANTS = {**CARDS, **GRAPHS, **OPTIONAL_GRAPHS}

linux = pytest.mark.skipif(sys.platform != "linux", reason="trials fork and limit processes as Linux does")


def labelled() -> list[Row]:
    rng = np.random.default_rng(0)
    given = rows(per_genre=6, embedded=("lite",))
    colours = rng.random((len(given), 3, 512), dtype=np.float32)
    return [
        replace(each, embeddings={**each.embeddings, "colours": colour / colour.sum(axis=1, keepdims=True)})
        for each, colour in zip(given, colours, strict=True)
    ]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stem of a model with voters of all kinds of views, and trees among the optional ones."""
    stem = tmp_path_factory.mktemp("good") / "m"
    trained = train(
        labelled(),
        versions(),
        views=("all", "covers", "embedding"),
        classifiers=("complement_nb",),
        optional=("colour-boost",),
        feature_versions={"colours": "hsv 1"},
        folds=2,
        repeats=1,
    )
    save(trained, stem, created="2026-11-20")
    return stem


@pytest.fixture(scope="module")
def ends(good: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """How the trial of each variant ended, and of the good model, by its name."""
    folder = tmp_path_factory.mktemp("hostile")
    jobs = [["", str(good), ["colour-boost"]]]
    for number, (name, change) in enumerate(VARIANTS.items()):
        stem = copy_model(good, folder / str(number))
        change(stem)
        jobs.append([name, str(stem), ["colour-boost"] if name in OPTIONAL_GRAPHS else []])
    run = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "helpers" / "model_trials.py")],
        input="".join(json.dumps(job[1:]) + "\n" for job in jobs),
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stderr == ""
    return {job[0]: json.loads(line) for job, line in zip(jobs, run.stdout.splitlines(), strict=True)}


@linux
def test_the_good_model_is_accepted(ends: dict[str, dict[str, Any]]) -> None:
    assert ends[""]["end"] == "accepted", ends[""]


@linux
@pytest.mark.parametrize("name", VARIANTS)
def test_a_hostile_model_is_refused(ends: dict[str, dict[str, Any]], name: str) -> None:
    found = ends[name]
    assert found["end"] == "refused", found["says"]
    assert found["megabytes"] < MEGABYTES
    assert "/m." in found["says"], "names the file"
    assert "train the model again" in found["says"], "names the next step"
    assert "\n" not in found["says"]


def shares(stem: Path) -> dict[str, float]:
    features = {"lite": np.ones((2, 6)), "colours": np.full((2, 512), 1 / 512)}
    return dict(Ensemble.load(stem).vote({"lite": BAG}, {"lite": [BAG, BAG]}, features).shares)


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["flip", "set", "cut", "repeat", "end"]),
        st.floats(0, 1, exclude_max=True),
        st.integers(0, 255),
    ),
    min_size=1,
    max_size=4,
)


def edited(data: bytes, edits: list[tuple[str, float, int]]) -> bytes:
    """Damage bytes: flip a bit, set a byte, cut some out, repeat some, or cut off the end."""
    changed = bytearray(data)
    for kind, share, value in edits:
        place = int(share * len(changed))
        if kind == "flip" and changed:
            changed[place] ^= 1 << value % 8
        elif kind == "set" and changed:
            changed[place] = value
        elif kind == "cut":
            del changed[place : place + 1 + value % 8]
        elif kind == "repeat":
            changed[place:place] = changed[place : place + 1 + value]
        elif kind == "end":
            del changed[place:]
    return bytes(changed)


def damaged(good: Path, folder: Path, suffix: str, edits: list[tuple[str, float, int]]) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    stem = copy_model(good, folder)
    file = Path(f"{stem}{suffix}")
    file.write_bytes(edited(file.read_bytes(), edits))
    return stem


MANY = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)


@MANY
@given(suffix=st.sampled_from([".json", ".onnx"]), edits=EDITS)
def test_a_damaged_file_is_refused_or_changes_nothing(
    good: Path, tmp_path: Path, suffix: str, edits: list[tuple[str, float, int]]
) -> None:
    stem = damaged(good, tmp_path / "m", suffix, edits)
    with suppress(ModelFileError):
        assert shares(stem) == shares(good)


@MANY
@given(edits=EDITS)
def test_a_damaged_graph_with_its_own_digest_is_refused_or_gives_shares(
    good: Path, tmp_path: Path, edits: list[tuple[str, float, int]]
) -> None:
    stem = damaged(good, tmp_path / "m", ".onnx", edits)
    digest = hashlib.sha256(Path(f"{stem}.onnx").read_bytes()).hexdigest()
    edit_card(stem, lambda card: card.update(sha256=digest))
    refused_or_shares(stem)


@MANY
@given(edits=EDITS)
def test_a_damaged_card_without_a_digest_is_refused_or_gives_shares(
    good: Path, tmp_path: Path, edits: list[tuple[str, float, int]]
) -> None:
    stem = copy_model(good, tmp_path / "plain")
    edit_card(stem, lambda card: card.pop("card_sha256", None))
    refused_or_shares(damaged(stem, tmp_path / "m", ".json", edits))


def refused_or_shares(stem: Path) -> None:
    try:
        found = shares(stem)
    except ModelFileError:
        return
    assert sum(found.values()) == pytest.approx(1)
    assert all(0 <= share <= 1 for share in found.values())


def test_a_graph_that_computes_no_numbers_is_an_error_of_the_command(tmp_path: Path) -> None:
    stem = copy_model(bundled_model().with_suffix(""), tmp_path)
    constant_is_nan = GRAPHS["constant is NaN"]
    constant_is_nan(stem)
    run = spotitags("predict", "-a", METALLICA, "--offline", "--model", str(stem), home=tmp_path / "home")
    assert run.returncode == 1
    assert run.stdout == ""
    assert "has no probabilities" in " ".join(run.stderr.split())
    assert "Traceback" not in run.stderr


def test_a_hostile_card_is_one_line_of_the_command(tmp_path: Path) -> None:
    stem = copy_model(bundled_model().with_suffix(""), tmp_path)
    CARDS["weight is NaN"](stem)
    run = spotitags("predict", "-a", METALLICA, "--offline", "--model", str(stem), home=tmp_path / "home")
    assert run.returncode in {1, 2}
    said = " ".join(run.stderr.split())
    assert "weight is missing, or no number from 0 to 1e+06" in said
    assert "train the model again, or get its files again" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("voters", [[], ["colour-boost", "colour-knn", "transfer"]])
def test_the_bundled_model_and_that_of_an_earlier_version_load(voters: list[str]) -> None:
    assert Ensemble.load(bundled_model(), voters).voters
    assert Ensemble.load(FIXTURES / "earlier" / "ead2be0" / "model" / "styles").voters
