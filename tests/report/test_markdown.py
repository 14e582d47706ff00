"""Markdown that shows data as it is: read back by a Markdown library, text and nothing else."""

import html
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from funnelkit.report.build import render
from funnelkit.report.markdown import folded, line, table
from funnelkit.report.views import steps_view
from funnelkit.stats.funnels import step_rows
from funnelkit.table import Column, Table
from tests.report.data import EVIL, TOTAL, channels, counts, report_data, section, weeks

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
marked = st.text(st.sampled_from("#+-*_=>~`[]()!<>&;:.1a |\\$x\n\"'/"), min_size=1, max_size=14)


def inline(markdown):
    """Block tokens' types, and the text of the one run of text among them."""
    tokens = READER.parse(markdown)
    (run,) = [token for token in tokens if token.type == "inline"]
    assert {child.type for child in run.children or []} <= {"text"}, markdown
    return [t.type for t in tokens], "".join(child.content for child in run.children or [])


def plain(text):
    return " ".join(text.split())


@given(marked)
@settings(max_examples=600, deadline=None)
def test_any_text_stays_text_wherever_a_line_stands(text):
    if not plain(text):
        return
    assert inline(line(text)) == (["paragraph_open", "inline", "paragraph_close"], plain(text))
    blocks, shown = inline(f"- {line(text)}")
    assert shown == plain(text)
    assert blocks == [
        "bullet_list_open", "list_item_open", "paragraph_open", "inline", "paragraph_close",
        "list_item_close", "bullet_list_close",
    ]  # fmt: skip
    assert inline(f"## {line(text)}") == (["heading_open", "inline", "heading_close"], plain(text))


@given(marked)
@settings(max_examples=60, deadline=None)
def test_a_name_in_a_table_stays_in_its_cell(text):
    rows = counts(TOTAL, names=("signed_up", text, "c", "d"))
    cells = [t for t in READER.parse(table(steps_view(step_rows(rows)))) if t.type == "inline"]
    assert len(cells) == 5 * 10
    assert {child.type for cell in cells for child in cell.children or []} <= {"text"}
    assert "".join(child.content for child in cells[20].children or []) == plain(text)


@pytest.mark.parametrize(
    "text",
    [
        "32.1 % of mature entrants", "event dashboard_shared where recipients > 0.", "signed_up",
        "1.5 d", "a - b", "#1 of 3", "-5 % of all", "2026-01-05, 3 d", "+3 more", "(n = 47)",
    ],
)  # fmt: skip
def test_what_needs_no_escape_has_none(text):
    assert line(text) == text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("1. first", "1\\. first"),
        ("12) next", "12\\) next"),
        ("- item", "\\- item"),
        ("--", "\\--"),
        ("> quote", "\\> quote"),
        ("# head $x$", "\\# head \\$x\\$"),
        ("closed #", "closed \\#"),
        ("a < b & c", "a &lt; b &amp; c"),
        ("&gt; _x_", "&amp;gt; \\_x\\_"),
    ],
)
def test_what_would_be_markup_is_escaped(text, written):
    assert line(text) == written


@given(marked)
@settings(max_examples=60, deadline=None)
def test_a_long_table_is_folded_and_still_a_table(text):
    made = Table((Column(f"a{text}"),), tuple((f"b{number}",) for number in range(21)))
    tokens = READER.parse("\n\n".join(folded(made, text)))
    assert [t.type for t in tokens if t.level == 0] == [
        "html_block", "table_open", "table_close", "html_block",
    ]  # fmt: skip
    opening, closing = (t.content for t in tokens if t.type == "html_block")
    assert html.unescape(opening) == (
        f"<details>\n<summary>{plain(text)}: table of 21 rows</summary>\n"
    )
    assert len(re.findall("<[/a-z]", opening)) == 3
    assert closing == "</details>"
    assert folded(Table(made.columns, made.rows[:20]), text) == [table(made).rpartition("\n")[0]]


# What the twin itself writes as tags, and nothing of it comes from data.
OWN = (
    "<details>\n<summary>Input per week: table of 26 rows</summary>\n",
    "</details>",
    "</details>\n",
)


def test_a_whole_report_with_hostile_names_holds_no_markup():
    words = (f"Step 2: {EVIL} where a > 0 and b_c = '*'", "1. one", "# two")
    hostile = section(words=words, trend=weeks(8), breakdowns={EVIL: channels()})
    twin = render(report_data(hostile, title=EVIL, description="> <b>quote</b>"))["report.md"]
    tokens = [token for token in READER.parse(twin.decode()) if token.content not in OWN]
    kinds = {token.type for token in tokens}
    kinds |= {child.type for token in tokens for child in token.children or ()}
    assert not {kind for kind in kinds if "html" in kind or "code" in kind or "quote" in kind}
    shown = [t.content for token in tokens for t in token.children or () if t.type == "text"]
    for wanted in (EVIL, "> <b>quote</b>", "1. one", "# two"):
        assert wanted in shown
    assert f"Step 2: {EVIL} where a > 0 and b_c = '*'" in shown
