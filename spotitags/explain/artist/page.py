"""Page that explains one artist's prediction; it opens offline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotitags.covers.thumbnails import data_url
from spotitags.evaluation.report.elements import escaped, fill, items
from spotitags.explain.artist.terminal import strongest_first
from spotitags.explain.artist.wording import change_sentences, deletion_sentence, nearest_sentence
from spotitags.rendering.explanation import evidence_parts, signed
from spotitags.rendering.wording import KIND_NAMES, agreement, cover_count, reliability, trained_on

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from spotitags.explain.artist.covers import ExplainedCover
    from spotitags.explain.artist.explanation import Explanation
    from spotitags.explain.artist.nearest import Nearest
    from spotitags.records import Album, Artist, Prediction

_TAGS = 5  # of a cover


def artist_page(explanation: Explanation) -> str:
    """Build the page of one artist."""
    prediction = explanation.prediction
    name = prediction.artist.name or prediction.artist.id
    leading = prediction.genre or "none of these genres"
    known = (agreement(prediction), reliability(prediction)[0], trained_on(prediction))
    values = {
        "name": escaped(name),
        "answer": escaped(leading),
        "covers": escaped(cover_count(prediction.bags)),
        "shares": _shares(prediction),
        "sure": "<br>".join(escaped(line) for line in known if line),
        "kinds": _kinds(prediction),
        "evidence_title": escaped(_evidence_title(prediction)),
        "evidence": _evidence(prediction),
        "changes": _changes(explanation),
        "nearest": _nearest(explanation),
        "covers_title": escaped(f"Where on the covers: {explanation.mapped}"),
        "legend": items(_legend(explanation)),
        "figures": "\n".join(_figure(cover) for cover in strongest_first(explanation.covers)),
    }
    return fill("spotitags.explain.artist", "page.html", values)


def _legend(explanation: Explanation) -> Iterator[str]:
    if explanation.no_maps:
        yield explanation.no_maps[:1].upper() + explanation.no_maps[1:] + "."
        return
    mapped = f"the tag {explanation.tag}" if explanation.tag else explanation.mapped
    yield (
        f"Red places speak for {mapped}, blue ones against it. The picture in black and white is brightness "
        "times how much a place speaks for it."
    )
    part = f"the log-odds of a cover by the voters on whole pictures ({explanation.share:.0%} of the weight)"
    number = "the contrast of the tag, in units of its usual spread" if explanation.tag else part
    yield f"The number is {number}. Its places and a constant sum to it exactly."
    yield "A place takes in its surroundings: read regions, not edges."
    yield (
        "The maps say how the number came about. What it changes when places are blurred is below each "
        "cover, beside the same for places chosen at random."
    )
    if any(cover.occlusion is not None for cover in explanation.covers):
        yield (
            "The last picture is the occlusion of all voters: how much the artist's log-odds fall when a "
            "place is blurred and the cover is tagged anew."
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


def _kinds(prediction: Prediction) -> str:
    """Build the table of votes by kind of voters; a line for models without kinds."""
    if not prediction.kinds:
        return "<p>The voters of this model are of one kind.</p>"
    genres = list(prediction.votes)
    head = "".join(f"<th>{escaped(genre)}</th>" for genre in genres)
    rows = []
    for vote in prediction.kinds:
        winner = max(vote.probabilities, key=vote.probabilities.__getitem__)
        shares = {genre: vote.probabilities.get(genre, 0.0) for genre in genres}
        cells = "".join(
            f'<td class="n{" best" if genre == winner else ""}" style="--share:{share:.1%}">{share:.2f}</td>'
            for genre, share in shares.items()
        )
        rows.append(f'<tr><td>{KIND_NAMES[vote.kind]}</td><td class="n">{vote.weight:.2f}</td>{cells}</tr>')
    return (
        f'<div class="scroll"><table class="kinds"><thead><tr><th>kind of voters</th><th>exponent</th>'
        f"{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
        "<p>Shares are the product of these votes to the power of their exponents.</p>"
    )


def _evidence_title(prediction: Prediction) -> str:
    if prediction.evidence is None:
        return "Evidence"
    evidence = prediction.evidence
    pair = f"{evidence.winner} over {evidence.runner_up}"
    return f"Evidence for {pair}: log-odds {signed(evidence.log_odds)} in all"


def _evidence(prediction: Prediction) -> str:
    """Build bars of the kinds' parts, then of the tags: log-odds, which do not end at 1 as shares do."""
    if prediction.evidence is None:
        return "<p>These votes name no tags.</p>"
    parts = _bars(evidence_parts(prediction.voters, prediction.evidence))
    several = len(prediction.bags) > 1
    tags = _bars(
        [(f"{r.label} ({r.tagger})" if several else r.label, r.log_odds) for r in prediction.reasons]
    )
    return f"{parts}<p>Without this tag, the log-odds fall by:</p>{tags}"


