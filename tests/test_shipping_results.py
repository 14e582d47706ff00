"""Groups of experiments and entries around a change, against a brute-force count of random logs."""

import datetime as dt
import random
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from funnelkit.errors import FunnelkitError
from funnelkit.project.shipping import Experiment
from funnelkit.results.experiments import linked, read
from funnelkit.warehouse.queries import query

EPOCH = dt.datetime(1970, 1, 1)
HOUR = 3_600_000_000
DAY = 24 * HOUR
OBSERVED = 40 * DAY
RULES: dict[str, Any] = {
    "exposure": ["seen", "shown"],
    "where": "test = 'x'",
    "variant": "variant",
    "control": "old",
    "shares": {"old": 1, "new": 1, "newer": 2},
    "outcome": {"event": "bought", "where": "n > 0", "within": "7 days"},
}
SEEDS = range(12)


@pytest.fixture
def con() -> Iterator["duckdb.DuckDBPyConnection"]:
    with duckdb.connect() as found:
        yield found


def at(us: int) -> dt.datetime:
    return EPOCH + dt.timedelta(microseconds=us)


def log(seed: int) -> list[dict[str, Any]]:
    """Events of 60 users in 12 accounts (some of none) on a coarse clock: many are simultaneous."""
    rng = random.Random(seed)
    rows = []
    for user in range(60):
        account = user % 13 or None
        usual = rng.choice(["old", "new", "newer", "other", None])
        for _ in range(rng.randrange(9)):
            odd = rng.random() < 0.1
            rows.append(
                {
                    "user_key": user,
                    "account_key": account,
                    "event_name": rng.choice(["seen", "shown", "bought", "bought", "left"]),
                    "test": rng.choice(["x", "x", "x", "y"]),
                    "variant": rng.choice(["old", "new", None]) if odd else usual,
                    "n": rng.choice([0, 1, 2]),
                    "us": rng.randrange(0, 45) * DAY,  # up to 4 days after observed_until
                }
            )
    return rows


def write_log(con: "duckdb.DuckDBPyConnection", rows: list[dict[str, Any]]) -> None:
    con.execute(
        "create table fct_events (user_key bigint, account_key bigint, event_name varchar,"
        " test varchar, variant varchar, n integer, occurred_at timestamp)"
    )
    values = [(*list(row.values())[:-1], at(row["us"])) for row in rows]
    con.executemany("insert into fct_events values (?, ?, ?, ?, ?, ?, ?)", values)
    con.execute(
        "create table int_observed_until as select min(occurred_at) as first_event_at,"
        " max(occurred_at) as last_event_at, ?::timestamp as observed_until,"
        " ?::bigint as observed_us from fct_events",
        [at(OBSERVED), OBSERVED],
    )


def brute(rows: list[dict[str, Any]], key: str) -> tuple[dict[str, list[int]], list[int]]:
    """`[exposed, matured, converted]` by variant; several, undeclared, unnamed, nobody."""
    within = 7 * DAY
    groups = {name: [0, 0, 0] for name in ("old", "new", "newer")}
    left = [0, 0, 0, 0]
    seen = [row for row in rows if row["us"] <= OBSERVED]
    exposures = [r for r in seen if r["event_name"] in ("seen", "shown") and r["test"] == "x"]
    goals = [row for row in seen if row["event_name"] == "bought" and row["n"] > 0]
    if key == "account_key":
        left[3] = sum(row[key] is None for row in exposures)
    for entity in {row[key] for row in exposures} - {None}:
        mine = [row for row in exposures if row[key] == entity]
        variants = {row["variant"] for row in mine} - {None}
        if not variants:
            left[2] += 1
        elif len(variants) > 1:
            left[0] += 1
        elif not variants <= set(groups):
            left[1] += 1
        else:
            start = min(row["us"] for row in mine if row["variant"] is not None)
            came = any(g[key] == entity and start <= g["us"] < start + within for g in goals)
            mature = start + within <= OBSERVED
            for place, is_so in enumerate((True, mature, mature and came)):
                groups[variants.pop() if place == 2 else next(iter(variants))][place] += is_so
    return groups, left


@pytest.mark.parametrize("entity", ["user_id", "account_id"])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_groups_are_those_of_a_brute_force_count(con, seed, entity):
    rows = log(seed)
    write_log(con, rows)
    found = read(con, "x", Experiment.model_validate({**RULES, "entity": entity}))
    key = {"user_id": "user_key", "account_id": "account_key"}[entity]
    groups, left = brute(rows, key)
    assert {g.variant: [g.exposed, g.matured, g.converted] for g in found.groups} == groups
    assert list(found.left_out) == left
    assert [g.planned for g in found.groups] == [0.25, 0.25, 0.5]


