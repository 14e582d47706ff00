"""What a reader sees: no number that can be misread, in words that fit every case."""

import csv
import io
import re

from hypothesis import given
from hypothesis import strategies as st

from funnelkit.report import views
from funnelkit.report.build import render, report
from funnelkit.report.columns import normalised
from funnelkit.report.findings import breakdown_sentence, breakdown_title, trend_title
from funnelkit.report.model import ReportData
from funnelkit.stats.funnels import PeriodCounts, step_rows, trend_table
from funnelkit.table import Column, Table, shown, to_csv, to_markdown
from tests.report.data import NAMES, channels, counts, report_data, section, weeks

EMPTY = Table((), ())


def values(*rates):
    """A breakdown: (value, n, converted) each, every entry mature."""
    rows = [
        row
        for value, n, done in rates
        for row in counts((n, n, ((n, 0, n), (done, 0, done))), "plan", value, names=NAMES[:2])
    ]
    return step_rows(rows)


def open_value(value, n):
    """Rows of a value none of whose entries is mature."""
    return counts((n, 0, ((n, 0, 0), (0, n, 0))), "plan", value, names=NAMES[:2])


def page_text(files):
    """The page's words as read, with one kind of blank."""
    text = re.sub(r"<[^>]+>", "", files["report.html"].decode())
    return text.replace("\xa0", " ").replace("&gt;", ">")


class TestOneNumberOneText:
    @given(
        st.one_of(
            st.floats(0, 1),
            st.builds(  # at the edges of the shown decimal, a hair to either side
                lambda half, hair: min(1.0, half / 2000 + hair),
                st.integers(0, 2000),
                st.sampled_from([0.0, 4e-7, -4e-7, 1e-12, -1e-12, 5e-17, -5e-17]),
            ),
        ),
        st.sampled_from(["share", "points"]),
    )
    def test_a_rate_reads_the_same_from_memory_and_from_its_csv(self, share, kind):
        written = to_csv(Table((Column("x", kind),), ((share,),))).splitlines()[1]
        assert shown(share, kind) == shown(float(written), kind)

    def test_terminal_page_and_twin_show_a_rate_at_the_edge_alike(self):
        share = 1 - 0.9995  # 0.0004999999999999449: with one decimal 0.0 %, as 0.0005 it is 0.1 %
        columns = ("seconds", "converted_share", "lo", "hi", "at_risk")
        rows = ((0.0, share, None, None, 2000), (60.0, 0.5, 0.4, 0.6, 1999))
        times = Table(
            (Column("seconds", "seconds"), Column("converted_share", "share"),
             Column("lo", "share"), Column("hi", "share"), Column("at_risk", "count")), rows,
        )  # fmt: skip
        assert times.names == columns
        files = render(report_data(section(times=times)))
        assert "| 0 s | 0.1 % |" in to_markdown(times)
        assert "| 0 s | 0.1 % |" in files["report.md"].decode()
        assert '>0\xa0s</th><td class="w">0.1\xa0%</td>' in files["report.html"].decode()


class TestWhoseShare:
    def test_the_funnel_says_of_whom_bars_and_whiskers_are(self, files):
        svg = files["charts/activation-steps.svg"].decode()
        words = " ".join(re.findall(r"<text[^>]*>([^<]*)</text>", svg)).replace("\xa0", " ")
        assert "495 of 2,310 mature entrants (21.4 %) reach invited_colleague" in words
        assert "Bars and their labels: all 2,722 entrants, open windows included." in words
        assert "the 2,310 mature ones, whose window of 14 d has closed" in words
        assert "reached, % of all entrants" in words
        assert "lost, % of all at the step before" in words
        for done in (1411, 893, 495):
            assert f"mature: {100 * done / 2310:.1f} % of 2,310" in words

    def test_every_rate_of_a_title_has_its_n(self, files):
        titled = report(report_data()).sections[0].figures
        for figure in titled:
            rates = len(re.findall(r"\d %", figure.title))
            assert rates == len(re.findall(r"n = \d|\d of \d", figure.title)), figure.title
        assert sum("%" in figure.title for figure in titled) == 3

    def test_a_line_too_short_for_both_denominators_becomes_two(self):
        big = 9_999_999
        steps_ = ((big, 0, big), (5_555_555, 1_111_111, 4_444_444))
        many = counts((big, big, steps_), names=NAMES[:2])
        made = report(report_data(section(steps=step_rows(many), breakdowns={}, trend=EMPTY)))
        figure = made.sections[0].figures[0]
        specs = [spec for spec in (figure.spec, figure.narrow) if spec]
        heights = [spec["height"] for spec in specs]
        lines = [
            {v["y"] for layer in spec["layer"] for v in layer["data"]["values"]
             if str(v.get("text", "")).startswith(("mature:", "−"))}
            for spec in specs
        ]  # fmt: skip
        assert [len(ys) for ys in lines] == [1, 2]
        assert heights[0] < heights[1]


