"""Revenue of customers by what became of it since the end of an earlier period."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import polars as pl

NEW, MORE, SAME, LESS, LOST = "new", "more", "same", "less", "lost"
STATES = (NEW, MORE, SAME, LESS, LOST)
_STAYED = (MORE, SAME, LESS)


class State(NamedTuple):
    """How many customers are in a state, and their revenue: of the lost that of before."""

    customers: int
    cents: int


class Change(NamedTuple):
    """Who paid at the end number `now`, by what they paid at the end number `before`.

    `states`: those that somebody is in, in their order; what is joined has a name of both.
    """

    before: int
    now: int
    states: Mapping[str, State]

    @property
    def total(self) -> State:
        """Everybody that pays now."""
        paying = [state for name, state in self.states.items() if name != LOST]
        return State(sum(each.customers for each in paying), sum(each.cents for each in paying))


def change(revenue: pl.DataFrame, before: int, now: int) -> Change:
    """The states of all customers between two ends.

    `revenue`: number, customer_id, revenue_cents (null: unknown), a row an end and customer of whom
    anything is known by then. Unknown revenue and credits (less than 0) count as none.
    """
    amount = pl.col("revenue_cents").fill_null(0).clip(0).cast(pl.Int64)
    known = revenue.select("number", "customer_id", amount)
    old, new = (
        known.filter(pl.col("number") == number).select("customer_id", pl.col("revenue_cents"))
        for number in (before, now)
    )
    both = new.join(old, on="customer_id", how="full", coalesce=True, suffix="_before")
    was, pays = (pl.col(name).fill_null(0) for name in ("revenue_cents_before", "revenue_cents"))
    state = (
        pl.when(was == 0, pays > 0)
        .then(pl.lit(NEW))
        .when(was > 0, pays == 0)
        .then(pl.lit(LOST))
        .when(pays > was)
        .then(pl.lit(MORE))
        .when(pays < was)
        .then(pl.lit(LESS))
        .otherwise(pl.lit(SAME))
    )
    cents = pl.when(pays > 0).then(pays).otherwise(was)
    counted = (
        both.filter((was > 0) | (pays > 0))
        .group_by(state=state)
        .agg(pl.len().alias("customers"), cents.sum().alias("cents"))
    )
    found = {name: State(customers, total) for name, customers, total in counted.iter_rows()}
    return Change(before, now, {name: found[name] for name in STATES if name in found})


def changes(revenue: pl.DataFrame, ends: int, fewest: int) -> list[Change]:
    """From each end to the next, the latest last, and no state of fewer than `fewest` customers.

    A period in which so few are new or lost, or pay at all, is joined to the next one, the last to
    the one before: beside the customers of both ends their number would follow. So is one in which
    so few of those that stayed pay more or less: beside what all paid before, by how much would. Of
    those that stayed, the few with more, less or the same stand with their neighbours. Nothing is
    left where even the whole time has too few.
    """
    found: list[Change] = []
    before = 0
    for now in range(1, ends):
        each = _told(change(revenue, before, now), fewest)
        if each is not None:
            found.append(each)
            before = now
    while before != ends - 1 and found:
        before = found.pop().before
        last = _told(change(revenue, before, ends - 1), fewest)
        if last is not None:
            found.append(last)
            break
    return found


def _told(each: Change, fewest: int) -> Change | None:
    """The change as it may be told; None where it has to be joined to another period."""
    states = {name: each.states[name] for name in STATES if name in each.states}
    stayed = {name: state for name, state in states.items() if name in _STAYED}
    alone = [state.customers for name, state in states.items() if name not in _STAYED]
    moved = sum(state.customers for name, state in stayed.items() if name != SAME)
    sizes = [*alone, moved, sum(state.customers for state in stayed.values())]
    if any(0 < size < fewest for size in sizes) or not any(sizes):
        return None
    told = _joined(stayed, fewest)
    order = [NEW, *told, LOST]
    whole = states | told
    return each._replace(states={name: whole[name] for name in order if name in whole})


def _joined(stayed: Mapping[str, State], fewest: int) -> dict[str, State]:
    """States of fewer customers joined to the next one, the last to the one before."""
    groups: list[list[str]] = []
    waiting: list[str] = []
    for name in stayed:
        waiting.append(name)
        if sum(stayed[each].customers for each in waiting) >= fewest:
            groups.append(waiting)
            waiting = []
    if waiting and groups:
        groups[-1] += waiting
    return {_name(group): _sum([stayed[name] for name in group]) for group in groups}


def _name(group: Sequence[str]) -> str:
    """`more or same`, `more, same or less`."""
    return " or ".join(filter(None, (", ".join(group[:-1]), group[-1])))


def _sum(states: Sequence[State]) -> State:
    return State(sum(each.customers for each in states), sum(each.cents for each in states))
