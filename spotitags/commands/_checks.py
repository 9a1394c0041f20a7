"""Checks of packages, keys, hardware, taggers and services for ``doctor``. Values of keys are never shown."""

from __future__ import annotations

import os
import platform
import re
import socket
from importlib.metadata import PackageNotFoundError, requires, version
from typing import TYPE_CHECKING, NamedTuple

from spotitags.catalogs.library.catalog import LibraryCatalog
from spotitags.commands._status import StatusRow, status_table
from spotitags.errors import SpotiTagsError, install_extra
from spotitags.io.cache import answer_cache
from spotitags.settings import Settings
from spotitags.settings.config_file import ConfigFile
from spotitags.taggers.clip.devices import choose_device, cuda_capability, precision
from spotitags.taggers.clip.weights import DEFAULT_MODEL, on_disk
from spotitags.taggers.registry import installed_taggers, tagger_options

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.table import Table


PACKAGES = ("spotitags", "onnxruntime", "pillow", "spotipy")  # of those that are always installed
EXTRAS = {
    "train": "train, evaluate and leaderboard",
    "clip": "--tagger clip",
    "clarifai": "--tagger clarifai",
    "google": "--tagger google-vision",
    "words": "--words and rare genres with lite",
    "explore": "explore without --out",
    "frame": "SpotiTags.frame in Python",
    "parquet": "--parquet and tag-corpus",
    "scale": "tag-corpus --engine ray, and tables of a million artists",
    "neighbours": "colour-knn on more than a hundred thousand covers",
}
"""The feature that each extra of the package adds."""

TAGGERS = {"clip": "clip", "clarifai": "clarifai", "google-vision": "google"}
"""The extra that a tagger needs."""

HOSTS = (
    ("MusicBrainz", "musicbrainz.org"),
    ("Cover Art Archive", "coverartarchive.org"),
    ("Spotify", "api.spotify.com"),
    ("model hub", "huggingface.co"),
)
CLARIFAI_KEY = "only for --tagger clarifai: create a personal access token at clarifai.com and set it"
GOOGLE_KEY = (
    "only for --tagger google-vision: run 'gcloud auth application-default login', or set it to the key file "
    "of a service account"
)
TIMEOUT = 3.0  # seconds


class Check(NamedTuple):
    """Result of one check.

    Attributes:
        area: What kind of thing was checked.
        name: Its name; empty if there is only one.
        ok: True if nothing needs to be done.
        found: Result.
        remedy: What to do if it is not ok.
        extra: The extra of the package that the check belongs to, if any.
    """

    area: str
    name: str
    ok: bool
    found: str
    remedy: str = ""
    extra: str = ""


def examine(settings: Settings | None = None, *, offline: bool = False) -> list[Check]:
    """Check everything that a run may need; ``offline`` leaves out the network."""
    settings = settings or Settings()
    checks = [*_packages(), *_keys(settings), *_taggers(settings), _library(), _model(), _cache(settings)]
    if not offline:
        checks += [reach(name, host) for name, host in HOSTS]
    checks += [_gpu(), _weights()]
    return [verdict(checks), *checks]


def verdict(checks: Sequence[Check]) -> Check:
    """Name in one line what can be used now."""
    good = {_subject(check) for check in checks if check.ok}
    gaps = {_subject(check) for check in checks if not check.ok}
    taggers = [check.name for check in checks if check.area == "tagger" and check.ok]
    spotify = {"key SPOTIPY_CLIENT_ID", "key SPOTIPY_CLIENT_SECRET"} <= good
    possible = (
        ("--offline", "library" in good),
        ("--manifest", bool(taggers)),
        ("--catalog musicbrainz", "contact SPOTITAGS_CONTACT" in good and "network MusicBrainz" not in gaps),
        ("--catalog spotify", spotify and "network Spotify" not in gaps),
    )
    sources = [option for option, usable in possible if usable]
    if not taggers or "package onnxruntime" in gaps:
        return Check("verdict", "", ok=False, found="nothing works", remedy="install spotitags again")
    noun = "tagger" if len(taggers) == 1 else "taggers"
    found = f"works now: predict {', '.join(sources)}; {noun} {', '.join(taggers)}"
    if all(check.ok for check in checks if check.extra == "train"):
        found += "; training"
    return Check("verdict", "", ok=True, found=found)


