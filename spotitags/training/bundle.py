"""Rebuild the bundled sample and its model from a manifest of covers.

``python -m spotitags.training.bundle MANIFEST.csv``; CONTRIBUTING.md says when.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classifiers.files import replaced_file
from spotitags.catalogs.library import catalog as catalog_module
from spotitags.catalogs.library.catalog import EMBEDDINGS, FORMAT
from spotitags.catalogs.manifest import FolderCatalog
from spotitags.errors import InputError, SpotiTagsError
from spotitags.pipeline.spotitags import SpotiTags
from spotitags.pipeline.voting import bundled_model
from spotitags.taggers.features.embedding import pack
from spotitags.training.ensemble import train

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from spotitags.records import Artist, TaggedCovers
    from spotitags.taggers.base import Tagger


TAGGER, READER = "lite", "text"
HELD_OUT = 2  # artists per genre for the test
MIN_ARTISTS = 10  # per genre, to be trained on
ALL_ALBUMS = 1_000_000
OPTIONAL = ("transfer", "colour-knn", "colour-boost")  # voters for the option --voter
SAMPLE = Path(catalog_module.__file__).with_name("sample.json")


def build(manifest: Path, sample: Path, model: Path, reader: str | Tagger = READER) -> str:
    """Tag the covers, write the sample, train the model without the held-out artists, and test it on them.

    Args:
        manifest: CSV with ``artist_id, artist_name, genre, album_id, album_name, file``.
        sample: File to write; the covers' embeddings are written beside it.
        model: Path of the model to write, without ending.
        reader: The tagger that reads the words on covers.

    Returns:
        A summary of several lines.

    Raises:
        SpotiTagsError: The covers cannot be read, or the model cannot be trained.
    """
    catalog = FolderCatalog(manifest)
    taggers = TAGGER, reader
    spotitags = SpotiTags(catalog=catalog, tagger=taggers, albums=ALL_ALBUMS)
    artists = catalog.artists()
    tagged = {ref: _checked(found) for ref, found in spotitags.tagged_covers(artist.id for artist in artists)}
    enough = {genre for genre, count in Counter(a.genre for a in artists).items() if count >= MIN_ARTISTS}
    held_out = _held_out([artist for artist in artists if artist.genre in enough])
    artists.sort(key=lambda artist: artist.id)
    embeddings = _embeddings([tagged[artist.id] for artist in artists])
    with replaced_file(sample.with_name(EMBEDDINGS), lasting=True) as file:
        file.write(embeddings)
    versions, digest = spotitags.tagger_versions(), hashlib.sha256(embeddings).hexdigest()
    with replaced_file(sample, lasting=True) as file:
        file.write(_sample(artists, tagged, held_out, versions, digest).encode())

    trained_on = [a for a in artists if a.genre in enough and a.id not in held_out]
    digests = frozenset(digest for ref in held_out for digest in tagged[ref].digests)
    report = train(spotitags, trained_on, model, optional=OPTIONAL, apart_from=digests)

    trained = SpotiTags(catalog=catalog, tagger=taggers, model=model)
    tested = [artist for artist in artists if artist.id in held_out]
    predicted = {artist.id: trained.predict(artist.id).genre for artist in tested}
    right = sum(predicted[artist.id] == artist.genre for artist in tested)
    accuracy = report.trained.scores.balanced_accuracy
    lines = [
        f"{sample}: {len(artists)} artists, {sum(len(each.digests) for each in tagged.values())} covers",
        f"{report.files[0]}: {len(trained_on)} artists, in cross-validation balanced accuracy {accuracy:.3f}",
        f"held-out artists: {right} of {len(tested)} right",
        *(
            f"  {artist.id} {artist.name}: {artist.genre}, predicted {predicted[artist.id]}"
            for artist in tested
        ),
    ]
    return "\n".join(lines)


def _held_out(artists: Sequence[Artist]) -> frozenset[str]:
    """Ids of the artists to test: those of each genre whose ids sort last, an arbitrary choice."""
    by_genre: dict[str | None, list[str]] = defaultdict(list)
    for artist in artists:
        by_genre[artist.genre].append(artist.id)
    return frozenset(ref for refs in by_genre.values() for ref in sorted(refs)[-HELD_OUT:])


def _checked(found: TaggedCovers | SpotiTagsError) -> TaggedCovers:
    if isinstance(found, SpotiTagsError):
        raise found
    if found.skipped:
        raise InputError(f"covers of {found.artist.id} cannot be used: {found.skipped}; fix the manifest")
    return found


def _sample(
    artists: Sequence[Artist],
    tagged: Mapping[str, TaggedCovers],
    held_out: Collection[str],
    versions: Mapping[str, str],
    digest: str,
) -> str:
    """Build the sample as JSON with one line per artist, so that changes are readable."""
    labels = {
        name: sorted({tag.label for each in tagged.values() for tags in each.tags[name] for tag in tags})
        for name in (TAGGER, READER)
    }
    head = {
        "format": FORMAT,
        "about": "Labels and words with the weights that taggers gave to covers; no image is part of it.",
        "tagger": TAGGER,
        "version": versions[TAGGER],
        "embeddings_sha256": digest,
        "labels": labels[TAGGER],
        "words": {"tagger": READER, "version": versions[READER], "labels": labels[READER]},
    }
    number = {name: {label: i for i, label in enumerate(each)} for name, each in labels.items()}
    rows = [
        _compact(
            {"id": artist.id, "name": artist.name, "genre": artist.genre, "held_out": artist.id in held_out}
            | {"albums": _albums(tagged[artist.id], number)}
        )
        for artist in artists
    ]
    return _compact(head)[:-1] + ',"artists":[\n' + ",\n".join(rows) + "\n]}\n"


def _embeddings(tagged: Sequence[TaggedCovers]) -> bytes:
    """Build an ``.npy`` file with a row of bytes for each different cover, in the sample's order."""
    import numpy as np

    rows = {
        digest: row
        for each in tagged
        for digest, row in zip(each.digests, pack(each.features[TAGGER]), strict=True)
    }
    file = io.BytesIO()
    np.save(file, np.stack(list(rows.values())), allow_pickle=False)
    return file.getvalue()


def _albums(tagged: TaggedCovers, number: Mapping[str, Mapping[str, int]]) -> list[dict[str, Any]]:
    """List albums with the cover's digest and its tags and words, number and weight in turn."""
    return [
        {"id": album.id, "name": album.name, "date": album.release_date, "digest": album.digest}
        | {
            key: [value for tag in tagged.tags[name][i] for value in (number[name][tag.label], tag.weight)]
            for key, name in (("tags", TAGGER), ("words", READER))
        }
        for i, album in enumerate(tagged.albums)
    ]


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("manifest", type=Path)
    print(build(parser.parse_args().manifest, SAMPLE, bundled_model()))  # noqa: T201
