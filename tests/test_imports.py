"""Who may import whom, read from the source."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "funnelkit"
LEAVES = {"errors", "paths", "table", "__init__"}
# These are one layer: what the CLI calls.
API = {"api", "comparing", "exploring", "folders", "results", "reporting", "revisions"}
API |= {"reviewing", "saying", "starting"}
MAY_IMPORT = {
    "cli": API | {"project", "cli"},
    "api": API | {"report", "jobs", "stats", "project", "warehouse", "kernel", "sample"},
    "report": {"report", "stats", "project"},
    "jobs": {"jobs", "stats", "project"},
    "warehouse": {"warehouse", "project", "kernel"},
    "project": {"project"},
    "stats": {"stats"},
    "sample": {"sample"},
    "kernel": {"kernel"},
    "errors": set(),
    "paths": set(),
    "table": set(),
    "__init__": {"api"},
    "__main__": {"cli"},
}
MAY_IMPORT |= dict.fromkeys(API, MAY_IMPORT["api"])


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """First names below `funnelkit` that a module imports, anywhere in it, types included."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            first, _, rest = name.partition(".")
            if first == "funnelkit":
                yield rest.partition(".")[0] or "__init__"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_what_its_layer_may(path):
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    known = {each.relative_to(PACKAGE).parts[0].removesuffix(".py") for each in modules()}
    for name in imported(path):
        # `from funnelkit import __version__` names no module.
        layer = name if name in known else "__init__"
        assert layer in MAY_IMPORT[own] | LEAVES, f"{path} imports {name}"


def test_jobs_know_no_database():
    code = (
        "import sys, funnelkit.jobs.aha_search;"
        "print(*sorted({'duckdb','dbt','altair','click','pandas'} & sys.modules.keys()))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == ""


def test_printing_a_funnel_imports_nothing_heavy():
    # Not run, only imported: the modules that `funnelkit funnel NAME` goes through.
    code = (
        "import sys, funnelkit.cli.funnel, funnelkit.api, funnelkit.results;"
        "import funnelkit.warehouse.queries, funnelkit.project.read, funnelkit.warehouse.macros;"
        "print(*sorted({'scipy','polars','altair','dbt','pandas','pyarrow'} & sys.modules.keys()))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == ""
