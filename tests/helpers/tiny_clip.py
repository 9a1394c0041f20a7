"""A tiny random CLIP model, for tests of everything but the quality of labels."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

CONFIG: dict[str, Any] = {
    "model_cfg": {
        "embed_dim": 32,
        "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "head_width": 32, "patch_size": 8},
        "text_cfg": {"context_length": 24, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
    },
    "preprocess_cfg": {"mean": [0.2, 0.4, 0.6], "std": [0.5, 0.3, 0.1], "resize_mode": "shortest"},
}


def tiny_clip(folder: Path, seed: int = 0, bias: float | None = None) -> str:
    """Write a random model in open_clip's format, and return its name for ``--clip-model``."""
    import open_clip
    import torch
    from safetensors.torch import save_file

    config = json.loads(json.dumps(CONFIG))
    if bias is not None:
        config["model_cfg"]["init_logit_bias"] = bias
    folder.mkdir()
    torch.manual_seed(seed)
    model = open_clip.CLIP(**CONFIG["model_cfg"])
    # The initial scale of 14 leaves all weights near 0.5; trained models have 100.
    state = {name: value.contiguous() for name, value in model.state_dict().items()}
    state["logit_scale"] = torch.tensor(100.0).log()
    if bias is not None:
        state["logit_bias"] = torch.tensor(bias)
    save_file(state, folder / "open_clip_model.safetensors")
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    return f"local-dir:{folder}"
