"""What the columns of the front page and of the closing section mean."""

from funnelkit.report.columns import by_name

FINDING_COLUMNS = by_name(
    {
        "text": {
            "chosen": "Opens the report",
            "kind": "Kind",
            "family": "Judged with",
            "passed": "Passed",
            "why_not": "Why not",
            "text": "Finding",
        },
        "count": {"customers": "Concerns", "revenue_cents": "Revenue, cents"},
    }
)
ANNOTATION_COLUMNS = by_name(
    {
        "count": {"number": "No."},
        "date": {"date": "Date"},
        "text": {"text": "What", "marked": "Marked"},
    }
)
LADDER_COLUMNS = by_name(
    {"text": {"of": "Of", "stage": "What became of them"}, "count": {"count": "Number"}}
)
