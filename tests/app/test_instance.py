"""One window for each data folder: locks, and what a second start says to the first."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from studio.app.instance import Instance, LockError
from studio.core.errors import UserError
from studio.storage.paths import AppPaths

OTHER_START = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from studio.app.instance import Instance
from studio.storage.paths import AppPaths
instance = Instance(AppPaths(*map(Path, sys.argv[1:4])))
if instance.take() or not instance.hand_over(sys.argv[4:]):
    application = QCoreApplication([])
    instance.listen(print)
    print("alone", flush=True)
    sys.stdin.read()
"""


def start(paths: AppPaths, folder: Path, *files: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", OTHER_START, paths.data, paths.config, paths.cache, *files]
    pipe = subprocess.PIPE
    root = Path(__file__).parents[2]
    return subprocess.Popen(
        command, cwd=folder, env={"PYTHONPATH": str(root)}, stdin=pipe, stdout=pipe, text=True
    )


def start_again(qapp: QApplication, paths: AppPaths, folder: Path, *files: str) -> None:
    """While the window is open here, which is to answer."""
    with start(paths, folder, *files) as second:
        while second.poll() is None:
            qapp.processEvents()
    assert second.returncode == 0


def test_a_second_start_hands_its_files_over_and_ends(
    qapp: QApplication, paths: AppPaths, tmp_path: Path
) -> None:
    first = Instance(paths)
    assert first.take()
    heard: list[list[str]] = []
    first.listen(heard.append)
    start_again(qapp, paths, tmp_path, "a fox 🦊.ora", "/elsewhere/b.png")
    assert heard == [[str(tmp_path / "a fox 🦊.ora"), "/elsewhere/b.png"]]
    first.release()
    assert Instance(paths).take()


def test_a_second_start_waits_for_the_end_of_a_window_that_is_closing(
    qapp: QApplication, paths: AppPaths, tmp_path: Path
) -> None:
    first = Instance(paths)
    assert first.take()
    heard: list[list[str]] = []
    asked: list[bool] = []

    def there() -> bool:
        asked.append(True)
        return False

    first.listen(heard.append, there)
    with start(paths, tmp_path, "a.ora") as second:
        while not asked:
            qapp.processEvents()
        first.release()
        assert second.stdout is not None
        assert second.stdout.readline() == "alone\n"
        second.kill()
    assert not heard


def test_the_place_of_a_killed_window_is_free(
    qapp: QApplication, paths: AppPaths, tmp_path: Path
) -> None:
    again = Instance(paths)
    with start(paths, tmp_path) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "alone\n"
        assert not again.take()
        first.kill()
    assert again.take()
    heard: list[list[str]] = []
    again.listen(heard.append)
    start_again(qapp, paths, tmp_path)
    assert heard == [[]]


def test_a_window_that_does_not_answer_is_told(qapp: QApplication, paths: AppPaths) -> None:
    first, second = Instance(paths), Instance(paths)
    assert first.take()
    assert not second.take()
    with pytest.raises(UserError, match="does not answer"):
        second.hand_over([], patience=0.0)


def test_other_data_folders_have_their_own_window(paths: AppPaths, tmp_path: Path) -> None:
    assert Instance(paths).take()
    assert Instance(replace(paths, data=tmp_path / "other")).take()


def test_a_folder_without_room_for_a_lock_is_told(paths: AppPaths) -> None:
    paths.data.parent.mkdir(exist_ok=True)
    paths.data.write_text("not a folder")
    with pytest.raises(LockError):
        Instance(paths).take()
