"""Writes what FLUX.2 and Z-Image read texts with, tiny: a Qwen3 with its tokenizer."""

import json
from pathlib import Path
from typing import Any

import torch
from transformers import Qwen3Config, Qwen3ForCausalLM

SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
THOUGHTS = ("<think>", "</think>")
MERGES = ("u s", "us e", "use r", "a s", "Ġ a", "Ċ Ċ")

TEMPLATE = (
    "{%- for message in messages %}"
    "{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}"
    "{{- '<|im_start|>assistant\\n' }}"
    "{%- if enable_thinking is defined and enable_thinking is false %}"
    "{{- '<think>\\n\\n</think>\\n\\n' }}"
    "{%- endif %}"
    "{%- endif %}"
)
"""What Qwen3's own template does with messages that are plain text."""


def write_qwen(folder: Path, layers: int, hidden: int) -> None:
    """The parts text_encoder and tokenizer of a model; the weights have spread 0.2."""
    config = Qwen3Config(
        vocab_size=256 + len(MERGES) + len(SPECIAL) + len(THOUGHTS),
        hidden_size=hidden,
        intermediate_size=2 * hidden,
        num_hidden_layers=layers,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=8,
        initializer_range=0.2,
        tie_word_embeddings=True,
    )
    Qwen3ForCausalLM(config).save_pretrained(folder / "text_encoder")
    _write_tokenizer(folder / "tokenizer")


def write_index(folder: Path, pipeline: str, **settings: Any) -> None:
    """Names the parts that were written."""
    index: dict[str, Any] = {
        "_class_name": pipeline,
        "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"],
        "text_encoder": ["transformers", "Qwen3ForCausalLM"],
        "tokenizer": ["transformers", "Qwen2Tokenizer"],
        **settings,
    }
    for part in ("transformer", "vae"):
        config = json.loads((folder / part / "config.json").read_text())
        index[part] = ["diffusers", config["_class_name"]]
    (folder / "model_index.json").write_text(json.dumps(index))


def write_scheduler(folder: Path, **config: Any) -> None:
    """A FlowMatchEulerDiscreteScheduler."""
    file = folder / "scheduler" / "scheduler_config.json"
    file.parent.mkdir()
    file.write_text(json.dumps({"_class_name": "FlowMatchEulerDiscreteScheduler", **config}))


def enliven(network: torch.nn.Module, seed: int) -> None:
    """Random weights everywhere, so that all of a network has a say; some begin as zeros."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in network.named_parameters():
            spread = torch.randn(tensor.shape, generator=generator) * 0.1
            tensor.copy_(1 + spread if tensor.ndim == 1 and "bias" not in name else spread)


def _write_tokenizer(folder: Path) -> None:
    folder.mkdir()
    merged = [merge.replace(" ", "") for merge in MERGES]
    words = [*_bytes(), *merged, *SPECIAL, *THOUGHTS]
    (folder / "vocab.json").write_text(json.dumps({word: at for at, word in enumerate(words)}))
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *MERGES]) + "\n")
    added = {
        str(words.index(word)): {"content": word, "special": word in SPECIAL, "normalized": False}
        for word in (*SPECIAL, *THOUGHTS)
    }
    config = {
        "tokenizer_class": "Qwen2Tokenizer",
        "added_tokens_decoder": added,
        "model_max_length": 131072,
        "pad_token": SPECIAL[0],
        "eos_token": SPECIAL[2],
        "unk_token": None,
        "chat_template": TEMPLATE,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config))


def _bytes() -> list[str]:
    """All bytes as GPT-2 writes them: those that cannot be seen as letters from 256 on."""
    seen = [*range(33, 127), *range(161, 173), *range(174, 256)]
    unseen = [byte for byte in range(256) if byte not in seen]
    return [chr(byte) for byte in seen] + [chr(256 + place) for place in range(len(unseen))]
