"""Another program's settings in the prompt panel, as far as they mean something here."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from studio.app.making.remake import Stock
from studio.app.places import STARTER
from studio.core.errors import UserError
from studio.core.form import FormState
from studio.core.picture import Size
from studio.core.prompt_syntax import LoraTag, take_loras, write_lora
from studio.core.request import MAX_LORA_WEIGHT
from studio.engine.models.info import ModelInfo
from studio.storage.foreign.settings import ForeignSettings, known_sampler, known_schedule

MAX_NAMED = 8
"""Settings that are listed in one sentence."""


@dataclass(frozen=True, slots=True)
class Adopted:
    """The form as the settings want it, and sentences about what could not be taken over."""

    form: FormState
    remarks: tuple[str, ...]


def adopted(told: ForeignSettings, form: FormState, stock: Stock) -> Adopted:
    """`form` with what a picture tells; what it does not tell, or what cannot be, stays.

    The seed is locked. As programs make their noise in different ways, the same seed leads to
    another picture here.
    """
    remarks: list[str] = []
    new = replace(form, strength=1.0, variation=0.0, refine=False)
    for name, value in _values(told).items():
        try:
            changed = replace(new, **{name: value})
            changed.check()
        except UserError as error:
            remarks.append(error.problem)
        else:
            new = changed
    if told.seed is not None and new.seed == told.seed:
        new = replace(new, seed_locked=True)
    if told.refine_factor is not None or told.refine_strength is not None:
        new = replace(new, refine=True)
    new = _with_words(new, told, stock, remarks)
    new = _with_sampler(new, told, remarks)
    new = _with_models(new, told, stock, remarks)
    if told.strength is not None and told.strength < 1:
        remarks.append("It began from a picture, which is not in the file.")
    if told.unread:
        remarks.append(f"Not taken over: {_listed(told.unread)}.")
    return Adopted(new, tuple(remarks))


def _values(told: ForeignSettings) -> dict[str, Any]:
    """What is called the same in the form, or nearly so, where it is told."""
    values: dict[str, Any] = {
        "seed": told.seed,
        "steps": told.steps,
        "guidance": told.guidance,
        "strength": told.strength,
        "clip_skip": told.clip_skip,
        "variation_seed": told.variation_seed,
        "variation": told.variation,
        "refine_factor": told.refine_factor,
        "refine_strength": told.refine_strength,
    }
    return {name: value for name, value in values.items() if value is not None}


def _with_words(
    form: FormState, told: ForeignSettings, stock: Stock, remarks: list[str]
) -> FormState:
    """The prompts, with tags for the LoRAs that are here, and without the others."""
    prompt, tags = take_loras(told.prompt)
    tags = (*tags, *(LoraTag(name, weight) for name, weight in told.loras))
    here = [tag for tag in tags if tag.name in stock.adapters.loras]
    missing = sorted({tag.name for tag in tags} - {tag.name for tag in here})
    if missing:
        remarks.append(f"Not here, and left out: {_listed([f'LoRA {name}' for name in missing])}.")
        prompt = prompt.strip()
    else:
        prompt = told.prompt
        here = here[len(take_loras(prompt)[1]) :]
    fitting = [tag for tag in here if abs(tag.weight) <= MAX_LORA_WEIGHT]
    changed = replace(
        form,
        prompt=prompt + "".join(f" {write_lora(tag)}" for tag in fitting),
        negative=take_loras(told.negative)[0],
    )
    try:
        changed.check()
    except UserError as error:
        remarks.append(error.problem)
        return form
    return changed


def _with_sampler(form: FormState, told: ForeignSettings, remarks: list[str]) -> FormState:
    sampler, schedule = known_sampler(told.sampler)
    if told.sampler and sampler is None:
        remarks.append(f"There is no sampler '{told.sampler[:40]}' here.")
    if told.schedule:
        schedule = known_schedule(told.schedule)
        if schedule is None:
            remarks.append(f"There is no schedule '{told.schedule[:40]}' here.")
    return replace(form, sampler=sampler or form.sampler, schedule=schedule or form.schedule)


def _with_models(
    form: FormState, told: ForeignSettings, stock: Stock, remarks: list[str]
) -> FormState:
    """Model, VAE and size; without the picture's model, in its shape as the chosen one likes it."""
    chosen = next((model for model in stock.models if _name(model) == form.model), None)
    there = next((model for model in stock.models if model.name == told.model), None)
    if told.model and there is None:
        remarks.append(f"The model '{told.model[:80]}' is not here; yours stays, at its own size.")
    if there is not None:
        form = replace(form, model=_name(there))
    if told.vae in stock.adapters.vaes:
        form = replace(form, vae=told.vae)
    elif told.vae and told.vae.lower() not in _OWN_VAE:
        remarks.append(f"The VAE '{told.vae[:80]}' is not here.")
    model = there or chosen
    if model is None or told.width is None or told.height is None:
        return form
    try:
        size = Size(told.width, told.height)
        size = model.rule.check(model.rule.nearest(size)) if there else model.rule.in_shape_of(size)
    except UserError as error:
        remarks.append(error.problem)
        return form
    return replace(form, size=size)


def _name(model: ModelInfo) -> str:
    """As the form has it."""
    return "" if model.path == STARTER else model.name


_OWN_VAE = ("", "none", "automatic", "default (model)")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(_shortened(names))


def _shortened(names: Sequence[str]) -> Iterator[str]:
    yield from (name[:60] for name in names[:MAX_NAMED])
    if len(names) > MAX_NAMED:
        yield f"and {len(names) - MAX_NAMED} more"
