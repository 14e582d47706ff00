"""The definition of a funnel by brute force: every chain of one entity, tried one after the other.

Written from funnel-semantics alone and sharing nothing with the kernel: rows are tuples, a chain is
a tuple of positions, and the reported chain is picked by comparing all of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A row that matches at least one step; `no` is the event's place in (time, event id) order."""

    us: int
    mask: int
    no: int

    @property
    def order(self) -> tuple[int, int, int, int]:
        lowest = next(k for k in range(31) if self.mask >> k & 1)
        return (self.us, lowest, self.mask, self.no)


@dataclass(frozen=True)
class Journey:
    level: int
    chain: tuple[tuple[int, int], ...]  # (us, no) of each row
    is_mature: bool | None
    matured_level: int | None
    is_open: bool | None
    first_converted_us: int | None


def journey(
    rows: Sequence[Row], steps: int, window: int | None, entry: str, observed: int
) -> Journey | None:
    """What became of one entity; None when it has no entry."""
    ordered = sorted(rows, key=lambda row: row.order)
    entries = [i for i, row in enumerate(ordered) if row.mask & 1]
    if not entries:
        return None
    first = entries[:1]
    allowed = first if entry == "first" else entries
    chain = reported(ordered, allowed, steps, window)
    of_first = reported(ordered, first, steps, window)
    converted = None
    if len(of_first) == steps:
        converted = ordered[of_first[-1]].us - ordered[of_first[0]].us
    if window is None:
        return Journey(len(chain), _rows(ordered, chain), None, None, None, converted)
    mature = [i for i in allowed if ordered[i].us + window <= observed]
    return Journey(
        level=len(chain),
        chain=_rows(ordered, chain),
        is_mature=bool(mature),
        matured_level=len(reported(ordered, mature, steps, window)) if mature else 0,
        is_open=len(chain) < steps and len(mature) < len(allowed),
        first_converted_us=converted,
    )


def reported(
    ordered: Sequence[Row], entries: Sequence[int], steps: int, window: int | None
) -> tuple[int, ...]:
    """The deepest chain; of several the one with the earliest last row, then latest rows before."""
    found = [chain for i in entries for chain in _chains(ordered, (i,), steps, window)]
    depth = max(len(chain) for chain in found)
    deepest = [chain for chain in found if len(chain) == depth]
    end = min(chain[-1] for chain in deepest)
    # Read backwards, each earlier row the latest that keeps the chain valid.
    return max((chain for chain in deepest if chain[-1] == end), key=lambda chain: chain[::-1])


def _chains(
    ordered: Sequence[Row], chain: tuple[int, ...], steps: int, window: int | None
) -> Iterator[tuple[int, ...]]:
    yield chain
    if len(chain) == steps:
        return
    start = ordered[chain[0]].us
    for i in range(chain[-1] + 1, len(ordered)):
        inside = window is None or ordered[i].us <= start + window
        if inside and ordered[i].mask >> len(chain) & 1:
            yield from _chains(ordered, (*chain, i), steps, window)


def forward_ladder(rows: Sequence[Row], steps: int, window: int | None, entry: str) -> int:
    """The mutant: from the earliest entry take the earliest next row. Wrong under `best`."""
    ordered = sorted(rows, key=lambda row: row.order)
    at = next((i for i, row in enumerate(ordered) if row.mask & 1), None)
    if at is None:
        return 0
    start, level = ordered[at].us, 1
    for i in range(at + 1, len(ordered)):
        inside = window is None or ordered[i].us <= start + window
        if level < steps and inside and ordered[i].mask >> level & 1:
            level += 1
    return level


def _rows(ordered: Sequence[Row], chain: Sequence[int]) -> tuple[tuple[int, int], ...]:
    return tuple((ordered[i].us, ordered[i].no) for i in chain)
