"""Cases from other systems' own tests and manuals pass in the mode that their system implies.

Each one goes through `explore` and through a project built by dbt, or is listed with the reason why
our definition differs on purpose: and then it does differ.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

import funnelkit as fk
from funnelkit import api
from funnelkit.api import Project
from funnelkit.errors import FunnelkitError
from funnelkit.project.scaffold import write_project
from funnelkit.warehouse.connect import connect
from funnelkit.warehouse.explore import journeys
from funnelkit.warehouse.explore_log import Question
from funnelkit.warehouse.macros import funnel_specs
from tests.funnel.vectors import (
    Case,
    NoFunnelError,
    Record,
    buckets,
    cases,
    differences,
    mode,
    vectors,
    write_columns,
    write_raw,
)

# What a system's mode is in our switches. Entry is `best` for all that try every entry.
_BEST = {"entry": "best"}
_STRICT = {"entry": "best", "order": "strict"}
_ANY = {"entry": "best", "order": "any"}
_FIRST = {"entry": "first"}
_ENTRIES = {"count": "entries"}
_INCREASE = {"entry": "best", "strict_increase": True}
SWITCHES: dict[tuple[str, str], Mapping[str, Any]] = {
    # By default one row may climb several steps; strict_once and strict_increase forbid it.
    ("clickhouse", ""): {"entry": "best", "row_reuse": True},
    ("clickhouse", "strict_once"): _BEST,
    ("clickhouse", "strict_increase"): _INCREASE,
    ("clickhouse", "strict_increase strict_once"): _INCREASE,
    # It ends its scan at the foreign event where we let a later attempt start.
    ("clickhouse", "strict_order"): _STRICT,
    # A repeated step is a foreign event already.
    ("clickhouse", "strict_deduplication strict_order"): _STRICT,
    ("clickhouse", "sequenceNextNode forward first_match one step"): _FIRST,
    ("posthog", ""): _BEST,
    ("posthog", "ordered"): _BEST,
    ("posthog", "strict"): _STRICT,
    ("posthog", "unordered"): _ANY,
    # It drops the actor, not the attempt: `scope: entity` (see vectors._exclusion).
    ("posthog", "ordered exclusions"): _BEST,
    ("posthog", "unordered exclusions"): _ANY,
    # An actor counts once in each period it enters; none here enters twice in one.
    ("posthog", "ordered trends"): _ENTRIES,
    ("posthog", "strict trends"): {**_ENTRIES, "order": "strict"},
    ("posthog", "ordered at step"): _BEST,
    ("posthog", "ordered first_touch"): _BEST,
    # Each value is a funnel of its own: all rows of a chain share it, and each entry has its own.
    ("posthog", "ordered all_events"): {**_ENTRIES, "hold": ["p_browser"]},
    ("dbt_product_analytics", "ordered"): _BEST,
    ("retentioneering", "ordered"): _BEST,
    ("mixpanel", "ordered first"): _FIRST,
    ("clickhouse", "ordered best"): _BEST,
    # Only in DIFFERS: the nearest that we have.
    ("clickhouse", "strict_deduplication"): _BEST,
    ("clickhouse", "strict_deduplication strict_once"): _BEST,
    ("clickhouse", "allow_reentry strict_order"): _STRICT,
    ("amplitude", "ordered"): _BEST,
    ("mixpanel", "ordered"): _FIRST,
    ("growthbook", "ordered"): _FIRST,
}
# Whom a case counts, where that is not the user: PostHog's groups, and a session's id.
ENTITIES = {"ph-51": "account_id", "ph-52b": "p_visit"}


class Differs(NamedTuple):
    """`how`: `otherwise` (other numbers), `refused` (no such combination), `no funnel`."""

    how: str
    why: str


_SEQUENCE = Differs(
    "no funnel", "a regular expression over rows: `order: strict` has no repetition and no time gap"
)
_NODE = Differs(
    "no funnel",
    "the chain starts at the log's first or last event, or is read backwards; --next-after tells"
    " where those who stopped went from their first entry on",
)
_DEDUPLICATION = Differs(
    "otherwise",
    "stops at the repetition of a step; here repeating a step loses nothing (`order: strict` does)",
)
_ANY_EXCLUSION = Differs(
    "refused", "without an order there is no `between two steps` for an exclusion to lie in"
)
_ONE_VALUE = Differs(
    "otherwise", "an actor counts once in each value it had; ours has one, so rows sum to the total"
)
_TOLERANCE = Differs(
    "otherwise", "events in a small span count in either order; ours count in their times' order"
)
DIFFERS: dict[str, Differs] = {
    "ch-08": _DEDUPLICATION,
    "ch-14a": _DEDUPLICATION,
    "ch-14b": _DEDUPLICATION,
    "ch-16a": Differs(
        "otherwise", "skips a step that comes too early; strict here means the very next event"
    ),
    **{f"ch-17{letter}": _SEQUENCE for letter in "abcefgi"},
    **{f"ch-18{letter}": _NODE for letter in "abcf"},
    "ch-19": Differs("no funnel", "retention counts days of activity, not steps in an order"),
    "ph-12": Differs(
        "otherwise",
        "drops also whoever had not got further anyway; ours drops whom the exclusion cost a step",
    ),
    "ph-22": Differs(
        "otherwise",
        "tries all orders of one instant; ours is fixed (lowest step first), so that repeated names"
        " in one instant can fall short",
    ),
    "ph-32": _ANY_EXCLUSION,
    "ph-33": _ANY_EXCLUSION,
    "ph-34": _ANY_EXCLUSION,
    "ph-48f": _ONE_VALUE,
    "ph-49d": _ONE_VALUE,
    "ph-50": Differs("otherwise", "five values and the rest; ours are twelve and the rest"),
    "ph-56": Differs(
        "otherwise",
        "a step that only the actor's first event ever can fill; a date range here restricts"
        " entries and looks at nothing before it",
    ),
    "amp-01": _TOLERANCE,
    "mix-01": _TOLERANCE,
    "gb-01": Differs(
        "no funnel", "a window for each step; ours has one for all gaps, and counts entrants"
    ),
}
_NO_FILE = pytest.mark.skip(reason="needs ../shared/vectors/funnel.json")


def _told(name: str) -> list[Case]:
    vector = vectors()[name]
    if mode(vector) not in SWITCHES:
        raise NoFunnelError(f"no switch for {mode(vector)}")
    return list(cases(vector, SWITCHES[mode(vector)], ENTITIES.get(name, "user_id")))


def _parameters(names: Sequence[str]) -> list[Any]:
    if not vectors():
        return [pytest.param("", id="absent", marks=_NO_FILE)]
    return [pytest.param(name, id=name) for name in names]


AGREES = [name for name in vectors() if name not in DIFFERS]


class Explored:
    """`explore` over a file of the case alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def rows(self, case: Case, **options: Any) -> Sequence[Record]:
        rules = {name: value for name, value in case.rules.items() if name != "breakdowns"}
        options = {**case.asked_range, **options}
        table = api.explore([self._log(case)], **rules, timezone=case.timezone, **options)
        return table.records()

    def levels(self, case: Case) -> Mapping[str, int]:
        return dict(
            self._ask(
                case,
                "select e.entity_id, max(level) from fk_journeys j"
                " inner join fk_entities e on j.p = e.entity_key group by all",
            )
        )

    def mean_times(self, case: Case) -> Mapping[int, float]:
        return dict(
            self._ask(
                case,
                "select step, avg(us_from_previous) / 1e6 from fk_chain_rows"
                " where run = 'all' and step > 1 group by step",
            )
        )

    def trend(self, case: Case) -> Mapping[str, tuple[int, int]]:
        """By a question for each cohort: entries of that day or month alone."""
        found = {}
        for since, until in buckets(case):
            steps = [row["reached"] for row in self.rows(case, since=since, until=until)]
            found[since] = (steps[case.from_step - 1], steps[-1])
        return found

    def _ask(self, case: Case, sql: str) -> list[tuple[Any, Any]]:
        (spec,) = funnel_specs({"f": case.rules})
        with journeys(Question([self._log(case)], spec, {})) as (con, _):
            return con.execute(sql).fetchall()

    def _log(self, case: Case) -> str:
        path = self._folder / f"{case.funnel}.csv"
        write_columns(path, case)
        return str(path)


