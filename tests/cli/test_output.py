"""What people and programs see: layouts of hand-made tables, their width, colours and bars."""

import csv
import io
import json
import re
from dataclasses import replace
from itertools import combinations

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from funnelkit.cli.app import State, cli
from funnelkit.cli.grid import Grid
from funnelkit.cli.layout import bar, drop_off, lay_out
from funnelkit.cli.output import FORMATS, colored, emit, printable
from funnelkit.stats.compare import Group, compare_table
from funnelkit.stats.funnels import PeriodCounts, StepCounts, trend_table
from funnelkit.stats.funnels import step_rows as measured
from funnelkit.stats.sensitivity import Variant, sensitivity_table
from funnelkit.stats.stops import Next, ProofRow, explain_table, next_table
from funnelkit.stats.times import TimeCounts, times_table
from funnelkit.table import Column, Table, Value
from tests.cli.run import on_terminal, run

HOUR = 3_600_000_000


def step(no: int, name: str, reached: int, opened: int = 0, lost: int = 0, **more) -> StepCounts:
    given = {"matured": 800, "matured_reached": min(reached, 800), "median_us": no * HOUR} | more
    return StepCounts("f", None, None, no, name, 1000, reached, opened, lost, **given)


STEPS = [
    step(1, "signed_up", 1000, matured_reached=800, median_us=None),
    step(2, "connected", 500, opened=100, lost=400, matured_reached=480),
    step(3, "shared", 125, opened=125, lost=250, matured_reached=120),
]


def shown(grid: Grid, width: int | None) -> list[str]:
    return ["".join(text for text, _ in line).rstrip() for line in grid.lines(width)]


def test_a_funnel_at_80_columns() -> None:
    """Bars by hand: 19 columns are left for 1000 entrants, so 500 are 9½, and 600 end at 11."""
    assert shown(lay_out(measured(STEPS), 80), 80) == [
        "step         reached  of entrants                  converted  lost  open  median",
        "1 signed_up    1,000  ███████████████████",
        "2 connected      500  █████████▌▒░░░░░░░░  60.0 %  56.6–63.3   400   100     2 h",
        "3 shared         125  ██▍▒▒░░░░░           15.0 %  12.7–17.6   250   125     3 h",
    ]


def test_a_pipe_gets_everything_and_the_longest_bars() -> None:
    lines = shown(lay_out(measured(STEPS), None), None)
    assert lines[0].split() == [
        *("step", "reached", "of", "entrants", "share"),
        *("converted", "lost", "open", "median"),
    ]
    assert lines[2].split() == [
        *("2", "connected", "500", "█" * 15 + "▒" * 3 + "░" * 12, "50.0", "%"),
        *("60.0", "%", "56.6–63.3", "400", "100", "2", "h"),
    ]


def test_without_a_window_nothing_is_open_lost_or_mature() -> None:
    steps = [
        each._replace(open=None, lost=None, matured=None, matured_reached=None) for each in STEPS
    ]
    lines = shown(lay_out(measured(steps), 80), 80)
    assert lines[0].split() == ["step", "reached", "of", "entrants", "share", "95", "%", "median"]
    assert "50.0 %  46.9–53.1" in lines[2]


def test_groups_and_periods_show_their_last_step() -> None:
    one = [each._replace(breakdown="channel", value="a\nb") for each in STEPS]
    two = [
        each._replace(
            breakdown="channel", value="paid", matured_reached=(each.matured_reached or 0) // 2
        )
        for each in STEPS
    ]
    lines = shown(lay_out(measured([*STEPS, *one, *two]), 80), 80)
    assert lines[0].split() == ["channel", "entered", "mature", "reached", "converted", "median"]
    assert [line.split()[0] for line in lines[1:]] == ["all", "a\ufffdb", "paid"]
    assert [line.count("█") for line in lines[1:3]] == [lines[1].count("█")] * 2
    assert lines[3].count("█") == lines[1].count("█") // 2
    assert "7.5 %" in lines[3]

    periods = [PeriodCounts("2026-01-05", each) for each in STEPS]
    trend = shown(lay_out(trend_table(periods), 80), 80)
    assert trend[1].split()[:5] == ["2026-01-05", "partial", "1,000", "800", "125"]


