"""Options that several commands share, in groups.

Typer reads a command's options from its parameters and takes no dataclasses; `command_options` replaces each
parameter that is a dataclass by one parameter a field, and builds the dataclass from them again.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from spotitags.commands._completion import (
    complete_artist,
    complete_genres,
    complete_id,
    complete_name,
    complete_tagger,
    complete_voter,
)

STDOUT = Path("-")
"""Name of stdout as a file."""


class CatalogName(StrEnum):
    """Source of albums."""

    auto = "auto"
    spotify = "spotify"
    musicbrainz = "musicbrainz"
    folder = "folder"
    library = "library"


Given = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="ARTIST|PATH",
        help="Artists by name, id, URI or URL; or covers: a picture or a folder of pictures (one artist), "
        "a folder of such folders, a CSV; or a file of ids or names. Several in any mixture.",
        show_default=False,
        autocompletion=complete_artist,
    ),
]
Artist = Annotated[
    list[str] | None,
    typer.Option(
        "--artist",
        "-a",
        metavar="ID",
        help="Spotify artist id, URI or URL, MBID, or id from the manifest; repeatable.",
        autocompletion=complete_id,
    ),
]
ArtistsFile = Annotated[
    Path | None,
    typer.Option(
        "--artists",
        metavar="FILE",
        help="File of artist ids or names, one per line, or table with artist_id.",
    ),
]
Name = Annotated[
    list[str] | None,
    typer.Option(
        "--name",
        metavar="NAME",
        help="Artist name, never taken for a file; repeatable.",
        autocompletion=complete_name,
    ),
]
Playlist = Annotated[
    str | None,
    typer.Option(metavar="ID", help="Spotify playlist whose artists to use, where Spotify still shows it."),
]
Also = Annotated[
    str | None,
    typer.Option(metavar="A,B", help="Release types to add with MusicBrainz: live, compilation, ep, single."),
]
Refresh = Annotated[
    bool, typer.Option("--refresh", help="Request everything again instead of using cached responses.")
]
Manifest = Annotated[
    Path | None,
    typer.Option(
        metavar="PATH",
        help="Covers on disk that ids and names belong to: a table with artist_id and file, or a folder.",
    ),
]
CatalogOption = Annotated[
    CatalogName | None,
    typer.Option(
        metavar="NAME",
        help="auto (the default; --verbose prints its choice), spotify, musicbrainz, folder or library.",
    ),
]
Tagger = Annotated[
    list[str] | None,
    typer.Option(
        "--tagger",
        "-t",
        metavar="NAME",
        help="Tagger to use, such as clip, lite or text; repeatable.",
        autocompletion=complete_tagger,
    ),
]
Merge = Annotated[bool, typer.Option("--merge", help="Merge the bags of several taggers into one.")]
MaxCalls = Annotated[
    int | None,
    typer.Option(min=0, metavar="N", help="Maximum number of paid calls in this run, over all taggers."),
]
Albums = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Maximum number of albums per artist, without copies of a cover; 10 by default.",
    ),
]
Top = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Number of tags to show; JSON has all by default.")
]
RawTags = Annotated[
    bool,
    typer.Option(
        "--raw-tags", help="Show all tags by weight, as voters read them, repeats and doubts included."
    ),
]
Offline = Annotated[
    bool, typer.Option("--offline", help="Use no network: only the bundled library and covers on disk.")
]
Voter = Annotated[
    list[str] | None,
    typer.Option(
        "--voter",
        metavar="NAME",
        help="Image model that also votes: colour-knn, colour-boost, transfer or pca-forest; repeatable.",
        autocompletion=complete_voter,
    ),
]
KeepBroad = Annotated[
    bool, typer.Option("--keep-broad", help="Keep broad tags, which fit nearly every cover.")
]
ClipModel = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="open_clip name/pretrained, hf-hub:… or local-dir:… for the tagger clip."
    ),
]
Words = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Words that clip and lite look for instead of their own, one entry a line."
    ),
]
Columns = Annotated[
    str | None,
    typer.Option(
        metavar="A=B,…",
        help="Columns of your tables that have other names, such as artist_id=Artist,file=Cover,genre=Style.",
    ),
]
Csv = Annotated[
    Path | None, typer.Option("--csv", metavar="FILE", help="Write a table to this CSV file; - for stdout.")
]
Parquet = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write the same table to this Parquet file.")
]
Covers = Annotated[
    bool, typer.Option("--covers", help="Take every cover by itself even if the table has artists.")
]
RawCells = Annotated[
    bool,
    typer.Option(
        "--raw-cells", help="In CSV, leave cells as they are that a spreadsheet would run as formulas."
    ),
]
Device = Annotated[
    str | None, typer.Option(metavar="NAME", help="cpu, cuda or mps; by default the fastest available.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout, one object per line.")]
Model = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Trained ensemble (.onnx with its .json card).")
]
Genres = Annotated[
    str | None,
    typer.Option(
        metavar="A,B", help="Use these genres only, in any spelling.", autocompletion=complete_genres
    ),
]
ZeroShot = Annotated[
    bool,
    typer.Option("--zero-shot", help="Vote on the genres by name, untrained, even if the model knows them."),
]
Seed = Annotated[
    int, typer.Option(metavar="N", help="Random seed; equal seeds and covers give equal results.")
]
Folds = Annotated[int, typer.Option(min=2, metavar="N", help="Number of cross-validation folds.")]
Repeats = Annotated[
    int, typer.Option(min=1, metavar="N", help="Repeats of the cross-validation, each with new folds.")
]
MinCovers = Annotated[
    int, typer.Option(min=0, metavar="N", help="Minimum number of covers that no other artist has.")
]
Shuffle = Annotated[
    bool, typer.Option("--shuffle", help="Shuffle the genres; every score must then be chance.")
]
Dataset = Annotated[
    str | None, typer.Option(metavar="NAME", help="Name of the data set; by default the name of its folder.")
]


# Groups have no methods but a constructor: each generated method costs time at every start.


@dataclass(eq=False, repr=False)
class ArtistOptions:
    """Artists of a command; ``columns`` is for the tables among them, and for the manifest."""

    given: Given = None
    artist: Artist = None
    artists: ArtistsFile = None
    name: Name = None
    playlist: Playlist = None
    columns: Columns = None


@dataclass(eq=False, repr=False)
class CatalogOptions:
    """Options that choose a catalogue."""

    catalog: CatalogOption = None
    offline: Offline = False


@dataclass(eq=False, repr=False)
class AlbumOptions(CatalogOptions):
    """The same with the number of albums."""

    albums: Albums = None


@dataclass(eq=False, repr=False)
class SourceOptions(AlbumOptions):
    """Options that choose albums: where they come from, and how they are requested."""

    manifest: Manifest = None
    also: Also = None
    refresh: Refresh = False


@dataclass(eq=False, repr=False)
class TaggerChoice:
    """Options that choose taggers, and limit what they cost."""

    tagger: Tagger = None
    max_calls: MaxCalls = None
    clip_model: ClipModel = None
    device: Device = None


@dataclass(eq=False, repr=False)
class TaggingOptions(TaggerChoice):
    """The same with words to look for, and with merged bags."""

    merge: Merge = False
    words: Words = None


@dataclass(eq=False, repr=False)
class BagOptions(TaggingOptions):
    """The same with broad tags."""

    keep_broad: KeepBroad = False


@dataclass(eq=False, repr=False)
class TableOptions:
    """Files for a table."""

    csv: Csv = None
    parquet: Parquet = None
    raw_cells: RawCells = False


@dataclass(eq=False, repr=False)
class CrossValidationOptions:
    """Options of a cross-validation."""

    genres: Genres = None
    min_covers: MinCovers = 3
    folds: Folds = 5
    repeats: Repeats = 10
    seed: Seed = 0
    shuffle: Shuffle = False
    dataset: Dataset = None
