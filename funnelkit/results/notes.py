"""What stands beside a table: of whom it is, who is left out, what has no conversion."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from funnelkit.project.words import entities
from funnelkit.results.view import Bounds
from funnelkit.table import Table


def without_leavers(table: Table, spec: Mapping[str, Any], count: Callable[[], int]) -> Table:
    """The table; where exclusions take whole entities out, with their number."""
    if not any(each["scope"] == "entity" for each in spec["exclude"]):
        return table
    left = count()
    note = f"Excluded: {left:,} {entities(spec)} left the funnel (scope: entity)."
    return replace(
        table, meta={**table.meta, "excluded_entities": left}, notes=(*table.notes, note)
    )


def told_where(table: Table, at: str) -> Table:
    """The table of a breakdown; where a value has no conversion, it is said why."""
    if at == "entry":
        return table
    if at in ("first", "last"):
        note = f"Counts only: whose value is what at {at} depends on how far they got."
    else:
        note = f"Values as they were at {at}: conversions of later steps only."
    return replace(table, notes=(*table.notes, note))


def restricted(table: Table, bounds: Bounds) -> Table:
    """The table, with the sentences that say of whom it is in its notes and its meta."""
    words = bounds.in_words()
    if not words:
        return table
    return replace(table, meta={**table.meta, "restricted_to": words}, notes=(*table.notes, *words))
