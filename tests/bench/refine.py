"""Peak memory of one refined picture, and what tiles change in it; `tests.bench` reads the JSON."""

import json
import resource
import sys
from pathlib import Path

import torch
from torch.nn import functional

from studio.app.places import STARTER
from studio.core.picture import Picture, Size
from studio.core.request import GenerationRequest, Refine
from studio.engine.api import Progress
from studio.engine.diffusion.device import Device
from studio.engine.diffusion.engine import DiffusionEngine
from studio.engine.diffusion.pixels import to_picture, to_tensor

UPSCALER = Path("resources/upscalers/realesr-animevideov3.safetensors")
FIRST = Size(512, 512)


def refine(factor: float, upscaler: str) -> None:
    """Refine 512x512 by `factor`; prints the process's peak in bytes, loaded and at its end."""
    engine = DiffusionEngine()
    engine.prepare(STARTER, lambda: False)
    loaded = _peak()
    file = UPSCALER if upscaler == "neural" else None
    request = GenerationRequest(
        model=STARTER, seed=7, size=FIRST, prompt="a 3d mushroom in a forest", steps=5,
        refine=Refine(factor, 0.2, file),
    )  # fmt: skip
    seconds = engine.run(request, _quiet, lambda: False).seconds
    sys.stdout.write(json.dumps({"loaded": loaded, "peak": _peak(), "seconds": seconds}))


def seams() -> None:
    """1024x1024 through the starter model's VAE, whole and in tiles; differences of 8-bit values.

    `seam` is how much more the difference changes from one column or row to the next where it
    changes most than it usually does.
    """
    engine = DiffusionEngine(Device("cpu", torch.float32, 1))
    engine.prepare(STARTER, lambda: False)
    assert engine._loaded is not None
    vae = engine._loaded.vae
    picture = _busy(Size(1024, 1024))
    with torch.inference_mode():
        vae.whole = 10**9
        latents = vae.encode_picture(picture, _no_part)
        whole = to_tensor(vae.decode_picture(latents, _no_part))
        vae.whole = 768**2
        apart = float((vae.encode_picture(picture, _no_part) - latents).abs().max())
        off = (to_tensor(vae.decode_picture(latents, _no_part)) - whole)[0, :3] * 255
    jumps = torch.cat([off.diff(dim=1).abs().mean((0, 2)), off.diff(dim=2).abs().mean((0, 1))])
    size = off.abs()
    told = {"encode": apart, "max": float(size.max()), "mean": float(size.mean())}
    sys.stdout.write(json.dumps({**told, "seam": float(jumps.max())}))


def _busy(size: Size) -> Picture:
    generator = torch.Generator().manual_seed(0)
    soft = torch.rand(1, 4, 8, 8, generator=generator)
    rgba = functional.interpolate(soft, (size.height, size.width), mode="bicubic")
    rgba[:, :3] += torch.randn(rgba[:, :3].shape, generator=generator) * 0.05
    rgba[:, 3] = 1
    return to_picture(rgba)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _quiet(progress: Progress) -> None:
    """Nobody watches."""


def _no_part(index: int, count: int) -> None:
    """Nobody watches."""


if __name__ == "__main__":
    if sys.argv[1] == "seams":
        seams()
    else:
        refine(float(sys.argv[1]), sys.argv[2])
