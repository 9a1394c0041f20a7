"""Train a head: align pictures with sentences and labels with covers, and distil the backbone's classes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - its usual name

from spotitags.training.lite_head.model import Projection, Standardisation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


MIN_COVERS = 3
"""Minimum number of covers that a label must fit to be trained on."""

_TEXT_DEVIATION = 0.05  # standard deviation of sentence embeddings; their length is then about 2
_SENTENCE_SHARE = 0.5  # how often a described cover's text is its sentence, and not a list of labels


@dataclass(frozen=True, slots=True)
class Options:
    """Options of the training; docs/lite-head.md describes what else was tried.

    Attributes:
        seed: The seed of all random numbers.
        epochs: The mean number of passes over the pictures.
        batch: The number of pictures per step.
        covers: The number of covers without texts per step.
        described: The number of described covers per step.
        hidden: The widths of the hidden layers, for images and for sentences.
        dropout: The dropout of the hidden layers, for images and for sentences.
        learning_rate: The maximum learning rate, reached after a tenth of the steps.
        weight_decay: AdamW's weight decay, for matrices.
        labelled: The weight of the loss on the labels of described covers.
        distilled: The weight of the cross-entropy with the backbone's predictions.
        blended: The weight of the distance from the mean of the predicted classes' sentences.
        temperature: The temperature that softens the backbone's predictions.
    """

    seed: int = 0
    epochs: int = 24
    batch: int = 1024
    covers: int = 256
    described: int = 256
    hidden: tuple[int, int] = (1024, 768)
    dropout: tuple[float, float] = (0.6, 0.2)
    learning_rate: float = 1.5e-3
    weight_decay: float = 0.05
    labelled: float = 0.5
    distilled: float = 1.0
    blended: float = 1.0
    temperature: float = 1.5


@dataclass(frozen=True, eq=False)
class DescribedCovers:
    """Covers with descriptions and labels by people.

    Attributes:
        covers: (n,) indices of covers in `TrainingSet.cover_views`.
        texts: (n, n_texts) rows of `TrainingSet.sentences`: the sentence of each cover, then its label lists.
        fits: (n, n_labels), True if a label fits.
        labels: (n_labels, n_templates) rows of `TrainingSet.sentences`.
    """

    covers: NDArray[np.intp]
    texts: NDArray[np.intp]
    fits: NDArray[np.bool_]
    labels: NDArray[np.intp]

    @cached_property
    def frequent(self) -> NDArray[np.intp]:
        """Indices of the labels that fit at least `MIN_COVERS` covers."""
        return np.flatnonzero(self.fits.sum(axis=0) >= MIN_COVERS)


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """Arrays to train a head on.

    Attributes:
        views: For each view, the features of the captioned pictures, (n, n_features).
        probabilities: (n, n_classes) of the backbone, for the plain view.
        shares: (n,) relative frequency with which each picture is drawn.
        texts: The texts of each picture: an index that equal texts share, and rows of `sentences`.
        sentences: (n_sentences, n_layers * dim) from the encoder's layers.
        dim: The dimension of one layer, and of the head's output.
        cover_views: For each view, the features of the covers, (n_covers, n_features).
        cover_probabilities: (n_covers, n_classes) of the backbone.
        classes: (n_classes,) rows of `sentences`: the names of the backbone's classes.
        described: The described covers.
    """

    views: Sequence[NDArray[np.float16]]
    probabilities: NDArray[np.float16]
    shares: NDArray[np.float64]
    texts: Sequence[Sequence[tuple[int, Sequence[int]]]]
    sentences: NDArray[np.float16]
    dim: int
    cover_views: Sequence[NDArray[np.float16]]
    cover_probabilities: NDArray[np.float16]
    classes: NDArray[np.intp]
    described: DescribedCovers


def train(data: TrainingSet, options: Options) -> tuple[Projection, list[float]]:
    """Train a head; equal arguments give equal heads on one kind of machine.

    Args:
        data: The training set.
        options: The options of the training.

    Returns:
        The head in evaluation mode, and the mean loss of each epoch.
    """
    torch.manual_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    model = Projection(
        Standardisation.of(data.views[0]),
        Standardisation.of(data.sentences, _TEXT_DEVIATION),
        dim=data.dim,
        hidden=options.hidden,
        dropout=options.dropout,
    )
    count = len(data.views[0])
    batch = min(options.batch, count)
    steps = max(count // batch, 1)
    optimiser, schedule = _optimiser(model, options, steps * options.epochs)
    frequencies = data.shares / data.shares.sum()
    losses = []
    model.train()
    for _ in range(options.epochs):
        total = 0.0
        for _ in range(steps):
            pictures = rng.choice(count, batch, p=frequencies, replace=False)
            loss = _loss(model, data, options, pictures, rng)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            total += float(loss.detach())
        losses.append(total / steps)
    return model.eval(), losses


def _optimiser(
    model: Projection, options: Options, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    matrices = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    groups = [
        {"params": matrices, "weight_decay": options.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW(groups, lr=options.learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, options.learning_rate, total_steps=steps + 1, pct_start=0.1
    )
    return optimiser, schedule


def _loss(
    model: Projection,
    data: TrainingSet,
    options: Options,
    pictures: NDArray[np.intp],
    rng: np.random.Generator,
) -> torch.Tensor:
    """Compute the loss of one batch: captioned pictures, covers without texts, described covers."""
    known = data.described
    plain = rng.integers(len(data.cover_probabilities), size=options.covers)
    described = rng.choice(len(known.covers), min(options.described, len(known.covers)), replace=False)
    covers = np.concatenate([known.covers[described], plain])
    features = np.concatenate(
        [_draw_views(data.views, pictures, rng), _draw_views(data.cover_views, covers, rng)]
    )
    sentences, same = _draw_sentences(data, pictures, described, rng)
    templates = rng.integers(known.labels.shape[1], size=len(known.frequent))
    label_sentences = known.labels[known.frequent, templates]
    with torch.autocast("cpu", torch.bfloat16):
        images = model.project_images(torch.from_numpy(features))
        texts, classes, labels = (
            model.project_texts(torch.from_numpy(data.sentences[rows].astype(np.float32)))
            for rows in (sentences, data.classes, label_sentences)
        )
    images, texts, classes, labels = images.float(), texts.float(), classes.float(), labels.float()
    probabilities = np.concatenate([data.probabilities[pictures], data.cover_probabilities[covers]])
    targets = torch.from_numpy(probabilities.astype(np.float32))
    with_text = images[: len(pictures) + len(described)]
    fits = torch.from_numpy(known.fits[described][:, known.frequent].astype(np.float32))
    loss = contrast(model.cosine_scale * with_text @ texts.T, same)
    logits = model.cosine_scale * with_text[len(pictures) :] @ labels.T
    loss = loss + options.labelled * labelled(logits, fits)
    loss = loss + options.distilled * distilled(images, classes, targets, options.temperature)
    return loss + options.blended * blended(images, classes, targets)


def contrast(logits: torch.Tensor, same: torch.Tensor) -> torch.Tensor:
    """Compute symmetric InfoNCE with several positives (van den Oord et al. 2018; Khosla et al. 2020).

    Args:
        logits: (n, m) of pictures and texts.
        same: (n, m), 1 for pairs that belong together, else 0; no row or column is all 0.
    """
    pictures = -(same / same.sum(1, keepdim=True) * F.log_softmax(logits, 1)).sum(1).mean()
    texts = -(same / same.sum(0, keepdim=True) * F.log_softmax(logits, 0)).sum(0).mean()
    return (pictures + texts) / 2


def labelled(logits: torch.Tensor, fits: torch.Tensor) -> torch.Tensor:
    """Compute the cross-entropy of covers given a label: a softmax over covers for each label that fits any.

    A softmax over labels for each cover would also teach how common labels are, which is counted instead.

    Args:
        logits: (n, m) of covers and labels.
        fits: (n, m), 1 if a label fits, else 0.
    """
    used = fits.sum(0) > 0
    if not used.any():
        return logits.sum() * 0
    targets = fits[:, used] / fits[:, used].sum(0)
    return -(targets * F.log_softmax(logits[:, used], 0)).sum(0).mean()


_CLASS_SCALE = 20.0


def distilled(
    images: torch.Tensor, classes: torch.Tensor, probabilities: torch.Tensor, temperature: float
) -> torch.Tensor:
    """Compute the cross-entropy with the backbone's softened predictions (Hinton et al. 2015).

    Args:
        images: (n, dim) projected images.
        classes: (n_classes, dim) projected class names.
        probabilities: (n, n_classes) of the backbone.
        temperature: The exponent is its inverse.
    """
    soft = probabilities.clamp_min(1e-6) ** (1 / temperature)
    soft = soft / soft.sum(1, keepdim=True)
    return -(soft * F.log_softmax(_CLASS_SCALE * images @ classes.T, 1)).sum(1).mean()


def blended(images: torch.Tensor, classes: torch.Tensor, probabilities: torch.Tensor) -> torch.Tensor:
    """Compute the distance from the mean class, weighted by the backbone: ConSE (Norouzi et al. 2014).

    Arguments as for `distilled`.
    """
    return (1 - (images * F.normalize(probabilities @ classes, dim=1)).sum(1)).mean()


def _draw_views(
    views: Sequence[NDArray[np.float16]], rows: NDArray[np.intp], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return the features of rows, each from a random view: (n, n_features)."""
    drawn = rng.integers(len(views), size=len(rows))
    return np.stack([views[view][row] for view, row in zip(drawn, rows, strict=True)]).astype(np.float32)


def _draw_sentences(
    data: TrainingSet, pictures: NDArray[np.intp], described: NDArray[np.intp], rng: np.random.Generator
) -> tuple[NDArray[np.intp], torch.Tensor]:
    """Draw a sentence for each picture and cover: (n,) rows, and (n, n), 1 for pairs that belong together."""
    rows, keys = [], []
    for index in pictures:
        texts = data.texts[int(index)]
        key, sentences = texts[int(rng.integers(len(texts)))]
        rows.append(sentences[int(rng.integers(len(sentences)))])
        keys.append(key)
    for index in described:
        sentence, *lists = data.described.texts[int(index)].tolist()
        rows.append(sentence if rng.random() < _SENTENCE_SHARE else lists[int(rng.integers(len(lists)))])
        keys.append(-1 - int(index))
    groups = torch.tensor(keys)
    return np.array(rows), (groups[:, None] == groups[None, :]).float()
