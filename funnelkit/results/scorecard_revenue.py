"""Revenue of customers at the end of each period, by state, read from what was told of it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from funnelkit.jobs.revenue_states import Change, changes
from funnelkit.project.moments import in_zone, parse_moment
from funnelkit.results.scorecard_metric import (
    AMOUNT,
    Point,
    Told,
    counted_change,
    exact,
    period_of,
    period_starts,
)
from funnelkit.results.small_say import Row
from funnelkit.stats.proportions import NOTHING
from funnelkit.warehouse.queries import frame, query

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_METHOD = (
    "Revenue of a customer: the latest told of any of its users by then ({name}); unknown and"
    " credits count as none. New: none at the end before; lost: none now, with the amount of the"
    " end before; more, the same and less: with that of now."
)
_LOADED = (
    "The history is what was loaded, from {first} on: who was a customer before without being told"
    " of is new when first told of."
)
_JOINED = (
    "Periods and states of fewer than {fewest} customers are joined to their neighbours, so that"
    " none follows by subtraction."
)
_OPEN = "{period} is not over: as of {until}."


class Revenue(NamedTuple):
    """The metric, the rows of the table of states, and what stands beside them."""

    told: Told
    rows: Sequence[Row]
    notes: Sequence[str]


class _Ends(NamedTuple):
    """The instants, in microseconds, up to which periods count; names of all but the first."""

    at: list[int]
    names: list[str]
    is_open: bool
    first: str
    until: str


def revenue(con: "DuckDBPyConnection", plan: Mapping[str, Any], trend: str, fewest: int) -> Revenue:
    """Revenue by state at the end of every period, and the total of the latest."""
    ends = _ends(con, str(plan["timezone"]), trend)
    nothing = Told(AMOUNT, "no customers' revenue is known", None, NOTHING, ())
    if ends is None:
        return Revenue(nothing, (), ())
    known = frame(con, "revenue_at", ends=ends.at)
    found = changes(known, len(ends.at), fewest)
    if not found:
        return Revenue(nothing, (), ())
    points = [_point(each, ends) for each in found]
    change, which = counted_change(points, "same customers")
    last = points[-1]
    notes = [
        _METHOD.format(name=plan["revenue"]),
        _LOADED.format(first=ends.first),
        _JOINED.format(fewest=fewest),
    ]
    notes += [_OPEN.format(period=last.period, until=ends.until)] if ends.is_open else []
    value = NOTHING if last.value is None else exact(last.value)
    told = Told(
        AMOUNT, f"customers that pay, end of {last.period}", last.n, value, points, change, which
    )
    return Revenue(told, [row for each in found for row in _rows(each, ends)], notes)


def _ends(con: "DuckDBPyConnection", zone: str, trend: str) -> _Ends | None:
    """The last instants of the periods of the log; the first is just before all of them."""
    window = query(con, "log_window")[0]
    observed = con.execute("select observed_us from int_observed_until").fetchall()[0][0]
    if not window["first_event"] or not observed:
        return None
    started = parse_moment(window["first_event"], "UTC", "since")
    first, last = (in_zone(moment, zone)[:10] for moment in (started, observed))
    starts = period_starts(first, last, trend)
    at = [parse_moment(start, zone, "since") - 1 for start in starts]
    is_open = observed < at[-1]
    at[-1] = min(at[-1], observed)
    return _Ends(at, [period_of(start, trend) for start in starts[:-1]], is_open, first, last)


def _point(each: Change, ends: _Ends) -> Point:
    total = each.total
    still = ends.is_open and each.now == len(ends.at) - 1
    name = ends.names[each.now - 1]
    return Point(name, *exact(float(total.cents)), total.customers, not still)


def _rows(each: Change, ends: _Ends) -> list[Row]:
    since = ends.names[each.before - 1] if each.before else None
    return [
        {
            "period": ends.names[each.now - 1],
            "since": since,
            "state": name,
            "customers": state.customers,
            "revenue_cents": state.cents,
        }
        for name, state in each.states.items()
    ]
