"""Votes on many artists in one run of the model, for artists whose tags have no gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from classifiers.ensemble.blends import TITLES
from classifiers.ensemble.many import vote_many
from classifiers.ensemble.many_rows import ManyInputs
from classifiers.errors import ModelFileError
from classifiers.text.coded import LABELS, coded_bags
from spotitags.bags.many import sum_bags, tag_bags
from spotitags.bags.titles import title_words
from spotitags.errors import ModelError, SpotiTagsError
from spotitags.pipeline.genre_choice import among_genres
from spotitags.pipeline.vote_records import voter_records, votes_of_kinds
from spotitags.records import Prediction
from spotitags.records.coded_tags import CodedTags
from spotitags.records.deferred import deferred

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from classifiers.ensemble.many import ManyVotes
    from classifiers.text.coded import CodedBags
    from spotitags.pipeline.artist_voting import Batch
    from spotitags.pipeline.voting import Voting
    from spotitags.records import Tag, TagBag, TaggedCovers

    Predicted = tuple[str, Prediction | SpotiTagsError]

FEW = 3
"""Artists below which one vote after another is as fast."""


def predict_many(  # noqa: PLR0913 - a batch, who votes on it, and how
    batch: Batch,
    voting: Voting,
    taggers: Sequence[str],
    bags: Callable[[TaggedCovers], Sequence[TagBag]],
    *,
    explain: bool,
    broad: bool,
) -> Iterator[Predicted]:
    """Yield the prediction of each artist of a batch, or the error that prevents it.

    Args:
        batch: Tagged covers of artists.
        voting: The voters.
        taggers: Names of the taggers, each with a bag; empty to predict each artist alone.
        bags: Builds the bags of one artist.
        explain: As for `Voting.predict`.
        broad: True keeps broad tags.
    """
    if explain or voting.carried or voting.zero_shot or voting.words.columns:
        taggers = ()
    groups: dict[object, list[tuple[str, TaggedCovers]]] = {}
    for ref, covers in batch:
        if not isinstance(covers, SpotiTagsError) and _is_plain(covers, taggers):
            widths = [(name, rows.shape[1]) for name, rows in covers.features.items()]
            groups.setdefault(tuple(widths), []).append((ref, covers))
    found: dict[int, Prediction] = {}
    for group in groups.values():
        if len(group) >= FEW:
            covers_of_group = [covers for _, covers in group]
            predicted = _predict_group(covers_of_group, voting, taggers, broad=broad)
            found |= {id(covers): each for covers, each in zip(covers_of_group, predicted, strict=False)}
    for ref, covers in batch:
        if isinstance(covers, SpotiTagsError):
            yield ref, covers
        elif ready := found.get(id(covers)):
            yield ref, ready
        else:
            try:
                yield ref, voting.predict(bags(covers), covers, explain=explain, ref=ref)
            except ModelError as error:
                yield ref, error


def _is_plain(covers: TaggedCovers, taggers: Sequence[str]) -> bool:
    """Return whether an artist has tags of all taggers on all covers, all of them valid."""
    if not taggers or covers.missing or covers.unreadable or not covers.albums:
        return False
    return all(name in covers.tags and _are_valid(covers.tags[name]) for name in taggers)


def _are_valid(rows: Iterable[Sequence[Tag]]) -> bool:
    return all(isinstance(row, CodedTags) or CodedTags.of(row).is_valid() for row in rows)


def _predict_group(
    tagged: Sequence[TaggedCovers], voting: Voting, taggers: Sequence[str], *, broad: bool
) -> list[Prediction]:
    """Predict artists with the same features; return none if no voter can vote."""
    sums = {name: sum_bags(tagged, name, keep_broad=broad) for name in taggers}
    bags = [tag_bags(tagged, name, sums[name]) for name in taggers]
    inputs = ManyInputs(
        artists=len(tagged),
        bags=sums | ({TITLES: _titles(tagged)} if voting.words.titles else {}),
        embeddings={
            name: np.concatenate([covers.features[name] for covers in tagged]) for name in tagged[0].features
        },
        covers=np.concatenate([[0], np.cumsum([len(covers.albums) for covers in tagged])]),
    )
    try:
        votes = vote_many(voting.ensemble, inputs)
    except ModelFileError as error:
        raise ModelError(str(error)) from error
    if votes is None:
        return []
    of_artists = zip(tagged, zip(*bags, strict=True), strict=True)
    return [
        _prediction(voting, votes, number, covers, own) for number, (covers, own) in enumerate(of_artists)
    ]


def _titles(tagged: Sequence[TaggedCovers]) -> CodedBags:
    words = [list(each) for covers in tagged for each in title_words(covers.albums)]
    return coded_bags(
        [LABELS.numbers(each) for each in words],
        [np.ones(len(each)) for each in words],
        [len(covers.albums) for covers in tagged],
    )


def _prediction(
    voting: Voting, votes: ManyVotes, number: int, covers: TaggedCovers, bags: tuple[TagBag, ...]
) -> Prediction:
    """Return what `Voting.predict` returns; the parts of each voter are computed when they are read."""
    voting.report(covers.artist, known=bool(votes.informed[number]))
    later = {
        "voters": lambda: voter_records(votes.votes_of(number), voting.genres),
        "kinds": lambda: votes_of_kinds(votes.kinds_of(number), voting.genres),
    }
    shares = votes.shares_of(number)
    return deferred(
        Prediction,
        later,
        artist=covers.artist,
        votes=among_genres(shares, voting.genres),
        bags=bags,
        confidence=voting.confidence_of(votes.confidences[number], bags),
        none=voting.none_of(votes.none_of(number), shares),
        trained_on=voting.ensemble.trained_on(covers.digests),
    )
