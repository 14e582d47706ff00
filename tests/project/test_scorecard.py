"""Scorecards as written: typed, in words, and mistakes told at their place."""

from pathlib import Path

import pytest

from funnelkit.errors import FunnelkitError
from funnelkit.project.read import read
from funnelkit.project.scorecard import Scorecard, Target

PROJECT = """\
vars:
  funnelkit:
    user_properties: {mrr: bigint}
    revenue: mrr
    funnels:
      buy: {steps: [a, b], window: 14 days}
      back: {steps: [a, b], window: 14 days}
    outcomes:
      back: {event: b, after: 21 days, within: 7 days}
      gone: {not: back}
      paid: {event: b, after: 1 day, within: 7 days}
    aha_moments:
      three: {event: b, at_least: 3, within: 7 days, funnel: buy}
    features:
      exports: {events: exported}
    reports:
      card:
        scorecard:
"""
BUSINESS = "business: [{revenue: states}]"
CUSTOMER = "customer: [{nps: all}]"


def written(folder: Path, *lines: str, project: str = PROJECT) -> Path:
    file = folder / "dbt_project.yml"
    file.write_text(project + "".join(f"          {line}\n" for line in lines), encoding="utf-8")
    return file


def card(folder: Path, *lines: str) -> Scorecard:
    found = read(written(folder, *lines)).definitions.reports["card"].scorecard
    assert found is not None
    return found


def mistake(folder: Path, *lines: str, project: str = PROJECT) -> str:
    with pytest.raises(FunnelkitError) as caught:
        read(written(folder, *lines, project=project))
    return str(caught.value.message)


def test_every_metric_is_read(tmp_path: Path) -> None:
    found = card(
        tmp_path,
        "trend: quarter",
        "customer:",
        "  - {reach: three, owner: Growth, target: at least 20 %}",
        "  - {retention: back, target: at least 30%}",
        "  - {nps: all, target: at least -5}",
        "  - {gap: exports, target: at most 20 pp}",
        "  - {cadence: tickets, owner: Support}",
        "business:",
        "  - {revenue: states, target: 'at least 50,000'}",
        "  - {conversion: buy}",
        "  - {conversion: paid, target: at least 2.5 %}",
        "  - {at_stake: exports, target: at most 10 %}",
    )
    assert found.in_words() == [
        "Shown by quarter.",
        "Reach of three: owner Growth, target at least 20 %.",
        "Retention: back: no owner, target at least 30%.",
        "NPS: no owner, target at least -5.",
        "Gap between say and do: exports: no owner, target at most 20 pp.",
        "Tickets a week: owner Support, no target.",
        "Revenue: no owner, target at least 50,000.",
        "Conversion: buy: no owner, no target.",
        "Conversion: paid: no owner, target at least 2.5 %.",
        "Revenue at stake: exports: no owner, target at most 10 %.",
    ]
    targets = [metric.target for metric in (*found.customer, *found.business)]
    assert targets[0] == Target(is_floor=True, number=20.0, unit="%", text="at least 20 %")
    assert [each.bound for each in targets if each] == [0.2, 0.3, -5.0, 0.2, 50_000.0, 0.025, 0.1]


@pytest.mark.parametrize(
    ("lines", "line", "told"),
    [
        ((CUSTOMER,), 19, "scorecard: neither side alone: no business metric; write business:"),
        ((BUSINESS,), 19, "scorecard: neither side alone: no customer metric; write customer:"),
        (
            ("customer: [{reech: three}]", BUSINESS),
            19,
            "scorecard.customer[0].reech: unknown key; did you mean 'reach'?",
        ),
        (
            ("customer: [{reach: thre}]", BUSINESS),
            19,
            "customer[0].reach: unknown aha moment 'thre'; did you mean 'three'?",
        ),
        (("customer: [{gap: export}]", BUSINESS), 19, "unknown feature 'export'; did you mean"),
        ((CUSTOMER, "business: [{at_stake: x}]"), 20, "business[0].at_stake: unknown feature 'x'"),
        (
            (CUSTOMER, "business: [{conversion: paidd}]"),
            20,
            "business[0].conversion: unknown outcome or funnel 'paidd'; did you mean 'paid'?",
        ),
        (
            (CUSTOMER, "business: [{conversion: back}]"),
            20,
            "'back' is an outcome and a funnel; rename one of them",
        ),
        (
            ("customer: [{retention: gone}]", BUSINESS),
            19,
            "'gone' is no outcome of events, to which nobody comes back; write conversion",
        ),
        (
            ("customer: [{reach: three, nps: all}]", BUSINESS),
            19,
            "customer[0]: reach and nps are different metrics; write one of reach, retention,",
        ),
        (("customer: [{owner: Growth}]", BUSINESS), 19, "customer[0]: no metric; write one of"),
        (
            ("customer: [{nps: all, target: 20}]", BUSINESS),
            19,
            "customer[0].target: 20 is not a target; write at least 20 %, at most 20 pp",
        ),
        (
            ("customer: [{nps: all, target: above 20}]", BUSINESS),
            19,
            "'above 20' is not a target",
        ),
        (
            ("customer: [{reach: three, target: at least 20}]", BUSINESS),
            19,
            "customer[0].target: a target of reach is a share in %; write at least 20 %",
        ),
        (
            ("customer: [{gap: exports, target: at least 5 pp}]", BUSINESS),
            19,
            "a gap is to be small, to either side; write at most 20 pp",
        ),
        (
            ("customer: [{nps: all}, {nps: all}]", BUSINESS),
            19,
            "customer[1].nps: 'NPS' again; once is enough",
        ),
        (
            ("customer: [{cadence: calls}]", BUSINESS),
            19,
            "customer[0].cadence: 'calls' is not accepted; write 'interviews'",
        ),
        (("trend: day", CUSTOMER, BUSINESS), 19, "trend: 'day' is not accepted; write 'week'"),
        (("customer: []", BUSINESS), 19, "scorecard: neither side alone: no customer metric"),
    ],
)
def test_mistakes_are_told_at_their_place(
    tmp_path: Path, lines: tuple[str, ...], line: int, told: str
) -> None:
    found = mistake(tmp_path, *lines)
    assert told in found
    assert found.startswith(
        f"dbt_project.yml:{line - told.startswith('scorecard: ')}: reports.card"
    )
    assert "\n" not in found, "one mistake is told once"


def test_money_needs_to_be_declared(tmp_path: Path) -> None:
    without = PROJECT.replace("    revenue: mrr\n", "")
    found = mistake(tmp_path, CUSTOMER, BUSINESS, project=without)
    assert "business[0].revenue: needs revenue: a user property with the cents" in found
