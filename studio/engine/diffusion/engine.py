"""The engine that paints with diffusion models in this process."""

import gc
import platform
import time
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, fields, replace
from importlib.metadata import version
from pathlib import Path

import torch

import studio
from studio.core.picture import Picture, Size, StrengthMap
from studio.core.recipe import Provenance
from studio.core.request import GenerationRequest
from studio.engine.api import Emit, Finished, IsCancelled
from studio.engine.diffusion.budget import Budget, fitting_whole, free_memory
from studio.engine.diffusion.cache import ByteCache
from studio.engine.diffusion.denoise import OutOfBounds
from studio.engine.diffusion.device import Device, choose_device
from studio.engine.diffusion.loader import LoadedModel, load
from studio.engine.diffusion.passes import (
    Pass,
    Report,
    fitted,
    plan_passes,
    run_pass,
    starting_picture,
)
from studio.engine.diffusion.upscale import Upscaler
from studio.engine.models.catalogue import describe
from studio.engine.models.info import ModelInfo

PICTURE_BYTES = 64 * 2**20
"""How much memory first passes may take that are kept for being refined in another way."""

BLACK = bytes((0, 0, 0, 255))

ALL_BLACK = (
    "The picture came out black all over. Another seed, a lower guidance or another model may help."
)


@dataclass(frozen=True, slots=True)
class _Job:
    """A request on its way: how it goes on, where it tells so, and who may stop it."""

    request: GenerationRequest
    info: ModelInfo
    passes: Sequence[Pass]
    upscaler: Upscaler | None
    report: Report
    cancelled: IsCancelled


