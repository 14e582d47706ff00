"""The section of say and do: its numbers, drawn and written, and its words."""

import csv
import io
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from funnelkit.report import findings_say, views_say
from funnelkit.report.build import full_diff, render, report
from funnelkit.report.columns_say import SAY_COLUMNS, SAY_PARTS
from funnelkit.report.model import Definition, ReportData
from funnelkit.report.prepare import checked
from tests.report.data import EVIL, report_data
from tests.report.data_say import FOUND, UNSEEN, gap_row, gaps, say_section, table

SVG = "{http://www.w3.org/2000/svg}"
DRAWN = {"say-gaps", "say-quadrant", "say-bias", "say-claims", "say-nps", "say-themes",
         "say-opportunities", "quality"}  # fmt: skip


def whole(**changes):
    """A report of say and do alone."""
    return report_data(slug="say_do", title="Say and do", say=say_section(**changes))


@pytest.fixture(scope="module")
def data():
    return replace(whole(), sections=())


@pytest.fixture(scope="module")
def files(data):
    return render(data)


def with_rows(part, rows):
    tables = {**say_section().tables, part: table(part, rows)}
    return replace(whole(tables=tables), sections=())


def texts(files, chart):
    root = ElementTree.fromstring(files[f"charts/{chart}.svg"])
    return [(node.text or "").replace("\xa0", " ") for node in root.iter(f"{SVG}text")]


def tips(files, chart):
    root = ElementTree.fromstring(files[f"charts/{chart}.svg"])
    return [
        title.text
        for node in root.iter()
        if node is not root and (title := node.find(f"{SVG}title")) is not None
    ]


def marks(files, chart, color):
    """Centres of the points of a colour, by their tooltip."""
    root = ElementTree.fromstring(files[f"charts/{chart}.svg"])
    found = {}
    for node in root.iter():
        title = node.find(f"{SVG}title")
        if node is root or title is None or color not in ElementTree.tostring(node).decode():
            continue
        place = re.search(r"translate\(([\d.]+),([\d.]+)\)", node.get("transform") or "")
        x = float(place[1]) if place else float(node.get("cx") or "nan")
        found[title.text] = x
    return found


class TestFiles:
    def test_every_part_is_a_csv_and_seven_of_them_are_charts(self, files):
        data = {name[5:-4] for name in files if name.startswith("data/say-")}
        assert data == {f"say-{part}" for part in SAY_PARTS}
        assert {name[7:-4] for name in files if name.startswith("charts/")} == DRAWN

    def test_committed_data_rebuild_the_same_bytes(self, files):
        data = {name: content for name, content in files.items() if name.startswith("data/")}
        assert render(ReportData.from_files(data, "say_do")) == files

    def test_what_is_read_back_is_what_was_written(self, data, files):
        assert ReportData.from_files(files, "say_do").say == checked(data).say

    def test_csvs_have_the_numbers_as_they_were(self, files):
        rows = list(csv.DictReader(io.StringIO(files["data/say-gaps.csv"].decode())))
        assert [row["feature"] for row in rows] == [row["feature"] for row in gaps()]
        alerts = rows[0]
        assert (alerts["captive"], alerts["rejected"]) == ("71", "25")
        assert alerts["using_among_dislike"] == "0.739583"
        assert rows[-1]["aligned"] == rows[-1]["gap"] == ""

    def test_features_may_be_called_as_funnels_are(self):
        name = "activation"
        made = whole(features=(Definition(name, ("Used.",), "1be0a77cd112"),))
        written = render(made)
        back = ReportData.from_files(written, "say_do")
        assert render(back) == written
        assert back.say
        assert (len(back.sections), back.say.features[0].name) == (1, name)

    def test_hostile_names_are_shown_as_text(self):
        made = with_rows("gaps", [{**gap_row(EVIL, (21, 9, 71, 25, 40, 22))}])
        written = render(made)
        assert EVIL.encode() not in written["report.html"]
        assert render(ReportData.from_files(written, "say_do")) == written

    def test_hashes_name_the_features(self, data):
        assert data.hashes() == {
            "feature alerts": "ace7c2c2dd90",
            "feature exports": "1be0a77cd112",
        }

    def test_parts_without_rows_are_left_out(self):
        made = replace(whole(tables={"gaps": table("gaps", gaps())}), sections=())
        written = render(made)
        assert [name for name in written if "say-" in name] == [
            "charts/say-gaps.svg",
            "data/say-gaps.csv",
        ]

    def test_no_answers_at_all_are_said_to_be_none(self):
        made = replace(whole(tables={}, findings=()), sections=())
        assert b"No feature has answers of five respondents." in render(made)["report.md"]


