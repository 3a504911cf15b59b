"""The `export` step: writes what was trained as the model folder that the app loads."""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

import checkpoints
import torch
from checkpoints import Checkpoint, CheckpointError
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from folders import RECORD, read_vae
from networks import SCHEDULE, make_denoiser, make_vae

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("text_encoder", "tokenizer", "model_index.json", "underpaint.json")
"""What is not trained here, so it stays as it is in the base model."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the step takes."""
    parser.add_argument("--vae", type=Path, help="its folder, or a model's (default: vae)")
    parser.add_argument("--denoiser", type=Path, help="its folder (default: denoiser)")
    parser.add_argument(
        "--text",
        type=Path,
        default=ROOT / "resources" / "starter-model",
        help="the model folder whose tokenizer and text encoder it was trained with",
    )
    parser.add_argument("--out", type=Path, help="a model folder (default: model)")


def run(options: argparse.Namespace) -> int:
    """Write the folder and a record of the training beside its parts, for the card."""
    out: Path = options.out or options.work / "model"
    try:
        vae = read_vae(options.vae or options.work / "vae")
        denoiser = checkpoints.read((options.denoiser or options.work / "denoiser") / "weights")
    except CheckpointError as error:
        print(error)
        return 2
    write_model(out, vae, denoiser, options.text)
    print(f"{out}: {sum(file.stat().st_size for file in out.rglob('*')) / 1e6:.0f} MB")
    return 0


def write_model(out: Path, vae: Checkpoint, denoiser: Checkpoint, text: Path) -> None:
    """Make a `StableDiffusionPipeline` folder, all weights in float16."""
    if out.resolve() != text.resolve():
        out.mkdir(parents=True, exist_ok=True)
        for name in COPIED:
            _copy(text / name, out / name)
    # The denoiser's latents are the autoencoder's, brought to a deviation of 1.
    shape = {**vae.facts["config"], "scaling_factor": 1 / vae.facts["deviation"]}
    _save(make_vae(shape), vae, out / "vae")
    _save(make_denoiser(denoiser.facts["config"]), denoiser, out / "unet")
    DDIMScheduler(**SCHEDULE).save_pretrained(str(out / "scheduler"))
    record = {"vae": _record(vae), "denoiser": _record(denoiser)}
    (out / RECORD).write_text(json.dumps(record, indent=1) + "\n")


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        shutil.copy2(source, target)


def _save(network: Any, weights: Checkpoint, folder: Path) -> None:
    network.load_state_dict(dict(weights.tensors))
    torch.nn.Module.to(network, torch.float16)  # diffusers' own `to` warns about precision
    network.save_pretrained(str(folder))


def _record(checkpoint: Checkpoint) -> dict[str, Any]:
    """How long and on what it was trained."""
    known = ("step", "history", "psnr", "psnr_sketches", "channel_mean", "nouns", "styles")
    return {key: checkpoint.facts[key] for key in known if key in checkpoint.facts}
