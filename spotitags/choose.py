"""Which catalogue and which taggers run, and why: asked for, or the best that can run here."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from spotitags.contract import check_tagger
from spotitags.errors import InputError, SettingsError
from spotitags.merging import JOINT
from spotitags.panel import blamed
from spotitags.taggers import OpenVocabulary, Preparing, TaggerOptions, tagger_class

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from spotitags.cache import Cache
    from spotitags.catalogs import Catalog
    from spotitags.catalogs.musicbrainz import MusicBrainzCatalog
    from spotitags.catalogs.spotify import SpotifyCatalog
    from spotitags.settings import Settings
    from spotitags.taggers import Tagger

CATALOGS = ("auto", "spotify", "musicbrainz", "folder", "library")
EMBEDDED = "lite"
PREFERRED = "clip"
_KEYS = "SPOTIPY_CLIENT_ID and SPOTIPY_CLIENT_SECRET"


class Choice(NamedTuple):
    """What was chosen, by name, and why."""

    name: str
    why: str

    def line(self, what: str) -> str:
        """One line for a person, such as ``tagger lite: no GPU and no weights on disk for clip``."""
        return f"{what} {self.name}: {self.why}"


def choose_catalog(name: str, settings: Settings, *, manifest: Path | None, offline: bool) -> Choice:
    """The catalogue's name for what was asked.

    Args:
        name: One of `CATALOGS`.
        settings: Tells whether Spotify's keys are set.
        manifest: Covers on disk, if any.
        offline: True forbids every catalogue that opens a socket.

    Raises:
        InputError: An unknown name, or wishes that contradict each other.
    """
    if name not in CATALOGS:
        raise InputError(f"no catalogue is called {name!r}; there are: {', '.join(CATALOGS)}")
    if manifest is not None and name not in {"auto", "folder"}:
        raise InputError(
            f"--manifest belongs to the catalogue 'folder', not to {name!r}: leave one of the two out"
        )
    if name == "folder" and manifest is None:
        raise InputError(
            "the catalogue 'folder' needs --manifest: a CSV (artist_id,file) or a folder artist/*.jpg"
        )
    if offline and name in {"spotify", "musicbrainz"}:
        raise InputError(f"--offline and --catalog {name} contradict each other: leave one of the two out")
    if name != "auto":
        return Choice(name, "asked for")
    if manifest is not None:
        return Choice("folder", "a manifest was given")
    if offline:
        return Choice("library", "the bundled sample needs no network")
    if settings.spotify_client_id and settings.spotify_client_secret:
        return Choice("spotify", "its keys are set")
    if settings.contact:
        return Choice("musicbrainz", "a contact is set, and Spotify's keys are not")
    return Choice("library", f"the bundled sample; neither {_KEYS} nor SPOTITAGS_CONTACT are set")


def open_catalog(  # noqa: PLR0913 — what a catalogue may need
    name: str,
    settings: Settings,
    cache: Cache,
    *,
    manifest: Path | None = None,
    refresh: bool = False,
    also: Collection[str] = (),
) -> Catalog:
    """The catalogue of that name, ready to be asked.

    Args:
        name: One of `CATALOGS` but ``auto``.
        settings: Keys, contact and addresses.
        cache: Keeps what services answer.
        manifest: Covers on disk, for ``folder``.
        refresh: Ask services anew what they answered in earlier runs.
        also: Releases that ``musicbrainz`` leaves out unless asked: `spotitags.catalogs.musicbrainz.ALSO`.

    Raises:
        SettingsError: Spotify's keys are missing.
        InputError: ``also`` does not fit the catalogue.
    """
    if also and name != "musicbrainz":
        raise InputError(f"--also belongs to the catalogue 'musicbrainz', not to {name!r}: leave it out")
    if name == "library":
        from spotitags.catalogs.library import LibraryCatalog

        return LibraryCatalog()
    if name == "folder" and manifest is not None:
        from spotitags.catalogs.folder import FolderCatalog

        return FolderCatalog(manifest)
    if name == "musicbrainz":
        return _musicbrainz(settings, cache, also, refresh=refresh)
    return _spotify(settings, cache, refresh=refresh)


def _musicbrainz(
    settings: Settings, cache: Cache, also: Collection[str], *, refresh: bool
) -> MusicBrainzCatalog:
    from spotitags.catalogs._musicbrainz import MusicBrainzClient, pause_for
    from spotitags.catalogs.answers import Answers
    from spotitags.catalogs.musicbrainz import MusicBrainzCatalog
    from spotitags.pacing import Pace

    url = settings.musicbrainz_url
    client = MusicBrainzClient(
        settings.contact,
        answers=Answers(cache, "musicbrainz", refresh=refresh),
        pace=Pace(settings.cache_dir / "musicbrainz.pace", pause_for(url, settings.musicbrainz_pause)),
        url=url,
    )
    return MusicBrainzCatalog(client, also=also, archive=settings.coverart_url)


def _spotify(settings: Settings, cache: Cache, *, refresh: bool) -> SpotifyCatalog:
    from spotitags.catalogs.answers import Answers, Budget
    from spotitags.catalogs.spotify import SpotifyCatalog

    if not settings.spotify_client_id or not settings.spotify_client_secret:
        raise SettingsError(
            f"the catalogue 'spotify' needs {_KEYS}: set both, or take --catalog musicbrainz, --offline or "
            "--manifest"
        )
    account = hashlib.sha256(settings.spotify_client_id.encode()).hexdigest()[:16]  # no key on disk
    return SpotifyCatalog(
        settings.spotify_client_id,
        settings.spotify_client_secret.get_secret_value(),
        market=settings.market,
        api_url=settings.spotify_api_url,
        token_url=settings.spotify_token_url,
        answers=Answers(cache, "spotify", account=account, refresh=refresh),
        budget=Budget(
            cache, account, settings.spotify_calls_a_day or None, setting="SPOTITAGS_SPOTIFY_CALLS_A_DAY"
        ),
    )


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
        with blamed(tagger.name):
            todo = tagger.preparation() if isinstance(tagger, Preparing) else None
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
    with blamed(name):
        return kind.from_options(options)
