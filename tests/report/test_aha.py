"""Sections of aha moments and of the search: their numbers, drawn and written, and their words."""

import csv
import io
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from funnelkit.errors import FunnelkitError
from funnelkit.report import findings_aha, views_aha
from funnelkit.report.build import full_diff, render, report
from funnelkit.report.columns import AHA_COLUMNS
from funnelkit.report.model import ReportData
from funnelkit.report.prepare import checked
from funnelkit.results.search import CELL_COLUMNS, SEARCH_COLUMNS
from funnelkit.stats.reach import REACH_COLUMNS, STUCK_COLUMNS, TIMES_COLUMNS
from funnelkit.stats.retention import RETENTION_COLUMNS
from funnelkit.table import Column, Table
from tests.report.data import EVIL, inputs, report_data, weeks
from tests.report.data import section as funnel
from tests.report.data_aha import (
    FINDINGS,
    WEEKS,
    aha_section,
    cells,
    findings,
    group,
    reach,
    search_section,
    weeks_of,
)

SVG = "{http://www.w3.org/2000/svg}"
NOTHING = Table((), ())
AHA_FILES = [f"aha-team_value-{part}" for part in
             ("by-channel", "cohorts", "reach", "retention", "stuck", "times")]  # fmt: skip


def whole(**changes):
    """A funnel, an aha moment and a search on one page: eight charts."""
    given = {"aha": (aha_section(),), "search": search_section(), **changes}
    return report_data(funnel(breakdowns={}, times=NOTHING), **given)


@pytest.fixture(scope="module")
def files():
    return render(whole())


def texts(files, chart):
    """Words of a chart, with one kind of blank."""
    root = ElementTree.fromstring(files[f"charts/{chart}.svg"])
    return [(node.text or "").replace("\xa0", " ") for node in root.iter(f"{SVG}text")]


def tips(files, chart):
    """Marks of a chart that have a tooltip: its words, and the mark."""
    root = ElementTree.fromstring(files[f"charts/{chart}.svg"])
    # The chart's own title is not one.
    return [
        (title.text, node)
        for node in root.iter()
        if node is not root and (title := node.find(f"{SVG}title")) is not None
    ]


def rows(files, name):
    return list(csv.DictReader(io.StringIO(files[f"data/{name}.csv"].decode())))


class TestFiles:
    def test_every_table_is_a_csv_and_every_chart_a_file(self, files):
        data = sorted(name[5:-4] for name in files if name.startswith("data/"))
        assert [name for name in data if name.startswith("aha-")] == AHA_FILES
        assert {"search-findings", "search-cells"} <= set(data)
        charts = [name[7:-4] for name in files if name.startswith("charts/")]
        tables_only = {"aha-team_value-by-channel", "aha-team_value-stuck"}
        assert {name for name in charts if name.startswith(("aha", "search"))} == {
            *AHA_FILES, "search-findings", "search-cells",
        } - tables_only  # fmt: skip

    def test_committed_data_rebuild_the_same_bytes(self, files):
        data = {name: content for name, content in files.items() if name.startswith("data/")}
        assert render(ReportData.from_files(data, "activation")) == files

    def test_what_is_read_back_is_what_was_written(self, files):
        back = ReportData.from_files(files, "activation")
        wanted = checked(whole())
        assert (back.aha, back.search) == (wanted.aha, wanted.search)

    @pytest.mark.parametrize("name", ["activation", EVIL, "aha_words"])
    def test_an_aha_moment_may_be_called_as_a_funnel_is(self, name):
        made = whole(aha=(aha_section(name=name),))
        written = render(made)
        assert render(ReportData.from_files(written, "activation")) == written
        assert len(ReportData.from_files(written, "activation").sections) == 1

    def test_an_aha_moment_alone_is_a_report(self):
        made = whole(sections=(), search=None)
        written = render(made)
        assert render(ReportData.from_files(written, "activation")) == written
        assert b"Aha moment team_value" in written["report.md"]

    def test_two_charts_of_one_name_are_refused(self):
        twice = (aha_section(), aha_section(name="team-value"), aha_section(name="team value"))
        with pytest.raises(FunnelkitError, match="two charts would be called 'aha-team-value"):
            render(whole(aha=twice))

    def test_an_aha_moment_that_was_not_built_is_refused(self):
        with pytest.raises(FunnelkitError, match="'team_value' of the report was not built"):
            render(whole(aha=(aha_section(reach=Table(REACH_COLUMNS, ())),)))


