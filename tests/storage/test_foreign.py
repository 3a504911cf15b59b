"""Pictures of other programs give their settings, and hostile ones only nothing."""

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo

from studio.core.errors import UserError
from studio.storage.a1111 import parameters_text
from studio.storage.foreign.a1111 import read_a1111
from studio.storage.foreign.comfyui import read_comfyui
from studio.storage.foreign.read import read_foreign
from studio.storage.foreign.settings import ForeignSettings, known_sampler, known_schedule
from tests.storage.samples import HOSTILE, RECIPE

A1111 = """\
a fox, (red:1.2) <lora:ink:0.7>
in "the" snow: at night
Negative prompt: blurry,
text
Steps: 25, Sampler: DPM++ 2M Karras, CFG scale: 6.5, Seed: 1234567890, Size: 640x512, \
Model hash: 0123456789, Model: dreams_v8, Denoising strength: 0.4, Clip skip: 2, \
Hires upscale: 1.5, Hires upscaler: Latent, ENSD: 31337, Lora hashes: "ink: abc, pen: def", \
Hashes: {"model": "0123456789", "lora:ink": "ab"}, ADetailer model: face_yolov8n.pt, \
Version: v1.10.1"""


def png(path: Path, **texts: str) -> Path:
    held = PngInfo()
    for keyword, text in texts.items():
        held.add_itxt(keyword, text)
    Image.new("RGB", (2, 2)).save(path, pnginfo=held)
    return path


def read(path: Path) -> ForeignSettings:
    found = read_foreign(path)
    assert found is not None
    return found


def test_parameters_of_a1111_are_read(tmp_path: Path) -> None:
    told = read(png(tmp_path / "a.png", parameters=A1111))
    assert told.program == "A1111's web UI"
    assert told.prompt == 'a fox, (red:1.2) <lora:ink:0.7>\nin "the" snow: at night'
    assert told.negative == "blurry,\ntext"
    assert (told.steps, told.guidance, told.seed) == (25, 6.5, 1_234_567_890)
    assert (told.width, told.height, told.clip_skip) == (640, 512, 2)
    assert (told.strength, told.refine_factor, told.refine_strength) == (None, 1.5, 0.4)
    assert (told.model, told.sampler) == ("dreams_v8", "DPM++ 2M Karras")
    assert told.unread == ("ENSD", "ADetailer model")


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
@pytest.mark.parametrize("encoding", ["utf-16-be", "utf-16-le"])
def test_parameters_in_the_comment_of_other_formats_are_read(
    tmp_path: Path, suffix: str, encoding: str
) -> None:
    exif = Image.Exif()
    comment = b"UNICODE\0" + A1111.replace("fox", "Füchsin").encode(encoding)
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = comment
    Image.new("RGB", (2, 2)).save(tmp_path / f"a{suffix}", exif=exif)
    told = read(tmp_path / f"a{suffix}")
    assert told.prompt.startswith("a Füchsin, (red:1.2)")
    assert told.steps == 25


def test_our_own_parameters_mean_the_same_here() -> None:
    told = read_a1111(parameters_text(RECIPE))
    assert told
    assert told.program == "Underpaint"
    assert (told.prompt, told.seed, told.steps) == (RECIPE.prompt, RECIPE.seed, RECIPE.steps)
    assert (told.width, told.height) == (RECIPE.first_width, RECIPE.first_height)
    assert (known_sampler(told.sampler)[0], told.guidance) == (RECIPE.sampler, RECIPE.guidance)
    assert (told.model, told.unread) == (RECIPE.model_name, ())
    assert read_a1111(parameters_text(HOSTILE))


