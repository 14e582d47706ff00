"""The twin of the page that code hosts render: findings, tables and the charts as images."""

import re
from collections.abc import Sequence

from funnelkit.report.model import Figure, Report
from funnelkit.table import markdown_text, to_markdown


def line(text: str) -> str:
    """Text as one line of Markdown that shows it as it is, wherever it stands."""
    escaped = re.sub(r"^([#+=-])", r"\\\1", markdown_text(text))
    return re.sub(r"^(\d+)([.)])", r"\1\\\2", escaped)


def write_markdown(report: Report) -> bytes:
    """The whole report as `report.md`; images are relative paths."""
    blocks = [f"# {line(report.title)}", line(report.description)]
    blocks.append(" · ".join(line(fact) for fact in report.facts))
    blocks.append("## Findings")
    blocks.append(bullets(report.findings))
    for section in report.sections:
        blocks.append(f"## {line(section.name)}")
        blocks.append(line(section.description))
        for figure in section.figures:
            blocks += _figure(figure)
    blocks.append("## What the numbers rest on")
    for definition in report.definitions:
        blocks.append(f"### Definition of {line(definition.name)}")
        blocks.append(bullets(definition.words))
        blocks.append(f"Definition hash {line(definition.definition_hash)}")
    blocks += ["### Rows that filters took", to_markdown(report.quality).rstrip()]
    blocks += [
        "### Input per week",
        line(report.inputs_caption),
        to_markdown(report.inputs).rstrip(),
    ]
    return ("\n\n".join(block for block in blocks if block) + "\n").encode()


def bullets(sentences: Sequence[str]) -> str:
    """A list with one sentence an item."""
    return "\n".join(f"- {line(sentence)}" for sentence in sentences)


def _figure(figure: Figure) -> list[str]:
    return [
        f"### {line(figure.topic)}",
        line(figure.lead),
        f"![{markdown_text(figure.title)}](charts/{figure.name}.svg)",
        to_markdown(figure.table).rstrip(),
    ]
