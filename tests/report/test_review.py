"""What a reviewer meets: budgets, small diffs, the check, the index, clear mistakes."""

import re
import subprocess
import sys

import pytest

from funnelkit.errors import FunnelkitError
from funnelkit.report.build import check, full_diff, read, render, summary, write
from funnelkit.report.index import render_index
from funnelkit.report.model import ReportData
from funnelkit.stats.funnels import step_rows
from funnelkit.table import Table
from tests.report.data import (
    DAY_US,
    NAMES,
    TOTAL,
    counts,
    curve,
    inputs,
    report_data,
    section,
    weeks,
)  # fmt: skip


def changed_lines(path, files, changed):
    """The lines of a file's whole diff that are gone or new."""
    diff = full_diff(path, files[path], changed[path])
    return [line for line in diff if line[0] in "+-" and line[:3] not in ("+++", "---")]


class TestReview:
    def test_sizes(self, files):
        assert len(files["report.html"]) <= 150_000
        assert max(len(content) for name, content in files.items() if ".svg" in name) <= 20_000

    def test_two_years_of_weeks_stay_within_the_budget_and_keep_every_number(self):
        made = render(report_data(section(trend=weeks(104)), inputs=inputs(104)))
        assert len(made["report.html"]) <= 150_000
        assert len(made["data/inputs.csv"].splitlines()) == 105
        assert len(made["data/activation-trend.csv"].splitlines()) == 209
        twin = made["report.md"].decode()
        assert "### By entry week (the latest 53 of 104)" in twin
        assert len(re.findall(r"\| (?:mature|partial|open) \|", twin)) == 53
        assert "the latest 53 of 104 weeks" in twin

    def test_one_changed_count_is_a_small_diff(self, files, tmp_path):
        entered, matured, steps_ = TOTAL
        one = (entered, matured, (*steps_[:3], (575, 57, 495)))
        changed = render(report_data(section(steps=step_rows(counts(one)))))
        write(files, tmp_path)
        found = {each.path: each for each in check(changed, tmp_path)}
        expected = {"report.html", "report.md", "charts/activation-steps.svg"}
        assert set(found) == {*expected, "data/activation-steps.csv"}
        for path in found:
            lines = changed_lines(path, files, changed)
            assert 2 <= len(lines) <= 40, path
            assert sum(len(line.encode()) for line in lines) <= 8_000, path

    def test_one_more_conversion_moves_the_curve_within_the_same_budget(self, files, tmp_path):
        changed = render(report_data(section(times=curve(also_us=[3 * DAY_US]))))
        write(files, tmp_path)
        found = check(changed, tmp_path)
        assert found
        for difference in found:
            lines = changed_lines(difference.path, files, changed)
            assert 2 <= len(lines) <= 40, difference.path
            assert sum(map(len, lines)) <= 8_000, difference.path

    def test_check_tells_changed_missing_and_stale(self, files, tmp_path):
        write(files, tmp_path)
        assert check(files, tmp_path) == []
        (tmp_path / "report.md").write_text("edited by hand\n")
        (tmp_path / "data/quality.csv").unlink()
        (tmp_path / "charts/old.svg").write_text("<svg/>\n")
        found = {each.path: each for each in check(files, tmp_path)}
        assert {path: each.what for path, each in found.items()} == {
            "report.md": "changed",
            "data/quality.csv": "missing",
            "charts/old.svg": "stale",
        }
        assert "-edited by hand\n" in found["report.md"].diff
        assert "+# Activation\n" in found["report.md"].diff
        assert found["data/quality.csv"].diff == found["charts/old.svg"].diff == ""

    def test_a_check_is_a_summary_and_a_few_lines_of_each_file(self, files, tmp_path):
        """Everything differs: no file fills the screen, and charts are counted, not printed."""
        renamed = tuple(f"{name}_2" for name in NAMES)
        changed = render(report_data(section(steps=step_rows(counts(TOTAL, names=renamed)))))
        write(files, tmp_path)
        found = check(changed, tmp_path)
        for each in found:
            assert len(each.diff.splitlines()) <= 12, each.path
            assert "<text" not in each.diff
            assert "<path" not in each.diff
        by_path = {each.path: each.diff for each in found}
        steps_svg = "charts/activation-steps.svg"
        old, new = (made[steps_svg].decode().splitlines() for made in (files, changed))
        assert len(old) == len(new)
        number = sum(one != other for one, other in zip(old, new, strict=True))
        assert by_path[steps_svg] == f"{number} lines differ\n"
        page = by_path["report.html"].splitlines()
        whole = full_diff("report.html", files["report.html"], changed["report.html"])
        assert len(whole) > 40
        assert re.fullmatch(r"… and \d+ more lines", page[10])
        assert re.fullmatch(r"\d+ lines of charts differ", page[11])
        assert summary(found).splitlines() == [
            f"{len(found)} files differ:",
            *(f"  changed  {each.path}" for each in found),
        ]
        assert summary([]) == ""

    def test_write_removes_stale_charts_and_leaves_what_is_not_its_own(self, files, tmp_path):
        (tmp_path / "charts").mkdir()
        (tmp_path / "charts/old.svg").write_text("<svg/>\n")
        (tmp_path / "notes.md").write_text("ours\n")
        write(files, tmp_path)
        assert not (tmp_path / "charts/old.svg").exists()
        assert (tmp_path / "notes.md").read_text() == "ours\n"
        assert read(tmp_path) == files
        assert not [path for path in tmp_path.rglob("*") if path.name.startswith(".")]

    def test_index_links_each_report_with_its_first_finding(self):
        other = report_data(slug="billing", title="Billing *now*")
        text = render_index([other, report_data()]).decode()
        assert text.index("activation/report.md") < text.index("billing/report.md")
        assert "Billing \\*now\\*" in text
        assert text.count("21.4 % of mature entrants reach invited_colleague") == 2
        assert render_index([report_data(), other]).decode() == text