def graph(**more: Any) -> dict[str, Any]:
    """A prompt as ComfyUI's first example has it."""
    return {
        "3": node(
            "KSampler", seed=8, steps=20, cfg=7, sampler_name="dpmpp_2m", scheduler="karras",
            denoise=1, model=["10", 0], positive=["6", 0], negative=["7", 0],
            latent_image=["5", 0],
        ),
        "4": node("CheckpointLoaderSimple", ckpt_name="sub\\dreams_v8.safetensors"),
        "5": node("EmptyLatentImage", width=768, height=512, batch_size=1),
        "6": node("CLIPTextEncode", text="a hen", clip=["10", 1]),
        "7": node("CLIPTextEncode", text="dark", clip=["10", 1]),
        "8": node("VAEDecode", samples=["3", 0], vae=["4", 2]),
        "9": node("SaveImage", filename_prefix="x", images=["8", 0]),
        "10": node("LoraLoader", lora_name="ink.safetensors", strength_model=0.6, model=["4", 0]),
        **more,
    }  # fmt: skip


def node(kind: str, **inputs: object) -> dict[str, Any]:
    return {"class_type": kind, "inputs": inputs}


def test_a_graph_of_comfyui_is_followed_from_its_picture(tmp_path: Path) -> None:
    other = {"11": node("CLIPTextEncode", text="not used"), "12": node("KSampler", seed=99)}
    told = read(png(tmp_path / "a.png", prompt=json.dumps(graph(**other))))
    assert (told.program, told.prompt, told.negative) == ("ComfyUI", "a hen", "dark")
    assert (told.seed, told.steps, told.guidance) == (8, 20, 7)
    assert (told.width, told.height, told.strength) == (768, 512, None)
    assert (told.sampler, told.schedule) == ("dpmpp_2m", "karras")
    assert (told.model, told.loras) == ("dreams_v8", (("ink", 0.6),))


def test_values_behind_links_and_a_picture_to_start_from_are_found() -> None:
    changed = graph()
    changed["3"]["inputs"] |= {"seed": ["20", 0], "denoise": 0.55, "latent_image": ["21", 0]}
    changed["6"]["inputs"]["text"] = ["23", 0]
    changed |= {
        "20": node("PrimitiveInt", value=77),
        "21": node("VAEEncode", pixels=["22", 0], vae=["4", 2]),
        "22": node("LoadImage", image="a.png"),
        "23": node("PrimitiveString", value="a cow"),
    }
    told = read_comfyui(changed)
    assert told
    assert (told.seed, told.prompt, told.strength, told.width) == (77, "a cow", 0.55, None)


def test_a_second_sampler_is_the_refinement() -> None:
    second = graph()["3"]["inputs"] | {"seed": 9, "denoise": 0.3, "latent_image": ["21", 0]}
    changed = graph(
        **{
            "21": node("LatentUpscaleBy", samples=["3", 0], scale_by=1.5),
            "22": node("KSampler", **second),
            "8": node("VAEDecode", samples=["22", 0], vae=["4", 2]),
        }
    )
    told = read_comfyui(changed)
    assert told
    assert (told.seed, told.width) == (8, 768)
    assert (told.refine_factor, told.refine_strength) == (1.5, 0.3)
    changed["21"] = node("LatentUpscale", samples=["3", 0], width=1536, height=1024)
    told = read_comfyui(changed)
    assert told
    assert told.refine_factor == 2


def test_the_nodes_of_flow_models_are_read() -> None:
    told = read_comfyui(
        {
            "1": node("UNETLoader", unet_name="flux1-dev.safetensors"),
            "2": node("RandomNoise", noise_seed=5),
            "3": node("KSamplerSelect", sampler_name="euler"),
            "4": node("BasicScheduler", scheduler="simple", steps=24, denoise=1.0, model=["1", 0]),
            "5": node("CLIPTextEncodeFlux", clip_l="short", t5xxl="a long text", guidance=3.5),
            "6": node("BasicGuider", model=["1", 0], conditioning=["5", 0]),
            "7": node("EmptySD3LatentImage", width=1024, height=768),
            "8": node(
                "SamplerCustomAdvanced", noise=["2", 0], guider=["6", 0], sampler=["3", 0],
                sigmas=["4", 0], latent_image=["7", 0],
            ),
            "9": node("VAEDecode", samples=["8", 0]),
            "10": node("PreviewImage", images=["9", 0]),
        }
    )  # fmt: skip
    assert told
    assert (told.prompt, told.negative, told.guidance) == ("a long text", "", 3.5)
    assert (told.seed, told.steps, told.width, told.height) == (5, 24, 1024, 768)
    assert (told.sampler, told.schedule, told.model) == ("euler", "simple", "flux1-dev")


