import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from funnelkit.errors import FunnelkitError
from funnelkit.warehouse.connect import (
    WarehouseBusy,
    connect,
    identifier,
    literal,
    lock,
    memory,
)

_HOLD = """
import sys
from funnelkit.warehouse.connect import connect
con = connect(sys.argv[1], read_only=sys.argv[2] == "reader")
print("open", flush=True)
sys.stdin.read()
"""


def _holder(path: Path, role: str) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(path), role],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    return process


def test_writer_makes_file_and_folder(tmp_path: Path) -> None:
    path = tmp_path / "build" / "warehouse.duckdb"
    connect(path).close()
    assert path.is_file()


@pytest.mark.parametrize("read_only", [False, True])
def test_settings(tmp_path: Path, read_only: bool) -> None:
    path = tmp_path / "w.duckdb"
    connect(path).close()
    with connect(path, read_only=read_only) as con:
        found = con.execute(
            "select current_setting('TimeZone'), current_setting('autoload_known_extensions'),"
            " current_setting('autoinstall_known_extensions')"
        ).fetchall()
        assert found == [("UTC", False, False)]
        rows = [(1,)]  # noqa: F841  a Python variable that SQL must not see
        with pytest.raises(duckdb.CatalogException):
            con.execute("select * from rows")


def test_reader_cannot_write(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    connect(path).close()
    with connect(path, read_only=True) as con, pytest.raises(duckdb.InvalidInputException):
        con.execute("create table t (a int)")


def test_reader_of_an_absent_warehouse_says_build(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    with pytest.raises(FunnelkitError, match="no warehouse yet") as error:
        connect(path, read_only=True)
    assert error.value.hint == "run: funnelkit build"
    assert not path.exists()


def test_not_a_database(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    path.write_bytes(b"event,time\n" * 2000)
    with pytest.raises(FunnelkitError, match=r"w\.duckdb is not a DuckDB database"):
        connect(path)


def test_folder(tmp_path: Path) -> None:
    with pytest.raises(FunnelkitError, match="is a folder"):
        connect(tmp_path)


@pytest.mark.parametrize(("first", "read_only"), [("writer", False), ("writer", True)])
def test_second_process_learns_who_holds_the_file(
    tmp_path: Path, first: str, read_only: bool
) -> None:
    path = tmp_path / "w.duckdb"
    connect(path).close()
    holder = _holder(path, first)
    try:
        with pytest.raises(WarehouseBusy) as error:
            connect(path, read_only=read_only, wait=0.2)
    finally:
        holder.communicate("")
    assert error.value.pid == holder.pid
    assert error.value.program is not None
    assert "python" in error.value.program
    assert f"(PID {holder.pid})" in error.value.message
    connect(path, wait=0).close()


def test_readers_share(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    connect(path).close()
    holder = _holder(path, "reader")
    try:
        connect(path, read_only=True, wait=0.2).close()
    finally:
        holder.communicate("")


def test_waits_for_the_holder_to_finish(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    connect(path).close()
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            _HOLD.replace("sys.stdin.read()", "import time; time.sleep(0.5)"),
            str(path),
            "writer",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "open\n"
    connect(path, wait=10).close()
    holder.communicate()


def test_sandbox_reads_its_files_and_nothing_else(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "o'urs [1].csv", tmp_path / "theirs.csv"
    for path in (ours, theirs):
        path.write_text("a,b\n1,2\n")
    link = tmp_path / "link.csv"
    link.symlink_to(theirs)
    con = memory()
    lock(con, [ours])
    read = "select * from read_csv($p, header = true, all_varchar = true)"
    assert con.execute(read, {"p": str(ours)}).fetchall() == [("1", "2")]
    for path in (theirs, link, tmp_path / ".." / tmp_path.name / "theirs.csv"):
        with pytest.raises(duckdb.PermissionException):
            con.execute(read, {"p": str(path)}).fetchall()
    for statement in (
        f"select * from glob('{tmp_path}/*')",
        f"copy (select 1) to '{tmp_path}/out.csv'",
        f"attach '{tmp_path}/x.duckdb'",
        "set enable_external_access = true",
        "set allowed_paths = []",
        "install httpfs",
        "load httpfs",
    ):
        with pytest.raises(duckdb.Error):
            con.execute(statement).fetchall()
    assert not (tmp_path / "out.csv").exists()


def test_lock_comes_after_reading(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a\n1\n")
    con = memory()
    con.execute("create table t as select * from read_csv($p)", {"p": str(path)})
    lock(con, [])
    assert con.execute("select a from t").fetchall() == [(1,)]
    with pytest.raises(duckdb.PermissionException):
        con.execute("select * from read_csv($p)", {"p": str(path)})


@pytest.mark.parametrize("text", ["it's", "'; drop table t; --", '"', "\u202e", "a\nb"])
def test_literals_and_identifiers_are_data(text: str) -> None:
    con = memory()
    assert con.execute(f"select {literal(text)} as {identifier(text)}").fetchall() == [(text,)]
    assert con.execute(f"describe select 1 as {identifier(text)}").fetchall()[0][0] == text


def test_a_memory_limit_holds_on_every_connection(tmp_path, monkeypatch):
    monkeypatch.setenv("FUNNELKIT_MEMORY", "512MiB")
    for con in (connect(tmp_path / "w.duckdb"), memory()):
        with con:
            asked = "select value from duckdb_settings() where name = 'memory_limit'"
            assert con.execute(asked).fetchall() == [("512.0 MiB",)]


def test_a_memory_limit_that_is_no_size_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("FUNNELKIT_MEMORY", "2 gigs")
    with pytest.raises(FunnelkitError, match="FUNNELKIT_MEMORY is '2 gigs'; expected a size"):
        connect(tmp_path / "w.duckdb")
