"""Questions to a funnel over small logs: who, what next, why, and how groups differ."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from funnelkit import api
from funnelkit.errors import FunnelkitError
from funnelkit.table import Table

HEAD = "user_id,event_name,occurred_at,plan,n\n"
# Everybody begins on 1 January; the log goes on until 30 January (z, who never begins).
LOG = """\
done,a,2026-01-01T00:00:00Z,free,1
done,help,2026-01-01T01:00:00Z,free,
done,b,2026-01-02T00:00:00Z,pro,2
done,c,2026-01-03T00:00:00Z,pro,3
half,a,2026-01-01T00:00:00Z,free,4
half,b,2026-01-02T00:00:00Z,free,5
half,help,2026-01-03T00:00:00Z,free,
half,quit,2026-01-04T00:00:00Z,free,
late,a,2026-01-01T12:00:00Z,pro,6
late,b,2026-01-02T00:00:00Z,pro,7
late,c,2026-01-09T00:00:00Z,pro,8
quiet,a,2026-01-01T00:00:00Z,pro,9
open,a,2026-01-29T00:00:00Z,,9
open,quit,2026-01-29T01:00:00Z,,9
z,help,2026-01-30T00:00:00Z,,
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.csv"
    path.write_text(HEAD + LOG)
    return path


def ask(log: Path, *, steps: tuple[str, ...] = ("a", "b", "c"), **options: Any) -> Table:
    options.setdefault("window", "7 days")
    return api.explore([str(log)], api.parse_steps(steps), **options)


def first_column(table: Table) -> list[Any]:
    return [row[0] for row in table.rows]


def test_who_got_there_and_who_did_not(log):
    done = ask(log, who="c")
    assert done.records() == [
        {
            "entity_id": "done",
            "first_entry_at": "2026-01-01T00:00:00Z",
            "level": 3,
            "reason": "converted",
            "last_at": "2026-01-03T00:00:00Z",
        }
    ]
    assert first_column(ask(log, who="b")) == ["done", "half", "late"]
    without = ask(log, who="-b").records()
    assert [(row["entity_id"], row["level"], row["reason"]) for row in without] == [
        ("open", 1, "open"),
        ("quiet", 1, "window closed"),
    ]
    assert ask(log, who="-b").headline == "2 users that did not reach b (1 of them still open)."
    assert ask(log, who="c").headline == "1 user that reached c."
    with pytest.raises(FunnelkitError, match="no step 'd'"):
        ask(log, who="-d")


def test_who_skipped_an_optional_step(log):
    table = ask(log, steps=("a", "b", "c"), who="-b", window=None)
    assert first_column(table) == ["open", "quiet"]
    steps = api.parse_steps(["a", "help", "c"], optional=["help"])
    options: dict[str, Any] = {"window": "30 days"}
    assert first_column(api.explore([str(log)], steps, who="help", **options)) == ["done", "half"]
    assert first_column(api.explore([str(log)], steps, who="-help", **options)) == [
        "late",
        "open",
        "quiet",
    ]
    with pytest.raises(FunnelkitError, match="it is optional"):
        api.explore([str(log)], steps, next_after="help", **options)
    with pytest.raises(FunnelkitError, match="no step 'hlp'"):
        api.parse_steps(["a", "b"], optional=["hlp"])


def test_what_those_who_stopped_did_next(log):
    # `late` came back to c after its window: within it, nothing. `open` may yet come.
    assert [(row["event"], row["entities"]) for row in ask(log, next_after="b").records()] == [
        ("(nothing more)", 1),
        ("help", 1),
    ]
    assert [
        (row["event"], row["entities"], row["share"]) for row in ask(log, next_after="a").records()
    ] == [("(nothing more)", 1, 1.0)]
    # Without a window nobody is open, and everything that follows counts.
    whole = ask(log, next_after="a", window=None)
    assert [(row["event"], row["entities"]) for row in whole.records()] == [
        ("(nothing more)", 1),
        ("quit", 1),
    ]


