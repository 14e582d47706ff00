"""Steps that nobody can reach: events that never occur, conditions that no row meets."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from funnelkit.errors import did_you_mean
from funnelkit.warehouse import meta
from funnelkit.warehouse.doctor.aha import named_events
from funnelkit.warehouse.doctor.check import Check, count

if TYPE_CHECKING:
    import duckdb

Spec = Mapping[str, Any]
_LATE = "received after as_of"  # as the macro is_late of the build


class Unseen(NamedTuple):
    """An event that a definition names and that does not count; `hint` is a name that does.

    `funnel`: whose step it is, or `outcome x`, `aha moment x`, `aha search`. `why` says what became
    of its rows, where the log has some.
    """

    funnel: str
    place: str
    event: str
    hint: str | None
    why: str = ""

    def __str__(self) -> str:
        return f"{self.finding}; {self.hint}" if self.hint else self.finding

    @property
    def finding(self) -> str:
        """The sentence without the hint."""
        place = f"{self.funnel}, {self.place}"
        if self.why:
            return f"{place}: no event called {self.event!r} counts, {self.why}"
        return f"{place}: no event is called {self.event!r}"


def unseen_events(con: "duckdb.DuckDBPyConnection", variables: Mapping[str, Any]) -> list[Unseen]:
    """Event names in definitions that no event that counts has: most often misspelled."""
    log = "fct_events" if meta.log_is_here(con) else "log_events"
    if not meta.has_table(con, "main", log):
        return []
    names = con.execute(f"select distinct event_name from main.{log}").fetchall()
    seen = {str(name) for (name,) in names}
    named = [
        *((spec["name"], *each) for spec in _specs(variables) for each in _events_of(spec)),
        *named_events(variables),
    ]
    unseen = {
        (name, place, event): None
        for name, place, events in named
        for event in events
        if event not in seen
    }
    why = _uncounted(con, {event for _, _, event in unseen})
    return [
        Unseen(*each, None, why[each[2]])
        if each[2] in why
        else Unseen(*each, did_you_mean(each[2], seen))
        for each in unseen
    ]


def _uncounted(con: "duckdb.DuckDBPyConnection", events: Collection[str]) -> dict[str, str]:
    """What became of the rows of events of which none counts, by event; those without row lack."""
    if not events or not meta.has_table(con, "main", "stg_raw__events"):
        return {}
    found = con.execute(
        "select event_name, count(*) filter (starts_with(reject_reason, $late)) as late,"
        " count(reject_reason) - late as rejected, count(*) - count(reject_reason) as left_out"
        " from main.stg_raw__events where list_contains($events, event_name) group by event_name",
        {"late": _LATE, "events": sorted(events)},
    ).fetchall()
    words = ("late (`as_of`)", "rejected", "left out by a rule (`quality: exclude`)")
    return {
        str(name): ", ".join(
            f"{rows:,} {what}" for rows, what in zip(counts, words, strict=True) if rows
        )
        for name, *counts in found
    }


def _specs(variables: Mapping[str, Any]) -> list[dict[str, Any]]:
    from funnelkit.warehouse.macros import funnel_specs

    sessions = variables.get("sessions") or {}
    return funnel_specs(variables.get("funnels") or {}, sessions.get("idle"))


def _events_of(spec: Spec) -> Iterator[tuple[str, Sequence[str]]]:
    for step in spec["steps"]:
        yield f"step {step['name']}", step["events"]
    for exclusion in spec["exclude"]:
        yield "exclude", exclusion["events"]


def events(con: "duckdb.DuckDBPyConnection", variables: Mapping[str, Any]) -> Iterator[Check]:
    """Events that steps, exclusions, outcomes, aha moments and the search name, and never occur."""
    if not meta.has_table(con, "main", "fct_events"):
        return
    unseen = unseen_events(con, variables)
    for each in unseen:
        yield Check("events", "warn", each.finding, each.hint)
    if unseen or not variables.get("funnels"):
        return
    more = any(variables.get(section) for section in ("outcomes", "aha_moments", "aha_search"))
    what = "every event that is named occurs" if more else "every step's events occur"
    yield Check("events", "ok", what)


def steps(con: "duckdb.DuckDBPyConnection", variables: Mapping[str, Any]) -> Iterator[Check]:
    """Steps whose events occur and that nobody reached all the same, and why.

    Asked of the built funnels; of one that was changed since, only the conditions are tried.
    """
    if not meta.has_table(con, "main", "fct_events"):
        return
    specs = _specs(variables)
    found = [check for spec in specs for check in _unreached(con, spec)]
    yield from found
    if specs and not found:
        yield Check("steps", "ok", "every step is reached by somebody")


def _unreached(con: "duckdb.DuckDBPyConnection", spec: Spec) -> Iterator[Check]:
    reached = _reached(con, spec)
    for step in spec["steps"]:
        doubted = step["where"] if reached is None else not reached.get(step["no"], 0)
        if not doubted:
            continue
        before = _step_before(spec, step)
        # Behind a step that nobody reached nobody can be: the first of them is the one to mend.
        if reached is not None and before is not None and not reached.get(before["no"], 0):
            continue
        finding = _why(con, spec, step, before, built=reached is not None)
        if finding is not None:
            place = f"{spec['name']}, step {step['name']}"
            yield Check("steps", "warn", f"{place}: {finding[0]}", finding[1])


def _reached(con: "duckdb.DuckDBPyConnection", spec: Spec) -> dict[int, int] | None:
    """Step number to entities that reached it; None unless this very funnel was built."""
    from funnelkit.warehouse.macros import definition_hash

    if not meta.has_table(con, "main", "rpt_funnel_steps"):
        return None
    built = con.execute(
        "select definition_hash from main.dim_funnels where funnel = ?", [spec["name"]]
    ).fetchall()
    if built != [(definition_hash(spec),)]:
        return None
    return dict(
        con.execute(
            "select step, reached from main.rpt_funnel_steps"
            " where funnel = ? and breakdown = '(all)'",
            [spec["name"]],
        ).fetchall()
    )


def _step_before(spec: Spec, step: Spec) -> Spec | None:
    """The required step that must be done before this one; None for the first, and in any order."""
    required = [each for each in spec["steps"] if each["no"] < step["no"] and not each["optional"]]
    return required[-1] if required and spec["order"] != "any" else None


_WHY = """
with matched as (
    select
        {entity} as entity_id,
        {named} as is_named,
        {meets} as is_met,
        {before} as is_before,
        occurred_at
    from main.fct_events
    where {named} or {before}
),
entities as (
    select
        entity_id,
        count(*) filter (is_named) as named_rows,
        count(*) filter (is_met) as met_rows,
        bool_or(is_met) as is_met,
        bool_or(is_before) as is_before,
        max(occurred_at) filter (is_met) > min(occurred_at) filter (is_before) as is_after
    from matched
    group by entity_id
)
select
    coalesce(sum(named_rows), 0)::bigint,
    coalesce(sum(met_rows), 0)::bigint,
    count(*) filter (is_met and entity_id is not null),
    count(*) filter (is_met and is_before and entity_id is not null),
    count(*) filter (is_after and entity_id is not null)
