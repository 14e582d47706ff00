"""Features and claims whose events nobody ever did: a misspelled name is no finding."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from funnelkit.results.gap_words import headline
from funnelkit.results.say_frames import features
from funnelkit.table import Table
from funnelkit.warehouse.queries import query

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Plan = Mapping[str, Any]


def unused(con: "DuckDBPyConnection", plan: Plan) -> dict[str, str]:
    """A sentence for each built feature that nobody in the whole log ever used, by its name."""
    declared = {each["name"]: each for each in plan["features"]}
    names = [str(row["feature"]) for row in query(con, "say_unused_features")]
    return {name: _sentence(con, name, declared[name]) for name in names if name in declared}


def unlogged(con: "DuckDBPyConnection", plan: Plan) -> dict[str, str]:
    """A sentence for each question whose claim is of events that never occur, by its name."""
    return {
        each["name"]: _sentence(con, each["name"], each["claim"])
        for each in plan["questions"]
        if each["claim"] and not _there(con, each["claim"]["events"])
    }


def _sentence(con: "DuckDBPyConnection", name: str, rules: Mapping[str, Any]) -> str:
    """Of `rules` only the events and their condition are read."""
    events = ", ".join(f"`{event}`" for event in rules["events"])
    if _there(con, rules["events"]):
        return f"No event of {name} ever met its conditions: look at its `where`, and who did it."
    spelled = "is" if len(rules["events"]) == 1 else "are"
    return f"No event of {name} ever occurred: {spelled} {events} spelled right?"


def _there(con: "DuckDBPyConnection", events: Sequence[str]) -> bool:
    return bool(query(con, "events_there", names=list(events)))


def with_unused(con: "DuckDBPyConnection", plan: Plan, table: Table) -> Table:
    """The table of gaps or of the bias, with a note on each of its features that nobody ever used.

    Of gaps such a feature has this sentence instead of a finding, and is no headline: that all who
    like it do not use it says nothing of them.
    """
    told = unused(con, plan)
    at = table.names.index("feature")
    shown = dict.fromkeys(str(row[at]) for row in table.rows if row[at] in told)
    if not shown:
        return table
    notes = (*(told[name] for name in shown), *table.notes)
    if "finding" not in table.names:
        return replace(table, notes=notes)
    instead = [{"finding": told.get(str(row[at])), "also": ""} for row in table.rows]
    rows = tuple(
        tuple(
            new[name] if new["finding"] and name in new else value
            for name, value in zip(table.names, row, strict=True)
        )
        for row, new in zip(table.rows, instead, strict=True)
    )
    own = {each.name: each.used_days for each in features(con)}
    mended = replace(table, rows=rows, notes=notes)
    others = [row for row in mended.records() if row["feature"] not in told]
    first = headline(others, own) if others else told[next(iter(shown))]
    return replace(mended, headline=first)


def with_unlogged(con: "DuckDBPyConnection", plan: Plan, table: Table) -> Table:
    """The table of claims, with a note on each of its questions that the log cannot answer.

    Such a question's sentence is the headline where the headline is of it.
    """
    told = unlogged(con, plan)
    asked = dict.fromkeys(table.meta["questions"])
    notes = tuple(told[name] for name in asked if name in told)
    first = told.get(table.headline.partition(":")[0], table.headline)
    return replace(table, notes=(*notes, *table.notes), headline=first) if notes else table
