"""Installed taggers by name, and the choice of those that run."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from spotitags.errors import InputError, SpotiTagsError, TaggerError
from spotitags.io.choices import Choice
from spotitags.records import JOINT
from spotitags.taggers.base import HasCost, NeedsPreparation, OpenVocabulary, Readiness, Tagger, TaggerOptions
from spotitags.taggers.validation import as_tagger_error, check_tagger

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.metadata import EntryPoint

    from spotitags.settings import Settings


EMBEDDED = "lite"
PREFERRED = "clip"

FREE, UNKNOWN = "free", "unknown"

GROUP = "spotitags.taggers"


def tagger_options(  # noqa: PLR0913 — all options of taggers
    settings: Settings,
    *,
    clip_model: str | None = None,
    device: str | None = None,
    offline: bool = False,
    labels: tuple[str, ...] = (),
    notify: Callable[[str], None] | None = None,
) -> TaggerOptions:
    """Build the options of taggers from those of a run, and folders, keys and addresses of the settings."""
    return TaggerOptions(
        cache_dir=settings.cache_dir,
        clip_model=clip_model,
        device=device,
        offline=offline,
        labels=labels,
        clarifai_key=settings.clarifai_pat,
        clarifai_address=settings.clarifai_address,
        google_credentials=settings.google_credentials,
        google_vision_address=settings.google_vision_address,
        notify=notify,
    )


def choose_taggers(requested: Sequence[str | Tagger], options: TaggerOptions) -> tuple[list[Tagger], Choice]:
    """Return the requested taggers and the reason; by default clip if it can run, else lite.

    Args:
        requested: Names, or taggers as objects.
        options: Options of taggers that are built by name.

    Raises:
        InputError: A name is unknown or repeated, or a tagger takes no custom labels.
        TaggerError: A tagger cannot be loaded or used.
    """
    if requested:
        taggers = [_tagger(tagger, options) for tagger in requested]
        for tagger, name in zip(taggers, requested, strict=True):
            check_tagger(tagger, name if isinstance(name, str) else None)
        names = [tagger.name for tagger in taggers]
        if len(set(names)) < len(names):
            raise InputError(f"a tagger is named twice: {', '.join(names)}")
        if joint := [name for name in names if JOINT in name]:
            raise InputError(
                f"no tagger may be called {joint[0]!r}, for {JOINT!r} joins the names of merged taggers"
            )
        return taggers, Choice(", ".join(names), "requested")
    preferred = tagger_class(PREFERRED)
    readiness = preferred.readiness(options)
    if readiness.ready:
        return [preferred.from_options(options)], Choice(PREFERRED, readiness.reason)
    reason = f"{PREFERRED} cannot run here ({readiness.reason})"
    return [tagger_class(EMBEDDED).from_options(options)], Choice(EMBEDDED, reason)


def ready_taggers(
    requested: Sequence[str | Tagger], options: TaggerOptions, notify: Callable[[str], None]
) -> list[Tagger]:
    """Return the taggers of `choose_taggers`, and report the choice and one-time set-up steps.

    Raises:
        InputError: As `choose_taggers` does.
        TaggerError: As `choose_taggers` does, or a tagger cannot describe its set-up step.
        NotInstalledError: A tagger lacks what its options need.
    """
    taggers, choice = choose_taggers(requested, options)
    notify(choice.line("tagger"))
    for tagger in taggers:
        with as_tagger_error(tagger.name):
            step = tagger.preparation() if isinstance(tagger, NeedsPreparation) else None
        if step:
            notify(f"tagger {tagger.name}: {step}")
    return taggers


def _tagger(requested: str | Tagger, options: TaggerOptions) -> Tagger:
    if not options.labels:
        return _built(requested, options) if isinstance(requested, str) else requested
    if not isinstance(requested, str):
        raise InputError(
            f"labels need a tagger by name: pass them to the constructor of the tagger {requested.name!r}"
        )
    tagger = _built(requested, options)
    if not isinstance(tagger, OpenVocabulary):
        raise InputError(f"the tagger {requested!r} takes no words of yours: leave it or --words out")
    return tagger


def _built(name: str, options: TaggerOptions) -> Tagger:
    """Build the tagger of that name; errors of its constructor name it."""
    kind = tagger_class(name)
    with as_tagger_error(name):
        return kind.from_options(options)


class InstalledTagger(NamedTuple):
    """State of an installed tagger.

    Attributes:
        name: Name for ``--tagger``.
        package: Distribution of the tagger.
        ready: True if it can run on this machine.
        reason: Reason for the state.
        remedy: What to do if it is not ready; may be empty.
        cost: `FREE`, the price of its service in one line, or `UNKNOWN` for a broken tagger.
    """

    name: str
    package: str
    ready: bool
    reason: str
    remedy: str
    cost: str


def installed_taggers(options: TaggerOptions) -> list[InstalledTagger]:
    """Return the state of all installed taggers by name; a broken tagger has its error as reason."""
    return [_installed_tagger(name, options) for name in tagger_names()]


def _installed_tagger(name: str, options: TaggerOptions) -> InstalledTagger:
    package = tagger_package(name)
    try:
        kind = tagger_class(name)
        readiness = kind.readiness(options)
        tagger = kind.from_options(options)
        cost = tagger.cost if isinstance(tagger, HasCost) else FREE
    except Exception as error:  # noqa: BLE001  (third-party taggers may fail in any way)
        reason = str(error) if isinstance(error, SpotiTagsError) else f"{type(error).__name__}: {error}"
        readiness = Readiness(ready=False, reason=reason, remedy=f"fix or uninstall the package {package}")
        cost = UNKNOWN
    return InstalledTagger(name, package, readiness.ready, readiness.reason, readiness.remedy, cost)


def tagger_names() -> list[str]:
    """Return the names of all installed taggers, sorted; none is loaded."""
    return sorted(_entries())


def tagger_class(name: str) -> type[Tagger]:
    """Load the class of an installed tagger.

    Raises:
        InputError: No tagger of that name is installed.
        TaggerError: Its module cannot be loaded.
    """
    entry = _entries().get(name)
    if entry is None:
        raise InputError(f"no tagger is called {name!r}; there are: {', '.join(tagger_names())}")
    try:
        return cast("type[Tagger]", entry.load())
    except (Exception, SystemExit) as error:  # third-party modules may do anything
        raise TaggerError(
            f"the tagger {name} cannot be loaded ({type(error).__name__}: {error}): fix or uninstall the "
            f"package {tagger_package(name)}"
        ) from error


def tagger_package(name: str) -> str:
    """Return the name of the distribution of a tagger, or ``unknown``."""
    entry = _entries().get(name)
    return entry.dist.name if entry and entry.dist else "unknown"


def _entries() -> dict[str, EntryPoint]:
    """Return entry points by name; third-party taggers cannot replace built-in taggers."""
    from importlib.metadata import entry_points

    found = entry_points(group=GROUP)
    ours = {entry.name: entry for entry in found if entry.dist and entry.dist.name == "spotitags"}
    return {entry.name: entry for entry in reversed(list(found))} | ours