def test_packs_of_nodes_that_many_have_are_read() -> None:
    changed = graph(
        **{
            "3": node(
                "KSampler (Efficient)", seed=8, steps=20, cfg=7, sampler_name="euler", denoise=1,
                scheduler="karras", model=["11", 0], positive=["12", 1], negative=["12", 2],
                latent_image=["12", 3],
            ),
            "11": node(
                "Lora Loader Stack (rgthree)", lora_01="pen.safetensors", strength_01=0.5,
                lora_02="None", strength_02=1, model=["13", 0],
            ),
            "12": node(
                "Efficient Loader", ckpt_name="base.safetensors", positive="a hen", negative="dark",
                empty_latent_width=512, empty_latent_height=768, clip=["14", 0],
            ),
            "13": node(
                "Power Lora Loader (rgthree)", model=["12", 0],
                lora_1={"on": True, "lora": "ink.safetensors", "strength": 0.7},
                lora_2={"on": False, "lora": "off.safetensors", "strength": 1},
            ),
            "14": node("CLIPSetLastLayer", stop_at_clip_layer=-2, clip=["12", 1]),
            "15": node(
                "UltimateSDUpscale", image=["8", 0], upscale_by=1.25, seed=9, steps=9, cfg=4,
                sampler_name="euler", scheduler="karras", denoise=0.2, positive=["12", 1],
            ),
            "9": node("SaveImage", images=["15", 0]),
        }
    )  # fmt: skip
    told = read_comfyui(changed)
    assert told
    assert (told.prompt, told.negative, told.model) == ("a hen", "dark", "base")
    assert (told.width, told.height, told.clip_skip, told.strength) == (512, 768, 2, None)
    assert told.loras == (("ink", 0.7), ("pen", 0.5))
    assert (told.seed, told.refine_factor, told.refine_strength) == (8, 1.25, 0.2)


def test_sigmas_that_were_split_lead_to_their_scheduler() -> None:
    changed = graph()
    changed["3"] = node(
        "SamplerCustomAdvanced", noise=["20", 0], guider=["21", 0], sampler=["22", 0],
        sigmas=["23", 1], latent_image=["5", 0],
    )  # fmt: skip
    changed |= {
        "20": node("RandomNoise", noise_seed=6),
        "21": node("CFGGuider", model=["4", 0], positive=["6", 0], negative=["7", 0], cfg=4.5),
        "22": node("KSamplerSelect", sampler_name="lcm"),
        "23": node("SplitSigmas", sigmas=["24", 0], step=12),
        "24": node("BasicScheduler", scheduler="normal", steps=14, denoise=1, model=["4", 0]),
    }
    told = read_comfyui(changed)
    assert told
    assert (told.seed, told.steps, told.guidance, told.sampler) == (6, 14, 4.5, "lcm")
    assert (told.prompt, told.negative) == ("a hen", "dark")


