"""A wait for a busy service is announced when it begins, and only if there is a wait."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from helpers.paid_covers import QUICK, covers

from spotitags.errors import TaggerError
from spotitags.records import Tag
from spotitags.taggers.cloud.base import PaidTagger, RetryLimits
from spotitags.taggers.cloud.grpc import BusyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotitags.records import Cover
    from spotitags.taggers.base import Readiness
    from spotitags.taggers.cloud.answers import Result


class Service(PaidTagger[None]):
    """Takes two covers per request; it is too busy ``busy`` times, then tags every cover as a goat."""

    name = "service"
    batch_size = 2
    cover_bytes = 10**6
    model = "service 1"

    def __init__(self, busy: int, retry_limits: RetryLimits = QUICK) -> None:
        super().__init__(
            retry_limits=retry_limits, notify=lambda line: self.said.append((line, self.requests))
        )
        self.busy = busy
        self.requests = 0
        self.said: list[tuple[str, int]] = []

    @classmethod
    def _key_readiness(cls, key: None, target: str, *, plain: bool) -> Readiness:
        raise NotImplementedError

    def _request(self, _covers: Sequence[Cover], images: Sequence[bytes]) -> list[Result]:
        self.requests += 1
        if self.requests <= self.busy:
            raise BusyError("is too busy (come back later)")
        return [[Tag("goat", 1.0)] for _ in images]


def test_a_wait_is_announced_once_as_it_begins() -> None:
    service = Service(busy=2, retry_limits=replace(QUICK, total=90))
    service.tag(covers(2))
    line = "tagger service: it is too busy (come back later); waiting for it, about 90 s at most"
    assert service.said == [(line, 1)], "before the second of three requests"
    service.tag(covers(4))
    assert len(service.said) == 1, "nobody waits"


def test_each_request_that_is_waited_for_is_announced() -> None:
    service = Service(busy=1)
    service.tag(covers(2))
    service.busy = 3
    service.tag(covers(2))
    assert [requests for _, requests in service.said] == [1, 3]


@pytest.mark.parametrize("retry_limits", [replace(QUICK, attempts=1), replace(QUICK, total=1e-9)])
def test_no_wait_is_announced_where_there_is_none(retry_limits: RetryLimits) -> None:
    service = Service(busy=9, retry_limits=retry_limits)
    with pytest.raises(TaggerError, match="tries: 1"):
        service.tag(covers(1))
    assert service.said == []
