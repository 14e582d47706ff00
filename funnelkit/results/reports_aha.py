"""What reports show of aha moments and of the search, read from the built marts."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from funnelkit.errors import FunnelkitError
from funnelkit.results import small_aha
from funnelkit.results.aha import (
    Moment,
    built_moment,
    everybody,
    led,
    reach_cohorts,
    reach_values,
    stuck_counts,
)
from funnelkit.results.experiments import linked
from funnelkit.results.retention import AHA, came_back, retention_counts
from funnelkit.results.search import search_tables
from funnelkit.results.small import OTHER
from funnelkit.stats.funnels import many
from funnelkit.stats.reach import (
    ReachCounts,
    log_rank_of_halves,
    reach_table,
    reach_times,
    stuck_table,
)
from funnelkit.stats.reach_words import led_notes
from funnelkit.stats.retention import retention_table, told_week, week_of
from funnelkit.table import Table
from funnelkit.warehouse.macros import aha_hash, search_hash
from funnelkit.warehouse.queries import query

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from funnelkit.project.shipping import Experiment
    from funnelkit.report.model import AhaSection, SearchSection

Part = Mapping[str, Any]
_NOTHING = Table((), ())


def reported(plan: Part, names: Sequence[str]) -> tuple[list[Part], bool]:
    """The aha moments that a report names, and whether the search is of the clock of one."""
    moments = [each for name in names for each in plan["moments"] if each["name"] == name]
    clocks = {each["clock_no"] for each in moments}
    return moments, bool(plan["search"] and plan["search"]["clock_no"] in clocks)


def aha_section(
    con: "DuckDBPyConnection",
    plan: Part,
    declared: Part,
    fewest: int,
    experiments: "Mapping[str, Experiment]",
) -> "AhaSection":
    """An aha moment as it was built; groups of fewer than `fewest` entrants are folded.

    `declared`: the aha moment of the complete plan; `experiments`: those that may be linked to it.
    Raises FunnelkitError for one that has fewer entrants itself, and for what was not built.
    """
    from funnelkit.report.model import AhaSection

    moment = built_moment(con, declared["name"])
    _check(moment.definition_hash, aha_hash(plan, declared["no"]))
    cohorts = reach_cohorts(con, moment.name)
    total = everybody(moment.name, cohorts)
    if 0 < total.entrants < fewest:
        raise FunnelkitError(
            f"aha moment {moment.name!r} has {many(total.entrants, 'entrants')}: too few for a"
            " committed report",
            f"at least {fewest}, so that nobody's own doing stands in it",
        )
    reach = _reach(moment, total, cohorts, fewest)
    times = _times(moment, total, fewest)
    stuck = _stuck(con, moment, total, fewest)
    retention, by_cohort, week = _retention(con, plan, moment, fewest)
    outcome = _outcome(con, moment, fewest)
    caused = [
        each.sentence for each in linked(con, experiments, aha=moment.name) if each.fewest >= fewest
    ]
    tables = {"reach": reach, "times": times, "stuck": stuck, "retention": retention}
    return AhaSection(
        name=moment.name,
        description=declared["description"] or "",
        words=tuple(moment.in_words(declared["breakdowns"])),
        definition_hash=moment.definition_hash,
        entities=moment.entities,
        window=moment.window,
        outcome=moment.outcome or "",
        findings=(reach.headline, *outcome[:1], *caused),
        told={
            **{part: (table.headline, *table.notes) for part, table in tables.items()},
            "reach": reach.notes,
            "outcome": (*outcome, *caused),
            "week": () if week is None else (str(week),),
        },
        breakdowns={name: _by(con, moment, name, fewest) for name in declared["breakdowns"]},
        cohorts=by_cohort,
        **tables,
    )


def _check(built: str, defined: str) -> None:
    """Raises FunnelkitError for numbers of other rules: a plain `dbt` records no definitions."""
    if built != defined:
        raise FunnelkitError("the definitions changed after the last build", "run: funnelkit build")


def _reach(moment: Moment, total: ReachCounts, cohorts: list[ReachCounts], fewest: int) -> Table:
    return reach_table(
        [total, *small_aha.reach_periods(cohorts, fewest)],
        window_us=moment.within_us,
        window=moment.window,
        entities=moment.entities,
        mixed_p=log_rank_of_halves(cohorts),
    )


def _outcome(con: "DuckDBPyConnection", moment: Moment, fewest: int) -> tuple[str, ...]:
    """Whether it goes with its outcome, and of whom that is told; nothing where of too few."""
    counts = led(con, moment)
    if counts is None or min(counts.reachers, counts.others) < fewest:
        return ()
    told = counts._replace(
        waiting=counts.waiting if counts.waiting >= fewest else 0,
        ineligible=counts.ineligible if counts.ineligible >= fewest else 0,
    )
    return tuple(led_notes(told, moment.name, moment.entities))


def _by(con: "DuckDBPyConnection", moment: Moment, name: str, fewest: int) -> Table:
    values = small_aha.reach_values(reach_values(con, moment.name, name), fewest)
    return reach_table(values, window_us=moment.within_us, window=moment.window)


def _times(moment: Moment, total: ReachCounts, fewest: int) -> Table:
    if not total.entrants or 0 < total.reached < fewest:
        return _NOTHING
    return reach_times(
        total, window_us=moment.within_us, window=moment.window, entities=moment.entities
    )


def _stuck(con: "DuckDBPyConnection", moment: Moment, total: ReachCounts, fewest: int) -> Table:
    counts = stuck_counts(con, moment.name)
    told: dict[str, Any] = {"total": total, "window": moment.window, "entities": moment.entities}
    whole = stuck_table(counts, **told)
    if sum(each.entities for each in counts) < fewest:
        return _NOTHING
    shown = stuck_table(small_aha.stuck_rows(counts, fewest, small_aha.MOST_STUCK), **told)
    # Of all rows: "(other)" may be the largest, and is nothing that came next.
    large = small_aha.may_be_told(counts, fewest)
    at = shown.names.index("next_event")
    rows = sorted(shown.rows, key=lambda row: row[at] == OTHER)
    return Table(shown.columns, tuple(rows), {}, whole.headline if large else "", shown.notes)


def _retention(
    con: "DuckDBPyConnection", plan: Part, moment: Moment, fewest: int
) -> tuple[Table, Table, int | None]:
    """Weeks of who reached it and who did not, and by entry week; the week that is told."""
    declared = next((each for each in plan["outcomes"] if each["name"] == moment.outcome), None)
    # Of a sum, a conversion or an opposite nobody can come back to it each week.
    if declared is None or declared["kind"] != "event" or declared["negated"]:
        return _NOTHING, _NOTHING, None
    clock = plan["clocks"][moment.clock_no]["name"]
    split = retention_counts(con, clock, declared["name"], f"{AHA}{moment.name}")
    values = sorted({str(each.value) for each in split})
    own = week_of(declared["after_us"], declared["within_us"], declared["at_least"])
    events = came_back(declared["name"], declared)
    split = small_aha.retention_weeks(split, values, fewest) if len(values) > 1 else []
    cells = small_aha.retention_periods(retention_counts(con, clock, declared["name"]), fewest)
    found = retention_table(cells)
    at = found.names.index("cohort")
    return (
        retention_table(
            split, cohorts=False, own_week=own, events=events, entities=moment.entities
        ),
        Table(found.columns, tuple(row for row in found.rows if row[at] is not None)),
        told_week(split, own),
    )


def search_section(con: "DuckDBPyConnection", plan: Part, fewest: int) -> "SearchSection":
    """What the search finds, and the cells of the first event that has a chosen one."""
    from funnelkit.project.words import whose
    from funnelkit.report.model import SearchSection

    built = query(con, "aha_search")
    _check(built[0]["definition_hash"] if built else "", search_hash(plan))
    found, grid = search_tables(con, plan, fewest=fewest)
    findings, cells = (small_aha.search_rows(table, fewest) for table in (found, grid))
    chosen = {cell["event"] for cell in grid.records() if cell["chosen"]}
    top = next((event for event in findings.column("event") if event in chosen), None)
    at = cells.names.index("event")
    return SearchSection(
        entities=whose(plan["search"]),
        outcome=str(found.meta["outcome"]),
        words=tuple(found.meta["definition"]),
        definition_hash=str(found.meta["definition_hash"]),
        headline=found.headline,
        told=found.notes,
        findings=findings,
        cells=Table(cells.columns, tuple(row for row in cells.rows if row[at] == top)),
    )
