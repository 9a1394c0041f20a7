"""The command line: parse, call, render. No logic, and no heavy import at module level."""

from __future__ import annotations

import gc
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spotitags.errors import InputError, SpotiTagsError
from spotitags.options import (
    Albums,
    Also,
    Artists,
    ArtistsFile,
    CatalogName,
    CatalogOption,
    ClipModel,
    Device,
    Json,
    KeepBroad,
    Manifest,
    MaxCalls,
    Merge,
    Names,
    Offline,
    OwnLabels,
    Playlist,
    Refresh,
    Taggers,
    Top,
    Voters,
)
from spotitags.terminal import (
    INTERRUPTED,
    Group,
    answer_all,
    emit,
    exit_code,
    progress,
    say,
    show,
    stdout,
    tracked,
    write_table,
)
from spotitags.whom import Asked, ask_for_contact, refs_of

if TYPE_CHECKING:
    from spotitags import SpotiTags

app = typer.Typer(
    name="spotitags",
    cls=Group,
    help="What an artist's album covers say about the music: weighted tags and genre votes.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # the panels cost 0.1 s at every start
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command()
def predict(
    artist: Artists = None,
    artists: ArtistsFile = None,
    name: Names = None,
    playlist: Playlist = None,
    manifest: Manifest = None,
    catalog: CatalogOption = CatalogName.auto,
    also: Also = None,
    tagger: Taggers = None,
    model: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A trained ensemble (.onnx with its .json card).")
    ] = None,
    voter: Voters = None,
    genres: Annotated[str | None, typer.Option(metavar="A,B", help="Only these genres.")] = None,
    albums: Albums = 10,
    top: Top = None,
    offline: Offline = False,
    refresh: Refresh = False,
    keep_broad: KeepBroad = False,
    merge: Merge = False,
    max_calls: MaxCalls = None,
    own_labels: OwnLabels = None,
    clip_model: ClipModel = None,
    device: Device = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Each voter's vote; tags for and against.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Vote on artists' genres from what their covers show."""
    asked = Asked(artist or [], artists, name or [], playlist)
    spotitags = _spotitags(
        asked, also=_split(also), refresh=refresh,
        catalog=catalog.value, manifest=manifest, tagger=tagger or (), model=model, voters=voter or (),
        genres=_split(genres),
        albums=albums, offline=offline, keep_broad=keep_broad, merge=merge, max_calls=max_calls,
        labels=own_labels or (), clip_model=clip_model, device=device,
    )  # fmt: skip

    def render(prediction: Any) -> Any:
        from spotitags import present

        if as_json:
            return present.prediction_json(prediction, top, explain=explain)
        return present.show_prediction(prediction, top or 10, explain=explain)

    refs = refs_of(spotitags, asked)
    answer_all(spotitags.predictions(refs, explain=explain), refs, render, as_json=as_json)


@app.command()
def tag(
    artist: Artists = None,
    artists: ArtistsFile = None,
    name: Names = None,
    playlist: Playlist = None,
    manifest: Manifest = None,
    catalog: CatalogOption = CatalogName.auto,
    also: Also = None,
    tagger: Taggers = None,
    albums: Albums = 10,
    top: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Tags an artist; 20 in a table, else all.")
    ] = None,
    offline: Offline = False,
    refresh: Refresh = False,
    keep_broad: KeepBroad = False,
    merge: Merge = False,
    max_calls: MaxCalls = None,
    own_labels: OwnLabels = None,
    clip_model: ClipModel = None,
    device: Device = None,
    as_json: Json = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="artist_id,artist_name,tagger,label,weight on stdout.")
    ] = False,
    parquet: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the same table to this Parquet file.")
    ] = None,
) -> None:
    """Show what is on artists' covers: tags, summed over albums."""
    if sum((as_json, as_csv, parquet is not None)) > 1:
        raise InputError("--json, --csv and --parquet exclude each other: choose one")
    asked = Asked(artist or [], artists, name or [], playlist)
    spotitags = _spotitags(
        asked, also=_split(also), refresh=refresh,
        catalog=catalog.value, manifest=manifest, tagger=tagger or (), albums=albums,
        offline=offline, keep_broad=keep_broad, merge=merge, max_calls=max_calls, labels=own_labels or (),
        clip_model=clip_model, device=device,
    )  # fmt: skip
    refs = refs_of(spotitags, asked)
    answers = spotitags.all_bags(refs)
    if as_csv or parquet is not None:
        write_table(answers, refs, top, parquet)
        return

    def render(bags: Any) -> Any:
        from spotitags import present

        return present.bags_json(bags, top) if as_json else present.show_bags(bags, top or 20)

    answer_all(answers, refs, render, as_json=as_json)


@app.command()
def train(
    labels: Annotated[
        Path,
        typer.Argument(
            metavar="LABELS.csv", help="CSV with artist_id and genre, and file where covers are on disk."
        ),
    ],
    out: Annotated[
        Path, typer.Option(metavar="OUT", help="Where the model goes: OUT.onnx and its card OUT.json.")
    ],
    catalog: CatalogOption = CatalogName.auto,
    tagger: Taggers = None,
    genres: Annotated[str | None, typer.Option(metavar="A,B", help="Only these genres.")] = None,
    albums: Albums = 20,
    folds: Annotated[
        int, typer.Option(min=2, metavar="N", help="Parts of the cross-validation that weighs the voters.")
    ] = 5,
    seed: Annotated[int, typer.Option(metavar="N", help="Same seed, same covers: same model.")] = 0,
    voter: Voters = None,
    merge: Merge = False,
    max_calls: MaxCalls = None,
    offline: Offline = False,
    own_labels: OwnLabels = None,
    clip_model: ClipModel = None,
    device: Device = None,
) -> None:
    """Train an ensemble on labelled artists.

    What is finished is kept: after an interruption, run it again to go on.
    """
    from spotitags import present
    from spotitags.training import read_labelled
    from spotitags.training import train as train_model

    artists, with_covers = read_labelled(labels, _split(genres))
    spotitags = _spotitags(
        catalog=catalog.value, manifest=labels if with_covers else None, tagger=tagger or (), albums=albums,
        merge=merge, max_calls=max_calls, offline=offline, labels=own_labels or (), clip_model=clip_model,
        device=device,
    )  # fmt: skip
    with progress(len(artists)) as step:
        report = train_model(
            spotitags, artists, out, folds=folds, seed=seed, voters=voter or (), progress=step
        )
    for ref, error in report.failed.items():
        say(f"{ref}: {error}")
    show(present.show_training(report))
    raise typer.Exit(exit_code(len(artists), len(report.failed)))


@app.command()
def evaluate(
    labels: Annotated[
        Path | None,
        typer.Argument(
            metavar="LABELS.csv",
            help="CSV with artist_id and genre, and file where covers are on disk;"
            " the bundled library's artists with --offline.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="For scores.json, report.html and its figures.")
    ] = None,
    covers: Annotated[
        bool, typer.Option("--covers", help="LABELS.csv lists single covers: file,genre[,artist].")
    ] = False,
    compare: Annotated[
        list[Path] | None,
        typer.Option(metavar="RUN.json", help="scores.json of an earlier run to compare with; repeatable."),
    ] = None,
    catalog: CatalogOption = CatalogName.auto,
    tagger: Taggers = None,
    genres: Annotated[str | None, typer.Option(metavar="A,B", help="Only these genres.")] = None,
    albums: Albums = 10,
    train_albums: Annotated[
        int, typer.Option(min=0, metavar="N", help="Most albums an artist learnt from; 0 takes --albums.")
    ] = 0,
    min_covers: Annotated[
        int, typer.Option(min=0, metavar="N", help="Covers that no other artist has, at least.")
    ] = 3,
    drop_shared: Annotated[
        bool, typer.Option("--drop-shared", help="Leave covers of several artists out altogether.")
    ] = False,
    repeats: Annotated[int, typer.Option(min=1, metavar="N", help="Each with folds of its own.")] = 10,
    folds: Annotated[int, typer.Option(min=2, metavar="N", help="Parts of the cross-validation.")] = 5,
    curve_repeats: Annotated[
        int, typer.Option(min=0, metavar="N", help="Repeats that draw the learning curves; 0 for none.")
    ] = 2,
    seed: Annotated[int, typer.Option(metavar="N", help="Same seed, same covers: same scores.")] = 0,
    shuffle: Annotated[
        bool, typer.Option("--shuffle", help="Deal genres out at random: scores must be chance.")
    ] = False,
    dataset: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of the labels; their folder's when left out.")
    ] = None,
    merge: Merge = False,
    max_calls: MaxCalls = None,
    offline: Offline = False,
    own_labels: OwnLabels = None,
    clip_model: ClipModel = None,
    device: Device = None,
) -> None:
    """Measure how good the votes are, or compare earlier runs."""
    from datetime import UTC, datetime

    from spotitags import evaluation
    from spotitags.evaluation.show import show_comparison, show_scores

    runs = [evaluation.read(path) for path in compare or ()]
    if labels is None and out is None:
        show(show_comparison(runs, evaluation.against_first(runs)))
        return
    if out is None or not (labels or offline):
        raise InputError(
            "LABELS.csv and --out belong together (--offline takes the bundled library's artists): "
            "give both, or --compare twice and neither"
        )
    artists, source = evaluation.labelled(labels, _split(genres), single=covers)
    spotitags = _spotitags(
        catalog=source if covers else catalog.value, manifest=None if covers else source,
        tagger=tagger or (), albums=max(albums, train_albums), merge=merge, max_calls=max_calls,
        offline=offline, labels=own_labels or (), clip_model=clip_model, device=device,
    )  # fmt: skip
    protocol = evaluation.Protocol(folds, repeats, curve_repeats, seed, albums, shuffle)
    with progress(len(artists)) as step:
        found = evaluation.evaluate(
            spotitags, artists, name=out.resolve().name,
            dataset=dataset or (labels.resolve().parent.name if labels else "bundled library"),
            created=datetime.now(UTC).date().isoformat(), protocol=protocol, min_covers=min_covers,
            drop_shared=drop_shared, single=covers, progress=step,
        )  # fmt: skip
    show(show_scores(found, evaluation.write(found, out)))
    for run in runs:
        show(show_comparison([run, found], evaluation.against_first([run, found])))
    for ref, error in found["failed"].items():
        say(f"{ref}: {error}")
    raise typer.Exit(exit_code(len(artists), len(found["failed"])))


@app.command()
def leaderboard(
    labels: Annotated[
        Path,
        typer.Argument(
            metavar="LABELS.csv",
            help="CSV with artist_id, genre and file, or of single covers with file and genre.",
        ),
    ],
    covers: Annotated[
        bool, typer.Option("--covers", help="Compare by single covers where the CSV has artists, too.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="For leaderboard.json and leaderboard.html.")
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only this model, view or tagger, or 'tags'; repeatable."),
    ] = None,
    pairs: Annotated[
        bool, typer.Option("--pairs", help="One genre against another: areas under the ROC curve.")
    ] = False,
    catalog: CatalogOption = CatalogName.auto,
    tagger: Taggers = None,
    genres: Annotated[str | None, typer.Option(metavar="A,B", help="Only these genres.")] = None,
    albums: Albums = 10,
    min_covers: Annotated[
        int, typer.Option(min=0, metavar="N", help="Covers that no other artist has, at least.")
    ] = 3,
    folds: Annotated[
        int, typer.Option(min=0, metavar="N", help="Parts of the cross-validation; 0: 5, of pairs 10.")
    ] = 0,
    repeats: Annotated[int, typer.Option(min=1, metavar="N", help="Each with folds of its own.")] = 1,
    seed: Annotated[int, typer.Option(metavar="N", help="Same seed, same covers: same table.")] = 0,
    shuffle: Annotated[
        bool, typer.Option("--shuffle", help="Deal genres out at random: scores must be chance.")
    ] = False,
    dataset: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of the labels; their folder's when left out.")
    ] = None,
    max_calls: MaxCalls = None,
    offline: Offline = False,
    clip_model: ClipModel = None,
    device: Device = None,
    as_json: Annotated[bool, typer.Option("--json", help="The table as one JSON object on stdout.")] = False,
) -> None:
    """Compare all models of tags, colours and pictures on the same artists."""
    from datetime import UTC, datetime

    from spotitags import evaluation
    from spotitags import leaderboard as comparing
    from spotitags.catalogs.single import lists_single_covers
    from spotitags.leaderboard.show import show_leaderboard

    single = covers or lists_single_covers(labels)
    artists, source = evaluation.labelled(labels, _split(genres), single=single)
    spotitags = _spotitags(
        catalog=source if single else catalog.value, manifest=None if single else source,
        tagger=tagger or (), albums=albums, max_calls=max_calls, offline=offline, clip_model=clip_model,
        device=device,
    )  # fmt: skip
    folds = folds or (comparing.PAIR_FOLDS if pairs else comparing.FOLDS)
    with progress(len(artists)) as step:
        found = comparing.leaderboard(
            spotitags, artists, dataset=dataset or labels.resolve().parent.name,
            created=datetime.now(UTC).date().isoformat(), models=model or (), pairs=pairs,
            protocol=evaluation.Protocol(folds, repeats, 0, seed, shuffled=shuffle),
            min_covers=min_covers, single=single, progress=step,
        )  # fmt: skip
    written = comparing.write(found, out) if out else ()
    if as_json:
        emit(found)
    else:
        show(show_leaderboard(found, written))
    for ref, error in found["failed"].items():
        say(f"{ref}: {error}")
    if found["interrupted"]:
        say("interrupted; models that were not done have no score")
        raise typer.Exit(INTERRUPTED)
    raise typer.Exit(exit_code(len(artists), len(found["failed"])))


@app.command()
def results(
    scores: Annotated[
        list[Path],
        typer.Argument(metavar="RUN.json", help="scores.json and seed.json, as they are to stand."),
    ],
    out: Annotated[Path, typer.Option(metavar="FILE.md", help="The page.")] = Path("docs/results.md"),
    notes: Annotated[
        Path | None, typer.Option(metavar="FILE.md", help="Closes the page, such as what was tried.")
    ] = None,
) -> None:
    """Write measured results as a page."""
    from spotitags.evaluation import read
    from spotitags.evaluation.results import write_results

    write_results([read(path) for path in scores], out, notes)
    say(f"{out} written")


@app.command()
def sample(
    labels: Annotated[
        Path,
        typer.Argument(
            metavar="LABELS.csv",
            help="CSV with artist_id and genre, or of single covers with file and genre.",
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="FILE.png", help="The contact sheet.")],
    per_genre: Annotated[int, typer.Option(min=1, metavar="N", help="Covers of each genre.")] = 8,
    seed: Annotated[int, typer.Option(metavar="N", help="Same seed, same covers.")] = 0,
    genres: Annotated[str | None, typer.Option(metavar="A,B", help="Only these genres.")] = None,
    catalog: CatalogOption = CatalogName.auto,
    offline: Offline = False,
) -> None:
    """Draw a contact sheet of random covers of each genre, to look at the data first."""
    from spotitags import evaluation, sampling
    from spotitags.catalogs.single import lists_single_covers
    from spotitags.sheet import sheet

    single = lists_single_covers(labels)
    artists, source = evaluation.labelled(labels, _split(genres), single=single)
    chosen = source if single else catalog.value
    spotitags = _spotitags(catalog=chosen, manifest=None if single else source, offline=offline)
    drawn, skipped = sampling.draw(spotitags.source, artists, per_genre=per_genre, seed=seed)
    for cover, reason in skipped:
        say(f"skipped {cover}: {reason}")
    title = f"{labels.resolve().parent.name} / {labels.name}, seed {seed}"
    out.write_bytes(sheet(title, drawn, "cover" if single else "artist"))
    say(f"{out} written")


@app.command()
def labels(
    artists: Annotated[
        Path,
        typer.Option("--artists", metavar="FILE", help="A file of ids, one a line, or a CSV with artist_id."),
    ],
    genres: Annotated[str, typer.Option(metavar="A,B", help="Genres to choose from, in your own spelling.")],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where the CSV goes; stdout when left out.")
    ] = None,
    refresh: Refresh = False,
) -> None:
    """Label artists with genres by MusicBrainz's votes, for train and evaluate."""
    from spotitags import SpotiTags
    from spotitags import labels as labelling

    asked = Asked([], artists)
    ask_for_contact(asked, {"catalog": "musicbrainz", "manifest": None, "offline": False})
    refs = asked.refs()
    musicbrainz = SpotiTags(catalog="musicbrainz", refresh=refresh, notify=say).source
    answers = labelling.labels(musicbrainz, refs, _split(genres))
    found = [label for _, label in tracked(answers, refs) if not isinstance(label, SpotiTagsError)]
    if out is None:
        labelling.write(sys.stdout, found)
    else:
        with out.open("w", encoding="utf-8", newline="") as stream:
            labelling.write(stream, found)
    say(f"{len(found)} of {len(refs)} artists labelled")
    raise typer.Exit(exit_code(len(refs), len(refs) - len(found)))


