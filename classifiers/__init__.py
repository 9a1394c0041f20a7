"""Text and image classifiers over plain mappings; they know nothing of Spotify, images or torch."""

import os

# onnxruntime and huggingface_hub report their use to their makers unless these are set before their first
# import. `spotitags` imports this package first: every command, library call and worker process has them.
for _variable in ("ORT_DISABLE_TELEMETRY", "HF_HUB_DISABLE_TELEMETRY"):
    os.environ.setdefault(_variable, "1")