class TestReview:
    def test_a_page_with_everything_stays_within_the_budget(self, files):
        assert len(files["report.html"]) <= 150_000
        assert max(len(content) for name, content in files.items() if ".svg" in name) <= 12_000
        long = whole(sections=(funnel(trend=weeks(104)),), inputs=inputs(104))
        assert len(render(long)["report.html"]) <= 150_000

    def test_one_more_reacher_is_a_small_diff(self, files):
        changed = render(whole(aha=(aha_section(more=1),)))
        differing = [name for name in files if files[name] != changed[name]]
        assert "charts/aha-team_value-reach.svg" in differing
        assert not any("search" in name for name in differing)
        for name in differing:
            diff = full_diff(name, files[name], changed[name])
            lines = [line for line in diff if line[0] in "+-" and line[:3] not in ("+++", "---")]
            assert 2 <= len(lines) <= 40, name
            assert sum(len(line.encode()) for line in lines) <= 8_000, name

    def test_nothing_that_is_no_number_is_shown(self, files):
        for name, content in files.items():
            shown = re.search(r"\bNaN\b|\binf(inity)?\b|undefined|\bnull\b|None", content.decode())
            assert shown is None, name


class TestReach:
    def test_the_ten_users_of_the_design(self):
        """Window 14 days: six mature of whom three reached it, four open of whom two did."""
        table, times = reach([group(10, 6, 3, 2, cohort="2026-01-05")])
        alone = aha_section(
            reach=table, times=times, breakdowns={}, stuck=NOTHING, retention=NOTHING,
            cohorts=NOTHING,
        )  # fmt: skip
        made = render(whole(sections=(), aha=(alone,), search=None))
        twin = made["report.md"].decode()
        # 5/8 is what the biased denominator gives: reached of those that are mature or reached.
        assert "3 of 6 mature users (50.0 %) reach team_value within 7 days" in twin
        assert "| 10 | 6 | 3 | 50.0 % (18.8–81.2 %) |" in twin  # Wilson of 3 of 6, by hand
        assert "50.0–70.0 %" in twin
        assert "62.5 %" not in made["report.md"].decode() + made["report.html"].decode()

    def test_weeks_with_open_ones_are_hollow_and_the_last_has_no_line(self, files):
        found = [(tip, node) for tip, node in tips(files, "aha-team_value-reach")]
        text = files["charts/aha-team_value-reach.svg"].decode()
        assert len(found) == WEEKS - 1  # of the last week nobody is mature: no reach, no point
        hollow = [tip for tip, node in found if node.get("fill") == "#ffffff"]
        assert hollow == [tip for tip, _ in found[-1:]]
        assert 'stroke-dasharray="5,4"' in text
        # 72 to 724 px are the weeks; the dashed line ends before the last of them.
        assert re.search(
            r'd="M[\d.]+,[\d.]+L(69\d|70\d)[\d.]*,[\d.]+" stroke="#0072B2"[^>]*dash', text
        )

    def test_final_weeks_say_the_reach_alone_and_open_ones_bounds_too(self, files):
        made = report(whole()).sections[1].figures[0].table
        for line, source in zip(made.records(), rows(files, "aha-team_value-reach"), strict=True):
            is_open = int(source["open"]) > 0
            assert (line["bounds_interval"] is not None) == is_open
            assert (line["km_interval"] is not None) == is_open
        assert made.records()[0]["cohort"] == "all"

    def test_the_range_over_values_has_n_and_no_verdict(self):
        figure = report(whole()).sections[1].figures[1]
        # 60 of 650 and 130 of 850
        assert figure.lead.startswith("Lowest: paid with 9.2 % (")
        assert "n = 650; highest: organic with 15.3 % (" in figure.lead
        assert "not tested here" in figure.lead


