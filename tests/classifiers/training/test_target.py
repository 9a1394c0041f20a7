from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from classifiers.ensemble.target_model import TargetModel, is_target_model
from classifiers.errors import ModelFileError, TrainingDataError
from classifiers.training.dataset import Row
from classifiers.training.target import TrainedTarget, train_target
from classifiers.training.target_save import save_target

if TYPE_CHECKING:
    from pathlib import Path

TAGGERS = {"lite": "lite 1", "column:lyrics": "words-1"}


def artists(number: int, signal: float) -> tuple[list[Row], dict[str, float]]:
    """Rows whose embedding says as much about a number as is said."""
    rng = np.random.default_rng(3)
    rows, values = [], {}
    for i in range(number):
        value = float(rng.normal())
        vectors = rng.normal(size=(2, 8)).astype(np.float32)
        vectors[:, 0] += signal * value
        words = [{str(word): 1.0} for word in rng.choice(["love", "night", "day"], 2)]
        tags = [{"skull": 1.0, "sea": float(rng.random())}, {"tree": 1.0}]
        covers = {"lite": tags, "column:lyrics": words}
        rows.append(Row(f"a{i}", "", covers, {"lite": vectors}, (f"{i}a", f"{i}b")))
        values[f"a{i}"] = 50 + 10 * value
    return rows, values


def trained(signal: float) -> tuple[TrainedTarget, list[Row], dict[str, float]]:
    rows, values = artists(60, signal)
    return train_target("popularity", rows, values, TAGGERS), rows, values


def test_a_number_that_the_covers_tell_is_predicted(tmp_path: Path) -> None:
    found, rows, values = trained(4)
    assert found.r2.low > 0.2
    assert found.rank.low > 0.3
    assert found.error[0] < found.error[1]
    assert not found.says_nothing
    save_target(found, tmp_path / "model", created="2026-11-22")
    assert is_target_model(tmp_path / "model")
    model = TargetModel.load(tmp_path / "model.onnx")
    bags = {tagger: rows[0].bag(tagger) for tagger in TAGGERS}
    value = model.predict(bags, rows[0].embeddings)
    assert value == pytest.approx(found.model.predict(rows[:1])[0], abs=1e-9)
    assert np.isfinite(model.predict({}, {})), "what is missing counts as the mean"
    held = [
        abs(model.predict({t: row.bag(t) for t in TAGGERS}, row.embeddings) - values[row.id]) for row in rows
    ]
    assert np.mean(np.array(held) <= model.half_width) >= 0.85


def test_a_number_that_the_covers_do_not_tell_says_so() -> None:
    found, *_ = trained(0)
    assert found.says_nothing
    assert found.r2.low <= 0
    assert found.rank.low <= 0 <= found.rank.high


def test_covers_of_one_artist_are_never_on_both_sides() -> None:
    """Each artist has two rows with one number and one embedding: only a leak tells numbers."""
    rng = np.random.default_rng(0)
    rows, values, units = [], {}, {}
    for i in range(30):
        vectors, value = rng.normal(size=(1, 100)).astype(np.float32), float(rng.normal())
        for side in "xy":
            name = f"{i}{side}"
            rows.append(Row(name, "", {"lite": [{"sea": 1.0}]}, {"lite": vectors}, (name,)))
            values[name], units[name] = value, str(i)
    assert train_target("n", rows, values, {"lite": "1"}, units=units).says_nothing
    assert not train_target("n", rows, values, {"lite": "1"}).says_nothing


def test_too_few_artists_and_equal_numbers_are_refused() -> None:
    rows, values = artists(12, 1)
    with pytest.raises(TrainingDataError, match="give 12 or more"):
        train_target("n", rows[:11], values, TAGGERS)
    with pytest.raises(TrainingDataError, match="the same 'n'"):
        train_target("n", rows, dict.fromkeys(values, 1.0), TAGGERS)


@pytest.mark.parametrize("change", [('"half_width"', '"half"'), ('"target 1"', '"target 2"')])
def test_a_changed_card_is_refused(tmp_path: Path, change: tuple[str, str]) -> None:
    save_target(trained(4)[0], tmp_path / "model", created="2026-11-22")
    card = tmp_path / "model.json"
    card.write_text(card.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    with pytest.raises(ModelFileError, match="cannot be used"):
        TargetModel.load(tmp_path / "model")
    with pytest.raises(ModelFileError, match="no model at"):
        TargetModel.load(tmp_path / "nothing")
