"""What the columns of a report mean, and values on their way into its files."""

import re
from collections.abc import Mapping

from funnelkit.errors import FunnelkitError
from funnelkit.table import Column, Kind, Table, Value, rounded

# The one place that says what a column of a report means. A committed CSV has names only, so a
# table read back from it gets its kinds and labels from here, like the table it was written from.
_KINDS: dict[Kind, dict[str, str]] = {
    "text": {
        "funnel": "Funnel",
        "breakdown": "Breakdown",
        "value": "Value",
        "step_name": "Step",
        "period_state": "State",
        "reason": "Kind: what became of it",
        "digest": "Digest",
        "people": "Digest of whose",
        "limit": "Limit",
        "item": "Item",
        "text": "Text",
    },
    "count": {
        "step": "No.",
        "entered": "Entered",
        "reached": "Reached",
        "open": "Still open",
        "lost": "Lost",
        "matured": "Mature",
        "matured_reached": "Mature reached",
        "at_risk": "At risk",
        "rows": "Rows",
        "events": "Events",
        "entities": "Entities",
        "merges": "Identity merges",
    },
    "share": {
        "conversion": "Conversion",
        "conversion_lo": "Conversion, low",
        "conversion_hi": "Conversion, high",
        "step_conversion": "From step before",
        "step_conversion_lo": "From step before, low",
        "step_conversion_hi": "From step before, high",
        "converted_share": "Converted",
        "lo": "Low",
        "hi": "High",
    },
    "part": {"share": "Of raw rows", "allowed": "Allowed"},
    "seconds": {
        "seconds": "Elapsed",
        "median_seconds": "Median from step before",
        "p25_seconds": "p25 from step before",
        "p75_seconds": "p75 from step before",
        "p90_seconds": "p90 from step before",
    },
    "date": {"period": "Entry week", "week": "Week"},
}
# Tables of aha moments, of retention and of the search use some of these names for another thing.
_AHA_KINDS: dict[Kind, dict[str, str]] = {
    "text": {
        "aha": "Aha moment",
        "state": "State",
        "outcome": "Outcome",
        "event": "Event",
        "next_event": "Did next",
        "shape": "Shape",
        "verdict": "Verdict",
        "why": "Why",
        "label": "Label",
        "chosen": "Chosen",
    },
    "count": {
        "entrants": "Entered",
        "matured": "Mature",
        "reached": "Reached",
        "reached_so_far": "Reached so far",
        "not_reached": "Not reached",
        "step": "Step no.",
        "at_least": "At least",
        "within_days": "Within days",
        "n": "n",
        "n_discovery": "n, discovery",
        "n_confirmation": "n, confirmation",
        "n_all": "n, without the landmark",
        "week": "Week",
        "retained": "Came back",
    },
    "share": {
        "reach": "Reach",
        "reach_lo": "Reach, low",
        "reach_hi": "Reach, high",
        "km_reach": "Kaplan-Meier",
        "km_lo": "Kaplan-Meier, low",
        "km_hi": "Kaplan-Meier, high",
        "bound_lo": "Bound, low",
        "bound_hi": "Bound, high",
        "reached_share": "Reached",
        "share": "Share",
        "share_lo": "Share, low",
        "share_hi": "Share, high",
        "base_rate": "Base rate",
        "ppv": "With",
        "rate_with": "With",
        "rate_without": "Without",
        "sensitivity": "Sensitivity",
        "specificity": "Specificity",
        "retention": "Retention",
        "retention_lo": "Retention, low",
        "retention_hi": "Retention, high",
    },
    "points": {
        "rd": "Difference",
        "rd_lo": "Difference, low",
        "rd_hi": "Difference, high",
        "rd_discovery": "Discovery",
        "rd_discovery_lo": "Discovery, low",
        "rd_discovery_hi": "Discovery, high",
        "rd_all": "Without the landmark",
        "rd_adjusted": "At equal activity",
        "rd_adjusted_lo": "At equal activity, low",
        "rd_adjusted_hi": "At equal activity, high",
    },
    "number": {
        "phi": "phi",
        "lift": "Lift",
        "odds_ratio": "Odds ratio",
        "shrinkage": "Shrinkage",
        "potential": "Potential",
        "z": "z",
        "median_days": "Median, days",
        "median_lo": "Median, low",
        "median_hi": "Median, high",
    },
    "p": {"p_search": "p of the search", "p_holm": "p (Holm)", "p_newer": "p, newer"},
    "date": {"cohort": "Entry week"},
}


def by_name(kinds: Mapping[Kind, Mapping[str, str]]) -> dict[str, Column]:
    """Columns by their names."""
    return {
        name: Column(name, kind, label)
        for kind, labels in kinds.items()
        for name, label in labels.items()
    }


KNOWN_COLUMNS = by_name(_KINDS)
AHA_COLUMNS = KNOWN_COLUMNS | by_name(_AHA_KINDS)

# Control characters are not allowed in XML, and a bare \r breaks CSV: names are data, so they are
# shown with a blank instead. Lone surrogates cannot be written as UTF-8.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u2028\u2029]")


def clean(text: str) -> str:
    """Text without the characters that XML, CSV or UTF-8 cannot carry."""
    return _UNPRINTABLE.sub(" ", text)


def file_name(text: str) -> str:
    """A name for files and anchors: lower case, digits and dashes; empty when nothing is left."""
    return re.sub(r"[^a-z0-9_]+", "-", text.lower()).strip("-")


def normalised(table: Table, known: Mapping[str, Column] = KNOWN_COLUMNS) -> Table:
    """The table as its CSV holds it: known columns, 6 decimals, no empty text, no meta."""
    columns = tuple(known.get(name, Column(name, "text", name)) for name in table.names)
    rows = tuple(
        tuple(_cell(value, column) for value, column in zip(row, columns, strict=True))
        for row in table.rows
    )
    return Table(columns, rows)


def _cell(value: Value, column: Column) -> Value:
    if value is None:
        return None
    if not column.is_numeric:
        return clean(str(rounded(value))) or None
    if isinstance(value, (bool, str)):
        raise _not_a_number(value, column)
    number = rounded(value)
    if isinstance(number, float) and number - number != 0:  # NaN and infinity
        raise _not_a_number(value, column)
    if column.kind == "count" and number != int(number or 0):
        raise _not_a_number(value, column)
    return int(number or 0) if column.kind == "count" else number


def _not_a_number(value: Value, column: Column) -> FunnelkitError:
    wanted = "a whole number" if column.kind == "count" else "a finite number"
    return FunnelkitError(
        f"report column {column.name!r}: expected {wanted}, got {value!r}",
        "leave the value out (null) where nothing was measured",
    )
