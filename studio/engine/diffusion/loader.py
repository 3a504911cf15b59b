"""Models in memory."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from studio.core.picture import Picture
from studio.engine.api import IsCancelled
from studio.engine.diffusion.cache import ByteCache
from studio.engine.diffusion.cancel import CancelGuard
from studio.engine.diffusion.device import Device
from studio.engine.diffusion.families.denoiser import Denoiser
from studio.engine.diffusion.families.sd import load_sd
from studio.engine.diffusion.loading.parts import Parts
from studio.engine.diffusion.loading.weights import sha256
from studio.engine.diffusion.preview import Preview
from studio.engine.diffusion.schedule import NoiseSchedule
from studio.engine.diffusion.tiling import Part
from studio.engine.diffusion.vae import Vae
from studio.engine.models.families import FamilyName
from studio.engine.models.info import ModelInfo

SOURCE_BYTES = 16 * 2**20
"""How much memory the latents of pictures may take that are kept for the next time."""

LOADERS: Mapping[FamilyName, Callable[[Parts], Denoiser]] = {"sd": load_sd}


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model in memory, ready to paint. `digest` is the SHA-256 of the denoiser's files.

    `sources` are the latents of pictures that were painted over last.
    """

    info: ModelInfo
    device: Device
    denoiser: Denoiser
    schedule: NoiseSchedule
    vae: Vae
    preview: Preview
    guard: CancelGuard
    digest: str
    sources: ByteCache[Tensor]

    def encoded(self, picture: Picture, part: Part) -> Tensor:
        """A picture's latents, as from `vae.encode_picture`, but only worked out once."""
        key = picture.digest, self.vae.whole
        latents = self.sources.get(key)
        if latents is None:
            latents = self.vae.encode_picture(picture, part)
            self.sources.keep(key, latents)
        return latents


def load(info: ModelInfo, device: Device, cancelled: IsCancelled) -> LoadedModel:
    """Read a described model. Raises UserError where it is damaged, and Cancelled when asked to."""
    guard = CancelGuard()
    parts = Parts(info, device, guard)
    with guard.listening(cancelled):
        schedule = NoiseSchedule.from_config(parts.config("scheduler"))
        denoiser = LOADERS[info.family](parts)
        vae = Vae(parts.network("vae"), info.rule.granularity, device)
        with torch.inference_mode():
            preview = Preview(vae, info.rule.granularity)
        return LoadedModel(
            info=info,
            device=device,
            denoiser=denoiser,
            schedule=schedule,
            vae=vae,
            preview=preview,
            guard=guard,
            digest=sha256(info.part(info.denoiser).weights, guard.check),
            sources=ByteCache(SOURCE_BYTES, lambda latents: latents.nbytes),
        )