class TestReview:
    def test_the_page_stays_within_the_budget(self, files):
        assert len(files["report.html"]) <= 150_000
        assert max(len(content) for name, content in files.items() if ".svg" in name) <= 12_000
        many = [gap_row(f"feature {number}", (40, 20, 30, 20, 9, 5)) for number in range(60)]
        long = render(with_rows("gaps", many))
        assert len(long["report.html"]) <= 150_000

    def test_one_more_respondent_is_a_small_diff(self, files):
        rows = gaps()
        rows[0] = gap_row("alerts", (21, 9, 72, 25, 40, 22))
        changed = render(with_rows("gaps", rows))
        differing = [name for name in files if files[name] != changed[name]]
        assert "charts/say-gaps.svg" in differing
        assert not any("nps" in name or "claims" in name for name in differing)
        for name in differing:
            diff = full_diff(name, files[name], changed[name])
            lines = [line for line in diff if line[0] in "+-" and line[:3] not in ("+++", "---")]
            assert 2 <= len(lines) <= 40, name
            assert sum(len(line.encode()) for line in lines) <= 8_000, name

    def test_nothing_that_is_no_number_is_shown(self, files):
        for name, content in files.items():
            shown = re.search(r"\bNaN\b|\binf(inity)?\b|undefined|\bnull\b|None", content.decode())
            assert shown is None, name


class TestDumbbell:
    def test_rows_are_sorted_by_the_gap_and_say_it_with_its_interval(self, files):
        words = texts(files, "say-gaps")
        names = [word.partition(", n = ")[0] for word in words if ", n = " in word]
        order = [name for name in names if name in {row["feature"] for row in gaps()}]
        assert order == [
            "themes", "exports", "sharing", "a feature with a rather long name", "search", "alerts",
        ]  # fmt: skip
        # (9 - 71) / 126 and 11 points to both sides; a gap with a small cell is about so.
        assert "gap −49.2 pp (−60.2 to −38.2)" in words
        assert "gap ≈ +67.0 pp (+58.0 to +76.0)" in words

    def test_say_is_a_diamond_and_do_a_circle_where_their_shares_are(self, files):
        root = ElementTree.fromstring(files["charts/say-gaps.svg"])
        assert root.get("width") == "752"
        said = marks(files, "say-gaps", "#D55E00")
        done = marks(files, "say-gaps", "#0072B2")
        # The axis runs from 24 to 728: of 126, 30 like alerts and 92 use it.
        assert said["alerts: 23.8 % of 126 like it"] == pytest.approx(24 + 704 * 30 / 126, abs=0.2)
        assert done["alerts: 73.0 % of 126 use it"] == pytest.approx(24 + 704 * 92 / 126, abs=0.2)
        assert not any(name.startswith("comments") for name in [*said, *done])

    def test_the_title_names_both_ends_that_are_decided(self, data):
        assert findings_say.gaps_title(data.say) == (
            "Themes is liked more than used (≈ +67.0 pp, n = 121);"
            " alerts is used more than liked (−49.2 pp, n = 126)"
        )

    def test_a_gap_that_is_not_decided_is_no_finding(self):
        rows = [gap_row("alerts", (21, 9, 71, 25, 40, 22), q=0.2)]
        title = findings_say.gaps_title(with_rows("gaps", rows).say)
        assert title == "No gap between say and do is decided (n = 126)"

    def test_what_is_not_drawn_is_named(self, files):
        assert "Not drawn, too few in a cell or with an opinion: comments." in text_of(files)


