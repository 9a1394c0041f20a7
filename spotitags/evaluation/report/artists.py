"""The artists of a report: who was predicted as what, with covers, the tags that decided, and maps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from spotitags.covers.thumbnails import data_url
from spotitags.evaluation import votes
from spotitags.evaluation.report.elements import escaped
from spotitags.evaluation.report.figures import cell_id
from spotitags.evaluation.report.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from spotitags.evaluation.report.gallery import CoverMap, Gallery

_HALF: Final = 0.5


@dataclass(frozen=True, slots=True)
class ReportedArtist:
    """One artist of a report.

    Attributes:
        number: Its place in the report, from 0.
        id: Id.
        name: Name, or the id.
        genre: True genre.
        predicted: Genre with the largest mean share; None if it was never tested.
        right: Part of the repeats in which the true genre had the largest share.
        shares: Mean share of each genre.
        covers: Number of its covers in the evaluation.
        cells: Part of the repeats in which each genre had the largest share.
    """

    number: int
    id: str
    name: str
    genre: str
    predicted: str | None
    right: float
    shares: Mapping[str, float]
    covers: int
    cells: Mapping[str, float]

    @property
    def wrong(self) -> bool:
        """True if the prediction is wrong."""
        return self.predicted is not None and self.predicted != self.genre


def reported_artists(found: Mapping[str, Any], names: Mapping[str, str | None]) -> list[ReportedArtist]:
    """Return the artists of a ``scores.json``: the wrong ones first, then those with the least share.

    Args:
        found: Content of ``scores.json``.
        names: Name of each artist by id, where it is known.
    """
    genres: list[str] = found["genres"]
    cells = {answer["id"]: _cells(answer["shares"], genres) for answer in found["answers"]}
    rows = [dict(zip(votes.columns(found), row, strict=True)) for row in votes.rows(found, names)]
    ordered = sorted(rows, key=lambda row: (row["predicted"] is None, row["predicted"] == row["genre"]))
    return [
        ReportedArtist(
            number=number,
            id=str(row["artist_id"]),
            name=str(row["artist_name"] or row["artist_id"]),
            genre=str(row["genre"]),
            predicted=None if row["predicted"] is None else str(row["predicted"]),
            right=float(row["right"] or 0),
            shares={genre: float(row[f"share_{genre}"] or 0) for genre in genres},
            covers=int(row["covers"] or 0),
            cells=cells[str(row["artist_id"])],
        )
        for number, row in enumerate(ordered)
    ]


def _cells(repeats: Sequence[Sequence[float | None]], genres: Sequence[str]) -> dict[str, float]:
    tested = [[share or 0.0 for share in shares] for shares in repeats if None not in shares]
    named = [genres[shares.index(max(shares))] for shares in tested]
    return {genre: named.count(genre) / len(named) for genre in dict.fromkeys(named)}


def cell_panels(artists: Sequence[ReportedArtist], genres: Sequence[str], unit: str) -> dict[str, str]:
    """Build a list of artists for each cell of the confusion matrix, which appears when it is chosen.

    Returns:
        Elements by their ids.
    """
    panels = {}
    for i, true in enumerate(genres):
        for j, predicted in enumerate(genres):
            inside = [each for each in artists if each.genre == true and each.cells.get(predicted)]
            if not inside:
                continue
            entries = "".join(
                f'<li><a href="#a{each.number}">{escaped(each.name)}</a> '
                f"in {each.cells[predicted]:.0%} of the repeats</li>"
                for each in sorted(inside, key=lambda each: -each.cells[predicted])
            )
            title = f"True {true}, predicted {predicted}"
            panels[cell_id(i, j)] = (
                f'<aside class="panel" id="{cell_id(i, j)}" tabindex="-1"><h3>{escaped(title)}</h3>'
                f'<p>{escaped(count(len(inside), unit))}. <a href="#confusion-figure">Close</a></p>'
                f"<ol>{entries}</ol></aside>"
            )
    return panels


def filter_rules(genres: Sequence[str]) -> str:
    """Build the style rules that hide the artists whom the two lists of genres leave out."""
    rules = [
        f'body:has(#{side} option[value="{number}"]:checked) .artist:not(.{side[0]}{number}):not(:target)'
        for side in ("true", "predicted")
        for number in range(len(genres))
    ]
    return f"{', '.join(rules)} {{ display: none; }}"


def thumbnail_rules(gallery: Gallery) -> str:
    """Build a style rule for each thumbnail, so that a cover of several artists is stored once."""
    return "\n".join(
        f".c{number} {{ background-image: url({data_url(data)}); }}"
        for number, data in enumerate(gallery.thumbnails.values())
    )


def artists_section(artists: Sequence[ReportedArtist], gallery: Gallery, found: Mapping[str, Any]) -> str:
    """Build the list of all artists, with filters by true and predicted genre.

    Args:
        artists: From `reported_artists`.
        gallery: Covers and evidence.
        found: Content of ``scores.json``.
    """
    genres: list[str] = found["genres"]
    css = {digest: f"c{number}" for number, digest in enumerate(gallery.thumbnails)}
    wrong = sum(each.wrong for each in artists)
    lines = [f"{wrong} of {count(len(artists), found['unit'])} are predicted wrong; they come first."]
    if gallery.evidence:
        lines.append(
            "The tags that decided are those without which the log-odds of the predicted genre fall most, by "
            f"voters that were trained without the artist (with {gallery.evidence_part:.0%} of the weight); "
            "tags below 0 speak against it."
        )
    if gallery.maps:
        lines.append(
            f"Maps of {len(gallery.maps):,} of {count(gallery.mappable, 'cover')} are shown (--maps): "
            "red places speak for the predicted genre, blue ones against it, to voters on whole pictures "
            f"that were trained without the artist ({gallery.maps_part:.0%} of the weight)."
        )
    if gallery.hidden:
        shown = len(gallery.thumbnails)
        lines.append(
            f"{shown:,} of {count(shown + gallery.hidden, 'cover')} are shown, of the first artists."
        )
    filters = "".join(
        f'<label>{side} genre <select id="{side}"><option value="">any</option>'
        + "".join(f'<option value="{i}">{escaped(genre)}</option>' for i, genre in enumerate(genres))
        + "</select></label>"
        for side in ("true", "predicted")
    )
    entries = "\n".join(_artist(each, gallery, genres, css) for each in artists)
    intro = "".join(f"<p>{escaped(line)}</p>" for line in lines)
    return f'{intro}<form class="filters">{filters}</form>\n<div class="artists">\n{entries}\n</div>'


def _artist(artist: ReportedArtist, gallery: Gallery, genres: Sequence[str], css: Mapping[str, str]) -> str:
    classes = f"artist t{genres.index(artist.genre)}"
    if artist.predicted is None:
        answer = f"{artist.genre}; never tested"
    else:
        classes += f" p{genres.index(artist.predicted)}"
        answer = f"{artist.genre}, predicted {artist.predicted}" if artist.wrong else artist.genre
    kind = "wrong" if artist.wrong else "right"
    parts = [f'<h3>{escaped(artist.name)} <small class="{kind}">{escaped(answer)}</small></h3>']
    if artist.predicted is not None:
        parts += [_bars(artist), f"<p>{escaped(_confidence(artist, gallery))}</p>"]
    if evidence := gallery.evidence.get(artist.id):
        parts.append(_evidence(evidence.predicted, evidence.other, evidence.tags))
    parts.append(_covers(artist, gallery, css))
    return f'<article class="{classes}" id="a{artist.number}" tabindex="-1">{"".join(parts)}</article>'


def _bars(artist: ReportedArtist) -> str:
    rows = "".join(
        f'<span>{escaped(genre)}</span><i class="{"true" if genre == artist.genre else ""}" '
        f'style="width:{share:.1%}"></i><span>{share:.2f}</span>'
        for genre, share in sorted(artist.shares.items(), key=lambda item: -item[1])
    )
    return f'<div class="bars">{rows}</div>'


def _confidence(artist: ReportedArtist, gallery: Gallery) -> str:
    text = f"Right in {artist.right:.0%} of the repeats."
    if (found := gallery.confidence.get(artist.id)) is not None:
        text += f" Predictions this sure were right in {found.right:.0%}."
    return text


def _evidence(predicted: str, other: str, tags: Iterable[tuple[str, float]]) -> str:
    named = ", ".join(f"{escaped(label)} <b>{log_odds:+.2f}</b>" for label, log_odds in tags)
    if not named:
        return "<p>No single tag changed the prediction.</p>"
    return f"<p>Tags that decided {escaped(predicted)} over {escaped(other)}: {named}</p>"


def _covers(artist: ReportedArtist, gallery: Gallery, css: Mapping[str, str]) -> str:
    covers = gallery.covers.get(artist.id, ())
    number = count(len(covers) or artist.covers, "cover")
    tiles = "".join(_tile(css[digest], escaped(title)) for digest, title in covers if digest in css)
    maps = "".join(_map(gallery.maps[digest], title) for digest, title in covers if digest in gallery.maps)
    if not tiles and not maps:
        names = "; ".join(escaped(title) for _, title in covers)
        return (
            f"<details><summary>{number}</summary><p>{names}</p></details>" if names else f"<p>{number}</p>"
        )
    body = f'<ul class="tiles">{tiles}</ul>' + (f'<div class="maps">{maps}</div>' if maps else "")
    opened = " open" if artist.wrong else ""
    what = f"{number}, {count(maps.count('class=map'), 'map')}" if maps else number
    return f"<details{opened}><summary>{what}</summary>{body}</details>"


def _tile(css: str, title: str) -> str:
    return f'<li><i class="{css}" role="img" aria-label="{title}" title="{title}"></i></li>'


def _map(found: CoverMap, title: str) -> str:
    pictures = "".join(
        f'<img alt="{alt}" src="{data_url(data)}">'
        for alt, data in (("map in colour", found.overlay), ("brightness times attention", found.attention))
    )
    caption = f"{title}: {found.total:+.2f}, most in the {found.strongest}"
    return f"<div class=map><div>{pictures}</div><small>{escaped(caption)}</small></div>"
