"""The report as one self-contained page: no script, no font, no image from anywhere else."""

import html
import re
from collections.abc import Iterator

from funnelkit.report.annotations import ANNOTATIONS_CAPTION, NO_CAUSE
from funnelkit.report.front import LADDER_CAPTION
from funnelkit.report.model import Definition, Figure, Report, Section
from funnelkit.report.shorter import FEWER, MOST_BYTES, shorter
from funnelkit.report.style import STYLE
from funnelkit.report.svg import svg_lines
from funnelkit.report.theme import glued
from funnelkit.table import Column, Table, Value, shown

_MOST_ROWS = 12  # a longer table is folded
_SENTENCES = ("why", "of_whom")  # columns whose cells are read, not compared
_WIDE = 4  # with so many columns a table is cut off on a phone
# What a line of prose may not end within: a date, an interval.
_WHOLE = re.compile(r"\d{4}-\d\d-\d\d|[\d.]+[–-][\d.]+(?:\u00a0%)?|[+−][\d.]+ to [+−][\d.]+")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def text(value: str) -> str:
    """The one way of any text into the page: escaped, units kept beside their number."""
    return html.escape(glued(value), quote=True)


def prose(value: str) -> str:
    """A sentence for the page: escaped, no date or interval broken over two lines."""
    return _WHOLE.sub(r"<span>\g<0></span>", text(value))


def write_html(report: Report) -> bytes:
    """The whole report as `report.html`, as much of it as 150 KB allow."""
    page = _written(report)
    for rows, charts in FEWER:
        if len(page) <= MOST_BYTES:
            break
        page = _written(shorter(report, rows, charts))
    return page


def _written(report: Report) -> bytes:
    return ("\n".join(_page(report)) + "\n").encode()


def _page(report: Report) -> Iterator[str]:
    yield "<!doctype html>"
    yield '<html lang="en">'
    yield "<head>"
    yield '<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width,initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark">'
    yield '<link rel="icon" href="data:,">'
    yield f"<title>{text(report.title)}</title>"
    yield f"<style>{STYLE}</style>"
    yield "</head>"
    yield "<body>"
    yield from _header(report)
    yield "<main>"
    yield '<section id="findings" class="findings">'
    yield _heading(2, "Findings", "findings")
    if report.findings:
        yield from _list(report.findings)
    yield f'<p class="method">{prose(report.rule)}</p>'
    if report.standing:
        yield "<h3>Where things stand</h3>"
        yield from _list(report.standing)
    yield "</section>"
    for section in report.sections:
        yield from _section(section)
    yield from _closing(report)
    yield "</main>"
    yield '<a class="up" href="#contents" aria-label="Contents">↑</a>'
    yield "</body>"
    yield "</html>"


def _header(report: Report) -> Iterator[str]:
    yield "<header>"
    yield f"<h1>{text(report.title)}</h1>"
    if report.description:
        yield f'<p class="lead">{prose(report.description)}</p>'
    yield '<ul class="facts">'
    for fact in report.facts:
        yield f"<li>{prose(fact)}</li>"
    yield "</ul>"
    yield from _contents(report)
    yield "</header>"


def _contents(report: Report) -> Iterator[str]:
    """A link to each section and, below it, to its figures: seen where there is room for them."""
    kind = ' class="one"' if len(report.sections) == 1 else ""
    yield f'<nav id="contents"{kind} aria-label="Contents">'
    yield "<ul>"
    yield f"<li>{_link('findings', 'Findings')}</li>"
    for section in report.sections:
        yield f"<li>{_link(section.anchor, section.name)}"
        if section.figures:
            yield "<ul>"
            for figure in section.figures:
                yield f"<li>{_link(f'figure-{figure.name}', figure.topic)}</li>"
            yield "</ul>"
        yield "</li>"
    yield f"<li>{_link('basis', 'What the numbers rest on')}</li>"
    yield "</ul>"
    yield "</nav>"


def _link(anchor: str, name: str) -> str:
    return f'<a href="#{text(anchor)}">{text(name)}</a>'


def _heading(level: int, name: str, anchor: str) -> str:
    """A heading that is a link to itself, so that its address can be passed on."""
    return f"<h{level}>{_link(anchor, name)}</h{level}>"


def _section(section: Section) -> Iterator[str]:
    yield f'<section id="{text(section.anchor)}">'
    yield _heading(2, section.name, section.anchor)
    if section.description:
        yield f"<p>{prose(section.description)}</p>"
    if section.note:
        yield f"<p>{prose(section.note)}</p>"
    for figure in section.figures:
        yield from _figure(figure)
    yield "</section>"


