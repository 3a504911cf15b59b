"""The families of models that can be loaded, and the classes that their parts may be of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

FamilyName = Literal["sd", "sdxl", "flux2", "z_image"]


@dataclass(frozen=True, slots=True)
class Family:
    """What the models of a diffusers pipeline consist of.

    `parts` are those that are loaded, each with the classes that it may be of; other parts in a
    folder are ignored. `denoiser` is the one of them that denoises.
    """

    name: FamilyName
    pipeline: str
    denoiser: str
    parts: Mapping[str, frozenset[str]]


UNET = frozenset({"UNet2DConditionModel"})
VAES = frozenset({"AutoencoderKL", "AutoencoderTiny"})
CLIP_TOKENIZERS = frozenset({"CLIPTokenizer", "CLIPTokenizerFast"})
BERT_TOKENIZERS = frozenset({"BertTokenizer", "BertTokenizerFast"})
QWEN = frozenset({"Qwen3ForCausalLM", "Qwen3Model"})
QWEN_TOKENIZERS = frozenset({"Qwen2Tokenizer", "Qwen2TokenizerFast"})
FLOW = frozenset({"FlowMatchEulerDiscreteScheduler"})
SCHEDULERS = frozenset(
    {
        "DDIMScheduler",
        "DDPMScheduler",
        "DEISMultistepScheduler",
        "DPMSolverMultistepScheduler",
        "DPMSolverSinglestepScheduler",
        "EulerAncestralDiscreteScheduler",
        "EulerDiscreteScheduler",
        "HeunDiscreteScheduler",
        "LCMScheduler",
        "LMSDiscreteScheduler",
        "PNDMScheduler",
        "UniPCMultistepScheduler",
    }
)

FAMILIES = (
    Family(
        "sd",
        "StableDiffusionPipeline",
        "unet",
        {
            "unet": UNET,
            "vae": VAES,
            "text_encoder": frozenset({"CLIPTextModel", "BertModel"}),
            "tokenizer": CLIP_TOKENIZERS | BERT_TOKENIZERS,
            "scheduler": SCHEDULERS,
        },
    ),
    Family(
        "sdxl",
        "StableDiffusionXLPipeline",
        "unet",
        {
            "unet": UNET,
            "vae": VAES,
            "text_encoder": frozenset({"CLIPTextModel"}),
            "text_encoder_2": frozenset({"CLIPTextModelWithProjection"}),
            "tokenizer": CLIP_TOKENIZERS,
            "tokenizer_2": CLIP_TOKENIZERS,
            "scheduler": SCHEDULERS,
        },
    ),
    Family(
        "flux2",
        "Flux2KleinPipeline",
        "transformer",
        {
            "transformer": frozenset({"Flux2Transformer2DModel"}),
            "vae": frozenset({"AutoencoderKLFlux2"}),
            "text_encoder": QWEN,
            "tokenizer": QWEN_TOKENIZERS,
            "scheduler": FLOW,
        },
    ),
    Family(
        "z_image",
        "ZImagePipeline",
        "transformer",
        {
            "transformer": frozenset({"ZImageTransformer2DModel"}),
            "vae": frozenset({"AutoencoderKL"}),
            "text_encoder": QWEN,
            "tokenizer": QWEN_TOKENIZERS,
            "scheduler": FLOW,
        },
    ),
)
"""Stable Diffusion 1.x and 2.x are one family: their configs say how they differ."""


def family_of(pipeline: object) -> Family | None:
    """The family whose models diffusers calls `pipeline`."""
    return next((family for family in FAMILIES if family.pipeline == pipeline), None)
