"""Builds that grow on Spark: one more day, and merges that came late, give the tables of one build.

DuckDB builds the same raw rows at once; which rows that gives is tested on its own.
"""

import re
from typing import Any, NamedTuple

import duckdb
import pytest
import yaml

from tests.dbt import growing as g

pytest.importorskip("pyspark", reason="needs the extra `spark`")
pytest.importorskip("dbt.adapters.spark", reason="needs the extra `spark`")

from tests.spark import plans, warm

pytestmark = [pytest.mark.long, warm.NEEDS_JAVA]

# Up to the journeys: what follows is made whole of them on every engine.
_SELECTED = ("--select", "+fct_funnel_journeys", "+fct_sessions", "rpt_restatements")
_GROWN = warm.words(
    """
    stg_raw__events int_log_ids int_identity_changes int_user_keys int_account_keys
    int_events_duplicates int_events_excluded int_touched_users fct_events fct_sessions
    int_entity_keys int_touched_values int_funnel_rows int_funnel_chains int_funnel_chain_rows
    """
)
# What a build asks for: one number, the numbers of a table's parts, or the columns of a query.
_ONE_NUMBER_OR_PARTS = re.compile(
    r"select (count\([^()]*\)|max\(load_no\)|distinct (fk_)?part) from "
    r"|select \(select observed_us from \w+\.int_observed_until\)|select md5\(.*\) from raw\.lists$"
    r"|select 'nothing was touched'|select \* from \(.*\) as __dbt_sbq where false limit 0$"
)


class Built(NamedTuple):
    """The project on DuckDB, made at once and in two builds; on Spark in two builds, and what each
    of these had it run."""

    duck: Any
    grown: Any
    world: warm.World
    seen: dict[str, plans.Seen]
    made_by: list[dict[str, str]]


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Built:
    folder = tmp_path_factory.mktemp("growing")
    duck, grown = (g.project(folder / name, g.DEFINITIONS) for name in ("duck", "grown"))
    events, users = g.random_rows(3)
    events.sort(key=lambda event: str(event.occurred_at))
    first = [event for event in events if event.previous_id is None]
    day = first[len(first) * 4 // 5 :] + [event for event in events if event.previous_id]
    world = warm.World(warm.session(folder), folder, "growing", yaml.safe_load(g.DEFINITIONS))
    seen: dict[str, plans.Seen] = {}
    made_by: list[dict[str, str]] = []
    for name, some, told in (
        ("whole", first[: len(first) * 4 // 5], users[:8]),
        ("grown", day, users[8:]),
    ):
        for project in (duck, grown):
            g.load(project, "events", f"events_{name}", some)
            g.load(project, "users", f"users_{name}", told)
        g.build(grown)
        world.load(duck.paths.warehouse)
        with plans.watched(world.spark) as seen[name]:
            world.dbt("run", *_SELECTED)
        made_by.append({table: world.said(table)["funnelkit.made_by"] for table in _GROWN})
    g.build(duck)
    return Built(duck, grown, world, seen, made_by)


def test_a_day_more_is_added(built):
    one, other = built.made_by
    assert one == other
    assert len(set(one.values())) == 1


def test_tables_that_grew_are_those_of_one_build(built):
    with duckdb.connect(str(built.duck.paths.warehouse), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        found = {}
        for (name,) in con.execute("select name from (show tables)").fetchall():
            files = built.world.files(name)
            if not any(built.world.folder_of(name).rglob("*.parquet")):
                continue
            columns = ", ".join(
                f"round({column}, 9)" if kind == "DOUBLE" else f"cast({column} as {kind})"
                for column, kind, *_ in con.execute(f"describe {name}").fetchall()
                if column not in g._KEYS | {"p", "funnel_no"}
            )
            if not (columns and name.startswith(g._COMPARED)) or name == g._NOT_COMPARED:
                continue
            here = f"select {columns} from {name}"
            there = f"select {columns} from read_parquet('{files}', hive_partitioning = false)"
            found[name] = [
                con.execute(f"select count(*) from ({one} except all {other})").fetchall()[0][0]
                for one, other in ((here, there), (there, here))
            ]
    assert len(found) > 10
    assert {name: alone for name, alone in found.items() if alone != [0, 0]} == {}


def test_what_a_late_merge_changed_is_counted(built):
    asked = "select load_no, what, funnel, changed from meta.restatements"
    here = g.rows(built.grown, asked)
    there = [tuple(row) for row in built.world.spark.sql(asked).collect()]
    assert {row[1] for row in here} == {"ids", "users", "journeys"}
    assert sorted(there, key=repr) == sorted(here, key=repr)


@pytest.mark.parametrize("build", ["whole", "grown"])
def test_no_task_has_everything_to_do(built, build):
    found = built.seen[build].faults
    assert len(found) > 25
    assert any(
        statement.startswith("insert overwrite" if build == "grown" else "create table growing.")
        for statement in found
    )
    assert any("meta.id_ways" in statement for statement in found)
    assert {statement: faults for statement, faults in found.items() if faults} == {}


def test_the_driver_is_told_numbers_and_parts(built):
    """Never rows of the log, or of its people."""
    fetched = built.seen["whole"].fetched | built.seen["grown"].fetched
    assert any(sql.startswith("select distinct part ") for sql in fetched)
    assert {sql for sql in fetched if not _ONE_NUMBER_OR_PARTS.match(sql)} == set()


def test_a_table_whose_build_was_killed_is_made_whole(built):
    # The last test here: it changes what the others read.
    world = built.world
    table = f"{world.schema}.fct_events"
    world.spark.sql(f"alter table {table} set tblproperties ('funnelkit.fingerprint' = 'unknown')")
    rows = world.spark.table(table).count()
    before = world.said("fct_events")
    world.dbt("run", "--select", "+fct_events")
    assert world.said("fct_events")["funnelkit.made_by"] != before["funnelkit.made_by"]
    assert world.said("fct_events")["funnelkit.fingerprint"] != "unknown"
    assert world.spark.table(table).count() == rows > 50
