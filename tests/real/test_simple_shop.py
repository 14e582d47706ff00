"""The publisher's demonstration shop: 32,283 events, published funnel counts, and a plain search.

The counts without a window were published by others; those with one were computed before this
project existed. The plain search below shares nothing with the kernel: for every user, from every
entry, the next matching event after the last, in Python.
"""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from funnelkit import api
from funnelkit.project.scaffold import write_project

Rows = list[dict[str, Any]]
Ask = Callable[..., Rows]
Log = dict[str, list[tuple[datetime, str]]]

SHORT = ({"catalog"}, {"cart"}, {"payment_done"})
LONG = ({"catalog"}, {"product1", "product2"}, {"cart"}, {"payment_done"})
STEPS = ("--step", "catalog", "--step", "cart", "--step", "payment_done")
LONG_STEPS = (*STEPS[:2], "--step", "product=product1|product2", *STEPS[2:])
MONTH = timedelta(days=30)
# Four steps, by the month of a user's first event of any name.
PUBLISHED = {"2020-01": [226, 130, 86, 28], "2020-02": [246, 128, 80, 20]}
DEFINITIONS = """\
user_properties: {month_first_seen: varchar}
funnels:
  plain:
    steps: [catalog, cart, payment_done]
  bought:
    steps: [catalog, {name: product, event: [product1, product2]}, cart, payment_done]
    breakdowns: [month_first_seen]
  bought_in_a_month: {steps: [catalog, cart, payment_done], window: 30 days}
  bought_in_a_month_best: {steps: [catalog, cart, payment_done], window: 30 days, entry: best}
"""


class Found(NamedTuple):
    """What the plain search says: users that reached each step; and matured, and of those."""

    reached: list[int]
    matured: int
    matured_reached: list[int]


@pytest.fixture(scope="module")
def shop(dataset: Callable[[str], Path]) -> Path:
    return dataset("retentioneering/simple_shop.csv")


@pytest.fixture(scope="module")
def log(shop: Path) -> Log:
    events: Log = defaultdict(list)
    with shop.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            at = datetime.fromisoformat(row["timestamp"])
            events[row["user_id"]].append((at, row["event"]))
    return events


@pytest.fixture
def explore(rows: Ask, shop: Path) -> Ask:
    def run(*args: str) -> Rows:
        mapping = ("--map", "event_name=event", "--map", "occurred_at=timestamp")
        return rows("explore", "--events", shop, *mapping, *args)

    return run


