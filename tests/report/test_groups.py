"""What the lost did next, and groups that are compared: drawn, written, and read back."""

import csv
import io
import re
from xml.etree import ElementTree

import pytest

from funnelkit.report.build import full_diff, render, report
from funnelkit.report.model import ReportData
from funnelkit.stats.proportions import newcombe, wilson
from tests.report.data import EVIL, report_data, section
from tests.report.data_groups import GROUPS, LOST, NEXT, comparison, next_events

SVG = "{http://www.w3.org/2000/svg}"
TOLD = {
    "next_events": ("The very next event.",),
    "comparison": ("3 of 3 differences stand.", "Conversion to the last step."),
}
WIDTH = 752 - 32


def whole(**changes):
    parts = {"next_events": next_events(), "comparison": comparison(), "told": TOLD} | changes
    return report_data(section(**parts))


@pytest.fixture(scope="module")
def files():
    return render(whole())


def drawing(files, chart):
    return ElementTree.fromstring(files[f"charts/activation-{chart}.svg"])


def texts(files, chart):
    return [
        (node.text or "").replace("\xa0", " ") for node in drawing(files, chart).iter(f"{SVG}text")
    ]


def tipped(files, chart):
    """Every mark with a tooltip, by it."""
    root = drawing(files, chart)
    found = {node: node.find(f"{SVG}title") for node in root.iter() if node is not root}
    return {title.text: node for node, title in found.items() if title is not None}


def rows(files, name):
    return list(csv.DictReader(io.StringIO(files[f"data/activation-{name}.csv"].decode())))


class TestNext:
    def test_bars_are_shares_of_the_lost_on_a_fixed_domain(self, files):
        bars = tipped(files, "next")
        assert len(bars) == len(NEXT)
        for event, number in NEXT.items():
            tip = next(tip for tip in bars if tip.startswith(f"{event}: {number} · "))
            (width,) = re.findall(r"h([\d.]+)v16", bars[tip].get("d", ""))
            assert float(width) == round(WIDTH * number / LOST)
        assert "100 %" in texts(files, "next")

    def test_labels_and_table_are_the_counts_with_share_and_interval(self, files):
        words, twin = texts(files, "next"), files["report.md"].decode()
        for event, number in NEXT.items():
            share, low, high = (100 * (end or 0) for end in wilson(number, LOST))
            assert f"{number} · {share:.0f} %" in words
            told = f"{share:.1f} % ({low:.1f}–{high:.1f} %)"
            assert re.search(rf"\| {re.escape(event)} +\| {number} \| {re.escape(told)} \|", twin)
        assert [int(row["stopped"]) for row in rows(files, "next")] == [LOST] * len(NEXT)

    def test_the_title_is_an_event_and_neither_nothing_nor_the_rest(self, files):
        assert "431 of 856 (50.4 %) lost after signed_up did page_viewed next" in texts(
            files, "next"
        )
        idle = {"(nothing more)": 60, "(other)": 30, "help_opened": 10}
        made = render(whole(next_events=next_events(idle)))
        assert "10 of 100 (10.0 %) lost after signed_up did help_opened next" in texts(made, "next")
        made = render(whole(next_events=next_events({"(nothing more)": 30, "(other)": 70})))
        words = texts(made, "next")
        assert "30 of 100 (30.0 %) lost after signed_up did nothing more" in words