class TestTables:
    def test_counts_stand_before_shares_and_small_cells_are_bounds(self, data):
        rows = {row["feature"]: row for row in views_say.gaps_view(data.say).records()}
        assert rows["alerts"]["captive_interval"] == "71 of 96: 74.0 % (64.4–81.7 %)"
        assert rows["themes"]["lip_interval"] == "all but fewer than 5 of 90"
        assert rows["comments"]["lip_interval"] == "withheld"
        assert rows["comments"]["captive_interval"] == "6 of 11"
        assert rows["comments"]["gap_interval"] == "–"

    @pytest.mark.parametrize(
        ("side", "state", "told"),
        [
            ("like", "few use it", "all but fewer than 5 of 90"),
            ("like", "few do not use it", "fewer than 5 of 90"),
            ("dislike", "few use it", "fewer than 5 of 90"),
            ("dislike", "few do not use it", "all but fewer than 5 of 90"),
        ],
    )
    def test_the_bound_is_of_the_cell_that_the_column_is_of(self, side, state, told):
        row = {"feature": "x", "n": 120, f"{side}s": 90, f"{side}_side": state}
        (shown,) = views_say.gaps_view(with_rows("gaps", [row]).say).records()
        assert shown["lip_interval" if side == "like" else "captive_interval"] == told

    def test_money_of_a_whole_side_has_no_sum(self, data):
        rows = views_say.money_view(data.say).records()
        assert [(row["customers"], row["revenue_share"], row["identified"]) for row in rows] == [
            (38, "12 %", 12345.0),
            (85, "31 %", None),
        ]
        assert rows[0]["estimated_interval"] == "44,000 (31,000–59,000)"

    def test_contributions_of_themes_are_whole_points(self, data):
        rows = views_say.impact_view(data.say).records()
        assert [row["impact_interval"] for row in rows] == ["−6 (−9 to −3)", "+1 (−2 to +4)"]

    def test_problems_beside_small_cells_have_round_numbers_alone(self, data):
        rows = views_say.opportunities_view(data.say).records()
        names = ("affected_interval", "customer_value", "business")
        assert [rows[2][name] for name in names] == ["withheld", "≈ 6", "≈ 1,000"]
        assert rows[3]["customer_value"] == "1.6"
        assert str(rows[3]["affected_interval"]).startswith("16.2 %")
        assert str(rows[1]["affected_interval"]).startswith("160 of 420: 38.1 %")

    def test_problems_of_no_tier_are_said_to_be_none(self):
        rows = [{"kind": "step", "name": "activation", "problem": "lost before built"}]
        made = with_rows("opportunities", rows)
        title = findings_say.opportunities_title(made.say)
        assert title == "None of 1 problems can be ranked: too few answers"
        written = render(made)
        assert "charts/say-opportunities.svg" not in written
        assert b"lost before built" in written["report.md"]

    def test_claims_of_few_persons_have_no_percentage(self):
        few = {"question": "hours", "n": 29, "persons": 29, "over": 14, "same": 8, "under": 7}
        enough = {**few, "n": 30, "persons": 30, "same": 9}
        one, other = (
            views_say.claims_view(with_rows("claims", [row]).say).records()[0]["three"]
            for row in (few, enough)
        )
        assert one == "14 of 29 / 8 of 29 / 7 of 29"
        assert other == "46.7 % / 30.0 % / 23.3 %"

    def test_markdown_and_page_show_the_same_rows(self, files):
        page = files["report.html"].decode().replace("\xa0", " ").replace("&#x27;", "'")
        story = "most of it one account's"
        for cell in ("71 of 96: 74.0 %", "not like everybody", story, "−5.0"):
            assert cell in text_of(files)
            assert cell in re.sub(r"</?span>", "", page)


def text_of(files):
    return files["report.md"].decode()


class TestWords:
    def test_findings_open_the_report(self, data, files):
        assert report(data).standing == (FOUND,)
        assert text_of(files).index(FOUND[:40]) < text_of(files).index("## Say and do")

    def test_it_is_said_that_equal_behaviour_is_no_equal_opinion(self, files):
        assert UNSEEN in text_of(files)

    def test_the_word_representative_is_printed_nowhere(self, files):
        assert not any(b"representative" in content.lower() for content in files.values())

    def test_definitions_and_taxonomy_stand_at_the_end(self, files):
        text = text_of(files)
        end = text[text.index("## What the numbers rest on") :]
        assert "Definition of the feature alerts" in end
        assert "Definition hash ace7c2c2dd90" in end
        assert "Taxonomy 2026-11." in end

    def test_every_chart_has_words_for_who_cannot_see_it(self, data):
        for figure in report(data).sections[0].figures:
            if figure.spec:
                assert all((figure.title, figure.subtitle, figure.alt, figure.narrow))

    def test_quadrants_are_named_and_points_labelled(self, files):
        words = texts(files, "say-quadrant")
        for corner in ("disliked, used", "liked, used", "disliked, not used", "liked, not used"):
            assert corner in words
        assert {"alerts", "exports", "sharing", "search"} <= set(words)

    def test_the_tier_is_the_shape(self, files):
        words = texts(files, "say-opportunities")
        assert {"tier 1", "tier 2", "tier 3 and later"} <= set(words)
        assert len(tips(files, "say-opportunities")) == 5

    def test_claims_name_all_three_parts(self, files):
        # 2,062, 884 and 1,264 of 4,210.
        assert "over 49.0 % · same 21.0 % · under 30.0 %" in texts(files, "say-claims")

    def test_nps_of_the_latest_wave_is_the_title(self, data):
        title = findings_say.nps_title(data.say)
        assert title == "NPS −5.0 (−15.0 to +5.0) in wave_2 (n = 200), −16.0 since the wave before"

    def test_columns_of_a_part_are_known_by_name(self):
        assert all(
            name == column.name for part in SAY_COLUMNS.values() for name, column in part.items()
        )
