"""The sample's reports as people use them: by eye, keyboard, screen reader, on paper.

They are rendered again from the numbers committed in reports/, so no warehouse is needed.
Screenshots of every page, by width and theme, stay in build/screenshots/.
"""

import re
from importlib.resources import files as package_files
from itertools import pairwise
from pathlib import Path

import pytest

from funnelkit.report.build import read, render
from funnelkit.report.model import ReportData
from tests.browser.look import faint, measured, show

ROOT = Path(__file__).resolve().parents[2]
REPORTS = ROOT / "reports"
SLUGS = sorted(page.parent.name for page in REPORTS.glob("*/report.html"))
SCREENSHOTS = ROOT / "build" / "screenshots"
LOOKS = [(360, "light"), (360, "dark"), (1440, "light"), (1440, "dark")]
# A4 less the margins of 15 mm that the page asks for, in CSS pixels (96 an inch).
PAPER = (round(180 / 25.4 * 96), round(267 / 25.4 * 96))


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The page of each report, by slug."""
    folder = tmp_path_factory.mktemp("pages")
    made = {}
    for slug in SLUGS:
        data = ReportData.from_files(read(REPORTS / slug), slug)
        made[slug] = folder / slug / "report.html"
        made[slug].parent.mkdir()
        made[slug].write_bytes(render(data)["report.html"])
    return made


@pytest.fixture(params=SLUGS)
def page(request, pages):
    return pages[request.param]


@pytest.mark.parametrize("width", [320, 360, 768, 1280, 1440])
def test_nothing_sticks_out_and_all_text_can_be_read(tab, page, width):
    seen = measured(tab, page, width)
    assert seen["scrolls"] <= seen["client"] == width
    assert seen["wide"] == seen["overlaps"] == []
    if width != 320:
        assert seen["small"] == []


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_screenshots_are_kept(tab, page, width, theme):
    show(tab, page, width, theme)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    kept = SCREENSHOTS / f"{page.parent.name}-{width}-{theme}.png"
    tab.screenshot(path=kept, full_page=True)
    assert kept.stat().st_size > 20_000


def violations(tab, page, width, theme):
    """What axe calls serious or critical, each with the elements it is about."""
    show(tab, page, width, theme)
    if tab.evaluate("typeof axe") == "undefined":
        tab.evaluate(axe_source())
        # It says nothing of colours on a gradient: the shadows at a table's edges.
        tab.add_style_tag(content=".scroll{background:var(--paper)!important}")
    found = tab.evaluate("axe.run({resultTypes: ['violations']})")
    assert found["passes"], "axe looked at nothing"
    return {
        each["id"]: [node["html"][:120] for node in each["nodes"]]
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
    }


def axe_source():
    pytest.importorskip("axe_core_python", reason="needs axe-core-python, which is not installed")
    return (package_files("axe_core_python") / "axe.min.js").read_text("utf-8")


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_axe_finds_nothing_serious(tab, page, width, theme):
    assert violations(tab, page, width, theme) == {}


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_every_text_stands_out(tab, page, width, theme):
    assert faint(tab, page, width, theme) == []


def test_axe_and_the_measure_of_contrast_would_find_it(tab, pages, tmp_path):
    """The control: a picture and a table without words, pale text beside and in a chart."""
    page = min((page.read_text() for page in pages.values()), key=len)
    planted = '<img src="data:,"><p style="color:#aaa">pale</p><svg width="99" height="20">'
    planted += '<rect width="99" height="20" fill="#0072B2"/><text y="15" fill="#59636e">in</text>'
    bad = tmp_path / "bad.html"
    bad.write_text(page.replace("<main>", f"<main>{planted}</svg>"))
    assert {"image-alt", "color-contrast"} <= violations(tab, bad, 1440, "light").keys()
    assert [text.partition(":")[0] for text in faint(tab, bad, 1440, "light")] == ["pale", "in"]


def test_headings_have_no_gaps_and_contents_reach_each(tab, page):
    show(tab, page, 1440)
    headings = tab.eval_on_selector_all(
        "h1,h2,h3,h4,h5,h6", "all => all.map(h => [+h.tagName[1], h.closest('[id]')?.id])"
    )
    levels = [level for level, _ in headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    linked = tab.eval_on_selector_all("nav a", "all => all.map(a => a.hash.slice(1))")
    assert {anchor for level, anchor in headings if level == 2} <= set(linked)
    assert all(tab.query_selector(f'[id="{anchor}"]') for anchor in linked)
    own = tab.eval_on_selector_all("h2 a,h3 a", "all => all.map(a => a.hash.slice(1))")
    assert {anchor for level, anchor in headings if level == 2} <= set(own)


@pytest.mark.parametrize("width", [360, 1440])
def test_every_section_is_one_step_from_the_contents(tab, page, width):
    """Seen, not only there; and from the end of the page there is a way back."""
    show(tab, page, width)
    seen = tab.eval_on_selector_all(
        "nav a", "all => all.filter(a => a.getClientRects().length).map(a => a.hash.slice(1))"
    )
    sections = tab.eval_on_selector_all("main > section", "all => all.map(s => s.id)")
    assert set(sections) <= set(seen)
    tab.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    back = tab.evaluate(
        """() => [...document.querySelectorAll('nav a,a.up')].filter(a => {
          const box = a.getBoundingClientRect();
          return box.width && box.top >= 0 && box.bottom <= innerHeight;
        }).length"""
    )
    assert back >= 1


@pytest.mark.parametrize("width", [360, 1440])
def test_the_keyboard_reaches_links_tables_and_folded_rows_in_order(tab, page, width):
    show(tab, page, width)
    tab.reload()
    expected = tab.evaluate(
        """() => {
          const stops = [...document.querySelectorAll('a[href],summary,[tabindex="0"]')]
            .filter(n => n.checkVisibility({contentVisibilityAuto: true}));
          stops.forEach((n, i) => n.dataset.stop = i);
          return stops.length;
        }"""
    )
    reached, unseen = [], []
    for _ in range(expected):
        tab.keyboard.press("Tab")
        stop, outline = tab.evaluate(
            """() => {
              const style = getComputedStyle(document.activeElement);
              return [document.activeElement.dataset.stop,
                      style.outlineStyle == 'none' ? 0 : parseFloat(style.outlineWidth)];
            }"""
        )
        reached.append(stop)
        unseen += [stop] if outline < 2 else []
    assert reached == [str(number) for number in range(expected)]
    assert unseen == [], "the focus cannot be seen"


def test_a_folded_table_opens_and_scrolls_by_keyboard(tab, page):
    show(tab, page, 360)
    tab.reload()
    tables = tab.query_selector_all("details:has(.cue)")
    if not tables:
        pytest.skip("no long table of this report is wide")
    tables[0].query_selector("summary").focus()
    tab.keyboard.press("Enter")
    assert tables[0].evaluate("n => n.open")
    tab.keyboard.press("Tab")
    box = tables[0].query_selector(".scroll")
    assert box.evaluate("n => n == document.activeElement")
    room = box.evaluate("n => n.scrollWidth - n.clientWidth")
    tab.keyboard.press("ArrowRight")
    tab.wait_for_timeout(300)  # it scrolls softly
    assert room <= 0 or box.evaluate("n => n.scrollLeft") > 0


def test_on_paper_nothing_is_cut_folded_or_torn(tab, page):
    """The layout for print in a window as wide as the paper's text."""
    show(tab, page, PAPER[0])
    tab.emulate_media(media="print")
    seen = tab.evaluate(
        """() => {
          const all = name => [...document.querySelectorAll(name)];
          const there = n => n.checkVisibility({contentVisibilityAuto: true});
          const height = n => n.getBoundingClientRect().height;
          return {
            width: document.documentElement.scrollWidth,
            wide: all('main *').filter(n => !n.closest('svg'))
              .filter(n => n.getBoundingClientRect().right > innerWidth + 16)
              .map(n => n.outerHTML.slice(0, 80)),
            cut: all('.scroll').filter(n => n.scrollWidth > n.clientWidth + 1)
              .map(n => n.ariaLabel),
            tables: all('table').length,
            open: all('table').filter(n => there(n) && height(n)).length,
            left: all('nav,.up,.cue,summary').filter(there).length,
            torn: all('figure').filter(n => getComputedStyle(n).breakInside != 'avoid').length,
            tallest: Math.max(...all('figure').map(height)),
            charts: all('svg').filter(there).length,
          };
        }"""
    )
    tab.emulate_media(media="screen")
    assert seen["width"] <= PAPER[0] + 16
    assert seen["wide"] == seen["cut"] == []
    assert seen["open"] == seen["tables"] > 0
    assert seen["left"] == seen["torn"] == 0
    assert seen["tallest"] <= PAPER[1], "a chart is taller than a page"
    assert seen["charts"] == len(re.findall(r'<div class="(?:wide|both)">', page.read_text()))


def test_the_pdf_is_a4_and_of_a_sane_length(tab, page):
    show(tab, page, 1440, "dark")  # paper is white whatever the reader's theme
    tab.emulate_media(media="print")
    made = tab.pdf(prefer_css_page_size=True)
    boxes = re.findall(rb"/MediaBox ?\[([\d. ]+)\]", made)
    assert {tuple(round(float(n)) for n in box.split()) for box in boxes} == {(0, 0, 595, 842)}
    sheets = len(re.findall(rb"/Type ?/Page\b", made))
    tab.set_viewport_size({"width": PAPER[0], "height": 900})
    needed = tab.evaluate("document.documentElement.scrollHeight") / PAPER[1]
    tab.emulate_media(media="screen")
    assert needed * 0.9 <= sheets <= 1 + 1.5 * needed, "too much of the paper is empty"
