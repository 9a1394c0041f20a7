"""The options that several commands share, as Typer reads them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class CatalogName(StrEnum):
    """Where albums come from."""

    auto = "auto"
    spotify = "spotify"
    musicbrainz = "musicbrainz"
    folder = "folder"
    library = "library"


Artists = Annotated[
    list[str] | None,
    typer.Option(
        "--artist",
        "-a",
        metavar="ID",
        help="Spotify artist id, URI or URL, an MBID, or an id of the manifest; repeatable.",
    ),
]
ArtistsFile = Annotated[
    Path | None,
    typer.Option("--artists", metavar="FILE", help="A file of ids, one a line, or a CSV with artist_id."),
]
Names = Annotated[
    list[str] | None,
    typer.Option("--name", metavar="NAME", help="An artist by name; repeatable."),
]
Playlist = Annotated[
    str | None,
    typer.Option(metavar="ID", help="The artists of a Spotify playlist, where Spotify still shows it."),
]
Also = Annotated[
    str | None,
    typer.Option(metavar="A,B", help="From MusicBrainz also: live, compilation, ep, single."),
]
Refresh = Annotated[
    bool, typer.Option("--refresh", help="Ask services anew instead of taking what was kept.")
]
Manifest = Annotated[
    Path | None,
    typer.Option(
        metavar="PATH", help="Covers on disk: a CSV with artist_id and file, or a folder artist/*.jpg."
    ),
]
CatalogOption = Annotated[
    CatalogName,
    typer.Option(
        metavar="NAME", help="auto (says on stderr what it took), spotify, musicbrainz, folder or library."
    ),
]
Taggers = Annotated[
    list[str] | None,
    typer.Option(
        "--tagger", "-t", metavar="NAME", help="Who looks at the covers, such as clip or lite; repeatable."
    ),
]
Merge = Annotated[bool, typer.Option("--merge", help="Make the bags of several taggers into one.")]
MaxCalls = Annotated[
    int | None,
    typer.Option(min=0, metavar="N", help="Most calls that cost money in this run, of all taggers together."),
]
Albums = Annotated[int, typer.Option(min=1, metavar="N", help="Most albums an artist.")]
Top = Annotated[int | None, typer.Option(min=1, metavar="N", help="Tags to show; JSON has all by default.")]
Offline = Annotated[
    bool, typer.Option("--offline", help="Open no socket: the bundled library, or --manifest.")
]
Voters = Annotated[
    list[str] | None,
    typer.Option(
        "--voter",
        metavar="NAME",
        help="An image model that votes, too: colour-knn, colour-boost, transfer or pca-forest; repeatable.",
    ),
]
KeepBroad = Annotated[bool, typer.Option("--keep-broad", help="Keep tags that fit nearly every cover.")]
ClipModel = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="open_clip name/pretrained, hf-hub:… or local-dir:… for the tagger clip."
    ),
]
OwnLabels = Annotated[
    Path | None,
    typer.Option(
        "--labels", metavar="FILE", help="Words of yours that clip and lite look for on covers, one a line."
    ),
]
Device = Annotated[
    str | None, typer.Option(metavar="NAME", help="cpu, cuda or mps; the best there is when left out.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line and artist on stdout.")]