def test_a_curve_is_thinned_for_people_only() -> None:
    counts = [TimeCounts("f", number * HOUR, 1, 0) for number in range(1, 101)]
    table = times_table(counts)
    assert len(shown(lay_out(table, 80), 80)) == 1 + 20
    assert len(shown(lay_out(table, None), None)) == 1 + len(table.rows)
    # both ends are kept
    first, last = (shown(lay_out(table, 80), 80)[index] for index in (1, -1))
    assert first.split()[0] == str(table.records()[0]["seconds"]).removesuffix(".0")
    assert "100.0 %" in last


def compared(*names: str) -> Table:
    groups = [Group("f", name, 100 * number, 1000) for number, name in enumerate(names, start=1)]
    return compare_table(list(combinations(groups, 2)))


def test_a_comparison_has_both_groups_numbers_and_the_difference() -> None:
    lines = shown(lay_out(compared("paid", "referral"), 80), 80)
    assert lines[0].split("  ")[0] == "a"
    assert "10.0 % of 1,000" in lines[1]
    assert "20.0 % of 1,000" in lines[1]
    assert "−10.0  −13.1 to −6.9" in lines[1]
    assert lines[1].endswith("< 0.001")
    # A group of nobody has no share, and no difference.
    nobody = compare_table([(Group("f", "x", 0, 0), Group("f", "y", 5, 10))])
    assert shown(lay_out(nobody, 80), 80)[1].split() == [
        "x",
        "of",
        "0",
        "y",
        "50.0",
        "%",
        "of",
        "10",
    ]


def test_other_rules_and_next_events_have_a_line_each() -> None:
    variants = [
        Variant("as defined", "", 1000, 500, 900, 450),
        Variant("entry", "best", 1000, 600, 900, 540, 95, 90, 5),
    ]
    lines = shown(lay_out(sensitivity_table(variants), 80), 80)
    assert lines[2].split() == [
        *("entry", "best", "1,000", "900", "60.0", "%", "56.8–63.2", "+10.0", "pp", "95"),
    ]
    # What was changed, of how many: the last to go when the width is short.
    narrow = shown(lay_out(sensitivity_table(variants), 60), 60)
    assert narrow[2].split() == ["entry", "best", "60.0", "%", "56.8–63.2", "+10.0", "pp", "95"]
    rows = [Next("f", "a", "help", 30, 40), Next("f", "a", None, 10, 40)]
    lines = shown(lay_out(next_table(rows), 80), 80)
    assert lines[1].split()[:2] == ["help", "30"]
    assert lines[2].startswith("(nothing more)")
    assert lines[1].count("█") == 3 * lines[2].count("█")


def test_proof_rows_show_which_step_they_fill() -> None:
    rows = [
        ProofRow(0, "a", "e1", 1, "begun", 0, None),
        ProofRow(60_000_000, "help", "e2", note="an exclusion"),
        ProofRow(3_600_000_000, "b", "e3", 2, "done", 3_600_000_000, 3_600_000_000),
    ]
    spec = {"order": "ordered", "steps": [{"name": "begun"}, {"name": "done"}]}
    journey = {"reason": "converted", "entry_us": 0, "last_us": 3_600_000_000, "level": 2}
    table = explain_table(rows, [{**journey, "stopped_us": None}], spec)
    lines = shown(lay_out(table, 100), 100)
    assert lines[1].split() == ["1970-01-01T00:00:00Z", "a", "1", "begun", "0", "s", "e1"]
    assert "an exclusion" in lines[2]
    assert lines[3].split()[2:8] == ["2", "done", "1", "h", "1", "h"]
    assert "event id" not in lines[0] or len(lines[0]) <= 100


names = st.text(min_size=1, max_size=60)


