"""What happens when numbers overflow, memory is short, or the same is asked for again."""

import gc
import shutil
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from studio.core.errors import UserError
from studio.core.picture import Picture, Size
from studio.core.request import GenerationRequest, Refine
from studio.engine.api import Finished, Progress
from studio.engine.diffusion import device as devices
from studio.engine.diffusion import engine as engines
from studio.engine.diffusion.budget import PICTURE, SPARE, Budget, Means, Room, fitting
from studio.engine.diffusion.cache import ByteCache
from studio.engine.diffusion.device import Device, choose_device
from studio.engine.diffusion.engine import DiffusionEngine
from studio.engine.diffusion.passes import Pass
from studio.engine.diffusion.vae import WHOLES, Vae
from studio.engine.models.catalogue import describe

Ask = Callable[..., GenerationRequest]

FULL = choose_device().in_full_precision()
HALF = replace(FULL, dtype=torch.float16)


@pytest.fixture
def ask(make_request: Ask, tiny_model: Path) -> Ask:
    usual = {"model": tiny_model, "size": Size(32, 32), "prompt": "a", "steps": 3}
    return lambda **values: make_request(**{**usual, **values})


def run(
    engine: DiffusionEngine, request: GenerationRequest, told: list[Progress] | None = None
) -> Finished:
    return engine.run(request, (told if told is not None else []).append, lambda: False)


def steps(told: list[Progress]) -> list[int]:
    return [progress.done for progress in told if progress.preview]


def stages(told: list[Progress]) -> set[str]:
    return {progress.stage for progress in told}


@pytest.fixture
def overflowing(tiny_model: Path, tmp_path: Path) -> Path:
    """A model whose first layer goes beyond float16's 65,504."""
    folder = Path(shutil.copytree(tiny_model, tmp_path / "overflowing"))
    file = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights = load_file(file)
    weights["conv_in.bias"] = torch.full_like(weights["conv_in.bias"], 65_504.0)
    weights["conv_in.weight"] *= 1000
    save_file(weights, file)
    return folder


