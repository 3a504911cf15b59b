"""Model folders to networks in memory, stopping between any two tensors when asked to."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from studio.core.errors import UserError
from studio.core.picture import Picture
from studio.engine.api import IsCancelled
from studio.engine.catalogue import GET_ANOTHER, ModelInfo, class_of, read_config, weights_file
from studio.engine.diffusion.cache import ByteCache
from studio.engine.diffusion.cancel import CancelGuard
from studio.engine.diffusion.conditioning import TextConditioner
from studio.engine.diffusion.device import Device
from studio.engine.diffusion.families import Prediction, prediction_of
from studio.engine.diffusion.preview import Preview
from studio.engine.diffusion.schedule import NoiseSchedule
from studio.engine.diffusion.tiling import Part
from studio.engine.diffusion.vae import Vae

SOURCE_BYTES = 16 * 2**20
"""How much memory the latents of pictures may take that are kept for the next time."""

OLD_NAMES = {
    ".query.": ".to_q.",
    ".key.": ".to_k.",
    ".value.": ".to_v.",
    ".proj_attn.": ".to_out.0.",
}
"""What the layers of a VAE's attention were called in older files."""


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model in memory, ready to paint. `unet_hash` is the SHA-256 of the UNet's file.

    `sources` are the latents of pictures that were painted over last.
    """

    info: ModelInfo
    device: Device
    unet: nn.Module
    prediction: Prediction
    schedule: NoiseSchedule
    text: TextConditioner
    vae: Vae
    preview: Preview
    guard: CancelGuard
    unet_hash: str
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
    with guard.listening(cancelled):
        scheduler = read_config(info.path, "scheduler")
        prediction, schedule = prediction_of(scheduler), NoiseSchedule.from_config(scheduler)
        parts = {
            part: _load_part(info.path, part, device, guard)
            for part in ("text_encoder", "vae", "unet")
        }
        vae = Vae(parts["vae"], info.rule.granularity, device)
        with torch.inference_mode():
            preview = Preview(vae, info.rule.granularity)
        return LoadedModel(
            info=info,
            device=device,
            unet=parts["unet"],
            prediction=prediction,
            schedule=schedule,
            text=TextConditioner(_tokenizer(info.path), parts["text_encoder"], device.name),
            vae=vae,
            preview=preview,
            guard=guard,
            unet_hash=_sha256(weights_file(info.path, "unet"), guard.check),
            sources=ByteCache(SOURCE_BYTES, lambda latents: latents.nbytes),
        )


def _load_part(model: Path, part: str, device: Device, guard: CancelGuard) -> nn.Module:
    guard.check()
    with _WithoutInitialisation(guard.check):
        network = _build(model, part)
    file = weights_file(model, part)
    try:
        _fill(network, file, device, guard.check)
    except SafetensorError as error:
        raise UserError(f"The weights in {file} are damaged.", GET_ANOTHER) from error
    # Buffers only; the weights are there already. diffusers' own `to` warns about precision.
    nn.Module.to(network, device.name)
    network.eval().requires_grad_(False)
    guard.watch(network)
    return network


def _build(model: Path, part: str) -> nn.Module:
    """The network that a part's config describes, its weights not set."""
    config, kind = read_config(model, part), class_of(model, part)
    builders: dict[str, Callable[[Any], Any]] = {
        "UNet2DConditionModel": UNet2DConditionModel.from_config,
        "AutoencoderKL": AutoencoderKL.from_config,
        "AutoencoderTiny": _tiny,
        "CLIPTextModel": _clip,
        "BertModel": _bert,
    }
    try:
        network = builders[kind](config)
    except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
        raise UserError(
            f"The config of the model's {part} does not describe a {kind} that can be built.",
            GET_ANOTHER,
        ) from error
    assert isinstance(network, nn.Module)
    return network


def _tiny(config: dict[str, Any]) -> Any:
    # diffusers writes this key itself, and warns when it reads it.
    known = {key: value for key, value in config.items() if key != "block_out_channels"}
    return AutoencoderTiny.from_config(known)


def _clip(config: dict[str, Any]) -> Any:
    return transformers.CLIPTextModel(transformers.CLIPTextConfig.from_dict(config))


def _bert(config: dict[str, Any]) -> Any:
    bert = transformers.BertConfig.from_dict(config)
    return transformers.BertModel(bert, add_pooling_layer=False)  # only hidden states are used


def _fill(network: nn.Module, file: Path, device: Device, check: Callable[[], None]) -> None:
    """Set all weights from a safetensors file, `check()` before each; others in it are ignored."""
    wanted = network.state_dict(keep_vars=True)
    with safe_open(file, framework="pt", device="cpu") as weights:
        names = {_modern(name, wanted): name for name in weights.keys()}  # noqa: SIM118
        for name, target in wanted.items():
            check()
            tensor = weights.get_tensor(names[name]) if name in names else None
            if tensor is None or tensor.shape != target.shape:
                raise UserError(
                    f"The weights in {file} do not fit the model's config: "
                    f"{name} is missing or has another shape.",
                    GET_ANOTHER,
                )
            target.data = tensor.to(device.name, device.dtype)


def _modern(name: str, wanted: dict[str, Tensor]) -> str:
    """The name that a tensor in a file has in today's networks."""
    if name in wanted:
        return name
    for old, new in OLD_NAMES.items():
        name = name.replace(old, new)
    return name.removeprefix("text_model.").removeprefix("bert.")


class _WithoutInitialisation(TorchFunctionMode):
    """Leaves new weights as they are: drawing them at random takes 11 s for a UNet of SD 1.5.

    Calls `check` for each, so that building a network can be stopped as well.
    """

    def __init__(self, check: Callable[[], None]) -> None:
        super().__init__()
        self._check = check

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        self._check()
        kwargs = kwargs or {}
        if getattr(func, "__module__", None) == "torch.nn.init":
            return kwargs["tensor"] if "tensor" in kwargs else args[0]
        return func(*args, **kwargs)


def _tokenizer(model: Path) -> Any:
    kind = getattr(transformers, class_of(model, "tokenizer"))
    try:
        return kind.from_pretrained(str(model / "tokenizer"), local_files_only=True)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UserError("The model's tokenizer cannot be read.", GET_ANOTHER) from error


def _sha256(file: Path, check: Callable[[], None]) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(1 << 22):
            check()
            digest.update(block)
    return digest.hexdigest()
