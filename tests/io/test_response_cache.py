from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from spotitags.errors import ArtistNotFoundError, CatalogError, RateLimitError
from spotitags.io.cache import Cache
from spotitags.io.rate_limit import DailyQuota
from spotitags.io.response_cache import Lifetimes, ResponseCache

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    cache = Cache(tmp_path)
    yield cache
    cache.close()


ANY: TypeAdapter[Any] = TypeAdapter(Any)


class Service:
    """Answers in turn what it was given beforehand; an exception is raised."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.calls = 0

    def __call__(self) -> Any:
        self.calls += 1
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def wait(seconds: float, *, quota: bool = False) -> RateLimitError:
    return RateLimitError("come back", retry_at=datetime.now(UTC) + timedelta(seconds=seconds), quota=quota)


def test_the_same_question_is_asked_once_even_by_another_run(cache: Cache) -> None:
    service = Service({"albums": [1]})
    for _ in range(2):
        answers = ResponseCache(cache, "s")
        assert [answers.get_or_call("q", service, ANY) for _ in range(2)] == [{"albums": [1]}] * 2
    assert service.calls == 1


def test_that_there_is_no_such_artist_is_an_answer(cache: Cache) -> None:
    service = Service(ArtistNotFoundError("who?"))
    for _ in range(3):
        with pytest.raises(ArtistNotFoundError, match=r"who\?"):
            ResponseCache(cache, "s").get_or_call("q", service, ANY)
    assert service.calls == 1


def test_another_question_or_service_is_another_answer(cache: Cache) -> None:
    assert ResponseCache(cache, "s").get_or_call("q", Service(1), ANY) == 1
    assert ResponseCache(cache, "s").get_or_call("r", Service(2), ANY) == 2
    assert ResponseCache(cache, "t").get_or_call("q", Service(3), ANY) == 3


@pytest.mark.parametrize("lifetimes", [Lifetimes(found=-1), Lifetimes(found=-1, missing=-1)])
def test_an_old_answer_is_renewed(cache: Cache, lifetimes: Lifetimes) -> None:
    answers, service = ResponseCache(cache, "s", lifetimes=lifetimes), Service(1, 2)
    assert [answers.get_or_call("q", service, ANY) for _ in range(2)] == [1, 2]


def test_a_refresh_asks_anew_and_only_once(cache: Cache) -> None:
    service = Service(1, 2)
    assert ResponseCache(cache, "s").get_or_call("q", service, ANY) == 1
    renewed = ResponseCache(cache, "s", refresh=True)
    assert [renewed.get_or_call("q", service, ANY) for _ in range(3)] == [2, 2, 2]
    assert ResponseCache(cache, "s").get_or_call("q", service, ANY) == 2


def test_a_failure_is_not_kept(cache: Cache) -> None:
    answers, service = ResponseCache(cache, "s"), Service(CatalogError("down"), 1)
    with pytest.raises(CatalogError):
        answers.get_or_call("q", service, ANY)
    assert answers.get_or_call("q", service, ANY) == 1


def test_a_short_wait_is_waited_out(cache: Cache) -> None:
    pauses: list[float] = []
    service = Service(wait(20), 1)

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        cache.put("wait", "s:", None)

    assert ResponseCache(cache, "s", sleep=sleep).get_or_call("q", service, ANY) == 1
    assert len(pauses) == 1
    assert 15 <= pauses[0] <= 20


def test_a_service_that_keeps_saying_wait_is_left_in_the_end(cache: Cache) -> None:
    service = Service(*(wait(0.001) for _ in range(20)))
    with pytest.raises(RateLimitError):
        ResponseCache(cache, "s").get_or_call("q", service, ANY)
    assert service.calls == 5


@pytest.mark.parametrize(("seconds", "quota"), [(5 * 3600, True), (5 * 3600, False), (5, True)])
def test_a_long_wait_holds_for_all_processes_while_kept_answers_go_on(
    cache: Cache, seconds: float, *, quota: bool
) -> None:
    service = Service(1, wait(seconds, quota=quota))
    ResponseCache(cache, "s").get_or_call("known", service, ANY)
    for _ in range(3):
        with pytest.raises(RateLimitError, match="come back") as caught:
            ResponseCache(cache, "s").get_or_call("new", service, ANY)
        assert caught.value.quota is quota
    assert ResponseCache(cache, "s").get_or_call("known", service, ANY) == 1
    assert service.calls == 2


def test_a_wait_is_the_account_s_own(cache: Cache) -> None:
    with pytest.raises(RateLimitError):
        ResponseCache(cache, "s", account="one").get_or_call("q", Service(wait(9999)), ANY)
    assert ResponseCache(cache, "s", account="two").get_or_call("q", Service(1), ANY) == 1


def test_when_the_wait_is_over_it_is_asked_again(cache: Cache) -> None:
    with pytest.raises(RateLimitError):
        ResponseCache(cache, "s", max_wait=-1).get_or_call("q", Service(wait(0.01)), ANY)
    assert ResponseCache(cache, "s").get_or_call("q", Service(1), ANY) == 1


def test_a_wait_without_a_time_is_raised_and_not_stored(cache: Cache) -> None:
    answers, service = ResponseCache(cache, "s"), Service(RateLimitError("later"), 1)
    with pytest.raises(RateLimitError):
        answers.get_or_call("q", service, ANY)
    assert answers.get_or_call("q", service, ANY) == 1


@given(
    st.lists(st.tuples(st.integers(0, 200), st.sampled_from(["albums", "search"])), max_size=40),
    st.integers(1, 8),
)
def test_no_24_hours_see_more_calls_than_allowed(
    tmp_path_factory: pytest.TempPathFactory, calls: list[tuple[int, str]], most: int
) -> None:
    cache = Cache(tmp_path_factory.mktemp("budget"))
    clock = [datetime(2026, 11, 20, tzinfo=UTC)]
    budget = DailyQuota(cache, "me", most, setting="CALLS", now=lambda: clock[0])
    made: list[tuple[datetime, str]] = []
    for ten_minutes, kind in calls:
        clock[0] += timedelta(minutes=10 * ten_minutes)
        if (refused := refusal(budget, kind)) is not None:
            assert refused.quota
            assert "CALLS" in str(refused)
            assert refused.retry_at is not None
            assert clock[0] < refused.retry_at <= clock[0] + timedelta(hours=25)
            clock[0] = refused.retry_at
            assert refusal(budget, kind) is None
        day = clock[0] - timedelta(hours=24)
        assert sum(other == kind and then >= day for then, other in made) < most
        made.append((clock[0], kind))
    cache.close()


def refusal(budget: DailyQuota, kind: str) -> RateLimitError | None:
    try:
        budget.spend(kind)
    except RateLimitError as error:
        return error
    return None


def test_a_quota_is_free_again_24_hours_after_the_first_hour_that_used_it(cache: Cache) -> None:
    midnight = datetime(2026, 11, 20, tzinfo=UTC)
    clock = [midnight + timedelta(minutes=20)]
    quota = DailyQuota(cache, "me", 2, setting="CALLS", now=lambda: clock[0])
    quota.spend("albums")
    clock[0] = midnight + timedelta(hours=10)
    quota.spend("albums")
    error = refusal(quota, "albums")
    assert error
    assert error.retry_at == midnight + timedelta(hours=25)


def test_no_budget_counts_nothing(cache: Cache) -> None:
    for _ in range(3):
        DailyQuota(cache, "me", None, setting="CALLS").spend("albums")
    assert cache.get("calls", "me:albums") is None
