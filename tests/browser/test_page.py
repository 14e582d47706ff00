"""The page in a real browser: it renders under its own policy, fits a phone, and asks for nothing.

Needs Chromium; skipped with the reason where there is none.
"""

import json
import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from funnelkit.report.build import render
from funnelkit.stats.funnels import step_rows
from tests.report.data import TOTAL, counts, report_data, section
from tests.report.data_aha import aha_section, search_section
from tests.report.data_say import say_section

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium, which is not installed")

EVIL = "</script><img src=x onerror=alert(1)>"
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-default-apps", "--hide-scrollbars", "--allow-file-access-from-files",
    "--enable-logging=stderr",
    "--virtual-time-budget=4000", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)  # fmt: skip

# The page is put in frames of several widths; what sticks out of them is named in the title. What
# stands in a box that scrolls may be wider, the box itself may not.
HARNESS = """<!doctype html><title>waiting</title><body><script>
const widths = [320, 360, 768, 1100, 1440];
const found = {};
for (const width of widths) {
  const frame = document.createElement('iframe');
  frame.style = `width:${width}px;height:900px;border:0`;
  frame.src = PAGE;
  frame.onload = () => {
    const page = frame.contentDocument, root = page.documentElement;
    const scale = node => {  // a chart that is shrunk shrinks its text
      const svg = node.closest('svg'), drawn = svg ? svg.viewBox.baseVal.width : 0;
      return drawn ? svg.getBoundingClientRect().width / drawn : 1;
    };
    const wide = [...page.querySelectorAll('body *')].filter(node => {
      const scroller = node.parentElement.closest('.scroll');
      const box = node.getBoundingClientRect();
      return !scroller && box.width && (box.right > root.clientWidth + 0.5 || box.left < -0.5);
    });
    const small = [...page.querySelectorAll('body *')].filter(node =>
      node.childElementCount == 0 && node.textContent.trim() && node.getClientRects().length &&
      parseFloat(frame.contentWindow.getComputedStyle(node).fontSize) * scale(node) < 11.9);
    const overlaps = [];
    for (const svg of page.querySelectorAll('svg')) {
      const texts = [...svg.querySelectorAll('text')].map(t => [t, t.getBoundingClientRect()])
        .filter(([t, b]) => b.width);
      texts.forEach(([t, b], i) => texts.slice(i + 1).forEach(([u, c]) => {
        const x = Math.min(b.right, c.right) - Math.max(b.left, c.left);
        const y = Math.min(b.bottom, c.bottom) - Math.max(b.top, c.top);
        if (x > 1 && y > 4) overlaps.push(t.textContent + ' / ' + u.textContent);
      }));
    }
    found[width] = {
      scrolls: root.scrollWidth, client: root.clientWidth,
      tables: [...page.querySelectorAll('.scroll')].map(n => ({
        beyond: n.scrollWidth - n.clientWidth, below: n.scrollHeight - n.clientHeight,
        cue: [n.previousElementSibling].some(e => e.matches('.cue') && e.getClientRects().length),
        borders: frame.contentWindow.getComputedStyle(n.querySelector('table')).borderCollapse,
      })),
      wide: wide.map(n => n.tagName + ' ' + n.textContent.slice(0, 60)),
      small: small.map(n => n.textContent), overlaps,
      charts: [...page.querySelectorAll('svg')].filter(n => n.getClientRects().length).length,
      images: page.images.length, scripts: page.scripts.length,
      text: page.body.innerText,
    };
    if (Object.keys(found).length == widths.length) {
      const out = document.createElement('pre');
      out.id = 'found';
      out.textContent = JSON.stringify(found);
      document.body.replaceChildren(out);
    }
  };
  document.body.append(frame);
}
</script>"""


