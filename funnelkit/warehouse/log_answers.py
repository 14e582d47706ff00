"""What reports ask of the event log, counted where the log is: a few rows that come back with the
marts, as tables `log_*` (sql/spark; what reads them instead of the log is in sql/kept).
"""

from typing import Any

from funnelkit.paths import root
from funnelkit.warehouse.connect import literal


def keep(session: Any) -> None:
    """Makes the tables in the Spark session, of marts that are all built; none of what is not."""
    from pyspark.errors import AnalysisException

    session.catalog.setCurrentDatabase("main")
    for file in sorted((root("sql") / "spark").glob("*.sql")):
        text = file.read_text("utf-8")
        session.sql(f"drop table if exists {file.stem}")
        try:
            if "{accepted}" in text:
                text = text.replace("{accepted}", _accepted(session))
            session.sql(text).coalesce(1).write.format("parquet").saveAsTable(file.stem)
        except AnalysisException as error:
            if error.getCondition() != "TABLE_OR_VIEW_NOT_FOUND":
                raise


def _accepted(session: Any) -> str:
    """Events under the id of each entity that a funnel counts."""
    found = session.sql("select distinct entity from dim_funnels order by entity").collect()
    entities = [str(row[0]) for row in found] or ["user_id"]
    return "\n union all\n ".join(
        f"select {literal(entity)} as entity, cast({entity} as string) as entity_id, occurred_at,"
        f" event_no, event_name from fct_events where {entity} is not null"
        for entity in entities
    )
