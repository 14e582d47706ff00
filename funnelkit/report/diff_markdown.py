"""What moved, as Markdown for a comment on a pull request: a sentence, figures, why, the rest."""

from collections.abc import Iterator, Sequence

from funnelkit.report.diff import (
    DEFINITION,
    RULES,
    Comparison,
    FigureChange,
    ReportChange,
)
from funnelkit.report.diff_amounts import TOO_FEW
from funnelkit.report.diff_causes import NEW_DATA, SHORTER, ZONE
from funnelkit.report.diff_cells import Cells
from funnelkit.report.diff_shown import between_words, once, others_words, shown_difference
from funnelkit.report.diff_tables import RowChange, TableChange
from funnelkit.report.diff_why import code, told_data, told_definitions
from funnelkit.report.diff_words import (
    idle_words,
    joined,
    lead_sentence,
    many,
    outdated_words,
    shown_parts,
)
from funnelkit.report.headlines import Headline, told_value
from funnelkit.report.markdown import line
from funnelkit.table import shown

MOST_CHARACTERS = 60_000  # code hosts cut longer comments
_STEPS = (60, 20, 5, 0)  # rows that are told in full, tried in turn
_LIMITS = ("_lo", "_hi")
_CURVE = "-times"  # a point for each step of time: what moved there stands in the figures
NOTHING_MOVED = "Nothing moved.\n"


def write_diff(made: Comparison) -> str:
    """The whole comment, folded until it is short enough."""
    if not made.reports:
        return f"{outdated_words(made)}\n" if made.outdated else NOTHING_MOVED
    text = ""
    for most in _STEPS:
        text = "\n\n".join(filter(None, _blocks(made, most))) + "\n"
        if len(text) <= MOST_CHARACTERS:
            return text
    end = "\n\n… and more: `funnelkit diff --format csv` has every row.\n"
    return text[: MOST_CHARACTERS - len(end)].rpartition("\n")[0] + end


def _blocks(made: Comparison, most: int) -> Iterator[str]:
    yield lead_sentence(made)
    yield outdated_words(made) if made.outdated else ""
    changed = ", ".join(line(each.title) for each in made.reports)
    yield (
        f"Reports as of {code(made.head)} against {code(made.base)}:"
        f" {len(made.reports)} of {many(made.number, 'report')} differ ({changed})."
        if made.number > 1
        else f"Reports as of {code(made.head)} against {code(made.base)}."
    )
    yield _figures(made, most)
    yield "### Why"
    yield _why(made, most)
    for each in made.reports:
        yield _details(each, most)


def _figures(made: Comparison, most: int) -> str:
    rows = once(made.reports)
    several = len({report.slug for report in made.reports if report.figures}) > 1
    still = sum(report.still for report in made.reports)
    rest = f"{many(still, 'headline figure')} did not move." if still else ""
    if any(each.one.kind in ("share", "points") and each.difference for _, each in rows):
        rest = f"{rest} Differences are taken before rounding.".strip()
    if not rows:
        return rest
    names = (["Report"] if several else []) + ["Figure", "Before", "After", "Difference", ""]
    lines = [_cells(names), _cells(["---"] * (len(names) - 4) + ["--:", "--:", "--:", "---"])]
    shown_rows = rows[: max(most, 20)]
    for titles, each in shown_rows:
        first = [line(", ".join(titles))] if several else []
        lines.append(_cells([*first, *_figure(each)]))
    more = len(rows) - len(shown_rows)
    ends = [f"… and {many(more, 'more figure')}."] if more else []
    return "\n\n".join(filter(None, ["\n".join(lines), *ends, rest]))


