"""Ends of a date range: whole days on the clocks of a zone, and what is no date."""

from datetime import UTC, datetime

import pytest

from funnelkit.errors import FunnelkitError
from funnelkit.project.moments import in_zone, iso_utc, parse_moment, time_zone


def us(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp()) * 1_000_000  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("text", "zone", "first", "after"),
    [
        ("2026-01-31", "UTC", us(2026, 1, 31), us(2026, 2, 1)),
        # Berlin is an hour ahead in winter; on 29 March its day has 23 hours.
        ("2026-01-31", "Europe/Berlin", us(2026, 1, 30, 23), us(2026, 1, 31, 23)),
        ("2026-03-29", "Europe/Berlin", us(2026, 3, 28, 23), us(2026, 3, 29, 22)),
        (" 2026-01-31 14:30 ", "UTC", us(2026, 1, 31, 14, 30), us(2026, 1, 31, 14, 30) + 1),
        (
            "2026-01-31T14:30:00Z",
            "America/New_York",
            us(2026, 1, 31, 14, 30),
            us(2026, 1, 31, 14, 30) + 1,
        ),
        (
            "2026-01-31 09:30",
            "America/New_York",
            us(2026, 1, 31, 14, 30),
            us(2026, 1, 31, 14, 30) + 1,
        ),
        ("2026-01-31T14:30+02:00", "UTC", us(2026, 1, 31, 12, 30), us(2026, 1, 31, 12, 30) + 1),
    ],
)
def test_a_date_is_its_whole_day_and_a_time_is_itself(text, zone, first, after):
    assert parse_moment(text, zone, "since") == first
    assert parse_moment(text, zone, "until") == after


@pytest.mark.parametrize("text", ["2026-13-01", "2026-02-30", "2026-1-3", "soon", "", "31.01.2026"])
def test_what_is_no_date_says_what_is_accepted(text):
    with pytest.raises(FunnelkitError) as error:
        parse_moment(text, "UTC", "since")
    assert error.value.message.startswith(f"--since: {text!r} is not a date or time")
    assert error.value.hint == (
        "accepted: a date, 2026-01-31, or a time, '2026-01-31 14:30' or 2026-01-31T14:30:00Z"
    )


def test_the_part_that_is_wrong_is_named():
    with pytest.raises(FunnelkitError, match=r"month must be in 1\.\.12"):
        parse_moment("2026-13-01", "UTC", "until")


def test_an_unknown_zone_is_told_with_the_nearest():
    with pytest.raises(FunnelkitError) as error:
        time_zone("Europe/Berln")
    assert (error.value.message, error.value.hint) == (
        "no time zone is called 'Europe/Berln'",
        "did you mean 'Europe/Berlin'?",
    )


def test_moments_are_written_as_short_as_they_can_be():
    assert in_zone(us(2026, 1, 30, 23), "Europe/Berlin") == "2026-01-31"
    assert in_zone(us(2026, 1, 30, 23, 5), "Europe/Berlin") == "2026-01-31 00:05"
    assert iso_utc(us(2026, 1, 30, 23) + 1) == "2026-01-30T23:00:00.000001Z"
