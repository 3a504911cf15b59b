"""What the training steps share: weights that learn, and how long they may."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any

import torch
from cores import IdleCores
from torch import Tensor, nn

WARM_UP = 200
"""Updates over which the learning rate rises, whenever the optimiser starts without its moments."""

SAVING_SECONDS = 12.0
"""Kept free at the end of a run's minutes for writing its results."""


class Learner:
    """A network in training: float32 master weights behind a working copy of lower precision.

    The working copy computes, the masters are updated (AdamW, gradients clipped to norm 1), and
    their exponential moving average is what is used in the end. Parameters that require no
    gradient stay as they are, in their own precision.
    """

    def __init__(self, network: nn.Module, dtype: torch.dtype, decay: float = 0.999) -> None:
        self.network = network
        self.updates = 0  # since the optimiser began, so 0 after `start_from`
        self._decay = decay
        found = dict(network.named_parameters())
        self._names = [name for name, weight in found.items() if weight.requires_grad]
        self._masters = [found[name].detach().float().clone() for name in self._names]
        self._frozen = {
            name: weight.detach().clone()
            for name, weight in found.items()
            if not weight.requires_grad
        }
        self._average = [weight.clone() for weight in self._masters]
        self._gradients = [torch.zeros_like(weight) for weight in self._masters]
        for weight, gradient in zip(self._masters, self._gradients, strict=True):
            weight.grad = gradient
        nn.Module.to(network, dtype)  # diffusers' own `to` warns about precision
        working = dict(network.named_parameters())
        self._working: list[Tensor] = [working[name] for name in self._names]
        self._resting = {name: working[name] for name in self._frozen}
        self._optimiser = torch.optim.AdamW(
            self._masters, betas=(0.9, 0.98), weight_decay=0.01, fused=True
        )

    def step(self, loss: Tensor, rate: float) -> None:
        """One update against `loss`; none if a gradient is not finite. Never waits for the device.

        `rate` is the learning rate once warmed up.
        """
        rough = list(torch.autograd.grad(loss, self._working))
        torch._foreach_copy_(self._gradients, rough)
        norm = nn.utils.clip_grad_norm_(self._masters, 1.0)
        # The fused kernels leave all as it is where this is 1, as GradScaler has them do.
        self._optimiser.found_inf = (~norm.isfinite()).float()  # type: ignore[attr-defined]
        self.updates += 1
        self._optimiser.param_groups[0]["lr"] = rate * min(1.0, self.updates / WARM_UP)
        self._optimiser.step()
        follow = 1 - min(self._decay, (1 + self.updates) / (10 + self.updates))
        torch._foreach_lerp_(self._average, self._masters, follow)
        self._copy_to_network()

    def average(self) -> dict[str, Tensor]:
        """The averaged weights by name, float32, and what does not learn."""
        return {**dict(zip(self._names, self._average, strict=True)), **self._frozen}

    def state(self) -> dict[str, Tensor]:
        """All that a later run needs to go on as if nothing had happened."""
        state = {f"frozen.{name}": tensor for name, tensor in self._frozen.items()}
        for index, name in enumerate(self._names):
            moments = self._optimiser.state[self._masters[index]]
            state[f"weight.{name}"] = self._masters[index]
            state[f"average.{name}"] = self._average[index]
            state[f"first.{name}"] = moments["exp_avg"]
            state[f"second.{name}"] = moments["exp_avg_sq"]
            state["adam"] = moments["step"].reshape(1)
        return state

    def restore(self, state: Mapping[str, Tensor], updates: int) -> None:
        """Go on from `state()` after as many updates, bit for bit."""
        self.updates = updates
        self._rest({name: state[f"frozen.{name}"] for name in self._frozen})
        for index, name in enumerate(self._names):
            master = self._masters[index]
            master.copy_(state[f"weight.{name}"])
            self._average[index].copy_(state[f"average.{name}"])
            # In the master's own memory layout: the fused kernels take it for granted.
            first, second = torch.empty_like(master), torch.empty_like(master)
            self._optimiser.state[master] = {
                "step": state["adam"].reshape(()).clone().to(master.device),
                "exp_avg": first.copy_(state[f"first.{name}"]),
                "exp_avg_sq": second.copy_(state[f"second.{name}"]),
            }
        self._copy_to_network()

    def start_from(self, weights: Mapping[str, Tensor]) -> None:
        """Begin a new optimisation at `weights`, of any precision."""
        self._rest({name: weights[name] for name in self._frozen})
        for index, name in enumerate(self._names):
            self._masters[index].copy_(weights[name])
            self._average[index].copy_(weights[name])
        self._copy_to_network()

    def _rest(self, frozen: dict[str, Tensor]) -> None:
        """Takes over what does not learn."""
        self._frozen = frozen
        with torch.no_grad():
            for name, tensor in frozen.items():
                self._resting[name].copy_(tensor)

    def _copy_to_network(self) -> None:
        with torch.no_grad():
            torch._foreach_copy_(self._working, self._masters)


