"""The command line on the way to Spark: raw files as Parquet, and marts that came back."""

import json
import shutil
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
import yaml

import funnelkit as fk
from funnelkit.errors import FunnelkitError
from funnelkit.warehouse import fetched, parquet, spark
from funnelkit.warehouse.connect import connect
from funnelkit.warehouse.dbt_results import paragraph
from tests.cli.run import invoke, run
from tests.conftest import ROOT
from tests.spark.shop import EVENTS, REASON, project, read, rows


def test_raw_rows_are_those_of_the_warehouse_by_load_and_day(tmp_path):
    folder, raw = project(tmp_path / "shop"), tmp_path / "raw"
    for to in ((), ("--to", "parquet", str(raw))):
        done = invoke(folder, "load", "events", str(folder / "events.csv"), *to)
        assert done.exit_code == 0, done.output
    assert f"next: funnelkit build --target spark --raw {raw}" in done.output
    days = {path.name for path in (raw / "events" / "load_no=1").iterdir()}
    assert days == {
        *("day=2026-01-01", "day=2026-01-02", "day=2026-01-03"),
        "day=__HIVE_DEFAULT_PARTITION__",
    }
    here = rows(folder, "select * from raw.events order by source_line")
    assert read(raw, "events", "* exclude (day)", "source_line") == here
    assert read(raw, "loads") == rows(folder, "from raw.loads")


def test_the_same_content_is_loaded_once_and_another_file_is_the_next_load(tmp_path):
    folder, raw = project(tmp_path / "shop"), tmp_path / "raw"
    (folder / "same.csv").write_text(EVENTS, "utf-8")
    (folder / "more.csv").write_text(EVENTS.replace("u1", "u9"), "utf-8")
    for name in ("events.csv", "same.csv", "more.csv"):
        fk.open(folder).load("events", [str(folder / name)], to=raw)
    assert [number for (number,) in read(raw, "events", "load_no")] == [1] * 6 + [2] * 6
    assert parquet.rows(raw) == 12


def test_a_refused_file_and_a_dry_run_leave_nothing(tmp_path):
    folder, raw = project(tmp_path / "shop"), tmp_path / "raw"
    (folder / "bad.csv").write_text("a,b\n1,2\n", "utf-8")
    opened = fk.open(folder)
    opened.load("events", [str(folder / "events.csv")], to=raw, dry_run=True)
    assert not raw.exists()
    with pytest.raises(FunnelkitError):
        opened.load("events", [str(folder / "events.csv"), str(folder / "bad.csv")], to=raw)
    assert not list(raw.rglob("*.parquet"))


def test_what_a_killed_load_left_is_removed(tmp_path):
    folder, raw = project(tmp_path / "shop"), tmp_path / "raw"
    opened = fk.open(folder)
    opened.load("events", [str(folder / "events.csv")], to=raw)
    shutil.copytree(raw / "events" / "load_no=1", raw / "events" / "load_no=2")
    (raw / ".moving.json").write_text('{"load_no": [2]}', "utf-8")
    with parquet.held(raw):
        assert parquet.rows(raw) == 6
    assert [path.name for path in (raw / "events").iterdir()] == ["load_no=1"]


def test_lines_that_cannot_be_parsed_are_kept_beside_the_rows(tmp_path):
    folder, raw = project(tmp_path / "shop"), tmp_path / "raw"
    (folder / "events.csv").write_text(EVENTS + 'u4,"signed_up,2026-01-01\n', "utf-8")
    result = fk.open(folder).load("events", [str(folder / "events.csv")], to=raw)
    assert result.rejected == len(read(raw, "rejects")) == 1


def test_two_loads_into_a_folder_take_turns(tmp_path):
    folder, raw = project(tmp_path / "shop"), tmp_path / "raw"
    words = ("load", "events", str(folder / "events.csv"), "--to", "parquet", str(raw))
    raw.mkdir()
    with parquet.held(raw):
        done = run(*words, cwd=folder)
    assert done.returncode == 2
    assert done.stderr.startswith("error: raw is in use by python")
    assert run(*words, cwd=folder).returncode == 0
    assert not (raw / ".loading").exists()


def test_a_project_of_ones_own_needs_files(tmp_path):
    folder = project(tmp_path / "shop")
    done = invoke(folder, "build", "--target", "spark", "--raw", "nowhere")
    if REASON:
        pytest.skip(REASON)
    assert (done.exit_code, "nowhere holds no raw files" in done.output) == (2, True)
    done = invoke(folder, "build", "--target", "spark")
    assert (done.exit_code, "Spark builds from Parquet files" in done.output) == (2, True)
    assert not (folder / "build").exists()


