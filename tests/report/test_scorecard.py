"""A scorecard drawn and written: both sides, what is missing visible, and back from its CSV."""

import csv
import io
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest

from funnelkit.report import front
from funnelkit.report.build import full_diff, render, report
from funnelkit.report.columns_scorecard import SCORECARD_COLUMNS
from funnelkit.report.diff import Version, compare
from funnelkit.report.diff_cells import Cells
from funnelkit.report.diff_markdown import write_diff
from funnelkit.report.diff_tables import Cell, RowChange
from funnelkit.report.model import Definition, ReportData, ScorecardSection
from funnelkit.results.front import candidates
from funnelkit.stats.proportions import wilson
from funnelkit.table import Table
from tests.report.data import EVIL, report_data

SVG = "{http://www.w3.org/2000/svg}"
DRAWN = {"scorecard-customers", "scorecard-business", "scorecard-revenue"}


def table(part: str, rows: list[dict[str, Any]]) -> Table:
    columns = SCORECARD_COLUMNS[part]
    assert all(set(row) <= set(columns) for row in rows)
    return Table(tuple(columns.values()), tuple(tuple(map(row.get, columns)) for row in rows))


def share(metric: str, done: int, n: int, standing: str, **more: Any) -> dict[str, Any]:
    value, lo, hi = wilson(done, n)
    return {
        "metric": metric, "kind": "reach", "unit": "share", "of": "entrants whose time is over",
        "n": n, "value": value, "lo": lo, "hi": hi, "standing": standing, **more,
    }  # fmt: skip


def customers(reached: int = 288) -> list[dict[str, Any]]:
    return [
        share(
            "Reach of team_value", reached, 2000, "missed", target="at least 20 %", bound=0.2,
            owner="Growth", change=-0.009, change_lo=-0.068, change_hi=0.048,
            change_of="2026-05 against 2026-04",
        ),
        {
            "metric": "NPS", "kind": "nps", "unit": "score", "of": "respondents of wave_2",
            "n": 347, "value": -0.16, "lo": -0.23, "hi": 0.02, "target": "at least 0", "bound": 0.0,
            "standing": "not shown", "change": -0.04, "change_lo": -0.19, "change_hi": 0.11,
            "change_of": "wave_2 against wave_1", "owner": "Support",
        },
        {
            "metric": "Gap between say and do: exports", "kind": "gap", "unit": "points", "n": 120,
            "of": "respondents of wave_2 with an opinion", "value": 0.12, "lo": 0.05, "hi": 0.18,
            "rounded": "yes", "target": "at most 20 pp", "bound": 0.2, "standing": "met",
            "change": 0.03, "change_of": "wave_2 against wave_1; partly the same people",
        },
        {
            "metric": "Interviews a week", "kind": "cadence", "unit": "a week", "n": 12,
            "of": "the last 12 weeks", "value": 1.5, "lo": 1.5, "hi": 1.5,
            "standing": "no target", "owner": "Research",
        },
        {
            "metric": "Tickets a week", "kind": "cadence", "unit": "a week",
            "of": "nobody was heard yet", "target": "at most 9", "bound": 9.0,
            "standing": "not known",
        },
    ]  # fmt: skip


def points(metric: str, values: list[float], half: float, state: str = "final") -> list[Any]:
    months = [f"2026-0{at}" for at in range(1, len(values) + 1)]
    return [
        {
            "metric": metric, "period": month, "n": 200, "value": value, "lo": value - half,
            "hi": value + half, "state": state if month == months[-1] else "final",
        }
        for month, value in zip(months, values, strict=True)
    ]  # fmt: skip


REVENUE = [
    {"period": "2026-01", "state": "new", "customers": 92, "revenue_cents": 11_315_900},
    {"period": "2026-02", "since": "2026-01", "state": "new", "customers": 60,
     "revenue_cents": 1_373_100},
    {"period": "2026-02", "since": "2026-01", "state": "more or same", "customers": 80,
     "revenue_cents": 9_000_000},
    {"period": "2026-02", "since": "2026-01", "state": "less", "customers": 5,
     "revenue_cents": 700_000},
    {"period": "2026-02", "since": "2026-01", "state": "lost", "customers": 7,
     "revenue_cents": 900_000},
]  # fmt: skip


