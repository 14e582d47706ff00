"""Who proposes, who decides, and who is compared with whom."""

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]


def newest_weeks(week: Counts) -> int:
    """How many of the entry weeks are the newest quarter: of the weeks and of the entrants.

    `week` of each entrant, numbered from 0 without gaps. As many of the newest as are at most a
    quarter of the weeks and hold at most a quarter of the entrants: one crowded week must not leave
    the other half too few to propose anything.
    """
    newest_first = np.bincount(week)[::-1] if week.size else np.zeros(0, np.int64)
    few = np.cumsum(newest_first) * 4 <= week.size
    return int(few[: len(few) // 4].sum())


def is_newest(week: Counts) -> Flags:
    """Whether an entrant came in the newest quarter of the entry weeks."""
    weeks = int(week.max()) + 1 if week.size else 0
    return week >= weeks - newest_weeks(week)


def strata(week: Counts, segment: Counts, counted: Flags, least: int) -> Counts:
    """Stratum numbers: blocks of entry weeks within segments, merged until each has enough.

    Weeks and segments are numbered from 0. Of the `counted` entrants every stratum has at least
    `least`, unless there are fewer in all: small segments are taken together, smallest first, then
    neighbouring weeks, oldest first; a rest too small joins the block before it.
    """
    if week.size == 0:
        return np.zeros(0, np.int64)
    pool = _pooled(segment, counted, least)
    table = np.zeros((pool.max() + 1, week.max() + 1), np.int64)
    np.add.at(table, (pool[counted], week[counted]), 1)
    number = np.zeros_like(table)
    used = 0
    for row, sizes in enumerate(table.tolist()):
        blocks = _blocks(sizes, least)
        number[row] = used + np.asarray(blocks)
        used += blocks[-1] + 1
    return number[pool, week]


def groups(value: Counts, parts: int) -> Counts:
    """Numbers of the quantile groups, 0 to parts - 1: equal values are in the same one.

    Ties make groups unequal, and may leave some empty.
    """
    if value.size == 0:
        return np.zeros(0, np.int64)
    below = np.searchsorted(np.sort(value), value, side="left")
    return below * parts // value.size


def _pooled(segment: Counts, counted: Flags, least: int) -> Counts:
    """Segments numbered anew, the small ones together as one."""
    sizes = np.bincount(segment[counted], minlength=int(segment.max()) + 1)
    number = np.arange(len(sizes))
    smallest = sorted(number.tolist(), key=lambda each: (sizes[each], each))
    pooled = 0
    for each in smallest:
        if sizes[each] >= least and (pooled >= least or each == smallest[0]):
            break
        number[each] = smallest[0]
        pooled += int(sizes[each])
    _, dense = np.unique(number, return_inverse=True)
    return np.asarray(dense[segment], np.int64)


def _blocks(sizes: list[int], least: int) -> list[int]:
    """The block of each week: a block ends as soon as it has enough."""
    blocks, block, held = [], 0, 0
    for size in sizes:
        if held >= least:
            block, held = block + 1, 0
        blocks.append(block)
        held += size
    if held < least and block:
        blocks = [min(each, block - 1) for each in blocks]
    return blocks
