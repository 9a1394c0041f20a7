"""Page of ranked albums with their covers, which opens offline."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final

from spotitags.covers.thumbnails import thumbnails
from spotitags.evaluation.report.elements import escaped, fill
from spotitags.explain.ranking.ranking import confidence
from spotitags.rendering.target import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotitags.explain.ranking.ranking import Scored

SIDE: Final = 96
"""Pixels of a thumbnail."""


def ranking_page(scored: Sequence[Scored], by: str, model: str, *, covers: bool = True) -> str:
    """Build one HTML page without links to other files.

    Args:
        scored: Albums in their order.
        by: Genre, or name of the number.
        model: Name of the model.
        covers: False shows no pictures; covers from the web are never shown.
    """
    pictures = thumbnails((each.album for each in scored), SIDE) if covers else {}
    values = {
        "title": escaped(f"Albums by {by}"),
        "subtitle": escaped(f"{len(scored)} albums, scored by the model {model}; the highest first."),
        "albums": "\n".join(_entry(each, pictures.get(each.album.digest or "")) for each in scored),
    }
    return fill("spotitags.explain.ranking", "page.html", values)


def _entry(each: Scored, picture: bytes | None) -> str:
    names = " - ".join(dict.fromkeys(filter(None, [each.album.artist.name, each.album.name])))
    image = "<i></i>"
    if picture:
        image = f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(picture).decode()}">'
    score = shown(each.score) if each.low is not None else f"{each.score:.2f}"
    known = "<small>the model was trained on this cover</small>" if each.trained_on else ""
    return (
        f"<li>{image}<div><b>{escaped(score)}</b> {escaped(names)}"
        f"<small>{escaped(confidence(each))}</small>{known}</div></li>"
    )
