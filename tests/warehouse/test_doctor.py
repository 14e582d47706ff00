"""Each trap is put into a warehouse made by hand; the doctor names it, and nothing else."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from funnelkit.warehouse import doctor, raw
from funnelkit.warehouse.doctor import aha, declared, people, setup, steps, tables, times
from funnelkit.warehouse.doctor.check import Check
from funnelkit.warehouse.macros import (
    aha_hash,
    aha_plan,
    definition_hash,
    funnel_specs,
    outcome_hash,
)

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_TABLES = """
create table stg_raw__events (
    event_id varchar, user_id varchar, anonymous_id varchar, event_name varchar,
    occurred_at timestamp, received_at timestamp, source_file varchar, reject_reason varchar,
    user_agent varchar
);
create table fct_events (
    event_id varchar, user_id varchar, account_id varchar, event_name varchar,
    properties varchar, amount integer, occurred_at timestamp
);
create table int_identities (logged_id varchar, user_id varchar, how varchar);
create table dim_users (user_id varchar, first_seen_at timestamp);
create table int_user_rows (user_id varchar);
create table int_users (user_id varchar);
create table fct_feedback (response_id varchar, user_id varchar);
create table rpt_event_quality (kind varchar, outcome varchar, reason varchar, entries bigint);
create table dim_funnels (funnel varchar, definition_hash varchar);
create table dim_outcomes (outcome_no bigint, outcome varchar, definition_hash varchar);
create table fct_outcomes (
    outcome_no bigint, clock_no bigint, is_eligible boolean, is_mature boolean, happened boolean
);
create table dim_aha_moments (aha_no bigint, aha varchar, definition_hash varchar);
create table fct_aha_moments (aha_no bigint, is_mature boolean, is_reached boolean);
create table rpt_funnel_steps (funnel varchar, breakdown varchar, step bigint, reached bigint);
"""


@pytest.fixture
def built(con: "DuckDBPyConnection") -> "DuckDBPyConnection":
    """The built tables, empty."""
    con.execute(_TABLES)
    return con


def warned(found: Iterator[Check]) -> list[str]:
    return [check.found for check in found if check.state != "ok"]


def log(
    con: "DuckDBPyConnection", occurred: str, received: str, rows: int = 100, file: str = "a.csv"
) -> None:
    """`rows` staged events; `occurred` and `received` are SQL of the row number i."""
    con.execute(
        "insert into stg_raw__events select cast(i as varchar), 'u', null, 'e',"
        f" {occurred}, {received}, '{file}', null, null from range({rows}) t(i)"
    )


JULY = "timestamp '2026-07-01 00:10:07' + to_minutes(cast(i * 37 as integer))"


def test_a_log_in_utc_with_seconds_of_delay_is_fine(built):
    log(built, JULY, f"{JULY} + interval 4 seconds")
    assert [check.state for check in times.files(built)] == ["ok", "ok"]


def test_local_time_east_of_greenwich(built):
    # Berlin in July: 2 hours ahead of UTC, read as if it were UTC.
    log(built, JULY, f"{JULY} - interval 2 hours + interval 4 seconds", file="berlin.csv")
    log(built, JULY, f"{JULY} + interval 4 seconds", file="utc.csv")
    (found,) = warned(times.files(built))
    assert found.startswith("berlin.csv: occurred_at is 2 hours ahead of received_at in 100 %")


def test_local_time_west_and_half_hours(built):
    log(built, JULY, f"{JULY} + interval 7 hours", file="seattle.csv")
    log(built, JULY, f"{JULY} - interval 330 minutes", file="delhi.csv")
    (found,) = warned(times.files(built))
    assert found.startswith("delhi.csv, seattle.csv: occurred_at is 5.5 hours ahead")


def test_local_time_of_a_zone_with_summer_time(built):
    # London: winter is UTC, summer an hour ahead; of a year of days 7 months are off.
    day = "timestamp '2026-01-01 12:00:09' + to_days(cast(i as integer))"
    off = f"timezone('UTC', timezone('Europe/London', {day}))"
    log(built, day, f"{off} + interval 2 seconds", rows=365)
    assert any(
        "1 hour ahead of received_at in 100 %" in each for each in warned(times.files(built))
    )


def test_a_nightly_upload_is_not_local_time(built):
    # Received at two in the morning, all of a day together: the delay is anything up to a day.
    log(built, JULY, f"date_trunc('day', {JULY}) + interval 26 hours", rows=1000)
    assert warned(times.files(built)) == []


def test_an_hourly_upload_is_not_local_time(built):
    # An hour late and up to 14 minutes more: a third of the rows within 5 minutes of the hour.
    log(built, JULY, f"{JULY} + interval 1 hour + to_minutes(cast(i % 15 as integer))")
    assert warned(times.files(built)) == []


def test_clocks_half_a_minute_ahead_are_nothing(built):
    log(built, JULY, f"{JULY} - interval 30 seconds")
    assert Check(
        "clocks", "ok", "no event occurred over a minute after it was received"
    ) in times.files(built)


def test_clocks_that_run_ahead_are_counted(built):
    late = f"{JULY} - case when i < 3 then interval 3 hours else interval '-1' second end"
    log(built, JULY, late)
    (found,) = warned(times.files(built))
    assert found == (
        "3 events (3 %) occurred over a minute after being received, by up to 3 hours (a.csv)"
    )


def test_a_rare_wrong_clock_is_told_without_alarm(built):
    late = f"{JULY} - case when i = 0 then interval 3 days else interval '-1' second end"
    log(built, JULY, late, rows=1000)
    clocks = next(each for each in times.files(built) if each.check == "clocks")
    assert clocks.state == "ok"
    assert clocks.found.startswith("1 event (under 1 %)")
    assert "up to 3 days" in clocks.found


@pytest.mark.parametrize("at", ["00:00:00", "12:00:00"])
def test_dates_are_not_times(built, at):
    log(built, f"timestamp '2026-07-01 {at}' + to_days(cast(i as integer))", "null")
    (found,) = warned(times.files(built))
    assert found == "a.csv: every time is one time of day: dates, without the time"


def test_many_events_of_one_instant_are_not_dates(built):
    log(built, "timestamp '2026-07-01 12:00:00'", "null")
    assert warned(times.files(built)) == []


def accept(con: "DuckDBPyConnection", occurred: str, rows: int) -> None:
    con.execute(
        "insert into fct_events (event_id, user_id, event_name, occurred_at)"
        f" select cast(i as varchar), 'u', 'e', {occurred} from range({rows}) t(i)"
    )


# Ten events an hour from 7 to 23 o'clock, none from 23 to 7; 16 days.
_DAYS = (
    "timestamp '2026-03-15 07:00:00' + to_days(cast(floor(i / 160) as integer))"
    " + to_minutes(cast(i % 160 * 6 as integer))"
)


def test_users_asleep_at_night_are_fine(built):
    accept(built, _DAYS, 2560)
    assert warned(times.log(built, {"timezone": "UTC"})) == []


def test_users_asleep_at_noon_live_elsewhere(built):
    accept(built, _DAYS, 2560)
    # On the clocks of Auckland, 13 hours ahead in March, the night is from 12 to 20.
    (found,) = [
        check for check in times.log(built, {"timezone": "Pacific/Auckland"}) if check.state != "ok"
    ]
    assert found.check == "time zone"
    assert found.found.startswith("the quietest hours are 1")
    assert "behind" in str(found.hint)


def test_around_the_clock_has_no_night(built):
    accept(built, "timestamp '2026-03-01' + to_minutes(cast(i * 10 as integer))", 2016)
    assert [check.check for check in times.log(built, {})] == ["end of log"]


_MINUTES = "timestamp '2026-03-20' + to_minutes(cast(i * 3 as integer))"


def test_an_hour_that_local_clocks_skip(built):
    # Berlin goes from 2 to 3 o'clock on 29 March; on paper 20 events an hour all round.
    accept(built, _MINUTES, 20 * 24 * 20)
    assert warned(times.log(built, {"timezone": "Europe/Berlin"})) == []
    built.execute(
        "delete from fct_events where occurred_at >= '2026-03-29 02:00:00'"
        " and occurred_at < '2026-03-29 03:00:00'"
    )
    (found,) = warned(times.log(built, {"timezone": "Europe/Berlin"}))
    assert found.startswith("no event at 2026-03-29 02:00, the hour that Europe/Berlin skips")
    assert warned(times.log(built, {"timezone": "UTC"})) == []


def test_a_stray_last_event_moves_the_end(built):
    accept(built, _MINUTES, 1000)
    built.execute(
        "insert into fct_events (event_id, user_id, event_name, occurred_at)"
        " values ('x', 'u', 'e', '2031-01-01 00:00:00')"
    )
    (stray,) = [check for check in times.log(built, {}) if check.state != "ok"]
    # 999 * 3 minutes after 20 March 2026 is 22 March, 01:57; from there to 2031 are 1,745 days.
    assert stray.found.startswith("1 event of 2031-01-01 and later, 1,745 days after all others")
    assert stray.hint == "set `observed_until: 2026-03-22T01:57:00Z`"
    assert warned(times.log(built, {"observed_until": "2026-03-22T01:57:00Z"})) == []


def test_a_quiet_weekend_before_the_last_events_is_none(built):
    # Every five days a busy day: pauses are long, and the last is no longer than the others.
    day = "timestamp '2026-01-01' + to_days(cast(floor(i / 50) as integer) * 5)"
    accept(built, f"{day} + to_seconds(i % 50)", 1000)
    built.execute(
        "insert into fct_events (event_id, user_id, event_name, occurred_at)"
        " values ('x', 'u', 'e', (select max(occurred_at) + interval 6 days from fct_events))"
    )
    assert warned(times.log(built, {})) == []


def people_in(con: "DuckDBPyConnection", seen: list[str], told: list[str]) -> None:
    for user in sorted({*seen, *told}):
        at = "timestamp '2026-01-01'" if user in seen else "null"
        con.execute(f"insert into dim_users values (?, {at})", [user])
        con.execute("insert into int_users values (?)", [user])
    con.executemany("insert into int_user_rows values (?)", [[user] for user in told or ["?"]])


def test_users_without_events(built):
    people_in(built, ["a", "b", "c", "anonymous:x"], ["a", "b", "c", "d"])
    (found,) = people.users(built)
    assert found.state == "warn"
    assert found.found == "1 user of 4 (25 %) without an event"


def test_a_few_users_without_events_are_fine(built):
    told = [f"u{n}" for n in range(20)]
    people_in(built, [*told[:19], "anonymous:x"], told)
    (found,) = people.users(built)
    assert found.state == "ok"
    assert found.found == (
        "20 users with events, 5 % of them anonymous; 1 user of 20 (5 %) without an event"
    )


@pytest.mark.parametrize(
    ("theirs", "how"),
    [
        ("ANN-{}", "when case and spaces are ignored"),
        (" ann-{}", "when case and spaces are ignored"),
        ("customer{}", "by the digits at the end"),
        ("xyz", "map the column"),
    ],
)
def test_feedback_of_nobody_says_how_its_ids_are_written(built, theirs, how):
    people_in(built, [f"ann-{n}" for n in (11, 22, 33)], [])
    built.executemany(
        "insert into fct_feedback values (?, ?)",
        [["r0", None], ["r1", "ann-11"], ["r2", theirs.format(22)], ["r3", theirs.format(33)]],
    )
    (found,) = people.feedback(built)
    assert found.state == "warn"
    assert found.found.startswith("2 answers of 3 (67 %) of a user that no event")
    assert repr(theirs.format(22)) in found.found
    assert "None" not in found.found  # the answer of nobody is no example of an id
    assert how in str(found.hint)


def test_leading_zeros_are_noticed_where_digits_alone_differ(built):
    people_in(built, ["7", "8"], [])
    built.executemany("insert into fct_feedback values (?, ?)", [["r1", "007"], ["r2", "08"]])
    (found,) = people.feedback(built)
    assert "without leading zeros" in str(found.hint)


def test_feedback_that_joins_is_fine(built):
    people_in(built, ["a"], [])
    built.execute("insert into int_users values ('bot')")  # a rule excludes it: no mart has it
    built.execute("insert into fct_feedback values ('r1', 'a'), ('r2', null), ('r3', 'bot')")
    assert list(people.feedback(built)) == [
        Check("feedback", "ok", "3 answers, 1 (33 %) without a user"),
    ]


def identify(con: "DuckDBPyConnection", *rows: tuple[str, str, str]) -> None:
    con.executemany("insert into int_identities values (?, ?, ?)", rows)


def test_a_device_of_very_many_users(built):
    kiosk = ("anonymous:kiosk", "anonymous:kiosk", "too many users")
    identify(built, kiosk, ("anonymous:x", "a", "device"), ("a", "a", "itself"))
    (found,) = people.identities(built)
    assert found.state == "warn"
    assert found.found.startswith("1 device of more users than a device has, like 'kiosk'")


def test_aliases_that_would_merge_the_world(built):
    rows = [(f"u{n}", f"u{n}", "too many ids") for n in range(200)]
    identify(built, *rows, ("anonymous:x", "a", "device"))
    (found,) = people.identities(built)
    assert found.found.startswith("200 ids would merge more than one person has, like 'u0'")


def test_a_log_in_which_nothing_joins_devices_to_users(built):
    identify(built, ("anonymous:1", "anonymous:1", "itself"), ("a", "a", "itself"))
    (found,) = people.identities(built)
    assert found.found.startswith("1 anonymous id, and none is a user's")


def test_a_log_of_devices_alone_has_nobody_to_join(built):
    identify(built, ("anonymous:1", "anonymous:1", "itself"))
    (found,) = people.identities(built)
    assert (found.state, found.found) == ("ok", "1 anonymous id, 0 of them a user's")


def test_devices_of_users_are_fine(built):
    identify(
        built,
        ("anonymous:1", "a", "device"),
        ("anonymous:2", "a", "shared device"),
        ("anonymous:3", "anonymous:3", "itself"),
        ("a", "a", "itself"),
    )
    (found,) = people.identities(built)
    assert (found.state, found.found) == (
        "ok",
        "3 anonymous ids, 2 of them a user's, 1 shared device",
    )


def test_events_without_an_account_matter_to_funnels_of_accounts(built):
    built.execute("insert into fct_events (account_id) values ('a'), (null)")
    per = {"steps": ["x", "y"]}
    assert list(people.accounts(built, {"funnels": {"f": per}})) == []
    (found,) = people.accounts(built, {"funnels": {"f": {**per, "entity": "account_id"}}})
    assert (found.state, found.found) == ("warn", "1 event (50 %) of no account")


@pytest.mark.parametrize(("same", "state"), [(4, "ok"), (6, "warn")])
def test_duplicates_are_told_by_their_share(built, same, state):
    built.execute(
        "insert into rpt_event_quality values ('events', 'accepted', 'events', ?),"
        " ('events', 'duplicate', 'same event_id', ?), ('users', 'duplicate', 'x', 99)",
        [100 - same, same],
    )
    (found,) = tables.duplicates(built)
    assert (found.state, found.found) == (
        state,
        f"{same} events ({same} %) counted once, not twice",
    )


def funnel(con: "DuckDBPyConnection", reached: list[int], **rules: Any) -> dict[str, Any]:
    """The definitions of one funnel, sign -> pay, and the built tables that say who got where."""
    step = {"name": "paid", "event": "pay", "where": "amount > 10"}
    variables = {"funnels": {"f": {"steps": ["sign", step], "window": "1 day", **rules}}}
    (spec,) = funnel_specs(variables["funnels"])
    con.execute("insert into dim_funnels values ('f', ?)", [definition_hash(spec)])
    for number, entities in enumerate(reached, start=1):
        con.execute("insert into rpt_funnel_steps values ('f', '(all)', ?, ?)", [number, entities])
    return variables


def event(con: "DuckDBPyConnection", user: str, name: str, day: int, amount: int = 0) -> None:
    con.execute(
        "insert into fct_events (user_id, event_name, amount, occurred_at)"
        " values (?, ?, ?, timestamp '2026-01-01' + to_days(?))",
        [user, name, amount, day],
    )


def test_a_condition_that_no_row_meets(built):
    variables = funnel(built, [1, 0])
    event(built, "a", "sign", 1)
    event(built, "a", "pay", 2, amount=10)
    (found,) = steps.steps(built, variables)
    assert found.found == "f, step paid: 0 rows of 1 match its where: amount > 10"
    assert "event_name = 'pay'" in str(found.hint)


def test_a_condition_is_tried_before_a_new_definition_is_built(built):
    event(built, "a", "sign", 1)
    event(built, "a", "pay", 2, amount=10)
    variables = funnel(built, [])
    built.execute("update dim_funnels set definition_hash = 'other'")
    (found,) = steps.steps(built, variables)
    assert "0 rows of 1 match its where" in found.found


def pay_of_strangers(con: "DuckDBPyConnection") -> None:
    event(con, "a", "sign", 1)
    event(con, "b", "pay", 2, amount=11)


def pay_before(con: "DuckDBPyConnection") -> None:
    event(con, "a", "sign", 2)
    event(con, "a", "pay", 1, amount=11)
    event(con, "a", "pay", 3, amount=9)


def pay_too_late(con: "DuckDBPyConnection") -> None:
    event(con, "a", "sign", 1)
    event(con, "a", "pay", 9, amount=11)


@pytest.mark.parametrize(
    ("happened", "told"),
    [
        (pay_of_strangers, "1 user did it, and none of them sign"),
        (pay_before, "1 user did it, always before sign"),
        (pay_too_late, "1 user did it, 1 after sign, and none as the rules ask"),
    ],
)
def test_a_step_that_nobody_reached_says_why(
    built: "DuckDBPyConnection", happened: Callable[["DuckDBPyConnection"], None], told: str
) -> None:
    variables = funnel(built, [1, 0])
    happened(built)
    (found,) = steps.steps(built, variables)
    assert found.found == f"f, step paid: {told}"


def test_a_step_of_accounts_without_an_account(built):
    variables = funnel(built, [0, 0], entity="account_id")
    event(built, "a", "sign", 1)
    event(built, "a", "pay", 1, amount=11)
    (found,) = steps.steps(built, variables)
    assert found.found == "f, step sign: 1 matching row without account_id"


def test_steps_that_somebody_reached_are_fine(built):
    variables = funnel(built, [2, 1])
    assert list(steps.steps(built, variables)) == [
        Check("steps", "ok", "every step is reached by somebody")
    ]


@pytest.mark.parametrize(
    ("version", "wanted", "is_fine"),
    [
        ("2.0.1", ">=2.0,<2.1", True),
        ("2.1.0", ">=2.0,<2.1", False),
        ("1.9.10", ">=1.9.9", True),
        ("2", ">=2.0.0,<3", True),
        ("2.1.0rc1", "<2.1", False),
        ("3.0", "~=2.0", True),
    ],
)
def test_versions_are_compared_as_numbers(version, wanted, is_fine):
    assert setup.is_within(version, wanted) is is_fine


def test_an_untested_version_is_told(monkeypatch):
    monkeypatch.setattr(setup, "_tested", lambda: {"polars": ">=99,<100"})
    (found,) = [check for check in setup.versions() if check.state != "ok"]
    assert found.found.startswith("not tested with polars 2.")
    assert "(tested: >=99,<100)" in found.found


def test_a_table_of_another_version_stops_no_other_check(built):
    built.execute("alter table fct_events rename occurred_at to happened_at")
    people_in(built, ["a"], [])
    built.execute("create schema raw; create table raw.events (event_id varchar)")
    found = {check.check: check for check in doctor._tables(built, {})}
    assert found["users"].state == "ok"
    assert found["raw"].state == "warn"
    assert found["times"].found.startswith("not checked: Binder Error")


def test_an_empty_warehouse_has_nothing_to_check(con):
    found = [check.check for check in doctor._tables(con, {"funnels": {}})]
    assert found == ["raw", "build"]


def test_a_declared_property_without_a_value_and_the_key_that_is_meant(built):
    raw.ensure(built)
    declares = {"event_properties": {"user_agent": "varchar", "newer_than_the_build": "varchar"}}
    assert list(declared.properties(built, declares)) == []  # an empty log
    log(built, JULY, "null", rows=3)
    built.execute("insert into raw.events (properties, load_no) values ('{\"userAgent\": 1}', 1)")
    (found,) = declared.properties(built, declares)
    assert found == Check(
        "properties",
        "warn",
        "'user_agent' is declared, and no event has a value",
        "did you mean 'userAgent'?",
    )
    built.execute("update stg_raw__events set user_agent = 'x' where event_id = '2'")
    assert list(declared.properties(built, declares)) == []


def test_a_rule_that_takes_nothing_out(built):
    built.execute(
        "insert into rpt_event_quality values ('events', 'excluded', 'bots', 0),"
        " ('events', 'excluded', 'us', 3), ('feedback', 'excluded', 'x', 0)"
    )
    assert warned(declared.rules(built)) == ["rule 'bots' of quality.exclude takes nothing out"]


def test_ids_of_a_list_that_are_nobodys(built):
    # A CSV with its header, a device, and a list of which most are known.
    built.execute("create schema raw; create table raw.lists (list varchar, id varchar)")
    built.execute(
        "insert into raw.lists values ('csv', 'user_id,why'), ('csv', 'a,staff'), ('csv', 'x'),"
        " ('good', 'a'), ('good', 'x'), ('good', 'left long ago')"
    )
    identify(built, ("anonymous:x", "anonymous:x", "itself"), ("a", "a", "itself"))
    assert [(each.state, each.found) for each in declared.lists(built)] == [
        ("warn", "2 of 3 ids of list 'csv' match nobody"),
        ("ok", "1 of 3 ids of list 'good' match nobody"),
    ]


def reject(con: "DuckDBPyConnection", *rows: tuple[str, str, str]) -> None:
    con.execute("create table raw_rejects (stage varchar, reason varchar, source_file varchar)")
    con.executemany("insert into raw_rejects values (?, ?, ?)", rows)


def test_rows_of_forgotten_people_are_no_damage(built):
    reject(built, *[("load", "forgotten", "a.csv")] * 8)
    (found,) = tables.rejects(built)
    assert (found.state, found.found) == (
        "ok",
        "every line could be parsed; 8 rows of forgotten people",
    )


def test_the_chief_reason_is_that_of_more_than_half(built):
    two = [("staging", "no name", "a.csv")] * 2
    reject(built, *two, ("staging", "no time", "a.csv"), ("load", "torn", "b.csv"))
    assert warned(tables.rejects(built)) == [
        "1 line could not be parsed: torn (1, b.csv)",
        "3 rows rejected by the build; mostly: no name (2, a.csv)",
    ]
    built.execute("insert into raw_rejects values ('staging', 'no user', 'a.csv')")
    assert warned(tables.rejects(built))[1] == (
        "4 rows rejected by the build, for 3 reasons, like: no name (2, a.csv)"
    )


def test_events_of_which_none_counts_are_not_called_misspelled(built):
    accept(built, _DAYS, 1)  # an event that counts, of another name
    built.executemany(
        "insert into stg_raw__events (event_name, reject_reason) values (?, ?)",
        [
            ["page", "received after as_of"],
            ["page", "received after as_of, and wrong"],
            ["page", "no user"],
            ["page", None],
        ],
    )
    unseen = doctor.unseen_events(built, {"funnels": {"f": {"steps": ["page", "pages"]}}})
    assert [str(each) for each in unseen] == [
        "f, step page: no event called 'page' counts, 2 late (`as_of`), 1 rejected,"
        " 1 left out by a rule (`quality: exclude`)",
        "f, step pages: no event is called 'pages'; known: e",
    ]


AHA: dict[str, Any] = {
    "funnels": {"f": {"steps": ["sign", "pay"]}},
    "outcomes": {"back": {"event": "seen", "after": "21 days", "within": "7 days"}},
    "aha_moments": {"m": {"event": "shared", "within": "7 days", "funnel": "f"}},
}


def aha_built(con: "DuckDBPyConnection") -> None:
    plan = aha_plan(AHA)
    con.execute("insert into dim_outcomes values (0, 'back', ?)", [outcome_hash(plan, 0)])
    con.execute("insert into dim_aha_moments values (0, 'm', ?)", [aha_hash(plan, 0)])


@pytest.mark.parametrize(
    ("entrants", "told"),
    [
        ([(True, True, True), (True, True, False)], None),
        ([(True, False, True)] * 3, "the log ends before it is over for any of 3 entrants"),
        ([(False, True, True)] * 2, "2 entrants, all converted before it"),
        # One who has it is not mature, one not eligible: neither is evidence.
        (
            [(True, True, False), (True, False, True), (False, True, True)],
            "none of 1 mature entrant has it",
        ),
        ([(True, True, True)] * 2, "every one of 2 mature entrants has it"),
    ],
)
def test_an_outcome_that_tells_nobody_apart(built, entrants, told):
    aha_built(built)
    built.executemany("insert into fct_outcomes values (0, 0, ?, ?, ?)", entrants)
    (found,) = aha.outcomes(built, AHA)
    if told is None:
        assert found.state == "ok"
    else:
        assert (found.state, found.found) == ("warn", f"outcome back: {told}")
    # Of another definition than the built one they would say nothing.
    changed = {**AHA, "outcomes": {"back": {**AHA["outcomes"]["back"], "within": "8 days"}}}
    assert list(aha.outcomes(built, changed)) == []


def test_entrants_of_two_clocks_are_not_added_up(built):
    aha_built(built)
    entrants = [(0, True, False, True)] * 3 + [(1, True, False, True)] * 2
    built.executemany("insert into fct_outcomes values (0, ?, ?, ?, ?)", entrants)
    (found,) = aha.outcomes(built, AHA)
    assert "any of 3 entrants" in found.found


@pytest.mark.parametrize(
    ("entrants", "told"),
    [
        ([(True, True), (True, False)], None),
        ([(False, True), (False, False)], "the log ends before `within` is over for any of 2 entr"),
        ([(True, False), (False, True)], "none of 1 mature entrant reached it"),
        ([(True, True), (False, False)], "every one of 1 mature entrant reached it"),
    ],
)
def test_an_aha_moment_that_tells_nobody_apart(built, entrants, told):
    aha_built(built)
    built.executemany("insert into fct_aha_moments values (0, ?, ?)", entrants)
    (found,) = aha.moments(built, AHA)
    if told is None:
        assert found.state == "ok"
    else:
        assert (found.state, found.check) == ("warn", "aha moments")
        assert found.found.startswith(f"aha moment m: {told}")
    changed = {**AHA, "aha_moments": {"m": {**AHA["aha_moments"]["m"], "at_least": 2}}}
    assert list(aha.moments(built, changed)) == []


def test_events_of_aha_moments_and_the_search_that_never_occur(built):
    accept(built, _DAYS, 1)  # an event `e`
    time = {"after": "21 days", "within": "7 days"}
    unseen = doctor.unseen_events(
        built,
        {
            "outcomes": {
                "back": {"event": ["e", "sen"], **time},
                "gone": {"not": {"event": "lost", **time}},
                "other": {"not": "back"},
            },
            "aha_moments": {
                "m": {"event": "ee", "within": "7 days", "entity": "user_id", "entry": ["e", "in"]}
            },
            "aha_search": {
                "entity": "user_id",
                "entry": "start",
                "outcome": "back",
                "events": ["e", "x"],
                "prerequisites": ["y"],
            },
        },
    )
    assert [(each.funnel, each.place, each.event) for each in unseen] == [
        ("outcome back", "its event", "sen"),
        ("outcome gone", "its event", "lost"),
        ("aha moment m", "its event", "ee"),
        ("aha moment m", "its entry", "in"),
        ("aha search", "its entry", "start"),
        ("aha search", "events", "x"),
        ("aha search", "prerequisites", "y"),
    ]
    assert str(unseen[2]).startswith("aha moment m, its event: no event is called 'ee'; ")


def test_events_of_features_and_claims_that_never_occur(built):
    accept(built, _DAYS, 1)  # an event `e`
    time = {"within": "7 days"}
    claim = {"event": ["e", "plaid"], "count": "days", **time}
    unseen = doctor.unseen_events(
        built,
        {
            "features": {
                "f": {"events": ["e", "use"], "success": {"event": "done", **time}},
                "g": {"events": "e"},
            },
            "feedback": {"questions": {"often": {"kind": "frequency", "claim": claim}}},
        },
    )
    assert [(each.funnel, each.place, each.event) for each in unseen] == [
        ("feature f", "its events", "use"),
        ("feature f", "its success", "done"),
        ("question often", "its claim", "plaid"),
    ]


def test_named_events_that_all_occur_are_fine(built):
    accept(built, _DAYS, 1)
    funnels = {"f": {"steps": ["e", {"name": "again", "event": "e"}]}}
    moment = {"event": "e", "within": "1 day", "funnel": "f"}
    for declares, told in (
        ({"funnels": funnels}, "every step's events occur"),
        ({"funnels": funnels, "aha_moments": {"m": moment}}, "every event that is named occurs"),
    ):
        assert list(steps.events(built, declares)) == [Check("events", "ok", told)]
