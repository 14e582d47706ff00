"""What is counted, said in words: every rule of a definition is in a sentence, and is right."""

import re
from typing import Any

import pytest

from funnelkit.project.aha_words import moment_in_words, outcome_in_words, search_in_words

DAY = 86_400_000_000
OUTCOME: dict[str, Any] = {
    "no": 0,
    "name": "back",
    "description": "",
    "kind": "event",
    "negated": False,
    "events": ["seen", "sent"],
    "where": "n\n > 0",
    "property": None,
    "at_least": 2,
    "funnel": None,
    "funnel_no": None,
    "after_us": 21 * DAY,
    "within_us": 7 * DAY,
}
MOMENT: dict[str, Any] = {
    "no": 0,
    "name": "team_value",
    "description": "",
    "clock_no": 1,
    "entity": "user_id",
    "funnel": "buy",
    "events": ["shared"],
    "where": None,
    "at_least": 3,
    "counted": "events",
    "property": None,
    "within_us": 7 * DAY,
    "outcome": None,
    "outcome_no": None,
    "declared_on": None,
    "breakdowns": [],
}
SEARCH: dict[str, Any] = {
    "clock_no": 1,
    "entity": "user_id",
    "funnel": "buy",
    "outcome": "back",
    "outcome_no": 0,
    "counts": [1, 3],
    "days": [1, 3, 7],
    "alive_us": 2 * DAY,
    "xmax_us": 7 * DAY,
    "landmark_us": 9 * DAY,
    "stratify_by": ["plan", "channel"],
    "events": None,
    "prerequisites": ["logged_in"],
    "salt": "pepper",
    "permutations": 2000,
}
ENTRY = {"events": ["signed_up", "invited"], "where": "plan = 'a'"}
PLAN: dict[str, Any] = {
    "clocks": [
        {"no": 0, "name": "x", "entity": "account_id", "funnel": None, "entry": ENTRY},
        {"no": 1, "name": "buy", "entity": "user_id", "funnel": "buy", "entry": None},
    ],
    "search": SEARCH,
}


def outcome(**changed: Any) -> list[str]:
    return outcome_in_words({**OUTCOME, **changed})


def moment(zone: str = "UTC", **changed: Any) -> list[str]:
    return moment_in_words({**MOMENT, **changed}, PLAN, zone)


def search(**changed: Any) -> str:
    return "\n".join(search_in_words({**PLAN, "search": {**SEARCH, **changed}}))


def test_an_outcome_of_events() -> None:
    assert outcome() == [
        "Happened: event seen or sent where n > 0, at least twice.",
        "When: from 21 days after the entry until just before 28 days after it.",
        "Mature: the entry plus 28 days is not after the end of the data (observed_until), "
        "whatever happened in between.",
    ]
    assert outcome(at_least=1, where=None)[0] == "Happened: event seen or sent, at least once."
    assert outcome(at_least=1200)[0].endswith(", at least 1,200 times.")


def test_the_opposite_of_an_outcome() -> None:
    assert outcome(negated=True)[0].startswith("Happened when this did not: event seen or sent ")
    assert outcome(negated=True)[1:] == outcome()[1:]


def test_an_outcome_of_a_sum() -> None:
    assert outcome(kind="sum", events=["paid"], where=None, property="cents", at_least=5000)[0] == (
        "Happened: event paid, their cents at least 5,000 in all; one without it adds nothing."
    )


def test_an_outcome_of_a_funnel() -> None:
    said = outcome(kind="funnel", funnel="buy", events=[], after_us=3 * DAY, within_us=11 * DAY)
    assert said[0].startswith("Happened: the first conversion in funnel buy falls in that time")
    assert said[1] == "When: from 3 days after the entry until just before 14 days after it."
    assert said[2] == "Left out and counted apart: who converts before 3 days after the entry."
    assert said[3].startswith("Mature: the entry plus 14 days ")


