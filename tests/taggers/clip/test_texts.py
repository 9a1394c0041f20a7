"""Embeddings of texts without their padding are those with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from helpers.tiny_clip import CONFIG

from spotitags.taggers.clip.texts import encode_texts

if TYPE_CHECKING:
    import torch

TEXTS = ["a", "an album cover", "a", "a picture of a very old wet red car on a record sleeve", "jazz"]
VISION, TEXT = CONFIG["model_cfg"]["vision_cfg"], CONFIG["model_cfg"]["text_cfg"]


def network(kind: str, **text: Any) -> torch.nn.Module:
    """Build a random model of one of open_clip's two classes."""
    import open_clip
    import torch

    torch.manual_seed(0)
    model: torch.nn.Module = getattr(open_clip, kind)(32, VISION, {**TEXT, **text})
    return model.eval()


def lengths(model: Any, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the list of the lengths that the text encoder will be called with."""
    seen: list[int] = []
    encode = model.encode_text

    def noted(tokens: torch.Tensor, normalize: bool = False) -> torch.Tensor:  # noqa: FBT002
        seen.append(tokens.shape[1])
        embeddings: torch.Tensor = encode(tokens, normalize=normalize)
        return embeddings

    monkeypatch.setattr(model, "encode_text", noted)
    return seen


@pytest.mark.parametrize("kind", ["CLIP", "CustomTextCLIP"])
def test_causal_encoders_get_no_padding_and_give_the_same(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import open_clip
    import torch

    model, tokenizer = network(kind), open_clip.SimpleTokenizer(context_length=24)
    with torch.inference_mode():
        expected = model.encode_text(tokenizer(TEXTS), normalize=True)  # type: ignore[operator]
    seen = lengths(model, monkeypatch)

    monkeypatch.setattr("spotitags.taggers.clip.texts.TEXTS_AT_ONCE", {"cpu": 2})
    found = encode_texts(model, tokenizer, TEXTS, "cpu")

    assert found.numpy() == pytest.approx(expected.numpy(), abs=1e-5)
    assert seen == sorted(seen)
    assert seen[0] < seen[-1] < 24
    with torch.inference_mode():  # the model is as before
        again = model.encode_text(tokenizer(TEXTS), normalize=True)  # type: ignore[operator]
    assert torch.equal(again, expected)


@pytest.mark.parametrize("text", [{"no_causal_mask": True}, {"embed_cls": True}, {"pool_type": "last"}])
def test_encoders_that_may_read_the_padding_get_it(
    text: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    import open_clip
    import torch

    model, tokenizer = network("CustomTextCLIP", **text), open_clip.SimpleTokenizer(context_length=24)
    with torch.inference_mode():
        expected = model.encode_text(tokenizer(TEXTS), normalize=True)  # type: ignore[operator]
    seen = lengths(model, monkeypatch)

    found = encode_texts(model, tokenizer, TEXTS, "cpu")

    assert found.numpy() == pytest.approx(expected.numpy(), abs=1e-5)
    assert set(seen) == {24}
