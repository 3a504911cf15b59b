"""The graph that ComfyUI writes into its pictures: nodes, and links between their inputs."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from studio.storage.foreign.settings import ForeignSettings
from studio.storage.foreign.values import file_name, number, whole, words

MAX_NODES = 2_000
MAX_OUTPUTS = 20
"""Nodes from which the way up is followed until there is a sampler on it."""

MAX_HOPS = 50
"""From an input to the node that holds its value."""

_SAMPLER_KEYS = frozenset({"steps", "sigmas", "sampler_name", "sampler"})
_PIXELS = frozenset(
    {"images", "image", "samples", "latent", "latent_image", "pixels", "upscale_model", "vae_image"}
)
_MODEL = frozenset({"model", "guider", "unet", "basic_pipe", "pipe"})
_TEXT = ("text", "text_g", "t5xxl", "clip_l", "text_l", "prompt", "string", "value")
_HOLDERS = ("value", "number", "int", "float", "seed", "text", "string")
"""How nodes that do nothing but hold a value call it."""

_MODEL_FILES = ("ckpt_name", "unet_name", "model_name", "model_path", "gguf_name")
_NOT_HERE = {
    "controlnet": "ControlNet",
    "ipadapter": "IP-Adapter",
    "stylemodel": "a style model",
    "freeu": "FreeU",
    "inpaintmodel": "an inpainting model",
}
"""What changes a picture and means nothing here, by how the kind of node begins or goes on."""


@dataclass(frozen=True, slots=True)
class _Node:
    id: str
    kind: str
    inputs: Mapping[str, Any]


class _Graph:
    """The nodes by id; whatever is no node is left out."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.nodes: dict[str, _Node] = {}
        for id, node in data.items():
            if isinstance(node, dict) and isinstance(node.get("inputs"), dict):
                self.nodes[id] = _Node(id, words(node.get("class_type")), node["inputs"])

    def at(self, value: object) -> _Node | None:
        """The node that an input is linked to, if it is."""
        if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str | int):
            return self.nodes.get(str(value[0]))
        return None

    def above(self, start: _Node, follow: Callable[[str], bool]) -> Iterator[_Node]:
        """`start`, and what its inputs are linked to by those that are followed; nearest first."""
        seen = {start.id}
        waiting = deque([start])
        while waiting:
            node = waiting.popleft()
            yield node
            for name, value in node.inputs.items():
                linked = self.at(value)
                if linked and linked.id not in seen and follow(name):
                    seen.add(linked.id)
                    waiting.append(linked)

    def value(self, start: _Node | None, *names: str) -> Any:
        """The plain value of the first of these inputs that has one, if need be behind links."""
        node, wanted = start, names
        for _ in range(MAX_HOPS):
            if node is None:
                return None
            linked = None
            for name in wanted:
                found = node.inputs.get(name)
                if isinstance(found, str | int | float) and not isinstance(found, bool):
                    return found
                linked = linked or self.at(found)
            node, wanted = linked, (*names, *_HOLDERS)
        return None

    def aside(self, start: _Node, link: str, *names: str) -> Any:
        """As `value`, of the node that the input `link` is linked to, or of `start` without it."""
        beside = self.at(start.inputs.get(link))
        found = self.value(beside, *names, link) if beside else None
        return self.value(start, *names) if found is None else found


def read_comfyui(data: Mapping[str, Any]) -> ForeignSettings | None:
    """What the "prompt" graph says that made the picture, or None if it is no such graph.

    The picture is what comes out of the last sampler. One above it made the first pass. What
    lies behind nodes that are not known is not found.
    """
    if len(data) > MAX_NODES:
        return None
    graph = _Graph(data)
    samplers = _samplers(graph)
    if not samplers:
        return None
    first = samplers[-1]
    begins = graph.at(first.inputs.get("latent_image") or first.inputs.get("latent"))
    blank = _blank(graph, begins)
    refined = samplers[0] if len(samplers) > 1 else None
    strength = number(graph.aside(first, "sigmas", "denoise"))
    positive, negative = _text(graph, first, "positive"), _text(graph, first, "negative")
    model, loras = _model(graph, first)
    guidance = number(graph.aside(first, "guider", "cfg"))
    distilled = _distilled(graph, first)
    width = whole(graph.value(blank, "width", "empty_latent_width"))
    return ForeignSettings(
        program="ComfyUI",
        prompt=positive,
        negative="" if negative == positive else negative,
        seed=whole(graph.aside(first, "noise", "noise_seed", "seed")),
        width=width,
        height=whole(graph.value(blank, "height", "empty_latent_height")),
        steps=whole(graph.aside(first, "sigmas", "steps")),
        guidance=guidance if distilled is None else distilled,
        sampler=words(graph.aside(first, "sampler", "sampler_name")),
        schedule=words(graph.aside(first, "sigmas", "scheduler")),
        strength=strength if begins and not blank else None,
        clip_skip=_clip_skip(graph, first),
        refine_factor=_factor(graph, refined, width) if refined else None,
        refine_strength=number(graph.aside(refined, "sigmas", "denoise")) if refined else None,
        model=model,
        loras=loras,
        unread=_unread(graph, samplers),
    )


