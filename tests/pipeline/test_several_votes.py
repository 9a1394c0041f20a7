"""Several taggers from covers to votes, through the façade: models, who is missing, merged bags."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from helpers.fake_taggers import FakeTagger, PaidFakeTagger
from helpers.manifests import labelled, manifest
from rich.console import Console

from classifiers.training.save import save
from classifiers.training.train import train as fit
from spotitags.catalogs.labels import read_labels
from spotitags.commands._render import show_training
from spotitags.errors import CallLimitError, InputError, ModelError, TaggerError
from spotitags.evaluation import samples
from spotitags.pipeline.dataset import LabelledRows, collect_rows
from spotitags.pipeline.spotitags import SpotiTags
from spotitags.records import Prediction
from spotitags.rendering.json_objects import bags_json, prediction_json
from spotitags.rendering.prediction import show_prediction
from spotitags.settings import Settings
from spotitags.training.ensemble import train

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from spotitags.records import Cover, Skipped, Tag


class Dreamer(FakeTagger):
    """Sees nothing on the covers of some albums."""

    def __init__(self, name: str, blank: Sequence[str]) -> None:
        super().__init__(name)
        self.blank = blank

    def _look(self, cover: Cover) -> list[Tag] | Skipped:
        return [] if cover.album.name in self.blank else super()._look(cover)


class Home:
    """Labelled covers, a cache, and what was said."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = Settings(cache_dir=folder / "cache")
        self.labels = labelled(folder / "covers", covers=3)
        self.said: list[str] = []

    def ask(self, *taggers: FakeTagger, **options: Any) -> SpotiTags:
        options = {"manifest": self.labels} | options
        return SpotiTags(settings=self.settings, tagger=taggers, notify=self.said.append, **options)  # type: ignore[arg-type]

    def collect(self, *taggers: FakeTagger, **options: Any) -> LabelledRows:
        return collect_rows(self.ask(*taggers, **options), read_labels(self.labels)[0])

    def train(self, name: str, *taggers: FakeTagger, **options: Any) -> None:
        """A model of few voters: what is looked at here is who votes, not how well."""
        rows = self.collect(*taggers, **options).rows
        versions = self.ask(*taggers, **options).tagger_versions()
        few = {"views": ["all"], "classifiers": ["complement_nb", "logistic_regression"]}
        save(fit(rows, versions, folds=2, repeats=1, **few), self.folder / name, created="2026-11-20")  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """With a model ``both`` of two taggers, and ``merged`` of their merged bags."""
    home = Home(tmp_path_factory.mktemp("home"))
    home.train("both", FakeTagger("one"), FakeTagger("two"))
    home.train("merged", FakeTagger("one"), FakeTagger("two"), merge=True)
    return home


