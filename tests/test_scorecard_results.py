"""A scorecard's values are those of the commands; revenue is what the seeds tell."""

import datetime as dt
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest

import funnelkit as fk
from funnelkit.api import Project
from funnelkit.report.build import render, write
from funnelkit.report.model import ScorecardSection
from funnelkit.results.scorecard import declared_hashes, scorecard_section
from funnelkit.results.scorecard_metric import period_of, period_starts
from funnelkit.results.scorecard_revenue import revenue
from funnelkit.results.scorecard_voice import Heard, Stake, heard_a_week, stake
from funnelkit.results.small_gaps import money_rows
from funnelkit.warehouse.customers import create_customers
from funnelkit.warehouse.macros import say_plan
from funnelkit.warehouse.queries import frame, open_marts, query

CARD: dict[str, Any] = {
    "customer": [
        {"reach": "team_value", "owner": "Growth", "target": "at least 20 %"},
        {"retention": "retained_week_4", "target": "at least 25 %"},
        {"nps": "all", "target": "at most 0"},
        {"gap": "alerts", "target": "at most 20 pp"},
        {"gap": "exports"},
        *({"cadence": what} for what in ("surveys_answered", "tickets", "interviews")),
    ],
    "business": [
        {"revenue": "states", "target": "at least 1"},
        {"conversion": "activation"},
        {"conversion": "upgraded", "target": "at least 5 %"},
        {"at_stake": "exports", "target": "at most 10 %"},
        {"at_stake": "alerts"},
    ],
}


def section(project: Project, fewest: int = 5, **more: Any) -> ScorecardSection:
    with open_marts(project.paths.warehouse) as con:
        return scorecard_section(con, CARD | more, project.specs(), project.variables, fewest)


@pytest.fixture(scope="module")
def made(built_sample: Project) -> ScorecardSection:
    return section(built_sample)


@pytest.fixture(scope="module")
def metrics(made: ScorecardSection) -> dict[str, dict[str, Any]]:
    rows = [*made.table("customers").records(), *made.table("business").records()]
    return {str(row["metric"]): dict(row) for row in rows}


@pytest.fixture
def con(built_sample: Project) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_marts(built_sample.paths.warehouse) as con:
        yield con


def limits(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("value", "lo", "hi"))


def first(table: Any, **wanted: Any) -> dict[str, Any]:
    return next(
        row for row in table.records() if all(row[key] == each for key, each in wanted.items())
    )


def test_reach_and_retention_are_those_of_their_commands(
    built_sample: Project, metrics: dict[str, dict[str, Any]]
) -> None:
    reach = first(built_sample.aha("team_value"), cohort=None)
    mine = metrics["Reach of team_value"]
    assert limits(mine) == (reach["reach"], reach["reach_lo"], reach["reach_hi"])
    assert mine["n"] == reach["matured"]
    assert mine["standing"] == "missed", "all of its interval is below 20 %"
    week = first(built_sample.retention("retained_week_4"), week=3)
    mine = metrics["Retention: retained_week_4"]
    assert limits(mine) == (week["retention"], week["retention_lo"], week["retention_hi"])
    assert mine["n"] == week["matured"]
    assert week["retention_lo"] < 0.25 < week["retention_hi"]
    assert mine["standing"] == "not shown"


def test_nps_and_gaps_are_those_of_their_commands(
    built_sample: Project, metrics: dict[str, dict[str, Any]]
) -> None:
    scores = built_sample.nps().records()[-1]
    assert limits(metrics["NPS"]) == (scores["nps"], scores["lo"], scores["hi"])
    assert (metrics["NPS"]["n"], metrics["NPS"]["standing"]) == (scores["n"], "met")
    assert metrics["NPS"]["change"] == scores["difference"]
    gap = first(built_sample.gaps(), feature="exports", used_days=2, segment=None)
    mine = metrics["Gap between say and do: exports"]
    assert mine["rounded"] == "yes", "a cell of fewer than five is behind it"
    assert abs(mine["value"] - gap["gap"]) < 5 / gap["n"]
    assert mine["value"] != gap["gap"]
    assert mine["standing"] == "no target"


