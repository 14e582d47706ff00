"""`funnelkit shipped` and `funnelkit experiment` as they are typed and printed."""

import csv
import datetime as dt
import io
import json
import shutil
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

import funnelkit as fk
from funnelkit.api import Project
from funnelkit.cli.grid import text_width
from funnelkit.cli.layout import lay_out
from funnelkit.results.reports_aha import aha_section
from funnelkit.table import Table
from funnelkit.warehouse.macros import aha_plan
from funnelkit.warehouse.queries import open_marts
from tests.cli.run import invoke, on_terminal

ROOT = Path(__file__).resolve().parents[2]
BERLIN = ZoneInfo("Europe/Berlin")  # the sample's time zone
DAY = dt.timedelta(days=1)
# Beside the sample's own: in the middle of its log, before the end of it, and after it.
MORE = """\
    changes:
      early: {shipped_on: 2026-03-15, funnel: activation, evaluate_on: 2026-05-01}
      taught: {shipped_on: 2026-03-15, aha: team_value, evaluate_on: 2026-06-01}
      kept: {shipped_on: 2026-03-15, outcome: retained_week_4, evaluate_on: 2026-06-01}
      later: {shipped_on: 2026-05-20, funnel: activation, evaluate_on: 2026-08-01}
      other: {shipped_on: 2026-03-15, funnel: activation, evaluate_on: 2026-06-01, \
definition_hash: "000000000000"}
"""
EXPERIMENT = (
    "experiment,variant,exposed,share_expected,matured,converted,rate,lo,hi,difference,d_lo,d_hi,"
    "p_value,srm_p,verdict"
)
SHIPPED = (
    "change,metric,definition_hash,before_from,before_to,after_from,after_to,n_before,k_before,"
    "rate_before,n_after,k_after,rate_after,difference,lo,hi,state,evaluate_on"
)
QUESTIONS = [["shipped"], ["shipped", "early"], ["experiment"], ["experiment", "invite_prompt"]]


