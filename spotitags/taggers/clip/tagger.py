"""Zero-shot tagging with CLIP: each label is scored against neutral sentences."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from spotitags.errors import NotInstalledError
from spotitags.records import Tag
from spotitags.taggers.array_cache import cached_arrays
from spotitags.taggers.base import Readiness
from spotitags.taggers.clip.devices import choose_device, precision
from spotitags.taggers.clip.weights import DEFAULT_MODEL, identity, image_size, installed, on_disk
from spotitags.taggers.labels.themes import GENRE_TEMPLATES, custom_themes, digest, fingerprints, themes
from spotitags.taggers.zero_shot import check_genres, softmax_votes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from spotitags.records import Cover
    from spotitags.taggers.base import TaggerOptions
    from spotitags.taggers.clip.encoder import Encoder
    from spotitags.taggers.labels.themes import Theme


TAGS_PER_COVER = 20

_SCHEME = "contrast-1"  # the formula of the weights; raise the number when the formula changes
_MAX_EMBEDDINGS = 4096  # in memory, about 8 MB: genre votes need the embeddings of the covers just tagged
_BATCH_SIZE = {"cpu": 32, "mps": 128, "cuda": 256}
_GPUS = {"cuda": "a CUDA GPU", "mps": "an Apple GPU"}


@dataclass(eq=False, repr=False)
class ClipTagger:
    """Tags covers with open_clip's zero-shot classifier and labels written for album covers.

    A label's weight is the probability that the cover shows the label rather than nothing in particular::

        weight = sigmoid(s * cos(cover, label) - log mean_k exp(s * cos(cover, neutral_k)))

    where ``s`` is the logit scale that the model was trained with and ``neutral_k`` are the sentences of the
    label's theme without the label ("an album cover" for "an album cover with {}"). So 0.5 means: as likely
    as a neutral sentence. A weight depends only on the cover, the label and the model, so weights can be
    compared between covers and cached; docs/clip.md explains why it is neither a softmax nor a z-score.

    Args:
        cache_dir: Folder for the embeddings of labels and genres.
        model: open_clip ``name/pretrained``, ``hf-hub:…`` or ``local-dir:…``.
        device: ``cpu``, ``cuda`` or ``mps``; None chooses the best available one.
        offline: True forbids any download.
        labels: Themes with the labels to use; None for the built-in ones.
    """

    name: ClassVar[str] = "clip"

    cache_dir: Path
    _: KW_ONLY
    model: str = DEFAULT_MODEL
    device: str | None = None
    offline: bool = False
    labels: Sequence[Theme] | None = None
    _embeddings: OrderedDict[str, NDArray[np.float32]] = field(default_factory=OrderedDict, init=False)

    @classmethod
    def from_options(cls, options: TaggerOptions) -> ClipTagger:
        """Build the tagger from options. Loads nothing."""
        return cls(
            options.cache_dir,
            model=options.clip_model or DEFAULT_MODEL,
            device=options.device,
            offline=options.offline,
            labels=custom_themes(options.labels),
        )

    @classmethod
    def readiness(cls, options: TaggerOptions) -> Readiness:
        """Return whether the tagger can run without a long wait; imports neither torch nor open_clip.

        Raises:
            InputError: The device or the model name of the options is invalid.
        """
        tagger = cls.from_options(options)
        device = choose_device(options.device)
        if not installed():
            remedy = str(NotInstalledError("the clip tagger", "clip"))
            return Readiness(ready=False, reason="open_clip is not installed", remedy=remedy)
        downloaded = on_disk(tagger.model)
        if downloaded is None:  # label embeddings exist only after a run, and a run downloads the weights
            downloaded = tagger.labels_file.is_file()
        if device != "cpu" and (downloaded or not options.offline):
            return Readiness(ready=True, reason=f"{_GPUS[device]} is here")
        if downloaded:
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
        """Height and width of the model's input, in pixels."""
        return image_size(self.model, offline=self.offline)

    @property
    def batch_size(self) -> int:
        """Preferred number of covers per call of `tag`: a few forward passes, so that resizing overlaps."""
        return _BATCH_SIZE[self._device]

    @cached_property
    def version(self) -> str:
        """Model, weights, precision, labels, sentences and weight formula in one line."""
        labels, sentences = fingerprints(self._themes)
        return f"{self._weights_version} labels {labels} templates {sentences} {_SCHEME}"

    @property
    def labels_file(self) -> Path:
        """Cache file of the label embeddings."""
        return self.cache_dir / f"clip-labels-{digest(self.version, 16)}.npz"

    def preparation(self) -> str | None:
        """Return what is to be done once: embedding the labels. None if their embeddings are cached."""
        if self.labels_file.is_file():
            return None
        count = sum(len(theme.labels) for theme in self._themes)
        duration = "up to a minute" if self._device == "cpu" else "some seconds"
        return f"its {count} labels are embedded once, which takes {duration}"

    def votes_version(self, genres: Sequence[str]) -> str:
        """Return everything that `genre_votes` depends on besides the cover, in one line. Loads no model."""
        return f"{self._weights_version} genres {digest([list(genres), GENRE_TEMPLATES], 16)}"

    def tag(self, covers: Sequence[Cover]) -> list[list[Tag]]:
        """Return the `TAGS_PER_COVER` best labels of each cover, best first, ties by label.

        Embeddings differ in their last bits between machines and batch sizes, which moves a weight by up to
        1e-5 in fp32 and 0.02 in bf16: labels that are closer than that may change places.

        Raises:
            NotInstalledError: open_clip is not installed.
            WeightsError: The weights are missing and cannot be downloaded, or cannot be read.
        """
        if not covers:
            return []
        labels = [label for theme in self._themes for label in theme.labels]
        alphabetical = sorted(range(len(labels)), key=labels.__getitem__)
        contrast = self._contrast(self.embed(covers))[:, alphabetical]
        # Sorted by contrast, not by weight: rounded weights near 0 and 1 do not tell labels apart.
        best = np.argsort(-contrast, axis=1, kind="stable")[:, :TAGS_PER_COVER]
        weights = 1.0 / (1.0 + np.exp(-np.take_along_axis(contrast, best, axis=1)))
        return [
            [
                Tag(labels[alphabetical[column]], round(weight, 6))
                for column, weight in zip(columns, row, strict=True)
            ]
            for columns, row in zip(best.tolist(), weights.tolist(), strict=True)
        ]

    def embed(self, covers: Sequence[Cover]) -> NDArray[np.float32]:
        """Return the embeddings of covers in the space that CLIP shares with texts.

        Returns:
            (n_covers, dim), of length 1 each; (0, 0) for no covers. Each cover is encoded once; the latest
            embeddings stay in memory.
        """
        if not covers:
            return np.zeros((0, 0), dtype=np.float32)
        new = {cover.digest: cover.pixels for cover in covers if cover.digest not in self._embeddings}
        encoded = dict(zip(new, self._encoder.encode_images(list(new.values())), strict=True)) if new else {}
        rows = [encoded[c.digest] if c.digest in encoded else self._embeddings[c.digest] for c in covers]
        self._embeddings.update(encoded)
        while len(self._embeddings) > _MAX_EMBEDDINGS:
            self._embeddings.popitem(last=False)
        return np.stack(rows)

    def genre_votes(self, covers: Sequence[Cover], genres: Sequence[str]) -> list[dict[str, float]]:
        """Return the zero-shot vote of each cover: a probability per genre, summing to 1.

        Covers that were just tagged are not encoded again. The votes of a cover depend only on the cover and
        on `votes_version`, so they can be cached; `spotitags.taggers.zero_shot.pool_votes` pools an artist's.

        Args:
            covers: Any number of covers.
            genres: Names as a person would write them, two or more, none repeated.

        Raises:
            InputError: There are fewer than two genres, or one is repeated.
        """
        check_genres(genres)
        if not covers:
            return []
        images = self.embed(covers)
        file = self.cache_dir / f"clip-genres-{digest(self.votes_version(genres), 16)}.npz"
        (texts,) = cached_arrays(
            file, [len(genres)], lambda: [self._encoder.encode_texts(genres, GENRE_TEMPLATES)]
        )
        return softmax_votes(self._encoder.scale * (images @ texts.T).astype(np.float64), genres)

    def _contrast(self, images: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return (n_covers, n_labels) log-odds of each label against its theme's neutral sentences."""
        scale = self._encoder.scale
        by_theme = []
        for labels, neutral in zip(self._texts[::2], self._texts[1::2], strict=True):
            logits = scale * (images @ labels.T).astype(np.float64)
            background = scale * (images @ neutral.T).astype(np.float64)
            mean = np.logaddexp.reduce(background, axis=1, keepdims=True) - np.log(background.shape[1])
            by_theme.append(logits - mean)
        return np.concatenate(by_theme, axis=1)

    @cached_property
    def _texts(self) -> list[NDArray[np.float32]]:
        """For each theme in turn, the embeddings of its labels, (n_labels, dim), and neutral sentences."""
        rows = [count for theme in self._themes for count in (len(theme.labels), len(theme.neutral))]
        return cached_arrays(self.labels_file, rows, self._embed_labels)

    def _embed_labels(self) -> list[NDArray[np.float32]]:
        arrays = []
        for theme in self._themes:
            arrays.append(self._encoder.encode_texts(theme.labels, theme.templates))
            arrays.append(self._encoder.encode_texts(theme.neutral, ("{}",)))
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
        from spotitags.taggers.clip.encoder import load_encoder

        return load_encoder(
            self.model, device=self._device, precision=precision(self._device), offline=self.offline
        )
