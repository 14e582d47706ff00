"""No space, or a folder that cannot be written: one clear error, and the old state stays.

A limit on the size of files takes the road of a full disk without filling one.
"""

import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.cli.run import COMMAND

PROJECT = """\
name: shop
version: '1.0'
config-version: 2
profile: funnelkit
vars:
  funnelkit:
    funnels:
      buy: {steps: [visit, order]}
"""
MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("full")
    (root / "dbt_project.yml").write_text(PROJECT)
    (root / "a.csv").write_text("user_id,event_name,occurred_at\n1,visit,2026-01-01\n")
    rows = "".join(f"{n},visit,2026-01-02,{n * 7919 % 1_000_003}\n" for n in range(150_000))
    (root / "big.csv").write_text("user_id,event_name,occurred_at,x\n" + rows)
    assert _run(root, "load", "events", "a.csv").returncode == 0
    return root


def _run(root: Path, *words: str, size: int | None = None) -> "subprocess.CompletedProcess[str]":
    def limit() -> None:
        if size is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return subprocess.run(
        [*COMMAND, *words], cwd=root, capture_output=True, text=True, check=False, preexec_fn=limit
    )


def _state(root: Path) -> list[tuple[object, ...]]:
    with duckdb.connect(str(root / "build" / "warehouse.duckdb"), read_only=True) as con:
        rows = con.execute("select user_id, event_name, source_file from raw.events").fetchall()
        return rows + con.execute("select kind, source_file, rows from raw.loads").fetchall()


def test_a_load_on_a_full_disk_changes_nothing(project: Path) -> None:
    before = _state(project)
    assert before == [("1", "visit", "a.csv"), ("events", "a.csv", 1)]
    done = _run(project, "load", "events", "big.csv", size=2 * MEGABYTE)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "error: cannot write warehouse.duckdb: File too large\n"
        "  hint: free some space, then run it again: nothing was changed\n"
    )
    assert _state(project) == before
    assert _run(project, "load", "events", "big.csv", "--dry-run").returncode == 0


def test_a_copy_that_finds_no_room_is_told_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mixed line ends are made even in a copy in the temporary folder."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    (tmp_path / "dbt_project.yml").write_text(PROJECT)
    text = "user_id,event_name,occurred_at\r\n" + "1,visit,2026-01-01\n" * 150_000
    (tmp_path / "mixed.csv").write_bytes(text.encode())
    done = _run(tmp_path, "load", "events", "mixed.csv", size=MEGABYTE)
    assert done.returncode == 2
    assert done.stderr.startswith("error: cannot write: File too large")
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.fixture
def read_only(project: Path) -> Iterator[Path]:
    """The project as a mount that nobody may write, root neither."""
    place = project / "mounted"
    place.mkdir()
    mount = ["mount", "--bind", str(project), str(place)]
    remount = ["mount", "-o", "remount,ro,bind", str(place)]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        if subprocess.run(remount, capture_output=True).returncode:
            pytest.skip("nothing can be mounted read-only here")
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)
        place.rmdir()


def test_a_read_only_folder_is_told_and_can_be_read(read_only: Path, project: Path) -> None:
    before = _state(project)
    (project / "b.csv").write_text("user_id,event_name,occurred_at\n2,visit,2026-01-01\n")
    for words in (["load", "events", "b.csv"], ["build"]):
        done = _run(read_only, *words)
        assert (done.returncode, done.stdout) == (2, "")
        assert "Read-only file system" in done.stderr
        assert done.stderr.count("error:") == 1
    asked = ["explore", "--events", "a.csv", "--step", "visit", "--step", "order"]
    assert _run(read_only, *asked, "--format", "csv").returncode == 0
    assert _state(project) == before
