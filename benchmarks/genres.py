"""How sure lite's votes on genres by name may be: the bundled library's artists at several sharpnesses.

    python benchmarks/genres.py [--genres metal,jazz,hiphop,country,classical]

Votes of each artist's covers, no artist learnt from, pooled as `spotitags predict --genres` pools them.
Covers that several artists share are left out, then artists with fewer than three. A sharpness is right where
the mean share of the winner is the accuracy, and the log loss smallest; higher ones claim more than is so.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

from classifiers.arrays import softmax
from spotitags.catalogs.library.catalog import LibraryCatalog
from spotitags.taggers.features.embedding import unpack
from spotitags.taggers.lite.tagger import SHARPNESS, vectors_of
from spotitags.taggers.lite.vocabulary import GenreVectors

LEAST = 3  # covers an artist
MOST = 10


def contrasts(genres: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """(n_artists, n_genres) mean contrasts, and each artist's genre by number."""
    library = LibraryCatalog()
    artists = [artist for artist in library.artists() if artist.genre in genres]
    covers = {
        artist.id: list(dict.fromkeys(album.digest or "" for album in library.albums(artist.id, MOST)))
        for artist in artists
    }
    owners = Counter(digest for digests in covers.values() for digest in digests)
    rows, truth = [], []
    with tempfile.TemporaryDirectory() as folder:
        vectors = GenreVectors(Path(folder))
        for artist in artists:
            own = [digest for digest in covers[artist.id] if owners[digest] == 1]
            packed = library.embeddings(own)
            if len(own) >= LEAST and packed is not None:
                rows.append(vectors.contrast(vectors_of(unpack(packed)), genres).mean(axis=0))
                truth.append(genres.index(artist.genre or ""))
    return np.array(rows, np.float64), np.array(truth)


def main() -> None:
    """Print balanced accuracy, and for each sharpness log loss and the winner's mean share."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--genres", default="metal,jazz,hiphop,country,classical")
    genres = parser.parse_args().genres.split(",")
    contrast, truth = contrasts(genres)
    named = contrast.argmax(axis=1)
    recalls = {genre: (named[truth == i] == i).mean() for i, genre in enumerate(genres) if (truth == i).any()}
    balanced = np.mean(list(recalls.values()))
    print(f"{len(truth)} artists, balanced accuracy {balanced:.3f} (chance {1 / len(genres):.2f})")
    print("right: " + ", ".join(f"{genre} {recall:.2f}" for genre, recall in recalls.items()))
    for sharpness in sorted({0.25, 0.5, 1.0, 2.0, 3.0, 5.0, SHARPNESS}):
        shares = softmax(sharpness * contrast)
        loss = -np.log(shares[np.arange(len(truth)), truth]).mean()
        winner = shares.max(axis=1).mean()
        mark = " <- as shipped" if sharpness == SHARPNESS else ""
        print(f"sharpness {sharpness:4}: log loss {loss:.3f}, winner's share {winner:.2f}{mark}")


if __name__ == "__main__":
    main()
