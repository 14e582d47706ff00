"""Releases beside numbers over time: where they are marked, in how many words, and as no cause."""

import re
from xml.etree import ElementTree

import pytest

from funnelkit.report.annotations import NO_CAUSE, fitting, numbered, placed
from funnelkit.report.build import render, report
from funnelkit.report.model import Annotation
from tests.report.data import report_data, week_start
from tests.report.data_aha import aha_section
from tests.report.data_front import ANNOTATIONS

SVG = "{http://www.w3.org/2000/svg}"
WEEKS = ("2026-01-05", "2026-01-12", "2026-01-19")
TREND = "charts/activation-trend.svg"


def at(day, starts=WEEKS):
    (release,) = numbered([Annotation(day, "x")])
    return [place.at for place in placed([release], starts)]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-01-04", []),
        ("2026-01-05", [0.0]),
        ("2026-01-11", [6 / 7]),
        ("2026-01-12", [1.0]),
        ("2026-01-25", [2 + 6 / 7]),  # the last week goes on for seven days
        ("2026-01-26", []),
    ],
)
def test_a_day_is_in_its_week(day, expected):
    assert at(day) == pytest.approx(expected)


def test_a_week_that_was_joined_to_its_neighbour_goes_on_until_the_next():
    assert at("2026-01-19", ("2026-01-05", "2026-02-02")) == pytest.approx([0.5])


def test_numbers_follow_the_days_whatever_the_order_in_the_file():
    assert [(r.number, r.on) for r in numbered(ANNOTATIONS[::-1])] == [
        (1, "2026-02-14"),
        (2, "2026-05-04"),
        (3, "2031-01-01"),
    ]


def test_the_latest_are_kept_where_not_all_fit():
    releases = numbered([Annotation(week_start(week), "x") for week in range(6)])
    marks = [(release, 10.0 * release.number) for release in releases]
    assert [release.number for release, _ in fitting(marks, 18, 5)] == [2, 4, 6]
    assert [release.number for release, _ in fitting(marks, 1, 2)] == [5, 6]


def _marks(svg):
    """How far to the right the weeks' points are, and each text."""
    root = ElementTree.fromstring(svg)
    points = [
        float(node.get("cx") or "nan")
        for node in root.iter(f"{SVG}circle")
        if (title := node.find(f"{SVG}title")) is not None
        and (title.text or "").startswith("2026-")
    ]
    texts = {
        node.text: float(node.get("x") or "nan") for node in root.iter(f"{SVG}text") if node.text
    }
    return points, texts


def test_a_monday_lies_between_the_week_before_and_its_own():
    """The point of a week stands for all of it: it begins half of a step to the left."""
    made = render(report_data(annotations=(Annotation(week_start(6), "release"),)))
    points, texts = _marks(made[TREND])
    assert texts["1"] == pytest.approx((points[5] + points[6]) / 2, abs=0.11)
    assert f"1: {week_start(6)}, release" in texts


def test_few_are_drawn_and_all_are_told():
    many = tuple(Annotation(week_start(week), f"release {week}") for week in range(0, 24, 2))
    made = report(report_data(annotations=many))
    figure = next(each for each in made.sections[0].figures if each.name.endswith("trend"))
    for spec, most in ((figure.spec, 5), (figure.narrow, 3)):
        named = set(re.findall(r"\d+: 2026-\d\d-\d\d, release \d+", repr(spec)))
        assert len(named) == most
    assert all(f"release {week}" in figure.notes[-1] for week in range(0, 24, 2))
    assert figure.notes[-1].endswith(NO_CAUSE)


def test_every_chart_over_entry_weeks_has_it_under_the_same_number():
    data = report_data(aha=(aha_section(),), annotations=ANNOTATIONS)
    files = render(data)
    told = "2: 2026-05-04, a </script><b>bold</b> | release"
    for name in (TREND, "charts/aha-team_value-reach.svg"):
        assert told in _marks(files[name])[1], name
    assert "2026-05-04 [2]" in _marks(files["charts/aha-team_value-cohorts.svg"])[1]


def test_what_lies_outside_of_all_charts_is_listed_at_the_end():
    files = render(report_data(annotations=ANNOTATIONS))
    for name in ("report.html", "report.md"):
        closing = files[name].decode().partition("Releases and the like")[2]
        assert "long after the data" in closing
        assert NO_CAUSE in closing.replace("\N{NO-BREAK SPACE}", " ")
        assert "<b>" not in closing
    assert files["data/annotations.csv"].decode().splitlines()[1:] == [
        "1,2026-02-14,new onboarding,yes",
        "2,2026-05-04,a </script><b>bold</b> | release,yes",
        "3,2031-01-01,long after the data,no",
    ]


def test_a_release_outside_of_a_chart_changes_nothing_in_it():
    far = (Annotation("2031-01-01", "later"),)
    assert render(report_data(annotations=far))[TREND] == render(report_data())[TREND]


def test_no_page_calls_a_release_a_cause():
    files = render(report_data(annotations=ANNOTATIONS[:1]))
    text = files["report.md"].decode()
    assert not re.search(r"because|caused by|thanks to|led to", text)
    assert "may have other reasons" in text
