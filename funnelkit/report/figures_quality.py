"""What became of raw rows: how many of each reason do not count."""

from collections.abc import Mapping
from typing import Any

from funnelkit.report.charts_bars import Bar, Part, draw_bars
from funnelkit.report.drawing import Canvas
from funnelkit.report.figures import Draft
from funnelkit.report.findings import Record, count, records
from funnelkit.report.model import Figure
from funnelkit.report.theme import DO, HATCH, NARROW, WIDE
from funnelkit.table import Table, fine_percent

NAME = "quality"
_MOST = 15
_KEPT = "kept"  # and "kept without a value"
_TITLE = "What became of raw rows"
_SUBTITLE = (
    "Rows by the reason that they do not count, of every raw row. Hatched: rows that count all the"
    " same, without a value that does not fit its type, say."
)


def quality_figure(quality: Table) -> Figure:
    """The chart and the table of `ReportData.quality`; no chart where every row counts."""
    drawn = bool(_left_out(quality))
    draft = Draft(
        _TITLE,
        None,
        _title(quality),
        _SUBTITLE,
        _draw(quality, WIDE) if drawn else None,
        _draw(quality, NARROW) if drawn else None,
        _view(quality),
        "; accepted rows besides" if drawn else "",
    )
    return draft.named(NAME)


def _view(quality: Table) -> Table:
    return quality.select([name for name in quality.names if name != "allowed"])


def _words(row: Record) -> tuple[str, str, str]:
    """Kind, outcome and reason: `events: rejected, no time` in its parts."""
    kind, _, rest = str(row["reason"]).partition(": ")
    outcome, _, reason = rest.partition(", ")
    return kind, outcome, reason


def _is_kept(row: Record) -> bool:
    return _words(row)[1].startswith(_KEPT)


def _left_out(quality: Table) -> list[Record]:
    """The rows of reasons that anything fell under; by name, as one more row moves no other."""
    return [row for row in records(quality) if _words(row)[1] != "accepted" and row["rows"]]


def _whole(quality: Table, kind: str) -> int:
    """Raw rows of a kind: accepted or not; of those accepted some are told again as kept."""
    of_kind = [row for row in records(quality) if _words(row)[0] == kind]
    return sum(int(row["rows"]) for row in of_kind if not _is_kept(row))


def _title(quality: Table) -> str:
    """How many event rows do not count; what is over its limit before that."""
    over = [row for row in records(quality) if str(row.get("limit") or "").startswith("over: ")]
    if over:
        return f"Over the limit: {str(over[0]['limit']).removeprefix('over: ')}"
    whole = _whole(quality, "events")
    out = [row for row in _left_out(quality) if _words(row)[0] == "events"]
    gone = sum(int(row["rows"]) for row in out if not _is_kept(row))
    if not gone:
        return f"All {count(whole)} raw rows of events count"
    share = fine_percent(gone / whole)
    return f"{count(gone)} of {count(whole)} raw rows of events do not count ({share})"


def _draw(quality: Table, width: int) -> Mapping[str, Any]:
    """A bar per reason; where an outcome of several has a limit, a bar of all of it before them."""
    canvas = Canvas(width)
    canvas.heading(_title(quality), _SUBTITLE)
    rows = _left_out(quality)
    most = sorted(rows, key=lambda row: (-row["rows"], row["reason"]))[:_MOST]
    rows = [row for row in rows if row in most]
    legend = [("bar", "rows that do not count")]
    if any(_is_kept(row) for row in rows):
        legend.append(("hatch", "rows that count all the same"))
    canvas.legend(legend)
    bars = [*_limits(quality), *(_bar(quality, row) for row in rows)]
    return canvas.spec(draw_bars(canvas, bars, canvas.y + 6))


def _bar(quality: Table, row: Record) -> Bar:
    told = count(row["rows"])
    if row["share"] is not None:
        told += f" ({fine_percent(row['share'])})"
    part = Part(row["rows"], HATCH if _is_kept(row) else DO, f"{row['reason']}: {told}")
    # The title is of events: where nothing else was left out their rows need not say so.
    events = all(_words(each)[0] == "events" for each in _left_out(quality))
    name = str(row["reason"]).removeprefix("events: " if events else "")
    alone = row.get("allowed") is not None and len(_same_outcome(quality, row)) == 1
    return Bar(name, told, (part,), _limit(quality, row) if alone else None)


def _limits(quality: Table) -> list[Bar]:
    """A bar per limit: all rows of its outcome together."""
    limited = [row for row in records(quality) if row.get("allowed") is not None]
    together = [row for row in limited if len(_same_outcome(quality, row)) > 1]
    return [_together(quality, row) for row in sorted(together, key=lambda row: row["reason"])]


def _together(quality: Table, row: Record) -> Bar:
    kind, outcome, _ = _words(row)
    number = sum(int(each["rows"]) for each in _same_outcome(quality, row))
    name, told = f"{kind}: {outcome} in all", f"{count(number)} of {count(_whole(quality, kind))}"
    return Bar(name, told, (Part(number, DO, f"{name}: {told}"),), _limit(quality, row))


def _same_outcome(quality: Table, row: Record) -> list[Record]:
    return [each for each in records(quality) if _words(each)[:2] == _words(row)[:2]]


def _limit(quality: Table, row: Record) -> tuple[float, str]:
    """The limit in rows, and in words."""
    whole = _whole(quality, _words(row)[0])
    return row["allowed"] * whole, f"limit {fine_percent(row['allowed'])}"
