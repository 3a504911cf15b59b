"""A request as one or two runs of the denoising loop, from pixels to pixels."""

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional

from studio.core.picture import Picture, Size
from studio.core.request import GenerationRequest, steps_to_run
from studio.core.sizing import SizeRule
from studio.engine.api import Emit, Progress
from studio.engine.diffusion.denoise import Hold, denoise, hold_by_strength, hold_nothing
from studio.engine.diffusion.families import Predict, guided
from studio.engine.diffusion.loader import LoadedModel
from studio.engine.diffusion.noise import NoiseSource
from studio.engine.diffusion.pixels import (
    keep_unchanged,
    map_tensor,
    on_white,
    opaque,
    resize,
    to_picture,
    to_tensor,
)
from studio.engine.diffusion.samplers import make_step


@dataclass(frozen=True, slots=True)
class Pass:
    """One run of the loop at `size`; with no steps its source is its result.

    `stage` is what the person reads while it runs, `closing` while its pixels are worked out.
    """

    size: Size
    steps: int
    strength: float
    stage: str
    closing: str


class Report:
    """Tells how far the passes are, over all of them."""

    def __init__(self, emit: Emit, total: int) -> None:
        self.total = total
        self._emit = emit
        self._stage = ""
        self._done = 0

    def stage(self, name: str) -> None:
        """Something else goes on from now."""
        self._stage = name
        self._emit(Progress(name, self._done, self.total))

    def step(self, preview: Picture) -> None:
        """One more step is done, and the picture looks like this."""
        self._done += 1
        self._emit(Progress(self._stage, self._done, self.total, preview))


def plan_passes(request: GenerationRequest, rule: SizeRule) -> list[Pass]:
    """The passes of a request. Raises UserError if the model cannot make one of the sizes.

    Where nothing may change (strength 0, or 0 all over the map) a pass has no steps and any size.
    """
    blank = request.strength_map is not None and not any(request.strength_map.values)
    steps = 0 if blank else request.steps_to_run
    size = rule.check(request.size) if steps else request.size
    if request.refine is None:
        return [Pass(size, steps, request.strength, "Painting", "Finishing")]
    strength = request.refine.strength
    refined = rule.refined(size, request.refine.factor)
    more = 0 if blank else steps_to_run(request.steps, strength)
    return [
        Pass(size, steps, request.strength, "Painting", "Upscaling"),
        Pass(refined, more, strength, "Refining", "Finishing"),
    ]


def starting_picture(request: GenerationRequest, size: Size) -> Picture | None:
    """What the first pass starts from, at its size; None if the source plays no part at all."""
    if request.source is None or (request.strength >= 1 and request.strength_map is None):
        return None
    return resize(request.source, size)


def run_pass(
    model: LoadedModel,
    request: GenerationRequest,
    plan: Pass,
    source: Picture | None,
    report: Report,
) -> Picture:
    """Paint one pass that has steps, from `source` at the pass's size, or from noise alone.

    Must be called in inference mode. Raises UserError and Cancelled.
    """
    report.stage(plan.stage)
    values = None
    if request.strength_map is not None:
        values = map_tensor(request.strength_map, plan.size)
    latents = paint_latents(model, request, plan, source, values, report)
    model.guard.check()
    report.stage(plan.closing)
    made = to_picture(opaque(model.vae.decode(latents)))
    return made if source is None or values is None else keep_unchanged(source, made, values)


def paint_latents(
    model: LoadedModel,
    request: GenerationRequest,
    plan: Pass,
    source: Picture | None,
    values: Tensor | None,
    report: Report,
) -> Tensor:
    """The pass's finished latents, float32. `values` is the map in pixels, [1, 1, h, w]."""
    shape = model.vae.latent_shape(plan.size)
    noises = NoiseSource(request.seed, shape, model.device.name)
    noise = noises.draw()
    levels = model.schedule.levels(request.steps, plan.strength, request.sampler)
    x = noise * levels[0].sigma
    hold: Hold = hold_nothing
    if source is not None:
        clean = model.vae.encode(on_white(to_tensor(source)))
        if plan.strength < 1:
            x = clean + x
        hold = _hold(clean, noise, values)
    return denoise(
        _predict(model, request),
        levels,
        x,
        make_step(request.sampler, noises.draw),
        hold,
        lambda x0: report.step(model.preview.render(x0)),
    )


def _hold(clean: Tensor, noise: Tensor, values: Tensor | None) -> Hold:
    if values is None:
        return hold_nothing
    shares = functional.adaptive_avg_pool2d(values, (clean.shape[2], clean.shape[3]))
    return hold_by_strength(clean, noise, shares.to(clean.device))


def _predict(model: LoadedModel, request: GenerationRequest) -> Predict:
    text, negative = model.text.embed(request.prompt), None
    if request.guidance != 1:
        negative = model.text.embed(request.negative)
    return guided(model.unet, model.prediction, text, negative, request.guidance)
