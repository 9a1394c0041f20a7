"""Zero-shot tags by CLIP: which of our labels a cover resembles more than sentences that say nothing."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from spotitags.errors import NotInstalledError
from spotitags.records import Tag
from spotitags.taggers.array_cache import cached_arrays
from spotitags.taggers.base import Readiness
from spotitags.taggers.clip.devices import choose_device, precision
from spotitags.taggers.clip.weights import DEFAULT_MODEL, identity, image_size, installed, on_disk
from spotitags.taggers.labels.themes import GENRE_TEMPLATES, fingerprints, own_themes, themes
from spotitags.taggers.zero_shot import check_genres, pool_votes, shares

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from spotitags.records import Cover
    from spotitags.taggers.base import TaggerOptions
    from spotitags.taggers.clip.encoder import Encoder
    from spotitags.taggers.labels.themes import Theme


TAGS_A_COVER = 20

_SCHEME = "contrast-1"  # how a weight is made; another number with another formula
_REMEMBERED = (
    4096  # embeddings of the latest covers, about 8 MB: the genre vote looks at the same covers again
)
_BATCH = {"cpu": 32, "mps": 128, "cuda": 256}
_GPUS = {"cuda": "a CUDA GPU", "mps": "an Apple GPU"}


class ClipTagger:
    """open_clip's zero-shot classifier over labels written for album covers.

    A label's weight is the probability that the cover shows the label rather than nothing in particular::

        weight = sigmoid(s * cos(cover, label) - log mean_k exp(s * cos(cover, neutral_k)))

    where ``s`` is the factor that the model was trained with and ``neutral_k`` are the label's own sentences
    without it ("an album cover" for "an album cover with {}"). So 0.5 means: as likely as a sentence that
    says nothing. It depends on nothing but the cover, the label and the model, so a label's weights can be
    compared between covers and kept for ever; docs/clip.md says why it is no softmax and no z-score.

    Args:
        cache_dir: Folder for the labels' embeddings.
        model: open_clip ``name/pretrained``, ``hf-hub:…`` or ``local-dir:…``.
        device: ``cpu``, ``cuda`` or ``mps``; None takes the best there is.
        offline: True forbids any download.
        labels: Themes to look for; None for the project's own.
    """

    name: ClassVar[str] = "clip"

    def __init__(
        self,
        cache_dir: Path,
        *,
        model: str = DEFAULT_MODEL,
        device: str | None = None,
        offline: bool = False,
        labels: Sequence[Theme] | None = None,
    ) -> None:
        self.cache_dir = cache_dir
        self.model = model
        self.device = device
        self.offline = offline
        self.labels = labels
        self._remembered: OrderedDict[str, NDArray[np.float32]] = OrderedDict()

    @classmethod
    def from_options(cls, options: TaggerOptions) -> ClipTagger:
        """Build the tagger from the command line's or the caller's options. Loads nothing."""
        return cls(
            options.cache_dir,
            model=options.clip_model or DEFAULT_MODEL,
            device=options.device,
            offline=options.offline,
            labels=own_themes(options.labels),
        )

    @classmethod
    def readiness(cls, options: TaggerOptions) -> Readiness:
        """Whether it can run here without a long wait; imports neither torch nor open_clip.

        Raises:
            InputError: The options name no device or no model.
        """
        tagger = cls.from_options(options)
        device = choose_device(options.device)
        if not installed():
            remedy = str(NotInstalledError("the clip tagger", "clip"))
            return Readiness(ready=False, reason="open_clip is not installed", remedy=remedy)
        here = on_disk(tagger.model)
        if here is None:  # only a run leaves the labels' embeddings behind, and a run had the weights
            here = tagger.labels_file.is_file()
        if device != "cpu" and (here or not options.offline):
            return Readiness(ready=True, reason=f"{_GPUS[device]} is here")
        if here:
            return Readiness(ready=True, reason="its weights are on disk")
        if device != "cpu":
            return Readiness(ready=False, reason="no weights on disk, and offline", remedy="run once online")
        return Readiness(
            ready=False,
            reason="no GPU and no weights on disk",
            remedy="run once with --tagger clip to fetch the weights",
        )

    @cached_property
    def image_size(self) -> int:
        """Pixels a side of the model's input."""
        return image_size(self.model, offline=self.offline)

    @property
    def batch_size(self) -> int:
        """Covers a call of `tag` takes best: a few forward passes, with covers being resized meanwhile."""
        return _BATCH[self._device]

    @cached_property
    def version(self) -> str:
        """Model, weights, precision, labels, sentences and the weight's formula in one line."""
        labels, sentences = fingerprints(self._themes)
        return f"{self._weights_version} labels {labels} templates {sentences} {_SCHEME}"

    @property
    def labels_file(self) -> Path:
        """Where the labels' embeddings are kept."""
        return self.cache_dir / f"clip-labels-{_digest(self.version)}.npz"

    def preparation(self) -> str | None:
        """Embedding the labels: about a minute on a CPU, seconds on a GPU, once a model and label list."""
        if self.labels_file.is_file():
            return None
        count = sum(len(theme.labels) for theme in self._themes)
        pause = "a minute or more" if self._device == "cpu" else "some seconds"
        return f"its {count} labels are embedded once, which takes {pause}"

    def votes_version(self, genres: Sequence[str]) -> str:
        """What `genre_votes` depends on besides the cover, in one line. Loads no model."""
        return f"{self._weights_version} genres {_digest([list(genres), GENRE_TEMPLATES])}"

    def tag(self, covers: Sequence[Cover]) -> list[list[Tag]]:
        """The 20 best labels of each cover, best first.

        Raises:
            NotInstalledError: open_clip is not here.
            WeightsError: The weights cannot be had.
        """
        if not covers:
            return []
        contrast = self._contrast(self.embed(covers))
        names = [label for theme in self._themes for label in theme.labels]
        # The contrast itself sorts: weights next to 1 are equal in print.
        best = np.argsort(-contrast, axis=1, kind="stable")[:, :TAGS_A_COVER]
        weights = 1.0 / (1.0 + np.exp(-np.take_along_axis(contrast, best, axis=1)))
        return [
            [Tag(names[label], round(float(weight), 6)) for label, weight in zip(row, values, strict=True)]
            for row, values in zip(best, weights, strict=True)
        ]

    def embed(self, covers: Sequence[Cover]) -> NDArray[np.float32]:
        """Embeddings of covers in the space that CLIP shares with texts.

        Returns:
            (n_covers, dim), of length 1 each; (0, 0) for no covers. The same cover is encoded once, and
            remembered for a while.
        """
        if not covers:
            return np.zeros((0, 0), dtype=np.float32)
        new = {cover.digest: cover.pixels for cover in covers if cover.digest not in self._remembered}
        fresh = dict(zip(new, self._encoder.images(list(new.values())), strict=True)) if new else {}
        known = [fresh[c.digest] if c.digest in fresh else self._remembered[c.digest] for c in covers]
        self._remembered.update(fresh)
        while len(self._remembered) > _REMEMBERED:
            self._remembered.popitem(last=False)
        return np.stack(known)

    def genre_votes(self, covers: Sequence[Cover], genres: Sequence[str]) -> list[dict[str, float]]:
        """What the text tower itself says of each cover: a probability per genre, summing to 1.

        Covers that were tagged just before are not encoded again. One cover's votes depend on the cover and
        `votes_version` only, so they can be kept; `pool_votes` joins an artist's.

        Args:
            covers: Any number.
            genres: Names as a person would write them, two or more, none twice.

        Raises:
            InputError: Fewer than two genres, or one twice.
        """
        check_genres(genres)
        if not covers:
            return []
        images = self.embed(covers)
        file = self.cache_dir / f"clip-genres-{_digest(self.votes_version(genres))}.npz"
        (texts,) = cached_arrays(file, [len(genres)], lambda: [self._encoder.texts(genres, GENRE_TEMPLATES)])
        return shares(self._encoder.scale * (images @ texts.T).astype(np.float64), genres)

    def zero_shot(self, covers: Sequence[Cover], genres: Sequence[str]) -> dict[str, float]:
        """One artist's genre by the text tower alone: `genre_votes` of the covers, pooled."""
        return pool_votes(self.genre_votes(covers, genres))

    def _contrast(self, images: NDArray[np.float32]) -> NDArray[np.float64]:
        """(n_covers, n_labels) log-odds of each label against its theme's neutral sentences."""
        scale = self._encoder.scale
        parts = []
        for i in range(len(self._themes)):
            labels, neutral = self._texts[2 * i : 2 * i + 2]
            logits = scale * (images @ labels.T).astype(np.float64)
            background = scale * (images @ neutral.T).astype(np.float64)
            mean = np.logaddexp.reduce(background, axis=1, keepdims=True) - np.log(background.shape[1])
            parts.append(logits - mean)
        return np.concatenate(parts, axis=1)

    @cached_property
    def _texts(self) -> list[NDArray[np.float32]]:
        """Of each theme in turn the embeddings of labels, (n_labels, dim), and of neutral sentences."""
        rows = [count for theme in self._themes for count in (len(theme.labels), len(theme.neutral))]
        return cached_arrays(self.labels_file, rows, self._embed_labels)

    def _embed_labels(self) -> list[NDArray[np.float32]]:
        arrays = []
        for theme in self._themes:
            arrays.append(self._encoder.texts(theme.labels, theme.templates))
            arrays.append(self._encoder.texts(theme.neutral, ("{}",)))
        return arrays

    @cached_property
    def _weights_version(self) -> str:
        return f"{identity(self.model)} {precision(self._device)}"

    @property
    def _themes(self) -> Sequence[Theme]:
        return themes() if self.labels is None else self.labels

    @cached_property
    def _device(self) -> str:
        return choose_device(self.device)

    @cached_property
    def _encoder(self) -> Encoder:
        from spotitags.taggers.clip.encoder import load

        return load(self.model, device=self._device, precision=precision(self._device), offline=self.offline)


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]