def test_a_model_that_overflows_in_half_precision_paints_in_full(
    overflowing: Path, ask: Ask
) -> None:
    told: list[Progress] = []
    engine = DiffusionEngine(HALF)
    healed = run(engine, ask(model=overflowing), told)
    assert healed.picture == run(DiffusionEngine(FULL), ask(model=overflowing)).picture
    assert healed.made.dtype == "float32"
    assert steps(told) == [1, 2, 3]  # found at the first step
    told.clear()
    run(engine, ask(model=overflowing, seed=8), told)
    assert stages(told) == {"Painting", "Finishing"}  # it has learned


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_only_the_pass_that_overflows_is_painted_again(
    dtype: torch.dtype, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = ask(refine=Refine(2.0, 0.7))
    load = engines.load
    calls: list[bool] = []

    def load_fragile(info: Any, device: Device, cancelled: Any) -> Any:
        model = load(info, device, cancelled)
        model.denoiser.network.register_forward_hook(
            lambda _, inputs, output: spoil(inputs[0], output)
        )
        return model

    def spoil(x: torch.Tensor, output: tuple[torch.Tensor]) -> tuple[torch.Tensor]:
        refining = x.shape[-1] > 16 and x.dtype != torch.float32
        calls.append(refining)
        return (output[0] * torch.inf,) if refining and sum(calls) == 2 else output

    monkeypatch.setattr(engines, "load", load_fragile)
    told: list[Progress] = []
    made = run(DiffusionEngine(replace(HALF, dtype=dtype)), request, told)
    assert made.picture.size == Size(64, 64)
    assert made.made.dtype == "float32"
    assert steps(told) == [1, 2, 3, 4, 4, 5]


def test_a_black_picture_is_told_unless_it_was_black_before(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = DiffusionEngine(FULL)
    assert run(engine, ask()).note == ""
    pixels = Vae._pixels
    monkeypatch.setattr(Vae, "_pixels", lambda self, latents: pixels(self, latents) * 0 - 2)
    assert "black all over" in run(engine, ask(seed=8)).note
    black = Picture(Size(32, 32), b"\0\0\0\xff" * 1024)
    assert run(engine, ask(source=black, strength=0.5)).note == ""


def test_a_job_that_does_not_fit_is_refused_with_a_size_that_does(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "room_on", lambda *_: Room(400 * 2**20))
    engine = DiffusionEngine(FULL)
    told: list[Progress] = []
    wanted = ask(size=Size(2048, 1024), steps=1)
    with pytest.raises(UserError, match=r"takes about .* GB of memory, and 0\.4 GB are") as refused:
        run(engine, wanted, told)
    assert told == []
    size = Size.parse(refused.value.remedy.split()[3].rstrip(","))
    assert 1.9 < size.width / size.height < 2.1
    assert size.pixels > 100 * 200
    monkeypatch.setattr(engines, "run_pass", lambda *_: Picture(Size(1, 1), bytes(4)))
    run(engine, replace(wanted, size=size))
    monkeypatch.setattr(engines, "room_on", lambda *_: Room(100))
    with pytest.raises(UserError, match="smaller model"):
        run(engine, wanted)
    with pytest.raises(UserError, match="smaller model"):
        DiffusionEngine(FULL).prepare(wanted.model, lambda: False)


def planned(size: Size, tile: int | None = None) -> list[Pass]:
    return [Pass(size, 1, 1.0, "", "", tile)]


def never_smaller(scale: float) -> tuple[Size, list[Pass]]:
    raise AssertionError(scale)


def test_where_memory_is_short_the_vae_works_on_less_at_once() -> None:
    passes = planned(Size(2048, 2048))
    budget = Budget((7 * 10**8, 3 * 10**8), 10**8, unet=1, vae=4000, granularity=8)
    rest = 10**9 + PICTURE * 2048**2 + SPARE
    for whole in WHOLES:
        free = rest + 4000 * whole
        assert fitting(budget, Room(free), passes, 2, never_smaller) == Means(whole)
        if whole > WHOLES[-1]:
            assert fitting(budget, Room(free - 1), passes, 2, never_smaller).whole < whole
    assert fitting(budget, Room(None), passes, 2, never_smaller) == Means(WHOLES[0])


def test_where_a_gpu_is_too_small_for_all_weights_some_wait_in_main_memory() -> None:
    passes = planned(Size(512, 512))
    budget = Budget((7 * 10**8, 3 * 10**8), 10**8, unet=1, vae=1000, granularity=8)
    peak = budget.peak(passes, 2, WHOLES[0])
    for rest in (10**9 - 1, 10**8):
        free = rest + SPARE + budget.peak(passes, 2, WHOLES[-1])
        means = fitting(budget, Room(free, 10**9), passes, 2, never_smaller)
        assert means.resident is not None
        assert means.resident + budget.peak(passes, 2, means.whole) + SPARE <= free
        assert means.resident >= 10**8
    for room in (Room(free - 1, 10**9), Room(free, 10**9 - 1), Room(free)):
        with pytest.raises(UserError, match="takes about"):
            fitting(budget, room, passes, 2)
    room = Room(SPARE + peak + 10**9, 0)
    assert fitting(budget, room, passes, 2, never_smaller) == Means(WHOLES[0])


def test_a_pass_in_tiles_needs_the_memory_of_one_tile_and_guidance_twice_as_much() -> None:
    budget = Budget((), 0, unet=64, vae=0, granularity=8)
    pixels = PICTURE * 512 * 1024
    assert budget.peak(planned(Size(512, 1024)), 1, 1) == pixels + 512 * 1024
    assert budget.peak(planned(Size(512, 1024)), 2, 1) == pixels + 512 * 1024 * 2
    assert budget.peak(planned(Size(512, 1024), tile=512), 1, 1) == pixels + 512 * 512


def test_a_models_weights_count_as_they_will_be_in_memory(starter: Path) -> None:
    full, half = (Budget.of(describe(starter), device) for device in (FULL, HALF))
    assert full.weights == 2 * half.weights
    files = sum(file.stat().st_size for file in starter.glob("*/*.safetensors"))
    assert files * 0.99 < half.weights < files * 2.01  # stored in float16, some in float32


def test_refining_in_another_way_does_not_paint_the_first_pass_again(ask: Ask) -> None:
    engine = DiffusionEngine(FULL)
    plain = run(engine, ask())
    told: list[Progress] = []
    refined = run(engine, ask(refine=Refine(2.0, 0.7)), told)
    assert steps(told) == [4, 5]
    assert "Painting" not in stages(told)
    assert refined.made.steps_run == 5
    assert refined.picture == run(DiffusionEngine(FULL), ask(refine=Refine(2.0, 0.7))).picture
    assert run(engine, ask()).picture == plain.picture
    for other in (ask(seed=8), ask(prompt="b"), ask(guidance=2.0)):
        assert run(engine, other).picture != plain.picture


def test_a_source_is_encoded_once(
    ask: Ask, sketch: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []
    encode = Vae.encode_picture

    def counted(self: Vae, picture: Picture, part: Any) -> torch.Tensor:
        sizes.append(picture.size)
        return encode(self, picture, part)

    monkeypatch.setattr(Vae, "encode_picture", counted)
    engine = DiffusionEngine(FULL)
    small = Picture(Size(32, 32), sketch.rgba[: 32 * 32 * 4])
    first = run(engine, ask(source=small, strength=0.5))
    run(engine, ask(source=small, strength=0.5, seed=8))
    again = run(DiffusionEngine(FULL), ask(source=small, strength=0.5))
    assert len(sizes) == 2  # one for each engine
    assert first.picture == again.picture
    other = Picture(Size(32, 32), small.rgba[::-1])
    assert run(engine, ask(source=other, strength=0.5)).picture != first.picture


def test_unloading_gives_everything_back_and_the_next_picture_is_the_same(ask: Ask) -> None:
    engine = DiffusionEngine(FULL)
    made = run(engine, ask(refine=Refine(2.0, 0.7)))
    assert engine._loaded is not None
    kept = weakref.ref(engine._loaded.denoiser.network), weakref.ref(engine._loaded.vae)
    engine.unload()
    gc.collect()
    assert [each() for each in kept] == [None, None]
    assert engine._first.bytes == 0
    told: list[Progress] = []
    assert run(engine, ask(refine=Refine(2.0, 0.7)), told).picture == made.picture
    assert told[0].stage == "Loading the model"


@pytest.mark.parametrize(
    ("features", "dtype"),
    [({"avx512_bf16": True}, "bfloat16"), ({"amx_bf16": True}, "bfloat16"), ({}, "float32")],
)
def test_a_cpu_computes_in_bfloat16_only_with_instructions_for_it(
    features: dict[str, bool], dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "_fastest", lambda: "cpu")
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: features)
    device = choose_device()
    assert device.dtype_name == dtype
    assert dtype in devices.describe_device(device)["Precision"]


@pytest.mark.parametrize(("has", "dtype"), [(True, "bfloat16"), (False, "float16")])
def test_a_gpu_computes_in_float16_only_where_it_has_to(
    has: bool, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "_fastest", lambda: "cuda")
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: has)
    device = choose_device()
    assert device.dtype_name == dtype
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "GTX 9000")
    told = devices.describe_device(device)
    assert "GTX 9000" in told["Device"]
    assert "float32 takes over" in told["Precision"]
    assert "wait in memory" in told["Weights"]