def test_metadata_of_invokeai_are_read(tmp_path: Path) -> None:
    told = read(
        png(
            tmp_path / "a.png",
            invokeai_metadata=json.dumps(
                {
                    "generation_mode": "sdxl_txt2img", "positive_prompt": "a hen",
                    "negative_prompt": "dark", "width": 832, "height": 1216, "seed": 7,
                    "cfg_scale": 5.5, "steps": 30, "scheduler": "dpmpp_2m_k", "strength": 0.75,
                    "model": {"key": "x", "name": "juggernaut"}, "clip_skip": 1,
                    "loras": [{"model": {"name": "ink"}, "weight": 0.4}], "ipAdapters": [1],
                }
            ),
        )
    )  # fmt: skip
    assert (told.program, told.prompt, told.negative) == ("InvokeAI", "a hen", "dark")
    assert (told.width, told.height, told.seed, told.steps) == (832, 1216, 7, 30)
    assert (told.guidance, told.strength, told.clip_skip) == (5.5, None, 2)
    assert (told.model, told.loras, told.unread) == ("juggernaut", (("ink", 0.4),), ("ipAdapters",))


def test_metadata_of_older_invokeai_are_read(tmp_path: Path) -> None:
    image = {
        "prompt": [{"prompt": "a hen [dark]", "weight": 1.0}], "steps": 50, "cfg_scale": 7.5,
        "seed": 12, "width": 512, "height": 448, "sampler": "k_lms", "type": "txt2img",
    }  # fmt: skip
    texts = {"sd-metadata": json.dumps({"model_weights": "sd-1.5", "image": image})}
    told = read(png(tmp_path / "a.png", **texts))
    assert (told.program, told.prompt, told.model) == ("InvokeAI", "a hen [dark]", "sd-1.5")
    assert (told.seed, told.width, told.height, told.steps) == (12, 512, 448, 50)
    assert (told.guidance, told.strength) == (7.5, None)
    assert told.unread


def test_parameters_of_fooocus_are_read(tmp_path: Path) -> None:
    told = read(
        png(
            tmp_path / "a.png",
            fooocus_scheme="fooocus",
            parameters=json.dumps(
                {
                    "base_model": "juggernautXL_v8", "full_prompt": ["cinematic still a hen"],
                    "prompt": "a hen", "negative_prompt": "", "resolution": "(768, 1280)",
                    "seed": "6952411511246973023", "steps": 30, "guidance_scale": 4,
                    "sampler": "dpmpp_2m_sde_gpu", "scheduler": "karras", "sharpness": 2,
                    "styles": "['Fooocus V2']", "loras": [["ink.safetensors", 0.1, "ab"]],
                    "vae": "Default (model)", "refiner_model": "None",
                }
            ),
        )
    )  # fmt: skip
    assert (told.program, told.prompt, told.seed) == ("Fooocus", "a hen", 6952411511246973023)
    assert (told.width, told.height, told.steps, told.guidance) == (768, 1280, 30, 4)
    assert (told.model, told.loras) == ("juggernautXL_v8", (("ink", 0.1),))
    assert told.unread == ("styles", "sharpness")


def test_comments_of_novelai_are_read(tmp_path: Path) -> None:
    comment = {
        "prompt": "{a hen}", "uc": "dark", "steps": 28, "width": 832, "height": 1216, "scale": 5,
        "seed": 3, "sampler": "k_euler_ancestral", "noise_schedule": "native",
    }  # fmt: skip
    told = read(png(tmp_path / "a.png", Software="NovelAI", Comment=json.dumps(comment)))
    assert (told.program, told.prompt, told.negative) == ("NovelAI", "{a hen}", "dark")
    assert (told.seed, told.steps, told.sampler) == (3, 28, "k_euler_ancestral")


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("Euler a", ("euler-a", None)),
        ("k_euler_ancestral", ("euler-a", None)),
        ("dpmpp_2m", ("dpm++2m", None)),
        ("DPM++ 2M Karras", ("dpm++2m", "karras")),
        ("dpmpp_2m_k", ("dpm++2m", "karras")),
        ("dpmpp_sde_gpu", ("dpm++sde", None)),
        ("uni_pc", ("unipc", None)),
        ("DPM++ 2M SDE", (None, None)),
        ("", (None, None)),
    ],
)
def test_samplers_are_known_by_all_their_names(
    theirs: str, ours: tuple[str | None, str | None]
) -> None:
    assert known_sampler(theirs) == ours
    assert known_schedule("SGM Uniform") == known_schedule("sgm_uniform") == "sgm_uniform"
    assert known_schedule("beta") is None


