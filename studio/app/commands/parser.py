"""What can be typed after `python main.py`, with help written for a person."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from studio import __version__
from studio.app.commands.library_parser import add_library_commands
from studio.core.errors import UserError
from studio.core.picture import Size
from studio.core.prompt_syntax import LoraTag
from studio.core.request import (
    MAX_GUIDANCE,
    MAX_LORA_WEIGHT,
    MAX_REFINE,
    MAX_STEPS,
    NOISE_MODES,
    SAMPLERS,
    SCHEDULES,
    Refine,
)


class Parser(argparse.ArgumentParser):
    """An ArgumentParser whose complaints are one sentence."""

    def parse(self, arguments: Sequence[str]) -> argparse.Namespace:
        """Read the arguments. Raises UserError where they make no sense."""
        return self.parse_args(list(arguments))

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage and leaving."""
        raise UserError(
            f"{message[:1].upper()}{message[1:]}.", f"See '{self.prog} --help' for what there is."
        )


def window_parser() -> Parser:
    """For `python main.py [FILE...]`."""
    parser = Parser(
        prog="python main.py",
        description="Underpaint: paint, and let a model on this machine paint with you.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=(
            "without a window:\n"
            "  render PROMPT --out FILE   make a picture\n"
            "  info FILE                  tell how a picture was made\n"
            "  rerun FILE                 make a picture again, and compare\n"
            "  convert IN OUT             write a painting or picture as another kind of file\n"
            "  library list|search|...    list, search, move and check what was made\n"
            "  models                     list the models that can be loaded\n"
            "  doctor                     check this installation\n"
            "each of them explains itself with --help"
        ),
    )
    parser.add_argument("--version", action="version", version=f"Underpaint {__version__}")
    parser.add_argument("files", nargs="*", metavar="FILE", help="paintings or pictures to open")
    return parser


def render_parser() -> Parser:
    """For `render`."""
    parser = Parser(
        prog="python main.py render",
        description="Make pictures from words, from a picture, or from both.",
        epilog="The same prompt, seed and settings give exactly the same picture.",
    )
    add = parser.add_argument
    add(
        "prompt",
        metavar="PROMPT",
        help="what to paint; may be empty. (word:1.3) counts for more, [word] for a little less",
    )
    kinds = ".png, .jpg, .webp or .tif"
    add("--out", required=True, type=Path, metavar="FILE", help=f"where to: {kinds}")
    add("--negative", default="", metavar="TEXT", help="what to leave out")
    add("--seed", type=int, metavar="N", help="0 to 4294967295; drawn, and told, if missing")
    add("--size", type=_size, metavar="WxH", help="in pixels; if missing, the model's own")
    add(
        "--count",
        type=_count,
        default=1,
        metavar="N",
        help="make N pictures with seeds that follow each other, as NAME-1, NAME-2, ...",
    )
    add("--model", metavar="NAME|PATH", help="see 'models'; if missing, the one that comes along")
    add("--json", action="store_true", help="print one JSON object a picture, and nothing else")
    _add_start(parser)
    _add_denoising(parser)
    _add_refinement(parser)
    _add_adapters(parser)
    _add_finer_points(parser)
    return parser


def _add_start(parser: Parser) -> None:
    add = parser.add_argument_group("starting from a picture").add_argument
    add("--init", type=Path, metavar="FILE", help="a picture or sketch to start from")
    add(
        "--strength",
        type=float,
        metavar="S",
        help="how much of it may change: 0 nothing, 1 everything (0.6 with --init)",
    )
    add(
        "--map",
        type=Path,
        metavar="FILE",
        help="where it may change: black keeps the picture, white gives the full strength",
    )


def _add_denoising(parser: Parser) -> None:
    add = parser.add_argument_group("from noise to picture").add_argument
    add(
        "--steps",
        type=int,
        metavar="N",
        help=f"1 to {MAX_STEPS}; if missing, what suits the model",
    )
    add(
        "--exact-steps",
        action="store_true",
        help="run them all at every strength, not only its share of them",
    )
    add(
        "--guidance",
        type=float,
        metavar="G",
        help=f"how strictly the words are followed, 0 to {MAX_GUIDANCE:g}; as for --steps",
    )
    add(
        "--sampler",
        choices=SAMPLERS,
        metavar="NAME",
        help=f"{', '.join(SAMPLERS)}; as for --steps",
    )


def _add_refinement(parser: Parser) -> None:
    add = parser.add_argument_group("larger and finer").add_argument
    add(
        "--refine",
        type=float,
        metavar="FACTOR",
        help=f"enlarge by 1 to {MAX_REFINE:g} and work out the details",
    )
    add(
        "--refine-strength",
        type=float,
        default=Refine().strength,
        metavar="S",
        help="how much the refinement may change, 0 to 1 (%(default)s)",
    )
    add(
        "--upscaler",
        metavar="NAME|FILE",
        help="what enlarges before the refinement, see 'models'; if missing, a bicubic filter",
    )


def _add_adapters(parser: Parser) -> None:
    add = parser.add_argument_group("beside the model").add_argument
    add(
        "--lora",
        action="append",
        type=_lora,
        default=[],
        metavar="NAME[:WEIGHT]",
        help="as <lora:NAME:WEIGHT> in the prompt; may be given several times, see 'models'",
    )
    add("--vae", metavar="NAME|PATH", help="a VAE in place of the model's own, see 'models'")