def test_what_came_next_in_the_same_instant(tmp_path):
    log = tmp_path / "log.csv"
    # Rows of the funnel stand in step order within their instant, all others behind them.
    rows = "u,x,2026-01-01T00:00:00Z,,\nu,a,2026-01-01T00:00:00Z,,\nu,b,2026-01-01T00:00:00Z,,\n"
    log.write_text(HEAD + rows + "z,z,2026-02-01T00:00:00Z,,\n")
    assert ask(log, next_after="b").column("event") == ["x"]
    assert ask(log, steps=("b", "a", "c"), next_after="a").column("event") == ["x"]


def test_nobody_is_lost_after_the_last_step(log):
    with pytest.raises(FunnelkitError, match="nobody is lost after the last step") as error:
        ask(log, next_after="c")
    assert error.value.hint == "known: a, b"


def test_proof_rows_tell_which_event_filled_what(log):
    table = ask(log, explain="done")
    assert table.headline == "Converted in 2 d."
    assert [
        (
            row["at"],
            row["event"],
            row["step"],
            row["from_entry_seconds"],
            row["from_previous_seconds"],
        )
        for row in table.records()
    ] == [
        ("2026-01-01T00:00:00Z", "a", 1, 0, None),
        ("2026-01-01T01:00:00Z", "help", None, None, None),
        ("2026-01-02T00:00:00Z", "b", 2, 86400, 86400),
        ("2026-01-03T00:00:00Z", "c", 3, 172800, 86400),
    ]
    half = ask(log, explain="half")
    assert half.headline == "Stopped after b: its window closed at 2026-01-08T00:00:00Z."
    assert ask(log, explain="open").headline == (
        "Still open until 2026-02-05T00:00:00Z, after a so far."
    )


def test_steps_before_the_entry_and_after_the_window_are_told(log):
    late = ask(log, explain="late")
    assert late.headline == "Stopped after b: its window closed at 2026-01-08T12:00:00Z."
    assert [(row["event"], row["step"], row["note"]) for row in late.records()] == [
        ("a", 1, ""),
        ("b", 2, ""),
        ("c", None, "matches c; after the window"),
    ]
    before = ask(log, steps=("b", "a"), explain="half", window="1 day")
    assert [(row["event"], row["note"]) for row in before.records()] == [
        ("a", "matches a; before the entry"),
        ("b", ""),
        ("help", ""),
    ]
    assert before.notes == ("Events not shown: 1 of no step after the window.",)


def test_why_an_event_of_a_step_does_not_fill_it(log):
    def notes(entity: str, *steps: str, **options: Any) -> dict[Any, Any]:
        rows = ask(log, steps=steps, explain=entity, **options).records()
        return {row["event"]: row["note"] for row in rows}

    assert notes("done", "a", "big=b where n > 5", "c") == {
        "a": "",
        "help": "",
        "b": "big: where not met",
        "c": "matches c; not in the chain",
    }
    assert notes("late", "a", "c where n > 50")["c"] == "c: where not met; after the window"
    assert (
        notes("done", "a", "c", hold=["plan"])["c"]
        == "matches c with another plan; not in the chain"
    )
    # `quit` of `half` has no n at all.
    assert notes("half", "a", "quit", hold=["n"]) == {
        "a": "",
        "b": "",
        "help": "",
        "quit": "quit: no n",
    }


def test_why_a_journey_was_excluded_or_interrupted(log):
    excluded = ask(log, explain="half", exclude=[api.parse_exclude("help|quit")])
    assert excluded.headline == "Stopped after b: excluded by help at 2026-01-03T00:00:00Z."
    assert [row["note"] for row in excluded.records()] == ["", "", "an exclusion", "an exclusion"]
    interrupted = ask(log, explain="done", order="strict")
    assert interrupted.headline == (
        "Stopped after a: another event (help) came first at 2026-01-01T01:00:00Z."
    )
    assert interrupted.records()[2]["note"] == "matches b; not in the chain"


