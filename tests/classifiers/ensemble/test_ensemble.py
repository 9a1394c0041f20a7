from __future__ import annotations

import json
import random
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from helpers.model_files import copy_model, edit_card
from helpers.rows import COMMON, LIKED, bags, row, rows, versions
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.ensemble.ensemble import Ensemble
from classifiers.ensemble.pooling import VOTER_FLOOR
from classifiers.ensemble.results import Evidence, VoterName
from classifiers.errors import ClassifierError, ModelFileError, NoVotersError
from classifiers.training.save import save
from classifiers.training.train import train

if TYPE_CHECKING:
    from pathlib import Path

    from classifiers.training.dataset import Row

KNOWN = [label for labels in LIKED.values() for label in labels.split()] + COMMON
BAG = st.dictionaries(st.sampled_from([*KNOWN, "nobody knows"]), st.floats(0.001, 15))
PAIR = ("metal", "pop")
SKULLS = {"skull": 3.0, "church": 2.0, "flame": 1.0, "common 1": 1.5}


@pytest.fixture(scope="module")
def stem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "both"
    trained = train(
        rows(taggers=("lite", "clip"), embedded=("clip",)),
        versions("lite", "clip"),
        views=("all", "distinct", "covers", "embedding"),
        folds=2,
        repeats=1,
    )
    save(trained, path, created="2026-11-20")
    return path


@pytest.fixture(scope="module")
def ensemble(stem: Path) -> Ensemble:
    return Ensemble.load(stem)


def test_a_model_is_found_by_its_stem_and_by_either_file(stem: Path, ensemble: Ensemble) -> None:
    for path in (stem, str(stem), f"{stem}.onnx", stem.with_name("both.json")):
        assert Ensemble.load(path).voters == ensemble.voters
    assert ensemble.genres == ("jazz", "metal", "pop")
    assert ensemble.taggers == {"lite": "lite 1", "clip": "clip 1"}
    assert len(ensemble.voters) == 2 * 3 * 4 + 2


@given(st.dictionaries(st.sampled_from(["lite", "clip"]), BAG, min_size=1))
def test_shares_are_the_weighted_product_of_the_votes(
    ensemble: Ensemble, each: dict[str, dict[str, float]]
) -> None:
    result = ensemble.vote(each, {tagger: [bag, bag] for tagger, bag in each.items()})
    assert sum(result.shares.values()) == pytest.approx(1)
    assert sum(vote.weight for vote in result.votes) == pytest.approx(1)
    assert list(result.shares.values()) == sorted(result.shares.values(), reverse=True)
    total = sum(kind.weight for kind in result.kinds)
    products = {
        genre: np.prod(
            [max(vote.probabilities[genre], VOTER_FLOOR) ** (total * vote.weight) for vote in result.votes]
        )
        for genre in result.shares
    }
    expected = {genre: product / sum(products.values()) for genre, product in products.items()}
    assert expected == pytest.approx(result.shares)
    for vote in result.votes:
        assert sum(vote.probabilities.values()) == pytest.approx(1)
        assert all(0 <= p <= 1 for p in vote.probabilities.values())


def test_it_names_the_genre_of_new_artists(ensemble: Ensemble) -> None:
    rng = random.Random(23)
    taggers = ("lite", "clip")
    new = [
        row(genre, rng, taggers=taggers, embedded=("clip",)) for genre in ensemble.genres for _ in range(10)
    ]
    assert sum(ensemble.vote(bags(a)).genre == a.genre for a in new) >= 22
    assert sum(ensemble.vote(bags(a), a.covers).genre == a.genre for a in new) >= 22
    assert sum(ensemble.vote(bags(a), a.covers, a.embeddings).genre == a.genre for a in new) >= 26


def test_voters_without_their_taggers_bag_abstain(ensemble: Ensemble) -> None:
    result = ensemble.vote({"lite": SKULLS, "another": {"x": 1.0}})
    assert {vote.voter[:2] for vote in result.votes} == {("lite", "all"), ("lite", "distinct")}
    assert sum(vote.weight for vote in result.votes) == pytest.approx(1)
    assert result.genre == "metal"