def test_how_often_customers_are_heard_is_the_commands_headline(
    built_sample: Project, metrics: dict[str, dict[str, Any]]
) -> None:
    weeks = built_sample.cadence().records()[-12:]
    surveys = sum(int(week["surveys_answered"] or 0) for week in weeks) / 12
    assert metrics["Answered surveys a week"]["value"] == pytest.approx(surveys, abs=1e-6)
    assert metrics["Interviews a week"]["value"] == 0
    assert "none had at least one interview" in built_sample.cadence().headline


def test_conversion_is_that_of_the_funnel_and_of_the_outcome(
    built_sample: Project, metrics: dict[str, dict[str, Any]], con: duckdb.DuckDBPyConnection
) -> None:
    last = built_sample.funnel("activation").records()[-1]
    mine = metrics["Conversion: activation"]
    assert limits(mine) == (last["conversion"], last["conversion_lo"], last["conversion_hi"])
    assert mine["n"] == last["matured"]
    happened, n = con.execute(
        "select count(*) filter (happened), count(*) from fct_outcomes"
        " where outcome = 'upgraded' and clock = 'activation' and is_eligible and is_mature"
    ).fetchall()[0]
    mine = metrics["Conversion: upgraded"]
    assert (mine["value"], mine["n"]) == (pytest.approx(happened / n, abs=1e-6), n)


def test_periods_add_up_to_all(made: ScorecardSection, metrics: dict[str, dict[str, Any]]) -> None:
    for side, names in (
        ("customers", ("Reach of team_value", "Retention: retained_week_4")),
        ("business", ("Conversion: upgraded", "Conversion: activation")),
    ):
        for name in names:
            rows = [row for row in made.table(f"{side}-periods").records() if row["metric"] == name]
            left = metrics[name]["n"] - sum(int(row["n"] or 0) for row in rows)
            came = sum(round(float(row["n"] or 0) * float(row["value"] or 0)) for row in rows)
            missing = round(metrics[name]["n"] * metrics[name]["value"]) - came
            # Retention leaves out the weeks that its table by entry week does: five people or more.
            assert left == missing == 0 or (name.startswith("Retention") and left >= 5), name
            assert 0 <= missing <= left
            assert rows[-1]["state"] == "open"
            assert len({row["period"] for row in rows}) == len(rows)


def test_revenue_at_stake_is_that_of_the_cells_that_may_be_told(
    built_sample: Project, metrics: dict[str, dict[str, Any]]
) -> None:
    gap = first(built_sample.gaps(), feature="exports", used_days=2, segment=None)
    mine = metrics["Revenue at stake: exports"]
    # Nobody who dislikes it uses it, and three of those who like it do: all who like it are told.
    assert mine["rounded"] == "yes"
    assert mine["value"] == pytest.approx(gap["lip_revenue_share"], abs=0.02)
    assert mine["n"] >= gap["lip_customers"]
    assert mine["standing"] == "missed"


# --- revenue -------------------------------------------------------------------------------------


def told_by(con: duckdb.DuckDBPyConnection, moment: dt.datetime) -> dict[str, int]:
    """The latest told of each customer by then, one row after the other."""
    rows = con.execute(
        "select customer_id, user_id, valid_from, revenue_cents from int_customer_revenue"
    ).fetchall()
    latest: dict[str, tuple[dt.datetime, str, int]] = {}
    for customer, user, at, cents in rows:
        if at > moment:
            continue
        before = latest.get(customer)
        if before is None or at > before[0] or (at == before[0] and user < before[1]):
            latest[customer] = (at, user, cents)
    return {customer: cents for customer, (_, _, cents) in latest.items()}