def checks_table(checks: Sequence[Check], width: int = 80) -> Table:
    """Build a table of checks with remedies below the results: first the base, then each extra in a row.

    Args:
        checks: From `examine`.
        width: Columns of the terminal.
    """
    base = [check for check in checks if not check.extra and check.area != "verdict"]
    rows = [StatusRow(check.ok, _subject(check), check.found, check.remedy) for check in base]
    for extra in dict.fromkeys(check.extra for check in checks if check.extra):
        rows += _extra_rows(extra, [check for check in checks if check.extra == extra])
    return status_table(("what", "found"), rows, width)


def _extra_rows(extra: str, checks: Sequence[Check]) -> Iterator[StatusRow]:
    """Yield a row for an extra's packages, then what else it needs, each gap once."""
    packages = [check for check in checks if check.area == "package"]
    others = [check for check in checks if check.area != "package"]
    missing = [check for check in packages if not check.ok]
    if missing:
        names = ", ".join(check.name for check in missing)
        yield StatusRow(ok=False, name=f"extra {extra}", found=f"no {names}", remedy=missing[0].remedy)
        others = [check for check in others if check.area == "key" and not check.ok]
    else:
        versions = ", ".join(f"{check.name} {check.found}" for check in packages)
        yield StatusRow(ok=True, name=f"extra {extra}", found=versions)
    explained = any(check.area == "key" and not check.ok for check in others)
    for check in others:
        if check.ok or check.area != "tagger" or not explained:
            yield StatusRow(check.ok, f"  {_subject(check)}", check.found, check.remedy)


def _subject(check: Check) -> str:
    return f"{check.area} {check.name}".strip()


def _packages() -> Iterator[Check]:
    python = f"{platform.python_version()} on {platform.platform(terse=True)}"
    yield Check("python", "", ok=True, found=python)
    for name in PACKAGES:
        yield _package(name, "is part of spotitags: install it again")
    for extra, feature in EXTRAS.items():
        for name in _requirements(extra):
            yield _package(name, f"only for {feature}: {install_extra(extra)}", extra)


def _package(name: str, remedy: str, extra: str = "") -> Check:
    try:
        return Check("package", name, ok=True, found=version(name), extra=extra)
    except PackageNotFoundError:
        return Check("package", name, ok=False, found="not installed", remedy=remedy, extra=extra)


def _requirements(extra: str) -> list[str]:
    """Return the names of the packages that an extra installs, from the metadata of the installation."""
    pattern = re.compile(rf"([\w.-]+).*;.*\bextra == ['\"]{extra}['\"]")
    try:
        return [found[1] for line in requires("spotitags") or () if (found := pattern.match(line))]
    except PackageNotFoundError:
        return []


def _keys(settings: Settings) -> Iterator[Check]:
    remedy = "only for --catalog spotify: create an app at developer.spotify.com and set it"
    yield _key("SPOTIPY_CLIENT_ID", settings.spotify_client_id, remedy)
    yield _key("SPOTIPY_CLIENT_SECRET", settings.spotify_client_secret, remedy)
    yield _key("CLARIFAI_PAT", settings.clarifai_pat, CLARIFAI_KEY, "clarifai")
    yield _google(settings)
    yield _contact(settings)
    yield _configuration(settings)


def _key(name: str, value: object, remedy: str, extra: str = "") -> Check:
    return Check("key", name, ok=bool(value), found="set" if value else "not set", remedy=remedy, extra=extra)


def _google(settings: Settings) -> Check:
    file = settings.google_credentials
    found = f"in {file}" if file else "not set"
    if file and not file.is_file():
        found = f"there is no file {file}"
    good = bool(file and file.is_file())
    name = "GOOGLE_APPLICATION_CREDENTIALS"
    return Check("key", name, ok=good, found=found, remedy=GOOGLE_KEY, extra="google")


