"""Packages of others, made visible to a process as pip would leave them, without pip."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

EXAMPLE = Path(__file__).parents[1] / "example_tagger"
GROUP = "spotitags.taggers"


def install(site: Path, name: str, taggers: Mapping[str, str], version: str = "0.1.0") -> None:
    """Write what makes a distribution: its metadata and its entry points."""
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    lines = [f"[{GROUP}]", *(f"{tagger} = {target}" for tagger, target in taggers.items())]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")


def install_example(site: Path) -> Path:
    """The package in ``tests/example_tagger``, by its own ``pyproject.toml``."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    install(site, project["name"], project["entry-points"][GROUP], project["version"])
    for module in EXAMPLE.glob("*.py"):
        shutil.copy(module, site)
    return site


def install_broken(site: Path) -> Path:
    """Taggers that cannot be imported, or fail when asked, and one that takes the name of one of ours."""
    install(
        site,
        "broken-taggers",
        {"absent": "no_such_module:Tagger", "quits": "broken_taggers:Quits", "lite": "broken_taggers:Lite",
         "moody": "broken_taggers:Moody"},
    )  # fmt: skip
    (site / "broken_taggers.py").write_text(
        "class Moody:\n"
        "    name = 'moody'\n"
        "    @classmethod\n"
        "    def readiness(cls, options):\n"
        "        raise ZeroDivisionError('not today')\n"
    )
    return site
