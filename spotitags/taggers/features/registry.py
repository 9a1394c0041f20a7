"""Feature extractors by name, and those that image models need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotitags.errors import InputError
from spotitags.taggers.features.colour import ColourHistogram, Thumbnail

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from spotitags.taggers.base import FeatureExtractor


def extractors_for_models(
    models: Iterable[str], taggers: Collection[str], *, device: str | None = None, offline: bool = False
) -> list[FeatureExtractor]:
    """Build the extractors of the features that image models need and no tagger provides.

    Args:
        models: Names of image models; ``transfer:NAME`` uses the embeddings of the tagger or timm network
            NAME.
        taggers: Names of the taggers of the run.
        device: Device of networks; None for ``cpu``.
        offline: True forbids downloads.

    Raises:
        InputError: There is no model of that name.
    """
    from classifiers import image
    from classifiers.errors import ClassifierError

    features = []
    for model, _, source in (each.partition(":") for each in models):
        try:
            feature = image.feature_of(model)
        except ClassifierError as error:
            names = ", ".join(image.classifier_names(default=False))
            raise InputError(f"no image model is called {model!r}; there are: {names}") from error
        if source and feature != image.EMBEDDING:
            raise InputError(f"{model} uses {feature} only: leave {':' + source!r} out")
        features.append(source or feature)
    missing = [name for name in features if name != image.EMBEDDING and name not in taggers]
    return extractors_by_name(missing, device=device, offline=offline)


def extractors_by_name(
    features: Iterable[str], *, device: str | None = None, offline: bool = False
) -> list[FeatureExtractor]:
    """Build an extractor for each feature, once.

    Args:
        features: ``colours``, ``thumbnail`` or the name of a timm network.
        device: Device of networks; None for ``cpu``.
        offline: True forbids downloads.
    """
    return [_extractor(name, device or "cpu", offline=offline) for name in dict.fromkeys(features)]


def feature_versions(extractors: Sequence[FeatureExtractor]) -> dict[str, str]:
    """Return the version of each feature by its name."""
    return {extractor.feature: extractor.version for extractor in extractors}


def _extractor(feature: str, device: str, *, offline: bool) -> FeatureExtractor:
    for kind in (ColourHistogram, Thumbnail):
        if kind.feature == feature:
            return kind()
    from spotitags.taggers.features.backbone import TimmBackbone

    return TimmBackbone(feature, device=device, offline=offline)
