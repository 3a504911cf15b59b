"""OpenRaster files that are damaged, or made to do harm."""

import io
import random
import zlib
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor

from studio.core.errors import UserError
from studio.core.form import FormState
from studio.core.picture import Size
from studio.paint.layer import LayerProps
from studio.paint.snapshot import Sheet, Snapshot
from studio.paint.tiles import TILE, Tiles
from studio.storage import archive, layer_budget, layer_png
from studio.storage.openraster import read_openraster, write_openraster
from studio.storage.stack import MAX_DEPTH, MAX_LAYERS, MAX_OFFSET, parse_stack
from tests.storage.ora_files import LAYER, ora_file, png_file, stack_xml
from tests.storage.samples import PILLOW_ALSO_WARNS

_HOSTILE = {
    "no layers list": "",
    "not XML": "<image",
    "a declared entity": f'<!DOCTYPE a [<!ENTITY b "c">]>{stack_xml(LAYER)}',
    "an external DTD": f'<!DOCTYPE a SYSTEM "file:///etc/passwd">{stack_xml(LAYER)}',
    "an undeclared entity": stack_xml("&b;"),
    "no size": "<image><stack/></image>",
    "a size of nothing": stack_xml("", 'w="0" h="5"'),
    "a huge size": stack_xml("", 'w="16385" h="5"'),
    "a size that is no number": stack_xml("", 'w="nan" h="5"'),
    "an infinite offset": stack_xml('<layer src="data/a.png" x="1e999"/>'),
    "a huge offset": stack_xml(f'<layer src="data/a.png" x="{MAX_OFFSET + 1}"/>'),
    "an opacity that is no number": stack_xml('<layer src="data/a.png" opacity="nan"/>'),
    "a layer without a source": stack_xml("<layer/>"),
    "a source that is not there": stack_xml('<layer src="data/b.png"/>'),
    "a way out of the file": stack_xml('<layer src="../a.png"/>'),
    "a layer that is not PNG": stack_xml('<layer src="stack.xml"/>'),
}


@pytest.mark.parametrize("what", _HOSTILE)
def test_a_hostile_list_of_layers_is_refused_in_a_sentence(tmp_path: Path, what: str) -> None:
    with pytest.raises(UserError, match=r"'a\.ora' (cannot be read|is too large)|size of"):
        read_openraster(ora_file(tmp_path / "a.ora", _HOSTILE[what]))


def test_there_is_an_end_to_layers_and_groups() -> None:
    assert len(parse_stack(stack_xml(LAYER * MAX_LAYERS).encode()).layers) == MAX_LAYERS
    with pytest.raises(ValueError, match="too many layers"):
        parse_stack(stack_xml(LAYER * (MAX_LAYERS + 1)).encode())
    deep = MAX_DEPTH - 1
    parse_stack(stack_xml("<stack>" * deep + "</stack>" * deep).encode())
    with pytest.raises(ValueError, match="too deeply"):
        parse_stack(stack_xml("<stack>" * MAX_DEPTH + "</stack>" * MAX_DEPTH).encode())


def _taller(png: bytes) -> bytes:
    """The same pixels under a header that promises one row more."""
    header = bytearray(png[12:29])
    header[11] += 1
    return png[:12] + header + zlib.crc32(header).to_bytes(4, "big") + png[33:]


@pytest.mark.parametrize(
    "png",
    [png_file(8, 6)[:60], _taller(png_file(8, 6)), b"GIF89a", png_file(40_000, 1), b""],
    ids=["cut", "short", "GIF", "wide", "empty"],
)
def test_a_hostile_layer_is_refused_in_a_sentence(tmp_path: Path, png: bytes) -> None:
    path = ora_file(tmp_path / "a.ora", stack_xml(LAYER), {"data/a.png": png})
    with pytest.raises(UserError, match=r"'a\.ora'"):
        read_openraster(path)


def test_a_member_that_is_longer_than_it_says_is_not_inflated(tmp_path: Path) -> None:
    path = ora_file(tmp_path / "a.ora", stack_xml(LAYER), {"data/a.png": bytes(50_000_000)})
    lying = path.read_bytes().replace((50_000_000).to_bytes(4, "little"), b"\x64\0\0\0")
    path.write_bytes(lying)
    with pytest.raises(UserError, match="cannot be read"):
        read_openraster(path)


def test_a_list_of_members_without_end_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = ora_file(tmp_path / "a.ora", stack_xml(LAYER))
    read_openraster(path)
    monkeypatch.setattr(archive, "MAX_DIRECTORY", 60)
    monkeypatch.setattr(archive, "ZipFile", None)
    with pytest.raises(UserError, match="cannot be read"):
        read_openraster(path)


def _noise(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((width, height), 90).save(out, "PNG")
    return out.getvalue()


def test_layers_that_would_fill_the_memory_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = ora_file(tmp_path / "a.ora", stack_xml(LAYER * 3), {"data/a.png": _noise(TILE, TILE)})
    monkeypatch.setattr(layer_budget, "KEPT_PER_BYTE", 0)
    monkeypatch.setattr(layer_budget, "KEPT", 3 * TILE * TILE)
    read_openraster(path)
    monkeypatch.setattr(layer_budget, "KEPT", 2 * TILE * TILE)
    with pytest.raises(UserError, match="too many pixels"):
        read_openraster(path)
    flat = ora_file(
        tmp_path / "flat.ora", stack_xml(LAYER * 2), {"data/a.png": png_file(2048, 1024)}
    )
    assert len(read_openraster(flat).snapshot.sheets) == 2  # equal tiles are one tile
    monkeypatch.setattr(layer_budget, "DECODED", 2048 * 1024)
    monkeypatch.setattr(layer_png, "DECODED_PER_BYTE", 0)
    with pytest.raises(UserError, match="too many pixels"):
        read_openraster(flat)


def test_neither_padding_nor_naming_pixels_again_lets_more_of_them_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layer_budget, "DECODED", 2 * 256 * 200)
    padding = {"data/a.png": png_file(256, 200), "padding": random.Random(1).randbytes(10_000)}
    read_openraster(ora_file(tmp_path / "a.ora", stack_xml(LAYER * 2), padding))
    with pytest.raises(UserError, match="too many pixels"):
        read_openraster(ora_file(tmp_path / "b.ora", stack_xml(LAYER * 6), padding))


def test_what_is_no_archive_is_told_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.ora"
    with pytest.raises(UserError, match="no file"):
        read_openraster(path)
    for data in (b"", b"PK\x03\x04", b"PK\x05\x06" + bytes(18), png_file(4, 4)):
        path.write_bytes(data)
        with pytest.raises(UserError, match="cannot be read as an OpenRaster document"):
            read_openraster(path)
    with pytest.raises(UserError, match="is a folder"):
        read_openraster(tmp_path)


@pytest.mark.filterwarnings(PILLOW_ALSO_WARNS)
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_damaged_file_opens_or_is_refused_but_never_breaks(
    tmp_path: Path, data: st.DataObject
) -> None:
    path, whole = tmp_path / "a.ora", tmp_path / "whole.ora"
    if not whole.exists():
        sheets = (
            Sheet(
                props=LayerProps(name="A"), tiles=Tiles.filled(QRect(250, 3, 8, 6), QColor("red"))
            ),
            Sheet(props=LayerProps(name="B")),
        )
        write_openraster(
            whole, Snapshot(size=Size(300, 30), sheets=sheets), FormState(prompt="a fox")
        )
    damaged = bytearray(whole.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.none() | st.integers(0, len(damaged)))
    path.write_bytes(damaged[:cut])
    with suppress(UserError):
        read_openraster(path).snapshot.canvas()
