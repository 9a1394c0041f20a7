"""Train the bundled model that votes on other taggers' words: ``python -m spotitags.training.carried``.

It learns from the bundled library, whose tags come from three sources: words that ``lite``'s head finds,
ImageNet's labels, and measured attributes. Needs the extras ``train`` and ``words``.
docs/other-words.md has the results.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from classifiers.arrays import softmax
from classifiers.ensemble.carried_files import save_carried
from classifiers.ensemble.word_vectors import WordVectors
from classifiers.training import carried
from classifiers.training.carried import MEASURED, HeldOutVotes, TrainingCovers, Vocabulary
from classifiers.training.synonyms import synonyms
from spotitags.bags.bag import broad_labels
from spotitags.catalogs.library.catalog import LibraryCatalog
from spotitags.errors import require_training
from spotitags.evaluation.cross_validation import in_processes
from spotitags.pipeline.carried_voting import carried_model
from spotitags.taggers.features.embedding import unpack
from spotitags.taggers.lite.attributes import attribute_labels
from spotitags.taggers.lite.efficientnet import (
    LAST,
    MAX_CLASS_TAGS,
    MIN_CLASS_PROBABILITY,
    imagenet_labels,
    installed_weights,
)
from spotitags.taggers.lite.head import load_head
from spotitags.taggers.lite.networks import read_state_dict
from spotitags.taggers.lite.sentence_encoder import SentenceEncoder
from spotitags.taggers.lite.tagger import vectors_of
from spotitags.taggers.lite.vocabulary import embed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from spotitags.records import Artist

    Floats = NDArray[np.float64]


DIM: Final = 128
"""Dimension of the word vectors, after a principal component analysis."""
WORDS: Final = 4000
"""Number of common English words in the table, besides the labels that SpotiTags knows."""
SOURCES: Final = ("lite's words", "ImageNet's labels", "attributes")
SCORED: Final = ("lite's words", "ImageNet's labels")
"""Vocabularies that calibration is fitted on; two dozen attributes are too few words."""
EXACT: Final = ", phrases as a whole"
MIN_COVERS: Final = 3
MIN_ARTISTS: Final = 5
TRAINED_ON: Final = "lite's words, ImageNet's labels and measured attributes"


def word_table(encoder: SentenceEncoder, labels: Sequence[str], further: Sequence[str] = ()) -> WordVectors:
    """Build the table of word vectors.

    Args:
        encoder: The sentence encoder.
        labels: Labels of pictures, which the axes are fitted on.
        further: Further words to include, besides the encoder's most frequent ones.
    """
    seen = sorted({label.casefold() for label in labels})
    names = list(dict.fromkeys([*seen, *further, *encoder.common_words(WORDS)]))
    vectors = embed(encoder, names).astype(np.float64)
    visible = vectors[: len(seen)]  # words for pictures; the axes of common words say less about them
    centre = visible.mean(axis=0)
    _, _, axes = np.linalg.svd(visible - centre, full_matrices=False)
    axes = axes[:DIM] * np.where(np.abs(axes[:DIM]).max(1) == axes[:DIM].max(1), 1, -1)[:, np.newaxis]
    return WordVectors(names, (vectors - centre) @ axes.T, centre, axes)


def picture_words() -> list[str]:
    """Return words that services often give, from ``picture_words.txt``."""
    text = resources.files("spotitags.training").joinpath("picture_words.txt").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if not line.startswith("#")]


class LibraryCovers:
    """Covers of the bundled library that no other artist has, with their tags by source.

    Args:
        held_out: True also takes the artists that the bundled models are not trained on.
    """

    def __init__(self, *, held_out: bool) -> None:
        library = LibraryCatalog()
        artists = [each for each in library.artists() if held_out or each.id not in library.held_out]
        albums = {each.id: library.albums(each.id, sys.maxsize) for each in artists}
        owners = Counter(
            name for listed in albums.values() for name in {n for a in listed for n in (a.id, a.digest)}
        )
        digests = {
            ref: list(dict.fromkeys(str(a.digest) for a in listed if owners[a.id] == owners[a.digest] == 1))
            for ref, listed in albums.items()
        }
        enough = [each for each in artists if len(digests[each.id]) >= MIN_COVERS]
        count = Counter(each.genre for each in enough)
        self.artists: list[Artist] = [each for each in enough if count[each.genre] >= MIN_ARTISTS]
        self.genres = sorted({str(each.genre) for each in self.artists})
        self.digests = [digest for each in self.artists for digest in digests[each.id]]
        sizes = [len(digests[each.id]) for each in self.artists]
        truth = np.array([self.genres.index(str(each.genre)) for each in self.artists], dtype=np.intp)
        self.covers = TrainingCovers(np.repeat(np.arange(len(sizes)), sizes), truth)
        packed = library.embeddings(self.digests)
        assert packed is not None  # noqa: S101 - the library has an embedding of each of its covers
        embeddings = unpack(packed)
        self.vectors = vectors_of(embeddings).astype(np.float64)
        self.tags = _by_source([dict(tags or []) for tags in library.tags(self.digests)])
        self.tags[SOURCES[1]] = _imagenet_tags(embeddings)

    def vocabularies(self, words: WordVectors) -> list[Vocabulary]:
        """Return the sources, parts and synonyms of the large ones, and ``lite``'s vectors of covers."""
        found = [Vocabulary(source, *words.covers(tags)) for source, tags in self.tags.items()]
        given = {label.casefold() for label in _tagger_labels()}
        for source in SCORED:
            found += carried.parts(source, self.tags[source], words)
            found += synonyms(source, self.tags[source], words, given)
        every = np.ones(len(self.digests), dtype=bool)
        return [*found, Vocabulary(SOURCES[0], words.project(self.vectors), every, whole=False)]


