"""`doctor`: whether this installation is sound."""

import os
import platform
import sys
from contextlib import closing
from importlib.metadata import version

from PySide6.QtCore import qVersion

from studio import __version__
from studio.app.places import STARTER, model_folders
from studio.core.errors import UserError
from studio.core.example import EXAMPLE_PROMPT
from studio.core.request import GenerationRequest
from studio.engine.api import Engine, Finished
from studio.engine.machine import available_memory
from studio.engine.models.catalogue import describe
from studio.storage.paths import AppPaths

PACKAGES = ("torch", "diffusers", "transformers", "safetensors", "pillow", "PySide6_Essentials")
STEPS = 4


def doctor() -> int:
    """Print what there is and make a small picture; returns 1 if that fails, else 0."""
    paths = AppPaths.for_user()
    _tell("Underpaint", __version__)
    _tell("Python", f"{platform.python_version()} on {platform.platform()}")
    for package in PACKAGES:
        _tell(package, version(package))
    _tell("Qt", f"{qVersion()}, platform {_qt_platform()}")
    _tell("Memory", _memory())
    _tell("Library", str(paths.library))
    _tell("Settings", str(paths.settings))
    _tell("Log", str(paths.log))
    _tell("Models", ", ".join(str(folder) for folder in model_folders(paths)))
    return _check_engine()


def _check_engine() -> int:
    from studio.engine.diffusion.device import choose_device, describe_device  # imports torch
    from studio.engine.diffusion.engine import PICTURE_BYTES, DiffusionEngine  # takes seconds
    from studio.engine.diffusion.loader import SOURCE_BYTES
    from studio.engine.diffusion.text.clip import KEPT_BYTES

    device = choose_device()
    for what, words in describe_device(device).items():
        _tell(what, words)
    _tell(
        "Kept for later",
        f"at most {KEPT_BYTES >> 20} MiB of prompts, {SOURCE_BYTES >> 20} MiB of sources, "
        f"{PICTURE_BYTES >> 20} MiB of pictures to refine",
    )
    try:
        with closing(DiffusionEngine(device)) as engine:
            finished = _render(engine)
    except UserError as error:
        _tell("Starter model", f"does not work. {error}")
        return 1
    per_step = finished.seconds / finished.made.steps_run
    size = finished.picture.size
    _tell("Starter model", f"works: {size} in {STEPS} steps, {per_step:.2f} s a step")
    return 0


def _render(engine: Engine) -> Finished:
    model = describe(STARTER)
    request = GenerationRequest(
        model=model.path, prompt=EXAMPLE_PROMPT, seed=0, size=model.rule.native, steps=STEPS
    )
    return engine.run(request, lambda _: None, lambda: False)


def _tell(what: str, words: str) -> None:
    print(f"{what + ':':<20}{words}", flush=True)


def _qt_platform() -> str:
    chosen = os.environ.get("QT_QPA_PLATFORM")
    if chosen:
        return chosen
    if os.environ.get("WAYLAND_DISPLAY"):
        return "wayland"
    if os.environ.get("DISPLAY"):
        return "xcb"
    return "none (no display)" if sys.platform.startswith("linux") else "native"


def _memory() -> str:
    if not hasattr(os, "sysconf"):
        return "unknown"
    page = os.sysconf("SC_PAGE_SIZE")
    total = os.sysconf("SC_PHYS_PAGES") * page / 2**30
    free = available_memory()
    return f"{total:.1f} GiB" + (f", {free / 2**30:.1f} GiB free" if free is not None else "")
