"""What is asked of journeys: queries on the temp tables that the engine leaves (`journeys.py`).

A group is a relation with p, attempt and value; a value stands at every step, so the groups of a
breakdown sum to the total.
"""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from funnelkit.errors import FunnelkitError, did_you_mean
from funnelkit.warehouse.conditions import check_boolean, check_expression, told_in
from funnelkit.warehouse.connect import identifier, literal
from funnelkit.warehouse.macros import render
from funnelkit.warehouse.queries import query, readable_errors

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

OTHER, NOT_REACHED, NONE = "(other)", "(not reached)", "(none)"
ENTRY, FIRST, LAST = "entry", "first", "last"
_KEY = "& 4294967295"  # the entity's key: the low 32 bits of p

Row = dict[str, Any]


class Breakdown(NamedTuple):
    """A label and the relation (SQL) that says whose value is what: p, attempt, value."""

    label: str
    sql: str


def step_counts(
    con: "DuckDBPyConnection", spec: Mapping[str, Any], by: Sequence[Breakdown] = ()
) -> list[Row]:
    """Counts by step, the total's first, then each value's, in the columns of sql/funnel_steps.sql.

    Values by entries, the largest first, `(other)` and `(not reached)` last.
    """
    counts = _counted(con, spec, None, ["breakdown", "value"], total=True)
    groups = " union all by name ".join(
        f"select p, attempt, {literal(each.label)} as breakdown, value from ({each.sql})"
        for each in by
    )
    if groups:
        con.execute(f"create or replace temp table fk_groups as {groups}")
        counts += _counted(con, spec, "fk_groups", ["breakdown", "value"], total=False)
    order = {each.label: number for number, each in enumerate(by, start=1)}
    order["(all)"] = 0
    last = {OTHER: 1, NOT_REACHED: 2}
    counts.sort(
        key=lambda row: (
            order[row["breakdown"]],
            last.get(row["value"], 0),
            -row["entered"],
            row["value"],
            row["step"],
        )
    )
    for row in counts:
        if row["breakdown"] == "(all)":
            row["breakdown"] = row["value"] = None
    return counts


def period_counts(
    con: "DuckDBPyConnection", spec: Mapping[str, Any], grain: str, timezone: str
) -> list[Row]:
    """Counts by cohort of first entry and step: `period` (ISO), then the columns of step_counts."""
    cohorts = render("funnel_periods", "fk_journeys", timezone, [grain])
    con.execute(f"create or replace temp table fk_periods as {cohorts}")
    counts = _counted(con, spec, "fk_periods", ["period"], total=False)
    rows = [{**row, "period": str(row["period"])} for row in counts]
    return sorted(rows, key=lambda row: (row["period"], row["step"]))


def _counted(
    con: "DuckDBPyConnection",
    spec: Mapping[str, Any],
    groups: str | None,
    by: Sequence[str],
    total: bool,
) -> list[Row]:
    counts = render(
        "funnel_step_counts",
        "fk_journeys",
        "fk_chain_rows",
        "fk_funnels",
        "fk_steps",
        groups,
        list(by),
        total,
    )
    rows = _rows(
        con,
        "select counts.*, steps.step_name, steps.is_optional, steps.previous_step"
        f" from ({counts}) counts inner join fk_steps steps using (funnel_no, step)",
    )
    for row in rows:
        del row["funnel_no"]
    return [{"funnel": spec["name"], "breakdown": None, "value": None, **row} for row in rows]


def time_counts(con: "DuckDBPyConnection", spec: Mapping[str, Any], observed_us: int) -> list[Row]:
    """Counts of the time-to-convert curve: elapsed_us, converted, censored."""
    times = render("funnel_times", "fk_journeys", "fk_funnels", str(observed_us))
    rows = _rows(con, f"select elapsed_us, converted, censored from ({times}) order by elapsed_us")
    return [{"funnel": spec["name"], **row} for row in rows]


# --- groups ------------------------------------------------------------------------------------


def profile_columns(con: "DuckDBPyConnection") -> list[str]:
    """What is known of a journey's entry: the columns of fk_profile but its keys."""
    return _told(con, "fk_profile", ("no_told",))


def event_columns(con: "DuckDBPyConnection") -> list[str]:
    """What is known of an event: the columns of fk_accepted."""
    return _told(con, "fk_accepted")


