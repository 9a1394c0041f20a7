"""Command ``explore``."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spotitags.commands._artists import Selection, select_artists
from spotitags.commands._console import message, note
from spotitags.commands._open import open_spotitags
from spotitags.commands._options import ArtistOptions, BagOptions, SourceOptions
from spotitags.commands._progress import progress, tracked
from spotitags.errors import NoResultsError, SpotiTagsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spotitags.explore.selection import Wanted
    from spotitags.explore.store import Store
    from spotitags.pipeline.cover_votes import CoverVotes
    from spotitags.records import TaggedCovers

    Found = tuple[TaggedCovers, list[CoverVotes]]

ALBUMS_ON_DISK = 1_000_000  # all of them; a catalogue lists as many as --albums says, or ALBUMS
ALBUMS = 50
EXAMPLES = (
    "spotitags explore --out library.html",
    "spotitags explore covers.csv --tagger lite --out covers/",
)


def explore(
    artists: ArtistOptions,
    source: SourceOptions,
    tagging: BagOptions,
    *,
    model: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Trained ensemble (.onnx with its .json card).")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER|FILE.html", help="Write pages that open offline, instead of starting a server."
        ),
    ] = None,
    no_covers: Annotated[
        bool, typer.Option("--no-covers", help="With --out: mean colours in place of pictures.")
    ] = False,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Print the address, and open no browser.")
    ] = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Build the data again, which moves covers on the map.")
    ] = False,
) -> None:
    """Explore covers in the browser: a map of pictures, and a graph of similar albums.

    Without ARTIST|PATH, it shows the bundled library. The data are built once and kept; later runs add new
    covers, and the others stay where they are. Stop the server with Ctrl-C.
    """
    from spotitags.explore.server import require_server

    if out is None:
        require_server()
    store = _data(artists, source, tagging, model, rebuild=rebuild)
    if out is not None:
        from spotitags.explore.static import write_static

        for line in write_static(store, out, covers=not no_covers):
            note(line)
        return
    _serve(store, browser=not no_browser)


def _data(
    artists: ArtistOptions,
    source: SourceOptions,
    tagging: BagOptions,
    model: Path | None,
    *,
    rebuild: bool,
) -> "Store":
    """Return the folder with the data of the selection, built or extended if necessary."""
    from spotitags.explore.selection import Wanted
    from spotitags.explore.store import Store
    from spotitags.settings import Settings

    given = artists.given or ()
    options = {**vars(artists), **vars(source), **vars(tagging), "model": model}
    wanted = Wanted([*given, *filter(None, [source.manifest, artists.artists])], options)
    store = Store(Settings().cache_dir / "explore" / wanted.key)
    meta = None if rebuild else store.meta
    fingerprint = wanted.fingerprint()
    if meta is not None and meta["fingerprint"] == fingerprint and not source.refresh:
        note(f"{meta['name']}: {meta['count']} covers, as they were built before")
        return store
    selection = _selection(artists, source, tagging, model, wanted)
    about = {"name": wanted.name, "fingerprint": fingerprint}
    _extend(store, selection, about, remote=not source.offline, rebuild=rebuild or meta is None)
    return store


def _selection(
    artists: ArtistOptions, source: SourceOptions, tagging: BagOptions, model: Path | None, wanted: "Wanted"
) -> Selection:
    if source.albums is None:
        source.albums = ALBUMS_ON_DISK if wanted.on_disk else ALBUMS
    if wanted.is_library:
        source.offline = True
        spotitags = open_spotitags(source, tagging, model=model)
        refs = [artist.id for artist in spotitags.artists()]
        return Selection(refs, [spotitags] * len(refs), [None] * len(refs))
    return select_artists(artists, source, tagging, model=model)


def _extend(
    store: "Store", selection: Selection, about: dict[str, Any], *, remote: bool, rebuild: bool
) -> None:
    """Tag and vote on the covers of the selection, and add those that are new to the data."""
    from spotitags.explore.build import build
    from spotitags.explore.columns import TableCells
    from spotitags.explore.gather import gather
    from spotitags.pipeline.cover_votes import covers_with_votes

    known = frozenset[str]() if rebuild else frozenset(cover.digest for cover in store.covers())
    results = selection.results(covers_with_votes)
    found: list[Found] = [
        result for _, result in tracked(results, selection.refs) if not isinstance(result, SpotiTagsError)
    ]
    with progress(0) as step:
        done = 0

        def pictures(count: int) -> None:
            nonlocal done
            done += count
            step("pictures", done, max(done, sum(len(covers.albums) for covers, _ in found)))

        new = gather(found, TableCells(selection.rows), known, remote=remote, progress=pictures)
    if not new.covers and not known:
        raise NoResultsError("no cover can be shown: the lines above say why each was skipped")
    if rebuild:
        store.clear()
    if known:
        added = "1 new cover is" if len(new.covers) == 1 else f"{len(new.covers)} new covers are"
        note(f"{added} added to {len(known)}, which stay where they are")
    build(store, new, about, note)
    for line in _summary(store.meta or {}):
        note(line)


def _summary(meta: dict[str, Any]) -> "Iterator[str]":
    """Yield lines on the data: their number and sizes, and how well the map keeps neighbours."""
    copies = f", and {meta['copies']} near-duplicates of them" if meta["copies"] else ""
    yield f"{meta['count']} covers{copies}"
    if meta["bytes_before"]:
        before, after = (f"{meta[name] / 1e6:.1f} MB" for name in ("bytes_before", "bytes_after"))
        yield f"{meta['pictures']} pictures: {before} on disk, {after} as they are kept"
    if meta["method"] == "PCA":
        yield (
            "the map of neighbours is the one of principal components: for t-SNE install the extra train, "
            "or the package openTSNE"
        )
    yield (
        f"of the 15 nearest covers, {meta['kept_by_map']:.0%} are also nearest on the map of neighbours, and "
        f"{meta['kept_by_pca']:.0%} on that of principal components"
    )


def _serve(store: "Store", *, browser: bool) -> None:
    """Serve the page to one browser until Ctrl-C."""
    import webbrowser

    from spotitags.explore.security import Access
    from spotitags.explore.server import build_app, open_socket, serve

    opened = open_socket()
    access = Access(opened.getsockname()[1])
    app = build_app(store, access)
    message("open this address, which works once; Ctrl-C stops the server")
    sys.stdout.write(access.address + "\n")
    sys.stdout.flush()
    if browser:
        webbrowser.open(access.address)
    serve(app, opened)
