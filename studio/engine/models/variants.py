"""How the model in a file was trained, where the shapes of its tensors do not tell."""

import re
import statistics
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from studio.core.errors import UserError
from studio.core.picture import Size
from studio.engine.models.header import Entry, Header

Prediction = Literal["epsilon", "v_prediction"]

PREDICTIONS: Mapping[str, Prediction] = {
    **dict.fromkeys(("epsilon", "eps"), "epsilon"),
    **dict.fromkeys(("v", "v_prediction", "v-prediction", "velocity"), "v_prediction"),
}
"""What modelspec.prediction_type may say: https://github.com/Stability-AI/ModelSpec"""

V_BIAS = "output_blocks.11.1.transformer_blocks.0.norm1.bias"
V_SPREAD = 0.09
"""The standard deviation of that tensor is above this in Stable Diffusion 2 models that were
trained to say v, and below it in those that say the noise: a finding of ComfyUI's."""

MAX_READ = 4096
"""Numbers. The tensor has 320."""

UNPACKED: Mapping[str, Callable[[bytes], tuple[float, ...]]] = {
    "F16": lambda data: struct.unpack(f"<{len(data) // 2}e", data),
    "F32": lambda data: struct.unpack(f"<{len(data) // 4}f", data),
    "BF16": lambda data: struct.unpack(
        f"<{len(data) // 2}f", b"".join(b"\0\0" + data[i : i + 2] for i in range(0, len(data), 2))
    ),
}

MAX_SIDE = 4096

OTHER_NOISE = {"edm_mean": "Playground v2.5", "edm_vpred.sigma_max": "CosXL"}
"""Models that look like SDXL and were trained with other noise, by a tensor that only they have."""


@dataclass(frozen=True, slots=True)
class Variant:
    """What a file says of its model, None where it does not.

    `prediction` is what the network says, `zero_snr` whether it starts from noise alone,
    `quick` whether it needs only a few steps, `native` the size it was trained at.
    """

    prediction: Prediction | None
    zero_snr: bool
    quick: bool | None
    native: Size | None


def variant_of(file: Path, header: Header) -> Variant:
    """What marks and notes say. Raises UserError for models whose noise is not known."""
    for mark, name in OTHER_NOISE.items():
        if mark in header.tensors:
            raise UserError(
                f"The model {file.stem} is a {name}, which Underpaint does not know.",
                "Choose another model.",
            )
    about = " ".join(header.notes.get(f"modelspec.{key}", "") for key in ("title", "architecture"))
    return Variant(
        _prediction(header),
        "ztsnr" in header.tensors,
        _quick(about.lower()),
        _native(header.notes.get("modelspec.resolution", "")),
    )


def measured_prediction(file: Path, header: Header, prefix: str) -> Prediction | None:
    """What a UNet of Stable Diffusion 2 says, by one of its tensors; None where it is not there."""
    entry = header.tensors.get(prefix + V_BIAS)
    if entry is None or entry.kind not in UNPACKED or not 2 <= entry.shape[0] <= MAX_READ:
        return None
    values = UNPACKED[entry.kind](_bytes(file, entry))
    spread = statistics.pstdev(values)
    return "v_prediction" if spread > V_SPREAD else "epsilon"


def _prediction(header: Header) -> Prediction | None:
    if "v_pred" in header.tensors:
        return "v_prediction"
    noted = header.notes.get("modelspec.prediction_type", "").lower()
    if noted in PREDICTIONS:
        return PREDICTIONS[noted]
    architecture = header.notes.get("modelspec.architecture", "")
    return "v_prediction" if architecture.endswith("-v") else None


def _quick(about: str) -> bool | None:
    if "turbo" in about:
        return True
    return False if "base" in about else None


def _native(resolution: str) -> Size | None:
    match = re.fullmatch(r"(\d{2,4})x(\d{2,4})", resolution, re.ASCII)
    sides = [int(side) for side in match.groups()] if match else []
    return Size(*sides) if sides and max(sides) <= MAX_SIDE else None


def _bytes(file: Path, entry: Entry) -> bytes:
    with file.open("rb") as stream:
        stream.seek(entry.start)
        return stream.read(entry.end - entry.start)