def browse(page: Path, profile: Path, *flags: str) -> tuple[str, str]:
    """The page's DOM after loading, and what the browser logged."""
    command = [str(CHROMIUM), *FLAGS, f"--user-data-dir={profile}", *flags, "--dump-dom"]
    done = subprocess.run(
        [*command, page.as_uri()],
        capture_output=True, text=True, timeout=90, check=True,
        env={"PATH": os.environ["PATH"], "HOME": str(profile), "LANG": "C.UTF-8"},
    )  # fmt: skip
    return done.stdout, done.stderr


def console(log):
    return [line for line in log.splitlines() if ":CONSOLE" in line]


def measured(folder, profile):
    harness = folder / "harness.html"
    harness.write_text(HARNESS.replace("PAGE", json.dumps("report.html")))
    dom, _ = browse(harness, profile)
    text = re.findall(r'<pre id="found">(.*?)</pre>', dom, re.DOTALL)
    assert text, dom[:500]
    found = text[0].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return json.loads(found)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The report with hostile names, long names and every chart."""
    names = ("signed_up", EVIL, "x" * 90, "a step that has a long name of several words in it")
    hostile = section(steps=step_rows(counts(TOTAL, names=names)), words=(f"Step 2: {EVIL}",))
    made = tmp_path_factory.mktemp("browser") / "page"
    made.mkdir()
    (made / "report.html").write_bytes(render(report_data(hostile))["report.html"])
    return made


@pytest.fixture(scope="module")
def found(folder, tmp_path_factory):
    return measured(folder, tmp_path_factory.mktemp("profile"))


@pytest.mark.parametrize("width", ["320", "360", "768", "1440"])
def test_nothing_sticks_out_and_all_text_can_be_read(found, width):
    seen = found[width]
    assert seen["scrolls"] <= seen["client"]
    assert seen["wide"] == []
    assert seen["overlaps"] == []
    if width != "320":  # below 360 pixels the charts shrink
        assert seen["small"] == []


@pytest.mark.parametrize("width", ["360", "1440"])
def test_one_version_of_each_chart_shows_and_hostile_names_are_text(found, width):
    seen = found[width]
    assert seen["charts"] == 4
    assert seen["images"] == 0
    assert seen["scripts"] == 0
    assert EVIL in seen["text"]


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """The report with names of ordinary length, its folded tables open."""
    made = tmp_path_factory.mktemp("browser") / "plain"
    made.mkdir()
    page = render(report_data())["report.html"].decode().replace("<details>", "<details open>")
    (made / "report.html").write_text(page)
    return measured(made, tmp_path_factory.mktemp("profile"))


@pytest.mark.parametrize("width", ["768", "1100", "1440"])
def test_every_table_fits_where_there_is_room(plain, width):
    assert [table["beyond"] for table in plain[width]["tables"]] == [0] * 6


@pytest.mark.parametrize("width", ["320", "360"])
def test_a_table_that_is_cut_off_says_so_and_keeps_its_lines(plain, width):
    tables = plain[width]["tables"]
    assert [table["cue"] for table in tables] == [table["beyond"] > 0 for table in tables]
    assert any(table["cue"] for table in tables)
    # lines of collapsed borders do not move with a column that sticks
    assert {table["borders"] for table in tables} == {"separate"}


@pytest.mark.parametrize("width", ["360", "768", "1440"])
def test_no_table_is_cut_off_within_a_row(plain, width):
    assert [table["below"] for table in plain[width]["tables"]] == [0] * 6


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An aha moment and the search, folded tables open."""
    made = tmp_path_factory.mktemp("browser") / "whole"
    made.mkdir()
    data = report_data(aha=(aha_section(),), search=search_section())
    page = render(data)["report.html"].decode().replace("<details>", "<details open>")
    (made / "report.html").write_text(page)
    return measured(made, tmp_path_factory.mktemp("profile"))