def card(home: Home, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((home.folder / f"{name}.json").read_text(encoding="utf-8"))
    return found


def shown(prediction: Prediction) -> str:
    file = io.StringIO()
    console = Console(file=file, width=80)
    for renderable in show_prediction(prediction, 5, explain=True):
        console.print(renderable)
    return file.getvalue()


def test_a_card_names_the_taggers_and_each_has_voters(home: Home) -> None:
    assert card(home, "both")["taggers"] == [{"name": "one", "version": "1"}, {"name": "two", "version": "1"}]
    assert {voter["tagger"] for voter in card(home, "both")["voters"]} == {"one", "two"}
    (tagger,) = card(home, "merged")["taggers"]
    assert tagger == {"name": "one+two", "version": "ranks-1 (one 1; two 1)"}


def test_all_vote_where_all_look_and_say_how_sure_they_are(home: Home) -> None:
    found = home.ask(FakeTagger("one"), FakeTagger("two"), model=home.folder / "both").predict(
        "sea0", explain=True
    )
    assert found.genre == "sea"
    assert {voter.tagger for voter in found.voters} == {"one", "two"}
    assert found.confidence is not None
    answer = prediction_json(found, explain=True)
    assert answer["missing"] == []
    assert {tag["tagger"] for tag in answer["tags"]} == {"one", "two"}
    assert all(reason["tagger"] in {"one", "two"} for reason in answer["reasons"])
    assert "(one)" in shown(found)


def test_a_confidence_holds_only_for_the_versions_of_all_taggers_that_it_was_measured_with(
    home: Home,
) -> None:
    other = FakeTagger("two")
    other.version = "2"
    found = home.ask(FakeTagger("one"), other, model=home.folder / "both").predict("sea0")
    assert {voter.tagger for voter in found.voters} == {"one", "two"}
    assert found.confidence is None, "one of two taggers is another than in the evaluation"


def test_a_voter_without_its_tagger_abstains_and_the_others_weigh_more(home: Home) -> None:
    home.said.clear()
    both = home.ask(FakeTagger("one"), FakeTagger("two"), model=home.folder / "both").predict("sea0")
    alone = home.ask(FakeTagger("one"), model=home.folder / "both").predict("sea0")
    assert {voter.tagger for voter in alone.voters} == {"one"}
    assert sum(voter.weight for voter in alone.voters) == pytest.approx(1)
    weights = {(v.view, v.classifier): v.weight for v in both.voters if v.tagger == "one"}
    total = sum(weights.values())
    for voter in alone.voters:
        assert voter.weight == pytest.approx(weights[voter.view, voter.classifier] / total)
    assert alone.confidence is None, "measured with all voters"
    assert "model: voters on two abstain, since that tagger does not run" in home.said


def test_a_tagger_that_drops_out_is_missing_in_votes_json_and_on_screen(home: Home, tmp_path: Path) -> None:
    fresh = manifest(tmp_path / "new", {"new": "fire", "later": "moss"}, covers=3, first_seed=500)
    broken = FakeTagger("two", error=TaggerError("worn out"))
    spotitags = home.ask(FakeTagger("one"), broken, model=home.folder / "both", manifest=fresh)
    found = dict(spotitags.predictions(["new", "later"]))["later"]
    assert isinstance(found, Prediction)
    assert found.genre == "moss"
    assert {voter.tagger for voter in found.voters} == {"one"}
    assert found.confidence is None
    answer = prediction_json(found)
    assert answer["missing"] == [{"tagger": "two", "reason": "it dropped out: worn out"}]
    assert {tag["tagger"] for tag in answer["tags"]} == {"one"}
    assert "two is missing: it dropped out: worn out" in shown(found)
    assert bags_json(found.bags)["missing"] == answer["missing"]
    assert home.said.count("warning: the tagger two drops out, one continues: worn out") == 1


def test_an_artist_none_of_whose_taggers_has_a_voter_says_who_is_missing(home: Home, tmp_path: Path) -> None:
    fresh = manifest(tmp_path / "new", {"new": "fire"}, covers=3, first_seed=600)
    broken = FakeTagger("one", error=TaggerError("worn out"))
    spotitags = home.ask(broken, FakeTagger("three"), model=home.folder / "both", manifest=fresh)
    with pytest.raises(ModelError, match="one is missing: it dropped out: worn out"):
        spotitags.predict("new")


def test_the_first_bag_is_one_that_is_there(home: Home, tmp_path: Path) -> None:
    fresh = manifest(tmp_path / "new", {"new": "fire"}, covers=2, first_seed=700)
    spotitags = home.ask(FakeTagger("one", error=TaggerError("worn out")), FakeTagger("two"), manifest=fresh)
    assert spotitags.tag("new")[0].label == "red two"
    assert list(spotitags.frame(["new"]).columns) == ["blue two", "green two", "red two"]


def test_a_model_of_merged_bags_reads_merged_bags_of_these_taggers_alone(home: Home) -> None:
    model = home.folder / "merged"
    found = home.ask(FakeTagger("two"), FakeTagger("one"), model=model, merge=True).predict("sea0")
    assert found.genre == "sea"
    assert [bag.tagger for bag in found.bags] == ["one+two"]
    assert {voter.tagger for voter in found.voters} == {"one+two"}
    assert found.confidence is not None
    with pytest.raises(ModelError, match="add --merge"):
        home.ask(FakeTagger("one"), FakeTagger("two"), model=model).predict("sea0")
    with pytest.raises(ModelError, match="not with one\\+three"):
        home.ask(FakeTagger("one"), FakeTagger("three"), model=model, merge=True).predict("sea0")
    with pytest.raises(ModelError, match="add"):
        home.ask(FakeTagger("one"), FakeTagger("two"), model=model).predict("sea0")


def test_a_merged_bag_without_one_tagger_is_no_bag_of_all(home: Home, tmp_path: Path) -> None:
    fresh = manifest(tmp_path / "new", {"new": "fire"}, covers=2, first_seed=800)
    broken = FakeTagger("two", error=TaggerError("worn out"))
    merging = home.ask(FakeTagger("one"), broken, model=home.folder / "merged", merge=True, manifest=fresh)
    assert [bag.tagger for _, bags in merging.all_bags(["new"]) for bag in bags] == ["one", "two"]  # type: ignore[union-attr]
    with pytest.raises(ModelError, match="two is missing"):
        merging.predict("new")


def test_merging_takes_two_taggers() -> None:
    with pytest.raises(InputError, match="two taggers"):
        SpotiTags(tagger="lite", merge=True)
    with pytest.raises(InputError, match="two taggers"):
        SpotiTags(merge=True)


def test_only_artists_that_every_tagger_saw_are_learnt_from(home: Home) -> None:
    found = home.collect(FakeTagger("one"), PaidFakeTagger("dear", a_call=3), max_calls=10)
    assert [row.covers.keys() for row in found.rows] == [{"one", "dear"}] * 10, "30 of 36 covers are paid for"
    assert list(found.failed) == ["moss2", "moss3"]
    assert all("the tagger dear is missing: --max-calls 10" in str(error) for error in found.failed.values())
    again = PaidFakeTagger("dear", a_call=3)
    assert len(home.collect(FakeTagger("one"), again).rows) == 12
    assert sum(again.calls) == 6


def test_covers_that_gave_no_tags_are_counted_by_why(home: Home, tmp_path: Path) -> None:
    path = manifest(tmp_path, dict.fromkeys("abcd", "sea") | dict.fromkeys("efgh", "fire"), covers=4)
    (path.parent / "a-0.jpg").write_bytes(b"no picture")
    artists, _ = read_labels(path)
    both = (FakeTagger("short-sighted", blind=["Album 1"]), Dreamer("dreamer", blank=["Album 2"]))
    found = collect_rows(home.ask(*both, manifest=path), artists)
    assert found.notes == (
        "covers that could not be used and are left out: 1",
        "covers that only short-sighted could not read, used without its tags: 8",
        "covers on which dreamer found no tags: 8",
    )
    assert [len(row) for row in found.rows] == [3, *[4] * 7]
    assert samples.collect_samples(home.ask(*both, manifest=path), artists).notes == found.notes
    report = train(home.ask(*both, manifest=path), artists, tmp_path / "model", folds=2)
    assert report.notes == found.notes
    text = io.StringIO()
    Console(file=text, width=200).print(*show_training(report))
    assert all(note in text.getvalue() for note in found.notes)
    merged = collect_rows(home.ask(*both, manifest=path, merge=True), artists).notes
    assert merged == found.notes[:2], "on each cover one of them saw something"
    assert (
        collect_rows(home.ask(FakeTagger("keen"), manifest=home.labels), read_labels(home.labels)[0]).notes
        == ()
    )


def test_an_evaluation_s_samples_have_the_merged_bags_and_the_covers_names(home: Home) -> None:
    artists, _ = read_labels(home.labels)
    spotitags = home.ask(FakeTagger("one"), FakeTagger("two"), merge=True)
    found = samples.collect_samples(spotitags, artists)
    assert spotitags.tagger_versions().keys() == {"one+two"}
    assert len(found.rows) == 12
    for sample in found.rows:
        assert sample.row.covers.keys() == {"one+two"}
        assert len(sample.row.groups) == len(sample) == 3


def test_a_limit_holds_for_all_questions_to_one_instance(home: Home, tmp_path: Path) -> None:
    fresh = manifest(tmp_path / "new", {"a": "fire", "b": "sea"}, covers=2, first_seed=900)
    paid = PaidFakeTagger("dear")
    spotitags = home.ask(paid, manifest=fresh, max_calls=1)
    assert spotitags.tag("a")
    with pytest.raises(CallLimitError, match="--max-calls 1"):
        spotitags.tag("b")
    assert spotitags.tag("a")
    assert paid.calls == [2]
    with pytest.raises(InputError, match="max_calls"):
        SpotiTags(max_calls=-1)
