"""The numbers of ncnn's files, as the upscalers' converter reads them."""

import importlib.util
import struct
from pathlib import Path
from types import ModuleType

import pytest
import torch

CONVERT = Path(__file__).parents[2] / "packaging" / "upscaler" / "convert.py"


@pytest.fixture(scope="module")
def convert() -> ModuleType:
    spec = importlib.util.spec_from_file_location("convert_upscaler", CONVERT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PARAM = """7767517
4 4
Input            data    0 1 data
Convolution      first   1 1 data a 0=3 1=1 5=1 6=9
PReLU            slope   1 1 a b 0=3
Convolution      last    1 1 b c 0=1 1=1 5=0 6=3 9=2 -23310=1,0.2
"""
HALVES = torch.arange(9, dtype=torch.float16)
BIAS, SLOPES, FLOATS = (torch.tensor(values) for values in ([1.0, 2, 3], [4.0, 5, 6], [7.0, 8, 9]))


def binary() -> bytes:
    """Nine float16 and their padding, then float32 only."""
    half = struct.pack("<I", 0x01306B47) + HALVES.numpy().tobytes() + bytes(2)
    plain = struct.pack("<I", 0) + FLOATS.numpy().tobytes()
    return half + BIAS.numpy().tobytes() + SLOPES.numpy().tobytes() + plain


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "net.param").write_text(PARAM)
    (tmp_path / "net.bin").write_bytes(binary())
    return tmp_path / "net.param", tmp_path / "net.bin"


def test_layers_come_out_as_they_were_written(
    convert: ModuleType, files: tuple[Path, Path]
) -> None:
    first, slope, last = convert.read_layers(*files)
    assert torch.equal(first.weight, HALVES.reshape(3, 3, 1, 1))
    assert torch.equal(first.bias, BIAS)
    assert torch.equal(slope.weight, SLOPES)
    assert slope.bias is last.bias is None
    assert torch.equal(last.weight, FLOATS.reshape(1, 3, 1, 1))


@pytest.mark.parametrize("change", ["short", "long", "tag", "magic"])
def test_files_that_do_not_fit_each_other_are_refused(
    convert: ModuleType, files: tuple[Path, Path], change: str
) -> None:
    param, numbers = files
    data = binary()
    wrong = {"short": data[:-1], "long": data + bytes(4), "tag": b"\x01" + data[1:]}
    numbers.write_bytes(wrong.get(change, data))
    if change == "magic":
        param.write_text("1" + PARAM)
    with pytest.raises(ValueError, match=r"end too early|left over|not known|not one of ncnn"):
        list(convert.read_layers(param, numbers))
