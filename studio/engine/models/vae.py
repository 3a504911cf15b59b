"""Another VAE in place of a model's own."""

from dataclasses import replace
from pathlib import Path

from studio.core.errors import UserError
from studio.engine.models.families import FAMILIES
from studio.engine.models.folder import VARIANTS, latent_side
from studio.engine.models.header import read_header
from studio.engine.models.info import ModelInfo, Part, read_json
from studio.engine.models.layouts import find_layout

SAME = ("latent_channels", "scaling_factor", "shift_factor")
"""What two VAEs of a class have in common whose latents mean the same."""


def with_vae(info: ModelInfo, path: Path) -> ModelInfo:
    """The model with the VAE at `path`: a safetensors file, or diffusers' folder of one.

    Raises UserError where it is missing, damaged, or made for another kind of model.
    """
    own = info.part("vae")
    vae = _in_folder(path, info) if path.is_dir() else _in_file(path, own)
    if not _fits(vae, own):
        raise _misfit(path)
    return replace(info, parts=tuple(vae if part is own else part for part in info.parts))


def _in_folder(path: Path, info: ModelInfo) -> Part:
    config = path / "config.json"
    kind = read_json(config).get("_class_name")
    kinds = next(family.parts["vae"] for family in FAMILIES if family.name == info.family)
    if kind not in kinds:
        raise _misfit(path)
    files = (path / f"diffusion_pytorch_model{variant}.safetensors" for variant in VARIANTS)
    for file in files:
        if file.is_file():
            return Part("vae", kind, config, (file,))
    raise UserError(
        f"The folder {path} has no weights of a VAE in it.",
        "They are called diffusion_pytorch_model.safetensors.",
    )


def _in_file(path: Path, own: Part) -> Part:
    """A file says nothing of its config, so it must be of the same shape as the model's own."""
    layout = find_layout(read_header(path).tensors, own.kind, read_json(own.config))
    if layout is None:
        raise _misfit(path)
    return replace(own, weights=(path,), layout=layout)


def _fits(vae: Part, own: Part) -> bool:
    if latent_side(vae) != latent_side(own):
        return False
    theirs, ours = read_json(vae.config), read_json(own.config)
    names = SAME if vae.kind == own.kind else SAME[:1]
    return all(theirs.get(name) == ours.get(name) for name in names)


def _misfit(path: Path) -> UserError:
    return UserError(
        f"The VAE {path.name} does not fit this model.", "Choose one that was made for its kind."
    )