def test_revenue_is_the_latest_told_by_each_months_end(
    con: duckdb.DuckDBPyConnection, made: ScorecardSection
) -> None:
    zone = ZoneInfo("Europe/Berlin")
    rows = [row for row in made.table("business-periods").records() if row["metric"] == "Revenue"]
    # In February, May and June fewer than five of those that stayed paid more or less, and from
    # January to March too: by how much would follow from the totals.
    assert [row["period"] for row in rows] == ["2026-01", "2026-04", "2026-06"]
    observed = con.execute("select observed_until from int_observed_until").fetchall()[0][0]
    for row in rows:
        month = int(str(row["period"])[-1])
        end = dt.datetime(2026, month + 1, 1, tzinfo=zone).astimezone(dt.UTC).replace(tzinfo=None)
        paid = told_by(con, min(end - dt.timedelta(microseconds=1), observed))
        assert row["value"] == sum(cents for cents in paid.values() if cents > 0)
        assert row["n"] == sum(cents > 0 for cents in paid.values())
    assert [row["state"] for row in rows] == ["final"] * (len(rows) - 1) + ["open"]


def test_the_end_of_the_log_is_what_opportunities_take(
    built_sample: Project, con: duckdb.DuckDBPyConnection
) -> None:
    plan = say_plan(built_sample.variables)
    create_customers(con, plan, None)
    mine = con.execute(
        "select sum(cents) from (select any_value(revenue_cents) as cents from fk_customers"
        " group by customer_id)"
    ).fetchall()[0][0]
    told = revenue(con, plan, "quarter", 5).told
    assert told.value.estimate == mine
    assert [point.period for point in told.points] == ["2026-Q1", "2026-Q2"]


@pytest.fixture
def tiny() -> Iterator[duckdb.DuckDBPyConnection]:
    """A log of January and February, observed until the twentieth of February."""
    with duckdb.connect() as con:
        con.execute(
            "create table int_observed_until (first_event_at timestamp, last_event_at timestamp,"
            " observed_until timestamp, observed_us bigint)"
        )
        con.execute(
            "insert into int_observed_until select x, y, y, epoch_us(y) from (select"
            " timestamp '2026-01-05 10:00' as x, timestamp '2026-02-20 10:00' as y)"
        )
        con.execute(
            "create table int_customer_revenue (customer_id varchar, user_id varchar,"
            " valid_from timestamp, revenue_cents bigint)"
        )
        yield con


def tell(con: duckdb.DuckDBPyConnection, *rows: tuple[str, str, str, int]) -> None:
    con.executemany("insert into int_customer_revenue values (?, ?, ?, ?)", rows)


PLAN = {"timezone": "Europe/Berlin", "revenue": "mrr"}


def test_states_of_a_tiny_log_by_hand(tiny: duckdb.DuckDBPyConnection) -> None:
    tell(
        tiny,
        ("old", "u1", "0001-01-01", 1000),  # told without a time: known before the log
        ("old", "u1", "2026-02-10", 1500),
        ("two", "u2", "2026-01-10", 700),
        ("two", "u3", "2026-01-10", 900),  # at the same time: the first user's counts
        ("two", "u3", "2026-02-10", 700),
        ("gone", "u4", "2026-01-11", 300),
        ("gone", "u4", "2026-02-11", 0),
        ("late", "u5", "2026-01-31 23:30", 50),  # in Berlin it is February
        ("after", "u6", "2026-02-20 10:01", 9999),  # after all that is seen
        ("free", "u7", "2026-01-12", 0),
        ("edge", "u8", "2026-01-12", 100),
        ("edge", "u8", "2026-02-20 10:00", 200),  # at the very end of what is seen
    )
    found = revenue(tiny, PLAN, "month", 1)
    rows = [(r["period"], r["state"], r["customers"], r["revenue_cents"]) for r in found.rows]
    assert rows == [
        ("2026-01", "new", 3, 1100),
        ("2026-01", "same", 1, 1000),
        ("2026-02", "new", 1, 50),
        ("2026-02", "more", 2, 1700),
        ("2026-02", "same", 1, 700),
        ("2026-02", "lost", 1, 300),
    ]
    assert found.told.value.estimate == 50 + 1700 + 700
    assert [point.is_final for point in found.told.points] == [True, False]
    assert "2026-02 is not over: as of 2026-02-20." in found.notes
    assert found.rows[0]["since"] is None
    assert found.rows[2]["since"] == "2026-01"


