"""Base class of the taggers that send covers to a paid service.

No cover is sent twice in one run, requests are filled to their limit, and every wait has an end.
"""

from __future__ import annotations

import logging
import math
import time
from abc import ABC, abstractmethod
from dataclasses import KW_ONLY, dataclass, field
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, ClassVar, Final, Generic, TypeVar

from spotitags.errors import NotInstalledError, SettingsError, TaggerError, TaggerInterrupt
from spotitags.io.interrupts import finish
from spotitags.records import Skipped
from spotitags.taggers.base import Readiness
from spotitags.taggers.cloud.answers import TOP, Result, skipped
from spotitags.taggers.cloud.encoding import QUALITIES, SIDE, encoded_cover
from spotitags.taggers.cloud.grpc import BusyError, endpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Self

    from spotitags.records import Cover, Tag
    from spotitags.taggers.base import TaggerOptions


# Without a handler, each retry that stamina logs would be printed to stderr.
logging.getLogger("stamina").addHandler(logging.NullHandler())

Key = TypeVar("Key")
"""Type of a service's key or credentials."""


@dataclass(frozen=True, slots=True)
class RetryLimits:
    """Limits of time and number for the requests for the same covers.

    Attributes:
        seconds: The timeout of one request.
        attempts: The maximum number of requests.
        pause: The pause before the second request, in seconds; each later pause is twice as long.
        longest_pause: The maximum pause, in seconds.
        total: The time after which no further request is made, in seconds.
    """

    seconds: float = 60.0
    attempts: int = 6
    pause: float = 1.0
    longest_pause: float = 16.0
    total: float = 120.0


RETRY_LIMITS: Final = RetryLimits()


