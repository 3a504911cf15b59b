"""Kills the app at random moments, and looks at what is left of everything it had acknowledged."""

import hashlib
import json
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage

from studio.core.picture import Size
from studio.paint.layer import LayerProps
from studio.paint.snapshot import Sheet, Snapshot
from studio.paint.tiles import Tiles
from studio.storage.journal.reader import find_offers, recover
from studio.storage.library.entry import Query
from studio.storage.library.library import Library
from studio.storage.library.verify import verify
from studio.storage.openraster import read_openraster, write_openraster

SIZE = Size(420, 300)
START = 60.0  # seconds within which the app must be open


def digest_of(image: QImage) -> str:
    """Of what is seen."""
    bits = image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
    return hashlib.sha256(bits.constBits()).hexdigest()[:16]


@dataclass
class Tally:
    """What a series of kills has come to; `problems` are sentences, and should stay empty."""

    kills: int = 0
    pictures: int = 0
    states: int = 0
    lost: list[float] = field(default_factory=list)  # seconds of painting
    problems: list[str] = field(default_factory=list)


class KillTest:
    """One home folder whose app is killed again and again."""

    def __init__(self, home: Path, seed: int = 0) -> None:
        self._home = home
        self._dice = random.Random(seed)
        self._seeds: set[int] = set()  # of pictures that must be there
        self._files: set[str] = set()  # digests of which the file may have one
        self._expected = ""  # what the next start must show
        self.tally = Tally()
        paper = Tiles.filled(QRect(0, 0, SIZE.width, SIZE.height), QColor("white"))
        sheet = Sheet(props=LayerProps(name="Paper"), tiles=paper)
        snapshot = Snapshot(size=SIZE, sheets=(sheet,))
        write_openraster(home / "painting.ora", snapshot)
        self._files.add(digest_of(snapshot.flattened()))

    def kill_once(self) -> None:
        """Start, wait for a random moment, kill, and look."""
        said = _Listener(self._home, self._dice.randrange(2**31))
        try:
            said.wait_until_ready()
            time.sleep(self._dice.uniform(0.5, 5.0))
        finally:
            killed = said.kill()
        self.tally.kills += 1
        if self._expected and said.first("ready") != self._expected:
            self._complain("the painting that was restored is not the one that was kept")
        self._look_at_pictures(said)
        self._look_at_file(said)
        self._look_at_painting(said, killed)

    def finish(self) -> None:
        """What the library says of itself after all."""
        library = Library(self._home / "data" / "library")
        troubles = [step.trouble for step in verify(library.shelf) if step.trouble]
        library.close()
        self.tally.problems += [f"verify: {each}" for each in troubles]

    def _look_at_pictures(self, said: "_Listener") -> None:
        acknowledged = {seed for _, seed in said.all("picture")}
        self.tally.pictures += len(acknowledged)
        self._seeds |= acknowledged
        given_up = {seed for _, seeds in said.all("binning") for seed in seeds}
        self._seeds -= given_up
        folder = self._home / "data" / "library"
        if not (folder / "library.sqlite3").exists():
            return
        with closing(sqlite3.connect(folder / "library.sqlite3")) as db:
            if db.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                self._complain("the library's database is damaged")
        library = Library(folder)
        found = {entry.recipe.seed: entry for entry in library.entries(library.ids(Query()))}
        for seed in self._seeds:
            if seed not in found:
                self._complain(f"picture {seed} is lost")
                continue
            picture = library.read(found[seed])
            if picture.rgba[:3] != bytes((seed % 256, 90, 30)):
                self._complain(f"picture {seed} is another one")
        library.close()

    def _look_at_file(self, said: "_Listener") -> None:
        saves = [(t, word, value) for word, t, value in said.lines if word in ("saving", "saved")]
        for _, word, value in saves:
            if word == "saving":
                self._files.add(value)
                latest = value
            else:
                self._files = {latest}
        file = read_openraster(self._home / "painting.ora")
        digest = digest_of(file.snapshot.flattened())
        if digest not in self._files:
            self._complain("the file is not what was saved")
        self._files = {digest}

    def _look_at_painting(self, said: "_Listener", killed: float) -> None:
        states = said.all("state")
        self.tally.states += len(states)
        copy = self._home / "looked-at"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self._home / "data" / "recovery", copy)
        offers, complaints = find_offers(copy)
        self.tally.problems += complaints
        if offers:
            found = recover(offers[0].path)
            if found.damage:
                self._complain(found.damage)
            seen = [digest_of(snapshot.flattened()) for _, snapshot in found.states]
            self._expected = seen[found.position]
        else:
            seen = list(self._files)
            self._expected = ""
        kept = max((at for at, (_, digest) in enumerate(states) if digest in seen), default=-1)
        after = [moment for moment, _ in states[kept + 1 :]]
        lost = killed - after[0] if after else 0.0
        self.tally.lost.append(lost)
        if lost > 2.0:
            self._complain(f"{lost:.1f} s of painting are lost")

    def _complain(self, words: str) -> None:
        self.tally.problems.append(f"kill {self.tally.kills}: {words}")


class _Listener:
    """A running app, and what it has said so far."""

    def __init__(self, home: Path, seed: int) -> None:
        command = [sys.executable, "-m", "tests.app.kill_driver", str(home), str(seed)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.lines: list[tuple[str, float, Any]] = []
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def wait_until_ready(self) -> None:
        end = time.monotonic() + START
        while not self.all("ready"):
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("the app did not open")
            time.sleep(0.01)

    def kill(self) -> float:
        """End it at once; returns when that was."""
        moment = time.monotonic()
        self._process.kill()
        self._process.wait()
        self._thread.join()
        assert self._process.stdout is not None
        self._process.stdout.close()
        return moment

    def all(self, word: str) -> list[tuple[float, Any]]:
        """When each of those was said, and of what."""
        return [(moment, value) for said, moment, value in list(self.lines) if said == word]

    def first(self, word: str) -> Any:
        """The value that was said first with it."""
        return self.all(word)[0][1]

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            word, moment, value = json.loads(line)
            self.lines.append((word, moment, value))