def _told(con: "DuckDBPyConnection", relation: str, ours: Sequence[str] = ()) -> list[str]:
    """A relation's columns but the engine's own."""
    return [
        name for name in _columns(con, relation) if name not in ours and not name.startswith("fk_")
    ]


def values(
    con: "DuckDBPyConnection", spec: Mapping[str, Any], property_: str, at: str = ENTRY
) -> str:
    """Whose value of a property is what, as SQL: `at` entry, first, last, or a step's name.

    NULL is `(none)`; beyond the twelve most frequent `(other)`; `(not reached)` where the reported
    chain has no row for the step. Raises FunnelkitError for a property that is not there.
    """
    if at == ENTRY:
        column = known_column(property_, profile_columns(con))
        valued = (
            "select fk_p as p, fk_attempt as attempt,"
            f" cast({column} as varchar) as value from fk_profile"
        )
    else:
        column = known_column(property_, _of_events(con, property_, at))
        valued = render(
            "funnel_values_at",
            json.dumps({**spec, "no": 0}),  # it is alone here
            "fk_journeys",
            "fk_chain_rows",
            "fk_rows",
            # Equal events of a log without ids are one row of the funnel.
            f"(select fk_event_no as event_no, min({column}) as fk_value from fk_accepted"
            " where fk_event_no in (select event_no from fk_rows) group by fk_event_no)",
            "fk_value",
            at if at in (FIRST, LAST) else step_number(spec, at),
        )
    return render("funnel_value_groups", f"({valued}) as valued", ["p", "attempt"], [])


def _of_events(con: "DuckDBPyConnection", property_: str, at: str) -> list[str]:
    """The columns of events; a property of users has no place other than the entry."""
    found = event_columns(con)
    folded = property_.casefold()
    if folded in map(str.casefold, profile_columns(con)) and folded not in map(str.casefold, found):
        raise FunnelkitError(
            f"--by {property_}@{at}: {property_} is a user property, taken at the first entry",
            f"--by {property_}",
        )
    return found


def condition_group(con: "DuckDBPyConnection", condition: str, holds: bool = True) -> str:
    """The journeys for whose entry an SQL condition holds, or does not, as SQL: p, attempt.

    Raises FunnelkitError for what is not one expression over fk_profile.
    """
    check_expression(con, condition, "--compare")
    told = f"coalesce((\n{condition}\n), false)"
    sql = (
        "select fk_p as p, fk_attempt as attempt"
        f" from fk_profile where {'' if holds else 'not '}{told}"
    )
    with told_in([("--compare", condition)]), readable_errors(con, "fk_profile"):
        con.execute(f"explain {sql}")
        check_boolean(con, "--compare", condition, "fk_profile")
    return sql


def step_number(spec: Mapping[str, Any], name: str) -> int:
    """The number of the step of this name; raises FunnelkitError with the nearest when none is."""
    numbers = {str(step["name"]): int(step["no"]) for step in spec["steps"]}
    if name not in numbers:
        raise FunnelkitError(
            f"funnel {spec['name']!r} has no step {name!r}", did_you_mean(name, numbers)
        )
    return numbers[name]


def known_column(name: str, columns: Sequence[str]) -> str:
    """The column of this name, whatever its case, quoted; raises FunnelkitError when none is."""
    for column in columns:
        if column.casefold() == name.casefold():
            return identifier(column)
    hint = did_you_mean(name, columns) or ""
    if "properties" in columns and not hint.startswith("did"):
        hint = f"inside of properties: --compare \"properties ->> '{name}' = '…'\"; {hint}"
    raise FunnelkitError(f"no property is called {name!r}", hint or None)


# --- who, where next, why ----------------------------------------------------------------------


def anybody(con: "DuckDBPyConnection") -> bool:
    """Whether there is any journey at all."""
    return bool(con.execute("select 1 from fk_journeys limit 1").fetchall())


def who(con: "DuckDBPyConnection", step: int, reached: bool) -> list[Row]:
    """Journeys that did, or did not, get to the step: sql/journeys_by_step.sql."""
    return query(con, "journeys_by_step", step=step, reached=reached)


def next_events(con: "DuckDBPyConnection", spec: Mapping[str, Any], step: int) -> list[Row]:
    """What came next for those lost after the step: sql/journeys_next.sql."""
    return query(con, "journeys_next", step=step, window_us=spec["window_us"])


