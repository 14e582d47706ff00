"""Shares of the raw event rows against the limits of `quality: fail_over:`."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from funnelkit.table import fine_percent
from funnelkit.warehouse.dbt_results import BuildResult, Failure
from funnelkit.warehouse.queries import query

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

TEST = "assert_quality_within_limits"


class Limit(NamedTuple):
    """One limit: event rows of this outcome, of `raw_entries` that came, and the share allowed."""

    outcome: str
    entries: int
    raw_entries: int
    allowed: float

    @property
    def share(self) -> float:
        """The share that came; 0 of an empty log."""
        return self.entries / self.raw_entries if self.raw_entries else 0.0

    @property
    def is_over(self) -> bool:
        """Whether more came than is allowed; a share of exactly the limit is within it."""
        # The same nine decimals as in the dbt test of this name.
        return self.entries > Decimal(f"{self.allowed:.9f}") * self.raw_entries

    def __str__(self) -> str:
        return (
            f"{self.outcome} {fine_percent(self.share)} of the event rows ({self.entries:,} of"
            f" {self.raw_entries:,}), limit {fine_percent(self.allowed)}"
        )


def limits(con: "DuckDBPyConnection", definitions: Mapping[str, Any]) -> list[Limit]:
    """The declared limits with what was built, in the order of the definitions as written.

    Raises FunnelkitError when nothing was built.
    """
    declared = (definitions.get("quality") or {}).get("fail_over") or {}
    if not declared:
        return []
    counted = {str(row["outcome"]): row for row in query(con, "event_limits")}
    whole = max((int(row["raw_entries"]) for row in counted.values()), default=0)
    return [
        Limit(outcome, int(counted.get(outcome, {"entries": 0})["entries"]), whole, float(allowed))
        for outcome, allowed in declared.items()
        if allowed is not None
    ]


def told(
    result: BuildResult, con: "DuckDBPyConnection", definitions: Mapping[str, Any]
) -> BuildResult:
    """The result; where the limits' test failed, with the limits that were passed and how far."""
    if not any(failure.name == TEST for failure in result.failed_tests):
        return result
    over = "; ".join(str(limit) for limit in limits(con, definitions) if limit.is_over)
    return replace(
        result, failed_tests=tuple(_spelled_out(each, over) for each in result.failed_tests)
    )


def _spelled_out(failure: Failure, over: str) -> Failure:
    if failure.name != TEST:
        return failure
    # The rows and the SQL of this test say less than the sentence.
    return replace(failure, message=over, rows=None, sql=None)