@given(st.lists(names, min_size=2, max_size=3), st.integers(72, 140))
def test_a_comparison_fits_any_width(labels: list[str], width: int) -> None:
    for line in shown(lay_out(compared(*labels), width), width):
        assert cell_len(line) <= width
        assert line == printable(line)


counts = st.integers(0, 10**12)


@given(st.lists(st.tuples(names, counts), min_size=2, max_size=6), st.integers(60, 120))
def test_a_funnel_fits_any_width(steps: list[tuple[str, int]], width: int) -> None:
    reached = sorted((number for _, number in steps), reverse=True)
    rows = [
        StepCounts(
            *("f", None, None, index + 1, name, reached[0], number),
            *(0, reached[index - 1] - number if index else 0, reached[0], number),
            median_us=index * 86_399 * 10**6 or None,
        )
        for index, ((name, _), number) in enumerate(zip(steps, reached, strict=True))
    ]
    for line in shown(lay_out(measured(rows), width), width):
        assert cell_len(line) <= width
        assert line == printable(line)


@given(st.integers(1, 10**9).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))))
def test_a_bar_is_as_long_as_its_share(counts: tuple[int, int]) -> None:
    whole, part = counts
    size, drawn = 30, bar(part / whole, 30)
    eighths = 8 * drawn.count("█") + (
        "▏▎▍▌▋▊▉".index(drawn[-1]) + 1 if drawn and drawn[-1] != "█" else 0
    )
    assert abs(eighths - 8 * size * part / whole) <= (1 if part else 0)
    assert bool(drawn) == bool(part)
    assert len(drawn) <= size


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=5), st.integers(0, 1000))
def test_reached_open_and_lost_fill_the_bar_of_the_step_before(falls: list[int], part: int) -> None:
    left = 1000
    rows: list[dict[str, Value]] = [{"entered": 1000, "reached": 1000, "open": 0}]
    for fall in falls:
        gone = min(fall, left)
        left -= gone
        rows.append({"entered": 1000, "reached": left, "open": min(part, gone)})
    for index in range(1, len(rows)):
        drawn = sum(len(text) for text, _ in drop_off(rows, index, 30))
        assert abs(drawn - 30 * int(rows[index - 1]["reached"] or 0) / 1000) <= 1


def test_nobody_is_lost_at_an_optional_step() -> None:
    whole: dict[str, Value] = {"entered": 1000, "reached": 1000, "open": 0, "lost": 0}
    asked = whole | {"reached": 100, "open": None, "lost": None}
    behind = whole | {"reached": 500, "open": 100, "lost": 400}
    lengths = [[len(text) for text, _ in drop_off([whole, asked, behind], at, 20)] for at in (1, 2)]
    # Of 20 columns a tenth did it; behind it half got on, a tenth may, and the others are lost.
    assert lengths == [[2, 0, 0], [10, 2, 8]]


def test_nothing_entered_is_no_error() -> None:
    table = measured(
        [
            each._replace(
                entered=0, reached=0, open=0, lost=0, matured=0, matured_reached=0, median_us=None
            )
            for each in STEPS
        ]
    )
    lines = shown(lay_out(table, 80), 80)
    assert lines[2].split() == ["2", "connected", "0", "–", "0", "0"]
    assert "nan" not in "".join(lines).lower()


@pytest.mark.parametrize("text", ["\x1b[2J", "a\rb", "\x07", "\u202eabc", "\x9b31m", "\ud800"])
def test_data_cannot_move_the_cursor_or_turn_the_text(text: str) -> None:
    rows = [STEPS[0]._replace(step_name=text), *STEPS[1:]]
    lines = shown(lay_out(measured(rows), 80), 80)
    assert "\ufffd" in lines[1]
    assert not set(text) & {"\x1b", "\r", "\x07", "\u202e", "\x9b", "\ud800"} & set(lines[1])


class _Stream(io.StringIO):
    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


