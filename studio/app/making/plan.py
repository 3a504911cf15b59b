"""What Generate means for the form and the canvas as they are: a request and its place."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QRect

from studio.core.errors import UserError
from studio.core.form import FormState
from studio.core.picture import Picture, Size
from studio.core.request import GenerationRequest, Refine
from studio.core.sizing import SizeRule
from studio.engine.adapters import Adapters, asked_for
from studio.engine.models.info import ModelInfo
from studio.paint.canvas import Canvas
from studio.paint.frame import Frame, centred
from studio.paint.pictures import image_to_picture

PRESETS = ((1, 1), (1.5, 1), (2, 1.5), (2, 2))
"""Sizes to offer, in units of the model's native sides."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a picture will go. `frame` is in document pixels."""

    canvas: Canvas
    frame: QRect


@dataclass(frozen=True, slots=True)
class Tools:
    """What there is to make pictures with: the model, and what else can be named."""

    model: ModelInfo
    upscalers: Mapping[str, Path]
    adapters: Adapters

    def upscaler(self, name: str) -> Path | None:
        """The file of that network; None for the filter. Raises UserError if it is not there."""
        if not name:
            return None
        if name not in self.upscalers:
            raise UserError(
                f"The upscaler '{name}' is not there any more.", "Choose another in More settings."
            )
        return self.upscalers[name]


def plan(
    form: FormState, tools: Tools, canvas: Canvas, seed: int
) -> tuple[GenerationRequest, Place]:
    """Freeze the form and the canvas into a request. Raises UserError where they cannot be.

    Without a size of its own, the picture fills the canvas's frame; else, or where there is no
    frame, it takes the largest centred part that has its shape. Below strength 1, or where
    strength is painted, it starts from what is there as the eye sees it. Names in the prompts
    become files.
    """
    area = area_of(canvas)
    rule = tools.model.rule
    size = rule.check(form.size or rule.in_shape_of(Size(area.width(), area.height())))
    fills = canvas.frame.value is not None and form.size is None
    frame = area if fills else centred(area, size)
    strength_map = canvas.strength.within(frame)
    starts = form.strength < 1 or strength_map is not None
    source = flattened(canvas, frame) if starts else None
    if source is not None and form.strength <= 0:
        size = source.size  # untouched means at its own size
    refine = None
    if form.refine:
        upscaler = tools.upscaler(form.refine_upscaler)
        refine = Refine(form.refine_factor, form.refine_strength, upscaler)
    asked = asked_for(form.prompt, form.negative, tools.adapters)
    vae = tools.adapters.vae(form.vae) if form.vae else None
    values = form.shared() | {"seed": seed}  # the seed that was drawn, if the form's is not locked
    request = GenerationRequest(
        model=tools.model.path,
        size=size,
        source=source,
        strength_map=strength_map,
        refine=refine,
        loras=asked.loras,
        embeddings=asked.embeddings,
        vae=vae,
        **values,
    )
    return request, Place(canvas, frame)


def offered_sizes(rule: SizeRule, canvas: Canvas) -> tuple[Size, ...]:
    """The sizes that the prompt panel offers; first the one in the canvas's shape."""
    native = rule.native
    presets = [
        rule.nearest(Size(int(native.width * w), int(native.height * h))) for w, h in PRESETS
    ]
    area = area_of(canvas)
    return (rule.in_shape_of(Size(area.width(), area.height())), *presets)


def area_of(canvas: Canvas) -> QRect:
    """The document pixels that are the model's: those of the frame, or all."""
    paper = canvas.document.rect
    frame = canvas.frame.value
    inside = None if frame is None else Frame.of(frame.rect, paper)
    return paper if inside is None else inside.rect


def place_again(canvas: Canvas, made_at: tuple[int, int, int, int] | None, size: Size) -> Place:
    """Where a picture was made, if that is known and on the paper; else in the model's middle."""
    if made_at is not None and canvas.document.rect.contains(QRect(*made_at)):
        return Place(canvas, QRect(*made_at))
    return Place(canvas, centred(area_of(canvas), size))


def size_of(canvas: Canvas) -> Size:
    """The document's size in pixels."""
    return Size(canvas.document.size.width(), canvas.document.size.height())


def centred_frame(canvas: Size, shape: Size) -> QRect:
    """The largest centred rectangle of the canvas in the shape of `shape`, within a pixel."""
    return centred(QRect(0, 0, canvas.width, canvas.height), shape)


def flattened(canvas: Canvas, frame: QRect) -> Picture:
    """A copy of the visible picture inside `frame`, but for what is there only for reference."""
    return image_to_picture(canvas.compositor.flatten(frame, references=False))
