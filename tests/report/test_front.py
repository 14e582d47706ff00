"""What opens a report: which findings, in which order, by a rule that no p has a part in."""

import csv
import io
from dataclasses import replace

import pytest

from funnelkit.report import front
from funnelkit.report.build import render, report
from funnelkit.report.model import ReportData
from funnelkit.results.front import candidates
from tests.report.data import EVIL, report_data, section
from tests.report.data_aha import aha_section, search_section
from tests.report.data_front import ANNOTATIONS, finding
from tests.report.data_groups import GROUPS, comparison

LOSS = finding("a loss", 9000, kind="loss", passed=None)


def texts(found):
    return [each.text for each in front.chosen(found)]


class TestRule:
    def test_most_customers_first_then_revenue_then_text(self):
        found = [
            finding("d", 20),
            finding("f", 20, revenue_cents=100),
            finding("e", 20, revenue_cents=100),
            finding("a", 19, revenue_cents=900),
        ]
        assert texts(found) == ["e", "f", "d"]
        assert texts(found[::-1]) == ["e", "f", "d"]

    def test_a_count_only_fills_what_tested_findings_leave_free(self):
        tested = [finding(name, customers) for name, customers in (("x", 7), ("y", 6), ("z", 5))]
        assert texts([LOSS, *tested[:1]]) == ["x", "a loss"]
        assert texts([LOSS, *tested]) == ["x", "y", "z"]

    def test_what_did_not_pass_never_opens_a_report(self):
        failed = finding("not shown", 10_000, passed=False)
        assert texts([failed]) == []
        assert texts([failed, finding("shown", 5)]) == ["shown"]

    def test_a_hidden_number_does_not_move_a_finding(self):
        """Whatever revenue is behind it: of those that are not told, the text alone decides."""
        for cents in (None, 1, 10**9):
            hidden = [finding("p", None, revenue_cents=cents), finding("o", None)]
            assert texts([*hidden, finding("q", 5)]) == ["q", "o", "p"]

    def test_the_table_tells_of_every_candidate_why_it_is_not_above(self):
        found = [finding(name, 50 - at) for at, name in enumerate("abcd")]
        table = front.findings_table([finding("no", 99, passed=False), *found])
        rows = [(row["text"], row["chosen"], row["why_not"]) for row in table.records()]
        assert rows == [
            ("a", "yes", None), ("b", "yes", None), ("c", "yes", None),
            ("d", "no", "3 others come first"), ("no", "no", "not decided"),
        ]  # fmt: skip


@pytest.fixture(scope="module")
def data():
    found = (finding(EVIL, 40), finding("kept out", 5, passed=False), LOSS)
    return report_data(findings=found, annotations=ANNOTATIONS)


class TestPages:
    def test_committed_data_rebuild_the_same_bytes(self, data):
        files = render(data)
        again = ReportData.from_files(files, data.slug)
        assert render(again) == files
        assert sorted(again.findings, key=lambda each: each.text) == sorted(
            data.findings, key=lambda each: each.text
        )
        assert again.annotations == data.annotations

    def test_findings_rule_and_where_things_stand_in_both_writers(self, data):
        files = render(data)
        for name in ("report.html", "report.md"):
            text = files[name].decode().replace("\N{NO-BREAK SPACE}", " ")
            start, stand = (
                text.index("Findings</"[: -2 if name.endswith("md") else None]),
                (text.index("Where things stand")),
            )
            above, below = text[start:stand], text[stand:]
            assert "a loss" in above
            assert "Chosen by rule" in above
            assert "kept out" not in above
            assert "Not decided: kept out" in below
            assert "<img" not in text

    def test_what_stands_above_is_not_repeated_below(self, data):
        made = report(data)
        assert made.findings == (EVIL, "a loss")
        assert not set(made.findings) & set(made.standing)
        assert "495 of 2,310" in made.standing[0]  # the conversion, with n and interval

    def test_a_finding_without_room_stands_below(self):
        found = tuple(finding(name, 50 - at) for at, name in enumerate("abcd"))
        assert report(report_data(findings=found)).standing[-1] == "d"

    def test_without_a_finding_there_is_no_empty_list(self):
        files = render(report_data())
        assert "<ul>\n</ul>" not in files["report.html"].decode()
        assert "data/findings.csv" not in files

    def test_the_file_holds_what_may_be_told_alone(self):
        files = render(report_data(findings=(finding("x", None),)))
        rows = list(csv.DictReader(io.StringIO(files["data/findings.csv"].decode())))
        assert [row["customers"] for row in rows] == [""]


