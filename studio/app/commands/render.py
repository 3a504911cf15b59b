"""`render`: pictures without a window."""

import argparse
import json
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from studio.app.commands.progress import ProgressBar
from studio.app.commands.signing import own_signer
from studio.app.places import STARTER, adapter_folders, model_folders, upscaler_folders
from studio.core.errors import UserError
from studio.core.picture import Picture, Size
from studio.core.prompt_syntax import write_lora
from studio.core.recipe import recipe_of
from studio.core.request import GenerationRequest, Refine
from studio.core.seeds import draw_seed, seed_after
from studio.core.sizing import SizeRule
from studio.engine.adapters import Adapters, asked_for
from studio.engine.api import Finished
from studio.engine.models.advice import advice_for
from studio.engine.models.catalogue import describe, resolve
from studio.engine.models.info import ModelInfo
from studio.engine.upscalers import resolve_upscaler
from studio.storage.paths import AppPaths
from studio.storage.pictures import check_writable, read_map, read_picture, write_picture
from studio.storage.signer import Signer

DEFAULT_STRENGTH = 0.6
"""With a picture to start from; txt2img is 1."""


def render(options: argparse.Namespace) -> int:
    """Make what the options say. Raises UserError before anything slow where they cannot be met."""
    model = resolve(options.model, _folders()) if options.model else describe(STARTER)
    request = _request(options, model)
    outs = _outs(options.out, options.count)
    for out in outs:
        check_writable(out)
    signer = own_signer()
    with ProgressBar(len(outs)) as bar:
        from studio.engine.diffusion.engine import DiffusionEngine  # imports torch: seconds

        with closing(DiffusionEngine()) as engine:
            for out in outs:
                finished = engine.run(request, bar.show, lambda: False)
                bar.picture_done()
                _keep(request, finished, out, signer)
                _tell(request, finished, out, options)
                request = _next(request)
    return 0


def _keep(request: GenerationRequest, finished: Finished, out: Path, signer: Signer | None) -> None:
    size = finished.picture.size
    recipe = recipe_of(request, finished.made, size.width, size.height)
    write_picture(out, finished.picture, recipe, signer=signer)


def _tell(
    request: GenerationRequest, finished: Finished, out: Path, options: argparse.Namespace
) -> None:
    size = finished.picture.size
    told = {
        "seed": request.seed,
        **({"variation_seed": request.variation_seed} if request.variation else {}),
        "size": str(size),
        "width": size.width,
        "height": size.height,
        "steps_run": finished.made.steps_run,
        "seconds": round(finished.seconds, 3),
        "file": str(out),
    }
    if finished.note:
        print(finished.note, file=sys.stderr, flush=True)
    if options.json:
        print(json.dumps(told, ensure_ascii=False), flush=True)
    else:
        variation = f" varied by {request.variation_seed}" if request.variation else ""
        print(
            f"{out}: {size}, seed {request.seed}{variation}, {finished.made.steps_run} steps, "
            f"{finished.seconds:.1f} s",
            flush=True,
        )


def _request(options: argparse.Namespace, model: ModelInfo) -> GenerationRequest:
    adapters = Adapters.look(adapter_folders(AppPaths.for_user()))
    prompt = options.prompt + "".join(f" {write_lora(tag)}" for tag in options.lora)
    asked = asked_for(prompt, options.negative, adapters)
    advice = advice_for(model)
    source = read_picture(options.init) if options.init else None
    strength = options.strength
    if strength is None:
        strength = DEFAULT_STRENGTH if source else 1.0
    request = GenerationRequest(
        model=model.path,
        prompt=prompt,
        negative=options.negative,
        seed=draw_seed() if options.seed is None else options.seed,
        size=options.size or _own_size(model.rule, source, strength),
        steps=advice.steps if options.steps is None else options.steps,
        exact_steps=options.exact_steps,
        guidance=advice.guidance if options.guidance is None else options.guidance,
        sampler=options.sampler or advice.sampler,
        strength=strength,
        source=source,
        strength_map=read_map(options.map) if options.map else None,
        refine=_refine(options),
        schedule=options.schedule,
        guidance_rescale=options.guidance_rescale,
        guidance_start=options.guidance_interval[0],
        guidance_end=options.guidance_interval[1],
        clip_skip=options.clip_skip,
        variation=options.variation,
        variation_seed=_variation_seed(options),
        noise=options.noise,
        loras=asked.loras,
        embeddings=asked.embeddings,
        vae=adapters.vae(options.vae) if options.vae else None,
    )
    if strength > 0 or options.refine:
        model.rule.check(request.size)
    return request


def _own_size(rule: SizeRule, source: Picture | None, strength: float) -> Size:
    """The size of the first pass where none was asked for.

    A picture that is to stay untouched keeps its size. One to start from gives its shape. At
    strength 1 it plays no part, not even so.
    """
    if source is None or strength >= 1:
        return rule.native
    return rule.in_shape_of(source.size) if strength > 0 else source.size


def _refine(options: argparse.Namespace) -> Refine | None:
    if options.refine is None:
        if options.upscaler is not None:
            raise UserError("An upscaler does nothing on its own.", "Give --refine as well.")
        return None
    upscaler = None
    if options.upscaler is not None:
        upscaler = resolve_upscaler(options.upscaler, upscaler_folders(AppPaths.for_user()))
    return Refine(options.refine, options.refine_strength, upscaler)


def _variation_seed(options: argparse.Namespace) -> int:
    if options.variation_seed is not None:
        if not options.variation:
            raise UserError(
                "A variation seed does nothing on its own.", "Give --variation as well."
            )
        return int(options.variation_seed)
    return draw_seed() if options.variation else 0


def _next(request: GenerationRequest) -> GenerationRequest:
    """The request for the next of several pictures: the next seed, or variation of the seed."""
    if request.variation:
        return replace(request, variation_seed=seed_after(request.variation_seed))
    return replace(request, seed=seed_after(request.seed))


def _folders() -> tuple[Path, ...]:
    return model_folders(AppPaths.for_user())


def _outs(out: Path, count: int) -> list[Path]:
    """NAME.png for one picture; NAME-1.png, NAME-2.png and so on for several."""
    if count == 1:
        return [out]
    return [out.with_name(f"{out.stem}-{number}{out.suffix}") for number in range(1, count + 1)]