@pytest.fixture(scope="module")
def company(built_sample: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The sample with more changes, and an experiment linked to its aha moment; not built again."""
    root = tmp_path_factory.mktemp("shipping") / "acme"
    shutil.copytree(built_sample.paths.root, root)
    file = root / "dbt_project" / "dbt_project.yml"
    goal = "outcome: {event: invite_sent, within: 7 days}"
    text = file.read_text("utf-8")
    assert text.count("    changes:\n") == 1
    assert text.count(goal) == 1
    text = text.replace("    changes:\n", MORE)
    file.write_text(text.replace(goal, f"{goal}\n        aha: team_value"), "utf-8")
    return fk.open(root)


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    found = yaml.safe_load((ROOT / "seeds" / "truth.yml").read_text("utf-8"))
    return dict(found["experiments"])


def records(table: Table) -> list[dict[str, Any]]:
    return [dict(row) for row in table.records()]


def rows(project: Project, name: str) -> list[tuple[Any, ...]]:
    with open_marts(project.paths.warehouse) as con:
        return con.execute(name).fetchall()


def test_an_experiment_is_the_planted_truth(company: Project, truth: dict[str, Any]) -> None:
    found = {row["variant"]: row for row in records(company.experiment("invite_prompt"))}
    for variant, told in truth["invite_prompt"]["realised"].items():
        row = found[variant]
        assert (row["exposed"], row["matured"]) == (told["exposed"], told["exposed"])
        assert row["converted"] == told["invited"]
    planted = truth["invite_prompt"]["planted"]
    effect = planted["treatment"] - planted["control"]
    assert found["treatment"]["d_lo"] <= effect <= found["treatment"]["d_hi"]
    assert found["treatment"]["verdict"] == "higher"


def test_lost_exposures_stop_an_experiment(company: Project, truth: dict[str, Any]) -> None:
    told = truth["new_navigation"]["realised"]
    sizes = [told[variant]["exposed"] for variant in ("control", "treatment")]
    half = sum(sizes) / 2
    chi2 = sum((size - half) ** 2 / half for size in sizes)
    assert chi2 > 10.83  # the 0.999 quantile with one degree of freedom
    found = company.experiment("new_navigation")
    assert [row["exposed"] for row in records(found)] == sizes
    assert {row["difference"] for row in records(found)} == {None}
    assert {row["rate"] for row in records(found)} == {None}
    assert f"{sizes[0]:,} : {sizes[1]:,} users" in found.headline


def test_a_funnel_before_and_after_is_that_of_its_trend(company: Project) -> None:
    """All of these weeks are mature by June: matured and converted sum over the weeks."""
    (row,) = records(company.shipped("faster_connect"))
    weeks = records(company.funnel("activation", trend="week"))
    last = max(each["step"] for each in weeks)
    for side, first in (("before", "2026-01-12"), ("after", "2026-03-16")):
        monday = dt.date.fromisoformat(first)
        mondays = {(monday + 7 * DAY * number).isoformat() for number in range(8)}
        mine = [w for w in weeks if w["period"] in mondays and w["step"] == last]
        assert len(mine) == 8
        assert row[f"n_{side}"] == sum(each["matured"] for each in mine)
        assert row[f"k_{side}"] == sum(each["matured_reached"] for each in mine)
    assert (row["state"], row["open_after"]) == ("final", 0)


COUNTED = {
    # What a change counts: entry and whether it came about; how long until it is mature.
    "early": (
        "select first_entry_at, matured_level = 4 from fct_funnel_journeys"
        " where funnel = 'activation'",
        14,
    ),
    "taught": ("select entry_at, is_reached from fct_aha_moments where aha = 'team_value'", 7),
    "kept": (
        "select entry_at, happened from fct_outcomes where outcome = 'retained_week_4'"
        " and clock = 'activation'",
        28,
    ),
    "later": (
        "select first_entry_at, matured_level = 4 from fct_funnel_journeys"
        " where funnel = 'activation'",
        14,
    ),
}


@pytest.mark.parametrize("name", COUNTED)
def test_only_who_is_mature_by_the_day_counts(company: Project, name: str) -> None:
    (row,) = records(company.shipped(name))
    statement, days = COUNTED[name]
    evaluate = dt.date.fromisoformat(str(row["evaluate_on"]))
    midnight = dt.datetime.combine(evaluate, dt.time(), BERLIN).astimezone(dt.UTC)
    observed = rows(company, "select observed_until from int_observed_until")[0][0]
    cut = min(midnight.replace(tzinfo=None), observed)
    for side in ("before", "after"):
        mine = [
            (at, came)
            for at, came in rows(company, statement)
            if str(row[f"{side}_from"])
            <= at.replace(tzinfo=dt.UTC).astimezone(BERLIN).date().isoformat()
            <= str(row[f"{side}_to"])
        ]
        mature = [came for at, came in mine if at + days * DAY <= cut]
        assert (row[f"n_{side}"], row[f"k_{side}"]) == (len(mature), sum(map(bool, mature)))
        assert row[f"open_{side}"] == len(mine) - len(mature)
    assert (row["state"] == "interim") == (name == "later")
    if name in ("early", "later"):
        assert row["open_after"] > 0


def test_an_interim_change_has_no_verdict(company: Project) -> None:
    found = company.shipped("later")
    assert "interim, to be judged on 2026-08-01" in found.headline
    assert not any(word in found.headline for word in ("higher", "lower", "no difference"))


def test_under_another_definition_nothing_is_compared(company: Project) -> None:
    found = company.shipped("other")
    (row,) = records(found)
    assert row["state"] == "not comparable"
    assert row["difference"] is None
    known = company.funnel("activation").meta["definition_hash"]
    assert row["definition_hash"] == known
    assert f"funnel activation is {known} now and was 000000000000" in found.headline


def test_a_linked_experiment_is_told_with_the_aha_moment(
    company: Project, built_sample: Project
) -> None:
    told = [note for note in company.aha().notes if "caused" in note]
    (only,) = told
    assert only.startswith("Experiment invite_prompt, linked to it: treatment caused event ")
    assert not any("Experiment" in note for note in built_sample.aha().notes)


def test_columns_are_those_of_the_design(company: Project) -> None:
    for command, columns in (("shipped", SHIPPED), ("experiment", EXPERIMENT)):
        done = invoke(company.paths.root, command, "--format", "csv")
        assert (done.exit_code, done.stderr) == (0, "")
        assert done.stdout.splitlines()[0].startswith(columns)


@pytest.mark.parametrize("asked", QUESTIONS, ids=" ".join)
def test_every_format_has_the_same_numbers(company: Project, asked: list[str]) -> None:
    printed = {}
    for format_ in ("json", "table", "markdown", "csv"):
        done = invoke(company.paths.root, *asked, "--format", format_)
        assert (done.exit_code, done.stderr) == (0, ""), done.output
        printed[format_] = done.stdout
    value = json.loads(printed["json"])
    for told in value["meta"]["definitions"].values():
        assert len(told["definition_hash"]) == 12
        assert all(sentence.endswith(".") for sentence in told["definition"])
    found = list(csv.DictReader(io.StringIO(printed["csv"])))
    assert [
        {name: "" if cell is None else str(cell) for name, cell in row.items()}
        for row in value["rows"]
    ] == found
    headline = printed["table"].splitlines()[0]
    assert headline.endswith(".")
    assert headline in printed["markdown"].replace("\\", "")


def test_it_fits_the_terminal(company: Project) -> None:
    for table in (company.shipped(), company.experiment(), company.shipped("kept")):
        lines = lay_out(table, 80).lines(80)
        assert len(lines) == len(table.rows) + 1
        assert max(text_width("".join(piece for piece, _ in line)) for line in lines) <= 80
    shown = on_terminal("experiment", cwd=company.paths.root, NO_COLOR="1")
    assert "\x1b" not in shown
    assert max(map(text_width, shown.splitlines())) <= 80
    assert "not evaluated" in shown


@pytest.mark.parametrize(
    ("args", "error"),
    [
        (["shipped", "faster_conect"], "no change is called 'faster_conect'"),
        (["experiment", "invite_promt"], "no experiment is called 'invite_promt'"),
    ],
)
def test_misspelled_names(company: Project, args: list[str], error: str) -> None:
    done = invoke(company.paths.root, *args)
    assert done.exit_code == 2
    assert error in done.stderr
    assert "did you mean" in done.stderr


def test_their_definitions_are_spelled_out(company: Project) -> None:
    for name, kind in (("invite_prompt", "experiment"), ("kept", "change")):
        found = records(company.definitions(name))
        assert {row["kind"] for row in found} == {kind}
    (kept,) = {row["definition_hash"] for row in records(company.definitions("kept"))}
    assert records(company.shipped("kept"))[0]["definition_hash"] == kept
    names = company.definition_names()
    assert {"invite_prompt", "faster_connect"} <= set(names)


def test_experiments_and_changes_need_no_build(company: Project) -> None:
    assert company.build_warning() is None


def test_a_report_tells_it_only_of_enough(company: Project) -> None:
    plan, experiments = aha_plan(company.variables), company.defined.experiments
    told = {}
    with open_marts(company.paths.warehouse) as con:
        for fewest in (5, 398):  # the control group has 397
            found = aha_section(con, plan, plan["moments"][0], fewest, experiments)
            told[fewest] = [each for each in found.findings if "caused" in each]
            assert told[fewest] == [each for each in found.told["outcome"] if "caused" in each]
    assert (len(told[5]), told[398]) == (1, [])
