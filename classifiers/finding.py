"""Classifiers found by their files: a module of a package with a function ``build`` is one."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

from classifiers.errors import ClassifierError

if TYPE_CHECKING:
    from collections.abc import Callable


def names_in(package: str) -> list[str]:
    """Names of all classifiers in a package, sorted."""
    return sorted(_builders(package))


def builder(package: str, name: str) -> Callable[..., Any]:
    """The ``build`` of one classifier.

    Raises:
        ClassifierError: There is no classifier of that name.
    """
    builders = _builders(package)
    if name not in builders:
        raise ClassifierError(f"no classifier is called {name!r}; there are: {', '.join(sorted(builders))}")
    return builders[name]


def _builders(package: str) -> dict[str, Callable[..., Any]]:
    modules = [
        import_module(f"{package}.{module.name}") for module in iter_modules(import_module(package).__path__)
    ]
    return {
        module.__name__.rpartition(".")[2]: module.build for module in modules if hasattr(module, "build")
    }
