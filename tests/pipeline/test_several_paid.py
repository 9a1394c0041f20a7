"""Taggers that cost money on many covers: whole batches, nothing twice, and no more than allowed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from helpers.fake_taggers import FakeTagger, PaidFakeTagger, Run, seen
from helpers.manifests import cover, manifest
from werkzeug import Response

from spotitags.catalogs.manifest import FolderCatalog
from spotitags.covers.fetch import CoverFetcher
from spotitags.errors import CallLimitError
from spotitags.pipeline.listing import ARTISTS_AT_ONCE
from spotitags.pipeline.tagger_pool import TaggerPool
from spotitags.pipeline.tagging import ARTISTS_WAITING, TaggingRun
from spotitags.records import Album, Artist, Image, TaggedCovers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_httpserver import HTTPServer

    from spotitags.io.cache import Cache


@pytest.mark.parametrize(("a_call", "calls"), [(128, [128, 128, 44]), (16, [16] * 18 + [12])])
def test_300_covers_take_the_fewest_calls_and_a_second_run_none(
    tmp_path: Path, cache: Cache, a_call: int, calls: list[int]
) -> None:
    run = Run(tmp_path / "covers", cache, artists=30, covers=10)
    paid, free = PaidFakeTagger(a_call=a_call), FakeTagger("free")
    answers = run(paid, free)
    assert list(answers) == run.refs
    assert paid.calls == calls
    assert len(set(paid.shown)) == len(free.shown) == 300
    assert all(seen(answer).tags.keys() == {"paid", "free"} for answer in answers.values())
    (line,) = run.said
    assert line.startswith(f"tagger paid: at most {len(calls)} paid calls for at most 300 covers, fewer if")
    assert line.endswith("; a farthing a call")

    again = PaidFakeTagger(a_call=a_call)
    assert run(again) == {
        ref: TaggedCovers(s.artist, {"paid": s.tags["paid"]}, s.albums)
        for ref, s in answers.items()
        if isinstance(s, TaggedCovers)
    }
    assert again.calls == []
    assert len(run.said) == 1


def test_where_all_covers_are_known_the_number_of_calls_is_exact(tmp_path: Path, cache: Cache) -> None:
    run = Run(tmp_path / "covers", cache, artists=12, covers=10)
    run(PaidFakeTagger())
    assert run.said == ["tagger paid: 8 paid calls for 120 covers; a farthing a call"]


def test_a_small_batch_is_not_worth_a_line(run: Run) -> None:
    run(PaidFakeTagger())
    assert run.said == []


def test_an_artist_s_known_covers_wait_for_nobody(tmp_path: Path, cache: Cache) -> None:
    run = Run(tmp_path / "covers", cache, artists=ARTISTS_AT_ONCE * 3, covers=1)
    run(PaidFakeTagger("paid"))
    pool = TaggerPool([again := PaidFakeTagger("paid", a_call=100)])
    answers = TaggingRun(run.catalog, [again], CoverFetcher(), run.cache, pool=pool).run(run.refs)
    assert next(answers)[0] == "a0"
    answers.close()
    assert again.calls == []


def test_artists_do_not_wait_for_ever_for_a_batch_to_fill(tmp_path: Path, cache: Cache) -> None:
    path = manifest(tmp_path / "covers", {"new": "fire", "old": "sea"}, covers=1)
    catalog = FolderCatalog(path)
    list(TaggingRun(catalog, [PaidFakeTagger()], CoverFetcher(), cache).run(["old"]))
    paid = PaidFakeTagger()
    answers = TaggingRun(catalog, [paid], CoverFetcher(), cache).run(
        ["new"] + ["old"] * (2 * ARTISTS_WAITING)
    )
    assert next(answers)[0] == "new"
    answers.close()
    assert paid.calls == [1]


def test_no_more_calls_are_made_than_allowed_and_the_next_run_goes_on(tmp_path: Path, cache: Cache) -> None:
    run = Run(tmp_path / "covers", cache, artists=30, covers=10)
    first = PaidFakeTagger()
    answers = run(first, max_calls=3)
    assert first.calls == [16, 16, 16]
    assert [ref for ref, answer in answers.items() if isinstance(answer, TaggedCovers)] == [
        "a0",
        "a1",
        "a2",
        "a3",
    ]
    left = answers["a4"]
    assert isinstance(left, CallLimitError)
    assert str(left).startswith("paid has yet to tag 2 of the 10 covers of artist a4: --max-calls 3 allows")
    assert left.artist is not None
    announced, stopped = run.said
    assert "at most 19 paid calls" in announced
    assert "of which --max-calls allows 3" in announced
    assert stopped == (
        "tagger paid: 252 covers left untagged after 3 paid calls, whose results are cached; "
        "--max-calls 3 allows no more calls: run again to continue"
    )
    second = PaidFakeTagger()
    assert all(isinstance(answer, TaggedCovers) for answer in run(second).values())
    assert len(second.shown) == 252
    assert not set(first.shown) & set(second.shown)


def test_with_a_limit_the_others_go_on_alone(run: Run) -> None:
    answers = run(PaidFakeTagger(), FakeTagger("free"), max_calls=0)
    for answer in map(seen, answers.values()):
        assert answer.tags.keys() == {"free"}
        assert answer.missing["paid"] == "--max-calls 0 allows no calls: allow some to continue"
    assert len(run.said) == 1
    assert "12 covers left untagged after 0 paid calls" in run.said[0]


def test_calls_of_all_paid_taggers_count_together(run: Run) -> None:
    one, two = PaidFakeTagger("one"), PaidFakeTagger("two")
    answers = run(one, two, max_calls=1)
    assert (one.calls, two.calls) == ([12], [])
    assert seen(answers["a0"]).tags.keys() == {"one"}


def test_where_each_cover_is_a_call_as_many_are_asked_for_as_are_allowed(run: Run) -> None:
    class Dear(PaidFakeTagger):
        def calls_for(self, sizes: Sequence[int]) -> int:
            return len(sizes)

    dear = Dear(a_call=8)
    run(dear, FakeTagger("free"), max_calls=5)
    assert dear.calls == [5]
    run(again := Dear(a_call=8))
    assert again.calls == [7]


def test_covers_that_fill_a_call_by_their_size_go_out_together(run: Run) -> None:
    class Narrow(PaidFakeTagger):
        def calls_for(self, sizes: Sequence[int]) -> int:
            return -(-len(sizes) // 5)  # as if five filled a request

    narrow = Narrow(a_call=16)
    run(narrow)
    assert narrow.calls == [10, 2]


def test_offline_asks_no_paid_tagger_but_recalls_what_was_paid_for(run: Run) -> None:
    refused = PaidFakeTagger()
    answers = run(refused, offline=True)
    assert refused.calls == []
    assert all("--offline forbids paid calls" in str(answer) for answer in answers.values())
    run(PaidFakeTagger())
    run.said.clear()
    assert all(isinstance(answer, TaggedCovers) for answer in run(refused, offline=True).values())
    assert run.said == []
    assert refused.calls == []


def test_after_the_limit_no_more_covers_are_fetched_that_nobody_will_see(
    httpserver: HTTPServer, cache: Cache
) -> None:
    httpserver.expect_request(re.compile("/.*")).respond_with_handler(
        lambda request: Response(cover("sea", int(request.path[1:]), size=100))
    )

    class Remote:
        name = "remote"

        def albums(self, artist: str, limit: int) -> list[Album]:
            image = Image(httpserver.url_for(f"/{artist}"), 300, 300)
            return [Album(artist, artist, Artist(artist), (image,))][:limit]

    paid = PaidFakeTagger(a_call=8)
    refs = [str(n) for n in range(4 * ARTISTS_AT_ONCE)]
    with CoverFetcher() as covers:
        tagging = TaggingRun(Remote(), [paid], covers, cache, pool=TaggerPool([paid], max_calls=1))
        answers = dict(tagging.run(refs))
    assert [isinstance(answer, TaggedCovers) for answer in answers.values()].count(True) == 8
    assert isinstance(answers[refs[-1]], CallLimitError)
    assert len(httpserver.log) == 2 * ARTISTS_AT_ONCE, "what was on its way when the limit was reached"
