"""Validate a tagger before it is used, and its answers after.

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
    from spotitags.taggers.base import FeatureExtractor, Tagger

    Answers = dict[str, list[Tag] | Skipped]


_PAID = ("cost", "calls_for")
_NOTHING = object()


def check_tagger(tagger: Tagger, asked: str | None = None) -> None:
    """Make sure that a tagger's name, sizes and cost can be read and used.

    Args:
        tagger: Any object that is to be one.
        asked: The name by which it was asked for; None where it has no other than its own.

    Raises:
        TaggerError: It cannot be used; the message names it.
    """
    with as_tagger_error(asked or type(tagger).__name__):
        name = tagger.name
        _check_text("name", name)
    with as_tagger_error(asked or name):
        _check_number("batch_size", tagger.batch_size, least=1)
        _check_number("image_size", tagger.image_size, least=0)
        # An attribute that raises AttributeError is "not there" to isinstance, and the tagger would be free.
        if all(getattr_static(tagger, member, _NOTHING) is not _NOTHING for member in _PAID):
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


def tagger_name(reader: FeatureExtractor) -> str:
    """Name of the tagger that a reader belongs to: its own, or of the one that it reads covers by."""
    name: str = getattr(reader, "tagger", reader).name
    return name


@contextmanager
def as_tagger_error(tagger: str) -> Iterator[None]:
    """Whatever but our own errors is raised inside becomes one that names the tagger, which is to blame.

    Raises:
        TaggerError: It is broken.
    """
    try:
        yield
    except SpotiTagsError:
        raise
    except Exception as error:
        raise TaggerError(
            f"the tagger {tagger} is broken ({type(error).__name__}: {error}): report it to those who made "
            "it, or leave it out"
        ) from error


def checked_version(reader: FeatureExtractor) -> str:
    """What its answers are kept under.

    Raises:
        TaggerError: Its tagger is broken.
    """
    with as_tagger_error(tagger_name(reader)):
        version = reader.version
        if not isinstance(version, str) or not version:
            raise ValueError(f"its version is {version!r}, not a line of text")
        return version


def checked_answers(answers: Sequence[list[Tag] | Skipped], covers: Sequence[Cover]) -> Answers:
    """The answers by digest, which a bag can be made of.

    Raises:
        ValueError: It cannot.
    """
    if len(answers) != len(covers):
        raise ValueError(f"it gave {len(answers)} answers for {len(covers)} covers")
    return {
        cover.digest: tags if isinstance(tags, Skipped) else _valid(tags)
        for cover, tags in zip(covers, answers, strict=True)
    }


def valid_tags(answered: Mapping[str, list[Tag]]) -> dict[str, list[Tag]]:
    """Of what a tagger handed over as it failed, by digest, what a bag can be made of."""
    found = {}
    for digest, tags in answered.items():
        with suppress(TypeError, ValueError):
            found[str(digest)] = _valid(tags)
    return found


def _valid(tags: Iterable[Tag]) -> list[Tag]:
    """The tags as they can be kept: a weight may come as a number of numpy's."""
    plain = [Tag(str(label), float(weight)) for label, weight in tags]
    if len({label for label, _ in plain}) < len(plain):
        raise ValueError("it gave a cover one label twice")
    for label, weight in plain:
        if not 0 <= weight <= 1:
            raise ValueError(f"it gave {label!r} the weight {weight}, which is not in [0, 1]")
    return plain
