"""`convert`: a document or picture as a file of another kind."""

import sys
from pathlib import Path

from studio.app.commands.signing import own_signer
from studio.app.painting.documents import (
    check_exportable,
    export,
    has_layers,
    is_document,
    read_painting,
)
from studio.core.blank import DPI
from studio.core.errors import UserError
from studio.core.recipe import Recipe
from studio.storage.marks import mark_in_file
from studio.storage.metadata import read_recipe
from studio.storage.openraster import write_openraster
from studio.storage.pictures import read_scan, write_picture


def convert(source: Path, out: Path) -> int:
    """Write `source` as the kind of file that the name `out` asks for.

    From picture to picture the recipe goes along. What is lost on the way is told on stderr.
    Raises UserError where a file cannot be read or written.
    """
    if not is_document(out):
        check_exportable(out)
    if has_layers(source) or has_layers(out):
        _painting(source, out)
    else:
        picture, dpi = read_scan(source)
        mark, signer = mark_in_file(source), own_signer()
        write_picture(out, picture, _recipe(source), dpi, mark=mark, signer=signer)
    print(out)
    return 0


def _painting(source: Path, out: Path) -> None:
    painting = read_painting(source)
    dpi = painting.dpi or DPI
    remarks = painting.remarks
    if is_document(out):
        write_openraster(out, painting.snapshot, painting.form, dpi)
    else:
        remarks += export(out, painting.snapshot, dpi, signer=own_signer())
    for remark in remarks:
        print(f"underpaint: {remark}", file=sys.stderr)


def _recipe(source: Path) -> Recipe | None:
    try:
        return read_recipe(source)
    except UserError as error:  # the picture is sound, it was read before
        print(f"underpaint: {error} It is left out.", file=sys.stderr)
        return None