def scorecard(**changes: Any) -> ScorecardSection:
    tables = {
        "customers": table("customers", customers()),
        "customers-periods": table(
            "customers-periods",
            points("Reach of team_value", [0.15, 0.11, 0.14], 0.04, "open")
            + points("NPS", [-0.12, -0.16], 0.1)
            + points("Interviews a week", [1.0, 2.0], 0.0),
        ),
        "business": table("business", [
            {
                "metric": "Revenue", "kind": "revenue", "unit": "amount", "n": 145,
                "of": "customers that pay, end of 2026-02", "value": 11_073_100.0,
                "lo": 11_073_100.0, "hi": 11_073_100.0, "standing": "no target",
                "owner": "Finance", "change": -242_800.0,
                "change_of": "2026-02 against 2026-01; same customers",
            },
            {
                "metric": "Revenue at stake: exports", "kind": "at_stake", "unit": "whole share",
                "of": "customers of respondents of wave_2", "n": 60, "value": 0.5, "lo": 0.5,
                "hi": 0.7, "target": "at most 10 %", "bound": 0.1, "standing": "missed",
            },
        ]),
        "business-periods": table(
            "business-periods", points("Revenue", [11_315_900.0, 11_073_100.0], 0.0)
        ),
        "revenue": table("revenue", REVENUE),
    }  # fmt: skip
    section = ScorecardSection(
        trend="month",
        words=("Shown by month.", "NPS: owner Support, target at least 0."),
        definitions=(
            Definition("aha moment team_value", ("Counts users.", "Aha: three."), "ace7c2c2dd90"),
            Definition("funnel activation", ("Whom: users.",), "0123456789ab"),
        ),
        told={"customers": ("What a target means.",), "revenue": ("What was loaded.",)},
        tables=tables,
    )
    return replace(section, **changes)


def whole(**changes: Any) -> ReportData:
    made: ReportData = report_data(slug="scorecard", title="Scorecard")
    return replace(made, sections=(), scorecard=scorecard(**changes))


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return render(whole())


def rows(files: dict[str, bytes], name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files[f"data/{name}.csv"].decode())))


def texts(files: dict[str, bytes], chart: str) -> list[str]:
    root = ElementTree.fromstring(files[f"charts/{chart}.svg"])
    return [(node.text or "").replace("\xa0", " ") for node in root.iter(f"{SVG}text")]


def test_committed_data_rebuild_the_same_bytes(files: dict[str, bytes]) -> None:
    data = {name: content for name, content in files.items() if name.startswith("data/")}
    again = ReportData.from_files(data, "scorecard")
    assert render(again) == files
    assert again.hashes() == whole().hashes()
    assert again.scorecard is not None
    assert again.scorecard.words == scorecard().words


def test_a_report_without_one_has_none(files: dict[str, bytes]) -> None:
    plain = render(report_data())
    assert not [name for name in plain if "scorecard" in name]
    data = {name: each for name, each in plain.items() if name.startswith("data/")}
    assert ReportData.from_files(data, "activation").scorecard is None


def test_beside_other_sections_it_is_one_more(files: dict[str, bytes]) -> None:
    both = replace(whole(), sections=report_data().sections)
    made = render(both)
    assert render(ReportData.from_files(made, "scorecard")) == made
    assert {name for name in files if name.startswith("charts/scorecard")} <= set(made)
    hashes = both.hashes()
    assert hashes["aha moment team_value"] == "ace7c2c2dd90"
    # The funnel stands in the report already: it is defined once.
    names = [each.name for each in report(both).definitions]
    assert "the aha moment team_value" in names
    assert "the funnel activation" not in names
    assert "the funnel activation" in [each.name for each in report(whole()).definitions]


