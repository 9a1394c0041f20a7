"""Which taggers are installed, what each needs here and what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from spotitags.checklist import Line, checklist
from spotitags.errors import SpotiTagsError
from spotitags.taggers import Paid, Readiness, tagger_class, tagger_names, tagger_package

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from spotitags.taggers import TaggerOptions

FREE, UNKNOWN = "free", "unknown"


class Installed(NamedTuple):
    """One tagger as it is here.

    Attributes:
        name: For ``--tagger``.
        package: The distribution that brings it.
        ready: Whether it can run.
        reason: Why, or why not.
        remedy: What would change that, or nothing.
        cost: `FREE`, or in one line what the service that it asks charges; `UNKNOWN` of a broken tagger.
    """

    name: str
    package: str
    ready: bool
    reason: str
    remedy: str
    cost: str


def installed(options: TaggerOptions) -> list[Installed]:
    """All taggers by name, those of other packages with the rest; one that cannot be loaded says why."""
    return [_look(name, options) for name in tagger_names()]


def _look(name: str, options: TaggerOptions) -> Installed:
    package = tagger_package(name)
    try:
        kind = tagger_class(name)
        readiness = kind.readiness(options)
        tagger = kind.from_options(options)
        cost = tagger.cost if isinstance(tagger, Paid) else FREE
    except Exception as error:  # noqa: BLE001  (an outsider's tagger may fail in any way)
        reason = str(error) if isinstance(error, SpotiTagsError) else f"{type(error).__name__}: {error}"
        readiness = Readiness(ready=False, reason=reason, remedy=f"mend or uninstall the package {package}")
        cost = UNKNOWN
    return Installed(name, package, readiness.ready, readiness.reason, readiness.remedy, cost)


def show(taggers: Sequence[Installed]) -> Table:
    """The taggers as a table; what each needs stands under what was found, and what it costs below."""
    return checklist(
        ("tagger", "here"),
        [
            Line(
                tagger.ready,
                tagger.name if tagger.package == "spotitags" else f"{tagger.name}\n{tagger.package}",
                tagger.reason,
                tagger.remedy,
                tagger.cost,
            )
            for tagger in taggers
        ],
    )
