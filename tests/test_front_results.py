"""What may open a report of the sample, and what happened meanwhile beside a trend."""

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from funnelkit.api import Project
from funnelkit.report.annotations import NO_CAUSE
from funnelkit.results.released import with_releases
from funnelkit.results.view import Grain
from funnelkit.table import Column, Table

if TYPE_CHECKING:
    from funnelkit.report.model import Finding, ReportData


@pytest.fixture(scope="module")
def say_do(built_sample: Project) -> "ReportData":
    return built_sample._reports.data(["say_do"])["say_do"]


def of(data: "ReportData", word: str) -> "Finding":
    return next(each for each in data.findings if each.text.startswith(word))


def money(data: "ReportData", feature: str, problem: str) -> dict[str, Any]:
    assert data.say is not None
    rows = data.say.table("money").records()
    return next(row for row in rows if (row["feature"], row["problem"]) == (feature, problem))


def test_a_gap_concerns_the_customers_that_the_report_tells_of(say_do: "ReportData") -> None:
    row = money(say_do, "sharing", "liked, yet not used")
    found = of(say_do, "Sharing")
    assert (found.customers, found.revenue_cents) == (row["customers"], row["revenue_cents"])
    assert f"{row['customers']} customers" in found.text


def test_beside_a_small_cell_it_is_the_whole_side_and_no_sum(say_do: "ReportData") -> None:
    """Exports: fewer than five of those who like it use it, so nothing tells them apart."""
    row = money(say_do, "exports", "like it")
    found = of(say_do, "Exports")
    assert found.customers == row["customers"]
    assert found.revenue_cents is row["revenue_cents"] is None
    assert say_do.say is not None
    gaps = say_do.say.table("gaps").records()
    (liking,) = [each["likes"] for each in gaps if each["feature"] == "exports"]
    assert found.text == (
        f"Exports: of {liking} who rate it good or write so, fewer than 5 used it in the last"
        f" 28 days; those who rate it good or write so are {row['customers']} customers with"
        f" {100 * row['revenue_share']:.0f} % of revenue, {row['money_label']}."
    )


def test_nothing_that_is_told_is_of_few(say_do: "ReportData") -> None:
    assert len(say_do.findings) >= 3
    assert all(each.customers is None or each.customers >= 5 for each in say_do.findings)


def test_only_decided_gaps_passed(say_do: "ReportData") -> None:
    assert say_do.say is not None
    decided = {
        row["feature"]: row["decided"] == "yes" for row in say_do.say.table("gaps").records()
    }
    for feature, is_decided in decided.items():
        assert of(say_do, str(feature).capitalize()).passed == is_decided


def test_a_trend_names_what_happened_in_its_weeks(built_sample: Project) -> None:
    notes = built_sample.funnel("activation", trend="week").notes
    (told,) = [note for note in notes if note.startswith("Happened meanwhile: ")]
    assert "2026-03-15, data sources connect in one click; 2026-05-04" in told
    assert told.endswith(NO_CAUSE)
    assert not any("Happened" in note for note in built_sample.funnel("activation").notes)


def test_a_restricted_trend_names_what_happened_in_it(built_sample: Project) -> None:
    """Of entries since April, the release of March is before them."""
    table = built_sample.funnel("activation", trend="month", since="2026-04-01")
    (told,) = [note for note in table.notes if note.startswith("Happened meanwhile: ")]
    assert "2026-05-04" in told
    assert "2026-03-15" not in told


@pytest.mark.parametrize(
    ("grain", "start", "last"),
    [("day", "2026-01-12", 12), ("week", "2026-01-12", 18), ("month", "2026-02-01", 28)],
)
def test_the_last_period_ends(grain: Grain, start: str, last: int) -> None:
    table = Table((Column("period", "date"),), ((start,),))
    within = dt.date.fromisoformat(start).replace(day=last)
    for day, is_told in ((within, True), (within + dt.timedelta(days=1), False)):
        assert bool(with_releases(table, {day.isoformat(): "x"}, grain).notes) == is_told
