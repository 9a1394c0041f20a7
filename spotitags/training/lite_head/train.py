"""Trains a head: pictures towards their sentences, labels towards their covers, all towards the backbone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - its usual name

from spotitags.training.lite_head.model import Projection, Standard

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


_TEXT_SPREAD = 0.05  # of sentences' numbers: with it a sentence is about 2 long
SEEN_OFTEN = 3
"""Covers that a label must be on to be learnt."""
_OWN_SENTENCE = 0.5  # how often a cover is met with its sentence and not with a list of labels


@dataclass(frozen=True, slots=True)
class Options:
    """How a head is trained; docs/lite-head.md has what else was tried.

    Attributes:
        seed: Of everything random.
        epochs: Times that the pictures are gone through, in the mean.
        batch: Pictures a step.
        covers: Covers a step that are looked at without words.
        described: Covers a step with what they show.
        hidden: Widths of the hidden layers, of pictures and of sentences.
        dropout: Parts of their numbers left out in training.
        learning_rate: Highest, after a tenth of the steps.
        weight_decay: AdamW's, of matrices.
        labelled: Weight of the labels that fit the described covers.
        distilled: Weight of the backbone's own answers, as a softmax over its labels.
        blended: Weight of the cosine with the mean of its labels' sentences.
        temperature: That its answers are softened by.
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
    """What covers show, by eye.

    Attributes:
        covers: (n,) numbers of covers of `TrainingSet.cover_views`.
        texts: (n, n_texts) rows of `TrainingSet.sentences`: the sentence of each cover, then its label lists.
        shown: (n, n_labels), whether a label fits.
        labels: (n_labels, n_templates) rows of `TrainingSet.sentences`.
    """

    covers: NDArray[np.intp]
    texts: NDArray[np.intp]
    shown: NDArray[np.bool_]
    labels: NDArray[np.intp]

    @cached_property
    def worn(self) -> NDArray[np.intp]:
        """Numbers of the labels that fit `SEEN_OFTEN` covers at least."""
        return np.flatnonzero(self.shown.sum(axis=0) >= SEEN_OFTEN)


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """What is learnt from, as numbers.

    Attributes:
        views: Each (n, n_features): features of the pictures with words, view by view.
        probabilities: (n, n_classes) of the backbone, by the plain view.
        shares: (n,) how often a picture is drawn beside others.
        texts: For each picture its texts: a number that equal texts share, and rows of `sentences`.
        sentences: (n_sentences, n_layers * dim), as the encoder's layers give them.
        dim: Of one layer, and of what the head gives.
        cover_views: Each (n_covers, n_features).
        cover_probabilities: (n_covers, n_classes).
        classes: (n_classes,) rows of `sentences`: the names of the backbone's labels.
        seen: What some of the covers show.
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
    seen: DescribedCovers


def train(lesson: TrainingSet, options: Options) -> tuple[Projection, list[float]]:
    """Train a head; equal lessons and options give equal heads on one kind of machine.

    Args:
        lesson: What to learn from.
        options: How.

    Returns:
        The head, ready to be used, and the mean loss of each epoch.
    """
    torch.manual_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    model = Projection(
        Standard.of(lesson.views[0]),
        Standard.of(lesson.sentences, _TEXT_SPREAD),
        dim=lesson.dim,
        hidden=options.hidden,
        dropout=options.dropout,
    )
    count = len(lesson.views[0])
    batch = min(options.batch, count)
    steps = max(count // batch, 1)
    optimiser, schedule = _optimiser(model, options, steps * options.epochs)
    chances = lesson.shares / lesson.shares.sum()
    losses = []
    model.train()
    for _ in range(options.epochs):
        total = 0.0
        for _ in range(steps):
            chosen = rng.choice(count, batch, p=chances, replace=False)
            loss = _loss(model, lesson, options, chosen, rng)
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
    lesson: TrainingSet,
    options: Options,
    chosen: NDArray[np.intp],
    rng: np.random.Generator,
) -> torch.Tensor:
    """Of one batch: pictures with words, covers without, covers with what they show."""
    seen = lesson.seen
    plain = rng.integers(len(lesson.cover_probabilities), size=options.covers)
    described = rng.choice(len(seen.covers), min(options.described, len(seen.covers)), replace=False)
    covers = np.concatenate([seen.covers[described], plain])
    features = np.concatenate([_drawn(lesson.views, chosen, rng), _drawn(lesson.cover_views, covers, rng)])
    texts, same = _sentences(lesson, chosen, described, rng)
    wording = seen.labels[seen.worn, rng.integers(seen.labels.shape[1], size=len(seen.worn))]
    with torch.autocast("cpu", torch.bfloat16):
        images = model.images(torch.from_numpy(features))
        said, classes, labels = (
            model.texts(torch.from_numpy(lesson.sentences[rows].astype(np.float32)))
            for rows in (texts, lesson.classes, wording)
        )
    images, said, classes, labels = images.float(), said.float(), classes.float(), labels.float()
    known = np.concatenate([lesson.probabilities[chosen], lesson.cover_probabilities[covers]])
    answers = torch.from_numpy(known.astype(np.float32))
    worded = images[: len(chosen) + len(described)]
    shown = torch.from_numpy(seen.shown[described][:, seen.worn].astype(np.float32))
    loss = contrast(model.cosine_scale * worded @ said.T, same)
    fits = model.cosine_scale * worded[len(chosen) :] @ labels.T
    loss = loss + options.labelled * labelled(fits, shown)
    loss = loss + options.distilled * distilled(images, classes, answers, options.temperature)
    return loss + options.blended * blended(images, classes, answers)


def contrast(logits: torch.Tensor, same: torch.Tensor) -> torch.Tensor:
    """InfoNCE both ways, where several answers may be right (van den Oord et al. 2018; Khosla et al. 2020).

    Args:
        logits: (n, m) of pictures and texts.
        same: (n, m), 1 where they belong together, else 0; no row or column is all 0.
    """
    pictures = -(same / same.sum(1, keepdim=True) * F.log_softmax(logits, 1)).sum(1).mean()
    texts = -(same / same.sum(0, keepdim=True) * F.log_softmax(logits, 0)).sum(0).mean()
    return (pictures + texts) / 2


def labelled(logits: torch.Tensor, shown: torch.Tensor) -> torch.Tensor:
    """Which of the covers a label fits: a softmax over covers for each label that fits one.

    Not the other way, which labels fit a cover: that would also teach how common each is, which is counted.

    Args:
        logits: (n, m) of covers and labels.
        shown: (n, m), 1 where a label fits, else 0.
    """
    fits = shown.sum(0) > 0
    if not fits.any():
        return logits.sum() * 0
    targets = shown[:, fits] / shown[:, fits].sum(0)
    return -(targets * F.log_softmax(logits[:, fits], 0)).sum(0).mean()


_CLASS_SCALE = 20.0


def distilled(
    seen: torch.Tensor, classes: torch.Tensor, answers: torch.Tensor, temperature: float
) -> torch.Tensor:
    """Cross-entropy with the backbone's softened answers on its labels' sentences (Hinton et al. 2015)."""
    soft = answers.clamp_min(1e-6) ** (1 / temperature)
    soft = soft / soft.sum(1, keepdim=True)
    return -(soft * F.log_softmax(_CLASS_SCALE * seen @ classes.T, 1)).sum(1).mean()


def blended(seen: torch.Tensor, classes: torch.Tensor, answers: torch.Tensor) -> torch.Tensor:
    """How far from the mean of the labels, weighed by the backbone's answers: ConSE (Norouzi et al. 2014)."""
    return (1 - (seen * F.normalize(answers @ classes, dim=1)).sum(1)).mean()


def _drawn(
    views: Sequence[NDArray[np.float16]], rows: NDArray[np.intp], rng: np.random.Generator
) -> NDArray[np.float32]:
    """(n, n_features): each row from a view drawn for it."""
    which = rng.integers(len(views), size=len(rows))
    return np.stack([views[view][row] for view, row in zip(which, rows, strict=True)]).astype(np.float32)


def _sentences(
    lesson: TrainingSet, chosen: NDArray[np.intp], described: NDArray[np.intp], rng: np.random.Generator
) -> tuple[NDArray[np.intp], torch.Tensor]:
    """Rows of sentences drawn for pictures and covers, and (n, n) which of them belong together."""
    rows, keys = [], []
    for number in chosen:
        texts = lesson.texts[int(number)]
        key, sentences = texts[int(rng.integers(len(texts)))]
        rows.append(sentences[int(rng.integers(len(sentences)))])
        keys.append(key)
    for number in described:
        own, *lists = lesson.seen.texts[int(number)].tolist()
        rows.append(own if rng.random() < _OWN_SENTENCE else lists[int(rng.integers(len(lists)))])
        keys.append(-1 - int(number))
    said = torch.tensor(keys)
    return np.array(rows), (said[:, None] == said[None, :]).float()
