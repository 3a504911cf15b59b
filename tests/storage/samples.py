"""Recipes and pictures that the tests of this folder share."""

from dataclasses import replace

from hypothesis import strategies as st

from studio.core.picture import Picture, Size
from studio.core.recipe import Recipe
from studio.core.request import NOISE_MODES, SAMPLERS, SCHEDULES

RECIPE = Recipe(
    prompt="a red fox",
    negative="",
    seed=4_294_967_295,
    width=64,
    height=48,
    first_width=64,
    first_height=48,
    steps=20,
    guidance=7.5,
    sampler="euler-a",
    strength=1.0,
    model_name="starter",
    model_hash="0123456789",
    device="cpu",
    dtype="float32",
    threads=2,
    steps_run=20,
    versions={"torch": "2.13.0"},
)

HOSTILE = replace(
    RECIPE,
    prompt='"fox": \\u003c \\ <b>&amp;&quot;</underpaint:recipe>\n\r\t'
    "日本 🦊 \0\x07\x85\ufffe\ufeff {}",
    negative="a, b: c\nSteps: 3, ]]> <?xpacket end='w'?>",
    source="ab" * 32,
    strength=0.5,
)

PILLOW_ALSO_WARNS = "ignore::UserWarning:PIL"
"""Of damaged EXIF and TIFF tags, before it gives up on the file or does not."""

texts = st.text(max_size=60) | st.text(alphabet="\"'\\<>&:,\n\r\0{}u003c😀é", max_size=60)
scales = st.floats(0, 30, allow_nan=False)
recipes = st.builds(
    replace,
    st.just(RECIPE),
    prompt=texts,
    negative=texts,
    seed=st.integers(0, 2**32 - 1),
    guidance=scales,
    strength=st.floats(0, 1),
    refine_factor=st.none() | scales,
    refine_strength=st.none() | st.floats(0, 1),
    refine_upscaler=st.none() | texts,
    source=st.none() | st.just("ab" * 32),
    strength_map=st.none() | st.just("cd" * 32),
    sampler=st.sampled_from(SAMPLERS),
    schedule=st.sampled_from(SCHEDULES),
    variation=st.floats(0, 1),
    variation_seed=st.integers(0, 2**32 - 1),
    noise=st.sampled_from(NOISE_MODES),
    exact_steps=st.booleans(),
    model_name=texts,
    versions=st.dictionaries(texts, texts, max_size=3),
    loras=st.dictionaries(texts, st.floats(-20, 20), max_size=3),
    lora_hashes=st.dictionaries(texts, texts, max_size=3),
    embedding_hashes=st.dictionaries(texts, texts, max_size=3),
    vae=st.none() | texts,
)


@st.composite
def pictures(draw: st.DrawFn, side: int = 9) -> Picture:
    size = Size(draw(st.integers(1, side)), draw(st.integers(1, side)))
    return Picture(size, draw(st.binary(min_size=size.pixels * 4, max_size=size.pixels * 4)))


def gradient(width: int = 64, height: int = 48) -> Picture:
    """A picture in which every pixel differs from its neighbours, alpha from 0 to 255."""
    pixels = (
        bytes((x * 255 // width, y * 255 // height, (x + y) % 256, (x * 7 + y) % 256))
        for y in range(height)
        for x in range(width)
    )
    return Picture(Size(width, height), b"".join(pixels))
