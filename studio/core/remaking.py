"""What was not the same when a picture was made again."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from studio.core.recipe import Recipe

_ONE_OF_A_KIND = {
    "device": "device",
    "dtype": "precision",
    "threads": "threads",
    "model_name": "model's name",
    "model_hash": "model",
    "vae_hash": "VAE",
    "upscaler_hash": "upscaler",
}
_NAMED = {
    "versions": "version of {}",
    "lora_hashes": "LoRA {}",
    "embedding_hashes": "embedding {}",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that was `then` and is `now`; an empty text is none at all."""

    what: str
    then: str
    now: str

    def __str__(self) -> str:
        return f"{self.what}: {self.then or 'none'} then, {self.now or 'none'} now"


def differences(then: Recipe, now: Recipe) -> tuple[Difference, ...]:
    """All that may explain why two makings of one picture are not alike, first what weighs most.

    A model under another name is the same one. Without a hash, only its name tells.
    """
    found = [*_of_one(then, now), *_of_named(then, now)]
    order = ["model", "model's name", "LoRA", "embedding", "VAE", "upscaler", "device"]
    weight = {what: place for place, what in enumerate(order)}
    return tuple(sorted(found, key=lambda each: weight.get(_kind(each.what), len(order))))


def _of_one(then: Recipe, now: Recipe) -> Iterator[Difference]:
    for name, what in _ONE_OF_A_KIND.items():
        before, after = str(getattr(then, name)), str(getattr(now, name))
        if name == "model_name" and then.model_hash:
            continue
        if before != after:
            yield Difference(what, before, after)


def _of_named(then: Recipe, now: Recipe) -> Iterator[Difference]:
    for name, what in _NAMED.items():
        before: Mapping[str, str] = getattr(then, name)
        after: Mapping[str, str] = getattr(now, name)
        if name == "lora_hashes":  # files are told apart by what is in them
            before, after = _by_content(before, after)
        for each in sorted({*before, *after}):
            if before.get(each) != after.get(each):
                yield Difference(what.format(each), before.get(each, ""), after.get(each, ""))


def _by_content(
    before: Mapping[str, str], after: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Without those that are on both sides, under whatever name."""
    shared = {*before.values()} & {*after.values()}
    return (
        {name: digest for name, digest in before.items() if digest not in shared},
        {name: digest for name, digest in after.items() if digest not in shared},
    )


def _kind(what: str) -> str:
    return what if what in _ONE_OF_A_KIND.values() else what.split()[0]
