"""Run the stages in order, from artist ids to genre votes."""

from __future__ import annotations

from copy import copy
from functools import cached_property, partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from spotitags.bags.bag import artist_bags, merged_name
from spotitags.bags.merge import merged_version
from spotitags.bags.tables import frame
from spotitags.catalogs.base import ListableCatalog, TaggedCatalog
from spotitags.catalogs.registry import choose_catalog, open_catalog, open_local_catalog
from spotitags.catalogs.search import ArtistFinder, search
from spotitags.errors import InputError, SpotiTagsError, value_or_raise
from spotitags.io.keywords import suggest_arguments
from spotitags.pipeline import library_tags
from spotitags.pipeline.arguments import as_list, as_tuple, check_ranges
from spotitags.pipeline.artist_voting import votings_of
from spotitags.pipeline.many_votes import predict_many
from spotitags.pipeline.model_taggers import model_taggers
from spotitags.pipeline.runs import in_batches, run_taggers
from spotitags.pipeline.tagger_pool import TaggerPool
from spotitags.pipeline.voting import Voting
from spotitags.pipeline.word_sources import open_texts
from spotitags.taggers.labels.custom import custom_labels
from spotitags.taggers.registry import ready_taggers, tagger_options
from spotitags.taggers.validation import checked_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import pandas as pd

    from spotitags.catalogs.base import Catalog, Match
    from spotitags.catalogs.csv_table import CsvTable
    from spotitags.catalogs.text_columns import TextColumns
    from spotitags.io.cache import Cache
    from spotitags.pipeline.artist_voting import ArtistVoting, Batch
    from spotitags.records import Artist, Prediction, Tag, TagBag, TaggedCovers
    from spotitags.settings import Settings
    from spotitags.taggers.base import Extractor, Tagger, TaggerOptions


