import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from studio.core.errors import Cancelled, UserError
from studio.core.picture import Picture, Size
from studio.core.recipe import Provenance
from studio.core.request import GenerationRequest
from studio.engine import child
from studio.engine.api import Finished, Progress
from studio.engine.child import ChildEngine, EngineFault
from studio.engine.host import Host
from studio.engine.wire import Done, Ready, Run, Told
from studio.engine.worker import Worker

HOSTED = Path(__file__).parent / "hosted"

Ask = Callable[..., GenerationRequest]


def never() -> bool:
    return False


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ChildEngine]:
    """A child that does what the prompt says; started from a folder that is not the project's."""
    monkeypatch.setenv("PYTHONPATH", str(HOSTED))
    monkeypatch.chdir(tmp_path)
    engine = ChildEngine("hosted_engines:Scripted")
    yield engine
    engine.close()


def pid_of(told: list[Progress]) -> int:
    return int(told[-1].stage.removeprefix("pid "))


def run(engine: ChildEngine, request: GenerationRequest) -> tuple[int, int]:
    """The count of requests in the process that answered, and which process it was."""
    count, process, _, _ = engine.run(request, lambda _: None, never).picture.rgba
    return count, process


def test_errors_cross_the_border_and_the_process_lives_on(
    scripted: ChildEngine, make_request: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(UserError) as refused:
        run(scripted, make_request(prompt="refuse"))
    assert (refused.value.problem, refused.value.remedy) == ("No.", "Ask for something else.")
    with pytest.raises(EngineFault, match="not for the person"):
        run(scripted, make_request(prompt="fault"))
    assert "ZeroDivisionError" in caplog.text
    assert run(scripted, make_request(prompt="print"))[0] == 3
    assert run(scripted, make_request())[0] == 4


def test_pictures_arrive_whole(scripted: ChildEngine, make_request: Ask) -> None:
    source = Picture(Size(700, 500), os.urandom(700 * 500 * 4))
    assert run(scripted, make_request(source=source, strength=0.5))[0] == 1


def test_a_cancel_that_is_ignored_kills_the_process_and_the_next_job_works(
    scripted: ChildEngine, make_request: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "CANCEL_TIMEOUT", 0.1)
    told: list[Progress] = []
    with pytest.raises(Cancelled):
        scripted.run(
            make_request(prompt="hang"), told.append, lambda: told[-1].stage.startswith("pid")
        )
    assert run(scripted, make_request())[0] == 1
    with pytest.raises(ProcessLookupError):
        os.kill(pid_of(told), 0)


def test_a_cancel_is_over_before_the_process_has_stopped_and_the_next_job_waits_for_it(
    scripted: ChildEngine, make_request: Ask
) -> None:
    told: list[Progress] = []
    with pytest.raises(Cancelled):
        scripted.run(
            make_request(prompt="slow"), told.append, lambda: told[-1].stage.startswith("pid")
        )
    process = scripted._process
    assert process is not None
    assert process.ending
    assert run(scripted, make_request())[0] == 2  # the same process
    assert not process.ending


def test_waiting_for_a_job_that_was_cancelled_can_be_cancelled(
    scripted: ChildEngine, make_request: Ask
) -> None:
    told: list[Progress] = []
    with pytest.raises(Cancelled):
        scripted.run(
            make_request(prompt="hang"), told.append, lambda: told[-1].stage.startswith("pid")
        )
    with pytest.raises(Cancelled):
        scripted.run(make_request(), lambda _: None, lambda: True)
    os.kill(pid_of(told), 0)  # nobody has killed it yet


def test_each_step_is_told_with_its_preview_or_without(
    scripted: ChildEngine, make_request: Ask
) -> None:
    told: list[Progress] = []
    result = scripted.run(make_request(prompt="previews"), told.append, never)
    previews = [progress.preview for progress in told if progress.total]
    assert len(previews) == 50
    assert all(each in (None, result.picture) for each in previews)
    assert previews[0] is not None


class OneCommand:
    """Receives a command, and then nothing for ever."""

    def __init__(self, command: Run) -> None:
        self._commands = [command]

    def receive(self) -> Run:
        while not self._commands:
            threading.Event().wait()
        return self._commands.pop()


class Crowded:
    """Keeps what is sent; has no room for pictures. Ends its user with EOFError."""

    room = False

    def __init__(self) -> None:
        self.sent: list[object] = []

    def send(self, message: object) -> None:
        self.sent.append(message)
        if isinstance(message, Done):
            raise EOFError


def test_painting_does_not_wait_for_an_app_that_is_behind_with_previews(make_request: Ask) -> None:
    picture = Picture(Size(1, 1), bytes(4))
    finished = Finished(
        picture,
        Provenance(model_name="", model_hash="", device="", dtype="", threads=1, steps_run=0),
        0.0,
    )

    class Painting:
        def run(self, request: object, emit: Callable[[Progress], None], _: object) -> Finished:
            emit(Progress("Painting", 1, 2, picture))
            return finished

    answers: Any = Crowded()
    commands: Any = OneCommand(Run(1, make_request()))
    engine: Any = Painting()
    with pytest.raises(EOFError):
        Host(commands, answers).work(engine)
    assert answers.sent == [Ready(), Told(1, Progress("Painting", 1, 2)), Done(1, finished)]


def test_unloading_ends_the_process_and_the_next_job_starts_another(
    scripted: ChildEngine, make_request: Ask
) -> None:
    run(scripted, make_request())
    scripted.unload()
    assert run(scripted, make_request())[0] == 1


def test_cancelling_while_the_libraries_are_imported_does_not_throw_them_away(
    scripted: ChildEngine, make_request: Ask
) -> None:
    with pytest.raises(Cancelled):
        scripted.prepare(Path(), lambda: True)
    with pytest.raises(Cancelled):
        scripted.run(make_request(), lambda _: None, lambda: True)
    assert run(scripted, make_request())[0] == 2  # the same process ran the abandoned one, too


def test_a_killed_process_is_one_error_and_the_next_job_works(
    scripted: ChildEngine, make_request: Ask
) -> None:
    told: list[Progress] = []

    def emit(progress: Progress) -> None:
        told.append(progress)
        if progress.stage.startswith("pid"):
            os.kill(pid_of(told), signal.SIGKILL)

    with pytest.raises(UserError, match="stopped unexpectedly"):
        scripted.run(make_request(prompt="hang"), emit, never)
    assert scripted._process is not None  # the next is on its way
    assert not scripted._process.dead
    assert run(scripted, make_request())[0] == 1


def test_too_little_memory_beside_earlier_pictures_is_tried_again_in_a_new_process(
    scripted: ChildEngine, make_request: Ask
) -> None:
    run(scripted, make_request())
    assert run(scripted, make_request(prompt="memory"))[0] == 1
    assert run(scripted, make_request())[0] == 2  # the new one stays


def test_a_picture_that_never_fits_is_given_up_after_one_new_process(
    scripted: ChildEngine, make_request: Ask
) -> None:
    run(scripted, make_request())
    with pytest.raises(EngineFault, match="out of memory"):
        run(scripted, make_request(prompt="too much"))
    with pytest.raises(EngineFault, match="out of memory"):
        run(scripted, make_request(prompt="too much"))
    assert run(scripted, make_request())[0] == 3  # since it was tried again


@pytest.mark.skipif(sys.platform != "linux", reason="as Linux does it")
def test_where_memory_ends_the_engine_dies_first(scripted: ChildEngine, make_request: Ask) -> None:
    run(scripted, make_request())
    process = scripted._process
    assert process is not None
    assert Path(f"/proc/{process._popen.pid}/oom_score_adj").read_text().strip() == "1000"


def test_the_last_words_of_a_process_are_logged(
    scripted: ChildEngine, make_request: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(UserError):
        run(scripted, make_request(prompt="die"))
    assert "my last words" in caplog.text
    assert "code 3" in caplog.text


def test_a_process_that_was_killed_while_idle_is_replaced(
    scripted: ChildEngine, make_request: Ask
) -> None:
    _, before = run(scripted, make_request())
    process = scripted._process
    assert process is not None
    process._popen.kill()
    process._readers[0].join()
    count, after = run(scripted, make_request())
    assert count == 1
    assert after != before


def test_the_process_ends_when_its_parent_does_in_the_middle_of_a_job(tmp_path: Path) -> None:
    code = f"""
import os, sys
from pathlib import Path
from studio.core.picture import Size
from studio.core.request import GenerationRequest
from studio.engine.child import ChildEngine
os.environ["PYTHONPATH"] = {str(HOSTED)!r}
def emit(progress):
    if progress.stage.startswith("pid"):
        print(progress.stage.removeprefix("pid "), flush=True)
        os._exit(0)
request = GenerationRequest(model=Path(), seed=0, size=Size(8, 8), prompt="hang")
ChildEngine("hosted_engines:Scripted").run(request, emit, lambda: False)
"""
    # The grandchild shares this stderr: it reads to its end only once that process is gone, too.
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, timeout=30, check=True
    )
    with pytest.raises(ProcessLookupError):
        wait_for_end(int(ended.stdout))


def wait_for_end(pid: int) -> None:
    """Look for a process until it is gone (ProcessLookupError) or five seconds are over."""
    pause = threading.Event()
    for _ in range(500):
        os.kill(pid, 0)
        if zombie(pid):
            raise ProcessLookupError
        pause.wait(0.01)


def zombie(pid: int) -> bool:
    """Dead, and only waiting for somebody to ask after it."""
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().split()[2] == "Z"


@pytest.mark.usefixtures("scripted")
def test_a_worker_on_a_child_tells_each_job_one_end(
    scripted: ChildEngine, make_request: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    ends: dict[int, list[str]] = {}
    over = threading.Event()

    def deliver(job: int, event: object) -> None:
        if not isinstance(event, Progress):
            ends.setdefault(job, []).append(type(event).__name__)
            if len(ends) == 3:
                over.set()

    worker = Worker(scripted, deliver)
    for job, prompt in enumerate(("die", "refuse", "fine")):
        worker.submit(job, make_request(prompt=prompt))
    assert over.wait(30)
    worker.close()
    assert ends == {0: ["Failed"], 1: ["Failed"], 2: ["Finished"]}


def test_the_child_paints_the_same_picture_as_this_process(
    paint: Callable[..., Finished], make_request: Ask
) -> None:
    engine = ChildEngine()
    told: list[Progress] = []
    finished = engine.run(make_request(), told.append, never)
    cancelled_at: list[Progress] = []
    with pytest.raises(Cancelled):
        engine.run(make_request(seed=8), cancelled_at.append, lambda: len(cancelled_at) > 2)
    again = engine.run(make_request(), lambda _: None, never)
    engine.close()
    here = paint()
    assert finished.picture == again.picture == here.picture
    assert finished.made == here.made
    assert told[0].stage == "Loading the model"
    assert [progress.stage for progress in cancelled_at if progress.done > 2] == []
