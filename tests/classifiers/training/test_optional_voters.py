from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

import numpy as np
import pytest
from helpers.model_files import Card, copy_model, edit_card
from helpers.rows import bags, row, rows, versions

from classifiers.ensemble.ensemble import Ensemble
from classifiers.ensemble.results import VoterName
from classifiers.errors import ClassifierError, ModelFileError, UnknownVoterError
from classifiers.training.save import save
from classifiers.training.stacking import voter_weights
from classifiers.training.train import train

if TYPE_CHECKING:
    from pathlib import Path

    from classifiers.training.dataset import Row
    from classifiers.training.train import TrainedEnsemble

LIKED = {"jazz": 0, "metal": 1, "pop": 2}


def coloured(artist: Row) -> Row:
    """The same artist with histograms of colours: each genre has a bin that it likes."""
    rng = np.random.default_rng(sum(map(ord, artist.id)))
    colours = rng.dirichlet(np.full(512, 0.05), len(artist)).astype(np.float32) / 2
    colours[:, LIKED[artist.genre]] += 0.5
    artist.embeddings["colours"] = colours  # type: ignore[index]
    return artist


def trained(**voters: tuple[str, ...]) -> TrainedEnsemble:
    return train(
        [coloured(artist) for artist in rows(per_genre=6, embedded=("lite",))],
        versions(),
        views=("all", "embedding"),
        classifiers=("complement_nb",),
        feature_versions={"colours": "hsv 1", "thumbnail": "rgb 1"},
        folds=2,
        repeats=1,
        **voters,
    )


@pytest.fixture(scope="module")
def with_optional() -> TrainedEnsemble:
    return trained(optional=("colour-knn", "transfer"))


