"""What all kinds of noise schedules share: levels, and how a run spreads over them."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from studio.core.errors import UserError
from studio.core.request import Sampler, Schedule, steps_to_run

KARRAS_RHO = 7.0
"""The exponent that Karras et al. 2022 recommend."""


@dataclass(frozen=True, slots=True)
class Level:
    """One noise level: `sigma` in sigma space, `timestep` as the model was trained to know it.

    `share` is how much of the run is left there: 1 at its start, towards 0 at its end.
    """

    sigma: float
    timestep: float
    share: float


class NoiseSchedule(Protocol):
    """The noise levels that a model knows, and how a run picks from them."""

    def for_tokens(self, count: int) -> "NoiseSchedule":
        """The schedule where the model sees `count` of its smallest units of a picture at once."""
        ...

    def levels(
        self, steps: int, strength: float, sampler: Sampler, schedule: Schedule = "auto"
    ) -> list[Level]:
        """The levels of a run at `strength` in (0, 1], highest first; the run ends at sigma 0.

        At strength 1 it is the full schedule of `steps` levels; where strength * steps is whole,
        its tail; between, the tail is stretched, so that the result changes smoothly.

        - "model": what the model's own pipeline does.
        - "karras": even in sigma ** (1 / 7), from the model's highest sigma to its lowest.
        - "exponential": even in log(sigma), between the same.
        - "normal": even in the timestep, from the model's last one to its first.
        - "sgm_uniform": even in the timestep, from the last one to one step before the first.
        - "auto": what suits the sampler.
        """
        ...

    def between(self, levels: Sequence[Level], sigma: float) -> Level:
        """A level in the midst of a step of the run `levels`; it belongs to that step."""
        ...


def spread(
    steps: int, strength: float, noise_at: Callable[[float], tuple[float, float]]
) -> list[Level]:
    """Levels from `noise_at`: sigma and timestep at a place of a full run of `steps` steps.

    Places are counted from the end of the run: `steps` is its start.
    """
    count = steps_to_run(steps, strength)
    shares = [(count - index) / count for index in range(count)]
    # Rounded, because 0.55 * 20 is not 11 in floating point, and ties matter where places are.
    places = [round(steps * strength * share, 9) for share in shares]
    return [Level(*noise_at(place), share) for place, share in zip(places, shares, strict=True)]


def share_at(levels: Sequence[Level], sigma: float) -> float:
    """The share of the step of the run `levels` that `sigma` lies in."""
    return [level for level in levels if level.sigma >= sigma][-1].share


def warped(low: float, high: float, share: float, rho: float) -> float:
    """Between two sigmas, even in sigma ** (1 / rho): equation 5 of Karras et al. 2022.

    Where rho is infinite, even in log(sigma), which is the limit.
    """
    if math.isinf(rho):
        return math.exp(mixed(math.log(low), math.log(high), share))
    low, high = low ** (1 / rho), high ** (1 / rho)
    return float((low + share * (high - low)) ** rho)


def mixed(low: float, high: float, share: float) -> float:
    """Linear between two numbers."""
    return low + share * (high - low)


def fraction(place: float, steps: int) -> float:
    """Where a place lies between the last level (0) and the first (1) of `steps` levels."""
    share = (place - 1) / (steps - 1) if steps > 1 else place
    return min(max(share, 0.0), 1.0)


def number(config: Mapping[str, Any], name: str, default: float) -> float:
    """A number in a scheduler's config. Raises UserError where something else is there."""
    value = config.get(name, default)
    if not isinstance(value, int | float):
        raise unknown(name, value)
    return value


def unknown(what: str, value: Any) -> UserError:
    """What to say of a scheduler's config that asks for something else than is known here."""
    return UserError(
        f"The model's scheduler asks for a {what} that Underpaint does not know: {value}.",
        "Choose another model.",
    )
