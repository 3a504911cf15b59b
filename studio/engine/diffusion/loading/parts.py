"""The parts of one model, opened one by one."""

from dataclasses import dataclass
from typing import Any

import transformers
from torch import nn

from studio.core.errors import UserError
from studio.engine.diffusion.cancel import CancelGuard
from studio.engine.diffusion.device import Device
from studio.engine.diffusion.loading.build import build
from studio.engine.diffusion.loading.weights import fill
from studio.engine.models.info import GET_ANOTHER, ModelInfo, read_json


@dataclass(frozen=True, slots=True)
class Parts:
    """Opens the parts of the model `info` on `device`; `guard` can stop it, and watches them.

    Its methods raise UserError where a file is damaged, and Cancelled.
    """

    info: ModelInfo
    device: Device
    guard: CancelGuard

    def config(self, name: str) -> dict[str, Any]:
        """A part's config."""
        return read_json(self.info.part(name).config)

    def network(self, name: str) -> Any:
        """A part with its weights, ready to run in the device's precision."""
        part = self.info.part(name)
        self.guard.check()
        network = build(part, self.guard.check)
        fill(network, part.weights, self.device, self.guard.check)
        # Buffers only; the weights are there already. diffusers' own `to` warns about precision.
        nn.Module.to(network, self.device.name)
        network.eval().requires_grad_(False)
        self.guard.watch(network)
        return network

    def tokenizer(self, name: str) -> Any:
        """A tokenizer."""
        part = self.info.part(name)
        kind = getattr(transformers, part.kind)
        try:
            return kind.from_pretrained(str(part.config.parent), local_files_only=True)
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise UserError("The model's tokenizer cannot be read.", GET_ANOTHER) from error
