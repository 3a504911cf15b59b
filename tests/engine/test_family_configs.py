import gzip
import inspect
import json
import math
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
import transformers
from diffusers.loaders.single_file_utils import (
    LDM_VAE_DEFAULT_SCALING_FACTOR,
    SCHEDULER_DEFAULT_CONFIG,
)
from diffusers.models.attention_processor import Attention
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

RESOURCES = Path(__file__).parents[2] / "resources" / "families"
FAMILIES = sorted(index.parent.name for index in RESOURCES.glob("*/model_index.json"))
STABLE_DIFFUSION = [name for name in FAMILIES if name.startswith("sd")]
FLOW = [name for name in FAMILIES if not name.startswith("sd")]

CLIP_L = 123_060_480
OPEN_CLIP_H = 340_387_840  # without the last of its 24 layers
OPEN_CLIP_G = 694_659_840
SD_VAE = 83_653_863
FLUX2_VAE = 84_046_115
QWEN3_4B = 4_022_468_096
SD = {"unet": 859_520_964, "text_encoder": CLIP_L, "vae": SD_VAE}
SD2 = {"unet": 865_910_724, "text_encoder": OPEN_CLIP_H, "vae": SD_VAE}
SDXL = {
    "unet": 2_567_463_684,
    "text_encoder": CLIP_L,
    "text_encoder_2": OPEN_CLIP_G,
    "vae": SD_VAE,
}
Z_IMAGE = {"transformer": 6_154_908_736, "text_encoder": QWEN3_4B, "vae": 83_819_683}
PUBLISHED = {
    "sd15": SD,
    "sd2": SD2,
    "sd2-v": SD2,
    "sdxl-base": SDXL,
    "sdxl-turbo": SDXL,
    "flux2-klein-4b": {
        "transformer": 3_875_544_576,
        "text_encoder": QWEN3_4B,
        "vae": FLUX2_VAE,
    },
    "flux2-klein-9b": {
        "transformer": 9_078_581_248,
        "text_encoder": 8_190_735_360,
        "vae": FLUX2_VAE,
    },
    "z-image": Z_IMAGE,
    "z-image-turbo": Z_IMAGE,
}


def config(family: str, part: str) -> dict[str, Any]:
    (file,) = (RESOURCES / family / part).glob("*.json")
    return json.loads(file.read_bytes())


def classes(family: str) -> dict[str, type]:
    """The class of each part, as model_index.json names it."""
    libraries = {"diffusers": diffusers, "transformers": transformers}
    index = json.loads((RESOURCES / family / "model_index.json").read_bytes())
    named = {part: entry for part, entry in index.items() if isinstance(entry, list)}
    return {part: getattr(libraries[at], kind) for part, (at, kind) in named.items() if at}


def networks(family: str) -> list[str]:
    return [part for part in classes(family) if not part.startswith(("tokenizer", "scheduler"))]


def network(family: str, part: str) -> Any:
    """A network without weights."""
    return built(classes(family)[part], json.dumps(config(family, part)))


@cache
def built(kind: Any, config: str) -> Any:
    settings = json.loads(config)
    with torch.device("meta"):
        if hasattr(kind, "from_config"):
            return kind.from_config(settings)
        return kind(kind.config_class.from_dict(settings))


def tokenizer(family: str, part: str = "tokenizer") -> Any:
    settings = config(family, part)
    file = (RESOURCES / family / part / settings.pop("vocabulary")).resolve()
    return transformers.PreTrainedTokenizerFast(tokenizer_object=unpacked(file), **settings)


@cache
def unpacked(file: Path) -> Tokenizer:
    return Tokenizer.from_str(gzip.decompress(file.read_bytes()).decode())


def accepted_keys(kind: type) -> set[str]:
    if hasattr(kind, "config_class"):
        return set(kind.config_class().to_dict()) | {"architectures", "model_type"}
    return set(inspect.signature(kind).parameters) | {"_class_name", "force_upcast"}


@pytest.mark.parametrize("family", FAMILIES)
def test_networks_have_the_published_counts_of_parameters(family: str) -> None:
    counts = {
        part: sum(weight.numel() for weight in network(family, part).parameters())
        for part in networks(family)
    }
    assert counts == PUBLISHED[family]


