"""Models in one safetensors file, recognised by the tensors in it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from studio.core.errors import UserError
from studio.core.sizing import SizeRule
from studio.engine.models.companions import find_companion
from studio.engine.models.folder import CONFIGS, PICKLES, size_rule
from studio.engine.models.header import Header, read_header
from studio.engine.models.info import ModelInfo, Part, read_json
from studio.engine.models.layouts import Layout, find_layout
from studio.engine.models.templates import SCHEDULERS, TEMPLATES, Template, find_templates
from studio.engine.models.unfit import check_weights, why_unfit
from studio.engine.models.variants import Prediction, Variant, measured_prediction, variant_of

WORDS = {"vae": "VAE"}
"""What people call parts, where it is not the part's name with spaces."""


def describe_file(path: Path, templates: Path = TEMPLATES) -> ModelInfo:
    """Look at a model in one file without loading weights; its name plays no part.

    `templates` is the folder of configs for the families that are known. Parts that the file lacks
    are looked for beside it. Raises UserError where it is damaged, is a pickle, is no model, or
    lacks parts.
    """
    if path.suffix.lower() in PICKLES:
        raise UserError(
            f"The model {path.name} is a pickle: opening such a file can run any program hidden "
            "in it, so Underpaint never does.",
            "Get the model as safetensors.",
        )
    header = read_header(path)
    check_weights(path.name, header)
    fitting = [each for each in find_templates(templates) if _layout(each.denoiser, header)]
    if not fitting:
        raise why_unfit(path.stem, header)
    variant = _variant(path, header, fitting)
    template = min(fitting, key=lambda each: _misfit(each, variant))
    parts = tuple(_found(part, path, header, template) for part in template.parts.values())
    _check_complete(path, parts)
    rule = size_rule(path.stem, template.denoiser, template.parts["vae"])
    if variant.native:
        rule = SizeRule(rule.nearest(variant.native), rule.granularity)
    scheduler = _scheduler(template, variant, templates)
    return ModelInfo(
        path.stem,
        path,
        template.family.name,
        template.family.denoiser,
        rule,
        tuple(scheduler if part.name == "scheduler" else part for part in parts),
        template.index,
    )


def _layout(part: Part, header: Header) -> Layout | None:
    return find_layout(header.tensors, part.kind, read_json(part.config))


def _variant(path: Path, header: Header, fitting: Sequence[Template]) -> Variant:
    """What the file says; where it says nothing and it matters, a tensor is looked at."""
    variant = variant_of(path, header)
    if variant.prediction is None and len({_prediction(each) for each in fitting}) > 1:
        layout = _layout(fitting[0].denoiser, header)
        assert layout is not None
        return replace(variant, prediction=measured_prediction(path, header, layout.prefix))
    return variant


def _misfit(template: Template, variant: Variant) -> tuple[bool, bool]:
    """In what a template differs from a file that fits it by shape; less is better.

    Of transformers the distilled ones are what people have, if nothing is said.
    """
    quick = variant.quick
    if quick is None:
        quick = template.family.denoiser == "transformer"
    return (
        _prediction(template) != (variant.prediction or "epsilon"),
        template.index.parent.name.endswith("-turbo") != quick,
    )


def _prediction(template: Template) -> Prediction:
    said = read_json(template.parts["scheduler"].config).get("prediction_type")
    return "v_prediction" if said == "v_prediction" else "epsilon"


def _scheduler(template: Template, variant: Variant, templates: Path) -> Part:
    """The template's, or one for a model that was trained in another way."""
    part = template.parts["scheduler"]
    if variant.prediction != "v_prediction":
        return part
    if _prediction(template) == "v_prediction" and not variant.zero_snr:
        return part
    name = "v_prediction_zero_snr" if variant.zero_snr else "v_prediction"
    config = templates / SCHEDULERS / name / CONFIGS["scheduler"]
    return Part(part.name, read_json(config)["_class_name"], config)


def _found(part: Part, path: Path, header: Header, template: Template) -> Part:
    """A part with its weights, if it needs any and they are there."""
    if part.name.rstrip("_23") in CONFIGS:
        return part
    layout = _layout(part, header)
    if layout:
        return replace(part, weights=(path,), layout=layout)
    return find_companion(part, path, template.family) or part


def _check_complete(path: Path, parts: Iterable[Part]) -> None:
    """Raise UserError where parts that need weights have none."""
    missing = [
        part for part in parts if not part.weights and part.name.rstrip("_23") not in CONFIGS
    ]
    if not missing:
        return
    names = [WORDS.get(part.name, part.name.replace("_", " ")) for part in missing]
    folders = {"vae" if part.name == "vae" else "text_encoders" for part in missing}
    raise UserError(
        f"The file {path.name} has no {' and no '.join(names)} in it, "
        "and none that fits lies beside it.",
        f"Put what is missing into {' and '.join(sorted(folders))} beside it, as safetensors, "
        "or a diffusers folder of such a model next to it.",
    )
