import io
import math
import os
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core.picture import Picture, Size, StrengthMap
from studio.core.recipe import Provenance
from studio.core.request import GenerationRequest
from studio.engine.api import Finished, Progress
from studio.engine.buffers import BUFFERS, Outbox, SharedBuffer
from studio.engine.wire import Done, Message, Receiver, Run, Sender, Told

MADE = Provenance(model_name="", model_hash="", device="", dtype="", threads=1, steps_run=0)


class Link:
    """A sender and a receiver in one process, with a file for a pipe."""

    def __init__(self, patience: float = math.inf) -> None:
        self.buffers = [SharedBuffer.create() for _ in range(BUFFERS)]
        self.pipe = io.BytesIO()
        self.sender = Sender(self.pipe, self.buffers, patience)
        self._receiver = Receiver(self.pipe, self.buffers)
        self._read = 0

    def __enter__(self) -> "Link":
        return self

    def __exit__(self, *error: object) -> None:
        for buffer in self.buffers:
            buffer.close()

    def receive(self) -> Message | None:
        end = self.pipe.tell()
        self.pipe.seek(self._read)
        message = self._receiver.receive()
        self._read = self.pipe.tell()
        self.pipe.seek(end)
        return message


def noise(width: int, height: int) -> Picture:
    return Picture(Size(width, height), os.urandom(width * height * 4))


sides = st.integers(1, 40)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(sides, sides, sides, sides), min_size=1, max_size=6))
def test_pictures_and_maps_of_all_sizes_arrive_as_they_were(
    sizes: list[tuple[int, int, int, int]],
) -> None:
    with Link() as link:
        for number, (width, height, columns, rows) in enumerate(sizes):
            command = Run(
                number,
                GenerationRequest(
                    model=Path(),
                    seed=0,
                    size=Size(8, 8),
                    source=noise(width, height),
                    strength_map=StrengthMap(Size(columns, rows), os.urandom(columns * rows)),
                ),
            )
            link.sender.send(command)
            assert link.receive() == command


def test_the_pipe_carries_no_pixels() -> None:
    with Link() as link:
        link.sender.send(Done(1, Finished(noise(400, 300), MADE, 0.0)))
        assert len(link.pipe.getvalue()) < 1000


def test_what_was_not_read_is_not_overwritten() -> None:
    with Link(patience=0.0) as link:
        told = [Told(1, Progress("Painting", step, 3, noise(9, 9))) for step in range(3)]
        link.sender.send(told[0])
        link.sender.send(told[1])
        assert not link.sender.room
        with pytest.raises(TimeoutError):
            link.sender.send(told[2])
        assert link.receive() == told[0]
        assert link.sender.room
        link.sender.send(told[2])
        assert [link.receive(), link.receive()] == told[1:]


def test_a_sender_waits_until_there_is_room() -> None:
    buffers = [SharedBuffer.create()]
    outbox = Outbox(buffers, 10.0)
    _, generation = outbox.put([b"first"])
    threading.Timer(0.05, lambda: buffers[0].take(generation)).start()
    outbox.put([b"seco", b"nd"])
    assert buffers[0].read(0, 6) == b"second"
    buffers[0].close()


def test_what_is_cut_short_is_noticed() -> None:
    buffer = SharedBuffer.create()
    buffer.put(1, [b"123"])
    with pytest.raises(EOFError):
        buffer.read(1, 3)
    buffer.close()


@pytest.mark.skipif(sys.platform != "linux", reason="looks into Linux's /proc")
def test_nothing_is_left_behind_when_both_processes_are_killed(tmp_path: Path) -> None:
    code = """
        import os, subprocess, sys
        from studio.engine.buffers import SharedBuffer
        buffer = SharedBuffer.create()
        buffer.put(1, [bytes(5_000_000)])
        other = f"from studio.engine.buffers import SharedBuffer; import sys, time;" \\
            f"buffer = SharedBuffer.open(sys.argv[1]); assert len(buffer.read(0, 5_000_000));" \\
            f"print(flush=True); time.sleep(60)"
        child = subprocess.Popen([sys.executable, "-c", other, buffer.name],
            pass_fds=buffer.inherited, stdout=subprocess.PIPE)
        child.stdout.readline()
        print(os.listdir(os.environ["TMPDIR"]), flush=True)
        child.kill()
        os.kill(os.getpid(), 9)
    """
    before = set(Path("/dev/shm").iterdir())
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    killed = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert killed.returncode == -9
    assert killed.stdout == "[]\n", killed.stderr
    assert list(tmp_path.iterdir()) == []
    assert not any("underpaint" in path.name for path in set(Path("/dev/shm").iterdir()) - before)
