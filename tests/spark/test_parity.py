"""The sample built on Spark has DuckDB's rows, table for table."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

import funnelkit as fk
from funnelkit.warehouse import log_answers, spark
from tests.conftest import ROOT

pytest.importorskip("pyspark", reason="needs the extra `spark`")
pytest.importorskip("dbt.adapters.spark", reason="needs the extra `spark`")

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java"),
]

# Numbers of rows of one build: nothing depends on which is whose.
_OF_ONE_BUILD = {"row_no"}
# Each engine numbers users and accounts as it can without one task for all: Spark's keys as
# DuckDB's, by the ids that have them. Every funnel and aha moment of the sample counts users.
_USER = "(select ours from users where theirs = {})"
_P = "({0} >> 56) * 72057594037927936 + " + _USER.format("{0} % 72057594037927936")
_EVENT = _USER.format("{0} >> 32") + " * 4294967296 + {0} % 4294967296"
_KEYS = {
    "user_key": _USER.format("user_key"),
    "entity_key": _USER.format("entity_key"),
    "account_key": "(select ours from accounts where theirs = account_key)",
    "event_no": _EVENT.format("event_no"),
    "entry_event_no": _EVENT.format("entry_event_no"),
    "p": _P.format("p"),
    "lane_p": _P.format("lane_p"),
}


@pytest.fixture(scope="module")
def tables(company) -> Path:
    """The folder of the tables that Spark has built."""
    return spark.tables(fk.open(company).paths)


def files(tables: Path, name: str) -> str:
    """Rows of a table, those of all its parts; the part is in no file."""
    return f"read_parquet('{tables}/{name}/**/*.parquet', hive_partitioning = false)"


def differences(con: duckdb.DuckDBPyConnection, name: str, rows: str) -> dict[str, object]:
    """Rows that one of both has alone, and columns of another name or type.

    Doubles are compared to nine digits; every other type must be the same, and its values.
    """
    ours = con.execute(f"describe {name}").fetchall()
    theirs = con.execute(f"describe select * from {rows}").fetchall()
    wide = {column: kind.replace(" WITH TIME ZONE", "") for column, kind, *_ in theirs}
    unlike = {(column, kind) for column, kind, *_ in ours} ^ set(wide.items())
    columns = {
        column: f"round({column}, 9)" if kind == "DOUBLE" else f"cast({column} as {kind})"
        for column, kind, *_ in ours
        if column not in _OF_ONE_BUILD
    }
    here, there = (
        "select " + ", ".join(f"{sql} as {column}" for column, sql in each.items()) + f" from {of}"
        for each, of in (
            (columns, name),
            (columns | {column: sql for column, sql in _KEYS.items() if column in columns}, rows),
        )
    )
    alone = [
        con.execute(f"select count(*) from ({one} except all {other})").fetchall()[0][0]
        for one, other in ((here, there), (there, here))
    ]
    return {"columns": unlike, "rows": alone}


def test_every_table_has_the_same_rows(same_company, tables):
    with duckdb.connect(":memory:") as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(f"attach '{same_company}/build/warehouse.duckdb' as duck (read_only)")
        for kind in ("user", "account"):
            con.execute(
                f"create table {kind}s as"
                f" select ours.{kind}_key as ours, theirs.{kind}_key as theirs"
                f" from duck.int_{kind}_keys as ours inner join {files(tables, f'int_{kind}_keys')}"
                f" as theirs using ({kind}_id)"
            )
        con.execute("use duck")
        con.execute("set search_path = 'duck.main,memory.main'")
        names = [row[0] for row in con.execute("select name from (show tables)").fetchall()]
        names = [name for name in names if name not in ("users", "accounts")]
        views = {"stg_raw__feedback"}
        there = {path.name for path in tables.iterdir()} - set(log_answers.names())
        assert there == set(names) - views
        found = {}
        for name in set(names) - views:
            if any((tables / name).rglob("*.parquet")):
                found[name] = differences(con, name, files(tables, name))
            else:  # a table in parts that has none
                count = con.execute(f"select count(*) from {name}").fetchall()[0][0]
                found[name] = {"columns": set(), "rows": [count, 0]}
    assert {
        name: said for name, said in found.items() if said != {"columns": set(), "rows": [0, 0]}
    } == {}


def test_a_plain_dbt_builds_on_spark(tmp_path):
    """With the profile of the project's folder, from the seeds."""
    shutil.copytree(
        ROOT / "dbt_project", tmp_path / "dbt", ignore=shutil.ignore_patterns("target", "logs")
    )
    # Never where the seeds are: dbt writes what it ran of a seed under the seed's own path.
    shutil.copytree(ROOT / "seeds", tmp_path / "seeds")
    paths = {
        "FUNNELKIT_SPARK": str(tmp_path),
        "DBT_TARGET_PATH": str(tmp_path / "target"),
        "DBT_LOG_PATH": str(tmp_path / "logs"),
        "DBT_INDIRECT_SELECTION": "empty",
    }
    dbt = str(Path(sys.executable).with_name("dbt"))
    done = subprocess.run(
        [dbt, "build", "--target", "spark", "--profiles-dir", ".", "--select", "+stg_raw__users"],
        cwd=tmp_path / "dbt",
        env={**os.environ, **paths},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    seeds = (ROOT / "seeds" / "raw_users.csv").read_text("utf-8").splitlines()
    with duckdb.connect() as con:
        rows = files(tmp_path / "warehouse" / "main.db", "stg_raw__users")
        assert con.execute(f"select count(*) from {rows}").fetchall() == [(len(seeds) - 1,)]
