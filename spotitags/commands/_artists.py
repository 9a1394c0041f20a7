"""Artists of a command, the SpotiTags instances that serve them, and results in the order of the artists."""

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from spotitags.catalogs.artist_ids import bare_id
from spotitags.commands._console import note
from spotitags.commands._open import open_spotitags, open_tables
from spotitags.commands._options import ArtistOptions
from spotitags.commands._texts import model_texts
from spotitags.errors import InputError, SpotiTagsError

if TYPE_CHECKING:
    from spotitags.catalogs.base import Catalog
    from spotitags.commands._finder import Found, Row
    from spotitags.commands._options import BagOptions, SourceOptions
    from spotitags.pipeline.spotitags import SpotiTags

T = TypeVar("T")


@dataclass(eq=False)
class Selection:
    """Selected artists.

    Attributes:
        refs: Reference to each artist, in the order of the arguments.
        owners: For each of them the instance that serves it, or the error of its argument.
        rows: For each of them its row in a table of the user, if there is one.
    """

    refs: list[str]
    owners: "list[SpotiTags | SpotiTagsError]"
    rows: "list[Row | None]"

    def other_cells(self) -> list[dict[str, str]]:
        """Return, for each artist, the cells of the user's table that SpotiTags does not read."""
        from spotitags.catalogs.other_columns import other_columns

        read = cache(other_columns)  # a table is its own key
        cells = []
        for row in self.rows:
            table, key, ref = row or (None, "", "")
            found = {} if table is None else read(table, key)
            cells.append(found.get(ref) or found.get(bare_id(ref)) or {})
        return cells

    def results(
        self, run: "Callable[[SpotiTags, list[str]], Iterator[tuple[str, T | SpotiTagsError]]]"
    ) -> "Iterator[tuple[str, T | SpotiTagsError]]":
        """Yield the result of each artist in turn.

        Args:
            run: Starts the run of one instance over its artists.

        Raises:
            SpotiTagsError: The only instance cannot work; if there are two, its artists get the error.
        """
        refs: dict[SpotiTags, list[str]] = {}
        for ref, owner in zip(self.refs, self.owners, strict=True):
            if not isinstance(owner, SpotiTagsError):
                refs.setdefault(owner, []).append(ref)
        running = {owner: run(owner, its_refs) for owner, its_refs in refs.items()}
        failed: dict[SpotiTags, SpotiTagsError] = {}
        try:
            for ref, owner in zip(self.refs, self.owners, strict=True):
                result: T | SpotiTagsError
                if isinstance(owner, SpotiTagsError):
                    result = owner
                else:
                    try:
                        result = failed[owner] if owner in failed else next(running[owner])[1]
                    except SpotiTagsError as error:
                        if len(running) == 1:
                            raise
                        result = failed[owner] = error
                yield ref, result
        finally:
            for results in running.values():
                if isinstance(results, Generator):
                    results.close()  # prefetching stops now, not at the end of the process


def select_artists(
    artists: ArtistOptions,
    source: "SourceOptions",
    tagging: "BagOptions",
    *,
    use_texts: bool = True,
    **options: Any,  # noqa: ANN401  (of SpotiTags)
) -> Selection:
    """Find the selected artists in their catalogues; without a selection, take all of the manifest.

    Args:
        artists: Arguments and options that select artists.
        source: Options that choose albums. Ids and names belong to the catalogue that they choose; covers on
            disk that are given as arguments are catalogues of their own.
        tagging: Options that choose taggers.
        use_texts: False lets no voter on text columns vote.
        options: Further keywords of SpotiTags.

    Raises:
        InputError: An argument is of no known kind, or nothing is selected.
        SpotiTagsError: The catalogue cannot be opened.
    """
    reported = cache(note)  # a line is the same for all instances
    paths = list(_paths(artists, source))
    open_table = open_tables(paths, artists.columns)
    options["texts"] = model_texts(map(open_table, dict.fromkeys(paths)), used=use_texts)
    manifest = None if source.manifest is None else open_table(source.manifest)

    def open_with(**replaced: Any) -> "SpotiTags":  # noqa: ANN401  (of SpotiTags)
        given = {"manifest": manifest, "notify": reported} | options | replaced
        return open_spotitags(source, tagging, **given)

    if not any((artists.given, artists.artist, artists.artists, artists.name, artists.playlist)):
        if source.manifest is None:
            raise InputError(
                "no artist is selected: give names, ids, covers or folders of covers (or --artist, "
                "--artists, --name, --playlist), or --manifest for all of its artists"
            )
        base = open_with()
        from spotitags.commands._finder import row_in

        refs = [artist.id for artist in base.artists()]
        return Selection(refs, [base] * len(refs), [row_in(base.source, ref) for ref in refs])
    from spotitags.commands._finder import find_artists

    own, found = find_artists(artists, source, open_with, open_table)
    if own and all(each.origin is own.source for each in found):
        refs, rows = [each.ref for each in found], [each.row for each in found]
        return Selection(refs, [own] * len(found), rows)
    return _served(found, own, lambda catalog: open_with(catalog=catalog, manifest=None))


def _paths(artists: ArtistOptions, source: "SourceOptions") -> "Iterator[Path]":
    """Yield the files and folders of a command that exist, and those that its options name."""
    yield from (Path(text) for text in artists.given or () if os.path.exists(text))  # noqa: PTH110 — long names
    yield from (path for path in (artists.artists, source.manifest) if path is not None)


def _served(
    found: "Sequence[Found]", tagged: "SpotiTags | None", open_other: "Callable[[Catalog], SpotiTags]"
) -> Selection:
    """Choose the instance that serves each artist: one for all covers, and one for the bundled library.

    One instance loads the taggers once and counts all paid calls; the library's covers are tagged already.

    Args:
        found: The artists.
        tagged: Instance of the library, if one of the artists is in it.
        open_other: Opens an instance with a catalogue.
    """
    from spotitags.catalogs.base import TaggedCatalog
    from spotitags.catalogs.combined import CombinedCatalog

    origins: dict[str, tuple[Catalog, str]] = {}
    other = open_other(CombinedCatalog(origins))
    selection = Selection([], [], [])
    tagged_before: dict[int, SpotiTags] = {}
    for origin, ref, row in found:
        owner: SpotiTags | SpotiTagsError
        if isinstance(origin, SpotiTagsError):
            owner = origin
        elif origin.name == "library":
            owner = cast("SpotiTags", tagged)
        elif isinstance(origin, TaggedCatalog):
            owner = tagged_before.setdefault(id(origin), open_other(origin))
        else:
            owner = other
            artist_id = ref
            while ref in origins:  # the same id in another folder
                ref = f"{getattr(origin, 'path', origin.name)}: {ref}"  # noqa: PLW2901
            origins[ref] = (origin, artist_id)
        selection.refs.append(ref)
        selection.owners.append(owner)
        selection.rows.append(row)
    return selection
