"""Commands ``config show``, ``config path``, ``config set`` and ``config unset``."""

import re
import sys
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from spotitags.commands._completion import complete_setting
from spotitags.commands._console import note, print_all, print_json
from spotitags.commands._open import save_setting
from spotitags.commands._options import Json
from spotitags.errors import InputError
from spotitags.settings.keys import KEYS, SECRETS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from spotitags.settings import Settings
    from spotitags.settings.config_file import ConfigFile

HIDDEN = "(hidden)"
DEFAULTS = {
    "catalog": "auto",
    "tagger": "chosen for each run",
    "model": "bundled",
    "albums": "10, for train 20",
}
"""Defaults of settings of which each command has its own."""


class Setting(NamedTuple):
    """Value of a setting for people, and its source; the value is None if there is none."""

    key: str
    value: Any
    source: str


def show(*, as_json: Json = False) -> None:
    """Show all settings and their sources; keys of services are hidden."""
    from spotitags.settings import Settings
    from spotitags.settings.config_file import ConfigFile

    file = ConfigFile()
    found = list(effective_settings(Settings(), file))
    if as_json:
        for setting in found:
            print_json(setting._asdict())
        return
    from rich.table import Table
    from rich.text import Text

    from spotitags.io.text import plain

    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("setting", no_wrap=True)
    for column in ("value", "from"):
        table.add_column(column, overflow="fold")
    for key, value, source in found:
        shown = ", ".join(value) if isinstance(value, list) else str(value)
        cell = Text("not set", style="dim") if value is None else Text(plain(shown))
        table.add_row(key, cell, Text(plain(source.replace(str(file.path), file.path.name)), style="dim"))
    print_all([table])


def effective_settings(settings: "Settings", file: "ConfigFile") -> "Iterator[Setting]":
    """Yield each setting with its value and source, in the order of the documentation.

    Raises:
        SettingsError: A value does not fit its setting.
    """
    from spotitags.settings.config_file import configured

    for key in KEYS:
        if found := configured(key, file):
            shown = HIDDEN if key in SECRETS else found.value
            if isinstance(shown, str):  # an address may have a password, too
                shown = re.sub("//[^/@]*@", f"//{HIDDEN}@", shown)
            yield Setting(key, shown, found.origin)
            continue
        value = getattr(settings, key, DEFAULTS.get(key))
        sources = {"contact": str(file.former_contact), "google_credentials": "gcloud"}
        source = "" if value is None else sources.get(key, "default")
        yield Setting(key, value if value is None or isinstance(value, int | float) else str(value), source)


def path() -> None:
    """Print the path of the configuration file, which need not exist."""
    from spotitags.settings.config_file import ConfigFile

    sys.stdout.write(f"{ConfigFile().path}\n")


def set_value(
    key: Annotated[
        str,
        typer.Argument(metavar="KEY", help=f"One of {', '.join(KEYS)}.", autocompletion=complete_setting),
    ],
    value: Annotated[
        list[str] | None,
        typer.Argument(metavar="VALUE", help="Value; several for tagger. Without one, it is asked for."),
    ] = None,
) -> None:
    """Write a setting to the configuration file."""
    from spotitags.settings.keys import from_environment, from_words, variable
    from spotitags.settings.settings import check_setting

    check_key(key)
    setting = from_words(key, value or [prompt(key)], "config set")
    check_setting(key, setting, "config set")
    if key == "contact":
        from spotitags.catalogs.musicbrainz.client import user_agent

        user_agent(str(setting))
    note(f"{save_setting(key, setting)} written")
    if from_environment(key):
        note(f"warning: {variable(key)} in the environment is used instead")


def unset(
    key: Annotated[
        str,
        typer.Argument(
            metavar="KEY", help="Setting to remove from the file.", autocompletion=complete_setting
        ),
    ],
) -> None:
    """Remove a setting from the configuration file."""
    from spotitags.settings.config_file import ConfigFile

    file = ConfigFile()
    if key in file.content:
        note(f"{save_setting(key, None)} written")
    elif key == "contact" and file.former_contact.exists():
        file.former_contact.unlink()
        note(f"{file.former_contact} removed")
    else:
        check_key(key)
        note(f"{file.path} does not set {key}")


def check_key(key: str) -> None:
    """Check that a setting exists.

    Raises:
        InputError: It does not.
    """
    if key not in KEYS:
        raise InputError(f"there is no setting {key!r}: give one of {', '.join(KEYS)}")


def prompt(key: str) -> str:
    """Prompt for a value, or read a line of stdin if it is no terminal; keys of services stay hidden.

    Raises:
        InputError: The line is empty.
    """
    if sys.stdin.isatty():
        return str(typer.prompt(key, hide_input=key in SECRETS, err=True))
    if line := sys.stdin.readline().strip():
        return line
    raise InputError(f"there is no value for {key}: give one, or 'spotitags config unset {key}'")


ACTIONS: "Mapping[str, Callable[..., None]]" = {"show": show, "path": path, "set": set_value, "unset": unset}
