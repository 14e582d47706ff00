"""The sample company, built by dbt: what was planted comes out again."""

from typing import Any

COUNTS = ("entered", "reached", "open", "lost", "matured", "matured_reached")


def test_step_counts_are_the_planted_ones(marts, truth):
    realised = truth["activation"]["realised"]
    found: dict[str, list[dict[str, Any]]] = {}
    for value, name, *counts in marts.execute(
        f"select case breakdown when '(all)' then 'all' else value end, step_name,"
        f" {', '.join(COUNTS)} from rpt_funnel_steps"
        " where funnel = 'activation' and breakdown in ('(all)', 'channel') order by step"
    ).fetchall():
        found.setdefault(value, []).append({"step": name, **dict(zip(COUNTS, counts, strict=True))})
    assert found == realised


def test_every_case_made_by_hand_reaches_its_level(marts, truth):
    levels = dict(
        marts.execute(
            "select entity_id, level from fct_funnel_journeys where funnel = 'activation'"
        ).fetchall()
    )
    wrong = {
        case["case"]: (case["level"], levels.get(case["user_id"]), case["why"])
        for case in truth["cases"]
        if levels.get(case["user_id"]) != case["level"]
    }
    assert truth["cases"]
    assert wrong == {}


def test_cleaning_finds_the_planted_rows(marts, truth):
    planted = truth["quality"]
    quality = {
        (outcome, reason): entries
        for outcome, reason, entries in marts.execute(
            "select outcome, reason, entries from rpt_event_quality where kind = 'events'"
        ).fetchall()
    }
    assert quality == {
        ("accepted", "events"): planted["accepted"],
        ("duplicate", "same event_id as another row"): planted["duplicate"]["rows"],
        ("rejected", "occurred_at is more than a day after received_at"): planted["future_clock"][
            "rows"
        ],
        ("rejected", "occurred_at is not a time"): planted["untypeable_time"]["rows"],
        ("rejected", "occurred_at is before 2000"): planted["before_2000"]["rows"],
        ("rejected", "neither user_id nor anonymous_id"): planted["no_identity"]["rows"],
        ("kept", "recipients does not fit its type"): planted["untypeable_recipients"]["rows"],
    }
    assert sum(n for (outcome, _), n in quality.items() if outcome != "kept") == planted["rows"]


def test_a_user_property_holds_from_when_it_was_told(marts):
    # plan at entry, not today's: nobody signs up on the plan they upgraded to later.
    found = marts.execute("""
        select count(*)
        from fct_funnel_breakdowns b
        inner join fct_funnel_journeys j using (funnel, entity_id)
        inner join (
            select user_id, value, valid_from,
                row_number() over (partition by user_id order by valid_from) as nth
            from dim_user_properties where property = 'plan'
        ) p on p.user_id = b.entity_id and p.nth = 2
        where b.breakdown = 'plan' and b.value = p.value and p.valid_from > j.first_entry_at
            and not exists (
                select 1 from dim_user_properties q where q.user_id = b.entity_id
                and q.property = 'plan' and q.value = p.value and q.valid_from <= j.first_entry_at)
    """).fetchall()
    upgraded = marts.execute("""
        select count(*) from (
            select user_id from dim_user_properties where property = 'plan'
            group by user_id having count(distinct value) > 1)
    """).fetchall()
    assert upgraded[0][0] > 20
    assert found[0][0] == 0


def test_proof_rows_of_every_converter_name_its_events(marts):
    found = marts.execute("""
        select count(*)
        from fct_funnel_steps s
        inner join fct_events e using (event_id)
        where s.funnel = 'activation' and (
            e.user_id <> s.entity_id or e.occurred_at <> s.reached_at
            or s.step = 4 and (e.event_name <> 'dashboard_shared' or e.recipients <= 0))
    """).fetchall()
    assert found[0][0] == 0