@pytest.fixture
def built(tmp_path) -> tuple[Path, Path]:
    """Tables as Spark leaves them, one in parts, one in parts without any, and dbt's manifest."""
    tables = tmp_path / "main.db"
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        for place, sql in {
            "dim_users/a": "select 'u1' as user_id, timestamptz '2026-01-01 10:00+00' as seen_at",
            "fct_outcomes/fk_part=0/a": "select 1::bigint as p",
            "fct_outcomes/fk_part=3/a": "select 2::bigint as p",
            "fct_events/a": "select 1 as event_no",
            "fct_mine/a": "select 1 as x",
        }.items():
            (tables / place).parent.mkdir(parents=True, exist_ok=True)
            con.execute(f"copy ({sql}) to '{tables / place}.parquet' (format parquet)")
    (tables / "fct_claims").mkdir()  # in parts, and none
    nodes = {
        name: {
            "resource_type": "model",
            "alias": name,
            "package_name": package,
            "schema": "main",
        }
        for name, package in (
            *((name, "funnelkit") for name in ("dim_users", "fct_outcomes", "fct_claims")),
            *(("fct_events", "funnelkit"), ("fct_gone", "funnelkit"), ("fct_mine", "shop")),
        )
    }
    (tmp_path / "manifest.json").write_text(json.dumps({"nodes": nodes}), "utf-8")
    return tables, tmp_path / "manifest.json"


COLUMNS = {
    "dim_users": [("user_id", "string"), ("seen_at", "timestamp")],
    "fct_outcomes": [("p", "bigint"), ("fk_part", "int")],
    "fct_claims": [("n", "double"), ("at", "timestamp"), ("fk_part", "int")],
    "fct_events": [("event_no", "int")],
    "fct_mine": [("x", "int")],
}


def test_marts_replace_those_of_an_earlier_build_and_nothing_else(tmp_path, built):
    with connect(tmp_path / "w.duckdb") as con:
        con.execute("create table fct_events as select 1 as x; create view fct_gone as select 1")
        con.execute(
            "create table notes as select 'kept' as note; create view dim_users as select 1"
        )
        names = fetched.fetch(con, built[0], COLUMNS, built[1])
        assert names == ["dim_users", "fct_claims", "fct_outcomes"]
        there = con.execute("select name from (show tables) order by name").fetchall()
        assert [name for (name,) in there] == [*names, "notes"]
        described = con.execute("select column_name, column_type from (describe fct_claims)")
        assert described.fetchall() == [("n", "DOUBLE"), ("at", "TIMESTAMP")]
        assert con.execute("select p from fct_outcomes order by p").fetchall() == [(1,), (2,)]
        seen = con.execute("select seen_at, typeof(seen_at) from dim_users").fetchall()
        assert seen == [(datetime(2026, 1, 1, 10), "TIMESTAMP")]


def test_marts_come_back_all_or_none(tmp_path, built):
    (built[0] / "fct_outcomes" / "fk_part=3" / "a.parquet").write_bytes(b"half a file")
    with connect(tmp_path / "w.duckdb") as con:
        con.execute("create table dim_users as select 'before' as user_id")
        with pytest.raises(duckdb.Error):
            fetched.fetch(con, built[0], COLUMNS, built[1])
        assert con.execute("from dim_users").fetchall() == [("before",)]


def test_snapshots_and_models_elsewhere_stay(tmp_path, built):
    nodes = json.loads(built[1].read_text("utf-8"))["nodes"]
    nodes["s"] = {"resource_type": "snapshot", "alias": "kept_s", "package_name": "shop"}
    nodes["m"] = {"resource_type": "model", "alias": "kept_m", "package_name": "shop"}
    for node in nodes.values():
        node["schema"] = "other" if node["alias"] == "kept_m" else "main"
    built[1].write_text(json.dumps({"nodes": nodes}), "utf-8")
    with connect(tmp_path / "w.duckdb") as con:
        con.execute("create table kept_s as select 1 as x; create table kept_m as select 1 as x")
        con.execute("create table fct_mine as select 1 as x")
        fetched.fetch(con, built[0], COLUMNS, built[1])
        there = {name for (name,) in con.execute("select name from (show tables)").fetchall()}
        assert {"kept_s", "kept_m"} <= there
        assert "fct_mine" not in there


