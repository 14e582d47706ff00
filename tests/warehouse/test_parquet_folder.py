"""Raw files as Parquet: loads that are killed at any point, and folders that are somebody's own."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from funnelkit.errors import FunnelkitError
from funnelkit.warehouse import parquet
from funnelkit.warehouse.connect import WarehouseBusy

FILES = ("a", "b", "c")
# Of each file its events and its entry in the ledger, and the journal before them.
MOVES = 2 * len(FILES) + 1
EXPECTED = {f"{file}{number}" for file in FILES for number in range(2)}


class Killed(BaseException):
    """As Ctrl-C, no error that anything may catch."""


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Three files of two events each, of six people."""
    for file in FILES:
        lines = [f"{file}{number},signed_up,2026-01-0{number + 1} 10:00:00" for number in range(2)]
        text = "\n".join(["user_id,event_name,occurred_at", *lines])
        (tmp_path / f"{file}.csv").write_text(text + "\n", "utf-8")
    return tmp_path


def _load(logs: Path) -> int:
    files = [logs / f"{file}.csv" for file in FILES]
    return parquet.load_into(logs / "raw", "events", files, root=logs).rows


def _killed_at(
    monkeypatch: pytest.MonkeyPatch, place: Any, name: str, at: int, *, after: bool = False
) -> None:
    """Kills at the call of this number, from 1; calls that may fail do not count."""
    real: Callable[..., Any] = getattr(place, name)
    calls = 0

    def call(*args: Any, **options: Any) -> Any:
        nonlocal calls
        calls += not options.get("ignore_errors", False)
        if calls == at and not after:
            raise Killed
        result = real(*args, **options)
        if calls == at:
            raise Killed
        return result

    monkeypatch.setattr(place, name, call)


def _people(raw: Path) -> list[str]:
    files = f"read_parquet('{raw}/events/**/*.parquet')"
    with duckdb.connect() as con:
        return [who for (who,) in con.execute(f"select user_id from {files} order by 1").fetchall()]


def _is_whole(raw: Path) -> None:
    """Every row of every file is there once, and nothing of a load that was killed."""
    assert _people(raw) == sorted(EXPECTED)
    assert (parquet.rows(raw), len(parquet.loads(raw))) == (len(EXPECTED), len(FILES))
    numbers = {path.name for path in (raw / "loads").iterdir()}
    assert {path.name for path in (raw / "events").iterdir()} == numbers
    assert {path.name for path in raw.iterdir()} <= {*parquet.TABLES, ".lock.duckdb"}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(1, MOVES + 1))
def test_a_load_that_was_killed_counts_whole_or_not_at_all(logs, monkeypatch, at, after):
    with monkeypatch.context() as patched:
        _killed_at(patched, os, "replace", at, after=after)
        with pytest.raises(Killed):
            _load(logs)
    is_done = at == MOVES and after
    with parquet.held(logs / "raw"):  # as a build does
        if is_done:
            _is_whole(logs / "raw")
        else:
            assert not list((logs / "raw").rglob("*.parquet"))
            with pytest.raises(FunnelkitError, match="holds no raw files"):
                parquet.rows(logs / "raw")
    assert _load(logs) == (0 if is_done else len(EXPECTED))
    _is_whole(logs / "raw")


def test_all_moves_of_a_load_were_tried(logs, monkeypatch):
    _killed_at(monkeypatch, os, "replace", MOVES + 1)
    assert _load(logs) == len(EXPECTED)
    _is_whole(logs / "raw")


@pytest.mark.parametrize("moved", [2, 5])
def test_a_process_that_was_killed_leaves_what_the_next_load_mends(logs, moved):
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom funnelkit.warehouse import parquet\n"
        "left, real = [int(sys.argv[1])], os.replace\n"
        "def replace(*args, **options):\n"
        "    if not left[0]: os.kill(os.getpid(), 9)\n"
        "    left[0] -= 1\n"
        "    return real(*args, **options)\n"
        "os.replace = replace\n"
        "logs = Path(sys.argv[2])\n"
        "parquet.load_into(logs / 'raw', 'events', sorted(logs.glob('*.csv')), root=logs)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(moved), str(logs)], check=False)
    assert done.returncode == -9
    assert (logs / "raw" / ".loading").exists()
    assert _load(logs) == len(EXPECTED)
    _is_whole(logs / "raw")


def test_who_is_killed_while_mending_is_mended_too(logs, monkeypatch):
    with monkeypatch.context() as patched:
        _killed_at(patched, os, "replace", MOVES)
        with pytest.raises(Killed):
            _load(logs)
    shutil.copytree(logs / "raw", logs / "left")
    # Three folders of events, two of the ledger.
    for at in range(1, 6):
        shutil.rmtree(logs / "raw")
        shutil.copytree(logs / "left", logs / "raw")
        with monkeypatch.context() as patched:
            _killed_at(patched, shutil, "rmtree", at)
            with pytest.raises(Killed):
                _load(logs)
        assert _load(logs) == len(EXPECTED)
        _is_whole(logs / "raw")


