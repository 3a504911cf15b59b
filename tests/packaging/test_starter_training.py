"""The starter model's training: it resumes exactly, and what it makes loads in the app."""

import json
from dataclasses import replace
from pathlib import Path

import checkpoints
import pytest
import torch
from checkpoints import Checkpoint, CheckpointError
from classifier import COUNTS, PLACES, UNKNOWN, Labels, Reading, overlap, places
from export import write_model
from folders import read_denoiser, read_vae
from grammar import Grammar, HeldOut
from hypothesis import given, settings
from hypothesis import strategies as st
from learner import Learner
from networks import SCHEDULE, signal_levels
from pool import Pool
from scenery import load_scenery
from scores import repeated, score, shuffled
from sprites import SpriteSet
from text import TextReader
from torch import nn
from train_denoiser import (
    FOCUS,
    Bucket,
    DenoiserTraining,
    LatentMaker,
    draw_timesteps,
    focus,
    mixed,
    parse_sizes,
)
from train_denoiser import save as save_denoiser
from train_vae import VaeTraining
from train_vae import save as save_vae

from studio.core.picture import Size
from studio.core.request import GenerationRequest
from studio.engine.diffusion.engine import DiffusionEngine
from studio.engine.diffusion.families.sd import Unet
from studio.engine.diffusion.schedules.level import Level
from studio.engine.diffusion.schedules.trained import TrainedSchedule

STARTER = Path(__file__).resolve().parents[2] / "resources" / "starter-model"
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def text():
    return TextReader(STARTER, CPU)


@pytest.fixture(scope="module")
def denoiser_training(plain, vae, text, tiny_denoiser):
    def begin(latents=vae, shape=tiny_denoiser):
        buckets = (Bucket(32, 32, 1), Bucket(64, 32, 1))
        layout = torch.contiguous_format
        return DenoiserTraining(plain, LatentMaker(latents), text, buckets, 1, shape, layout)

    return begin


def assert_same(first, second):
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_the_denoiser_resumes_bit_exactly(denoiser_training, tmp_path):
    through = denoiser_training()
    for _ in range(2):
        through.advance(1e-2)
    save_denoiser(through, tmp_path)
    resumed = denoiser_training()
    resumed.resume(checkpoints.read(tmp_path / "state"))
    losses = [[training.advance(1e-2)[0] for _ in range(2)] for training in (through, resumed)]
    assert losses[0] == losses[1]
    assert_same(through.learner.state(), resumed.learner.state())
    assert through.facts() == resumed.facts()


def test_the_autoencoder_resumes_bit_exactly(plain, tiny_vae, tmp_path):
    through = VaeTraining(plain, 4, tiny_vae)
    through.advance(1e-2)
    save_vae(through, tmp_path)
    resumed = VaeTraining(plain, 4, tiny_vae)
    resumed.resume(checkpoints.read(tmp_path / "state"))
    for training in (through, resumed):
        training.advance(1e-2)
    assert_same(through.learner.state(), resumed.learner.state())


def test_weights_alone_start_a_new_optimisation(denoiser_training, tmp_path):
    first = denoiser_training()
    first.advance(1e-2)
    save_denoiser(first, tmp_path)
    second = denoiser_training()
    second.resume(checkpoints.read(tmp_path / "weights"))
    assert (second.step, second.learner.updates) == (1, 0)
    average = {name: tensor.half() for name, tensor in first.learner.average().items()}
    assert_same(average, {name: t.half() for name, t in second.learner.average().items()})


def test_training_goes_on_from_a_model_folder_of_any_widths(denoiser_training, vae, tmp_path):
    first = denoiser_training()
    first.advance(1e-2)
    save_denoiser(first, tmp_path)
    write_model(tmp_path / "model", vae, checkpoints.read(tmp_path / "weights"), STARTER)
    start, latents = read_denoiser(tmp_path / "model"), read_vae(tmp_path / "model")
    second = denoiser_training(latents, start.facts["config"])
    second.resume(start)
    assert (second.step, second.learner.updates) == (1, 0)
    average = {name: tensor.half() for name, tensor in first.learner.average().items()}
    assert_same(average, {name: t.half() for name, t in second.learner.average().items()})
    assert latents.facts["deviation"] == pytest.approx(vae.facts["deviation"])


def test_a_model_folder_without_weights_is_told(tmp_path):
    (tmp_path / "model_index.json").write_text("{}")
    for read in (read_denoiser, read_vae):
        with pytest.raises(CheckpointError, match=r"has no .*config\.json"):
            read(tmp_path)