def test_colour_is_for_terminals_and_no_color_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert colored(_Stream(True), "auto")
    assert not colored(_Stream(False), "auto")
    assert colored(_Stream(False), "always")
    assert not colored(_Stream(True), "never")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not colored(_Stream(True), "auto")
    assert colored(_Stream(True), "always")
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not colored(_Stream(True), "auto")


def test_the_same_numbers_in_every_format_on_a_terminal_and_in_a_pipe(built_sample) -> None:
    root = built_sample.paths.root
    table: Table = built_sample.funnel("activation")
    as_json = run("funnel", "activation", "--format", "json", cwd=root)
    assert as_json.stderr == ""
    value = json.loads(as_json.stdout)
    assert list(value) == ["schema", "meta", "rows"]
    assert value["rows"] == table.records()
    as_csv = run("funnel", "activation", "--format", "csv", cwd=root).stdout
    records = list(csv.DictReader(io.StringIO(as_csv)))
    assert [int(row["reached"]) for row in records] == table.column("reached")
    assert [float(row["conversion"]) for row in records] == [
        row["conversion"] for row in table.records()
    ]
    pipe = run("funnel", "activation", cwd=root).stdout
    markdown = run("funnel", "activation", "--format", "markdown", cwd=root).stdout
    terminal = on_terminal("funnel", "activation", cwd=root)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", terminal)
    for text in (pipe, markdown, plain):
        for number in table.column("reached"):
            assert f"{number:,}" in text
    assert "\x1b" in terminal
    assert "\x1b" not in pipe + markdown
    assert "\x1b" in run("funnel", "--color", "always", cwd=root).stdout
    assert on_terminal("funnel", cwd=root, NO_COLOR="1") == plain
    assert max(map(cell_len, plain.splitlines())) <= 80
    for columns in (60, 132):
        wide = on_terminal("funnel", "--by", "channel", cwd=root, columns=columns, NO_COLOR="1")
        assert max(map(cell_len, wide.splitlines())) <= columns


def test_output_is_utf8_in_any_locale_and_time_zone(built_sample) -> None:
    root = built_sample.paths.root
    here = run("funnel", cwd=root, LC_ALL="C.UTF-8", TZ="UTC").stdout
    there = run("funnel", cwd=root, LC_ALL="C", TZ="Pacific/Kiritimati", PYTHONUTF8="0").stdout
    assert here == there
    assert "█" in here


def test_a_limit_of_an_interval_is_rounded_as_every_share() -> None:
    # A hair below 0.1005: as in the CSV, six decimals are what is rounded, so it is 10.1 %.
    low = 0.1005 - 1e-9
    assert f"{100 * low:.1f} %" != "10.1 %"
    table, limits = measured(STEPS), {"conversion_lo": low, "conversion_hi": 0.6}
    rows = [
        tuple(limits.get(name, value) for name, value in zip(table.names, row, strict=True))
        for row in table.rows
    ]
    line = shown(lay_out(replace(table, rows=tuple(rows)), None), None)[2]
    assert "10.1–60.0" in line


def test_a_table_prints_as_text_in_python() -> None:
    table = Table((Column("a"), Column("n", "count")), (("x", 1234),), {}, "So it is.", ("Note.",))
    assert str(table) == "So it is.\n\n| a | n |\n| --- | --: |\n| x | 1,234 |\n\nNote."


def test_a_table_without_rows_prints_its_words() -> None:
    assert shown(lay_out(replace(measured(STEPS), rows=()), 80), 80) == []


@pytest.mark.parametrize("format_", FORMATS)
def test_an_empty_table_is_never_nothing(format_: str, capsys: pytest.CaptureFixture[str]) -> None:
    with click.Context(cli, obj=State()):
        emit(Table((Column("event"), Column("entities", "count")), ()), format_)
    expected = {"table": "no rows\n", "csv": "event,entities\n"}
    out = capsys.readouterr().out
    assert out.strip()
    assert out == expected.get(format_, out)
    with click.Context(cli, obj=State()):
        emit(trend_table([]), format_)
    assert re.search("[a-z]", capsys.readouterr().out)
