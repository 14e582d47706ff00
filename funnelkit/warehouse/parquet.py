"""Raw rows as Parquet files, for engines that read folders: what `load` would put into raw.*.

A folder for each table; events by load and day. Each load is read and checked as ever, into a
DuckDB file of its own beside them; then its folders are renamed into place, the ledger last: what
is not in it was not loaded. Several files are several loads, and all of them count or none: a
journal names them while their folders are moved, and what it names is removed by the next load or
build unless all of it is in the ledger.
"""

import contextlib
import json
import os
import shutil
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funnelkit.errors import FunnelkitError
from funnelkit.warehouse import connect, raw
from funnelkit.warehouse.connect import WarehouseBusy, literal, unglobbed
from funnelkit.warehouse.load import load

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from funnelkit.warehouse.loaded import LoadResult

TABLES = ("events", "users", "feedback", "rejects", "loads")
_LEDGER = "loads"  # last: a load counts as soon as it is here
# Spark reads no file whose name begins with a point.
_WORK, _LOCK, _JOURNAL = ".loading", ".lock.duckdb", ".moving.json"
# DuckDB's lock is of a process: threads of one do not keep each other out.
_HERE: set[Path] = set()
_HERE_LOCK = threading.Lock()
# The loader writes a time that it could read as UTC text; others are of no day.
_DAY = (
    "case when occurred_at like '____-__-__ __:__:__%Z'"
    " and try_cast(left(occurred_at, 10) as date) is not null then left(occurred_at, 10) end"
)


def load_into(
    folder: Path,
    kind: str,
    patterns: Iterable[str | Path],
    *,
    dry_run: bool = False,
    **how: Any,
) -> "LoadResult":
    """As `load.load`, into Parquet files below `folder`; once by content, too.

    Raises as `load` does, and WarehouseBusy while another process loads or builds from the folder.
    """
    with _working(folder, keep=not dry_run) as con:
        _known(con, folder)
        first = raw.next_load(con)
        result = load(con, kind, patterns, dry_run=dry_run, **how)
        if not dry_run and raw.next_load(con) > first:
            _write(con, folder, first)
    return result


def check(folder: Path) -> None:
    """Raises FunnelkitError if nothing was loaded into the folder, or its ledger is not ours."""
    if not _has_ledger(folder):
        raise FunnelkitError(
            f"{folder} holds no raw files",
            f"funnelkit load events FILE... --to parquet {folder}",
        )
    with connect.memory() as con:
        raw.ensure(con)
        _check_ledger(con, folder)


def rows(folder: Path) -> int:
    """How many rows were loaded into the folder. Raises as `check` does."""
    check(folder)  # all that it held may have been a load that was killed
    with connect.memory() as con:
        found = con.execute(f"select sum(rows) from {_read(folder, _LEDGER)}").fetchall()
    return int(found[0][0] or 0)


def loads(folder: Path) -> list[str]:
    """What was loaded into the folder, by content and how it was read; earlier loads first."""
    with connect.memory() as con:
        found = con.execute(
            "select concat_ws(' ', load_no, kind, sha256, mapping) as loaded"
            f" from {_read(folder, _LEDGER)} order by load_no, loaded"
        ).fetchall()
    return [str(row[0]) for row in found]


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Nobody else loads into the folder, or builds from it; without loads that were killed.

    Raises WarehouseBusy. A folder that cannot be written needs no such care, but raises
    FunnelkitError while it holds half a load.
    """
    if not os.access(folder, os.W_OK):
        moving = _moving(folder)
        if moving & _loads_in(folder, *TABLES) and moving - _loads_in(folder, _LEDGER):
            raise FunnelkitError(
                f"a load into {folder} is not finished",
                "wait for it; if it was stopped, load again where the folder can be written",
            )
        yield
        return
    with _alone_here(folder):
        try:
            # DuckDB's lock on a file goes with its process, however that ends.
            lock = connect.connect(folder / _LOCK, wait=1.0)
        except WarehouseBusy as error:
            raise WarehouseBusy(folder, error.program, error.pid) from None
        try:
            _settle(folder)
            yield
        finally:
            lock.close()


@contextlib.contextmanager
def _alone_here(folder: Path) -> Iterator[None]:
    """No other thread of this process holds the folder. Raises WarehouseBusy."""
    place = folder.resolve()
    with _HERE_LOCK:
        if place in _HERE:
            raise WarehouseBusy(folder, "this very process", os.getpid())
        _HERE.add(place)
    try:
        yield
    finally:
        _HERE.discard(place)


def write_lists(con: "DuckDBPyConnection", folder: Path) -> None:
    """The private lists of the warehouse as one Parquet file in `folder`."""
    from funnelkit.warehouse.meta import has_table

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if has_table(con, "raw", "lists"):
        target = literal(str(folder / "lists.parquet"))
        con.execute(f"copy (select list, id from raw.lists) to {target} (format parquet)")


def _settle(folder: Path) -> None:
    """Removes the loads that were killed before all of them came into the ledger.

    Raises FunnelkitError for files that neither the ledger nor the journal knows: they are not of a
    load that was killed.
    """
    shutil.rmtree(folder / _WORK, ignore_errors=True)
    moving, done = _moving(folder), _loads_in(folder, _LEDGER)
    strange = _loads_in(folder, *TABLES) - moving - done
    if strange:
        raise FunnelkitError(
            f"{folder / _LEDGER} does not know the files of {', '.join(sorted(strange)[:3])}",
            "put the ledger back, or remove the folder and load again",
        )
    # Where this is killed too, the journal is still there, and some are still not in the ledger.
    if not moving <= done:
        for table in reversed(TABLES):
            for name in sorted(moving):
                if (folder / table / name).exists():
                    shutil.rmtree(folder / table / name)
    (folder / _JOURNAL).unlink(missing_ok=True)


def _loads_in(folder: Path, *tables: str) -> set[str]:
    """The names of the loads' folders in these tables, `load_no=1`."""
    return {path.name for table in tables for path in (folder / table).glob("load_no=*")}