class DiffusionEngine:
    """Implements the Engine protocol; keeps the model that was used last in memory.

    Without a `device` it takes the fastest there is.
    """

    def __init__(self, device: Device | None = None) -> None:
        self._device = device or choose_device()
        self._loaded: LoadedModel | None = None
        self._first: ByteCache[Picture] = _no_pictures()

    def prepare(self, model: Path, cancelled: IsCancelled) -> None:
        """Load a model. Raises UserError where it cannot be, or does not fit, and Cancelled."""
        info = describe(model)
        if not self._has(info):
            self.unload()
            fitting_whole(Budget.of(info, self._device), free_memory(self._device))
        self._load(info, self._device, cancelled)

    def run(self, request: GenerationRequest, emit: Emit, cancelled: IsCancelled) -> Finished:
        """Make one picture. Raises UserError and Cancelled.

        Where nothing is to be painted (strength 0, no refinement) no model is loaded, the result
        is the source, and the model's hash stays empty. A job that would need more memory than
        there is is refused before anything runs. Numbers that overflow in the device's precision
        are worked out again in float32, which the model then keeps.
        """
        info = describe(request.model)
        passes = plan_passes(request, info.rule)
        report = Report(emit, sum(plan.steps for plan in passes))
        file = request.refine.upscaler if request.refine else None
        upscaler = Upscaler(file, self._device.name) if file else None
        job = _Job(request, info, passes, upscaler, report, cancelled)
        if report.total:
            self._ready(job)
        started = time.perf_counter()
        with torch.inference_mode():
            picture = self._paint(job)
        seconds = time.perf_counter() - started
        note = ALL_BLACK if report.total and _turned_black(picture, request.source) else ""
        return Finished(picture, self._provenance(job), seconds, note)

    def unload(self) -> None:
        """Give the memory of the model and of what is kept for the next picture back."""
        self._loaded = None
        self._first = _no_pictures()
        gc.collect()
        if self._device.name != "cpu":
            torch.accelerator.empty_cache()

    def close(self) -> None:
        """Give everything back."""
        self.unload()

    def _ready(self, job: _Job) -> None:
        """Have the job's model in memory. Raises UserError where the job does not fit beside it."""
        if not self._has(job.info):
            self.unload()  # first, so that there are never two in memory
        device = self._loaded.device if self._loaded else self._device
        budget = Budget.of(job.info, device)
        if self._loaded:
            budget = replace(budget, weights=0)

        def smaller(scale: float) -> tuple[Size, Sequence[Pass]]:
            size, rule = job.request.size, job.info.rule
            size = rule.nearest(
                Size(max(1, int(size.width * scale)), max(1, int(size.height * scale)))
            )
            return size, plan_passes(replace(job.request, size=size), rule)

        batch = 1 if job.request.guidance == 1 else 2
        whole = fitting_whole(budget, free_memory(device), job.passes, batch, smaller)
        if self._loaded is None:
            job.report.stage("Loading the model")
        self._load(job.info, device, job.cancelled).vae.whole = whole

    def _paint(self, job: _Job) -> Picture:
        picture = starting_picture(job.request, job.passes[0].size)
        for plan in job.passes:
            source = None
            if picture:
                source = fitted(picture, plan, job.upscaler, job.report, job.cancelled)
            picture = self._painted(job, plan, source) if plan.steps else source
        assert picture is not None  # only a pass with steps can do without a source
        return picture

    def _painted(self, job: _Job, plan: Pass, source: Picture | None) -> Picture:
        """One pass with steps; a first pass may have been painted before."""
        key = self._first_key(job.request) if plan is job.passes[0] else None
        done = job.report.done
        if key and (kept := self._first.get(key)):
            job.report.move_to(done + plan.steps)
            job.report.stage(plan.closing)
            return kept
        try:
            picture = self._attempt(job, plan, source)
        except OutOfBounds:
            if self._model.device == self._model.device.in_full_precision():
                raise
            picture = None
        if picture is None:  # outside of the handler: an exception keeps tensors in memory
            self._load_in_full_precision(job)
            job.report.move_to(done)
            picture = self._attempt(job, plan, source)
        if key:
            self._first.keep(self._first_key(job.request), picture)
        return picture

    def _attempt(self, job: _Job, plan: Pass, source: Picture | None) -> Picture:
        with self._model.guard.listening(job.cancelled):
            return run_pass(self._model, job.request, plan, source, job.report)

    def _first_key(self, request: GenerationRequest) -> Hashable:
        """What a first pass depends on: the model as it is, and the request but for refinement."""
        values = (getattr(request, each.name) for each in fields(request) if each.name != "refine")
        model = self._model
        return model.info, model.digest, model.device, model.vae.whole, *map(_digest, values)

    @property
    def _model(self) -> LoadedModel:
        assert self._loaded is not None
        return self._loaded

    def _has(self, info: ModelInfo) -> bool:
        return self._loaded is not None and self._loaded.info == info

    def _load(self, info: ModelInfo, device: Device, cancelled: IsCancelled) -> LoadedModel:
        if self._loaded is None or not self._has(info):
            self.unload()
            self._loaded = load(info, device, cancelled)
        return self._loaded

    def _load_in_full_precision(self, job: _Job) -> None:
        device, whole = self._model.device.in_full_precision(), self._model.vae.whole
        self.unload()
        job.report.stage("Loading the model in full precision")
        self._load(job.info, device, job.cancelled).vae.whole = whole

    def _provenance(self, job: _Job) -> Provenance:
        libraries = {name: version(name) for name in ("torch", "diffusers", "transformers")}
        painted = self._loaded if job.report.total else None
        device = painted.device if painted else self._device
        return Provenance(
            model_name=job.info.name,
            model_hash=painted.digest[:10] if painted else "",
            device=device.name,
            dtype=device.dtype_name,
            threads=device.threads,
            steps_run=job.report.total,
            versions={
                "underpaint": studio.__version__,
                **libraries,
                "python": platform.python_version(),
            },
            upscaler_hash=job.upscaler.digest[:10] if job.upscaler else "",
        )


def _no_pictures() -> ByteCache[Picture]:
    return ByteCache(PICTURE_BYTES, lambda picture: len(picture.rgba))


def _digest(value: Hashable) -> Hashable:
    return value.digest if isinstance(value, Picture | StrengthMap) else value


def _turned_black(picture: Picture, source: Picture | None) -> bool:
    """Whether a picture is black all over, and did not start from one that was."""
    if picture.rgba != BLACK * picture.size.pixels:
        return False
    return source is None or source.rgba != BLACK * source.size.pixels
