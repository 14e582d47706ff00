"""What the files of reports tell, added up and subtracted, is of nobody or of five people."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import funnelkit as fk
from funnelkit import api
from funnelkit.api import Project
from funnelkit.results.scorecard_metric import cohort_told
from funnelkit.results.small_aha import retention_periods
from funnelkit.stats.evidence import FEWEST
from funnelkit.stats.proportions import wilson
from funnelkit.stats.retention import RetentionCounts
from tests.report.data import week_start

Weeks = frozenset[int]
# Entrants of a week, and how many of them do not count yet.
weeks_of_entry = st.lists(st.tuples(st.integers(1, 14), st.integers(0, 6)), min_size=2, max_size=14)


def cells(sizes: Sequence[tuple[int, int]], marked: int) -> list[RetentionCounts]:
    """A week each; all that came back entered in the one that is marked."""
    return [
        RetentionCounts(
            *("o", week_start(at), None, None, 3, entrants, max(0, entrants - still)),
            max(0, entrants - still) if at == marked else 0,
        )
        for at, (entrants, still) in enumerate(sizes)
    ]


def told(sizes: Sequence[tuple[int, int]], left_out: bool) -> tuple[list[Weeks], list[Weeks]]:
    """Which entry weeks stand behind each row by week, and behind each period.

    Where somebody is told of, depends on sizes alone; who came back shows which weeks they are.
    """
    rows: dict[str, set[int]] = {}
    periods: dict[str, set[int]] = {}
    for marked in range(len(sizes)):
        made = cells(sizes, marked)
        by_week = retention_periods(made, FEWEST) if left_out else made
        n = sum(each.matured for each in made)
        card = cohort_told(by_week, (wilson(0, n), n), "month", FEWEST)
        for each in by_week:
            rows.setdefault(str(each.cohort), set()).update([marked] if each.retained else [])
        for point in card.points:
            periods.setdefault(point.period, set()).update([marked] if point.value else [])
    return [frozenset(each) for each in rows.values()], [frozenset(p) for p in periods.values()]


def unions(parts: Sequence[Weeks]) -> Iterable[Weeks]:
    """Neighbours together, from each to each."""
    for first, last in combinations(range(len(parts) + 1), 2):
        yield frozenset().union(*parts[first:last])


@given(weeks_of_entry)
def test_periods_less_entry_weeks_are_nobody_or_five(sizes: list[tuple[int, int]]) -> None:
    rows, periods = told(sizes, left_out=True)
    people = [max(0, entrants - still) for entrants, still in sizes]
    if sum(people) < FEWEST:
        return
    everybody: Weeks = frozenset(range(len(sizes)))
    known = {*unions(rows), *unions(periods), everybody}
    for one, other in combinations(known, 2):
        for more, less in ((one, other), (other, one)):
            if less <= more:
                left = sum(people[week] for week in more - less)
                assert left == 0 or left >= FEWEST, (more, less)


# --- a small company, from the files alone -------------------------------------------------------

CARD = {
    "customer": [{"reach": "team_value"}, {"retention": "retained_week_4"}],
    "business": [{"conversion": "activation"}],
}
REPORTS = {
    "all": {"funnels": ["activation"], "aha": ["team_value"], "scorecard": CARD},
}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("small") / "company"
    api.sample(root, users=100)
    file = root / "dbt_project.yml"
    document = yaml.safe_load(file.read_text("utf-8"))
    kept = document["vars"]["funnelkit"]
    for name in ("features", "feedback", "aha_search", "experiments", "changes", "gates"):
        kept.pop(name, None)
    kept["reports"] = REPORTS
    file.write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")
    project = fk.open(root)
    for kind in ("events", "users"):
        project.load(kind, [str(root / "data" / f"{kind}.csv")])
    assert project.build().ok
    project.report_build()
    return project


def read(project: Project, name: str) -> list[dict[str, str]]:
    path = Path(project.paths.reports) / "all" / "data" / f"{name}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def between(
    rows: Sequence[Mapping[str, str]], name: str, first: str, last: str
) -> list[Mapping[str, str]]:
    return [row for row in rows if row[name] and first <= row[name][:7] <= last]


@pytest.mark.long
@pytest.mark.parametrize(
    ("metric", "side", "file", "period"),
    [
        ("Reach of", "customers", "aha-team_value-reach", "cohort"),
        ("Retention", "customers", "aha-team_value-cohorts", "cohort"),
        ("Conversion", "business", "activation-trend", "period"),
    ],
)
def test_months_less_their_entry_weeks_are_nobody_or_five(
    small: Project, metric: str, side: str, file: str, period: str
) -> None:
    months = [
        row for row in read(small, f"scorecard-{side}-periods") if row["metric"].startswith(metric)
    ]
    weeks = read(small, file)
    if file.endswith("cohorts"):
        weeks = [row for row in weeks if row["week"] == "3"]
    if file.endswith("trend"):
        weeks = [row for row in weeks if row["step"] == max(each["step"] for each in weeks)]
    names = [month["period"] for month in months]
    assert len(names) >= 4
    for first, last in [(one, other) for one in names for other in names if one <= other]:
        by_month = sum(int(row["n"]) for row in between(months, "period", first, last))
        by_week = sum(int(row["matured"]) for row in between(weeks, period, first, last))
        left = abs(by_month - by_week)
        assert left == 0 or left >= FEWEST, (first, last, by_month, by_week)
