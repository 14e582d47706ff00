"""The array kernel: the backward recurrence of `funnel_chains` over NumPy arrays.

For ordered funnels whose steps share no event: then of equal rows any will do, and time and step
tell a row's place. Rows come as whole entities, sorted; an array index is a row's position.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Indexes = NDArray[np.intp]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Rules:
    """What the recurrence needs of a funnel; microseconds, None for no limit.

    `strict_increase`: a step's row lies in a later instant than the one before.
    """

    steps: int
    window_us: int | None = None
    step_window_us: int | None = None
    strict_increase: bool = False


class Rows(NamedTuple):
    """Rows of whole entities in row order: entity number, microseconds, step from 0."""

    entity: NDArray[np.int32]
    us: Ints
    step: NDArray[np.int8]


class Chains(NamedTuple):
    """One reported chain an entity that entered, by entity: its depth and the time of each row.

    `times` has a column a step; what lies past the depth is not set.
    """

    entity: NDArray[np.int32]
    depth: NDArray[np.int64]
    times: Ints
    open_until: Ints


class _Reach(NamedTuple):
    """Reachable rows of one step: position, where in the step before the predecessor is, start."""

    at: Indexes
    before: Indexes
    start: Ints


def first_of_each(rows: Rows, at: Indexes) -> Indexes:
    """Those of `at` (positions in row order) that are the first of their entity."""
    return at[_is_first(rows.entity[at])]


def _is_first(entity: NDArray[np.int32]) -> Flags:
    first = np.empty(len(entity), dtype=np.bool_)
    first[:1] = True
    np.not_equal(entity[1:], entity[:-1], out=first[1:])
    return first


def chains(rows: Rows, entries: Indexes, rules: Rules) -> Chains:
    """The reported chains that `entries` (positions of rows of step 0) open.

    A row takes the latest reachable row of the step before it and inherits its start; the reported
    chain ends at the first reachable row of the deepest step.
    """
    ladder = list(_ladder(rows, entries, rules))
    entered = first_of_each(rows, entries)
    entity = rows.entity[entered]
    depth = np.zeros(len(entity), dtype=np.int64)
    ends = np.zeros(len(entity), dtype=np.intp)
    for k, reach in enumerate(ladder, start=1):
        first = np.flatnonzero(_is_first(rows.entity[reach.at]))
        who = np.searchsorted(entity, rows.entity[reach.at[first]])
        depth[who], ends[who] = k, first
    times = np.zeros((len(entity), rules.steps), dtype=np.int64)
    for k in range(rules.steps, 0, -1):
        who = np.flatnonzero(depth >= k)
        if len(who):
            reach = ladder[k - 1]
            times[who, k - 1] = rows.us[reach.at[ends[who]]]
            ends[who] = reach.before[ends[who]]
    return Chains(entity, depth, times, _open_until(rows, ladder, entity, rules))


def _ladder(rows: Rows, entries: Indexes, rules: Rules) -> Iterator[_Reach]:
    reach = _Reach(entries, entries, rows.us[entries])
    yield reach
    for k in range(1, rules.steps):
        at = np.flatnonzero(rows.step == k)
        before = _latest_before(rows, reach.at, at, rules)
        if len(reach.at):
            row = reach.at[before]
            fits = (before >= 0) & (rows.entity[row] == rows.entity[at])
            if rules.window_us is not None:
                fits &= rows.us[at] - reach.start[before] <= rules.window_us
            if rules.step_window_us is not None:
                fits &= rows.us[at] - rows.us[row] <= rules.step_window_us
        else:
            fits = np.zeros(len(at), dtype=np.bool_)
        at, before = at[fits], before[fits]
        reach = _Reach(at, before, reach.start[before])
        yield reach


def _latest_before(rows: Rows, reachable: Indexes, at: Indexes, rules: Rules) -> Indexes:
    """For each of `at`, which of `reachable` is the last before it, whosever it is; -1 for none."""
    if rules.strict_increase:
        order = _instants(rows)
        return np.searchsorted(order[reachable], order[at]) - 1
    # A running count is faster than a search for each.
    seen = np.zeros(len(rows.us), dtype=np.int32)
    seen[reachable] = 1
    return np.cumsum(seen, dtype=np.int32)[at].astype(np.intp) - 1


def _instants(rows: Rows) -> Ints:
    """A number that grows by entity and instant, and is equal within one."""
    new = _is_first(rows.entity)
    new[1:] |= rows.us[1:] != rows.us[:-1]
    return np.cumsum(new)


def _open_until(
    rows: Rows, ladder: Sequence[_Reach], entity: NDArray[np.int32], rules: Rules
) -> Ints:
    """Until when a row could take an entity a step deeper; -1 without a window.

    The last reachable row of a step has the latest start and time of them all.
    """
    until = np.full(len(entity), -1, dtype=np.int64)
    if rules.window_us is None:
        return until
    for reach in ladder[:-1] if rules.step_window_us is not None else ladder[:1]:
        if not len(reach.at):
            continue
        firsts = np.flatnonzero(_is_first(rows.entity[reach.at]))
        last = np.append(firsts[1:], len(reach.at)) - 1
        ends = reach.start[last] + rules.window_us
        if rules.step_window_us is not None:
            ends = np.minimum(ends, rows.us[reach.at[last]] + rules.step_window_us)
        who = np.searchsorted(entity, rows.entity[reach.at[last]])
        until[who] = np.maximum(until[who], ends)
    return until