def test_what_was_loaded_before_stays_where_the_next_load_is_killed(logs, monkeypatch):
    raw = logs / "raw"
    parquet.load_into(raw, "events", [logs / "a.csv"], root=logs)
    with monkeypatch.context() as patched:
        _killed_at(patched, os, "replace", 5)  # one of the two is in the ledger
        with pytest.raises(Killed):
            _load(logs)
    with parquet.held(raw):
        assert (_people(raw), parquet.rows(raw)) == (["a0", "a1"], 2)
    assert _load(logs) == 4
    _is_whole(raw)


@pytest.mark.parametrize("journal", [None, [7]])
def test_files_that_no_load_has_left_are_refused_and_stay(logs, journal):
    _load(logs)
    raw = logs / "raw"
    shutil.rmtree(raw / "loads" / "load_no=2")
    if journal:
        (raw / ".moving.json").write_text(json.dumps({"load_no": journal}), "utf-8")
    before = sorted(raw.rglob("*.parquet"))
    with pytest.raises(FunnelkitError, match=r"does not know the files of load_no=2$"):
        _load(logs)
    assert sorted(raw.rglob("*.parquet")) == before


@pytest.mark.parametrize(
    "text", ['{"load_no": [1', "[1]", '{"load_no": ["../.."]}', '{"load_no": 1}', "{}"]
)
def test_a_journal_that_no_load_wrote_removes_nothing(logs, text):
    _load(logs)
    (logs / "raw" / ".moving.json").write_text(text, "utf-8")
    with pytest.raises(FunnelkitError, match=r"moving\.json is not as a load writes it"):
        _load(logs)
    assert _people(logs / "raw") == sorted(EXPECTED)


def test_half_a_load_is_not_built_from_where_it_cannot_be_mended(logs, monkeypatch):
    with monkeypatch.context() as patched:
        _killed_at(patched, os, "replace", MOVES)
        with pytest.raises(Killed):
            _load(logs)
    with monkeypatch.context() as patched:
        patched.setattr(os, "access", lambda *_: False)  # root may write anywhere
        with pytest.raises(FunnelkitError, match="raw is not finished"), parquet.held(logs / "raw"):
            pass
    _load(logs)
    monkeypatch.setattr(os, "access", lambda *_: False)
    with parquet.held(logs / "raw"):
        _is_whole(logs / "raw")


def test_a_load_of_which_nothing_was_moved_keeps_nobody_from_building(logs, monkeypatch):
    parquet.load_into(logs / "raw", "events", [logs / "a.csv"], root=logs)
    with monkeypatch.context() as patched:
        _killed_at(patched, os, "replace", 1, after=True)
        with pytest.raises(Killed):
            _load(logs)
    assert (logs / "raw" / ".moving.json").exists()
    monkeypatch.setattr(os, "access", lambda *_: False)
    with parquet.held(logs / "raw"):
        assert (_people(logs / "raw"), parquet.rows(logs / "raw")) == (["a0", "a1"], 2)


def test_another_thread_does_not_settle_what_is_on_its_way(logs):
    _load(logs)
    (work := logs / "raw" / ".loading").mkdir()
    with parquet.held(logs / "raw"):
        work.mkdir()
        with pytest.raises(WarehouseBusy, match="in use by this very process"):
            _load(logs)
        assert work.exists()
    assert _load(logs) == 0


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("select 1 as id, 'x' as lender", "found id INTEGER, lender VARCHAR;"),
        (
            "select '' as kind, '' as source_file, '' as sha256, 'many' as rows, 0::bigint as"
            " rejected, '{}' as mapping, 1::bigint as load_no",
            "rows VARCHAR, sha256 VARCHAR, source_file VARCHAR;",
        ),
        ("select {'kind': 'events'} as kind", "found kind STRUCT"),
    ],
)
def test_somebodys_own_loads_are_no_ledger(logs, sql, found):
    own = logs / "raw" / "loads" / "own.parquet"
    own.parent.mkdir(parents=True)
    with duckdb.connect() as con:
        con.execute(f"copy ({sql}) to '{own}' (format parquet)")
    for what in (lambda: parquet.check(logs / "raw"), lambda: _load(logs)):
        with pytest.raises(FunnelkitError) as raised:
            what()
        assert raised.value.message.startswith(f"{own} is no ledger of loads: ")
        assert found in raised.value.message
        assert "; expected kind VARCHAR, load_no BIGINT, mapping VARCHAR" in raised.value.message
    assert {path.name for path in (logs / "raw").iterdir()} == {"loads", ".lock.duckdb"}


def test_a_ledger_that_is_no_parquet_is_told_as_that(logs):
    own = logs / "raw" / "loads" / "own.parquet"
    own.parent.mkdir(parents=True)
    own.write_text("not a Parquet file at all", "utf-8")
    for what in (lambda: parquet.check(logs / "raw"), lambda: _load(logs)):
        with pytest.raises(FunnelkitError, match=r"loads cannot be read: .*own\.parquet"):
            what()
