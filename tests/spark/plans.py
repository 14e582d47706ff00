"""What a query does on Spark that one task, or the driver, would have to do alone."""

from collections.abc import Iterator
from typing import Any

from tests.spark.warm import words

# Tables with about as many rows as the log has, or as it has people.
_LARGE = words(
    """
    events stg_raw__events fct_events int_events_duplicates int_events_excluded int_log_ids
    int_identity_changes int_identities int_user_keys int_users dim_users int_funnel_rows
    int_funnel_chains int_funnel_chain_rows int_funnel_journeys fct_funnel_journeys fct_sessions
    stg_raw__feedback fct_feedback int_customers int_user_rows dim_customers_at fct_wave_users
    fct_wave_usage fct_wave_access fct_feature_usage int_entity_keys int_aha_rows int_aha_steps
    int_aha_exposures int_entrants int_outcomes
    """
)


def serial(spark: Any, sql: str) -> list[str]:
    """The query's physical plan, read for windows over everything, pairs of everything with
    everything (not with a few, as waves are), and large tables that every task would be sent."""
    # The tables of a test are small enough to be sent anywhere.
    spark.conf.set("spark.sql.autoBroadcastJoinThreshold", "-1")
    try:
        plan = spark.sql(sql)._jdf.queryExecution().executedPlan()
        return [fault for node in _nodes(plan) for fault in _faults(node)]
    finally:
        spark.conf.unset("spark.sql.autoBroadcastJoinThreshold")


def _nodes(plan: Any) -> Iterator[Any]:
    if plan.nodeName() == "AdaptiveSparkPlan":
        plan = plan.inputPlan()
    yield plan
    for each in (plan.children(), plan.subqueries()):
        for n in range(each.size()):
            yield from _nodes(each.apply(n))


def _faults(node: Any) -> Iterator[str]:
    name, text = node.nodeName(), node.toString().splitlines()[0][:200]
    if name in ("Window", "WindowGroupLimit") and node.partitionSpec().isEmpty():
        yield f"one task: {text}"
    if name == "CartesianProduct" and _large(node.left()) and _large(node.right()):
        yield f"pairs of everything: {text}"
    if name in ("BroadcastNestedLoopJoin", "BroadcastHashJoin"):
        left = "BuildLeft" in text
        for large in _large(node.left() if left else node.right()):
            yield f"{large} sent to every task: {text}"


def _large(plan: Any) -> list[str]:
    """Large tables that a plan gives the rows of, unless it makes one row of all."""
    if plan.nodeName() == "AdaptiveSparkPlan":
        plan = plan.inputPlan()
    if plan.nodeName().endswith("Aggregate") and plan.groupingExpressions().isEmpty():
        return []
    if plan.nodeName().startswith("Scan"):
        return [name for name in _LARGE if f".{name} " in plan.nodeName() + " "]
    found = []
    for n in range(plan.children().size()):
        found += _large(plan.children().apply(n))
    return found