def test_the_brute_force_count_meets_every_case():
    found = [brute(log(seed), key) for seed in SEEDS for key in ("user_key", "account_key")]
    assert all(sum(left[place] for _, left in found) for place in range(4))
    totals = [
        sum(sum(g[place] for g in groups.values()) for groups, _ in found) for place in (0, 1, 2)
    ]
    assert totals[0] > totals[1] > totals[2] > 0


def test_the_order_of_the_rows_changes_nothing(con):
    rows = log(3)
    write_log(con, rows)
    first = read(con, "x", Experiment.model_validate(RULES))
    con.execute("drop table fct_events")
    con.execute("drop table int_observed_until")
    random.Random(0).shuffle(rows)
    write_log(con, rows)
    assert read(con, "x", Experiment.model_validate(RULES)) == first


def test_a_property_that_the_log_does_not_have_is_told(con):
    write_log(con, log(1))
    with pytest.raises(FunnelkitError, match="there is no column 'wave'"):
        read(con, "x", Experiment.model_validate({**RULES, "variant": "wave"}))


def test_names_are_data_and_never_sql(con):
    rows = log(2)
    for row in rows:
        row["variant"] = "it's" if row["variant"] == "old" else row["variant"]
        row["event_name"] = "se'en" if row["event_name"] == "seen" else row["event_name"]
    write_log(con, rows)
    hostile = {
        **RULES,
        "exposure": ["se'en", "shown"],
        "control": "it's",
        "shares": {"it's": 1, "new": 1, "newer": 2},
    }
    found = read(con, "x", Experiment.model_validate(hostile))
    groups, _ = brute(log(2), "user_key")
    assert [each.exposed for each in found.groups] == [each[0] for each in groups.values()]


def test_only_what_is_linked_and_stands_is_linked(con):
    rows = [
        {"user_key": user, "account_key": None, "event_name": name, "test": "x", "n": 1, "us": us}
        | {"variant": "old" if user % 2 else "new"}
        for user in range(200)
        for name, us in (("seen", 0), ("bought", DAY if user % 2 or user % 3 else 20 * DAY))
    ]
    order = ("user_key", "account_key", "event_name", "test", "variant", "n", "us")
    write_log(con, [{key: row[key] for key in order} for row in rows])
    halves = {**RULES, "shares": {"old": 1, "new": 1}}
    experiments = {
        "stands": Experiment.model_validate({**halves, "feature": "f", "aha": "a"}),
        "other": Experiment.model_validate({**halves, "feature": "g"}),
        "uneven": Experiment.model_validate({**halves, "shares": {"old": 1, "new": 3}, "aha": "a"}),
        "nothing": Experiment.model_validate({**halves, "outcome": _goal("left"), "aha": "a"}),
    }
    (only,) = linked(con, experiments, aha="a")
    # Of 100 in each group, all of the old and those of the new whose number 3 does not divide.
    assert (only.experiment, only.variant, only.fewest) == ("stands", "new", 100)
    share = sum(user % 3 != 0 for user in range(0, 200, 2)) / 100
    assert only.uplift.estimate == pytest.approx(share - 1)
    assert [each.experiment for each in linked(con, experiments, feature="f")] == ["stands"]
    assert [each.experiment for each in linked(con, experiments, feature="g")] == ["other"]
    assert linked(con, experiments) == []


def _goal(event: str) -> dict[str, str]:
    return {"event": event, "within": "7 days"}


# --- before and after ---------------------------------------------------------------------------

SPAN = {"before_us": 3 * DAY, "before_until_us": 10 * DAY, "after_us": 17 * DAY}
SPAN |= {"after_until_us": 24 * DAY, "shipped_us": 12 * DAY}
LENGTH = 5 * DAY


def entries(seed: int) -> list[tuple[str, int, bool, bool]]:
    """Entity, entry, whether it is eligible, whether it came about; several of one entity."""
    rng = random.Random(seed)
    return [
        (
            f"u{rng.randrange(40)}",
            rng.randrange(30 * 8) * 3 * HOUR,
            rng.random() < 0.9,
            rng.random() < 0.4,
        )
        for _ in range(150)
    ]


