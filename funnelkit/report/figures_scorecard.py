"""What stands in the two sections of a scorecard."""

from collections.abc import Callable, Iterator

from funnelkit.report import charts_scorecard, views
from funnelkit.report import findings_scorecard as findings
from funnelkit.report.columns_scorecard import SCORECARD_COLUMNS, SIDES
from funnelkit.report.figures import Draft
from funnelkit.report.findings import Record, records
from funnelkit.report.model import Figure, ScorecardSection, Section
from funnelkit.report.theme import NARROW, WIDE
from funnelkit.report.views import Cell, view
from funnelkit.table import Column, Table, Value


def scorecard_sections(section: ScorecardSection) -> tuple[Section, ...]:
    """Customers and business, the same weight each."""
    return tuple(
        Section(
            findings.NAMES[side],
            f"scorecard-{side}",
            _ABOUT[side],
            tuple(_figures(section, side)),
        )
        for side in SIDES
    )


_ABOUT = {
    "customers": "What customers get, do and say; beside it stands the business.",
    "business": "What the business gets; beside it stand the customers.",
}


def _figures(section: ScorecardSection, side: str) -> Iterator[Figure]:
    if section.table(side).rows:
        yield _metrics(section, side).named(f"scorecard-{side}")
    if section.table(f"{side}-periods").rows:
        yield _periods(section, side).named(f"scorecard-{side}-periods")
    if side == "business" and section.table("revenue").rows:
        yield _revenue(section).named("scorecard-revenue")


def _metrics(section: ScorecardSection, side: str) -> Draft:
    return Draft(
        "Against their targets",
        None,
        findings.title(section, side),
        findings.subtitle(section, side),
        charts_scorecard.draw_metrics(section, side, WIDE),
        charts_scorecard.draw_metrics(section, side, NARROW),
        metrics_view(section, side),
        notes=section.told.get(side, ()),
    )


def metrics_view(section: ScorecardSection, side: str) -> Table:
    """A row a metric: value, target and standing, its change, and whose it is."""
    cells: list[Cell] = [
        (SCORECARD_COLUMNS[side]["metric"], lambda row: row["metric"]),
        _text("value_interval", "Value (95 % interval)", findings.value),
        _text("target", "Target", findings.target),
        (SCORECARD_COLUMNS[side]["standing"], lambda row: row["standing"]),
        _text("owner", "Owner", findings.owner),
        _text("change_interval", "Change (95 % interval)", findings.change),
        _text("of_whom", "Of", _of),
    ]
    return view(findings.metrics(section, side), cells)


def _of(row: Record) -> str:
    number = "" if row["unit"] == "a week" else findings.of_how_many(row)
    return ", ".join(filter(None, (str(row["of"] or ""), number)))


def _text(name: str, label: str, value: Callable[[Record], Value]) -> Cell:
    return Column(name, "text", label), value


def _periods(section: ScorecardSection, side: str) -> Draft:
    return Draft(
        f"By {section.trend}",
        None,
        f"each metric by {section.trend}, or by wave",
        "",
        None,
        None,
        periods_view(section, side),
    )


def periods_view(section: ScorecardSection, side: str) -> Table:
    """A row a metric and period."""
    units = {row["metric"]: row["unit"] for row in findings.metrics(section, side)}
    columns = SCORECARD_COLUMNS[f"{side}-periods"]
    rows = [
        {**row, "unit": units.get(row["metric"])}
        for row in records(section.table(f"{side}-periods"))
    ]
    cells: list[Cell] = [
        (columns["metric"], lambda row: row["metric"]),
        (columns["period"], lambda row: row["period"]),
        _text("value_interval", "Value (95 % interval)", findings.value),
        _text("n", "n", lambda row: findings.of_how_many(row).removeprefix("n = ")),
        (columns["state"], lambda row: row["state"]),
    ]
    return view(rows, cells)


def _revenue(section: ScorecardSection) -> Draft:
    periods = len(findings.revenue_periods(section))
    latest = charts_scorecard.MOST_BARS
    more = f" (drawn: the latest {latest} of {periods})" if periods > latest else ""
    return Draft(
        "Revenue by state",
        None,
        findings.revenue_title(section),
        findings.revenue_subtitle(),
        charts_scorecard.draw_revenue(section, WIDE),
        charts_scorecard.draw_revenue(section, NARROW),
        revenue_view(section),
        more,
        section.told.get("revenue", ()),
    )


def revenue_view(section: ScorecardSection) -> Table:
    """A row a period and state."""
    columns = SCORECARD_COLUMNS["revenue"]
    table = views.latest_periods(section.table("revenue"))
    cells: list[Cell] = [
        (columns["period"], lambda row: row["period"]),
        (columns["state"], lambda row: row["state"]),
        (columns["customers"], lambda row: row["customers"]),
        (
            Column("revenue", "text", "Revenue"),
            lambda row: findings.number(row["revenue_cents"], "amount"),
        ),
        _text("since", "Since the end of", lambda row: row["since"] or "before the log"),
    ]
    return view(records(table), cells)
