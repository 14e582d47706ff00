"""`explore` on small logs: what counts, what is refused, what it can reach."""

from pathlib import Path
from typing import Any

import pytest

from funnelkit import api
from funnelkit.errors import FunnelkitError
from funnelkit.table import Table

HEAD = "user_id,event_name,occurred_at"


def explore(path: Path, text: str, steps: list[str], **options: Any) -> Table:
    path.write_text(text)
    return api.explore([str(path)], api.parse_steps(steps), **options)


def reached(table: Table) -> list[Any]:
    return [row["reached"] for row in table.records() if row["breakdown"] is None]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log.csv"


def test_exact_duplicates_fill_no_second_step(log):
    text = HEAD + 3 * "\nu1,buy,2026-01-01T00:00:00Z" + "\n"
    assert reached(explore(log, text, ["buy", "again=buy"])) == [1, 0]


def test_rows_of_one_event_id_are_one_event_and_the_first_received_stays(log):
    text = (
        f"event_id,{HEAD},received_at\n"
        "1,u,a,2026-01-01,2026-01-05\n"
        "1,u,a,2026-01-03,2026-01-04\n"
        "2,u,b,2026-01-02,2026-01-02\n"
    )
    # The copy that came first says 3 January, after b.
    assert reached(explore(log, text, ["a", "b"])) == [1, 0]
    assert reached(explore(log, text, ["a", "again=a"])) == [1, 0]


def test_a_clock_far_ahead_of_receipt_matures_nothing(log):
    text = f"{HEAD},received_at\nu,a,2026-01-01,2026-01-01\nv,x,2999-01-01,2026-01-01\n"
    table = explore(log, text, ["a", "b"], window="7d")
    assert table.records()[0]["matured"] == 0
    assert table.meta["rejected"] == {"occurred_at is more than a day after received_at": 1}


def test_every_rejected_row_is_counted_with_its_reason(log):
    text = (
        f"{HEAD}\nu,a,2026-01-01\n,a,2026-01-01\nu,,2026-01-01\nu,a,\nu,a,soon\nu,a,1999-01-01\n"
        "u,a\n"
    )
    table = explore(log, text, ["a", "b"])
    assert table.meta["rows"] == 7
    assert table.meta["rejected"] == {
        "user_id is missing": 1,
        "event_name is missing": 1,
        "occurred_at is missing": 1,
        "occurred_at is not a time": 1,
        "occurred_at is before 2000": 1,
        "line cannot be parsed": 1,
    }
    assert "Rejected: 6 of 7 rows" in table.notes[-1]


def test_a_logs_own_columns_may_have_any_name(log):
    # event_no, p, mask and entity_key are names of the kernel's own columns.
    text = (
        f"{HEAD},event_no,p,mask,entity_key,us\n"
        "u,a,2026-01-01,2,1,1,1,7\nu,a,2026-01-01,1,1,1,1,8\n"
    )
    assert reached(explore(log, text, ["a", "again=a where us = 8"])) == [1, 1]
    assert reached(explore(log, text, ["a where mask = 1", "again=a where event_no = 1"])) == [1, 1]


def test_names_that_begin_with_ours_are_refused(log):
    with pytest.raises(FunnelkitError, match="'fk_rows': names that begin with fk_"):
        explore(log, f"{HEAD},fk_rows\nu,a,2026-01-01,1\n", ["a", "b"])


def test_offsets_count_and_a_format_is_tried_before_the_usual_ones(log):
    text = f"{HEAD}\nu,a,2026-01-01T01:00:00+02:00\nu,b,2025-12-31T23:00:00Z\n"
    assert reached(explore(log, text, ["a", "b"])) == [1, 1]  # one instant: step order
    text = f"{HEAD}\nu,a,02/01/2026\nu,b,2026-01-05\n"
    table = explore(log, text, ["a", "b"], time_format="%d/%m/%Y", window="3d")
    assert reached(table) == [1, 1]
    with pytest.raises(FunnelkitError, match="'%Q' is not a strptime format"):
        explore(log, text, ["a", "b"], time_format="%Q")


def test_a_misspelled_event_is_named_with_the_nearest(log):
    table = explore(log, f"{HEAD}\nu,cart,2026-01-01\n", ["cart", "pay|crat"])
    assert "No event is called 'crat': did you mean 'cart'?" in table.notes
    assert reached(table) == [1, 0]


def test_nobody_entering_is_said_and_not_an_empty_page(log):
    table = explore(log, f"{HEAD}\nu,x,2026-01-01\n", ["a", "b"])
    assert reached(table) == [0, 0]
    assert "No users entered" in table.headline
    assert table.records()[1]["conversion"] is None


def test_an_empty_log_says_so_too(log):
    table = explore(log, f"{HEAD}\n", ["a", "b"])
    assert reached(table) == [0, 0]
    assert table.meta["rows"] == 0


