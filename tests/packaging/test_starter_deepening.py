"""A denoiser with a stage more: what it has learned stays, and it paints twice the side."""

from pathlib import Path

import pytest
import torch
from checkpoints import Checkpoint
from deepening import EMBEDDING, deepened
from diffusers.models.embeddings import Timesteps
from export import write_model
from networks import make_denoiser, shape_of, signal_levels

from studio.core.picture import Size
from studio.core.request import GenerationRequest
from studio.engine.diffusion.engine import DiffusionEngine
from studio.engine.models.catalogue import describe

STARTER = Path(__file__).resolve().parents[2] / "resources" / "starter-model"


@pytest.fixture(scope="module")
def small(tiny_denoiser):
    network = make_denoiser(tiny_denoiser)
    facts = {"step": 5, "history": [], "draws": {"32x32": 9}, "nouns": [], "styles": []}
    return Checkpoint(network.state_dict(), {**facts, "config": shape_of(network)})


def test_a_deeper_denoiser_keeps_what_is_inside(small):
    deeper = deepened(small)
    inside = [name for name in small.tensors if name.startswith(("mid_block.", "up_blocks.1."))]
    for name in (*inside, "time_embedding.linear_2.weight"):
        assert torch.equal(deeper.tensors[name], small.tensors[name])
    moved = [name for name in small.tensors if name.startswith("down_blocks.1.")]
    for name in moved:
        now = name.replace("down_blocks.1.", "down_blocks.2.")
        assert torch.equal(deeper.tensors[now], small.tensors[name])
    assert len(inside) > 20 < len(moved)
    assert (deeper.facts["step"], deeper.facts["draws"]) == (5, {})


def test_what_is_inside_hears_of_the_noise_that_reaches_it(small):
    known = torch.zeros_like(small.tensors[EMBEDDING])
    half = known.shape[1] // 2
    slow = torch.arange(half // 2, half)  # cosines that tell far timesteps apart
    known[torch.arange(len(slow)), slow] = 1.0
    fitted = deepened(Checkpoint({**small.tensors, EMBEDDING: known}, small.facts))
    network = make_denoiser(fitted.facts["config"])
    alpha, sigma = signal_levels(torch.device("cpu"))
    for timestep in (100, 500, 900, 999):
        level = sigma[timestep] / alpha[timestep]
        earlier = int((sigma / alpha >= level / 2).nonzero()[0])
        wanted = Timesteps(known.shape[1], True, 0)(torch.tensor([earlier])) @ known.T
        said = network.time_proj(torch.tensor([timestep])) @ fitted.tensors[EMBEDDING].T
        assert torch.allclose(said, wanted, atol=0.06)


def test_a_deeper_denoiser_paints_twice_the_side_in_the_app(small, vae, tmp_path):
    sides = []
    for name, denoiser in (("before", small), ("after", deepened(small))):
        model = tmp_path / name
        write_model(model, vae, denoiser, STARTER)
        sides.append(describe(model).rule.native.width)
    assert sides[1] == 2 * sides[0]
    request = GenerationRequest(model=model, prompt="a fox", seed=1, size=Size(96, 64), steps=2)
    finished = DiffusionEngine().run(request, lambda _: None, lambda: False)
    assert finished.picture.size == Size(96, 64)
