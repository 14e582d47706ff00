import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelkit.errors import FunnelkitError
from funnelkit.project.durations import format_duration, parse_duration

DAY = 24 * 60 * 60 * 1_000_000


@pytest.mark.parametrize(
    ("text", "us"),
    [
        ("14 days", 14 * DAY),
        ("14d", 14 * DAY),
        ("14 Days", 14 * DAY),
        (" 1 day ", DAY),
        ("2 weeks", 14 * DAY),
        ("2w", 14 * DAY),
        ("90 minutes", 5_400_000_000),
        ("90 min", 5_400_000_000),
        ("90m", 5_400_000_000),
        ("1h", 3_600_000_000),
        ("24 hours", DAY),
        ("30 sec", 30_000_000),
        ("1s", 1_000_000),
    ],
)
def test_says_how_many_microseconds(text, us):
    assert parse_duration(text) == us


def test_a_misspelled_unit_says_what_is_accepted():
    with pytest.raises(FunnelkitError) as caught:
        parse_duration("14 dyas")
    assert caught.value.message == "'14 dyas' is not a duration: unknown unit 'dyas'"
    assert caught.value.hint == (
        "did you mean 'days'? accepted: a whole number and seconds, minutes, hours, days or weeks: "
        "'14 days', '14d', '90 min'"
    )


@pytest.mark.parametrize("text", ["1 month", "2 months", "1 year", "3y", "6mo"])
def test_months_and_years_have_no_fixed_length(text):
    with pytest.raises(FunnelkitError, match="no fixed length") as caught:
        parse_duration(text)
    assert caught.value.hint == "say '30 days' instead"


@pytest.mark.parametrize(
    "text",
    [
        *("", "days", "14", "-1 day", "1.5 hours", "1h 30m", "fourteen days", "14\tdays", "٣ days"),
        *("0 days", "0s", "36501 days", "999999999999999 weeks", "1" * 40 + "d", "14 days\n"),
    ],
)
def test_anything_else_is_refused(text):
    with pytest.raises(FunnelkitError) as caught:
        parse_duration(text)
    assert repr(text) in caught.value.message
    assert caught.value.hint


@settings(deadline=None)
@given(st.text(max_size=12))
def test_any_text_is_a_duration_or_a_user_error(text):
    try:
        us = parse_duration(text)
    except FunnelkitError:
        return
    assert us >= 1_000_000


@settings(deadline=None)
@given(st.integers(1, 36_500 * 86_400))
def test_words_are_read_back_to_the_same_length(seconds):
    us = seconds * 1_000_000
    assert parse_duration(format_duration(us)) == us


@pytest.mark.parametrize(
    ("us", "words"),
    [
        (14 * DAY, "14 days"),
        (DAY, "1 day"),
        (5_400_000_000, "90 minutes"),
        (1_000_000, "1 second"),
        (1_500_000, "1.5 seconds"),
        (1, "0.000001 seconds"),
        (1_234_000_001, "1,234.000001 seconds"),
    ],
)
def test_words_use_the_largest_unit_that_divides(us, words):
    assert format_duration(us) == words


@pytest.mark.parametrize("us", [0, -1, -1_000_000])
def test_words_for_no_time_at_all_are_refused(us):
    with pytest.raises(ValueError, match="must be above 0"):
        format_duration(us)
