"""`build --target spark`, and everything read afterwards."""

import json
import shutil
import subprocess
import time
from pathlib import Path

import duckdb
import pytest

import funnelkit as fk
from funnelkit.warehouse import fetched, log_answers
from funnelkit.warehouse.connect import connect
from tests.cli.run import COMMAND, invoke
from tests.conftest import ROOT
from tests.spark.shop import EVENTS, on_spark, project, read, rows

pytestmark = [pytest.mark.long, on_spark]

_HEAD = EVENTS.splitlines(keepends=True)[0]


def test_marts_are_those_of_duckdb_and_the_log_is_not_here(company, built_sample):
    with duckdb.connect(str(company / "build/warehouse.duckdb"), read_only=True) as con:
        con.execute(f"attach '{built_sample.paths.warehouse}' as other (read_only)")
        names = {row[0] for row in con.execute("select name from (show tables)").fetchall()}
        assert not fetched.OF_THE_LOG & names
        assert len(names) > 40
        for name in sorted(names):
            if name in log_answers.names():
                continue
            ours, theirs = f"main.{name}", f"other.main.{name}"
            described = [con.execute(f"describe {each}").fetchall() for each in (ours, theirs)]
            assert described[0] == described[1], name
            # Keys are each engine's own; test_parity compares all rows by the ids behind them.
            what = "*" if name.startswith("rpt_") else "count(*)"
            alone = con.execute(
                f"select count(*) from (select {what} from {ours}"
                f" except all select {what} from {theirs})"
            )
            assert alone.fetchall() == [(0,)], name


@pytest.mark.parametrize(
    "words",
    [
        ["funnel", "activation"],
        ["funnel", "activation", "--by", "channel"],
        ["funnel", "activation", "--trend"],
        ["funnel", "activation", "--times"],
        ["aha", "team_value"],
        ["aha", "--search"],
        ["retention", "retained_week_4"],
        ["gaps"],
        ["nps"],
        ["themes"],
        ["cadence"],
        ["check"],
        ["definitions"],
    ],
    ids=" ".join,
)
def test_commands_print_what_they_print_of_duckdbs_marts(company, built_sample, words):
    here, there = (
        invoke(folder, *words, "--format", "json") for folder in (company, built_sample.paths.root)
    )
    assert here.exit_code == there.exit_code == 0, here.output
    assert json.loads(here.stdout)["rows"] == json.loads(there.stdout)["rows"]


def test_reports_are_those_that_are_committed(company):
    shutil.rmtree(company / "reports")
    done = invoke(company, "report", "build")
    assert done.exit_code == 0, done.output
    for name in ("activation", "aha", "say_do", "scorecard"):
        committed = {
            path.relative_to(ROOT): path.read_bytes()
            for path in (ROOT / "reports" / name).rglob("*")
            if path.is_file()
        }
        assert len(committed) > 5
        assert [
            str(path) for path, told in committed.items() if (company / path).read_bytes() != told
        ] == []


@pytest.mark.parametrize(
    "words",
    [
        ["funnel", "activation", "--explain", "u1"],
        ["funnel", "activation", "--where", "true"],
        ["funnel", "activation", "--compare", "plan"],
        ["experiment", "invite_prompt"],
    ],
    ids=" ".join,
)
def test_what_needs_the_log_says_so_in_one_sentence(company, words):
    done = invoke(company, *words)
    assert done.exit_code == 2
    first, *rest = done.stderr.strip().splitlines()
    assert "needs the event log, which stays where Spark has built it" in first
    assert len(rest) == 1


def test_doctor_says_where_the_log_is(company):
    done = invoke(company, "doctor")
    assert done.exit_code == 0, done.output
    assert "58,164 events, which stay where Spark has built them" in done.output
    assert "finished on Spark" in done.output


def test_a_build_on_duckdb_makes_all_of_it_again(company, built_sample, tmp_path):
    copy = tmp_path / "sample"
    shutil.copytree(company, copy, ignore=shutil.ignore_patterns("spark"))
    assert fk.open(copy).build().ok
    tables = "select table_name, estimated_size from duckdb_tables() where schema_name = 'main'"
    tables += " and not starts_with(table_name, 'log_') order by all"
    assert rows(copy, tables) == rows(built_sample.paths.root, tables)
    assert invoke(copy, "funnel", "activation", "--where", "true").exit_code == 0


