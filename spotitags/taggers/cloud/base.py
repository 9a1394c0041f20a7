"""What taggers share that send covers to a service which is paid by the cover.

No cover is asked for twice in one run, no request is sent that another could have carried, and nobody waits
without an end.
"""

from __future__ import annotations

import logging
import math
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, TypeAlias

from spotitags.errors import TaggerError, TaggerInterrupt
from spotitags.records import Skipped, Tag
from spotitags.taggers.cloud.grpc import BusyError, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from spotitags.records import Cover


SIDE: Final = 480
"""Shorter side, in pixels, of a cover that is encoded anew: what Google recommends for labels (640 x 480)."""
TOP: Final = 20
"""Labels kept of a cover."""
_LONGEST = 2 * SIDE
_QUALITIES = (95, 75, 50)
_DIGITS = 4
_JPEG = b"\xff\xd8\xff"

# Without a handler of its own, each retry that stamina logs would be printed to the user's stderr.
logging.getLogger("stamina").addHandler(logging.NullHandler())

Answer: TypeAlias = "list[Tag] | Skipped | BusyError | TaggerError"
"""What came back for one cover."""


@dataclass(frozen=True, slots=True)
class RetryLimits:
    """How long a service is waited for.

    Attributes:
        seconds: For one answer.
        attempts: Most requests for the same covers.
        pause: Seconds before the second request; each later pause is twice as long.
        longest_pause: Where pauses stop growing, in seconds.
        total: Seconds after which no further request is made for the same covers.
    """

    seconds: float = 60.0
    attempts: int = 6
    pause: float = 1.0
    longest_pause: float = 16.0
    total: float = 120.0


PATIENCE: Final = RetryLimits()


class PaidTagger(ABC):
    """Covers in requests of at most `batch_size`, as few as that takes.

    Args:
        offline: True sends nothing: `tag` raises.
        patience: How long the service is waited for.
        notify: Called with one line when a wait for the service begins.
    """

    name: ClassVar[str]
    image_size: ClassVar[int] = SIDE
    batch_size: ClassVar[int]
    cover_bytes: ClassVar[int]
    """Most bytes of a cover as it is sent, so that `batch_size` of them always fit into a request."""
    asked: ClassVar[str]
    """Service and model."""

    def __init__(
        self,
        *,
        offline: bool = False,
        patience: RetryLimits = PATIENCE,
        notify: Callable[[str], None] | None = None,
    ) -> None:
        self.offline = offline
        self.patience = patience
        self.notify = notify

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    @property
    def version(self) -> str:
        """Service, model, and what is sent and kept. Behind the same name the model may change unsaid."""
        return f"{self.asked} jpeg-to-{self.cover_bytes} else-{SIDE}px-q{_QUALITIES[0]} top-{TOP}"

    def calls_for(self, sizes: Sequence[int]) -> int:
        """Fewest requests for covers of these sizes in bytes; larger ones are sent smaller."""
        return math.ceil(len(sizes) / self.batch_size)

    def tag(self, covers: Sequence[Cover]) -> list[list[Tag] | Skipped]:
        """The service's `TOP` labels of each cover, heaviest first, or why it could not read that one.

        Raises:
            NotInstalledError: The service's client is not here.
            TaggerKeyError: The key is missing or refused.
            TaggerError: The service does not answer, or not any more; what it answered before is in
                ``answered``.
            TaggerInterrupt: Ctrl-C; likewise.
        """
        if self.offline:
            raise TaggerError(f"the tagger {self.name} sends covers to a service: leave --offline out")
        answers: dict[str, list[Tag] | Skipped] = {}
        once = list({cover.digest: cover for cover in covers}.values())
        try:
            for start in range(0, len(once), self.batch_size):
                self._ask(once[start : start + self.batch_size], answers)
        except TaggerError as error:
            error.answered = _had(answers)
            raise
        except KeyboardInterrupt:  # it may come while a busy service is waited for
            raise TaggerInterrupt(_had(answers)) from None
        return [answers[cover.digest] for cover in covers]

    @abstractmethod
    def _request(self, covers: Sequence[Cover], images: Sequence[bytes]) -> list[Answer]:
        """One request: what came back for each cover, an error where the service failed for that one.

        Raises:
            BusyError: For none of them, but it may when asked again.
            TaggerError: The service will not answer.
        """

    def _ask(self, covers: Sequence[Cover], answers: dict[str, list[Tag] | Skipped]) -> None:
        """Answers for one request's covers; what the service was too busy for is asked for again."""
        import stamina

        images = {cover.digest: sendable(cover, self.cover_bytes) for cover in covers}
        tries = stamina.retry_context(
            on=self._waits(),
            attempts=self.patience.attempts,
            timeout=self.patience.total,
            wait_initial=self.patience.pause,
            wait_max=self.patience.longest_pause,
            wait_jitter=self.patience.pause,
        )
        asked = 0
        try:
            for attempt in tries:
                with attempt:
                    asked = attempt.num
                    left = [cover for cover in covers if cover.digest not in answers]
                    found = self._request(left, [images[cover.digest] for cover in left])
                    _take(left, found, answers)
        except BusyError as error:
            left = [cover for cover in covers if cover.digest not in answers]
            if len(left) == len(covers):
                raise TaggerError(f"{self.name} {error}, asked {asked} times: {error.remedy}") from error
            answers.update({cover.digest: skipped(cover, f"{self.name} {error}") for cover in left})

    def _waits(self) -> Callable[[Exception], bool]:
        """Whether an error is one to wait after, as stamina asks before each wait; the first is announced."""
        began, patience, announced = time.monotonic(), self.patience, False

        def waits(error: Exception) -> bool:
            nonlocal announced
            if not isinstance(error, BusyError):
                return False
            again = patience.attempts > 1 and time.monotonic() - began < patience.total
            if self.notify and again and not announced:
                announced = True
                self.notify(
                    f"tagger {self.name}: it {error}; waiting for it, about {patience.total:g} s at most"
                )
            return True

        return waits