def test_of_too_few_customers_no_revenue_is_told(tiny: duckdb.DuckDBPyConnection) -> None:
    tell(tiny, *((f"c{at}", f"u{at}", "2026-01-10", 100) for at in range(4)))
    found = revenue(tiny, PLAN, "month", 5)
    assert found.rows == ()
    assert found.told.value.estimate is None
    tell(tiny, ("c4", "u4", "2026-02-10", 100))
    found = revenue(tiny, PLAN, "month", 5)
    assert [(r["period"], r["state"], r["customers"]) for r in found.rows] == [
        ("2026-02", "new", 5)
    ]


def test_as_of_a_moment_is_the_query_of_waves(con: duckdb.DuckDBPyConnection) -> None:
    waves = query(con, "say_waves")
    for row in {(row["wave_no"], row["reference_at"]) for row in waves}:
        number, at = row
        moment = dt.datetime.fromisoformat(str(at)).replace(tzinfo=dt.UTC)
        end = round(moment.timestamp() * 1_000_000)
        mine = dict(frame(con, "revenue_at", ends=[end]).drop("number").iter_rows())
        theirs = con.execute(
            "select customer_id, revenue_cents from dim_customers_at"
            " where wave_no = ? and users > 0 and revenue_cents is not null",
            [number],
        ).fetchall()
        assert theirs
        assert {customer: mine.get(customer) for customer, _ in theirs} == dict(theirs)


# --- small groups --------------------------------------------------------------------------------


def weeks(*numbers: int) -> list[tuple[str, int]]:
    """Four weeks a period."""
    return [(f"p{at // 4}", number) for at, number in enumerate(numbers)]


def test_few_heard_follow_from_nothing() -> None:
    assert heard_a_week(weeks(*[2] * 12), 12, 5) == Heard(2.0, rounded=False)
    assert heard_a_week(weeks(*[0] * 12), 12, 5) == Heard(0.0, rounded=False)
    # 3 in the last period: 27 less the 24 of the others.
    few = weeks(3, 3, 3, 3, 3, 3, 3, 3, 3, 0, 0, 0)
    assert heard_a_week(few, 12, 5) == Heard(2.0, rounded=True)
    assert heard_a_week(weeks(1, 0, 0), 12, 5) == Heard(None, rounded=True)
    # The window begins within a period of 9, of which 6 are inside: 3 would follow.
    assert heard_a_week(weeks(3, 3, 3, 0, *[9] * 9), 12, 5).rounded
    assert not heard_a_week(weeks(5, 3, 3, 0, *[9] * 9), 12, 5).rounded


MONEY = {
    "feature": "x", "aims": "attitude", "neutral": 40,
    "customers": 60, "lip_customers": 40, "captive_customers": 20,
    "revenue_cents": 5_000, "revenue_share": 0.501, "er_hi": 7_000,
    "lip_revenue_cents": 4_000, "lip_revenue_share": 0.404, "lip_money_label": "",
    "captive_revenue_cents": 1_000, "captive_revenue_share": 0.103, "captive_money_label": "",
    "lip_estimated_revenue_cents": 1, "lip_er_lo": 1, "lip_er_hi": 1,
    "captive_estimated_revenue_cents": 1, "captive_er_lo": 1, "captive_er_hi": 1,
    "likes_customers": 70, "likes_revenue_share": 0.66, "likes_money_label": "",
    "dislikes_customers": 50, "dislikes_revenue_share": 0.3, "dislikes_money_label": "",
}  # fmt: skip
CELLS = {"aligned": 30, "lip_service": 40, "captive": 20, "rejected": 25}


def test_both_cells_are_told_together_where_nobody_follows() -> None:
    assert stake(MONEY | CELLS, 5) == Stake(0.5, 0.70, 60, rounded=False)
    assert stake(MONEY | CELLS | {"er_hi": None}, 5) == Stake(0.5, None, 60, rounded=False)
    assert stake(MONEY | CELLS | {"customers": 55}, 5) == Stake(0.5, 0.70, 55, rounded=False)


def test_few_customers_in_both_cells_are_not_told() -> None:
    row = MONEY | CELLS | {"customers": 58}
    assert stake(row, 5) == Stake(0.4, None, 40, rounded=True)


