"""A funnel from the marts, from the engine over the event log, and from the raw file, is one."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

import funnelkit as fk
from funnelkit import api
from funnelkit.api import Project
from funnelkit.errors import FunnelkitError
from funnelkit.results.released import with_releases
from funnelkit.results.reports_funnel import comparison
from funnelkit.results.rerun import rerun
from funnelkit.results.view import Bounds, View
from funnelkit.table import Table
from funnelkit.warehouse import answers
from funnelkit.warehouse.built_journeys import built_journeys
from funnelkit.warehouse.queries import open_marts
from tests.conftest import ROOT

VIEWS: list[dict[str, Any]] = [
    {},
    {"by": "channel"},
    {"by": "plan"},
    {"trend": "day"},
    {"trend": "week"},
    {"trend": "month"},
    {"times": True},
]


# One funnel for every rule: each changes something of the sample's activation.
FUNNELS: dict[str, Any] = yaml.safe_load("""
best: {steps: &steps [signed_up, source_connected, dashboard_created], window: 3 days, entry: best}
strict: {steps: [logged_in, dashboard_created], window: 1 day, order: strict, entry: best}
whichever:
  {steps: *steps, window: 14 days, order: any, breakdowns: [{property: recipients, at: last}]}
optional:
  steps: [signed_up, {name: asked, event: invite_sent, optional: true}, dashboard_shared]
  window: 14 days
  breakdowns:
    [channel, {property: recipients, at: dashboard_shared}, {property: recipients, at: first}]
pushed: {steps: *steps, window: 14 days, step_window: 1 day, entry: best}
apart:
  steps: *steps
  window: 14 days
  exclude: [invite_sent, {event: template_browsed, scope: entity}]
entries: {steps: [logged_in, dashboard_created], window: 2 days, count: entries, breakdowns: [plan]}
accounts: {steps: *steps, entity: account_id, breakdowns: [plan]}
held:
  steps: [experiment_exposed, {name: again, event: experiment_exposed}]
  hold: [variant]
  window: 9 days
reused:
  steps: [dashboard_created, {name: made, event: [dashboard_created, dashboard_copied]}]
  row_reuse: true
  window: 1 hour
""")


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The sample company with all these funnels, built."""
    root = tmp_path_factory.mktemp("many")
    for folder in ("dbt_project", "seeds"):
        ignored = shutil.ignore_patterns("target", "logs")
        shutil.copytree(ROOT / folder, root / folder, ignore=ignored)
    path = root / "dbt_project" / "dbt_project.yml"
    written = yaml.safe_load(path.read_text(encoding="utf-8"))
    written["vars"]["funnelkit"]["funnels"].update(FUNNELS)
    written["vars"]["funnelkit"]["segments"] = {"paying": "plan <> 'free'"}
    path.write_text(yaml.safe_dump(written, sort_keys=False), encoding="utf-8")
    project = fk.open(root)
    result = project.build()
    assert result.ok, result
    return project


def test_every_rule_counts_alike_in_the_marts_and_in_the_engine(many: Project):
    # One test: the workers of a parallel run would each build the company again.
    for name in FUNNELS:
        spec = many.pick(name, many.specs())
        views: list[dict[str, Any]] = [{}, {"trend": "month"}, {"times": True}]
        views += [{"by": each["name"]} for each in spec["breakdowns"]]
        for view in views:
            built, computed = many.funnel(name, **view), again(many, view, name)
            assert built.rows, (name, view)
            assert built.records()[0].get("entered", 1), (name, view)
            assert computed.records() == built.records(), (name, view)
            assert (computed.headline, computed.notes, computed.meta) == (
                built.headline,
                built.notes,
                built.meta,
            )


def test_reports_ask_the_marts_what_the_command_asks_the_engine(many: Project):
    for name in ("activation", *FUNNELS):
        spec = many.pick(name, many.specs())
        required = [step["name"] for step in spec["steps"] if not step["optional"]]
        with open_marts(many.paths.warehouse) as con:
            compared = comparison(con, spec, "country", 1)
            with built_journeys(con, spec):
                rows = answers.next_events(con, spec, 1)
        asked = many.funnel(name, next_after=required[0])
        told = {row["event"]: row["entities"] for row in asked.records()}
        assert {row["event"] or "(nothing more)": row["entities"] for row in rows} == told
        assert all(0 < row["clusters"] <= row["entities"] for row in rows), name
        if name not in ("activation", "entries", "accounts", "held"):
            continue  # the engine takes its time
        asked = many.funnel(name, compare=["country"])
        tested = [row for row in asked.records() if row["n_a"] and row["n_b"]]
        cut = compared.select(asked.names).records()
        assert len(cut) == len(tested) > 2, name
        for row, other in zip(cut, tested, strict=True):
            # A country without anybody mature is no group here, so the family may be smaller.
            assert {**row, "q_value": 0} == {**other, "q_value": 0}, name


def test_an_exclusion_of_whole_entities_is_counted_in_the_meta(many: Project):
    assert many.funnel("apart").meta["excluded_entities"] > 0
    assert "excluded_entities" not in many.funnel("best").meta


def test_a_segment_is_a_group_of_its_own(many: Project):
    paying = many.funnel("activation", segment="paying")
    values = [row for row in many.funnel("activation", by="plan").records() if row["value"]]
    for row in paying.records():
        wanted = sum(
            each["entered"]  # type: ignore[misc]
            for each in values
            if each["step"] == row["step"] and each["value"] in ("team", "business")
        )
        assert row["entered"] == wanted
    assert paying.meta["restricted_to"] == [
        "Segment paying: plan <> 'free', as of the first entry."
    ]
    with pytest.raises(FunnelkitError) as error:
        many.funnel("activation", segment="payng")
    assert error.value.hint == "did you mean 'paying'?"
    with pytest.raises(FunnelkitError, match="counts entries, every one is an attempt"):
        many.funnel("entries", entry="best")