class Built:
    """A project that holds the case among others; one for each time zone."""

    def __init__(self, projects: Mapping[str, Project]) -> None:
        self._projects = projects

    def rows(self, case: Case, **options: Any) -> Sequence[Record]:
        options = {**case.asked_range, **options}
        return self._projects[case.timezone].funnel(case.funnel, **options).records()

    def levels(self, case: Case) -> Mapping[str, int]:
        return dict(
            self._ask(
                case,
                "select entity_id, max(level) from fct_funnel_journeys where funnel = ? group by 1",
            )
        )

    def mean_times(self, case: Case) -> Mapping[int, float]:
        return dict(
            self._ask(
                case,
                "select step, avg(us_from_previous) / 1e6 from fct_funnel_steps"
                " where funnel = ? and run = 'all' and step > 1 group by step",
            )
        )

    def trend(self, case: Case) -> Mapping[str, tuple[int, int]]:
        periods: dict[str, list[int]] = {}
        for row in self.rows(case, trend=case.trend):
            periods.setdefault(str(row["period"]), []).append(row["reached"])
        return {day: (steps[case.from_step - 1], steps[-1]) for day, steps in periods.items()}

    def _ask(self, case: Case, sql: str) -> list[tuple[Any, Any]]:
        with connect(self._projects[case.timezone].paths.warehouse, read_only=True) as con:
            return con.execute(sql, [case.funnel]).fetchall()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """All agreeing cases in one project for each time zone, a funnel each."""
    told = [case for name in AGREES for case in _told(name)]
    zones = sorted({case.timezone for case in told})
    folder = tmp_path_factory.mktemp("vectors")
    return Built(
        {
            zone: _build(folder / f"zone{no}", zone, [c for c in told if c.timezone == zone])
            for no, zone in enumerate(zones)
        }
    )