def test_every_attempt_is_explained(tmp_path):
    log = tmp_path / "log.csv"
    rows = [("a", 1), ("b", 2), ("a", 5), ("a", 20), ("b", 21), ("z", 31)]
    log.write_text(HEAD + "".join(f"u,{name},2026-01-{day:02},,\n" for name, day in rows))
    table = ask(log, steps=("a", "b"), count="entries", explain="u")
    assert table.headline == "3 entries: converted 2, window closed 1."
    found = [(row["event"], row["step"], row["note"]) for row in table.records()]
    assert found == [
        ("a", 1, "attempt 1"),
        ("b", 2, "attempt 1"),
        ("a", 1, "attempt 2"),
        ("a", 1, "attempt 3"),
        ("b", 2, "attempt 3"),
    ]
    assert first_column(ask(log, steps=("a", "b"), count="entries", who="b")) == ["u", "u"]


def test_a_long_journey_is_cut_and_says_so(tmp_path):
    log = tmp_path / "log.csv"
    noise = "".join(f"u,x,2026-01-02T00:{n // 60:02}:{n % 60:02}Z,,\n" for n in range(300))
    log.write_text(f"{HEAD}u,a,2026-01-01,,\n{noise}u,b,2026-01-03,,\nz,z,2026-03-01,,\n")
    table = ask(log, steps=("a", "b"), explain="u")
    assert len(table.rows) == 200
    assert [row["event"] for row in table.records() if row["step"]] == ["a", "b"]
    assert table.notes[-1] == "Events not shown: 102 that fill no step."


def test_who_did_not_enter_is_told_what_he_did(log):
    with pytest.raises(FunnelkitError) as error:
        ask(log, explain="z")
    assert error.value.message == "'z' did not enter: no a of it counts here"
    assert error.value.hint == "it has 1 x help"
    with pytest.raises(FunnelkitError) as error:
        ask(log, explain="donne")
    assert error.value.message == "no event of 'donne'"
    assert error.value.hint == "nearest: 'done'"
    with pytest.raises(FunnelkitError) as error:
        ask(log, explain="nobody-of-this-name")
    assert (error.value.hint or "").startswith("ids are like '")
    with pytest.raises(FunnelkitError, match="'done' did not enter: no a of it counts here"):
        ask(log, explain="done", since="2026-01-02")


def test_who_left_altogether_is_told_so(log):
    options: dict[str, Any] = {"exclude": [api.parse_exclude("help scope=entity")]}
    table = ask(log, **options)
    # `done` would have converted; `half` reached b before it asked for help.
    assert table.meta["excluded_entities"] == 1
    assert table.records()[0]["entered"] == 4
    assert table.notes[-1] == "Excluded: 1 user left the funnel (scope: entity)."
    assert ask(log, explain="done", **options).headline.startswith("Not counted: ")


def test_a_range_bounds_entries_and_lets_conversions_follow(log):
    def entered(**options: Any) -> tuple[Any, Any]:
        rows = ask(log, **options).records()
        return rows[0]["entered"], rows[-1]["reached"]

    assert entered() == (5, 1)
    assert entered(until="2026-01-01") == (4, 1)
    # Midnight in New York is 5 o'clock UTC: only `late` and `open` begin on its 1 January or later.
    assert entered(since="2026-01-01", timezone="America/New_York") == (2, 0)
    assert entered(since="2026-01-01 12:00", until="2026-01-01 12:00") == (1, 0)
    assert entered(until="2026-01-01 11:59") == (3, 1)
    table = ask(log, since="2026-01-02", until="2026-01-30 06:00", where="n > 0")
    assert table.meta["restricted_to"] == [
        "Entries from 2026-01-02 on (UTC).",
        "Entries until 2026-01-30 06:00, inclusive (UTC).",
        "Only events where n > 0.",
    ]


