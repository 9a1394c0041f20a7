"""Command ``score``."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spotitags.commands._console import note, print_all, print_json, results_code
from spotitags.commands._open import album_count, open_spotitags, user_table
from spotitags.commands._options import AlbumOptions, Columns, Json, TableOptions, TaggingOptions
from spotitags.commands._progress import tracked
from spotitags.commands._targets import configured_model, target_taggers
from spotitags.commands._texts import Texts, model_texts
from spotitags.commands._titles import Titles
from spotitags.errors import InputError, SpotiTagsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spotitags.catalogs.csv_table import CsvTable
    from spotitags.explain.ranking.ranking import Scored
    from spotitags.pipeline.spotitags import SpotiTags
    from spotitags.records import Album

TOP = 20
"""Number of albums that are shown by default."""
EXAMPLES = (
    "spotitags score covers/ --model models/mine --genre sea",
    "spotitags score covers.csv --model models/taste --out ranking.html",
    "spotitags score spotify:playlist:37i9dQZF1DXcBWIGoYBM5M --model models/taste --csv ranking.csv",
)


def score(
    albums_of: Annotated[
        str,
        typer.Argument(
            metavar="PLAYLIST|TABLE|FOLDER",
            help="Table or folder of covers, table of artists, or id, URI or URL of a Spotify playlist.",
        ),
    ],
    source: AlbumOptions,
    tagging: TaggingOptions,
    table: TableOptions,
    *,
    model: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Model of like, of train, or of train --target."),
    ] = None,
    genre: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Genre to rank by; by default liked, of a model of like."),
    ] = None,
    columns: Columns = None,
    titles: Titles = None,
    texts: Texts = True,
    top: Annotated[int, typer.Option(min=1, metavar="N", help="Number of albums to show.")] = TOP,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Page with the covers, which opens offline.")
    ] = None,
    no_covers: Annotated[bool, typer.Option("--no-covers", help="No pictures on the page.")] = False,
    as_json: Json = False,
) -> None:
    """Rank albums by a model: by what you like, by a genre, or by a number such as popularity."""
    from spotitags.commands._tables import check_table, write_table
    from spotitags.explain.ranking import ranking
    from spotitags.io.output import output_file

    in_table = table.csv is not None or table.parquet is not None
    if in_table:
        check_table(table, as_json=as_json)
    chosen = configured_model(model)
    if chosen is None:
        raise InputError(
            "no model is given: train one with 'spotitags like LIKED OTHER --out M', and add --model M"
        )
    exists = os.path.exists(albums_of)  # noqa: PTH110 - long names
    user = user_table(Path(albums_of), columns) if exists else None
    options: dict[str, Any] = {
        "texts": model_texts([] if user is None else [user], used=texts),
        "titles": titles,
    }
    albums = _albums(albums_of, user, source)
    found, by, failed = _scores(albums, chosen, genre, source=source, tagging=tagging, options=options)
    scored = ranking.ranked(found)
    if out is not None:
        from spotitags.explain.ranking.page import ranking_page

        page = ranking_page(scored, by, chosen.stem, covers=not no_covers)
        with output_file(out) as file:
            file.write(page.encode())
        note(f"{out} written")
    if in_table:
        write_table(table, ranking.COLUMNS, ranking.rows(scored))
    elif as_json:
        print_json(ranking.ranking_json(scored, by))
    elif out is None:
        print_all(ranking.show_ranking(scored, by, top))
    raise typer.Exit(results_code(len(scored) + len(failed), failed))


def _albums(text: str, user: "CsvTable | None", source: AlbumOptions) -> "list[Album]":
    """List the albums of a playlist, or of a table or folder."""
    from spotitags.catalogs.arguments import open_covers, read_artists
    from spotitags.catalogs.base import TaggedCatalog
    from spotitags.catalogs.pictures import is_picture
    from spotitags.catalogs.search import ArtistFinder, playlist_albums
    from spotitags.io.corpus import corpus_files

    if user is None:
        if Path(text).suffix or (os.sep in text and "://" not in text):
            raise InputError(f"there is no file or folder {text!r}: give a table, a folder or a playlist")
        return playlist_albums(open_spotitags(source).source, text)
    if corpus_files(user.path):
        raise InputError(f"{user.path} is a corpus of tagged covers: use 'spotitags predict {user.path}'")
    if user.path.is_dir() or is_picture(user.path) or "file" in user.columns:
        covers = open_covers(user)
        return [album for artist in covers.artists() for album in covers.albums(artist.id, sys.maxsize)]
    finder, most = ArtistFinder(open_spotitags(source).source), album_count(source)
    if isinstance(finder.catalog, TaggedCatalog):
        raise InputError(f"the bundled library has no pictures of albums: give covers, or 'predict {text}'")
    found: list[Album] = []
    for ref in read_artists(user):
        try:
            found += finder.catalog.albums(finder.id_of(ref), most)
        except SpotiTagsError as error:
            note(f"{ref}: {error}")
    return found


def _scores(
    albums: "list[Album]",
    model: Path,
    genre: str | None,
    *,
    source: AlbumOptions,
    tagging: TaggingOptions,
    options: dict[str, Any],
) -> "tuple[list[Scored], str, list[SpotiTagsError]]":
    """Score albums one by one; returns scores, the genre or name of the number, and errors."""
    from contextlib import closing

    from classifiers.ensemble.target_model import is_target_model
    from spotitags.catalogs.album_list import AlbumList

    if not albums:
        raise InputError("there is no album to score: give covers, or artists with albums")
    catalog = AlbumList(albums)
    refs = list(catalog.listed)
    number = is_target_model(model)
    if number:
        tagging.tagger = tagging.tagger or target_taggers(model)
    else:
        options["model"] = model
    spotitags = open_spotitags(source, tagging, **options | {"catalog": catalog, "albums": 1})
    run = _numbers if number else _shares
    by, results = run(spotitags, model, genre, refs)
    scored: list[Scored] = []
    failed: list[SpotiTagsError] = []
    with closing(tracked(results, refs)) as found:
        for _, result in found:
            if isinstance(result, SpotiTagsError):
                failed.append(result)
            else:
                scored.append(result._replace(album=_named(result.album, catalog.listed)))
    return scored, by, failed


def _named(album: "Album", listed: "dict[str, Album]") -> "Album":
    """Return an album with the artist of its catalogue, not with the one that stands for it."""
    from dataclasses import replace

    return replace(album, artist=listed[album.artist.id].artist)


def _shares(
    spotitags: "SpotiTags", model: Path, genre: str | None, refs: list[str]
) -> "tuple[str, Iterator[Any]]":
    from classifiers.ensemble.model_files import read_card
    from classifiers.errors import ModelFileError
    from spotitags.errors import ModelError
    from spotitags.explain.ranking.ranking import chosen_genre, scored_share

    try:
        by = chosen_genre(read_card(model)[1]["genres"], genre)
    except ModelFileError as error:
        raise ModelError(str(error)) from error

    def results() -> "Iterator[Any]":
        for ref, result in spotitags.predictions(refs):
            yield ref, result if isinstance(result, SpotiTagsError) else scored_share(result, by)

    return by, results()


def _numbers(
    spotitags: "SpotiTags", model: Path, genre: str | None, refs: list[str]
) -> "tuple[str, Iterator[Any]]":
    from spotitags.explain.ranking.ranking import scored_number
    from spotitags.pipeline.target_prediction import load_target, predict_targets

    if genre is not None:
        raise InputError(f"{model} predicts a number, and no genres: leave --genre out")
    loaded = load_target(model)

    def results() -> "Iterator[Any]":
        for ref, result in predict_targets(spotitags, loaded, refs):
            if isinstance(result, SpotiTagsError):
                yield ref, result
            else:
                yield ref, scored_number(result)

    return loaded.target, results()
