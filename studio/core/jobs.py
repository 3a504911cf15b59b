"""The queue of pictures to make, in the order they were asked for."""

from dataclasses import dataclass, replace
from enum import Enum

from studio.core.request import GenerationRequest
from studio.core.signal import Signal

JobId = int


class JobState(Enum):
    """Where a job is in its life; the last three are final.

    A paused one is from before a crash, and waits for the person's word.
    """

    PAUSED = "paused"
    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Whether nothing more will happen to the job."""
        return self in (JobState.FINISHED, JobState.FAILED, JobState.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One picture on its way. `done` of `total` steps are behind it; `stage` says what it does."""

    id: JobId
    request: GenerationRequest
    state: JobState = JobState.QUEUED
    stage: str = ""
    done: int = 0
    total: int = 0
    message: str = ""  # why it failed


class JobQueue:
    """Jobs in order of arrival. UI thread only; `changed` carries the job as it is now."""

    def __init__(self) -> None:
        self._jobs: dict[JobId, Job] = {}
        self._last = 0
        self.changed: Signal[Job] = Signal()

    @property
    def open(self) -> tuple[Job, ...]:
        """The jobs that are not over, oldest first."""
        return tuple(self._jobs.values())

    def find(self, job: JobId) -> Job | None:
        """The job, or None once it is over: events that come late find nothing."""
        return self._jobs.get(job)

    def add(self, request: GenerationRequest, state: JobState = JobState.QUEUED) -> Job:
        """Put a request at the end of the queue."""
        self._last += 1
        return self._keep(Job(id=self._last, request=request, state=state))

    def resume(self, job: JobId) -> None:
        """A paused job is in the queue like any other; ignored once it is over."""
        if found := self.find(job):
            self._keep(replace(found, state=JobState.QUEUED))

    def advance(self, job: JobId, stage: str, done: int, total: int) -> None:
        """Note that a job runs and how far it is; ignored once it is over."""
        if found := self.find(job):
            running = JobState.RUNNING
            self._keep(replace(found, state=running, stage=stage, done=done, total=total))

    def end(self, job: JobId, state: JobState, message: str = "") -> None:
        """Take a job out of the queue in one of the final states; ignored once it is over."""
        if found := self.find(job):
            self._keep(replace(found, state=state, message=message))

    def _keep(self, job: Job) -> Job:
        if job.state.final:
            del self._jobs[job.id]
        else:
            self._jobs[job.id] = job
        self.changed.emit(job)
        return job