def test_a_property_at_a_step_at_the_ends_and_at_the_entry(log):
    def values(by: str) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for row in ask(log, by=by).records():
            if row["value"] is not None:
                found.setdefault(str(row["value"]), []).append(row["reached"])  # type: ignore[arg-type]
        return found

    assert values("plan") == {"free": [2, 2, 1], "pro": [2, 1, 0], "(none)": [1, 0, 0]}
    assert values("plan@b") == {
        "pro": [2, 2, 1],
        "free": [1, 1, 0],
        "(not reached)": [2, 0, 0],
    }
    assert values("plan@last") == {"pro": [3, 2, 1], "free": [1, 1, 0], "(none)": [1, 0, 0]}
    rows = ask(log, by="plan@b").records()
    told = {
        (row["value"], row["step"])
        for row in rows
        if row["value"] and row["conversion"] is not None
    }
    assert told == {("pro", 3), ("free", 3)}
    assert all(
        row["conversion"] is None for row in ask(log, by="plan@first").records() if row["value"]
    )
    with pytest.raises(FunnelkitError, match="does not go with order: any"):
        ask(log, by="plan@b", order="any")
    with pytest.raises(FunnelkitError, match="no property is called 'pan'") as error:
        ask(log, by="pan")
    assert error.value.hint == "did you mean 'plan'?"


def people(tmp_path: Path) -> Path:
    """60 free users of whom 10 convert, 40 pro of whom 30; 5 of no plan."""
    rows = []
    for plan, count, done in (("free", 60, 10), ("pro", 40, 30), ("", 5, 5)):
        for number in range(count):
            user = f"{plan or 'none'}{number}"
            rows.append(f"{user},a,2026-01-01,{plan},{number}\n")
            if number < done:
                rows.append(f"{user},b,2026-01-02,{plan},\n")
    path = tmp_path / "people.csv"
    path.write_text(HEAD + "".join(rows) + "z,z,2026-03-01,,\n")
    return path


def pairs(table: Table) -> list[tuple[Any, ...]]:
    return [(row["a"], row["n_a"], row["b"], row["n_b"]) for row in table.records()]


def test_groups_are_compared_in_pairs(tmp_path):
    log = people(tmp_path)
    table = ask(log, steps=("a", "b"), compare=["plan"])
    assert pairs(table) == [
        ("free", 60, "pro", 40),
        ("free", 60, "(none)", 5),
        ("pro", 40, "(none)", 5),
    ]
    first = table.records()[0]
    assert (first["conversion_a"], first["conversion_b"]) == (round(1 / 6, 6), 0.75)
    assert first["difference"] == round(1 / 6 - 0.75, 6)
    rest = ask(log, steps=("a", "b"), compare=["plan = 'pro'"])
    assert pairs(rest) == [("plan = 'pro'", 40, "the rest", 65)]
    two = ask(log, steps=("a", "b"), compare=["plan = 'pro'", "plan = 'free' and n < 30"])
    assert pairs(two) == [("plan = 'pro'", 40, "plan = 'free' and n < 30", 30)]
    both = ask(log, steps=("a", "b"), compare=["plan", "n < 30", "n >= 30"])
    assert pairs(both)[0] == ("n < 30", 65, "n >= 30", 40)
    assert len(both.rows) == 4


@pytest.mark.parametrize(
    ("compare", "message"),
    [
        (["n < 30", "n > 20"], "--compare: 18 users are in both groups, n < 30 and n > 20"),
        (["plan = 'nope'"], "--compare: plan = 'nope' holds for nobody who entered"),
        (["plann"], "no property is called 'plann'"),
        (["plann = 'x'"], "--compare: there is no column 'plann'"),
        (["plan = free"], "--compare: there is no column 'free'"),
        (["n + 1 "], "--compare: 'n + 1' is no condition, its type is BIGINT"),
        (["n <"], "--compare: 'n <' is not one SQL expression: syntax error"),
        (["event_name"], "--compare event_name: everybody has the same value"),
    ],
)
def test_groups_that_cannot_be_compared(tmp_path, compare, message):
    with pytest.raises(FunnelkitError) as error:
        ask(people(tmp_path), steps=("a", "b"), compare=compare)
    assert error.value.message.startswith(message)