def _samplers(graph: _Graph) -> list[_Node]:
    """From the picture up to where it began."""
    starts = [
        node
        for node in graph.nodes.values()
        if "images" in node.inputs and node.kind.lower().startswith(("save", "preview"))
    ] or list(graph.nodes.values())
    starts.sort(key=lambda node: node.kind.lower().startswith("preview"))
    for start in starts[:MAX_OUTPUTS]:
        found = [n for n in graph.above(start, lambda name: name in _PIXELS) if _samples(n)]
        if found:
            return found
    return []


def _samples(node: _Node) -> bool:
    begins = bool({"latent_image", "latent", "upscale_by"} & set(node.inputs))
    return begins and bool(_SAMPLER_KEYS & set(node.inputs))


def _blank(graph: _Graph, begins: _Node | None) -> _Node | None:
    """The node of the empty latents that a sampler begins from; None if that is a picture."""
    if begins is None:
        return None
    for node in graph.above(begins, lambda name: name in _PIXELS):
        if {"width", "empty_latent_width"} & set(node.inputs) and "pixels" not in node.inputs:
            return node
        if "pixels" in node.inputs:
            return None
    return None


def _text(graph: _Graph, sampler: _Node, role: str) -> str:
    """The words of a prompt: of the first nodes on the way up that have any."""
    start = graph.at(sampler.inputs.get("guider")) or sampler
    link = start.inputs.get(role)
    if role == "positive" and link is None:
        link = start.inputs.get("conditioning")
    node = graph.at(link)
    if node is None:
        return ""
    passing = {role, "conditioning"}
    for each in graph.above(node, lambda name: name in passing or name.startswith("cond")):
        if each.kind == "ConditioningZeroOut":
            return ""
        for name in (*_TEXT, role):
            if found := words(graph.value(each, name)):
                return found
    return ""


def _distilled(graph: _Graph, sampler: _Node) -> float | None:
    """The guidance that models such as FLUX take as an input."""
    start = graph.at(sampler.inputs.get("guider")) or sampler
    follow = {"positive", "conditioning"}
    for node in graph.above(start, lambda name: name in follow):
        if "flux" in node.kind.lower() and "guidance" in node.inputs:
            return number(graph.value(node, "guidance"))
    return None


def _model(graph: _Graph, sampler: _Node) -> tuple[str, tuple[tuple[str, float], ...]]:
    loras: list[tuple[str, float]] = []
    for node in graph.above(sampler, lambda name: name in _MODEL):
        loras += reversed(_loras(graph, node))
        for name in _MODEL_FILES:
            if found := file_name(node.inputs.get(name)):
                return found, tuple(reversed(loras))
    return "", tuple(reversed(loras))


def _loras(graph: _Graph, node: _Node) -> list[tuple[str, float]]:
    """Those that a node lays over the model: one, or a list as several packs of nodes have it."""
    found = []
    for name, value in node.inputs.items():
        if name == "lora_name":
            weight = graph.value(node, "strength_model", "strength", "lora_model_strength")
            found.append((value, weight))
        elif isinstance(value, dict) and value.get("on") is True:
            found.append((value.get("lora"), value.get("strength")))
        elif name.startswith("lora_") and name[5:].isdecimal():
            found.append((value, node.inputs.get(f"strength_{name[5:]}")))
    named = [(file_name(name), number(weight)) for name, weight in found]
    return [
        (name, 1.0 if weight is None else weight)
        for name, weight in named
        if name not in ("", "None") and weight != 0
    ]


def _clip_skip(graph: _Graph, sampler: _Node) -> int | None:
    """The layer of the text encoder, counted from its end; there, as a negative number."""
    start = graph.at(sampler.inputs.get("guider")) or sampler
    follow = {"positive", "conditioning", "clip"}
    for node in graph.above(start, lambda name: name in follow):
        found = whole(graph.value(node, "stop_at_clip_layer"))
        if found is not None and found < 0:
            return -found
    return None


def _factor(graph: _Graph, last: _Node, width: int | None) -> float | None:
    """How much larger the last pass is, where a node on the way to it says so."""
    if (found := number(graph.value(last, "upscale_by"))) is not None:
        return found
    start = graph.at(last.inputs.get("latent_image") or last.inputs.get("latent"))
    for node in graph.above(start, lambda name: name in _PIXELS) if start else ():
        if _samples(node):
            break
        if (found := number(graph.value(node, "scale_by"))) is not None:
            return found
        wider = number(graph.value(node, "width"))
        if wider and width and "scale" in node.kind.lower():
            return wider / width
    return None


def _unread(graph: _Graph, samplers: list[_Node]) -> tuple[str, ...]:
    found = {"more than two passes"} if len(samplers) > 2 else set()
    for node in graph.above(samplers[0], lambda name: True):
        kind = node.kind.lower().replace("_", "").replace(" ", "")
        found |= {name for part, name in _NOT_HERE.items() if part in kind}
    return tuple(sorted(found))
