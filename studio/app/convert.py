"""`convert`: a document or picture as a file of another kind."""

import sys
from pathlib import Path

from studio.app.documents import export_picture, has_layers, read_painting
from studio.core.errors import UserError
from studio.core.recipe import Recipe
from studio.storage.metadata import read_recipe
from studio.storage.openraster import write_openraster
from studio.storage.pictures import check_writable, read_picture, write_picture


def convert(source: Path, out: Path) -> int:
    """Write `source` as the kind of file that the name `out` asks for.

    From picture to picture the recipe goes along. What is lost on the way is told on stderr.
    Raises UserError where a file cannot be read or written.
    """
    if not has_layers(out):
        check_writable(out)
    if has_layers(source) or has_layers(out):
        _painting(source, out)
    else:
        write_picture(out, read_picture(source), _recipe(source))
    print(out)
    return 0


def _painting(source: Path, out: Path) -> None:
    painting = read_painting(source)
    for remark in painting.remarks:
        print(f"underpaint: {remark}", file=sys.stderr)
    if has_layers(out):
        write_openraster(out, painting.snapshot, painting.form)
    else:
        export_picture(out, painting.snapshot)


def _recipe(source: Path) -> Recipe | None:
    try:
        return read_recipe(source)
    except UserError as error:  # the picture is sound, it was read before
        print(f"underpaint: {error} It is left out.", file=sys.stderr)
        return None