def test_values_are_those_of_the_first_entry_and_sum_to_the_total(log):
    text = (
        f"{HEAD},source\nu,a,2026-01-02,late\nu,a,2026-01-01,web\nu,b,2026-01-03,app\n"
        "v,a,2026-01-01,\nw,a,2026-01-01,web\n"
    )
    table = explore(log, text, ["a", "b"], by="source")
    found = {
        (row["value"], row["step"]): row["reached"] for row in table.records() if row["breakdown"]
    }
    assert found == {("web", 1): 2, ("web", 2): 1, ("(none)", 1): 1, ("(none)", 2): 0}


def test_a_condition_filters_events_and_not_the_end_of_the_log(log):
    text = f"{HEAD},n\nu,a,2026-01-01,1\nu,b,2026-01-02,0\nu,x,2026-02-01,0\n"
    table = explore(log, text, ["a", "b"], where="n > 0", window="7d")
    assert reached(table) == [1, 0]
    assert table.records()[0]["matured"] == 1


@pytest.mark.parametrize(
    "where",
    [
        "event_name = (select content from read_text('{secret}'))",
        "exists (from '{secret}')",
        "1 = 1) or (2 = 2",
        "true; drop view fk_events",
        "getenv('HOME') <> ''",
    ],
)
def test_a_condition_reaches_nothing_but_the_log(log, tmp_path, where):
    secret = tmp_path / "secret.csv"
    secret.write_text("x\n1\n")
    with pytest.raises(FunnelkitError):
        explore(log, f"{HEAD}\nu,a,2026-01-01\n", ["a", "b"], where=where.format(secret=secret))


def test_constants_and_names_are_data(log):
    text = "id,t\nu,2026-01-01\n"
    mapping = {"user_id": "id", "occurred_at": "t", "event_name": "'it''s' || getenv('HOME')'"}
    log.write_text(text)
    steps: list[dict[str, Any]] = [
        {"name": "x", "event": ["it''s' || getenv('HOME')"], "where": None},
        {"name": "y", "event": ["'; drop table x; --"], "where": None},
    ]
    assert reached(api.explore([str(log)], steps, mapping=mapping)) == [1, 0]


def test_all_missing_columns_are_named_at_once_as_a_shell_takes_them(log):
    with pytest.raises(FunnelkitError) as error:
        explore(log, "User ID,Event,When\nu,a,2026-01-01\n", ["a", "b"])
    assert error.value.message == (
        "no column 'user_id' and no column 'event_name' and no column 'occurred_at' in log.csv; "
        "it has: User ID, Event, When"
    )
    assert error.value.hint == (
        'name the columns: --map "user_id=User ID" --map event_name=Event --map occurred_at=When'
    )


def test_names_that_differ_only_by_case_or_spaces_are_told(log):
    text = f"{HEAD}\nu,a,2026-01-01\nv, a ,2026-01-01\nw,A,2026-01-01\nw,b,2026-01-02\n"
    table = explore(log, text, ["a", "b"])
    assert reached(table) == [1, 0]
    assert table.notes[-1] == ("Other events, by case or spaces in their names alone: ' a ', 'A'.")
    missing = explore(log, f"{HEAD}\nu,Cart,2026-01-01\n", ["Cart", "cart"])
    assert missing.notes[-1] == "No event is called 'cart': did you mean 'Cart'?"


def test_a_file_of_broken_json_says_so(tmp_path):
    log = tmp_path / "log.jsonl"
    with pytest.raises(FunnelkitError) as error:
        explore(log, '{"user_id": 1, "event_name": "a\n', ["a", "b"])
    assert error.value.message == (
        "no line of log.jsonl can be read as JSON; log.jsonl, line 1: not valid JSON"
    )


def test_values_inside_of_properties_are_shown_how_to_reach(tmp_path):
    log = tmp_path / "log.jsonl"
    text = (
        '{"user_id": 1, "event_name": "a", "occurred_at": "2026-01-01", "properties": {"n": "x"}}\n'
    )
    for condition in ("n = 'x'", "properties.n = 'x'"):
        with pytest.raises(FunnelkitError) as error:
            explore(log, text, ["a", "b"], where=condition)
        assert "properties ->> 'n'" in (error.value.hint or "")
    assert reached(explore(log, text, ["a", "b"], where="properties ->> 'n' = 'x'")) == [1, 0]
    with pytest.raises(FunnelkitError) as error:
        explore(log, text, ["a", "b"], by="n")
    assert "--compare \"properties ->> 'n' = '…'\"" in (error.value.hint or "")


def test_an_id_whose_rows_were_rejected_is_told_why(log):
    text = f"{HEAD}\n7,a,2026-01-01\n8,a,soon\n8,b,soon\n"
    with pytest.raises(FunnelkitError) as error:
        explore(log, text, ["a", "b"], explain="8")
    assert error.value.message == "no event of '8'"
    assert error.value.hint == "its rows were rejected (occurred_at is not a time: 2)"