from entities
"""


def _why(
    con: "duckdb.DuckDBPyConnection", spec: Spec, step: Spec, before: Spec | None, *, built: bool
) -> tuple[str, str] | None:
    """Why nobody reached the step, and a hint; None where its events never occur (`events`)."""
    from funnelkit.warehouse.macros import render

    sql = _WHY.format(
        entity=f"cast({spec['entity']} as varchar)",
        named=render("step_predicate", {**step, "where": None}),
        meets=f"coalesce(({render('step_predicate', step)}\n), false)",
        before=f"coalesce(({render('step_predicate', before)}\n), false)" if before else "false",
    )
    found = _Found(*con.execute(sql).fetchall()[0])
    if not found.named:
        return None
    if not found.met:
        where = " ".join(step["where"].split())
        return f"0 rows of {found.named:,} match its where: {where}", _look(step)
    return _told(spec, before, found) if built else None


class _Found(NamedTuple):
    """Rows of the step's events and those that meet its condition; entities that have such a row,
    that also did the step before, and that have such a row after it."""

    named: int
    met: int
    entities: int
    both: int
    after: int


def _told(spec: Spec, before: Spec | None, found: _Found) -> tuple[str, str]:
    who = count(found.entities, spec["entity"].removesuffix("_id"))
    if not found.entities:
        rows = count(found.met, "matching row")
        return f"{rows} without {spec['entity']}", "`entity:` counts something else"
    if before is None:
        return f"{who} did it, and none enters", "look at the funnel's `hold` and `exclude`"
    if not found.both:
        return f"{who} did it, and none of them {before['name']}", (
            "do both events have ids of the same kind?"
        )
    if not found.after:
        return f"{who} did it, always before {before['name']}", (
            "put the steps in another order, or set `order: any`"
        )
    return f"{who} did it, {found.after:,} after {before['name']}, and none as the rules ask", (
        f"`funnelkit funnel {spec['name']} --sensitivity` shows other windows and rules"
    )


def _look(step: Spec) -> str:
    event = step["events"][0].replace("'", "''")
    return f"see: select properties from fct_events where event_name = '{event}' limit 9"
