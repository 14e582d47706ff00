"""The sample built on Spark has DuckDB's rows, table for table."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.conftest import ROOT

pytest.importorskip("pyspark", reason="needs the extra `spark`")
pytest.importorskip("dbt.adapters.spark", reason="needs the extra `spark`")

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java"),
]

# Numbers of rows of one build: nothing depends on which is whose.
_OF_ONE_BUILD = {"row_no"}
# Compiling expressions costs more than the sample's rows do.
_SMALL = (
    ("spark.sql.codegen.wholeStage", "false"),
    ("spark.sql.codegen.factoryMode", "NO_CODEGEN"),
    ("spark.sql.shuffle.partitions", "2"),
    ("spark.default.parallelism", "2"),
)


@pytest.fixture(scope="module")
def tables(tmp_path_factory) -> Path:
    """The folder of the tables that Spark has built."""
    folder: Path = tmp_path_factory.mktemp("spark")
    shutil.copytree(
        ROOT / "dbt_project", folder / "dbt", ignore=shutil.ignore_patterns("target", "logs")
    )
    profiles = folder / "dbt" / "profiles.yml"
    lines = profiles.read_text("utf-8").rstrip().splitlines()
    lines = [line for line in lines if not any(name in line for name, _ in _SMALL)]
    lines += [f'        {name}: "{value}"' for name, value in _SMALL]
    profiles.write_text("\n".join(lines) + "\n", "utf-8")
    paths = {
        "FUNNELKIT_SEEDS": str(ROOT / "seeds"),
        "FUNNELKIT_SPARK": str(folder),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }
    dbt = str(Path(sys.executable).with_name("dbt"))
    done = subprocess.run(
        [dbt, "build", "--target", "spark", "--profiles-dir", "."],
        cwd=folder / "dbt",
        env={**os.environ, **paths},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    return folder / "warehouse" / "main.db"


def differences(con: duckdb.DuckDBPyConnection, name: str, files: str) -> dict[str, object]:
    """Rows that one of both has alone, and columns of another name or type.

    Doubles are compared to nine digits; every other type must be the same, and its values.
    """
    ours = con.execute(f"describe {name}").fetchall()
    theirs = con.execute(f"describe select * from read_parquet('{files}')").fetchall()
    wide = {column: kind.replace(" WITH TIME ZONE", "") for column, kind, *_ in theirs}
    unlike = {(column, kind) for column, kind, *_ in ours} ^ set(wide.items())
    columns = ", ".join(
        f"round({column}, 9) as {column}" if kind == "DOUBLE" else f"cast({column} as {kind})"
        for column, kind, *_ in ours
        if column not in _OF_ONE_BUILD
    )
    here, there = (f"select {columns} from {each}" for each in (name, f"read_parquet('{files}')"))
    alone = [
        con.execute(f"select count(*) from ({one} except all {other})").fetchall()[0][0]
        for one, other in ((here, there), (there, here))
    ]
    return {"columns": unlike, "rows": alone}


def test_every_table_has_the_same_rows(built_sample, tables):
    with duckdb.connect(str(built_sample.paths.warehouse), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        names = [row[0] for row in con.execute("select name from (show tables)").fetchall()]
        views = {"stg_raw__feedback"}
        assert {path.name for path in tables.iterdir()} == set(names) - views
        found = {
            name: differences(con, name, f"{tables}/{name}/*.parquet")
            for name in names
            if name not in views
        }
    assert {
        name: said for name, said in found.items() if said != {"columns": set(), "rows": [0, 0]}
    } == {}
