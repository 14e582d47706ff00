"""How often a team hears its customers: interviews, answered surveys, tickets, reviews a week."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from funnelkit.results.built import inputs
from funnelkit.results.notes import noted, of_log
from funnelkit.stats.funnels import many
from funnelkit.table import Column, Table
from funnelkit.warehouse.queries import query

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

CADENCE_COLUMNS = (
    Column("week", "date"),
    Column("interviews", "count"),
    Column("surveys_answered", "count"),
    Column("tickets", "count"),
    Column("reviews", "count"),
    Column("customers", "count"),
)
LOOK_BACK = 12  # weeks of the headline
_METHOD = (
    "Weeks from Monday, {timezone}. Interviews: people, once a day; surveys: respondents of the "
    "week (sources survey, nps, exit); customers: those that interviews and surveys reached, of "
    "known users."
)


def built_cadence(con: "DuckDBPyConnection", timezone: str) -> Table:
    """One row a week, from the first answer on; weeks in which nobody was heard are zeros.

    Raises FunnelkitError for what is not built.
    """
    meta = inputs(con)
    table = cadence_table(query(con, "say_cadence", timezone=timezone), timezone, meta)
    return noted(table, *of_log(meta))


def cadence_table(
    weeks: Sequence[Mapping[str, Any]], timezone: str, meta: Mapping[str, Any] | None = None
) -> Table:
    """The table of these weeks, all of them, the earliest first; its headline is of the last 12."""
    names = [column.name for column in CADENCE_COLUMNS]
    rows = tuple(tuple(week[name] for name in names) for week in weeks)
    if not rows:
        return Table(CADENCE_COLUMNS, rows, meta or {}, "Nobody was heard yet: load feedback.")
    method = _METHOD.format(timezone=timezone)
    return Table(CADENCE_COLUMNS, rows, meta or {}, _headline(weeks[-LOOK_BACK:]), (method,))


def _headline(weeks: Sequence[Mapping[str, Any]]) -> str:
    """`In the last 12 weeks 9 had at least one interview; 2.3 interviews and 31 …`."""
    met = sum(week["interviews"] > 0 for week in weeks)
    interviews, surveys = (
        sum(week[name] for week in weeks) / len(weeks)
        for name in ("interviews", "surveys_answered")
    )
    span = "In the only week" if len(weeks) == 1 else f"In the last {many(len(weeks), 'weeks')}"
    return (
        f"{span} {met or 'none'} had at least one interview; {_rate(interviews)} interviews and"
        f" {_rate(surveys)} answered surveys a week."
    )


def _rate(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0") if number < 9.95 else f"{number:,.0f}"