def test_attention_has_as_many_heads_as_in_training() -> None:
    heads = {
        (family, module.heads, module.inner_dim // module.heads)
        for family in STABLE_DIFFUSION
        for module in network(family, "unet").modules()
        if isinstance(module, Attention)
    }
    assert {wide for family, _, wide in heads if family != "sd15"} == {64}
    assert {many for family, many, _ in heads if family == "sd15"} == {8}
    for family in STABLE_DIFFUSION:
        for part in networks(family):
            if part.startswith("text"):
                text = network(family, part).config
                assert text.hidden_size // text.num_attention_heads == 64


def test_texts_are_encoded_with_the_functions_of_training() -> None:
    openai, open_clip = "quick_gelu", "gelu"
    for family in STABLE_DIFFUSION:
        encoder = network(family, "text_encoder").config
        assert encoder.hidden_act == (open_clip if family.startswith("sd2") else openai)
        if family.startswith("sdxl"):
            assert network(family, "text_encoder_2").config.hidden_act == open_clip
    for family in FLOW:
        encoder = network(family, "text_encoder").config
        assert encoder.hidden_act == "silu"
        assert encoder.rope_parameters["rope_theta"] == 1_000_000


@pytest.mark.parametrize("family", FAMILIES)
def test_configs_name_their_class_and_only_settings_that_it_has(family: str) -> None:
    for part, kind in classes(family).items():
        if part.startswith("tokenizer"):
            continue
        settings = config(family, part)
        assert set(settings) <= accepted_keys(kind), part
        assert settings.get("_class_name", kind.__name__) == kind.__name__


@pytest.mark.parametrize(
    ("family", "unusual"),
    [
        ("sd15", {}),
        ("sd2", {}),
        ("sd2-v", {"prediction_type": "v_prediction"}),
        ("sdxl-base", {}),
        ("sdxl-turbo", {"timestep_spacing": "trailing"}),
    ],
)
def test_noise_is_added_as_in_stable_diffusion(family: str, unusual: dict[str, str]) -> None:
    scheduler = config(family, "scheduler")
    known = scheduler.keys() & SCHEDULER_DEFAULT_CONFIG.keys()
    expected = SCHEDULER_DEFAULT_CONFIG | unusual
    assert {key: scheduler[key] for key in known} == {key: expected[key] for key in known}
    assert known > {"beta_schedule", "beta_start", "beta_end", "prediction_type"}


def test_latents_are_scaled_as_each_family_was_trained() -> None:
    vaes = {family: config(family, "vae") for family in FAMILIES}
    scales = {
        name: (vae.get("scaling_factor"), vae.get("shift_factor")) for name, vae in vaes.items()
    }
    sd, sdxl, z_image = (LDM_VAE_DEFAULT_SCALING_FACTOR, None), (0.13025, None), (0.3611, 0.1159)
    batch_norm = (None, None)  # does it instead
    assert scales == {
        **{"sd15": sd, "sd2": sd, "sd2-v": sd},
        **{"sdxl-base": sdxl, "sdxl-turbo": sdxl},
        **{"flux2-klein-4b": batch_norm, "flux2-klein-9b": batch_norm},
        **{"z-image": z_image, "z-image-turbo": z_image},
    }


@pytest.mark.parametrize("family", ["sdxl-base", "sdxl-turbo"])
def test_sdxl_reads_six_sizes_and_a_summary_of_the_text(family: str) -> None:
    unet, text = network(family, "unet"), network(family, "text_encoder_2")
    sizes = 6 * unet.add_time_proj.num_channels
    assert unet.add_embedding.linear_1.in_features == sizes + text.config.projection_dim


@pytest.mark.parametrize("family", FLOW)
def test_places_are_told_as_in_training(family: str) -> None:
    kind = classes(family)["transformer"]
    published = inspect.signature(kind).parameters
    for key, value in config(family, "transformer").items():
        if key in {"rope_theta", "axes_dims", "axes_dims_rope", "t_scale", "norm_eps", "eps"}:
            assert value == pytest.approx(published[key].default), key


@pytest.mark.parametrize("family", FLOW)
def test_flow_is_shifted_as_it_was_trained(family: str) -> None:
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler.from_config(config(family, "scheduler"))
    by_size = {"mu": math.log(5)} if family.startswith("flux2") else {}
    scheduler.set_timesteps(sigmas=[0.5], **by_size)
    shift = {"z-image": 6, "z-image-turbo": 3}.get(family, 5)
    assert scheduler.sigmas[0].item() == pytest.approx(shift / (1 + shift))


@pytest.mark.parametrize(
    ("family", "part", "pad"),
    [
        ("sd15", "tokenizer", 49407),
        ("sd2", "tokenizer", 0),
        ("sd2-v", "tokenizer", 0),
        ("sdxl-base", "tokenizer", 49407),
        ("sdxl-base", "tokenizer_2", 0),
        ("sdxl-turbo", "tokenizer", 49407),
        ("sdxl-turbo", "tokenizer_2", 0),
    ],
)
def test_clip_prompts_are_read_and_padded_as_in_training(family: str, part: str, pad: int) -> None:
    cat = [49406, 320, 1125, 539, 320, 2368, 49407]
    tokens = tokenizer(family, part)("A photo of\n a CAT", padding="max_length").input_ids
    assert tokens == cat + [pad] * (77 - len(cat))


@pytest.mark.parametrize("family", FLOW)
def test_qwen_prompts_are_wrapped_as_a_question(family: str) -> None:
    qwen = tokenizer(family)
    question = [{"role": "user", "content": "a café, 猫が 🙂\n"}]
    asked = [151644, 872, 198, 64, 51950, 11, 10236, 234, 104, 28195, 27484, 198, 151645, 198]
    done_thinking = [151667, 271, 151668, 271]
    for thinking, answer in ((True, []), (False, done_thinking)):
        text = qwen.apply_chat_template(
            question, tokenize=False, add_generation_prompt=True, enable_thinking=thinking
        )
        assert qwen(text).input_ids == [*asked, 151644, 77091, 198, *answer]
    assert qwen("", padding="max_length", max_length=2).input_ids == [151643, 151643]


@pytest.fixture(scope="module")
def qwen() -> Any:
    return tokenizer("z-image")


@given(text=st.text())
def test_qwen_loses_nothing_of_a_text(qwen: Any, text: str) -> None:
    assert qwen.decode(qwen(text).input_ids) == unicodedata.normalize("NFC", text)
