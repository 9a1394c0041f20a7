"""Contact for MusicBrainz, which requires one of every program."""

import sys
from typing import TYPE_CHECKING, Final

import typer

from spotitags.catalogs.artist_ids import bare_id
from spotitags.commands._console import message
from spotitags.commands._open import catalog_name, save_setting

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from spotitags.commands._options import SourceOptions
    from spotitags.settings import Settings


CONTACT: Final = (
    "MusicBrainz requires a contact from every program. What you enter is sent to "
    "musicbrainz.org with each request and nowhere else; it is saved for later runs. "
    "'spotitags config set contact' and SPOTITAGS_CONTACT do the same."
)


def prompt_for_contact(refs: "Iterable[str]", source: "SourceOptions") -> None:
    """Prompt once for the contact that MusicBrainz requires, if a person is at the terminal.

    Args:
        refs: Artist ids or names.
        source: Options that choose albums.
    """
    if source.offline or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return
    from spotitags.settings import Settings

    settings = Settings()
    if not needs_contact(
        settings, catalog_name(source), refs, manifest=source.manifest, offline=source.offline
    ):
        return
    message(CONTACT)
    contact = typer.prompt(
        "e-mail or web address (nothing to go without)", default="", show_default=False, err=True
    )
    if contact:
        save_contact(contact.strip())


def needs_contact(
    settings: "Settings", catalog: str, refs: "Iterable[str]", *, manifest: "Path | None", offline: bool
) -> bool:
    """Return whether MusicBrainz would be requested for one of these artists if a contact were set.

    Args:
        settings: Keys and contact.
        catalog: Requested catalogue, such as ``auto``.
        refs: Artist ids or names.
        manifest: Covers on disk, if any.
        offline: True forbids requests.

    Raises:
        InputError: Options contradict each other.
    """
    if settings.contact or manifest is not None or offline:
        return False
    from spotitags.catalogs.registry import choose_catalog

    chosen = choose_catalog(catalog, settings, manifest=manifest, offline=offline).name
    if chosen != "library" or catalog != "auto":
        return chosen == "musicbrainz"
    from spotitags.catalogs.library.catalog import LibraryCatalog
    from spotitags.catalogs.search import has_name

    library = LibraryCatalog()
    bundled = {artist.id for artist in library.artists()}
    return any(bare_id(ref) not in bundled and not has_name(library, ref) for ref in refs)


def save_contact(contact: str) -> None:
    """Save a contact for MusicBrainz for this and later runs.

    Raises:
        SettingsError: It is neither an e-mail nor a web address.
        InputError: The configuration file cannot be written.
    """
    from spotitags.catalogs.musicbrainz.client import user_agent

    user_agent(contact)
    save_setting("contact", contact)
