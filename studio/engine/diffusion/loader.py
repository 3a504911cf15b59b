"""Models in memory."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from studio.core.picture import Picture
from studio.engine.api import IsCancelled
from studio.engine.diffusion.adapters.state import Adapters
from studio.engine.diffusion.cache import ByteCache
from studio.engine.diffusion.cancel import CancelGuard
from studio.engine.diffusion.device import Device
from studio.engine.diffusion.families.denoiser import Denoiser
from studio.engine.diffusion.families.flux2 import flux2_schedule, load_flux2
from studio.engine.diffusion.families.sd import load_sd
from studio.engine.diffusion.families.sdxl import load_sdxl
from studio.engine.diffusion.families.z_image import load_z_image, z_image_schedule
from studio.engine.diffusion.loading.parts import Parts
from studio.engine.diffusion.offload import Offload, offload_for
from studio.engine.diffusion.patches import PatchedVae
from studio.engine.diffusion.preview import Preview
from studio.engine.diffusion.schedules.level import NoiseSchedule
from studio.engine.diffusion.schedules.trained import TrainedSchedule
from studio.engine.diffusion.tiling import Part
from studio.engine.diffusion.vae import Vae
from studio.engine.digests import sha256
from studio.engine.models.families import FamilyName
from studio.engine.models.folder import latent_side
from studio.engine.models.info import ModelInfo

SOURCE_BYTES = 16 * 2**20
"""How much memory the latents of pictures may take that are kept for the next time."""

LOADERS: Mapping[FamilyName, Callable[[Parts], Denoiser]] = {
    "sd": load_sd,
    "sdxl": load_sdxl,
    "flux2": load_flux2,
    "z_image": load_z_image,
}

SCHEDULES: Mapping[FamilyName, Callable[[Mapping[str, Any]], NoiseSchedule]] = {
    "sd": TrainedSchedule.from_config,
    "sdxl": TrainedSchedule.from_config,
    "flux2": flux2_schedule,
    "z_image": z_image_schedule,
}

WIDE: frozenset[FamilyName] = frozenset({"flux2", "z_image"})
"""Trained in bfloat16, with numbers beyond 65,504, where float16 ends."""


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model in memory, ready to paint. `digest` is the SHA-256 of the denoiser's files.

    `sources` are the latents of pictures that were painted over last, `adapters` what is laid
    over the model just now, `offload` what brings weights that wait in main memory. `vae_digest`
    is the SHA-256 of a VAE that is not the model's own.
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
    adapters: Adapters
    offload: Offload | None = None
    vae_digest: str = ""

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
    device = _suited(device, info.family)
    guard = CancelGuard()
    offload = offload_for(device)
    parts = Parts(info, device, guard, offload)
    with guard.listening(cancelled):
        schedule = SCHEDULES[info.family](parts.config("scheduler"))
        denoiser = LOADERS[info.family](parts)
        vae, preview = _open_vae(parts)
        return LoadedModel(
            info=info,
            device=device,
            denoiser=denoiser,
            schedule=schedule,
            vae=vae,
            preview=preview,
            guard=guard,
            digest=sha256(info.part(info.denoiser).weights, guard.check),
            sources=_no_sources(),
            adapters=Adapters(denoiser, guard),
            offload=offload,
        )


def change_vae(model: LoadedModel, info: ModelInfo, cancelled: IsCancelled) -> LoadedModel:
    """The same model with the VAE of `info`. Raises UserError and Cancelled as `load`."""
    with model.guard.listening(cancelled):
        vae, preview = _open_vae(Parts(info, model.device, model.guard, model.offload))
    sources = _no_sources()
    return replace(model, info=info, vae=vae, preview=preview, sources=sources, vae_digest="")


def _no_sources() -> ByteCache[Tensor]:
    return ByteCache(SOURCE_BYTES, lambda latents: latents.nbytes)


def _open_vae(parts: Parts) -> tuple[Vae, Preview]:
    part = parts.info.part("vae")
    network, side = parts.network("vae"), latent_side(part)
    assert side is not None  # else the model would not have been described
    if part.kind == "AutoencoderKLFlux2":
        network = PatchedVae(network)
    vae = Vae(network, side, parts.device)
    with torch.inference_mode():
        return vae, Preview(vae)


def _suited(device: Device, family: FamilyName) -> Device:
    """The device with a precision that holds the family's numbers, if it has one as fast."""
    if family not in WIDE or device.dtype != torch.float16:
        return device
    if device.name == "cuda" and not torch.cuda.is_bf16_supported(including_emulation=False):
        return device
    return replace(device, dtype=torch.bfloat16)
