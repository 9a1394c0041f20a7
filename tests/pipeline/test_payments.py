"""Covers that two runs on one cache need: sent once, waited for, taken over."""

from __future__ import annotations

import hashlib
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from helpers.fake_taggers import PaidFakeTagger, Run, seen

from spotitags.io.cache import Cache
from spotitags.io.reservations import Reservations
from spotitags.pipeline import payments
from spotitags.records import TaggedCovers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotitags.records import Cover


class SlowPaidTagger(PaidFakeTagger):
    def tag(self, covers: Sequence[Cover]) -> Any:
        time.sleep(0.1)
        return super().tag(covers)


def reserve(run: Run, paid: PaidFakeTagger, cache: Cache) -> Reservations:
    """Reserve all covers of a run, as another process would."""
    files = [Path(album.images[0].url) for ref in run.refs for album in run.catalog.albums(ref, 10)]
    digests = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    others = Reservations(Cache(cache.paid.folder, None), "tags")
    assert len(others.claim([f"{paid.name}:{paid.version}:{digest}" for digest in digests]).own) == 12
    return others


def test_runs_at_once_send_each_cover_once(tmp_path: Path, cache: Cache) -> None:
    run = Run(tmp_path / "covers", cache, artists=12, covers=4)
    taggers = [SlowPaidTagger(a_call=8) for _ in range(3)]
    found: list[Any] = []
    threads = [threading.Thread(target=lambda paid=paid: found.append(run(paid))) for paid in taggers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sent = [digest for tagger in taggers for digest in tagger.shown]
    assert len(sent) == len(set(sent)) == 48
    assert found[0] == found[1] == found[2]
    assert sum(map(len, [tagger.calls for tagger in taggers])) <= 8
    cache.paid.close()


def test_a_wait_for_another_run_is_announced_and_has_an_end(
    run: Run, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payments.Payments.__init__, "__kwdefaults__", {"wait": 0.5})
    others = reserve(run, PaidFakeTagger(), cache)
    answers = run(paid := PaidFakeTagger())
    assert paid.calls == []
    (line,) = run.said
    assert line.startswith("tagger paid: another run is paying for covers of this one (process ")
    assert all("another run has it in flight" in str(answer) for answer in answers.values())
    others.close()
    assert all(isinstance(answer, TaggedCovers) for answer in run(paid).values())
    assert sum(paid.calls) == 12


def test_what_another_run_leaves_is_sent(run: Run, cache: Cache) -> None:
    others = reserve(run, PaidFakeTagger(), cache)
    threading.Timer(0.5, others.close).start()
    answers = run(paid := PaidFakeTagger())
    assert sum(paid.calls) == 12
    assert all(seen(answer).tags["paid"] for answer in answers.values())


def test_what_another_run_answers_is_taken(run: Run, cache: Cache, tmp_path: Path) -> None:
    aside = Run(tmp_path / "again", Cache(tmp_path / "other"))
    expected = aside(PaidFakeTagger())
    others = reserve(run, PaidFakeTagger(), cache)
    rows = {key: aside.cache.paid.get("tags", key) for key in aside.cache.paid.keys("tags")}

    def answer() -> None:
        cache.paid.put_many("tags", rows)
        others.close()

    threading.Timer(0.5, answer).start()
    answers = run(paid := PaidFakeTagger())
    assert paid.calls == []
    assert [seen(each).tags for each in answers.values()] == [seen(each).tags for each in expected.values()]


def test_a_tag_of_a_paid_call_is_stored_though_the_run_breaks_off(run: Run) -> None:
    class Breaking(PaidFakeTagger):
        def tag(self, covers: Sequence[Cover]) -> Any:
            if self.calls:
                raise KeyboardInterrupt
            return super().tag(covers)

    first = Breaking(a_call=8)
    with pytest.raises(KeyboardInterrupt):
        run(first)
    second = PaidFakeTagger(a_call=8)
    run(second)
    assert sorted(first.calls + second.calls) == [4, 8]
