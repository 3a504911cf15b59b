"""What may be loaded where: the promises that import-linter cannot see."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

STUDIO = Path(__file__).resolve().parent.parent / "studio"
HEAVY = ("torch", "numpy", "diffusers", "transformers", "safetensors")


def loaded_by(code: str) -> set[str]:
    """The top-level modules that are loaded after running `code` in a fresh interpreter."""
    script = f"{code}\nimport sys; print(*sorted(name.split('.')[0] for name in sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120
    )
    return set(result.stdout.split())


def test_opening_the_window_loads_neither_torch_nor_numpy_nor_diffusers(tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from studio.app.front import furnish
from studio.app.window import make_application, open_window
from studio.core.settings import Settings
from studio.storage.paths import AppPaths
home = Path({str(tmp_path)!r})
app = make_application()
window = open_window(app, Settings())
furnish(window, AppPaths(home / "d", home / "c", home / "x"), Settings())
app.processEvents()
import studio.app.life, studio.engine.child
"""
    loaded = loaded_by(code)
    assert "PySide6" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_the_window_is_painted_before_the_library_and_the_event_loop_are_loaded() -> None:
    code = """
from studio.app.window import make_application, open_window
from studio.core.settings import Settings
open_window(make_application(), Settings())
"""
    assert loaded_by(code).isdisjoint({*HEAVY, "PIL", "qasync", "asyncio", "sqlite3"})


@pytest.mark.parametrize("room", ["paint", "storage"])
def test_no_widgets_below_the_window(room: str) -> None:
    for file in (STUDIO / room).rglob("*.py"):
        modules = {
            node.module
            for node in ast.walk(ast.parse(file.read_text("utf-8")))
            if isinstance(node, ast.ImportFrom)
        }
        assert "PySide6.QtWidgets" not in modules, file
