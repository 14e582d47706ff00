"""The list of a project's reports: reports/README.md."""

from collections.abc import Sequence

from funnelkit.report.findings import instant
from funnelkit.report.front import opening
from funnelkit.report.markdown import line
from funnelkit.report.model import ReportData
from funnelkit.report.prepare import checked


def render_index(reports: Sequence[ReportData]) -> bytes:
    """`README.md` of the reports' folder: a link and the first finding of each, by slug."""
    blocks = ["# Reports", "Made by `funnelkit report build`; `funnelkit report check` compares."]
    for data in sorted(map(checked, reports), key=lambda each: each.slug):
        blocks.append(f"## [{line(data.title)}]({data.slug}/report.md)")
        blocks.append(line(data.description))
        blocks += [line(finding) for finding in opening(data)]
        until = line(instant(data.observed_until))
        blocks.append(f"Observed until {until} · [page]({data.slug}/report.html)")
    return ("\n\n".join(block for block in blocks if block) + "\n").encode()
