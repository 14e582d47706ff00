"""What moved, as Markdown for a comment on a pull request: a sentence, figures, why, the rest."""

import difflib
from collections.abc import Iterator, Sequence

from funnelkit.report.diff import (
    DEFINITION,
    NEW_DATA,
    Between,
    Comparison,
    FigureChange,
    ReportChange,
)
from funnelkit.report.diff_causes import DataCauses, DefinitionChange, Rows
from funnelkit.report.diff_tables import RowChange, TableChange
from funnelkit.report.diff_words import lead_sentence, many, shown_parts
from funnelkit.report.findings import instant
from funnelkit.report.headlines import Headline, told_difference, told_value
from funnelkit.report.markdown import line
from funnelkit.table import MINUS, shown

MOST_CHARACTERS = 60_000  # code hosts cut longer comments
_STEPS = (60, 20, 5, 0)  # rows that are told in full, tried in turn
_FEWEST = 5
_LIMITS = ("_lo", "_hi")
_CURVE = "-times"  # a point for each step of time: what moved there stands in the figures
NOTHING_MOVED = "Nothing moved.\n"


def write_diff(made: Comparison) -> str:
    """The whole comment, folded until it is short enough."""
    if not made.reports:
        return NOTHING_MOVED
    text = ""
    for most in _STEPS:
        text = "\n\n".join(filter(None, _blocks(made, most))) + "\n"
        if len(text) <= MOST_CHARACTERS:
            return text
    end = "\n\n… and more: `funnelkit diff --format csv` has every row.\n"
    return text[: MOST_CHARACTERS - len(end)].rpartition("\n")[0] + end


def _blocks(made: Comparison, most: int) -> Iterator[str]:
    yield lead_sentence(made)
    changed = ", ".join(line(each.title) for each in made.reports)
    yield (
        f"Reports as of {_code(made.head)} against {_code(made.base)}:"
        f" {len(made.reports)} of {many(made.number, 'report')} differ ({changed})."
        if made.number > 1
        else f"Reports as of {_code(made.head)} against {_code(made.base)}."
    )
    yield _figures(made, most)
    yield "### Why"
    yield _why(made, most)
    for each in made.reports:
        yield _details(each, most)


def _code(label: str) -> str:
    plain = label.replace("`", "'")
    return line(label) if " " in label else f"`{plain}`"


def _figures(made: Comparison, most: int) -> str:
    rows = [(report, each) for report in made.reports for each in report.figures]
    several = len({report.slug for report, _ in rows}) > 1
    still = sum(report.still for report in made.reports)
    rest = f"{many(still, 'headline figure')} did not move." if still else ""
    if not rows:
        return rest
    names = (["Report"] if several else []) + ["Figure", "Before", "After", "Difference", ""]
    lines = [_cells(names), _cells(["---"] * (len(names) - 4) + ["--:", "--:", "--:", "---"])]
    shown_rows = rows[: max(most, 20)]
    for report, each in shown_rows:
        first = [line(report.title)] if several else []
        lines.append(_cells([*first, *_figure(each)]))
    more = len(rows) - len(shown_rows)
    ends = [f"… and {many(more, 'more figure')}."] if more else []
    return "\n\n".join(filter(None, ["\n".join(lines), *ends, rest]))


