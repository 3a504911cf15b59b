"""The parts that a model's own file lacks, found in files and folders beside it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from studio.core.errors import UserError
from studio.engine.models.families import Family
from studio.engine.models.folder import INDEX, describe_folder
from studio.engine.models.header import read_header
from studio.engine.models.info import Part, read_json
from studio.engine.models.layouts import find_layout
from studio.engine.models.unfit import check_weights

ENDINGS = frozenset({".safetensors", ".sft"})

FOLDERS = ("vae", "text_encoders", "clip")
"""Where people keep such files: beside the model, or beside the folder that it is in."""

SIZES = ("latent_channels", "block_out_channels", "hidden_size", "num_hidden_layers", "vocab_size")
"""What two configs must agree on for one's part to stand in for the other's."""

SHARED_SHAPES = frozenset({"sd", "sdxl"})
"""Families whose VAEs have the same shapes and different numbers, so that shapes do not tell."""


def find_companion(part: Part, model: Path, family: Family) -> Part | None:
    """A part like `part`, which has no weights yet, for the model in the file `model`.

    It comes from a file, whatever its name, that holds a network of that size; failing that, from
    a diffusers folder of the same family beside the model. VAEs of Stable Diffusion cannot be told
    from SDXL's by their shapes: they must be called as the model, with .vae before the ending.
    """
    own_name = part.name == "vae" and family.name in SHARED_SHAPES
    for file in _named_as(model) if own_name else _files_near(model):
        found = _from_file(part, file)
        if found:
            return found
    return _from_folders(part, model, family)


def _named_as(model: Path) -> Iterator[Path]:
    for ending in sorted(ENDINGS):
        file = model.with_suffix(f".vae{ending}")
        if file.is_file():
            yield file


def _files_near(model: Path) -> Iterator[Path]:
    """Those in folders for such files first: they are fewer than models, and smaller to read."""
    places = [near / name for near in (model.parent, model.parent.parent) for name in FOLDERS]
    for folder in (*places, model.parent):
        for file in sorted(folder.glob("*")):
            if file.suffix.lower() in ENDINGS and file != model and file.is_file():
                yield file


def _from_file(part: Part, file: Path) -> Part | None:
    try:
        header = read_header(file)
        check_weights(file.name, header)
    except UserError:
        return None  # told when it is chosen; here another may do
    layout = find_layout(header.tensors, part.kind, read_json(part.config))
    return replace(part, weights=(file,), layout=layout) if layout else None


def _from_folders(part: Part, model: Path, family: Family) -> Part | None:
    wanted = read_json(part.config)
    for index in sorted(model.parent.glob(f"*/{INDEX}")):
        try:
            other = describe_folder(index.parent)
        except UserError:
            continue
        if other.family != family.name:
            continue
        found = other.part(part.name)
        config = read_json(found.config)
        if found.kind == part.kind and all(wanted.get(key) == config.get(key) for key in SIZES):
            return found
    return None