class TestTimes:
    def test_quartiles_are_of_all_entrants_as_far_as_the_curve_gets(self):
        """A third reach it: a quarter of all is on the curve, half is not."""
        table, times = reach([group(300, 300, 100, cohort="2026-01-05")])
        section = checked(whole(aha=(aha_section(reach=table, times=times),))).aha[0]
        assert [mark.part for mark in findings_aha.reach_marks(section)] == [0.25]
        assert findings_aha.aha_times_title(section) == (
            "33.3 % of users reach team_value by 7 d: fewer than half"
        )

    def test_the_median_is_the_time_at_which_half_of_all_have_reached_it(self):
        table, times = reach([group(300, 300, 200, cohort="2026-01-05")])
        section = checked(whole(aha=(aha_section(reach=table, times=times),))).aha[0]
        # The 150th of 200 reachers, at gaps of 7 d / 202: 150 / 202 of a week is 5 d 5 h.
        title = findings_aha.aha_times_title(section)
        assert title == "Half of all users reach team_value by 5 d 5 h"
        half = [mark for mark in findings_aha.reach_marks(section) if mark.part == 0.5]
        assert half[0].seconds == pytest.approx(150 / 202 * 7 * 86400, abs=1)


class TestRetention:
    def test_both_groups_have_their_own_line_point_and_ribbon(self, files):
        found = tips(files, "aha-team_value-retention")
        reached = [tip for tip, _ in found if str(tip).startswith("reached, week")]
        others = [tip for tip, _ in found if str(tip).startswith("not reached, week")]
        assert len(reached) == len(others) == findings_aha.LAST_WEEK
        shapes = {str(tip).split(",")[0]: node.tag for tip, node in found}
        assert shapes == {"reached": f"{SVG}circle", "not reached": f"{SVG}path"}

    def test_the_title_is_of_the_latest_week_that_half_of_both_groups_have(self):
        section = checked(whole()).aha[0]
        week = int(re.findall(r"In week (\d+),", findings_aha.split_title(section))[0])
        assert f"in week {week} " in section.told["retention"][0].lower()  # as the CLI says it

    def test_the_triangle_has_only_weeks_that_are_over_for_all(self, files):
        made = next(f for f in report(whole()).sections[1].figures if "cohorts" in f.name)
        drawn = [text for text in texts(files, made.name) if re.fullmatch(r"\d\d+", text)]
        expected = []
        for cohort in range(WEEKS - 13, WEEKS):
            for week in range(8):
                cell = weeks_of(cohort, week)
                if cell.matured == cell.entrants:
                    expected.append(cell.retained / cell.matured)
        # The very last entry week has no whole week: 12 of the 13 are drawn.
        assert len(made.table.rows) == 12
        assert sorted(drawn) == sorted(f"{100 * share:.0f}" for share in expected)
        cells_ = [value for row in made.table.rows for value in row[2:] if value is not None]
        assert sorted(cells_) == sorted(round(share, 6) for share in expected)

    def test_without_an_outcome_of_events_there_is_no_retention(self):
        made = render(whole(aha=(aha_section(retention=NOTHING, cohorts=NOTHING),)))
        assert "Who comes back" not in made["report.md"].decode()
        # what is known of the outcome stands beside the reach then
        assert made["report.md"].decode().count("retained goes with it") == 2