def _cells(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _figure(each: FigureChange) -> list[str]:
    name = f"{each.one.section}: {each.one.figure}"
    about = "≈ " if each.is_withheld else ""
    values = [f"{about}{_value(figure)}" for figure in (each.base, each.head)]
    return [line(name), *values, shown_difference(each), _read_as(each)]


def _value(figure: Headline | None) -> str:
    """`32.1 % (30.0–34.3 %, n = 1,770)`."""
    if figure is None or figure.value is None:
        return shown(None, "count")
    standing = f", {line(figure.standing)}" if figure.standing else ""
    value = told_value(figure.kind, figure.value)
    n = f"n = {figure.n:,}" if figure.n is not None else ""
    if figure.lo is None or figure.hi is None:
        return f"{value} ({n}{standing})" if n else f"{value}{standing}"
    lo, hi = (told_value(figure.kind, bound) for bound in (figure.lo, figure.hi))
    unit = next((u for u in (" %", " pp") if hi.endswith(u)), "")
    to = "–" if figure.kind == "share" else " to "
    band = f"{lo.removesuffix(unit)}{to}{hi}"
    return f"{value} ({', '.join(filter(None, (band, n)))}{standing})"


def _read_as(each: FigureChange) -> str:
    """What the difference is of, in the fewest words that a reader needs."""
    if each.base is None:
        return "new"
    if each.head is None:
        return "gone"
    if each.is_withheld:
        return "; ".join(filter(None, (TOO_FEW, _not_comparable(each) if each.redefined else "")))
    if each.redefined:
        return "; ".join([_not_comparable(each), *_of_data(each)])
    if len(each.acting_parts) > 1:
        return ", ".join(shown_parts(each))
    if each.between is None:
        return _same_people(each)
    between = "; ".join(filter(None, (between_words(each), others_words(each))))
    if each.acting == (NEW_DATA,):
        return between
    apart = ", not told apart" if len(each.acting) > 1 else ""
    return f"{joined(each.acting)}{apart}; {between}"


def _not_comparable(each: FigureChange) -> str:
    named = DEFINITION if DEFINITION in each.causes else ZONE
    return f"**{named} changed: not comparable**"


def _of_data(each: FigureChange) -> Iterator[str]:
    """What the data did beside it, of a figure that moved."""
    of_data = [cause for cause in each.causes if cause not in RULES]
    if len(each.acting_parts) > 1:
        yield ", ".join(shown_parts(each))
    elif each.acting_parts and each.idle:
        of_rules = any(cause in RULES for cause in each.idle)
        yield f"all of it {joined(each.acting)}" if of_rules else idle_words(each)
    elif of_data and each.difference and not each.parts:
        yield f"{joined(of_data)} too, not told apart"


def _same_people(each: FigureChange) -> str:
    if each.acting == (NEW_DATA,):
        return "more people" if each.one.kind == "count" else "same people, more data"
    if not each.causes:
        return "cause not in these files"
    return joined(["log ends earlier" if cause == SHORTER else cause for cause in each.acting])


def _why(made: Comparison, most: int) -> str:
    """Definitions, then data; told once where several reports share it."""
    items: dict[str, list[str]] = {}
    for report in made.reports:
        if report.base is None or report.head is None:
            continue
        for text in (*told_definitions(report, most), *told_data(report, made)):
            items.setdefault(text, []).append(report.title)
    whole = sum(report.what == "changed" for report in made.reports)
    found = []
    for text, titles in items.items():
        some = len(titles) < whole
        found.append(f"- {line(', '.join(titles))}: {text}" if some else f"- {text}")
    for report in made.reports:
        if report.what != "changed":
            found.append(f"- {line(report.title)}: the whole report was {report.what}.")
        if report.slug_before:
            before, now = code(report.slug_before), code(report.slug)
            found.append(f"- {line(report.title)}: the report {before} is now called {now}.")
        if report.problem:
            found.append(
                f"- {line(report.title)}: one version cannot be read ({line(report.problem)}): only"
                " cells are compared."
            )
    computed = _computed(made)
    if computed:
        found.append(
            f"- What each cause moved was computed by building {joined(computed)}; a cause that no"
            " figure names moved none."
        )
    if made.why_together:
        found.append(
            "- What each cause adds is not told apart, because the earlier rules were not built on"
            f" the present data: {line(made.why_together)}."
        )
    return "\n".join(found)


def _computed(made: Comparison) -> list[str]:
    """What was built to tell parts apart."""
    figures = [each for report in made.reports for each in report.figures]
    named = {cause for each in figures for part in each.parts for cause in part.causes}
    pinned = any(len([p for p in each.parts if not {*p.causes} & {*RULES}]) > 1 for each in figures)
    rules = (
        [f"the definitions of {code(made.base)} on the present data"] if named & {*RULES} else []
    )
    return [*rules, *(["the present data as of the earlier end"] if pinned else [])]


def _details(report: ReportChange, most: int) -> str:
    """Every cell, and sentences that are new or gone, folded."""
    tables = _tables(report.tables, Cells(report.head or report.base), most)
    parts = [*_sentences(report, most), *tables]
    if not parts:
        return ""
    cells = sum(len(row.cells) or 1 for table in report.tables for row in table.rows)
    head = f"{line(report.title)}: {many(cells, 'cell')} in {many(len(report.tables), 'file')}"
    sentences = len(report.gone) + len(report.new)
    head += f", {many(sentences, 'sentence')}" if sentences else ""
    body = "\n\n".join(parts)
    return f"<details>\n<summary>{head}</summary>\n\n{body}\n\n</details>"


def _sentences(report: ReportChange, most: int) -> Iterator[str]:
    for title, sentences in (
        ("At the top of the page now", report.new),
        ("No longer there", report.gone),
    ):
        shown_sentences = sentences[: max(most, 3)]
        more = len(sentences) - len(shown_sentences)
        if shown_sentences:
            items = [f"- {text[:600]}" for text in shown_sentences]
            items += [f"- … and {more} more"] if more else []
            yield f"**{title}**\n\n" + "\n".join(items)


def _tables(tables: Sequence[TableChange], cells: Cells, most: int) -> Iterator[str]:
    """A list of the rows of each file, without the limits of intervals."""
    left = most
    for table in tables:
        rows = () if table.name.endswith(_CURVE) else table.rows[:left]
        left -= len(rows)
        name = f"**data/{table.name}.csv**"
        if table.what != "changed" or not rows:
            what = f"{table.what}, " * (table.what != "changed")
            yield f"{name}: {what}{many(len(table.rows), 'row')}"
            continue
        more = len(table.rows) - len(rows)
        items = [f"- {_row(table.name, row, cells)}" for row in rows]
        items += [f"- … and {many(more, 'more row')}"] if more else []
        yield "\n".join([name, "", *items])


def _row(table: str, row: RowChange, cells: Cells) -> str:
    """`step 4: reached 96 → 89, conversion 33.0 % → 30.2 %`."""
    if row.what != "changed":
        return f"{line(row.key)}: {row.what}"
    some = [cell for cell in row.cells if not f"_{cell.column}".endswith(_LIMITS)] or row.cells
    return f"{line(row.key)}: {', '.join(line(cells.told(table, row, each)) for each in some)}"
