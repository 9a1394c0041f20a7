"""Words on covers, from the pictures to bags: the artist's own name is in no bag."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest
from helpers.lettering import lettered

from spotitags import SpotiTags
from spotitags.covers.images import choose_image
from spotitags.pipeline.dataset import collect_rows
from spotitags.pipeline.tagging import _wanted
from spotitags.records import Artist, Image
from spotitags.settings import Settings
from spotitags.taggers import TaggerOptions
from spotitags.taggers.lite import LiteTagger
from spotitags.taggers.text import TextTagger

if TYPE_CHECKING:
    from pathlib import Path

COVERS = (["JOHNNY CASH", "Live at Folsom"], ["Johnny Gash", "GREATEST HITS"])


@pytest.fixture
def covers(tmp_path: Path) -> Path:
    table = tmp_path / "covers.csv"
    with table.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["artist_id", "artist_name", "genre", "file"])
        for number, lines in enumerate(COVERS):
            file = tmp_path / f"{number}.png"
            lettered([(line, 80 + 120 * place, 32) for place, line in enumerate(lines)]).save(file)
            writer.writerow(["cash", "Johnny Cash", "country", file.name])
    return table


@pytest.fixture
def spotitags(covers: Path, tmp_path: Path) -> SpotiTags:
    return SpotiTags(manifest=covers, tagger="text", settings=Settings(cache_dir=tmp_path), offline=True)


def test_a_bag_has_the_words_but_not_the_name(spotitags: SpotiTags) -> None:
    bag = spotitags.bag("cash")
    assert bag.covers == 2
    assert set(bag.weights()) == {"live at", "folsom", "greatest hits"}
    assert {tag.label for tags in bag.each for tag in tags} == set(bag.weights())


def test_training_sees_no_name_either(spotitags: SpotiTags) -> None:
    rows = collect_rows(spotitags, [Artist("cash", "Johnny Cash", "country")]).rows
    (row,) = rows
    assert [set(cover) for cover in row.covers["text"]] == [{"live at", "folsom"}, {"greatest hits"}]


def test_nor_do_merged_bags(covers: Path, tmp_path: Path) -> None:
    merged = SpotiTags(
        manifest=covers,
        tagger=["lite", "text"],
        merge=True,
        settings=Settings(cache_dir=tmp_path),
        offline=True,
    )
    labels = set(merged.bag("cash").weights())
    assert "greatest hits" in labels
    assert not {"johnny", "cash", "gash"} & labels


def test_a_single_picture_shows_all_that_is_read(covers: Path, tmp_path: Path) -> None:
    picture = covers.with_name("0.png")
    read = SpotiTags(manifest=picture, tagger="text", settings=Settings(cache_dir=tmp_path), offline=True)
    assert {tag.label for tag in read.tag(str(picture))} == {"johnny", "cash", "live at", "folsom"}


def test_a_larger_image_is_fetched_only_where_words_are_read(tmp_path: Path) -> None:
    lite, text = LiteTagger(tmp_path), TextTagger.from_options(TaggerOptions(tmp_path))
    images = [Image(f"https://covers.example/{side}", side, side) for side in (640, 300, 64)]
    assert choose_image(images, _wanted([lite])).side == 300
    assert choose_image(images, _wanted([lite, text])).side == 640
