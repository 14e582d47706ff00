"""Between two versions nobody reads what a single customer pays."""

import json
from dataclasses import replace
from typing import Any

import pytest

from funnelkit.report.build import render
from funnelkit.report.diff import Version, compare
from funnelkit.report.diff_markdown import write_diff
from funnelkit.report.diff_rows import diff_table
from funnelkit.report.model import ReportData
from tests.report.data_say import say_section
from tests.report.test_scorecard import REVENUE, points, scorecard, table, whole

BEFORE, CAME = 11_073_100, 9_900  # 110,731 of 145 customers, and one more for 99


def later(customers: int, cents: int) -> ReportData:
    """The scorecard with these new customers in the latest period."""
    business = dict(scorecard().table("business").records()[0])
    business |= {name: float(BEFORE + cents) for name in ("value", "lo", "hi")}
    business |= {"n": 145 + customers, "change": -242_800.0 + cents}
    months = points("Revenue", [11_315_900.0, float(BEFORE + cents)], 0.0)
    states: list[dict[str, Any]] = [dict(row) for row in REVENUE]
    states[1]["customers"] += customers
    states[1]["revenue_cents"] += cents
    card = scorecard()
    rest = [dict(row) for row in card.table("business").records()[1:]]
    tables = {
        **card.tables,
        "business": table("business", [business, *rest]),
        "business-periods": table("business-periods", months),
        "revenue": table("revenue", states),
    }
    return whole(tables=tables)


def told(head: ReportData) -> tuple[str, str]:
    """What diff prints for people, and for machines."""
    base, now = (Version(name, {"x": render(each)}) for name, each in (("a", whole()), ("b", head)))
    made = compare(base, now)
    return write_diff(made), json.dumps(diff_table(made).records())


@pytest.mark.parametrize("customers", [0, 1, 4])
def test_of_few_that_came_the_difference_is_not_told(customers: int) -> None:
    words, rows = told(later(customers, CAME))
    assert "not told: fewer than 5 customers came or went" in words
    assert "≈ 110,000" in words
    for text in ("+99", "110,830", "110,731", "13,731", "13,830", "2,329"):
        assert text not in words
    for text in ("9900", "11083000", "11073100", "1373100", "1383000", "232900"):
        assert text not in rows


def test_of_five_that_came_it_is() -> None:
    words, rows = told(later(5, 5 * CAME))
    assert "110,731 (n = 145, no target) | 111,226 (n = 150, no target) | +495" in words
    assert "11122600" in rows


def test_a_report_of_say_and_do_is_compared_alike() -> None:
    def version(cents: int, customers: int) -> ReportData:
        section = say_section()
        money = section.table("money")
        at = (money.names.index("revenue_cents"), money.names.index("customers"))
        first = list(money.rows[0])
        first[at[0]] = int(str(first[at[0]])) + cents
        first[at[1]] = int(str(first[at[1]])) + customers
        tables = {**section.tables, "money": replace(money, rows=(tuple(first), *money.rows[1:]))}
        return replace(whole(), scorecard=None, say=replace(section, tables=tables))

    for customers, is_told in ((0, False), (4, False), (5, True)):
        pair = [
            Version("v", {"x": render(each)}) for each in (version(0, 0), version(CAME, customers))
        ]
        made = compare(*pair)
        cells = [
            cell for table in made.reports[0].tables for row in table.rows for cell in row.cells
        ]
        sums = [cell for cell in cells if cell.column == "revenue_cents"]
        assert bool(sums) == is_told, customers