def test_convolutions_lie_as_bfloat16_is_fast_with(ask: Ask) -> None:
    for dtype, fast in ((torch.bfloat16, True), (torch.float32, False)):
        engine = DiffusionEngine(replace(FULL, dtype=dtype))
        engine.prepare(ask().model, lambda: False)
        for network in (engine._model.denoiser.network, engine._model.vae._network):
            weight = next(each for each in network.parameters() if each.dim() == 4)
            assert weight.is_contiguous(memory_format=torch.channels_last) == fast


def test_bfloat16_changes_nothing_that_is_seen(make_request: Ask) -> None:
    pictures = []
    for dtype in (torch.float32, torch.bfloat16):
        made = run(DiffusionEngine(replace(FULL, dtype=dtype)), make_request(steps=10))
        pictures.append(torch.frombuffer(bytearray(made.picture.rgba), dtype=torch.uint8).float())
    assert float((pictures[0] - pictures[1]).abs().mean()) < 2  # of 255


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 120)), max_size=40))
@example([(0, 40), (1, 40), (0, 0), (2, 40)])
def test_a_cache_stays_within_its_bytes_and_drops_the_oldest(calls: list[tuple[int, int]]) -> None:
    cache: ByteCache[bytes] = ByteCache(100, len)
    model: dict[int, int] = {}
    for key, length in calls:
        if length % 3 == 0:
            found = cache.get(key)
            assert (len(found) if found is not None else None) == model.get(key)
            if key in model:
                model[key] = model.pop(key)
            continue
        cache.keep(key, bytes(length))
        model.pop(key, None)
        if length <= 100:
            model[key] = length
        while sum(model.values()) > 100:
            del model[next(iter(model))]
        assert cache.bytes == sum(model.values())
    kept = {key: cache.get(key) for key in range(5)}
    assert {key: len(value) for key, value in kept.items() if value is not None} == model
