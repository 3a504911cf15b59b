"""The Generate button, and how the pictures that were asked for are coming along."""

from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.core.jobs import Job, JobQueue, JobState
from studio.ui.actions import Actions
from studio.ui.theme import faint_label


class QueuePanel(QWidget):
    """Starts jobs, shows the running one and how many wait, and cancels."""

    def __init__(self, queue: JobQueue, actions: Actions) -> None:
        super().__init__()
        self._queue = queue
        generate = actions["generate"]
        self._generate = QPushButton("Generate")
        self._generate.setObjectName("generate")
        self._generate.setToolTip(generate.toolTip())
        self._generate.clicked.connect(generate.trigger)
        self._stage = faint_label()
        self._bar = QProgressBar(textVisible=False)
        self._cancel = QToolButton()
        self._cancel.setDefaultAction(actions["cancel"])
        self._progress = QWidget()
        room = self._progress.sizePolicy()
        room.setRetainSizeWhenHidden(True)  # nothing below jumps when a job starts
        self._progress.setSizePolicy(room)
        grid = QGridLayout(self._progress)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(0)
        grid.addWidget(self._bar, 0, 0, 1, 2)
        grid.addWidget(self._stage, 1, 0)
        grid.addWidget(self._cancel, 1, 1)
        grid.setColumnStretch(0, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._generate)
        layout.addWidget(self._progress)
        self._paused = PausedRow(actions)
        layout.addWidget(self._paused)
        queue.changed.connect(self._show)
        self._show(None)

    def _show(self, job: Job | None) -> None:
        paused = [each for each in self._queue.open if each.state is JobState.PAUSED]
        self._paused.show_count(len(paused))
        jobs = [each for each in self._queue.open if each.state is not JobState.PAUSED]
        running = next((each for each in jobs if each.state is JobState.RUNNING), None)
        waiting = len(jobs) - (running is not None)
        self._progress.setVisible(bool(jobs))
        self._cancel.defaultAction().setEnabled(bool(jobs))
        self._bar.setRange(0, running.total if running else 0)  # 0..0 swings while it loads
        self._bar.setValue(running.done if running else 0)
        words = [describe(running)] if running else ["Getting ready"] if jobs else []
        if waiting:
            words.append(f"{waiting} waiting")
        self._stage.setText(", ".join(words))


class PausedRow(QWidget):
    """What the queue held when the app was ended in its midst; hidden while there is nothing."""

    def __init__(self, actions: Actions) -> None:
        super().__init__()
        self._actions = [actions["resume_jobs"], actions["clear_jobs"]]
        self._words = faint_label()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._words, 1)
        for words, action in zip(("Resume", "Clear"), self._actions, strict=True):
            button = QPushButton(words)
            button.setToolTip(action.text())
            button.clicked.connect(action.trigger)
            row.addWidget(button)

    def show_count(self, count: int) -> None:
        """So many pictures wait."""
        self.setVisible(count > 0)
        self._words.setText(f"{count} paused")
        for action in self._actions:
            action.setEnabled(count > 0)


def describe(job: Job) -> str:
    """Where a running job is, in words."""
    if not job.total:
        return job.stage
    return f"{job.stage}, step {job.done} of {job.total}"
