"""`library`: the library without a window."""

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tqdm import tqdm

from studio.core.errors import UserError
from studio.storage.library.database import NAME
from studio.storage.library.entry import Entry, Query
from studio.storage.library.exporting import export
from studio.storage.library.importing import bring_in
from studio.storage.library.library import Library
from studio.storage.library.rebuild import rebuild
from studio.storage.library.verify import verify
from studio.storage.library.walk import Step
from studio.storage.paths import AppPaths

FAULTY = 1
"""The exit code where something is wrong with the library or a picture."""

CHUNK = 500
"""Rows read at a time."""


def library(options: argparse.Namespace) -> int:
    """Do what the options say. Returns 0, or 1 where something was wrong with some picture.

    Raises UserError where nothing can be done at all.
    """
    folder: Path = options.library or AppPaths.for_user().library
    if options.what == "rebuild":
        return _follow("Rebuilding", rebuild(folder))
    if options.what == "import" and not options.source.exists():  # before a library is made for it
        raise UserError(f"There is no file '{options.source}'.", "Check its name and its folder.")
    if options.what != "import" and not (folder / NAME).is_file():
        raise UserError(
            f"There is no library in '{folder}'.",
            "Make a picture in the window first, or try 'library rebuild'.",
        )
    with closing(Library(folder)) as opened:
        match options.what:
            case "export":
                meant = _meant(opened, options)
                return _follow("Exporting", export(opened.shelf, meant, options.out))
            case "import":
                return _follow("Importing", bring_in(opened.shelf, options.source))
            case "verify":
                return _follow("Checking", verify(opened.shelf))
            case "empty-bin":
                return _empty(opened, options.days)
            case _:
                return _list(opened, options)


def _list(opened: Library, options: argparse.Namespace) -> int:
    words = " ".join(options.words) if options.what == "search" else ""
    ids = opened.ids(_query(options, words))[: max(0, options.limit)]
    for start in range(0, len(ids), CHUNK):
        for entry in opened.entries(ids[start : start + CHUNK]):
            print(_json(entry) if options.json else _line(entry), flush=True)
    return 0


def _empty(opened: Library, days: int) -> int:
    count = opened.empty(datetime.now(UTC) - timedelta(days=max(0, days)))
    print(f"{count} {'picture' if count == 1 else 'pictures'} deleted.")
    return 0


def _meant(opened: Library, options: argparse.Namespace) -> list[int]:
    """The ids that were typed, or those of what fits; raises UserError where there is none."""
    ids = options.ids or list(opened.ids(_query(options, options.query)))
    if not ids:
        raise UserError("There is no such picture.", "See 'library list'.")
    return list(ids)


def _query(options: argparse.Namespace, words: str) -> Query:
    return Query(
        words=words,
        model=options.model,
        seed=options.seed,
        min_side=options.min_side,
        max_side=options.max_side,
        since=options.since,
        until=options.until,
        starred=options.starred,
        tag=options.tag,
        collection=options.collection,
        binned=options.binned,
    )


def _follow(what: str, steps: Iterator[Step]) -> int:
    """Do long work under a progress bar; what is to be said goes to stderr, the sum to stdout."""
    done = troubles = 0
    bar = tqdm(desc=what, total=0, file=sys.stderr, disable=None, leave=False, unit=" files")
    with bar:
        for step in steps:
            bar.total, bar.n = step.total, step.done
            bar.refresh() if step.done == step.total else bar.update(0)
            done = step.done
            troubles += bool(step.trouble)
            if told := step.trouble or step.remark:
                tqdm.write(_printable(told), file=sys.stderr)
    wrong = f"{troubles} {'thing' if troubles == 1 else 'things'} wrong" if troubles else "all well"
    print(f"{what}: {done} done, {wrong}.")
    return FAULTY if troubles else 0


def _line(entry: Entry) -> str:
    star = "*" if entry.starred else " "
    made = entry.created.astimezone().strftime("%Y-%m-%d %H:%M")
    words = " ".join(entry.recipe.prompt.split())[:60]
    size = f"{entry.width}x{entry.height}"
    return _printable(f"{entry.id:>6} {star} {made}  {size:>9}  {entry.recipe.seed:>10}  {words}")


def _json(entry: Entry) -> str:
    told = {
        "id": entry.id,
        "file": str(entry.path),
        "created": entry.created.isoformat(),
        "width": entry.width,
        "height": entry.height,
        "starred": entry.starred,
        "tags": entry.tags,
        "collections": entry.collections,
        "note": entry.note,
        "document": entry.document,
        "parent": entry.parent,
        "relation": entry.relation,
        "recipe": json.loads(entry.recipe.to_json()),
    }
    return json.dumps(told)


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
