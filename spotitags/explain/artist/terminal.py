"""Explanation of an artist as rich renderables and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from spotitags.explain.artist.wording import change_sentences, nearest_sentence
from spotitags.io.text import plain
from spotitags.rendering.explanation import signed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from spotitags.explain.artist.changes import Tried
    from spotitags.explain.artist.covers import ExplainedCover
    from spotitags.explain.artist.explanation import Explanation
    from spotitags.explain.artist.nearest import Nearest
    from spotitags.records import Artist

_TAGS = 3  # of a cover


def show_explanation(
    explanation: Explanation, pictures: Sequence[RenderableType] = ()
) -> list[RenderableType]:
    """Render what `spotitags.rendering.explanation` does not: changes, the nearest, and covers with maps.

    Args:
        explanation: The explanation.
        pictures: The covers as pictures.
    """
    shown: list[RenderableType] = [Text("")]
    if explanation.changes is not None:
        shown += [Text(line) for line in change_sentences(explanation.changes)]
    shown.append(Text(""))
    if isinstance(explanation.nearest, str):
        shown.append(Text(plain(explanation.nearest), style="dim"))
    else:
        shown += _show_nearest(explanation.nearest)
    shown += [Text(""), *pictures]
    if explanation.no_maps:
        return [*shown, Text(plain(explanation.no_maps), style="dim"), Text("")]
    return [*shown, _covers(explanation.covers, explanation.mapped), Text("")]


def _show_nearest(nearest: Nearest) -> list[RenderableType]:
    """Render the nearest artists in one line, and the nearest covers in a table."""
    named = ", ".join(f"{_artist(each.artist)} {each.similarity:.2f}" for each in nearest.artists)
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("nearest covers", overflow="fold")
    table.add_column("of", overflow="fold")
    table.add_column("similar", justify="right", no_wrap=True)
    table.add_column("to", overflow="fold")
    for cover in nearest.covers:
        names = (cover.album.name or cover.album.id, _artist(cover.album.artist))
        own = Text(plain(cover.own.name or cover.own.id), style="dim")
        table.add_row(*(Text(plain(name)) for name in names), f"{cover.similarity:.2f}", own)
    return [
        Text(nearest_sentence(nearest), style="dim"),
        Text("nearest artists: ", style="dim").append(plain(named), style="default"),
        table,
    ]


def _artist(artist: Artist) -> str:
    return f"{artist.name or artist.id}" + (f" ({artist.genre})" if artist.genre else "")


def _covers(covers: Sequence[ExplainedCover], mapped: str) -> Table:
    """Render a line for each cover, those that speak most for it first."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("cover", overflow="fold")
    table.add_column(plain(mapped), justify="right", no_wrap=True)
    table.add_column("most in the", no_wrap=True)
    table.add_column("tags", overflow="fold")
    for cover in strongest_first(covers):
        tags = ", ".join(plain(tag.label) for tag in cover.tags[:_TAGS])
        title = Text(plain(cover.album.name or cover.album.id))
        total = signed(cover.map.total) if cover.map else ""
        table.add_row(title, total, cover.strongest, Text(tags))
    return table


def strongest_first(covers: Sequence[ExplainedCover]) -> list[ExplainedCover]:
    """Return the covers that speak most for the genre or tag first; without maps, as they are."""
    return sorted(covers, key=lambda cover: -cover.map.total if cover.map else 0.0)


def explanation_json(explanation: Explanation) -> dict[str, Any]:
    """Build the JSON object of an explanation, without the prediction."""
    found: dict[str, Any] = {"mapped": explanation.tag or list(explanation.pair)}
    if explanation.no_maps:
        found["no_maps"] = explanation.no_maps
    found["covers"] = [_cover_json(cover) for cover in explanation.covers]
    if (changes := explanation.changes) is not None:
        found["changes"] = {
            "genre": changes.genre,
            "other": changes.other,
            "tags": _tried_json(changes.tags, changes.removed_labels),
            "covers": _tried_json(changes.covers, [each.name or each.id for each in changes.removed_albums]),
        }
    near = explanation.nearest
    found["nearest"] = {"reason": near} if isinstance(near, str) else _nearest_json(near)
    return found


def _tried_json(tried: Tried, removed: Sequence[str]) -> dict[str, Any]:
    return {
        "wins": tried.found,
        "removed": list(removed),
        "smallest": tried.smallest,
        "candidates": tried.candidates,
        "votes": [{"genre": genre, "share": round(share, 6)} for genre, share in tried.votes.items()],
    }


def _nearest_json(nearest: Nearest) -> dict[str, Any]:
    return {
        "source": nearest.source,
        "compared": {"artists": nearest.compared[0], "covers": nearest.compared[1]},
        "artists": [_artist_json(each.artist) | {"similarity": each.similarity} for each in nearest.artists],
        "covers": [
            {
                "album": each.album.name,
                "digest": each.album.digest,
                "artist": _artist_json(each.album.artist),
                "similarity": each.similarity,
                "to": each.own.name,
            }
            for each in nearest.covers
        ],
    }


def _artist_json(artist: Artist) -> dict[str, Any]:
    return {"id": artist.id, "name": artist.name, "genre": artist.genre}


def _cover_json(cover: ExplainedCover) -> dict[str, Any]:
    found: dict[str, Any] = {"album": cover.album.name, "digest": cover.album.digest}
    if cover.map is not None:
        found |= {
            "total": cover.map.total,
            "constant": cover.map.constant,
            "places": cover.map.places.tolist(),
            "most_in": cover.strongest,
        }
    if cover.deletion is not None:
        found["deletion"] = cover.deletion._asdict()
    if cover.occlusion is not None:
        found["occlusion"] = cover.occlusion.tolist()
    return found | {"tags": [{"label": tag.label, "weight": tag.weight} for tag in cover.tags]}
