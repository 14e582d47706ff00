"""Which build the marts come from: one row, written by `build`, read before anything is printed."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from funnelkit import __version__
from funnelkit.errors import FunnelkitError

if TYPE_CHECKING:
    import duckdb

RUNNING, FINISHED, PARTIAL, FAILED = "running", "finished", "partial", "failed"

# No clock and no id: the row says what was built, so that the same build leaves the same bytes.
_DDL = """
create schema if not exists meta;
create or replace table meta.builds (
    state varchar not null, selection varchar not null,
    definitions varchar not null, version varchar not null,
    files bigint not null, loaded varchar not null,
    built bigint, failed_tests bigint, unseen varchar not null, target varchar not null
);
"""


_READ_LATER = ("reports", "experiments", "changes", "gates", "annotations")
_NO_FILES = hashlib.md5(b"", usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Build:
    """The last build that changed a mart.

    `state` is `running` (also after it was killed), `finished`, `partial` (a selection was built)
    or `failed`; `selection` are the arguments that selected, `--select good`; `definitions` is the
    project's `funnelkit` block as canonical JSON. `files` and `loaded` are the ledger of raw files
    as it was: their number and a digest; None in warehouses that were built before it was kept.
    `built` and `failed_tests` count nodes, None until the build is done. `unseen` are the events of
    steps that did not occur: funnel, sentence. `target`: what built it; of `spark` the event log is
    elsewhere, and `files` and `loaded` are its own ledger's.
    """

    state: str
    selection: str
    definitions: str
    version: str
    files: int | None = None
    loaded: str | None = None
    built: int | None = None
    failed_tests: int | None = None
    unseen: tuple[tuple[str, str], ...] = ()
    target: str = "duckdb"


class Outcome(NamedTuple):
    """What a build came to: nodes built, tests failed, and the steps' events that never occur."""

    built: int
    failed_tests: int
    unseen: Sequence[tuple[str, str]] = ()


def canonical(definitions: Mapping[str, Any]) -> str:
    """The definitions as JSON text that is equal when, and only when, tables made of them are.

    Without the sections that no table depends on: they are read when something is printed.
    """
    kept = {name: value for name, value in definitions.items() if name not in _READ_LATER}
    return json.dumps(kept, sort_keys=True, separators=(",", ":"), default=str)


def record(
    con: "duckdb.DuckDBPyConnection",
    state: str,
    selection: str,
    definitions: str,
    outcome: Outcome | None = None,
    target: str = "duckdb",
    *,
    within: bool = False,
) -> None:
    """Replaces the one row of meta.builds, in a transaction, or `within` the caller's; `outcome` is
    None while it runs.
    """
    built, failed = (outcome.built, outcome.failed_tests) if outcome else (None, None)
    unseen = json.dumps(outcome.unseen if outcome else [], ensure_ascii=False)
    if not within:
        con.execute("begin")
    con.execute(_DDL)
    con.execute(
        "insert into meta.builds values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [state, selection, definitions, __version__, *ledger(con), built, failed, unseen, target],
    )
    if not within:
        con.execute("commit")


def ledger(con: "duckdb.DuckDBPyConnection") -> tuple[int, str]:
    """How many raw files were loaded, and a digest of them that no order changes."""
    if not has_table(con, "raw", "loads"):
        return 0, _NO_FILES
    count, digest = con.execute(
        "select count(*), md5(coalesce(string_agg(line, ',' order by line), ''))"
        " from (select concat_ws(':', kind, sha256) as line from raw.loads)"
    ).fetchall()[0]
    return int(count), str(digest)


def last_build(con: "duckdb.DuckDBPyConnection") -> Build | None:
    """The last build of this warehouse; None when only a plain `dbt` has built it, or nothing."""
    if not has_table(con, "meta", "builds"):
        return None
    found = con.execute("select * from meta.builds")
    names = [column[0] for column in found.description or ()]
    rows = found.fetchall()  # all: an unfinished result would own the connection
    if not rows:
        return None
    values = dict(zip(names, rows[0], strict=True))
    unseen = json.loads(values.pop("unseen", None) or "[]")
    return Build(**values, unseen=tuple((funnel, text) for funnel, text in unseen))


def log_is_here(con: "duckdb.DuckDBPyConnection") -> bool:
    """False where Spark has built the marts: the event log stayed there."""
    if has_table(con, "main", "fct_events"):
        return True
    # With `--select` Spark may have built some marts, and nothing of the log.
    build = last_build(con)
    return not (has_table(con, "main", "log_events") or (build and build.target == "spark"))


_ASK_FILES = "`funnelkit explore --events FILE...` asks the same of raw files"


def needs_log(con: "duckdb.DuckDBPyConnection", what: str, hint: str = _ASK_FILES) -> None:
    """Raises FunnelkitError where the log is not here; `what` needs it, such as `--explain`."""
    if not log_is_here(con):
        raise FunnelkitError(
            f"{what} needs the event log, which stays where Spark has built it",
            hint,
        )


def has_table(con: "duckdb.DuckDBPyConnection", schema: str, name: str) -> bool:
    """Whether the warehouse has this table or view."""
    found = con.execute(
        "select count(*) from information_schema.tables"
        " where table_catalog = current_database() and table_schema = ? and table_name = ?",
        [schema, name],
    ).fetchall()
    return bool(found[0][0])


def warning(
    build: Build | None,
    definitions: Mapping[str, Any] | None = None,
    loads: tuple[int, str] | None = None,
) -> str | None:
    """One sentence when the marts mix builds, or are older than what they come from; else None.

    `loads`: the ledger as it is now.
    """
    told = problem(build, definitions, loads)
    return f"{told}: run `funnelkit build`" if told else None


def problem(
    build: Build | None,
    definitions: Mapping[str, Any] | None = None,
    loads: tuple[int, str] | None = None,
) -> str | None:
    """What `warning` says, without what to do about it."""
    if build is None:
        return None
    if build.state == PARTIAL:
        how = f"built only a part ({build.selection})"
        return f"the last build {how}, so the tables are from different builds"
    if build.state != FINISHED:
        how = "failed" if build.state == FAILED else "did not finish"
        return f"the last build {how}, so the tables are from different builds"
    if definitions is not None and canonical(definitions) != build.definitions:
        return "the definitions changed after the last build"
    if build.files is None or build.target != "duckdb":
        return None
    if loads is not None and loads != (build.files, build.loaded):
        return f"{_newly(loads[0] - build.files)} loaded after the last build"
    return None


def _newly(more: int) -> str:
    if more < 1:
        return "other files were"
    return "1 file was" if more == 1 else f"{more:,} files were"


def check(
    con: "duckdb.DuckDBPyConnection",
    definitions: Mapping[str, Any],
    specs: Iterable[Mapping[str, Any]],
) -> None:
    """Raises FunnelkitError unless the marts are all from one build of these definitions and files.

    The funnels are compared with the marts' own hashes as well: a plain `dbt` records nothing.
    """
    from funnelkit.warehouse.macros import definition_hash

    hint = "run: funnelkit build"
    told = problem(last_build(con), definitions, ledger(con))
    if told:
        raise FunnelkitError(told, hint)
    if not has_table(con, "main", "dim_funnels"):
        raise FunnelkitError("the funnels were not built yet", hint)
    built = dict(con.execute("select funnel, definition_hash from main.dim_funnels").fetchall())
    if built != {str(spec["name"]): definition_hash(spec) for spec in specs}:
        raise FunnelkitError("the definitions changed after the last build", hint)
