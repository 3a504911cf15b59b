"""Makes the starter model: one subcommand for each step, from data packages to model folder.

usage: python packaging/starter_model STEP [options]

The steps hand their results to each other through one work folder, each can be run again, and
they are the same on a laptop and on a GPU. README.md in this folder says in which order.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Step:
    """A subcommand, and the module beside this one with its `add_arguments` and `run`."""

    name: str
    module: str  # imported only when chosen: the first steps need no torch
    help: str


STEPS = (
    Step("fetch", "fetch", "download the pinned data packages and check them"),
    Step("sprites", "build_sprites", "cut the packages' pictures into one file of named sprites"),
    Step("preview", "preview", "draw a contact sheet of composed scenes with their captions"),
    Step("vae", "train_vae", "train the autoencoder"),
    Step("denoiser", "train_denoiser", "train the denoiser"),
    Step("classifier", "classifier", "train the classifier that reads pictures for 'evaluate'"),
    Step("paint", "paint", "paint a contact sheet of prompts with a model folder"),
    Step("evaluate", "evaluate", "score a model folder on held-out prompts"),
    Step("export", "export", "write the model folder that the app loads"),
    Step("card", "card", "write the model card and its contact sheet"),
)


def main(arguments: Sequence[str]) -> int:
    """Runs the step that is named first; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python packaging/starter_model",
        description="Makes the starter model, step by step, in this order:",
        epilog="'STEP --help' tells what a step takes.",
    )
    commands = parser.add_subparsers(metavar="STEP", required=True)
    chosen = next((step for step in STEPS if step.name in arguments[:1]), None)
    for step in STEPS:
        command = commands.add_parser(step.name, help=step.help, description=step.help)
        if step is not chosen:
            continue
        module = importlib.import_module(step.module)
        command.add_argument(
            "--work",
            type=Path,
            default=ROOT / "build" / "starter",
            help="the folder that the steps share (default: build/starter)",
        )
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    options = parser.parse_args(arguments)
    code: int = options.run(options)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