def test_voters_on_covers_and_embeddings_vote_only_where_they_are_shown_some(ensemble: Ensemble) -> None:
    artist = row("pop", random.Random(3), taggers=("lite", "clip"), embedded=("clip",))

    def views(*shown: dict[str, Any]) -> set[tuple[str, str]]:
        return {vote.voter[:2] for vote in ensemble.vote(bags(artist), *shown).votes}

    of_bags = {(tagger, view) for tagger in ("lite", "clip") for view in ("all", "distinct")}
    of_covers = {("lite", "covers"), ("clip", "covers")}
    assert views() == views({"lite": []}) == of_bags
    assert views({"clip": artist.covers["clip"]}) == of_bags | {("clip", "covers")}
    assert views(artist.covers, artist.embeddings) == of_bags | of_covers | {("clip", "embedding")}
    assert views(artist.covers, {"clip": np.ones((3, 99))}) == of_bags | of_covers, "another model's width"
    assert views(artist.covers, {"clip": np.ones((0, 6))}) == of_bags | of_covers


def test_no_voter_at_all_is_an_error_that_names_the_taggers(ensemble: Ensemble) -> None:
    with pytest.raises(
        NoVotersError, match="trained on tags of lite, clip, and there are only tags of another"
    ):
        ensemble.vote({"another": SKULLS})
    with pytest.raises(NoVotersError, match="no tagger"):
        ensemble.explain({}, PAIR)


@pytest.mark.parametrize("nothing", [{}, {"nobody knows": 3.0}])
def test_a_bag_without_a_known_label_gets_even_shares_and_says_so(
    ensemble: Ensemble, nothing: dict[str, float]
) -> None:
    result = ensemble.vote({"lite": nothing})
    assert list(result.shares.values()) == pytest.approx([1 / 3] * 3)
    assert not result.known
    assert not any(vote.known for vote in result.votes)
    of_covers = ensemble.vote({"lite": nothing}, {"lite": [nothing, nothing]})
    assert list(of_covers.shares.values()) == pytest.approx([1 / 3] * 3)
    assert not of_covers.known
    why = ensemble.explain({"lite": nothing}, PAIR)
    assert why.overall == ()
    assert why.evidence == ("metal", "pop", 0, 0, 0, 0, 0, 0, ())
    assert ensemble.vote({"lite": SKULLS}).known


def test_confidence_is_given_where_all_voters_answer_as_in_evaluation(ensemble: Ensemble) -> None:
    artist = row("metal", random.Random(3), taggers=("lite", "clip"), embedded=("clip",))
    result = ensemble.vote(bags(artist), artist.covers, artist.embeddings)
    assert ensemble.calibration is not None
    assert result.confidence == ensemble.calibration.confidence(result.shares[result.genre])
    tags = ensemble.vote(bags(artist), artist.covers)
    calibration = ensemble.blends[frozenset({"tags"})].calibration
    assert calibration is not None
    assert tags.confidence == calibration.confidence(tags.shares[tags.genre]), "measured without pictures"
    some = ensemble.vote({"lite": artist.bag("lite")}, artist.covers, artist.embeddings)
    assert some.confidence is None, "voters on the tags of clip abstain"
    strange: dict[str, dict[str, float]] = {"lite": {}, "clip": {}}
    nothing = ensemble.vote(strange, {"lite": [{}], "clip": [{}]}, {"clip": np.zeros((1, 6))})
    assert nothing.confidence is None, "no voter knows anything"


def test_a_model_without_a_calibration_votes_without_confidence(stem: Path, tmp_path: Path) -> None:
    copied = copy_model(stem, tmp_path)
    edit_card(copied, lambda card: [each.pop("confidence") for each in (card, *card["blends"])])
    artist = row("metal", random.Random(3), taggers=("lite", "clip"), embedded=("clip",))
    result = Ensemble.load(copied).vote(bags(artist), artist.covers, artist.embeddings)
    assert result.genre == "metal"
    assert result.confidence is None