class TestTables:
    def test_no_two_columns_have_one_heading(self):
        figures = report(report_data()).sections[0].figures
        assert [len(figure.table.columns) for figure in figures] == [10, 7, 8, 3]
        named = [views.breakdown_view(name, channels()) for name in ("Reached", "Mature", "plan")]
        for table in (*(figure.table for figure in figures), *named):
            labels = [column.label or column.name for column in table.columns]
            assert len(set(labels)) == len(labels), labels
        assert [table.columns[0].label for table in named] == [
            "Value of Reached", "Value of Mature", "plan",
        ]  # fmt: skip

    def test_steps_show_what_a_reader_needs_and_say_where_the_rest_is(self, files):
        twin = files["report.md"].decode()
        heading = next(line for line in twin.splitlines() if line.startswith("| Step |"))
        assert heading == (
            "| Step | Reached | Of entrants | Still open | Lost | Mature | Mature reached"
            " | Conversion (95 % interval) | From step before (95 % interval)"
            " | Median from step before |"
        )
        rows = list(csv.DictReader(io.StringIO(files["data/activation-steps.csv"].decode())))
        assert rows[1]["p25_seconds"] == "14400.0"  # 2 h x step 2
        for text in (page_text(files), twin):
            assert "quartiles of the times are in the CSV" in text
            assert "data/activation-steps.csv" in text

    def test_long_tables_are_folded_and_hold_all_their_rows(self, files):
        page = files["report.html"].decode()
        folded = re.findall(r"<details>\n<summary>(.*?)</summary>(.*?)</details>", page, re.S)
        assert [summary for summary, _ in folded] == [
            "By entry week: table of 26 rows",
            f"Time to convert: table of {folded[1][1].count('<tr>') - 1} rows",
            "What was loaded: table of 26 rows",
        ]
        assert folded[0][1].count("<tr>") == 27
        assert page.count("<table>") == 6

    def test_raw_rows_stand_under_a_heading_that_says_what_they_are(self, files):
        for text in (page_text(files), files["report.md"].decode()):
            assert "What became of raw rows" in text
            assert "Kind: what became of it" in text


class TestWords:
    def test_equal_values_have_no_lowest_and_no_highest(self):
        table = values(("a", 40, 0), ("b", 30, 0), ("c", 20, 0), ("d", 10, 0))
        assert breakdown_sentence("channel", table) == (
            "All 4 values convert 0.0 % (n = 10 to 40); each value has its own interval in the"
            " table."
        )
        assert breakdown_title("plan", table) == (
            "By plan, all 4 values convert 0.0 % (n = 10 to 40)"
        )

    def test_values_that_read_the_same_are_equal_to_a_reader(self):
        table = values(("a", 10_000, 3333), ("b", 10_000, 3331))
        assert "All 2 values convert 33.3 % (n = 10,000 each)" in str(
            breakdown_sentence("channel", table)
        )

    def test_values_without_a_mature_entry_are_not_among_all(self):
        rows = [*values(("a", 40, 0), ("b", 30, 0)).rows, *step_rows(open_value("c", 7)).rows]
        table = Table(values(("a", 1, 0)).columns, tuple(rows))
        assert str(breakdown_sentence("channel", table)).startswith(
            "All 2 values with a mature entry convert 0.0 "
        )

    def test_one_value_is_not_compared(self):
        table = values(("organic", 40, 10))
        assert breakdown_title("channel", table) == "organic converts 25.0 % (n = 40)"
        assert breakdown_sentence("channel", table) == (
            "The one value is organic: it converts 25.0 % (n = 40, 14.2–40.2 %)."
        )
        rows = (*table.rows, *step_rows(open_value("paid", 7)).rows)
        both = str(breakdown_sentence("channel", Table(table.columns, rows)))
        assert both.startswith("The one value with a mature entry is organic: it converts 25.0 %")

    def test_no_value_with_a_mature_entry_is_said_once(self):
        table = step_rows(open_value("paid", 7))
        assert breakdown_sentence("channel", table) is None
        assert breakdown_title("plan", table) == "No value of plan has a mature entry yet"

    def test_weeks_that_convert_alike_have_no_range(self):
        rows = [
            PeriodCounts(f"2026-01-{day:02}", each)
            for day, n in ((5, 20), (12, 30))
            for each in counts((n, n, ((n, 0, n), (0, 0, 0))), names=NAMES[:2])
        ]
        assert trend_title(trend_table(rows)) == (
            "All 2 mature entry weeks convert 0.0 % (n = 20 to 30)"
        )
        assert " and " in trend_title(normalised(weeks()))