def left(con: "DuckDBPyConnection") -> int:
    """Entities that an exclusion of scope `entity` took out of the funnel."""
    return int(con.execute("select count(distinct p) from fk_leavers").fetchall()[0][0])


def entity_levels(con: "DuckDBPyConnection") -> Any:
    """Level of every entity (of its attempts together) as an Arrow table: entity_id, level."""
    return con.sql(
        "select e.entity_id, cast(sum(j.level) as bigint) as level"
        f" from fk_journeys j inner join fk_entities e on j.p {_KEY} = e.entity_key"
        " group by e.entity_id"
    ).to_arrow_table()


def level_changes(con: "DuckDBPyConnection", before: Any) -> tuple[int, int]:
    """Entities whose level is higher, and lower, than in an earlier `entity_levels`.

    Who did not enter has level 0.
    """
    con.register("fk_levels_before", before)
    con.register("fk_levels_after", entity_levels(con))
    found = con.execute("""
        select
            count_if(coalesce(a.level, 0) > coalesce(b.level, 0)),
            count_if(coalesce(a.level, 0) < coalesce(b.level, 0))
        from fk_levels_before b full join fk_levels_after a on a.entity_id = b.entity_id
    """).fetchall()[0]
    con.unregister("fk_levels_before")
    con.unregister("fk_levels_after")
    return int(found[0]), int(found[1])


def overlap(con: "DuckDBPyConnection", one: str, other: str) -> int:
    """How many journeys two groups have in common."""
    return int(
        con.execute(
            f"select count(*) from ({one}) a inner join ({other}) b using (p, attempt)"
        ).fetchall()[0][0]
    )


class Explained(NamedTuple):
    """An entity's journeys (rows of fk_journeys) and its events from its first entry on.

    Events: us, event, event_id, the step that it fills, mask, xmask, attempt, the times from entry
    and from the previous step, is_unheld (no value of a held property), lane (of which held
    values) and place (before the first entry, `inside`, or after the last window: there only events
    of a step or exclusion). How many more there are: `earlier` and `later` than that, and `hidden`
    among those given.
    """

    journeys: list[Row]
    events: list[Row]
    hidden: int
    earlier: int
    later: int


def explained(
    con: "DuckDBPyConnection", spec: Mapping[str, Any], entity: str, most: int
) -> Explained:
    """What an entity did from its first entry on, in row order, and what each row was good for.

    To the end of its last window, and what is named in a step or an exclusion at any time; `most`
    rows: those of the chain first, then those that are named, then the earliest. Raises
    FunnelkitError for an entity that did not enter, with what it did or the nearest ids.
    """
    found = con.execute(
        "select entity_key from fk_entities where entity_id = ?", [entity]
    ).fetchall()
    key = found[0][0] if found else None
    journeys = _journeys(con, key)
    if not journeys:
        raise _no_journey(con, spec, entity)
    end_us = None
    if spec["window_us"] is not None:
        end_us = max(_end_us(each, spec["window_us"]) for each in journeys)
    event_id = "event_id" if "event_id" in _columns(con, "fk_accepted") else "null"
    unheld = " or ".join(f"{identifier(name)} is null" for name in spec["hold"]) or "false"
    con.execute(
        "create or replace temp table fk_explained as"
        " select event_name, occurred_at, fk_event_no as event_no,"
        f" cast({event_id} as varchar) as event_id, {unheld} as is_unheld"
        " from fk_accepted where fk_entity_id = ?",
        [entity],
    )
    named = {event for each in (*spec["steps"], *spec["exclude"]) for event in each["events"]}
    from_us = min(each["first_entry_us"] for each in journeys)
    rows = query(
        con,
        "journey_events",
        entity_key=key,
        from_us=from_us,
        until_us=end_us,
        named=sorted(named),
    )
    earlier, later = con.execute(
        "select count_if(epoch_us(occurred_at) < $from_us),"
        " count_if(epoch_us(occurred_at) > $until_us)"
        " from fk_explained where not list_contains($named, event_name)",
        {"from_us": from_us, "until_us": end_us, "named": sorted(named)},
    ).fetchall()[0]

    def order(at: int) -> tuple[bool, bool, int]:
        return (rows[at]["step"] is None, rows[at]["event"] not in named, at)

    kept = sorted(sorted(range(len(rows)), key=order)[:most])
    hidden = max(0, len(rows) - most)
    return Explained(journeys, [rows[at] for at in kept], hidden, earlier, later)


