"""Image models by name: which numbers of covers they read, and who measures these."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotitags.appearance import READERS
from spotitags.embeddings import SUFFIX
from spotitags.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from spotitags.taggers import CoverReader


def readers_for(
    models: Iterable[str], taggers: Collection[str], *, device: str | None = None, offline: bool = False
) -> list[CoverReader]:
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
            reads = image.reads(model)
        except ClassifierError as error:
            names = ", ".join(image.classifier_names(standing=False))
            raise InputError(f"no image model is called {model!r}; there are: {names}") from error
        if source and reads != image.EMBEDDING:
            raise InputError(f"{model} reads {reads} alone: leave {':' + source!r} out")
        sources.append(source or reads)
    wanted = [name for name in sources if name != image.EMBEDDING and name not in taggers]
    return readers_of(wanted, device=device, offline=offline)


def readers_of(
    sources: Iterable[str], *, device: str | None = None, offline: bool = False
) -> list[CoverReader]:
    """Who gives these numbers: of `spotitags.appearance`, else a network of that name.

    Args:
        sources: Names, as they stand in ``Seen.embeddings``.
        device: For networks; None for ``cpu``.
        offline: True forbids any download.
    """

    def reader(name: str) -> CoverReader:
        if name in READERS:
            return READERS[name]()
        from spotitags.backbones import Backbone

        return Backbone(name, device=device or "cpu", offline=offline)

    return [reader(name) for name in dict.fromkeys(sources)]


def versions_of(readers: Sequence[CoverReader]) -> dict[str, str]:
    """Name of the numbers to the version that they are kept under."""
    return {reader.name.removesuffix(SUFFIX): reader.version for reader in readers}
