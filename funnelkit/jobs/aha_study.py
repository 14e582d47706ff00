"""The frames of a search as arrays: entrants by number, one byte a cell window."""

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from funnelkit.jobs.aha_rules import SearchRules
from funnelkit.jobs.halves import Counts, Flags, is_newest, strata

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Study:
    """Eligible entrants, numbered from 0, and what each event says about them.

    `week`, `segment`: numbered from 0. `outcome`: 1 or 0. `proposes`: in half D; the others decide.
    `newest`: of the newest quarter of weeks. `alive`: any event in the landmark's window. `stratum`
    of each entrant. Per event, in the order of their names: `reached[event, window, entrant]`, how
    many counts of the grid are reached in that window; `alive_by_others[event, entrant]`: another
    event in the landmark's window. `activity`: all events in the longest window. `days`: from the
    first entry week to the end of the last.
    """

    rules: SearchRules
    week: Counts
    segment: Counts
    outcome: Bytes
    proposes: Flags
    newest: Flags
    alive: Flags
    stratum: Counts
    events: tuple[str, ...]
    reached: Bytes
    alive_by_others: NDArray[np.bool_]
    activity: Counts
    days: int
    exposures: pl.DataFrame
    starts: tuple[int, ...]

    @property
    def n(self) -> int:
        """Eligible entrants."""
        return len(self.outcome)

    @cached_property
    def weeks(self) -> int:
        """Entry weeks with anybody."""
        return int(self.week.max()) + 1 if self.n else 0

    def count(self, event: int, column: str) -> Counts:
        """How often each entrant did an event, by a column of the exposures."""
        found = np.zeros(self.n, np.int64)
        rows = self.exposures[self.starts[event] : self.starts[event + 1]]
        found[rows["entity"].to_numpy()] = rows[column].to_numpy()
        return found

    def other_activity(self, event: int) -> Counts:
        """How many other events each entrant had in the longest window."""
        return self.activity - self.count(event, window(self.rules.days[-1]))


def window(days: int) -> str:
    """The column of the exposures that counts an event in the first so many days."""
    return f"n_{days}d"


def study(entrants: pl.DataFrame, exposures: pl.DataFrame, rules: SearchRules) -> Study:
    """Arrays of the two frames; the order of their rows changes nothing.

    Raises ValueError unless the entrants are numbered from 0 without gaps.
    """
    people = entrants.sort("entity")
    if not np.array_equal(people["entity"].to_numpy(), np.arange(len(people))):
        raise ValueError("entity must number the entrants from 0, without gaps.")
    rows = exposures.sort("event", "entity")
    names = rows["event"].rle().struct.unnest() if len(rows) else None
    events = tuple(names["value"].to_list()) if names is not None else ()
    lengths = names["len"].to_list() if names is not None else []
    starts = tuple(np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).tolist())
    entity = rows["entity"].to_numpy()
    later = rows["n_alive"].to_numpy()
    n = len(people)
    seen = _totals(entity, later, n)
    week = people["week"].rank("dense").to_numpy().astype(np.int64) - 1
    segment = people["segment"].rank("dense").to_numpy().astype(np.int64) - 1
    newest = is_newest(week)
    proposes = ~newest & ~people["in_hash_half"].to_numpy()
    return Study(
        rules=rules,
        week=week,
        segment=segment,
        outcome=people["outcome"].to_numpy().astype(np.uint8),
        proposes=proposes,
        newest=newest,
        alive=seen > 0,
        stratum=strata(week, segment, seen > 0, rules.least_stratum),
        events=events,
        reached=_reached(rows, starts, n, rules),
        alive_by_others=_alive_by_others(entity, later, seen, starts),
        activity=_totals(entity, rows[window(rules.days[-1])].to_numpy(), n),
        days=_span(people["week"]),
        exposures=rows,
        starts=starts,
    )


def _span(weeks: pl.Series) -> int:
    first, last = weeks.min(), weeks.max()
    if not isinstance(first, dt.date) or not isinstance(last, dt.date):
        return 0
    return (last - first).days + 7


def _totals(entity: NDArray[np.int32], counts: Counts, n: int) -> Counts:
    # Whole numbers far below 2**53: summed as floats they are exact.
    return np.bincount(entity, weights=counts, minlength=n).astype(np.int64)


def _reached(rows: pl.DataFrame, starts: tuple[int, ...], n: int, rules: SearchRules) -> Bytes:
    entity = rows["entity"].to_numpy()
    found = np.zeros((len(starts) - 1, len(rules.days), n), np.uint8)
    for number, days in enumerate(rules.days):
        counts = rows[window(days)].to_numpy()
        steps = np.searchsorted(np.asarray(rules.counts), counts, side="right").astype(np.uint8)
        for event, (first, end) in enumerate(pairwise(starts)):
            found[event, number, entity[first:end]] = steps[first:end]
    return found


def _alive_by_others(
    entity: NDArray[np.int32], later: Counts, seen: Counts, starts: tuple[int, ...]
) -> NDArray[np.bool_]:
    found = np.repeat((seen > 0)[np.newaxis, :], len(starts) - 1, axis=0)
    for event, (first, end) in enumerate(pairwise(starts)):
        who = entity[first:end]
        found[event, who] = seen[who] > later[first:end]
    return found