def _tagger_labels() -> list[str]:
    """Return the labels of all sources."""
    return [*load_head().labels, *imagenet_labels(), *attribute_labels()]


def _by_source(covers: Sequence[Mapping[str, float]]) -> dict[str, list[dict[str, float]]]:
    """Split tags by their source; a label of several sources belongs to that of its weight."""
    attributes, imagenet, words = set(attribute_labels()), set(imagenet_labels()), set(load_head().labels)

    def source(label: str) -> str:
        if label in attributes:
            return SOURCES[2]
        return SOURCES[1] if label in imagenet and label not in words else SOURCES[0]

    kept = [{label: w for label, w in tags.items() if label not in broad_labels()} for tags in covers]
    return {
        name: [{label: w for label, w in tags.items() if source(label) == name} for tags in kept]
        for name in SOURCES
    }


def _imagenet_tags(embeddings: NDArray[np.float32]) -> list[dict[str, float]]:
    """Return the best ImageNet labels of covers by the network's last layer; ``lite``'s tags have few."""
    weights = read_state_dict(installed_weights())
    scores = embeddings[:, :LAST] @ weights["_fc.weight"].T + weights["_fc.bias"]
    labels = imagenet_labels()
    return [
        {
            labels[i]: float(row[i])
            for i in np.argsort(-row)[:MAX_CLASS_TAGS].tolist()
            if row[i] >= MIN_CLASS_PROBABILITY
        }
        for row in softmax(scores.astype(np.float64))
    ]


def evaluate(
    data: LibraryCovers,
    words: WordVectors,
    *,
    repeats: int,
) -> dict[str, HeldOutVotes]:
    """Vote on each source by models without it.

    Returns:
        The votes by the name of the source, where phrases are known by their single words alone; and by the
        name with `EXACT`, where each phrase has its own vector.
    """
    single = [i for i, label in enumerate(words.labels) if " " not in label]
    only = WordVectors([words.labels[i] for i in single], words.vectors[single])
    vocabularies = data.vocabularies(words)
    tested = {
        source: [Vocabulary(source, *table.covers(tags)) for table in (only, words)]
        for source, tags in data.tags.items()
    }
    tasks = [(vocabularies, each, data.covers, n) for each in tested.values() for n in range(repeats)]
    votes = [votes for _, votes in sorted(in_processes(_predict, tasks), key=lambda found: found[0])]
    found: dict[str, HeldOutVotes] = {}
    for number, source in enumerate(tested):
        for name, parts in zip(
            (source, source + EXACT), zip(*votes[number * repeats :][:repeats], strict=True), strict=True
        ):
            found[name] = carried.join(parts)
    return found


