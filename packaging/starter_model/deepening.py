"""Gives a denoiser a stage more, so that it paints twice the side at little more than the cost.

Most of a denoiser's work is done where pictures are large. With a narrow stage around it, what it
has learned goes on at the size of latents it knows, and sees as much of the picture at once as
before; only the new stage has to be learned.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from checkpoints import Checkpoint
from diffusers.models.embeddings import get_timestep_embedding
from networks import make_denoiser, signal_levels
from torch import Tensor

OUTER = 64
"""Channels of the new stage."""

FRESH = ("conv_in.", "conv_norm_out.", "conv_out.")
"""What is of the new stage now, under the same name as before."""

EMBEDDING = "time_embedding.linear_1.weight"


def deepened(finished: Checkpoint) -> Checkpoint:
    """The denoiser to train on; its facts are the finished one's, but for config and draws.

    Where a weight of the inside is of another shape now, it takes over the channels of both.
    """
    config = deeper_shape(finished.facts["config"])
    torch.manual_seed(0)  # the weights that the new stage begins with
    tensors = make_denoiser(config).state_dict()
    for name, tensor in tensors.items():
        known = finished.tensors.get(_inner(name))
        if known is not None and not name.startswith(FRESH):
            shared = tuple(map(slice, map(min, tensor.shape, known.shape)))
            tensor[shared] = known[shared].to(tensor.dtype)
    outermost = len(finished.facts["config"]["up_block_types"]) - 1
    torch.nn.init.dirac_(tensors[f"up_blocks.{outermost}.upsamplers.0.conv.weight"])
    tensors[EMBEDDING] = _embedding(finished.tensors[EMBEDDING].float())
    return Checkpoint(tensors, {**finished.facts, "config": config, "draws": {}})


def deeper_shape(config: Mapping[str, Any]) -> dict[str, Any]:
    """A UNet2DConditionModel's config with a stage of OUTER channels around it."""
    widths, heads = config["block_out_channels"], config["attention_head_dim"]
    return {
        **config,
        "sample_size": 2 * config["sample_size"],
        "block_out_channels": [OUTER, *widths],
        # Heads are told for each stage, or once for all; those without attention ignore them.
        "attention_head_dim": heads if isinstance(heads, int) else [heads[0], *heads],
        "down_block_types": ["DownBlock2D", *config["down_block_types"]],
        "up_block_types": [*config["up_block_types"], "UpBlock2D"],
        "time_embedding_dim": config.get("time_embedding_dim") or 4 * widths[0],
    }


def _inner(name: str) -> str:
    """What a weight was called before."""
    kind, _, rest = name.partition(".")
    number, _, part = rest.partition(".")
    return f"{kind}.{int(number) - 1}.{part}" if kind == "down_blocks" else name


def _embedding(known: Tensor) -> Tensor:
    """The first layer that reads timesteps, for their narrower embedding: fitted to say the same.

    Means of two by two latents hold half the noise: what stands inside is to hear of the earlier
    timestep that had as much of it.
    """
    alpha, sigma = signal_levels(torch.device("cpu"))
    within = torch.searchsorted(sigma / alpha, sigma / alpha / 2).clamp(max=999)
    every = torch.arange(1000)
    seen = get_timestep_embedding(every, OUTER, flip_sin_to_cos=True, downscale_freq_shift=0)
    before = get_timestep_embedding(
        within, known.shape[1], flip_sin_to_cos=True, downscale_freq_shift=0
    )
    # Slow waves are nearly the same one: without a bound, they cancel out with enormous weights.
    inverse = torch.linalg.pinv(seen.double(), rtol=1e-3)
    fitted: Tensor = inverse @ (before @ known.T).double()
    return fitted.T.float().contiguous()
