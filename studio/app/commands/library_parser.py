"""What can be typed after `library`, with help written for a person."""

import argparse
from datetime import datetime
from pathlib import Path


def add_library_commands(parser: argparse.ArgumentParser) -> None:
    """Let a parser know what can be done with the library, each with its own help."""
    commands = parser.add_subparsers(dest="what", metavar="WHAT", required=True)

    def command(name: str, help: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=help, description=f"{help[0].upper()}{help[1:]}.")
        added.add_argument(
            "--library", type=Path, metavar="DIR", help="its folder; if missing, your own"
        )
        return added

    listing = command("list", "list pictures, newest first")
    searching = command("search", "list the pictures whose prompt, note or tags have these words")
    searching.add_argument("words", nargs="+", metavar="WORD", help="the beginning of a word")
    for each in (listing, searching):
        each.add_argument("--limit", type=int, default=50, metavar="N", help="(%(default)s)")
        each.add_argument("--json", action="store_true", help="print one JSON object a picture")
        _add_filters(each)
    exporting = command("export", "copy pictures, with all that is known of them")
    exporting.add_argument("out", type=Path, metavar="OUT", help="a new folder, or a .zip file")
    exporting.add_argument("ids", nargs="*", type=int, metavar="ID", help="as 'list' shows them")
    exporting.add_argument("--query", default="", metavar="WORDS", help="those with these words")
    _add_filters(exporting)
    importing = command("import", "bring in what was exported; what is there already stays")
    importing.add_argument("source", type=Path, metavar="IN", help="the folder or .zip file")
    command("rebuild", "make a new database from the PNG files; the old one is kept beside it")
    command("verify", "check that every file is there and as it was; ends with 1 if one is not")
    emptying = command("empty-bin", "delete for good what lies in the bin")
    emptying.add_argument(
        "--days", type=int, default=0, metavar="N", help="only what lies there longer than that"
    )


def _add_filters(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("only those that fit all of these").add_argument
    add("--model", default="", metavar="NAME", help="made by this model")
    add("--seed", type=int, metavar="N", help="made of this seed")
    add("--min-side", type=int, metavar="N", help="with a longer side of at least N pixels")
    add("--max-side", type=int, metavar="N", help="and at most N")
    add("--since", type=_date, metavar="DATE", help="made on that day or later, as 2026-03-09")
    add("--until", type=_date, metavar="DATE", help="made before that day")
    add("--starred", action="store_true", help="with a star")
    add("--tag", default="", metavar="NAME", help="with this tag")
    add("--collection", default="", metavar="NAME", help="in this collection")
    add("--binned", action="store_true", help="those in the bin, in place of the others")


def _date(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(f"'{text}' is not a date, as 2026-03-09 is") from error