def test_a_failed_build_leaves_the_marts_as_they_were(tmp_path, monkeypatch):
    monkeypatch.setenv("DBT_INDIRECT_SELECTION", "empty")
    folder, raw = project(tmp_path / "shop"), tmp_path / "raw"
    fk.open(folder).load("events", [str(folder / "events.csv")], to=raw)
    (folder / "models").mkdir(exist_ok=True)
    (folder / "models" / "mine.sql").write_text(
        "select nothing from {{ ref('dim_funnels') }}\n", "utf-8"
    )
    words = ("build", "--target", "spark", "--raw", str(raw), "--select")
    assert invoke(folder, *words, "dim_funnels").exit_code == 0
    before = rows(folder, "select table_name from duckdb_tables() order by all")
    done = invoke(folder, *words, "+mine")
    assert done.exit_code == 2
    assert "model mine: [UNRESOLVED_COLUMN" in done.stderr
    assert len(done.stderr.splitlines()) <= 3
    assert rows(folder, "select table_name from duckdb_tables() order by all") == before
    assert not (folder / "metastore_db").exists()
    assert not (folder / "derby.log").exists()

    # A test that fails keeps what is below it from being built: half of it would come.
    monkeypatch.delenv("DBT_INDIRECT_SELECTION")
    values = "{accepted_values: {arguments: {values: [nosuch]}}}"
    columns = f"[{{name: funnel, data_tests: [{values}]}}]"
    for name, text in {
        "mine.sql": "select funnel from {{ ref('dim_funnels') }}",
        "after.sql": "select * from {{ ref('mine') }}",
        "mine.yml": f"models: [{{name: mine, columns: {columns}}}]",
    }.items():
        (folder / "models" / name).write_text(f"{text}\n", "utf-8")
    with connect(folder / "build" / "warehouse.duckdb") as con:
        con.execute("update dim_funnels set funnel = 'of the build before'")
    asked = [*COMMAND, *words, "mine", "--select", "after"]
    ended = subprocess.run(asked, cwd=folder, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    *_, counted, last = ended.stderr.splitlines()
    assert counted == "built 1 table; 0 tests passed, 1 failed, 1 skipped"
    assert last == "what is in the warehouse stays as it was: not all tables were built"
    found = rows(folder, "select distinct funnel from dim_funnels")
    assert found == [("of the build before",)]


def test_another_load_is_added_to_what_an_earlier_build_made(tmp_path, monkeypatch):
    """In the metastore that outlives a build; the third is killed, and made up for."""
    monkeypatch.setenv("DBT_INDIRECT_SELECTION", "empty")
    folder, raw = project(tmp_path / "shop"), tmp_path / "raw"
    other = project(tmp_path / "other")
    tables = folder / "build" / "spark" / "warehouse" / "main.db"

    def load(name: str, text: str) -> None:
        for each, to in ((folder, raw), (other, None)):
            (each / f"{name}.csv").write_text(text, "utf-8")
            fk.open(each).load("events", [str(each / f"{name}.csv")], to=to)

    def build() -> set[Path]:
        fk.open(folder).build(["+rpt_funnel_steps"], target="spark", raw=raw)
        return set((tables / "fct_events").rglob("*.parquet"))

    load("first", EVENTS)
    first = build()
    (tables / "fct_sessions").mkdir()
    (tables / "fct_sessions" / "half_made").write_text("", "utf-8")
    load("more", f"{_HEAD}u2,bought,2026-01-04 10:00:00,pro\n")
    more = build()
    # Parts without u2 were not written again.
    assert first & more
    assert first - more
    assert not (tables / "fct_sessions").exists()
    load("last", f"{_HEAD}u1,bought,2026-01-05 10:00:00,pro\nu8,signed_up,2026-01-05,pro\n")
    _kill(folder, raw, tables / "stg_raw__events")
    build()
    fk.open(other).build(["+rpt_funnel_steps"])
    for table in ("rpt_funnel_steps", "int_observed_until"):
        made = [rows(each, f"select * from {table} order by all") for each in (folder, other)]
        assert made[0] == made[1]
        assert made[0]
    there = "user_id, event_name, epoch_us(occurred_at)"
    assert read(tables, "fct_events", there) == rows(
        other, f"select {there} from fct_events order by all"
    )


def _kill(folder: Path, raw: Path, table: Path) -> None:
    """Begins a build, and kills it as soon as it has written to the table."""
    before = set(table.rglob("*.parquet"))
    words = ("build", "--target", "spark", "--raw", str(raw), "--select", "+rpt_funnel_steps")
    with subprocess.Popen([*COMMAND, *words], cwd=folder, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and set(table.rglob("*.parquet")) == before:
            time.sleep(0.05)
        assert process.poll() is None, "it was done before anything was written"
        process.kill()