def test_a_segment_of_attempts_is_asked_of_each_attempts_own_entry(many: Project):
    values = [row for row in many.funnel("entries", by="plan").records() if row["value"]]
    wanted = sum(
        each["entered"]  # type: ignore[misc]
        for each in values
        if each["step"] == 1 and each["value"] in ("team", "business")
    )
    assert many.funnel("entries", segment="paying").records()[0]["entered"] == wanted > 0


def again(project: Project, view: dict[str, Any], name: str = "activation") -> Table:
    """The same table by the engine, though the marts hold it."""
    bounds = Bounds(timezone=project.variables["timezone"])
    spec = project.pick(name, project.specs())
    table = rerun(project.paths.warehouse, spec, View(**view), bounds, project.variables)
    released = project.variables.get("annotations") or {}
    return with_releases(table, released, view["trend"]) if view.get("trend") else table


@pytest.mark.parametrize("view", VIEWS, ids=str)
def test_the_engine_counts_what_the_marts_hold(built_sample: Project, view: dict[str, Any]):
    built, computed = built_sample.funnel("activation", **view), again(built_sample, view)
    assert len(built.rows) >= 4
    assert computed.records() == built.records()
    assert (computed.headline, computed.notes) == (built.headline, built.notes)
    assert computed.meta == built.meta


def test_a_range_of_everything_changes_nothing(built_sample: Project):
    whole = built_sample.funnel("activation")
    bounded = built_sample.funnel("activation", since="2020-01-01", until="2030-01-01")
    assert bounded.records() == whole.records()
    assert bounded.meta["restricted_to"] == [
        "Entries from 2020-01-01 on (Europe/Berlin).",
        "Entries up to and including 2030-01-01 (Europe/Berlin).",
    ]
    assert bounded.notes[-2:] == tuple(bounded.meta["restricted_to"])


def test_cohorts_of_a_range_are_those_of_the_whole(built_sample: Project):
    """Under `first` an entry outside of the range opens nothing in it."""
    weeks = {
        (row["period"], row["step"]): row
        for row in built_sample.funnel("activation", trend="week").records()
    }
    first, last = "2026-02-02", "2026-03-08"  # a Monday and a Sunday
    ranged = built_sample.funnel("activation", trend="week", since=first, until=last).records()
    wanted = [row for (period, _), row in weeks.items() if first <= str(period) <= last]
    # Nobody of the sample signs up twice, so that the ranges share nobody.
    assert len(ranged) == 5 * 4
    assert [row["entered"] for row in ranged] == [row["entered"] for row in wanted]
    assert [row["matured_reached"] for row in ranged] == [row["matured_reached"] for row in wanted]


def test_explore_counts_the_resolved_part_of_the_raw_file_alike(
    built_sample: Project, tmp_path: Path
):
    """The event log written to a file, and asked without the project."""
    import duckdb

    log = tmp_path / "log.parquet"
    with duckdb.connect(str(built_sample.paths.warehouse), read_only=True) as con:
        con.execute(
            "copy (select event_id, user_id, event_name, occurred_at, recipients from fct_events)"
            f" to '{log}'"
        )
    steps = api.parse_steps(
        [
            "signed_up",
            "connected=source_connected",
            "built=dashboard_created|dashboard_copied",
            "shared=dashboard_shared where recipients > 0",
        ]
    )
    for view in ({}, {"trend": "month"}, {"times": True}, {"next_after": "connected"}):
        explored = api.explore(
            [str(log)],
            steps,
            window="14 days",
            timezone="Europe/Berlin",
            **view,
        )
        built = built_sample.funnel("activation", **view)
        rows = [{**row, "funnel": "activation"} for row in explored.records()]
        assert rows == built.records()


def test_a_report_shows_the_numbers_of_aha_retention_and_search(built_sample: Project):
    """The very cells of the commands, where no group of the sample is small."""
    from funnelkit.report.csvs import data_tables
    from funnelkit.report.prepare import checked
    from funnelkit.results import report_data
    from funnelkit.warehouse.queries import open_marts

    declared = {"funnels": [], "aha": ["team_value"]}
    with open_marts(built_sample.paths.warehouse) as con:
        data = report_data(con, "aha", declared, [], built_sample.variables)
    tables = data_tables(checked(data))
    reach = tables["aha-team_value-reach"]
    assert reach.records() == built_sample.aha("team_value").records()
    by = built_sample.aha("team_value", by="channel").records()
    assert tables["aha-team_value-by-channel"].records() == by[1:]
    curve = {row["seconds"]: row for row in built_sample.aha("team_value", times=True).records()}
    last = tables["aha-team_value-times"].records()[-1]
    assert last["reached_share"] == curve[last["seconds"]]["reached_share"]
    split = built_sample.retention("retained_week_4", by="aha:team_value").records()
    shown = tables["aha-team_value-retention"].records()
    assert len(shown) > 10
    assert all(row in split for row in shown)
    cells = built_sample.retention("retained_week_4", cohorts=True).records()
    assert all(row in cells for row in tables["aha-team_value-cohorts"].records())
    found = {row["event"]: row for row in built_sample.aha_search().records()}
    for row in tables["search-findings"].records():
        told = found[row["event"]]
        assert row["verdict"] == told["verdict"]
        assert row["rd"] in (told["rd"], None)