class TestNobody:
    def empty(self, **changes):
        """As the marts give it: zeros at every step, no row by value or by week."""
        whole = ((0, 0, 0),) * 4
        made = section(
            words=("Counts accounts (account_id).",), steps=step_rows(counts((0, 0, whole))),
            breakdowns={"channel": Table(channels().columns, ())},
            trend=Table(weeks().columns, ()), times=EMPTY,
        )  # fmt: skip
        return report_data(made, **changes)

    def test_a_funnel_without_entrants_says_so_and_draws_nothing(self):
        files = render(self.empty())
        assert sorted(files) == [
            "charts/quality.svg", "data/about.csv", "data/activation-by-channel.csv",
            "data/activation-steps.csv", "data/inputs.csv", "data/quality.csv", "report.html",
            "report.md",
        ]  # fmt: skip
        assert page_text(files).count("No accounts entered.") == 2
        assert files["report.md"].decode().count("No accounts entered.") == 2
        for text in (files["report.html"].decode(), files["report.md"].decode()):
            before = text.split("</style>")[-1].split("What the numbers rest on")
            assert "svg" not in "".join(before[:-1])
            assert "100.0" not in text
        assert render(ReportData.from_files(files, "activation")) == files

    def test_a_breakdown_without_rows_has_no_chart(self):
        made = section(breakdowns={"channel": Table(channels().columns, ())})
        files = render(report_data(made))
        assert "charts/activation-by-channel.svg" not in files
        assert "charts/activation-steps.svg" in files
        assert "By channel" not in files["report.md"].decode()
        assert render(ReportData.from_files(files, "activation")) == files


def test_withheld_counts_are_shown_as_such_and_come_back():
    columns = (
        Column("week", "date"),
        Column("events", "count"),
        Column("entities", "count"),
        Column("digest"),
    )
    rows = (("2026-01-05", None, None, "0a"), ("2026-01-12", 120, 40, "0b"))
    files = render(report_data(inputs=Table(columns, rows)))
    assert files["data/inputs.csv"] == b"week,events,entities,digest\n2026-01-05,,,0a\n" + (
        b"2026-01-12,120,40,0b\n"
    )
    assert "| 2026-01-05 | – | – | 0a |" in files["report.md"].decode()
    assert "120 events in 1 of 2 weeks" in page_text(files)
    assert "weeks of fewer than five entities show no counts" in page_text(files)
    assert render(ReportData.from_files(files, "activation")) == files


def test_the_only_heading_with_median_says_from_where(files):
    twin = files["report.md"].decode()
    heads = [line for line in twin.splitlines() if line.startswith("|") and "Median" in line]
    assert heads
    assert all(len(re.findall("Median from step before", line)) == 1 for line in heads)


def test_rules_of_the_log_and_their_date_are_told_and_kept_in_the_csv():
    rule = "Left out, bots: events where a < 'b'."
    made = report_data(log=(rule, "Limits."), as_of="2026-06-30")
    files = render(made)
    page, twin = page_text(files), files["report.md"].decode()
    assert "As of 2026-06-30: later rows do not count" in page
    assert "As of 2026-06-30: later rows do not count" in twin
    assert "What of the log counts" in page
    assert "### What of the log counts\n\n- Left out, bots:" in twin
    again = ReportData.from_files(files, made.slug)
    assert (again.log, again.as_of) == (made.log, made.as_of)
    assert render(again) == files


def test_without_rules_of_the_log_a_report_does_not_speak_of_them():
    files = render(report_data())
    assert b"What of the log counts" not in files["report.html"] + files["report.md"]
    assert b"as_of" not in files["data/about.csv"]