@pytest.mark.parametrize("width", ["320", "360", "768", "1440"])
def test_charts_and_tables_of_aha_moments_fit_and_can_be_read(whole, width):
    seen = whole[width]
    assert seen["scrolls"] <= seen["client"]
    assert seen["wide"] == seen["overlaps"] == []
    assert seen["charts"] == 4 + 4 + 2
    assert [table["below"] for table in seen["tables"]] == [0] * len(seen["tables"])
    if width != "320":
        assert seen["small"] == []
    if width == "1440":
        assert [table["beyond"] for table in seen["tables"]] == [0] * len(seen["tables"])


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """Say and do, folded tables open."""
    made = tmp_path_factory.mktemp("browser") / "said"
    made.mkdir()
    page = render(replace(report_data(say=say_section()), sections=()))["report.html"].decode()
    (made / "report.html").write_text(page.replace("<details>", "<details open>"))
    return measured(made, tmp_path_factory.mktemp("profile"))


@pytest.mark.parametrize("width", ["320", "360", "768", "1440"])
def test_charts_and_tables_of_say_and_do_fit_and_can_be_read(said, width):
    seen = said[width]
    assert seen["scrolls"] <= seen["client"]
    assert seen["wide"] == seen["overlaps"] == []
    assert seen["charts"] == 5
    assert [table["below"] for table in seen["tables"]] == [0] * len(seen["tables"])
    if width != "320":
        assert seen["small"] == []
    if width == "1440":
        assert [table["beyond"] for table in seen["tables"]] == [0] * len(seen["tables"])


def test_what_sticks_out_would_be_seen(folder, tmp_path):
    """The harness itself: a box of 2,000 pixels, small text and crossing labels are reported."""
    bad = folder / "bad"
    bad.mkdir()
    page = (folder / "report.html").read_text()
    broken = '<div style="width:2000px;font-size:9px">wide</div><svg width="99" height="20">'
    broken += '<text y="15">one label</text><text x="5" y="15">another</text></svg></main>'
    (bad / "report.html").write_text(page.replace("</main>", broken))
    seen = measured(bad, tmp_path)["360"]
    assert seen["scrolls"] > seen["client"]
    assert seen["wide"] == ["DIV wide"]
    assert seen["small"] == ["wide"]
    assert seen["overlaps"] == ["one label / another"]


def test_no_console_message_and_no_request_but_the_page(folder, tmp_path):
    """The same page with a script and an image from elsewhere is the control."""
    log = tmp_path / "net.json"
    dom, messages = browse(folder / "report.html", tmp_path / "a", f"--log-net-log={log}")
    assert "Findings</h2>" in dom
    assert console(messages) == []
    assert requested(log) <= {(folder / "report.html").as_uri(), "data:,"}

    page = (folder / "report.html").read_text()
    loose = folder / "loose.html"
    extra = '<script>console.log("ran")</script><img src="http://127.0.0.1:9/x.png" alt="">'
    loose.write_text(page.replace("</main>", f"{extra}</main>"))
    _, blocked = browse(loose, tmp_path / "b", f"--log-net-log={log}")
    assert len(console(blocked)) >= 2, "the policy refused neither script nor image"
    assert "ran" not in re.sub(r"source:.*", "", blocked)
    assert "http://127.0.0.1:9/x.png" not in requested(log)

    loose.write_text(re.sub(r"<meta http-equiv[^>]*>", "", loose.read_text()))
    _, allowed = browse(loose, tmp_path / "c", f"--log-net-log={log}")
    assert any('"ran"' in line for line in console(allowed))
    assert "http://127.0.0.1:9/x.png" in requested(log)


def requested(log):
    """Addresses that the page asked for, by the browser's network log (which may end abruptly).

    The browser asks its maker for updates by itself; it cannot resolve any name here.
    """
    text = log.read_text(errors="replace")
    found = re.findall(r'"url":"([^"]*)"', text)
    own = re.compile(r"chrome|about:|https?://[^/]*\.(google|googleapis|gvt1)\.com/")
    return {url for url in found if not own.match(url)}