def _figure(figure: Figure) -> Iterator[str]:
    yield f'<section id="figure-{text(figure.name)}">'
    yield _heading(3, figure.topic, f"figure-{figure.name}")
    if figure.lead:
        yield f"<p>{prose(figure.lead)}</p>"
    if figure.spec:
        yield "<figure>"
        yield f'<p class="title" id="{text(figure.name)}-title">{text(figure.title)}</p>'
        yield f'<p class="method" id="{text(figure.name)}-desc">{prose(figure.subtitle)}</p>'
        # A chart that fits a phone has no second drawing.
        yield '<div class="wide">' if figure.narrow else '<div class="both">'
        yield from svg_lines(figure, figure.spec, figure.name)
        yield "</div>"
    if figure.narrow:
        yield '<div class="narrow">'
        # Nobody hovers on a small screen: without tooltips it is half as large.
        yield from svg_lines(figure, figure.narrow, f"{figure.name}-narrow", again=True)
        yield "</div>"
    if figure.spec:
        yield "</figure>"
    yield from _table(figure.table, figure.caption, figure.name)
    if figure.notes:
        yield from _list(figure.notes, "notes")
    yield "</section>"


def _table(table: Table, caption: str, name: str) -> Iterator[str]:
    if len(table.rows) > _MOST_ROWS:
        topic = caption.partition(":")[0].partition(",")[0]
        yield "<details>"
        yield f"<summary>{text(topic)}: table of {len(table.rows)} rows</summary>"
        yield from _whole_table(table, caption, name)
        yield "</details>"
    else:
        yield from _whole_table(table, caption, name)


def _whole_table(table: Table, caption: str, name: str) -> Iterator[str]:
    if len(table.columns) >= _WIDE:
        # Seen where the table is cut off for certain: on small screens.
        few = " few" if len(table.columns) == _WIDE else ""
        yield f'<p class="cue{few}" aria-hidden="true">The table goes on to the right →</p>'
    yield f'<div class="scroll" tabindex="0" role="region" aria-label="{text(caption)}">'
    yield "<table>"
    yield f"<caption><span>{text(caption)} (data/{text(name)}.csv)</span></caption>"
    yield "<thead>"
    yield "<tr>" + "".join(_head(n, c) for n, c in enumerate(table.columns)) + "</tr>"
    yield "</thead>"
    yield "<tbody>"
    for row in table.rows:
        yield f"<tr>{_cells(table, row)}</tr>"
    yield "</tbody>"
    yield "</table>"
    yield "</div>"


def _head(number: int, column: Column) -> str:
    content = text(column.label or column.name)
    if "interval" in column.name:
        content = _kept_together(content)
    return f'<th scope="col"{_side(number, column)}>{content}</th>'


def _kept_together(content: str) -> str:
    """An interval in brackets never broken; a line may end before it."""
    return re.sub(r"\(.*\)", r"<span>\g<0></span>", content)


def _cells(table: Table, row: tuple[Value, ...]) -> str:
    cells = []
    for number, (value, column) in enumerate(zip(row, table.columns, strict=True)):
        tag, scope = ("th", ' scope="row"') if number == 0 else ("td", "")
        content = text(shown(value, column.kind))
        if "interval" in column.name:
            content = _kept_together(content)
        cells.append(f"<{tag}{scope}{_side(number, column)}>{content}</{tag}>")
    return "".join(cells)


def _side(number: int, column: Column) -> str:
    """Numbers stand to the right, which is the rule; what does not has a class."""
    if "interval" in column.name:
        return ' class="w"'  # a line may end between rate and interval
    if column.name in _SENTENCES:
        return ' class="s"'
    return "" if number == 0 or column.is_numeric else ' class="l"'


def _list(sentences: tuple[str, ...], kind: str = "") -> Iterator[str]:
    yield f'<ul class="{kind}">' if kind else "<ul>"
    for sentence in sentences:
        yield f"<li>{prose(sentence)}</li>"
    yield "</ul>"


def _closing(report: Report) -> Iterator[str]:
    yield '<section id="basis">'
    yield _heading(2, "What the numbers rest on", "basis")
    for definition in report.definitions:
        yield from _definition(definition)
    if report.log:
        yield "<h3>What of the log counts</h3>"
        yield from _list(report.log)
    yield from _figure(report.quality)
    if report.ladder.rows:
        yield "<h3>From rows to numbers</h3>"
        yield from _table(report.ladder, LADDER_CAPTION, "ladder")
    if report.annotations.rows:
        yield "<h3>Releases and the like</h3>"
        yield f"<p>{prose(NO_CAUSE)}</p>"
        yield from _table(report.annotations, ANNOTATIONS_CAPTION, "annotations")
    yield "<h3>Input per week</h3>"
    yield from _table(report.inputs, report.inputs_caption, "inputs")
    yield "</section>"


def _definition(definition: Definition) -> Iterator[str]:
    yield f"<h3>Definition of {text(definition.name)}</h3>"
    yield from _list(definition.words)
    if definition.definition_hash:
        yield f"<p>Definition hash <code>{text(definition.definition_hash)}</code></p>"
