"""Records some of whose fields are computed when they are first read."""

from __future__ import annotations

from dataclasses import MISSING, Field, fields
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")


class Deferred:
    """Base of frozen dataclasses with slots that `deferred` may create."""

    __slots__ = ("_later",)
    _later: dict[str, Callable[[], Any]]

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - of any field
        """Compute a field that was left for later; Python calls this for unset slots only."""
        if name == "_later" or name not in getattr(self, "_later", ()):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        value = self._later[name]()
        object.__setattr__(self, name, value)
        return value


def deferred(kind: type[T], later: Mapping[str, Callable[[], object]], **given: object) -> T:
    """Create a frozen dataclass some of whose fields are computed on first use.

    Args:
        kind: A subclass of `Deferred`.
        later: Functions that return the values of these fields.
        given: Values of other fields; those that are left out get their defaults.
    """
    record = object.__new__(kind)
    put = object.__setattr__
    for name, default in _defaults(cast("Any", kind)).items():
        if name not in later:
            put(record, name, given[name] if name in given else default())
    put(record, "_later", later)
    return record


@cache
def _defaults(kind: Any) -> dict[str, Callable[[], Any]]:  # noqa: ANN401 - a type is hashable
    """Return a function that returns the default of each field."""

    def default(field: Field[Any]) -> Callable[[], Any]:
        if field.default_factory is not MISSING:
            return field.default_factory
        return lambda: field.default

    return {field.name: default(field) for field in fields(kind)}
