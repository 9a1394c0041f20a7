"""Run the stages in order, from artist ids to genre votes."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from spotitags.bags.merge import bags_of, merge, merged_name, merged_version
from spotitags.bags.tables import frame
from spotitags.catalogs.registry import choose_catalog, open_catalog
from spotitags.errors import InputError, ModelError, SpotiTagsError
from spotitags.io.cache import Cache
from spotitags.pipeline.library_tags import check_library_request, library_tags
from spotitags.pipeline.tagger_pool import TaggerPool
from spotitags.pipeline.tagging import TaggingRun
from spotitags.pipeline.voting import Voting
from spotitags.settings import Settings
from spotitags.taggers.features.colour import with_appearance
from spotitags.taggers.features.embedding import embedding_extractors, with_embeddings
from spotitags.taggers.features.registry import extractors_by_name, feature_versions
from spotitags.taggers.labels.custom import custom_labels
from spotitags.taggers.registry import ready_taggers, tagger_class, tagger_options
from spotitags.taggers.validation import checked_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pandas as pd

    from spotitags.catalogs.base import Catalog, Match
    from spotitags.catalogs.library.catalog import LibraryCatalog
    from spotitags.records import Artist, Prediction, Tag, TagBag, TaggedCovers
    from spotitags.taggers.base import FeatureExtractor, Tagger, TaggerOptions


T = TypeVar("T")


class SpotiTags:
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
        merge: Make the bags of several taggers into one, as `spotitags.bags.merge.merged` does.
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

    def __init__(  # noqa: PLR0913  (the one place where a user says everything)
        self,
        *,
        catalog: str | Catalog = "auto",
        manifest: Path | str | None = None,
        tagger: str | Tagger | Sequence[str | Tagger] = (),
        model: Path | str | None = None,
        voters: Sequence[str] = (),
        labels: Path | str | Sequence[str] = (),
        genres: Sequence[str] = (),
        albums: int = 10,
        keep_broad: bool = False,
        merge: bool = False,
        max_calls: int | None = None,
        offline: bool = False,
        refresh: bool = False,
        also: Sequence[str] = (),
        clip_model: str | None = None,
        device: str | None = None,
        settings: Settings | None = None,
        notify: Callable[[str], None] | None = None,
    ) -> None:
        if albums < 1:
            raise InputError(f"albums must be at least 1, not {albums}")
        if max_calls is not None and max_calls < 0:
            raise InputError(f"max_calls must be at least 0, not {max_calls}")
        self.catalog = catalog
        self.manifest = None if manifest is None else Path(manifest)
        self.tagger = tagger
        self.model = None if model is None else Path(model)
        self.voters = (voters,) if isinstance(voters, str) else tuple(voters)
        self.labels = labels
        self.genres = (genres,) if isinstance(genres, str) else tuple(genres)
        self.albums = albums
        self.keep_broad = keep_broad
        self.merge = merge
        self.max_calls = max_calls
        self.offline = offline
        self.refresh = refresh
        self.also = tuple(also)
        self.clip_model = clip_model
        self.device = device
        self.settings = settings
        self.notify = notify or (lambda _line: None)
        if merge and len(self._requested_taggers) < 2:  # noqa: PLR2004
            raise InputError("merging bags takes two taggers at least: name them by --tagger")

    def tagger_versions(self) -> dict[str, str]:
        """Each tagger with the version that its tags are kept under; merged, all as one."""
        if self._library is not None:
            return {self._library.tagger: self._library.version}
        versions = {tagger.name: checked_version(tagger) for tagger in self._taggers}
        return {merged_name(versions): merged_version(versions)} if self.merge else versions

    @cached_property
    def source(self) -> Catalog:
        """The catalogue, opened: the one given, or the one chosen."""
        if not isinstance(self.catalog, str):
            return self.catalog
        choice = choose_catalog(self.catalog, self._settings, manifest=self.manifest, offline=self.offline)
        self.notify(choice.line("catalog"))
        return open_catalog(
            choice.name, self._settings, self._cache,
            manifest=self.manifest, refresh=self.refresh, also=self.also,
        )  # fmt: skip

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
        from spotitags.catalogs.search import search

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
        return _value_or_raise(next(self.all_bags([artist])))[0]

    def tagged_covers(
        self, artists: Iterable[str], readers: Sequence[FeatureExtractor] = ()
    ) -> Iterator[tuple[str, TaggedCovers | SpotiTagsError]]:
        """For each artist in turn the tags and embeddings of each single cover, or why there are none.

        Args:
            artists: Ids, URIs or URLs.
            readers: Further feature extractors, such as those of `spotitags.taggers.features.colour`; the
                bundled library has no covers for them.

        Raises:
            TaggerError: A tagger cannot work at all.
        """
        return self._tagged_covers(artists, readers, embeddings=True)

    def all_bags(self, artists: Iterable[str]) -> Iterator[tuple[str, list[TagBag] | SpotiTagsError]]:
        """For each artist in turn one bag a tagger, or why there is none; one failure never stops the rest.

        The bags of taggers that are missing come last, empty.

        Raises:
            TaggerError: No tagger can work at all.
        """
        for ref, seen in self._tagged_covers(artists):
            yield ref, seen if isinstance(seen, SpotiTagsError) else self._bags(seen)

    def frame(self, artists: Iterable[str]) -> pd.DataFrame:
        """Tags of many artists as a table: a row an artist, a column a label, 0 where a tag is missing.

        Raises:
            SpotiTagsError: An artist could not be answered.
        """
        return frame([_value_or_raise(answer)[0] for answer in self.all_bags(artists)])

    def predict(self, artist: str, *, explain: bool = False) -> Prediction:
        """The genre that the artist's covers speak for, with every voter's own vote.

        Args:
            artist: Spotify id, URI or URL, or an id of the manifest.
            explain: Also find the tags that speak for and against the winner.

        Raises:
            SpotiTagsError: The artist could not be answered.
        """
        return _value_or_raise(next(self.predictions([artist], explain=explain)))

    def predictions(
        self, artists: Iterable[str], *, explain: bool = False
    ) -> Iterator[tuple[str, Prediction | SpotiTagsError]]:
        """For each artist in turn its prediction, or why there is none; one failure never stops the rest.

        Raises:
            ModelError: No model can read what the taggers say.
            TaggerError: A tagger cannot work at all.
        """
        voting = self._voting
        readers = [*voting.readers, *self._feature_extractors]
        for ref, seen in self._tagged_covers(artists, readers, embeddings=voting.wants_embeddings):
            if isinstance(seen, SpotiTagsError):
                yield ref, seen
                continue
            try:
                prediction = voting.predict(self._bags(seen), seen, explain=explain)
            except ModelError as error:
                yield ref, error
            else:
                yield ref, prediction

    def _tagged_covers(
        self, artists: Iterable[str], readers: Sequence[FeatureExtractor] = (), *, embeddings: bool = False
    ) -> Iterator[tuple[str, TaggedCovers | SpotiTagsError]]:
        if self._library is not None:
            for ref in artists:
                yield (
                    ref,
                    library_tags(self._library, ref, self.albums, readers=readers, embeddings=embeddings),
                )
            return
        from spotitags.covers.fetch import CoverFetcher

        taggers = [*self._taggers, *(embedding_extractors(self._taggers) if embeddings else ()), *readers]
        with CoverFetcher() as covers:
            tagging = TaggingRun(
                self.source, taggers, covers, self._cache,
                albums=self.albums, refresh=self.refresh, pool=self._tagger_pool,
            )  # fmt: skip
            with closing(tagging.run(artists)) as found:  # what fetches ahead stops before its connections do
                for ref, seen in found:
                    yield ref, seen if isinstance(seen, SpotiTagsError) else self._merged(seen)

    def _merged(self, seen: TaggedCovers) -> TaggedCovers:
        """What was seen, with covers' numbers apart from their tags, and taggers merged if asked for."""
        seen = with_appearance(with_embeddings(seen))
        return merge(seen, self._tagger_pool.names, keep_broad=self.keep_broad) if self.merge else seen

    def _bags(self, seen: TaggedCovers) -> list[TagBag]:
        names = [self._library.tagger] if self._library is not None else self._tagger_pool.names
        return bags_of(seen, names, merging=self.merge, keep_broad=self.keep_broad)

    @cached_property
    def _tagger_pool(self) -> TaggerPool:
        return TaggerPool(self._taggers, max_calls=self.max_calls, offline=self.offline, notify=self.notify)

    @cached_property
    def _settings(self) -> Settings:
        return self.settings or Settings()

    @cached_property
    def _cache(self) -> Cache:
        return Cache(self._settings.cache_dir / "answers", self._settings.cache_megabytes)

    @cached_property
    def _library(self) -> LibraryCatalog | None:
        """The bundled library where it is the catalogue: its covers were tagged beforehand."""
        if self.source.name != "library":
            return None
        library = cast("LibraryCatalog", self.source)
        check_library_request(library, self._requested_taggers, labels=bool(self.labels))
        return library

    @property
    def _requested_taggers(self) -> list[str | Tagger]:
        if isinstance(self.tagger, Iterable) and not isinstance(self.tagger, str):
            return list(self.tagger)
        return [self.tagger]

    @cached_property
    def _taggers(self) -> list[Tagger]:
        return ready_taggers(self._requested_taggers, self._tagger_options, self.notify)

    @cached_property
    def _tagger_options(self) -> TaggerOptions:
        return tagger_options(
            self._settings,
            clip_model=self.clip_model,
            device=self.device,
            offline=self.offline,
            labels=custom_labels(self.labels) if self.labels else (),
            notify=self.notify,
        )

    @property
    def _zero_shot_taggers(self) -> list[Tagger]:
        """Taggers that may vote on genres themselves; the bundled library's needs no covers for it."""
        if self._library is None:
            return self._taggers
        return [tagger_class(self._library.tagger).from_options(self._tagger_options)] if self.genres else []

    @cached_property
    def _feature_extractors(self) -> list[FeatureExtractor]:
        """Who gives voters the numbers of covers that no tagger does; nobody where there are no covers."""
        trained = self._voting.measures
        if trained and self._library is not None:
            self.notify(
                f"voters: those on {' and '.join(trained)} abstain: the library holds no covers to measure"
            )
            return []
        readers = extractors_by_name(trained, device=self.device, offline=self.offline)
        for name, version in feature_versions(readers).items():
            if version != trained[name]:
                self.notify(f"model: it was trained with another version of {name}; better train it anew")
        return readers

    @cached_property
    def _voting(self) -> Voting:
        return Voting(
            self.model,
            self.tagger_versions(),
            taggers=self._zero_shot_taggers,
            genres=self.genres,
            own_labels=bool(self.labels),
            voters=self.voters,
            notify=self.notify,
        )


def _value_or_raise(answer: tuple[str, T | SpotiTagsError]) -> T:
    """The answer of one artist, or its error raised."""
    if isinstance(answer[1], SpotiTagsError):
        raise answer[1]
    return answer[1]