def test_few_covers_give_less_sure_votes_and_the_same_winner(ensemble: Ensemble) -> None:
    cover = {label: weight / 3 for label, weight in SKULLS.items()}
    results = [ensemble.vote({"lite": SKULLS}, {"lite": [cover] * n}) for n in (1, 3, 15)]
    for i, vote in enumerate(results[0].votes):
        shares = [result.votes[i].probabilities["metal"] for result in results]
        assert shares == sorted(shares) or vote.probabilities["metal"] < 1 / 3
    overall = [result.shares["metal"] for result in results]
    assert overall[0] < overall[1] < overall[2]
    assert {result.genre for result in results} == {"metal"}


def test_what_a_genre_likes_speaks_for_it_and_what_others_like_against_it(ensemble: Ensemble) -> None:
    covers = {"lite": [{"skull": 1.0, "church": 1.0}, {"trumpet": 1.0, "church": 0.5, "skull": 0.5}]}
    shown = {"lite": {"skull": 1.5, "church": 1.5, "trumpet": 1.0}}, covers
    why = ensemble.explain(shown[0], ("metal", "jazz"), covers=covers)
    pulls = {pull.label: pull.pull for pull in why.overall}
    assert pulls["skull"] > 0
    assert pulls["church"] > 0
    assert pulls["trumpet"] < 0
    parts = [abs(pull.log_odds) for pull in why.overall]
    assert parts == sorted(parts, reverse=True)
    for pull in why.overall:
        if pull.label in ("skull", "church", "trumpet"):
            assert (pull.log_odds > 0) == (pull.label != "trumpet")
    assert set(why.voters) == {vote.voter for vote in ensemble.vote(*shown).votes}


@given(st.integers(0, 2**32), st.integers(1, 5), st.permutations(["jazz", "metal", "pop"]))
@settings(max_examples=20)
def test_effects_of_a_tag_are_what_falls_without_it(
    ensemble: Ensemble, seed: int, covers: int, genres: list[str]
) -> None:
    genre, winner, runner_up = genres
    pair = (winner, runner_up)
    artist = row(genre, random.Random(seed), covers=covers, taggers=("lite", "clip"), embedded=("clip",))

    def share(artist: Row) -> float:
        return ensemble.vote(bags(artist), artist.covers, artist.embeddings).shares[winner]

    def evidence(artist: Row) -> Evidence:
        return ensemble.explain(bags(artist), pair, 0, artist.covers, artist.embeddings).evidence

    why = ensemble.explain(bags(artist), pair, 99, artist.covers, artist.embeddings)
    assert why.overall
    for pull in why.overall:
        less = {
            tagger: [
                {label: w for label, w in cover.items() if (tagger, label) != (pull.tagger, pull.label)}
                for cover in covers
            ]
            for tagger, covers in artist.covers.items()
        }
        without = replace(artist, covers=less)
        assert share(artist) - share(without) == pytest.approx(pull.pull, abs=1e-9)
        fall = evidence(artist).log_odds - evidence(without).log_odds
        assert fall == pytest.approx(pull.log_odds, abs=1e-9)
        assert evidence(without).pictures == pytest.approx(why.evidence.pictures)
    assert why.voters[VoterName("clip", "embedding", "logistic_regression")] == ()


