"""Upscalers: the networks against ncnn's, and files that are not what they say."""

import pickle
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from studio.core.errors import Cancelled, UserError
from studio.core.picture import Picture, Size
from studio.engine.diffusion.pixels import to_picture, to_tensor
from studio.engine.diffusion.upscale import Upscaler
from studio.engine.diffusion.upscalers.files import read_network
from studio.engine.diffusion.upscalers.networks import Compact, Dense, network_for
from studio.engine.upscalers import find_upscalers, resolve_upscaler

SHIPPED = Path(__file__).parents[2] / "resources" / "upscalers"
COMPACT = SHIPPED / "realesr-animevideov3.safetensors"
DENSE = SHIPPED / "realesrgan-x4plus-anime.safetensors"
PARAM = Path(__file__).parent / "upscalers" / "realesr-animevideov3.param"

PLACES = ((0, 0, 0), (1, 40, 40), (2, 95, 79), (0, 50, 7), (1, 13, 66))
FROM_NCNN = {
    COMPACT: (0.4548, 0.4518, 0.8928, 0.1178, 0.7473),
    DENSE: (0.4784, 0.2273, 1.0101, 0.1308, 0.8028),
}
"""What ncnn 1.0.20261020 makes of `waves` with the files that ours were converted from."""


def waves() -> Tensor:
    """RGB [1, 3, 24, 20] in 0 .. 1."""
    y, x = torch.meshgrid(torch.arange(24.0), torch.arange(20.0), indexing="ij")
    return torch.stack([0.5 + 0.5 * (0.7 * x + 0.3 * y * c).sin() for c in (1, 2, 3)])[None]


def never() -> bool:
    return False


def silent(index: int, count: int) -> None:
    """For those who do not ask which tile it is."""


@pytest.mark.parametrize("file", [COMPACT, DENSE], ids=lambda file: file.stem)
def test_shipped_networks_make_what_ncnn_makes(file: Path) -> None:
    network, digest = read_network(file)
    made = network(waves())[0]
    assert [float(made[place]) for place in PLACES] == pytest.approx(FROM_NCNN[file], abs=1e-4)
    assert network.scale == 4
    assert len(digest) == 64


ORACLE = """
import sys, numpy, ncnn
param, binary, given, made = sys.argv[1:]
net = ncnn.Net()
for name in ("fp16_packed", "fp16_storage", "fp16_arithmetic", "bf16_storage", "vulkan_compute"):
    setattr(net.opt, "use_" + name, False)
net.load_param(param)
net.load_model(binary)
extractor = net.create_extractor()
picture = numpy.fromfile(given, numpy.float32).reshape(3, 24, 20)
extractor.input("data", ncnn.Mat(picture).clone())
numpy.array(extractor.extract("output")[1]).tofile(made)
"""
"""In a process of its own: torch's convolutions give nonsense once ncnn's have run beside them."""


def test_ncnn_itself_agrees_with_the_compact_network(tmp_path: Path) -> None:
    pytest.importorskip("ncnn", reason="the oracle 'ncnn' is not installed")
    binary, given, made = (tmp_path / name for name in ("weights.bin", "given", "made"))
    binary.write_bytes(_ncnn_weights(load_file(COMPACT)))
    given.write_bytes(waves().numpy().tobytes())
    words = [sys.executable, "-c", ORACLE, *map(str, (PARAM, binary, given, made))]
    subprocess.run(words, check=True)
    theirs = torch.frombuffer(bytearray(made.read_bytes()), dtype=torch.float32)
    ours = network_for(load_file(COMPACT))(waves())[0].flatten()
    assert float((ours - theirs).abs().max()) < 1e-4


def _ncnn_weights(weights: dict[str, Tensor]) -> bytes:
    """A .bin: tagged float16 weights, plain float32 biases and slopes."""
    data = b""
    layers = sorted({int(name.split(".")[1]) for name in weights})
    for layer in layers:
        weight, bias = weights[f"body.{layer}.weight"], weights.get(f"body.{layer}.bias")
        tag = struct.pack("<I", 0x01306B47) if weight.dim() == 4 else b""
        data += tag + weight.numpy().tobytes() + (b"" if bias is None else bias.numpy().tobytes())
    return data