def test_two_tables_at_once_are_refused(log):
    with pytest.raises(FunnelkitError, match="--by, --times and --who are different tables"):
        ask(log, by="plan", times=True, who="a")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"order": "any", "step_window": "1d"}, "--step-window: not with order: any; write window"),
        ({"anchor_first": True}, "--anchor-first: only with order: any"),
        ({"count": "entries", "entry": "best"}, "--entry: not with count: entries"),
        ({"window": "7 dyas"}, "'7 dyas' is not a duration: unknown unit 'dyas'"),
        ({"step_window": "x"}, "'x' is not a duration"),
        (
            {"exclude": [{"event": ["x"], "from": "aa"}]},
            "--exclude: unknown step 'aa'; did you mean 'a'?",
        ),
        ({"timezone": "Berln", "since": "2026-01-01"}, "no time zone is called 'Berln'"),
        ({"timezone": "Berln", "trend": "day"}, "no time zone is called 'Berln'"),
    ],
)
def test_rules_that_do_not_go_together(log, options, message):
    with pytest.raises(FunnelkitError) as error:
        ask(log, **options)
    assert error.value.message.startswith(message)


def test_a_logs_own_columns_may_have_the_engines_names(tmp_path: Path):
    log = tmp_path / "log.csv"
    names = "entity_id,event_no,p,attempt,value,level,us,run,step,funnel"
    log.write_text(
        f"user_id,event_name,occurred_at,{names}\n"
        "u1,a,2026-01-01,X,9,5,7,v,3,1,all,s,f\n"
        "u1,x,2026-01-02,X,8,5,7,v,3,1,all,s,f\n"
        "u2,a,2026-01-03,Y,6,6,7,v,3,1,all,s,f\n"
        "u1,b,2026-01-03,X,4,5,7,v,3,1,all,s,f\n"
        "u2,x,2026-01-08,Y,2,6,7,v,3,1,all,s,f\n"
    )

    def ask(**options: Any) -> list[dict[str, Any]]:
        steps = api.parse_steps(["a", "b"])
        return api.explore([str(log)], steps, window="3d", **options).records()

    assert [row["event"] for row in ask(explain="u1")] == ["a", "x", "b"]
    assert [row["event"] for row in ask(next_after="a")] == ["(nothing more)"]  # x came too late
    for by, values in {
        "p": {"5", "6"},
        "entity_id": {"X", "Y"},
        "event_no@last": {"4", "6"},
    }.items():
        assert {row["value"] for row in ask(by=by) if row["breakdown"]} == values
    assert {(row["a"], row["n_a"], row["n_b"]) for row in ask(compare=["p = 5"])} == {
        ("p = 5", 1, 1)
    }


@pytest.mark.parametrize("entry", ["first", "best"])
@pytest.mark.parametrize("step", ["a", "b", "c"])
def test_who_got_there_and_who_did_not_are_all_who_entered(tmp_path: Path, entry: Any, step: str):
    log = tmp_path / "log.csv"
    log.write_text(
        "user_id,event_name,occurred_at\n"
        "u1,a,2026-01-01\nu1,b,2026-01-02\nu1,c,2026-01-03\n"
        "u2,a,2026-01-01\nu2,b,2026-01-02\nu3,a,2026-01-01\nu4,b,2026-01-01\n"
    )

    def who(text: str) -> set[Any]:
        steps = api.parse_steps(["a", "b", "c"])
        table = api.explore([str(log)], steps, window="5d", entry=entry, who=text)
        return {row["entity_id"] for row in table.records()}

    got = {"a": {"u1", "u2", "u3"}, "b": {"u1", "u2"}, "c": {"u1"}}[step]
    assert who(step) == got
    assert who(f"-{step}") == {"u1", "u2", "u3"} - got


def test_a_group_named_twice_counts_its_people_once(tmp_path: Path):
    log = tmp_path / "log.csv"
    log.write_text(
        "user_id,event_name,occurred_at,plan\n"
        "u1,a,2026-01-01,x\nu1,b,2026-01-02,x\nu2,a,2026-01-01,y\nu3,a,2026-01-01,y\n"
    )
    steps = api.parse_steps(["a", "b"])
    for twice in (["plan", "PLAN "], ["plan", "plan"]):
        once = api.explore([str(log)], steps, compare=["plan"])
        assert api.explore([str(log)], steps, compare=twice).rows == once.rows


