"""Networks from their configs, with no weights set."""

from collections.abc import Callable
from typing import Any

import transformers
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.autoencoders.autoencoder_kl_flux2 import AutoencoderKLFlux2
from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny
from diffusers.models.transformers.transformer_flux2 import Flux2Transformer2DModel
from diffusers.models.transformers.transformer_z_image import ZImageTransformer2DModel
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from torch import nn
from torch.overrides import TorchFunctionMode

from studio.core.errors import UserError
from studio.engine.models.info import GET_ANOTHER, Part, read_json

INITIALISERS = ("torch.nn.init", "transformers.initialization")
"""Modules of the functions that draw weights; the second puts its own in place of the first's."""


def build(part: Part, check: Callable[[], None], **changes: Any) -> nn.Module:
    """The network that a part's config describes; its weights are whatever was in memory.

    `changes` take the place of entries of the config. A language model comes without what guesses
    words, its last norm and its head. Calls `check` often, so that it can be stopped. Raises
    UserError where it cannot be built.
    """
    config = {**read_json(part.config), **changes}
    builders: dict[str, Callable[[Any], Any]] = {
        "UNet2DConditionModel": UNet2DConditionModel.from_config,
        "AutoencoderKL": AutoencoderKL.from_config,
        "AutoencoderKLFlux2": AutoencoderKLFlux2.from_config,
        "AutoencoderTiny": _tiny,
        "CLIPTextModel": _clip,
        "CLIPTextModelWithProjection": _clip_with_projection,
        "BertModel": _bert,
        "Flux2Transformer2DModel": Flux2Transformer2DModel.from_config,
        "Qwen3ForCausalLM": _qwen,
        "Qwen3Model": _qwen,
        "ZImageTransformer2DModel": ZImageTransformer2DModel.from_config,
    }
    try:
        with _WithoutInitialisation(check):
            network = builders[part.kind](config)
    except (
        TypeError,
        ValueError,
        KeyError,
        IndexError,
        AttributeError,
        AssertionError,
        ZeroDivisionError,
    ) as error:
        raise UserError(
            f"The config of the model's {part.name} does not describe a {part.kind} "
            "that can be built.",
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


def _clip_with_projection(config: dict[str, Any]) -> Any:
    return transformers.CLIPTextModelWithProjection(transformers.CLIPTextConfig.from_dict(config))


def _bert(config: dict[str, Any]) -> Any:
    bert = transformers.BertConfig.from_dict(config)
    return transformers.BertModel(bert, add_pooling_layer=False)  # only hidden states are used


def _qwen(config: dict[str, Any]) -> Any:
    # Follows from the number of layers, which may not be that of the config.
    known = {key: value for key, value in config.items() if key != "layer_types"}
    model = transformers.Qwen3Model(transformers.Qwen3Config.from_dict(known))
    model.norm = nn.Identity()
    return model


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
        if getattr(func, "__module__", None) in INITIALISERS:
            return kwargs["tensor"] if "tensor" in kwargs else args[0]
        return func(*args, **kwargs)
