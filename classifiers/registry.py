"""Discovery of classifiers: every module of a package that has a function ``build``."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from classifiers.errors import ClassifierError

if TYPE_CHECKING:
    from types import ModuleType


def find_modules(package: str) -> dict[str, ModuleType]:
    """Import all classifiers of a package; returns module name to module."""
    modules = [
        import_module(f"{package}.{module.name}") for module in iter_modules(import_module(package).__path__)
    ]
    return {module.__name__.rpartition(".")[2]: module for module in modules if hasattr(module, "build")}


def get_module(modules: dict[str, ModuleType], name: str) -> ModuleType:
    """Return the module of one classifier.

    Raises:
        ClassifierError: There is no classifier of that name.
    """
    if name not in modules:
        raise ClassifierError(f"no classifier is called {name!r}; there are: {', '.join(sorted(modules))}")
    return modules[name]
