"""The corridor: calls the rooms in their order, from artist ids to genre votes."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, TypeVar, cast

from spotitags import bags as bagging
from spotitags.appearance import with_appearance
from spotitags.embeddings import embedding_readers, with_embeddings
from spotitags.errors import InputError, ModelError, SpotiTagsError
from spotitags.merging import bags_of, merge
from spotitags.recall import recalled
from spotitags.rooms import Rooms
from spotitags.tagging import Seen, Tagging

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pandas as pd

    from spotitags.catalogs import Match
    from spotitags.records import Artist, Prediction, Tag, TagBag
    from spotitags.taggers import CoverReader

T = TypeVar("T")


class SpotiTags(Rooms):
    """Tags of artists' album covers, and the genre that they speak for.

    Nothing is loaded, opened or fetched before the first question; an instance may be asked any number of
    times.

    Args:
        catalog: ``auto``, ``spotify``, ``musicbrainz``, ``folder`` or ``library``, or an object with the door
            of `spotitags.catalogs.Catalog`.
        manifest: Covers on disk: a CSV (``artist_id,file`` and more) or a folder ``artist/*.jpg``.
        tagger: One tagger or several, by name or as objects with the door of `spotitags.taggers.Tagger`; left
            out, ``clip`` where it can run, else ``lite``.
        model: A trained ensemble (``.onnx`` beside its ``.json`` card); None takes the bundled one.
        voters: Optional voters of the model that are to vote, too, such as ``transfer``.
        labels: What ``clip`` and ``lite`` look for instead of their own words: a file, one a line, or a list.
        genres: Vote between these alone; empty takes the model's.
        albums: Most albums an artist, at least 1.
        keep_broad: Keep tags that fit nearly every cover.
        merge: Make the bags of several taggers into one, as `spotitags.bags.merged` does.
        max_calls: Most calls, of all taggers together and for as long as the instance lives, that cost money;
            None for no limit.
        offline: Open no socket.
        refresh: Ask services anew, and fetch covers anew, instead of taking what earlier runs kept.
        also: Of ``live``, ``compilation``, ``ep`` and ``single``, what MusicBrainz is to list besides.
        clip_model: open_clip ``name/pretrained``, ``hf-hub:…`` or ``local-dir:…`` for the tagger ``clip``.
        device: ``cpu``, ``cuda`` or ``mps``; None takes the best there is.
        settings: Keys and folders; None reads the environment.
        notify: Called with one line for each choice made (which catalogue, which tagger, and why).

    Raises:
        InputError: An argument is out of range.

    >>> from spotitags import SpotiTags
    >>> tags = SpotiTags(offline=True).tag("2ye2Wgw4gimLv2eAKyk1NB")
    >>> tags[0].weight >= tags[-1].weight > 0
    True
    """

    def artists(self) -> list[Artist]:
        """All artists of the catalogue, where it can list them.

        Raises:
            InputError: The catalogue is open-ended, as Spotify's is.
        """
        lister = getattr(self.source, "artists", None)
        if lister is None:
            raise InputError(f"the catalogue {self.source.name!r} cannot list its artists: name them")
        return cast("list[Artist]", lister())

    def search(self, name: str, limit: int = 10) -> list[Match]:
        """Artists of that name, the best first; `Match.id` is what the other methods take.

        Raises:
            SpotiTagsError: The catalogue knows no names, or nobody of this one, or could not answer.
        """
        from spotitags.asking import search

        return search(self.source, name, limit)

    def tag(self, artist: str) -> list[Tag]:
        """The artist's ``(label, weight)`` pairs, heaviest first.

        Weights are summed over covers and broad tags dropped. With several taggers, those of the first that
        is there; `all_bags` gives each its own.

        Raises:
            SpotiTagsError: The artist could not be answered; the subclass says who can act.
        """
        return list(self.bag(artist).tags)

    def bag(self, artist: str) -> TagBag:
        """The same tags with the artist's name, the number of covers and those that were skipped.

        Raises:
            SpotiTagsError: The artist could not be answered.
        """
        return _answered(next(self.all_bags([artist])))[0]

    def seen(
        self, artists: Iterable[str], readers: Sequence[CoverReader] = ()
    ) -> Iterator[tuple[str, Seen | SpotiTagsError]]:
        """For each artist in turn the tags and embeddings of each single cover, or why there are none.

        Args:
            artists: Ids, URIs or URLs.
            readers: Who looks at the covers besides the taggers, such as those of `spotitags.appearance`; the
                bundled library has no cover to look at.

        Raises:
            TaggerError: A tagger cannot work at all.
        """
        return self._seen(artists, readers, embeddings=True)

    def all_bags(self, artists: Iterable[str]) -> Iterator[tuple[str, list[TagBag] | SpotiTagsError]]:
        """For each artist in turn one bag a tagger, or why there is none; one failure never stops the rest.

        The bags of taggers that are missing come last, empty.

        Raises:
            TaggerError: No tagger can work at all.
        """
        for ref, seen in self._seen(artists):
            yield ref, seen if isinstance(seen, SpotiTagsError) else self._bags(seen)

    def frame(self, artists: Iterable[str]) -> pd.DataFrame:
        """Tags of many artists as a table: a row an artist, a column a label, 0 where a tag is missing.

        Raises:
            SpotiTagsError: An artist could not be answered.
        """
        return bagging.frame([_answered(answer)[0] for answer in self.all_bags(artists)])

    def predict(self, artist: str, *, explain: bool = False) -> Prediction:
        """The genre that the artist's covers speak for, with every voter's own vote.

        Args:
            artist: Spotify id, URI or URL, or an id of the manifest.
            explain: Also find the tags that speak for and against the winner.

        Raises:
            SpotiTagsError: The artist could not be answered.
        """
        return _answered(next(self.predictions([artist], explain=explain)))

    def predictions(
        self, artists: Iterable[str], *, explain: bool = False
    ) -> Iterator[tuple[str, Prediction | SpotiTagsError]]:
        """For each artist in turn its prediction, or why there is none; one failure never stops the rest.

        Raises:
            ModelError: No model can read what the taggers say.
            TaggerError: A tagger cannot work at all.
        """
        voting = self._voting
        readers = [*voting.readers, *self._measuring]
        for ref, seen in self._seen(artists, readers, embeddings=voting.wants_embeddings):
            if isinstance(seen, SpotiTagsError):
                yield ref, seen
                continue
            try:
                prediction = voting.predict(self._bags(seen), seen, explain=explain)
            except ModelError as error:
                yield ref, error
            else:
                yield ref, prediction

    def _seen(
        self, artists: Iterable[str], readers: Sequence[CoverReader] = (), *, embeddings: bool = False
    ) -> Iterator[tuple[str, Seen | SpotiTagsError]]:
        if self._library is not None:
            for ref in artists:
                yield ref, recalled(self._library, ref, self.albums, readers=readers, embeddings=embeddings)
            return
        from spotitags.covers import Covers

        taggers = [*self._taggers, *(embedding_readers(self._taggers) if embeddings else ()), *readers]
        with Covers() as covers:
            tagging = Tagging(
                self.source, taggers, covers, self._cache,
                albums=self.albums, refresh=self.refresh, panel=self._panel,
            )  # fmt: skip
            with closing(tagging.run(artists)) as found:  # what fetches ahead stops before its connections do
                for ref, seen in found:
                    yield ref, seen if isinstance(seen, SpotiTagsError) else self._whole(seen)

    def _whole(self, seen: Seen) -> Seen:
        """What was seen, with covers' numbers apart from their tags, and taggers merged if asked for."""
        seen = with_appearance(with_embeddings(seen))
        return merge(seen, self._panel.names, keep_broad=self.keep_broad) if self.merge else seen

    def _bags(self, seen: Seen) -> list[TagBag]:
        names = [self._library.tagger] if self._library is not None else self._panel.names
        return bags_of(seen, names, merging=self.merge, keep_broad=self.keep_broad)


def _answered(answer: tuple[str, T | SpotiTagsError]) -> T:
    """The answer of one artist, or its error raised."""
    if isinstance(answer[1], SpotiTagsError):
        raise answer[1]
    return answer[1]
