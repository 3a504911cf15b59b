"""The starter model's scenes: words and pictures agree, and are the same everywhere."""

import hashlib
import random
from dataclasses import replace

import build_sprites
import colours
import fetch
import pytest
import tints
import torch
import words
from backgrounds import DRAWINGS
from canvas import hashed
from effects import BEFORE, BEHIND, EFFECTS
from grammar import Grammar, HeldOut, Scene, Thing
from hypothesis import given, settings
from hypothesis import strategies as st
from render import render, sketch
from sprites import Sprite, SpriteSet

SIDE = 64
SHARE = 0.15
"""Enough held-out combinations for a grammar of eight nouns."""

NOUNS = (
    ("apple", "red", "ground", "s"),
    ("car", "blue", "ground", "l"),
    ("house", "brown", "ground", "x"),
    ("star", "yellow", "air", "s"),
    ("boat", "white", "boat", "l"),
    ("frog", "green", "ground", "m"),
    ("squid", "purple", "fish", "m"),
    ("mouse", "grey", "ground", "s"),
)


def disc(colour, height=1.0):
    """A round or flattened sprite in one colour, with a transparent rim."""
    away = (torch.arange(SIDE) + 0.5) / SIDE * 2 - 1
    inside = (away[None] ** 2 + (away[:, None] / height) ** 2).sqrt() < 0.9
    value = torch.tensor(colours.COLOURS[colour], dtype=torch.uint8)[:, None, None]
    alpha = inside[None].to(torch.uint8) * 255
    return torch.cat([value.expand(3, SIDE, SIDE), alpha])


@pytest.fixture(scope="module")
def sprites():
    known, pixels = [], []
    for noun, colour, place, size in NOUNS:
        for style, height in (("3d", 1.0), ("flat", 0.6)):
            plural = "mice" if noun == "mouse" else f"{noun}s"
            known.append(Sprite(noun, (), style, (colour,), "tests", plural, place, size))
            pixels.append(disc(colour, height))
    return SpriteSet(known, torch.stack(pixels))


@pytest.fixture(scope="module")
def grammar(sprites):
    return Grammar(sprites, HeldOut(SHARE))


def scene(*things, background="white background", seed=7):
    return Scene("", background, None, None, things, len(things), None, seed)


def seen(picture, background):
    """Where a picture differs from its empty background, [h, w]."""
    return (picture - background).abs().amax(dim=0) > 0.25


# ---------------------------------------------------------------- grammar


