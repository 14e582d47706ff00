"""Whose ids are, on Spark: rounds over the table of merges find what DuckDB's recursion finds."""

import random
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import duckdb
import pytest

from tests.dbt.identities import Rules, Said, components, load, macros

pytest.importorskip("pyspark", reason="needs the extra `spark`")

from tests.spark import warm

pytestmark = [pytest.mark.long, warm.NEEDS_JAVA]

SPARK = macros("spark")


@pytest.fixture(scope="module")
def spark(tmp_path_factory) -> Any:
    return warm.session(tmp_path_factory.mktemp("identity"))


def rounds(spark: Any, name: str, first: str, following: str) -> int:
    """The loop of the macro `spark_rounds`; how many it took."""
    _view(spark, name, first)
    for n in range(100):
        if spark.sql(f"select 1 from {name} where is_new limit 1").isEmpty():
            return n
        _view(spark, f"{name}_before", f"select * from {name}")
        _view(spark, name, following)
    raise AssertionError(f"{name} goes on")


def _view(spark: Any, name: str, sql: str) -> None:
    spark.sql(sql).localCheckpoint().createOrReplaceTempView(name)


def test_groups_are_the_connected_components(spark):
    """Paths, in both orders of names and in none; rings, stars, trees and tangles."""
    draw = random.Random(1)
    edges: list[tuple[str, str]] = []
    for no, size in enumerate([2, 3, 5, 9, 33, 120, 400] * 5):
        names = [f"{no}/{n:04}" for n in range(size)]
        if no % 3:
            draw.shuffle(names)
        shape = ("path", "ring", "star", "tree", "tangle")[no % 5]
        edges += pairwise(names) if shape in ("path", "ring") else ()
        if shape == "ring":
            edges.append((names[-1], names[0]))
        for n in range(1, size):
            if shape == "star":
                edges.append((names[0], names[n]))
            elif shape in ("tree", "tangle"):
                edges.append((names[draw.randrange(n)], names[n]))
            if shape == "tangle":
                edges.append((draw.choice(names), draw.choice(names)))
    both = {*edges, *((b, a) for a, b in edges)}
    spark.createDataFrame(sorted(both), "a string, b string").createOrReplaceTempView("merges")
    taken = rounds(
        spark,
        "id_groups",
        SPARK.spark_first_labels("merges"),
        SPARK.spark_next_labels("id_groups_before", "merges"),
    )
    found: dict[str, set[str]] = {}
    for node, label, _ in spark.table("id_groups").collect():
        found.setdefault(label, set()).add(node)
    assert all(label == min(nodes) for label, nodes in found.items())
    assert sorted(map(sorted, found.values())) == sorted(
        sorted(group) for group in components((a, b, 0) for a, b in edges)
    )
    assert taken <= 10


@pytest.mark.parametrize(
    "rules",
    [Rules(), Rules("last", 2, 3), Rules("none", 1, 6)],
    ids=lambda rules: rules.shared_devices,
)
def test_ids_of_many_logs(spark, rules):
    """Sixty random logs as one, each with ids of its own."""
    log = [row for n in range(60) for row in _random_log(random.Random(n), f"{n}/")]
    told = [f"{n}/u0" for n in range(60)]
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        load(con, log, told)
        here = _ids(con.execute, macros("duckdb"), rules).fetchall()
        for name in ("log_ids", "told_ids"):
            _copy(spark, con, name)
    _view(spark, "id_merges", SPARK.spark_merges("log_ids", "told_ids"))
    rounds(
        spark,
        "id_groups",
        SPARK.spark_first_labels("id_merges"),
        SPARK.spark_next_labels("id_groups_before", "id_merges"),
    )
    persons = SPARK.spark_persons("log_ids", "told_ids", "id_merges", rules.max_ids_per_person)
    _view(spark, "id_persons", _here(persons))
    rounds(
        spark,
        "id_ways",
        SPARK.spark_first_ways("id_persons"),
        SPARK.spark_next_ways("id_ways_before", "id_persons", "id_merges"),
    )
    there = _ids(lambda sql: spark.sql(_here(sql)), SPARK, rules).collect()
    assert len(here) > 300
    assert sorted(map(tuple, there), key=repr) == sorted(here, key=repr)


def _ids(run: Any, macros: Any, rules: Rules) -> Any:
    sql = macros.identity_map("log_ids", "told_ids", rules._asdict())
    return run(f"select logged_id, user_id, how, cast(valid_from as varchar(99)) from ({sql}) as x")


def _here(sql: object) -> str:
    return str(sql).replace("meta.id_", "id_")


def _copy(spark: Any, con: duckdb.DuckDBPyConnection, name: str) -> None:
    columns = con.execute(f"describe {name}").fetchall()
    types = ", ".join(
        f"{column} {'string' if kind == 'VARCHAR' else 'timestamp'}" for column, kind, *_ in columns
    )
    texts = ", ".join(f"cast({column} as varchar)" for column, *_ in columns)
    rows = con.execute(f"select {texts} from {name}").fetchall()
    plain = ", ".join(f"{column} string" for column, *_ in columns)
    casts = [f"cast({part.split()[0]} as {part.split()[1]})" for part in types.split(", ")]
    spark.createDataFrame(rows, plain).selectExpr(*casts).toDF(
        *(column for column, *_ in columns)
    ).createOrReplaceTempView(name)


def _random_log(draw: random.Random, of: str) -> Sequence[Said]:
    size = draw.choice([3, 6, 12])
    users, devices = ([f"{of}{kind}{n}" for n in range(size)] for kind in "ud")
    return list(_rows(draw, size, users, devices))


def _rows(
    draw: random.Random, size: int, users: Sequence[str], devices: Sequence[str]
) -> Iterable[Said]:
    for _ in range(draw.randint(size, 3 * size)):
        user = draw.choice([*users, None])
        device = draw.choice([*devices, None] if user else devices)
        previous = draw.choice([*users, *devices]) if draw.random() < 0.6 else None
        at = draw.randint(0, 50)
        yield Said(user, device, previous, at, at + draw.randint(0, 20))