def test_beside_a_small_cell_the_other_problem_is_told() -> None:
    nobody = MONEY | CELLS | {"captive": 0, "captive_customers": 0, "customers": 40}
    nobody |= {"dislikes_revenue_share": 0.9}  # of all who dislike it, hardly anybody is at stake
    assert stake(nobody, 5) == Stake(0.4, None, 40, rounded=True)
    nearly_all = nobody | {"aligned": 2, "lip_service": 68}
    assert stake(nearly_all, 5) == Stake(0.66, None, 70, rounded=True)
    assert not [each for each in money_rows([nearly_all], 5) if each["revenue_share"] == 0.404]
    assert stake(MONEY | CELLS | {"captive": 3, "rejected": 4}, 5) is None


def test_periods_are_named_by_their_first_day_or_month() -> None:
    assert [period_of("2026-02-04", each) for each in ("week", "month", "quarter")] == [
        "2026-02-02",
        "2026-02",
        "2026-Q1",
    ]
    assert period_starts("2025-11-30", "2026-01-01", "month") == [
        "2025-11-01",
        "2025-12-01",
        "2026-01-01",
        "2026-02-01",
    ]
    assert period_starts("2025-11-30", "2026-01-01", "quarter")[:2] == ["2025-10-01", "2026-01-01"]
    assert period_starts("2026-02-04", "2026-02-09", "week") == [
        "2026-02-02",
        "2026-02-09",
        "2026-02-16",
    ]


def test_hashes_are_those_of_the_definitions(built_sample: Project, made: ScorecardSection) -> None:
    declared = declared_hashes(CARD, built_sample.specs(), built_sample.variables)
    assert declared == {each.name: each.definition_hash for each in made.definitions}
    assert set(declared) == {
        "aha moment team_value",
        "outcome retained_week_4",
        "outcome upgraded",
        "funnel activation",
        "feature alerts",
        "feature exports",
    }


@pytest.mark.parametrize("trend", ["week", "quarter"])
def test_other_periods_have_the_same_values(
    built_sample: Project, metrics: dict[str, dict[str, Any]], trend: str
) -> None:
    other = section(built_sample, trend=trend)
    for side in ("customers", "business"):
        for row in other.table(side).records():
            if "a week" in str(row["metric"]):
                continue  # whether it has to be rounded depends on the periods
            assert limits(row) == limits(metrics[str(row["metric"])]), row["metric"]
    if trend == "quarter":
        names = {row["period"] for row in other.table("business-periods").records()}
        assert {"2026-Q1", "2026-Q2"} <= names


# --- as a report of the project ------------------------------------------------------------------


def without_warehouse(project: Project, folder: Path) -> Project:
    """The project's definitions and its rendered scorecard, and nothing that was built."""
    shutil.copytree(project.paths.root / "dbt_project", folder / "dbt_project")
    (data,) = project._reports.data(["scorecard"]).values()
    write(render(data), folder / "reports" / "scorecard")
    return fk.open(folder)


def test_owners_and_targets_are_checked_without_a_warehouse(
    built_sample: Project, tmp_path: Path
) -> None:
    copy = without_warehouse(built_sample, tmp_path)
    found = copy.report_check(["scorecard"])
    assert found.differences == ()
    assert "not computed again" in found.notes[0]
    file = tmp_path / "dbt_project" / "dbt_project.yml"
    text = file.read_text("utf-8")
    assert "target: at least 25 %" in text
    file.write_text(text.replace("target: at least 25 %", "target: at least 24 %"), "utf-8")
    found = fk.open(tmp_path).report_check(["scorecard"])
    assert found.differences == (
        "scorecard: the scorecard's owners and targets are others than the report shows",
    )
    file.write_text(text.replace("within: 59 days", "within: 58 days"), "utf-8")
    (told,) = fk.open(tmp_path).report_check(["scorecard"]).differences
    assert told.startswith("scorecard: the definition of outcome upgraded is ")


def test_the_list_of_reports_says_what_each_shows(built_sample: Project) -> None:
    rows = {row["report"]: row for row in built_sample.report_list().records()}
    assert rows["say_do"]["features"] == "all"
    assert rows["scorecard"]["scorecard"] == "yes"
    assert rows["say_do"]["scorecard"] == ""
