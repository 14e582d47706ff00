"""The goals of the design that exist by now, judged from what was measured."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.measure import Measured, find, ratio
from benchmarks.tasks import BOT_ROWS

Groups = Mapping[str, Sequence[Measured]]
_SIZES = (10_000_000, 100_000_000)
_ORDERS = ("random", "sorted")
# A run or two of noise on top of the bot's own rows.
_BOT_MOST = 1.2


@dataclass(frozen=True)
class Goal:
    """`measured` is empty and `met` None for what was not measured."""

    text: str
    measured: str = ""
    met: bool | None = None


def goals(groups: Groups) -> list[Goal]:
    """Every goal, in the order of the design; of several figures each has to be within."""
    return [
        *_on_parquet(groups),
        *_on_table(groups),
        *_of_growth(groups),
        _of_bot(groups),
        _of_memory(groups),
    ]


def _on_parquet(groups: Groups) -> list[Goal]:
    found = {
        f"{_size(events)} {order}": groups.get(f"parquet/parquet/{events}/{order}", ())
        for events in _SIZES
        for order in _ORDERS
    }
    whole = {
        name: each.whole
        for name, group in found.items()
        if name.startswith("10 M") and (each := find(group, "explore")) and not each.failure
    }
    return [
        _within("`explore` on Parquet <= 0.7 x ClickHouse", _ratios(found, "clickhouse"), 0.7),
        _within("`explore` on Parquet <= 1.8 x the limit", _ratios(found, "limit"), 1.8),
        _within("`explore` of 10 M events < 1.5 s, start-up included", whole, 1.5, " s"),
    ]


def _ratios(groups: Groups, peer: str, contestant: str = "explore") -> dict[str, float]:
    found = {
        name: ratio(find(group, contestant), find(group, peer)) for name, group in groups.items()
    }
    return {name: value for name, value in found.items() if value is not None}


def _on_table(groups: Groups) -> list[Goal]:
    events = _SIZES[-1]
    found = {_size(events): groups.get(f"table/table/{events}/sorted", ())}
    array = "array kernel on the built fact table, 100 M,"
    ladder = {
        f"{_size(size)} {order}": groups.get(f"table/table/{size}/{order}", ())
        for size in _SIZES
        for order in _ORDERS
    }
    return [
        _within(f"{array} <= 1.4 x the limit", _ratios(found, "limit", "kernel_array"), 1.4),
        _within(
            f"{array} faster than ClickHouse on its own MergeTree",
            _ratios(found, "clickhouse", "kernel_array"),
            1.0,
        ),
        _within(
            "ASOF <= 0.5 x window functions", _ratios(ladder, "kernel_windows", "kernel_asof"), 0.5
        ),
    ]


def _of_growth(groups: Groups) -> list[Goal]:
    slopes = {}
    for place, order, name in (
        ("parquet", "random", "explore"),
        ("table", "sorted", "kernel_array"),
        ("table", "sorted", "kernel_asof"),
    ):
        points = []
        for events in (1_000_000, *_SIZES):
            each = find(groups.get(f"{place}/{place}/{events}/{order}", ()), name)
            if each is not None and each.seconds is not None:
                points.append((events, each.seconds))
        if len(points) > 1:
            slopes[f"{name} {_size(points[0][0])} to {_size(points[-1][0])}"] = _slope(points)
    return [_within("growth: log-log slope in events <= 1.1", slopes, 1.1)]


def _slope(points: Sequence[tuple[float, float]]) -> float:
    """Of the steepest stretch: start-up flattens the first."""
    stretches = itertools.pairwise(points)
    return max(math.log(s2 / s1) / math.log(e2 / e1) for (e1, s1), (e2, s2) in stretches)


def _of_bot(groups: Groups) -> Goal:
    found = {}
    events = _SIZES[0]
    for place, order, name in (
        ("parquet", "random", "explore"),
        ("table", "sorted", "kernel_array"),
        ("table", "sorted", "kernel_asof"),
    ):
        group = groups.get(f"bot/{place}/{events}/{order}", ())
        without = find([each for each in group if not each.task.log.bot], name)
        times = ratio(find(group, name), without)
        if times is not None:
            found[name] = times
    rows = 1 + BOT_ROWS / events
    return _within(
        f"a bot costs its own rows: {rows:.1f} x the rows <= {_BOT_MOST} x", found, _BOT_MOST
    )


def _of_memory(groups: Groups) -> Goal:
    events = _SIZES[-1]
    found = {}
    for place, order, name in (
        ("parquet", "random", "explore"),
        ("table", "sorted", "kernel_array"),
    ):
        each = find(groups.get(f"memory/{place}/{events}/{order}", ()), name)
        if each is not None:
            found[name] = math.inf if each.failure else each.gigabytes
    return _within("100 M inside 2 GB (peak of the process)", found, 2.0, " GB")


def _within(text: str, found: Mapping[str, float], most: float, unit: str = "") -> Goal:
    if not found:
        return Goal(text)
    measured = "; ".join(f"{name} {value:.2f}{unit}" for name, value in found.items())
    return Goal(text, measured, all(value <= most for value in found.values()))


def _size(events: int) -> str:
    return f"{events // 1_000_000} M"