def _build(root: Path, timezone: str, told: Sequence[Case]) -> Project:
    properties = sorted({name for case in told for name in case.properties})
    block = {
        "timezone": timezone,
        "event_properties": dict.fromkeys(properties, "varchar"),
        "funnels": {case.funnel: dict(case.rules) for case in told},
    }
    root.mkdir()
    # Copies, as anchors would say that equal values are one.
    write_project(root, "vectors", yaml.safe_dump(_plain(block), sort_keys=False))
    write_raw(root / "events.csv", told)
    project = fk.open(root)
    project.load("events", [str(root / "events.csv")])
    result = project.build()
    assert result.ok, result
    return project


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


@pytest.mark.parametrize("name", _parameters(AGREES))
def test_explore_agrees(tmp_path, name):
    for case in _told(name):
        assert case.ignored == ()
        assert differences(Explored(tmp_path), case) == []


@pytest.mark.parametrize("name", _parameters(AGREES))
def test_a_dbt_build_agrees(built, name):
    for case in _told(name):
        assert differences(built, case) == []


@pytest.mark.parametrize("name", _parameters(list(DIFFERS)))
def test_what_is_listed_as_different_differs(tmp_path, name):
    how = DIFFERS[name].how
    if how == "no funnel":
        with pytest.raises(NoFunnelError):
            _told(name)
        return
    for case in _told(name):
        if how == "refused":
            with pytest.raises(FunnelkitError, match="does not go with order: any"):
                funnel_specs({"f": case.rules})
        else:
            assert differences(Explored(tmp_path), case)


@pytest.mark.skipif(not vectors(), reason="needs ../shared/vectors/funnel.json")
def test_every_vector_agrees_or_is_listed():
    assert set(DIFFERS) <= set(vectors())
    assert len(AGREES) + len(DIFFERS) == len(vectors())
    used = {mode(vector) for vector in vectors().values()}
    assert set(SWITCHES) <= used  # a mode that no vector has is no mode of theirs
    assert all(_told(name) for name in AGREES)
    assert {each.how for each in DIFFERS.values()} <= {"otherwise", "refused", "no funnel"}
