"""What a rendered report promises: safe, stable, accessible, small, and equal to its data."""

import csv
import hashlib
import io
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from funnelkit.report.build import render, report
from funnelkit.report.model import ReportData
from funnelkit.results.front import candidates
from funnelkit.stats.funnels import step_rows
from funnelkit.table import Table, shown
from tests.report.data import (
    NAMES,
    TOTAL,
    counts,
    report_data,
    section,
    weeks,
)

SVG = "{http://www.w3.org/2000/svg}"
NOTHING = Table((), ())


def digests(files):
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def pages(files):
    return {name: content.decode() for name, content in files.items()}


class TestSameBytes:
    SCRIPT = (
        "import json, hashlib\n"
        "from funnelkit.report.build import render\n"
        "from tests.report.data import report_data\n"
        "files = render(report_data())\n"
        "print(json.dumps({n: hashlib.sha256(c).hexdigest() for n, c in files.items()}))\n"
    )

    def test_another_process_elsewhere_writes_the_same_bytes(self, files, tmp_path):
        surroundings = {
            "TZ": "Asia/Kolkata",
            "LANG": "tr_TR.UTF-8",
            "LC_ALL": "de_DE.UTF-8",
            "PYTHONHASHSEED": "77",
            "RAYON_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "FONTCONFIG_FILE": os.devnull,
        }
        assert {os.environ.get(key) for key in surroundings} & set(surroundings.values()) == set()
        root = Path(__file__).resolve().parents[2]
        env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(root)}
        done = subprocess.run(
            [sys.executable, "-c", self.SCRIPT],
            env=env | surroundings, cwd=tmp_path, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert json.loads(done.stdout) == digests(files)

    def test_what_was_rendered_before_changes_nothing(self, files, evil):
        # `evil` was rendered in this process in between, with other charts and other ids
        assert digests(render(report_data())) == digests(files)
        assert "report.md" in evil

    def test_committed_data_rebuild_the_same_bytes(self, files):
        data = {name: content for name, content in files.items() if name.startswith("data/")}
        assert render(ReportData.from_files(data, "activation")) == files

    def test_hostile_names_survive_the_way_through_csv(self, evil):
        assert render(ReportData.from_files(evil, "activation")) == evil

    def test_nothing_in_it_names_a_machine_or_a_day_that_is_not_in_the_data(self, files):
        allowed = set(re.findall(r"\d{4}-\d\d-\d\d", repr(report_data())))
        for name, text in pages(files).items():
            assert set(re.findall(r"\d{4}-\d\d-\d\d", text)) <= allowed, name
            assert not re.search(r"/(work|tmp|root|home|usr|Users)/", text), name
            assert not re.search(r"\bNaN\b|\binf(inity)?\b|undefined|\bnull\b|None", text), name


class TestSafe:
    def test_markup_in_names_is_shown_as_text(self, evil):
        for name, text in pages(evil).items():
            if not name.endswith(".csv"):
                assert "<img" not in text, name
                assert "</script" not in text, name
        assert "&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;" in pages(evil)["report.html"]

    def test_markdown_cells_and_lines_hold_no_markup(self, evil):
        text = pages(evil)["report.md"]
        assert "a \\| pipe \\` tick &amp; \\*bold\\*" in text
        assert "- \\# no heading" in text
        assert "\\[link\\](example.org)" in text
        tables = re.findall(r"(?m)^\|.*$", text)
        pipes = {len(re.findall(r"(?<!\\)\|", row)) for row in tables}
        assert pipes <= {3, 5, 8, 11}, "a name opened or closed a cell"

    def test_the_page_loads_nothing_and_says_so(self, files, evil):
        for page in (files["report.html"].decode(), evil["report.html"].decode()):
            policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
            head = page[: page.index("</head>")]
            assert f'<meta http-equiv="Content-Security-Policy" content="{policy}">' in head
            links = re.findall(r'\s(?:src|href|xlink:href|action)="([^"]*)"', page)
            assert all(link.startswith("#") or link == "data:," for link in links)
            assert re.findall(r"url\(([^#)][^)]*)\)", page) == []
            assert "<script" not in page
            assert "@import" not in page

    def test_contents_lead_somewhere(self, files):
        page = files["report.html"].decode()
        contents = page[page.index("<nav") : page.index("</nav>")]
        targets = re.findall(r'href="#([^"]+)"', contents)
        figures = [f"figure-{each.name}" for each in report(report_data()).sections[0].figures]
        assert targets == ["findings", "funnel-activation", *figures, "basis"]
        assert set(re.findall(r'href="#([^"]+)"', page)) <= set(re.findall(r' id="([^"]+)"', page))


class TestCharts:
    def test_svgs_are_xml_with_a_role_a_title_and_a_description(self, files, evil):
        for name, content in [*files.items(), *evil.items()]:
            if name.endswith(".svg"):
                root = ElementTree.fromstring(content)
                assert root.get("role") == "img"
                by_id = {node.get("id"): node for node in root.iter() if node.get("id")}
                for attribute in ("aria-labelledby", "aria-describedby"):
                    assert by_id[root.get(attribute)].text, name
                assert [n for n in root.iter() if n.get("role") and n is not root] == []

    def test_ids_are_unique_over_the_page_and_every_reference_is_met(self, files):
        page = files["report.html"].decode()
        ids = re.findall(r'\sid="([^"]+)"', page)
        assert len(ids) == len(set(ids))
        wanted = re.findall(r"url\(#([^)]+)\)", page)
        wanted += re.findall(r'aria-(?:labelledby|describedby)="([^"]+)"', page)
        assert wanted
        assert set(wanted) <= set(ids)

    def test_one_element_a_line_and_two_decimals(self, files):
        for name, text in pages(files).items():
            if name.endswith(".svg"):
                for line in text.splitlines():
                    # a mark may carry its tooltip; nothing else shares a line
                    assert len(re.findall(r"<(?!/|title)", line)) <= 1, (name, line)
                    shapes = re.sub(r">[^<]*<|\saria-\S+", "", line)
                    assert not re.search(r"\d\.\d{3,}", shapes), (name, line)

    def test_text_is_never_below_12_pixels(self, files):
        sizes = re.findall(r'font-size="([^"]+)"', files["report.html"].decode())
        assert min(map(float, sizes)) == 12
        assert not re.search(
            r"font-size:(?:[0-9]|1[01])(?:\.\d+)?px", files["report.html"].decode()
        )

    def test_every_colour_has_a_dark_twin(self, files):
        for name, text in pages(files).items():
            if name.endswith(".svg"):
                style, drawn = text.split("</style>")
                used = set(re.findall(r'(?:fill|stroke)="(#[^"]+)"', drawn))
                assert used
                for colour in used:
                    assert f'[fill="{colour}"]{{fill:#' in style, (name, colour)

    def test_bars_are_as_long_as_their_counts(self, files):
        """Reached, open and lost of every step but the first lie end to end, to the same scale."""
        root = ElementTree.fromstring(files["charts/activation-steps.svg"])
        bars = [node for node in root.iter(f"{SVG}path") if node.find(f"{SVG}title") is not None]
        shape = re.compile(r"M([\d.]+),[\d.]+h([\d.]+)v22h-[\d.]+Z")
        found = [match for bar in bars if (match := shape.fullmatch(bar.get("d", "")))]
        assert len(found) == len(bars)
        entered, _, steps_ = TOTAL
        width = 752 - 32
        expected = [(16.0, 720.0)]
        for before, (reached, open_, _) in pairwise(steps_):
            start = 16.0
            for number in (reached, open_, before[0] - reached - open_):
                expected.append((start, number / entered * width))
                start += number / entered * width
        drawn = [(float(match[1]), float(match[2])) for match in found]
        assert len(drawn) == len(expected)
        for one, other in zip(drawn, expected, strict=True):
            assert one == pytest.approx(other, abs=0.11)

    def test_open_is_hatched_and_lost_is_pale(self, files):
        text = files["charts/activation-steps.svg"].decode()
        for tip, fill in (
            ("1,665 of 2,722 entrants reached it", "#0072B2"),
            ("201 of 2,722 entrants still open", "url(#activation-steps-hatch)"),
            ("856 lost of 2,722 at the step before", "#e4e8ec"),
        ):
            line = next(line for line in text.splitlines() if tip in line)
            assert f'fill="{fill}"' in line

    def test_labels_are_those_of_the_design(self, files):
        text = files["charts/activation-steps.svg"].decode()
        assert ">1,665 · 61.2 %<" in text
        assert ">−856 (31 % of step) · 201 still open<" in text  # 856 / 2722 = 31.4 %
        assert ">mature: 61.1 % of 2,310<" in text  # 1411 / 2310

    def test_whiskers_on_all_steps_but_the_first_span_the_interval(self, files):
        root = ElementTree.fromstring(files["charts/activation-steps.svg"])
        ink = [
            node
            for node in root.iter(f"{SVG}path")
            if node.get("stroke") == "#1f2328" and float(_place(node)[1]) > 110
        ]
        rows = report_data().sections[0].steps.records()[1:]
        assert len(ink) == len(rows) == 3
        for node, row in zip(ink, rows, strict=True):
            low, high = re.findall(r"^M(-[\d.]+),0L([\d.]+),0", node.get("d", ""))[0]
            middle = float(_place(node)[0])
            for x, share in (
                (middle, row["conversion"]),
                (middle + float(low), row["conversion_lo"]),
                (middle + float(high), row["conversion_hi"]),
            ):
                assert x == pytest.approx(16 + 720 * share, abs=0.11)

    def test_immature_weeks_are_hollow_and_dashed(self, files):
        text = files["charts/activation-trend.svg"].decode()
        points = [line for line in text.splitlines() if "<title>2026-" in line]
        assert len(points) == 26
        hollow = [line for line in points if 'fill="#ffffff"' in line]
        assert hollow == points[-3:]
        assert "no entry is mature" in points[-1]
        assert 'stroke-dasharray="5,4"' in text

    def test_mature_weeks_alone_have_no_hollow_legend(self):
        made = render(report_data(section(breakdowns={}, times=NOTHING, trend=weeks(5, 0))))
        text = made["charts/activation-trend.svg"].decode()
        assert "still open</text>" not in text
        assert "stroke-dasharray" not in text

    def test_specifications_are_valid_vega_lite(self):
        import altair as alt

        for figure in report(report_data()).sections[0].figures:
            alt.Chart.from_dict(dict(figure.spec or {}), validate=True)


def _interval_columns(column):
    """The CSV's columns that a cell with a rate and its interval shows."""
    base = column.name.removesuffix("_interval")
    if base == "converted":
        return "converted_share", "lo", "hi"
    return base, f"{base}_lo", f"{base}_hi"


def _place(node):
    return re.findall(r"^translate\(([\d.]+),([\d.]+)\)$", node.get("transform"))[0]


class TestNumbers:
    def test_tables_of_page_and_twin_are_the_csv(self, files):
        """Each shown cell is the CSV's number, in its row, formatted as everywhere."""
        made = report(report_data())
        page, twin = files["report.html"].decode(), files["report.md"].decode()
        page = re.sub(r"</?span>|[\s\xa0]", "", page)
        compared = 0
        for figure in made.sections[0].figures:
            rows = list(csv.DictReader(io.StringIO(files[f"data/{figure.name}.csv"].decode())))
            if figure.name.endswith(("trend", "by-channel")):
                rows = [row for row in rows if row["step"] == max(r["step"] for r in rows)]
            assert len(rows) == len(figure.table.rows)
            for row, cells in zip(rows, figure.table.rows, strict=True):
                for value, column in zip(cells, figure.table.columns, strict=True):
                    text = shown(value, column.kind)
                    if column.name in row and column.is_numeric:
                        exact = row[column.name]
                        number = int(exact) if exact.isdigit() else float(exact) if exact else None
                        assert shown(number, column.kind) == text
                        compared += 1
                    if "interval" in column.name:
                        rate, low, high = (float(row[n] or -1) for n in _interval_columns(column))
                        wanted = f"{100 * rate:.1f} %" if rate >= 0 else "–"
                        if low >= 0:
                            wanted += f" ({100 * low:.1f}–{100 * high:.1f} %)"
                        assert wanted == text
                        compared += 1
                    assert text in twin.replace("\\", "")
                    assert text.replace(" ", "") in page
        assert compared > 250

    def test_findings_state_conversion_n_interval_loss_and_open(self, files):
        data = report_data()
        made = report(replace(data, findings=candidates(data)))
        findings = (made.standing[0], made.findings[0], made.standing[1])
        # 495 / 2310; Wilson by hand: (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n)
        p, n, z = 495 / 2310, 2310, 1.959964
        half = z * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
        low, high = ((p + z * z / (2 * n) + side * half) / (1 + z * z / n) for side in (-1, 1))
        assert f"{100 * p:.1f} % of mature entrants" in findings[0]
        assert f"495 of 2,310, 95 % interval {100 * low:.1f}–{100 * high:.1f} %" in findings[0]
        assert "899 of 2,310" in findings[1]  # 2310 - 1411
        assert "412 of 2,722" in findings[2]  # 2722 - 2310
        page = files["report.html"].decode()
        assert page.index("Findings</a></h2>") < page.index("<svg")

    def test_closing_section_has_definitions_and_every_filter(self, files):
        data = report_data()
        for text in (files["report.html"].decode(), files["report.md"].decode()):
            closing = text[text.rindex("What the numbers rest on") :]
            assert data.sections[0].definition_hash in closing
            for reason, rows, _, limit in data.quality.rows:
                assert re.search(rf"{reason}\D+{rows:,}\b", closing)
                assert limit is None or limit in closing.replace("\N{NO-BREAK SPACE}", " ")
            assert re.search(r"\b14\D+0\.023\s%", closing)  # 14 of 61,292
            for sentence in data.sections[0].words:
                assert sentence.split(":")[0].replace("_", "") in re.sub(r"[\\_]", "", closing)

    def test_without_a_window_nothing_is_called_open_or_lost(self):
        unset = {"open": None, "lost": None, "matured": None, "matured_reached": None}
        rows = [each._replace(**unset) for each in counts(TOTAL)]
        made = render(
            report_data(
                section(
                    steps=step_rows(rows), window="", breakdowns={}, trend=NOTHING, times=NOTHING
                )
            )
        )
        svg = made["charts/activation-steps.svg"].decode()
        assert "-hatch)" not in svg
        assert "lost" not in re.sub(r"<(title|desc) id.*", "", svg).replace("none lost", "")
        assert ">−1,057 (39 % of step)<" in svg  # 2722 - 1665
        assert "| Still open |" not in made["report.md"].decode()
        assert "the funnel has no window" in made["report.md"].decode()

    def test_nobody_entered(self):
        rows = step_rows(counts((0, 0, ((0, 0, 0), (0, 0, 0))), names=NAMES[:2]))
        bare = section(steps=rows, breakdowns={}, trend=NOTHING, times=NOTHING)
        made = render(report_data(bare))
        assert "Nobody entered" in made["report.html"].decode()
        assert [name for name in made if name.startswith("charts/")] == ["charts/quality.svg"]
