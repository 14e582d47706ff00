"""What a query does on Spark that one task, or the driver, would have to do alone."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.spark.warm import words

# What definitions say, what there is a row of for each load, and reports; every other table has
# about as many rows as the log has, or as it has people.
_SMALL = words(
    """
    dim_aha_moments dim_aha_search dim_features dim_funnel_steps dim_funnels dim_outcomes dim_waves
    int_observed_until lists loads restatements
    """
)
_BROADCAST = "spark.sql.autoBroadcastJoinThreshold"
_COMMENT = re.compile(r"/\*[^*]*\*/|--[^\n]*")
# What stands before the query of a statement that writes.
_WRITES = re.compile(
    r"create table\s.*?\sas\s|insert (?:into|overwrite)\s.*?(?=\b(?:select|with)\b)", re.DOTALL
)


def serial(spark: Any, sql: str) -> list[str]:
    """The query's physical plan, read for windows over everything, pairs of everything with
    everything (not with a few, as waves are), and large tables that every task would be sent."""
    # The tables of a test are small enough to be sent anywhere.
    before = spark.conf.get(_BROADCAST)
    spark.conf.set(_BROADCAST, "-1")
    try:
        return _serial(spark.sql(sql))
    finally:
        spark.conf.set(_BROADCAST, before)


class Seen:
    """What dbt had Spark run: what is wrong with each plan, and what the driver was given."""

    def __init__(self) -> None:
        self.faults: dict[str, list[str]] = {}  # by the head of the statement
        self.fetched: set[str] = set()


@contextmanager
def watched(spark: Any) -> Iterator[Seen]:
    """Reads the plan of every query that anybody has Spark run meanwhile, before it is run."""
    kind, seen = type(spark), Seen()
    run = kind.sql

    def read(self: Any, text: str, *args: Any, **named: Any) -> Any:
        bare = _COMMENT.sub("", text).strip()
        head = _WRITES.match(bare)
        if head:
            found = seen.faults.setdefault(" ".join(head[0].split()[:4]), [])
            found += _serial(run(self, bare[head.end() :]))
        elif bare.startswith(("select", "with")):
            seen.fetched.add(" ".join(bare.split()))
        return run(self, text, *args, **named)

    before = spark.conf.get(_BROADCAST)
    spark.conf.set(_BROADCAST, "-1")
    kind.sql = read
    try:
        yield seen
    finally:
        kind.sql = run
        spark.conf.set(_BROADCAST, before)


def _serial(frame: Any) -> list[str]:
    plan = frame._jdf.queryExecution().executedPlan()
    return [fault for name, node in _nodes(plan) for fault in _faults(name, node)]


def _nodes(plan: Any, is_root: bool = True) -> Iterator[tuple[str, Any]]:
    """Name and node; every question to Java takes time."""
    name = plan.nodeName()
    if name == "AdaptiveSparkPlan":
        yield from _nodes(plan.inputPlan())
        return
    yield name, plan
    children = plan.children()
    for n in range(children.size()):
        yield from _nodes(children.apply(n), False)
    if is_root:
        asked = plan.subqueriesAll()
        for n in range(asked.size()):
            yield from _nodes(asked.apply(n), False)


def _faults(name: str, node: Any) -> Iterator[str]:
    if name in ("Window", "WindowGroupLimit") and node.partitionSpec().isEmpty():
        yield f"one task: {_text(node)}"
    if name == "CartesianProduct" and _large(node.left()) and _large(node.right()):
        yield f"pairs of everything: {_text(node)}"
    if name in ("BroadcastNestedLoopJoin", "BroadcastHashJoin"):
        left = node.buildSide().toString() == "BuildLeft"
        for large in _large(node.left() if left else node.right()):
            yield f"{large} sent to every task: {_text(node)}"


def _text(node: Any) -> str:
    return str(node.simpleString(9))[:200]


def _large(plan: Any) -> list[str]:
    """Large tables that a plan gives the rows of, unless it makes one row of all."""
    if plan.nodeName() == "AdaptiveSparkPlan":
        plan = plan.inputPlan()
    if plan.nodeName().endswith("Aggregate") and plan.groupingExpressions().isEmpty():
        return []
    # As `Scan parquet spark_catalog.main.x`; `Scan OneRowRelation` is what a query says itself.
    _, dot, name = plan.nodeName().rpartition(".")
    if dot and plan.nodeName().startswith("Scan "):
        return [] if name in _SMALL or name.startswith("rpt_") else [name]
    found = []
    for n in range(plan.children().size()):
        found += _large(plan.children().apply(n))
    return found
