"""The answer "none of these genres", from training to the vote of a saved model."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from helpers.model_files import copy_model, edit_card
from helpers.references import (
    BLANKS,
    DIM,
    GENRES,
    MUSIC,
    PICTURES,
    UNUSED,
    artists,
    covers,
    kind,
    references,
    trained,
)

from classifiers.ensemble.confidence import MOST_NONE, OUTSIDERS
from classifiers.ensemble.ensemble import Ensemble
from classifiers.errors import ModelFileError
from classifiers.onnx_session import open_session
from classifiers.training import outsiders
from classifiers.training.detector import Detector
from classifiers.training.save import save
from classifiers.training.train import train

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from classifiers.ensemble.results import Result
    from classifiers.training.dataset import Row
    from classifiers.training.detector import Kind, References
    from classifiers.training.train import TrainedEnsemble

CARD = dict[str, Any]


@pytest.fixture(scope="module")
def model() -> TrainedEnsemble:
    return trained()


@pytest.fixture(scope="module")
def stem(model: TrainedEnsemble, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "m"
    save(model, path, created="2026-11-21")
    return path


@pytest.fixture(scope="module")
def ensemble(stem: Path) -> Ensemble:
    return Ensemble.load(stem)


def vote(ensemble: Ensemble, embeddings: NDArray[np.float32]) -> Result:
    tags = [{"guitar": 1.0}] * len(embeddings)
    return ensemble.vote({"lite": {"guitar": 1.0}}, {"lite": tags}, {"lite": embeddings})


def test_outsiders_of_kinds_that_were_left_out_are_none_of_the_genres(ensemble: Ensemble) -> None:
    outside = [vote(ensemble, covers(UNUSED, 2000 + i)) for i in range(10)]
    assert np.median([float(result.none or 0) for result in outside]) > 0.75
    assert not any(result.confidence and result.confidence.sure for result in outside)


def test_artists_that_were_left_out_are_of_the_genres(ensemble: Ensemble) -> None:
    for genre in GENRES:
        inside = [vote(ensemble, covers(genre, 2000 + i)) for i in range(10)]
        assert np.median([1.0 if result.none is None else result.none for result in inside]) < 0.1
        assert all(result.confidence and result.confidence.sure for result in inside)
        assert {result.genre for result in inside} == {genre}


def test_the_graph_and_numpy_give_the_same_votes_and_probability(
    model: TrainedEnsemble, ensemble: Ensemble, stem: Path
) -> None:
    assert model.outsiders
    detector, session = model.outsiders.detector, open_session(stem.with_suffix(".onnx").read_bytes())
    for name in (*GENRES, *MUSIC, UNUSED):
        for number in (1, 3, 15):
            embeddings = covers(name, 3000, number)
            rows = np.sign(embeddings) * np.sqrt(np.abs(embeddings, dtype=np.float64))
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
            scores = np.exp(rows @ detector.coefficients + detector.intercepts)
            (votes,) = session.run([OUTSIDERS], {"lite/embedding": rows})
            assert votes == pytest.approx(scores / scores.sum(axis=1, keepdims=True), abs=1e-9)
            found = model.outsiders.model.none_probability(detector.evidence(embeddings), number)
            assert vote(ensemble, embeddings).none == pytest.approx(float(found), abs=1e-9)


def test_references_change_no_vote_and_no_score(model: TrainedEnsemble, ensemble: Ensemble) -> None:
    plain = train(artists(), {"lite": "lite 1"}, views=("embedding",), folds=3, repeats=1)
    assert plain.outsiders is None
    assert plain.estimates == model.estimates
    assert plain.calibration == model.calibration
    new = artists(1, first_seed=4000)
    assert (plain.probabilities(new) == model.probabilities(new)).all()
    for row, votes in zip(new, plain.probabilities(new), strict=True):
        found = [list(each.probabilities.values()) for each in vote(ensemble, row.embeddings["lite"]).votes]
        assert found == pytest.approx(votes, abs=1e-6)


def test_a_model_without_references_loads_and_says_nothing_of_none(tmp_path: Path) -> None:
    plain = train(artists(), {"lite": "lite 1"}, views=("embedding",), folds=3, repeats=1)
    _, card = save(plain, tmp_path / "m", created="2026-11-21")
    assert "outsiders" not in json.loads(card.read_text(encoding="utf-8"))
    ensemble = Ensemble.load(tmp_path / "m")
    assert ensemble.outsiders is None
    result = vote(ensemble, covers(UNUSED, 2000))
    assert result.none is None
    assert result.confidence


def test_none_is_unknown_without_embeddings(tmp_path: Path) -> None:
    tagged = train(
        artists(), {"lite": "lite 1"}, views=("covers", "embedding"), references=references(), folds=3
    )
    save(tagged, tmp_path / "m", created="2026-11-21")
    ensemble = Ensemble.load(tmp_path / "m")
    bag, tags = {"lite": {"guitar": 1.0}}, {"lite": [{"guitar": 1.0}]}
    assert ensemble.vote(bag, tags).none is None
    assert ensemble.vote(bag, tags, {"lite": np.ones((1, DIM + 1))}).none is None, "another model's width"
    assert ensemble.vote(bag, tags, {"lite": covers("folk", 1)}).none is not None
    why = ensemble.explain(bag, ("jazz", "metal"), covers=tags, embeddings={"lite": covers("jazz", 1)})
    assert set(why.voters) == set(ensemble.voters)


def test_two_genres_can_be_none(tmp_path: Path) -> None:
    save(trained(artists(genres=GENRES[:2])), tmp_path / "m", created="2026-11-21")
    ensemble = Ensemble.load(tmp_path / "m")
    inside, outside = (vote(ensemble, covers(name, 2000)).none for name in ("metal", UNUSED))
    assert inside is not None
    assert outside is not None
    assert inside < 0.1
    assert outside > 0.75


def test_equal_rows_references_and_seed_give_equal_bytes(stem: Path, tmp_path: Path) -> None:
    files = save(trained(), tmp_path / "m", created="2026-11-21")
    assert [file.read_bytes() for file in files] == [stem.with_name(file.name).read_bytes() for file in files]


def test_the_card_holds_the_kinds_and_the_rates_on_those_that_were_left_out(stem: Path) -> None:
    card = json.loads(stem.with_suffix(".json").read_text(encoding="utf-8"))["outsiders"]
    assert card["input"] == "lite/embedding"
    assert card["kinds"] == dict.fromkeys(sorted([*MUSIC, *PICTURES, *BLANKS]), 20)
    assert card["held_out"].keys() == {"music", "pictures", "blanks"}
    for category, kinds in (("music", MUSIC), ("pictures", PICTURES), ("blanks", BLANKS)):
        rates = card["held_out"][category]
        assert rates["tested"] == 5 * len(kinds), "each artist once, with all of its covers"
        assert 0 <= rates["sure"] <= 0.2
        assert 0.7 < rates["none"] <= 1


def test_each_outsider_is_met_by_a_model_without_its_kind_and_by_one_without_it(
    model: TrainedEnsemble,
) -> None:
    assert model.outsiders
    largest = [trial for trial in model.outsiders.trials if trial.largest]
    for name in (*MUSIC, *PICTURES, *BLANKS):
        of_kind = [trial for trial in largest if trial.kind.name == name]
        assert sum(not trial.known for trial in of_kind) == 5
        assert 0 < sum(trial.known for trial in of_kind) < 5, "but for those of the fold without the kind"
    assert {trial.covers for trial in model.outsiders.trials} == {1, 3}, "no artist has five covers"
    nothing_sure = model.outsiders.rates(replace(model.calibration, sure_from=None))
    assert all(rate["sure"] == 0 for rate in nothing_sure.values())


def test_no_detector_meets_a_cover_that_it_was_trained_on(monkeypatch: pytest.MonkeyPatch) -> None:
    trained_on: dict[int, set[bytes]] = {}
    fitted: list[Detector] = []
    met: list[bytes] = []
    fit, evidence = outsiders.fit_detector, Detector.evidence

    def recorded_fit(rows: Sequence[Row], kinds: Sequence[Kind], *rest: Any) -> Detector:
        given = [row.embeddings["lite"] for row in rows] + [each for kind in kinds for each in kind.artists]
        fitted.append(fit(rows, kinds, *rest))
        trained_on[id(fitted[-1].coefficients)] = {cover.tobytes() for each in given for cover in each}
        return fitted[-1]

    def checked_evidence(detector: Detector, embeddings: NDArray[np.float32]) -> float:
        shown = [cover.tobytes() for cover in embeddings]
        assert not trained_on[id(detector.coefficients)].intersection(shown)
        met.extend(shown)
        return evidence(detector, embeddings)

    monkeypatch.setattr(outsiders, "fit_detector", recorded_fit)
    monkeypatch.setattr(Detector, "evidence", checked_evidence)
    assert trained().outsiders
    assert len(fitted) == 4, "one for each of three folds, and one on all"
    every = trained_on[id(fitted[-1].coefficients)]
    assert set(met) < every
    assert len(set(met)) == len(every) * 3 // 4, "three of four covers of every artist and every outsider"


def without_embeddings(given: References) -> References:
    return replace(given, tagger="clip")


def one_kind(given: References) -> References:
    return replace(given, kinds=given.kinds[:1])


def one_kind_of_each_category(given: References) -> References:
    return replace(given, kinds=(given.kinds[0], given.kinds[4], given.kinds[-1]))


def only_insiders(given: References) -> References:
    return replace(given, kinds=(kind("jazz", "music", "jazz"),))


@pytest.mark.parametrize("change", [without_embeddings, one_kind, one_kind_of_each_category, only_insiders])
def test_references_from_which_nothing_can_be_learned_give_a_model_without_the_answer(
    change: Callable[[References], References],
) -> None:
    assert trained(given=change(references())).outsiders is None


def test_kinds_of_a_single_artist_are_trained_on_in_all_folds_but_one() -> None:
    given = replace(references(), kinds=tuple(kind(name, "music", artists=1) for name in MUSIC))
    found = trained(given=given).outsiders
    assert found
    assert not any(trial.known for trial in found.trials)
    assert found.rates(trained().calibration)["music"]["tested"] == len(MUSIC)


def changed(stem: Path, folder: Path, change: Callable[[CARD], object]) -> Path:
    edit_card(copy_model(stem, folder), change)
    return folder / "m"


@pytest.mark.parametrize(
    "change",
    [
        lambda card: card.update(outsiders=[]),
        lambda card: card.update(outsiders={}),
        lambda card: card.update(outsiders="yes"),
        lambda card: card["outsiders"].update(input="clip/embedding"),
        lambda card: card["outsiders"].pop("input"),
        lambda card: card["outsiders"].pop("covers"),
        lambda card: card["outsiders"].update(evidence="much"),
        lambda card: card["outsiders"].update(intercept=None),
    ],
)
def test_a_card_with_a_broken_entry_on_outsiders_is_refused(
    stem: Path, tmp_path: Path, change: Callable[[CARD], object]
) -> None:
    with pytest.raises(ModelFileError, match=r"m\.json cannot be used .* train the model again"):
        Ensemble.load(changed(stem, tmp_path, change))


def test_a_card_from_before_outsiders_loads_with_any_graph(stem: Path, tmp_path: Path) -> None:
    earlier = Ensemble.load(changed(stem, tmp_path, lambda card: card.pop("outsiders")))
    result = vote(earlier, covers(UNUSED, 2000))
    assert result.none is None
    assert result.confidence


def test_no_vote_is_sure_where_none_is_likely(stem: Path, tmp_path: Path) -> None:
    """The same covers, and a card whose intercept makes none a little less or more likely than the limit."""
    embeddings = covers("metal", 2000)
    ensemble = Ensemble.load(stem)
    assert ensemble.outsiders
    none = vote(ensemble, embeddings).none
    assert none is not None

    def logit(p: float) -> float:
        return float(np.log(p / (1 - p)))

    for target in (MOST_NONE - 0.01, MOST_NONE + 0.01):
        intercept = ensemble.outsiders.intercept + logit(target) - logit(none)
        changed(stem, tmp_path, lambda card, i=intercept: card["outsiders"].update(intercept=i))
        result = vote(Ensemble.load(tmp_path / "m"), embeddings)
        assert result.none == pytest.approx(target, abs=1e-6)
        assert result.confidence
        assert result.confidence.sure == (target < MOST_NONE)
        assert result.genre == "metal"
