"""A built aha moment, read from the marts: who reached it, when, and where the others stayed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from funnelkit.errors import FunnelkitError, did_you_mean
from funnelkit.project.aha_words import moment_in_words
from funnelkit.project.durations import format_duration
from funnelkit.project.words import whose
from funnelkit.results.built import inputs
from funnelkit.results.notes import noted, nothing_counts, of_log
from funnelkit.stats.arrivals import Times
from funnelkit.stats.reach import (
    Led,
    ReachCounts,
    Stuck,
    joined,
    log_rank_of_halves,
    reach_table,
    reach_times,
    stuck_table,
)
from funnelkit.table import Table
from funnelkit.warehouse.queries import query

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

OTHER = "(other)"  # what value groups call the rest


@dataclass(frozen=True)
class Moment:
    """An aha moment as it was built: the rules that its numbers follow, whatever changed since."""

    name: str
    entity: str
    funnel: str | None
    clock_no: int
    within_us: int
    outcome: str | None
    declared_on: str | None
    definition: Mapping[str, Any]
    definition_hash: str

    @property
    def entities(self) -> str:
        """The plural of what it counts."""
        return whose({"entity": self.entity})

    @property
    def window(self) -> str:
        """Its window in words."""
        return format_duration(self.within_us)

    def in_words(self, breakdowns: Sequence[str] = ()) -> list[str]:
        """Its rules, a sentence each."""
        rules, clock = self.definition, self.definition["clock"]
        told = {
            "property": None,
            **rules,
            "clock_no": self.clock_no,
            "entity": self.entity,
            "outcome": self.outcome,
            "declared_on": self.declared_on,
            "breakdowns": list(breakdowns),
        }
        entry = None if self.funnel else clock["entry"]
        clocks = [
            {"no": self.clock_no, "entity": self.entity, "funnel": self.funnel, "entry": entry}
        ]
        return moment_in_words(told, {"clocks": clocks}, rules["timezone"])


def aha_table(
    con: "DuckDBPyConnection",
    declared: Mapping[str, Any],
    *,
    by: str | None = None,
    times: bool = False,
    stuck: bool = False,
) -> Table:
    """Reach of a built aha moment, by entry week or (`by`) by a user property; or its curve; or
    where those that did not reach it stayed.

    `declared`: the aha moment of the complete plan. Raises FunnelkitError when it, or the property,
    was not built.
    """
    moment = built_moment(con, declared["name"])
    meta = {
        "definition": moment.in_words(declared["breakdowns"]),
        "definition_hash": moment.definition_hash,
        **inputs(con),
    }
    cohorts = reach_cohorts(con, moment.name)
    total = everybody(moment.name, cohorts)
    told: dict[str, Any] = {"window": moment.window, "entities": moment.entities, "meta": meta}
    if stuck:
        table = stuck_table(stuck_counts(con, moment.name), total=total, **told)
    elif times:
        table = reach_times(total, window_us=moment.within_us, **told)
    else:
        table = reach_table(
            [total, *(cohorts if by is None else reach_values(con, moment.name, by))],
            window_us=moment.within_us,
            led=led(con, moment),
            mixed_p=log_rank_of_halves(cohorts),
            **told,
        )
    return noted(table, nothing_counts(meta), *of_log(meta))


def built_moment(con: "DuckDBPyConnection", name: str) -> Moment:
    """The aha moment as it was built; raises FunnelkitError when it was not."""
    rows = query(con, "aha_moments")
    for row in rows:
        if row["aha"] == name:
            rules = json.loads(row["definition"])
            kept = {field: row[field] for field in Moment.__annotations__ if field in row}
            return Moment(**{**kept, "name": name, "definition": rules})
    known = ", ".join(str(row["aha"]) for row in rows)
    raise FunnelkitError(
        f"aha moment {name!r} was not built yet; built: {known or 'none'}", "run `funnelkit build`"
    )


def everybody(name: str, parts: Sequence[ReachCounts]) -> ReachCounts:
    """All entrants of an aha moment; of none, zeros."""
    if not parts:
        return ReachCounts(name, None, None, None, 0, 0, 0, 0, 0, 0)
    return joined(parts)


def reach_cohorts(con: "DuckDBPyConnection", name: str) -> list[ReachCounts]:
    """A built aha moment's counts by entry week, the earliest first."""
    times = _times(con, name, None)
    rows = query(con, "aha_reach", aha=name, breakdown=None)
    return [ReachCounts(**row, times=times.get((row["cohort"], None), ())) for row in rows]


def reach_values(con: "DuckDBPyConnection", name: str, by: str) -> list[ReachCounts]:
    """The same by the values of a user property as of the entry, the largest first.

    Raises FunnelkitError for what is no user property of the build.
    """
    rows = query(con, "aha_reach", aha=name, breakdown=by)
    rows = rows or query(con, "aha_reach_by", aha=name, breakdown=by)
    if not rows:
        _check_property(con, by)
    times = _times(con, name, by)
    found: dict[str, list[ReachCounts]] = {}
    for row in rows:
        key = (row["cohort"], row["value"])
        found.setdefault(row["value"], []).append(ReachCounts(**row, times=times.get(key, ())))
    values = [joined(parts, value=value) for value, parts in found.items()]
    return sorted(values, key=lambda each: (each.value == OTHER, -each.entrants, each.value or ""))


def _check_property(con: "DuckDBPyConnection", by: str) -> None:
    known = [row["breakdown"] for row in query(con, "entrant_breakdowns")]
    if known and by not in known:
        raise FunnelkitError(
            f"no user property is called {by!r}",
            did_you_mean(by, known) or "declare it under `user_properties:`",
        )


def _times(
    con: "DuckDBPyConnection", name: str, by: str | None
) -> dict[tuple[str | None, str | None], Times]:
    """Times of the curve by entry week and value."""
    found: dict[tuple[str | None, str | None], list[tuple[int, int, int]]] = {}
    for row in query(con, "aha_times", aha=name, breakdown=by):
        times = found.setdefault((row["cohort"], row["value"]), [])
        times.append((row["elapsed_us"], row["reached"], row["censored"]))
    return {key: tuple(times) for key, times in found.items()}


def stuck_counts(con: "DuckDBPyConnection", name: str) -> list[Stuck]:
    """Where the matured that did not reach an aha moment stayed, most first."""
    return [Stuck(**row) for row in query(con, "aha_stuck", aha=name)]


def led(con: "DuckDBPyConnection", moment: Moment) -> Led | None:
    """Whether reaching it goes with its outcome, of those that entered since its declaration."""
    if moment.outcome is None:
        return None
    row = query(con, "aha_outcome", aha=moment.name)[0]
    return Led(outcome=moment.outcome, since=moment.declared_on, **row)