@pytest.fixture
def blot() -> Picture:
    """60x44 with a soft red blot, opaque at the left and clear at the right."""
    y, x = torch.meshgrid(torch.arange(44.0), torch.arange(60.0), indexing="ij")
    blot = torch.exp(-((x - 25) ** 2 + (y - 20) ** 2) / 150)
    alpha = (1.5 - x / 40).clamp(0, 1)
    return to_picture(torch.stack([blot, 0.3 * blot, 1 - blot, alpha])[None])


@pytest.mark.parametrize("file", [COMPACT, DENSE], ids=lambda file: file.stem)
def test_enlarged_pictures_are_the_same_picture_at_the_size_asked_for(
    file: Path, blot: Picture
) -> None:
    made = Upscaler(file, "cpu").enlarge(blot, Size(90, 66), never, silent)
    assert made.size == Size(90, 66)
    rough = torch.nn.functional.interpolate(to_tensor(blot), (66, 90), mode="bilinear")
    seen = rough[:, 3:] > 0.5
    assert float(((to_tensor(made) - rough) * seen).abs().mean()) < 0.02
    assert made.rgba[3] == 255
    assert made.rgba[-1] < 10


def test_tiles_of_the_compact_network_are_the_whole(
    blot: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    upscaler, size = Upscaler(COMPACT, "cpu"), Size(240, 176)
    whole = upscaler.enlarge(blot, size, never, silent)
    monkeypatch.setattr(Compact, "tile", 48)
    parts: list[tuple[int, int]] = []
    tiles = upscaler.enlarge(blot, size, never, lambda *part: parts.append(part))
    assert len(parts) > 1
    assert float((to_tensor(tiles) - to_tensor(whole)).abs().max()) * 255 < 1.01


def test_tiles_of_the_dense_network_are_nearly_the_whole(
    blot: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    upscaler, size = Upscaler(DENSE, "cpu"), Size(240, 176)
    whole = upscaler.enlarge(blot, size, never, silent)
    monkeypatch.setattr(Dense, "tile", 48)
    tiles = upscaler.enlarge(blot, size, never, silent)
    off = (to_tensor(tiles) - to_tensor(whole)).abs() * 255
    assert float(off.mean()) < 0.5
    assert tiles != whole


def test_a_network_that_is_asked_for_more_than_its_scale_is_used_twice(
    blot: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[torch.Size] = []
    forward = Compact.forward

    def spy(self: Compact, x: Tensor) -> Tensor:
        calls.append(x.shape)
        return forward(self, x)

    monkeypatch.setattr(Compact, "forward", spy)
    upscaler = Upscaler(COMPACT, "cpu")
    tiny = Picture(Size(6, 4), blot.rgba[: 6 * 4 * 4])
    assert upscaler.enlarge(tiny, Size(48, 32), never, silent).size == Size(48, 32)
    assert [tuple(shape[2:]) for shape in calls] == [(4, 6), (16, 24)]


def test_enlarging_stops_between_two_layers(blot: Picture) -> None:
    asked: list[None] = []

    def cancelled() -> bool:
        asked.append(None)
        return len(asked) > 9

    with pytest.raises(Cancelled):
        Upscaler(COMPACT, "cpu").enlarge(blot, Size(120, 88), cancelled, silent)
    assert len(asked) == 10


def test_numbers_out_of_bounds_are_one_sentence(blot: Picture, tmp_path: Path) -> None:
    weights = load_file(COMPACT)
    file = tmp_path / "broken.safetensors"
    save_file({**weights, "body.0.bias": torch.full((64,), torch.nan)}, file)
    with pytest.raises(UserError, match=r"broken\.safetensors grew out of bounds"):
        Upscaler(file, "cpu").enlarge(blot, Size(120, 88), never, silent)


def small_dense(doublings: int = 2, folded: int = 1) -> Dense:
    torch.manual_seed(0)
    return Dense(features=8, growth=4, blocks=2, doublings=doublings, folded=folded).eval()


def upstream_names(network: Dense) -> dict[str, Tensor]:
    """As Real-ESRGAN calls them: conv_up1, conv_up2."""
    return {
        name.replace("conv_up.0", "conv_up1").replace("conv_up.1", "conv_up2"): tensor
        for name, tensor in network.state_dict().items()
    }


def first_names(network: Dense) -> dict[str, Tensor]:
    """As the first ESRGAN numbered them."""
    ups = len(network.conv_up)
    numbers = {"conv_first": "model.0", "conv_body": f"model.1.sub.{len(network.body)}"}
    numbers |= {f"conv_up.{index}": f"model.{3 * index + 3}" for index in range(ups)}
    numbers |= {"conv_hr": f"model.{3 * ups + 2}", "conv_last": f"model.{3 * ups + 4}"}
    named = {}
    for name, tensor in network.state_dict().items():
        layer, _, what = name.rpartition(".")
        if layer.startswith("body."):
            _, block, part, conv = layer.split(".")
            layer = f"model.1.sub.{block}.RDB{part[-1]}.conv{conv[-1]}.0"
        named[f"{numbers.get(layer, layer)}.{what}"] = tensor
    return named


@pytest.mark.parametrize("named", [upstream_names, first_names])
@pytest.mark.parametrize("ending", [".safetensors", ".pth"])
@pytest.mark.parametrize("wrapper", ["params_ema", "params", ""])
def test_other_peoples_files_are_read(
    named: Callable[[Dense], dict[str, Tensor]], ending: str, wrapper: str, tmp_path: Path
) -> None:
    network, file = small_dense(), tmp_path / f"theirs{ending}"
    weights = {name: tensor.contiguous() for name, tensor in named(network).items()}
    if ending == ".safetensors":
        save_file(weights, file)
    else:
        torch.save({wrapper: weights} if wrapper else weights, file)
    read, _ = read_network(file)
    assert torch.equal(read(waves()), network(waves()))


@pytest.mark.parametrize(
    ("doublings", "folded", "scale"), [(1, 1, 2), (2, 2, 2), (2, 4, 1), (3, 1, 8)]
)
def test_networks_of_other_scales_are_recognised(doublings: int, folded: int, scale: int) -> None:
    network = small_dense(doublings, folded)
    odd = torch.rand(1, 3, 13, 11)
    read = network_for(first_names(network) if folded == 1 else upstream_names(network))
    assert read.scale == scale
    assert torch.equal(read(odd), network(odd))
    assert read(odd).shape == (1, 3, 13 * scale, 11 * scale)


class Trap:
    """What a hostile pickle would run."""

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return Path.touch, (Path("sprung"),)  # type: ignore[return-value]


def test_a_pickle_that_wants_to_run_something_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "trap.pth"
    for write in (
        lambda: torch.save({"params": Trap()}, file),
        lambda: file.write_bytes(pickle.dumps(Trap(), protocol=2)),
    ):
        write()
        with pytest.raises(UserError, match=r"trap\.pth holds no upscaler"):
            read_network(file)
    assert not Path("sprung").exists()


@pytest.mark.parametrize("ending", [".safetensors", ".pth"])
def test_damaged_and_foreign_files_are_one_sentence(ending: str, tmp_path: Path) -> None:
    file = tmp_path / f"odd{ending}"
    whole = COMPACT.read_bytes()
    for content in (b"", b"\x80", b"hello", whole[:1000], bytes(100), b"PK\x03\x04" + bytes(50)):
        file.write_bytes(content)
        with pytest.raises(UserError, match="holds no upscaler"):
            read_network(file)
    with pytest.raises(UserError, match="There is no upscaler at"):
        read_network(tmp_path / "missing.pth")


def test_weights_of_other_networks_are_refused() -> None:
    good = load_file(COMPACT)
    for weights in (
        {},
        {"body.0.weight": torch.zeros(4, 3, 3, 3)},
        {**good, "body.34.weight": torch.zeros(3 * 81, 64, 3, 3)},
        {**good, "body.3.weight": torch.zeros(5)},
        {**good, "extra.weight": torch.zeros(5)},
        {"conv_first.weight": torch.zeros(8, 4, 3, 3)},
        {"conv_first.weight": torch.tensor(1.0), "model.0.weight": torch.tensor(2.0)},
    ):
        with pytest.raises(ValueError, match="network"):
            network_for(weights)


def test_upscalers_are_found_by_name_or_path(tmp_path: Path) -> None:
    mine = tmp_path / "mine.pth"
    mine.touch()
    (tmp_path / "notes.txt").touch()
    (tmp_path / COMPACT.name).touch()  # of equal names the first counts
    folders = (SHIPPED, tmp_path, tmp_path / "missing")
    assert find_upscalers(folders) == {"mine": mine, COMPACT.stem: COMPACT, DENSE.stem: DENSE}
    assert resolve_upscaler("mine", folders) == mine
    assert resolve_upscaler(str(mine), ()) == mine
    with pytest.raises(UserError, match="no upscaler called 'other'") as error:
        resolve_upscaler("other", folders)
    assert "mine, realesr-animevideov3" in error.value.remedy
