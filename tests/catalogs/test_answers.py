from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotitags.cache import Cache
from spotitags.catalogs.answers import Ages, Answers, Budget
from spotitags.errors import ArtistNotFoundError, CatalogError, RateLimitError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    cache = Cache(tmp_path)
    yield cache
    cache.close()


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
        answers = Answers(cache, "s")
        assert [answers.ask("q", service) for _ in range(2)] == [{"albums": [1]}] * 2
    assert service.calls == 1


def test_that_there_is_no_such_artist_is_an_answer(cache: Cache) -> None:
    service = Service(ArtistNotFoundError("who?"))
    for _ in range(3):
        with pytest.raises(ArtistNotFoundError, match=r"who\?"):
            Answers(cache, "s").ask("q", service)
    assert service.calls == 1


def test_another_question_or_service_is_another_answer(cache: Cache) -> None:
    assert Answers(cache, "s").ask("q", Service(1)) == 1
    assert Answers(cache, "s").ask("r", Service(2)) == 2
    assert Answers(cache, "t").ask("q", Service(3)) == 3


@pytest.mark.parametrize("ages", [Ages(found=-1), Ages(found=-1, missing=-1)])
def test_an_old_answer_is_renewed(cache: Cache, ages: Ages) -> None:
    answers, service = Answers(cache, "s", ages=ages), Service(1, 2)
    assert [answers.ask("q", service) for _ in range(2)] == [1, 2]


def test_a_refresh_asks_anew_and_only_once(cache: Cache) -> None:
    service = Service(1, 2)
    assert Answers(cache, "s").ask("q", service) == 1
    renewed = Answers(cache, "s", refresh=True)
    assert [renewed.ask("q", service) for _ in range(3)] == [2, 2, 2]
    assert Answers(cache, "s").ask("q", service) == 2


def test_a_failure_is_not_kept(cache: Cache) -> None:
    answers, service = Answers(cache, "s"), Service(CatalogError("down"), 1)
    with pytest.raises(CatalogError):
        answers.ask("q", service)
    assert answers.ask("q", service) == 1


def test_a_short_wait_is_waited_out(cache: Cache) -> None:
    pauses: list[float] = []
    service = Service(wait(20), 1)

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        cache.put("wait", "s:", None)

    assert Answers(cache, "s", pause=pause).ask("q", service) == 1
    assert len(pauses) == 1
    assert 15 <= pauses[0] <= 20


def test_a_service_that_keeps_saying_wait_is_left_in_the_end(cache: Cache) -> None:
    service = Service(*(wait(0.001) for _ in range(20)))
    with pytest.raises(RateLimitError):
        Answers(cache, "s").ask("q", service)
    assert service.calls == 5


@pytest.mark.parametrize(("seconds", "quota"), [(5 * 3600, True), (5 * 3600, False), (5, True)])
def test_a_long_wait_holds_for_all_processes_while_kept_answers_go_on(
    cache: Cache, seconds: float, *, quota: bool
) -> None:
    service = Service(1, wait(seconds, quota=quota))
    Answers(cache, "s").ask("known", service)
    for _ in range(3):
        with pytest.raises(RateLimitError, match="come back") as caught:
            Answers(cache, "s").ask("new", service)
        assert caught.value.quota is quota
    assert Answers(cache, "s").ask("known", service) == 1
    assert service.calls == 2


def test_a_wait_is_the_account_s_own(cache: Cache) -> None:
    with pytest.raises(RateLimitError):
        Answers(cache, "s", account="one").ask("q", Service(wait(9999)))
    assert Answers(cache, "s", account="two").ask("q", Service(1)) == 1


def test_when_the_wait_is_over_it_is_asked_again(cache: Cache) -> None:
    with pytest.raises(RateLimitError):
        Answers(cache, "s", patience=-1).ask("q", Service(wait(0.01)))
    assert Answers(cache, "s").ask("q", Service(1)) == 1


def test_a_wait_without_a_time_is_raised_and_holds_nobody(cache: Cache) -> None:
    answers, service = Answers(cache, "s"), Service(RateLimitError("later"), 1)
    with pytest.raises(RateLimitError):
        answers.ask("q", service)
    assert answers.ask("q", service) == 1


@given(
    st.lists(st.tuples(st.integers(0, 200), st.sampled_from(["albums", "search"])), max_size=40),
    st.integers(1, 8),
)
def test_no_24_hours_see_more_calls_than_allowed(
    tmp_path_factory: pytest.TempPathFactory, calls: list[tuple[int, str]], most: int
) -> None:
    cache = Cache(tmp_path_factory.mktemp("budget"))
    clock = [datetime(2026, 11, 20, tzinfo=UTC)]
    budget = Budget(cache, "me", most, setting="CALLS", now=lambda: clock[0])
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


def refusal(budget: Budget, kind: str) -> RateLimitError | None:
    try:
        budget.spend(kind)
    except RateLimitError as error:
        return error
    return None


def test_no_budget_counts_nothing(cache: Cache) -> None:
    for _ in range(3):
        Budget(cache, "me", None, setting="CALLS").spend("albums")
    assert cache.get("calls", "me:albums") is None