@pytest.fixture(scope="module")
def stem(with_optional: TrainedEnsemble, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "m"
    assert len(save(with_optional, path, created="2026-11-20")) == 3
    return path


@pytest.fixture
def artist() -> Row:
    return coloured(row("metal", random.Random(5), covers=4, embedded=("lite",)))


def test_optional_voters_change_nothing_until_they_are_asked_for(
    with_optional: TrainedEnsemble, stem: Path, artist: Row
) -> None:
    plain = trained()
    assert plain.estimates == with_optional.estimates
    standing = [voter for voter in with_optional.voters if not voter.optional]
    assert [(v.name, v.weight, v.scores) for v in standing] == [
        (v.name, v.weight, v.scores) for v in plain.voters
    ]
    save(plain, stem.with_name("plain"), created="2026-11-20")
    assert stem.with_name("plain.onnx").read_bytes() == stem.with_name("m.onnx").read_bytes()
    results = [
        Ensemble.load(stem.with_name(name)).vote(bags(artist), artist.covers, artist.embeddings)
        for name in ("m", "plain")
    ]
    assert results[0] == results[1]
    assert results[0].confidence


def test_an_optional_voter_votes_with_its_weight_among_the_others(
    with_optional: TrainedEnsemble, stem: Path, artist: Row
) -> None:
    asked = Ensemble.load(stem, ["colour-knn"])
    name = VoterName("colours", "embedding", "colour-knn")
    assert asked.voters[-1] == name
    result = asked.vote(bags(artist), artist.covers, artist.embeddings)
    raw = {voter.name: voter.weight for voter in with_optional.voters if voter.name in asked.voters}
    pictures = {vote.voter: vote.weight for vote in result.votes if vote.voter.view == "embedding"}
    expected = {voter: raw[voter] / sum(raw[each] for each in pictures) for voter in pictures}
    found = {voter: weight / sum(pictures.values()) for voter, weight in pictures.items()}
    assert found == pytest.approx(expected, abs=1e-5)
    (picture,) = (kind.weight for kind in result.kinds if kind.kind == "picture")
    weight = picture / sum(kind.weight for kind in result.kinds)
    assert sum(pictures.values()) == pytest.approx(weight, abs=1e-5)
    assert max(result.votes[-1].probabilities, key=result.votes[-1].probabilities.get) == "metal"  # type: ignore[arg-type]
    assert result.confidence is None, "nobody measured how often this ensemble is right"
    assert asked.feature_versions == {"colours": "hsv 1"}


def test_it_says_after_loading_what_it_said_before(
    with_optional: TrainedEnsemble, stem: Path, artist: Row
) -> None:
    asked = Ensemble.load(stem, ["colour-knn", "transfer"])
    result = asked.vote(bags(artist), artist.covers, artist.embeddings)
    (votes,) = with_optional.probabilities([artist])
    assert [vote.voter for vote in result.votes] == [voter.name for voter in with_optional.voters]
    loaded = np.array([list(vote.probabilities.values()) for vote in result.votes])
    assert np.abs(loaded - votes).max() < 1e-6


def test_it_abstains_where_it_is_not_shown_what_it_reads(stem: Path, artist: Row) -> None:
    seen = {"lite": artist.embeddings["lite"]}
    asked = Ensemble.load(stem, ["colour-knn"]).vote(bags(artist), artist.covers, seen)
    plain = Ensemble.load(stem).vote(bags(artist), artist.covers, seen)
    assert asked == plain
    assert asked.confidence, "those who vote are those who were measured"


def test_a_voter_without_weight_leaves_what_was_measured_as_it_is(
    stem: Path, tmp_path: Path, artist: Row
) -> None:

    def weightless(card: Card) -> None:
        for voter in card["optional"]["voters"]:
            voter["weight"] = 0.0

    edit_card(copy_model(stem, tmp_path), weightless)
    asked, plain = Ensemble.load(tmp_path / "m", ["colour-knn"]), Ensemble.load(tmp_path / "m")
    result = asked.vote(bags(artist), artist.covers, artist.embeddings)
    alone = plain.vote(bags(artist), artist.covers, artist.embeddings)
    assert result.shares == pytest.approx(alone.shares)
    assert result.confidence == alone.confidence is not None
    unknown = {"lite": np.zeros_like(artist.embeddings["lite"]), "colours": artist.embeddings["colours"]}
    nothing = asked.vote({"lite": {}}, {"lite": [{}]}, unknown)
    assert nothing.votes[-1].known
    assert not nothing.known, "who knows something has no weight, so the shares are even"
    assert nothing.confidence is None


def test_nothing_is_said_where_only_an_optional_voter_was_shown_what_it_reads(
    stem: Path, artist: Row
) -> None:
    only = {"colours": artist.embeddings["colours"]}
    result = Ensemble.load(stem, ["colour-knn"]).vote({}, embeddings=only)
    assert [vote.voter.classifier for vote in result.votes] == ["colour-knn"]
    assert result.confidence is None


def test_tags_pull_on_the_shares_with_an_optional_voter_too(stem: Path, artist: Row) -> None:
    asked = Ensemble.load(stem, ["transfer:lite"])
    why = asked.explain(bags(artist), ("metal", "jazz"), covers=artist.covers, embeddings=artist.embeddings)
    assert why.overall
    assert why.voters[VoterName("lite", "embedding", "transfer")] == ()


def test_voters_asked_for_in_training_vote_like_the_rest(tmp_path: Path, artist: Row) -> None:
    model = trained(image_models=("colour-knn",))
    assert sum(v.weight for v in model.voters if v.name.view == "embedding") == pytest.approx(1)
    assert sum(v.weight for v in model.voters if v.name.view == "all") == pytest.approx(1)
    files = save(model, tmp_path / "m", created="2026-11-20")
    assert [file.name for file in files] == ["m.onnx", "m.json"]
    for named in ((), ("colour-knn",)):
        ensemble = Ensemble.load(tmp_path / "m", named)
        assert VoterName("colours", "embedding", "colour-knn") in ensemble.voters
        result = ensemble.vote(bags(artist), artist.covers, artist.embeddings)
        assert result.genre == "metal"
        assert result.confidence, "it was measured with the colours"


@pytest.mark.parametrize("name", ["colour-boost", "transfer:clip"])
def test_a_voter_that_the_model_does_not_hold_can_be_trained(stem: Path, name: str) -> None:
    with pytest.raises(
        UnknownVoterError, match=f"no voter '{name}'.*colour-knn or transfer.*--voter {name}'"
    ):
        Ensemble.load(stem, ["transfer", name])


def test_a_voter_that_does_not_exist_is_told_those_that_do(stem: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownVoterError) as caught:
        Ensemble.load(stem, ["transfer", "colour_knn"])
    assert str(caught.value) == (
        "no voter is called 'colour_knn'; there are colour-boost, colour-knn, pca-forest, transfer, and the "
        "model has colour-knn, transfer: take one of these, or leave --voter out"
    )
    save(trained(), tmp_path / "plain", created="2026-11-20")
    with pytest.raises(UnknownVoterError, match="and the model has none: leave --voter out"):
        Ensemble.load(tmp_path / "plain", ["nobody"])


def test_a_lost_or_foreign_optional_graph_is_noticed_only_by_who_asks(stem: Path, tmp_path: Path) -> None:
    for file in (stem.with_name("m.onnx"), stem.with_name("m.json")):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    assert Ensemble.load(tmp_path / "m").voters
    with pytest.raises(ModelFileError, match="optional"):
        Ensemble.load(tmp_path / "m", ["transfer"])
    (tmp_path / "m.optional.onnx").write_bytes(b"another graph")
    with pytest.raises(ModelFileError, match=r"not the graph that m\.json describes"):
        Ensemble.load(tmp_path / "m", ["transfer"])


def test_a_model_without_optional_voters_leaves_no_graph_of_an_earlier_one(
    stem: Path, tmp_path: Path
) -> None:
    (tmp_path / "m.optional.onnx").write_bytes(stem.with_name("m.optional.onnx").read_bytes())
    save(trained(), tmp_path / "m", created="2026-11-20")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["m.json", "m.onnx"]
    assert "optional" not in json.loads((tmp_path / "m.json").read_text(encoding="utf-8"))


def test_a_model_needs_what_it_reads() -> None:
    for name in ("colour-knn", "transfer"):
        with pytest.raises(ClassifierError, match=f"{name} needs"):
            train(rows(), versions(), optional=(name,))


def test_weights_beyond_those_who_vote_are_on_their_scale() -> None:
    losses = np.array([0.4, 0.6, 0.5])
    inner, outer = voter_weights(losses, 3, 2), voter_weights(losses, 3)
    assert inner[:2].sum() == pytest.approx(1)
    assert inner / inner.sum() == pytest.approx(outer)
    assert voter_weights(np.array([2.0, 2.0, 0.5]), 3, 2).tolist() == [0.5, 0.5, 0.5]
