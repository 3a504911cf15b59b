import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from studio.core.errors import Cancelled, UserError
from studio.core.picture import Picture, Size
from studio.core.recipe import Provenance
from studio.core.request import GenerationRequest
from studio.engine.api import Emit, Event, Failed, Finished, IsCancelled, Progress, Stopped
from studio.engine.worker import Worker

MADE = Provenance(model_name="", model_hash="", device="", dtype="", threads=1, steps_run=0)
RESULT = Finished(Picture(Size(1, 1), bytes(4)), MADE, 0.0)
LONG = 10.0  # seconds; only reached when a test fails


class FakeEngine:
    """Does what the prompt says, and remembers what it was asked."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.threads: set[int] = set()
        self.busy = threading.Event()
        self.go_on = threading.Event()
        self.unloaded = threading.Event()

    def prepare(self, model: Path, cancelled: IsCancelled) -> None:
        self.calls.append(f"prepare {model}")
        if str(model) == "bad":
            raise UserError("Not a model.")
        if str(model) == "slow":
            self._wait(cancelled)

    def run(self, request: GenerationRequest, emit: Emit, cancelled: IsCancelled) -> Finished:
        self.calls.append(request.prompt)
        self.threads.add(threading.get_ident())
        if request.prompt == "refuse":
            raise UserError("No.", "Do this.")
        if request.prompt == "memory":
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried 99 bytes")
        if request.prompt == "fault":
            raise ZeroDivisionError
        emit(Progress("Painting", 0, 1))
        if request.prompt == "wait":
            self._wait(cancelled, lambda: emit(Progress("Painting", 1, 1)))
        return RESULT

    def unload(self) -> None:
        self.calls.append("unload")
        self.unloaded.set()

    def close(self) -> None:
        self.calls.append("close")

    def _wait(self, cancelled: IsCancelled, tick: Callable[[], None] = lambda: None) -> None:
        self.busy.set()
        while not self.go_on.wait(0.005):
            tick()
            if cancelled():
                raise Cancelled


class Inbox:
    """The events of each job; `wait` blocks until a job is over."""

    def __init__(self) -> None:
        self.events: dict[int, list[Event]] = {}
        self._changed = threading.Condition()

    def deliver(self, job: int, event: Event) -> None:
        with self._changed:
            self.events.setdefault(job, []).append(event)
            self._changed.notify_all()

    def final(self, job: int) -> list[Event]:
        events = self.events.get(job, [])
        return [event for event in events if not isinstance(event, Progress)]

    def wait(self, job: int) -> Event:
        with self._changed:
            assert self._changed.wait_for(lambda: self.final(job), LONG)
            return self.final(job)[0]


@pytest.fixture
def fake() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def worker(fake: FakeEngine, inbox: Inbox) -> Iterator[Worker]:
    worker = Worker(fake, inbox.deliver)
    yield worker
    worker.close()


@pytest.fixture
def ask(make_request: Callable[..., GenerationRequest]) -> Callable[[str], GenerationRequest]:
    return lambda prompt: make_request(prompt=prompt)


Ask = Callable[[str], GenerationRequest]


def test_jobs_run_in_order_on_one_other_thread(
    worker: Worker, fake: FakeEngine, inbox: Inbox, ask: Ask
) -> None:
    for job in range(3):
        worker.submit(job, ask(f"picture {job}"))
    assert [inbox.wait(job) for job in range(3)] == [RESULT] * 3
    assert fake.calls == ["picture 0", "picture 1", "picture 2"]
    assert len(fake.threads) == 1
    assert threading.get_ident() not in fake.threads


def test_errors_become_sentences_and_the_next_job_runs(
    worker: Worker, inbox: Inbox, ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    for job, prompt in enumerate(("refuse", "memory", "fault", "fine")):
        worker.submit(job, ask(prompt))
    assert inbox.wait(3) == RESULT
    assert inbox.wait(0) == Failed("No.", "Do this.")
    memory, fault = inbox.wait(1), inbox.wait(2)
    assert isinstance(memory, Failed)
    assert "memory" in memory.problem
    assert isinstance(fault, Failed)
    assert "ZeroDivisionError" in caplog.text
    assert "ZeroDivisionError" not in str(fault)


def test_a_running_job_is_stopped_and_one_that_waits_knows_at_once(
    worker: Worker, fake: FakeEngine, inbox: Inbox, ask: Ask
) -> None:
    worker.submit(1, ask("wait"))
    worker.submit(2, ask("never"))
    assert fake.busy.wait(LONG)
    worker.cancel(2)
    assert inbox.wait(2) == Stopped()  # while the first still runs
    assert not inbox.final(1)
    worker.cancel(1)
    worker.cancel(99)
    assert inbox.wait(1) == Stopped()
    assert fake.calls == ["wait"]


def test_closing_stops_everything_with_one_final_event_each(
    fake: FakeEngine, inbox: Inbox, ask: Ask
) -> None:
    worker = Worker(fake, inbox.deliver)
    worker.submit(1, ask("wait"))
    worker.submit(2, ask("never"))
    worker.submit(3, ask("never"))
    worker.cancel(3)
    assert fake.busy.wait(LONG)
    worker.close()
    worker.close()
    assert [inbox.final(job) for job in (1, 2, 3)] == [[Stopped()]] * 3
    assert fake.calls == ["wait", "close"]
    with pytest.raises(RuntimeError):
        worker.submit(4, ask("too late"))


def test_a_preparation_gives_way_to_a_job(
    worker: Worker, fake: FakeEngine, inbox: Inbox, ask: Ask
) -> None:
    worker.prepare(Path("slow"))
    assert fake.busy.wait(LONG)
    worker.submit(1, ask("picture"))
    assert inbox.wait(1) == RESULT
    assert fake.calls == ["prepare slow", "picture"]


def test_a_job_waits_for_the_preparation_of_its_own_model_unless_it_is_cancelled(
    worker: Worker, fake: FakeEngine, inbox: Inbox, ask: Ask
) -> None:
    worker.prepare(Path("slow"))
    assert fake.busy.wait(LONG)
    worker.submit(1, replace(ask("picture"), model=Path("slow")))
    assert inbox.events.get(1) is None
    worker.cancel(1)
    assert inbox.wait(1) == Stopped()
    fake.busy.clear()
    worker.prepare(Path("slow"))
    assert fake.busy.wait(LONG)
    worker.submit(2, replace(ask("picture"), model=Path("slow")))
    fake.go_on.set()
    assert inbox.wait(2) == RESULT
    assert fake.calls == ["prepare slow", "prepare slow", "picture"]


def test_a_failed_preparation_is_logged_and_told_to_nobody(
    worker: Worker, inbox: Inbox, ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    logged = threading.Event()
    caplog.handler.addFilter(lambda record: logged.set() or True)
    worker.prepare(Path("bad"))
    assert logged.wait(LONG)
    worker.submit(1, ask("picture"))
    assert inbox.wait(1) == RESULT
    assert "Not a model." in caplog.text
    assert set(inbox.events) == {1}


def test_an_engine_that_finishes_in_spite_of_a_cancel_tells_once(
    worker: Worker, fake: FakeEngine, inbox: Inbox, ask: Ask
) -> None:
    worker.submit(1, ask("wait"))
    assert fake.busy.wait(LONG)
    fake.go_on.set()
    inbox.wait(1)
    worker.cancel(1)  # too late
    worker.submit(2, ask("picture"))
    assert inbox.wait(2) == RESULT
    assert inbox.final(1) == [RESULT]


def test_an_engine_that_was_used_is_unloaded_once_when_nothing_comes_for_a_while(
    fake: FakeEngine, inbox: Inbox, ask: Ask
) -> None:
    worker = Worker(fake, inbox.deliver, idle=0.02)
    for job in range(2):
        worker.submit(job, ask("picture"))
        inbox.wait(job)
        assert fake.unloaded.wait(LONG)
        fake.unloaded.clear()
        assert not fake.unloaded.wait(0.1)  # and not again
    worker.close()
    assert fake.calls == ["picture", "unload", "picture", "unload", "close"]
