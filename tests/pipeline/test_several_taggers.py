"""Several taggers on the same covers: who is missing, what one cannot read, and what is paid for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from helpers.fake_taggers import FakeTagger, PaidFakeTagger, Run, seen

from spotitags.covers.fetch import CoverFetcher
from spotitags.errors import NoCoversError, TaggerError
from spotitags.io.cache import Cache
from spotitags.pipeline.tagger_pool import TaggerPool
from spotitags.pipeline.tagging import TaggingRun
from spotitags.records import Skipped, Tag

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from spotitags.records import Cover


def test_each_tagger_has_its_own_tags_of_the_same_covers(run: Run) -> None:
    answers = run(FakeTagger("one"), FakeTagger("two"))
    for answer in map(seen, answers.values()):
        assert {name: len(rows) for name, rows in answer.tags.items()} == {"one": 2, "two": 2}
        assert not answer.missing
    assert run.said == []


def test_a_tagger_that_fails_drops_out_with_one_line_and_the_others_go_on(run: Run) -> None:
    broken = FakeTagger("broken", error=TaggerError("worn out"), after=4)
    answers = run(broken, FakeTagger("sound"))
    assert len(answers) == 6
    there = [ref for ref, answer in answers.items() if "broken" in seen(answer).tags]
    assert there == ["a0", "a1"], "who was answered before keeps it"
    for ref, answer in answers.items():
        assert "sound" in seen(answer).tags
        assert seen(answer).missing == ({} if ref in there else {"broken": "it dropped out: worn out"})
    assert run.said == ["warning: the tagger broken drops out, sound continues: worn out"]


def test_an_artist_some_of_whose_covers_a_tagger_saw_goes_without_it(tmp_path: Path, cache: Cache) -> None:
    run = Run(tmp_path / "covers", cache, artists=2, covers=3)
    answers = run(FakeTagger("broken", error=TaggerError("worn out"), after=4), FakeTagger("sound"))
    assert seen(answers["a0"]).tags.keys() == {"broken", "sound"}
    assert seen(answers["a1"]).tags.keys() == {"sound"}


def test_what_was_paid_for_before_a_failure_is_kept(run: Run) -> None:
    class Half(PaidFakeTagger):
        def tag(self, covers: Sequence[object]) -> list[list[Tag] | Skipped]:
            answered = super().tag(covers[:3])  # type: ignore[arg-type]
            digests = self.shown[-3:]
            tags = {d: t for d, t in zip(digests, answered, strict=True) if not isinstance(t, Skipped)}
            raise TaggerError("gone in mid-batch", answered=tags)

    with pytest.raises(TaggerError, match="gone in mid-batch"):
        run(Half("paid"))
    mended = PaidFakeTagger("paid")
    run(mended)
    assert len(mended.shown) == 12 - 3


def test_the_last_one_s_failure_stops_the_run_after_what_is_answered(run: Run) -> None:
    pool = TaggerPool([last := FakeTagger("last", error=TaggerError("worn out"), after=8)])
    answers = TaggingRun(run.catalog, [last], CoverFetcher(), run.cache, pool=pool).run(run.refs)
    found = []
    with pytest.raises(TaggerError, match="worn out"):
        found.extend(answers)
    assert [ref for ref, _ in found] == ["a0", "a1", "a2", "a3"]
    assert pool.dropped == {}, "another run may ask again"


def test_when_all_fail_the_last_failure_is_raised(run: Run) -> None:
    with pytest.raises(TaggerError, match="second"):
        run(FakeTagger("one", error=TaggerError("first")), FakeTagger("two", error=TaggerError("second")))
    assert len(run.said) == 1


@pytest.mark.parametrize("error", [TypeError("no such thing"), ZeroDivisionError()])
def test_a_broken_tagger_is_named_whatever_it_raises(run: Run, error: Exception) -> None:
    with pytest.raises(TaggerError, match=rf"the tagger theirs is broken \({type(error).__name__}"):
        run(FakeTagger("theirs", error=error))
    answers = run(FakeTagger("theirs", error=error), FakeTagger("sound"))
    assert "theirs is broken" in seen(answers["a0"]).missing["theirs"]


def test_a_paid_tagger_that_cannot_count_drops_out_like_any_other(run: Run) -> None:
    class Innumerate(PaidFakeTagger):
        def calls_for(self, sizes: Sequence[int]) -> int:
            return 1 // (len(sizes) - len(sizes))

    answers = run(Innumerate("theirs"), FakeTagger("sound"))
    assert "theirs is broken (ZeroDivisionError" in seen(answers["a0"]).missing["theirs"]


def test_a_tagger_without_a_version_is_named(run: Run) -> None:
    class Nameless(FakeTagger):
        @property
        def version(self) -> str:  # type: ignore[override]
            raise KeyError("model")

    with pytest.raises(TaggerError, match="the tagger theirs is broken"):
        run(Nameless("theirs"))


def test_ctrl_c_is_nobody_s_failure(run: Run) -> None:
    class Interrupted(FakeTagger):
        def tag(self, covers: Sequence[object]) -> list[list[Tag] | Skipped]:  # noqa: ARG002
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(Interrupted("one"), FakeTagger("two"))


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
    class Wrong(FakeTagger):
        def tag(self, covers: Sequence[object]) -> list[list[Tag] | Skipped]:  # noqa: ARG002
            return answer  # type: ignore[return-value]

    with pytest.raises(TaggerError, match=word):
        run(Wrong("wrong"))
    mended = FakeTagger("wrong")
    run(mended)
    assert len(mended.shown) == 12


def test_weights_may_be_numpy_s_and_are_kept_as_plain_numbers(run: Run) -> None:
    class Numpy(FakeTagger):
        def tag(self, covers: Sequence[object]) -> list[list[Tag] | Skipped]:
            return [[Tag("a", np.float32(0.5))] for _ in covers]  # type: ignore[arg-type]

    answers = run(Numpy("numpy"))
    assert {
        weight for answer in answers.values() for row in seen(answer).tags["numpy"] for _, weight in row
    } == {0.5}
    again = FakeTagger("numpy")
    assert run(again) == answers
    assert again.shown == []


def test_what_is_handed_over_by_a_failing_tagger_is_kept_only_where_a_bag_can_be_made_of_it(run: Run) -> None:
    class Breaking(FakeTagger):
        def tag(self, covers: Sequence[Cover]) -> list[list[Tag] | Skipped]:
            good, bad, *_ = [cover.digest for cover in covers]
            answered = {good: [Tag("a", np.float32(0.5))], bad: [Tag("a", 0.5), Tag("a", 0.4)]}  # type: ignore[arg-type]
            raise TaggerError("broke off", answered=answered)

    with pytest.raises(TaggerError, match="broke off"):
        run(Breaking("one"))
    again = FakeTagger("one")
    assert all(map(seen, run(again).values()))
    assert len(again.shown) == 11


def test_a_cover_that_one_tagger_cannot_read_is_missing_in_its_bag_alone(run: Run) -> None:
    answers = run(FakeTagger("one", blind=["Album 1"]), FakeTagger("two"))
    for answer in map(seen, answers.values()):
        assert answer.unreadable == {"one": {1: "too dark"}}
        assert [len(row) for row in answer.tags["one"]] == [3, 0]
        assert [len(row) for row in answer.tags["two"]] == [3, 3]
        assert answer.skipped == ()
    again = FakeTagger("one")
    run(again, FakeTagger("two"))
    assert len(again.shown) == 6, "nothing is kept of what could not be read"


def test_a_cover_that_nobody_can_read_is_skipped_with_each_reason(run: Run) -> None:
    answers = run(FakeTagger("one", blind=["Album 1"]), FakeTagger("two", blind=["Album 1"]))
    for answer in map(seen, answers.values()):
        assert answer.skipped == (Skipped("Album 1", "one: too dark; two: too dark"),)
        assert [album.name for album in answer.albums] == ["Album 0"]
        assert answer.unreadable == {"one": {}, "two": {}}
        assert [len(rows) for rows in answer.tags.values()] == [1, 1]


def test_an_artist_none_of_whose_covers_can_be_read_says_why(run: Run) -> None:
    blind = FakeTagger("one", blind=["Album 0", "Album 1"])
    answers = run(blind, FakeTagger("two"))
    assert seen(answers["a0"]).missing == {"one": "it could read none of the covers (too dark)"}
    alone = Run.__call__(run, FakeTagger("blind", blind=["Album 0", "Album 1"]))
    assert isinstance(alone["a0"], NoCoversError)
    assert "Album 1: blind: too dark" in str(alone["a0"])


def test_a_reader_sees_the_same_pixels_whoever_looks_besides(tmp_path: Path, cache: Cache) -> None:
    run = Run(tmp_path / "covers", cache, artists=1)
    alone = FakeTagger("small")
    first = seen(run(alone)["a0"]).tags["small"]
    other = Cache(tmp_path / "other")
    run.cache = other
    large = FakeTagger("large")
    large.image_size = 300
    assert seen(run(large, FakeTagger("small"))["a0"]).tags["small"] == first
    other.close()
