"""What reports add to a funnel's counts: what the lost did next, and which groups differ."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

from funnelkit.project.words import entities, window_text
from funnelkit.report.findings_next import DIFFER
from funnelkit.results.aha import stuck_counts
from funnelkit.results.built import steps
from funnelkit.results.small import OTHER, others
from funnelkit.results.small_aha import MOST_STUCK, stuck_rows
from funnelkit.results.variants import counts
from funnelkit.stats.compare import STANDS, Group, compare_table
from funnelkit.stats.funnels import StepCounts, largest_loss
from funnelkit.stats.stops import Next, next_table
from funnelkit.table import Column, Table, Value
from funnelkit.warehouse import answers
from funnelkit.warehouse.answers import Breakdown
from funnelkit.warehouse.built_journeys import built_journeys
from funnelkit.warehouse.built_journeys import next_events as built_next_events
from funnelkit.warehouse.meta import has_table, needs_log
from funnelkit.warehouse.queries import query

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Spec = Mapping[str, Any]
ALIKE, UNTESTED = "not shown to differ", "not tested"
_NOTHING = Table((), ())
_MOST_NEXT = 8
_FOLDED = "What fewer than {fewest} did next, and the rarest, stands together as (other)."
_CLOSE = (
    "So does what differs by as few from the same event of those who did not reach an aha moment."
)
_LEFT_OUT = "Not compared: groups of fewer than {fewest}, and what stands as (other)."


def next_events(
    con: "DuckDBPyConnection", spec: Spec, total: Sequence[StepCounts], fewest: int
) -> Table:
    """What those lost at the largest loss did next: `funnel --next-after`, and all in `stopped`.

    `total`: the funnel's own counts. Rows of fewer than `fewest` entities are one row, last. Empty
    where nobody or too few are lost, and where steps have no order: there is no step before.
    """
    loss = largest_loss(total)
    if loss is None or spec["order"] == "any":
        return _NOTHING
    before = loss[0]
    rows = built_next_events(con, spec, before.step)
    stopped = sum(int(row["entities"]) for row in rows)
    of_attempts = spec["count"] == "entries"
    beside = [] if of_attempts else _stuck(con, spec["name"], before.step, fewest)
    shown = next_rows(rows, fewest, of_attempts, beside)
    if not shown:
        return _NOTHING
    found = [
        Next(spec["name"], before.step_name, row["event"], row["entities"], stopped)
        for row in shown
    ]
    table = next_table(found, entities=entities(spec), window=window_text(spec))
    at = table.names.index("event")
    # "(other)" may be the largest, and is nothing that came next.
    told = sorted(table.rows, key=lambda row: row[at] == OTHER)
    columns = (*table.columns, Column("stopped", "count"))
    folds = [] if len(shown) == len(rows) else [_FOLDED.format(fewest=fewest)]
    folds += [_CLOSE] if any(_is_close([row], beside, fewest) for row in rows) else []
    return Table(columns, tuple((*row, stopped) for row in told), notes=(*table.notes, *folds))


def _stuck(
    con: "DuckDBPyConnection", funnel: str, step: int, fewest: int
) -> list[Mapping[str | None, int]]:
    """What came next after this step as reports tell it of each aha moment of the funnel."""
    if not has_table(con, "main", "rpt_aha_stuck"):  # nothing declares an aha moment
        return []
    moments = [row["aha"] for row in query(con, "aha_moments") if row["funnel"] == funnel]
    told = [stuck_rows(stuck_counts(con, name), fewest, MOST_STUCK) for name in moments]
    return [{each.next_event: each.entities for each in rows if each.step == step} for rows in told]


def next_rows(
    rows: Sequence[Mapping[str, Any]],
    fewest: int,
    of_attempts: bool = False,
    beside: Sequence[Mapping[str | None, int]] = (),
) -> list[Mapping[str, Any]]:
    """Next events of at least `fewest` entities and the most frequent 8; the rest as one row.

    `rows`: event, entities (attempts, where these count) and clusters, the entities behind them.
    `beside`: entities by event that are told elsewhere of nearly the same people, who had another
    window: what differs from these by fewer than `fewest` is of the rest too. Nothing where only
    the rest is left.
    """
    sizes = [int(row["clusters"]) for row in rows]
    first = sorted(range(len(rows)), key=lambda at: (-sizes[at], at))
    rest = [
        at
        for place, at in enumerate(first)
        if place >= _MOST_NEXT or sizes[at] < fewest or _is_close([rows[at]], beside, fewest)
    ]
    kept = [at for at in first if at not in rest]

    def is_few() -> bool:
        # Attempts of one entity may stand in several rows: sure of are only those of the largest.
        people = (max if of_attempts else sum)(sizes[at] for at in rest)
        return people < fewest or _is_close([rows[at] for at in rest], beside, fewest)

    while rest and kept and is_few():
        rest.append(kept.pop())
    if not kept or not rest:
        return [rows[at] for at in kept]
    together = {"event": OTHER, "entities": sum(int(rows[at]["entities"]) for at in rest)}
    return [*(rows[at] for at in kept), together]


def _is_close(
    rows: Sequence[Mapping[str, Any]], beside: Sequence[Mapping[str | None, int]], fewest: int
) -> bool:
    """Whether these rows together differ by a few from what is told elsewhere of all of them."""
    number = sum(int(row["entities"]) for row in rows)
    events = [row["event"] for row in rows]
    told = [sum(one[event] for event in events) for one in beside if {*events} <= one.keys()]
    return any(0 < abs(number - each) < fewest for each in told)


def comparison(con: "DuckDBPyConnection", spec: Spec, name: str, fewest: int) -> Table:
    """Differences between the values of a user property at the entry: `funnel --compare`.

    Its columns behind `breakdown`, then `verdict`. Values of fewer than `fewest` entrants, or of as
    few that count, and `(other)` are no groups; empty with fewer than two groups.
    """
    declared = any(each["name"] == name for each in spec["breakdowns"])
    found = steps(con, spec["name"], name) if declared else _asked(con, spec, name)
    last = [each for each in found if each.step == len(spec["steps"])]
    groups = large_enough([each for each in last if each.base], fewest)
    if len(groups) < 2:
        return _NOTHING
    pairs = combinations([Group.of(each, str(each.value)) for each in groups], 2)
    table = compare_table(list(pairs), entities=entities(spec))
    at = table.names.index("q_value")
    rows = tuple((name, *row, _verdict(row[at])) for row in table.rows)
    columns = (Column("breakdown"), *table.columns, Column("verdict"))
    some = len(groups) < len({each.value for each in found})
    notes = (*table.notes, *((_LEFT_OUT.format(fewest=fewest),) if some else ()))
    return Table(columns, rows, headline=table.headline, notes=notes)


def large_enough(last: Sequence[StepCounts], fewest: int) -> list[StepCounts]:
    """The values with enough entities that count, the others enough together."""
    sizes = {each.value: each.base if each.clusters is None else each.clusters for each in last}
    out = {OTHER, *others(sizes, fewest, OTHER)}
    return [each for each in last if each.value not in out]


def _verdict(q: Value) -> str:
    if not isinstance(q, float):
        return UNTESTED
    return DIFFER if q <= STANDS else ALIKE


def _asked(con: "DuckDBPyConnection", spec: Spec, name: str) -> list[StepCounts]:
    """Counts by a property that is no declared breakdown."""
    needs_log(con, f"compare: {name}, which is no breakdown of {spec['name']},")
    with built_journeys(con, spec, [name]):
        groups = [Breakdown(name, answers.values(con, spec, name))]
        rows = answers.step_counts(con, spec, groups)
    return [each for each in counts(rows) if each.breakdown is not None]