@given(st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_training_never_shows_a_held_out_combination(sprites, grammar, seed):
    held = HeldOut(SHARE)
    found = grammar.sample(random.Random(seed))
    for thing in found.things:
        sprite = sprites.sprites[thing.sprite]
        colour = thing.colour or sprite.colours[0]
        assert not held.contains(sprite.noun, colour, found.background)


def test_evaluation_asks_for_held_out_combinations_only(sprites, grammar):
    held = HeldOut(SHARE)
    asked = grammar.held_out(60, seed=3)
    assert len(asked) == 60
    assert grammar.held_out(60, seed=3) == asked
    for found in asked:
        sprite = sprites.sprites[found.things[0].sprite]
        colour = found.things[0].colour or sprite.colours[0]
        assert held.contains(sprite.noun, colour, found.background)
        assert found.weather is None
        assert found.effect is None
    assert {len(found.things) for found in asked} == {1, 2, 3, 4}


def test_evaluation_prompts_say_what_is_drawn(sprites, grammar):
    for found in grammar.held_out(40, seed=5):
        sprite = sprites.sprites[found.things[0].sprite]
        place = next(p for p in words.BACKGROUNDS if p.name == found.background)
        assert found.caption.endswith(place.phrases[0])
        assert (sprite.plural if found.count > 1 else sprite.noun) in found.caption
        assert found.things[0].colour is None or found.things[0].colour in found.caption
        assert found.count == 1 or words.NUMBERS[found.count - 1] in found.caption


def test_each_thing_is_asked_for_in_turn_in_its_own_colours(grammar):
    count = len(grammar.nouns) + 3
    asked = grammar.each_thing(count, seed=4)
    assert grammar.each_thing(count, seed=4) == asked
    for found, noun in zip(asked, [*grammar.nouns, *grammar.nouns[:3]], strict=True):
        place = next(p for p in words.BACKGROUNDS if p.name == found.background)
        assert found.caption.endswith(f"{noun} {place.phrases[0]}")
        assert [(thing.colour, thing.flip) for thing in found.things] == [(None, False)]
        assert (found.weather, found.effect) == (None, None)


@given(st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_a_scene_is_a_function_of_the_generator(grammar, seed):
    assert grammar.sample(random.Random(seed)) == grammar.sample(random.Random(seed))


def test_things_stay_inside_the_picture_and_keep_their_relation(grammar):
    rng = random.Random(2)
    checked = set()
    for _ in range(3000):
        found = grammar.sample(rng)
        for thing in found.things:
            assert -0.02 < thing.x < 1.02
            assert -0.02 < thing.y < 1.02
        if found.relation is None:
            continue
        # The nearer thing is drawn last, and is the first that is named.
        swapped = found.relation in ("on", "in front of")
        first, second = found.things[::-1] if swapped else found.things
        expected = {
            "left of": first.x < second.x,
            "right of": first.x > second.x,
            "above": first.y < second.y,
            "on": first.y < second.y,
            "below": first.y > second.y,
            "in front of": first.y > second.y - 0.2 and first.scale <= second.scale,
        }
        assert expected.get(found.relation, True), found
        checked.add(found.relation)
    assert checked == set(words.RELATIONS)


def test_copies_do_not_hide_each_other(grammar):
    rng = random.Random(4)
    for _ in range(800):
        found = grammar.sample(rng)
        if found.count == 1:
            continue
        assert len(found.things) == found.count
        for index, one in enumerate(found.things):
            for other in found.things[index + 1 :]:
                # Half of a sprite's height is the least that any of these has.
                across = abs(one.x - other.x) / one.scale
                down = abs(one.y - other.y) / one.scale
                assert across > 0.75 or down > 0.45


def test_captions_are_short_and_varied(grammar):
    rng = random.Random(6)
    captions = [grammar.sample(rng).caption for _ in range(1500)]
    lengths = [len(caption.split()) for caption in captions]
    assert 5 < sum(lengths) / len(lengths) < 14
    assert max(lengths) <= 28
    assert len(set(captions)) > 1300
    assert not any("  " in caption or caption != caption.strip(" ,") for caption in captions)


def test_everything_that_captions_name_can_be_drawn(grammar):
    assert set(grammar.backgrounds) == set(DRAWINGS)
    assert set(grammar.weathers) == set(BEHIND) | set(BEFORE)
    assert set(grammar.effects) == set(EFFECTS)


# ---------------------------------------------------------------- pictures


def test_a_thing_is_drawn_where_and_as_large_as_the_scene_says(sprites):
    thing = Thing(0, 0.3, 0.6, 0.4, None, False)
    pair = [scene(thing, background="sky"), scene(background="sky")]
    picture, empty = render(pair, sprites, (80, 80), "cpu")
    down, across = seen(picture, empty).nonzero().T.float() / 80
    assert abs(float(across.mean()) - 0.3) < 0.02
    assert abs(float(down.mean()) - 0.6) < 0.02
    assert abs(float(across.max() - across.min()) - 0.36) < 0.04


@pytest.mark.parametrize("name", words.COLOUR_NAMES)
@pytest.mark.parametrize("sprite", [0, 14])  # a red one, a grey one
def test_recolouring_gives_the_colour_that_is_named(sprites, name, sprite):
    thing = Thing(sprite, 0.5, 0.5, 0.9, name, False)
    picture = render([scene(thing, background="sky")], sprites, (48, 48), "cpu")[0]
    middle = (picture[:, 16:32, 16:32].flatten(1).T + 1) / 2
    assert next(iter(colours.shares(middle, torch.ones(len(middle))))) == name


def test_recolouring_leaves_what_is_not_of_the_main_colour():
    pixels = disc("red")[None].clone()
    leaf = torch.tensor(colours.COLOURS["green"], dtype=torch.uint8)
    pixels[0, :3, 8:16, 28:36] = leaf[:, None, None]
    bodies = tints.Bodies.measured(pixels)
    target = colours.table(pixels.device)[colours.NAMES.index("blue")][None]
    changed = tints.recoloured(pixels.float() / 255, bodies, target)[0] * 255
    assert (changed[:3, 10:14, 30:34] - leaf[:, None, None]).abs().max() < 3
    assert changed[2, 32, 32] > changed[0, 32, 32] + 60


@pytest.mark.parametrize("size", [(64, 64), (48, 112), (112, 48)])
def test_every_background_weather_and_effect_draws_at_any_shape(sprites, grammar, size):
    thing = Thing(2, 0.5, 0.6, 0.5, "pink", True)
    scenes = [scene(thing, background=name) for name in grammar.backgrounds]
    scenes += [replace(scenes[-5], weather=weather) for weather in grammar.weathers]
    scenes += [replace(scenes[-5], effect=effect) for effect in grammar.effects]
    pictures = render(scenes, sprites, size, "cpu")
    assert pictures.shape == (len(scenes), 3, *size)
    assert pictures.dtype == torch.float32
    assert bool(pictures.isfinite().all())
    assert pictures.min() >= -1
    assert pictures.max() <= 1
    spread = (pictures[:, None] - pictures[None]).abs().mean(dim=(2, 3, 4))
    assert (spread + torch.eye(len(scenes))).min() > 0.003  # no two are alike


def test_a_picture_does_not_depend_on_what_is_drawn_beside_it(sprites, grammar):
    rng = random.Random(8)
    scenes = [grammar.sample(rng) for _ in range(24)]
    together = render(scenes, sprites, (64, 64), "cpu")
    for index in (0, 7, 15, 23):
        alone = render(scenes[index : index + 1], sprites, (64, 64), "cpu")
        torch.testing.assert_close(alone[0], together[index], atol=1e-4, rtol=0)


def test_a_scene_looks_the_same_at_another_size(sprites, grammar):
    rng = random.Random(9)
    scenes = [replace(grammar.sample(rng), effect=None, weather=None) for _ in range(16)]
    small = render(scenes, sprites, (64, 64), "cpu")
    large = render(scenes, sprites, (128, 128), "cpu")
    reduced = torch.nn.functional.avg_pool2d(large, 2)
    assert (reduced - small).abs().mean() < 0.05


def test_another_seed_gives_another_background(sprites):
    first, other = render(
        [scene(background="city", seed=1), scene(background="city", seed=2)],
        sprites,
        (64, 64),
        "cpu",
    )
    assert (first - other).abs().mean() > 0.05


def test_what_stands_throws_a_shadow_and_what_flies_does_not(sprites):
    dark = []
    for sprite in (0, 6):  # an apple, a star; both stand as high
        thing = Thing(sprite, 0.5, 0.5, 0.5, "blue", False)
        pair = [scene(thing), scene()]
        picture, empty = render(pair, sprites, (80, 80), "cpu")
        dark.append(float((empty - picture)[:, 60:62, 40].mean()))
    assert dark[0] > 0.1
    assert abs(dark[1]) < 0.01


def test_a_sketch_has_its_things_where_the_picture_has_them(sprites):
    overlaps = []
    for seed in range(8):
        thing = Thing(0, 0.35 + 0.04 * seed, 0.55, 0.5, "blue", False)
        pair = [scene(thing, seed=seed), scene(seed=seed)]
        drawn = seen(*render(pair, sprites, (64, 64), "cpu"))
        rough = seen(*sketch(pair, sprites, (64, 64), "cpu"))
        overlaps.append(float((drawn & rough).sum() / (drawn | rough).sum()))
    assert min(overlaps) > 0.6
    assert max(overlaps) < 0.99  # by hand, not traced


def test_a_sketch_is_flat_but_not_ruled(sprites):
    rough = sketch(
        [scene(background="beach", seed=seed) for seed in range(12)], sprites, (64, 64), "cpu"
    )
    painted = [picture for picture in rough if picture.std() > 0.05]  # some are left white
    assert len(painted) > 5
    for picture in painted:
        assert (picture[:, :, 0] - picture[:, :, 40]).abs().max() > 0.05  # its bands waver
        assert (picture[:, 1:] - picture[:, :-1]).abs().median() < 0.001


def test_random_fields_differ_from_key_to_key_and_seed_to_seed():
    numbers = torch.stack([hashed(torch.tensor([3, 4]), key, 2000) for key in (1, 2)]).flatten(0, 1)
    assert abs(float(numbers.mean()) - 0.5) < 0.02
    assert (torch.corrcoef(numbers) - torch.eye(4)).abs().max() < 0.1


# ---------------------------------------------------------------- files


def test_sprites_come_back_from_their_file(sprites, tmp_path):
    path = tmp_path / "sprites.safetensors"
    sprites.save(path)
    back = SpriteSet.load(path)
    assert back.sprites == sprites.sprites
    assert torch.equal(back.pixels[:, 3], sprites.pixels[:, 3])
    solid = sprites.pixels[:, 3:] == 255
    difference = (back.pixels[:, :3].float() - sprites.pixels[:, :3].float()).abs()
    assert (difference * solid).mean() < 3


def test_a_smaller_run_takes_the_first_nouns(sprites):
    part = sprites.take(2, styles=["flat"])
    assert [(entry.noun, entry.style) for entry in part.sprites] == [
        ("apple", "flat"),
        ("car", "flat"),
    ]
    assert torch.equal(part.pixels[1], sprites.pixels[3])


def test_the_list_of_nouns_reads_and_is_long_enough():
    nouns = build_sprites.read_nouns(build_sprites.NOUNS.read_text(encoding="utf-8"))
    assert 200 <= len(nouns) <= 350
    byname = {noun.noun: noun for noun in nouns}
    assert byname["fish"].plural == "fish"
    assert byname["tropical fish"].place == "fish"
    assert byname["car"].synonyms == ("automobile",)
    assert byname["candy"].plural == "candies"
    with pytest.raises(ValueError, match="twice"):
        build_sprites.read_nouns("🍎 apple ground s\n🍏 apple ground s\n")


def test_a_package_that_was_altered_is_refused(tmp_path, monkeypatch):
    archive = tmp_path / "thing-1.tgz"
    archive.write_bytes(b"altered")
    monkeypatch.setattr(fetch, "download", lambda package, folder: archive)
    digest = hashlib.sha256(b"as it was").hexdigest()
    package = fetch.Package("npm", "thing", "1", digest)
    with pytest.raises(fetch.FetchError, match="not the archive that was pinned"):
        fetch.fetch(package, tmp_path)
    assert not archive.exists()
    assert not (tmp_path / "thing").exists()


def test_few_things_face_the_other_way(grammar):
    rng = random.Random(1)
    things = [thing for _ in range(600) for thing in grammar.sample(rng).things]
    assert 0.03 < sum(thing.flip for thing in things) / len(things) < 0.2
