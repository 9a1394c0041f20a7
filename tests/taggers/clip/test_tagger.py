"""The CLIP tagger on a tiny random model: shapes and invariants, not the quality of labels."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from helpers.tiny_clip import tiny_clip

from spotitags.errors import InputError
from spotitags.records import Album, Artist, Cover
from spotitags.taggers.base import TaggerOptions
from spotitags.taggers.clip.tagger import TAGS_PER_COVER, ClipTagger
from spotitags.taggers.labels.themes import Theme
from spotitags.taggers.zero_shot import pool_votes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from spotitags.records import Tag

WORDS = [
    f"{colour} {thing}" for colour in ("red", "blue", "old", "wet") for thing in ("car", "cat", "sun", "sea")
]
THEMES = (
    Theme("things", tuple(WORDS), ("a cover with {}", "{}"), ("a cover", "a picture")),
    Theme(
        "moods",
        ("calm", "angry", "sad", "wild", "cold", "warm", "loud"),
        ("a {} cover", "{} mood"),
        ("a mood",),
    ),
)
GENRES = ["jazz", "metal", "country"]


def cover(seed: int, height: int = 40, width: int = 48) -> Cover:
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Cover(Album(str(seed), "", Artist("a")), hashlib.sha256(noise.tobytes()).hexdigest(), noise)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return tiny_clip(tmp_path_factory.mktemp("weights") / "tiny")


@pytest.fixture(scope="module")
def tagger(model: str, tmp_path_factory: pytest.TempPathFactory) -> ClipTagger:
    return new_tagger(tmp_path_factory.mktemp("cache"), model)


def new_tagger(cache_dir: Path, model: str, labels: Sequence[Theme] = THEMES) -> ClipTagger:
    return ClipTagger(cache_dir, model=model, device="cpu", offline=True, labels=labels)


def assert_same_tags(some: list[Tag], others: list[Tag], tolerance: float) -> None:
    """Compare weights. A label that is only in one list weighs at most the last weight of the other.

    The order is not compared: the last bits of an embedding, and with them the order of labels that weigh
    nearly the same, depend on the CPU's instructions, on threads and on the covers beside it.
    """
    one, other = dict(some), dict(others)
    assert len(one) == len(other) == len(some) == len(others)
    for label in one.keys() | other.keys():
        weights = one.get(label, some[-1].weight), other.get(label, others[-1].weight)
        assert weights[0] == pytest.approx(weights[1], abs=tolerance), label


def test_the_20_best_labels_of_a_cover_come_best_first_and_none_twice(tagger: ClipTagger) -> None:
    every = {label for theme in THEMES for label in theme.labels}

    for tags in tagger.tag([cover(seed) for seed in range(5)]):
        labels = [tag.label for tag in tags]
        weights = [tag.weight for tag in tags]
        assert len(labels) == len(set(labels)) == TAGS_PER_COVER
        assert set(labels) < every
        assert weights == sorted(weights, reverse=True)
        assert 0 <= weights[-1] < weights[0] <= 1


def test_different_covers_have_different_tags(tagger: ClipTagger) -> None:
    dark = Cover(Album("d", "", Artist("a")), "dark", np.zeros((40, 40, 3), np.uint8))
    bright = Cover(Album("b", "", Artist("a")), "bright", np.full((40, 40, 3), 255, np.uint8))

    (of_dark,), (of_bright,) = tagger.tag([dark]), tagger.tag([bright])

    assert dict(of_dark) != pytest.approx(dict(of_bright), abs=1e-3)


def test_a_cover_has_the_same_tags_whatever_is_tagged_with_it(model: str, tmp_path: Path) -> None:
    covers = [cover(seed, height=33 + seed) for seed in range(35)]

    together = new_tagger(tmp_path, model).tag(covers)
    alone = new_tagger(tmp_path, model).tag([covers[-1]])

    assert_same_tags(together[-1], alone[0], tolerance=0.02)  # bf16 has 8 bits


def test_one_label_weighs_the_same_with_any_other_labels(model: str, tmp_path: Path) -> None:
    few = Theme("few", tuple(WORDS[:3]), THEMES[0].templates, THEMES[0].neutral)

    (some,) = new_tagger(tmp_path, model, [few]).tag([cover(1)])
    (more,) = new_tagger(tmp_path, model, THEMES[:1]).tag([cover(1)])

    assert len(some) == 3
    for label, weight in some:
        assert weight == pytest.approx(dict(more).get(label, weight), abs=0.02)


def test_a_label_equal_to_the_neutral_sentence_weighs_one_half(model: str, tmp_path: Path) -> None:
    empty = Theme("empty", ("a picture",), ("{}",), ("a picture",))

    ((label, weight),) = new_tagger(tmp_path, model, [empty]).tag([cover(1)])[0]

    assert label == "a picture"
    assert weight == pytest.approx(0.5, abs=0.02)


def test_custom_labels_replace_the_built_in_ones(model: str, tmp_path: Path) -> None:
    options = TaggerOptions(
        tmp_path, clip_model=model, device="cpu", offline=True, labels=("bonfire", "Ozean", "{} sign")
    )
    tagger = ClipTagger.from_options(options)
    assert "3 labels" in str(tagger.preparation())
    (tags,) = tagger.tag([cover(1)])
    assert {tag.label for tag in tags} == {"bonfire", "Ozean", "{} sign"}
    assert tagger.preparation() is None
    assert tagger.version != ClipTagger.from_options(replace(options, labels=("bonfire",))).version


def test_no_covers_have_no_tags(tagger: ClipTagger) -> None:
    assert tagger.tag([]) == []
    assert tagger.genre_votes([], GENRES) == []
    assert tagger.embed([]).shape == (0, 0)


def test_embeddings_are_those_of_open_clips_documented_recipe(model: str, tmp_path: Path) -> None:
    import open_clip
    import torch
    from PIL import Image

    from spotitags.taggers.clip.encoder import load_encoder

    covers = [cover(1, 50, 90), cover(2, 90, 50), cover(3, 20, 20)]
    network, preprocess = open_clip.create_model_from_pretrained(model)
    with torch.no_grad():
        pictures = torch.stack([preprocess(Image.fromarray(one.pixels)) for one in covers])
        expected = network.eval().encode_image(pictures, normalize=True).numpy()

    encoder = load_encoder(model, device="cpu", precision="fp32", offline=True)
    exact = encoder.encode_images([one.pixels for one in covers])

    assert exact == pytest.approx(expected, abs=1e-5)
    # And those of the tagger, in the precision of this machine.
    close: NDArray[np.float32] = new_tagger(tmp_path, model).embed(covers)
    assert close.shape == (3, 32)
    assert np.linalg.norm(close, axis=1) == pytest.approx(np.ones(3), abs=1e-5)
    assert (close * expected).sum(axis=1) == pytest.approx(np.ones(3), abs=0.005)


def test_a_repeated_cover_gets_its_tags_at_every_place(tagger: ClipTagger) -> None:
    first, second = cover(1), cover(2)

    tags = tagger.tag([first, second, first])

    assert_same_tags(tags[0], tags[2], tolerance=1e-5)
    assert dict(tags[0]) != pytest.approx(dict(tags[1]), abs=1e-3)


def test_a_second_run_reads_the_labels_embeddings_from_disk(model: str, tmp_path: Path) -> None:
    first = new_tagger(tmp_path, model)
    before = first.tag([cover(1)])
    with np.load(first.labels_file, allow_pickle=False) as stored:
        arrays = [stored[name] for name in stored.files]
    last = THEMES[0].labels[-1]
    arrays[0][-1] = first.embed([cover(1)])[0]  # as if this label described the cover to the letter
    np.savez(first.labels_file, *arrays)

    after = new_tagger(tmp_path, model).tag([cover(1)])

    assert before[0][0].label != last
    assert after[0][0].label == last


def test_a_broken_file_of_embeddings_is_replaced(model: str, tmp_path: Path) -> None:
    first = new_tagger(tmp_path, model)
    before = first.tag([cover(1)])
    whole = first.labels_file.read_bytes()
    first.labels_file.write_bytes(whole[: len(whole) // 2])

    after = new_tagger(tmp_path, model).tag([cover(1)])

    assert_same_tags(after[0], before[0], tolerance=1e-4)
    assert first.labels_file.stat().st_size == len(whole)


def test_tags_do_not_need_a_folder_that_can_be_written(model: str, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("a file where the folder should be")

    assert len(new_tagger(blocked, model).tag([cover(1)])[0]) == TAGS_PER_COVER


def test_a_bias_shared_by_all_texts_changes_no_tag(tagger: ClipTagger, tmp_path: Path) -> None:
    siglip = new_tagger(tmp_path, tiny_clip(tmp_path / "biased", bias=-12.0))

    (biased,), (unbiased,) = siglip.tag([cover(1)]), tagger.tag([cover(1)])

    assert_same_tags(biased, unbiased, tolerance=0.02)
    assert siglip.version != tagger.version


def test_ties_are_sorted_by_label(tagger: ClipTagger, monkeypatch: pytest.MonkeyPatch) -> None:
    contrast = np.zeros((1, sum(len(theme.labels) for theme in THEMES)))
    contrast[0, 3] = 30.0  # "red sea"; its weight and the next are equal in print
    contrast[0, 5] = 20.0  # "blue cat"
    monkeypatch.setattr(tagger, "_contrast", lambda _images: contrast)

    (tags,) = tagger.tag([cover(1)])

    labels = [tag.label for tag in tags]
    assert labels[:2] == ["red sea", "blue cat"]
    assert labels[2:] == sorted({label for theme in THEMES for label in theme.labels} - set(labels[:2]))[:18]


def test_votes_of_each_cover_sum_to_one(tagger: ClipTagger) -> None:
    votes = tagger.genre_votes([cover(1), cover(2)], GENRES)

    assert [list(vote) for vote in votes] == [GENRES, GENRES]
    assert [sum(vote.values()) for vote in votes] == pytest.approx([1, 1])
    assert votes[0] != votes[1]


def test_an_artists_vote_is_the_softmax_of_the_mean_logits(tagger: ClipTagger) -> None:
    from spotitags.taggers.labels.themes import GENRE_TEMPLATES

    covers = [cover(seed) for seed in range(4)]
    texts = tagger._encoder.encode_texts(GENRES, GENRE_TEMPLATES)
    logits = (100 * tagger.embed(covers) @ texts.T).mean(axis=0)
    expected = np.exp(logits - logits.max())

    vote = pool_votes(tagger.genre_votes(covers, GENRES))

    assert list(vote.values()) == sorted(vote.values(), reverse=True)
    assert [vote[genre] for genre in GENRES] == pytest.approx(expected / expected.sum(), rel=0.02)


@pytest.mark.parametrize("genres", [[], ["jazz"], ["jazz", "jazz"]])
def test_a_vote_needs_two_different_genres(tagger: ClipTagger, genres: list[str]) -> None:
    with pytest.raises(InputError, match="two genres"):
        tagger.genre_votes([cover(1)], genres)


def test_the_version_tells_labels_sentences_weights_and_genres_apart(model: str, tmp_path: Path) -> None:
    one = new_tagger(tmp_path, model)
    fewer = new_tagger(tmp_path, model, THEMES[:1])
    other = new_tagger(tmp_path, tiny_clip(tmp_path / "other", seed=1))

    assert len({one.version, fewer.version, other.version}) == 3
    assert one.version == new_tagger(tmp_path, model).version
    assert "\n" not in one.version
    assert one.votes_version(GENRES) == fewer.votes_version(GENRES)
    assert one.votes_version(GENRES) != one.votes_version(GENRES[::-1])


def test_covers_are_requested_in_the_models_input_size(tagger: ClipTagger) -> None:
    assert tagger.image_size == 32
    assert tagger.batch_size >= 1


def test_the_options_reach_the_tagger(model: str, tmp_path: Path) -> None:
    options = TaggerOptions(tmp_path, clip_model=model, device="cpu", offline=True)

    tagger = ClipTagger.from_options(options)

    assert (tagger.image_size, tagger.device, tagger.offline) == (32, "cpu", True)
    assert ClipTagger.readiness(options).reason == "its weights are on disk"


def test_the_first_use_is_announced_and_later_ones_are_not(model: str, tmp_path: Path) -> None:
    first = new_tagger(tmp_path, model)
    assert "23 labels are embedded once" in (first.preparation() or "")
    first.tag([cover(1)])

    assert new_tagger(tmp_path, model).preparation() is None
