"""What of the log counts, in words: every rule is told, with its own numbers."""

from typing import Any

import pytest

from funnelkit.project.definitions import Definitions
from funnelkit.project.log_words import log_in_words, own_log_in_words


def words(block: dict[str, Any]) -> list[str]:
    return log_in_words(Definitions.model_validate(block))


def test_a_project_that_says_nothing_is_told_its_defaults() -> None:
    assert words({}) == [
        "Identity: anonymous events of a device go to the first of its users; a device of more "
        "than 20 users is nobody's, and aliases that would make one person of more than 100 ids "
        "are not followed.",
        "Duplicates: of rows with one event_id, the one received first counts.",
        "Clock skew: events that occurred more than 1 day after they were received are rejected.",
    ]


@pytest.mark.parametrize(
    ("block", "told"),
    [
        ({"events": {"model": "my_events"}}, "Events: the rows of the model my_events."),
        ({"as_of": "2026-06-30T02:00:00+02:00"}, "As of 2026-06-30 UTC: rows received later"),
        ({"as_of": "2026-06-30T23:59:59.5Z"}, "As of 2026-06-30 23:59:59.500000 UTC: "),
        ({"identity": {"shared_devices": "last"}}, "a device go to the last of its users; "),
        ({"identity": {"shared_devices": "none"}}, "its user, or to nobody where it has several;"),
        ({"identity": {"max_users_per_device": 7}}, "of more than 7 users is nobody's"),
        ({"identity": {"max_ids_per_person": 1234}}, "of more than 1,234 ids"),
        (
            {"quality": {"near_duplicates": "90 seconds"}},
            "Near duplicates: an event at most 90 seconds after one of the same user, name and "
            "properties does not count.",
        ),
        (
            {"quality": {"clock_skew": {"over": "2h", "then": "flag"}}},
            "Clock skew: events that occurred more than 2 hours after they were received are kept "
            "and counted.",
        ),
        (
            {"quality": {"exclude": [{"name": "bots", "events": "a =\n  1"}]}},
            "Left out, bots: events where a = 1.",
        ),
        (
            {"quality": {"exclude": [{"name": "us", "users": "b", "list": "private/x.txt"}]}},
            "Left out, us: all events of users where b; all events of the ids in private/x.txt.",
        ),
        (
            {"quality": {"fail_over": {"rejected": 0.005, "late": 0}}},
            "Limits: a build fails with more of its event rows than rejected 0.5 %, late 0 %.",
        ),
    ],
)
def test_what_is_written_is_told(block: dict[str, Any], told: str) -> None:
    assert any(told in sentence for sentence in words(block))


def test_a_report_tells_the_rules_of_the_log_only_where_there_are_any() -> None:
    plain = {"timezone": "Europe/Berlin", "quality": {"clock_skew": {"over": "1 day"}}}
    assert own_log_in_words(Definitions.model_validate(plain)) == []
    asked = {"as_of": "2026-06-30"}
    assert own_log_in_words(Definitions.model_validate(asked)) == words(asked)