class TestCandidates:
    """From the rows of sections made by hand: 899 of 2,310 are lost before the second step."""

    def test_a_loss_has_its_interval(self):
        (found,) = candidates(report_data())
        assert (found.kind, found.passed, found.customers) == ("loss", None, 899)
        # Wilson by hand: (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n)
        p, n, z = 899 / 2310, 2310, 1.959964
        half = z * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
        low, high = ((p + z * z / (2 * n) + side * half) / (1 + z * z / n) for side in (-1, 1))
        assert f"899 of 2,310 entrants whose window has closed ({100 * p:.1f} %," in found.text
        assert f", 95 % interval {100 * low:.1f}–{100 * high:.1f} %)" in found.text

    @pytest.mark.parametrize("turned", [False, True])
    def test_of_two_groups_the_one_that_converts_more_is_the_first(self, turned):
        groups = {name: GROUPS[name] for name in ("paid ads", "referral")}
        groups = dict(reversed(groups.items())) if turned else groups
        found = candidates(report_data(section(comparison=comparison(groups))))
        (told,) = [each for each in found if each.kind == "comparison"]
        assert (told.passed, told.customers) == (True, 770)
        # Newcombe by hand: 121 of 420 is 28.81 % (24.69 to 33.32), 96 of 770 12.47 (10.32 to 14.99)
        low = 16.34 - (4.12**2 + 2.52**2) ** 0.5
        high = 16.34 + (4.51**2 + 2.15**2) ** 0.5
        assert told.text == (
            "By channel, referral converts more than paid ads: 28.8 % (24.7–33.3 %, n = 420)"
            f" against 12.5 % (10.3–15.0 %, n = 770), +16.3 pp, 95 % interval +{low:.1f} to"
            f" +{high:.1f} pp."
        )

    def test_how_many_pairs_differ_and_that_none_is_shown_to(self):
        made = report_data(section(comparison=comparison()))
        (told,) = [each for each in candidates(made) if each.kind == "comparison"]
        # Paid ads convert less in both; 28.8 less 12.5 is more than 25.8 less 12.5.
        assert told.text.startswith("By channel, organic search converts more than paid ads: ")
        assert (
            "; 2 of 3 pairs of groups differ: this one concerns most, referral (n = 420) and"
            " paid ads (n = 770) differ most, +16.3 pp, 95 % interval +" in told.text
        )
        alike = comparison({"a": (100, 400), "b": (104, 400), "c": (101, 400)})
        made = report_data(section(comparison=alike))
        (told,) = [each for each in candidates(made) if each.kind == "comparison"]
        assert told.passed is False
        assert told.text.startswith("By channel, b is not shown to convert more than a: 26.0 % (")
        assert told.text.endswith("; 0 of 3 pairs of groups differ.")

    def test_where_the_pair_that_is_named_differs_most_it_says_so(self):
        made = comparison({"a": (300, 500), "b": (100, 900), "c": (60, 300)})
        (told,) = (
            each
            for each in candidates(report_data(section(comparison=made)))
            if each.kind == "comparison"
        )
        assert told.text.startswith("By channel, a converts more than b: 60.0 % (")
        assert told.text.endswith("; 3 of 3 pairs of groups differ, these two most.")

    def test_two_funnels_are_named(self):
        other = section(name="other", breakdowns={})
        told = [each.text for each in candidates(report_data(section(), other))]
        assert [text.split(":")[0] for text in told] == ["activation", "other"]

    def test_who_never_reached_it_is_the_rest_of_the_reach(self):
        data = replace(report_data(), sections=(), aha=(aha_section(),))
        total = data.aha[0].reach.records()[0]
        (found,) = candidates(data)
        missed = total["matured"] - total["reached"]
        assert (found.kind, found.customers) == ("reach", missed)
        assert f"{missed:,} of {total['matured']:,} users" in found.text
        assert f"({100 * missed / total['matured']:.1f} %," in found.text

    def test_of_the_search_those_who_did_not_do_it(self):
        data = replace(report_data(), sections=(), search=search_section())
        (found,) = candidates(data)
        row = next(r for r in data.search.findings.records() if r["verdict"] == "accepted")
        assert found.passed
        assert found.customers == row["n"] - round(row["n"] * row["reach"])
        assert found.text == data.search.headline

    def test_a_search_that_accepts_nothing_opens_no_report(self):
        search = search_section()
        at = search.findings.names.index("verdict")
        rows = tuple((*row[:at], "not confirmed", *row[at + 1 :]) for row in search.findings.rows)
        nothing = replace(search, findings=replace(search.findings, rows=rows))
        assert candidates(replace(report_data(), sections=(), search=nothing)) == ()
