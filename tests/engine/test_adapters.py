"""LoRAs, words of a person's own and other VAEs in the engine: what a request says, and no more."""

import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from safetensors.torch import load_file, save_file

from studio.core.errors import Cancelled, UserError
from studio.core.picture import Picture, Size
from studio.core.recipe import recipe_of
from studio.core.request import GenerationRequest, Lora, Refine
from studio.engine.api import Finished
from studio.engine.diffusion.budget import Budget, Means, Room, fitting
from studio.engine.diffusion.device import choose_device
from studio.engine.diffusion.engine import DiffusionEngine
from tests.engine.lora_files import SD_LAYERS, write_lora
from tests.engine.oracles import opened
from tests.engine.tiny_models import edit, write_sdxl, write_tiny_vae

Ask = Callable[..., GenerationRequest]

SIZE = Size(32, 32)
TEXT_LAYERS = {"text_encoder": SD_LAYERS["text_encoder"]}


@pytest.fixture(scope="module")
def files(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """LoRAs: two for all networks, one for the text encoder alone."""
    model = opened(tiny_model)
    networks = {"unet": model.denoiser.network, "text_encoder": model.denoiser.texts[0].encoder}
    folder = tmp_path_factory.mktemp("loras")
    found = {name: folder / f"{name}.safetensors" for name in ("one", "two", "words")}
    write_lora(found["one"], networks, SD_LAYERS, seed=1)
    write_lora(found["two"], networks, SD_LAYERS, "peft", seed=2)
    write_lora(found["words"], networks, TEXT_LAYERS, seed=3)
    for file in found.values():
        save_file({name: each * 0.2 for name, each in load_file(file).items()}, file)
    return found


@pytest.fixture(scope="module")
def engine() -> DiffusionEngine:
    return DiffusionEngine()


@pytest.fixture
def ask(make_request: Ask, tiny_model: Path) -> Ask:
    usual = {"model": tiny_model, "size": SIZE, "prompt": "a b", "steps": 3, "sampler": "euler"}
    return lambda **values: make_request(**{**usual, **values})


def run(engine: DiffusionEngine, asked: GenerationRequest) -> Finished:
    return engine.run(asked, lambda _: None, lambda: False)


def painted(engine: DiffusionEngine, asked: GenerationRequest) -> Picture:
    return run(engine, asked).picture


def test_pictures_depend_on_the_request_alone_however_loras_come_and_go(
    engine: DiffusionEngine, ask: Ask, files: dict[str, Path], tmp_path: Path
) -> None:
    one, two, words = (files[name] for name in ("one", "two", "words"))
    word = tmp_path / "c.safetensors"
    save_file({"emb_params": torch.randn(2, 32) * 3}, word)
    more: list[dict[str, Any]] = [
        {},
        {"loras": (Lora(one),)},
        {"loras": (Lora(one, -0.5),)},
        {"loras": (Lora(words),)},
        {"loras": (Lora(words, 0.5),)},
        {"loras": (Lora(one), Lora(two, 0.5))},
        {"prompt": "a b c"},
        {"prompt": "a b c", "embeddings": (word,)},
    ]
    requests = [ask(refine=Refine(1.5, 0.4), **each) for each in more]
    fresh = [painted(DiffusionEngine(), each) for each in requests]
    assert len({picture.digest for picture in fresh}) == len(requests)
    order = [*range(len(requests))] * 2
    random.Random(3).shuffle(order)
    for index in order:
        assert painted(engine, requests[index]) == fresh[index]


def test_a_lora_of_weight_zero_and_a_tag_in_the_text_change_nothing(
    engine: DiffusionEngine, ask: Ask, files: dict[str, Path]
) -> None:
    plain = painted(engine, ask(prompt="a , b"))
    assert painted(engine, ask(prompt="a , b", loras=(Lora(files["one"], 0.0),))) == plain
    assert engine._loaded is not None
    assert engine._loaded.adapters.kept == 0  # and takes nothing
    assert painted(engine, ask(prompt="a <lora:one:0.8>, b")) == plain


def test_the_recipe_names_all_that_went_in(
    engine: DiffusionEngine, ask: Ask, files: dict[str, Path], tmp_path: Path
) -> None:
    word, vae = tmp_path / "c.safetensors", tmp_path / "my.vae"
    save_file({"emb_params": torch.randn(2, 32)}, word)
    _write_vae(vae, seed=9)
    asked = ask(
        prompt="a c<lora:one:.5>",
        loras=(Lora(files["one"], 0.5), Lora(files["two"], -1)),
        embeddings=(word,),
        vae=vae,
    )
    recipe = recipe_of(asked, run(engine, asked).made, 32, 32)
    assert recipe.prompt == "a c<lora:one:.5>"
    assert recipe.loras == {"one": 0.5, "two": -1}
    assert recipe.lora_hashes == {name: _hash(files[name]) for name in ("one", "two")}
    assert recipe.embedding_hashes == {"c": _hash(word)}
    weights = vae / "diffusion_pytorch_model.safetensors"
    assert (recipe.vae, recipe.vae_hash) == ("my.vae", _hash(weights))
    plain = recipe_of(ask(), run(engine, ask()).made, 32, 32)
    assert (plain.loras, plain.lora_hashes, plain.embedding_hashes) == ({}, {}, {})
    assert (plain.vae, plain.vae_hash) == (None, "")


def _hash(file: Path) -> str:
    import hashlib

    return hashlib.sha256(file.read_bytes()).hexdigest()[:10]


def test_a_file_that_was_written_anew_is_read_anew(
    engine: DiffusionEngine, ask: Ask, files: dict[str, Path], tmp_path: Path
) -> None:
    file = Path(shutil.copy(files["one"], tmp_path / "l.safetensors"))
    first = painted(engine, ask(loras=(Lora(file),)))
    file.write_bytes(files["words"].read_bytes())
    assert painted(engine, ask(loras=(Lora(file),))) != first
    assert painted(engine, ask(loras=(Lora(file),))) == painted(
        engine, ask(loras=(Lora(files["words"]),))
    )
    word = tmp_path / "c.safetensors"
    pictures = set()
    for seed in range(2):
        torch.manual_seed(seed)
        save_file({"emb_params": torch.randn(2, 32) * 3}, word)
        pictures.add(painted(engine, ask(prompt="a c", embeddings=(word,))).digest)
    assert len(pictures) == 2


def test_what_cannot_be_laid_over_a_model_leaves_it_as_it_was(
    engine: DiffusionEngine, ask: Ask, files: dict[str, Path], tmp_path: Path
) -> None:
    plain = painted(engine, ask())
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(files["one"].read_bytes()[:-8])
    painted(engine, ask(loras=(Lora(files["words"]),)))
    for loras in ((Lora(broken),), (Lora(files["one"]), Lora(broken)), (Lora(tmp_path / "no"),)):
        with pytest.raises(UserError):
            painted(engine, ask(loras=loras))
        assert painted(engine, ask()) == plain
    asked = iter(range(10_000))
    with pytest.raises(Cancelled):
        engine.run(ask(loras=(Lora(files["one"]),)), lambda _: None, lambda: next(asked) > 8)
    assert painted(engine, ask()) == plain


def test_layers_that_were_left_out_are_told_with_the_picture(
    engine: DiffusionEngine, ask: Ask, files: dict[str, Path], tmp_path: Path
) -> None:
    file = tmp_path / "more.safetensors"
    save_file(load_file(files["one"]) | {"lora_unet_elsewhere.diff": torch.ones(1)}, file)
    assert "LoRA more" in run(engine, ask(loras=(Lora(file),))).note
    assert run(engine, ask(loras=(Lora(files["one"]),))).note == ""


def test_memory_for_the_weights_that_loras_replace_is_asked_for(
    ask: Ask, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, rooms = DiffusionEngine(), []

    def recorded(budget: Budget, room: Room, *more: Any) -> Means:
        rooms.append(room.free)
        return fitting(budget, room, *more)

    monkeypatch.setattr("studio.engine.diffusion.engine.fitting", recorded)
    monkeypatch.setattr("studio.engine.diffusion.engine.room_on", lambda *_: Room(10**11))
    with_lora = ask(loras=(Lora(files["one"]),))
    for asked in (ask(), with_lora, with_lora):
        painted(engine, asked)
    assert engine._loaded is not None
    kept = engine._loaded.adapters.kept
    assert kept > 0
    assert rooms == [10**11, 10**11 - kept, 10**11]  # the second time they are there already


@pytest.fixture(scope="module")
def other_vae(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _write_vae(tmp_path_factory.mktemp("vaes") / "other", seed=7)


def _write_vae(folder: Path, seed: int, levels: int = 2, **more: Any) -> Path:
    """A VAE of tiny_models.write_sd's shape, if it has two levels."""
    torch.manual_seed(seed)
    AutoencoderKL(
        block_out_channels=(32,) * levels,
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        **more,
    ).save_pretrained(folder)
    return folder


def test_another_vae_makes_the_picture_of_a_model_that_has_it(
    engine: DiffusionEngine, ask: Ask, other_vae: Path, tiny_model: Path, tmp_path: Path
) -> None:
    changed = Path(shutil.copytree(tiny_model, tmp_path / "changed"))
    shutil.copytree(other_vae, changed / "vae", dirs_exist_ok=True)
    source = Picture(SIZE, bytes(range(256)) * 16)
    single = other_vae / "diffusion_pytorch_model.safetensors"
    for more in ({}, {"source": source, "strength": 0.5}):
        own = painted(engine, ask(**more))
        expected = painted(DiffusionEngine(), ask(model=changed, **more))
        assert own != expected
        before = engine._loaded
        assert before is not None
        for vae in (other_vae, single):
            assert painted(engine, ask(vae=vae, **more)) == expected
            assert engine._loaded is not None
            assert engine._loaded.denoiser is before.denoiser  # read once
        assert painted(engine, ask(**more)) == own


def test_a_vae_in_the_original_layout_is_taken(
    engine: DiffusionEngine, ask: Ask, other_vae: Path, tmp_path: Path
) -> None:
    file = tmp_path / "ldm.safetensors"
    weights = load_file(other_vae / "diffusion_pytorch_model.safetensors")
    save_file({_ldm(name): tensor for name, tensor in weights.items()}, file)
    assert painted(engine, ask(vae=file)) == painted(engine, ask(vae=other_vae))


def _ldm(name: str) -> str:
    """What the original code calls a tensor of a VAE with two levels."""
    for old, new in (
        ("mid_block.resnets.0", "mid.block_1"),
        ("mid_block.resnets.1", "mid.block_2"),
        ("mid_block.attentions.0", "mid.attn_1"),
        ("attn_1.group_norm", "attn_1.norm"),
        ("attn_1.to_q", "attn_1.q"),
        ("attn_1.to_k", "attn_1.k"),
        ("attn_1.to_v", "attn_1.v"),
        ("attn_1.to_out.0", "attn_1.proj_out"),
        ("conv_norm_out", "norm_out"),
        ("downsamplers.0", "downsample"),
        ("upsamplers.0", "upsample"),
        ("conv_shortcut", "nin_shortcut"),
    ):
        name = name.replace(old, new)
    for level in range(2):
        name = name.replace(f"down_blocks.{level}.resnets", f"down.{level}.block")
        name = name.replace(f"down_blocks.{level}", f"down.{level}")
        name = name.replace(f"up_blocks.{level}.resnets", f"up.{1 - level}.block")
        name = name.replace(f"up_blocks.{level}.", f"up.{1 - level}.")
    return name


def test_a_vae_for_other_latents_is_refused(
    engine: DiffusionEngine, ask: Ask, tiny_model: Path, tmp_path: Path
) -> None:
    wide = _write_vae(tmp_path / "wide", 1, latent_channels=8)
    scaled = _write_vae(tmp_path / "scaled", 1, scaling_factor=0.13025)
    deep = _write_vae(tmp_path / "deep", 1, levels=3)
    empty = Path(shutil.copytree(wide, tmp_path / "empty"))
    (empty / "diffusion_pytorch_model.safetensors").unlink()
    odd = Path(shutil.copytree(wide, tmp_path / "odd"))
    edit(odd / "config.json", _class_name="UNet2DConditionModel")
    for vae in (
        *(wide, scaled, deep, empty, odd, tmp_path, tmp_path / "none.safetensors"),
        wide / "diffusion_pytorch_model.safetensors",
        tiny_model / "unet" / "diffusion_pytorch_model.safetensors",
    ):
        with pytest.raises(UserError):
            painted(engine, ask(vae=vae))


def test_a_small_vae_stands_in_for_a_large_one(
    engine: DiffusionEngine, ask: Ask, tiny_model: Path, tmp_path: Path
) -> None:
    changed = Path(shutil.copytree(tiny_model, tmp_path / "changed"))
    shutil.rmtree(changed / "vae")
    write_tiny_vae(changed)
    assert painted(engine, ask(vae=changed / "vae")) == painted(engine, ask(model=changed))


def test_all_of_it_outlives_the_way_into_full_precision(
    ask: Ask, files: dict[str, Path], other_vae: Path
) -> None:
    full = choose_device().in_full_precision()
    asked = ask(loras=(Lora(files["one"]),), vae=other_vae)
    expected = painted(DiffusionEngine(full), asked)
    engine = DiffusionEngine(replace(full, dtype=torch.float16))
    engine.prepare(asked.model, lambda: False)
    assert engine._loaded is not None
    engine._loaded.denoiser.network.conv_in.weight.data.fill_(float("inf"))  # numbers overflow
    assert painted(engine, asked) == expected


def test_sdxl_takes_loras_for_all_its_networks(
    make_request: Ask, tmp_path: Path, engine: DiffusionEngine
) -> None:
    folder = write_sdxl(tmp_path / "xl")
    model = opened(folder)
    encoders = [text.encoder for text in model.denoiser.texts]
    name = "encoder.layers.0.mlp.fc1"
    for number, encoder in enumerate(encoders, 1):
        layer = encoder.get_submodule(("text_model." if number == 2 else "") + name)
        up, down = torch.randn(layer.out_features, 1), torch.randn(1, layer.in_features)
        prefix = f"lora_te{number}_text_model_{name.replace('.', '_')}"
        file = tmp_path / f"{number}.safetensors"
        save_file({f"{prefix}.lora_up.weight": up, f"{prefix}.lora_down.weight": down}, file)
    asked = make_request(model=folder, size=SIZE, prompt="a b", steps=2, guidance=3)
    pictures = [
        painted(
            engine, replace(asked, loras=tuple(Lora(tmp_path / f"{n}.safetensors") for n in ns))
        )
        for ns in ((), (1,), (2,), (1, 2), ())
    ]
    assert len({picture.digest for picture in pictures}) == 4
    assert pictures[0] == pictures[-1]
