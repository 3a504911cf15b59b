"""Tiles: that they cover everything, and that nobody can tell where they were."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest
import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from studio.core.picture import Picture, Size
from studio.engine.diffusion import vae as vae_module
from studio.engine.diffusion.device import Device
from studio.engine.diffusion.engine import DiffusionEngine
from studio.engine.diffusion.groups import imposed
from studio.engine.diffusion.passes import tiled
from studio.engine.diffusion.pixels import opaque, to_picture, to_tensor
from studio.engine.diffusion.schedules.level import Level
from studio.engine.diffusion.tiling import Grid, Tile, assemble, even_grid
from studio.engine.diffusion.vae import Vae

CPU = Device("cpu", torch.float32, 1)
lengths = st.integers(1, 150)


def silent(index: int, count: int) -> None:
    """For those who do not ask which tile it is."""


@given(lengths, lengths, st.integers(2, 60), st.data())
def test_tiles_are_even_and_share_what_they_should(
    height: int, width: int, side: int, data: st.DataObject
) -> None:
    overlap = data.draw(st.integers(0, side // 2))
    grid = even_grid(height, width, side, overlap)
    for axis, length in ((grid.rows, height), (grid.columns, width)):
        assert axis.side <= side
        assert axis.starts[0] == 0
        assert axis.starts[-1] + axis.side == length
        steps = [after - before for before, after in pairwise(axis.starts)]
        assert all(axis.side - step >= overlap for step in steps)
        assert max(steps, default=0) - min(steps, default=0) <= 1
        assert all(axis.side - step <= overlap + 2 for step in steps)


@settings(max_examples=40, deadline=None)
@given(lengths, lengths, st.integers(8, 60), st.integers(1, 3), st.integers(0, 9), st.data())
def test_what_is_cut_up_is_put_together_again(
    height: int, width: int, side: int, scale: int, margin: int, data: st.DataObject
) -> None:
    overlap = data.draw(st.integers(1, side // 2))
    grid = even_grid(height, width, side, overlap)
    value = torch.rand(1, 2, height, width)

    def enlarged(value: Tensor) -> Tensor:
        return functional.interpolate(value, scale_factor=float(scale), mode="nearest")

    bands = assemble(grid, lambda tile: enlarged(tile.of(value)), silent, scale, margin)
    made = torch.cat(list(bands), dim=2)
    assert torch.allclose(made, enlarged(value), atol=1e-6)
    if grid.count == 1:
        assert torch.equal(made, enlarged(value))


def test_where_three_tiles_meet_they_count_as_one() -> None:
    grid = even_grid(1, 16, 10, 5)
    assert grid.columns.starts[0] + grid.columns.side > grid.columns.starts[2]
    value = torch.rand(1, 2, 1, 16)
    (band,) = assemble(grid, lambda tile: tile.of(value), silent)
    assert torch.allclose(band, value, atol=1e-6)


def test_tiles_fade_into_each_other_without_a_step() -> None:
    grid = even_grid(8, 100, 40, 10)
    shades = iter((0.0, 1.0, 2.0))
    (band,) = assemble(grid, lambda tile: torch.full((1, 1, 8, 40), next(shades)), silent)
    steps = band[0, 0, 0].diff()
    assert steps.min() >= 0
    assert steps.max() <= 1 / 10 + 1e-6  # the overlaps are 10 wide


def test_the_outer_edge_of_a_tile_does_not_count_where_another_sees_more() -> None:
    grid = even_grid(8, 100, 40, 20)
    edge = torch.zeros(1, 1, 8, 40)
    edge[:, :, :, :4] = edge[:, :, :, -4:] = 1.0
    (band,) = assemble(grid, lambda tile: edge, silent, margin=4)
    assert band[0, 0, 0, :4].eq(1).all()
    assert band[0, 0, 0, 4:-4].eq(0).all()


def test_bands_come_as_soon_as_they_are_finished() -> None:
    grid = even_grid(100, 40, 40, 10)
    made: list[int] = []

    def make(tile: Tile) -> Tensor:
        made.append(tile.top)
        return torch.zeros(1, 1, tile.height, tile.width)

    heights = [(band.shape[2], len(made)) for band in assemble(grid, make, silent)]
    assert [count for _, count in heights] == [1, 2, 3]
    assert sum(height for height, _ in heights) == 100


def test_parts_are_told_in_order() -> None:
    told: list[tuple[int, int]] = []
    grid = even_grid(60, 100, 40, 10)
    whole = torch.zeros(1, 1, 60, 100)
    list(assemble(grid, lambda tile: tile.of(whole), lambda *part: told.append(part)))
    assert told == [(index + 1, 6) for index in range(6)]


LEVEL = Level(1.0, 500.0, 1.0)


def test_tiled_guesses_are_the_plain_ones_where_a_pixel_stands_alone() -> None:
    x = torch.randn(1, 4, 40, 56)
    seen: list[torch.Size] = []

    def predict(x: Tensor, level: Level) -> Tensor:
        seen.append(x.shape)
        return x * 0.25 / (0.25 + level.sigma**2)

    grid = even_grid(40, 56, 24, 6)
    made = tiled(predict, grid, silent)(x, LEVEL)
    assert torch.allclose(made, predict(x, LEVEL), atol=1e-6)
    assert max(max(shape[2:]) for shape in seen[:-1]) <= 24


def test_a_single_tile_is_the_whole_bit_for_bit() -> None:
    x = torch.randn(1, 4, 16, 16)
    one = even_grid(16, 16, 16, 4)
    assert torch.equal(tiled(lambda x, _: x.sin(), one, silent)(x, LEVEL), x.sin())


@pytest.fixture(scope="module")
def photo() -> Picture:
    """512x384 with soft shades, hard edges and fine grain."""
    generator = torch.Generator().manual_seed(0)
    soft = torch.rand(1, 4, 3, 4, generator=generator)
    rgba = functional.interpolate(soft, (384, 512), mode="bicubic")
    rgba[:, :3, 100:300, 150:350] = torch.tensor([0.9, 0.2, 0.1])[:, None, None]
    rgba[:, :3] += torch.randn(1, 3, 384, 512, generator=generator) * 0.03
    rgba[:, 3] = 1
    return to_picture(rgba)


def levels_off(one: Picture, other: Picture) -> Tensor:
    return (to_tensor(one) - to_tensor(other)).abs() * 255


@pytest.fixture(scope="module")
def starter_vae(engine: Any, starter: Any) -> Iterator[Vae]:
    """The starter model's, in float32."""
    own = DiffusionEngine(CPU)
    own.prepare(starter, lambda: False)
    assert own._loaded is not None
    yield own._loaded.vae
    own.close()


