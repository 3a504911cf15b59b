"""Files that are not what they seem: each is one sentence, soon and in little memory."""

import json
import math
import random
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.core.errors import UserError
from studio.engine.models.catalogue import describe
from studio.engine.models.header import MAX_COMMAS, MAX_HEADER, MAX_TENSORS, read_header
from studio.engine.models.single import describe_file
from tests.engine.single_files import write_header, write_whole
from tests.engine.tiny_models import write_sd

MEMORY = 128 * 2**20
"""Bytes that a look at a file may take, whatever it says."""


def entry(start: int, end: int, kind: str = "F16", *shape: int) -> str:
    sizes = list(shape) if shape else [(end - start) // 2]
    return json.dumps({"dtype": kind, "shape": sizes, "data_offsets": [start, end]})


def entries(count: int) -> bytes:
    """The header of a file with that many tensors without numbers."""
    return b"{%s}" % b",".join(b'"%x":{}' % number for number in range(count))


def listed(*pairs: tuple[str, str]) -> str:
    """A JSON object, in which a name may be there twice."""
    return "{" + ", ".join(f'"{name}": {value}' for name, value in pairs) + "}"


A = ("a", entry(0, 4))
GOOD = listed(A, ("b", entry(4, 8)))


def test_tensors_notes_and_places_are_read(tmp_path: Path) -> None:
    tensors = ("a", entry(2, 8, "F16", 3, 1)), ("b", entry(0, 2))
    text = listed(("__metadata__", '{"note": "n"}'), *tensors)
    header = read_header(write_header(tmp_path / "a", text.encode(), 8))
    origin = 8 + len(text)
    assert header.notes == {"note": "n"}
    assert header.tensors["a"].shape == (3, 1)
    assert (header.tensors["a"].start, header.tensors["a"].end) == (origin + 2, origin + 8)


@pytest.mark.parametrize(
    ("header", "data", "words"),
    [
        (GOOD, 7, "not complete"),
        (GOOD, 9, "damaged"),
        (listed(A, ("a", entry(4, 8))), 8, "damaged"),
        (listed(A, ("b", entry(2, 6))), 6, "damaged"),
        (listed(A, ("b", entry(6, 8))), 8, "damaged"),
        (listed(("a", entry(0, 4, "F32", 2))), 4, "damaged"),
        (listed(("a", entry(0, 4, "F99", 2))), 4, "damaged"),
        (listed(("a", entry(4, 0, "F16", -2))), 4, "damaged"),
        (listed(("a", entry(0, 0, "F16", 1 << 62, 0))), 4, "damaged"),
        (listed(("a", entry(0, 2, "F16", *[1] * 9))), 2, "damaged"),
        ('{"a": {"dtype": "F16", "shape": [true], "data_offsets": [0, 2]}}', 2, "damaged"),
        ('{"a": {"dtype": "F16", "shape": [1.0], "data_offsets": [0, 2]}}', 2, "damaged"),
        ('{"a": {"dtype": "F16", "shape": [1]}}', 2, "damaged"),
        (listed(("a", "9" * 5000)), 2, "damaged"),
        ('{"__metadata__": [], "__metadata__": {}}', 0, "damaged"),
        ('{"__metadata__": "n"}', 0, "damaged"),
        ("[]", 0, "damaged"),
        ("{", 0, "damaged"),
        ("[" * 100_000, 0, "damaged"),
        ('{"a": "\udc80"}'.encode(errors="surrogateescape"), 0, "damaged"),
    ],
)
def test_headers_that_make_no_sense_are_refused(
    header: str | bytes, data: int, words: str, tmp_path: Path
) -> None:
    text = header.encode() if isinstance(header, str) else header
    with pytest.raises(UserError, match=words):
        read_header(write_header(tmp_path / "a.safetensors", text, data))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\x08", "not a safetensors file"),
        (b"PK\x03\x04" + bytes(100), "pickle"),
        (b"\x80\x02}q\x00" + b"x" * 100, "pickle"),
        (b"GGUF\x03\x00\x00\x00" + b"\xff" * 100, "GGUF"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "Git"),
        (b"<!doctype html><html>", "web page"),
        (struct.pack("<Q", 1 << 62) + b'{"a": {}}', "not complete"),
        (b"\xff" * 1000, "not a safetensors file"),
    ],
)
def test_other_files_under_that_name_are_told_for_what_they_are(
    content: bytes, words: str, tmp_path: Path
) -> None:
    file = tmp_path / "a.safetensors"
    file.write_bytes(content)
    with pytest.raises(UserError, match=words):
        describe(file)


@pytest.mark.parametrize("suffix", [".ckpt", ".pt", ".pth", ".bin", ".CKPT"])
def test_pickles_are_never_opened(suffix: str, tmp_path: Path) -> None:
    file = write_header(tmp_path / f"a{suffix}", b"{}")
    with pytest.raises(UserError, match="pickle"):
        describe(file)