@app.command()
def library(as_json: Json = False) -> None:
    """List the artists that --offline can answer."""
    from rich.table import Table

    from spotitags.catalogs.library import LibraryCatalog

    sample = LibraryCatalog()
    if as_json:
        for artist in sample.artists():
            row = {"id": artist.id, "name": artist.name, "genre": artist.genre}
            emit(row | {"held_out": artist.id in sample.held_out, "trained": artist.id in sample.trained_on})
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("artist", "name", "genre", "in training"):
        table.add_column(column)
    for artist in sorted(sample.artists(), key=lambda artist: (artist.genre or "", artist.name or "")):
        kept = "held out" if artist.id in sample.held_out else "no such genre in the model"
        table.add_row(artist.id, artist.name, artist.genre, "yes" if artist.id in sample.trained_on else kept)
    stdout().print(table)


@app.command()
def taggers(as_json: Json = False) -> None:
    """List who can look at covers, what each needs here and what it costs."""
    from spotitags.choose import tagger_options
    from spotitags.roster import installed, show
    from spotitags.settings import Settings

    found = installed(tagger_options(Settings()))
    if as_json:
        for each in found:
            emit(each._asdict())
    else:
        stdout().print(show(found))


@app.command()
def doctor(
    offline: Annotated[
        bool, typer.Option("--offline", help="Leave out the checks that need the network.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Say what is installed and set, and how to mend gaps."""
    from spotitags.doctor import examine, show

    checks = examine(offline=offline)
    if as_json:
        for check in checks:
            emit(check._asdict())
    else:
        stdout().print(show(checks))


def main() -> None:
    """Run the command line."""
    gc.set_threshold(50_000, 20, 20)  # imports make many objects and hardly a cycle: a tenth of a short run
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names come in every script, and a file is UTF-8 everywhere
            stream.reconfigure(encoding=stream.encoding if stream.isatty() else "utf-8", errors="replace")
    app()


def _spotitags(asked: Asked | None = None, **options: Any) -> SpotiTags:
    from spotitags import SpotiTags

    if asked and not options["offline"]:
        ask_for_contact(asked, options)
    return SpotiTags(notify=say, **options)


def _split(names: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (names or "").split(",") if name.strip())


if __name__ == "__main__":
    main()
