"""Built retention: who came back in which week after the entry, by property or aha moment."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from funnelkit.errors import FunnelkitError, did_you_mean
from funnelkit.project.words import events_text, whose
from funnelkit.results.built import inputs
from funnelkit.results.notes import noted, nothing_counts, of_log
from funnelkit.stats.retention import RetentionCounts, retention_table, week_of
from funnelkit.table import Table
from funnelkit.warehouse.queries import query

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Part = Mapping[str, Any]
AHA = "aha:"  # what a breakdown by an aha moment begins with
OTHER, REACHED = "(other)", "reached"


def built_retention(
    con: "DuckDBPyConnection",
    plan: Mapping[str, Any],
    outcome: Mapping[str, Any],
    clock: Mapping[str, Any],
    *,
    by: str | None = None,
    cohorts: bool = False,
) -> Table:
    """Weeks in which the events of a built outcome occurred, of all cohorts, then of each.

    `outcome`, `clock`: of the complete plan, whose entry starts the weeks. `by`: a user property,
    or `aha:` and a name. Raises FunnelkitError for what was not built.
    """
    name = str(outcome["name"])
    check_outcome(con, name)
    counts = retention_counts(con, clock["name"], name, by)
    if not counts:
        _check_breakdown(con, by)
    built = next(row for row in query(con, "outcomes") if row["outcome"] == name)
    rules = json.loads(built["definition"])
    meta = {
        "definition": _in_words(rules, clock),
        "definition_hash": built["definition_hash"],
        "clock": clock["name"],
        **inputs(con),
    }
    table = retention_table(
        counts,
        cohorts=cohorts,
        own_week=week_of(built["after_us"], built["within_us"], rules["at_least"]),
        events=came_back(name, rules),
        entities=whose(clock),
        meta=meta,
    )
    return noted(table, _other_clocks(plan, clock), nothing_counts(meta), *of_log(meta))


def came_back(outcome: str, rules: Part) -> str:
    """What counts as coming back: an event of the outcome, once, whatever it asks for itself."""
    more = f" ({outcome} itself asks for {rules['at_least']:,})" if rules["at_least"] > 1 else ""
    return f"{events_text(rules)}, at least once in the week{more}"


def _in_words(rules: Part, clock: Part) -> list[str]:
    return [
        f"Came back: {events_text(rules)}, at least once in the week.",
        f"Weeks: of seven days each, from the first entry ({clock['name']}) of each of the "
        f"{whose(clock)}.",
        "Mature: a week counts for whom it is over at the end of the data (observed_until).",
    ]


def _other_clocks(plan: Part, clock: Part) -> str:
    others = [each["name"] for each in plan["clocks"] if each["no"] != clock["no"]]
    return f"Weeks are counted from the entry: {clock['name']}." if others else ""


def retention_counts(
    con: "DuckDBPyConnection", clock: str, outcome: str, by: str | None = None
) -> list[RetentionCounts]:
    """Counts by entry week and week after the entry; of a property, the largest value first."""
    rows = query(con, "retention", clock=clock, outcome=outcome, breakdown=by)
    counts = [RetentionCounts(**row) for row in rows]
    entrants = {(each.value, each.cohort): each.entrants for each in counts}
    size = dict.fromkeys((each.value for each in counts), 0)
    for (value, _), count in entrants.items():
        size[value] += count

    def order(each: RetentionCounts) -> tuple[bool, bool, int, str, str, int]:
        last, first = each.value == OTHER, each.value == REACHED
        return last, not first, -size[each.value], each.value or "", each.cohort or "", each.week

    return sorted(counts, key=order)


def pick_clock(plan: Mapping[str, Any], outcome: Mapping[str, Any], by: str | None) -> Part:
    """Whose entry starts the weeks: the aha moment's clock, or the first that the outcome fits."""
    moments = [each for each in plan["moments"] if f"{AHA}{each['name']}" == by]
    fitting = [pair["clock_no"] for pair in plan["pairs"] if pair["outcome_no"] == outcome["no"]]
    if not fitting:
        raise FunnelkitError("there is no entry to count weeks from", "declare a funnel")
    number = moments[0]["clock_no"] if moments else min(fitting)
    return next(each for each in plan["clocks"] if each["no"] == number)


def check_outcome(con: "DuckDBPyConnection", name: str) -> None:
    """Raises FunnelkitError for an outcome that was not built."""
    rows = query(con, "outcomes")
    built = [str(row["outcome"]) for row in rows]
    if name not in built:
        raise FunnelkitError(
            f"outcome {name!r} was not built yet; built: {', '.join(built) or 'none'}",
            "run `funnelkit build`",
        )


def _check_breakdown(con: "DuckDBPyConnection", by: str | None) -> None:
    known = [str(row["breakdown"]) for row in query(con, "entrant_breakdowns")]
    if by is None or by.startswith(AHA) or not known or by in known:
        return
    raise FunnelkitError(
        f"no user property is called {by!r}",
        did_you_mean(by, [*known, "aha"]) or "declare it under `user_properties:`",
    )
