"""`rerun`: makes a picture again from its recipe, and compares."""

import argparse
import json
import tempfile
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from pathlib import Path

from studio.app.commands.progress import ProgressBar
from studio.app.commands.signing import own_signer
from studio.app.making.remake import Remake, Stock, remake
from studio.core.errors import UserError
from studio.core.picture import Picture, StrengthMap
from studio.core.recipe import Recipe, recipe_of
from studio.core.remaking import Difference, differences
from studio.engine.api import Finished
from studio.storage.library.library import Library
from studio.storage.likeness import Likeness, likeness
from studio.storage.metadata import read_recipe
from studio.storage.paths import AppPaths
from studio.storage.pictures import check_writable, read_map, read_picture, write_picture


def rerun(options: argparse.Namespace) -> int:
    """Make the picture again and tell how alike both are; 0 for exact and near, 1 for different.

    Raises UserError, before anything slow, where it cannot be made again.
    """
    before = read_picture(options.file)
    recipe = read_recipe(options.file)
    if recipe is None:
        raise UserError(
            f"{options.file} holds no recipe of Underpaint's.",
            "Only pictures that Underpaint made and that were not changed since have one.",
        )
    if options.out:
        check_writable(options.out)
    signer = own_signer() if options.out else None
    paths = AppPaths.for_user()
    with _Given(options.init, options.map, options.library or paths.library) as given:
        again = remake(recipe, Stock.look(paths), given)
    finished = _made(again)
    size = finished.picture.size
    now = recipe_of(again.request, finished.made, size.width, size.height)
    if options.out:
        write_picture(options.out, finished.picture, now, signer=signer)
    found = likeness(before, _as_in_a_file(finished.picture, now, options.file.suffix))
    outcome = _Outcome(found, differences(recipe, now), again.missing)
    print(outcome.as_json(options) if options.json else outcome.as_text(options))
    return 1 if found.verdict == "different" else 0


@dataclass(frozen=True, slots=True)
class _Outcome:
    likeness: Likeness
    differences: tuple[Difference, ...]
    missing: tuple[str, ...]

    def as_json(self, options: argparse.Namespace) -> str:
        told = {
            "file": str(options.file),
            "verdict": self.likeness.verdict,
            "largest": self.likeness.largest,
            "share": self.likeness.share,
            "differences": [asdict(each) for each in self.differences],
            "missing": list(self.missing),
            **({"out": str(options.out)} if options.out else {}),
        }
        return json.dumps(told)

    def as_text(self, options: argparse.Namespace) -> str:
        lines = [f"{options.file}: {self.likeness.verdict}, {self.likeness}", *self.missing]
        return "\n  ".join((*lines, *map(str, self.differences)))


class _Given:
    """The picture and the map to start from: those given, or else the library's."""

    def __init__(self, init: Path | None, map: Path | None, library: Path) -> None:
        self._init = init
        self._map = map
        self._folder = library
        self._library: Library | None = None
        self._open = ExitStack()

    def __enter__(self) -> "_Given":
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def picture_of(self, digest: str) -> Picture:
        if self._init is None:
            library = self._looked_into()
            if library and (kept := library.picture_of(digest)):
                return kept
            raise UserError(
                "The picture that this one was made from is not in the library.",
                "Give it with --init.",
            )
        found = read_picture(self._init)
        if found.digest != digest:
            raise UserError(
                f"'{self._init}' is not the picture that this one was made from.",
                "Leave --init out to have it looked for in the library.",
            )
        return found

    def map_of(self, digest: str) -> StrengthMap:
        if self._map is None:
            library = self._looked_into()
            if library and (kept := library.map_of(digest)):
                return kept
            raise UserError(
                "The strength map that this picture was made with is not in the library.",
                "Give it with --map.",
            )
        found = read_map(self._map)
        if found.digest != digest:
            raise UserError(
                f"'{self._map}' is not the strength map that this picture was made with.",
                "Leave --map out to have it looked for in the library.",
            )
        return found

    def _looked_into(self) -> Library | None:
        """The library, if there is one: looking for a picture must not make it."""
        if self._library is None and self._folder.is_dir():
            self._library = self._open.enter_context(closing(Library(self._folder)))
        return self._library


def _made(again: Remake) -> Finished:
    with ProgressBar(1) as bar:
        from studio.engine.diffusion.engine import DiffusionEngine  # imports torch: seconds

        with closing(DiffusionEngine()) as engine:
            return engine.run(again.request, bar.show, lambda: False)


def _as_in_a_file(picture: Picture, recipe: Recipe, suffix: str) -> Picture:
    """What is left of it in a file of this kind: JPEG and WebP lose some."""
    if suffix.lower() == ".png":
        return picture
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"again{suffix}"
        write_picture(file, picture, recipe)
        return read_picture(file)