def _predict(
    task: tuple[Sequence[Vocabulary], Sequence[Vocabulary], TrainingCovers, int],
) -> list[HeldOutVotes]:
    """Vote on held-out words in one repeat."""
    vocabularies, tested, covers, repeat = task
    return carried.predict_held_out(vocabularies, tested, covers, repeats=1, first=repeat)


def scores(held_out: Mapping[str, HeldOutVotes], genres: int) -> dict[str, dict[str, dict[str, float]]]:
    """Score the votes on each source at each number of typical covers.

    Sharpness and calibration of a score are fitted on the other of `SCORED`.

    Returns:
        Source to number of typical covers to balanced accuracy, log loss, and the calibration error of the
        stated confidence.
    """
    found: dict[str, dict[str, dict[str, float]]] = {}
    for source, votes in held_out.items():
        own = source.removesuffix(EXACT)
        fitted = [held_out[other + form] for other in SCORED if other != own for form in ("", EXACT)]
        levels = carried.fit_levels(fitted)
        found[source] = {}
        for count in MEASURED:
            level = next(each for each in reversed(levels) if each.covers <= count)
            shares = votes.shares(count, level)
            tested = ~np.isnan(shares).any(axis=2)
            truth = np.broadcast_to(votes.truth, tested.shape)[tested]
            named, top = shares[tested].argmax(axis=1), shares[tested].max(axis=1)
            recall = [float((named[truth == genre] == genre).mean()) for genre in range(genres)]
            losses = -np.log(np.maximum(shares[tested][np.arange(len(truth)), truth], 1e-9))
            stated = np.array([level.calibration.confidence(share).right for share in top])
            bins = np.minimum((stated * 10).astype(int), 9)
            gaps = [abs(float(((named == truth) - stated)[bins == b].sum())) for b in range(10)]
            found[source][str(count)] = {
                "balanced_accuracy": round(float(np.mean(recall)), 3),
                "log_loss": round(
                    float(np.mean([losses[truth == genre].mean() for genre in range(genres)])), 3
                ),
                "calibration_error": round(sum(gaps) / len(truth), 3),
            }
    return found


def main(repeats: int = 10) -> str:
    """Score, train and save the model; returns the scores as text."""
    from threadpoolctl import threadpool_limits

    require_training("training")
    with threadpool_limits(1):
        encoder = SentenceEncoder("training of votes on other words")
        words = word_table(encoder, _tagger_labels(), picture_words())
        everyone, known = LibraryCovers(held_out=True), LibraryCovers(held_out=False)
        measured: dict[str, Any] = scores(evaluate(everyone, words, repeats=repeats), len(everyone.genres))
        votes = evaluate(known, words, repeats=3)
        levels = carried.fit_levels([votes[source + form] for source in SCORED for form in ("", EXACT)])
        artists = np.arange(len(known.artists))
        model = carried.fit(known.vocabularies(words), known.covers, artists, 0)
    about: dict[str, Any] = {
        "artists": len(artists),
        "covers": len(known.digests),
        "tested_artists": len(everyone.artists),
    }
    about |= {"scores": measured}
    files = save_carried(
        carried.build(
            known.genres, words, model, levels, TRAINED_ON, carried.mean_ranks(known.tags[SOURCES[0]])
        ),
        carried_model(),
        about,
    )
    sizes = ", ".join(f"{file}: {file.stat().st_size:,} bytes" for file in files)
    return f"{sizes}\n{json.dumps(about, indent=1)}"


if __name__ == "__main__":
    print(main())  # noqa: T201
