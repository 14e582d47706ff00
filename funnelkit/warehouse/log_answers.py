"""What reports ask of the event log, counted where the log is: a few rows that come back with the
marts, as tables `log_*`. What reads them instead of the log is in sql/kept.

Where they can, they are the very queries of sql/, of which Spark is told the functions; sql/spark
has what commands ask of one step, of all steps at once.
"""

from typing import Any

from funnelkit.errors import FunnelkitError
from funnelkit.paths import root
from funnelkit.warehouse.connect import literal
from funnelkit.warehouse.dbt_results import paragraph

_AS_ASKED = ("log_others", "log_people", "log_weeks")
_FUNCTIONS = (
    "epoch_us(at timestamp) returns bigint return unix_micros(at)",
    "hex_part(text string, first int, length int) returns string"
    " return conv(substring(text, first, length), 16, 10)",
)
_IN_SPARK = {"'0x' || substring(": "hex_part(", "varchar": "string", "$until": "null"}


def names() -> list[str]:
    """The tables that `keep` makes."""
    return sorted([*_AS_ASKED, *(path.stem for path in (root("sql") / "spark").glob("*.sql"))])


def _text(name: str) -> str:
    if name not in _AS_ASKED:
        return (root("sql") / "spark" / f"{name}.sql").read_text("utf-8")
    text = (root("sql") / f"{name}.sql").read_text("utf-8")
    for ours, theirs in _IN_SPARK.items():
        text = text.replace(ours, theirs)
    return text


def keep(session: Any) -> None:
    """Makes the tables in the Spark session, each where all that it reads is built.

    Raises FunnelkitError for a query that Spark could not end, as without room on its disk.
    """
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    session.catalog.setCurrentDatabase("main")
    for function in _FUNCTIONS:
        session.sql(f"create or replace temporary function {function}")
    for name in names():
        text = _text(name)
        session.sql(f"drop table if exists {name}")
        try:
            if "{accepted}" in text:
                text = text.replace("{accepted}", _accepted(session))
            session.sql(text).coalesce(1).write.format("parquet").saveAsTable(name)
        except (PySparkException, Py4JError) as error:
            if _lacks_table(error):
                continue
            told = paragraph(str(error))
            raise FunnelkitError(f"{name} could not be counted on Spark: {told}") from None


def _lacks_table(error: Exception) -> bool:
    from pyspark.errors import AnalysisException

    condition = "TABLE_OR_VIEW_NOT_FOUND"
    return isinstance(error, AnalysisException) and error.getCondition() == condition


def _accepted(session: Any) -> str:
    """Events under the id of each entity that a funnel counts."""
    found = session.sql("select distinct entity from dim_funnels order by entity").collect()
    entities = [str(row[0]) for row in found] or ["user_id"]
    return "\n union all\n ".join(
        f"select {literal(entity)} as entity, cast({entity} as string) as entity_id, occurred_at,"
        f" event_no, event_name from fct_events where {entity} is not null"
        for entity in entities
    )
