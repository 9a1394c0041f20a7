"""Validate taggers before they are used, and their results.

Built-in and third-party taggers are checked alike, so that a wrong batch size or cost fails early instead of
silently dropping covers or spending money.
"""

from __future__ import annotations

import operator
from contextlib import contextmanager, suppress
from inspect import getattr_static
from typing import TYPE_CHECKING

from spotitags.errors import SpotiTagsError, TaggerError
from spotitags.records import Skipped, Tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from spotitags.records import Cover
    from spotitags.taggers.base import Extractor, FeatureExtractor, Tagger

_COST_MEMBERS = ("cost", "calls_for")
_ABSENT = object()


def check_tagger(tagger: Tagger, requested: str | None = None) -> None:
    """Check that a tagger's name, sizes and cost can be read and used.

    Args:
        tagger: Any object.
        requested: Name by which it was requested; None if it was passed as an object.

    Raises:
        TaggerError: It cannot be used; the message names it.
    """
    with as_tagger_error(requested or type(tagger).__name__):
        name = tagger.name
        _check_text("name", name)
    with as_tagger_error(requested or name):
        _check_number("batch_size", tagger.batch_size, least=1)
        _check_number("image_size", tagger.image_size, least=0)
        # isinstance ignores an attribute that raises AttributeError: a paid tagger would count as free.
        if all(getattr_static(tagger, member, _ABSENT) is not _ABSENT for member in _COST_MEMBERS):
            _check_text("cost", tagger.cost)  # type: ignore[attr-defined]


def _check_text(member: str, value: object) -> None:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"its {member} is {value!r}, not a line of text")


def _check_number(member: str, value: int, *, least: int) -> None:
    try:
        number = operator.index(value)
    except TypeError:
        raise ValueError(f"its {member} is {value!r}, not a whole number") from None
    if number < least:
        raise ValueError(f"its {member} is {number}, not at least {least}")


def tagger_name(extractor: Extractor) -> str:
    """Return the name of the tagger that an extractor uses, or its own name."""
    name: str = getattr(extractor, "tagger", extractor).name
    return name


@contextmanager
def as_tagger_error(tagger: str) -> Iterator[None]:
    """Convert any unexpected exception into a TaggerError that names the tagger.

    Raises:
        TaggerError: An exception was raised that is not a SpotiTagsError.
    """
    try:
        yield
    except SpotiTagsError:
        raise
    except Exception as error:
        raise TaggerError(
            f"the tagger {tagger} is broken ({type(error).__name__}: {error}): report it to its authors, or "
            "leave it out"
        ) from error


def checked_version(extractor: Extractor) -> str:
    """Return the version of an extractor, which is part of the cache key.

    Raises:
        TaggerError: The version cannot be read, or is not a line of text.
    """
    with as_tagger_error(tagger_name(extractor)):
        version = extractor.version
        if not isinstance(version, str) or not version:
            raise ValueError(f"its version is {version!r}, not a line of text")
        return version


def checked_tags(
    results: Sequence[list[Tag] | Skipped], covers: Sequence[Cover]
) -> dict[str, list[Tag] | Skipped]:
    """Return the results of a tagger by the digests of the covers.

    Raises:
        ValueError: There are more or fewer results than covers, or tags are invalid.
    """
    _check_count(len(results), len(covers))
    return {
        cover.digest: tags if isinstance(tags, Skipped) else _valid(tags)
        for cover, tags in zip(covers, results, strict=True)
    }


def extracted_rows(extractor: FeatureExtractor, covers: Sequence[Cover]) -> dict[str, bytes]:
    """Extract features, and return the packed row of each cover by its digest.

    Raises:
        ValueError: There are more or fewer rows than covers.
    """
    rows = extractor.extract(covers)
    _check_count(len(rows), len(covers))
    return {cover.digest: row.tobytes() for cover, row in zip(covers, rows, strict=True)}


def valid_tags(answered: Mapping[str, list[Tag]]) -> dict[str, list[Tag]]:
    """Return the valid results of those that a tagger handed over when it failed, by digest."""
    found = {}
    for digest, tags in answered.items():
        with suppress(TypeError, ValueError):
            found[str(digest)] = _valid(tags)
    return found


def _check_count(results: int, covers: int) -> None:
    if results != covers:
        raise ValueError(f"it gave {results} answers for {covers} covers")


def _valid(tags: Iterable[Tag]) -> list[Tag]:
    """Return tags with plain strings and floats: weights may be numpy numbers."""
    plain = [Tag(str(label), float(weight)) for label, weight in tags]
    if len({label for label, _ in plain}) < len(plain):
        raise ValueError("it gave a cover one label twice")
    for label, weight in plain:
        if not 0 <= weight <= 1:
            raise ValueError(f"it gave {label!r} the weight {weight}, which is not in [0, 1]")
    return plain
