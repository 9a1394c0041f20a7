from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from spotitags.cache import Cache
from spotitags.catalogs.cached import CachedCatalog
from spotitags.errors import ArtistNotFoundError, RateLimitError
from spotitags.records import Album, Artist, Image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ALBUMS = [
    Album(
        "1", "Óne", Artist("a", "A"), (Image("https://x/1", 640, 640), Image("https://x/2")), "single", "1999"
    ),
    Album("2", "Two", Artist("a", "A")),
]


class Counting:
    """A catalogue that counts its calls and answers or raises as told."""

    name = "counting"

    def __init__(self, *answers: list[Album] | Exception) -> None:
        self.answers = list(answers)
        self.calls = 0

    def albums(self, artist: str, limit: int) -> list[Album]:  # noqa: ARG002
        self.calls += 1
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    cache = Cache(tmp_path)
    yield cache
    cache.close()


def test_the_same_question_is_asked_once_even_by_another_run(cache: Cache) -> None:
    inner = Counting(ALBUMS)
    assert CachedCatalog(inner, cache).albums("a", 10) == ALBUMS
    assert CachedCatalog(inner, cache).albums("a", 10) == ALBUMS
    assert inner.calls == 1


def test_another_limit_or_market_is_another_question(cache: Cache) -> None:
    inner = Counting(ALBUMS, ALBUMS[:1], [])
    assert CachedCatalog(inner, cache, scope="US").albums("a", 10) == ALBUMS
    assert CachedCatalog(inner, cache, scope="US").albums("a", 1) == ALBUMS[:1]
    assert CachedCatalog(inner, cache, scope="DE").albums("a", 10) == []


def test_an_old_answer_is_renewed(cache: Cache) -> None:
    inner = Counting(ALBUMS, ALBUMS[:1])
    catalog = CachedCatalog(inner, cache, seconds=-1)
    assert catalog.albums("a", 10) == ALBUMS
    assert catalog.albums("a", 10) == ALBUMS[:1]


def test_a_failure_is_not_kept(cache: Cache) -> None:
    catalog = CachedCatalog(Counting(ArtistNotFoundError("who?"), ALBUMS), cache)
    with pytest.raises(ArtistNotFoundError):
        catalog.albums("a", 10)
    assert catalog.albums("a", 10) == ALBUMS


def test_a_service_that_said_wait_is_left_alone_while_kept_answers_go_on(cache: Cache) -> None:
    wait = RateLimitError("come back", retry_at=datetime.now(UTC) + timedelta(hours=5), quota=True)
    inner = Counting(ALBUMS, wait)
    catalog = CachedCatalog(inner, cache)
    catalog.albums("known", 10)
    for _ in range(3):
        with pytest.raises(RateLimitError):
            catalog.albums("new", 10)
    assert catalog.albums("known", 10) == ALBUMS
    assert inner.calls == 2


def test_when_the_wait_is_over_it_is_asked_again(cache: Cache) -> None:
    wait = RateLimitError("come back", retry_at=datetime.now(UTC) - timedelta(seconds=1))
    catalog = CachedCatalog(Counting(wait, ALBUMS), cache)
    with pytest.raises(RateLimitError):
        catalog.albums("a", 10)
    assert catalog.albums("a", 10) == ALBUMS