def write_marts(con: "duckdb.DuckDBPyConnection", rows: list[tuple[str, int, bool, bool]]) -> None:
    """The same entries as a funnel's, an outcome's (with their eligibility) and an aha moment's."""
    con.execute("create table given (entity_id varchar, us bigint, eligible boolean, came boolean)")
    for row in rows:
        con.execute("insert into given values (?, ?, ?, ?)", row)
    later = "select 'other' as name union all select 'it'"
    con.execute(f"""
        create table dim_funnels as
        select name as funnel, {LENGTH} as window_us, 3 as final_step from ({later});
        create table fct_funnel_journeys as
        select 'it' as funnel, entity_id, make_timestamp(us) as first_entry_at,
            case when came then 3 else 1 end as matured_level
        from given
        union all select 'other', 'u1', make_timestamp({4 * DAY}), 3;
        create table dim_outcomes as
        select 1 as outcome_no, {2 * DAY} as after_us, {3 * DAY} as within_us;
        create table fct_outcomes as
        select 1 as outcome_no, 'it' as outcome, clock, entity_id, make_timestamp(us) as entry_at,
            eligible as is_eligible, came as happened
        from given, (select 'mine' as clock union all select 'another');
        create table dim_aha_moments as select 1 as aha_no, {LENGTH} as within_us;
        create table fct_aha_moments as
        select 1 as aha_no, 'it' as aha, entity_id, make_timestamp(us) as entry_at,
            came as is_reached
        from given;
    """)


def counted(rows: list[tuple[str, int, bool, bool]], period: str, cut: int) -> dict[str, int]:
    """What one period comes to, by hand."""
    start, end = SPAN[f"{period}_us"], SPAN[f"{period}_until_us"]
    inside = [row for row in rows if start <= row[1] < end]
    eligible = [row for row in inside if row[2]]
    mature = [row for row in eligible if row[1] + LENGTH <= cut]
    m = {who: sum(row[0] == who for row in mature) for who, *_ in inside}
    x = {who: sum(row[0] == who and row[3] for row in mature) for who, *_ in inside}
    shipped = SPAN["shipped_us"]
    return {
        "entered": len(eligible),
        "matured": len(mature),
        "converted": sum(row[3] for row in mature),
        "ineligible": len(inside) - len(eligible),
        "spanning": sum(row[1] < shipped < row[1] + LENGTH for row in mature),
        "clusters": len(m),
        "sum_x2": sum(each * each for each in x.values()),
        "sum_xm": sum(x[who] * m[who] for who in m),
        "sum_m2": sum(each * each for each in m.values()),
    }


@pytest.mark.parametrize("kind", ["funnel", "outcome", "aha"])
@pytest.mark.parametrize("cut", [40 * DAY, 25 * DAY, 22 * DAY, 9 * DAY])
def test_both_sides_are_those_of_a_count_by_hand(con, kind, cut):
    rows = entries(cut // DAY)
    write_marts(con, rows)
    if kind != "outcome":
        rows = [(who, us, True, came) for who, us, _, came in rows]
    found = query(con, "shipped", kind=kind, metric="it", clock="mine", cut_us=cut, **SPAN)
    assert found == [
        {"period": period, **counted(rows, period, cut)} for period in ("before", "after")
    ]
    assert found[0]["spanning"] or cut < 12 * DAY


def test_what_happens_after_the_cut_changes_nothing(con):
    """Later entries and conversions of those not mature by then: the day to judge it is final."""
    cut, rows = 22 * DAY, entries(7)
    write_marts(con, rows)
    asked = {"kind": "funnel", "metric": "it", "clock": None, "cut_us": cut, **SPAN}
    before = query(con, "shipped", **asked)
    con.execute(
        "update fct_funnel_journeys set matured_level = 3 where epoch_us(first_entry_at) + ? > ?",
        [LENGTH, cut],
    )
    con.execute("insert into fct_funnel_journeys values ('it', 'new', make_timestamp(?), 3)", [cut])
    after = query(con, "shipped", **asked)
    names = ("matured", "converted", "spanning", "sum_x2", "sum_m2")
    assert [[row[name] for name in names] for row in after] == [
        [row[name] for name in names] for row in before
    ]


def test_of_nobody_there_are_zeros(con):
    write_marts(con, [])
    found = query(con, "shipped", kind="aha", metric="it", clock=None, cut_us=0, **SPAN)
    assert [set(row.values()) for row in found] == [{"before", 0}, {"after", 0}]
