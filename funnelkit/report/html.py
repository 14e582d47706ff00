"""The report as one self-contained page: no script, no font, no image from anywhere else."""

import html
import re
from collections.abc import Iterator

from funnelkit.report.model import Definition, Figure, Report, Section
from funnelkit.report.style import STYLE
from funnelkit.report.svg import svg_lines
from funnelkit.report.theme import glued
from funnelkit.table import Column, Table, Value, shown

_MOST_ROWS = 12  # a longer table is folded
_SENTENCES = ("why",)  # columns whose cells are read, not compared
_WIDE = 4  # with so many columns a table is cut off on a phone
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def text(value: str) -> str:
    """The one way of any text into the page: escaped, units kept beside their number."""
    return html.escape(glued(value), quote=True)


def write_html(report: Report) -> bytes:
    """The whole report as `report.html`."""
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
    yield "<h2>Findings</h2>"
    yield from _list(report.findings)
    yield "</section>"
    for section in report.sections:
        yield from _section(section)
    yield from _closing(report)
    yield "</main>"
    yield "</body>"
    yield "</html>"


def _header(report: Report) -> Iterator[str]:
    yield "<header>"
    yield f"<h1>{text(report.title)}</h1>"
    if report.description:
        yield f'<p class="lead">{text(report.description)}</p>'
    yield '<ul class="facts">'
    for fact in report.facts:
        yield f"<li>{text(fact)}</li>"
    yield "</ul>"
    yield '<nav aria-label="Contents">'
    yield "<ul>"
    for anchor, name in _contents(report):
        yield f'<li><a href="#{text(anchor)}">{text(name)}</a></li>'
    yield "</ul>"
    yield "</nav>"
    yield "</header>"


def _contents(report: Report) -> Iterator[tuple[str, str]]:
    yield "findings", "Findings"
    several = len(report.sections) > 1
    for section in report.sections:
        if several:
            yield section.anchor, section.name
        else:
            yield from ((f"figure-{figure.name}", figure.topic) for figure in section.figures)
    yield "basis", "What the numbers rest on"


def _section(section: Section) -> Iterator[str]:
    yield f'<section id="{text(section.anchor)}">'
    yield f"<h2>{text(section.name)}</h2>"
    if section.description:
        yield f"<p>{text(section.description)}</p>"
    if section.note:
        yield f"<p>{text(section.note)}</p>"
    for figure in section.figures:
        yield from _figure(figure)
    yield "</section>"


def _figure(figure: Figure) -> Iterator[str]:
    yield f'<section id="figure-{text(figure.name)}">'
    yield f"<h3>{text(figure.topic)}</h3>"
    if figure.lead:
        yield f"<p>{text(figure.lead)}</p>"
    if figure.spec:
        yield f'<p class="title" id="{text(figure.name)}-title">{text(figure.title)}</p>'
        yield f'<p class="method" id="{text(figure.name)}-desc">{text(figure.subtitle)}</p>'
        # A chart that fits a phone has no second drawing.
        yield '<div class="wide">' if figure.narrow else '<div class="both">'
        yield from svg_lines(figure, figure.spec, figure.name)
        yield "</div>"
    if figure.narrow:
        yield '<div class="narrow">'
        # Nobody hovers on a small screen: without tooltips it is half as large.
        yield from svg_lines(figure, figure.narrow, f"{figure.name}-narrow", again=True)
        yield "</div>"
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
        yield f"<li>{text(sentence)}</li>"
    yield "</ul>"


def _closing(report: Report) -> Iterator[str]:
    yield '<section id="basis">'
    yield "<h2>What the numbers rest on</h2>"
    for definition in report.definitions:
        yield from _definition(definition)
    if report.log:
        yield "<h3>What of the log counts</h3>"
        yield from _list(report.log)
    yield "<h3>What became of raw rows</h3>"
    yield from _table(report.quality, "Every raw row, by what became of it", "quality")
    yield "<h3>Input per week</h3>"
    yield from _table(report.inputs, report.inputs_caption, "inputs")
    yield "</section>"


def _definition(definition: Definition) -> Iterator[str]:
    yield f"<h3>Definition of {text(definition.name)}</h3>"
    yield from _list(definition.words)
    if definition.definition_hash:
        yield f"<p>Definition hash <code>{text(definition.definition_hash)}</code></p>"
