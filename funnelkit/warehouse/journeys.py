"""The kernel's tables for one question, in memory: over files (`explore`) or a built warehouse.

Both run the macros of the dbt package, so that a number asked for is the number that a build gives.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funnelkit.warehouse.conditions import check_expression
from funnelkit.warehouse.connect import connect, identifier, lock
from funnelkit.warehouse.macros import render

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True)
class Asked:
    """A complete funnel spec, and what narrows it.

    `since_us` and `until_us` (not part of it) bound entries, in microseconds since 1970; `where`
    keeps only the events for which it is true, `segment` only the entities, over fk_profile.
    `engine`: duckdb (ASOF), default (window functions) or array.
    """

    spec: Mapping[str, Any]
    since_us: int | None = None
    until_us: int | None = None
    where: str | None = None
    segment: str | None = None
    engine: str = "duckdb"

    @property
    def kernel_spec(self) -> dict[str, Any]:
        """The spec with names of held columns as SQL, and number 0: it is alone here."""
        return {**self.spec, "no": 0, "hold": [identifier(name) for name in self.spec["hold"]]}

    def conditions(self) -> Iterator[tuple[str, str]]:
        """SQL that the caller wrote, each with the name of its place."""
        if self.where is not None:
            yield "--where", self.where
        if self.segment is not None:
            yield "--segment", self.segment
        for step in self.spec["steps"]:
            if step["where"]:
                yield f"--step {step['name']}", step["where"]
        for exclusion in self.spec["exclude"]:
            if exclusion["where"]:
                yield f"--exclude {exclusion['events'][0]}", exclusion["where"]


def check_conditions(con: "DuckDBPyConnection", asked: Asked) -> None:
    """Raises FunnelkitError unless everything the caller wrote is one SQL expression."""
    for place, text in asked.conditions():
        check_expression(con, text, place)


@contextmanager
def project_journeys(
    warehouse: Path, asked: Asked, user_properties: Sequence[str] = ()
) -> Iterator["DuckDBPyConnection"]:
    """The built warehouse, read-only, with the kernel's temp tables for the question beside it.

    Tables as `create_journeys`, over fct_events; fk_profile has the user properties as of then.
    Raises FunnelkitError when nothing was built, or for SQL that does not parse.
    """
    from funnelkit.warehouse.meta import needs_log
    from funnelkit.warehouse.queries import query, readable_errors

    with connect(warehouse, read_only=True) as con:
        check_conditions(con, asked)
        query(con, "log_window")  # refuses a warehouse without marts
        needs_log(con, "a question beyond the built tables")
        lock(con, ())
        observed = con.execute("select observed_us from int_observed_until").fetchall()
        with readable_errors(con, "fct_events"):
            _create_project_events(con, asked)
            create_journeys(con, asked, observed[0][0] or 0)
            _create_project_profile(con, asked, user_properties)
            keep_segment(con, asked)
        yield con


def _create_project_events(con: "DuckDBPyConnection", asked: Asked) -> None:
    entity = asked.spec["entity"]
    condition = f"where (\n{asked.where}\n)" if asked.where is not None else ""
    keys = {"user_id": "user_key", "account_id": "account_key"}
    if entity in keys:
        dimension = {"user_id": "dim_users", "account_id": "dim_accounts"}[entity]
        ids = f"select {entity} as entity_id, {keys[entity]} as entity_key from {dimension}"
        key = keys[entity]
    else:
        ids = (
            f"select entity_id, row_number() over (order by entity_id) as entity_key from (select"
            f" distinct cast({entity} as varchar) as entity_id from fct_events"
            f" where {entity} is not null)"
        )
        key = f"(select entity_key from fk_entities where entity_id = cast({entity} as varchar))"
    con.execute(f"create temp table fk_entities as {ids}")
    con.execute(
        f"create temp view fk_accepted as select *, cast({entity} as varchar) as fk_entity_id,"
        " event_no as fk_event_no,"
        f" {key} as fk_entity_key from fct_events {condition}"
    )
    # Simultaneous events of several users are ordered by what they are, not by the users' keys.
    tie = None if entity == "user_id" else "event_id"
    con.execute(f"create temp view fk_matches as {matches(asked, 'fk_entity_key', tie)}")


def matches(asked: Asked, key: str, tie: str | None = None) -> str:
    """The rows of fk_accepted that the kernel needs; its column `key` stands for the entity.

    `tie` orders simultaneous events where fk_event_no does not.
    """
    spec = asked.kernel_spec
    keys = {spec["entity"]: key}
    return render("funnel_matches", json.dumps([spec]), "fk_accepted", keys, "fk_event_no", tie)


def create_journeys(con: "DuckDBPyConnection", asked: Asked, observed_us: int) -> None:
    """Temp tables from fk_matches, whose entity_key is a dense number.

    fk_rows, fk_chains, fk_chain_rows (proof rows), fk_units, fk_journeys, fk_leavers with
    fk_left_journeys, fk_entered (the entry's event), fk_funnels, fk_steps; the macros of these
    names tell their columns.
    """
    specs = json.dumps([asked.kernel_spec])
    span = (asked.since_us, asked.until_us)
    columns = {str(row[0]) for row in con.execute("describe fk_matches").fetchall()}
    table(con, "fk_rows", render("funnel_rows", "fk_matches", specs, "row_tie" in columns))
    chains = []
    for run in json.loads(render("funnel_runs", specs)):
        entries = render("funnel_entries", run, "fk_rows", specs, str(observed_us), *span)
        table(con, f"fk_entries_{run}", entries)
        kernel = render(
            "funnel_chains",
            "fk_rows",
            f"fk_entries_{run}",
            specs,
            run == "free",
            engine=asked.engine,
        )
        chains.append(f"select '{run}' as run, * from ({kernel})")
    table(con, "fk_chains", "\nunion all\n".join(chains))
    table(con, "fk_chain_rows", render("funnel_chain_rows", "fk_chains", "fk_rows", specs))
    table(con, "fk_entered", render("funnel_entry_events", "fk_rows", specs, *span))
    units = render("funnel_units", "fk_rows", "fk_chains", "fk_chain_rows", specs, *span)
    table(con, "fk_units", units)
    tell_journeys(con, asked, observed_us)


def tell_journeys(con: "DuckDBPyConnection", asked: Asked, observed_us: int) -> None:
    """What became of every unit, from fk_units, fk_rows and fk_chains."""
    specs = json.dumps([asked.kernel_spec])
    table(con, "fk_funnels", render("funnel_values", specs))
    table(con, "fk_steps", render("funnel_step_values", specs))
    table(con, "fk_leavers", render("funnel_leavers", "fk_chains"))
    relations = ("fk_units", "fk_rows", "fk_chains", "fk_funnels")
    for name, left in (("fk_journeys", False), ("fk_left_journeys", True)):
        told = render("funnel_journeys", *relations, specs, str(observed_us), left)
        table(con, name, told)


def _create_project_profile(
    con: "DuckDBPyConnection", asked: Asked, user_properties: Sequence[str]
) -> None:
    by_account = "true" if asked.spec["entity"] == "account_id" else "false"
    told = render(
        "funnel_profiles",
        "fk_entered",
        "fct_events",
        "int_user_rows",
        list(user_properties),
        by_account,
    )
    taken = [*(identifier(name) for name in user_properties), "event_no"]
    known = [f"told.{identifier(name)}" for name in user_properties] or ["null as no_told"]
    con.execute(f"""
        create temp table fk_profile as
        select
            e.p as fk_p, e.attempt as fk_attempt, e.event_no as fk_event_no,
            a.* exclude ({", ".join(_present(con, taken))}), {", ".join(known)}
        from fk_entered e
        inner join fct_events a on e.event_no = a.event_no
        inner join ({told}) told on e.p = told.p and e.attempt = told.attempt
    """)


def _present(con: "DuckDBPyConnection", names: Sequence[str]) -> list[str]:
    columns = {str(row[0]).casefold() for row in con.execute("describe fct_events").fetchall()}
    return [name for name in names if name.strip('"').casefold() in columns]


def keep_segment(con: "DuckDBPyConnection", asked: Asked) -> None:
    """Takes everybody out of fk_journeys and fk_leavers whom the segment does not hold.

    It is asked of the entry: the first in range, an attempt's own.
    """
    if asked.segment is None:
        return
    held = f"select fk_p, fk_attempt from fk_profile where (\n{asked.segment}\n)"
    con.execute(f"delete from fk_journeys where (p, attempt) not in ({held})")
    con.execute(f"delete from fk_leavers where p not in (select fk_p from ({held}))")


def table(con: "DuckDBPyConnection", name: str, sql: str) -> None:
    """A temp table of this name from a query."""
    con.execute(f"create temp table {name} as {sql}")
