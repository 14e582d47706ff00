import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
Funnelkit = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def dataset() -> Callable[[str], Path]:
    """The path of a real data set, none of which is part of the project; skips without it."""

    def find(name: str) -> Path:
        if not (DATA / name).exists():
            pytest.skip(f"the real data is not here: no ../shared/data/{name} beside the project")
        return DATA / name

    return find


@pytest.fixture(scope="session")
def funnelkit() -> Funnelkit:
    """Runs the command line as a user does, in a process of its own, and expects it to succeed."""

    def run(*args: str | Path, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(
            [sys.executable, "-c", "from funnelkit.cli import main; main()", *map(str, args)],
            cwd=cwd,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, f"funnelkit {args[0]}: {done.stdout}{done.stderr}"
        return done

    return run


@pytest.fixture(scope="session")
def rows(funnelkit: Funnelkit) -> Callable[..., list[dict[str, Any]]]:
    """Rows of a command that prints data, asked for as JSON."""

    def ask(*args: str | Path, cwd: Path | None = None) -> list[dict[str, Any]]:
        answer = json.loads(funnelkit(*args, "--format", "json", cwd=cwd).stdout)
        assert answer["schema"] == 1
        return list(answer["rows"])

    return ask
