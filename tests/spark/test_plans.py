"""No model of the sample gives one task, or the driver, what many should share.

Plans are made of empty tables with the columns of DuckDB's; those of builds that grow are read in
test_growing.
"""

from typing import Any

import duckdb
import pytest

pytest.importorskip("pyspark", reason="needs the extra `spark`")

from funnelkit.warehouse import log_answers
from tests.dbt.identities import macros
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
    restated = ["load_no bigint", "what string", "funnel string", "changed bigint"]
    tables["meta.restatements"] = restated
    tables["meta.id_merges"] = ["a string", "b string", "first_told_at timestamp"]
    tables["meta.id_persons"] = ["logged_id string", "person_id string"]
    for after in ("", "_before"):
        tables[f"meta.id_groups{after}"] = ["node string", "label string", "is_new boolean"]
        tables[f"meta.id_ways{after}"] = [
            *("logged_id string", "person_id string"),
            *("told_at timestamp", "is_new boolean"),
        ]
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


def test_nor_have_rounds_over_ids(spark):
    said, log_ids = macros("spark"), "main.int_log_ids"
    told_ids = "(select distinct logged_id from main.stg_raw__users) as told"
    queries = {
        "merges": said.spark_merges(log_ids, told_ids),
        "first labels": said.spark_first_labels("meta.id_merges"),
        "next labels": said.spark_next_labels("meta.id_groups_before", "meta.id_merges"),
        "persons": said.spark_persons(log_ids, told_ids, "meta.id_merges", 9),
        "first ways": said.spark_first_ways("meta.id_persons"),
        "next ways": said.spark_next_ways(
            "meta.id_ways_before", "meta.id_persons", "meta.id_merges"
        ),
    }
    found = {name: plans.serial(spark, str(sql)) for name, sql in queries.items()}
    assert {name: faults for name, faults in found.items() if faults} == {}


@pytest.mark.parametrize("name", log_answers.names())
def test_nor_has_what_reports_ask_of_the_log(spark, name):
    spark.catalog.setCurrentDatabase("main")
    for function in log_answers._FUNCTIONS:
        spark.sql(f"create or replace temporary function {function}")
    text = log_answers._text(name)
    if "{accepted}" in text:
        entities = "insert into dim_funnels (entity) values ('user_id'), ('account_id')"
        spark.sql(entities)
        text = text.replace("{accepted}", log_answers._accepted(spark))
        assert "account_id" in text
    assert plans.serial(spark, text) == []


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