@pytest.fixture(scope="module")
def project(shop: Path, log: Log, tmp_path_factory: pytest.TempPathFactory) -> api.Project:
    """The same log loaded and built, with what its publisher calls month first seen."""
    folder = tmp_path_factory.mktemp("shop")
    write_project(folder, "shop", DEFINITIONS)
    with (folder / "users.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["user_id", "month_first_seen"])
        writer.writerows((user, f"{min(events)[0]:%Y-%m}") for user, events in log.items())
    made = api.open(folder)
    made.load("events", [str(shop)], mapping={"event_name": "event", "occurred_at": "timestamp"})
    made.load("users", [str(folder / "users.csv")])
    assert made.build().ok
    return made


def table(project: api.Project, *args: Any, **options: Any) -> Rows:
    found = project.funnel(*args, **options)
    names = [column.name for column in found.columns]
    return [dict(zip(names, row, strict=True)) for row in found.rows]


def column(rows: Rows, name: str) -> list[Any]:
    return [row[name] for row in rows]


def search(
    log: Log, steps: Sequence[set[str]], window: timedelta | None = None, best: bool = False
) -> Found:
    """Every user's deepest chain, tried from each entry that may open one."""
    observed = max(at for events in log.values() for at, _ in events)
    levels, matured_levels = [], []
    for events in log.values():
        ordered = sorted(events, key=lambda event: (event[0], _lowest(event[1], steps)))
        entries = [i for i, (_, name) in enumerate(ordered) if name in steps[0]]
        if not entries:
            continue
        allowed = entries if best else entries[:1]
        levels.append(max(_depth(ordered, i, steps, window) for i in allowed))
        mature = [i for i in allowed if window and ordered[i][0] + window <= observed]
        if mature:
            matured_levels.append(max(_depth(ordered, i, steps, window) for i in mature))
    numbers = range(1, len(steps) + 1)
    return Found(
        [sum(level >= k for level in levels) for k in numbers],
        len(matured_levels),
        [sum(level >= k for level in matured_levels) for k in numbers],
    )


def _lowest(name: str, steps: Sequence[set[str]]) -> int:
    return next((k for k, names in enumerate(steps) if name in names), len(steps))


def _depth(
    ordered: Sequence[tuple[datetime, str]],
    entry: int,
    steps: Sequence[set[str]],
    window: timedelta | None,
) -> int:
    # With the entry fixed and one window from it, the earliest next event is never the worse one.
    depth, start = 1, ordered[entry][0]
    for at, name in ordered[entry + 1 :]:
        if window is not None and at > start + window:
            break
        if depth < len(steps) and name in steps[depth]:
            depth += 1
    return depth


def early_converters_are_mature(log: Log) -> Iterator[bool]:
    """The rule that is refused: whoever's window closed, or who finished before; did they?"""
    observed = max(at for events in log.values() for at, _ in events)
    for events in log.values():
        ordered = sorted(events, key=lambda event: (event[0], _lowest(event[1], SHORT)))
        entries = [i for i, (_, name) in enumerate(ordered) if name == "catalog"]
        depths = [_depth(ordered, i, SHORT, MONTH) for i in entries]
        closed = any(ordered[i][0] + MONTH <= observed for i in entries)
        if entries and (closed or max(depths) == 3):
            yield max(depths) == 3


def test_without_a_window(explore: Ask, log: Log) -> None:
    found = explore(*STEPS)
    assert column(found, "reached") == [3611, 1924, 653] == search(log, SHORT).reached
    assert column(found, "matured") == [None] * 3
    assert column(found, "conversion") == [1.0, round(1924 / 3611, 6), round(653 / 3611, 6)]


def test_with_a_step_of_two_events(explore: Ask, log: Log) -> None:
    found = explore(*LONG_STEPS)
    assert column(found, "step_name") == ["catalog", "product", "cart", "payment_done"]
    assert column(found, "reached") == [3611, 2010, 1257, 429] == search(log, LONG).reached


def test_with_a_window(explore: Ask, log: Log) -> None:
    found = explore(*STEPS, "--window", "30d")
    assert column(found, "reached") == [3611, 1863, 605]
    assert column(found, "matured") == [1172] * 3
    assert found[-1]["matured_reached"] == 167
    assert found[-1]["conversion"] == pytest.approx(0.142, abs=0.0005)
    plain = search(log, SHORT, MONTH)
    assert plain.reached == column(found, "reached")
    assert (plain.matured, plain.matured_reached) == (1172, column(found, "matured_reached"))


def test_with_a_window_from_the_best_entry(explore: Ask, log: Log) -> None:
    found = explore(*STEPS, "--window", "30d", "--entry", "best")
    assert column(found, "reached") == [3611, 1924, 653]
    assert column(found, "matured") == [1172] * 3
    assert found[-1]["matured_reached"] == 215
    assert found[-1]["conversion"] == pytest.approx(0.183, abs=0.0005)
    plain = search(log, SHORT, MONTH, best=True)
    assert plain.reached == column(found, "reached")
    assert (plain.matured, plain.matured_reached) == (1172, column(found, "matured_reached"))


def test_early_converters_would_double_the_rate(log: Log) -> None:
    finished = list(early_converters_are_mature(log))
    assert sum(finished) / len(finished) == pytest.approx(0.406, abs=0.0005)


def test_every_entrant_is_counted_once(explore: Ask) -> None:
    for entry in ("first", "best"):
        found = explore(*STEPS, "--window", "30d", "--entry", entry)
        for before, after in pairwise(found):
            assert before["reached"] == after["reached"] + after["open"] + after["lost"]


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("plain", STEPS),
        ("bought", LONG_STEPS),
        ("bought_in_a_month", (*STEPS, "--window", "30d")),
        ("bought_in_a_month_best", (*STEPS, "--window", "30d", "--entry", "best")),
    ],
)
def test_the_built_funnel_is_the_explored_one(
    project: api.Project, rows: Ask, explore: Ask, name: str, args: tuple[str, ...]
) -> None:
    built = rows("funnel", name, "--project", project.paths.root)
    assert built == [{**row, "funnel": name} for row in explore(*args)]


def test_published_counts_by_month_first_seen(project: api.Project, log: Log) -> None:
    """Their month is that of the first event, ours in a trend that of the first entry.

    So theirs is a property of the user here, and a breakdown by it gives their figures.
    """
    found = table(project, "bought", by="month_first_seen")
    by_month = {
        month: column([row for row in found if row["value"] == month], "reached")
        for month in PUBLISHED
    }
    assert by_month == PUBLISHED
    for month, reached in PUBLISHED.items():
        seen = {user: each for user, each in log.items() if f"{min(each)[0]:%Y-%m}" == month}
        assert search(seen, LONG).reached == reached


def test_trend_by_month_of_first_entry(project: api.Project, log: Log) -> None:
    months: dict[str, Log] = defaultdict(dict)
    for user, events in log.items():
        entries = [at for at, name in events if name == "catalog"]
        if entries:
            months[f"{min(entries):%Y-%m}-01"][user] = events
    found = table(project, "bought", trend="month")
    for month, entered in months.items():
        reached = column([row for row in found if row["period"] == month], "reached")
        assert reached == search(entered, LONG).reached
    assert {row["period"] for row in found} == set(months)
