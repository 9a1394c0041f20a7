"""The taggers of a run: who still looks at covers, who dropped out and why, and what calls may yet cost."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from spotitags.pipeline.paid_calls import calls_for
from spotitags.records import Skipped
from spotitags.taggers.base import HasCost
from spotitags.taggers.validation import as_tagger_error, checked_answers, tagger_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from spotitags.errors import SpotiTagsError
    from spotitags.records import Cover
    from spotitags.taggers.base import FeatureExtractor
    from spotitags.taggers.validation import Answers


class TaggerPool:
    """Asks taggers, one of which may fail where others go on, and counts calls that cost money.

    What happens here holds for as long as the pool lives, so that no tagger that failed is waited for again.

    Args:
        taggers: All of them; other readers of covers may be asked, too, but none can do without those.
        max_calls: Most paid calls of all taggers together; None for no limit.
        offline: True forbids every paid call.
        notify: Called with a line when a tagger drops out or may not be asked any more.
    """

    def __init__(
        self,
        taggers: Sequence[FeatureExtractor],
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
        self.dropped: dict[str, str] = {}
        self.over_limit: set[str] = set()
        self.unreadable: dict[tuple[str, str], str] = {}
        self._untagged: defaultdict[str, set[str]] = defaultdict(set)

    def is_active(self, reader: FeatureExtractor) -> bool:
        """Whether the reader still takes part."""
        return tagger_name(reader) not in self.dropped

    def tag(self, reader: FeatureExtractor, covers: Sequence[Cover]) -> Answers:
        """What a reader says of covers, by digest, checked.

        Raises:
            SpotiTagsError: It failed; whatever else than our own errors it raised has become one, with its
                name.
        """
        with as_tagger_error(tagger_name(reader)):
            found = checked_answers(reader.tag(covers), covers)
        for digest, tags in found.items():
            if isinstance(tags, Skipped):
                self.unreadable[reader.name, digest] = tags.reason
        return found

    def drop(self, reader: FeatureExtractor, error: SpotiTagsError) -> None:
        """Let the others go on without the reader's tagger.

        Raises:
            SpotiTagsError: ``error``, where there are no others or the reader is not a tagger's.
        """
        name = tagger_name(reader)
        others = [other for other in self.names if other != name and other not in self.dropped]
        if name not in self.names or not others:
            raise error
        self.dropped[name] = f"it dropped out: {error}"
        left = f"{' and '.join(others)} go{'es' if len(others) == 1 else ''} on"
        self.notify(f"warning: the tagger {name} drops out, {left}: {error}")

    def reserve_calls(self, reader: FeatureExtractor, covers: Sequence[Cover]) -> list[Cover]:
        """Of these covers the first that may be paid for, whose calls are counted.

        Where these are not all, the reader's tagger may not be asked any more.
        """
        if not isinstance(reader, HasCost):
            return list(covers)
        allowed = list(covers)
        while allowed and not self._affordable(reader, allowed):
            allowed.pop()
        if len(allowed) < len(covers):
            self.dropped[tagger_name(reader)] = self._limit
            self.over_limit.add(tagger_name(reader))
        if allowed:
            self.calls += calls_for(reader, allowed)
        return allowed

    def add_untagged(self, name: str, covers: Iterable[str]) -> None:
        """Note covers, by digest or another name of their own, that a limited tagger did not see."""
        self._untagged[name].update(covers)

    def report(self) -> None:
        """Say once how many covers each limited tagger did not see."""
        calls = f"{self.calls} paid call{'' if self.calls == 1 else 's'}"
        for name, covers in self._untagged.items():
            left = f"{len(covers)} cover{'' if len(covers) == 1 else 's'} left untagged"
            self.notify(f"tagger {name}: {left} after {calls}, whose answers are kept; {self._limit}")
        self._untagged.clear()

    def _affordable(self, reader: HasCost, covers: Sequence[Cover]) -> bool:
        return self.max_calls is None or self.calls + calls_for(reader, covers) <= self.max_calls