class TestMistakes:
    def test_numbers_that_are_none_are_refused(self):
        table = report_data().sections[0].steps
        at = table.names.index("conversion")
        rows = [list(row) for row in table.rows]
        rows[1][at] = float("nan")
        broken = Table(table.columns, tuple(tuple(row) for row in rows))
        with pytest.raises(
            FunnelkitError, match=r"'conversion': expected a finite number, got nan"
        ):
            render(report_data(section(steps=broken)))

    def test_a_missing_file_says_which_and_what_to_do(self, files):
        data = {name: content for name, content in files.items() if "trend" not in name}
        del data["data/activation-steps.csv"]
        with pytest.raises(
            FunnelkitError, match=r"activation-steps\.csv: the file is missing"
        ) as e:
            ReportData.from_files(data, "activation")
        assert e.value.hint == "write it again: funnelkit report build activation"

    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            (b",2722,", b",many,", "row 2, entered: 'many' is not a number"),
            (b"signed_up,", b"signed,up,", "row 2: 21 cells expected, 22 found"),
        ],
    )
    def test_a_broken_cell_is_found(self, files, old, new, message):
        name = "data/activation-steps.csv"
        with pytest.raises(FunnelkitError, match=re.escape(message)):
            ReportData.from_files({**files, name: files[name].replace(old, new, 1)}, "activation")

    def test_two_charts_of_one_name_are_refused(self):
        table = report_data().sections[0].breakdowns["channel"]
        twice = section(breakdowns={"sales channel": table, "sales-channel": table})
        with pytest.raises(FunnelkitError, match="two breakdowns would be called"):
            render(report_data(twice))


def test_reading_a_reports_data_loads_no_chart_library():
    code = "import sys, funnelkit.report.csvs; print(*{'altair', 'numpy'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"
