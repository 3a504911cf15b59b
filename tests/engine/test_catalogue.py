import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.core.errors import UserError
from studio.core.picture import Size
from studio.engine.models.catalogue import BrokenModel, describe, find_models, resolve
from studio.engine.models.info import MAX_JSON, ModelInfo
from tests.engine.single_files import write_header


@pytest.fixture
def model(starter: Path, tmp_path: Path) -> Path:
    """A copy of the starter model's configs, its weights replaced by empty files."""
    copy = tmp_path / "models" / "copy"
    shutil.copytree(starter, copy, ignore=shutil.ignore_patterns("*.safetensors", "*.png"))
    for part, name in (("unet", "diffusion_pytorch_model"), ("text_encoder", "model")):
        (copy / part / f"{name}.safetensors").touch()
    (copy / "vae" / "diffusion_pytorch_model.safetensors").touch()
    return copy


def edit(file: Path, change: Callable[[dict[str, Any]], object]) -> None:
    data = json.loads(file.read_text())
    change(data)
    file.write_text(json.dumps(data))


def test_the_starter_model_is_described(starter: Path) -> None:
    info = describe(starter)
    assert (info.name, info.family) == ("starter-model", "sd")
    assert info.rule.native == Size(256, 256)
    assert info.rule.granularity == 8


def test_describing_a_model_does_not_import_torch() -> None:
    code = (
        "import sys, studio.engine.models.catalogue, studio.engine.worker, studio.engine.child;"
        "sys.exit(any(name in sys.modules for name in ('torch', 'numpy', 'diffusers', 'PIL')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    "missing",
    [
        "model_index.json",
        "unet",
        "unet/config.json",
        "unet/diffusion_pytorch_model.safetensors",
        "text_encoder/model.safetensors",
        "tokenizer/tokenizer_config.json",
        "scheduler",
    ],
)
def test_a_missing_part_is_named(model: Path, missing: str) -> None:
    part = model / missing
    shutil.rmtree(part) if part.is_dir() else part.unlink()
    with pytest.raises(UserError, match=missing.split("/", maxsplit=1)[0]):
        describe(model)


@pytest.mark.parametrize("suffix", [".bin", ".ckpt", ".pt", ".pth", ".pkl"])
def test_weights_that_are_only_a_pickle_are_refused(model: Path, suffix: str) -> None:
    weights = model / "vae" / "diffusion_pytorch_model.safetensors"
    weights.rename(weights.with_suffix(suffix))
    with pytest.raises(UserError, match="pickle"):
        describe(model)


def test_a_pickle_beside_safetensors_is_ignored(model: Path) -> None:
    (model / "vae" / "diffusion_pytorch_model.bin").touch()
    assert describe(model).name == "copy"


def test_half_precision_weights_are_found(model: Path) -> None:
    weights = model / "unet" / "diffusion_pytorch_model.safetensors"
    weights.rename(weights.with_name("diffusion_pytorch_model.fp16.safetensors"))
    assert describe(model).name == "copy"


@pytest.mark.parametrize(
    ("part", "entry"),
    [
        ("_class_name", "FluxPipeline"),
        ("_class_name", ["StableDiffusionPipeline"]),
        ("unet", ["evil", "RunThis"]),
        ("scheduler", ["diffusers", "SchedulerMixin"]),
        ("vae", [None, None]),
        ("tokenizer", "BertTokenizer"),
        ("text_encoder", None),
    ],
)
def test_classes_that_are_not_known_are_refused(model: Path, part: str, entry: Any) -> None:
    edit(model / "model_index.json", lambda index: index.update({part: entry}))
    with pytest.raises(UserError):
        describe(model)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "not readable"),
        (b"{", "not readable"),
        (b"[]", "JSON object"),
        (b"\xff\xfe", "not readable"),
        (b"[" * 100_000, "not readable"),
        (b"{}" + b" " * MAX_JSON, "too large"),
    ],
)
def test_malformed_json_is_one_sentence(model: Path, content: bytes, problem: str) -> None:
    for file in ("model_index.json", "unet/config.json"):
        kept = (model / file).read_bytes()
        (model / file).write_bytes(content)
        with pytest.raises(UserError, match=problem):
            describe(model)
        (model / file).write_bytes(kept)


@pytest.mark.parametrize("sample", [None, 0, "16", [16], [16, 0]])
def test_a_model_without_a_usable_size_is_refused(model: Path, sample: Any) -> None:
    edit(model / "unet" / "config.json", lambda config: config.update(sample_size=sample))
    with pytest.raises(UserError):
        describe(model)


def test_inpainting_models_are_refused(model: Path) -> None:
    edit(model / "unet" / "config.json", lambda config: config.update(in_channels=17))
    with pytest.raises(UserError, match="inpainting"):
        describe(model)


def test_finding_tells_good_models_from_broken_ones(model: Path) -> None:
    broken = model.parent / "broken"
    broken.mkdir()
    (broken / "model_index.json").write_text("{}")
    (model.parent / "no model").mkdir()
    found = find_models([model.parent, model.parent / "nowhere", model.parent])
    assert [(type(entry), entry.name) for entry in found] == [
        (BrokenModel, "broken"),
        (ModelInfo, "copy"),
    ]


def test_of_models_with_one_name_the_first_folder_counts(model: Path, tmp_path: Path) -> None:
    other = tmp_path / "others" / model.name
    shutil.copytree(model, other)
    found = find_models([other.parent, model.parent])
    assert [entry.path for entry in found] == [other]


def test_models_are_chosen_by_name_or_by_path(model: Path, starter: Path) -> None:
    assert resolve("copy", [model.parent]).path == model
    assert resolve(str(starter), [model.parent]).path == starter
    with pytest.raises(UserError, match="copy"):
        resolve("unknown", [model.parent])
    with pytest.raises(UserError):
        resolve("unknown", [])


VAE = b'{"decoder.mid.block_1.conv1.weight":{"dtype":"F16","shape":[0],"data_offsets":[0,0]}}'
LORA = b'{"a.lora_down.weight":{"dtype":"F16","shape":[0],"data_offsets":[0,0]}}'


def test_files_in_the_folder_are_told_of_unless_models_use_them(model: Path) -> None:
    folder = model.parent
    write_header(folder / "used by others.safetensors", VAE)
    write_header(folder / "style.safetensors", LORA)
    (folder / "old.ckpt").write_bytes(b"PK")
    (folder / "cut short.SAFETENSORS").write_bytes(bytes(4))
    (folder / "readme.txt").touch()
    found = find_models([folder])
    told = {entry.name: entry.problem for entry in found if isinstance(entry, BrokenModel)}
    assert [entry.name for entry in found] == ["copy", "cut short", "old", "style"]
    assert "pickle" in told["old"]
    assert "LoRA" in told["style"]


def test_a_folder_comes_before_a_file_of_its_name_and_that_before_a_pickle(model: Path) -> None:
    folder = model.parent
    write_header(folder / "copy.safetensors", LORA)
    write_header(folder / "style.safetensors", LORA)
    (folder / "style.ckpt").touch()
    assert resolve("copy", [folder]).path == model
    with pytest.raises(UserError, match="LoRA"):
        resolve("style", [folder])
    with pytest.raises(UserError, match="LoRA"):
        resolve(str(folder / "copy.safetensors"), [])


def test_one_broken_model_does_not_stand_in_the_way_of_another(model: Path) -> None:
    (model.parent / "other.safetensors").touch()
    assert resolve("copy", [model.parent]).path == model
    with pytest.raises(UserError, match="is empty"):
        resolve("other", [model.parent])