@dataclass(eq=False)
class PaidTagger(ABC, Generic[Key]):
    """Tags covers by a paid service, in as few requests as possible, of at most `batch_size` covers each.

    Args:
        key: The key or credentials of the service.
        address: A gRPC server instead of the service's: ``host:port``, or ``http://127.0.0.1:port`` without
            TLS.
        offline: True sends nothing: `tag` raises.
        retry_limits: Limits of the requests for the same covers.
        notify: Called with one line when a wait for the service begins.
    """

    name: ClassVar[str]
    image_size: ClassVar[int] = SIDE
    batch_size: ClassVar[int]
    cover_bytes: ClassVar[int]
    """Maximum size of a cover as it is sent, so that `batch_size` covers always fit into a request."""
    model: ClassVar[str]
    """Service and model, for the version."""
    host: ClassVar[str]
    """The service's gRPC server."""
    options: ClassVar[tuple[str, str]]
    """Names of the fields of `TaggerOptions` that hold key and address."""
    client: ClassVar[tuple[str, str, str]]
    """The client's package, its module, and the extra that installs it."""

    key: Key | None = field(default=None, repr=False)
    _: KW_ONLY
    address: str | None = None
    offline: bool = False
    retry_limits: RetryLimits = RETRY_LIMITS
    notify: Callable[[str], None] | None = field(default=None, repr=False)

    @classmethod
    def from_options(cls, options: TaggerOptions) -> Self:
        """Build the tagger from options. Opens no connection."""
        key, address = (getattr(options, name) for name in cls.options)
        return cls(key, address=address, offline=options.offline, notify=options.notify)

    @classmethod
    def readiness(cls, options: TaggerOptions) -> Readiness:
        """Return whether client, address and key are set; does not check the key with the service."""
        package, module, _ = cls.client
        key, address = (getattr(options, name) for name in cls.options)
        if not _is_installed(module):
            return Readiness(
                ready=False, reason=f"{package} is not installed", remedy=str(cls.not_installed())
            )
        try:
            target, plain = cls.endpoint(address)
        except SettingsError as error:
            return Readiness(
                ready=False, reason=f"{cls._address_setting()} cannot be used", remedy=str(error)
            )
        return cls._key_readiness(key, target, plain=plain)

    @classmethod
    @abstractmethod
    def _key_readiness(cls, key: Key | None, target: str, *, plain: bool) -> Readiness:
        """Return whether the key is there; ``target`` and ``plain`` are `endpoint`'s result."""

    @classmethod
    def endpoint(cls, address: str | None) -> tuple[str, bool]:
        """Return ``host:port`` of the gRPC server, and True if the connection is in plaintext.

        Raises:
            SettingsError: The address cannot be used.
        """
        return endpoint(address, cls.host, cls._address_setting())

    @classmethod
    def not_installed(cls) -> NotInstalledError:
        """Return the error for a missing client."""
        return NotInstalledError(f"the tagger {cls.name}", cls.client[2])

    @classmethod
    def _address_setting(cls) -> str:
        return f"SPOTITAGS_{cls.options[1].upper()}"

    @property
    def version(self) -> str:
        """Service, model, and what is sent and stored. The service may change the model of that name."""
        return f"{self.model} jpeg-to-{self.cover_bytes} else-{SIDE}px-q{QUALITIES[0]} top-{TOP}"

    def calls_for(self, sizes: Sequence[int]) -> int:
        """Return the fewest requests for covers of these sizes in bytes; larger ones are sent smaller."""
        return math.ceil(len(sizes) / self.batch_size)

    def tag(self, covers: Sequence[Cover]) -> list[list[Tag] | Skipped]:
        """Return the `TOP` labels of each cover, heaviest first, or why the service could not read it.

        Raises:
            NotInstalledError: The service's client is not installed.
            TaggerKeyError: The key is missing or refused.
            TaggerError: The service does not answer, or no longer; ``answered`` holds the tags that it
                returned before.
            TaggerInterrupt: Ctrl-C was pressed; ``answered`` likewise.
        """
        return self.tag_and_store(covers, lambda _found: None)

    def tag_and_store(
        self, covers: Sequence[Cover], store: Callable[[Mapping[str, list[Tag]]], None]
    ) -> list[list[Tag] | Skipped]:
        """Tag covers as `tag` does; ``store`` is as for `spotitags.taggers.base.StoresEarly`."""
        if self.offline:
            raise TaggerError(f"the tagger {self.name} sends covers to a service: leave --offline out")
        results: dict[str, list[Tag] | Skipped] = {}
        distinct = list({cover.digest: cover for cover in covers}.values())
        try:
            for start in range(0, len(distinct), self.batch_size):
                self._tag_batch(distinct[start : start + self.batch_size], results, store)
        except TaggerError as error:
            error.answered = _tags_only(results)
            raise
        except KeyboardInterrupt:  # probably during a wait for a busy service
            raise TaggerInterrupt(_tags_only(results)) from None
        return [results[cover.digest] for cover in covers]

    @abstractmethod
    def _request(self, covers: Sequence[Cover], images: Sequence[bytes]) -> list[Result]:
        """Send one request and return the result of each cover, an error if the service failed for it.

        Raises:
            BusyError: The service failed for all covers, but a retry may succeed.
            TaggerError: The service failed, and a retry is useless.
        """

    def _tag_batch(
        self,
        covers: Sequence[Cover],
        results: dict[str, list[Tag] | Skipped],
        store: Callable[[Mapping[str, list[Tag]]], None],
    ) -> None:
        """Add the results of one request's covers; retry those that the service was too busy for."""
        import stamina

        def request(missing: Sequence[Cover]) -> None:
            found = self._request(missing, [images[cover.digest] for cover in missing])
            try:
                _add_results(missing, found, results)
            finally:
                answered = {cover.digest for cover in missing} & results.keys()
                store(_tags_only({digest: results[digest] for digest in answered}))

        images = {cover.digest: encoded_cover(cover, self.cover_bytes) for cover in covers}
        limits = self.retry_limits
        attempts = stamina.retry_context(
            on=self._should_retry(),
            attempts=limits.attempts,
            timeout=limits.total,
            wait_initial=limits.pause,
            wait_max=limits.longest_pause,
            wait_jitter=limits.pause,
        )
        requests = 0
        try:
            for attempt in attempts:
                with attempt:
                    requests = attempt.num
                    missing = [cover for cover in covers if cover.digest not in results]
                    finish(partial(request, missing), notify=self.notify)
        except BusyError as error:
            missing = [cover for cover in covers if cover.digest not in results]
            if len(missing) == len(covers):
                raise TaggerError(f"{self.name} {error}, tries: {requests}; {error.remedy}") from error
            results.update({cover.digest: skipped(cover, f"{self.name} {error}") for cover in missing})

    def _should_retry(self) -> Callable[[Exception], bool]:
        """Return stamina's predicate for errors to retry after; it announces the first wait."""
        began, limits, announced = time.monotonic(), self.retry_limits, False

        def should_retry(error: Exception) -> bool:
            nonlocal announced
            if not isinstance(error, BusyError):
                return False
            will_wait = limits.attempts > 1 and time.monotonic() - began < limits.total
            if self.notify and will_wait and not announced:
                announced = True
                self.notify(
                    f"tagger {self.name}: it {error}; waiting for it, about {limits.total:g} s at most"
                )
            return True

        return should_retry


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # a parent package is missing
        return False


def _tags_only(results: Mapping[str, list[Tag] | Skipped]) -> dict[str, list[Tag]]:
    """Return the results to cache; skipped covers are requested again in the next run."""
    return {digest: tags for digest, tags in results.items() if not isinstance(tags, Skipped)}


def _add_results(
    covers: Sequence[Cover], found: Sequence[Result], results: dict[str, list[Tag] | Skipped]
) -> None:
    """Add all results of a request, since they were paid for, before raising an error of one.

    Raises:
        BusyError: Some covers have no result yet.
        TaggerError: Some covers have no result, and a retry is useless.
    """
    failures: list[BusyError | TaggerError] = []
    for cover, result in zip(covers, found, strict=True):
        if isinstance(result, BusyError | TaggerError):
            failures.append(result)
        else:
            results[cover.digest] = result
    if failures:
        raise next((failure for failure in failures if isinstance(failure, TaggerError)), failures[0])
