"""One warm Spark session in this process, in which dbt builds what DuckDB has loaded."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.conftest import ROOT

NEEDS_JAVA = pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java")
# Compiling expressions costs more than a few rows do.
SMALL = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.shuffle.partitions": "2",
    "spark.default.parallelism": "2",
}
_SESSION = {
    "spark.master": "local[2]",
    "spark.driver.memory": "2g",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.variant.allowDuplicateKeys": "true",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "OFF",
    # What Spark keeps of a query's plan, as text, to show it.
    "spark.sql.ui.retainedExecutions": "0",
    "spark.sql.ui.explainMode": "simple",
    "spark.sql.maxPlanStringLength": "1000",
}
_KINDS = ("events", "users", "feedback", "rejects", "loads", "lists")


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def session(folder: Path) -> Any:
    """The session; its tables lie in the folder and are gone with the process."""
    from pyspark.sql import SparkSession

    builder = SparkSession.builder
    for name, value in {**_SESSION, **SMALL}.items():
        builder = builder.config(name, value)
    return builder.config("spark.sql.warehouse.dir", str(folder / "warehouse")).getOrCreate()


class World:
    """A project's tables on Spark, made of the raw rows that its DuckDB file holds."""

    def __init__(self, spark: Any, folder: Path, schema: str, definitions: dict[str, Any]) -> None:
        self.spark, self.folder, self.schema, self.definitions = spark, folder, schema, definitions
        for name in (schema, "raw", "meta"):
            spark.sql(f"drop database if exists {name} cascade")
        spark.sql("create database raw")
        profile = {
            "type": "spark",
            "method": "session",
            "host": "NA",
            "schema": schema,
            "threads": 2,
        }
        profiles = {"funnelkit": {"target": "spark", "outputs": {"spark": profile}}}
        (folder / "profiles.yml").write_text(json.dumps(profiles), "utf-8")

    def load(self, warehouse: Path) -> None:
        """Raw rows of the loads that Spark has not yet."""
        with duckdb.connect(str(warehouse), read_only=True) as con:
            for kind in _KINDS:
                found = con.execute(f"describe raw.{kind}").fetchall()
                columns = ", ".join(
                    f"{name} {'string' if type == 'VARCHAR' else type}" for name, type, *_ in found
                )
                self.spark.sql(f"create table if not exists raw.{kind} ({columns})")
                since = -1
                if kind != "lists":
                    asked = f"select coalesce(max(load_no), -1) from raw.{kind}"
                    since = self.spark.sql(asked).collect()[0][0]
                file = self.folder / f"{kind}.parquet"
                where = "" if kind == "lists" else f"where load_no > {since}"
                con.execute(f"copy (from raw.{kind} {where}) to '{file}' (format parquet)")
                self.spark.sql(f"insert into raw.{kind} by name select * from parquet.`{file}`")

    def dbt(self, *args: str) -> dict[str, Any]:
        """Runs dbt, which must succeed; node to its result."""
        from dbt.cli.main import dbtRunner

        fixed = ["--target", "spark", "--profiles-dir", str(self.folder), "--quiet"]
        dbt = ["--project-dir", str(ROOT / "dbt_project")]
        with _environment(
            FUNNELKIT_RAW="loaded",
            FUNNELKIT_SPARK_PARTS="4",
            DBT_TARGET_PATH=str(self.folder / "target"),
            DBT_LOG_PATH=str(self.folder / "logs"),
            DBT_SEND_ANONYMOUS_USAGE_STATS="False",
        ):
            definitions = ["--vars", json.dumps({"funnelkit": self.definitions})]
            done = dbtRunner().invoke([*args, *fixed, *dbt, *definitions])
        results = list(getattr(done.result, "results", None) or ())
        failed = {each.node.name: each.message for each in results if each.status != "success"}
        assert done.success, failed or done.exception
        return {each.node.name: each for each in results}

    def said(self, table: str) -> dict[str, str]:
        """What a table that grows says of itself."""
        rows = self.spark.sql(f"show tblproperties {self.schema}.{table}").collect()
        return {key: value for key, value in map(tuple, rows) if key.startswith("funnelkit.")}

    def folder_of(self, table: str) -> Path:
        # A process has one session, and that the folder it began with.
        tables = self.spark.conf.get("spark.sql.warehouse.dir").removeprefix("file:")
        return Path(tables) / f"{self.schema}.db" / table

    def files(self, table: str) -> str:
        """A table's files, for DuckDB; parts are folders."""
        return f"{self.folder_of(table)}/**/*.parquet"


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
