from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from spotitags.bags.display.rates import parse_rates
from spotitags.records import Tag
from spotitags.settings import Settings
from spotitags.taggers.lite.tagger import LiteTagger
from spotitags.training.tag_display.__main__ import tag_files
from spotitags.training.tag_display.fit import Row, fit, judged_tags, lines, rows, table, usual_rates

if TYPE_CHECKING:
    from pathlib import Path


def judged(label: str, right: float, number: int = 60) -> list[Row]:
    """Tags of a label with several probabilities; of the likeliest this share is right, of others fewer."""
    return [
        Row(label, probability, rank < right * probability / 0.8 * number, judged=True)
        for probability in (0.2, 0.4, 0.6, 0.8)
        for rank in range(number)
    ]


def test_a_label_that_is_often_wrong_gets_a_lower_chance() -> None:
    fitted = fit([*judged("skull", 0.9), *judged("long hair", 0.2)])
    assert fitted.bias["skull"] > fitted.default > fitted.bias["long hair"]


def test_a_label_without_verdicts_gets_the_chance_of_its_theme() -> None:
    fitted = fit([*judged("trumpet", 0.9), *judged("serif capitals", 0.1)])
    assert fitted.bias["tuba"] > fitted.bias["condensed capitals"]


def test_the_slope_follows_the_tagger_s_probabilities() -> None:
    steep = [
        Row("skull", p, rank < share * 60, judged=True)
        for p, share in ((0.2, 0.0), (0.8, 1.0))
        for rank in range(60)
    ]
    assert fit(steep).slope > fit(judged("skull", 0.5)).slope


def test_the_background_is_the_mean_chance_on_the_covers() -> None:
    fitted = fit([*judged("skull", 0.9), *judged("long hair", 0.2)])
    rates = table(fitted, {"a": [Tag("skull", 0.9)], "b": []})
    assert rates["skull"].background == pytest.approx(rates["skull"].chance(0.9) / 2)
    assert rates["long hair"].background == 0


def test_a_table_is_read_back_as_written() -> None:
    rates = table(fit(judged("skull", 0.8)), {"a": [Tag("skull", 0.9)]})
    again = parse_rates(lines(rates))
    assert again.keys() == rates.keys()
    for label, rate in rates.items():
        assert again[label].shown_as == rate.shown_as
        assert again[label][1:] == pytest.approx(rate[1:], rel=1e-3)


def test_the_verdicts_are_on_tags_that_lite_gives() -> None:
    verdicts = judged_tags()
    assert len(verdicts) == len({(digest, tag.label) for digest, tag, _ in verdicts}) > 1000
    assert {verdict for *_, verdict in verdicts} == {"right", "vague", "wrong"}
    assert all(0 < tag.weight <= 1 and len(digest) == 16 for digest, tag, _ in verdicts)
    labels = usual_rates()
    assert sum(row.judged for row in rows({})) == sum(tag.label in labels for _, tag, _ in verdicts)


def test_equal_files_are_tagged_once(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    for name in ("a.png", "b.png"):
        Image.fromarray(pixels).save(tmp_path / name)
    (tags,) = tag_files([tmp_path / "a.png", tmp_path / "b.png"], LiteTagger(Settings().cache_dir)).values()
    assert tags
