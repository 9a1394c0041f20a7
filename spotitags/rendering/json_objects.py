"""Records as JSON objects, the same for the command line and for ``to_dict`` in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from spotitags.bags.bag import largest_bag, skipped_covers
from spotitags.bags.display.selection import shown_tags

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from classifiers.ensemble.results import Evidence, KindVote
    from spotitags.records import Artist, Prediction, Reason, Tag, TagBag, Vote


def artist_json(artist: Artist) -> dict[str, Any]:
    """Return ``{"id", "name"}``."""
    return {"id": artist.id, "name": artist.name}


def error_json(ref: str, error: Exception) -> dict[str, Any]:
    """Return the object of an artist that failed: ``{"artist", "error": {"type", "message"}}``."""
    artist = getattr(error, "artist", None)
    return {
        "artist": {"id": ref, "name": artist.name if artist else None},
        "error": {"type": type(error).__name__, "message": str(error)},
    }


def tags_json(bags: Sequence[TagBag], top: int | None = None) -> list[dict[str, Any]]:
    """Return ``[{"label", "weight"}]``, heaviest first; with several bags also ``"tagger"``."""
    return _labelled(bags, [bag.tags[:top] for bag in bags])


def shown_json(bags: Sequence[TagBag], top: int | None = None) -> list[dict[str, Any]]:
    """Return the tags that people read, in the form of `tags_json`; first what sets the artist apart."""
    return _labelled(bags, [shown_tags(bag, top) for bag in bags])


def _labelled(bags: Sequence[TagBag], tags: Iterable[Iterable[Tag]]) -> list[dict[str, Any]]:
    several = len(bags) > 1
    return [
        {"label": tag.label, "weight": round(tag.weight, 4)} | ({"tagger": bag.tagger} if several else {})
        for bag, of_bag in zip(bags, tags, strict=True)
        for tag in of_bag
    ]


def covers_json(bags: Sequence[TagBag]) -> dict[str, Any]:
    """Return ``{"used", "skipped": [{"cover", "reason"}], "copies"}``.

    With small covers also their number, ``small``, and the shorter side of the smallest, ``smallest_px``.
    """
    largest = largest_bag(bags)
    covers = {
        "used": largest.covers,
        "skipped": [{"cover": each.cover, "reason": each.reason} for each in skipped_covers(bags)],
        "copies": bags[0].copies,
    }
    small = largest.small_sides()
    return covers | ({"small": len(small), "smallest_px": min(small)} if small else {})


def missing_json(bags: Sequence[TagBag]) -> dict[str, Any]:
    """Return ``{"missing": [{"tagger", "reason"}]}`` with several taggers, else an empty mapping."""
    if len(bags) < 2:  # noqa: PLR2004
        return {}
    return {"missing": [{"tagger": bag.tagger, "reason": bag.missing} for bag in bags if bag.missing]}


def bags_json(bags: Sequence[TagBag], top: int | None = None) -> dict[str, Any]:
    """Return ``{"artist", "tags", "shown", "covers"}``, with several taggers also ``"missing"``."""
    return {
        "artist": artist_json(bags[0].artist),
        "tags": tags_json(bags, top),
        "shown": shown_json(bags, top),
        "covers": covers_json(bags),
    } | missing_json(bags)


def prediction_json(
    prediction: Prediction, top: int | None = None, *, explain: bool = False
) -> dict[str, Any]:
    """Return one artist's prediction, as described in README."""
    several = len(prediction.bags) > 1
    answer = {
        "artist": artist_json(prediction.artist),
        "genre": prediction.genre,
        "none": None if prediction.none is None else round(prediction.none, 4),
        "votes": _shares(prediction.votes),
        "confidence": prediction.confidence and prediction.confidence._asdict(),
        "trained_on": prediction.trained_on,
        "kinds": [_kind_json(vote) for vote in prediction.kinds],
        "voters": [_voter_json(voter, explain=explain) for voter in prediction.voters],
        "tags": tags_json(prediction.bags, top),
        "shown": shown_json(prediction.bags, top),
        "covers": covers_json(prediction.bags),
    }
    answer |= missing_json(prediction.bags)
    if explain:
        answer["reasons"] = _reasons(prediction.reasons, several=several)
        answer["evidence"] = prediction.evidence and _evidence_json(prediction.evidence)
    return answer


def _evidence_json(evidence: Evidence) -> dict[str, Any]:
    numbers = {
        name: value if isinstance(value, str) else _significant(value)
        for name, value in evidence._asdict().items()
        if name != "texts"
    }
    return numbers | {"texts": {name: _significant(part) for name, part in evidence.texts}}


def _significant(number: float) -> float:
    """Round to 6 significant digits, so that small effects do not become 0; there is no -0.0."""
    return float(f"{number:.6g}") + 0.0


def _kind_json(vote: KindVote) -> dict[str, Any]:
    return {
        "kind": vote.kind,
        "weight": _significant(vote.weight),
        "genre": max(vote.probabilities, key=vote.probabilities.__getitem__),
        "votes": _shares(vote.probabilities),
    }


def _voter_json(voter: Vote, *, explain: bool) -> dict[str, Any]:
    return (
        {
            "tagger": voter.tagger,
            "view": voter.view,
            "classifier": voter.classifier,
            "genre": voter.genre,
            "votes": _shares(voter.votes),
            "weight": _significant(voter.weight),
            "trained": voter.trained,
        }
        | ({"basis": voter.basis} if voter.basis else {})
        | ({"reasons": _reasons(voter.reasons)} if explain else {})
    )


def _shares(votes: Mapping[str, float]) -> list[dict[str, Any]]:
    ranked = sorted(votes.items(), key=lambda item: (-item[1], item[0]))
    return [{"genre": genre, "share": round(share, 6)} for genre, share in ranked]


def _reasons(reasons: Iterable[Reason], *, several: bool = False) -> list[dict[str, Any]]:
    return [
        {"label": reason.label, "pull": _significant(reason.pull), "log_odds": _significant(reason.log_odds)}
        | ({"tagger": reason.tagger} if several else {})
        for reason in reasons
    ]
