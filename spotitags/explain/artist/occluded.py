"""Occlusion of the whole ensemble: the change of its answer when a place of one cover is blurred."""

from __future__ import annotations

from dataclasses import replace
from math import log
from typing import TYPE_CHECKING, Final

import numpy as np

from spotitags.bags.own_names import mask_names
from spotitags.covers.decode import decode_many
from spotitags.covers.fetch import CoverFetcher
from spotitags.errors import InputError
from spotitags.explain.places.features import GRID
from spotitags.explain.places.occlusion import occluded
from spotitags.records import Cover, CoverFile
from spotitags.taggers.base import Embedder, HasCost
from spotitags.taggers.features.embedding import pack, unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from spotitags.pipeline.artist_voting import ArtistVoting
    from spotitags.records import Tag, TaggedCovers
    from spotitags.taggers.base import Tagger

_LEAST: Final = 1e-12  # share


def occlusion_maps(
    voting: ArtistVoting, pair: tuple[str, str], digests: Sequence[str], step: Callable[[int, int], None]
) -> dict[str, NDArray[np.float64]]:
    """Tag each cover with each of its places blurred, and let all voters vote on the artist anew.

    Paid taggers are not called: their tags stay as they are.

    Args:
        voting: Covers of the artist, and the voters.
        pair: The genre that is explained, and the one that it is compared with.
        digests: Covers to occlude.
        step: Called with the number of finished covers, and of all.

    Returns:
        By digest (`GRID`, `GRID`) falls of the log-odds of the pair; above 0 where the place speaks for it.

    Raises:
        InputError: The taggers' bags are merged.
    """
    taggers = [tagger for tagger in voting.taggers if not isinstance(tagger, HasCost)]
    if taggers and not any(tagger.name in voting.covers.tags for tagger in taggers):
        raise InputError("occlusion needs the tags of each tagger: leave --merge out")
    numbers = {album.digest: number for number, album in enumerate(voting.covers.albums)}
    maps = {}
    step(0, len(digests))
    for cover in _decoded(voting, digests, max((tagger.image_size for tagger in taggers), default=0)):
        maps[cover.digest] = _map(voting, pair, taggers, cover, numbers[cover.digest])
        step(len(maps), len(digests))
    return maps


def _decoded(voting: ArtistVoting, digests: Sequence[str], side: int) -> Iterator[Cover]:
    albums = [album for album in voting.covers.albums if album.digest in digests]
    with CoverFetcher() as fetcher:
        files = [file for file in fetcher.fetch(albums, side) if isinstance(file, CoverFile)]
    same = [file for file in files if file.digest == file.album.digest]
    yield from (cover for cover in decode_many(same, side) if isinstance(cover, Cover))


def _map(
    voting: ArtistVoting, pair: tuple[str, str], taggers: Sequence[Tagger], cover: Cover, number: int
) -> NDArray[np.float64]:
    variants = [
        Cover(cover.album, f"{cover.digest} {place}", pixels)
        for place, pixels in enumerate([cover.pixels, *occluded(cover.pixels)])
    ]
    tags: dict[str, list[list[Tag]]] = {}
    features: dict[str, NDArray[np.float32]] = {}
    for tagger in taggers:
        rows = []
        for start in range(0, len(variants), tagger.batch_size):
            batch = variants[start : start + tagger.batch_size]
            found = [each if isinstance(each, list) else [] for each in tagger.tag(batch)]
            tags.setdefault(tagger.name, []).extend(found)
            if isinstance(tagger, Embedder) and tagger.name in voting.covers.features:
                rows.append(unpack(pack(tagger.embed(batch))))
        if rows:
            features[tagger.name] = np.concatenate(rows)
    odds = []
    for variant in range(len(variants)):
        changed = _replaced(voting.covers, number, variant, tags, features)
        votes = voting.predict(changed).votes
        odds.append(log(max(votes[pair[0]], _LEAST) / max(votes[pair[1]], _LEAST)))
    whole, *changes = odds
    return np.array([whole - each for each in changes]).reshape(GRID, GRID)


def _replaced(
    covers: TaggedCovers,
    number: int,
    variant: int,
    tags: dict[str, list[list[Tag]]],
    features: dict[str, NDArray[np.float32]],
) -> TaggedCovers:
    """Return the covers with the tags and features of a variant in the place of one cover."""
    all_tags = dict(covers.tags)
    for tagger in tags.keys() & all_tags.keys():
        of_covers = list(all_tags[tagger])
        of_covers[number] = tags[tagger][variant]
        all_tags[tagger] = of_covers
    all_features = dict(covers.features)
    for tagger, rows in features.items():
        changed = all_features[tagger].copy()
        changed[number] = rows[variant]
        all_features[tagger] = changed
    return mask_names(replace(covers, tags=all_tags, features=all_features))
