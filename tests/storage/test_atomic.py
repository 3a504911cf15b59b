import errno
import os
import random
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.core.errors import UserError
from studio.storage.atomic import replacing, write_atomic


def test_the_new_bytes_replace_the_old_and_nothing_lies_beside_them(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    write_atomic(path, b"old")
    write_atomic(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "no room left on the disk for 'a.bin'"),
        (OSError(errno.EROFS, "Read-only file system"), "You may not write"),
        (OSError(errno.EIO, "Input/output error"), "a.bin' cannot be written: input/output error"),
    ],
)
def test_a_failing_disk_leaves_the_old_file_whole_and_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, sentence: str
) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with pytest.raises(UserError, match=sentence):
        _write_with_sync_raising(monkeypatch, path, error)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_writer_that_gives_up_half_way_leaves_the_old_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    def pieces() -> Iterator[bytes]:
        yield b"ne"
        raise RuntimeError

    with pytest.raises(RuntimeError), replacing(path) as file:
        file.writelines(pieces())
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupt_leaves_the_old_file_whole_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt):
        _write_with_sync_raising(monkeypatch, path, KeyboardInterrupt())
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def _write_with_sync_raising(
    monkeypatch: pytest.MonkeyPatch, path: Path, error: BaseException
) -> None:
    def fsync(handle: int) -> None:
        raise error

    monkeypatch.setattr(os, "fsync", fsync)
    write_atomic(path, b"new")


def test_a_missing_folder_and_a_folder_in_the_way_are_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no folder"):
        write_atomic(tmp_path / "none" / "a.bin", b"new")
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="There is no folder"):
        write_atomic(tmp_path / "file" / "a.bin", b"new")
    with pytest.raises(UserError, match="is a folder"):
        write_atomic(tmp_path, b"new")
    with pytest.raises(UserError, match="too long"):
        write_atomic(tmp_path / ("a" * 300), b"new")


def test_a_device_or_pipe_is_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(UserError, match="not an ordinary file"):
        write_atomic(pipe, b"new")
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_file_made_read_only_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "access", lambda target, mode: False)  # root may write anything
    with pytest.raises(UserError, match="You may not write"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"


def test_a_link_stays_a_link_and_permissions_are_kept(tmp_path: Path) -> None:
    path, link = tmp_path / "a.bin", tmp_path / "link"
    path.write_bytes(b"old")
    path.chmod(0o640)
    link.symlink_to(path.name)
    write_atomic(link, b"new")
    assert link.is_symlink()
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


WRITER = """
import itertools, pathlib, sys
from studio.storage.atomic import write_atomic
for letter in itertools.cycle((b"A", b"B")):
    write_atomic(pathlib.Path(sys.argv[1]), letter * 2_000_000)
"""


def test_a_killed_writer_never_leaves_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    chance = random.Random(0)
    for _ in range(8):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)])
        while not any(tmp_path.iterdir()) and writer.poll() is None:
            time.sleep(0.005)
        time.sleep(chance.uniform(0.03, 0.15))
        writer.send_signal(signal.SIGKILL)
        assert writer.wait() == -signal.SIGKILL
        if path.exists():
            data = path.read_bytes()
            assert len(data) == 2_000_000
            assert data.count(data[:1]) == len(data)
    assert path.exists()
