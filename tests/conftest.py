"""What many tests share: the sample company, built once a run."""

import fcntl
import os
import shutil
from pathlib import Path

import pytest

import funnelkit as fk
from funnelkit.api import Project

ROOT = Path(__file__).resolve().parents[1]
# Modules that build for long start first: at the end a worker would wait for them alone.
LONGEST = (
    *("tests/test_invariance.py", "tests/test_packaging.py", "tests/dbt/test_growing.py"),
    *("tests/real/", "tests/dbt/", "tests/test_same_numbers.py", "tests/cli/", "tests/hostile/"),
    *("tests/test_privacy.py", "tests/funnel/"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        found = (at for at, name in enumerate(LONGEST) if item.nodeid.startswith(name))
        return next(found, len(LONGEST))

    items.sort(key=place)


@pytest.fixture(scope="session")
def built_sample(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """This repository's own project, its seeds built into a warehouse elsewhere. Read only.

    Workers of one run share it: the first builds, the others wait for it.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    root = shared / "sample"
    with (shared / "sample.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (root / "built").exists():
            _build(root)
            (root / "built").touch()
    return fk.open(root)


def _build(root: Path) -> None:
    shutil.rmtree(root, ignore_errors=True)
    for folder in ("dbt_project", "seeds", "reports"):
        shutil.copytree(
            ROOT / folder, root / folder, ignore=shutil.ignore_patterns("target", "logs")
        )
    result = fk.open(root).build()
    assert result.ok, result