def _cells(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _figure(each: FigureChange) -> list[str]:
    name = f"{each.one.section}: {each.one.figure}"
    difference = told_difference(each.one.kind, each.difference)
    return [line(name), _value(each.base), _value(each.head), difference, _read_as(each)]


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
    words = ["**definition changed: not comparable**"] if each.redefined else []
    if len(each.acting_parts) > 1:
        words.append(", ".join(shown_parts(each)))
    elif each.between:
        words.append(_between(each.between))
    elif not each.redefined:
        words.append(_same_people(each))
    return "; ".join(words)


def _same_people(each: FigureChange) -> str:
    if each.acting == (NEW_DATA,):
        return "more people" if each.one.kind == "count" else "same people, more data"
    if not each.causes:
        return "cause not in these files"
    return " and ".join(each.acting)


def _between(found: Between) -> str:
    difference, lo, hi = (told_difference("points", value) for value in found.interval)
    weeks = found.weeks
    span = f"the week of {weeks[0]}" if len(weeks) == 1 else f"weeks {weeks[0]} to {weeks[-1]}"
    (new, of_new), (old, of_old) = found.new, found.old
    return (
        f"entered in {span}, final only now: {new:,} of {of_new:,}, against {old:,} of {of_old:,}"
        f" who entered in weeks that were final before: {difference}, 95 % interval"
        f" {lo.removesuffix(' pp')} to {hi}"
    )


def _why(made: Comparison, most: int) -> str:
    """Definitions, then data; told once where several reports share it."""
    items: dict[str, list[str]] = {}
    for report in made.reports:
        if report.base is None or report.head is None:
            continue
        for text in (*_definitions(report, most), *_data(report)):
            items.setdefault(text, []).append(report.title)
    whole = sum(report.what == "changed" for report in made.reports)
    found = []
    for text, titles in items.items():
        some = len(titles) < whole
        found.append(f"- {line(', '.join(titles))}: {text}" if some else f"- {text}")
    for report in made.reports:
        if report.what != "changed":
            found.append(f"- {line(report.title)}: the whole report was {report.what}.")
        if report.problem:
            found.append(
                f"- {line(report.title)}: one version cannot be read ({line(report.problem)}): only"
                " cells are compared."
            )
    parts = [part for report in made.reports for each in report.figures for part in each.parts]
    if parts:
        found.append(
            "- What each cause moved was computed by building the definitions of"
            f" {_code(made.base)} on the present data"
            + (", and as of the earlier end of the data" if _pinned(made) else "")
            + "; a cause that no figure names moved none."
        )
    if made.why_together:
        found.append(
            "- What each cause adds is not told apart, because the earlier rules were not built on"
            f" the present data: {line(made.why_together)}."
        )
    return "\n".join(found)


def _pinned(made: Comparison) -> bool:
    return any(
        part.cause == NEW_DATA and len([p for p in each.parts if p.cause != DEFINITION]) > 1
        for report in made.reports
        for each in report.figures
        for part in each.parts
    )


def _definitions(report: ReportChange, most: int) -> Iterator[str]:
    for each in report.definitions:
        yield _definition(each, most)
    if not report.definitions:
        yield "**Definitions**: none changed."


def _definition(each: DefinitionChange, most: int) -> str:
    """What changed in words, as a diff; nothing before a new one, or behind one that is gone."""
    if not each.base_words:
        return f"**Definition** of {line(each.name)}: new{_hash(each.head_hash)}."
    if not each.head_words:
        return f"**Definition** of {line(each.name)}: gone."
    if each.counts:
        hashes = f" (`{each.base_hash}` → `{each.head_hash}`)" if each.base_hash else ""
        told = f"**Definition** of {line(each.name)} changed{hashes}:"
    else:
        told = f"**Wording** of {line(each.name)}: the rules count as before."
    diff = [
        text
        for text in difflib.ndiff(each.base_words, each.head_words)
        if text.startswith(("- ", "+ "))
    ]
    cut = diff[: max(most, 4)]
    cut += [f"… and {len(diff) - len(cut)} more"] if len(diff) > len(cut) else []
    fence = "`" * max(3, max((text.count("`") for text in cut), default=0) + 1)
    body = "\n".join(f"  {' '.join(text.split())}" for text in cut)
    return f"{told}\n\n  {fence}diff\n{body}\n  {fence}" if cut else told.rstrip(":") + "."


def _hash(text: str) -> str:
    return f" (`{text}`)" if text else ""


def _data(report: ReportChange) -> Iterator[str]:
    """A sentence for each cause in the data; else that there is none."""
    base, head, data = report.base, report.head, report.data
    assert base is not None
    assert head is not None
    end = instant(base.last_event)
    if data.new:
        number = _number(data.new, "event")
        yield f"**New data**: {number} after {end}, up to {instant(head.last_event)}."
    if data.late:
        yield f"**Late data**: {_late(data.late)} up to {end}, {_weeks(data.late)}."
    if data.merges:
        yield _merges(data.merges)
    if data.users:
        yield "**Rows of users** changed: plans, channels and the like, as they tell them."
    if data.answers:
        yield "**Answers** changed: what was said, or by whom."
    yield from data.unclear
    if not (data.of_events or data.is_blind):
        same = "**Data**: the same events of the same people (`data/inputs.csv`)."
        yield same if "people" in base.inputs.names else "**Data**: as many events in each week."
    yield from _unexplained(report)


def _number(rows: Rows, noun: str) -> str:
    if rows.number is None:
        return f"{noun}s (a week withholds how many)" if rows.weeks else f"{noun}s"
    return many(rows.number, noun)


def _late(rows: Rows) -> str:
    if rows.number is None:
        return "other events"
    if rows.number < 0:
        return f"{many(-rows.number, 'event')} fewer"
    return f"{many(rows.number, 'event')} more" if rows.number else "as many, but other events"


def _merges(rows: Rows) -> str:
    """Ids are people: fewer than five are not counted."""
    weeks = f"; the same events, now of others, lie {_weeks(rows)}" if rows.weeks else ""
    if rows.number is not None and rows.number >= _FEWEST:
        told = f"{many(rows.number, 'id')} turned out to belong to people known by another id"
    elif rows.number is not None and rows.number <= -_FEWEST:
        told = f"{many(-rows.number, 'id')} no longer belong to people known by another id"
    elif rows.number:
        told = f"fewer than {_FEWEST} ids belong to other people than before"
    else:
        told = "some ids belong to other people than before"
    return f"**Identity merges**: {told}{weeks}."


def _weeks(rows: Rows) -> str:
    shown_weeks = list(rows.weeks[:3])
    more = len(rows.weeks) - len(shown_weeks)
    last = [f"{more} more"] if more else []
    named = [*shown_weeks, *last]
    text = named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
    return f"in the {'week' if len(rows.weeks) == 1 else 'weeks'} of {text}"


def _unexplained(report: ReportChange) -> Iterator[str]:
    moved = [each for each in report.figures if not each.causes and each.base and each.head]
    if moved or (not report.figures and _numbers_differ(report)):
        yield (
            "Numbers differ although definitions, events and people are the same: what only other"
            " rows tell (users, feedback), or another version of funnelkit."
            if not (report.definitions or report.data != DataCauses())
            else ""
        )
    if report.redrawn:
        yield "Pages are worded or drawn otherwise; every number in `data/` is the same."


def _numbers_differ(report: ReportChange) -> bool:
    return bool(report.tables)


def _details(report: ReportChange, most: int) -> str:
    """Every cell, and sentences that are new or gone, folded."""
    parts = list(_sentences(report, most)) + list(_tables(report.tables, most))
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


def _tables(tables: Sequence[TableChange], most: int) -> Iterator[str]:
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
        items = [f"- {_row(row)}" for row in rows]
        items += [f"- … and {many(more, 'more row')}"] if more else []
        yield "\n".join([name, "", *items])


def _row(row: RowChange) -> str:
    """`step 4: reached 96 → 89, lost 54 → 62`."""
    if row.what != "changed":
        return f"{line(row.key)}: {row.what}"
    cells = [cell for cell in row.cells if not f"_{cell.column}".endswith(_LIMITS)] or row.cells
    told = [
        f"{line(_label(each.column))} {_cell(each.base)} → {_cell(each.head)}" for each in cells
    ]
    return f"{line(row.key)}: {', '.join(told)}"


def _label(column: str) -> str:
    return column.replace("_", " ")


def _cell(text: str) -> str:
    if not text:
        return "–"
    number = text.replace(".", "", 1).lstrip("-").isdigit()
    return text.removesuffix(".0").replace("-", MINUS) if number else line(text)