def _bars(rows: Sequence[tuple[str, float]]) -> str:
    most = max((abs(log_odds) for _, log_odds in rows), default=1.0) or 1.0
    bars = "".join(
        f"<span>{escaped(name)}</span>"
        f'<i><b class="{"for" if log_odds > 0 else "against"}" '
        f'style="width:{abs(log_odds) / most / 2:.1%}"></b></i>'
        f"<span>{signed(log_odds)}</span>"
        for name, log_odds in rows
    )
    return f'<div class="bars signed">{bars}</div>'


def _changes(explanation: Explanation) -> str:
    if explanation.changes is None:
        return ""
    lines = change_sentences(explanation.changes) or ["There is nothing to leave out."]
    title = f"What would have to be missing for {explanation.changes.other} to win"
    how = "Each set was tried by a vote of all voters without it. Without a tag, pictures stay as they are."
    return f"<h2>{escaped(title)}</h2>\n<ul>\n{items([*lines, how])}\n</ul>"


def _nearest(explanation: Explanation) -> str:
    nearest = explanation.nearest
    if isinstance(nearest, str):
        return f"<p>{escaped(nearest)}.</p>"
    artists = "".join(
        f"<li>{escaped(_artist(each.artist))} <b>{each.similarity:.2f}</b></li>" for each in nearest.artists
    )
    covers = "".join(
        _near_cover(each.album, each.similarity, each.own, explanation) for each in nearest.covers
    )
    return (
        f'<p>{escaped(nearest_sentence(nearest))}.</p><div class="near">'
        f"<div><h3>Artists</h3><ol>{artists}</ol></div><div><h3>Covers</h3>"
        f'<ol class="{_with_pictures(nearest, explanation)}">{covers}</ol></div></div>'
        "<p>1 is the same picture, 0 what two covers have in common on average.</p>"
    )


def _with_pictures(nearest: Nearest, explanation: Explanation) -> str:
    return "pictures" if any(each.album.digest in explanation.thumbnails for each in nearest.covers) else ""


def _near_cover(album: Album, similarity: float, own: Album, explanation: Explanation) -> str:
    data = explanation.thumbnails.get(str(album.digest))
    picture = f'<img alt="" src="{data_url(data)}">' if data else ""
    title = escaped(f"{album.name or album.id}, {_artist(album.artist)}")
    like = escaped(f"like {own.name or own.id}")
    return f"<li>{picture}{title} <b>{similarity:.2f}</b><br><small>{like}</small></li>"


def _artist(artist: Artist) -> str:
    return f"{artist.name or artist.id}" + (f" ({artist.genre})" if artist.genre else "")


def _figure(cover: ExplainedCover) -> str:
    pictures = "".join(
        f'<img alt="{alt}" title="{alt}" src="{data_url(data)}">' for alt, data in cover.pictures()
    )
    tags = ", ".join(tag.label for tag in cover.tags[:_TAGS])
    title = escaped(cover.album.name or cover.album.id)
    number = f": <b>{signed(cover.map.total)}</b>, most in the {cover.strongest}" if cover.map else ""
    lines = "".join(
        f"<br><small>{escaped(line)}</small>" for line in (tags, deletion_sentence(cover)) if line
    )
    return f"<figure><div>{pictures}</div><figcaption>{title}{number}{lines}</figcaption></figure>"