def test_who_never_got_to_the_step_is_no_value_beyond_the_twelve(tmp_path: Path):
    log = tmp_path / "log.csv"
    rows = [f"u{i},a,2026-01-01,\nu{i},b,2026-01-02,v{i:02}" for i in range(13)]
    rows += ["u98,a,2026-01-01,", "u99,a,2026-01-01,"]
    log.write_text("user_id,event_name,occurred_at,v\n" + "\n".join(rows) + "\n")
    table = api.explore([str(log)], api.parse_steps(["a", "b"]), by="v@b")
    entered = {row["value"]: row["entered"] for row in table.records() if row["step"] == 1}
    assert entered.pop(None) == 15
    assert (entered["(not reached)"], entered["(other)"], len(entered)) == (2, 1, 14)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, ""),
        ({"order": "strict", "entry": "best"}, "strict order; entry best"),
        ({"order": "any", "anchor_first": True}, "any order after the first step"),
        ({"step_window": "36 hours"}, "each step within 36 hours"),
        ({"count": "entries", "hold": ["plan"]}, "every entry counts; held: plan"),
        (
            {"row_reuse": True, "exclude": [api.parse_exclude("quit where  n > 0")]},
            "one event may fill several steps; excluded: quit where n > 0",
        ),
        (
            {"exclude": [api.parse_exclude("x|y to=b scope=entity")]},
            "excluded: x|y from a to b (scope: entity)",
        ),
    ],
)
def test_rules_that_were_asked_for_stand_below_the_table(log, options, told):
    rules = [note for note in ask(log, **options).notes if note.startswith("Rules: ")]
    assert rules == ([f"Rules: {told}."] if told else [])


def test_nobody_in_range_is_told_what_the_log_spans(log):
    span = "from 2026-01-01T00:00:00Z to 2026-01-30T00:00:00Z"
    ranged = ask(log, since="2027-01-01")
    assert ranged.notes[-1] == f"No entry fits what was asked for; the log has events {span}."
    never = ask(log, steps=("nope", "a"))
    assert f"The log has events {span}." in never.notes


def test_an_event_that_is_a_step_and_an_exclusion_is_told(log):
    told = "'b' is the event of a step and of an exclusion."
    assert told in ask(log, exclude=[api.parse_exclude("b|quit")]).notes
    assert told not in ask(log, exclude=[api.parse_exclude("quit")]).notes


def test_periods_without_an_entry_are_counted(log):
    # 1 and 29 January; and in weeks, those of 29 December and of 26 January.
    assert "Left out: 27 days have no entry." in ask(log, trend="day").notes
    assert "Left out: 3 weeks have no entry." in ask(log, trend="week").notes
    assert not [note for note in ask(log, trend="month").notes if note.startswith("Left out")]


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        (
            {"where": "plan = pro"},
            "--where: there is no column 'pro'",
            "text goes in single quotes: \"plan = 'pro'\"",
        ),
        (
            {"where": 'plan in ("free", pro)'},
            "--where: there is no column 'free'",
            "text goes in single quotes: \"plan in ('free', pro)\"",
        ),
        ({"where": "1"}, "--where: '1' is no condition, its type is INTEGER", "like "),
        ({"where": "plan"}, "--where: 'plan' is no condition, not true or false", "like "),
        (
            {"steps": ("a", "big=b where amnt > 1", "c where n > 0")},
            "--step big: there is no column 'amnt'",
            "columns of the log: user_id, event_name, occurred_at, plan, n",
        ),
        ({"hold": ["plann"]}, "--hold: there is no column 'plann'", "did you mean plan?"),
        (
            {"exclude": [api.parse_exclude("quit where n")]},
            "--exclude quit: 'n' is no condition, its type is BIGINT",
            "like ",
        ),
    ],
)
def test_a_condition_that_is_wrong_names_its_option(log, options, message, hint):
    with pytest.raises(FunnelkitError) as error:
        ask(log, **options)
    assert error.value.message == message
    assert (error.value.hint or "").startswith(hint)


