"""Suggestions for misspelt names: the nearest known one, and the nearest file or folder on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name of the most similar spelling, whatever its letter case; None if none is similar.

    >>> nearest("Scann", ["Band", "Scan"])
    'Scan'
    """
    from difflib import get_close_matches

    by_form: dict[str, str] = {}
    for each in known:
        by_form.setdefault(each.casefold(), each)
    near = get_close_matches(name.casefold(), by_form, n=1)
    return by_form[near[0]] if near else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the nearest known name as a question in brackets, after a space; empty if none is similar.

    >>> did_you_mean("Scann", ["Band", "Scan"])
    " (did you mean 'Scan'?)"
    """
    near = nearest(name, known)
    return f" (did you mean {near!r}?)" if near else ""


def similar_path(path: Path) -> str:
    """Return what exists beside a path that does not, as a question; empty if nothing has a similar name.

    The first part of the path that does not exist is replaced, and the rest kept if that exists.
    """
    parent = next((each for each in path.parents if each.is_dir()), None)
    if parent is None:
        return ""
    wrong, *rest = path.relative_to(parent).parts
    if (parent / wrong).exists():  # a file, and no folder
        return ""
    try:
        near = nearest(wrong, sorted(each.name for each in parent.iterdir()))
    except OSError:
        return ""
    if near is None:
        return ""
    whole = parent.joinpath(near, *rest)
    return f" (did you mean {str(whole if whole.exists() else parent / near)!r}?)"
