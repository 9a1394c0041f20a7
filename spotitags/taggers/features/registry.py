"""Image models by name: which numbers of covers they read, and who measures these."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotitags.errors import InputError
from spotitags.taggers.features.colour import READERS
from spotitags.taggers.features.embedding import SUFFIX

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from spotitags.taggers.base import FeatureExtractor


def extractors_for_models(
    models: Iterable[str], taggers: Collection[str], *, device: str | None = None, offline: bool = False
) -> list[FeatureExtractor]:
    """Who gives the numbers that these models read, where no tagger does.

    Args:
        models: Names of `classifiers.image`; ``transfer:NAME`` reads a tagger's, or those of timm's network
            NAME.
        taggers: Who looks at the covers anyhow.
        device: For networks; None for ``cpu``.
        offline: True forbids any download.

    Raises:
        InputError: There is no model of that name.
    """
    from classifiers import image
    from classifiers.errors import ClassifierError

    sources = []
    for model, _, source in (each.partition(":") for each in models):
        try:
            reads = image.feature_of(model)
        except ClassifierError as error:
            names = ", ".join(image.classifier_names(default=False))
            raise InputError(f"no image model is called {model!r}; there are: {names}") from error
        if source and reads != image.EMBEDDING:
            raise InputError(f"{model} reads {reads} alone: leave {':' + source!r} out")
        sources.append(source or reads)
    wanted = [name for name in sources if name != image.EMBEDDING and name not in taggers]
    return extractors_by_name(wanted, device=device, offline=offline)


def extractors_by_name(
    sources: Iterable[str], *, device: str | None = None, offline: bool = False
) -> list[FeatureExtractor]:
    """Who gives these numbers: of `spotitags.taggers.features.colour`, else a network of that name.

    Args:
        sources: Names, as they stand in ``Seen.embeddings``.
        device: For networks; None for ``cpu``.
        offline: True forbids any download.
    """

    def reader(name: str) -> FeatureExtractor:
        if name in READERS:
            return READERS[name]()
        from spotitags.taggers.features.backbone import TimmBackbone

        return TimmBackbone(name, device=device or "cpu", offline=offline)

    return [reader(name) for name in dict.fromkeys(sources)]


def feature_versions(readers: Sequence[FeatureExtractor]) -> dict[str, str]:
    """Name of the numbers to the version that they are kept under."""
    return {reader.name.removesuffix(SUFFIX): reader.version for reader in readers}