def test_columns_in_hints_are_written_as_sql_wants_them(tmp_path):
    log = tmp_path / "log.csv"
    log.write_text("user_id,event_name,occurred_at,Amount (EUR),select\nu,a,2026-01-01,5,x\n")
    with pytest.raises(FunnelkitError) as error:
        ask(log, where="zzz > 1")
    assert (error.value.hint or "").endswith('occurred_at, "Amount (EUR)", "select"')
    with pytest.raises(FunnelkitError) as error:
        ask(log, where="Amount > 1")
    assert error.value.hint == 'did you mean "Amount (EUR)"?'
    assert ask(log, where='"Amount (EUR)" > 1').records()[0]["entered"] == 1


def log_of(tmp_path: Path, text: str, columns: str = "") -> str:
    path = tmp_path / "log.csv"
    path.write_text(f"user_id,event_name,occurred_at{columns}\n{text}")
    return str(path)


def test_who_left_by_an_exclusion_is_explained_too(tmp_path: Path):
    log = log_of(tmp_path, "u,a,2026-01-01\nu,quit,2026-01-02\nu,b,2026-01-03\n")
    steps = api.parse_steps(["a", "b"])
    asked: dict[str, Any] = {"exclude": [{"event": ["quit"], "scope": "entity"}], "window": "9d"}
    table = api.explore([log], steps, explain="u", **asked)
    assert table.headline.startswith("Not counted: an exclusion of scope entity")
    assert [(row["event"], row["step"]) for row in table.records()] == [
        ("a", 1), ("quit", None), ("b", None),
    ]  # fmt: skip
    assert [each["reason"] for each in table.meta["journeys"]] == ["left"]
    assert api.explore([log], steps, **asked).meta["excluded_entities"] == 1


def test_a_journeys_reason_is_there_for_programs(tmp_path: Path):
    log = log_of(tmp_path, "u,a,2026-01-01\nu,x,2026-02-01\n")
    table = api.explore([log], api.parse_steps(["a", "b"]), window="9d", explain="u")
    (told,) = table.meta["journeys"]
    assert (told["reason"], told["stopped_at"]) == ("window closed", "2026-01-10T00:00:00Z")
    assert told["told"] == table.headline


def test_of_two_exclusions_in_an_instant_the_one_that_acts_is_named(tmp_path: Path):
    log = log_of(tmp_path, "u,a,2026-01-01\nu,d,2026-01-02\nu,e,2026-01-02\nu,b,2026-01-03\n")
    exclude: list[Any] = [{"event": ["d"], "from": "b"}, {"event": ["e"]}]
    steps = api.parse_steps(["a", "b", "c"])
    table = api.explore([log], steps, window="9d", exclude=exclude, explain="u")
    assert "excluded by e at" in table.headline


def test_an_empty_text_is_a_value_to_compare(tmp_path: Path):
    path = tmp_path / "log.parquet"
    duckdb.sql(f"""copy (
        select 'u' || i as user_id, 'a' as event_name, timestamp '2026-01-01' as occurred_at,
            ['', 'q', 'r'][i % 3 + 1] as e from range(9) t(i)) to '{path}'""")
    table = api.explore([str(path)], api.parse_steps(["a", "b"]), compare=["e"])
    assert {(row["a"], row["b"]) for row in table.records()} == {("", "q"), ("", "r"), ("q", "r")}


@pytest.mark.parametrize("option", ["window", "step_window", "where", "entity"])
def test_an_empty_option_is_a_mistake_and_not_nothing(tmp_path: Path, option: str):
    log = log_of(tmp_path, "u,a,2026-01-01\n")
    with pytest.raises(FunnelkitError):
        api.explore([log], api.parse_steps(["a", "b"]), **{option: ""})  # type: ignore[arg-type]
