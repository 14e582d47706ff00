"""Charts of counts and of the do-bias: raw rows, themes, who answers; and how many a page draws."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from funnelkit.report.budget import MOST_CHARTS
from funnelkit.report.build import full_diff, render, report
from funnelkit.report.charts_bars import axis_end
from funnelkit.report.figures_quality import quality_figure
from funnelkit.report.model import ReportData
from funnelkit.table import Column, Table
from tests.report.data import EVIL, report_data, section
from tests.report.data_say import bias, say_section, table, themes

SVG = "{http://www.w3.org/2000/svg}"
WIDTH = 752 - 32
ROWS = (
    ("events: accepted", 60_000, None),
    ("events: duplicate, exact duplicate", 1_044, ("ok: 1.7 % duplicate, limit 5 %", 0.05)),
    ("events: kept without a value, n does not fit its type", 7, None),
    ("events: rejected, no user", 17, None),
    ("events: rejected, time that is no time", 231, ("over: 0.4 % rejected, limit 0.1 %", 0.001)),
    ("users: accepted", 2_000, None),
)
WHOLE = 60_000 + 1_044 + 17 + 231  # a row that is kept is accepted


def quality(rows=ROWS, limits=True):
    columns = [Column("reason"), Column("rows", "count"), Column("share", "part")]
    made = []
    for reason, number, limit in rows:
        whole = WHOLE if reason.startswith("events") else 2_000
        made.append((reason, number, number / whole, *((limit or (None, None)) if limits else ())))
    columns += [Column("limit"), Column("allowed", "part")] if limits else []
    return Table(tuple(columns), tuple(made))


def drawing(files, chart):
    return ElementTree.fromstring(files[f"charts/{chart}.svg"])


def texts(files, chart):
    root = drawing(files, chart)
    return [(node.text or "").replace("\xa0", " ") for node in root.iter(f"{SVG}text")]


def bars(files, chart):
    """Length of every bar, by its tooltip."""
    found = {}
    for node in drawing(files, chart).iter(f"{SVG}path"):
        title, width = node.find(f"{SVG}title"), re.search(r"h([\d.]+)v14", node.get("d", ""))
        if title is not None and width:
            found[title.text] = float(width[1])
    return found


def changed(files, others):
    for path in files:
        diff = full_diff(path, files[path], others[path])
        lines = [line for line in diff if line[0] in "+-" and line[:3] not in ("+++", "---")]
        yield path, len(lines), sum(len(line.encode()) for line in lines)


@pytest.mark.parametrize(
    ("largest", "end"),
    [(0, 5), (1, 5), (5, 5), (6, 10), (10, 10), (11, 20), (44, 50), (50, 50), (51, 100),
     (1_044, 2_000), (2_000, 2_000), (2_001, 5_000)],
)  # fmt: skip
def test_an_axis_ends_at_one_two_or_five(largest, end):
    assert axis_end(largest) == end


@pytest.fixture(scope="module")
def files():
    return render(report_data(quality=quality()))


class TestRawRows:
    def test_bars_are_the_rows_on_a_scale_to_two_thousand(self, files):
        found = bars(files, "quality")
        wanted = {"duplicate": 1_044, "rejected in all": 248, "rejected, no user": 17,
                  "rejected, time that": 231, "kept without": 7}  # fmt: skip
        assert len(found) == len(wanted)
        for name, number in wanted.items():
            (width,) = [width for tip, width in found.items() if tip.startswith(f"events: {name}")]
            assert width == pytest.approx(WIDTH * number / 2_000, abs=0.11)
        assert "2,000" in texts(files, "quality")
        assert not [tip for tip in found if "accepted" in tip]

    def test_a_limit_is_a_line_or_beyond_the_axis(self, files):
        words = texts(files, "quality")
        assert "limit 0.1 %" in words
        assert "limit 5 % →" in words  # 3,065 rows of 2,000
        lines = [
            float(match[1])
            for node in drawing(files, "quality").iter(f"{SVG}path")
            if node.get("stroke") == "#1f2328"
            and (match := re.fullmatch(r"M([\d.]+),[\d.]+L\1,[\d.]+", node.get("d", "")))
        ]
        assert lines == [round(16 + WIDTH * 0.001 * WHOLE / 2_000)]

    def test_the_title_is_the_limit_that_is_passed_else_how_many_do_not_count(self, files):
        assert texts(files, "quality")[0] == "Over the limit: 0.4 % rejected, limit 0.1 %"
        made = render(report_data(quality=quality(limits=False)))
        # 1,044 + 17 + 231 of 61,292; the seven count
        title = "1,292 of 61,292 raw rows of events do not count (2.1 %)"
        assert texts(made, "quality")[0] == title
        assert "limit" not in " ".join(texts(made, "quality"))

    def test_where_every_row_counts_there_is_a_table_alone(self):
        all_count = quality([("events: accepted", 60_000, None)], limits=False)
        figure = quality_figure(all_count)
        assert figure.spec is None
        assert figure.title == "All 60,000 raw rows of events count"
        assert "charts/quality.svg" not in render(report_data(quality=all_count))

    def test_the_table_has_every_row_and_the_data_come_back(self, files):
        twin = files["report.md"].decode()
        for reason, number, _ in ROWS:
            assert re.search(rf"\| {re.escape(reason)} \| {number:,} \|", twin)
        assert "0.001" in files["data/quality.csv"].decode()
        assert render(ReportData.from_files(files, "activation")) == files

    def test_one_more_row_is_a_small_diff(self, files):
        more = [(reason, n + ("no user" in reason), limit) for reason, n, limit in ROWS]
        others = render(report_data(quality=quality(more)))
        assert others["data/quality.csv"] != files["data/quality.csv"]
        for path, lines, size in changed(files, others):
            assert (lines <= 40, size <= 8_000) == (True, True), path

    def test_a_hostile_reason_is_text(self):
        rows = [*ROWS, (f"events: excluded, {EVIL}", 9, None)]
        made = render(report_data(quality=quality(rows)))
        assert b"<img" not in made["report.html"] + made["charts/quality.svg"]


def say(**changes):
    tables = {**say_section().tables, **{name: table(name, rows) for name, rows in changes.items()}}
    return replace(report_data(say=say_section(tables=tables)), sections=())


class TestThemes:
    def test_mentions_are_bars_and_flags_lie_on_them(self):
        made = render(say())
        found = bars(made, "say-themes")
        assert found["alerts: 61 mentions"] == pytest.approx(WIDTH * 0.61, abs=0.11)
        flagged = found["alerts: 24 of 60 flagged negative"]
        assert flagged == pytest.approx(WIDTH * 0.24, abs=0.11)
        # of comments no flags may be told
        assert [tip for tip in found if tip.startswith("comments")] == ["comments: 9 mentions"]
        assert "61 · 24 of 60 flagged" in texts(made, "say-themes")

    def test_without_calibration_there_is_no_percentage(self):
        hidden = dict.fromkeys(("negative_share", "lo", "hi", "se", "sp", "labels"))
        made = render(say(themes=[row | hidden for row in themes()]))
        words = " ".join(texts(made, "say-themes"))
        assert "%" not in words
        assert "not calibrated, so no share" in words

    def test_the_most_mentioned_stands_first(self):
        rows = themes()
        rows[1] |= {"mentions": 90, "customers": 70}
        words = texts(render(say(themes=rows)), "say-themes")
        assert words[0] == "Most mentioned: exports, 90 times by 70 customers"
        names = [word for word in words if word in ("alerts", "exports", "pricing", "comments")]
        assert names == ["exports", "alerts", "pricing", "comments"]


class TestWhoAnswers:
    def test_points_lie_where_the_bias_is_and_are_hollow_where_few_answered(self):
        made = render(say())
        root = drawing(made, "say-bias")
        points = {
            title.text: node
            for node in root.iter(f"{SVG}circle")
            if (title := node.find(f"{SVG}title")) is not None
        }
        assert len(points) == 3
        for tip, node in points.items():
            assert tip.endswith(": +2.3 pp (−1.7 to +6.3)")
            x = float(node.get("cx"))
            assert x == pytest.approx(376 + 360 * 0.023 / 0.1, abs=0.11)  # the axis ends at 10
            hollow = tip.startswith("sharing")  # too few to tell
            assert node.get("fill") == ("#ffffff" if hollow else "#0072B2")

    def test_the_band_is_five_points_to_both_sides(self):
        root = drawing(render(say()), "say-bias")
        boxes = [
            (float(match[1]), float(match[2]))
            for node in root.iter(f"{SVG}path")
            if (match := re.fullmatch(r"M([\d.]+),[\d.]+h([\d.]+)v20h-[\d.]+Z", node.get("d", "")))
        ]
        assert boxes == [(196.0, 360.0)] * 3

    def test_of_rows_without_figures_there_is_no_chart(self):
        hidden = dict.fromkeys(("do_bias", "do_bias_lo", "do_bias_hi"))
        made = render(say(bias=[row | hidden for row in bias()]))
        assert "charts/say-bias.svg" not in made
        assert "| not like everybody |" in made["report.md"].decode()
        one = [bias()[0], *(row | hidden for row in bias()[1:])]
        assert "exports" not in texts(render(say(bias=one)), "say-bias")


class TestRevenue:
    def test_a_gap_says_whom_it_concerns_with_what_share_of_revenue(self):
        words = texts(render(say()), "say-gaps")
        story = "disliked, yet used: 38 customers, 12 % of revenue, most of it one account's"
        assert story in words
        assert "like it: 85 customers, 31 % of revenue" in words
        assert len([word for word in words if "of revenue" in word]) == 2


class TestBudget:
    def charts(self, data):
        made = report(data)
        drawn = [each for part in made.sections for each in part.figures if each.spec]
        return made, [each.name for each in drawn] + ["quality"] * bool(made.quality.spec)

    def test_few_charts_are_all_drawn(self):
        _, drawn = self.charts(report_data())
        assert drawn == ["activation-steps", "activation-by-channel", "activation-trend",
                         "activation-times", "quality"]  # fmt: skip

    def test_sections_take_turns_and_the_rest_are_tables(self):
        several = [section(name=name) for name in ("a", "b", "c")]
        made, drawn = self.charts(report_data(*several))
        assert MOST_CHARTS == len(drawn) == 8
        assert drawn == ["a-steps", "a-by-channel", "a-trend", "b-steps", "b-by-channel",
                         "b-trend", "c-steps", "c-by-channel"]  # fmt: skip
        (left,) = [each for each in made.sections[2].figures if each.name == "c-trend"]
        assert left.notes[-1].startswith("A table alone: a page draws 8 charts")
        assert "drawn above" not in left.caption
        assert left.title in left.caption

    def test_what_is_not_drawn_has_no_file_and_keeps_its_numbers(self):
        several = [section(name=name) for name in ("a", "b", "c")]
        made = render(report_data(*several))
        assert len([name for name in made if name.startswith("charts/")]) == 8
        assert "charts/c-trend.svg" not in made
        assert "data/c-trend.csv" in made
        assert made["report.html"].count(b"A table alone: a page draws 8") == 5
        assert render(ReportData.from_files(made, "activation")) == made
