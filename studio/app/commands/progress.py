"""How far the command line is with its pictures."""

import sys

from tqdm import tqdm

from studio.engine.api import Progress


class ProgressBar:
    """One bar on stderr over all pictures, with the time left; silent where nobody watches."""

    def __init__(self, pictures: int) -> None:
        self._pictures = pictures
        self._before = 0  # steps of the pictures that are finished
        self._total = 0
        self._bar = tqdm(
            desc="Starting",
            total=0,
            file=sys.stderr,
            disable=None,  # unless stderr is a terminal
            leave=False,
            bar_format="{desc} {percentage:3.0f}% |{bar}| {n_fmt} of {total_fmt} steps, "
            "{remaining} left",
        )

    def __enter__(self) -> "ProgressBar":
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.close()

    def show(self, progress: Progress) -> None:
        """Follow the engine."""
        self._bar.set_description_str(progress.stage, refresh=False)
        if progress.total:
            self._total = progress.total
            self._bar.total = self._total * self._pictures
            self._bar.n = self._before + progress.done
        self._bar.refresh()

    def picture_done(self) -> None:
        """The next steps belong to the next picture."""
        self._before += self._total
