"""A request as one or two runs of the denoising loop, from pixels to pixels."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

from studio.core.picture import Picture, Size
from studio.core.request import GenerationRequest
from studio.core.sizing import SizeRule
from studio.engine.api import Emit, IsCancelled, Progress
from studio.engine.diffusion.attention import stoppable_attention
from studio.engine.diffusion.denoise import Hold, denoise, hold_by_strength, hold_nothing
from studio.engine.diffusion.device import give_back
from studio.engine.diffusion.families.denoiser import Guidance, Predict, guided
from studio.engine.diffusion.ladder import Ladder
from studio.engine.diffusion.loader import LoadedModel
from studio.engine.diffusion.noise import Shape, noise_for, upsampled
from studio.engine.diffusion.pixels import (
    keep_unchanged,
    map_tensor,
    resize,
)
from studio.engine.diffusion.samplers import make_step
from studio.engine.diffusion.schedules.level import Level
from studio.engine.diffusion.tiling import Grid, Part, assemble, even_grid
from studio.engine.diffusion.upscale import Upscaler

SEEN = 2
"""Native sides that the model sees at once while it refines; what is longer is cut into tiles.

Less, and tiles of plain sky sprout details of their own; more, and it repeats small ones.
"""

MOST_SEEN = 1536
"""Pixels along a side that it sees at once at most, unless it was trained on more."""

IN_PARTS = (
    "Memory ran short, so this picture was painted in parts, which may not fit together as well."
)

OVERLAP = 1 / 4
"""Of a tile's side that it shares with the next."""


@dataclass(frozen=True, slots=True)
class Pass:
    """One run of the loop at `size`; with no steps its source is its result.

    `stage` is what the person reads while it runs, `closing` while its pixels are worked out.
    With `tile`, in pixels, the model sees that much of the picture at a time. `first` is the size
    of the pass whose picture is refined.
    """

    size: Size
    steps: int
    strength: float
    stage: str
    closing: str
    tile: int | None = None
    first: Size | None = None

    @property
    def seen(self) -> Size:
        """What the model sees at a time, in pixels."""
        side = self.tile or max(self.size.width, self.size.height)
        return Size(min(self.size.width, side), min(self.size.height, side))


class Report:
    """Tells how far the passes are, over all of them.

    `notes` are sentences for the person about the picture.
    """

    def __init__(self, emit: Emit, total: int) -> None:
        self.total = total
        self.notes: tuple[str, ...] = ()
        self._emit = emit
        self._stage = ""
        self._done = 0

    def stage(self, name: str) -> None:
        """Something else goes on from now."""
        self._stage = name
        self._emit(Progress(name, self._done, self.total))

    def part(self, index: int, count: int) -> None:
        """Of what goes on, part `index` of `count` begins."""
        name = f"{self._stage}, part {index} of {count}"
        self._emit(Progress(name, self._done, self.total))

    @property
    def done(self) -> int:
        """How many steps are behind it."""
        return self._done

    def move_to(self, done: int) -> None:
        """Steps need not be run, or have to be run again: go on from there."""
        self._done = done

    def step(self, preview: Picture) -> None:
        """One more step is done, and the picture looks like this."""
        self._done += 1
        self._emit(Progress(self._stage, self._done, self.total, preview))


def plan_passes(request: GenerationRequest, rule: SizeRule) -> list[Pass]:
    """The passes of a request. Raises UserError if the model cannot make one of the sizes.

    Where nothing may change (strength 0, or 0 all over the map) a pass has no steps and any size.
    """
    blank = request.strength_map is not None and not any(request.strength_map.values)
    steps = 0 if blank else request.steps_at(request.strength)
    size = rule.check(request.size) if steps else request.size
    if request.refine is None:
        return [Pass(size, steps, request.strength, "Painting", "Finishing")]
    strength = request.refine.strength
    refined = rule.refined(size, request.refine.factor)
    more = 0 if blank else request.steps_at(strength)
    return [
        Pass(size, steps, request.strength, "Painting", "Upscaling"),
        Pass(refined, more, strength, "Refining", "Finishing", _tile(refined, rule), size),
    ]


def _tile(size: Size, rule: SizeRule) -> int | None:
    """The side of what the model sees at a time, or None for all of it."""
    native = max(rule.native.width, rule.native.height)
    side = max(native, min(SEEN * native, MOST_SEEN))
    return side if max(size.width, size.height) > side else None


def starting_picture(request: GenerationRequest, size: Size) -> Picture | None:
    """What the first pass starts from, at its size; None if the source plays no part at all."""
    if request.source is None or (request.strength >= 1 and request.strength_map is None):
        return None
    return resize(request.source, size)


