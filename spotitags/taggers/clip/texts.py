"""Embed texts by CLIP's text encoder, without the padding that follows each text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import torch

    Tokenizer = Callable[[Sequence[str]], torch.Tensor]


TEXTS_AT_ONCE = {"cpu": 64, "mps": 128, "cuda": 1024}
"""Number of texts per forward pass, by device."""


def encode_texts(
    model: torch.nn.Module, tokenizer: Tokenizer, texts: Sequence[str], device: str
) -> torch.Tensor:
    """Return the embeddings of texts, (n, dim) of length 1 each; equal texts are encoded once.

    A text of a few words is padded to 77 places by most tokenizers. In a causal encoder that reads its result
    at the end of the text, no place depends on those after it, so the padding is cut off there: texts are
    sorted by length, and each batch is as long as its longest text. Other encoders, such as SigLIP's, get the
    padding that they were trained with.

    Args:
        model: open_clip's model.
        tokenizer: open_clip's tokenizer for it.
        texts: One or more texts.
        device: ``cpu``, ``cuda`` or ``mps``.
    """
    import torch

    different = list(dict.fromkeys(texts))
    tokens = tokenizer(different)
    tower = _causal_tower(model)
    lengths = tokens.argmax(dim=1) + 1 if tower else torch.full((len(tokens),), tokens.shape[1])
    order = torch.argsort(lengths, stable=True)
    rows: list[torch.Tensor] = []
    with torch.inference_mode():
        for batch in torch.split(order, TEXTS_AT_ONCE[device]):
            longest = int(lengths[batch].max())
            part = tokens[batch, :longest].to(device)
            rows.append(_encode(model, tower, part) if tower else _normalised(model, part))
        embeddings = torch.cat(rows)[torch.argsort(order).to(rows[0].device)]
    places = {text: place for place, text in enumerate(different)}
    return embeddings[[places[text] for text in texts]]


def _causal_tower(model: torch.nn.Module) -> Any:  # noqa: ANN401 (two classes without a common one)
    """Return the module with the text encoder's mask and positions; None if padding may matter to it."""
    tower: Any = getattr(model, "text", model)
    pool = getattr(tower, "text_pool_type", getattr(tower, "pool_type", ""))
    causal = getattr(tower, "attn_mask", None) is not None and hasattr(tower, "positional_embedding")
    padded = getattr(tower, "cls_emb", None) is not None or getattr(tower, "use_pad_mask", False)
    return tower if causal and pool == "argmax" and not padded else None


def _encode(model: torch.nn.Module, tower: Any, tokens: torch.Tensor) -> torch.Tensor:  # noqa: ANN401
    """Encode (n, length) tokens while the tower's mask and positions are cut to that length."""
    import torch

    mask, positions = tower.attn_mask, tower.positional_embedding
    length = tokens.shape[1]
    tower.attn_mask = mask[:length, :length]
    tower.positional_embedding = torch.nn.Parameter(positions[:length], requires_grad=False)
    try:
        return _normalised(model, tokens)
    finally:
        tower.attn_mask, tower.positional_embedding = mask, positions


def _normalised(model: torch.nn.Module, tokens: torch.Tensor) -> torch.Tensor:
    embeddings: torch.Tensor = model.encode_text(tokens, normalize=True)  # type: ignore[operator]
    return embeddings
