"""Which files were opened or saved last."""

from pathlib import Path

from studio.core.observed import Observed
from studio.core.settings import MAX_RECENT


class Recent:
    """Their absolute paths in `paths`, last used first."""

    def __init__(self, paths: tuple[str, ...]) -> None:
        self.paths = Observed(paths)

    def add(self, path: Path) -> None:
        """This one was used just now."""
        used = str(path.absolute())
        others = [each for each in self.paths.value if each != used]
        self.paths.set((used, *others)[:MAX_RECENT])


def gone(paths: tuple[str, ...]) -> set[str]:
    """Those of the paths at which there is no file. Slow where they lie on a lost drive."""
    return {path for path in paths if not Path(path).is_file()}
