"""Logs with a known conversion and windows still open at their end: which estimate is right.

Of all who enter, 0.40 convert within the window, at a moment that is uniform in it. Entries go on
to the last day, so the log ends while the last of them still have their windows open.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from funnelkit.stats.proportions import wilson
from funnelkit.warehouse.explore import journeys
from funnelkit.warehouse.explore_log import Question
from funnelkit.warehouse.macros import funnel_specs

TRUE = 0.40
WINDOW = 14
REPLICATES, ENTRIES_A_DAY = 200, 20
DAY = 86_400_000_000
START = 1_767_225_600_000_000  # 2026-01-01
# A rule's share: of whom (n), and how many of them (x).
RULES = {
    "matured": ("is_mature", "is_mature and matured_level = 2"),
    "reached / entered": ("true", "level = 2"),
    "closed or converted": ("is_mature or level = 2", "level = 2"),
}
Shares = list[tuple[int, int]]


def write_log(path: Path, days: int) -> None:
    """All replicates in one log; a user's id begins with the replicate's number."""
    random = np.random.default_rng(days)
    count = REPLICATES * ENTRIES_A_DAY * days
    entered = random.integers(0, days * DAY, count)
    converted = entered + random.integers(1, WINDOW * DAY + 1, count)
    seen = (random.random(count) < TRUE) & (converted < days * DAY)
    users = np.array([f"{number % REPLICATES}-{number}" for number in range(count)])
    at = START + np.concatenate([entered, converted[seen]])
    columns = {
        "user_id": np.concatenate([users, users[seen]]),
        "event_name": np.repeat(["signup", "buy"], [count, seen.sum()]),
        "occurred_at": pa.array(at, pa.timestamp("us")),
    }
    pq.write_table(pa.table(columns), path)


@pytest.fixture(scope="module")
def shares(tmp_path_factory: pytest.TempPathFactory):
    """Of a log's length and an entry rule: for each rule x and n of every replicate."""
    folder = tmp_path_factory.mktemp("maturity")

    @cache
    def of(days: int, entry: str) -> Mapping[str, Shares]:
        path = folder / f"{days}.parquet"
        if not path.exists():
            write_log(path, days)
        rules = {"steps": ["signup", "buy"], "window": f"{WINDOW} days", "entry": entry}
        (spec,) = funnel_specs({"f": rules})
        columns = ", ".join(
            f"count(*) filter (where {x}), count(*) filter (where {n})" for n, x in RULES.values()
        )
        with journeys(Question([str(path)], spec, {})) as (con, _):
            found = con.execute(
                f"select {columns} from fk_journeys j inner join fk_entities e"
                " on j.p = e.entity_key group by split_part(e.entity_id, '-', 1)"
            ).fetchall()
        assert len(found) == REPLICATES
        return {
            rule: [(row[2 * at], row[2 * at + 1]) for row in found] for at, rule in enumerate(RULES)
        }

    return of


def coverage(shares: Shares) -> float:
    """The part of the replicates whose 95 % interval holds the truth."""
    covered = 0
    for x, n in shares:
        _, lo, hi = wilson(x, n)
        assert lo is not None
        assert hi is not None
        covered += lo <= TRUE <= hi
    return covered / len(shares)


@pytest.mark.parametrize(
    ("days", "entry"), [(28, "first"), (60, "first"), (180, "first"), (28, "best")]
)
def test_matured_conversion_covers_the_truth_as_often_as_it_says(shares, days, entry):
    # Over 200 replicates the share covered has a standard deviation of 0.015.
    assert 0.91 <= coverage(shares(days, entry)["matured"]) <= 0.99


@pytest.mark.parametrize("days", [28, 60, 180])
@pytest.mark.parametrize("rule", ["reached / entered", "closed or converted"])
def test_other_rules_miss_it(shares, days, rule):
    assert coverage(shares(days, "first")[rule]) < 0.9


def test_the_bias_is_as_large_as_it_should_be(shares):
    # 28 days, uniform delays: 14 days closed, 14 open of which half of 40 % has been seen.
    means = {rule: mean(found) for rule, found in shares(28, "first").items()}
    assert means["matured"] == pytest.approx(0.4, abs=0.005)
    assert means["reached / entered"] == pytest.approx(0.3, abs=0.005)
    assert means["closed or converted"] == pytest.approx(0.6 / (1 + 0.2), abs=0.005)


def mean(shares: Shares) -> float:
    return sum(x for x, _ in shares) / sum(n for _, n in shares)