def test_both_sides_stand_on_the_page(files: dict[str, bytes]) -> None:
    assert {name[7:-4] for name in files if name.startswith("charts/score")} == DRAWN
    page = files["report.html"].decode()
    for anchor in ("scorecard-customers", "scorecard-business"):
        assert f'<section id="{anchor}">' in page
    found = front.chosen(candidates(whole()))
    assert [each.text for each in found] == [
        "Of 7 metrics 2 missed their target: 1 of 5 of customers (Reach of team_value), 1 of 2 of"
        " the business (Revenue at stake: exports); 1 met it (Gap between say and do: exports); 1"
        " is not shown to do either (NPS); 1 is not known (Tickets a week); 2 have no target"
        " (Interviews a week, Revenue); without owner: Gap between say and do: exports, Tickets a"
        " week, Revenue at stake: exports.",
        "Missed: Reach of team_value 14.4 % (12.9–16.0 %), n = 2,000, target at least 20 %, owner"
        " Growth.",
        "Missed: Revenue at stake: exports 50 % (at most 70 %), n = 60, target at most 10 %, no"
        " owner.",
    ]
    assert [each.customers for each in found] == [None, 2000, 60]


def test_more_missed_targets_stand_below_by_how_many_they_are_of() -> None:
    """Of weeks nobody is counted: such a metric is the last."""
    late = {
        "metric": "Surveys a week", "kind": "cadence", "unit": "a week", "n": 12, "value": 0.0,
        "lo": 0.0, "hi": 0.0, "standing": "missed", "target": "at least 2", "bound": 2.0,
    }  # fmt: skip
    more = [late, share("Reach of early", 30, 300, "missed"), share("Few", 1, 4, "missed")]
    tables = {**scorecard().tables, "customers": table("customers", more + customers())}
    made = whole(tables=tables)
    page = report(replace(made, findings=candidates(made)))
    names = [text.partition(" ")[2] for text in (*page.findings[1:], *page.standing)]
    starts = ("Reach of team", "Reach of early", "Revenue", "Few", "Surveys")
    assert [name.startswith(start) for name, start in zip(names, starts, strict=True)] == [True] * 5
    assert page.rule.startswith("Chosen by rule: how many targets are missed comes first")


def test_nothing_missed_is_said_of_both_sides() -> None:
    one = [share("Reach", 30, 100, "met", owner="Growth")]
    tables = {"customers": table("customers", one), "business": table("business", one)}
    assert [each.text for each in candidates(whole(tables=tables))] == [
        "Of 2 metrics none missed its target: 0 of 1 of customers, 0 of 1 of the business; 2 met"
        " theirs (Reach, Reach)."
    ]


def test_the_table_says_what_is_missing() -> None:
    from funnelkit.report.figures_scorecard import metrics_view

    made = [tuple(map(str, row)) for row in metrics_view(scorecard(), "customers").rows]
    assert [row[:6] for row in made] == [
        (
            "Reach of team_value", "14.4 % (12.9–16.0 %)", "at least 20 %", "missed", "Growth",
            "−0.9 pp (−6.8 to +4.8), 2026-05 against 2026-04",
        ),
        (
            "NPS", "−16 (−23 to 2)", "at least 0", "not shown", "Support",
            "−4 (−19 to +11), wave_2 against wave_1",
        ),
        (
            "Gap between say and do: exports", "≈ +12.0 pp (+5.0 to +18.0)", "at most 20 pp", "met",
            "no owner", "+3.0 pp, wave_2 against wave_1; partly the same people",
        ),
        ("Interviews a week", "1.5", "no target", "no target", "Research", "–"),
        ("Tickets a week", "not told", "at most 9", "not known", "no owner", "–"),
    ]  # fmt: skip
    stake = metrics_view(scorecard(), "business").rows[1]
    assert stake[1] == "50 % (at most 70 %)"
    assert metrics_view(scorecard(), "business").rows[0][5] == (
        "−2,428, 2026-02 against 2026-01; same customers"
    )


def test_charts_label_the_latest_final_value_and_the_target(files: dict[str, bytes]) -> None:
    shown = texts(files, "scorecard-customers")
    assert "14.0 %" not in shown, "June is not over"
    for label in ("11.0 %", "−16", "2.0", "100 %", "at least 20 %: missed", "no target"):
        assert label in shown, label
    assert "n = 2,000 · Growth" in shown
    assert "no owner" in shown, "Tickets have nobody"
    bars = texts(files, "scorecard-revenue")
    assert "110,731 of 145 customers" in bars
    assert "new 13,731 (60) · more or same 90,000 (80) · less 7,000 (5) · lost 9,000 (7)" in bars
    legend = ("new", "more", "same", "same, or joined with it", "less", "lost")
    assert [text for text in bars if text in legend] == [
        "new", "same, or joined with it", "less", "lost",
    ]  # fmt: skip


