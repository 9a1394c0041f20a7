"""Build the documentation as a site that opens without a server or a network: ``python docs/build.py``.

The reference of the command line comes from the application itself, that of Python from the docstrings; the
notebook and the pages at the top of the repository are copied. Links out of ``docs/`` are changed to
these copies. The result is ``site/index.html``.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "build" / "docs"  # docs_dir in zensical.toml
SHIM = "iframe-worker.js"
COPIED = ("CONTRIBUTING", "SECURITY", "CHANGELOG")
MODULES = {
    "spotitags.SpotiTags": "Everything that the command line does, from Python",
    "spotitags.records": "Results",
    "spotitags.errors": "Errors",
    "spotitags.pipeline.prediction_table.predictions_frame": "",
    "spotitags.bags.tables.tags_frame": "",
    "spotitags.taggers.base": "Interface of taggers",
    "spotitags.catalogs.base": "Interface of catalogues",
    "spotitags.settings": "Settings",
}
"""Public parts of the package, in the order of the page."""

_LINK = re.compile(r"\[([^\]]+)\]\(\.\./([^)#]+)(#[^)]*)?\)")


def main() -> None:
    """Write all pages into a folder, and build the site from it."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    SOURCE.mkdir(parents=True)
    shutil.copytree(ROOT / "docs" / "pictures", SOURCE / "pictures")
    for name, text in pages().items():
        (SOURCE / name).write_text(with_links_inside(text), encoding="utf-8")
    zensical = Path(sys.executable).with_name("zensical")
    subprocess.run([zensical, "build", "--clean", "--strict"], cwd=ROOT, check=True)
    shutil.copy(ROOT / "docs" / SHIM, ROOT / "site" / SHIM)
    for page in (ROOT / "site").glob("*.html"):  # Zensical takes it from a server on the web
        text = page.read_text(encoding="utf-8")
        text = text.replace("https://unpkg.com/iframe-worker/shim", SHIM)
        if foreign := re.findall(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=.?https?:[^>]*>", text):
            sys.exit(f"{page.name} would load something from the web: {foreign[0]}")
        page.write_text(text, encoding="utf-8")


def pages() -> dict[str, str]:
    """Return the pages of the site: names of files to Markdown."""
    found = {path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md"))}
    for name in COPIED:
        text = (ROOT / f"{name}.md").read_text(encoding="utf-8")
        found[f"{name.lower()}.md"] = text.replace("](docs/", "](").replace("](README.md", "](../README.md")
    return found | {
        "cli.md": "\n".join(_command_line()),
        "api.md": "\n".join(_python()),
        "notebook.md": "\n".join(_notebook(ROOT / "docs" / "tutorial.ipynb")),
    }


def with_links_inside(markdown: str) -> str:
    """Change links that lead out of ``docs/``; those to other files become plain text."""
    markdown = markdown.replace("](tutorial.ipynb)", "](notebook.md)")
    for name in COPIED:
        markdown = markdown.replace(f"]({name}.md", f"]({name.lower()}.md")
    return _LINK.sub(_inside, markdown)


def _inside(link: re.Match[str]) -> str:
    stem = link[2].removesuffix(".md")
    if stem in COPIED:
        return f"[{link[1]}]({stem.lower()}.md{link[3] or ''})"
    return f"[{link[1]}](index.md)" if stem == "README" else link[1]


def _command_line() -> Iterator[str]:
    """Yield the lines of the reference of all commands."""
    import typer

    from spotitags.commands import app

    yield "# Command line"
    yield "\nCommands with their arguments and options, as `--help` prints them. [Examples](commands.md).\n"
    yield from _command(typer.main.get_command(app), "spotitags", 1)


def _command(command: Any, name: str, level: int) -> Iterator[str]:
    if level > 1:
        yield f"\n{'#' * level} {name}\n"
    yield from _help(f"{command.help or ''}\n\n{command.epilog or ''}")
    parameters = [each for each in command.params if not getattr(each, "hidden", False)]
    if parameters and not getattr(command, "commands", None):
        yield "\n| argument or option | value | default | meaning |\n|---|---|---|---|"
        yield from map(_parameter, parameters)
    for part, child in getattr(command, "commands", {}).items():
        if not child.hidden:
            yield from _command(child, f"{name} {part}", level + 1)


def _help(text: str) -> Iterator[str]:
    """Yield the lines of a help text; command lines become a block."""
    lines = [line.strip() for line in text.replace("\b", "").replace("\f", "").strip().splitlines()]
    for is_command, group in groupby(lines, key=lambda line: line.startswith("spotitags ")):
        found = [*group]
        yield from ["\n```sh", *found, "```\n"] if is_command else found


def _parameter(parameter: Any) -> str:
    is_option = parameter.param_type_name == "option"
    argument = str(parameter.metavar or parameter.name).upper().replace("|", " or ")
    names = [*parameter.opts, *parameter.secondary_opts] if is_option else [argument]
    is_flag = getattr(parameter, "is_flag", False)
    value = parameter.metavar or _kind(parameter) if is_option and not is_flag else ""
    default = parameter.default
    shown = "" if default in (None, False, True, (), []) or callable(default) else f"`{default}`"
    cells = (", ".join(f"`{each}`" for each in names), value, shown, getattr(parameter, "help", "") or "")
    return "| " + " | ".join(" ".join(str(cell).split()).replace("|", r"\|") for cell in cells) + " |"


def _kind(parameter: Any) -> str:
    """Return the type of an option's value in capitals, as ``--help`` prints it: INTEGER, PATH."""
    return str(parameter.display_type).upper()


def _python() -> Iterator[str]:
    yield "# Python\n\n[Examples](python.md). Names that are not here may change without notice.\n"
    for name, title in MODULES.items():
        yield f"## {title or name.rpartition('.')[2]}\n\n::: {name}\n"


def _notebook(path: Path) -> Iterator[str]:
    """Yield the lines of a notebook as Markdown, with its outputs."""
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            yield f"{source}\n"
            continue
        yield f"```python\n{source}\n```\n"
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if "image/jpeg" in data:
                yield f'<img alt="" src="data:image/jpeg;base64,{"".join(data["image/jpeg"]).strip()}">\n'
            elif "text/html" in data:
                yield f"<div>{''.join(data['text/html'])}</div>\n"
            elif text := "".join(output.get("text", data.get("text/plain", ""))):
                yield f"```text\n{text.rstrip()}\n```\n"


if __name__ == "__main__":
    main()
