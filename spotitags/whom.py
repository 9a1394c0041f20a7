"""Whom a command is about: ids, a file, names and playlists; asks where somebody is there to answer."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from spotitags.errors import InputError
from spotitags.terminal import say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from spotitags import SpotiTags


class Asked(NamedTuple):
    """Whom a command is about, as its options say."""

    ids: Sequence[str]
    file: Path | None = None
    names: Sequence[str] = ()
    playlist: str | None = None

    def refs(self) -> list[str]:
        """The ids among them."""
        from spotitags.asking import read_artists

        return [*self.ids, *(read_artists(self.file) if self.file else ())]


def ask_for_contact(asked: Asked, options: dict[str, Any]) -> None:
    """Ask, once for all runs, for the contact that MusicBrainz wants, where there is somebody to ask."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return
    from spotitags.asking import CONTACT, keep_contact, needs_contact
    from spotitags.settings import Settings

    settings = Settings()
    refs = [*asked.refs(), *asked.names]
    if not needs_contact(
        settings, options["catalog"], refs, manifest=options["manifest"], offline=options["offline"]
    ):
        return
    say(CONTACT)
    contact = typer.prompt(
        "e-mail or web address (nothing to go without)", default="", show_default=False, err=True
    )
    if contact:
        keep_contact(settings, contact.strip())


def refs_of(spotitags: SpotiTags, asked: Asked) -> list[str]:
    """The artists asked for, each once; all of a manifest's where none is named."""
    from spotitags.catalogs import bare_id

    refs = [*asked.refs(), *(_pick(spotitags, name) for name in asked.names)]
    if asked.playlist:
        from spotitags.asking import playlist

        refs += [artist.id for artist in playlist(spotitags.source, asked.playlist)]
    if refs:
        return list({bare_id(ref): ref for ref in reversed(refs)}.values())[::-1]
    if spotitags.manifest is None:
        raise InputError(
            "no artist to ask about: give --artist (repeatable), --artists FILE, --name, or --manifest for "
            "all of its artists"
        )
    return [artist.id for artist in spotitags.artists()]


def _pick(spotitags: SpotiTags, name: str) -> str:
    """The id of the artist of that name; where several fit, the one that somebody chooses, else the first."""
    found = spotitags.search(name)
    lines = [f"{match.name} ({match.detail})" if match.detail else match.name for match in found]
    chosen = 1
    if len(found) > 1 and sys.stdin.isatty() and sys.stderr.isatty():
        for number, line in enumerate(lines, start=1):
            say(f"{number:>3}  {line}")
        chosen = 0
        while not 1 <= chosen <= len(found):
            chosen = typer.prompt(f"which {name}? 1 to {len(found)}", default=1, type=int, err=True)
    elif len(found) > 1:
        say(f"warning: {len(found)} artists fit the name {name!r}; the first is taken, an id would be sure")
    say(f"artist {found[chosen - 1].id}: {lines[chosen - 1]}")
    return found[chosen - 1].id
