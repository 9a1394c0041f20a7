from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotitags.bags.display import rates as rates_module
from spotitags.bags.display.rates import LEAST, Rate, parse_rates, rates_of
from spotitags.catalogs.library.catalog import LibraryCatalog
from spotitags.settings import Settings
from spotitags.taggers.lite.attributes import attribute_labels
from spotitags.taggers.lite.efficientnet import imagenet_labels
from spotitags.taggers.lite.head import load_head
from spotitags.taggers.lite.tagger import LiteTagger


def table() -> list[str]:
    text = (
        rates_module.resources.files("spotitags.bags.display")
        .joinpath("lite.tsv")
        .read_text(encoding="utf-8")
    )
    return text.splitlines()


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_heavier_tag_is_likelier_to_be_right(one: float, other: float) -> None:
    rate = Rate("skull", 1, 0.05, 1.1, 0.4, 0.01)
    light, heavy = sorted([one, other])
    assert 0 < rate.chance(light) <= rate.chance(heavy) < 1


def test_a_tag_counts_from_a_least_chance_on() -> None:
    rates = rates_of("lite")
    assert rates
    least = rates["skull"].least
    assert rates["skull"].chance(least) == pytest.approx(LEAST)
    assert rates.shown("skull", least * 0.99) == ("skull", 0.0)
    assert rates.shown("skull", 0.9)[1] > 0.5


@pytest.mark.parametrize("tagger", ["clip", "clip+lite", "google-vision", "../lite"])
def test_only_judged_taggers_have_rates(tagger: str) -> None:
    assert rates_of(tagger) is None


def test_the_table_is_of_the_tagger_that_is_installed() -> None:
    version = next(line for line in table() if line.startswith("# tagger: ")).removeprefix("# tagger: ")
    assert version == LiteTagger(Settings().cache_dir).version == LibraryCatalog().version


def test_the_table_has_every_label_with_the_share_that_the_tagger_subtracts() -> None:
    rows = parse_rates(table())
    head = load_head()
    labels = {*head.labels, *attribute_labels(), *imagenet_labels()}
    assert labels <= rows.keys()
    for label, prior in zip(head.labels, head.priors(head.labels).tolist(), strict=True):
        if label not in attribute_labels():
            usual = 2.718281828**prior / (1 + 2.718281828**prior)
            assert rows[label].usual == pytest.approx(usual, rel=1e-3, abs=1e-4), label


def test_every_shown_name_has_a_row() -> None:
    rows = parse_rates(table())
    assert {rate.shown_as for label, rate in rows.items() if label} - {"-"} <= rows.keys()
