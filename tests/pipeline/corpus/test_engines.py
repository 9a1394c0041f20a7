"""Corpus runs: every cover once, whatever happens in between."""

from __future__ import annotations

import multiprocessing
from typing import TYPE_CHECKING, Any

import pytest
from filelock import FileLock
from helpers.corpora import EmbeddingTagger, rows, skipped, tag_corpus, write_parquet, write_tar
from helpers.fake_taggers import FakeTagger, PaidFakeTagger
from helpers.manifests import cover, manifest

from spotitags.errors import InputError, TaggerError
from spotitags.io.corpus import parts
from spotitags.pipeline.corpus.digests import INDEX

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Fourteen covers of two artists: one twice, one broken, one missing."""
    path = manifest(tmp_path / "in", {"a": "sea", "b": "fire"}, covers=6)
    copy = (path.parent / "a-0.jpg").read_bytes()
    (path.parent / "copy.jpg").write_bytes(copy)
    (path.parent / "broken.jpg").write_bytes(copy[:2000])
    with path.open("a") as file:
        file.write(
            "b,The b,fire,copy,Copy,copy.jpg\nb,The b,fire,x,X,broken.jpg\nb,The b,fire,y,Y,gone.jpg\n"
        )
    return path


def results(corpus: Path) -> list[tuple[object, ...]]:
    fields = ("file", "digest", "artist_id", "genre", "labels", "weights", "scale", "embedding", "width")
    return [tuple(row[field] for field in fields) for row in rows(corpus)]


def tags(row: dict[str, Any]) -> list[Any]:
    return [row[field] for field in ("digest", "labels", "weights", "scale", "embedding")]


def test_every_cover_has_a_row_with_tags_or_a_reason(table: Path, tmp_path: Path) -> None:
    tagger = EmbeddingTagger()
    summary = tag_corpus(table, tmp_path / "out", tagger)
    found = rows(tmp_path / "out")
    assert [row["file"] for row in found] == [*(f"{a}-{n}.jpg" for a in "ab" for n in range(6)), "copy.jpg"]
    assert (found[0]["artist_name"], found[0]["genre"], found[0]["album_name"]) == ("The a", "sea", "Album 0")
    assert (found[0]["width"], found[0]["height"]) == (300, 300)
    assert found[0]["labels"][0] == "blue looker"
    assert 0 < found[0]["weights"][0] <= 1
    assert len(found[0]["embedding"]) == 3
    assert [(row["file"], row["code"]) for row in skipped(tmp_path / "out")] == [
        ("broken.jpg", "truncated"), ("gone.jpg", "not-found"),
    ]  # fmt: skip
    assert (summary.tagged, summary.skipped, summary.copies) == (13, 2, 1)


@pytest.mark.parametrize("size", [1, 3, 100])
def test_a_copy_is_tagged_once_in_any_part(table: Path, tmp_path: Path, size: int) -> None:
    tagger = EmbeddingTagger()
    tag_corpus(table, tmp_path / "out", tagger, size)
    found = results(tmp_path / "out")
    assert sorted(tagger.shown) == sorted({str(row[1]) for row in found})
    assert found[-1][1:2] + found[-1][4:] == found[0][1:2] + found[0][4:]


@pytest.mark.parametrize("after", range(0, 9, 2))
def test_a_run_that_failed_continues_without_a_cover_twice(table: Path, tmp_path: Path, after: int) -> None:
    tag_corpus(table, tmp_path / "whole")
    failing = EmbeddingTagger(error=TaggerError("no more"), after=after)
    with pytest.raises(TaggerError):
        tag_corpus(table, tmp_path / "out", failing)
    again = EmbeddingTagger()
    tag_corpus(table, tmp_path / "out", again, size=3)
    assert results(tmp_path / "out") == results(tmp_path / "whole")
    assert not set(failing.shown) & set(again.shown)
    assert sorted(failing.shown + again.shown) == sorted({str(row[1]) for row in results(tmp_path / "out")})


def test_ctrl_c_keeps_the_covers_that_are_tagged(table: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        tag_corpus(table, tmp_path / "out", EmbeddingTagger(error=KeyboardInterrupt(), after=8), size=100)
    assert len(rows(tmp_path / "out")) == 8
    summary = tag_corpus(table, tmp_path / "out")
    assert (summary.before, summary.tagged) == (8, 5)


def test_a_finished_corpus_is_left_as_it_is(table: Path, tmp_path: Path) -> None:
    tag_corpus(table, tmp_path / "out")
    again = EmbeddingTagger()
    summary = tag_corpus(table, tmp_path / "out", again)
    assert (summary.before, summary.tagged, again.calls) == (15, 0, [])


def test_what_a_killed_run_left_is_removed(table: Path, tmp_path: Path) -> None:
    tag_corpus(table, tmp_path / "whole")
    tag_corpus(table, tmp_path / "out")
    done = parts(tmp_path / "out")
    for part in done[-2:]:  # killed between the two files of a part, and before the index knew another
        (tmp_path / "out" / "covers" / part.name).unlink()
    (tmp_path / "out" / INDEX).write_bytes(b"no database")
    tag_corpus(table, tmp_path / "out", size=5)
    assert results(tmp_path / "out") == results(tmp_path / "whole")
    assert len(skipped(tmp_path / "out")) == 2


def test_tar_files_and_parquet_give_the_same_tags(table: Path, tmp_path: Path) -> None:
    tag_corpus(table, tmp_path / "table")
    pictures = [(file, (table.parent / file).read_bytes()) for file in (f"a-{n}.jpg" for n in range(6))]
    write_tar(tmp_path / "tar" / "0.tar", pictures[:4])
    write_tar(tmp_path / "tar" / "1.tar", pictures[4:])
    columns = {"file": [name for name, _ in pictures], "picture": [data for _, data in pictures]}
    expected = [tags(row) for row in rows(tmp_path / "table")[:6]]
    sources = [tmp_path / "tar", write_parquet(tmp_path / "covers.parquet", columns)]
    for number, source in enumerate(sources):
        with pytest.raises(TaggerError):
            tag_corpus(
                source, tmp_path / f"{number}", EmbeddingTagger(error=TaggerError("?"), after=3), size=2
            )
        tag_corpus(source, tmp_path / f"{number}", size=2)
        tag_corpus(source, tmp_path / f"{number}")
        assert [tags(row) for row in rows(tmp_path / f"{number}")] == expected


def test_a_tagger_may_refuse_a_cover_and_give_no_embeddings(table: Path, tmp_path: Path) -> None:
    tag_corpus(table, tmp_path / "out", FakeTagger(blind=["Album 3"]))
    assert {row["reason"] for row in skipped(tmp_path / "out")} >= {"too dark"}
    assert "embedding" not in rows(tmp_path / "out")[0]


def test_another_tagger_or_input_is_refused(table: Path, tmp_path: Path) -> None:
    tag_corpus(table, tmp_path / "out")
    other = EmbeddingTagger()
    other.version = "2"
    with pytest.raises(InputError, match=r"has tags of looker 1, not of looker 2: continue with the same"):
        tag_corpus(table, tmp_path / "out", other)
    table.write_text(table.read_text() + "c,,,,,more.jpg\n")
    with pytest.raises(InputError, match=r"\(15 covers\).* \(16 covers\).*another OUTPUT"):
        tag_corpus(table, tmp_path / "out")


def test_a_folder_that_is_in_use_or_something_else_is_refused(table: Path, tmp_path: Path) -> None:
    tag_corpus(table, tmp_path / "out")
    with FileLock(tmp_path / "out" / ".lock"), pytest.raises(InputError, match="another run writes to"):
        tag_corpus(table, tmp_path / "out")
    with pytest.raises(InputError, match="not empty and no corpus"):
        tag_corpus(table, table.parent)


def test_a_paid_tagger_is_refused(table: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is paid for by the call"):
        tag_corpus(table, tmp_path / "out", PaidFakeTagger())


def test_a_large_batch_is_divided(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(9):
        (folder / f"{number}.jpg").write_bytes(cover("moss", number % 7, size=200 + 300 * (number % 3)))
    tagger = EmbeddingTagger()
    tag_corpus(folder, tmp_path / "out", tagger)
    assert [row["file"] for row in rows(tmp_path / "out")] == [f"{n}.jpg" for n in range(9)]
    assert max(tagger.calls) <= tagger.batch_size


def _run(table: Path, out: Path) -> None:
    tag_corpus(table, out, size=1)


def test_a_run_that_is_killed_at_any_moment_continues(table: Path, tmp_path: Path) -> None:
    tag_corpus(table, tmp_path / "whole")
    context = multiprocessing.get_context("spawn")
    for wanted in (1, 4, 7):
        running = context.Process(target=_run, args=(table, tmp_path / "out"))
        running.start()
        while len(parts(tmp_path / "out")) < wanted and running.is_alive():
            running.join(0.005)
        running.kill()
        running.join()
    tag_corpus(table, tmp_path / "out")
    assert results(tmp_path / "out") == results(tmp_path / "whole")
