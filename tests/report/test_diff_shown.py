"""What a reader of a diff is told of figures: each once, as printed, and whether it is real."""

from dataclasses import replace

import pytest

from funnelkit.report.build import render
from funnelkit.report.diff import Between, FigureChange, ReportChange
from funnelkit.report.diff_markdown import write_diff
from funnelkit.report.diff_shown import is_real, once, others_words, shown_difference
from funnelkit.report.headlines import Headline
from funnelkit.report.model import Definition, ReportData
from funnelkit.stats.proportions import newcombe
from tests.report.data import section
from tests.report.test_diff import LAST, SHORTER, data, difference, moved, only

FUNNEL = Definition("activation_of_teams", ("Window: 14 days.",), "a" * 12)


def change(base, head, kind="share", **changes):
    before = Headline("f", "conversion to x", kind, base, None, None, 500, "f")
    return FigureChange(before, before._replace(value=head), (), **changes)


class TestRestsOn:
    def test_it_comes_back_from_the_files(self):
        made = data(rests_on=(FUNNEL,))
        assert ReportData.from_files(render(made), made.slug).rests_on == (FUNNEL,)

    def test_what_stands_behind_a_report_is_named_as_the_cause(self):
        other = Definition(FUNNEL.name, ("Window: 10 days.",), "b" * 12)
        made = difference(
            data(rests_on=(FUNNEL,)), data(section(steps=SHORTER.steps), rests_on=(other,))
        )
        text = write_diff(made)
        assert moved(only(made), LAST).rules == (FUNNEL.name,)
        assert "the definition of activation_of_teams changed" in text.partition("\n")[0]
        assert "  - Window: 14 days.\n  + Window: 10 days." in text
        assert "another version of funnelkit" not in text

    def test_an_older_version_that_did_not_write_it_has_not_changed_it(self):
        made = difference(data(), data(section(steps=SHORTER.steps), rests_on=(FUNNEL,)))
        assert only(made).definitions == ()

    def test_a_definition_that_is_shown_only_now_did_not_change(self):
        made = difference(data(section(definition_hash="")), data(section(words=("Other.",))))
        assert not only(made).redefined


class TestOnce:
    def test_a_copy_gives_its_standing_and_no_row(self):
        own = change(0.3, 0.2)
        copy = change(0.3, 0.2)
        sides = [
            each._replace(section="scorecard", figure="Conversion: x", standing=standing)
            for each, standing in ((copy.base, "met"), (copy.head, "missed"))
        ]
        other = change(0.3, 0.25)
        card = [FigureChange(sides[0], sides[1], ()), replace_section(other)]
        reports = (
            ReportChange("card", "changed", "Card", "Card", figures=tuple(card)),
            ReportChange("f", "changed", "Funnel", "Funnel", figures=(own,)),
        )
        rows = once(reports)
        assert [row.titles for row in rows] == [("Funnel", "Card"), ("Card",)]
        first = rows[0].change
        assert [each.standing for each in (first.base, first.head) if each] == ["met", "missed"]

    def test_what_neither_version_tells_is_no_row(self):
        at = {name: number for number, name in enumerate(section().steps.names)}
        rows = [list(row) for row in section().steps.rows]
        for name in ("conversion", "conversion_lo", "conversion_hi"):
            rows[-1][at[name]] = None
        silent = section(steps=replace(section().steps, rows=tuple(map(tuple, rows))))
        made = only(difference(data(silent), data(replace(silent, definition_hash="0" * 12))))
        assert LAST not in [each.one.figure for each in made.figures]
        # Entrants and the steps before.
        assert made.still == 3


def replace_section(figure):
    return figure._replace(
        base=figure.base._replace(section="scorecard", figure="Conversion: y"),
        head=figure.head._replace(section="scorecard", figure="Conversion: y"),
    )


class TestDifference:
    @pytest.mark.parametrize(
        ("base", "head", "expected"),
        [
            (0.330337, 0.259825, "\u22127.1 pp"),  # 33.0 and 26.0; exactly 7.0512
            (0.324, 0.279, "\u22124.5 pp"),
            (0.3302, 0.3304, "+0.02 pp"),  # both 33.0, and +0.0 would be none
            (0.33, 0.33, "+0.0 pp"),
        ],
    )
    def test_it_is_rounded_last(self, base, head, expected):
        assert shown_difference(change(base, head)) == expected


class TestIsReal:
    @pytest.mark.parametrize(
        ("new", "verdict"),
        [
            ((21, 61), "which holds 0: not shown to be a change."),
            ((50, 61), "which does not hold 0: a change."),
        ],
    )
    def test_new_entry_weeks_against_earlier_ones(self, new, verdict):
        old = (123, 377)
        weeks = ("2026-05-25", "2026-06-01")
        figure = change(
            0.325, 0.33, between=Between(weeks, new, old, newcombe(new[0], new[1], *old))
        )._replace(causes=("new data",))
        text = is_real(figure)
        assert text.startswith("New entry weeks 2026-05-25 to 2026-06-01: ")
        assert f"({new[0]} of 61); earlier ones: 32.6 % (123 of 377)" in text
        assert text.endswith(verdict)
        # 500 - 61 - 377.
        assert others_words(figure).startswith("the other 62 of 500 ")

    def test_the_same_people_cannot_be_tested(self):
        figure = change(0.325, 0.33)._replace(causes=("new data",))
        assert is_real(figure).endswith("no test tells it from chance.")

    def test_of_other_rules_nothing_is_said(self):
        assert is_real(change(0.325, 0.33)._replace(causes=("definition",))) == ""
