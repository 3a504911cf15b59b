"""Noise levels of models that were trained on fixed ones, as Stable Diffusion was."""

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from studio.core.request import MAX_STEPS, Sampler, Schedule
from studio.engine.diffusion.schedules.level import (
    KARRAS_RHO,
    Level,
    fraction,
    mixed,
    number,
    share_at,
    spread,
    unknown,
    warped,
)

Spacing = Literal["trailing", "leading", "linspace"]

ZERO_SNR_ALPHA = 2.0**-24
"""Stands for the last alpha-bar of zero, so that the first sigma (4096) is finite; as diffusers."""

USUAL: dict[Sampler, Schedule] = {"dpm++2m": "karras", "dpm++sde": "karras", "lcm": "sgm_uniform"}
"""What "auto" means for a sampler; for all others it is the model's own spacing.

Latent consistency models were distilled to start from pure noise, whatever their spacing says.
"""


@dataclass(frozen=True, slots=True)
class TrainedSchedule:
    """The levels a model was trained on (`sigmas`, rising); implements NoiseSchedule."""

    sigmas: tuple[float, ...]
    spacing: Spacing
    offset: int
    zero_snr: bool

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "TrainedSchedule":
        """Read a diffusers scheduler's config; defaults as there.

        Raises UserError for kinds of schedules that are not known here.
        """
        zero_snr = bool(config.get("rescale_betas_zero_snr", False))
        alphas = torch.cumprod(1 - _betas(config), dim=0)
        if zero_snr:
            alphas = _rescaled_to_zero_snr(alphas)
        spacing = config.get("timestep_spacing", "leading")
        if spacing not in ("trailing", "leading", "linspace"):
            raise unknown("timestep spacing", spacing)
        offset = int(number(config, "steps_offset", 0))
        sigmas = ((1 - alphas) / alphas) ** 0.5
        return cls(tuple(sigmas.tolist()), spacing, offset, zero_snr)

    def for_tokens(self, count: int) -> "TrainedSchedule":
        """As NoiseSchedule: it is the same for all."""
        return self

    def levels(
        self, steps: int, strength: float, sampler: Sampler, schedule: Schedule = "auto"
    ) -> list[Level]:
        """As NoiseSchedule; timesteps of "model" are rounded as diffusers does, "auto" is USUAL."""
        spacing = USUAL.get(sampler, "model") if schedule == "auto" else schedule
        return spread(steps, strength, lambda place: self._noise(spacing, place, steps))

    def between(self, levels: Sequence[Level], sigma: float) -> Level:
        """As NoiseSchedule."""
        return Level(sigma, self._timestep(sigma), share_at(levels, sigma))

    def _noise(self, schedule: Schedule, place: float, steps: int) -> tuple[float, float]:
        """Sigma and timestep at `place` of a full run, counted from its end: `steps` is its start.

        Schedules as k-diffusion and the field's web UIs define them.
        """
        if schedule in ("karras", "exponential"):
            rho = KARRAS_RHO if schedule == "karras" else math.inf
            sigma = self._warped(place, steps, rho)
            return sigma, self._timestep(sigma)
        if schedule == "model":
            timestep = self._spaced(place, steps)
            return self._sigma(timestep), timestep
        share = fraction(place, steps) if schedule == "normal" else place / steps
        timestep = (len(self.sigmas) - 1) * share
        return self._sigma_between(timestep), timestep

    def _spaced(self, place: float, steps: int) -> float:
        """The model's own timestep at `place`.

        Table 2 of Lin et al. 2023, "Common Diffusion Noise Schedules and Sample Steps are
        Flawed", arXiv:2305.08891, rounded as diffusers does.
        """
        count = len(self.sigmas)
        if self.spacing == "trailing":
            timestep = float(round(count * place / steps)) - 1
        elif self.spacing == "leading":
            timestep = float(round((place - 1) * (count // steps))) + self.offset
        else:
            timestep = (count - 1) * fraction(place, steps)
        return min(max(timestep, 0.0), count - 1.0)

    def _warped(self, place: float, steps: int, rho: float) -> float:
        """From the model's highest sigma to its lowest.

        With zero terminal SNR the highest one, 4096, is a stand-in for infinity: spread from
        there, half of the steps would see nothing but noise. So the first step is the model's
        own, and the others spread from where the second of its own would be.
        """
        top = self.sigmas[-1]
        if self.zero_snr and steps > 1:
            if place > steps - 1:
                return self._sigma(self._spaced(place, steps))
            steps -= 1
            top = self._sigma(self._spaced(steps, steps + 1))
        return warped(self.sigmas[0], top, fraction(place, steps), rho)

    def _sigma(self, timestep: float) -> float:
        below = math.floor(timestep)
        above, weight = min(below + 1, len(self.sigmas) - 1), timestep - below
        return self.sigmas[below] * (1 - weight) + self.sigmas[above] * weight

    def _sigma_between(self, timestep: float) -> float:
        """The inverse of `_timestep`."""
        below = min(math.floor(timestep), len(self.sigmas) - 2)
        low, high = math.log(self.sigmas[below]), math.log(self.sigmas[below + 1])
        return math.exp(mixed(low, high, timestep - below))

    def _timestep(self, sigma: float) -> float:
        """Between two trained levels the timestep is linear in log(sigma), as in k-diffusion."""
        above = min(max(bisect_right(self.sigmas, sigma), 1), len(self.sigmas) - 1)
        low, high = math.log(self.sigmas[above - 1]), math.log(self.sigmas[above])
        weight = (math.log(sigma) - low) / (high - low)
        return above - 1 + min(max(weight, 0.0), 1.0)


def _betas(config: Mapping[str, Any]) -> Tensor:
    """float32 [T], in the arithmetic of diffusers' schedulers."""
    kind = config.get("beta_schedule", "linear")
    if config.get("trained_betas") is not None or kind not in ("linear", "scaled_linear"):
        raise unknown("noise schedule", kind)
    count = int(number(config, "num_train_timesteps", 1000))
    start, end = number(config, "beta_start", 0.0001), number(config, "beta_end", 0.02)
    if not (MAX_STEPS <= count <= 100_000 and 0 < start < end < 1):
        raise unknown("noise schedule", f"{count} steps from {start} to {end}")
    if kind == "linear":
        return torch.linspace(start, end, count, dtype=torch.float32)
    return torch.linspace(start**0.5, end**0.5, count, dtype=torch.float32) ** 2


def _rescaled_to_zero_snr(alphas: Tensor) -> Tensor:
    """Alpha-bars, float32 [T], whose last one means pure noise: algorithm 1 of Lin et al. 2023."""
    roots = alphas.sqrt()
    rescaled = (roots - roots[-1]) * (roots[0] / (roots[0] - roots[-1]))
    bars = rescaled**2
    ratios = torch.cat([bars[:1], bars[1:] / bars[:-1]])
    # Through the betas and back, because the last bits of diffusers' sigmas come from there.
    bars = torch.cumprod(1 - (1 - ratios), dim=0)
    bars[-1] = ZERO_SNR_ALPHA
    return bars
