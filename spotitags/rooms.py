"""What a run was asked for, and the rooms that are opened for it: catalogue, cache, taggers and voters."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

from spotitags.cache import Cache
from spotitags.choose import choose_catalog, open_catalog, ready_taggers, tagger_options
from spotitags.errors import InputError
from spotitags.image_models import readers_of, versions_of
from spotitags.merging import merged_name, merged_version
from spotitags.panel import Panel, version_of
from spotitags.recall import ask_only_what_was_kept
from spotitags.settings import Settings
from spotitags.taggers import tagger_class
from spotitags.taggers._own_labels import own_labels
from spotitags.voting import Voting

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from spotitags.catalogs import Catalog
    from spotitags.catalogs.library import LibraryCatalog
    from spotitags.taggers import CoverReader, Tagger, TaggerOptions


class Rooms:
    """Everything that `spotitags.SpotiTags` is told, and what it opens by it, each on first use."""

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
        if merge and len(self._asked_taggers) < 2:  # noqa: PLR2004
            raise InputError("merging bags takes two taggers at least: name them by --tagger")

    def tagger_versions(self) -> dict[str, str]:
        """Each tagger with the version that its tags are kept under; merged, all as one."""
        if self._library is not None:
            return {self._library.tagger: self._library.version}
        versions = {tagger.name: version_of(tagger) for tagger in self._taggers}
        return {merged_name(versions): merged_version(versions)} if self.merge else versions

    @cached_property
    def _panel(self) -> Panel:
        return Panel(self._taggers, max_calls=self.max_calls, offline=self.offline, notify=self.notify)

    @cached_property
    def _settings(self) -> Settings:
        return self.settings or Settings()

    @cached_property
    def _cache(self) -> Cache:
        return Cache(self._settings.cache_dir / "answers", self._settings.cache_megabytes)

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

    @cached_property
    def _library(self) -> LibraryCatalog | None:
        """The bundled library where it is the catalogue: its covers were tagged beforehand."""
        if self.source.name != "library":
            return None
        library = cast("LibraryCatalog", self.source)
        ask_only_what_was_kept(library, self._asked_taggers, labels=bool(self.labels))
        return library

    @property
    def _asked_taggers(self) -> list[str | Tagger]:
        if isinstance(self.tagger, Iterable) and not isinstance(self.tagger, str):
            return list(self.tagger)
        return [self.tagger]

    @cached_property
    def _taggers(self) -> list[Tagger]:
        return ready_taggers(self._asked_taggers, self._tagger_options, self.notify)

    @cached_property
    def _tagger_options(self) -> TaggerOptions:
        return tagger_options(
            self._settings,
            clip_model=self.clip_model,
            device=self.device,
            offline=self.offline,
            labels=own_labels(self.labels) if self.labels else (),
            notify=self.notify,
        )

    @property
    def _voters(self) -> list[Tagger]:
        """Taggers that may vote on genres themselves; the bundled library's needs no covers for it."""
        if self._library is None:
            return self._taggers
        return [tagger_class(self._library.tagger).from_options(self._tagger_options)] if self.genres else []

    @cached_property
    def _measuring(self) -> list[CoverReader]:
        """Who gives voters the numbers of covers that no tagger does; nobody where there are no covers."""
        trained = self._voting.measures
        if trained and self._library is not None:
            self.notify(
                f"voters: those on {' and '.join(trained)} abstain: the library holds no covers to measure"
            )
            return []
        readers = readers_of(trained, device=self.device, offline=self.offline)
        for name, version in versions_of(readers).items():
            if version != trained[name]:
                self.notify(f"model: it was trained with another version of {name}; better train it anew")
        return readers

    @cached_property
    def _voting(self) -> Voting:
        return Voting(
            self.model,
            self.tagger_versions(),
            taggers=self._voters,
            genres=self.genres,
            own_labels=bool(self.labels),
            voters=self.voters,
            notify=self.notify,
        )