def _contact(settings: Settings) -> Check:
    remedy = "only for --catalog musicbrainz: 'spotitags config set contact' with your e-mail or web address"
    if not settings.contact:
        return Check("contact", "SPOTITAGS_CONTACT", ok=False, found="not set", remedy=remedy)
    from spotitags.catalogs.musicbrainz.client import user_agent

    try:
        found = f"MusicBrainz reads {user_agent(settings.contact)}"
    except SpotiTagsError as error:
        return Check("contact", "SPOTITAGS_CONTACT", ok=False, found=str(error), remedy=remedy)
    return Check("contact", "SPOTITAGS_CONTACT", ok=True, found=found)


def _configuration(settings: Settings) -> Check:
    file = ConfigFile(settings.config_dir)
    named = ", ".join(file.values)
    found = f"{file.path} sets {named}" if named else f"{file.path} sets nothing"
    return Check("configuration", "", ok=True, found=found)


def _gpu() -> Check:
    capability, device = cuda_capability(), choose_device()
    if device == "mps":
        return Check("GPU", "", ok=True, found=f"Apple's, through MPS, {precision(device)}", extra="clip")
    if capability is None:
        remedy = "only clip would be faster with one; lite needs none"
        return Check("GPU", "", ok=False, found="no NVIDIA driver answers", remedy=remedy, extra="clip")
    found = f"NVIDIA, compute capability {capability[0]}.{capability[1]}, {precision('cuda')}"
    remedy = "torch is missing or was built without CUDA: install torch's CUDA build"
    return Check("GPU", "", ok=device == "cuda", found=found, remedy=remedy, extra="clip")


def _weights() -> Check:
    here = on_disk(DEFAULT_MODEL)
    remedy = "only for clip: run once with --tagger clip and a network (about 600 MB)"
    found = f"{DEFAULT_MODEL} {'is' if here else 'is not'} on disk"
    return Check("weights", "of clip", ok=bool(here), found=found, remedy=remedy, extra="clip")


def _taggers(settings: Settings) -> Iterator[Check]:
    for tagger in installed_taggers(tagger_options(settings)):
        extra = TAGGERS.get(tagger.name, "")
        yield Check("tagger", tagger.name, tagger.ready, tagger.reason, tagger.remedy, extra)


def _library() -> Check:
    try:
        sample = LibraryCatalog()
        found = f"{len(sample.artists())} artists, tagged by {sample.tagger}"
    except SpotiTagsError as error:
        return Check("library", "", ok=False, found=str(error))
    return Check("library", "", ok=True, found=found)


def _model() -> Check:
    from classifiers.ensemble.model_files import read_card
    from classifiers.errors import ModelFileError
    from spotitags.io.genre_names import with_aliases
    from spotitags.pipeline.voting import bundled_model

    try:
        _, card = read_card(bundled_model())
    except ModelFileError as error:
        return Check("model", "bundled", ok=False, found=str(error), remedy="install spotitags again")
    return Check("model", "bundled", ok=True, found=f"knows {with_aliases(card['genres'])}")


def _cache(settings: Settings) -> Check:
    cache = answer_cache(settings.cache_dir, settings.cache_megabytes)
    try:
        megabytes = cache.volume() / 2**20
    except SpotiTagsError as error:
        return Check("cache", "", ok=False, found=str(error))
    finally:
        cache.close()
    folder = settings.cache_dir
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    writable = os.access(nearest, os.W_OK)
    found = f"{folder}, {megabytes:.1f} MB of {settings.cache_megabytes}"
    remedy = "it cannot be written: set SPOTITAGS_CACHE_DIR to another folder"
    return Check("cache", "", ok=writable, found=found, remedy=remedy)


def reach(name: str, host: str, port: int = 443) -> Check:
    """Check that a service's host accepts connections; nothing is sent."""
    remedy = "not needed for --offline, nor for --manifest with the tagger lite; else check network and proxy"
    try:
        with socket.create_connection((host, port), timeout=TIMEOUT):
            return Check("network", name, ok=True, found=f"{host} answers")
    except OSError as error:
        return Check("network", name, ok=False, found=f"{host}: {error}", remedy=remedy)
