"""The parts below a report: the thinned curve, text layout, the way through CSV."""

import bisect
import re
from xml.etree import ElementTree

import vl_convert
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelkit.report.build import render, report
from funnelkit.report.columns import KNOWN_COLUMNS, normalised
from funnelkit.report.csvs import about, read_data
from funnelkit.report.findings import instant, interval
from funnelkit.report.markdown import line
from funnelkit.report.model import Figure
from funnelkit.report.svg import _drawn as drawn
from funnelkit.report.svg import svg_lines
from funnelkit.report.theme import text_width, wrap
from funnelkit.stats.curve import MOST_ROWS, nice_step, quartiles, thinned
from funnelkit.stats.funnels import STEP_COLUMNS, TREND_COLUMNS
from funnelkit.table import Column, Table, to_csv
from tests.report.data import curve, report_data

texts = st.text(st.characters(exclude_categories=()), max_size=30)


def test_columns_mean_here_what_they_mean_in_stats():
    for column in (*STEP_COLUMNS, *TREND_COLUMNS):
        assert KNOWN_COLUMNS[column.name].kind == column.kind


class TestCurve:
    def test_a_long_curve_keeps_its_own_shares_at_round_times(self):
        full = normalised(curve())
        short = thinned(full)
        assert len(full.rows) > 500
        assert len(short.rows) <= MOST_ROWS + 3
        seconds = [float(value or 0) for value in full.column("seconds")]
        shares = full.column("converted_share")
        for row in short.records():
            known = bisect.bisect_right(seconds, float(row["seconds"] or 0)) - 1
            assert row["converted_share"] == shares[known]
        assert 86400.0 in short.column("seconds")
        assert short.rows[-1] == full.rows[-1]

    def test_quartiles_and_a_second_thinning_are_unchanged(self):
        full = normalised(curve())
        assert quartiles(thinned(full).records()) == quartiles(full.records())
        assert thinned(thinned(full)) == thinned(full)

    def test_quartiles_of_a_curve_made_by_hand(self):
        shares = [0.0, 0.1, 0.2, 0.3, 0.4]
        rows = [{"seconds": 10.0 * i, "converted_share": s} for i, s in enumerate(shares)]
        assert [mark.seconds for mark in quartiles(rows)] == [10.0, 20.0, 30.0]
        assert quartiles([{"seconds": 5.0, "converted_share": 0.0}]) == []
        assert quartiles([]) == []

    def test_steps_of_time_are_round(self):
        assert nice_step(14 * 86400, 14) == 86400
        assert nice_step(3600, 7) == 900
        assert nice_step(30 * 86400, 7) == 5 * 86400


class TestText:
    def test_widths_are_those_of_the_font(self):
        # Helvetica: H 722, e 556, l 222, l 222, o 556 thousandths of an em
        assert round(text_width("Hello", 10), 2) == 22.78

    @given(st.text("abc iW%12", max_size=80), st.integers(60, 400))
    def test_lines_fit_and_lose_nothing_short(self, text, width):
        lines = wrap(text, width)
        assert all(text_width(one) <= width for one in lines)
        if not any("…" in one for one in lines):
            assert "".join("".join(lines).split()) == "".join(text.split())

    def test_a_number_stays_with_its_unit(self):
        lines = wrap("converts 12.5 % within 3 d of entry", text_width("converts 12.5"))
        assert lines[1].startswith("12.5\u00a0%")
        assert "3\u00a0d" in " ".join(lines)

    def test_lines_of_markdown_open_no_block(self):
        assert line("1. first") == "1\\. first"
        assert line("- item") == "\\- item"
        assert line("# head $x$") == "\\# head \\$x\\$"

    def test_instants_and_intervals(self):
        assert instant("2026-06-30T23:58:40Z") == "2026-06-30 23:58 UTC"
        assert instant("2026-06-30T23:58:40.123456+00:00") == "2026-06-30 23:58 UTC"
        assert instant("2026-06-30T23:58:40+02:00") == "2026-06-30T23:58:40+02:00"
        assert instant("") == "–"
        assert interval(0.1983, 0.2314) == "19.8–23.1 %"
        assert interval(None, 0.5) == "–"


