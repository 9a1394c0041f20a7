"""Several taggers on the same covers: who is missing, what one cannot read, and what is paid for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from lookers import Looker, PaidLooker
from manifests import cover, manifest
from werkzeug import Response

from spotitags.cache import Cache
from spotitags.catalogs.folder import FolderCatalog
from spotitags.covers import Covers
from spotitags.errors import CallLimitError, NoCoversError, SpotiTagsError, TaggerError
from spotitags.panel import Panel
from spotitags.records import Album, Artist, Image, Skipped, Tag
from spotitags.seen import Seen
from spotitags.tagging import ARTISTS_AT_ONCE, ARTISTS_WAITING, Tagging

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pytest_httpserver import HTTPServer

Answers = dict[str, Seen | SpotiTagsError]


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    cache = Cache(tmp_path / "cache")
    yield cache
    cache.close()


class Run:
    """Artists ``a0`` and so on through some taggers, with what was said on the way."""

    def __init__(self, folder: Path, cache: Cache, artists: int = 6, covers: int = 2) -> None:
        self.refs = [f"a{n}" for n in range(artists)]
        self.albums = covers
        self.catalog = FolderCatalog(manifest(folder, dict.fromkeys(self.refs, "sea"), covers))
        self.cache = cache
        self.said: list[str] = []

    def __call__(self, *taggers: Looker, max_calls: int | None = None, offline: bool = False) -> Answers:
        panel = Panel(taggers, max_calls=max_calls, offline=offline, notify=self.said.append)
        tagging = Tagging(self.catalog, taggers, Covers(), self.cache, albums=self.albums, panel=panel)
        return dict(tagging.run(self.refs))


@pytest.fixture
def run(tmp_path: Path, cache: Cache) -> Run:
    return Run(tmp_path / "covers", cache)


def seen(answer: Seen | SpotiTagsError) -> Seen:
    assert isinstance(answer, Seen)
    return answer


def test_each_tagger_has_its_own_tags_of_the_same_covers(run: Run) -> None:
    answers = run(Looker("one"), Looker("two"))
    for answer in map(seen, answers.values()):
        assert {name: len(rows) for name, rows in answer.tags.items()} == {"one": 2, "two": 2}
        assert not answer.missing
    assert run.said == []


def test_a_tagger_that_fails_drops_out_with_one_line_and_the_others_go_on(run: Run) -> None:
    broken = Looker("broken", error=TaggerError("worn out"), after=4)
    answers = run(broken, Looker("sound"))
    assert len(answers) == 6
    there = [ref for ref, answer in answers.items() if "broken" in seen(answer).tags]
    assert there == ["a0", "a1"], "who was answered before keeps it"
    for ref, answer in answers.items():
        assert "sound" in seen(answer).tags
        assert seen(answer).missing == ({} if ref in there else {"broken": "it dropped out: worn out"})
    assert run.said == ["warning: the tagger broken drops out, sound goes on: worn out"]


def test_an_artist_some_of_whose_covers_a_tagger_saw_goes_without_it(tmp_path: Path, cache: Cache) -> None:
    run = Run(tmp_path / "covers", cache, artists=2, covers=3)
    answers = run(Looker("broken", error=TaggerError("worn out"), after=4), Looker("sound"))
    assert seen(answers["a0"]).tags.keys() == {"broken", "sound"}
    assert seen(answers["a1"]).tags.keys() == {"sound"}


def test_what_was_paid_for_before_a_failure_is_kept(run: Run) -> None:
    class Half(PaidLooker):
        def tag(self, covers: Sequence[object]) -> list[list[Tag] | Skipped]:
            answered = super().tag(covers[:3])  # type: ignore[arg-type]
            digests = self.shown[-3:]
            tags = {d: t for d, t in zip(digests, answered, strict=True) if not isinstance(t, Skipped)}
            raise TaggerError("gone in mid-batch", answered=tags)

    with pytest.raises(TaggerError, match="gone in mid-batch"):
        run(Half("paid"))
    mended = PaidLooker("paid")
    run(mended)
    assert len(mended.shown) == 12 - 3


def test_the_last_one_s_failure_stops_the_run_after_what_is_answered(run: Run) -> None:
    panel = Panel([last := Looker("last", error=TaggerError("worn out"), after=8)])
    answers = Tagging(run.catalog, [last], Covers(), run.cache, panel=panel).run(run.refs)
    found = []
    with pytest.raises(TaggerError, match="worn out"):
        found.extend(answers)
    assert [ref for ref, _ in found] == ["a0", "a1", "a2", "a3"]
    assert panel.absent == {}, "another run may ask again"


def test_when_all_fail_the_last_failure_is_raised(run: Run) -> None:
    with pytest.raises(TaggerError, match="second"):
        run(Looker("one", error=TaggerError("first")), Looker("two", error=TaggerError("second")))
    assert len(run.said) == 1


@pytest.mark.parametrize("error", [TypeError("no such thing"), ZeroDivisionError()])
def test_a_broken_tagger_is_named_whatever_it_raises(run: Run, error: Exception) -> None:
    with pytest.raises(TaggerError, match=rf"the tagger theirs is broken \({type(error).__name__}"):
        run(Looker("theirs", error=error))
    answers = run(Looker("theirs", error=error), Looker("sound"))
    assert "theirs is broken" in seen(answers["a0"]).missing["theirs"]


def test_a_paid_tagger_that_cannot_count_drops_out_like_any_other(run: Run) -> None:
    class Innumerate(PaidLooker):
        def calls_for(self, sizes: Sequence[int]) -> int:
            return 1 // (len(sizes) - len(sizes))

    answers = run(Innumerate("theirs"), Looker("sound"))
    assert "theirs is broken (ZeroDivisionError" in seen(answers["a0"]).missing["theirs"]


def test_a_tagger_without_a_version_is_named(run: Run) -> None:
    class Nameless(Looker):
        @property
        def version(self) -> str:  # type: ignore[override]
            raise KeyError("model")

    with pytest.raises(TaggerError, match="the tagger theirs is broken"):
        run(Nameless("theirs"))


def test_ctrl_c_is_nobody_s_failure(run: Run) -> None:
    class Interrupted(Looker):
        def tag(self, covers: Sequence[object]) -> list[list[Tag] | Skipped]:  # noqa: ARG002
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(Interrupted("one"), Looker("two"))


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        ([], "0 answers for 4 covers"),
        ([[Tag("a", 0.5), Tag("a", 0.4)]] * 4, "twice"),
        ([[Tag("a", 1.5)]] * 4, "not in \\[0, 1\\]"),
        ([[Tag("a", float("nan"))]] * 4, "not in \\[0, 1\\]"),
        (None, "TypeError"),
    ],
)
def test_answers_that_no_bag_can_be_made_of_are_refused_and_not_kept(
    run: Run, answer: list[list[Tag]], word: str
) -> None:
    class Wrong(Looker):
        def tag(self, covers: Sequence[object]) -> list[list[Tag] | Skipped]:  # noqa: ARG002
            return answer  # type: ignore[return-value]

    with pytest.raises(TaggerError, match=word):
        run(Wrong("wrong"))
    mended = Looker("wrong")
    run(mended)
    assert len(mended.shown) == 12


def test_a_cover_that_one_tagger_cannot_read_is_missing_in_its_bag_alone(run: Run) -> None:
    answers = run(Looker("one", blind=["Album 1"]), Looker("two"))
    for answer in map(seen, answers.values()):
        assert answer.unread == {"one": {1: "too dark"}}
        assert [len(row) for row in answer.tags["one"]] == [3, 0]
        assert [len(row) for row in answer.tags["two"]] == [3, 3]
        assert answer.skipped == ()
    again = Looker("one")
    run(again, Looker("two"))
    assert len(again.shown) == 6, "nothing is kept of what could not be read"


def test_a_cover_that_nobody_can_read_is_skipped_with_each_reason(run: Run) -> None:
    answers = run(Looker("one", blind=["Album 1"]), Looker("two", blind=["Album 1"]))
    for answer in map(seen, answers.values()):
        assert answer.skipped == (Skipped("Album 1", "one: too dark; two: too dark"),)
        assert [album.name for album in answer.albums] == ["Album 0"]
        assert answer.unread == {"one": {}, "two": {}}
        assert [len(rows) for rows in answer.tags.values()] == [1, 1]


def test_an_artist_none_of_whose_covers_can_be_read_says_why(run: Run) -> None:
    blind = Looker("one", blind=["Album 0", "Album 1"])
    answers = run(blind, Looker("two"))
    assert seen(answers["a0"]).missing == {"one": "it could read none of the covers (too dark)"}
    alone = Run.__call__(run, Looker("blind", blind=["Album 0", "Album 1"]))
    assert isinstance(alone["a0"], NoCoversError)
    assert "Album 1: blind: too dark" in str(alone["a0"])


def test_a_reader_sees_the_same_pixels_whoever_looks_besides(tmp_path: Path, cache: Cache) -> None:
    run = Run(tmp_path / "covers", cache, artists=1)
    alone = Looker("small")
    first = seen(run(alone)["a0"]).tags["small"]
    other = Cache(tmp_path / "other")
    run.cache = other
    large = Looker("large")
    large.image_size = 300
    assert seen(run(large, Looker("small"))["a0"]).tags["small"] == first
    other.close()


@pytest.mark.parametrize(("a_call", "calls"), [(128, [128, 128, 44]), (16, [16] * 18 + [12])])
def test_300_covers_take_the_fewest_calls_and_a_second_run_none(
    tmp_path: Path, cache: Cache, a_call: int, calls: list[int]
) -> None:
    run = Run(tmp_path / "covers", cache, artists=30, covers=10)
    paid, free = PaidLooker(a_call=a_call), Looker("free")
    answers = run(paid, free)
    assert list(answers) == run.refs
    assert paid.calls == calls
    assert len(set(paid.shown)) == len(free.shown) == 300
    assert all(seen(answer).tags.keys() == {"paid", "free"} for answer in answers.values())
    (line,) = run.said
    assert line.startswith(
        f"tagger paid: at most {len(calls)} paid calls for at most 300 covers, fewer where"
    )
    assert line.endswith("; a farthing a call")

    again = PaidLooker(a_call=a_call)
    assert run(again) == {
        ref: Seen(s.artist, {"paid": s.tags["paid"]}, s.albums)
        for ref, s in answers.items()
        if isinstance(s, Seen)
    }
    assert again.calls == []
    assert len(run.said) == 1


def test_where_all_covers_are_known_the_number_of_calls_is_exact(tmp_path: Path, cache: Cache) -> None:
    run = Run(tmp_path / "covers", cache, artists=12, covers=10)
    run(PaidLooker())
    assert run.said == ["tagger paid: 8 paid calls for 120 covers; a farthing a call"]


def test_a_small_batch_is_not_worth_a_line(run: Run) -> None:
    run(PaidLooker())
    assert run.said == []


def test_an_artist_s_known_covers_wait_for_nobody(tmp_path: Path, cache: Cache) -> None:
    run = Run(tmp_path / "covers", cache, artists=ARTISTS_AT_ONCE * 3, covers=1)
    run(PaidLooker("paid"))
    panel = Panel([again := PaidLooker("paid", a_call=100)])
    answers = Tagging(run.catalog, [again], Covers(), run.cache, panel=panel).run(run.refs)
    assert next(answers)[0] == "a0"
    answers.close()
    assert again.calls == []


def test_artists_do_not_wait_for_ever_for_a_batch_to_fill(tmp_path: Path, cache: Cache) -> None:
    path = manifest(tmp_path / "covers", {"new": "fire", "old": "sea"}, covers=1)
    catalog = FolderCatalog(path)
    list(Tagging(catalog, [PaidLooker()], Covers(), cache).run(["old"]))
    paid = PaidLooker()
    answers = Tagging(catalog, [paid], Covers(), cache).run(["new"] + ["old"] * (2 * ARTISTS_WAITING))
    assert next(answers)[0] == "new"
    answers.close()
    assert paid.calls == [1]


def test_no_more_calls_are_made_than_allowed_and_the_next_run_goes_on(tmp_path: Path, cache: Cache) -> None:
    run = Run(tmp_path / "covers", cache, artists=30, covers=10)
    first = PaidLooker()
    answers = run(first, max_calls=3)
    assert first.calls == [16, 16, 16]
    assert [ref for ref, answer in answers.items() if isinstance(answer, Seen)] == ["a0", "a1", "a2", "a3"]
    left = answers["a4"]
    assert isinstance(left, CallLimitError)
    assert str(left).startswith("paid has yet to tag 2 of the 10 covers of artist a4: --max-calls 3 allows")
    assert left.artist is not None
    announced, stopped = run.said
    assert "at most 19 paid calls" in announced
    assert "of which --max-calls allows 3" in announced
    assert stopped == (
        "tagger paid: 252 covers left untagged after 3 paid calls, whose answers are kept; "
        "--max-calls 3 allows no more calls: run again to go on"
    )
    second = PaidLooker()
    assert all(isinstance(answer, Seen) for answer in run(second).values())
    assert len(second.shown) == 252
    assert not set(first.shown) & set(second.shown)


def test_with_a_limit_the_others_go_on_alone(run: Run) -> None:
    answers = run(PaidLooker(), Looker("free"), max_calls=0)
    for answer in map(seen, answers.values()):
        assert answer.tags.keys() == {"free"}
        assert "--max-calls 0" in answer.missing["paid"]
    assert len(run.said) == 1
    assert "12 covers left untagged after 0 paid calls" in run.said[0]


def test_calls_of_all_paid_taggers_count_together(run: Run) -> None:
    one, two = PaidLooker("one"), PaidLooker("two")
    answers = run(one, two, max_calls=1)
    assert (one.calls, two.calls) == ([12], [])
    assert seen(answers["a0"]).tags.keys() == {"one"}


def test_where_each_cover_is_a_call_as_many_are_asked_for_as_are_allowed(run: Run) -> None:
    class Dear(PaidLooker):
        def calls_for(self, sizes: Sequence[int]) -> int:
            return len(sizes)

    dear = Dear(a_call=8)
    run(dear, Looker("free"), max_calls=5)
    assert dear.calls == [5]
    run(again := Dear(a_call=8))
    assert again.calls == [7]


def test_covers_that_fill_a_call_by_their_size_go_out_together(run: Run) -> None:
    class Narrow(PaidLooker):
        def calls_for(self, sizes: Sequence[int]) -> int:
            return -(-len(sizes) // 5)  # as if five filled a request

    narrow = Narrow(a_call=16)
    run(narrow)
    assert narrow.calls == [10, 2]


def test_offline_asks_no_paid_tagger_but_recalls_what_was_paid_for(run: Run) -> None:
    refused = PaidLooker()
    answers = run(refused, offline=True)
    assert refused.calls == []
    assert all("--offline forbids paid calls" in str(answer) for answer in answers.values())
    run(PaidLooker())
    run.said.clear()
    assert all(isinstance(answer, Seen) for answer in run(refused, offline=True).values())
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

    paid = PaidLooker(a_call=8)
    refs = [str(n) for n in range(4 * ARTISTS_AT_ONCE)]
    with Covers() as covers:
        tagging = Tagging(Remote(), [paid], covers, cache, panel=Panel([paid], max_calls=1))
        answers = dict(tagging.run(refs))
    assert [isinstance(answer, Seen) for answer in answers.values()].count(True) == 8
    assert isinstance(answers[refs[-1]], CallLimitError)
    assert len(httpserver.log) == 2 * ARTISTS_AT_ONCE, "what was on its way when the limit was reached"
