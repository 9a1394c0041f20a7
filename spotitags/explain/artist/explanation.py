"""Everything that explains one artist's prediction."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from spotitags.covers.thumbnails import thumbnails
from spotitags.errors import InputError
from spotitags.explain.artist.changes import smallest_changes
from spotitags.explain.artist.covers import (
    MAPPED,
    explained_covers,
    explained_share,
    genre_mapper,
    tag_mapper,
)
from spotitags.explain.artist.occluded import occlusion_maps
from spotitags.explain.places.features import PlaceNetwork
from spotitags.io.genre_names import find_genre

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from classifiers.ensemble.linear import LinearVoter
    from spotitags.explain.artist.changes import Changes
    from spotitags.explain.artist.covers import ExplainedCover, Mapper
    from spotitags.explain.artist.nearest import Nearest
    from spotitags.pipeline.artist_voting import ArtistVoting
    from spotitags.records import Prediction

THUMBNAIL: Final = 160
"""Longer side of the picture of a nearest cover in pixels."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Explanation of one prediction.

    Attributes:
        prediction: Prediction with evidence.
        pair: The genre that is explained, and the one that it is compared with.
        tag: The label that is mapped instead of the genres; None for the genres.
        covers: Covers with pictures, and with maps if there are any.
        share: Share of the voters' weight that the maps of genres explain, in [0, 1].
        no_maps: Reason why there are no maps; empty if there are.
        changes: What would have to be missing for another genre to win; None if there is only one genre.
        nearest: Nearest artists and covers, or the reason why there are none.
        thumbnails: JPEG files of the nearest covers by digest, of those on this machine.
    """

    prediction: Prediction
    pair: tuple[str, str]
    tag: str | None
    covers: tuple[ExplainedCover, ...]
    share: float
    no_maps: str
    changes: Changes | None
    nearest: Nearest | str
    thumbnails: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def mapped(self) -> str:
        """What the maps show: ``metal over jazz``, or the label of a tag."""
        return self.tag or f"{self.pair[0]} over {self.pair[1]}"


def explain_prediction(  # noqa: PLR0913 - each is a choice of its own, and most have defaults
    voting: ArtistVoting,
    nearest: Callable[[], Nearest | str],
    *,
    genre: str | None = None,
    tag: str | None = None,
    cache_dir: Path | None = None,
    remote: bool = True,
    occlusion: Callable[[int, int], None] | None = None,
) -> Explanation:
    """Explain the prediction of one artist.

    Args:
        voting: Covers of the artist, and the voters.
        nearest: Finds the nearest artists and covers.
        genre: Genre to explain, in any spelling; None for the winner.
        tag: A label of `lite` to map instead of a genre.
        cache_dir: Folder of the cache.
        remote: False leaves out pictures that would have to be fetched.
        occlusion: Called with the number of finished covers, and of all; None for no occlusion.

    Raises:
        InputError: The model has no such genre, or `lite` no such label or no part in the prediction.
        ModelError: The votes cannot be computed.
    """
    prediction = voting.predict(explain=True)
    pair = genre_pair(prediction, genre)
    voters = voting.ensemble.linear_voters(MAPPED)
    mapper, no_maps = _mapper(voting, voters, pair, tag, cache_dir)
    covers = list(explained_covers(prediction, mapper, remote=remote))
    if not covers:
        no_maps = no_maps or "there are no pictures of these covers, so there are no maps"
    if occlusion and covers:
        falls = occlusion_maps(voting, pair, [str(cover.album.digest) for cover in covers], occlusion)
        covers = [replace(each, occlusion=falls.get(str(each.album.digest))) for each in covers]
    near = nearest()
    return Explanation(
        prediction,
        pair,
        tag,
        tuple(covers),
        explained_share(prediction, voters),
        no_maps,
        smallest_changes(voting, prediction, _contender(prediction, pair)),
        near,
        {} if isinstance(near, str) else thumbnails([each.album for each in near.covers], THUMBNAIL),
    )


def genre_pair(prediction: Prediction, genre: str | None) -> tuple[str, str]:
    """Return the genre to explain and the one to compare it with: the winner, else the runner-up.

    Raises:
        InputError: The model has no such genre.
    """
    ranked = list(prediction.votes)
    chosen = ranked[0] if genre is None else find_genre(genre, ranked)
    if chosen is None:
        raise InputError(f"the model has no genre {genre!r}: choose from {', '.join(ranked)}")
    return chosen, next(other for other in ranked if other != chosen)


def _contender(prediction: Prediction, pair: tuple[str, str]) -> str:
    """Return the genre that is to win: the one that is explained, or the runner-up if that one wins now."""
    return pair[1] if pair[0] == prediction.leading else pair[0]


def _mapper(
    voting: ArtistVoting,
    voters: Sequence[LinearVoter],
    pair: tuple[str, str],
    tag: str | None,
    cache_dir: Path | None,
) -> tuple[Mapper | None, str]:
    """Return the function that maps a cover, or the reason why there are no maps."""
    network, genres = PlaceNetwork(cache_dir), voting.ensemble.genres
    only = f"maps exist for the tagger {MAPPED} only, and these covers were tagged by"
    used = " and ".join(voting.covers.tags)
    if tag is not None:
        if MAPPED not in voting.covers.tags:
            raise InputError(f"{only} {used}")
        return tag_mapper(network, tag), ""
    if MAPPED not in voting.covers.features:
        return None, f"{only} {used}"
    if not voters or not set(pair) <= set(genres):
        return None, f"maps need voters on the embeddings of {MAPPED} that are linear; none of these voted"
    return genre_mapper(network, voters, (genres.index(pair[0]), genres.index(pair[1]))), ""
