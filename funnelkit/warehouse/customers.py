"""Temp views for the queries of opportunities and interviews, of what the definitions name."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from funnelkit.warehouse.connect import identifier
from funnelkit.warehouse.macros import render
from funnelkit.warehouse.queries import built_tables

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def create_customers(
    con: "DuckDBPyConnection", plan: Mapping[str, Any], breakdown: str | None
) -> None:
    """Makes fk_customers: entity (user_id or account_id), entity_id, customer_id, revenue, value.

    `plan`: everything declared of features and feedback; `breakdown`: a user property or declared
    segment for `value`. Values are the latest, revenue_cents the latest by the end of the log.
    Raises FunnelkitError for what is not built.
    """
    value = _value(plan, breakdown)
    _execute(
        con,
        f"""
        create or replace temp view fk_customers as
        with entities as (
            select 'user_id' as entity, user_id as entity_id,
                coalesce(account_id, user_id) as customer_id, {value} as value
            from dim_users
            union all
            select 'account_id', account_id, account_id, {value} from dim_accounts
        ),
        revenue as ({_revenue(plan["revenue"] if plan["declared"] else None)})
        select entities.*, revenue.revenue_cents
        from entities
        left join revenue on entities.customer_id = revenue.customer_id
        """,
    )


def _value(plan: Mapping[str, Any], breakdown: str | None) -> str:
    if breakdown is None:
        return "cast(null as varchar)"
    what = plan["segments"].get(breakdown)
    return f"cast(({what or identifier(breakdown)}) as varchar)"


def _revenue(name: str | None) -> str:
    """The latest told of each customer by the end of the log."""
    if name is None:
        return "select cast(null as varchar) as customer_id, cast(null as bigint) as revenue_cents"
    return """
        select told.customer_id, told.revenue_cents
        from int_customer_revenue as told
        cross join int_observed_until as log
        where told.valid_from <= log.observed_until
        qualify row_number() over (
            partition by told.customer_id order by told.valid_from desc, told.user_id
        ) = 1
    """


def create_success(con: "DuckDBPyConnection", success: Mapping[str, Any]) -> None:
    """Makes fk_success: user_key, occurred_at of the events that a feature's success is."""
    matched = render("step_predicate", {"events": success["events"], "where": success["where"]})
    _execute(
        con,
        "create or replace temp view fk_success as select user_key, occurred_at"
        f" from fct_events where {matched}",
    )


def _execute(con: "DuckDBPyConnection", sql: str) -> None:
    """Raises FunnelkitError where a mart that the view reads is not built."""
    with built_tables(con):
        con.execute(sql)
