"""The twin of the page that code hosts render: findings, tables and the charts as images."""

import html
import re
from collections.abc import Sequence

from funnelkit.report.annotations import NO_CAUSE
from funnelkit.report.front import LADDER_CAPTION
from funnelkit.report.model import Figure, Report
from funnelkit.table import Table, markdown_text, to_markdown

_MOST_ROWS = 20  # a longer table is folded
# What would open a block when a line begins with it: a heading, a list item, a rule, a quote.
_OPENS = re.compile(r"(?:#{1,6}|[+-])(?:\s|$)|-(?:\s*-)*$|>")
_NUMBERED = re.compile(r"^(\d{1,9})(?=[.)](?:\s|$))")


def line(text: str) -> str:
    """Text as one line of Markdown that shows it as it is, with no more escapes than it needs."""
    escaped = _plainer(markdown_text(text))
    if _OPENS.match(escaped):
        escaped = "\\" + escaped
    escaped = _NUMBERED.sub(r"\1\\", escaped)
    return re.sub(r"(?<=\s)(#+)$", r"\\\1", escaped)  # the end of a heading


def _plainer(markdown: str) -> str:
    """Escaped Markdown without the escapes that are of use at the start of a line alone.

    Every `&gt;` in it stands for `>`, as `&` is written `&amp;`; between letters or digits `_` is
    no mark.
    """
    markdown = markdown.replace("&gt;", ">")
    return re.sub(r"(?<=[A-Za-z0-9])\\_(?=[A-Za-z0-9])", "_", markdown)


def table(made: Table) -> str:
    """A pipe table; like `line` with no more escapes than it needs."""
    return _plainer(to_markdown(made)).rstrip()


def folded(made: Table, topic: str) -> list[str]:
    """The table, behind a line to click where it is long: reviewers scroll past rows to the next.

    Blank lines stand between the tags and the table, or it would not be read as one.
    """
    if len(made.rows) <= _MOST_ROWS:
        return [table(made)]
    summary = f"<summary>{html_text(topic)}: table of {len(made.rows)} rows</summary>"
    return [f"<details>\n{summary}", table(made), "</details>"]


def html_text(text: str) -> str:
    """Text within a tag of ours, where no mark of Markdown counts."""
    return html.escape(" ".join(text.split()), quote=False)


def write_markdown(report: Report) -> bytes:
    """The whole report as `report.md`; images are relative paths."""
    blocks = [f"# {line(report.title)}", line(report.description)]
    blocks.append(" · ".join(line(fact) for fact in report.facts))
    blocks.append("## Findings")
    blocks += [bullets(report.findings), line(report.rule)]
    if report.standing:
        blocks += ["### Where things stand", bullets(report.standing)]
    for section in report.sections:
        blocks.append(f"## {line(section.name)}")
        blocks += [line(section.description), line(section.note)]
        for figure in section.figures:
            blocks += _figure(figure)
    blocks.append("## What the numbers rest on")
    for definition in report.definitions:
        blocks.append(f"### Definition of {line(definition.name)}")
        blocks.append(bullets(definition.words))
        if definition.definition_hash:
            blocks.append(f"Definition hash {line(definition.definition_hash)}")
    if report.log:
        blocks += ["### What of the log counts", bullets(report.log)]
    blocks += _figure(report.quality)
    if report.ladder.rows:
        blocks += ["### From rows to numbers", line(LADDER_CAPTION)]
        blocks += folded(report.ladder, "From rows to numbers")
    if report.annotations.rows:
        blocks += ["### Releases and the like", line(NO_CAUSE), table(report.annotations)]
    blocks += ["### Input per week", *folded(report.inputs, "Input per week")]
    blocks.append(line(report.inputs_caption))
    return ("\n\n".join(block for block in blocks if block) + "\n").encode()


def bullets(sentences: Sequence[str]) -> str:
    """A list with one sentence an item."""
    return "\n".join(f"- {line(sentence)}" for sentence in sentences)


def _figure(figure: Figure) -> list[str]:
    return [
        f"### {line(figure.topic)}",
        line(figure.lead),
        f"![{line(figure.title)}](charts/{figure.name}.svg)" if figure.spec else "",
        *folded(figure.table, figure.topic),
        f"{line(figure.caption)} ([data/{figure.name}.csv](data/{figure.name}.csv))",
        bullets(figure.notes),
    ]