def test_a_new_decoder_reads_the_same_latents(plain, tiny_vae, tmp_path):
    first = VaeTraining(plain, 4, tiny_vae)
    first.advance(1e-2)
    average = {name: tensor.half() for name, tensor in first.learner.average().items()}
    before = Checkpoint(average, {**first.facts(), "deviation": 0.125})
    learning = VaeTraining(plain, 4, tiny_vae, decoder_only=True)
    learning.resume(before)
    learning.advance(1e-2)
    save_vae(learning, tmp_path)
    after = checkpoints.read(tmp_path / "weights")
    assert after.facts["deviation"] == 0.125
    same = {name for name, kept in before.tensors.items() if torch.equal(kept, after.tensors[name])}
    encoder = {name for name in before.tensors if name.startswith("encoder.")}
    assert same >= encoder
    assert len(before.tensors) - len(same) > 5

    resumed = VaeTraining(plain, 4, tiny_vae, decoder_only=True)
    resumed.resume(checkpoints.read(tmp_path / "state"))
    for training in (learning, resumed):
        training.advance(1e-2)
    assert_same(learning.learner.state(), resumed.learner.state())
    with pytest.raises(CheckpointError, match="other parts"):
        first.resume(checkpoints.read(tmp_path / "state"))


def test_only_the_styles_that_are_asked_for_are_drawn(scenery, tmp_path):
    apple, cat, *others = scenery.sprites.sprites
    drawn = SpriteSet([apple, replace(cat, style="3d"), *others], scenery.sprites.pixels)
    drawn.save(tmp_path / "sprites.safetensors")
    assert load_scenery(tmp_path, 3, ["flat"], CPU).grammar.nouns == ("apple", "house")
    with pytest.raises(CheckpointError, match="some of 3d,flat"):
        load_scenery(tmp_path, 3, ["photo"], CPU)


def test_training_lowers_the_loss():
    torch.manual_seed(0)
    inputs = torch.randn(64, 8)
    wanted = inputs @ torch.randn(8, 4)
    learner = Learner(nn.Linear(8, 4), torch.bfloat16)
    losses = []
    for _ in range(300):
        loss = (learner.network(inputs.bfloat16()).float() - wanted).square().mean()
        learner.step(loss, 0.1)
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 20


def test_a_gradient_that_is_not_finite_changes_nothing():
    learner = Learner(nn.Linear(4, 2), torch.float32)
    learner.step(learner.network(torch.ones(1, 4)).sum(), 0.1)
    before = {name: tensor.clone() for name, tensor in learner.state().items()}
    learner.step(learner.network(torch.full((1, 4), torch.nan)).sum(), 0.1)
    after = learner.state()
    assert all(torch.equal(before[key], after[key]) for key in before if "weight." in key)
    assert torch.isfinite(after["first.weight"]).all()


def test_a_checkpoint_comes_back_in_small_files(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "SHARD_BYTES", 1000)
    tensors = {f"t{number}": torch.randn(10, 10).half() for number in range(12)}
    checkpoints.write(tmp_path / "c", tensors, {"step": 3})
    shards = list((tmp_path / "c").glob("*.safetensors"))
    assert len(shards) == 3
    assert all(file.stat().st_size < 2000 for file in shards)
    found = checkpoints.read(tmp_path / "c")
    assert_same(tensors, found.tensors)
    assert found.facts == {"step": 3}


def test_a_damaged_checkpoint_is_told(tmp_path):
    checkpoints.write(tmp_path / "c", {"t": torch.zeros(100)}, {})
    file = tmp_path / "c" / "shard-00.safetensors"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    with pytest.raises(CheckpointError, match="damaged"):
        checkpoints.read(tmp_path / "c")


@settings(max_examples=30)
@given(st.integers(0, 20), st.integers(1, 6), st.integers(1, 3))
def test_a_draw_depends_on_its_number_alone(number, chunks, draws):
    def pool():
        return Pool(lambda chunk: (torch.arange(3) + 3 * chunk,), chunks, draws)

    def draw(source, at):
        return source.draw(at, 3, torch.Generator().manual_seed(at))[0].tolist()

    resumed, through = pool(), pool()
    expected = [draw(through, at) for at in range(number + 1)][-1]
    assert draw(resumed, number) == expected
    oldest = number // draws
    assert all(3 * oldest <= value < 3 * (oldest + chunks) for value in expected)
    assert len(set(expected)) == 3


def test_sizes_are_read_and_checked():
    assert parse_sizes("256:6,192x320") == (Bucket(256, 256, 6), Bucket(192, 320, 1))
    for wrong in ("", "200", "256:0", "axb"):
        with pytest.raises(ValueError, match=r"size|fit"):
            parse_sizes(wrong)
    assert [Bucket(side, side, 1).batch(64) for side in (128, 256, 512)] == [128, 64, 16]


