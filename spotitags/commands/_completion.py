"""Completion in the shell: names of artists, taggers, voters, genres, models and settings.

Each function returns the completions of an incomplete word; Typer drops those that begin otherwise. The shell
offers files if there is none. Nothing heavy is imported, for a person waits after the tab key.
"""

import io
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any

import typer

VARIABLE = "_SPOTITAGS_COMPLETE"
"""Variable in which the shell's script says what it wants, such as ``complete_bash``."""
MOST_BYTES = 1_000_000  # of a table whose genres are completed


def complete_artist(incomplete: str) -> list[str | tuple[str, str]]:
    """Complete the names of the bundled library's artists, or else their ids, shown with the names."""
    return [*complete_name(incomplete)] or [*complete_id(incomplete)]


def complete_name(incomplete: str) -> list[str]:
    """Complete names of the bundled library, whatever the case and accents of their beginning."""
    from spotitags.catalogs.artist_names import same_name
    from spotitags.catalogs.library.catalog import LibraryCatalog

    names = sorted(artist.name or "" for artist in LibraryCatalog().artists())
    length = len(incomplete)
    return [
        incomplete + name[length:] for name in names if not length or same_name(name[:length], incomplete)
    ]


def complete_id(incomplete: str) -> list[tuple[str, str]]:
    """Complete the ids of the bundled library's artists, shown with the names."""
    from spotitags.catalogs.library.catalog import LibraryCatalog

    artists = LibraryCatalog().artists()
    return [(artist.id, artist.name or "") for artist in artists if artist.id.startswith(incomplete)]


def complete_tagger() -> list[str]:
    """Complete the names of installed taggers."""
    from spotitags.taggers.registry import tagger_names

    return tagger_names()


def complete_voter(ctx: typer.Context) -> list[str]:
    """Complete the optional voters: of the model for a prediction, all of them for a training."""
    if ctx.info_name == "predict":
        return sorted({voter["classifier"] for voter in _optional(_card(ctx))})
    from classifiers.image import classifier_names

    return classifier_names(default=False)


def complete_compared(ctx: typer.Context) -> list[str]:
    """Complete what a leaderboard compares: classifiers, views, taggers, features, or all tags."""
    from classifiers.image import classifier_names

    card = _card(ctx)
    voters = [*card["voters"], *_optional(card)]
    parts = {voter[part] for voter in voters for part in ("tagger", "view", "classifier")}
    return sorted({"tags", *parts, *classifier_names(), *complete_tagger()})


def complete_genres(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete the last name of a list of genres: those of the labels if there are any, else of the model."""
    before, comma, _ = incomplete.rpartition(",")
    chosen = before.split(",")
    labels = "labels_file" in ctx.params and (ctx.params["labels_file"] or next(iter(ctx.args), None))
    known = _genres_of_labels(Path(labels)) if labels else _card(ctx)["genres"]
    return [f"{before}{comma}{genre}" for genre in known if genre not in chosen]


def complete_setting() -> list[str]:
    """Complete the names of settings."""
    from spotitags.settings.keys import KEYS

    return list(KEYS)


def _genres_of_labels(path: Path) -> list[str]:
    """Return the genres of a folder, or of a table that is not too large."""
    if path.is_dir():
        return sorted(entry.name for entry in os.scandir(path) if entry.is_dir())
    if path.stat().st_size > MOST_BYTES:
        return []
    from spotitags.catalogs.csv_table import CsvTable
    from spotitags.catalogs.labels import load_labelled

    artists, _ = load_labelled(CsvTable(path))
    return sorted({artist.genre for artist in artists if artist.genre})


def _card(ctx: typer.Context) -> Any:  # noqa: ANN401  (JSON)
    """Return the card of the model: as given, else as configured, else the bundled one.

    Read here, for the package that reads models imports numpy.
    """
    from importlib.resources import files

    from spotitags.settings.config_file import run_options

    given = ctx.params.get("model") if ctx.info_name == "predict" else None
    path = Path(given or run_options().model or str(files("classifiers").joinpath("models", "lite.json")))
    stem = path.with_suffix("") if path.suffix in {".onnx", ".json"} else path
    return json.loads(stem.with_name(f"{stem.name}.json").read_text(encoding="utf-8"))


def _optional(card: Any) -> Iterable[Any]:  # noqa: ANN401  (JSON)
    found: Iterable[Any] = card.get("optional", {}).get("voters", ())
    return found


def answer_shell(app: Callable[[], object]) -> None:
    """Print the completions that a shell requests, and exit; after an error, print none.

    Typer does not quote for bash, whose words are also split at ``=``; the words of other shells are not.

    Args:
        app: The command line.
    """
    bash = os.environ[VARIABLE] == "complete_bash"
    if bash:
        _join_values()
    printed = io.StringIO()
    code: object = 1
    with redirect_stdout(printed), redirect_stderr(io.StringIO()), suppress(Exception):
        try:
            app()
        except SystemExit as end:
            code = end.code
    lines = printed.getvalue().splitlines()
    shown = _escaped(lines) if bash else _with_option(lines)
    sys.stdout.write("".join(f"{line}\n" for line in shown))
    sys.exit(code if isinstance(code, int) else 0)


def _join_values() -> None:
    """Leave out the words ``=`` between options and their values, which bash passes by itself."""
    words = os.environ.get("COMP_WORDS", "").split("\n")
    current = int(os.environ.get("COMP_CWORD") or 0)
    left_out = [
        number for number, word in enumerate(words) if word == "=" and words[number - 1].startswith("--")
    ]
    before = [number for number in left_out if number < current]
    kept = [word for number, word in enumerate(words) if number not in before]
    os.environ |= {"COMP_WORDS": "\n".join(kept), "COMP_CWORD": str(current - len(before))}


def _with_option(lines: Iterable[str]) -> Iterator[str]:
    """Put ``--option=`` before its values for zsh and fish, which complete the whole word."""
    word = os.environ.get("_TYPER_COMPLETE_ARGS", "").rpartition(" ")[2]
    option = "".join(re.findall(r"^--[\w-]+=", word))
    zsh = os.environ[VARIABLE] == "complete_zsh"  # which gets quoted values, the first after other signs
    start = r'^[^"]*"' if zsh else r"^(?=.)"
    for line in lines:
        yield re.sub(start, lambda found: f"{found[0]}{option}", line)


def _escaped(lines: Iterable[str]) -> Iterator[str]:
    """Escape completions for bash, which inserts them as they are; within quotes they are right already."""
    words = os.environ.get("COMP_WORDS", "").split("\n")
    current = int(os.environ.get("COMP_CWORD") or 0)
    quoted = current < len(words) and words[current][:1] in {'"', "'"}
    for line in lines:
        yield line if quoted else re.sub(r"[^\w\-.,/:=+@%]", r"\\\g<0>", line)
