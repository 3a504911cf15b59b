"""The diffusion engine: the only place that imports torch, diffusers and transformers."""

import os

# These are read when the libraries are imported, so they are set before any module here can do so.
os.environ.update(
    HF_HUB_OFFLINE="1",
    HF_HUB_DISABLE_TELEMETRY="1",
    HF_HUB_DISABLE_UPDATE_CHECK="1",
    DIFFUSERS_DISABLE_REMOTE_CODE="1",
)
