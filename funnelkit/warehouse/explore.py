"""A funnel over any log, without a project: the package's own macros on the files themselves."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funnelkit.errors import FunnelkitError, did_you_mean
from funnelkit.warehouse.connect import identifier, literal, lock, memory
from funnelkit.warehouse.explore_log import Question, create_events, is_disjoint
from funnelkit.warehouse.expressions import check_expression
from funnelkit.warehouse.files import Reject, find
from funnelkit.warehouse.macros import render

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

RUNS = ("all", "mature", "first")


@dataclass(frozen=True)
class Answer:
    """Counts of a funnel over files, and what was read.

    `counts`: dicts with the columns of rpt_funnel_steps. `rejected`: rows by reason, lines that
    could not be read included. `unseen`: event names of steps that never occur, with the nearest
    name that does. Times are ISO text in UTC, None for an empty log.
    """

    counts: tuple[dict[str, Any], ...]
    files: tuple[str, ...]
    rows: int
    rejected: Mapping[str, int]
    unseen: Mapping[str, str | None]
    first_event_at: str | None
    last_event_at: str | None


def explore(question: Question) -> Answer:
    """Runs the kernel over the files; the database can read these files and nothing else.

    Raises FunnelkitError for a file or column that is not there and for SQL that does not parse or
    run.
    """
    with journeys(question) as (con, log):
        counts = _counts(con, question)
        unseen = _unseen(con, question.spec)
    return Answer(
        counts=counts,
        files=log.files,
        rows=log.rows,
        rejected=log.rejected,
        unseen=unseen,
        first_event_at=log.first_event_at,
        last_event_at=log.last_event_at,
    )


@contextmanager
def journeys(question: Question) -> Iterator[tuple["DuckDBPyConnection", "Log"]]:
    """A database in memory with the kernel's tables for the question, and what was read.

    Tables: fk_entities (entity_id, entity_key), fk_rows, fk_chain_rows (proof rows by run),
    fk_journeys; see the macros of the same names.
    """
    paths = find(question.files)
    con = memory()
    try:
        for place, text in _conditions(question):
            check_expression(con, text, place)
        rejects = create_events(con, question, paths)
        lock(con, paths)  # before any of the caller's SQL runs
        log = _log(con, paths, rejects)
        with _readable_errors(con):
            _create_journeys(con, question, log.observed_us)
            yield con, log
    finally:
        con.close()


def _conditions(question: Question) -> Iterator[tuple[str, str]]:
    if question.where:
        yield "--where", question.where
    for step in question.spec["steps"]:
        if step["where"]:
            yield f"--step {step['name']}", step["where"]


@dataclass(frozen=True)
class Log:
    """What was read: file names, rows, rejected rows by reason, and the span of accepted events."""

    files: tuple[str, ...]
    rows: int
    rejected: Mapping[str, int]
    first_event_at: str | None
    last_event_at: str | None
    observed_us: int


def _log(
    con: "DuckDBPyConnection", paths: Sequence[Path], rejects: Sequence[tuple[Path, Reject]]
) -> Log:
    found = con.execute(
        "select fk_reject_reason as reason, count(*), min(occurred_at), max(occurred_at),"
        f" max({render('epoch_us', 'occurred_at')}) from fk_events group by reason order by reason"
    ).fetchall()
    accepted = [row for row in found if row[0] is None]
    first, last, observed = accepted[0][2:] if accepted else (None, None, 0)
    rows = sum(row[1] for row in found)
    if rows and not accepted:
        raise _nothing_usable(con, rows, {row[0]: row[1] for row in found})
    rejected = {row[0]: row[1] for row in found if row[0] is not None}
    if rejects:
        rejected["line cannot be parsed"] = len(rejects)
    return Log(
        files=tuple(path.name for path in paths),
        rows=rows + len(rejects),
        rejected=rejected,
        first_event_at=_iso(first),
        last_event_at=_iso(last),
        observed_us=observed,
    )


def _nothing_usable(
    con: "DuckDBPyConnection", rows: int, reasons: Mapping[str, int]
) -> FunnelkitError:
    found = con.execute("select fk_time_text from fk_events limit 1").fetchall()
    told = "; ".join(f"{reason}: {count:,}" for reason, count in reasons.items())
    return FunnelkitError(
        f"none of {rows:,} rows can be used ({told}); occurred_at is {found[0][0]!r}",
        "name the columns, --map occurred_at=COLUMN, or the format of times, "
        "--time-format '%m/%d/%Y %H:%M'",
    )


def _iso(moment: Any) -> str | None:
    return None if moment is None else f"{moment.isoformat()}Z"


def _create_journeys(con: "DuckDBPyConnection", question: Question, observed_us: int) -> None:
    specs = json.dumps([question.spec])
    engine = question.engine
    steps = len(question.spec["steps"])
    entity = question.spec["entity"]

    def table(name: str, sql: str) -> None:
        con.execute(f"create temp table {name} as {sql}")

    condition = f"where (\n{question.where}\n)" if question.where else ""
    con.execute(f"create temp view fk_accepted as select * from fk_usable {condition}")
    matches = render(
        "funnel_matches", specs, "fk_accepted", {entity: "fk_entity_id"}, "fk_event_no"
    )
    # An event may stand in the log twice: the same entity, instant, steps and event_no is one.
    distinct = "" if is_disjoint(question.spec) else "distinct"
    table("fk_matches", f"select {distinct} * from ({matches})")
    table(
        "fk_entities",
        "select entity_key as entity_id, row_number() over () as entity_key"
        " from (select distinct entity_key from fk_matches where mask & 1 <> 0)",
    )
    con.execute(
        "create temp view fk_keyed as select m.* exclude (entity_key), e.entity_key"
        " from fk_matches m inner join fk_entities e on m.entity_key = e.entity_id"
    )
    table("fk_rows", render("funnel_rows", "fk_keyed", engine=engine))
    chains = []
    for run in RUNS if question.spec["entry"] == "best" else RUNS[:1]:
        entries = render("funnel_entries", run, "fk_rows", specs, str(observed_us))
        table(f"fk_entries_{run}", entries)
        kernel = render("funnel_chains", "fk_rows", f"fk_entries_{run}", steps, engine=engine)
        chains.append(f"select '{run}' as run, * from ({kernel})")
    table("fk_chains", "\nunion all\n".join(chains))
    table("fk_chain_rows", render("funnel_chain_rows", "fk_chains", "fk_rows", steps))
    table("fk_funnels", render("funnel_values", specs))
    table("fk_steps", render("funnel_step_values", specs))
    table(
        "fk_journeys",
        render("funnel_journeys", "fk_rows", "fk_chain_rows", "fk_funnels", str(observed_us)),
    )


def _counts(con: "DuckDBPyConnection", question: Question) -> tuple[dict[str, Any], ...]:
    groups = "select p, '(all)' as breakdown, '(all)' as value from fk_journeys"
    if question.by:
        groups += f"\nunion all\n{_values_by(question.spec, question.by)}"
    con.execute(f"create temp table fk_groups as {groups}")
    sql = render(
        "funnel_step_counts",
        "fk_journeys",
        "fk_chain_rows",
        "fk_funnels",
        "fk_steps",
        "fk_groups",
        ["breakdown", "value"],
        True,
    )
    found = con.execute(f"""
        select counts.*, steps.step_name
        from ({sql}) counts inner join fk_steps steps using (funnel_no, step)
        order by breakdown <> '(all)', max(entered) over (partition by value) desc, value, step
    """)
    names = [column[0] for column in found.description or ()]
    return tuple(dict(zip(names, row, strict=True)) for row in found.fetchall())


def _unseen(con: "DuckDBPyConnection", spec: Mapping[str, Any]) -> dict[str, str | None]:
    """Event names of steps that no event has: most often a misspelling."""
    wanted = {event for step in spec["steps"] for event in step["events"]}
    found = con.execute("select distinct event_name from fk_usable").fetchall()
    missing = sorted(wanted - {name for (name,) in found})
    if not missing:
        return {}
    names = con.execute("select distinct event_name from fk_events").fetchall()
    return {name: did_you_mean(name, [str(known) for (known,) in names]) for name in missing}


def _values_by(spec: Mapping[str, Any], by: str) -> str:
    """The column's value on the first entry; beyond the twelve most frequent, (other)."""
    predicate = render("step_predicate", spec["steps"][0])
    return f"""
        select p, {literal(by)} as breakdown, case when rank <= 12 then value else '(other)' end
        from (
            select *, dense_rank() over (order by entities desc, value) as rank
            from (
                select
                    e.entity_key + {spec["no"]} * 72057594037927936 as p,
                    coalesce(first_value, '(none)') as value,
                    count(*) over (partition by coalesce(first_value, '(none)')) as entities
                from fk_entities e inner join (
                    select fk_entity_id, min_by(
                        row(cast({identifier(by)} as varchar)), (occurred_at, fk_event_id)
                    )[1] as first_value
                    from fk_accepted where {predicate} group by fk_entity_id
                ) v on e.entity_id = v.fk_entity_id
            )
        )"""


@contextmanager
def _readable_errors(con: "DuckDBPyConnection") -> Iterator[None]:
    """What DuckDB refuses in a condition, such as a column that is not there, is the caller's."""
    import duckdb

    try:
        yield
    except (duckdb.InterruptException, duckdb.OutOfMemoryException, duckdb.IOException):
        raise
    except duckdb.Error as error:
        found = [str(row[0]) for row in con.execute("describe fk_log").fetchall()]
        columns = ", ".join(name for name in found if name != "fk_row")
        message = str(error).partition("\nLINE")[0].partition("Candidate bindings")[0]
        raise FunnelkitError(
            " ".join(message.split()).rstrip("!"), f"columns of the log: {columns}"
        ) from None
