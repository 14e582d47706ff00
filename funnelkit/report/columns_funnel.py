"""What the columns mean of the tables that stand beside a funnel's counts."""

from funnelkit.report.columns import by_name
from funnelkit.table import Kind

# The keys of `FunnelSection.told`.
FUNNEL_PARTS = ("next_events", "comparison")

_NEXT: dict[Kind, dict[str, str]] = {
    "text": {"funnel": "Funnel", "step": "Stopped after", "event": "Did next"},
    "count": {"entities": "Entities", "stopped": "Lost"},
    "share": {"share": "Of the lost", "share_lo": "Low", "share_hi": "High"},
}
_COMPARE: dict[Kind, dict[str, str]] = {
    "text": {
        "breakdown": "Breakdown",
        "funnel": "Funnel",
        "a": "a",
        "b": "b",
        "verdict": "Verdict",
    },
    "count": {"n_a": "n of a", "n_b": "n of b"},
    "share": {
        "conversion_a": "a converts",
        "conversion_a_lo": "Low",
        "conversion_a_hi": "High",
        "conversion_b": "b converts",
        "conversion_b_lo": "Low",
        "conversion_b_hi": "High",
    },
    "points": {"difference": "a − b", "lo": "Low", "hi": "High"},
    "p": {"p_value": "p", "q_value": "q"},
}
NEXT_COLUMNS = by_name(_NEXT)
COMPARE_COLUMNS = by_name(_COMPARE)
