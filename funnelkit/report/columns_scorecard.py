"""What the columns of a scorecard mean, part by part."""

from funnelkit.report.columns import by_name
from funnelkit.table import Kind

_METRICS: dict[Kind, dict[str, str]] = {
    "text": {
        "metric": "Metric",
        "kind": "Kind",
        "unit": "Unit",
        "of": "Of",
        "rounded": "Rounded",
        "target": "Target",
        "standing": "Standing",
        "change_of": "Change, of",
        "owner": "Owner",
    },
    "count": {"n": "n"},
    # In units of their own: see `unit`.
    "number": {
        "value": "Value",
        "lo": "Low",
        "hi": "High",
        "bound": "Target",
        "change": "Change",
        "change_lo": "Change, low",
        "change_hi": "Change, high",
    },
}
_PERIODS: dict[Kind, dict[str, str]] = {
    "text": {"metric": "Metric", "period": "Period", "state": "State", "rounded": "Rounded"},
    "count": {"n": "n"},
    "number": {"value": "Value", "lo": "Low", "hi": "High"},
}
_REVENUE: dict[Kind, dict[str, str]] = {
    "text": {"period": "Period", "since": "Since the end of", "state": "State"},
    "count": {"customers": "Customers", "revenue_cents": "Revenue"},
}
SIDES = ("customers", "business")
# The parts of a scorecard in their order; both sides have the same columns.
SCORECARD_COLUMNS = {
    "customers": by_name(_METRICS),
    "customers-periods": by_name(_PERIODS),
    "business": by_name(_METRICS),
    "business-periods": by_name(_PERIODS),
    "revenue": by_name(_REVENUE),
}
SCORECARD_PARTS = tuple(SCORECARD_COLUMNS)
