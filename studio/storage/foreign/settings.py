"""The settings that another program wrote into a picture, as far as they mean something here."""

from dataclasses import dataclass

from studio.core.request import Sampler, Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignSettings:
    """None or empty: the picture does not tell. No value has been checked against its range."""

    program: str  # as people call it
    prompt: str = ""
    negative: str = ""
    seed: int | None = None
    width: int | None = None  # pixels of the first pass
    height: int | None = None
    steps: int | None = None
    guidance: float | None = None
    sampler: str = ""  # the program's own word
    schedule: str = ""
    strength: float | None = None  # below 1, it began from a picture
    clip_skip: int | None = None
    variation: float | None = None
    variation_seed: int | None = None
    refine_factor: float | None = None
    refine_strength: float | None = None
    model: str = ""  # a name, without the file's ending
    vae: str = ""
    loras: tuple[tuple[str, float], ...] = ()  # names and weights, beside those in the prompt
    unread: tuple[str, ...] = ()  # names of settings that mean nothing here


_SAMPLERS: dict[str, Sampler] = {
    "euler": "euler",
    "ddim": "euler",  # the same steps in other words, as long as nothing random is added
    "euler a": "euler-a",
    "euler ancestral": "euler-a",
    "dpm++ 2m": "dpm++2m",
    "dpm++ sde": "dpm++sde",
    "unipc": "unipc",
    "uni pc": "unipc",
    "uni pc bh2": "unipc",
    "lcm": "lcm",
}

_SCHEDULES: dict[str, Schedule] = {
    "automatic": "auto",
    "auto": "auto",
    "karras": "karras",
    "exponential": "exponential",
    "sgm uniform": "sgm_uniform",
    "normal": "normal",
    "uniform": "normal",
    "simple": "normal",
    "native": "normal",
}

_AT_THE_END: dict[str, Schedule] = {
    " karras": "karras",
    " k": "karras",
    " exponential": "exponential",
}
"""Schedules that older versions wrote behind the sampler's name."""


def known_sampler(words: str) -> tuple[Sampler | None, Schedule | None]:
    """Our names for a sampler, and for a schedule that stands behind it; None for unknown ones."""
    name = _plain(words).replace("dpmpp", "dpm++").removeprefix("k ").removesuffix(" gpu")
    for ending, schedule in _AT_THE_END.items():
        if name.endswith(ending):
            return _SAMPLERS.get(name.removesuffix(ending)), schedule
    return _SAMPLERS.get(name), None


def known_schedule(words: str) -> Schedule | None:
    """Our name for a schedule; None for one that is not known."""
    return _SCHEDULES.get(_plain(words))


def _plain(words: str) -> str:
    return " ".join(words.lower().replace("_", " ").split())