def test_whose_the_marts_are_is_said_with_them_or_not_at_all(tmp_path, built):
    def refused() -> None:
        con.execute("create table said as select 1 as x")
        raise RuntimeError

    with connect(tmp_path / "w.duckdb") as con:
        with pytest.raises(RuntimeError):
            fetched.fetch(con, built[0], COLUMNS, built[1], refused)
        assert con.execute("show tables").fetchall() == []


@pytest.mark.parametrize(
    ("loads", "is_kept"),
    [
        (["a", "b"], True),
        (["a", "b", "c"], True),
        (["a"], False),
        (["b", "a"], False),
        (["seeds"], False),
    ],
)
def test_tables_of_other_files_are_not_added_to(tmp_path, loads, is_kept):
    where = tmp_path / "spark"
    spark.prepare(where, ["a", "b"])
    (where / "warehouse" / "main.db").mkdir(parents=True)
    (where / "metastore").mkdir()
    spark.prepare(where, loads)
    assert (where / "warehouse" / "main.db").exists() is (where / "metastore").exists() is is_kept
    # A folder that was copied leads to the tables of the one it was copied from.
    (where / "warehouse" / "main.db").mkdir(parents=True, exist_ok=True)
    shutil.copytree(where, tmp_path / "copy")
    spark.prepare(tmp_path / "copy", loads)
    assert not (tmp_path / "copy" / "warehouse").exists()
    assert (where / "warehouse" / "main.db").exists()


@pytest.mark.parametrize(
    ("missing", "told", "hint"),
    [
        ("pyspark", "Spark is not installed here", "pip install 'funnelkit[spark]'"),
        ("java", "Spark needs Java 17 or newer, and there is no `java`", "set JAVA_HOME"),
    ],
)
def test_what_spark_needs_is_said_before_anything_is_touched(
    tmp_path, monkeypatch, missing, told, hint
):
    folder = project(tmp_path / "shop")
    monkeypatch.setattr(spark, "_found", lambda name: name != missing)
    monkeypatch.setattr(shutil, "which", lambda name: None if name == missing else name)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    done = invoke(folder, "build", "--target", "spark")
    assert done.exit_code == 2
    assert told in done.output
    assert hint in done.output
    assert not (folder / "build").exists()


def test_a_java_home_without_java_is_named(tmp_path, monkeypatch):
    folder = project(tmp_path / "shop")
    monkeypatch.setattr(spark, "_found", lambda _: True)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "jdk"))
    done = invoke(folder, "build", "--target", "spark")
    assert done.exit_code == 2
    assert f"JAVA_HOME is {tmp_path / 'jdk'}, without bin/java" in done.output
    assert not (folder / "build").exists()


def test_options_that_do_not_go_together_are_refused(tmp_path):
    folder = project(tmp_path / "shop")
    done = invoke(folder, "build", "--raw", str(folder))
    assert (done.exit_code, "--raw goes with --target spark" in done.output) == (2, True)
    done = invoke(folder, "load", "events", "events.csv", "--to", "csv", "raw")
    assert (done.exit_code, "expected `parquet` and a folder" in done.output) == (2, True)


@pytest.mark.parametrize(
    ("given", "told"), [("2GB", "2048m"), ("512MiB", "512m"), ("1.5 g", "1536m"), ("", "2g")]
)
def test_memory_is_told_to_spark_in_its_own_words(monkeypatch, tmp_path, given, told):
    monkeypatch.setenv("FUNNELKIT_MEMORY", given)
    assert spark.settings(tmp_path, 2)["spark.driver.memory"] == told


