"""Memory that two processes see: how pixels cross without going through a pipe.

A buffer has no name that could outlive its owners: on Linux it is anonymous memory, elsewhere on
POSIX a file that was unlinked at birth, and the other process inherits its descriptor; on Windows
it is a temporary file that the system deletes with its last handle. So nothing is left behind,
and nothing needs clearing up, however either process ends.
"""

import errno
import os
import struct
import sys
import tempfile
import time

_HEADER = struct.Struct("<QQ")
"""Which generation the writer has put into a buffer, and which one its reader has taken."""

_WAIT = 0.001
"""Seconds between two looks at whether a buffer was read."""

BUFFERS = 2
"""How many one direction has: one is filled while the other is read."""


class SharedBuffer:
    """One growing piece of shared memory, written by one process and read by the other."""

    def __init__(self, descriptor: int, name: str) -> None:
        self._descriptor = descriptor
        self.name = name

    @classmethod
    def create(cls) -> "SharedBuffer":
        """An empty buffer. Its `name` is for `open` in the process that is started next."""
        descriptor, name = _create()
        os.ftruncate(descriptor, _HEADER.size)
        return cls(descriptor, name)

    @classmethod
    def open(cls, name: str) -> "SharedBuffer":
        """The buffer that the parent process calls by that name."""
        return cls(_open(name), name)

    @property
    def inherited(self) -> tuple[int, ...]:
        """The descriptors that the other process must inherit to open it."""
        return () if sys.platform == "win32" else (self._descriptor,)

    @property
    def generations(self) -> tuple[int, int]:
        """Which generation was put last, and which was taken last; 0 before the first."""
        put, taken = _HEADER.unpack(_read(self._descriptor, 0, _HEADER.size))
        return put, taken

    def put(self, generation: int, parts: list[bytes]) -> None:
        """Replace the contents. Raises OSError where there is no memory for it."""
        os.ftruncate(self._descriptor, _HEADER.size + sum(map(len, parts)))
        start = _HEADER.size
        for part in parts:
            if _write(self._descriptor, start, part) < len(part):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            start += len(part)
        _write(self._descriptor, 0, struct.pack("<Q", generation))

    def read(self, start: int, length: int) -> bytes:
        """A copy of `length` bytes. Raises EOFError where there are not so many."""
        data = _read(self._descriptor, _HEADER.size + start, length)
        if len(data) != length:
            raise EOFError(f"{len(data)} of {length} bytes are in the buffer")
        return data

    def take(self, generation: int) -> None:
        """Tell the writer that it may replace the contents."""
        _write(self._descriptor, 8, struct.pack("<Q", generation))

    def close(self) -> None:
        """Give the memory back, once the other process has closed it or ended, too."""
        os.close(self._descriptor)


class Outbox:
    """The writer's side of one direction's buffers."""

    def __init__(self, buffers: list[SharedBuffer], patience: float) -> None:
        self._buffers = buffers
        self._patience = patience
        self._last = 0

    @property
    def room(self) -> bool:
        """Whether something can be put at once."""
        return self._free() is not None

    def put(self, parts: list[bytes]) -> tuple[int, int]:
        """Leave parts for the reader, one behind the other; returns buffer and generation.

        Waits while all buffers are unread. Raises TimeoutError when patience ends, and OSError
        where there is no memory.
        """
        end = time.monotonic() + self._patience
        while (index := self._free()) is None:
            if time.monotonic() > end:
                raise TimeoutError("The other process reads nothing.")
            time.sleep(_WAIT)
        self._last += 1
        self._buffers[index].put(self._last, parts)
        return index, self._last

    def _free(self) -> int | None:
        for index, buffer in enumerate(self._buffers):
            put, taken = buffer.generations
            if put == taken:
                return index
        return None


if sys.platform == "win32":

    def _create() -> tuple[int, str]:
        flags = os.O_RDWR | os.O_BINARY | os.O_NOINHERIT | os.O_TEMPORARY | os.O_SHORT_LIVED
        name = os.path.join(tempfile.gettempdir(), f"underpaint-{os.urandom(8).hex()}")  # noqa: PTH118
        return os.open(name, flags | os.O_CREAT | os.O_EXCL, 0o600), name

    def _open(name: str) -> int:
        # A file that is deleted with its last handle opens only for those who ask for the same.
        return os.open(name, os.O_RDWR | os.O_BINARY | os.O_NOINHERIT | os.O_TEMPORARY)

    def _read(descriptor: int, start: int, length: int) -> bytes:
        os.lseek(descriptor, start, os.SEEK_SET)
        return os.read(descriptor, length)

    def _write(descriptor: int, start: int, data: bytes) -> int:
        os.lseek(descriptor, start, os.SEEK_SET)
        return os.write(descriptor, data)

else:

    def _create() -> tuple[int, str]:
        if sys.platform == "linux":
            descriptor = os.memfd_create("underpaint")
        else:
            with tempfile.TemporaryFile() as file:
                descriptor = os.dup(file.fileno())
        return descriptor, str(descriptor)

    def _open(name: str) -> int:
        return int(name)

    def _read(descriptor: int, start: int, length: int) -> bytes:
        return os.pread(descriptor, length, start)

    def _write(descriptor: int, start: int, data: bytes) -> int:
        return os.pwrite(descriptor, data, start)
