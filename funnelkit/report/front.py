"""What opens a report: at most three findings by one stated rule, and where things stand."""

from collections.abc import Iterator, Sequence

from funnelkit.report import findings
from funnelkit.report.columns_front import FINDING_COLUMNS
from funnelkit.report.model import Finding, ReportData
from funnelkit.table import Table

MOST = 3
SCORECARD, METRIC = "scorecard", "metric"
_RULE = (
    "Chosen by rule: {first}; of each what concerns most customers, then most revenue; never by p."
    " All candidates: data/findings.csv."
)
_TESTED = "what passed the test of its family comes first, then counts, which need none"
_TARGETS = (
    "how many targets are missed comes first, then what passed the test of its family, then missed"
    " targets, each judged alone, and counts, which need no test"
)
LADDER_CAPTION = (
    "From everything there is to what is counted: less (−) what is left out leaves (→) the next"
)
_NOT_DECIDED, _NO_ROOM = "not decided", f"{MOST} others come first"
_PASSED = {True: "yes", False: "no", None: None}


def rule(candidates: Sequence[Finding]) -> str:
    """The rule in words, as far as these candidates need it."""
    with_targets = any(each.kind == SCORECARD for each in candidates)
    return _RULE.format(first=_TARGETS if with_targets else _TESTED)


def ordered(candidates: Sequence[Finding]) -> list[Finding]:
    """The candidates as the rule orders them; those that did not pass are the last.

    Where it may not be told how many one is about, its place does not tell it either.
    """
    return sorted(candidates, key=_place)


def _place(finding: Finding) -> tuple[bool, int, bool, int, int, str, str]:
    customers = finding.customers
    # Revenue of nobody that may be told of is of no customer: it orders nothing.
    revenue = 0 if customers is None else finding.revenue_cents or 0
    return (
        finding.kind != SCORECARD,
        {True: 0, None: 1, False: 2}[finding.passed],
        customers is None,
        -(customers or 0),
        -revenue,
        finding.kind,
        finding.text,
    )


def chosen(candidates: Sequence[Finding]) -> list[Finding]:
    """The findings that open the report: the first three that may."""
    return [each for each in ordered(candidates) if each.passed is not False][:MOST]


def standing(data: ReportData) -> tuple[str, ...]:
    """The headline figures, then findings without a place above, and what is not decided."""
    above = {each.text for each in chosen(data.findings)}
    told = [*_figures(data), *_others(data.findings)]
    return tuple(dict.fromkeys(text for text in told if text not in above))


def _figures(data: ReportData) -> Iterator[str]:
    several = len(data.sections) > 1
    for section in data.sections:
        for sentence in (findings.headline(section), findings.open_sentence(section)):
            if sentence:
                yield findings.of_funnel(section, sentence, several)
    for moment in data.aha:
        yield from moment.findings
    if data.search and data.search.headline:
        yield data.search.headline
    yield from data.say.findings if data.say else ()


def _others(candidates: Sequence[Finding]) -> Iterator[str]:
    for each in ordered(candidates):
        yield f"Not decided: {each.text}" if each.passed is False else each.text


def opening(data: ReportData) -> tuple[str, ...]:
    """The one sentence that stands for the report; none where it says nothing."""
    first = [each.text for each in chosen(data.findings)]
    return tuple([*first, *standing(data)][:1])


def findings_table(candidates: Sequence[Finding]) -> Table:
    """All candidates in their order, whether they open the report, and why not. Grain: finding."""
    above = chosen(candidates)
    return Table(
        tuple(FINDING_COLUMNS[name] for name in _NAMES),
        tuple(
            (
                "yes" if each in above else "no",
                each.kind,
                each.family or None,
                _PASSED[each.passed],
                each.customers,
                each.revenue_cents,
                _why_not(each, above),
                each.text,
            )
            for each in ordered(candidates)
        ),
    )


_NAMES = ("chosen", "kind", "family", "passed", "customers", "revenue_cents", "why_not", "text")


def _why_not(finding: Finding, above: Sequence[Finding]) -> str | None:
    if finding in above:
        return None
    return _NOT_DECIDED if finding.passed is False else _NO_ROOM


def read_findings(table: Table) -> tuple[Finding, ...]:
    """The candidates that `findings_table` wrote."""
    known = {str(told): passed for passed, told in _PASSED.items()}
    return tuple(
        Finding(
            text=str(row["text"] or ""),
            kind=str(row["kind"] or ""),
            family=str(row["family"] or ""),
            passed=known.get(str(row["passed"])),
            customers=_whole(row["customers"]),
            revenue_cents=_whole(row["revenue_cents"]),
        )
        for row in table.records()
    )


def _whole(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) else None