def _had(answers: Mapping[str, list[Tag] | Skipped]) -> dict[str, list[Tag]]:
    """What was paid for: skipped covers are asked for again."""
    return {digest: tags for digest, tags in answers.items() if not isinstance(tags, Skipped)}


def _take(covers: Sequence[Cover], found: Sequence[Answer], answers: dict[str, list[Tag] | Skipped]) -> None:
    """Put what came back into ``answers``, all of it: it was paid for.

    Raises:
        BusyError: Some covers are still without an answer.
        TaggerError: Some covers are, and stay so.
    """
    failures: list[BusyError | TaggerError] = []
    for cover, answer in zip(covers, found, strict=True):
        if isinstance(answer, BusyError | TaggerError):
            failures.append(answer)
        else:
            answers[cover.digest] = answer
    if failures:
        raise next((failure for failure in failures if isinstance(failure, TaggerError)), failures[0])


def tags(found: Iterable[tuple[str, float]]) -> list[Tag]:
    """A service's labels as tags: lower case, none twice, weight in (0, 1], the heaviest `TOP` in order."""
    weights: dict[str, float] = {}
    for name, score in found:
        label = " ".join(name.lower().split())
        weight = round(min(max(score, 0.0), 1.0), _DIGITS)  # no number: never larger
        if label and weight > weights.get(label, 0.0):
            weights[label] = weight
    best = sorted(weights.items(), key=lambda pair: (-pair[1], pair[0]))
    return [Tag(label, weight) for label, weight in best[:TOP]]


def skipped(cover: Cover, reason: str) -> Skipped:
    """A cover that the service gave no tags for."""
    return Skipped(words(cover.album.name or cover.album.id), reason)


def sendable(cover: Cover, most: int) -> bytes:
    """A JPEG of at most ``most`` bytes: the file itself, or its pixels where it is larger or no JPEG.

    Services read transparency, 16 bits and animation each in their own way; the pixels are what every other
    tagger sees.
    """
    if cover.data.startswith(_JPEG) and len(cover.data) <= most:
        return cover.data
    for quality in _QUALITIES:
        data = _encoded(cover.pixels, quality)
        if len(data) <= most:
            break
    return data


def _encoded(pixels: NDArray[np.uint8], quality: int) -> bytes:
    import io

    from PIL import Image

    image = Image.fromarray(pixels)
    scale = min(1.0, SIDE / min(image.size), _LONGEST / max(image.size))
    if scale < 1:
        width, height = (max(round(side * scale), 1) for side in image.size)
        image = image.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=2.0)
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return stream.getvalue()
