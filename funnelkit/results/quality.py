"""What became of every raw row, in words and shares, for people and for reports."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from funnelkit.table import Column, Table, Value, fine_percent
from funnelkit.warehouse.quality import Limit, limits
from funnelkit.warehouse.queries import query

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_COLUMNS = (Column("reason"), Column("rows", "count"), Column("share", "part"))
_KEPT = "kept"
_UNTYPED = "does not fit its type"


def quality_table(con: "DuckDBPyConnection", definitions: Mapping[str, Any]) -> Table:
    """Every filter with its rows and their share: columns reason, rows, share.

    Grain: kind x outcome x reason. The share is of all raw rows of the kind, None where none are.
    Where the project has limits, `limit` says on the first row of its outcome what all its rows
    together come to, and whether that is over the limit; `allowed` is the share allowed.
    """
    counted = query(con, "event_quality")
    found = {each.outcome: each for each in limits(con, definitions)}
    seen = {row["outcome"] for row in counted if row["kind"] == "events"}
    # A limit that nothing came near stands there as well.
    counted += [
        {"kind": "events", "outcome": outcome, "reason": "none", "entries": 0}
        for outcome in found
        if outcome not in seen
    ]
    counted.sort(key=lambda row: (row["kind"], row["outcome"], row["reason"]))
    whole = _raw_rows(counted)
    rows = [
        (_words(**row), row["entries"], _share(row["entries"], whole.get(row["kind"], 0)))
        for row in counted
    ]
    if not found:
        return Table(_COLUMNS, tuple(rows))
    told = _limits(counted, found)
    with_limits = tuple((*row, *limit) for row, limit in zip(rows, told, strict=True))
    return Table((*_COLUMNS, Column("limit"), Column("allowed", "part")), with_limits)


def event_quality(con: "DuckDBPyConnection") -> dict[str, Any]:
    """How many `events` of a built warehouse count, and how many of the others there are.

    `duplicates`, `late` (received after `as_of`), and by reason `excluded` and `rejected`.
    """
    rows = [row for row in query(con, "event_quality") if row["kind"] == "events"]
    by_reason: dict[str, dict[str, int]] = {}
    for row in rows:
        by_reason.setdefault(row["outcome"], {})[row["reason"]] = row["entries"]
    sums = {outcome: sum(entries.values()) for outcome, entries in by_reason.items()}
    return {
        "events": sums.get("accepted", 0),
        "duplicates": sums.get("duplicate", 0),
        "late": sums.get("late", 0),
        "excluded": by_reason.get("excluded", {}),
        "rejected": by_reason.get("rejected", {}),
    }


def _raw_rows(counted: list[dict[str, Any]]) -> dict[str, int]:
    whole: dict[str, int] = {}
    for row in counted:
        if row["outcome"] != _KEPT:
            whole[row["kind"]] = whole.get(row["kind"], 0) + row["entries"]
    return whole


def _share(rows: int, whole: int) -> float | None:
    return rows / whole if whole else None


def _words(kind: str, outcome: str, reason: str, entries: int) -> str:
    if outcome == "accepted":
        return f"{kind}: accepted"
    if outcome == _KEPT and reason.endswith(_UNTYPED):
        return f"{kind}: kept without a value, {reason}"
    return f"{kind}: {outcome}, {reason}"


def _limits(counted: list[dict[str, Any]], found: Mapping[str, Limit]) -> list[tuple[Value, Value]]:
    told: list[tuple[Value, Value]] = []
    first = set(found)
    for row in counted:
        is_first = row["kind"] == "events" and row["outcome"] in first
        first -= {row["outcome"]} if is_first else set()
        limit = found[row["outcome"]] if is_first else None
        told.append((_told(limit), limit.allowed) if limit else (None, None))
    return told


def _told(limit: Limit) -> str:
    share, allowed = fine_percent(limit.share), fine_percent(limit.allowed)
    return f"{'over' if limit.is_over else 'ok'}: {share} {limit.outcome}, limit {allowed}"
