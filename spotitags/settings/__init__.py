"""Settings from the environment and from the configuration file; no other package reads them.

`Settings` has keys, folders and URLs; `spotitags.settings.config_file` has defaults of command-line options.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spotitags.settings.settings import Settings

__all__ = ["Settings"]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name == "Settings":  # pydantic takes a tenth of a second, and run options do without it
        from spotitags.settings.settings import Settings

        return Settings
    raise AttributeError(f"module 'spotitags.settings' has no attribute {name!r}")