def _journeys(con: "DuckDBPyConnection", key: int | None) -> list[Row]:
    """An entity's journeys; those of one that an exclusion took out say `left`."""
    chosen = f"where p {_KEY} = ? order by attempt"
    found = _rows(con, f"select * from fk_journeys {chosen}", [key])
    left = [] if found else _rows(con, f"select * from fk_left_journeys {chosen}", [key])
    return found or [{**each, "reason": "left"} for each in left]


def _end_us(journey: Mapping[str, Any], window_us: int) -> int:
    """When nothing can change a journey any more: its last entry's window has closed."""
    return int(max(journey["last_entry_us"] + window_us, journey["stopped_us"] or 0))


def _acting(spec: Mapping[str, Any], level: int) -> int:
    """Bits of the exclusions that act between a required step and the next."""
    after = [step["no"] for step in spec["steps"] if not step["optional"] and step["no"] > level]
    return sum(
        1 << (each["no"] - 1)
        for each in spec["exclude"]
        if after and each["from"] <= level and each["to"] >= after[0]
    )


def stopping_event(spec: Mapping[str, Any], events: Sequence[Row], journey: Row) -> str | None:
    """Name of the event that excluded or interrupted a journey; None for other reasons."""
    if journey["reason"] not in ("excluded", "interrupted"):
        return None
    at = [each for each in events if each["us"] == journey["stopped_us"]]
    if journey["reason"] == "excluded":
        acting = _acting(spec, journey["level"])
        at = [each for each in at if each["xmask"] & acting]
    else:
        at = [each for each in at if each["step"] is None]
    return str(at[0]["event"]) if at else None


def _no_journey(con: "DuckDBPyConnection", spec: Mapping[str, Any], entity: str) -> FunnelkitError:
    did = con.execute(
        "select event_name, count(*) from fk_accepted where fk_entity_id = ?"
        " group by event_name order by 2 desc, 1",
        [entity],
    ).fetchall()
    if did:
        told = ", ".join(f"{count:,} x {name}" for name, count in did[:6])
        more = f", and {len(did) - 6} more" if len(did) > 6 else ""
        first = spec["steps"][0]["name"]
        whose = "any step" if spec["order"] == "any" and not spec["anchor_first"] else first
        return FunnelkitError(
            f"{entity!r} did not enter: no {whose} of it counts here", f"it has {told}{more}"
        )
    return FunnelkitError(f"no event of {entity!r}", _rejected(con, entity) or _ids(con, entity))


def _rejected(con: "DuckDBPyConnection", entity: str) -> str:
    """Why rows of an entity of a file do not count; empty where it has none."""
    if not con.execute("select 1 from duckdb_views() where view_name = 'fk_events'").fetchall():
        return ""
    found = con.execute(
        "select fk_reject_reason, count(*) from fk_events"
        " where fk_entity_id = ? and fk_reject_reason is not null group by all order by 2 desc, 1",
        [entity],
    ).fetchall()
    told = "; ".join(f"{reason}: {count:,}" for reason, count in found)
    return f"its rows were rejected ({told})" if found else ""


def _ids(con: "DuckDBPyConnection", entity: str) -> str:
    """The ids that a misspelled one may mean; or what ids look like."""
    near = con.execute(
        "select entity_id, levenshtein(entity_id, $id) * 3 <= length($id)"
        " from (select distinct fk_entity_id as entity_id from fk_accepted)"
        " order by levenshtein(entity_id, $id), entity_id limit 3",
        {"id": entity},
    ).fetchall()
    meant = [repr(name) for name, is_near in near if is_near]
    if meant:
        return f"nearest: {', '.join(meant)}"
    return f"ids are like {near[0][0]!r}" if near else "no event is left at all"


def _columns(con: "DuckDBPyConnection", relation: str) -> list[str]:
    return [str(row[0]) for row in con.execute(f"describe {relation}").fetchall()]


def _rows(
    con: "DuckDBPyConnection", sql: str, parameters: Sequence[object] | None = None
) -> list[Row]:
    found = con.execute(sql, parameters)
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
