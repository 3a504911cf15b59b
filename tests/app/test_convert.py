"""`convert` between every pair of kinds of files that can be written."""

from pathlib import Path

import pytest
from PIL import Image

from studio.app.cli import main
from studio.app.painting.documents import read_painting
from studio.core.blank import DPI
from studio.core.picture import Picture, Size
from studio.paint.layer import LayerProps
from studio.paint.modes import BlendMode
from studio.paint.pictures import image_to_picture, picture_tiles
from studio.paint.snapshot import Sheet, Snapshot
from studio.storage.marks import mark_of
from studio.storage.metadata import Mark
from studio.storage.openraster import write_openraster
from studio.storage.pictures import write_picture
from tests.storage.samples import gradient

KINDS = (".ora", ".psd", ".png", ".webp", ".tif")


@pytest.fixture
def painting(tmp_path: Path) -> Path:
    tiles = picture_tiles(gradient())
    sheets = (
        Sheet(props=LayerProps(name="Below"), tiles=tiles),
        Sheet(props=LayerProps(name="Above", opacity=0.4), tiles=tiles),
    )
    path = tmp_path / "whole.ora"
    write_openraster(path, Snapshot(size=Size(64, 48), sheets=sheets), None, 144.0)
    return path


@pytest.mark.parametrize("first", KINDS)
@pytest.mark.parametrize("second", KINDS)
def test_a_painting_looks_the_same_whatever_it_goes_through(
    painting: Path, tmp_path: Path, first: str, second: str
) -> None:
    between, last = tmp_path / f"between{first}", tmp_path / f"last{second}"
    assert main(["convert", str(painting), str(between)]) == 0
    assert main(["convert", str(between), str(last)]) == 0
    whole, came = read_painting(painting), read_painting(last)
    with_layers = {first, second} <= {".ora", ".psd"}
    names = [sheet.props.name for sheet in came.snapshot.sheets]
    assert len(names) == (2 if with_layers else 1)
    pictures = [image_to_picture(each.snapshot.flattened()) for each in (whole, came)]
    before, after = (
        Image.frombytes("RGBA", (64, 48), each.rgba).convert("RGBa") for each in pictures
    )
    assert before.tobytes() == after.tobytes()
    if ".webp" in (first, second):  # which has no place for it
        assert came.dpi == (DPI if first == ".webp" and second in (".ora", ".psd") else None)
    else:
        assert came.dpi == pytest.approx(144.0, abs=0.1)


@pytest.mark.parametrize("first", KINDS)
def test_a_models_part_is_told_whatever_it_goes_through(tmp_path: Path, first: str) -> None:
    made, between = tmp_path / "made.png", tmp_path / f"between{first}"
    write_picture(made, Picture(Size(4, 3), bytes((1, 2, 3, 255)) * 12), mark=Mark.GENERATED)
    assert main(["convert", str(made), str(between)]) == 0
    for second in KINDS:
        last = tmp_path / f"last{second}"
        assert main(["convert", str(between), str(last)]) == 0
        mark = mark_of(read_painting(last).snapshot)
        # A Photoshop file says it of the whole: what its layers are, we cannot know.
        assert mark is (Mark.COMPOSITE if ".psd" in (first, second) else Mark.GENERATED)


def test_what_a_kind_of_file_cannot_keep_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.ora"
    erasing = LayerProps(name="Holes", mode=BlendMode.DESTINATION_OUT)
    sheet = Sheet(props=erasing, tiles=picture_tiles(gradient()))
    write_openraster(path, Snapshot(size=Size(64, 48), sheets=(sheet, sheet)))
    assert main(["convert", str(path), str(tmp_path / "a.psd")]) == 0
    assert "became one layer" in capsys.readouterr().err
    assert main(["convert", str(path), str(tmp_path / "a.jpg")]) == 0
    assert "is white in 'a.jpg'" in capsys.readouterr().err
