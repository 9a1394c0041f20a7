"""Build the tagger of a corpus, here and in workers on other machines."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from spotitags.errors import InputError
from spotitags.taggers.labels.custom import custom_labels
from spotitags.taggers.registry import ready_taggers, tagger_class, tagger_options

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from spotitags.taggers.base import Tagger, TaggerOptions


@dataclass(frozen=True)
class TaggerBuilder:
    """Builds a tagger by its name; it can be pickled.

    Attributes:
        name: Name of the tagger.
        options: Its options, without a function for messages.
    """

    name: str
    options: TaggerOptions

    def __call__(self) -> Tagger:
        """Build the tagger."""
        return tagger_class(self.name).from_options(self.options)


def tagger_builder(  # noqa: PLR0913 (all of them are independent)
    tagger: Sequence[str],
    *,
    words: Path | str | Sequence[str] = (),
    clip_model: str | None = None,
    device: str | None = None,
    offline: bool = False,
    notify: Callable[[str], None] = lambda _line: None,
) -> TaggerBuilder:
    """Choose the tagger of a corpus, and report the choice.

    Args:
        tagger: Name of the tagger; empty for ``clip`` if it can run here, else ``lite``.
        words: As for `spotitags.pipeline.spotitags.SpotiTags`, as the other arguments.
        clip_model: open_clip ``name/pretrained``, ``hf-hub:…`` or ``local-dir:…``.
        device: ``cpu``, ``cuda`` or ``mps``; None for the fastest available.
        offline: True forbids downloads.
        notify: Called with a line for each choice.

    Raises:
        InputError: Several taggers are given, or as for `spotitags.taggers.registry.choose_taggers`.
        TaggerError: The tagger cannot be loaded.
    """
    if len(tagger) > 1:
        raise InputError(
            f"a corpus has one tagger, not {' and '.join(tagger)}: give one --tagger, and write a corpus each"
        )
    from spotitags.settings import Settings

    options = tagger_options(
        Settings(), clip_model=clip_model, device=device, offline=offline,
        labels=custom_labels(words) if words else (), notify=notify,
    )  # fmt: skip
    (chosen,) = ready_taggers(tagger, options, notify)
    return TaggerBuilder(chosen.name, replace(options, notify=None))
