"""Page that explains one artist's prediction; it opens offline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotitags.covers.thumbnails import data_url
from spotitags.evaluation.report.elements import escaped, fill, items
from spotitags.rendering.explanation import signed
from spotitags.rendering.wording import agreement, cover_count, reliability

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotitags.explain.artist.covers import ExplainedCover
    from spotitags.records import Prediction

_TAGS = 5  # of a cover


def artist_page(
    prediction: Prediction,
    covers: Sequence[ExplainedCover],
    pair: tuple[str, str],
    *,
    tag: str | None = None,
    explained: float = 1.0,
) -> str:
    """Build the page of one artist.

    Args:
        prediction: Prediction with evidence.
        covers: Its covers with maps.
        pair: The genre that is explained, and the one that it is compared with.
        tag: The label that is mapped instead of the genres.
        explained: Share of the voters' weight that the maps explain.
    """
    name = prediction.artist.name or prediction.artist.id
    leading = prediction.genre or "none of these genres"
    mapped = f"the tag {tag}" if tag else f"{pair[0]} over {pair[1]}"
    values = {
        "name": escaped(name),
        "answer": escaped(leading),
        "covers": escaped(cover_count(prediction.bags)),
        "shares": _shares(prediction),
        "sure": escaped(" ".join(filter(None, (agreement(prediction), reliability(prediction)[0])))),
        "evidence_title": escaped(_evidence_title(prediction)),
        "evidence": _evidence(prediction),
        "covers_title": escaped(f"Where on the covers: {mapped}"),
        "legend": items(_legend(mapped, tag, explained)),
        "figures": "\n".join(_figure(cover) for cover in covers)
        or "<p>There are no pictures of these covers.</p>",
    }
    return fill("spotitags.explain.artist", "page.html", values)


def _legend(mapped: str, tag: str | None, explained: float) -> tuple[str, ...]:
    voters = f"the log-odds of a cover by the voters on whole pictures ({explained:.0%} of the weight)"
    number = "the contrast of the tag, in units of its usual spread" if tag else voters
    return (
        f"Red places speak for {mapped}, blue ones against it. Right: brightness times how much they do.",
        f"The number is {number}. Its places and a constant sum to it exactly.",
        "A place takes in its surroundings: read regions, not edges.",
        "The maps say how the number came about, not how it would change without a place.",
    )


def _shares(prediction: Prediction) -> str:
    rows = [(genre, share, genre == prediction.genre) for genre, share in prediction.votes.items()]
    if prediction.none is not None:
        rows.append(("none of these", prediction.none, prediction.genre is None))
    return "".join(
        f'<span>{escaped(name)}</span><i{" class=wins" if wins else ""} style="width:{share:.1%}"></i>'
        f"<span>{share:.2f}</span>"
        for name, share, wins in rows
    )


def _evidence_title(prediction: Prediction) -> str:
    if prediction.evidence is None:
        return "Evidence"
    evidence = prediction.evidence
    return (
        f"Tags for {evidence.winner} over {evidence.runner_up}: log-odds {signed(evidence.log_odds)} in all"
    )


def _evidence(prediction: Prediction) -> str:
    most = max((abs(reason.log_odds) for reason in prediction.reasons), default=1.0) or 1.0
    return "".join(
        f"<span>{escaped(reason.label)}</span>"
        f'<i><b class="{"for" if reason.log_odds > 0 else "against"}" '
        f'style="width:{abs(reason.log_odds) / most / 2:.1%}"></b></i>'
        f"<span>{signed(reason.log_odds)}</span>"
        for reason in prediction.reasons
    )


def _figure(cover: ExplainedCover) -> str:
    pictures = "".join(
        f'<img alt="{alt}" src="{data_url(data)}">'
        for alt, data in (
            ("cover", cover.picture()),
            ("map in colour", cover.overlay()),
            ("brightness times attention", cover.attention()),
        )
    )
    tags = ", ".join(tag.label for tag in cover.tags[:_TAGS])
    title = escaped(cover.album.name or cover.album.id)
    number = f"<b>{signed(cover.map.total)}</b>, most in the {cover.strongest}"
    return (
        f"<figure><div>{pictures}</div>"
        f"<figcaption>{title}: {number}<br><small>{escaped(tags)}</small></figcaption></figure>"
    )