@given(st.integers(0, 2**32), st.integers(1, 5))
@settings(max_examples=20)
def test_evidence_is_the_weighted_log_odds_of_the_votes(ensemble: Ensemble, seed: int, covers: int) -> None:
    artist = row("metal", random.Random(seed), covers=covers, taggers=("lite", "clip"), embedded=("clip",))
    result = ensemble.vote(bags(artist), artist.covers, artist.embeddings)
    total = sum(kind.weight for kind in result.kinds)
    found = ensemble.explain(bags(artist), PAIR, 0, artist.covers, artist.embeddings).evidence
    odds = {
        vote.voter: total * vote.weight * np.log(vote.probabilities["metal"] / vote.probabilities["pop"])
        for vote in result.votes
    }
    assert found.log_odds == pytest.approx(sum(odds.values()), abs=1e-9)
    of_pictures = sum(part for voter, part in odds.items() if voter.view == "embedding")
    assert found.pictures == pytest.approx(of_pictures, abs=1e-9)
    assert found.tags + found.pictures == pytest.approx(found.log_odds, abs=1e-9)
    assert found.in_shares == pytest.approx(np.log(result.shares["metal"] / result.shares["pop"]), abs=1e-9)
    if all(min(vote.probabilities[genre] for genre in PAIR) >= VOTER_FLOOR for vote in result.votes):
        assert found.log_odds == pytest.approx(found.in_shares, abs=1e-9)


def test_at_most_n_reasons_are_named(ensemble: Ensemble) -> None:
    why = ensemble.explain({"lite": SKULLS}, PAIR, n=2)
    assert len(why.overall) == 2
    assert all(len(pulls) <= 2 for pulls in why.voters.values())
    assert why.overall == ensemble.explain({"lite": SKULLS}, PAIR, n=9).overall[:2]
    assert VoterName("lite", "all", "linear_svm") in why.voters


@pytest.mark.parametrize("pair", [("polka", "metal"), ("metal", "polka")])
def test_an_unknown_genre_cannot_be_explained(ensemble: Ensemble, pair: tuple[str, str]) -> None:
    with pytest.raises(ClassifierError, match="no genre 'polka'; it knows jazz, metal, pop"):
        ensemble.explain({"lite": SKULLS}, pair)


def test_a_missing_model_says_what_a_model_is(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"a \.onnx and a \.json file in one folder"):
        Ensemble.load(tmp_path / "none")


@pytest.mark.parametrize("text", ["", "[]", "{}", "no json", '{"format": 99}'])
def test_a_card_that_is_none_is_refused(stem: Path, tmp_path: Path, text: str) -> None:
    copied = copy_model(stem, tmp_path)
    copied.with_suffix(".json").write_text(text)
    with pytest.raises(ModelFileError, match="again"):
        Ensemble.load(copied)


def test_a_graph_of_another_training_is_refused(stem: Path, tmp_path: Path) -> None:
    copied = copy_model(stem, tmp_path)
    copied.with_suffix(".onnx").write_bytes(b"another graph")
    with pytest.raises(ModelFileError, match=r"not the graph that m\.json describes"):
        Ensemble.load(copied)


@pytest.mark.parametrize("key", ["genres", "taggers", "voters", "inputs"])
def test_a_card_with_a_gap_is_refused(stem: Path, tmp_path: Path, key: str) -> None:
    copied = copy_model(stem, tmp_path)
    edit_card(copied, lambda card: card.pop(key))
    with pytest.raises(ModelFileError, match="cannot be used"):
        Ensemble.load(copied)


def test_a_calibration_that_is_none_is_refused(stem: Path, tmp_path: Path) -> None:
    copied = copy_model(stem, tmp_path)
    edit_card(copied, lambda card: card["confidence"].update(steps=[]))
    with pytest.raises(ModelFileError, match="cannot be used"):
        Ensemble.load(copied)


def test_voting_imports_neither_scikit_learn_nor_pandas_nor_onnx(stem: Path) -> None:
    script = (
        "import sys; from classifiers.ensemble import Ensemble; import json; e = Ensemble.load(sys.argv[1]);"
        "bag = {'lite': {'skull': 1.0}}; covers = {'lite': [bag['lite']]}; r = e.vote(bag, covers);"
        "e.explain(bag, tuple(r.shares)[:2], covers=covers);"
        "print(json.dumps(sorted({m.partition('.')[0] for m in sys.modules})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(stem)], check=True, capture_output=True, text=True
    )
    assert not {"sklearn", "scipy", "pandas", "onnx", "skl2onnx", "torch"} & set(json.loads(done.stdout))
