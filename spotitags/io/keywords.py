"""Errors on misspelt keyword arguments that name the argument that was meant."""

from __future__ import annotations

from functools import wraps
from inspect import CO_VARKEYWORDS
from types import FunctionType
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    T = TypeVar("T", bound=Callable[..., Any])


def suggest_arguments(target: T) -> T:
    """Decorate a function, or the constructor and public methods of a class, to suggest names of arguments.

    A misspelt keyword then raises a TypeError such as ``unexpected argument 'offlin': did you mean
    'offline'?``. Signatures stay visible to type checkers and to ``help``.

    >>> @suggest_arguments
    ... def fetch(*, offline: bool = False) -> bool:
    ...     return offline
    >>> fetch(offlin=True)
    Traceback (most recent call last):
    TypeError: unexpected argument 'offlin': did you mean 'offline'?
    """
    if isinstance(target, FunctionType):
        return cast("T", _checked(target))
    for name, member in list(vars(target).items()):
        if isinstance(member, FunctionType) and (name == "__init__" or not name.startswith("_")):
            setattr(target, name, _checked(member))
    return target


def _checked(function: FunctionType) -> Callable[..., Any]:
    code = function.__code__
    if code.co_flags & CO_VARKEYWORDS:
        return function
    names = code.co_varnames[code.co_posonlyargcount : code.co_argcount + code.co_kwonlyargcount]
    known = frozenset(names) - {"self"}

    @wraps(function)
    def call(*args: Any, **options: Any) -> Any:  # noqa: ANN401  (those of any function)
        if not options.keys() <= known:
            raise TypeError(unexpected_argument(next(name for name in options if name not in known), names))
        return function(*args, **options)

    return call


def unexpected_argument(name: str, known: Collection[str]) -> str:
    """Describe an unexpected keyword argument: the known one that was probably meant, or all of them."""
    from spotitags.io.suggestions import nearest

    if near := nearest(name, known):
        return f"unexpected argument {name!r}: did you mean {near!r}?"
    listed = ", ".join(each for each in known if each != "self")
    return f"unexpected argument {name!r}: " + (f"there are {listed}" if listed else "there is none")