@pytest.mark.parametrize("given", ["300MB", "511M", "0.2GiB", "100K"])
def test_less_memory_than_spark_starts_with_is_refused_before_java(monkeypatch, tmp_path, given):
    folder = project(tmp_path / "shop")
    monkeypatch.setattr(spark, "_found", lambda _: True)
    monkeypatch.setattr(spark, "_java", lambda: "java")
    monkeypatch.setattr(spark, "_version", lambda _: 17)
    monkeypatch.setenv("FUNNELKIT_MEMORY", given)
    done = invoke(folder, "build", "--target", "spark")
    assert done.exit_code == 2
    assert f"FUNNELKIT_MEMORY is {given!r}; Spark needs 512 MB or more" in done.output
    assert "for example FUNNELKIT_MEMORY=2GB" in done.output
    assert not (folder / "build").exists()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "An error occurred while calling None.org.apache.spark.api.java.JavaSparkContext.\n"
            ": org.apache.spark.SparkIllegalArgumentException: [INVALID] Too little.\n"
            "\tat org.apache.spark.memory.UnifiedMemoryManager$.x(UnifiedMemoryManager.scala:1)\n"
            "Caused by: java.io.IOException: else\n",
            "org.apache.spark.SparkIllegalArgumentException: [INVALID] Too little.",
        ),
        ("[JAVA_GATEWAY_EXITED] Java exited.\nmore", "[JAVA_GATEWAY_EXITED] Java exited."),
        ("", "RuntimeError"),
    ],
)
def test_why_spark_does_not_start_is_told_with_both_logs(monkeypatch, tmp_path, text, told):
    sql = pytest.importorskip("pyspark.sql")

    def fails(_: object) -> None:
        raise RuntimeError(text)

    monkeypatch.setattr(sql.SparkSession.Builder, "getOrCreate", fails)
    # Other tests of this process keep a session.
    monkeypatch.setattr(pytest.importorskip("pyspark").SparkContext, "_active_spark_context", None)
    with pytest.raises(FunnelkitError) as raised, spark.session(tmp_path, {}):
        pass
    assert raised.value.message == f"Spark did not start: {told}"
    assert raised.value.hint == f"look at {tmp_path / 'java.log'} and {tmp_path / 'spark.log'}"


def test_a_metastore_that_does_not_open_is_told_with_what_to_do(tmp_path):
    errors = pytest.importorskip("pyspark.errors")

    class Session:
        """Of Spark's, as far as it is asked here."""

        @property
        def catalog(self) -> "Session":
            return self

        def databaseExists(self, _: str) -> bool:  # noqa: N802
            raise errors.AnalysisException("java.lang.RuntimeException: no client")

    with pytest.raises(FunnelkitError) as raised:
        spark.sweep(Session(), tmp_path)
    assert raised.value.message.startswith(f"{tmp_path / 'metastore'} does not open: ")
    assert f"delete {tmp_path}" in (raised.value.hint or "")


def test_all_that_spark_writes_is_in_one_folder(tmp_path):
    where = tmp_path / "build" / "spark"
    told = {
        name: text
        for name, text in spark.settings(where, 2).items()
        if "/" in text.replace("local[2]", "")
    }
    assert all(str(where) in text for text in told.values()), told
    assert len(told) == 4


def test_sparks_messages_are_one_sentence():
    text = (
        "Runtime Error in model m (models/m.sql)\n  [UNRESOLVED_COLUMN] A column `x` cannot be"
        " resolved. SQLSTATE: 42703; line 12 pos 8;\n  'Project ['x]\n  +- Relation"
    )
    assert paragraph(text) == "[UNRESOLVED_COLUMN] A column `x` cannot be resolved. (line 12)"
    text = "Runtime Error\n  [PARSE] No. SQLSTATE: 1\n  == SQL (line 1) ==\n  select\n  ^^^\n"
    assert paragraph(text) == "[PARSE] No."


def test_every_table_that_is_read_comes_back_unless_it_is_the_log():
    named = "\n".join(path.read_text("utf-8") for path in (ROOT / "sql").glob("*.sql"))
    models = {path.stem for path in (ROOT / "dbt_project" / "models").rglob("*.sql")}
    read = {name for name in models if name in named.replace(",", " ").split()}
    kept = {path.stem for path in (ROOT / "sql" / "kept").glob("*.sql")}
    assert len(read) > 30
    stay = {name for name in read if not fetched.comes_back(name)}
    assert stay <= fetched.OF_THE_LOG | {"stg_raw__feedback"}, stay
    # What reports read of them was counted on Spark; doctor looks at the log itself.
    for path in (ROOT / "sql").glob("*.sql"):
        asks = {name for name in stay if name in path.read_text("utf-8").split()}
        assert not asks or path.stem in kept or path.stem.startswith("doctor_"), (path, asks)


def test_the_profile_of_a_plain_dbt_has_the_same_settings():
    given = yaml.safe_load((ROOT / "dbt_project" / "profiles.yml").read_text("utf-8"))
    plain = given["funnelkit"]["outputs"]["spark"]["server_side_parameters"]
    ours = spark.settings(Path("/x"), 2)
    same = ("variant.allowDuplicateKeys", "session.timeZone")
    for name in same:
        assert plain[f"spark.sql.{name}"] == ours[f"spark.sql.{name}"]
