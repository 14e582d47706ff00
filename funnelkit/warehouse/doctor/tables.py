"""What the warehouse holds: raw rows, rejects, the last build, and what it filtered."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from funnelkit.warehouse import meta
from funnelkit.warehouse.doctor.check import Check, count, share
from funnelkit.warehouse.forget import FORGOTTEN
from funnelkit.warehouse.queries import query

if TYPE_CHECKING:
    import duckdb

_RAW = ("events", "users", "feedback")
_MANY_DUPLICATES = 0.05


def raw(con: "duckdb.DuckDBPyConnection") -> Iterator[Check]:
    """How many rows were loaded; of a log that Spark has, how many events count."""
    if not meta.log_is_here(con):
        found = con.execute("select coalesce(sum(entries), 0) from main.log_events").fetchall()
        told = f"{count(int(found[0][0]), 'event')}, which stay where Spark has built them"
        yield Check("raw", "ok", told)
        return
    rows = {kind: _rows(con, "raw", kind) for kind in _RAW}
    loaded = ", ".join(f"{count(number, 'row')} of {kind}" for kind, number in rows.items())
    if rows["events"]:
        yield Check("raw", "ok", loaded)
    else:
        yield Check("raw", "warn", loaded, "`funnelkit load events FILE...`")


def _rows(con: "duckdb.DuckDBPyConnection", schema: str, name: str) -> int:
    if not meta.has_table(con, schema, name):
        return 0
    return int(con.execute(f"select count(*) from {schema}.{name}").fetchall()[0][0])


def rejects(con: "duckdb.DuckDBPyConnection") -> Iterator[Check]:
    """Lines that could not be parsed and rows that could not be used, with the chief reason."""
    if meta.has_table(con, "main", "raw_rejects"):
        table, stage = "main.raw_rejects", "stage"
    elif meta.has_table(con, "raw", "rejects"):
        table, stage = "raw.rejects", "'load'"
    else:
        return
    found = con.execute(
        f"select {stage} as stage, reason, count(*) as n, min(source_file) from {table}"
        " group by all order by n desc, stage, reason"
    ).fetchall()
    forgotten = sum(row[2] for row in found if row[1] == FORGOTTEN)
    found = [row for row in found if row[1] != FORGOTTEN]
    if not found:
        told = f"; {count(forgotten, 'row')} of forgotten people" if forgotten else ""
        yield Check("rejects", "ok", f"every line could be parsed{told}")
    for name, noun, what in (
        ("load", "line", "could not be parsed"),
        ("staging", "row", "rejected by the build"),
    ):
        rows = [row[1:] for row in found if row[0] == name]
        if rows:
            told = f"{count(sum(row[1] for row in rows), noun)} {what}{_chief(rows)}"
            hint = f"they are in {table.removeprefix('main.')}, with file, line and text"
            yield Check("rejects", "warn", told, hint)


def _chief(rows: Sequence[tuple[str, int, str | None]]) -> str:
    """The first reason, as the chief one only where it is that of more than half."""
    total = sum(number for _, number, _ in rows)
    reason, number, file = rows[0]
    where = f"{number:,}, {file}" if file else f"{number:,}"
    if len(rows) == 1:
        return f": {reason} ({where})"
    if 2 * number > total:
        return f"; mostly: {reason} ({where})"
    return f", for {len(rows):,} reasons, like: {reason} ({where})"


def built(con: "duckdb.DuckDBPyConnection", variables: dict[str, Any] | None) -> Iterator[Check]:
    """What the last build came to, and whether the tables are still those of the definitions."""
    build = meta.last_build(con)
    if build is None and not meta.has_table(con, "main", "rpt_funnel_steps"):
        yield Check("build", "warn", "no tables yet", "`funnelkit build` makes them")
        return
    told = meta.problem(build, variables, meta.ledger(con))
    if told:
        yield Check("build", "warn", told, "run `funnelkit build`")
    elif build is None:
        yield Check("build", "ok", "built by a plain dbt")
    elif build.built == 0:
        yield Check("build", "warn", "the last build made 0 tables", "run `funnelkit build`")
    elif build.failed_tests:
        failed = count(build.failed_tests, "test")
        yield Check(
            "build", "warn", f"finished, {failed} failed", "`funnelkit build` tells which, and why"
        )
    else:
        where = "" if build.target == "duckdb" else f" on {build.target.capitalize()}"
        yield Check("build", "ok", f"finished{where}, by funnelkit {build.version}")


def duplicates(con: "duckdb.DuckDBPyConnection") -> Iterator[Check]:
    """Events that the build took for the same event as another, of all that were loaded."""
    if not meta.has_table(con, "main", "rpt_event_quality"):
        return
    found = [row for row in query(con, "event_quality") if row["kind"] == "events"]
    same = sum(row["entries"] for row in found if row["outcome"] == "duplicate")
    accepted = sum(row["entries"] for row in found if row["outcome"] == "accepted")
    if not same:
        yield Check("duplicates", "ok", "no event is there twice")
        return
    told = f"{count(same, 'event')} ({share(same, same + accepted)}) counted once, not twice"
    if same < _MANY_DUPLICATES * (same + accepted):
        yield Check("duplicates", "ok", told)
    else:
        hint = "harmless where exports overlap; else map `event_id`: one value an event"
        yield Check("duplicates", "warn", told, hint)
