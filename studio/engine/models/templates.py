"""Models without weights, as diffusers folders that come with the app: what single files lack."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from studio.engine.models.families import Family, family_of
from studio.engine.models.folder import CONFIGS, INDEX
from studio.engine.models.info import Part, read_json

TEMPLATES = Path(__file__).resolve().parents[3] / "resources" / "families"
"""Those of the families that are known; SCHEDULERS in it has ways of training that vary."""

SCHEDULERS = "schedulers"


@dataclass(frozen=True, slots=True)
class Template:
    """A model of `family` without weights; `index` is the JSON file that names its `parts`."""

    index: Path
    family: Family
    parts: Mapping[str, Part]

    @property
    def denoiser(self) -> Part:
        """The part that denoises."""
        return self.parts[self.family.denoiser]


def find_templates(folder: Path) -> list[Template]:
    """The templates in a folder, by name; those of unknown families are left out."""
    found = []
    for index in sorted(folder.glob(f"*/{INDEX}")):
        data = read_json(index)
        family = family_of(data.get("_class_name"))
        if family:
            parts = {name: _part(index.parent, name, data[name][1]) for name in family.parts}
            found.append(Template(index, family, parts))
    return found


def _part(folder: Path, name: str, kind: str) -> Part:
    config = CONFIGS.get(name.rstrip("_23"), "config.json")
    return Part(name, kind, folder / name / config)
