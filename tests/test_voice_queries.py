"""The queries behind NPS, opportunities and interviews, on marts written by hand."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import duckdb
import polars as pl
import pytest

from funnelkit.errors import FunnelkitError
from funnelkit.jobs.money import affected
from funnelkit.results.experiments import Linked
from funnelkit.results.opportunity_problems import UNTOLD, _revenue, _severity
from funnelkit.results.say_frames import Feature
from funnelkit.stats.proportions import Interval
from funnelkit.warehouse.customers import create_customers, create_success
from funnelkit.warehouse.queries import frame, query

REF = dt.datetime(2026, 4, 1)
DAY = dt.timedelta(days=1)
OBSERVED = REF + 10 * DAY
FEEDBACK = (
    "response_id varchar, user_id varchar, user_key bigint, account_id varchar,"
    " customer_id varchar, respondent varchar, source varchar, question varchar, kind varchar,"
    " feature varchar, product varchar, wave_no bigint, wave varchar, text varchar, score double,"
    " opinion varchar, submitted_at timestamp"
)
PLAN: dict[str, Any] = {
    "declared": True,
    "revenue": "mrr",
    "segments": {"paying": "plan <> 'free'"},
}


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        con.execute(f"create table fct_feedback ({FEEDBACK})")
        con.execute(
            "create table fct_answer_values (response_id varchar, breakdown varchar, value varchar)"
        )
        con.execute("create table int_observed_until (observed_until timestamp)")
        con.execute("insert into int_observed_until values (?)", [OBSERVED])
        con.execute("create table dim_waves (wave_no bigint, wave varchar, reference_at timestamp)")
        con.execute("insert into dim_waves values (0, 'spring', ?)", [REF])
        yield con


def say(con: duckdb.DuckDBPyConnection, response_id: str, **given: Any) -> None:
    """An answer to an NPS question in the wave, but for what is given."""
    row = {
        "response_id": response_id,
        "respondent": given.get("user_id") or f"response {response_id}",
        "source": "survey",
        "kind": "nps",
        "wave_no": 0,
        "wave": "spring",
        "opinion": "like",
        "submitted_at": REF,
        **given,
    }
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    con.execute(f"insert into fct_feedback ({names}) values ({marks})", list(row.values()))


def test_the_latest_answer_of_a_respondent_counts_and_the_anonymous_are_one_each(con) -> None:
    u1 = {"user_id": "u1", "customer_id": "acme"}
    say(con, "r1", **u1, opinion="like")
    say(con, "r2", **u1, opinion="dislike", submitted_at=REF + DAY)
    say(con, "r3", **u1, opinion=None, submitted_at=REF + 2 * DAY)  # outside its scale
    say(con, "r4", user_id="stranger", opinion="neutral")  # the log does not know who
    say(con, "r5")
    say(con, "r6", opinion="dislike")
    say(con, "r7", wave_no=None)
    say(con, "r8", product="theirs")
    say(con, "r9", kind="csat")
    say(con, "r10", feature="alerts")  # of a feature, not of the whole
    rows = frame(con, "nps_answers", breakdown=None)
    told = rows.select("respondent", "customer_id", "is_anonymous", "vote").rows()
    assert told == [
        ("response r5", "response r5", True, 1),
        ("response r6", "response r6", True, -1),
        ("stranger", "stranger", False, 0),
        ("u1", "acme", False, -1),
    ]


def test_a_row_of_a_wide_export_is_one_person(con) -> None:
    person = {"respondent": "response 7"}
    say(con, "7:nps", **person)
    say(con, "7:again", **person, opinion="dislike", submitted_at=REF + DAY)
    say(con, "7:why", **person, kind="text", text="slow", opinion=None)
    answers = frame(con, "nps_answers", breakdown=None)
    told = answers.select("respondent", "customer_id", "is_anonymous", "vote").rows()
    assert told == [("response 7", "response 7", True, -1)]
    assert frame(con, "nps_texts", wave_no=0).rows() == [("7:why", "response 7")]
    rated = {**person, "kind": "satisfaction", "feature": "alerts"}
    say(con, "7:rated", **rated)
    say(con, "7:rated again", **rated, opinion="dislike", submitted_at=REF + DAY)
    rows = frame(con, "opportunity_ratings", wave_no=0, breakdown=None)
    assert rows.select("customer_id", "is_top").rows() == [("response 7", False)]


def test_a_value_is_that_of_the_answer_that_counts(con) -> None:
    say(con, "r1", user_id="u1")
    say(con, "r2", user_id="u1", submitted_at=REF + DAY)
    rows = [("r1", "plan", "free"), ("r2", "plan", "team"), ("r2", "country", "DE")]
    con.executemany("insert into fct_answer_values values (?, ?, ?)", rows)
    assert frame(con, "nps_answers", breakdown="plan")["value"].to_list() == ["team"]
    assert frame(con, "nps_answers", breakdown=None)["value"].to_list() == [None]


def test_ratings_of_importance_and_satisfaction_count_once_a_respondent(con) -> None:
    for number, kind in enumerate(("importance", "rating5", "satisfaction", "csat", "nps")):
        at = REF + number * DAY
        opinion = "dislike" if kind == "satisfaction" else "like"
        say(con, kind, kind=kind, feature="alerts", user_id="u1", submitted_at=at, opinion=opinion)
    rows = frame(con, "opportunity_ratings", wave_no=0, breakdown=None)
    assert rows.select("scale", "is_top").rows() == [
        ("importance", True),
        ("satisfaction", False),  # later than the rating of five
    ]


def test_talks_of_the_last_90_days_count_as_asked_and_surveys_do_not(con) -> None:
    ago = {"u1": (1, "interview"), "u2": (90, "exit"), "u3": (91, "interview"), "u4": (1, "survey")}
    for key, (days, source) in ago.items():
        number = int(key[1:])
        say(con, key, user_key=number, source=source, submitted_at=OBSERVED - days * DAY)
    say(con, "older", user_key=1, source="interview", submitted_at=OBSERVED - 200 * DAY)
    rows = frame(con, "interview_contacts").select("user_key", "asked_lately").rows()
    assert rows == [(1, True), (2, True), (3, False)]


# --- task success --------------------------------------------------------------------------------


@pytest.fixture
def usage(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """A feature of a window of 28 days; success is an event `done` with n > 0."""
    con.execute(
        "create table dim_features as select 0 as feature_no, 28 * 86400000000 as within_us"
    )
    con.execute(
        "create table fct_feature_usage"
        " (feature_no int, user_key bigint, first_at timestamp, last_at timestamp)"
    )
    con.execute(
        "create table fct_events"
        " (user_key bigint, event_name varchar, n int, occurred_at timestamp)"
    )
    con.execute("create table fct_wave_users (wave_no bigint, user_key bigint)")
    con.execute("insert into fct_wave_users select 0, range from range(20)")
    return con


def succeeded(con: duckdb.DuckDBPyConnection, within: dt.timedelta = 7 * DAY) -> dict[int, bool]:
    create_success(con, {"events": ["done"], "where": "n > 0"})
    us = within // dt.timedelta(microseconds=1)
    rows = query(con, "opportunity_success", wave_no=0, feature_no=0, within_us=us)
    return {row["user_key"]: row["succeeded"] for row in rows}


def test_success_follows_the_first_use_of_the_window_in_time(usage) -> None:
    def use(user: int, *at: dt.datetime) -> None:
        usage.execute("insert into fct_feature_usage values (0, ?, ?, ?)", [user, at[0], at[-1]])

    def done(user: int, at: dt.datetime, name: str = "done", n: int = 1) -> None:
        usage.execute("insert into fct_events values (?, ?, ?, ?)", [user, name, n, at])

    first = REF - 20 * DAY
    us = dt.timedelta(microseconds=1)
    for user in range(7):
        use(user, first)
    use(7, first, first + DAY / 2)  # twice on its day: the first use counts
    done(7, first + DAY / 4)
    use(11, REF - 15 * DAY)
    done(0, first + 7 * DAY)  # at the very end
    done(1, first + 7 * DAY + us)  # too late
    done(2, first)  # the use itself is not what it led to
    done(3, first + DAY, n=0)  # its condition is not met
    done(4, first + DAY, name="other")
    use(5, REF - 2 * DAY)  # a later use does not count
    done(5, REF - DAY)
    use(6, REF - 29 * DAY)  # before the window
    done(6, REF - 28 * DAY)
    # A day that the window begins in: only its last use is surely inside.
    start = REF - 28 * DAY
    use(8, start - us, start + us)
    done(8, start + 7 * DAY + us)
    use(9, start - us, start - us)
    use(10, REF)  # after the window
    use(99, first)  # not of the frame
    over = dict.fromkeys(range(9), False) | {0: True, 7: True, 8: True}
    assert succeeded(usage) == over | {11: False}
    # In 30 days user 1 got there as well, and of user 11 they are not over.
    assert succeeded(usage, 30 * DAY) == over | {1: True, 5: True}


UPLIFT = Linked("simpler", "treatment", Interval(0.2, 0.1, 0.3), 0.001, 0.5, 100, "")


@pytest.mark.parametrize(
    ("k", "n", "linked", "severity", "success"),
    [
        (300, 400, None, 0.25, 0.75),
        (300, 400, UPLIFT, 0.2, 0.75),
        (6, 10, None, 1.0, None),  # too few uses for a share
        (0, 0, None, 1.0, None),
        (6, 10, UPLIFT, 0.2, None),
        (300, 400, UPLIFT._replace(uplift=Interval(-0.2, -0.3, -0.1)), 0.0, 0.75),
    ],
)
def test_severity_is_what_success_leaves_unless_an_experiment_tells(
    k: int, n: int, linked: Linked | None, severity: float, success: float | None
) -> None:
    done = pl.DataFrame(
        {"succeeded": [at < k for at in range(n)]}, schema={"succeeded": pl.Boolean}
    )
    feature = Feature(0, "alerts", 28, 2, 4, "")
    plan = {"features": [{"name": "alerts", "success": {"events": ["done"]}}]}
    found, share = _severity(plan, feature, done, linked)
    assert found.value == pytest.approx(severity)
    assert share == success
    undeclared = {"features": [{"name": "alerts", "success": None}]}
    plain, _ = _severity(undeclared, feature, done.clear(), None)
    assert plain == UNTOLD
    assert plain.value == 1


# --- customers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "cents"),
    [
        ([("acme", 500), ("acme", 500), ("beta", 300)], 800),
        ([("acme", 500), ("beta", -300)], 500),  # a credit takes nothing from the others
        ([("acme", -500), ("acme", None), ("beta", None)], 0),
        ([("acme", None), ("beta", None)], None),
        ([], None),
    ],
)
def test_credits_are_no_revenue(told: list[tuple[str, int | None]], cents: int | None) -> None:
    names = {"customer_id": pl.String, "revenue_cents": pl.Int64}
    eligible = pl.DataFrame(told, schema=names, orient="row")
    assert _revenue(eligible) == cents
    nobody = pl.DataFrame(schema={"customer_id": pl.String, "affected": pl.Boolean})
    assert affected(eligible, nobody).eligible_cents == cents


def test_a_warehouse_of_an_older_build_is_to_be_built_again(con) -> None:
    with pytest.raises(FunnelkitError, match="not built yet: Table with name dim_users") as error:
        create_customers(con, PLAN, None)
    assert error.value.hint == "run `funnelkit build`"


def test_revenue_is_the_latest_told_of_any_user_of_the_customer(con) -> None:
    con.execute(
        "create table dim_users as select * from (values"
        " ('u1', 'acme', 'team'), ('u2', 'acme', 'free'), ('u3', null, 'free'))"
        " as t (user_id, account_id, plan)"
    )
    con.execute("create table dim_accounts as select 'acme' as account_id, 'team' as plan")
    con.execute(
        "create table int_customer_revenue"
        " (customer_id varchar, user_id varchar, revenue_cents bigint, valid_from timestamp)"
    )
    told = [
        ("acme", "u1", 900, REF),
        ("acme", "u2", 500, REF + DAY),
        ("acme", "u1", 100, OBSERVED + DAY),  # after the end of the log
        ("u3", "u3", 7, REF),
    ]
    con.executemany("insert into int_customer_revenue values (?, ?, ?, ?)", told)

    def known(breakdown: str | None, plan: dict[str, Any] = PLAN) -> list[tuple[Any, ...]]:
        create_customers(con, plan, breakdown)
        rows: list[tuple[Any, ...]] = con.execute(
            "from fk_customers order by entity, entity_id"
        ).fetchall()
        return rows

    assert known("plan") == [
        ("account_id", "acme", "acme", "team", 500),
        ("user_id", "u1", "acme", "team", 500),
        ("user_id", "u2", "acme", "free", 500),
        ("user_id", "u3", "u3", "free", 7),
    ]
    assert [row[3] for row in known("paying")] == ["true", "true", "false", "false"]
    nobody = known(None, {**PLAN, "revenue": None})
    assert {(row[3], row[4]) for row in nobody} == {(None, None)}
