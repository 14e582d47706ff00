"""The funnel kernel on Spark: the cases of other systems, and small random logs, as on DuckDB.

Many funnels at once, as a project has them; DuckDB's answers are tested on their own.
"""

import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from funnelkit.warehouse.explore import journeys
from funnelkit.warehouse.explore_log import Question
from funnelkit.warehouse.macros import funnel_specs, render
from tests.funnel.kernel import question
from tests.funnel.strategies import crowd, funnel, seeds, write
from tests.funnel.test_vectors import AGREES, ENTITIES, SWITCHES
from tests.funnel.vectors import cases, mode, vectors, write_columns

pytest.importorskip("pyspark", reason="needs the extra `spark`")

from tests.spark import warm

pytestmark = [pytest.mark.long, warm.NEEDS_JAVA]

_COLUMNS = "funnel_no, entity_key, held, us, mask, xmask, row_tie, event_no"
_TOLD = ("chain_rows", "journeys", "leavers")


@pytest.fixture(scope="module")
def spark(tmp_path_factory) -> Any:
    return warm.session(tmp_path_factory.mktemp("kernel"))


def both(spark: Any, folder: Path, questions: Iterable[Question]) -> dict[str, list[list[Any]]]:
    """What the kernel tells of all questions on each engine; rows by table."""
    specs: list[dict[str, Any]] = []
    made: dict[str, Any] = {}
    with duckdb.connect() as con:
        con.execute(
            "create table matches (funnel_no bigint, entity_key bigint, held varchar, us bigint,"
            " mask bigint, xmask bigint, row_tie varchar, event_no bigint)"
        )
        observed = 0
        for no, asked in enumerate(questions, 1):
            specs.append({**asked.asked.kernel_spec, "no": no})
            with journeys(asked) as (own, log):
                observed = max(observed, log.observed_us)
                columns = [row[0] for row in own.execute("describe fk_matches").fetchall()]
                tie = "row_tie" if "row_tie" in columns else "null"
                rows = own.sql(
                    f"select {no}, entity_key, held, us, mask, xmask, {tie}, event_no"
                    " from fk_matches"
                ).fetchall()
            if rows:
                con.executemany("insert into matches values (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        con.execute(f"copy matches to '{folder}/matches.parquet' (format parquet)")

        def on_duckdb(name: str, sql: str) -> None:
            con.execute(f"create or replace table {name} as {sql}")

        def on_spark(name: str, sql: str) -> None:
            frame = spark.sql(sql).localCheckpoint()
            frame.createOrReplaceTempView(name)
            made[name] = frame

        on_spark("matches", f"select {_COLUMNS} from parquet.`{folder}/matches.parquet`")
        for engine, table in (("duckdb", on_duckdb), ("spark", on_spark)):
            _kernel(table, engine, specs, observed)
        found = {}
        for name in _TOLD:
            here = con.execute(f"select * from {name} order by all").fetchall()
            there = [tuple(row) for row in spark.table(name).collect()]
            found[name] = [sorted(here, key=repr), sorted(there, key=repr)]
        for name, frame in made.items():
            spark.catalog.dropTempView(name)
            frame._jdf.queryExecution().analyzed().rdd().unpersist(False)
    return found


def _kernel(table: Any, engine: str, specs: list[dict[str, Any]], observed: int) -> None:
    def said(macro: str, *arguments: object) -> str:
        return render(macro, *arguments, engine=engine)

    told = json.dumps(specs)
    table("numbered_rows", said("funnel_rows", "matches", told, True))
    chains = []
    for run in json.loads(said("funnel_runs", told)):
        entries = said("funnel_entries", run, "numbered_rows", told, str(observed))
        table(f"entries_{run}", entries)
        kernel = said("funnel_chains", "numbered_rows", f"entries_{run}", told, run == "free")
        chains.append(f"select '{run}' as run, * from ({kernel}) as {run}_run")
    table("chains", "\nunion all\n".join(chains))
    table("chain_rows", said("funnel_chain_rows", "chains", "numbered_rows", told))
    table("units", said("funnel_units", "numbered_rows", "chains", "chain_rows", told))
    table("funnels", said("funnel_values", told))
    table("leavers", said("funnel_leavers", "chains"))
    relations = ("units", "numbered_rows", "chains", "funnels")
    table("journeys", said("funnel_journeys", *relations, told, str(observed), False))


def _same(found: dict[str, list[list[Any]]]) -> None:
    assert found["journeys"][0]
    for name, (here, there) in found.items():
        assert here == there, name


def test_cases_of_other_systems(spark, tmp_path):
    asked: list[Question] = []
    for name in AGREES:
        vector = vectors()[name]
        for case in cases(vector, SWITCHES[mode(vector)], ENTITIES.get(name, "user_id")):
            path = tmp_path / f"{len(asked)}.csv"
            write_columns(path, case)
            (spec,) = funnel_specs({"f": case.rules})
            asked.append(Question([str(path)], spec, {}, engine="duckdb", events=True))
    if not asked:
        pytest.skip("needs ../shared/vectors/funnel.json")
    assert len(asked) > 50
    _same(both(spark, tmp_path, asked))


def test_rows_are_read_as_often_however_many_steps(spark):
    """Spark makes a CTE again for each reader: one a step was minutes of planning."""
    spark.sql(
        "select id as p, id as pos, id as tie, id as us, id as mask, id as xmask from range(9)"
    ).createOrReplaceTempView("few_rows")
    read = set()
    for steps in (2, 4, 6):
        rules = {"steps": [f"s{k}" for k in range(steps)], "window": "1 day", "exclude": ["x"]}
        specs = funnel_specs({"one": rules, "two": {**rules, "count": "entries"}})
        told = json.dumps(specs)
        kernel = render("funnel_chains", "few_rows", "few_rows", told, False, engine="spark")
        leaves = spark.sql(kernel)._jdf.queryExecution().optimizedPlan().collectLeaves()
        names = [leaves.apply(n).nodeName() for n in range(leaves.size())]
        read.add(names.count("Range"))
    (once,) = read
    assert once > 0


@settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=seeds)
def test_random_logs(spark, tmp_path, seed):
    # Of many rules at once, and of one: the SQL of an option that all funnels have is another.
    chance = random.Random(seed)
    mixed, alike = [funnel(chance) for _ in range(5)], [funnel(chance)] * 3
    for several in (mixed, alike):
        asked: list[Question] = []
        for n, rules in enumerate(several):
            write(tmp_path / f"{n}.csv", crowd(chance))
            asked.append(question(tmp_path / f"{n}.csv", rules, events=True))
        _same(both(spark, tmp_path, asked))