def test_pictures_that_tell_nothing_give_nothing(tmp_path: Path) -> None:
    for texts in (
        {}, {"parameters": "just words"}, {"prompt": "{}"}, {"Comment": "Created with GIMP"},
        {"prompt": json.dumps(graph()) + "x"}, {"parameters": "Steps: "}, {"Comment": '{"a": 1}'},
    ):  # fmt: skip
        assert read_foreign(png(tmp_path / "a.png", **texts)) is None


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from([["3", 0], ["8", 0], "nan", "1e400", "\ud800", 10**400]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
names = st.sampled_from(
    [
        "seed", "steps", "cfg", "sampler_name", "scheduler", "denoise", "model", "positive",
        "negative", "latent_image", "text", "samples", "images", "ckpt_name", "lora_name", "width",
        "guider", "sigmas", "conditioning", "pixels", "scale_by",
    ]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from("3456789"),
        st.fixed_dictionaries(
            {
                "class_type": st.sampled_from(["KSampler", "SaveImage", "x", 3, None]),
                "inputs": st.dictionaries(names, json_values, max_size=8) | json_values,
            }
        )
        | json_values,
    )
)
def test_any_graph_is_read_or_left(nodes: Mapping[str, Any]) -> None:
    read_comfyui(nodes)
    read_comfyui(graph() | nodes)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.sampled_from(["parameters", "invokeai_metadata", "sd-metadata", "Comment", "prompt"]),
    st.dictionaries(
        st.sampled_from(
            ["positive_prompt", "base_model", "full_prompt", "uc", "prompt", "loras", "model",
             "vae", "clip_skip", "seed", "steps", "resolution", "styles", "scale", "image"]
        ),
        json_values,
    ),
)  # fmt: skip
def test_any_object_is_read_or_left(tmp_path: Path, keyword: str, told: Mapping[str, Any]) -> None:
    read_foreign(png(tmp_path / "a.png", **{keyword: json.dumps(told)}))


@given(st.text() | st.text(alphabet='Steps: ,"{[]}1x\n\\', min_size=1))
def test_any_text_is_read_or_left(text: str) -> None:
    read_a1111(text)
    read_a1111(f"a\nSteps: 3, {text}")


def test_what_would_take_forever_is_left(tmp_path: Path) -> None:
    deep = "[" * 500_000
    ring = {str(at): node("KSampler", latent_image=[str(at + 1), 0]) for at in range(3_000)}
    for texts in (
        {"prompt": deep}, {"parameters": "{" + deep}, {"Comment": '{"uc": ' + deep},
        {"prompt": json.dumps(ring)}, {"parameters": "Steps: 1, " + 'a: "' * 200_000},
        {"parameters": "Steps: 1, " * 150_000}, {"parameters": "Steps: 1\n" * 150_000},
        {"prompt": json.dumps(graph()) + " " * 3_000_000},
    ):  # fmt: skip
        with contextlib.suppress(UserError):
            read_foreign(png(tmp_path / "a.png", **texts))
    assert read_comfyui(ring) is None  # too many
    wide = {f"x{at}": [str((at * 7) % 900), 0] for at in range(60)}
    crowd = {str(at): node("a", image=[str(at + 1), 0], **wide) for at in range(900)}
    crowd |= {f"s{at}": node("SaveImage", images=["0", 0]) for at in range(1_000)}
    assert read_comfyui(crowd) is None
    for size in (100, 1_900):  # a ring of links
        nodes = {str(at): node("KSampler", steps=1, latent_image=[str((at + 1) % size), 0])
                 for at in range(size)}  # fmt: skip
        assert read_comfyui(nodes)
