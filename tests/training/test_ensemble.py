from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from helpers.manifests import cover, labelled
from helpers.quick_training import quick_training

from spotitags.catalogs.manifest import FolderCatalog
from spotitags.pipeline.spotitags import SpotiTags
from spotitags.records import Artist
from spotitags.settings import Settings
from spotitags.training.ensemble import drawn, train

if TYPE_CHECKING:
    from pathlib import Path

    from spotitags.training.ensemble import TrainingReport


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("training")


@pytest.fixture(scope="module")
def report(folder: Path) -> TrainingReport:
    catalog = FolderCatalog(labelled(folder / "covers", each=4, covers=2))
    spotitags = SpotiTags(catalog=catalog, tagger="lite", settings=Settings(cache_dir=folder / "cache"))
    with quick_training(views=("embedding",)):
        return train(spotitags, catalog.artists(), folder / "model", folds=2)


def test_a_model_learns_none_of_its_genres_from_the_packages_references(report: TrainingReport) -> None:
    outsiders = report.trained.outsiders
    assert outsiders
    kinds = {trial.kind.name for trial in outsiders.trials}
    assert {"folk", "jazz", "metal", "photographs", "plain", "reggae (library)"} <= kinds
    card = json.loads(report.files[1].read_text(encoding="utf-8"))["outsiders"]
    assert card["kinds"].keys() == kinds
    assert card["held_out"].keys() == {"music", "pictures", "blanks"}


def test_its_predictions_say_how_likely_none_of_its_genres_is(report: TrainingReport, folder: Path) -> None:
    path = labelled(folder / "new", each=1, covers=3)
    own = SpotiTags(
        manifest=path, tagger="lite", model=report.files[0], settings=Settings(cache_dir=folder / "cache")
    )
    for style in ("fire", "sea", "moss"):
        prediction = own.predict(f"{style}0")
        assert prediction.genre == style
        assert prediction.none is not None
        assert prediction.none < 0.5
    library = SpotiTags(
        catalog="library", model=report.files[0], settings=Settings(cache_dir=folder / "cache")
    )
    metallica = library.predict("2ye2Wgw4gimLv2eAKyk1NB")
    assert metallica.none is not None
    assert metallica.none > 0.75
    assert metallica.genre is None
    assert metallica.leading in {"fire", "sea", "moss"}


def test_its_predictions_say_which_covers_it_was_trained_on(report: TrainingReport, folder: Path) -> None:
    settings = Settings(cache_dir=folder / "cache")
    table = folder / "covers" / "again.csv"
    (folder / "covers" / "new.jpg").write_bytes(cover("fire", 8123))
    table.write_text("artist_id,file\nfire0,fire0-0.jpg\nfire0,fire0-1.jpg\nfire0,new.jpg\nnew,new.jpg\n")
    own = SpotiTags(manifest=table, tagger="lite", model=report.files[0], settings=settings)
    assert own.predict("fire0").trained_on == 2
    assert own.predict("new").trained_on == 0
    assert own.predict("new").to_dict()["trained_on"] == 0
    named = SpotiTags(manifest=table, tagger="lite", genres=["fire", "sea"], settings=settings)
    assert named.predict("fire0").trained_on is None, "untrained votes"


def test_artists_are_drawn_by_genre_in_their_order_and_by_the_seed() -> None:
    artists = [Artist(str(n), genre="jazz" if n % 3 else "folk") for n in range(30)]
    found = drawn(artists, 5, seed=1)
    assert [artist.genre for artist in found].count("jazz") == 5
    assert [artist.genre for artist in found].count("folk") == 5
    assert [int(artist.id) for artist in found] == sorted(int(artist.id) for artist in found)
    assert found == drawn(artists, 5, seed=1) != drawn(artists, 5, seed=2)
    assert drawn(artists, 20, seed=1) == artists
