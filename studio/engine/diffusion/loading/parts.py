"""The parts of one model, opened one by one."""

import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer
from torch import nn

from studio.core.errors import UserError
from studio.engine.diffusion.cancel import CancelGuard
from studio.engine.diffusion.device import Device
from studio.engine.diffusion.loading.build import build
from studio.engine.diffusion.loading.weights import fill
from studio.engine.diffusion.offload import Offload
from studio.engine.models.info import GET_ANOTHER, ModelInfo, read_json
from studio.engine.models.templates import TEMPLATES

VOCABULARY = "vocabulary"
"""The key in the configs of tokenizers that come with the app that names their file."""

MAX_VOCABULARY = 1 << 25
"""Bytes, unpacked. Qwen's has 5 million."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Opens the parts of the model `info` on `device`; `guard` can stop it, and watches them.

    Where the device has no room for all weights, `offload` brings them when they are needed. Its
    methods raise UserError where a file is damaged, and Cancelled.
    """

    info: ModelInfo
    device: Device
    guard: CancelGuard
    offload: Offload | None = None

    def config(self, name: str) -> dict[str, Any]:
        """A part's config."""
        return read_json(self.info.part(name).config)

    def network(self, name: str, **changes: Any) -> Any:
        """A part with its weights, ready to run in the device's precision.

        `changes` take the place of entries of its config; weights left over are not read.
        """
        part = self.info.part(name)
        self.guard.check()
        network: Any = build(part, self.guard.check, **changes)
        fill(network, part, self.device, self.guard.check)
        # The weights are there already, buffers are not. diffusers' own `to` warns about precision.
        nn.Module.to(network, self.device.home)
        if self.device.channels_last:
            network.to(memory_format=torch.channels_last)
        network.eval().requires_grad_(False)
        if self.offload:
            self.offload.watch(network)
        self.guard.watch(network)
        return network

    def tokenizer(self, name: str) -> Any:
        """A tokenizer."""
        part = self.info.part(name)
        settings = self.config(name)
        try:
            if part.config.is_relative_to(TEMPLATES):  # not in folders of other people's
                return _packed(part.config.parent / settings.pop(VOCABULARY), settings)
            kind = getattr(transformers, part.kind)
            return kind.from_pretrained(str(part.config.parent), local_files_only=True)
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise UserError("The model's tokenizer cannot be read.", GET_ANOTHER) from error


def _packed(file: Path, settings: dict[str, Any]) -> Any:
    """A tokenizer from a tokenizer.json that gzip has made smaller."""
    with gzip.open(file) as stream:
        text = stream.read(MAX_VOCABULARY)
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(text.decode()), **settings
    )
