"""The page in a real browser: it renders under its own policy, fits a phone, and asks for nothing.

Needs Chromium; skipped with the reason where there is none.
"""

import re
from dataclasses import replace

import pytest

from funnelkit.report.build import render
from funnelkit.stats.funnels import step_rows
from tests.browser.look import measured
from tests.report.data import TOTAL, counts, report_data, section
from tests.report.data_aha import aha_section, search_section
from tests.report.data_say import say_section

EVIL = "</script><img src=x onerror=alert(1)>"


def written(folder, data, *, unfolded=False):
    """The report's page, its folded tables open where they are to be measured."""
    page = render(data)["report.html"].decode()
    path = folder / "report.html"
    path.write_text(page.replace("<details>", "<details open>") if unfolded else page)
    return path


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """The report with hostile names, long names and every chart."""
    names = ("signed_up", EVIL, "x" * 90, "a step that has a long name of several words in it")
    steps = step_rows(counts(TOTAL, names=names))
    data = report_data(section(steps=steps, words=(f"Step 2: {EVIL}",)))
    return written(tmp_path_factory.mktemp("hostile"), data)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """The report with names of ordinary length."""
    return written(tmp_path_factory.mktemp("plain"), report_data(), unfolded=True)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An aha moment and the search."""
    data = report_data(aha=(aha_section(),), search=search_section())
    return written(tmp_path_factory.mktemp("whole"), data, unfolded=True)


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """Say and do."""
    data = replace(report_data(say=say_section()), sections=())
    return written(tmp_path_factory.mktemp("said"), data, unfolded=True)


def drawn(page):
    """How many charts a page should show: those that are not a second drawing for phones."""
    return len(re.findall(r'<div class="(?:wide|both)">', page.read_text()))


@pytest.mark.parametrize("width", [320, 360, 768, 1440])
def test_nothing_sticks_out_and_all_text_can_be_read(tab, hostile, width):
    seen = measured(tab, hostile, width)
    assert seen["scrolls"] <= seen["client"] == width
    assert seen["wide"] == []
    assert seen["overlaps"] == []
    if width != 320:  # below 360 pixels the charts shrink
        assert seen["small"] == []


@pytest.mark.parametrize("width", [360, 1440])
def test_one_version_of_each_chart_shows_and_hostile_names_are_text(tab, hostile, width):
    seen = measured(tab, hostile, width)
    assert seen["charts"] == drawn(hostile) >= 4
    assert seen["images"] == 0
    assert seen["scripts"] == 0
    assert EVIL in seen["text"]


@pytest.mark.parametrize("width", [768, 1100, 1440])
def test_every_table_fits_where_there_is_room(tab, plain, width):
    tables = measured(tab, plain, width)["tables"]
    assert len(tables) >= 6
    assert [table["beyond"] for table in tables] == [0] * len(tables)


@pytest.mark.parametrize("width", [320, 360])
def test_a_table_that_is_cut_off_says_so_and_keeps_its_lines(tab, plain, width):
    tables = measured(tab, plain, width)["tables"]
    assert [table["cue"] for table in tables] == [table["beyond"] > 0 for table in tables]
    assert any(table["cue"] for table in tables)
    # lines of collapsed borders do not move with a column that sticks
    assert {table["borders"] for table in tables} == {"separate"}


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_no_table_is_cut_off_within_a_row(tab, plain, width):
    assert {table["below"] for table in measured(tab, plain, width)["tables"]} == {0}


@pytest.mark.parametrize("width", [320, 360, 768, 1440])
@pytest.mark.parametrize("which", ["whole", "said"])
def test_charts_and_tables_of_every_section_fit_and_can_be_read(tab, request, which, width):
    page = request.getfixturevalue(which)
    seen = measured(tab, page, width)
    assert seen["scrolls"] <= seen["client"] == width
    assert seen["wide"] == seen["overlaps"] == []
    assert seen["charts"] == drawn(page) >= 5
    assert {table["below"] for table in seen["tables"]} == {0}
    if width != 320:
        assert seen["small"] == []
    if width == 1440:
        assert {table["beyond"] for table in seen["tables"]} == {0}


def test_what_sticks_out_would_be_seen(tab, hostile, tmp_path):
    """The measure itself: a box of 2,000 pixels, small text and crossing labels are reported."""
    broken = '<div style="width:2000px;font-size:9px">wide</div><svg width="99" height="20">'
    broken += '<text y="15">one label</text><text x="5" y="15">another</text></svg></main>'
    bad = tmp_path / "bad.html"
    bad.write_text(hostile.read_text().replace("</main>", broken))
    seen = measured(tab, bad, 360)
    assert seen["scrolls"] > seen["client"]
    assert seen["wide"] == ["DIV wide"]
    assert seen["small"] == ["wide"]
    assert seen["overlaps"] == ["one label / another"]


class Watched:
    """What a page logs and asks for while it loads."""

    def __init__(self, tab, page):
        self.messages: list[str] = []
        self.asked: list[str] = []
        tab.on("console", lambda message: self.messages.append(message.text))
        tab.on("pageerror", lambda error: self.messages.append(str(error)))
        tab.on("dialog", self._refuse)
        # Before anything is sent: what the policy refuses does not get here.
        tab.route("**/*", self._note)
        tab.goto(page.as_uri())
        assert "Findings" in tab.inner_text("h2 >> nth=0")

    def _refuse(self, dialog):
        self.messages.append("dialog")
        dialog.dismiss()

    def _note(self, route):
        self.asked.append(route.request.url)
        route.continue_()


ELSEWHERE = "http://127.0.0.1:9/x.png"


def test_no_console_message_and_no_request_but_the_page(strict, hostile):
    watched = Watched(strict, hostile)
    assert watched.messages == []
    assert set(watched.asked) <= {hostile.as_uri(), "data:,"}


def test_the_policy_refuses_a_planted_script_and_image(strict, hostile, tmp_path):
    loose = planted(hostile, tmp_path)
    watched = Watched(strict, loose)
    refused = [text for text in watched.messages if "Content Security Policy" in text]
    assert len(refused) >= 2
    assert "ran" not in watched.messages
    assert ELSEWHERE not in watched.asked


def test_without_the_policy_they_would_run(strict, hostile, tmp_path):
    """The control: the test above can fail."""
    loose = planted(hostile, tmp_path)
    loose.write_text(re.sub(r"<meta http-equiv[^>]*>", "", loose.read_text()))
    watched = Watched(strict, loose)
    assert "ran" in watched.messages
    assert ELSEWHERE in watched.asked


def planted(page, folder):
    loose = folder / "loose.html"
    extra = f'<script>console.log("ran")</script><img src="{ELSEWHERE}" alt="">'
    loose.write_text(page.read_text().replace("</main>", f"{extra}</main>"))
    return loose