class TestCsv:
    @given(texts, st.one_of(st.none(), st.integers()), st.one_of(st.none(), st.floats(0, 1)))
    @settings(max_examples=150)
    def test_any_name_and_number_comes_back(self, name, number, share):
        columns = (Column("value"), Column("entered", "count"), Column("conversion", "share"))
        table = normalised(Table(columns, ((name, number, share), ("other", 1, 0.5))))
        data = report_data(quality=table)
        files = {
            "data/about.csv": to_csv(about(data)).encode(),
            "data/activation-steps.csv": to_csv(data.sections[0].steps).encode(),
            "data/activation-by-channel.csv": to_csv(table).encode(),
            "data/quality.csv": to_csv(table).encode(),
            "data/inputs.csv": to_csv(data.inputs).encode(),
        }
        back = read_data(files, "activation")
        assert back.quality == table
        assert back.sections[0].words == data.sections[0].words


def test_ids_that_vega_makes_are_named_after_the_chart():
    """Clips and gradients are numbered by a counter of the process; two renders must agree."""
    gradient = {"gradient": "linear", "stops": [{"offset": 0, "color": "#0072B2"},
                                                {"offset": 1, "color": "#ffffff"}]}  # fmt: skip
    area = {
        "data": {"values": [{"x": 1, "y": 2}, {"x": 2, "y": 1}]},
        "mark": {"type": "area", "color": gradient, "clip": True},
        "encoding": {
            "x": {"field": "x", "type": "quantitative", "axis": None},
            "y": {"field": "y", "type": "quantitative", "axis": None},
        },
    }
    spec = {"layer": [area]}
    figure = Figure("one", "Topic", "", "Title", "Sub", "Alt", spec, spec, Table((), ()))
    first, second = (svg_lines(figure, spec, "one") for _ in range(2))
    assert first == second
    text = "\n".join(first)
    assert 'fill="url(#one-' in text
    assert 'clip-path="url(#one-' in text


def test_a_shorter_drawing_is_the_same_drawing(files):
    """Vega's own marks, each at its place and as it looks, against those of the written file."""
    for figure in report(report_data()).sections[0].figures:
        raw = ElementTree.fromstring(vl_convert.vegalite_to_svg(dict(figure.spec or {})))
        ours = ElementTree.fromstring(files[f"charts/{figure.name}.svg"])
        wanted, found = (sorted(_texts(root)) for root in (raw, ours))
        assert len(found) > 5
        assert found == wanted
        circles = [node for node in raw.iter() if (node.get("d") or "").startswith("M3.742,0A")]
        assert len(circles) == sum(node.tag.endswith("circle") for node in ours.iter())
        see_through = [node for node in ours.iter() if node.get("opacity")]
        assert [node.tag for node in see_through if node.tag.endswith("}g")] == []


def test_a_chart_is_drawn_once_for_each_width():
    """Drawing is what takes long; the page and the files beside it share it."""
    data = report_data()
    made = report(data)
    figures = [*made.sections[0].figures, made.quality]
    specs = [spec for figure in figures for spec in (figure.spec, figure.narrow) if spec]
    assert len(specs) == 2 * len(figures) > 8
    drawn.cache_clear()
    render(data)
    assert drawn.cache_info()[:2] == (len(figures), len(specs))  # found again, and not


def _texts(root, style=None, x=0.0, y=0.0):
    """Words, place, size and colour of every text; what a group has holds for all in it."""
    style = {key: root.get(key, (style or {}).get(key)) for key in ("font-size", "fill")}
    moved = re.match(r"translate\(([-\d.]+),\s*([-\d.]+)\)", root.get("transform", ""))
    if moved:
        x, y = x + float(moved[1]), y + float(moved[2])
    if root.tag.endswith("}text") and root.text:
        place = round(x + float(root.get("x", 0)), 1), round(y + float(root.get("y", 0)), 1)
        yield (root.text, *place, str(style["font-size"]).removesuffix("px"), style["fill"])
    for child in root:
        yield from _texts(child, style, x, y)
