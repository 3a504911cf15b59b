"""The latents of a request, as our loop paints them and as diffusers' pipelines do."""

from pathlib import Path
from typing import Any

import torch
from diffusers import EulerDiscreteScheduler
from torch import Tensor

from studio.core.request import GenerationRequest
from studio.engine.diffusion.device import choose_device
from studio.engine.diffusion.engine import DiffusionEngine
from studio.engine.diffusion.loader import LoadedModel
from studio.engine.diffusion.passes import Report, paint_latents, plan_passes


def opened(folder: Path) -> LoadedModel:
    """A model in memory, in float32."""
    engine = DiffusionEngine(choose_device().in_full_precision())
    engine.prepare(folder, lambda: False)
    assert engine._loaded is not None
    return engine._loaded


def painted_latents(model: LoadedModel, asked: GenerationRequest) -> Tensor:
    """What we paint from words alone."""
    with torch.inference_mode():
        plan = plan_passes(asked, model.info.rule)[0]
        return paint_latents(model, asked, plan, None, None, Report(lambda _: None, asked.steps))


def diffusers_latents(pipeline: Any, folder: Path, asked: GenerationRequest, **more: Any) -> Tensor:
    """What a pipeline of that class paints with Euler's sampler, from the same noise.

    Its leading spacing starts from sqrt(sigma ** 2 + 1) times the noise, and ours always from
    sigma, so the model's spacing has to be another.
    """
    pipe = pipeline.from_pretrained(folder, dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    pipe.scheduler = EulerDiscreteScheduler.from_config(pipe.scheduler.config)
    size, factor = asked.size, pipe.vae_scale_factor
    shape = (1, pipe.unet.config.in_channels, size.height // factor, size.width // factor)
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(asked.seed))
    values = {
        "prompt": asked.prompt,
        "negative_prompt": asked.negative or None,
        "latents": noise,
        "num_inference_steps": asked.steps,
        "guidance_scale": asked.guidance,
        "width": asked.size.width,
        "height": asked.size.height,
        "output_type": "latent",
    }
    latents = pipe(**{**values, **more}).images
    assert isinstance(latents, Tensor)
    return latents
