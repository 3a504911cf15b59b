"""What safetensors files are that cannot be painted with, so that a person can be told."""

from collections.abc import Mapping

from studio.core.errors import UserError
from studio.engine.models.header import Entry, Header
from studio.engine.models.layouts import prefixes

FLOATS = frozenset({"F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"})

SCALES = (".weight_scale", ".scale_weight")
"""Ends of the names of what 8-bit weights are to be multiplied by."""

PACKED = (
    *(".absmax", ".quant_map", ".SCB", ".qweight", ".qzeros", ".wscales", ".smooth_factor"),
    *(".bitsandbytes__nf4", ".bitsandbytes__fp4"),
)
"""Ends of the names of what comes with weights of fewer than 8 bits, or of 8-bit integers."""

CHOOSE_ANOTHER = "Choose another model."
USE_PLAIN = "Choose a plain model: any can repaint what you mark."
GIVE_BESIDE = "It is used together with a model that needs one, and is no model itself."

UNETS = {
    9: ("is made for inpainting", USE_PLAIN),
    8: ("follows instructions (InstructPix2Pix)", USE_PLAIN),
    7: ("enlarges pictures (Stable Diffusion x4)", "Choose a plain model, and refine with it."),
    5: ("starts from depth", USE_PLAIN),
}
"""What UNets are for that see more than 4 channels, by how many they see."""

Marks = tuple[str, ...]
"""Pieces of a list of names, each of which stands between two line ends."""

COMPANIONS: tuple[tuple[str, Marks], ...] = (
    ("a VAE", ("decoder.mid.block_1.", "decoder.mid_block.", "\ndecoder.layers.0.")),
    (
        "a text encoder",
        (
            "text_model.encoder.layers.0.",
            "embed_tokens.weight\n",
            "SelfAttention.q.weight\n",
            "resblocks.0.attn.in_proj_weight\n",
        ),
    ),
)
"""Parts of models that people keep in files of their own, and what is in their lists of names."""

OTHERS: tuple[tuple[str, Marks], ...] = (
    (
        "a LoRA, which changes a model",
        (
            *("lora_up.", "lora_down.", "lora_A.", "lora_B.", ".lora.up.", ".lora.down."),
            *(".hada_w1_a\n", ".lokr_w1", ".oft_blocks\n", ".dora_scale\n"),
        ),
    ),
    (
        "a ControlNet, which Underpaint has no use for",
        (
            *("\ncontrol_model.", "controlnet_cond_embedding.", "\ninput_hint_block."),
            *("\ncontrolnet_", "\ncontrol_layers.", "\ncontrol_all_x_embedder."),
            *("\nadapter.body.", "\nadapter.conv_in."),
        ),
    ),
    ("an IP-Adapter, which Underpaint has no use for", ("\nip_adapter.", "\nimage_proj.")),
    ("a motion module, which Underpaint has no use for", ("motion_modules.",)),
    ("an image encoder, which Underpaint has no use for", ("vision_model.",)),
    ("an embedding, a word for prompts", ("\nemb_params\n", "\nclip_l\n", "\nclip_g\n")),
    (
        "an upscaler",
        ("\nconv_first.weight\n", "\nmodel.1.sub.0.", "\nbody.0.weight\n", "RDB1.conv1."),
    ),
    ("a FLUX.2 model of a size that Underpaint does not know", ("single_stream_modulation.lin",)),
    ("a FLUX.1 model, which Underpaint does not know", ("double_blocks.0.img_attn.",)),
    ("a Stable Diffusion 3 model, which Underpaint does not know", ("joint_blocks.0.",)),
    ("a Qwen-Image model, which Underpaint does not know", ("transformer_blocks.0.img_mod.",)),
    ("a Lumina model, which Underpaint does not know", ("cap_embedder.0.",)),
    ("a video model, which Underpaint has no use for", ("head.modulation\n", "patchify_proj.")),
    ("a Stable Cascade model, which Underpaint does not know", ("clip_txt_mapper.",)),
)
"""Other files, and what is in their lists of names; the first that fits counts."""

ALONE = (*("\ndown_blocks.0.resnets.", "\ntransformer_blocks.0.attn.", "\nlayers.0.attention."),)
"""What is in the list of names of one part of a diffusers folder."""


class NoModel(UserError):
    """The file is no model. `companion` is true where models may be using it, as a VAE."""

    def __init__(self, problem: str, remedy: str = "", companion: bool = False) -> None:
        super().__init__(problem, remedy)
        self.companion = companion


def check_weights(name: str, header: Header) -> None:
    """Raise UserError where weights are stored in a way that cannot be read.

    8-bit floats can, with one scale for each tensor.
    """
    for tensor, entry in header.tensors.items():
        matrix = len(entry.shape) > 1 and tensor.endswith(".weight")
        scales = tensor.endswith(SCALES) and entry.shape not in ((), (1,))
        if scales or tensor.endswith(PACKED) or (matrix and entry.kind not in FLOATS):
            raise UserError(
                f"The weights in {name} are compressed in a way that Underpaint cannot read.",
                "Get the model with 16-bit weights, or with plain 8-bit floats (fp8).",
            )


def why_unfit(name: str, header: Header) -> UserError:
    """Why a file that is of no known family cannot be painted with."""
    tensors = header.tensors
    if not tensors:
        return UserError(f"There are no weights in {name}.", CHOOSE_ANOTHER)
    for prefix in prefixes(tensors, "input_blocks.0.0.weight"):
        if prefix + "out.2.weight" in tensors:
            return _why_unet(name, tensors, prefix)
    names = "\n".join(("", *tensors, ""))
    for words, marks in OTHERS:
        if _any_in(marks, names):
            return NoModel(f"{name} is {words}.", _remedy(words))
    for words, marks in COMPANIONS:
        if _any_in(marks, names):
            return NoModel(f"{name} is {words}.", GIVE_BESIDE, companion=True)
    if len(tensors) <= 4 and all(len(entry.shape) <= 2 for entry in tensors.values()):
        return NoModel(f"{name} is an embedding, a word for prompts.", _remedy("an embedding"))
    if _any_in(ALONE, names):
        return UserError(
            f"{name} is one part of a model in diffusers' form.",
            "Get the whole folder that it is from, or a single file with all parts.",
        )
    return UserError(f"{name} is of a kind that Underpaint does not know.", CHOOSE_ANOTHER)


def _why_unet(name: str, tensors: Mapping[str, Entry], prefix: str) -> UserError:
    shape = tensors[prefix + "input_blocks.0.0.weight"].shape
    if len(shape) == 4 and shape[1] in UNETS:
        words, remedy = UNETS[shape[1]]
        return UserError(f"The model {name} {words}, which Underpaint does not do.", remedy)
    text = tensors.get(prefix + "middle_block.1.transformer_blocks.0.attn2.to_k.weight")
    if text is not None and text.shape == (1536, 1280):
        return UserError(
            f"The model {name} is the refiner of SDXL, which cannot paint on its own.",
            "Choose an SDXL model, and refine with that.",
        )
    return UserError(
        f"The model {name} is a Stable Diffusion of a shape that Underpaint does not know.",
        CHOOSE_ANOTHER,
    )


def _remedy(words: str) -> str:
    for kind in ("LoRA", "embedding", "upscaler"):
        if kind in words:
            return f"Move it to the folder for {kind}s."
    return CHOOSE_ANOTHER


def _any_in(marks: Marks, names: str) -> bool:
    return any(mark in names for mark in marks)
