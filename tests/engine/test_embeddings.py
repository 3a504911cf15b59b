"""Words of a person's own: an embedding of known words' vectors reads as those words."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from studio.core.errors import UserError
from studio.engine.diffusion.adapters.state import Adapters
from studio.engine.diffusion.cancel import CancelGuard
from studio.engine.diffusion.loader import LoadedModel
from tests.engine.oracles import opened
from tests.engine.tiny_models import write_sdxl

KNOWN = "b a"
"""The words whose vectors the embedding has; one token each."""

NAMES = ("clip_l", "clip_g")


@pytest.fixture(autouse=True)
def _inference() -> Any:
    with torch.inference_mode():
        yield


@pytest.fixture(scope="module")
def models(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, LoadedModel]:
    xl = write_sdxl(tmp_path_factory.mktemp("models") / "xl")
    return {"sd": opened(tiny_model), "sdxl": opened(xl)}


@pytest.fixture(params=["sd", "sdxl"])
def model(request: pytest.FixtureRequest, models: dict[str, LoadedModel]) -> LoadedModel:
    return models[request.param]


def vectors(model: LoadedModel) -> dict[str, torch.Tensor]:
    """What the known words are to each text encoder, as files for several call them."""
    found = {}
    for name, text in zip(NAMES, model.denoiser.texts, strict=False):
        ids = text._tokenizer(KNOWN, add_special_tokens=False).input_ids
        found[name] = text.encoder.get_input_embeddings().weight[ids].clone()
    return found


class Reader:
    """Prompts as a model reads them, with words of one's own or without."""

    def __init__(self, model: LoadedModel) -> None:
        self._model = model
        self._adapters = Adapters(model.denoiser, CancelGuard())

    def learn(self, *files: Path) -> None:
        self._adapters.use([], files)

    def __call__(self, *prompts: str) -> list[dict[str, torch.Tensor]]:
        size = self._model.info.rule.native
        return [dict(each) for each in self._model.denoiser.conditions(prompts, 1, size)]


@pytest.fixture
def read(model: LoadedModel, tmp_path: Path) -> Iterator[Reader]:
    """Knows "Mine-1.0" to mean what is known."""
    file = tmp_path / "Mine-1.0.safetensors"
    found = vectors(model)
    save_file(found if len(found) > 1 else {"emb_params": found["clip_l"]}, file)
    reader = Reader(model)
    reader.learn(file)
    yield reader
    reader.learn()


def alike(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    assert one.keys() == other.keys()
    return all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize(
    ("mine", "known"),
    [
        ("Mine-1.0", KNOWN),
        ("c mine-1.0, a", f"c {KNOWN}, a"),
        ("c (MINE-1.0:1.4). a", f"c ({KNOWN}:1.4). a"),
        ("Mine-1.0 Mine-1.0 c", f"{KNOWN} {KNOWN} c"),
        ("c " * 73 + "Mine-1.0 c", "c " * 73 + f"{KNOWN} c"),
        ("[mine-1.0]", f"[{KNOWN}]"),
    ],
)
def test_a_word_of_ones_own_reads_as_what_it_stands_for(
    read: Reader, mine: str, known: str
) -> None:
    told, expected = read(mine, known)
    assert alike(told, expected)


@pytest.mark.parametrize("text", ["Mine-1.0b", "aMine-1.0", "Mine-1.0-a", "Mine-1.0.5", "Mine-1"])
def test_only_whole_words_count(read: Reader, text: str) -> None:
    (told,) = read(text)
    read.learn()
    assert alike(told, read(text)[0])


def test_once_forgotten_a_word_means_what_it_did(read: Reader) -> None:
    (known,) = read("a Mine-1.0")
    read.learn()
    (plain,) = read("a Mine-1.0")
    assert not alike(known, plain)


def test_a_word_is_not_cut_in_two_where_a_prompt_is(read: Reader) -> None:
    """With 74 tokens before it, one of its two would still fit into the window of 75."""
    (told,) = read("c " * 74 + "Mine-1.0")
    first, second = read("c " * 74, KNOWN)
    states = told["encoder_hidden_states"]
    assert torch.equal(states[:, :77], first["encoder_hidden_states"][:, :77])
    assert torch.equal(states[:, 77:], second["encoder_hidden_states"])


def test_the_same_word_of_another_file_is_read_anew(
    read: Reader, model: LoadedModel, tmp_path: Path
) -> None:
    (before,) = read("a Mine-1.0")
    other = tmp_path / "other" / "Mine-1.0.safetensors"
    other.parent.mkdir()
    found = {name: each.flip(0) for name, each in vectors(model).items()}
    save_file(found if len(found) > 1 else {"*": found["clip_l"]}, other)
    read.learn(other)
    told, expected = read("a Mine-1.0", "a a b")
    assert alike(told, expected)
    assert not alike(told, before)


def test_one_vector_alone_is_a_word_too(models: dict[str, LoadedModel], tmp_path: Path) -> None:
    """As diffusers' scripts write it."""
    file, reader = tmp_path / "cat.safetensors", Reader(models["sd"])
    save_file({"<cat>": vectors(models["sd"])["clip_l"][0]}, file)
    reader.learn(file)
    told, expected = reader("a cat", "a b")
    assert alike(told, expected)
    reader.learn()


@pytest.mark.parametrize(
    ("tensors", "problem"),
    [
        ({"emb_params": torch.zeros(2, 31)}, "another kind"),
        ({"clip_l": torch.zeros(2, 32)}, "another kind"),
        ({"clip_l": torch.zeros(2, 32), "clip_g": torch.zeros(2, 32)}, "another kind"),
        ({"clip_l": torch.zeros(76, 32), "clip_g": torch.zeros(76, 48)}, "longer"),
        ({"clip_l": torch.full((1, 32), torch.nan), "clip_g": torch.zeros(1, 48)}, "no sense"),
        ({"clip_l": torch.zeros(0, 32), "clip_g": torch.zeros(0, 48)}, "no embedding"),
        ({"emb_params": torch.zeros(())}, "no embedding"),
        ({"a": torch.zeros(2, 32), "b": torch.zeros(2, 48)}, "no embedding"),
        ({"emb_params": torch.zeros(2, 32, dtype=torch.int32)}, "no sense"),
    ],
)
def test_what_is_no_word_for_the_model_is_one_sentence(
    models: dict[str, LoadedModel], tmp_path: Path, tensors: dict[str, Any], problem: str
) -> None:
    file = tmp_path / "w.safetensors"
    save_file(tensors, file)
    reader = Reader(models["sdxl"])
    (plain,) = reader("a w")
    with pytest.raises(UserError, match=problem):
        reader.learn(file)
    assert alike(reader("a w")[0], plain)


def test_models_without_clip_say_that_they_take_no_words(
    models: dict[str, LoadedModel], tmp_path: Path
) -> None:
    file = tmp_path / "w.safetensors"
    save_file({"emb_params": torch.zeros(2, 32)}, file)
    flow = type("Flow", (), {"texts": (), "network": torch.nn.Linear(1, 1)})()
    with pytest.raises(UserError, match="takes no embeddings"):
        Adapters(flow, CancelGuard()).use([], [file])