class TestComparison:
    def test_points_and_whiskers_are_the_differences(self, files):
        marks = tipped(files, "compare")
        drawn = rows(files, "compare")
        assert len(marks) == len(drawn) == 3
        names = list(GROUPS)
        for row, (a, b) in zip(drawn, ((0, 1), (0, 2), (1, 2)), strict=True):
            one, other = GROUPS[names[a]], GROUPS[names[b]]
            estimate, low, high = (end or 0 for end in newcombe(*one, *other))
            assert float(row["difference"]) == pytest.approx(estimate, abs=1e-6)
            told = next(tip for tip in marks if tip.startswith(f"{names[a]} − {names[b]}: "))
            assert re.sub("−", "-", told).count(f"{100 * low:+.1f} to {100 * high:+.1f}") == 1
            # The widest limit is -21 points, so the axis ends at 30; drawn for a small screen.
            x = float(marks[told].get("cx"))
            assert x == pytest.approx(180 + 164 * estimate / 0.3, abs=0.11)

    def test_a_verdict_is_a_shape_and_a_word(self):
        groups = {"a": (100, 400), "b": (104, 400), "c": (180, 400)}
        made = render(whole(comparison=comparison(groups)))
        marks = tipped(made, "compare")
        fills = {tip.split(":")[0]: mark.get("fill") for tip, mark in marks.items()}
        assert fills == {"a − b": "#ffffff", "a − c": "#0072B2", "b − c": "#0072B2"}
        twin = made["report.md"].decode()
        assert len(re.findall(r"\| not shown to differ +\|", twin)) == 1
        assert len(re.findall(r"\| differ +\|", twin)) == 2
        assert {"differ", "not shown to differ"} <= set(texts(made, "compare"))

    def test_the_title_names_the_widest_pair_that_differs(self, files):
        title = "referral (28.8 %, n = 420) converts more than paid ads (12.5 %, n = 770);"
        assert title in " ".join(texts(files, "compare"))

    def test_without_a_difference_that_stands_it_says_so(self):
        made = render(whole(comparison=comparison({"a": (100, 400), "b": (104, 400)})))
        words = " ".join(texts(made, "compare"))
        assert words.startswith("No group of channel is shown to differ (1 pair)")
        assert "converts more" not in made["report.html"].decode()

    def test_of_many_pairs_those_with_the_first_group_are_drawn(self):
        groups = {f"g{number}": (40 + number, 100) for number in range(7)}
        made = render(whole(comparison=comparison(groups)))
        assert len(rows(made, "compare")) == 21
        assert len(tipped(made, "compare")) == 6
        assert all(tip.startswith("g0 − ") for tip in tipped(made, "compare"))
        assert "Drawn: pairs with g0" in made["report.html"].decode()


class TestFiles:
    def test_committed_data_rebuild_the_same_bytes(self, files):
        data = {name: content for name, content in files.items() if name.startswith("data/")}
        assert render(ReportData.from_files(data, "activation")) == files
        assert ReportData.from_files(data, "activation").sections[0].told == TOLD

    def test_without_them_nothing_of_them_is_there(self):
        made = render(report_data())
        assert not [name for name in made if name.endswith(("next.csv", "compare.csv"))]

    def test_hostile_names_are_text_and_survive(self):
        made = render(
            whole(
                next_events=next_events({EVIL: 9, 'a,b\r\n"c"': 6}),
                comparison=comparison({EVIL: (10, 40), "= 1 | 2": (30, 40)}),
            )
        )
        assert "<img" not in made["report.html"].decode() + made["report.md"].decode()
        assert render(ReportData.from_files(made, "activation")) == made

    @pytest.mark.parametrize("part", ["next_events", "comparison"])
    def test_one_more_is_a_small_diff(self, files, part):
        more = {
            "next_events": next_events({**NEXT, "help_opened": 213}),
            "comparison": comparison({**GROUPS, "referral": (122, 420)}),
        }[part]
        changed = render(whole(**{part: more}))
        name = {"next_events": "next", "comparison": "compare"}[part]
        assert changed[f"data/activation-{name}.csv"] != files[f"data/activation-{name}.csv"]
        for path in files:
            diff = full_diff(path, files[path], changed[path])
            lines = [line for line in diff if line[0] in "+-" and line[:3] not in ("+++", "---")]
            assert len(lines) <= 40, path
            assert sum(len(line.encode()) for line in lines) <= 8_000, path

    def test_they_stand_behind_the_steps(self):
        names = [figure.name for figure in report(whole()).sections[0].figures]
        assert names[:4] == ["activation-steps", "activation-next", "activation-compare",
                             "activation-by-channel"]  # fmt: skip
