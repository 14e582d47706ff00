"""From counts to what is shown: one path for built funnels, `explore` and reports."""

from funnelkit.results.built import funnel_table
from funnelkit.results.reports import report_data
from funnelkit.results.small import folded, merged

__all__ = ["folded", "funnel_table", "merged", "report_data"]
