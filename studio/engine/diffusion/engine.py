"""The engine that paints with diffusion models in this process."""

import platform
import time
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from importlib.metadata import version
from pathlib import Path

import torch

import studio
from studio.core.picture import Picture, Size, StrengthMap
from studio.core.prompt_syntax import take_loras
from studio.core.recipe import Provenance
from studio.core.request import GenerationRequest
from studio.engine.api import Emit, Finished, IsCancelled
from studio.engine.diffusion.adapters.lora import numbers_kept
from studio.engine.diffusion.budget import Budget, Means, fitting, room_on
from studio.engine.diffusion.cache import ByteCache
from studio.engine.diffusion.denoise import OutOfBounds
from studio.engine.diffusion.device import Device, choose_device, give_back
from studio.engine.diffusion.loader import LoadedModel, change_vae, load
from studio.engine.diffusion.passes import (
    Pass,
    Report,
    fitted,
    plan_passes,
    run_pass,
    starting_picture,
)
from studio.engine.diffusion.upscale import Upscaler
from studio.engine.digests import sha256
from studio.engine.machine import OutOfMemory, ran_out
from studio.engine.models.catalogue import describe
from studio.engine.models.info import ModelInfo
from studio.engine.models.vae import with_vae

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
        if not self._has(info, but_vae=True):
            self.unload()
            means = fitting(Budget.of(info, self._device), room_on(self._device))
            self._loaded = load(info, replace(self._device, resident=means.resident), cancelled)

    def run(self, request: GenerationRequest, emit: Emit, cancelled: IsCancelled) -> Finished:
        """Make one picture. Raises UserError and Cancelled.

        Where nothing is to be painted (strength 0, no refinement) no model is loaded, the result
        is the source, and the model's hash stays empty. A job that would need more memory than
        there is is refused before anything runs. Numbers that overflow in the device's precision
        are worked out again in float32, which the model then keeps. Where memory runs out all the
        same, it is done with less, and OutOfMemory is raised if nothing helps.
        """
        info = _described(request)
        passes = plan_passes(request, info.rule)
        report = Report(emit, sum(plan.steps for plan in passes))
        file = request.refine.upscaler if request.refine else None
        upscaler = Upscaler(file, self._device.name) if file else None
        words, _ = take_loras(request.prompt)
        job = _Job(replace(request, prompt=words), info, passes, upscaler, report, cancelled)
        if report.total:
            self._ready(job)
        started = time.perf_counter()
        with torch.inference_mode():
            picture = self._paint(job)
        seconds = time.perf_counter() - started
        notes = [*self._model.adapters.notes, *report.notes] if report.total else []
        if report.total and _turned_black(picture, request.source):
            notes.append(ALL_BLACK)
        return Finished(picture, self._provenance(job), seconds, " ".join(notes))

    def unload(self) -> None:
        """Give the memory of the model and of what is kept for the next picture back."""
        self._loaded = None
        self._first = _no_pictures()
        give_back(self._device.name)

    def close(self) -> None:
        """Give everything back."""
        self.unload()

    def _ready(self, job: _Job) -> None:
        """Have the job's model in memory, with all that the job wants laid over it.

        Raises UserError where that cannot be, or where the job does not fit beside it.
        """
        if not self._has(job.info, but_vae=True):
            self.unload()  # first, so that there are never two in memory
        self._place(job, self._loaded.device if self._loaded else self._device)

    def _place(self, job: _Job, device: Device, stage: str = "Loading the model") -> None:
        """Have the model on the device by means that leave room for the job, or raise UserError."""
        means = self._fitting(job, device)
        wanted = replace(device, resident=means.resident)
        if self._loaded is None or not self._loaded.device.serves_as(wanted):
            self.unload()
            job.report.stage(stage)
            self._loaded = load(job.info, wanted, job.cancelled)
        elif not self._has(job.info):
            self._loaded = change_vae(self._loaded, job.info, job.cancelled)
        self._loaded.vae.whole = means.whole
        self._lay_over(job)

    def _fitting(self, job: _Job, device: Device) -> Means:
        budget = Budget.of(job.info, device)

        def smaller(scale: float) -> tuple[Size, Sequence[Pass]]:
            size, rule = job.request.size, job.info.rule
            size = rule.nearest(
                Size(max(1, int(size.width * scale)), max(1, int(size.height * scale)))
            )
            return size, plan_passes(replace(job.request, size=size), rule)

        batch = 1 if job.request.guidance == 1 else 2
        room = room_on(device, budget.weights if self._loaded else 0)
        if room.free is not None:
            room = replace(room, free=room.free - self._kept_for(job.request, device))
        return fitting(budget, room, job.passes, batch, smaller)

    def _kept_for(self, request: GenerationRequest, device: Device) -> int:
        """Bytes, beside those in use, of weights that are kept while LoRAs replace them."""
        if device.name != "cpu":  # they are kept in main memory
            return 0
        files = [lora.file for lora in request.loras if lora.weight]
        kept = sum(map(numbers_kept, files)) * device.dtype.itemsize
        return max(0, kept - (self._loaded.adapters.kept if self._loaded else 0))

    def _lay_over(self, job: _Job) -> None:
        """Have what the job wants beside its model. Raises UserError and Cancelled."""
        model, request = self._model, job.request
        if model.offload:
            model.offload.clear()
        with model.guard.listening(job.cancelled):
            model.adapters.use(request.loras, request.embeddings)
            if request.vae and not model.vae_digest:
                digest = sha256(job.info.part("vae").weights, model.guard.check)
                self._loaded = replace(model, vae_digest=digest)

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
        picture = self._persistently(job, plan, source)
        if key:
            self._first.keep(self._first_key(job.request), picture)
        return picture

    def _persistently(self, job: _Job, plan: Pass, source: Picture | None) -> Picture:
        """A pass, painted again where its numbers overflow or memory runs out."""
        done = job.report.done
        while True:
            try:
                return self._attempt(job, plan, source)
            except (OutOfBounds, OutOfMemory, RuntimeError, MemoryError) as error:
                device = self._instead(error)
                if device is None:
                    raise
            # Outside of the handler, which would keep the tensors of the attempt alive.
            self._load_again(job, device)
            job.report.move_to(done)

    def _instead(self, error: Exception) -> Device | None:
        """Where to paint after an error; None where that would not help."""
        device = self._model.device
        if isinstance(error, OutOfBounds) and device != device.in_full_precision():
            return device.in_full_precision()
        if ran_out(error) and device.name != "cpu" and device.resident is None:
            return replace(device, resident=max(Budget.of(self._model.info, device).parts))
        return None

    def _attempt(self, job: _Job, plan: Pass, source: Picture | None) -> Picture:
        with self._model.guard.listening(job.cancelled):
            return run_pass(self._model, job.request, plan, source, job.report)

    def _first_key(self, request: GenerationRequest) -> Hashable:
        """What a first pass depends on: the model as it is, and the request but for refinement."""
        values = (getattr(request, each.name) for each in fields(request) if each.name != "refine")
        model = self._model
        made_by = model.info, model.digest, model.device, model.vae.whole, model.adapters.state
        return *made_by, *map(_digest, values)

    @property
    def _model(self) -> LoadedModel:
        assert self._loaded is not None
        return self._loaded

    def _has(self, info: ModelInfo, *, but_vae: bool = False) -> bool:
        if self._loaded is None:
            return False
        loaded = self._loaded.info
        return loaded == info or (but_vae and _without_vae(loaded) == _without_vae(info))

    def _load_again(self, job: _Job, device: Device) -> None:
        whole, before = self._model.vae.whole, self._model.device
        self.unload()
        if device.dtype != before.dtype:
            self._place(job, device, "Loading the model in full precision")
        else:
            job.report.stage("Loading the model in parts")
            self._loaded = load(job.info, device, job.cancelled)
            self._loaded.vae.whole = whole
            self._lay_over(job)

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
            lora_hashes=_short(painted.adapters.lora_digests) if painted else {},
            embedding_hashes=_short(painted.adapters.embedding_digests) if painted else {},
            vae_hash=painted.vae_digest[:10] if painted else "",
        )


def _described(request: GenerationRequest) -> ModelInfo:
    """The model as the request wants it, with another VAE perhaps. Raises UserError."""
    info = describe(request.model)
    return with_vae(info, request.vae) if request.vae else info


def _without_vae(info: ModelInfo) -> ModelInfo:
    return replace(info, parts=tuple(part for part in info.parts if part.name != "vae"))


def _short(digests: Mapping[str, str]) -> dict[str, str]:
    """As the field shows hashes: AutoV2."""
    return {name: digest[:10] for name, digest in digests.items()}


def _no_pictures() -> ByteCache[Picture]:
    return ByteCache(PICTURE_BYTES, lambda picture: len(picture.rgba))


def _digest(value: Hashable) -> Hashable:
    return value.digest if isinstance(value, Picture | StrengthMap) else value


def _turned_black(picture: Picture, source: Picture | None) -> bool:
    """Whether a picture is black all over, and did not start from one that was."""
    if picture.rgba != BLACK * picture.size.pixels:
        return False
    return source is None or source.rgba != BLACK * source.size.pixels
