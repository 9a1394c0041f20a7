"""Classifiers found by their files: a module of a package with a function ``build`` is one."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

from classifiers.errors import ClassifierError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType


def names_in(package: str) -> list[str]:
    """Names of all classifiers in a package, sorted."""
    return sorted(files_in(package))


def builder(package: str, name: str) -> Callable[..., Any]:
    """The ``build`` of one classifier.

    Raises:
        ClassifierError: There is no classifier of that name.
    """
    build: Callable[..., Any] = chosen(files_in(package), name).build
    return build


def files_in(package: str) -> dict[str, ModuleType]:
    """Module name to module of all classifiers in a package."""
    modules = [
        import_module(f"{package}.{module.name}") for module in iter_modules(import_module(package).__path__)
    ]
    return {module.__name__.rpartition(".")[2]: module for module in modules if hasattr(module, "build")}


def chosen(files: dict[str, ModuleType], name: str) -> ModuleType:
    """The file of one classifier.

    Raises:
        ClassifierError: There is no classifier of that name.
    """
    if name not in files:
        raise ClassifierError(f"no classifier is called {name!r}; there are: {', '.join(sorted(files))}")
    return files[name]