def test_shares_have_a_fixed_domain() -> None:
    low, high = (_reach_at(value) for value in (0.1, 0.9))
    other = _reach_at(0.1, beside=0.9)
    assert low == other, "another period moves no point"
    assert low - high == pytest.approx(0.8 * 56, abs=0.02)


def _reach_at(value: float, beside: float = 0.2) -> float:
    rows_ = points("Reach of team_value", [beside, value], 0.0)
    tables = {**scorecard().tables, "customers-periods": table("customers-periods", rows_)}
    made = render(whole(tables=tables))
    root = ElementTree.fromstring(made["charts/scorecard-customers.svg"])
    tip = f"2026-02: {100 * value:.1f} %"
    for node in root.iter():
        title = node.find(f"{SVG}title")
        if title is not None and (title.text or "").replace("\xa0", " ").startswith(tip):
            return float(node.get("cy", "nan"))
    raise AssertionError(tip)


def test_one_changed_count_is_a_small_diff(files: dict[str, bytes]) -> None:
    tables = {**scorecard().tables, "customers": table("customers", customers(289))}
    changed = render(whole(tables=tables))
    lines = [
        line
        for name in ("report.html", "report.md")
        for line in full_diff(name, files[name], changed[name])
    ]
    assert 0 < len(lines) <= 40
    assert sum(len(line.encode()) for line in lines) <= 8_000


@pytest.mark.parametrize(
    ("part", "metric", "cell", "expected"),
    [
        ("customers", "NPS", ("value", "-0.16", "-0.2"), "value −16 → −20"),
        ("customers", "NPS", ("change", "-0.04", "0.03"), "change −4 → +3"),
        ("customers-periods", "Reach of team_value", ("value", "0.15", ""), "value 15.0 % → –"),
        ("business", "Revenue", ("change", "-242800.0", "0.0"), "change −2,428 → ±0"),
        ("business", "Revenue at stake: exports", ("bound", "0.1", "0.2"), "bound 10 % → 20 %"),
        ("revenue", "", ("revenue_cents", "900000", "910000"), "revenue 9,000 → 9,100"),
    ],
)
def test_cells_that_moved_have_the_unit_of_their_metric(
    part: str, metric: str, cell: tuple[str, str, str], expected: str
) -> None:
    row = RowChange(metric, "changed", metric=metric)
    assert Cells(whole()).told(f"scorecard-{part}", row, Cell(*cell)) == expected


def test_a_metric_that_moved_says_so_in_its_unit(files: dict[str, bytes]) -> None:
    tables = {**scorecard().tables, "customers": table("customers", customers(300))}
    made = compare(
        Version("a", {"scorecard": files}),
        Version("b", {"scorecard": render(whole(tables=tables))}),
    )
    assert "- Reach of team_value: value 14.4 % → 15.0 %\n" in write_diff(made)


def test_hostile_names_are_text() -> None:
    tables = {
        **scorecard().tables,
        "customers": table("customers", [share(EVIL, 30, 100, "met", owner=EVIL, target=EVIL)]),
        "customers-periods": table("customers-periods", points(EVIL, [0.2, 0.3], 0.1)),
    }
    made = render(whole(tables=tables, words=(EVIL,)))
    assert render(ReportData.from_files(made, "scorecard")) == made
    for name in ("report.html", "report.md", "charts/scorecard-customers.svg"):
        assert "<img" not in made[name].decode(), name


def test_numbers_of_the_csv_are_exact(files: dict[str, bytes]) -> None:
    first = rows(files, "scorecard-customers")[0]
    value, lo, hi = wilson(288, 2000)
    assert [float(first[name]) for name in ("value", "lo", "hi")] == [
        round(each or 0.0, 6) for each in (value, lo, hi)
    ]
    assert rows(files, "scorecard-revenue")[-1]["revenue_cents"] == "900000"
    assert rows(files, "scorecard-customers")[-1]["value"] == ""
