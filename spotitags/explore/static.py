"""Pages that open offline: everything within one file, pictures beside it in a folder."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from spotitags.errors import InputError
from spotitags.explore.atlas import pages
from spotitags.explore.payload import DETAILS, POINTS, TEXTS
from spotitags.explore.server import asset
from spotitags.explore.store import META
from spotitags.io.output import output_errors, output_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from spotitags.explore.store import Store

PICTURES: Final = "pictures"
"""Folder of the pictures beside ``index.html``."""

_POLICY: Final = (
    "default-src 'none'; script-src {scripts}; style-src {styles}; img-src 'self' file: blob: data:; "
    "base-uri 'none'; form-action 'none'"
)


def write_static(store: Store, out: Path, *, covers: bool = True) -> Iterator[str]:
    """Write the data as pages that open offline.

    Args:
        store: The data.
        out: ``FILE.html``, with small pictures only; or a folder, with a picture of each cover, too.
        covers: False shows mean colours in place of pictures.

    Yields:
        A line about what was written.

    Raises:
        InputError: The output cannot be written.
    """
    one_file = out.suffix.lower() in {".html", ".htm"}
    if (out.is_dir() and one_file) or (out.is_file() and not one_file):
        raise InputError(f"{out} is a {'folder' if one_file else 'file'}: choose another --out")
    has_pictures = covers and bool((store.meta or {}).get("pictures"))
    folder = PICTURES if has_pictures and not one_file else None
    page = static_page(store, folder, covers=covers)
    target = out if one_file else out / "index.html"
    size = len(page)
    if folder:
        with output_errors(out):
            (out / folder).mkdir(parents=True, exist_ok=True)
        for number in _shown(store):
            if picture := store.thumb(number):
                size += len(picture)
                with output_file(out / folder / f"{number}.webp") as file:
                    file.write(picture)
    with output_file(target) as file:
        file.write(page)
    yield f"{target} written, {size / 1e6:.1f} MB in all"
    if has_pictures:
        yield "it has copies of covers, which belong to their owners: --no-covers leaves them out"


def static_page(store: Store, pictures: str | None, *, covers: bool = True) -> bytes:
    """Return a page that needs no other file.

    Args:
        store: The data.
        pictures: Folder of the pictures beside the page; None without.
        covers: False shows mean colours in place of pictures.
    """
    meta: dict[str, Any] = dict(store.meta or {})
    meta.pop("fingerprint", None)
    points = bytearray(store.read(POINTS))
    sheets = [store.read(f"atlas-{number}.webp") for number in range(meta["sheets"])]
    if not covers:
        _, place, length = meta[POINTS]["hasPicture"]
        points[place : place + length] = bytes(length)
        sheets = list(_plain_sheets(bytes(points), meta))
    data = {
        META: meta,
        TEXTS: _without_paths(json.loads(store.read(TEXTS))),
        POINTS: _base64(bytes(points)),
        DETAILS: _base64(store.read(DETAILS)),
        "sheets": [_base64(sheet) for sheet in sheets],
        "covers": pictures,
    }
    # Data come last, so that no text of theirs is taken for a placeholder; "<" cannot end the element.
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    text = text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    head, _, tail = _shell().partition("$data")
    return (head + text + tail).encode()


def _without_paths(texts: dict[str, Any]) -> dict[str, Any]:
    """Leave out the folders in ids of covers on disk, which are nobody else's business."""
    texts["album"] = [PurePath(each).name for each in texts["album"]]
    texts["artists"] = [[PurePath(ref).name, name] for ref, name in texts["artists"]]
    return texts


def _shell() -> str:
    """Return the page with scripts and styles within it, and ``$data`` in the place of the data."""
    script, style = asset("app.js").decode(), asset("app.css").decode()
    script = re.sub(r"</(script)", r"<\\/\1", script, flags=re.IGNORECASE)
    icon = base64.b64encode(asset("icon.svg")).decode()
    policy = _POLICY.format(scripts=_hash(script), styles=_hash(style))
    rule = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    data = '<script type="application/json" id="data">$data</script>'
    parts = {
        '<meta name="post-token" content="$token">': rule,
        '<link rel="icon" href="icon.svg">': f'<link rel="icon" href="data:image/svg+xml;base64,{icon}">',
        '<link rel="stylesheet" href="app.css">': f"<style>{style}</style>",
        '<script src="app.js"></script>': f"{data}\n<script>{script}</script>",
    }
    text = asset("index.html").decode()
    for old, new in parts.items():
        before, found, after = text.partition(old)
        if not found:
            raise ValueError(f"index.html lacks {old}")
        text = before + new + after
    return text


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _shown(store: Store) -> list[int]:
    import numpy as np

    kind, place, length = (store.meta or {})[POINTS]["number"]
    numbers: list[int] = np.frombuffer(store.read(POINTS), f"<{kind}", length, place).tolist()
    return numbers


def _plain_sheets(points: bytes, meta: dict[str, Any]) -> Iterator[bytes]:
    """Draw the sheets in mean colours."""
    import numpy as np

    _, place, length = meta[POINTS]["colour"]
    rows = np.frombuffer(points, np.uint8, length, place).reshape(-1, 3).tolist()
    colours = [(red, green, blue) for red, green, blue in rows]
    for _, sheet in pages([b""] * len(colours), colours, meta["side"]):
        yield sheet
