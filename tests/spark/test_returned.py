"""Marts that came from Spark: what needs their log says so; they are not mixed with DuckDB's."""

from pathlib import Path

import pytest

import funnelkit as fk
from funnelkit.warehouse import log_answers, meta
from funnelkit.warehouse.connect import connect
from tests.cli.run import invoke
from tests.spark.shop import on_spark, project, rows


@on_spark
def test_a_part_of_the_marts_does_not_come_to_those_of_duckdb(tmp_path, monkeypatch):
    monkeypatch.setenv("DBT_INDIRECT_SELECTION", "empty")
    folder, raw = project(tmp_path / "shop"), tmp_path / "raw"
    for to in (None, raw):
        fk.open(folder).load("events", [str(folder / "events.csv")], to=to)
    assert invoke(folder, "build", "--select", "dim_funnels").exit_code == 0
    words = ("build", "--target", "spark", "--raw", str(raw), "--select", "dim_funnels")
    done = invoke(folder, *words)
    assert (done.exit_code, "the marts here are DuckDB's" in done.stderr) == (2, True)
    assert rows(folder, "select name from (show tables)") == [("dim_funnels",)]


@pytest.mark.parametrize("has_log", [True, False], ids=["whole", "of a --select"])
@pytest.mark.parametrize(
    "words",
    [
        ["build", "--select", "dim_funnels"],
        ["dbt", "run", "-s", "dim_funnels"],
        ["dbt", "build", "--exclude=dim_funnels"],
        ["dbt", "retry"],
    ],
    ids=" ".join,
)
def test_nor_a_part_of_duckdbs_to_those_of_spark(returned, words, has_log):
    fk.open(returned).load("events", [str(returned / "events.csv")])
    if not has_log:
        _drop_log(returned)
    there = rows(returned, "select name from (show tables)")
    done = invoke(returned, *words)
    assert (done.exit_code, "the marts here are Spark's" in done.stderr) == (2, True), done.output
    assert rows(returned, "select name from (show tables)") == there


def test_seeds_of_ones_own_are_built_beside_marts_of_spark(returned):
    fk.open(returned).load("events", [str(returned / "events.csv")])
    (seeds := fk.open(returned).paths.dbt_dir / "seeds").mkdir(exist_ok=True)
    (seeds / "plans.csv").write_text("plan\npro\n", "utf-8")
    done = invoke(returned, "dbt", "seed", "--quiet", "--select", "plans")
    assert done.exit_code == 0, done.output
    assert rows(returned, "from plans") == [("pro",)]


def _drop_log(folder: Path) -> None:
    with connect(folder / "build" / "warehouse.duckdb") as con:
        for name in log_answers.names():
            con.execute(f"drop table {name}")


@pytest.fixture
def returned(tmp_path) -> Path:
    """A project whose marts came from Spark, as far as commands can tell."""
    folder = project(tmp_path / "shop")
    with connect(folder / "build" / "warehouse.duckdb") as con:
        for name in log_answers.names():
            con.execute(f"create table {name} as select 'signed_up' as event_name, 3 as entries")
        con.execute(
            "create table int_observed_until as select null::timestamp as first_event_at,"
            " null::timestamp as last_event_at, null::timestamp as observed_until"
        )
        meta.record(con, meta.FINISHED, "", "{}", meta.Outcome(1, 0), "spark")
    return folder


@pytest.mark.parametrize(
    "words",
    [
        ["funnel", "--explain", "u1"],
        ["funnel", "--where", "true"],
        ["funnel", "--sensitivity"],
        ["forget", "u1"],
    ],
    ids=" ".join,
)
def test_what_needs_the_log_says_where_it_is(returned, words):
    done = invoke(returned, *words)
    assert done.exit_code == 2
    first, hint = done.stderr.strip().splitlines()[-2:]
    assert "needs the event log, which stays where Spark has built it" in first
    assert hint.startswith("  hint: ")


@pytest.mark.parametrize("has_log", [True, False], ids=["whole", "of a --select"])
def test_marts_of_spark_are_not_replaced_by_those_of_no_rows(returned, has_log):
    if not has_log:
        _drop_log(returned)
    for words in (["build"], ["build", "--select", "dim_funnels"], ["dbt", "run"]):
        done = invoke(returned, *words)
        assert done.exit_code == 2
        assert "nothing was loaded into this warehouse" in done.stderr
    assert meta_of(returned).target == "spark"


def test_doctor_knows_a_log_that_is_elsewhere(returned):
    done = invoke(returned, "doctor")
    assert f"{3:,} events, which stay where Spark has built them" in done.output
    assert "finished on Spark" in done.output or "definitions changed" in done.output


def meta_of(folder: Path) -> meta.Build:
    with connect(folder / "build" / "warehouse.duckdb", read_only=True) as con:
        found = meta.last_build(con)
    assert found is not None
    return found
