"""Noise levels: which sigmas a run goes through, and which timestep a sigma has for the model."""

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from studio.core.errors import UserError
from studio.core.request import MAX_STEPS, Sampler, Schedule, steps_to_run

Spacing = Literal["trailing", "leading", "linspace"]

ZERO_SNR_ALPHA = 2.0**-24
"""Stands for the last alpha-bar of zero, so that the first sigma (4096) is finite; as diffusers."""

KARRAS_RHO = 7.0
"""The exponent that Karras et al. 2022 recommend."""

USUAL: dict[Sampler, Schedule] = {"dpm++2m": "karras", "dpm++sde": "karras", "lcm": "sgm_uniform"}
"""What "auto" means for a sampler; for all others it is the model's own spacing.

Latent consistency models were distilled to start from pure noise, whatever their spacing says.
"""


@dataclass(frozen=True, slots=True)
class Level:
    """One noise level: `sigma` in sigma space, `timestep` as the model was trained to know it.

    `share` is how much of the run is left there: 1 at its start, towards 0 at its end.
    """

    sigma: float
    timestep: float
    share: float


@dataclass(frozen=True, slots=True)
class NoiseSchedule:
    """The levels a model was trained on (`sigmas`, rising), and how a run picks from them."""

    sigmas: tuple[float, ...]
    spacing: Spacing
    offset: int
    zero_snr: bool

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "NoiseSchedule":
        """Read a diffusers scheduler's config; defaults as there.

        Raises UserError for kinds of schedules that are not known here.
        """
        zero_snr = bool(config.get("rescale_betas_zero_snr", False))
        alphas = torch.cumprod(1 - _betas(config), dim=0)
        if zero_snr:
            alphas = _rescaled_to_zero_snr(alphas)
        spacing = config.get("timestep_spacing", "leading")
        if spacing not in ("trailing", "leading", "linspace"):
            raise _unknown("timestep spacing", spacing)
        offset = int(_number(config, "steps_offset", 0))
        sigmas = ((1 - alphas) / alphas) ** 0.5
        return cls(tuple(sigmas.tolist()), spacing, offset, zero_snr)

    def levels(
        self, steps: int, strength: float, sampler: Sampler, schedule: Schedule = "auto"
    ) -> list[Level]:
        """The levels of a run at `strength` in (0, 1], highest first; the run ends at sigma 0.

        At strength 1 it is the full schedule of `steps` levels; where strength * steps is whole,
        its tail; between, the tail is stretched, so that the result changes smoothly.

        - "model": the timesteps that the model's config asks for, rounded as diffusers does.
        - "karras": even in sigma ** (1 / 7), from the model's highest sigma to its lowest.
        - "exponential": even in log(sigma), between the same.
        - "normal": even in the timestep, from the model's last one to its first.
        - "sgm_uniform": even in the timestep, from the last one to one step before the first.
        - "auto": what USUAL says for the sampler.
        """
        count = steps_to_run(steps, strength)
        shares = [(count - index) / count for index in range(count)]
        # Rounded, because 0.55 * 20 is not 11 in floating point, and ties matter below.
        places = [round(steps * strength * share, 9) for share in shares]
        if schedule == "auto":
            schedule = USUAL.get(sampler, "model")
        noise = [self._noise(schedule, place, steps) for place in places]
        return [Level(*pair, share) for pair, share in zip(noise, shares, strict=True)]

    def between(self, levels: Sequence[Level], sigma: float) -> Level:
        """A level in the midst of a step of the run `levels`; it belongs to that step."""
        step = [level for level in levels if level.sigma >= sigma][-1]
        return Level(sigma, self._timestep(sigma), step.share)

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
        share = _fraction(place, steps) if schedule == "normal" else place / steps
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
            timestep = (count - 1) * _fraction(place, steps)
        return min(max(timestep, 0.0), count - 1.0)

    def _warped(self, place: float, steps: int, rho: float) -> float:
        """Equation 5 of Karras et al. 2022, from the model's highest sigma to its lowest.

        Even in sigma ** (1 / rho); where rho is infinite, even in log(sigma), which is the limit.

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
        share = _fraction(place, steps)
        if math.isinf(rho):
            return math.exp(_mixed(math.log(self.sigmas[0]), math.log(top), share))
        low, high = self.sigmas[0] ** (1 / rho), top ** (1 / rho)
        return float((low + share * (high - low)) ** rho)

    def _sigma(self, timestep: float) -> float:
        below = math.floor(timestep)
        above, weight = min(below + 1, len(self.sigmas) - 1), timestep - below
        return self.sigmas[below] * (1 - weight) + self.sigmas[above] * weight

    def _sigma_between(self, timestep: float) -> float:
        """The inverse of `_timestep`."""
        below = min(math.floor(timestep), len(self.sigmas) - 2)
        low, high = math.log(self.sigmas[below]), math.log(self.sigmas[below + 1])
        return math.exp(_mixed(low, high, timestep - below))

    def _timestep(self, sigma: float) -> float:
        """Between two trained levels the timestep is linear in log(sigma), as in k-diffusion."""
        above = min(max(bisect_right(self.sigmas, sigma), 1), len(self.sigmas) - 1)
        low, high = math.log(self.sigmas[above - 1]), math.log(self.sigmas[above])
        weight = (math.log(sigma) - low) / (high - low)
        return above - 1 + min(max(weight, 0.0), 1.0)


def _mixed(low: float, high: float, share: float) -> float:
    return low + share * (high - low)


def _fraction(place: float, steps: int) -> float:
    """Where a place lies between the last level (0) and the first (1) of `steps` levels."""
    fraction = (place - 1) / (steps - 1) if steps > 1 else place
    return min(max(fraction, 0.0), 1.0)


def _betas(config: Mapping[str, Any]) -> Tensor:
    """float32 [T], in the arithmetic of diffusers' schedulers."""
    kind = config.get("beta_schedule", "linear")
    if config.get("trained_betas") is not None or kind not in ("linear", "scaled_linear"):
        raise _unknown("noise schedule", kind)
    count = int(_number(config, "num_train_timesteps", 1000))
    start, end = _number(config, "beta_start", 0.0001), _number(config, "beta_end", 0.02)
    if not (MAX_STEPS <= count <= 100_000 and 0 < start < end < 1):
        raise _unknown("noise schedule", f"{count} steps from {start} to {end}")
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


def _number(config: Mapping[str, Any], name: str, default: float) -> float:
    value = config.get(name, default)
    if not isinstance(value, int | float):
        raise _unknown(name, value)
    return value


def _unknown(what: str, value: Any) -> UserError:
    return UserError(
        f"The model's scheduler asks for a {what} that Underpaint does not know: {value}.",
        "Choose another model.",
    )
