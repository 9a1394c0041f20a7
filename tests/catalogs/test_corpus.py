"""Artists of a corpus: the same covers, tags and embeddings as of covers on disk."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
from helpers.corpora import EmbeddingTagger, TaggedCover, made_up, tag_corpus
from helpers.manifests import labelled

from spotitags import SpotiTags
from spotitags.catalogs.arguments import Kind, open_covers, read_argument
from spotitags.catalogs.corpus import CorpusCatalog
from spotitags.catalogs.labels import load_labelled
from spotitags.errors import ArtistNotFoundError, InputError, SpotiTagsError
from spotitags.io.corpus import corpus_files
from spotitags.records import Artist, TagBag, TaggedCovers

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Covers of six artists in turn, so that those of one are in several parts, and one cover twice."""
    path = labelled(tmp_path / "in", each=2, covers=3)
    head, *lines = path.read_text().splitlines()
    shuffled = sorted(lines, key=lambda line: line[::-1])
    copy = shuffled[0].rpartition(",")[0].replace("Album", "Copy") + ",copy.jpg"
    shutil.copy(path.parent / shuffled[0].rpartition(",")[2], path.parent / "copy.jpg")
    path.write_text("\n".join([head, *shuffled, copy]))
    return path


@pytest.fixture
def corpus(table: Path, tmp_path: Path) -> Path:
    tag_corpus(table, tmp_path / "corpus")
    return tmp_path / "corpus"


def answers(spotitags: SpotiTags) -> list[TaggedCovers]:
    found = [covers for _, covers in spotitags.tagged_covers([each.id for each in spotitags.artists()])]
    assert not any(isinstance(covers, SpotiTagsError) for covers in found)
    return [covers for covers in found if isinstance(covers, TaggedCovers)]


@pytest.mark.parametrize("albums", [2, 10])
def test_artists_have_the_tags_and_embeddings_of_covers_on_disk(
    table: Path, corpus: Path, tmp_path: Path, albums: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPOTITAGS_CACHE_DIR", str(tmp_path / "cache"))
    tagger = EmbeddingTagger()
    for ours, theirs in zip(
        answers(SpotiTags(manifest=corpus, albums=albums)),
        answers(SpotiTags(manifest=table, tagger=tagger, albums=albums)),
        strict=True,
    ):
        assert (ours.artist, ours.tags, ours.digests) == (theirs.artist, theirs.tags, theirs.digests)
        assert [(each.name, each.size) for each in ours.albums] == [
            (each.name, each.size) for each in theirs.albums
        ]
        assert ours.copies == theirs.copies
        np.testing.assert_array_equal(ours.features[tagger.name], theirs.features[tagger.name])


def test_a_file_of_a_corpus_is_a_corpus(corpus: Path) -> None:
    first, *_ = corpus_files(corpus)
    assert read_argument(str(first)).kind is Kind.COVERS
    moved = shutil.copy(first, corpus.parent / "some.parquet")
    for path in (first, corpus.parent / "some.parquet", corpus / "covers"):
        assert isinstance(open_covers(path), CorpusCatalog), path
    (artist, *_) = CorpusCatalog(corpus.parent / "some.parquet").artists()
    assert CorpusCatalog(corpus.parent / "some.parquet").version == "1"
    assert SpotiTags(manifest=moved).tag(artist.id)


def test_labelled_artists_come_with_their_corpus(corpus: Path) -> None:
    artists, catalog = load_labelled(corpus, ["fire", "sea"])
    assert {artist.genre for artist in artists} == {"fire", "sea"}
    assert isinstance(catalog, CorpusCatalog)


def test_artists_without_a_genre_are_left_out_of_labels(tmp_path: Path) -> None:
    covers = [TaggedCover("a", "jazz", {"x": 0.5}, "1"), TaggedCover("b", None, {"x": 0.5}, "2")]
    notes: list[str] = []
    artists, _ = load_labelled(made_up(tmp_path / "corpus", covers), notify=notes.append)
    assert [artist.id for artist in artists] == ["a"]
    assert "1 artists without a genre are left out" in notes[0]
    with pytest.raises(InputError, match="gives no artist a genre"):
        load_labelled(made_up(tmp_path / "none", covers[1:]))


def test_name_and_genre_may_be_in_any_row_but_not_differ(tmp_path: Path) -> None:
    covers = [TaggedCover("a", None, {}, "1"), TaggedCover("a", "hip hop", {}, "2")]
    corpus = made_up(tmp_path / "corpus", covers, size=1)
    assert CorpusCatalog(corpus).artists() == [Artist("a", "The a", "hip hop")]
    other = made_up(tmp_path / "other", [*covers, TaggedCover("a", "jazz", {}, "3")])
    with pytest.raises(InputError, match="artist a is 'hip hop' and 'jazz'"):
        CorpusCatalog(other).artists()


def test_a_cover_without_an_artist_is_one_of_its_own(tmp_path: Path) -> None:
    corpus = made_up(tmp_path / "corpus", [TaggedCover("", None, {"x": 0.5}, "1")])
    bag = SpotiTags(manifest=corpus).bag("0.jpg")
    assert isinstance(bag, TagBag)
    assert bag.weights() == {"x": 0.5}


def test_an_unknown_artist_and_another_tagger_are_errors(corpus: Path) -> None:
    with pytest.raises(ArtistNotFoundError, match="has no artist called 'nobody'"):
        SpotiTags(manifest=corpus).bag("nobody")
    with pytest.raises(
        InputError, match=r"the corpus holds tags of 'looker' and no covers: leave --tagger out"
    ):
        SpotiTags(manifest=corpus, tagger="lite").bag("fire0")


def test_a_damaged_card_or_part_is_named(corpus: Path) -> None:
    first, *_ = corpus_files(corpus)
    first.write_bytes(b"PAR1")
    with pytest.raises(InputError, match=f"{first.name} cannot be read"):
        CorpusCatalog(corpus).artists()
    (corpus / "run.json").write_text("{}")
    with pytest.raises(InputError, match=r"run.json is not the card of a corpus"):
        CorpusCatalog(corpus)
