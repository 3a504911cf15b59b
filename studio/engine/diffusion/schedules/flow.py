"""Noise levels of models that follow straight lines from noise to pictures.

Flow matching (Lipman et al. 2022, arXiv:2210.02747): x_t = (1 - t) * x0 + t * noise. That is
(1 - t) times what sigma space knows, x0 + sigma * noise with sigma = t / (1 - t).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from studio.core.request import Sampler, Schedule
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

ENDLESS = 2.0**24
"""Stands for the sigma of pure noise (t = 1), which is infinite.

So large that in float32 the picture has no part in x0 + sigma * noise, and a power of two, so
that the noise comes back bit for bit.
"""

LEAST = 1 / 1000
"""The t that the schedules end with that go down to the model's lowest level."""

Shift = Callable[[int, int], float]
"""(tokens, steps) -> the factor by which a run raises all its sigmas."""

UNSUPPORTED = (
    "shift_terminal",
    "invert_sigmas",
    "use_karras_sigmas",
    "use_exponential_sigmas",
    "use_beta_sigmas",
    "stochastic_sampling",
)
"""Entries of a config that ask for a run of another kind."""


@dataclass(frozen=True, slots=True)
class FlowSchedule:
    """All levels from t = 0 to 1, evenly, and then raised by `shift`; implements NoiseSchedule.

    Timesteps are t. `tokens` is how many of a picture the network sees at once.
    """

    shift: Shift
    tokens: int = 0

    @classmethod
    def from_config(cls, config: Mapping[str, Any], dynamic: Shift) -> "FlowSchedule":
        """Read the config of diffusers' FlowMatchEulerDiscreteScheduler; defaults as there.

        `dynamic` gives mu where the config asks for a shift by the number of tokens. Raises
        UserError for what is not known here.
        """
        for name in UNSUPPORTED:
            if config.get(name):
                raise unknown(name, config[name])
        if config.get("num_train_timesteps", 1000) != 1000:
            raise unknown("number of timesteps", config["num_train_timesteps"])
        if not config.get("use_dynamic_shifting", False):
            shift = number(config, "shift", 1.0)
            if not 0 < shift < math.inf:
                raise unknown("shift", shift)
            return cls(lambda tokens, steps: shift)
        kind = config.get("time_shift_type", "exponential")
        if kind == "linear":
            return cls(dynamic)
        if kind == "exponential":
            return cls(lambda tokens, steps: math.exp(dynamic(tokens, steps)))
        raise unknown("shift", kind)

    def for_tokens(self, count: int) -> "FlowSchedule":
        """As NoiseSchedule: the more there is of a picture, the more noise it takes to drown it."""
        return replace(self, tokens=count)

    def levels(
        self, steps: int, strength: float, sampler: Sampler, schedule: Schedule = "auto"
    ) -> list[Level]:
        """As NoiseSchedule; "auto", "model" and "sgm_uniform" are the same here.

        In the others the first level is pure noise, too, but "karras" and "exponential" spread
        the rest from where the second of "model" would be.
        """
        return spread(steps, strength, lambda place: self._noise(schedule, place, steps))

    def between(self, levels: Sequence[Level], sigma: float) -> Level:
        """As NoiseSchedule."""
        return Level(sigma, _time(sigma), share_at(levels, sigma))

    def _noise(self, schedule: Schedule, place: float, steps: int) -> tuple[float, float]:
        """Sigma and t at `place` of a full run, counted from its end: `steps` is its start."""
        shift = self.shift(self.tokens, steps)
        if schedule == "normal":
            sigma = _sigma(mixed(LEAST, 1.0, fraction(place, steps)), shift)
        elif schedule in ("karras", "exponential") and place <= steps - 1:
            rho = KARRAS_RHO if schedule == "karras" else math.inf
            top = _sigma((steps - 1) / steps, shift)
            sigma = warped(_sigma(LEAST, shift), top, fraction(place, steps - 1), rho)
        else:
            sigma = _sigma(place / steps, shift)
        return sigma, _time(sigma)


def linear_mu(config: Mapping[str, Any]) -> Shift:
    """A config's mu: on a line through two numbers of tokens."""
    low, high = number(config, "base_image_seq_len", 256), number(config, "max_image_seq_len", 4096)
    start, end = number(config, "base_shift", 0.5), number(config, "max_shift", 1.15)
    if low == high:
        raise unknown("shift", low)
    return lambda tokens, steps: start + (tokens - low) * (end - start) / (high - low)


def _sigma(t: float, shift: float) -> float:
    """Of t = 1, and of what is close to it, the stand-in for infinity."""
    return min(shift * t / (1 - t), ENDLESS) if t < 1 else ENDLESS


def _time(sigma: float) -> float:
    return 1.0 if sigma >= ENDLESS else sigma / (1 + sigma)