class TestSearch:
    def test_candidates_have_both_halves_at_their_place(self, files):
        marks = tips(files, "search-findings")
        proposed = [each for each in FINDINGS if each[5]]
        assert len(marks) == 2 * len(proposed)
        span = 0.6  # the largest end, 0.54, in steps of 10 points
        for index, (event, _, _, _, on_d, on_v, _) in enumerate(proposed):
            pair = marks[2 * index : 2 * index + 2]
            for (tip, node), found, fill in zip(pair, (on_d, on_v), (True, False), strict=True):
                assert float(node.get("cx")) == pytest.approx(376 + 360 * found[0] / span, abs=0.1)
                assert (node.get("fill") == "#ffffff") == fill
                assert event in tip

    def test_every_event_is_in_the_table_with_its_verdict_and_why(self, files):
        twin = files["report.md"].decode()
        for event, *_, verdict in FINDINGS:
            line = next(line for line in twin.splitlines() if line.startswith(f"| {event} ≥"))
            assert f"{verdict}: Because of {event}." in line
        assert "| dashboard_shared ≥ 3 in 7 d | 18.0 % | 60.0 % | 20.0 % |" in twin
        assert "+39.0 pp (+28.0 to +51.0) | +44.0 pp (+34.0 to +54.0)" in twin

    def test_the_chosen_cell_has_the_outline_and_empty_ones_no_box(self, files):
        text = files["charts/search-cells.svg"].decode()
        boxes = re.findall(r'd="M([\d.]+),([\d.]+)h[\d.]+v30h', text)
        known = [each for each in cells().records() if each["rd"] is not None]
        assert len(boxes) == len(known) + 1  # the outline
        frame = re.search(
            r'd="M([\d.]+),([\d.]+)h[^"]+" stroke="#1f2328" stroke-width="2.5"',
            text.rpartition("fill-opacity")[2],
        )
        columns = sorted({float(x) for x, _ in boxes})
        lines = sorted({float(y) for _, y in boxes})
        assert frame is not None
        assert (float(frame[1]), float(frame[2])) == (columns[2], lines[2])  # 7 d, three times

    def test_a_lower_outcome_is_told_by_sign_and_colour(self, files):
        text = files["charts/search-cells.svg"].decode()
        assert "−8.0 pp" in text  # 0.04 * 1 * 1 / 2 - 0.1, once in 1 d
        assert text.count('fill="#D55E00"') > text.split("</style>")[0].count('fill="#D55E00"')

    def test_nothing_proposed_is_said_and_not_drawn(self):
        at = [column.name for column in SEARCH_COLUMNS].index("rd")
        none = [(*row[:at], None, *row[at + 1 :]) for row in findings().rows]
        bare = search_section(findings=Table(SEARCH_COLUMNS, tuple(none)), cells=NOTHING)
        made = render(whole(search=bare))
        assert "charts/search-findings.svg" not in made
        assert "Nothing is proposed to go with retained" in made["report.md"].decode()
        assert "Because of help_opened." in made["report.md"].decode()
        assert render(ReportData.from_files(made, "activation")) == made


class TestWords:
    def test_nothing_is_said_to_cause_anything(self, files):
        for name in ("report.md", "report.html"):
            for sentence in re.split(r"(?<=[.;:])\s", files[name].decode()):
                if re.search(r"\b(cause|causes|leads? to|because of it)\b", sentence):
                    assert "not shown" in sentence, sentence

    def test_findings_hold_reach_outcome_and_search(self):
        found = report(whole()).standing
        section = aha_section()
        assert found[-3:] == (*section.findings, search_section().headline)
        assert re.search(r"\(\d+\.\d %, 95 % interval \d+\.\d–\d+\.\d %\)", found[-3])

    def test_definitions_and_hashes_close_the_report(self, files):
        for name in ("report.md", "report.html"):
            closing = files[name].decode().rpartition("What the numbers rest on")[2]
            assert "Definition of the aha moment team" in closing.replace("\\", "")
            assert "Definition of the search" in closing
            assert "ace7c2c2dd90" in closing
            assert "fde1f5da7328" in closing

    def test_every_rate_of_a_title_has_its_n(self):
        made = report(whole())
        titled = [figure for section in made.sections[1:] for figure in section.figures]
        assert len(titled) == 8
        for figure in titled:
            rates = len(re.findall(r"\d %|\d pp", figure.title))
            sizes = len(re.findall(r"n = \d|\d of \d[\d,]* \w+ \w+ \(", figure.title))
            of_all = "of users reach" in figure.title  # its n stands in the line below
            assert rates == sizes + of_all, figure.title
            if of_all:
                assert re.search(r"all [\d,]+ users", figure.subtitle)

    def test_nobody_entered(self):
        table, _ = reach([group(0, 0, 0)])
        table = Table(table.columns, table.rows[:1])
        bare = aha_section(
            reach=table, breakdowns={}, times=NOTHING, stuck=NOTHING, retention=NOTHING,
            cohorts=NOTHING, findings=("No users entered.",), told={},
        )  # fmt: skip
        made = render(whole(aha=(bare,), search=None))
        assert made["report.md"].decode().count("No users entered.") == 2
        assert "charts/aha-team_value-reach.svg" not in made
        assert render(ReportData.from_files(made, "activation")) == made


