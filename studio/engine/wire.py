"""What an engine's process and its parent say to each other, and how it is framed."""

import io
import pickle
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from studio.core.errors import Cancelled, UserError
from studio.core.picture import Picture, Size, StrengthMap
from studio.core.request import GenerationRequest
from studio.engine.api import Finished, Progress
from studio.engine.buffers import Outbox, SharedBuffer

_FRAME = struct.Struct(">QBQ")
"""Bytes that follow; which buffer holds the message's pixels, in which generation (0: none)."""


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
Message = Command | Cancel | Answer


class Sender:
    """Writes messages to a pipe, and the pixels in them to shared memory. For one thread."""

    def __init__(self, stream: BinaryIO, buffers: list[SharedBuffer], patience: float) -> None:
        self._stream = stream
        self._outbox = Outbox(buffers, patience)

    @property
    def room(self) -> bool:
        """Whether a message with pixels can be sent without waiting for the other side."""
        return self._outbox.room

    def send(self, message: Message) -> None:
        """Write one message. Raises OSError if the other side is gone, or reads nothing."""
        body = io.BytesIO()
        pickler = _Pickler(body, protocol=pickle.HIGHEST_PROTOCOL)
        pickler.dump(message)
        index, generation = self._outbox.put(pickler.parts) if pickler.parts else (0, 0)
        data = body.getvalue()
        self._stream.write(_FRAME.pack(len(data), index, generation) + data)
        self._stream.flush()


class Receiver:
    """Reads what a Sender writes. For one thread."""

    def __init__(self, stream: BinaryIO, buffers: list[SharedBuffer]) -> None:
        self._stream = stream
        self._buffers = buffers

    def receive(self) -> Message | None:
        """One message, waiting for it; None once the other side is gone.

        Only for pipes between our own two processes: a pickle runs what its writer wants.
        """
        header = self._stream.read(_FRAME.size)
        if len(header) < _FRAME.size:
            return None
        length, index, generation = _FRAME.unpack(header)
        data = self._stream.read(length)
        if len(data) < length:
            return None
        buffer = self._buffers[index]
        message: Message = _Unpickler(io.BytesIO(data), buffer).load()
        if generation:
            buffer.take(generation)
        return message


class _Pickler(pickle.Pickler):
    """Leaves pixels out: they are collected in `parts`, and the pickle says where they are."""

    def __init__(self, file: io.BytesIO, protocol: int) -> None:
        super().__init__(file, protocol)
        self.parts: list[bytes] = []
        self._end = 0

    def persistent_id(self, value: Any) -> tuple[type, int, int, int, int] | None:
        if isinstance(value, Picture):
            return Picture, value.size.width, value.size.height, *self._keep(value.rgba)
        if isinstance(value, StrengthMap):
            return StrengthMap, value.size.width, value.size.height, *self._keep(value.values)
        return None

    def _keep(self, data: bytes) -> tuple[int, int]:
        start, self._end = self._end, self._end + len(data)
        self.parts.append(data)
        return start, len(data)


class _Unpickler(pickle.Unpickler):
    """Fetches pixels from where the pickle says they are."""

    def __init__(self, file: io.BytesIO, buffer: SharedBuffer) -> None:
        super().__init__(file)
        self._buffer = buffer

    def persistent_load(self, place: Any) -> Picture | StrengthMap:
        kind, width, height, start, length = place
        made: Picture | StrengthMap = kind(Size(width, height), self._buffer.read(start, length))
        return made
