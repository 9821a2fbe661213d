"""The rooms and their import directions (docs/design.md), and who owns the generic top-level names."""

import ast
from importlib import import_module
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAY_IMPORT = {
    "index": set(),
    "nlp": set(),
    "crawlers": {"index", "nlp"},
    "dashboard": {"index"},
    "brandmelder": {"index", "nlp", "crawlers", "dashboard"},
}
NLP_IMPORTERS_IN_CRAWLERS = 1
MAX_LINES = 400


def modules(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def imported_rooms(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            names.add((node.module or "").split(".")[0])
    return names & MAY_IMPORT.keys()


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_room_imports_only_what_the_table_allows(room):
    files = modules(room)
    assert files
    strangers = {str(path): imported_rooms(path) - MAY_IMPORT[room] - {room} for path in files}
    assert {path: rooms for path, rooms in strangers.items() if rooms} == {}


def test_crawlers_import_nlp_in_one_place():
    importers = [path for path in modules("crawlers") if "nlp" in imported_rooms(path)]
    assert len(importers) <= NLP_IMPORTERS_IN_CRAWLERS, importers


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_modules_stay_short(room):
    long = {str(path): lines for path in modules(room) if (lines := len(path.read_text().splitlines())) > MAX_LINES}
    assert long == {}


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_top_level_name_is_ours_alone(room):
    distribution("brandmelder")
    # An editable install lists no files, so it names no packages: then nobody else may.
    assert packages_distributions().get(room, ["brandmelder"]) == ["brandmelder"]
    assert Path(import_module(room).__file__).parent == ROOT / room


def test_dashboard_hides_no_other_package():
    """Streamlit puts dashboard/ first on the path: a module there named like a package would replace it."""
    ours = {path.stem for path in (ROOT / "dashboard").iterdir() if path.suffix == ".py" or path.is_dir()}
    taken = set(packages_distributions()) | set(MAY_IMPORT)
    assert (ours - {"__init__", "__pycache__"}) & taken == set()
