"""Engines for the child process's tests; the path of this folder is given to the child."""

import os
import sys
import time
from pathlib import Path

from studio.core.errors import Cancelled, UserError
from studio.core.picture import Picture, Size
from studio.core.recipe import Provenance
from studio.core.request import GenerationRequest
from studio.engine.api import Emit, Finished, IsCancelled, Progress
from studio.engine.machine import out_of_memory

MADE = Provenance(model_name="", model_hash="", device="", dtype="", threads=1, steps_run=0)


class Scripted:
    """Does what the prompt says; the result's first pixel is the process's number of requests."""

    def __init__(self) -> None:
        self._count = 0

    def prepare(self, model: Path, cancelled: IsCancelled) -> None:
        """Nothing to load."""

    def run(self, request: GenerationRequest, emit: Emit, cancelled: IsCancelled) -> Finished:
        """Obey the prompt."""
        self._count += 1
        self._fail(request.prompt)
        if request.prompt == "print":
            sys.stdout.write("noise on stdout")
            sys.stdout.flush()
            os.write(1, b"more of it")
        if request.prompt == "slow":
            emit(Progress(f"pid {os.getpid()}"))
            time.sleep(0.3)
            raise Cancelled
        if request.prompt == "previews":
            picture = Picture(Size(200, 200), bytes(range(250)) * 640)
            for step in range(50):
                emit(Progress("Painting", step, 50, picture))
            return Finished(picture, MADE, 0.0)
        if request.prompt == "hang":
            emit(Progress(f"pid {os.getpid()}"))
            time.sleep(60)
        if request.prompt == "die":
            sys.stderr.write("my last words\n")
            sys.stderr.flush()
            os._exit(3)
        pixel = bytes((self._count, os.getpid() % 251, 0, 255))
        return Finished(Picture(Size(1, 1), pixel), MADE, 0.0)

    def _fail(self, prompt: str) -> None:
        if prompt == "refuse":
            raise UserError("No.", "Ask for something else.")
        if prompt == "fault":
            raise ZeroDivisionError("not for the person")
        if prompt == "memory" and self._count > 1:
            raise out_of_memory()
        if prompt == "too much":
            raise RuntimeError("CUDA out of memory.")

    def unload(self) -> None:
        """Nothing to give back."""

    def close(self) -> None:
        """Nothing to give back."""
