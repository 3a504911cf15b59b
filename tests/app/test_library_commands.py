"""`library` as it is typed."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from studio.app.cli import main
from studio.storage.library.library import Library
from tests.storage.samples import RECIPE, gradient

START = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A library of three pictures: a fox, a hare, and a fox in the bin."""
    library = Library(tmp_path / "library")
    for day, prompt in enumerate(("a red fox", "a hare\nin the snow \udc80", "another fox")):
        recipe = replace(RECIPE, prompt=prompt, seed=day)
        library.add(gradient(4, 4), recipe, START + timedelta(days=day))
    library.star([2])
    library.tag([1], "Vixen")
    library.bin([3])
    library.close()
    return tmp_path / "library"


def typed(folder: Path, *words: object) -> int:
    return main(["library", str(words[0]), "--library", str(folder), *map(str, words[1:])])


def ids(capsys: pytest.CaptureFixture[str]) -> list[int]:
    return [json.loads(line)["id"] for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["list"], [2, 1]),
        (["list", "--limit", "1"], [2]),
        (["list", "--binned"], [3]),
        (["list", "--starred"], [2]),
        (["list", "--tag", "vixen"], [1]),
        (["list", "--seed", "0"], [1]),
        (["list", "--since", "2026-01-02"], [2]),
        (["list", "--until", "2026-01-02", "--model", "starter"], [1]),
        (["list", "--min-side", "5"], []),
        (["search", "fox"], [1]),
        (["search", "snow", "har"], [2]),
        (["search", "owl"], []),
    ],
)
def test_pictures_are_listed_and_found(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], found: list[int]
) -> None:
    assert typed(folder, *words, "--json") == 0
    assert ids(capsys) == found


def test_a_line_for_people_is_one_line_whatever_the_prompt(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(folder, "list") == 0
    hare, fox = capsys.readouterr().out.splitlines()
    assert "2 *" in hare
    assert "a hare in the snow" in hare
    assert "4x4" in fox


def test_pictures_go_from_one_library_to_another(folder: Path, tmp_path: Path) -> None:
    assert typed(folder, "export", tmp_path / "out.zip", "--query", "fox") == 0
    assert typed(tmp_path / "other", "import", tmp_path / "out.zip") == 0
    other = Library(tmp_path / "other")
    (entry,) = other.entries(other.ids())
    assert (entry.recipe.prompt, entry.tags) == ("a red fox", ("Vixen",))
    other.close()


def test_what_is_wrong_is_told_and_ends_with_one(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(folder, "verify") == 0
    assert "all well" in capsys.readouterr().out
    next(folder.rglob("*-0.png")).write_bytes(b"gone bad")
    assert typed(folder, "verify") == 1
    told = capsys.readouterr()
    assert "1 thing wrong" in told.out
    assert "not the picture that was put there" in told.err


def test_a_database_full_of_garbage_is_one_sentence_and_rebuilt(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "library.sqlite3").write_bytes(b"garbage" * 999)
    assert typed(folder, "list") == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "library rebuild" in told
    assert typed(folder, "rebuild") == 1  # stars and tags could not be read
    capsys.readouterr()
    assert typed(folder, "list", "--json") == 0
    assert len(ids(capsys)) == 3


def test_the_bin_is_emptied_of_what_is_old_enough(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(folder, "empty-bin", "--days", "1") == 0
    assert typed(folder, "empty-bin") == 0
    assert capsys.readouterr().out == "0 pictures deleted.\n1 picture deleted.\n"
    assert len(list(folder.rglob("*.png"))) == 2


@pytest.mark.parametrize(
    "words",
    [
        ["list"],
        ["export", "out"],
        ["verify"],
        ["import", "nothing.zip"],
        ["rebuild"],
        [],
        ["list", "--since", "tomorrow"],
        ["dance"],
    ],
)
def test_mistakes_are_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    given = [*words[:1], "--library", str(tmp_path / "none"), *words[1:]] if words else []
    assert main(["library", *given]) == 2
    told = capsys.readouterr().err
    assert told.startswith("underpaint: ")
    assert told.count("\n") == 1
    assert "Traceback" not in told
    assert not (tmp_path / "none").exists()
