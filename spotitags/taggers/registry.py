"""InstalledTagger taggers by name, and the choice of those that run."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING, NamedTuple, cast

from spotitags.errors import InputError, SpotiTagsError, TaggerError
from spotitags.records import JOINT, Choice
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


def tagger_options(  # noqa: PLR0913 — what a tagger may be told
    settings: Settings,
    *,
    clip_model: str | None = None,
    device: str | None = None,
    offline: bool = False,
    labels: tuple[str, ...] = (),
    notify: Callable[[str], None] | None = None,
) -> TaggerOptions:
    """What a run asks of its taggers, with the folders, keys and addresses of the settings."""
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


def choose_taggers(asked: Sequence[str | Tagger], options: TaggerOptions) -> tuple[list[Tagger], Choice]:
    """The taggers asked for, by name or as they are, else the best that can run here: clip, or lite.

    Raises:
        InputError: A name that no installed tagger has, one named twice, or one that takes no labels.
        TaggerError: A tagger cannot be loaded, or is none that could be asked.
    """
    if asked:
        taggers = [_tagger(tagger, options) for tagger in asked]
        for tagger, name in zip(taggers, asked, strict=True):
            check_tagger(tagger, name if isinstance(name, str) else None)
        names = [tagger.name for tagger in taggers]
        if len(set(names)) < len(names):
            raise InputError(f"a tagger is named twice: {', '.join(names)}")
        if joint := [name for name in names if JOINT in name]:
            raise InputError(
                f"no tagger may be called {joint[0]!r}, for {JOINT!r} joins those that are merged"
            )
        return taggers, Choice(", ".join(names), "asked for")
    preferred = tagger_class(PREFERRED)
    readiness = preferred.readiness(options)
    if readiness.ready:
        return [preferred.from_options(options)], Choice(PREFERRED, readiness.reason)
    why = f"{PREFERRED} cannot run here ({readiness.reason})"
    return [tagger_class(EMBEDDED).from_options(options)], Choice(EMBEDDED, why)


def ready_taggers(
    asked: Sequence[str | Tagger], options: TaggerOptions, notify: Callable[[str], None]
) -> list[Tagger]:
    """What `choose_taggers` gives, with a line for the choice and one for what has to be prepared.

    Raises:
        InputError: As `choose_taggers` does.
        TaggerError: As `choose_taggers` does, or a tagger cannot say what it has to prepare.
        NotInstalledError: A tagger lacks what its options need.
    """
    taggers, choice = choose_taggers(asked, options)
    notify(choice.line("tagger"))
    for tagger in taggers:
        with as_tagger_error(tagger.name):
            todo = tagger.preparation() if isinstance(tagger, NeedsPreparation) else None
        if todo:
            notify(f"tagger {tagger.name}: {todo}")
    return taggers


def _tagger(asked: str | Tagger, options: TaggerOptions) -> Tagger:
    if not options.labels:
        return _made(asked, options) if isinstance(asked, str) else asked
    if not isinstance(asked, str):
        raise InputError(
            f"labels go to taggers by name: give the tagger {asked.name!r} its own where it is made"
        )
    tagger = _made(asked, options)
    if not isinstance(tagger, OpenVocabulary):
        raise InputError(f"the tagger {asked!r} has its own words and takes no labels: leave one of them out")
    return tagger


def _made(name: str, options: TaggerOptions) -> Tagger:
    """The tagger of that name; whatever its constructor raises names it."""
    kind = tagger_class(name)
    with as_tagger_error(name):
        return kind.from_options(options)


class InstalledTagger(NamedTuple):
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


def installed_taggers(options: TaggerOptions) -> list[InstalledTagger]:
    """All taggers by name, those of other packages with the rest; one that cannot be loaded says why."""
    return [_installed_tagger(name, options) for name in tagger_names()]


def _installed_tagger(name: str, options: TaggerOptions) -> InstalledTagger:
    package = tagger_package(name)
    try:
        kind = tagger_class(name)
        readiness = kind.readiness(options)
        tagger = kind.from_options(options)
        cost = tagger.cost if isinstance(tagger, HasCost) else FREE
    except Exception as error:  # noqa: BLE001  (an outsider's tagger may fail in any way)
        reason = str(error) if isinstance(error, SpotiTagsError) else f"{type(error).__name__}: {error}"
        readiness = Readiness(ready=False, reason=reason, remedy=f"mend or uninstall the package {package}")
        cost = UNKNOWN
    return InstalledTagger(name, package, readiness.ready, readiness.reason, readiness.remedy, cost)


def tagger_names() -> list[str]:
    """Names of all installed taggers, outsiders' included, sorted; none is loaded."""
    return sorted(_entries())


def tagger_class(name: str) -> type[Tagger]:
    """The class of one installed tagger.

    Raises:
        InputError: No tagger of that name is installed.
        TaggerError: Its module cannot be loaded.
    """
    entry = _entries().get(name)
    if entry is None:
        raise InputError(f"no tagger is called {name!r}; there are: {', '.join(tagger_names())}")
    try:
        return cast("type[Tagger]", entry.load())
    except (Exception, SystemExit) as error:  # an outsider's module may do anything
        raise TaggerError(
            f"the tagger {name} cannot be loaded ({type(error).__name__}: {error}): mend or uninstall the "
            f"package {tagger_package(name)}"
        ) from error


def tagger_package(name: str) -> str:
    """Name of the distribution that brings a tagger, as far as it is known."""
    entry = _entries().get(name)
    return entry.dist.name if entry and entry.dist else "unknown"


def _entries() -> dict[str, EntryPoint]:
    """By name; nobody takes the place of a tagger of ours."""
    found = entry_points(group=GROUP)
    ours = {entry.name: entry for entry in found if entry.dist and entry.dist.name == "spotitags"}
    return {entry.name: entry for entry in reversed(list(found))} | ours