def _moving(folder: Path) -> set[str]:
    """The loads that the journal names; none without one."""
    journal = folder / _JOURNAL
    try:
        return {f"load_no={int(number)}" for number in json.loads(journal.read_bytes())["load_no"]}
    except FileNotFoundError:
        return set()
    except (ValueError, TypeError, KeyError):
        raise FunnelkitError(
            f"{journal} is not as a load writes it", "remove the folder and load again"
        ) from None


def _announce(folder: Path, names: Iterable[str]) -> None:
    """Writes the journal of the loads that are about to be moved."""
    numbers = sorted(int(name.partition("=")[2]) for name in names)
    beside = folder / _WORK / "journal"
    with beside.open("w", encoding="utf-8") as file:
        json.dump({"load_no": numbers}, file)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(folder / _JOURNAL)


@contextlib.contextmanager
def _working(folder: Path, *, keep: bool) -> Iterator["DuckDBPyConnection"]:
    """An empty warehouse beside the files; gone afterwards."""
    if not keep and not folder.exists():
        with connect.memory() as con:
            raw.ensure(con)
            yield con
        return
    folder.mkdir(parents=True, exist_ok=True)
    with held(folder):
        con = connect.connect(folder / _WORK / "rows.duckdb")
        try:
            raw.ensure(con)
            yield con
        finally:
            con.close()
            shutil.rmtree(folder / _WORK, ignore_errors=True)


def _known(con: "DuckDBPyConnection", folder: Path) -> None:
    """What was loaded before, as the loader looks it up."""
    if _has_ledger(folder):
        _check_ledger(con, folder)
        con.execute(f"insert into raw.loads by name select * from {_read(folder, _LEDGER)}")


def _has_ledger(folder: Path) -> bool:
    return any((folder / _LEDGER).rglob("*.parquet"))


def _check_ledger(con: "DuckDBPyConnection", folder: Path) -> None:
    """Raises FunnelkitError for a file that has other columns than raw.loads, which `con` has."""
    import duckdb

    ours = con.execute("select column_name, column_type from (describe raw.loads)").fetchall()
    expected = sorted(f"{name} {kind}" for name, kind in ours)
    hint = "give a folder that `funnelkit load events FILE... --to parquet DIR` has filled"
    try:
        found = con.execute(
            "select file_name, coalesce(list_sort(list(name || ' ' || duckdb_type)"
            " filter (duckdb_type is not null)), []) as columns"
            f" from parquet_schema({_files(folder, _LEDGER)}) group by all order by file_name"
        ).fetchall()
    except duckdb.Error as error:
        told = str(error).splitlines()[0]
        raise FunnelkitError(f"{folder / _LEDGER} cannot be read: {told}", hint) from None
    for file, columns in found:
        if columns != expected:
            raise FunnelkitError(
                f"{file} is no ledger of loads: found {', '.join(columns)};"
                f" expected {', '.join(expected)}",
                hint,
            )


def _write(con: "DuckDBPyConnection", folder: Path, first: int) -> None:
    """The rows of loads from `first` on; then into place, table by table, with a journal."""
    work = folder / _WORK / "new"
    work.mkdir()
    for table in TABLES:
        days = f", {_DAY} as day" if table == "events" else ""
        keys = "load_no, day" if table == "events" else "load_no"
        ((there,),) = con.execute(
            f"select count(*) from raw.{table} where load_no >= {first}"
        ).fetchall()
        if there:
            con.execute(
                f"copy (select *{days} from raw.{table} where load_no >= {first})"
                f" to {literal(str(work / table))} (format parquet, compression zstd,"
                f" partition_by ({keys}), write_partition_columns true)"
            )
    _announce(folder, _loads_in(work, *TABLES))
    for table in TABLES:
        target = folder / table
        target.mkdir(exist_ok=True)
        if (work / table).is_dir():
            for path in sorted((work / table).iterdir()):
                path.replace(target / path.name)
    (folder / _JOURNAL).unlink()


def _files(folder: Path, table: str) -> str:
    return literal(f"{unglobbed(folder / table)}/**/*.parquet")


def _read(folder: Path, table: str) -> str:
    return f"read_parquet({_files(folder, table)}, hive_partitioning = false)"
