"""A built funnel under the names that questions about journeys use: nothing is computed again."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from funnelkit.warehouse import answers, meta
from funnelkit.warehouse.connect import identifier
from funnelkit.warehouse.macros import render
from funnelkit.warehouse.queries import built_tables, query

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_OF_FUNNEL = {
    "fk_journeys": "select * from int_funnel_journeys where funnel_no = {no}",
    "fk_funnels": "select * from dim_funnels where funnel_no = {no}",
    "fk_steps": "select * from dim_funnel_steps where funnel_no = {no}",
    # The number of the funnel stands above the 56 low bits of p, the entity's key in the lowest 32.
    "fk_rows": "select * from int_funnel_rows where p >> 56 = {no}",
    "fk_chain_rows": "select * from int_funnel_chain_rows where p >> 56 = {no}",
    "fk_entities": "select entity_id, p & 4294967295 as entity_key from int_funnel_entities"
    " where funnel_no = {no}",
    "fk_accepted": "select *, cast({entity} as varchar) as fk_entity_id, event_no as fk_event_no"
    " from fct_events",
}


@contextmanager
def built_journeys(
    con: "DuckDBPyConnection", spec: Mapping[str, Any], user_properties: Sequence[str] = ()
) -> Iterator[None]:
    """Temp views on the built marts of a funnel, as `journeys.create_journeys` makes its tables.

    With `user_properties` also fk_profile, these as of each unit's entry. All are gone afterwards.
    Raises FunnelkitError when the funnel was not built, and where the log is not here.
    """
    meta.needs_log(con, "this")
    with built_tables(con):
        found = con.execute(
            "select funnel_no from dim_funnels where funnel = ?", [spec["name"]]
        ).fetchall()
    views = dict(_OF_FUNNEL)
    if user_properties:
        views["fk_profile"] = _profile({**spec, "no": found[0][0]}, user_properties)
    try:
        for name, sql in views.items():
            filled = sql.replace("{no}", str(found[0][0])).replace("{entity}", spec["entity"])
            con.execute(f"create or replace temp view {name} as {filled}")
        yield
    finally:
        for name in views:
            con.execute(f"drop view if exists temp.{name}")


def next_events(
    con: "DuckDBPyConnection", spec: Mapping[str, Any], step: int
) -> list[dict[str, Any]]:
    """What came next for those lost after the step: sql/journeys_next.sql."""
    if not meta.log_is_here(con):
        return query(con, "next_events", funnel=spec["name"], step=step)
    with built_journeys(con, spec):
        return answers.next_events(con, spec, step)


def _profile(spec: Mapping[str, Any], user_properties: Sequence[str]) -> str:
    specs = json.dumps([{**spec, "hold": [identifier(name) for name in spec["hold"]]}])
    entered = render("funnel_entry_events", "fk_rows", specs)
    by_account = "true" if spec["entity"] == "account_id" else "false"
    relations = (f"({entered})", "fct_events", "int_user_rows")
    told = render("funnel_profiles", *relations, list(user_properties), by_account)
    columns = ", ".join(identifier(name) for name in user_properties)
    return f"select p as fk_p, attempt as fk_attempt, {columns} from ({told})"
