"""The taggers of a run: who still looks at covers, who dropped out and why, and what calls may yet cost."""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from spotitags.errors import SpotiTagsError, TaggerError
from spotitags.records import Skipped, Tag
from spotitags.taggers import Paid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from spotitags.records import Cover
    from spotitags.taggers import CoverReader

    Answers = dict[str, list[Tag] | Skipped]


def owner(reader: CoverReader) -> str:
    """Name of the tagger that a reader belongs to: its own, or of the one that it reads covers by."""
    name: str = getattr(reader, "tagger", reader).name
    return name


@contextmanager
def blamed(tagger: str) -> Iterator[None]:
    """Whatever but our own errors is raised inside becomes one that names the tagger, which is to blame.

    Raises:
        TaggerError: It is broken.
    """
    try:
        yield
    except SpotiTagsError:
        raise
    except Exception as error:
        raise TaggerError(
            f"the tagger {tagger} is broken ({type(error).__name__}: {error}): report it to those who made "
            "it, or leave it out"
        ) from error


def of_tagger(name: str, reason: str) -> str:
    """Why a tagger could not do something, with its name."""
    return reason if name in reason else f"{name}: {reason}"


def version_of(reader: CoverReader) -> str:
    """What its answers are kept under.

    Raises:
        TaggerError: Its tagger is broken.
    """
    with blamed(owner(reader)):
        version = reader.version
        if not isinstance(version, str) or not version:
            raise ValueError(f"its version is {version!r}, not a line of text")
        return version


class Panel:
    """Asks taggers, one of which may fail where others go on, and counts calls that cost money.

    What happens here holds for as long as the panel lives, so that no tagger that failed is waited for again.

    Args:
        taggers: All of them; other readers of covers may be asked, too, but none can do without those.
        max_calls: Most paid calls of all taggers together; None for no limit.
        offline: True forbids every paid call.
        notify: Called with a line when a tagger drops out or may not be asked any more.
    """

    def __init__(
        self,
        taggers: Sequence[CoverReader],
        *,
        max_calls: int | None = None,
        offline: bool = False,
        notify: Callable[[str], None] | None = None,
    ) -> None:
        self.names = tuple(tagger.name for tagger in taggers)
        self.max_calls = 0 if offline else max_calls
        self._limit = (
            "--offline forbids paid calls: leave it out to go on"
            if offline
            else "--max-calls 0 allows no calls: allow some to go on"
            if max_calls == 0
            else f"--max-calls {max_calls} allows no more calls: run again to go on"
        )
        self.notify = notify or (lambda _line: None)
        self.calls = 0
        self.absent: dict[str, str] = {}
        self.limited: set[str] = set()
        self.unread: dict[tuple[str, str], str] = {}
        self._left: defaultdict[str, set[str]] = defaultdict(set)

    def looks(self, reader: CoverReader) -> bool:
        """Whether the reader still takes part."""
        return owner(reader) not in self.absent

    def ask(self, reader: CoverReader, covers: Sequence[Cover]) -> Answers:
        """What a reader says of covers, by digest, checked.

        Raises:
            SpotiTagsError: It failed; whatever else than our own errors it raised has become one, with its
                name.
        """
        with blamed(owner(reader)):
            found = _checked(reader.tag(covers), covers)
        for digest, tags in found.items():
            if isinstance(tags, Skipped):
                self.unread[reader.name, digest] = tags.reason
        return found

    def drop(self, reader: CoverReader, error: SpotiTagsError) -> None:
        """Let the others go on without the reader's tagger.

        Raises:
            SpotiTagsError: ``error``, where there are no others or the reader is not a tagger's.
        """
        name = owner(reader)
        others = [other for other in self.names if other != name and other not in self.absent]
        if name not in self.names or not others:
            raise error
        self.absent[name] = f"it dropped out: {error}"
        left = f"{' and '.join(others)} go{'es' if len(others) == 1 else ''} on"
        self.notify(f"warning: the tagger {name} drops out, {left}: {error}")

    def pay(self, reader: CoverReader, covers: Sequence[Cover]) -> list[Cover]:
        """Of these covers the first that may be paid for, whose calls are counted.

        Where these are not all, the reader's tagger may not be asked any more.
        """
        if not isinstance(reader, Paid):
            return list(covers)
        allowed = list(covers)
        while allowed and not self._affordable(reader, allowed):
            allowed.pop()
        if len(allowed) < len(covers):
            self.absent[owner(reader)] = self._limit
            self.limited.add(owner(reader))
        if allowed:
            self.calls += calls_for(reader, allowed)
        return allowed

    def leave(self, name: str, covers: Iterable[str]) -> None:
        """Note covers, by digest or another name of their own, that a limited tagger did not see."""
        self._left[name].update(covers)

    def report(self) -> None:
        """Say once how many covers each limited tagger did not see."""
        calls = f"{self.calls} paid call{'' if self.calls == 1 else 's'}"
        for name, covers in self._left.items():
            left = f"{len(covers)} cover{'' if len(covers) == 1 else 's'} left untagged"
            self.notify(f"tagger {name}: {left} after {calls}, whose answers are kept; {self._limit}")
        self._left.clear()

    def _affordable(self, reader: Paid, covers: Sequence[Cover]) -> bool:
        return self.max_calls is None or self.calls + calls_for(reader, covers) <= self.max_calls


def calls_for(tagger: Paid, covers: Sequence[Cover]) -> int:
    """Calls that a paid tagger makes for these covers at once.

    Raises:
        ValueError: It gave a number below 0, which would allow more calls than there are.
    """
    calls = tagger.calls_for([len(cover.data) for cover in covers])
    if calls < 0:
        raise ValueError(f"it gave {calls} calls for {len(covers)} covers")
    return calls


def _checked(answers: Sequence[list[Tag] | Skipped], covers: Sequence[Cover]) -> Answers:
    """The answers by digest, which a bag can be made of.

    Raises:
        ValueError: It cannot.
    """
    if len(answers) != len(covers):
        raise ValueError(f"it gave {len(answers)} answers for {len(covers)} covers")
    return {
        cover.digest: tags if isinstance(tags, Skipped) else _sound(tags)
        for cover, tags in zip(covers, answers, strict=True)
    }


def sound(answered: Mapping[str, list[Tag]]) -> dict[str, list[Tag]]:
    """Of what a tagger handed over as it failed, by digest, what a bag can be made of."""
    found = {}
    for digest, tags in answered.items():
        with suppress(TypeError, ValueError):
            found[str(digest)] = _sound(tags)
    return found


def _sound(tags: Iterable[Tag]) -> list[Tag]:
    """The tags as they can be kept: a weight may come as a number of numpy's."""
    plain = [Tag(str(label), float(weight)) for label, weight in tags]
    if len({label for label, _ in plain}) < len(plain):
        raise ValueError("it gave a cover one label twice")
    for label, weight in plain:
        if not 0 <= weight <= 1:
            raise ValueError(f"it gave {label!r} the weight {weight}, which is not in [0, 1]")
    return plain
