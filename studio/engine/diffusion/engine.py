"""The engine that paints with diffusion models in this process."""

import gc
import platform
import time
from importlib.metadata import version
from pathlib import Path

import torch

import studio
from studio.core.picture import Picture
from studio.core.recipe import Provenance
from studio.core.request import GenerationRequest
from studio.engine.api import Emit, Finished, IsCancelled
from studio.engine.catalogue import ModelInfo, describe
from studio.engine.diffusion.device import choose_device
from studio.engine.diffusion.loader import LoadedModel, load
from studio.engine.diffusion.passes import (
    Pass,
    Report,
    plan_passes,
    run_pass,
    starting_picture,
)
from studio.engine.diffusion.pixels import resize


class DiffusionEngine:
    """Implements the Engine protocol; keeps the model that was used last in memory."""

    def __init__(self) -> None:
        self._device = choose_device()
        self._loaded: LoadedModel | None = None

    def prepare(self, model: Path, cancelled: IsCancelled) -> None:
        """Load a model. Raises UserError where it cannot be, and Cancelled."""
        self._load(describe(model), cancelled)

    def run(self, request: GenerationRequest, emit: Emit, cancelled: IsCancelled) -> Finished:
        """Make one picture. Raises UserError and Cancelled.

        Where nothing is to be painted (strength 0, no refinement) no model is loaded, the result
        is the source, and the model's hash stays empty.
        """
        info = describe(request.model)
        passes = plan_passes(request, info.rule)
        report = Report(emit, sum(plan.steps for plan in passes))
        model = None
        if report.total:
            if not self._has(info):
                report.stage("Loading the model")
            model = self._load(info, cancelled)
        started = time.perf_counter()
        with torch.inference_mode():
            picture = self._paint(model, request, passes, report, cancelled)
        seconds = time.perf_counter() - started
        return Finished(picture, self._provenance(info, model, report.total), seconds)

    def close(self) -> None:
        """Give the model's memory back."""
        self._drop()

    def _paint(
        self,
        model: LoadedModel | None,
        request: GenerationRequest,
        passes: list[Pass],
        report: Report,
        cancelled: IsCancelled,
    ) -> Picture:
        picture = starting_picture(request, passes[0].size)
        for plan in passes:
            source = resize(picture, plan.size) if picture else None
            if model and plan.steps:
                with model.guard.listening(cancelled):
                    picture = run_pass(model, request, plan, source, report)
            else:
                picture = source
        assert picture is not None  # only a pass with steps can do without a source
        return picture

    def _has(self, info: ModelInfo) -> bool:
        return self._loaded is not None and self._loaded.info == info

    def _load(self, info: ModelInfo, cancelled: IsCancelled) -> LoadedModel:
        if self._loaded is None or not self._has(info):
            self._drop()  # first, so that there are never two in memory
            self._loaded = load(info, self._device, cancelled)
        return self._loaded

    def _drop(self) -> None:
        self._loaded = None
        gc.collect()
        if self._device.name == "cuda":
            torch.cuda.empty_cache()

    def _provenance(self, info: ModelInfo, model: LoadedModel | None, steps: int) -> Provenance:
        libraries = {name: version(name) for name in ("torch", "diffusers", "transformers")}
        return Provenance(
            model_name=info.name,
            model_hash=model.unet_hash[:10] if model else "",
            device=self._device.name,
            dtype=str(self._device.dtype).removeprefix("torch."),
            threads=self._device.threads,
            steps_run=steps,
            versions={
                "underpaint": studio.__version__,
                **libraries,
                "python": platform.python_version(),
            },
        )