def test_columns_mean_here_what_they_mean_in_stats():
    shown_otherwise = {"aha", "cohort"}
    for columns in (
        REACH_COLUMNS, TIMES_COLUMNS, STUCK_COLUMNS, RETENTION_COLUMNS, SEARCH_COLUMNS,
        CELL_COLUMNS,
    ):  # fmt: skip
        for column in columns:
            assert AHA_COLUMNS[column.name].kind == column.kind or column.name in shown_otherwise


def test_tables_of_page_and_twin_hold_what_the_csv_holds(files):
    """Each rate with its interval stands where the table says, from the CSV's own numbers."""
    page = re.sub(r"</?span>|[\s\xa0]", "", files["report.html"].decode())
    twin = files["report.md"].decode()
    compared = 0
    for name, (rate, low, high) in {
        "aha-team_value-reach": ("reach", "reach_lo", "reach_hi"),
        "aha-team_value-by-channel": ("reach", "reach_lo", "reach_hi"),
        "aha-team_value-times": ("reached_share", "lo", "hi"),
        "aha-team_value-stuck": ("share", "share_lo", "share_hi"),
        "aha-team_value-retention": ("retention", "retention_lo", "retention_hi"),
    }.items():
        for row in rows(files, name):
            if not row[low] or int(row.get("week") or 0) > findings_aha.LAST_WEEK:
                continue
            share, lo, hi = (100 * float(row[each]) for each in (rate, low, high))
            cell = f"{share:.1f} % ({lo:.1f}–{hi:.1f} %)"
            assert cell in twin, (name, cell)
            assert cell.replace(" ", "") in page, (name, cell)
            compared += 1
    assert compared >= 70


def test_hostile_names_are_text_and_come_back():
    table, times = reach([group(10, 6, 3, 2, cohort="2026-01-05")])
    evil = aha_section(name=EVIL, reach=table, times=times, description=EVIL, outcome=EVIL)
    at = [column.name for column in SEARCH_COLUMNS].index("event")
    named = [(*row[:at], EVIL, *row[at + 1 :]) for row in findings().rows]
    bad = search_section(findings=Table(SEARCH_COLUMNS, tuple(named)), outcome=EVIL)
    made = render(whole(aha=(evil,), search=bad))
    for name, content in made.items():
        if not name.endswith(".csv"):
            assert b"<img" not in content, name
            assert b"</script" not in content, name
    assert render(ReportData.from_files(made, "activation")) == made


def test_views_name_their_columns_once():
    for section in report(whole()).sections:
        for figure in section.figures:
            labels = [column.label or column.name for column in figure.table.columns]
            assert len(set(labels)) == len(labels), labels


def test_a_breakdown_called_as_a_column_is_shown():
    table = views_aha.value_view("Mature", Table(REACH_COLUMNS, ()))
    assert table.columns[0] == Column("value", "text", "Value of Mature")


def test_the_longest_history_shows_its_latest_year():
    parts = [group(50, 50, 10, cohort=f"20{20 + n // 50:02}-{1 + n % 50 // 5:02}-{1 + n % 5:02}")
             for n in range(104)]  # fmt: skip
    table, times = reach(parts)
    made = report(whole(aha=(replace(aha_section(), reach=table, times=times),)))
    figure = made.sections[1].figures[0]
    assert figure.topic == "Reach by entry week (the latest 53 of 104)"
    assert len(figure.table.rows) == 54  # and everybody