@torch.inference_mode()
def test_tiled_or_whole_is_the_same_to_a_vae_of_convolutions(
    starter_vae: Vae, photo: Picture
) -> None:
    starter_vae.whole = 10**9
    latents = starter_vae.encode_picture(photo, silent)
    whole = starter_vae.decode_picture(latents, silent)
    parts: list[int] = []
    starter_vae.whole = 384**2
    in_tiles = starter_vae.encode_picture(photo, lambda _, count: parts.append(count))
    assert float((in_tiles - latents).abs().max()) < 1e-3
    tiles = starter_vae.decode_picture(latents, lambda _, count: parts.append(count))
    assert float(levels_off(tiles, whole).max()) < 1.01
    assert float(levels_off(tiles, whole).mean()) < 0.01
    assert parts == [15] * 30


@torch.inference_mode()
def test_what_need_not_be_cut_is_as_before_bit_for_bit(starter_vae: Vae, photo: Picture) -> None:
    starter_vae.whole = photo.size.pixels
    latents = starter_vae.encode_picture(photo, silent)
    assert torch.equal(latents, starter_vae.encode(to_tensor(photo)[:, :3] * 2 - 1))
    made = starter_vae.decode_picture(latents, silent)
    assert made == to_picture(opaque(starter_vae.decode(latents)))


def kl(*, attention: bool) -> Vae:
    torch.manual_seed(0)
    network = AutoencoderKL(
        block_out_channels=(32, 32, 64),
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        mid_block_add_attention=attention,
    )
    return Vae(network.eval(), 4, CPU, 10**9)


def smooth_latents() -> Tensor:
    generator = torch.Generator().manual_seed(1)
    coarse = torch.randn(1, 4, 6, 8, generator=generator)
    return functional.interpolate(coarse, (96, 128), mode="bicubic")


@torch.inference_mode()
def test_a_normalising_vae_shows_no_seams(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the same normalisation, tiles that overlap enough are the whole."""
    vae, latents = kl(attention=False), smooth_latents()
    used: list[Any] = []

    @contextmanager
    def spy(statistics: Any) -> Iterator[None]:
        used.append(statistics)
        with imposed(statistics):
            yield

    monkeypatch.setattr(vae_module, "imposed", spy)
    vae.whole = 320**2
    tiles = vae.decode_picture(latents, silent)
    with imposed(used[0]):
        whole = to_picture(opaque(vae.decode(latents)))
    assert float(levels_off(tiles, whole).mean()) < 0.05


@torch.inference_mode()
def test_tiles_that_are_normalised_as_one_are_nearer_to_the_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vae, latents = kl(attention=True), smooth_latents()
    whole = vae.decode_picture(latents, silent)
    vae.whole = 320**2
    as_one = levels_off(vae.decode_picture(latents, silent), whole).mean()
    monkeypatch.setattr(vae_module, "has_groups", lambda _: False)
    each = levels_off(vae.decode_picture(latents, silent), whole).mean()
    assert float(as_one) < float(each) / 2


@torch.inference_mode()
@pytest.mark.parametrize("size", [Size(1024, 8), Size(8, 1024), Size(520, 136)])
def test_narrow_pictures_are_cut_too(size: Size) -> None:
    vae = kl(attention=False)
    vae.whole = 64**2
    picture = Picture(size, bytes((90, 120, 60, 255)) * size.pixels)
    latents = vae.encode_picture(picture, silent)
    assert latents.shape == vae.latent_shape(size)
    assert vae.decode_picture(latents, silent).size == size


def test_a_grid_counts_its_tiles() -> None:
    grid = even_grid(60, 100, 40, 10)
    assert isinstance(grid, Grid)
    assert (grid.count, grid.tile(1, 2)) == (6, Tile(25, 60, 35, 40))