@suggest_arguments
class SpotiTags:
    """Tags of artists' album covers, and the genres that they predict.

    Catalogue, cache, taggers and model open with the first request; an instance serves any number.
    Artists are Spotify ids, URIs or URLs, MusicBrainz ids, ids of the manifest, or names in the catalogue.
    Methods on one artist raise a `SpotiTagsError`, whose subclass says who can fix it; methods on several
    yield the error in place of the artist's result, and raise TaggerError or ModelError if none can work.

    Args:
        catalog: As ``--catalog`` has it, or an object with the interface of `spotitags.catalogs.Catalog`.
        manifest: Covers on disk, as for `spotitags.catalogs.manifest.FolderCatalog`, or a table of single
            covers; a `spotitags.catalogs.csv_table.CsvTable` renames columns.
        tagger: One tagger or several, by name or as objects with the interface of
            `spotitags.taggers.Tagger`; by default the model's for predictions, else ``clip`` or ``lite``.
        model: Trained ensemble (``.onnx`` beside its ``.json`` card); None for the bundled model.
        voters: Optional voters of the model that also vote, such as ``transfer``.
        words: Words to look for with ``clip`` and ``lite``: a file, one entry a line, or a list.
        labels: Earlier name of ``words``.
        genres: Genres to choose from, in any spelling; empty for those of the model.
        zero_shot: True takes the untrained votes of taggers on the genres' names, not those of the model.
        titles: True trains voters on the words of albums' titles, too; False lets none vote.
        texts: Text columns of the manifest, such as ``lyrics``, for voters; predictions find the model's.
        albums: Maximum number of albums per artist, at least 1, without copies of a cover.
        keep_broad: True keeps broad tags, which fit nearly every cover.
        merge: True merges the bags of several taggers into one; see `spotitags.bags.merge.merge_tags`.
        max_calls: Maximum number of paid calls of the instance, over all taggers; None for no limit.
        offline: True uses no network.
        refresh: True requests and fetches everything again instead of using cached responses.
        also: Release types to add with MusicBrainz, of ``live``, ``compilation``, ``ep`` and ``single``.
        clip_model: open_clip ``name/pretrained``, ``hf-hub:…`` or ``local-dir:…`` for the tagger ``clip``.
        device: ``cpu``, ``cuda`` or ``mps``; None for the fastest available.
        settings: Keys and folders; None reads the environment.
        notify: Called with a line for each choice made, such as the catalogue and the reason for it.

    Raises:
        InputError: An argument is out of range.

    >>> from spotitags import SpotiTags
    >>> tags = SpotiTags(offline=True).tag("2ye2Wgw4gimLv2eAKyk1NB")
    >>> tags[0].weight >= tags[-1].weight > 0
    True
    """

    def __init__(  # noqa: PLR0913  (the one place for all options of a run)
        self,
        *,
        catalog: str | Catalog = "auto",
        manifest: Path | str | CsvTable | None = None,
        tagger: str | Tagger | Sequence[str | Tagger] = (),
        model: Path | str | None = None,
        voters: Sequence[str] = (),
        words: Path | str | Sequence[str] = (),
        labels: Path | str | Sequence[str] = (),
        genres: Sequence[str] = (),
        zero_shot: bool = False,
        titles: bool | None = None,
        texts: TextColumns | Sequence[str] | None = None,
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
        self.catalog, self.tagger, self.notify = catalog, tagger, notify or (lambda _line: None)
        self.manifest = Path(manifest) if isinstance(manifest, str) else manifest
        self._requested_taggers = as_list(tagger)
        self.model = None if model is None else Path(model)
        self.voters, self.genres, self.also = as_tuple(voters), as_tuple(genres), as_tuple(also)
        self.words, self.zero_shot, self.titles, self.albums = words or labels, zero_shot, titles, albums
        self.text_columns = open_texts(texts, self.manifest)
        self.keep_broad, self.merge = keep_broad, merge
        self.max_calls, self.offline, self.refresh = max_calls, offline, refresh
        self.clip_model, self.device, self.settings = clip_model, device, settings
        check_ranges(albums, max_calls, self._requested_taggers, merge=merge)

    @cached_property
    def source(self) -> Catalog:
        """Opened catalogue: the given one, or the one chosen."""
        if not isinstance(self.catalog, str):
            return self.catalog
        settings = None if self.offline or self.manifest else self._settings
        choice = choose_catalog(self.catalog, settings, manifest=self.manifest, offline=self.offline)
        self.notify(choice.line("catalog"))
        if not self.also and (local := open_local_catalog(choice.name, self.manifest)):
            return local
        return open_catalog(
            choice.name, self._settings, self.cache,
            manifest=self.manifest, refresh=self.refresh, also=self.also,
        )  # fmt: skip

    def artists(self) -> list[Artist]:
        """Return all artists of the catalogue; raises InputError if it cannot list them, as Spotify's."""
        if not isinstance(self.source, ListableCatalog):
            raise InputError(f"the catalogue {self.source.name!r} cannot list its artists: name them")
        return self.source.artists()

    def search(self, name: str, limit: int = 10) -> list[Match]:
        """Search the catalogue for artists by name, best match first; the other methods take `Match.id`."""
        return search(self.source, name, limit)

    def tagger_versions(self) -> dict[str, str]:
        """Return the version of each tagger, part of its cache keys; merged taggers are one."""
        if self._library is not None:
            return library_tags.versions(self._library, self._requested_taggers)
        versions = {tagger.name: checked_version(tagger) for tagger in self._taggers}
        return {merged_name(versions): merged_version(versions)} if self.merge else versions

    def tag(self, artist: str) -> list[Tag]:
        """Return the artist's ``(label, weight)`` pairs, heaviest first: summed over covers, no broad tags.

        With several taggers, the tags of the first that is not missing; `all_bags` has all.
        """
        return list(self.bag(artist).tags)

    def bag(self, artist: str) -> TagBag:
        """Return the tags of `tag` with the artist's name, the number of covers, and skipped covers."""
        return value_or_raise(next(self.all_bags([artist])))[0]

    def tagged_covers(
        self, artists: Iterable[str], extractors: Sequence[Extractor] = ()
    ) -> Iterator[tuple[str, TaggedCovers | SpotiTagsError]]:
        """Yield for each artist in turn tags and embeddings of each cover, or the error that prevents them.

        ``extractors`` run, too; the bundled library has no covers for them.
        """
        return chain.from_iterable(self._batches(artists, extractors, embeddings=True))

    def all_bags(self, artists: Iterable[str]) -> Iterator[tuple[str, list[TagBag] | SpotiTagsError]]:
        """Yield for each artist in turn a bag per tagger (of missing ones last, empty), or the error."""
        for ref, covers in chain.from_iterable(self._batches(artists)):
            yield ref, covers if isinstance(covers, SpotiTagsError) else self._bags(covers)

    def frame(self, artists: Iterable[str]) -> pd.DataFrame:
        """Return a table: a row per artist, a column per label, 0 for missing tags. Raises as `bag` does."""
        return frame([value_or_raise(result)[0] for result in self.all_bags(artists)])

    def predict(self, artist: str, *, explain: bool = False) -> Prediction:
        """Predict the artist's genre; with ``explain`` also find the tags for and against it."""
        return value_or_raise(next(self.predictions([artist], explain=explain)))

    def predictions(
        self, artists: Iterable[str], *, explain: bool = False
    ) -> Iterator[tuple[str, Prediction | SpotiTagsError]]:
        """Yield for each artist in turn its prediction, or the error that prevents it."""
        own = self._predictor
        voting, names = own._voting, () if self.merge else own._names  # noqa: SLF001 - another of this class
        for batch in own._vote_batches(artists):  # noqa: SLF001
            yield from predict_many(batch, voting, names, own._bags, explain=explain, broad=self.keep_broad)  # noqa: SLF001

    def votings(self, artists: Iterable[str]) -> Iterator[tuple[str, ArtistVoting | SpotiTagsError]]:
        """Yield for each artist in turn its covers with their voters, or the error that prevents them."""
        return votings_of(self._predictor._vote_batches(artists), self._predictor._voting, self._predictor)  # noqa: SLF001

    def _vote_batches(self, artists: Iterable[str]) -> Iterator[Batch]:
        return self._batches(artists, self._vote_extractors, embeddings=self._voting.needs_embeddings)

    def _batches(
        self, artists: Iterable[str], extractors: Sequence[Extractor] = (), *, embeddings: bool = False
    ) -> Iterator[Batch]:
        if library := self._library:
            load = partial(
                library_tags.library_tags, library, limit=self.albums, extractors=extractors,
                finder=self._finder, taggers=self._names, embeddings=embeddings,
            )  # fmt: skip
            return in_batches(artists, load)
        return run_taggers(
            artists, self._finder, self._taggers, self._tagger_pool, self.cache,
            extractors=extractors, embeddings=embeddings, albums=self.albums, refresh=self.refresh,
            merged=self.merge, keep_broad=self.keep_broad,
        )  # fmt: skip

    @property
    def _names(self) -> Sequence[str]:
        """Names of the taggers."""
        return [*self.tagger_versions()] if self._library is not None else self._tagger_pool.names

    def _bags(self, covers: TaggedCovers) -> list[TagBag]:
        return artist_bags(covers, self._names, merged=self.merge, keep_broad=self.keep_broad)

    @cached_property
    def _settings(self) -> Settings:
        from spotitags.settings import Settings  # pydantic takes a tenth of a second

        return self.settings or Settings()

    @cached_property
    def cache(self) -> Cache:
        """Cache of results, in the folder of the settings."""
        from spotitags.io.cache import answer_cache

        return answer_cache(self._settings.cache_dir, self._settings.cache_megabytes)

    @cached_property
    def _library(self) -> TaggedCatalog | None:
        """The catalogue if its covers were tagged in advance, as those of the bundled library."""
        if not isinstance(self.source, TaggedCatalog):
            return None
        merge, words = self.merge, bool(self.words)
        library_tags.check_request(self.source, self._requested_taggers, words=words, merge=merge)
        return self.source

    @cached_property
    def _finder(self) -> ArtistFinder:
        """Finder of the catalogue's artists, which lists them once."""
        return ArtistFinder(self.source)

    @cached_property
    def _predictor(self) -> SpotiTags:
        """This instance, but with the model's taggers if none are requested."""
        fixed = self._requested_taggers or self.zero_shot or self.words or self._library is not None
        if fixed or not (names := model_taggers(self.model, self.genres, self._tagger_options)):
            return self
        other = copy(self)
        for of_tag in ("_taggers", "_tagger_pool"):
            vars(other).pop(of_tag, None)
        other._requested_taggers = [*names]  # noqa: SLF001
        return other

    @cached_property
    def _taggers(self) -> list[Tagger]:
        return ready_taggers(self._requested_taggers, self._tagger_options, self.notify)

    @cached_property
    def _tagger_pool(self) -> TaggerPool:
        return TaggerPool(self._taggers, max_calls=self.max_calls, offline=self.offline, notify=self.notify)

    @cached_property
    def _tagger_options(self) -> TaggerOptions:
        return tagger_options(
            self._settings, clip_model=self.clip_model, device=self.device, offline=self.offline,
            labels=custom_labels(self.words) if self.words else (), notify=self.notify,
        )  # fmt: skip

    @cached_property
    def _voting(self) -> Voting:
        used, options = bool(self.genres or self.zero_shot), lambda: self._tagger_options
        able = library_tags.taggers(lib, options, used=used) if (lib := self._library) else self._taggers
        return Voting(
            self.model, self.tagger_versions(), taggers=able, genres=self.genres,
            zero_shot=self.zero_shot, titles=self.titles is not False, texts=self.text_columns,
            voters=self.voters, custom_labels=bool(self.words), cache=lambda: self.cache, notify=self.notify,
        )  # fmt: skip

    @cached_property
    def _vote_extractors(self) -> list[Extractor]:
        has_covers = self._library is None
        return self._voting.extractors(device=self.device, offline=self.offline, has_covers=has_covers)