BOMBS: dict[str, Callable[[], bytes]] = {
    "tensors": lambda: entries(10**6),
    "objects": lambda: b"[%s{}]" % (b"{}," * (MAX_HEADER // 3 - 2)),
    "numbers": lambda: b"[%s1]" % (b"1," * (MAX_HEADER // 2 - 2)),
    "notes": lambda: b'{"__metadata__": {"a": "%s"}}' % (b"{" * (MAX_HEADER - 30)),
    "fewer objects": lambda: b"[%s{}]" % (b"{}," * (MAX_COMMAS - 1)),
    "fewer names": lambda: (
        b'{"__metadata__": {%s}}'
        % (b",".join(b'"%x":0' % number for number in range(MAX_COMMAS - 1)))
    ),
    "spaces": lambda: b" " * (MAX_HEADER + 1),
}


def test_a_file_has_at_most_as_many_tensors_as_are_allowed(tmp_path: Path) -> None:
    tensors = [(str(number), entry(0, 0)) for number in range(MAX_TENSORS + 1)]
    fewer = write_header(tmp_path / "fewer", listed(*tensors[1:]).encode())
    assert len(read_header(fewer).tensors) == MAX_TENSORS
    with pytest.raises(UserError, match="more tensors"):
        read_header(write_header(tmp_path / "more", listed(*tensors).encode()))


@pytest.mark.parametrize("bomb", BOMBS)
def test_headers_made_to_take_memory_do_not(bomb: str, tmp_path: Path) -> None:
    file = write_header(tmp_path / "a.safetensors", BOMBS[bomb]())
    tracemalloc.start()
    try:
        with pytest.raises(UserError):
            describe(file)
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()


def test_a_header_that_claims_to_fill_a_large_file_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "a.safetensors"
    with file.open("wb") as stream:
        stream.write(struct.pack("<Q", 10**11 - 8))
        stream.truncate(10**11)
    tracemalloc.start()
    try:
        with pytest.raises(UserError):
            describe(file)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


NAMES = (
    "model.diffusion_model.input_blocks.0.0.weight",
    "model.diffusion_model.out.2.weight",
    "model.diffusion_model.middle_block.1.transformer_blocks.0.attn2.to_k.weight",
    "first_stage_model.decoder.mid.block_1.conv1.weight",
    "layers.0.attention.qkv.weight",
    "single_stream_modulation.lin.weight",
    "embed_tokens.weight",
    "emb_params",
    "v_pred",
    "a.weight_scale",
)

sound_entries = st.tuples(st.lists(st.integers(0, 9), max_size=5), st.sampled_from(["F16", "U8"]))
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@st.composite
def headers(draw: st.DrawFn) -> tuple[bytes, int]:
    """A header and the length of what follows: first sound, then changed here and there."""
    tensors, end = {}, 0
    for name in draw(st.lists(st.sampled_from(NAMES) | st.text(), unique=True, max_size=6)):
        shape, kind = draw(sound_entries)
        size = 2 if kind == "F16" else 1
        for side in shape:
            size *= side
        tensors[name] = {"dtype": kind, "shape": shape, "data_offsets": [end, end + size]}
        end += size
    changed: dict[str, object] = dict(tensors)
    if draw(st.booleans()):
        keys = st.sampled_from(("__metadata__", *NAMES))
        changed |= draw(st.dictionaries(keys | st.text(), any_json, max_size=2))
    text = bytearray(json.dumps(changed).encode())
    luck = random.Random(draw(st.integers(0, 2**32)))
    for _ in range(draw(st.sampled_from([0, 0, 1, 5]))):
        text[luck.randrange(len(text))] = luck.randrange(256)
    return bytes(text), max(0, end + draw(st.sampled_from([0, 0, 0, -1, 1])))


@settings(deadline=None, max_examples=300)
@given(made=headers())
def test_whatever_a_header_says_it_is_one_sentence(
    made: tuple[bytes, int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.safetensors"
    write_header(file, *made)
    with pytest.raises(UserError) as caught:  # none of these is whole
        describe(file)
    assert caught.value.problem.endswith(".")
    assert "\n" not in caught.value.problem


@pytest.fixture(scope="module")
def whole_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_sd(tmp_path_factory.mktemp("headers") / "tiny")
    return write_whole(folder, folder.parent / "whole.safetensors", "sd")


def change(data: st.DataObject, header: dict[str, Any]) -> None:
    """One thing in a sound header becomes different."""
    sound = sorted(name for name in header if "shape" in (header[name] or ()))
    name = data.draw(st.sampled_from(sound))
    match data.draw(st.sampled_from(["gone", "renamed", "other", "shape", "kind"])):
        case "gone":
            del header[name]
        case "renamed":
            header[data.draw(st.sampled_from(NAMES))] = header.pop(name)
        case "other":
            header[name] = None
        case "shape":
            shape = data.draw(st.lists(st.integers(0, 99), max_size=4))
            header[name] = {**header[name], "shape": shape}
        case "kind":
            header[name] = {**header[name], "dtype": data.draw(st.sampled_from(["U8", "BF16"]))}


@settings(deadline=None, max_examples=150)
@given(data=st.data(), consistent=st.booleans())
def test_a_changed_model_is_still_one_or_one_sentence(
    whole_model: Path, data: st.DataObject, consistent: bool
) -> None:
    content = whole_model.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header, end = json.loads(content[8 : 8 + length]), len(content) - 8 - length
    for _ in range(data.draw(st.integers(0, 3))):
        change(data, header)
    if consistent:
        header, end = placed(header)
    file = write_header(
        whole_model.with_name("changed.safetensors"), json.dumps(header).encode(), end
    )
    problem = ""
    try:
        info = describe_file(file, whole_model.parent)
    except UserError as error:
        problem = error.problem
    assert problem.endswith(".") or info.part("unet").weights == (file,)


def placed(header: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """Its tensors one after another, as long as they say, and where they end."""
    made, end = {}, 0
    for name, value in header.items():
        if isinstance(value, dict) and value.get("dtype") in ("F32", "U8", "BF16"):
            width = {"F32": 4, "U8": 1, "BF16": 2}[value["dtype"]]
            start, end = end, end + width * math.prod(value["shape"])
            value = {**value, "data_offsets": [start, end]}
        made[name] = value
    return made, end