class Budget:
    """How long a run may train: a time, or a number of steps (then the same on any machine)."""

    def __init__(self, minutes: float, steps: int | None) -> None:
        self._started = time.monotonic()
        self._seconds = max(1.0, minutes * 60 - SAVING_SECONDS)
        self._steps = steps
        self._stopped = False

    def end_when_asked(self) -> None:
        """Let Ctrl+C and SIGTERM end the run after its present step, with its results written."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._stopped = True
        signal.signal(number, signal.SIG_DFL)  # asked twice, it ends at once

    @property
    def seconds(self) -> float:
        """Since the run began."""
        return time.monotonic() - self._started

    def used(self, step: int) -> float:
        """How much is used up before the run's step number `step` (from 0): 0 to 1 and over."""
        if self._stopped:
            return 1.0
        if self._steps is not None:
            return step / self._steps
        return self.seconds / self._seconds


def learning_rate(peak: float, used: float, decays: bool) -> float:
    """The rate when `used` (0 .. 1) of a run is over: `peak` throughout, or a cosine down to 0."""
    if not decays:
        return peak
    return peak * 0.5 * (1 + math.cos(math.pi * min(1.0, used)))


def rates(budget: Budget, peak: float, decays: bool) -> Iterator[float]:
    """The learning rate for each step of a run, until it is over or asked to end.

    The run gives way to other programs meanwhile, so it may go on in the background.
    """
    budget.end_when_asked()
    cores = IdleCores()
    step = 0
    while (used := budget.used(step)) < 1:
        cores.adapt()
        yield learning_rate(peak, used, decays)
        step += 1


class Meter:
    """Tells every few seconds how training goes, without holding up the device in between."""

    def __init__(self, every: float = 15.0) -> None:
        self._every = every
        self._told = time.monotonic()
        self._losses: list[Tensor] = []
        self._samples = 0

    def add(self, step: int, loss: Tensor, samples: int, rate: float) -> None:
        """Count a step; print a line when it is time to."""
        self._losses.append(loss.detach())
        self._samples += samples
        passed = time.monotonic() - self._told
        if passed < self._every:
            return
        mean = torch.stack(self._losses).mean().item()  # waits for the device
        passed = time.monotonic() - self._told
        print(
            f"step {step:6}  loss {mean:.4f}  {self._samples / passed:7.1f} samples/s  "
            f"rate {rate:.2e}",
            flush=True,
        )
        self._losses, self._samples, self._told = [], 0, time.monotonic()


def pick_device() -> torch.device:
    """The GPU if there is one; there, the fastest kernels are found by trying."""
    torch.backends.cudnn.benchmark = True
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def device_name(device: torch.device) -> str:
    """What the model card says it was trained on."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"


def step_generator(seed: int, step: int, device: torch.device) -> torch.Generator:
    """The randomness of one training step: a function of its number, so that runs can resume."""
    return torch.Generator(device).manual_seed(seed * 1_000_003 + step)


def with_run(history: Any, device: torch.device, budget: Budget, samples: int) -> list[Any]:
    """A checkpoint's list of runs and one more, for the model card.

    Runs on the same device, one after another, count as one.
    """
    run = {"device": device_name(device), "seconds": round(budget.seconds), "samples": samples}
    if history and history[-1]["device"] == run["device"]:
        run = {
            key: value if key == "device" else value + history[-1][key]
            for key, value in run.items()
        }
        history = history[:-1]
    return [*history, run]