def test_an_aha_moment() -> None:
    assert moment() == [
        "Counts users (user_id) from their first entry in funnel buy on.",
        "Aha: event shared, at least 3 times, within 7 days of the entry.",
        "Window: from the entry, events at that instant included, until just before 7 days after "
        "it, in elapsed time.",
        "Mature: the entry plus 7 days is not after the end of the data (observed_until), "
        "whatever happened in between.",
        "Reach: of the mature users, the share that reached it; who reached it and is not mature "
        "yet is in neither number.",
    ]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"counted": "days", "at_least": 2},
            "Aha: event shared, on at least 2 days of the calendar (Europe/Berlin), within 7 days",
        ),
        ({"counted": "days", "at_least": 1}, "Aha: event shared, on at least 1 day of the calend"),
        (
            {"counted": "distinct", "property": "team"},
            "Aha: event shared, with at least 3 different values of team, within 7 days",
        ),
        (
            {"counted": "distinct", "property": "team", "at_least": 1},
            "Aha: event shared, with at least 1 value of team, within",
        ),
        ({"where": "n > 1"}, "Aha: event shared where n > 1, at least 3 times"),
        (
            {"clock_no": 0, "entity": "account_id"},
            "Counts accounts (account_id) from their first event signed_up or invited where "
            "plan = 'a' on.",
        ),
        ({"breakdowns": ["plan", "channel"]}, "Broken down by plan, channel, each as it was at t"),
        (
            {"outcome": "back"},
            "Meant to lead to outcome back: that those who reach it have that more often shows "
            "that the two go together, not that one causes the other.",
        ),
        ({"declared_on": "2026-03-01"}, "Declared on 2026-03-01."),
        (
            {"outcome": "back", "declared_on": "2026-03-01"},
            "Declared on 2026-03-01: who entered before is no evidence for that; the rule may "
            "have been found on them.",
        ),
    ],
)
def test_every_rule_of_an_aha_moment_is_in_a_sentence(changed: dict[str, Any], said: str) -> None:
    assert any(each.startswith(said) for each in moment("Europe/Berlin", **changed))


def test_days_are_those_of_utc_where_no_time_zone_is_given() -> None:
    said = moment_in_words({**MOMENT, "counted": "days"}, PLAN)
    assert said[1].startswith("Aha: event shared, on at least 3 days of the calendar (UTC), with")


def test_the_search() -> None:
    said = search()
    assert "Counts users (user_id) from their first entry in funnel buy on." in said
    assert "goes with outcome back" in said
    assert "every event, at least 1 or 3 times within 1, 3 or 7 days of the entry: 6 cells" in said
    assert "another event from 7 days until just before 9 days after the entry" in said
    assert "prerequisites (logged_in)" in said
    assert "the salt 'pepper'" in said
    assert "2,000 permutations of the outcome within entry week, plan and channel" in said
    assert "an association" in said
    assert "Searched: events e and f, at least" in search(events=["e", "f"])
    assert "prerequisites, what fewer" in search(prerequisites=[])
    assert "within entry week)" in search(stratify_by=[])
    with pytest.raises(ValueError, match="no search"):
        search_in_words({**PLAN, "search": None})


def test_the_words_name_the_limits_that_the_job_has() -> None:
    from funnelkit.jobs.aha_rules import SearchRules

    rules = SearchRules()
    (apart,) = re.findall(r"fewer than (\d+) % or more than (\d+) % .* what (\d+) %", search())
    assert [float(each) / 100 for each in apart] == pytest.approx(
        [rules.least_reach, rules.most_reach, rules.most_preceding]
    )
    (proposed,) = re.findall(r"p of at most ([\d.]+) \(.*; (\d+) events at most", search())
    assert (float(proposed[0]), int(proposed[1])) == (rules.level_discovery, rules.most_candidates)
    (holm,) = re.findall(r"a Holm p of at most ([\d.]+)", search())
    assert float(holm) == rules.level
    (level,) = re.findall(r"Level: (\d+) %", search())
    assert float(level) / 100 == rules.level
    assert "by half or more" in search()
    assert rules.keeps == 0.5
    assert SEARCH["permutations"] == rules.permutations
