"""What an engine's process and its parent say to each other, and how it is framed."""

import pickle
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from studio.core.errors import Cancelled, UserError
from studio.core.request import GenerationRequest
from studio.engine.api import Finished, Progress

_LENGTH = struct.Struct(">Q")


@dataclass(frozen=True, slots=True)
class Prepare:
    """To the engine: load a model."""

    number: int
    model: Path


@dataclass(frozen=True, slots=True)
class Run:
    """To the engine: make a picture."""

    number: int
    request: GenerationRequest


@dataclass(frozen=True, slots=True)
class Cancel:
    """To the engine: stop the command of that number, if it is not over."""

    number: int


@dataclass(frozen=True, slots=True)
class Ready:
    """From the engine: imports are done, so everything is answered soon from now on."""


@dataclass(frozen=True, slots=True)
class Told:
    """From the engine: how a command goes."""

    number: int
    progress: Progress


@dataclass(frozen=True, slots=True)
class Done:
    """From the engine: a command is over. `finished` is None for Prepare."""

    number: int
    finished: Finished | None


@dataclass(frozen=True, slots=True)
class Refused:
    """From the engine: a command ended with an error that is meant for the person."""

    number: int
    error: UserError | Cancelled


@dataclass(frozen=True, slots=True)
class Broke:
    """From the engine: a command ended with a fault of ours."""

    number: int
    summary: str
    trace: str


Command = Prepare | Run
Answer = Ready | Told | Done | Refused | Broke


def send(stream: BinaryIO, message: Command | Cancel | Answer) -> None:
    """Write one message. Raises OSError if the other side is gone."""
    data = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(_LENGTH.pack(len(data)) + data)
    stream.flush()


def receive(stream: BinaryIO) -> Command | Cancel | Answer | None:
    """Read one message, waiting for it; None once the other side is gone.

    Only for pipes between our own two processes: a pickle runs what its writer wants.
    """
    header = stream.read(_LENGTH.size)
    if len(header) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(header)
    data = stream.read(length)
    if len(data) < length:
        return None
    message: Command | Cancel | Answer = pickle.loads(data)
    return message
