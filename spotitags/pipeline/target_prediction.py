"""Predictions of a number, such as popularity, by a model of ``spotitags train --target``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from classifiers.ensemble.target_model import TargetModel
from classifiers.errors import ModelFileError
from classifiers.text.views import sum_tags
from spotitags.bags import bag as bagging
from spotitags.errors import ModelError, SpotiTagsError
from spotitags.pipeline.word_sources import model_words
from spotitags.records.target import TargetPrediction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from spotitags.pipeline.spotitags import SpotiTags
    from spotitags.records import TaggedCovers


def load_target(path: Path) -> TargetModel:
    """Load a model of a number.

    Raises:
        ModelError: It cannot be read.
    """
    try:
        return TargetModel.load(path)
    except ModelFileError as error:
        raise ModelError(str(error)) from error


def predict_targets(
    spotitags: SpotiTags, model: TargetModel, artists: Iterable[str]
) -> Iterator[tuple[str, TargetPrediction | SpotiTagsError]]:
    """Yield for each artist in turn its predicted number, or the error that prevents it."""
    versions = spotitags.tagger_versions()
    trained = {name: version for name, version in model.taggers.items() if name in versions}
    if not trained:
        raise ModelError(
            f"the model was trained with {', '.join(model.taggers)}, and this run has "
            f"{', '.join(versions)}: use one of its taggers, or train it again"
        )
    if any(versions[name] != version for name, version in trained.items()):
        spotitags.notify("model: it was trained with another version of a tagger; train it again")
    if model.says_nothing:
        spotitags.notify(f"model: on held-out artists it says nothing about {model.target}")
    for ref, covers in spotitags.tagged_covers(artists):
        if isinstance(covers, SpotiTagsError):
            yield ref, covers
            continue
        try:
            yield ref, _predict(spotitags, model, ref, covers)
        except ModelFileError as error:
            yield ref, ModelError(str(error))


def _predict(spotitags: SpotiTags, model: TargetModel, ref: str, covers: TaggedCovers) -> TargetPrediction:
    bags: dict[str, Mapping[str, float]] = {
        tagger: bagging.bag(covers.artist, tagger, each).weights() for tagger, each in covers.tags.items()
    }
    words = model_words(model.taggers, spotitags.text_columns, ref, covers.albums)
    bags |= {source: sum_tags(each.items() for each in of_albums) for source, of_albums in words.items()}
    value = model.predict(bags, covers.features)
    half = model.half_width
    return TargetPrediction(
        covers.artist,
        model.target,
        value,
        value - half,
        value + half,
        len(covers.albums),
        tuple(covers.albums),
    )
