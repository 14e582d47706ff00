"""No model of the sample gives one task, or the driver, what many should share.

Plans are made of empty tables with the columns of DuckDB's; those of builds that grow are read in
test_growing.
"""

from typing import Any

import duckdb
import pytest

pytest.importorskip("pyspark", reason="needs the extra `spark`")

from tests.spark import plans, warm
from tests.spark.compiled import compiled

pytestmark = [pytest.mark.long, warm.NEEDS_JAVA]


@pytest.fixture(scope="module")
def spark(built_sample, tmp_path_factory) -> Any:
    session = warm.session(tmp_path_factory.mktemp("plans"))
    tables: dict[str, list[str]] = {}
    with duckdb.connect(str(built_sample.paths.warehouse), read_only=True) as con:
        columns = con.execute(
            "select table_schema || '.' || table_name, column_name, data_type"
            " from information_schema.columns where table_schema in ('main', 'raw') order by all"
        ).fetchall()
    for name, column, kind in columns:
        tables.setdefault(name, []).append(f"{column} {'string' if kind == 'VARCHAR' else kind}")
    for schema in ("main", "raw", "meta"):
        session.sql(f"drop database if exists {schema} cascade")
        session.sql(f"create database {schema}")
    tables["meta.id_groups"] = ["node string", "label string"]
    tables["meta.id_ways"] = ["logged_id string", "person_id string", "told_at timestamp"]
    for name, typed in tables.items():
        session.sql(f"create table {name} ({', '.join(typed)})")
    return session


def test_no_task_has_everything_to_do(spark, project):
    found = {
        name: plans.serial(spark, sql)
        for name, sql in compiled(project).items()
        if spark.catalog.tableExists(f"main.{name}")
    }
    assert len(found) > 60
    assert {name: faults for name, faults in found.items() if faults} == {}


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("select row_number() over (order by event_no) from main.fct_events", "one task"),
        ("select 1 from main.fct_events as a cross join main.fct_events as b", "everything"),
        (
            "select 1 from main.dim_funnels"
            " where funnel_no not in (select user_key from main.fct_events)",
            "fct_events sent",
        ),
    ],
)
def test_such_plans_are_found(spark, sql, said):
    found = plans.serial(spark, sql)
    assert any(said in fault for fault in found), found


@pytest.mark.parametrize(
    "sql",
    [
        "select row_number() over (partition by user_key order by event_no) from main.fct_events",
        "select 1 from main.fct_events as a"
        " inner join main.dim_funnels as b on a.event_no > b.funnel_no",
        "select max(event_no) from main.fct_events",
    ],
)
def test_others_are_not(spark, sql):
    assert plans.serial(spark, sql) == []
