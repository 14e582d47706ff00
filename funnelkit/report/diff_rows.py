"""What moved as one table: a row a figure, part, definition, cause, sentence or cell."""

from collections.abc import Iterator

from funnelkit.report.diff import DEFINITION, Comparison, FigureChange, ReportChange
from funnelkit.report.diff_amounts import TOO_FEW
from funnelkit.report.diff_causes import MERGES, NEW_DATA, ZONE, Rows
from funnelkit.report.diff_words import lead_sentence
from funnelkit.table import Column, Table, Value

DIFF_COLUMNS = (
    Column("report"),
    Column("section"),
    Column("figure"),
    Column("key"),
    Column("what"),
    Column("base"),
    Column("head"),
    Column("difference", "number"),
    Column("lo", "number"),
    Column("hi", "number"),
    Column("note"),
    Column("cause"),
)
_Row = dict[str, Value]


def diff_table(made: Comparison) -> Table:
    """Every change, by report.

    `what` is report, definition, inputs, figure, cohorts, part, sentence, row or cell.

    `base` and `head` of a figure are numbers, of a cell the text that its file holds.
    """
    rows = [row for report in made.reports for row in _report(report)]
    names = [column.name for column in DIFF_COLUMNS]
    return Table(
        DIFF_COLUMNS,
        tuple(tuple(row.get(name) for name in names) for row in rows),
        meta={"base": made.base, "head": made.head, "reports": made.number},
        headline=lead_sentence(made).replace("*", "") if made.reports else "Nothing moved.",
        notes=(*([made.why_together] if made.why_together else []), *made.outdated),
    )


def _report(report: ReportChange) -> Iterator[_Row]:
    found: Iterator[_Row]
    for found in (_whole(report), _why(report), _figures(report), _rest(report)):
        for row in found:
            yield {"report": report.slug, **row}


def _whole(report: ReportChange) -> Iterator[_Row]:
    if report.slug_before:
        yield {
            "what": "report",
            "base": report.slug_before,
            "head": report.slug,
            "note": "renamed",
        }
    if report.what != "changed" or report.title != report.title_before or report.redrawn:
        before = report.title_before if report.what != "added" else None
        after = report.title if report.what != "removed" else None
        note = "wording only" if report.redrawn else report.what
        yield {"what": "report", "base": before, "head": after, "note": note}


def _why(report: ReportChange) -> Iterator[_Row]:
    for each in report.definitions:
        yield {
            "section": each.name,
            "what": "definition",
            "base": each.base_hash or None,
            "head": each.head_hash or None,
            "note": "not comparable" if each.counts else "wording only",
            "cause": (ZONE if each.name == ZONE else DEFINITION) if each.counts else None,
        }
    data = report.data
    for cause, rows in data.rows.items():
        yield _inputs(cause, rows)
    for text in data.unclear:
        yield {"what": "inputs", "note": text}


def _inputs(cause: str, rows: Rows) -> _Row:
    people = cause == MERGES and 0 < abs(rows.number or 0) < 5
    number = None if people else rows.number
    return {"key": " ".join(rows.weeks), "what": "inputs", "difference": number, "cause": cause}


def _figures(report: ReportChange) -> Iterator[_Row]:
    for each in report.figures:
        yield _figure(each)
        yield from _cohorts(each)
        for part in each.parts:
            yield {
                "section": each.one.section,
                "figure": each.one.figure,
                "what": "part",
                "difference": part.difference,
                "cause": part.cause,
            }


def _figure(each: FigureChange) -> _Row:
    return {
        "section": each.one.section,
        "figure": each.one.figure,
        "what": "figure",
        "base": each.base.value if each.base else None,
        "head": each.head.value if each.head else None,
        "difference": each.difference,
        "note": _note(each),
        "cause": ", ".join(each.causes) or None,
    }


def _note(each: FigureChange) -> str | None:
    if each.base is None or each.head is None:
        return "new" if each.base is None else "gone"
    if each.is_withheld:
        return TOO_FEW
    if each.redefined:
        named = DEFINITION if DEFINITION in each.causes else ZONE
        return f"{named} changed: not comparable"
    return "same people, more data" if each.causes == (NEW_DATA,) else None


def _cohorts(each: FigureChange) -> Iterator[_Row]:
    """People of one version alone against others: the only difference that has an interval."""
    if each.between is None:
        return
    (new, of_new), (old, of_old) = each.between.new, each.between.old
    difference, lo, hi = each.between.interval
    yield {
        "section": each.one.section,
        "figure": each.one.figure,
        "key": " ".join(each.between.weeks),
        "what": "cohorts",
        "base": old / of_old,
        "head": new / of_new,
        "difference": difference,
        "lo": lo,
        "hi": hi,
        "note": f"{new} of {of_new} in weeks final only now, {old} of {of_old} in those before",
    }


def _rest(report: ReportChange) -> Iterator[_Row]:
    for what, sentences in (("gone", report.gone), ("new", report.new)):
        for text in sentences:
            side = "base" if what == "gone" else "head"
            yield {"what": "sentence", side: text, "note": what}
    for table in report.tables:
        for row in table.rows:
            if row.what != "changed":
                yield {"figure": table.name, "key": row.key, "what": "row", "note": row.what}
            for cell in row.cells:
                yield {
                    "figure": table.name,
                    "key": f"{row.key}: {cell.column}",
                    "what": "cell",
                    "base": cell.base or None,
                    "head": cell.head or None,
                }