def test_shapes_are_learnt_where_noise_hides_them():
    signal = signal_levels(torch.device("cpu"))
    ratios = signal[1] / signal[0]
    assert focus(Bucket(128, 128, 1), signal) == FOCUS
    for size, times in ((Bucket(256, 256, 1), 2), (Bucket(192, 128, 1), 1.5**0.5)):
        for shifted, at_128 in zip(focus(size, signal), FOCUS, strict=True):
            # Of `times` as many pixels a side, the mean keeps as much noise as one had before.
            assert ratios[shifted] / ratios[at_128] == pytest.approx(times, rel=0.1)
    drawn = draw_timesteps(4000, (600, 900), torch.Generator().manual_seed(1))
    inside = ((drawn >= 600) & (drawn < 900)).float().mean().item()
    assert inside == pytest.approx(0.5 + 0.5 * 0.3, abs=0.03)
    assert drawn.min() < 20
    assert drawn.max() > 980


def test_the_app_runs_the_levels_that_were_trained():
    alpha, sigma = signal_levels(CPU)
    assert alpha[-1] == 0
    ours = (sigma / alpha)[:-1]
    assert torch.allclose(torch.tensor(TrainedSchedule.from_config(SCHEDULE).sigmas)[:-1], ours)


@pytest.mark.parametrize("timestep", [20, 500, 900])
def test_a_perfect_answer_is_the_picture_in_the_app(timestep):
    torch.manual_seed(timestep)
    clean, noise = torch.randn(2, 1, 8, 4, 4)
    alpha, sigma = signal_levels(CPU)
    noisy, wanted = mixed(clean, noise, torch.tensor([timestep]), (alpha, sigma))
    level = Level((sigma / alpha)[timestep].item(), timestep, 1.0)
    made = Unet(None, "v_prediction").clean(noisy / alpha[timestep], wanted, level)
    assert torch.allclose(made, clean, atol=1e-3)


def test_an_exported_model_paints_in_the_app(denoiser_training, vae, tmp_path):
    training = denoiser_training()
    training.advance(1e-3)
    save_denoiser(training, tmp_path)
    weights = checkpoints.read(tmp_path / "weights")
    write_model(tmp_path / "model", vae, weights, STARTER)
    request = GenerationRequest(
        model=tmp_path / "model", prompt="a red apple", seed=1, size=Size(64, 32), steps=2
    )
    finished = DiffusionEngine().run(request, lambda _: None, lambda: False)
    assert finished.picture.size == Size(64, 32)
    config = json.loads((tmp_path / "model" / "vae" / "config.json").read_text())
    assert config["scaling_factor"] == pytest.approx(1 / vae.facts["deviation"])


def reading_of(truth, right):
    """What a reader says that is right about the first `right` pictures, wrong about the others."""

    def logits(wanted, classes):
        said = wanted.clamp(min=0).clone()
        said[right:] = (said[right:] + 1) % classes
        return nn.functional.one_hot(said, classes).float()

    return Reading(
        logits(truth.noun.argmax(1), 5),
        logits(truth.colour, 11),
        logits(truth.count, COUNTS),
        logits(truth.background, 7),
        truth.place,
    )


def asked(count):
    rows = torch.arange(count)
    noun = nn.functional.one_hot(rows % 5, 5).float()
    colour = torch.where(rows % 4 == 0, UNKNOWN, rows % 11)
    return Labels(noun, colour, rows % COUNTS, rows % 7, torch.zeros(count, PLACES, PLACES))


@given(st.integers(1, 40), st.data())
def test_scores_are_the_share_of_right_pictures(count, data):
    right = data.draw(st.integers(0, count))
    truth = asked(count)
    scores = score(reading_of(truth, right), truth)
    assert scores["object"].share == pytest.approx(right / count)
    assert scores["background"].share == pytest.approx(right / count)
    coloured = (truth.colour != UNKNOWN).sum().item()
    assert scores["colour"].of == coloured
    assert scores["object, recoloured"].of == coloured
    if right == count and coloured:
        assert scores["colour"].share == 1


def test_right_pictures_of_other_prompts_score_nothing():
    truth = asked(20)
    assert score(reading_of(truth, 20), shuffled(truth))["object"].share == 0
    pairs = repeated(truth, 2)
    assert score(reading_of(pairs, 40), shuffled(pairs, 2))["object"].share == 0


def test_overlap_is_intersection_over_union():
    first, second = torch.zeros(2, 1, 4, 4, dtype=torch.bool)
    first[0, :, :2] = True
    second[0, :, 1:3] = True
    assert overlap(first, first).item() == 1
    assert overlap(first, second).item() == pytest.approx(1 / 3)
    assert overlap(first & False, second & False).item() == 0


def test_things_are_found_where_they_are_drawn(scenery):
    grammar = Grammar(scenery.sprites, HeldOut())
    scene = next(scene for scene in grammar.held_out(20, 1) if scene.count == 1)
    thing = replace(scene.things[0], x=0.25, y=0.25, scale=0.3)
    scenes = [replace(scene, things=(thing,))]
    found = places(scenes, scenery, scenery.render(scenes, (128, 128)))[0]
    half = PLACES // 2
    assert found[:half, :half].sum() > 10
    assert found[half + 2 :].sum() < 1
