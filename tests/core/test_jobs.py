"""The queue tells what happens to its jobs, and forgets those that are over."""

from pathlib import Path

import pytest

from studio.core.form import FormState
from studio.core.jobs import Job, JobQueue, JobState
from studio.core.observed import Observed
from studio.core.picture import Size
from studio.core.request import GenerationRequest
from studio.core.signal import Signal

REQUEST = GenerationRequest(model=Path("m"), seed=1, size=Size(8, 8))


def test_a_job_goes_from_queued_over_running_to_its_end() -> None:
    queue, seen = JobQueue(), list[Job]()
    queue.changed.connect(seen.append)
    job = queue.add(REQUEST)
    queue.advance(job.id, "Painting", 1, 4)
    queue.end(job.id, JobState.FAILED, "No.")
    assert [each.state for each in seen] == [JobState.QUEUED, JobState.RUNNING, JobState.FAILED]
    assert seen[-1].message == "No."
    assert queue.open == ()


def test_what_comes_after_the_end_is_ignored() -> None:
    queue = JobQueue()
    job = queue.add(REQUEST)
    queue.end(job.id, JobState.CANCELLED)
    seen: list[Job] = []
    queue.changed.connect(seen.append)
    queue.advance(job.id, "Painting", 1, 4)
    queue.end(job.id, JobState.FINISHED)
    assert seen == []


def test_jobs_stay_in_the_order_they_were_asked_for() -> None:
    queue = JobQueue()
    ids = [queue.add(REQUEST).id for _ in range(3)]
    queue.advance(ids[1], "Painting", 1, 4)
    assert [job.id for job in queue.open] == ids


def test_a_slot_may_disconnect_itself_while_it_is_called() -> None:
    signal, heard = Signal[int](), list[int]()

    def once(value: int) -> None:
        heard.append(value)
        undo()

    undo = signal.connect(once)
    signal.connect(heard.append)
    signal.emit(1)
    signal.emit(2)
    assert heard == [1, 1, 2]


def test_an_observed_value_tells_only_of_changes() -> None:
    form, told = Observed(FormState()), list[FormState]()
    form.changed.connect(told.append)
    form.change(steps=20)
    form.change(steps=21)
    assert [state.steps for state in told] == [21]
    with pytest.raises(TypeError):
        form.change(nonsense=1)
