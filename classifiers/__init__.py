"""Text and image classifiers over plain mappings; they know nothing of Spotify, images or torch."""

import os

# onnxruntime, huggingface_hub and ray report their use to their makers unless these are set before their
# first import. `spotitags` imports this package first: every command, library call and worker process has
# them.
for _variable, _off in (
    ("ORT_DISABLE_TELEMETRY", "1"),
    ("HF_HUB_DISABLE_TELEMETRY", "1"),
    ("RAY_USAGE_STATS_ENABLED", "0"),
):
    os.environ.setdefault(_variable, _off)