def fitted(
    picture: Picture,
    plan: Pass,
    upscaler: Upscaler | None,
    report: Report,
    cancelled: IsCancelled,
) -> Picture:
    """What a pass starts from, at its size; `upscaler` may raise UserError and Cancelled."""
    if upscaler is None or picture.size == plan.size:
        return resize(picture, plan.size)
    report.stage("Upscaling")
    return upscaler.enlarge(picture, plan.size, cancelled, report.part)


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
    made = model.vae.decode_picture(latents, report.part)
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
    noises = noise_for(request, shape, model.device.name)
    noise = noises.draw()
    if plan.first is not None:
        noise = _as_first(noise, request, model.vae.latent_shape(plan.first))
    steps = request.schedule_steps(plan.strength)
    tokens = plan.seen.pixels // model.info.rule.granularity**2
    schedule = model.schedule.for_tokens(tokens)
    levels = schedule.levels(steps, plan.strength, request.sampler, request.schedule)
    x = noise * levels[0].sigma
    hold: Hold = hold_nothing
    if source is not None:
        clean = model.encoded(source, report.part)
        if plan.strength < 1:
            x = clean + x
        hold = _hold(clean, noise, values)
    predict = _sparing(_ways(model, request, plan, shape, report), model.device.name)
    step = make_step(
        request.sampler,
        noises.draw,
        lambda x, sigma: predict(x, schedule.between(levels, sigma)),
    )
    with stoppable_attention(tokens, model.device.name, model.guard.check):
        return denoise(
            predict, levels, x, step, hold, lambda x0: report.step(model.preview.render(x0))
        )


def _as_first(noise: Tensor, request: GenerationRequest, shape: Shape) -> Tensor:
    """The noise, but from afar that of the first pass: so refinement adds details, and no others.

    Against noise of its own, the refined picture differs less from the first, at every strength.
    """
    before = noise_for(request, shape, "cpu").draw()
    return upsampled(before, noise.cpu()).to(noise.device)


def _hold(clean: Tensor, noise: Tensor, values: Tensor | None) -> Hold:
    if values is None:
        return hold_nothing
    shares = functional.adaptive_avg_pool2d(values, (clean.shape[2], clean.shape[3]))
    return hold_by_strength(clean, noise, shares.to(clean.device))


def _sparing(ways: Sequence[Predict], device: str) -> Predict:
    """The first of `ways` to predict; where memory runs out, the next from then on."""
    ladder = Ladder(ways, partial(give_back, device))
    return lambda x, level: ladder.climb(lambda way: way(x, level))


def _ways(
    model: LoadedModel, request: GenerationRequest, plan: Pass, shape: Shape, report: Report
) -> list[Predict]:
    """As planned, then in less and less memory: one condition at a time, then in more tiles."""
    guidance = Guidance(
        request.guidance, request.guidance_rescale, request.guidance_start, request.guidance_end
    )
    texts = [request.prompt] if guidance.scale == 1 else [request.prompt, request.negative]
    text, *negative = model.denoiser.conditions(texts, request.clip_skip, plan.seen)
    both = text, negative[0] if negative else None

    def way(at_once: bool, side: int | None) -> Predict:
        predict = guided(model.denoiser, *both, guidance, at_once)
        if side is None:
            return predict
        unit = model.info.rule.granularity // model.vae.factor
        side //= model.info.rule.granularity
        grid = even_grid(shape[2] // unit, shape[3] // unit, side, int(side * OVERLAP))
        return tiled(predict, grid.times(unit), report.part)

    ways = [way(at_once=True, side=plan.tile)]
    if negative:
        ways.append(way(at_once=False, side=plan.tile))
    native = max(model.info.rule.native.width, model.info.rule.native.height)
    if native < max(plan.seen.width, plan.seen.height):
        ways.append(_admitted(way(at_once=False, side=native), report))
    return ways


def _admitted(predict: Predict, report: Report) -> Predict:
    def predict_and_tell(x: Tensor, level: Level) -> Tensor:
        report.notes = (IN_PARTS,)
        return predict(x, level)

    return predict_and_tell


def tiled(predict: Predict, grid: Grid, part: Part) -> Predict:
    """`predict` on one tile of the latents at a time, the guesses blended into one.

    MultiDiffusion (Bar-Tal et al. 2023, arXiv:2302.08113), on guesses instead of steps: all
    tiles share one field of noise and one sampler.
    """

    def predict_tiles(x: Tensor, level: Level) -> Tensor:
        return torch.cat(list(assemble(grid, lambda tile: predict(tile.of(x), level), part)), dim=2)

    return predict_tiles