def _add_finer_points(parser: Parser) -> None:
    add = parser.add_argument_group("finer points").add_argument
    add(
        "--schedule",
        choices=SCHEDULES,
        default="auto",
        metavar="NAME",
        help=f"how noise levels are spread over the steps: {', '.join(SCHEDULES)} (%(default)s)",
    )
    add(
        "--guidance-rescale",
        type=float,
        default=0.0,
        metavar="R",
        help="0 to 1, against glaring colours at high guidance; 0.7 is usual (%(default)s)",
    )
    add(
        "--guidance-interval",
        type=_interval,
        default=(0.0, 1.0),
        metavar="START:END",
        help="the shares of the run between which there is guidance (0:1)",
    )
    add(
        "--clip-skip",
        type=int,
        default=1,
        metavar="N",
        help="the layer of a CLIP text encoder that counts, from its end (%(default)s)",
    )
    add(
        "--variation",
        type=float,
        default=0.0,
        metavar="V",
        help="0 to 1: how far to go from the seed's noise to the variation seed's; with --count, "
        "the variation seeds follow each other (%(default)s)",
    )
    add("--variation-seed", type=int, metavar="N", help="drawn, and told, if missing")
    add(
        "--noise",
        choices=NOISE_MODES,
        default="native",
        metavar="MODE",
        help="native, or canvas: a seed's pictures share their middle in all shapes (%(default)s)",
    )


def info_parser() -> Parser:
    """For `info`."""
    parser = Parser(
        prog="python main.py info",
        description="Tell how a picture was made, by this program or another.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="a .png, .jpg, .webp or .tif")
    parser.add_argument("--json", action="store_true", help="print the recipe as JSON")
    return parser


def rerun_parser() -> Parser:
    """For `rerun`."""
    parser = Parser(
        prog="python main.py rerun",
        description="Make a picture of Underpaint's again from the recipe in it, and compare.",
        epilog=(
            "Tells whether both are exactly the same, near (no value is further than 16 of 255 "
            "away) or different, and what was not as it was then: device, versions, a model or "
            "LoRA. Ends with 0 for exact and near, 1 for different, 2 if it cannot be made again."
        ),
    )
    add = parser.add_argument
    add("file", type=Path, metavar="FILE", help="a .png, .jpg, .webp or .tif with a recipe")
    add("--out", type=Path, metavar="FILE", help="where to write the new one")
    add("--init", type=Path, metavar="FILE", help="the picture it was made from, if any")
    add("--map", type=Path, metavar="FILE", help="the strength map it was made with, if any")
    add(
        "--library",
        type=Path,
        metavar="DIR",
        help="where these are looked for, unless they are given; if missing, your own",
    )
    add("--json", action="store_true", help="print one JSON object, and nothing else")
    return parser


def convert_parser() -> Parser:
    """For `convert`."""
    parser = Parser(
        prog="python main.py convert",
        description="Write a painting or picture as the kind of file that OUT's name asks for.",
        epilog=(
            "Paintings with layers are .ora and .psd; as any other kind they become flat pictures, "
            "and a picture becomes a painting of one layer. From picture to picture the recipe "
            "goes along."
        ),
    )
    add = parser.add_argument
    kinds = "a .ora, .psd, .png, .jpg, .webp"
    add("source", type=Path, metavar="IN", help=f"{kinds}, .tif, .bmp or .gif")
    add("out", type=Path, metavar="OUT", help=f"{kinds} or .tif; replaced if there")
    return parser


def library_parser() -> Parser:
    """For `library`."""
    parser = Parser(
        prog="python main.py library",
        description="List, search, move and check the pictures that Underpaint made.",
    )
    add_library_commands(parser)
    return parser


def models_parser() -> Parser:
    """For `models`."""
    parser = Parser(
        prog="python main.py models",
        description="List the models that can be loaded, and the folders they are looked for in.",
    )
    parser.add_argument("--json", action="store_true", help="print a JSON list")
    return parser


def doctor_parser() -> Parser:
    """For `doctor`."""
    return Parser(
        prog="python main.py doctor",
        description=(
            "Check this installation: versions, device, memory, Qt, folders, and whether the "
            "model that comes along makes a picture. Ends with 1 if it does not."
        ),
    )


COMMANDS: dict[str, Callable[[], Parser]] = {
    "render": render_parser,
    "info": info_parser,
    "rerun": rerun_parser,
    "convert": convert_parser,
    "library": library_parser,
    "models": models_parser,
    "doctor": doctor_parser,
}


def _size(text: str) -> Size:
    try:
        return Size.parse(text)
    except UserError as error:
        raise argparse.ArgumentTypeError(str(error).rstrip(".")) from error


def _interval(text: str) -> tuple[float, float]:
    start, _, end = text.partition(":")
    try:
        return float(start), float(end)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"'{text}' is not START:END, as 0.2:0.8 is") from error


def _lora(text: str) -> LoraTag:
    name, _, weight = text.partition(":")
    try:
        tag = LoraTag(name, float(weight or 1))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"'{text}' is not NAME:WEIGHT, as style:0.8 is") from error
    most = MAX_LORA_WEIGHT
    if not abs(tag.weight) <= most:  # false for NaN, too
        raise argparse.ArgumentTypeError(f"{weight} is not from -{most:g} to {most:g}")
    return tag


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 10_000:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 1 to 10000")
    return int(text)
