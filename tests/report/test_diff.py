"""What moved between two versions of a report, and why: from their files alone."""

import random
import re
from dataclasses import replace
from typing import Any

import pytest

from funnelkit.report.build import render
from funnelkit.report.diff import Version, compare, told
from funnelkit.report.diff_cells import Cells
from funnelkit.report.diff_markdown import MOST_CHARACTERS, write_diff
from funnelkit.report.diff_rows import DIFF_COLUMNS, diff_table
from funnelkit.report.diff_tables import Cell, RowChange, changed_tables
from funnelkit.results.small import in_fives
from funnelkit.stats.funnels import step_rows
from funnelkit.stats.proportions import newcombe
from funnelkit.table import Column, Table
from tests.report.data import EVIL, TOTAL, counts, report_data, section, week_start, weeks

ENTERED, MATURED, STEPS = TOTAL
FEWER = (ENTERED, MATURED, (*STEPS[:3], (540, 58, 449)))  # 46 of 2,310 fewer at the last step


def inputs(*changed, number=26, people=True):
    """Weeks of 2,000 events; `changed` holds (week, column, value)."""
    names = ["week", "events", "entities", "merges", "digest", "people"]
    rows = []
    for week in range(number):
        row = dict(
            zip(names, (week_start(week), 2000, 300, 7, f"d{week}", f"p{week}"), strict=True)
        )
        row |= {column: value for at, column, value in changed if at == week}
        rows.append(tuple(row[name] for name in (names if people else [*names[:3], "digest"])))
    kinds: dict[str, Any] = {
        "week": "date",
        "events": "count",
        "entities": "count",
        "merges": "count",
    }
    shown = names if people else [*names[:3], "digest"]
    return Table(tuple(Column(name, kinds.get(name, "text")) for name in shown), tuple(rows))


def data(*sections, **changes):
    given = {"inputs": inputs(), "last_event": "2026-07-05T23:58:40Z"}
    given["observed_until"] = changes.get("last_event", given["last_event"])
    return report_data(*sections, **given | changes)


def version(*reports):
    return Version("main", {each.slug: render(each) for each in reports})


def difference(base, head):
    return compare(version(base), version(head)._replace(label="the working tree"))


def only(made):
    (report,) = made.reports
    return report


def moved(report, figure):
    (found,) = [each for each in report.figures if each.one.figure == figure]
    return found


LAST = "conversion to invited_colleague"
SHORTER = section(
    definition_hash="0123456789ab",
    words=("Window: 7 days.", *section().words[1:]),
    steps=step_rows(counts(FEWER)),
)


class TestWhatMoved:
    def test_the_same_files_did_not_move(self):
        made = difference(data(), data())
        assert made.reports == ()
        assert write_diff(made) == "Nothing moved.\n"
        assert diff_table(made).rows == ()

    def test_another_definition_is_marked_and_its_words_stand_beside_each_other(self):
        text = write_diff(difference(data(), data(SHORTER)))
        # 495 and 449 of 2,310.
        assert text.startswith(
            "**activation: conversion to invited_colleague 21.4 % → 19.4 % (−2.0 pp)**"
        )
        assert "all of it is the definition's" in text.partition("\n")[0]
        row = next(
            line for line in text.splitlines() if line.startswith("| activation: conversion to i")
        )
        assert "definition changed: not comparable" in row
        assert "n = 2,310" in row
        assert "(`3fa9c1d27b60` → `0123456789ab`)" in text
        assert "  + Window: 7 days.\n" in text
        assert "  - A funnel of user_id over 4 steps" in text
        assert "the same events of the same people" in text

    def test_a_definition_that_no_number_shows_is_marked_too(self):
        made = difference(data(), data(section(definition_hash="0123456789ab")))
        figure = moved(only(made), LAST)
        assert figure.redefined
        assert figure.difference == 0
        assert "though the definition of activation changed" in write_diff(made)

    def test_pages_that_are_drawn_otherwise_are_told_from_numbers_that_moved(self):
        one, other = version(data()), version(data())
        files = {**other.reports["activation"], "report.html": b"<p>otherwise</p>"}
        made = compare(one, other._replace(reports={"activation": files}))
        assert write_diff(made).startswith("No number moved: pages are worded or drawn otherwise.")

    def test_reports_come_and_go(self):
        made = compare(version(data()), version(data(section(name="other"), slug="other")))
        assert [(each.slug, each.what) for each in made.reports] == [
            ("activation", "removed"),
            ("other", "added"),
        ]
        assert "was removed" in write_diff(made)

    def test_a_version_that_cannot_be_read_is_compared_by_its_cells(self):
        files = dict(version(data()).reports["activation"])
        del files["data/about.csv"]
        text = write_diff(compare(Version("main", {"activation": files}), version(data(SHORTER))))
        assert "data/about.csv: the file is missing" in text
        assert "matured reached 495 → 449" in text

    def test_cells_are_compared_by_what_their_row_is_about(self):
        base = {"data/a-steps.csv": b"step,reached\n1,10\n2,5\n3,1\n"}
        head = {"data/a-steps.csv": b"step,reached\n1,10\n2,4\n4,1\n"}
        ((name, what, rows),) = changed_tables(base, head)
        assert (name, what) == ("a-steps", "changed")
        assert [(row.key, row.what, row.cells) for row in rows] == [
            ("step 2", "changed", (("reached", "5", "4"),)),
            ("step 4", "added", ()),
            ("step 3", "gone", ()),
        ]

    @pytest.mark.parametrize(
        ("cell", "expected"),
        [
            (("conversion", "0.688172", "0.684"), "conversion 68.8 % → 68.4 %"),
            (("conversion", "", "1"), "conversion – → 100.0 %"),
            # Both 68.8 %: what differs is seen in the file's own decimals alone.
            (("conversion", "0.688172", "0.688169"), "conversion 0.688172 → 0.688169"),
            (("median_seconds", "9060", "60.0"), "median 2 h 31 min → 1 min"),
            (("median_seconds", "9060", "9061"), "median seconds 9060 → 9061"),
            (("reached", "12345", "1204"), "reached 12,345 → 1,204"),
            (("period_state", "open", "mature"), "period state open → mature"),
            (("value", "0001", "nan"), "value 0001 → nan"),
            (("unheard_of", "0.5", "-2"), "unheard of 0.5 → −2"),
        ],
    )
    def test_a_cell_reads_as_in_its_table(self, cell, expected):
        found = Cells(data()).told("activation-steps", RowChange("step 2", "changed"), Cell(*cell))
        assert found == expected

    def test_tools_get_the_exact_numbers(self):
        made = difference(data(), data(SHORTER))
        assert "matured reached 495 → 449, conversion 21.4 % → 19.4 %" in write_diff(made)
        cells = {
            (row["base"], row["head"])
            for row in diff_table(made).records()
            if (row["figure"], row["key"]) == ("activation-steps", "step 4: conversion")
        }
        assert cells == {(f"{495 / 2310:.6f}", f"{449 / 2310:.6f}")}

    def test_names_are_data_in_it(self, files, evil):
        made = compare(Version("main", {"activation": files}), Version(EVIL, {"activation": evil}))
        # In a fenced block nothing is markup.
        text = re.sub(r"(?ms)^  (`{3,})diff$.*?^  \1$", "", write_diff(made))
        assert "script" in text
        assert not re.search(r"<(?!/?(details|summary)>)", text)

    def test_it_fits_into_a_comment(self):
        names = [f"a step with a rather long name, number {number}" for number in range(400)]
        shares = tuple((ENTERED - number, 0, MATURED - number) for number in range(400))
        fewer = tuple((ENTERED - 2 * number, 0, MATURED - 2 * number) for number in range(400))
        base, head = (
            section(
                definition_hash=digest,
                words=tuple(f"Rule {number} {digest} {'x' * 300}" for number in range(900)),
                steps=step_rows(counts((ENTERED, MATURED, steps), names=names)),
            )
            for digest, steps in (("a" * 12, shares), ("b" * 12, fewer))
        )
        text = write_diff(difference(data(base), data(head)))
        assert 1000 < len(text) <= MOST_CHARACTERS
        # All lines changed, and are too many to ask which became which.
        shown = re.findall(r"(?m)^  ([-+]) Rule (\d+) ", text)
        assert shown == [("-", f"{number}") for number in range(len(shown))]
        (more,) = re.findall(r"(?m)^  … and (\d+) more$", text)
        assert len(shown) + int(more) == 2 * 900


class TestWhy:
    def causes(self, changed, *, cut=None, base=None, **changes):
        head = data(inputs=changed, **changes)
        made = only(difference(data(**{"inputs": base} if base else {}), head))
        return (told(made, cut) if cut else made).data

    def test_events_after_the_end_are_new(self):
        found = self.causes(inputs(number=28), last_event="2026-07-15T00:00:00Z")
        assert found.new == (4000, (week_start(26), week_start(27)))
        assert found.of_events == ("new data",)

    def test_events_that_changed_before_the_end_are_late(self):
        changed = (3, "digest", "x"), (3, "events", 2009), (4, "digest", "y"), (4, "events", 2001)
        found = self.causes(inputs(*changed))
        assert found.late == (10, (week_start(3), week_start(4)))
        assert found.of_events == ("late data",)

    def test_the_same_events_of_other_people_are_merges(self):
        found = self.causes(inputs((3, "people", "x"), (3, "merges", 19)))
        assert found.merges == (12, (week_start(3),))
        assert found.of_events == ("identity merges",)

    def test_what_the_week_of_the_end_holds_is_not_told_without_the_log(self):
        base = inputs((25, "digest", "x"), (25, "events", 900))
        early = data(inputs=base, last_event="2026-07-01T12:00:00Z")
        later = data(inputs=inputs(), last_event="2026-07-05T23:58:40Z")
        made = only(difference(early, later))
        assert made.data.new == (1100, (week_start(25),))
        assert made.data.late is None
        assert made.data.can_cut
        assert "late rows of that week" in made.data.unclear[0]
        # The log of that week up to the end of the earlier one had seven events more.
        cut = inputs((25, "digest", "z"), (25, "events", 907))
        asked = told(made, cut).data
        assert (asked.new, asked.late) == ((1093, (week_start(25),)), (7, (week_start(25),)))
        assert not asked.unclear

    def test_without_digests_of_people_it_says_so(self):
        found = self.causes(inputs((3, "events", 2009)), base=inputs(people=False))
        assert found.late == (9, (week_start(3),))
        assert found.merges is None
        assert "identity merges cannot be told" in found.unclear[0]

    def test_weeks_do_not_compare_under_other_rules_of_the_log(self):
        head = data(SHORTER, inputs=inputs((3, "digest", "x")), log=("Left out: bots.",))
        made = only(difference(data(), head))
        assert made.data.late is None
        assert "cannot be told" in made.data.unclear[0]
        assert moved(made, LAST).redefined

    def test_users_and_answers_are_causes_of_their_own(self):
        base = data(users_digest="a", answers_digest="b")
        head = data(section(steps=SHORTER.steps), users_digest="c", answers_digest="b")
        made = only(difference(base, head))
        assert moved(made, LAST).causes == ("rows of users",)

    def test_a_number_that_nothing_explains_is_said_to_be_one(self):
        made = difference(data(), data(section(steps=SHORTER.steps)))
        assert moved(only(made), LAST).causes == ()
        assert "neither its definition nor the data changed" in write_diff(made)
        assert "another version of funnelkit" in write_diff(made)

    @pytest.mark.parametrize(("joined", "words"), [(19, "12 ids turned"), (10, "fewer than 5 ids")])
    def test_few_ids_are_not_counted(self, joined, words):
        made = difference(data(), data(inputs=inputs((3, "people", "x"), (3, "merges", joined))))
        assert words in write_diff(made)
        (row,) = [each for each in diff_table(made).records() if each["what"] == "inputs"]
        assert row["difference"] == (12 if joined == 19 else None)


class TestHowMuch:
    def test_only_people_of_one_version_alone_are_compared_with_an_interval(self):
        base = data(section(trend=weeks(26)))
        more = inputs(number=28)
        last = "2026-07-19T23:00:00Z"
        head = data(section(trend=weeks(28), steps=SHORTER.steps), inputs=more, last_event=last)
        made = only(difference(base, head))
        found = moved(made, LAST).between
        # Of 26 weeks three were open, and of 28 the last three are: two came to be final.
        rows = [row for row in weeks(28).records() if row["step"] == 2]
        assert found.weeks == (week_start(23), week_start(24))
        new, old = rows[23:25], rows[:23]
        sums = [
            (sum(row["matured_reached"] for row in part), sum(row["matured"] for row in part))
            for part in (new, old)
        ]
        assert (found.new, found.old) == tuple(sums)
        assert found.interval == newcombe(*sums[0], *sums[1])
        assert "95 % interval" in write_diff(difference(base, head))

    def test_the_same_people_have_no_interval(self):
        head = data(
            section(steps=SHORTER.steps),
            inputs=inputs(number=27),
            last_event="2026-07-06T09:00:00Z",
        )
        made = difference(data(), head)
        assert moved(only(made), LAST).between is None
        assert "same people, more data" in write_diff(made)

    def test_attempts_have_no_interval(self):
        """Of attempts the report's own interval is wider than that of as many people."""
        at = {name: number for number, name in enumerate(section().steps.names)}
        rows = [list(row) for row in section().steps.rows]
        rows[-1][at["conversion_lo"]] -= 0.01
        wide = section(
            steps=Table(section().steps.columns, tuple(map(tuple, rows))), trend=weeks(28)
        )
        made = only(
            difference(
                data(section(trend=weeks(26))),
                data(wide, inputs=inputs(number=28), last_event="2026-07-19T23:00:00Z"),
            )
        )
        assert moved(made, LAST).between is None

    @pytest.mark.parametrize("pinned", [False, True])
    def test_parts_add_up_exactly(self, pinned):
        def made(done):
            group = (ENTERED, MATURED, (*STEPS[:3], (done, 58, done)))
            return section(steps=step_rows(counts(group)), definition_hash="3fa9c1d27b60")

        late = inputs((3, "digest", "x"), (3, "events", 2009), number=27)
        last = "2026-07-06T09:00:00Z"
        base = data(made(495))
        head = data(replace(made(449), definition_hash="0" * 12), inputs=late, last_event=last)
        report = only(difference(base, head))
        assert moved(report, LAST).parts == ()
        now = data(made(507), inputs=late, last_event=last)
        then = data(made(501)) if pinned else None
        figure = moved(told(report, None, now, then), LAST)
        expected = (
            [("late data", 6), ("new data", 6)] if pinned else [("new data and late data", 12)]
        )
        assert [(part.cause, round(part.difference * MATURED)) for part in figure.parts] == [
            *expected,
            ("definition", -58),
        ]
        assert sum(part.difference for part in figure.parts) == pytest.approx(
            figure.difference, abs=1e-12
        )

    def test_printed_parts_add_up_as_printed(self):
        from funnelkit.report.diff import FigureChange, Part
        from funnelkit.report.diff_shown import shown_difference
        from funnelkit.report.diff_words import shown_parts
        from funnelkit.report.headlines import Headline

        draw = random.Random(7)
        for _ in range(300):
            exact = [draw.uniform(-0.2, 0.2) for _ in range(3)]
            head = Headline("f", "x", "share", 0.5 + sum(exact), None, None, 9, "f")
            base = head._replace(value=0.5)
            parts = tuple(Part((name,), part) for name, part in zip("abc", exact, strict=True))
            figure = FigureChange(base, head, ("a", "b", "c"), parts=parts)
            tenths = [
                round(10 * float(text.split()[1].replace("\u2212", "-")))
                for text in shown_parts(figure)
            ]
            whole = shown_difference(figure).split()[0].replace("\u2212", "-")
            assert sum(tenths) == round(10 * float(whole))
            assert all(abs(t - 1000 * p) < 1.01 for t, p in zip(tenths, exact, strict=True))


class TestRows:
    def test_every_change_is_a_row(self):
        table = diff_table(difference(data(), data(SHORTER)))
        assert table.columns == DIFF_COLUMNS
        rows = table.records()
        assert {row["report"] for row in rows} == {"activation"}
        (figure,) = [row for row in rows if row["what"] == "figure" and row["figure"] == LAST]
        assert (figure["base"], figure["head"]) == (round(495 / 2310, 6), round(449 / 2310, 6))
        assert figure["difference"] == pytest.approx((449 - 495) / 2310, abs=2e-6)
        assert figure["note"] == "definition changed: not comparable"
        assert figure["cause"] == "definition"
        cells = {row["key"]: row for row in rows if row["what"] == "cell"}
        assert cells["step 4: matured_reached"]["head"] == "449"


class TestInFives:
    def test_two_versions_differ_by_fives_or_not_at_all(self):
        draw = random.Random(3)
        for _ in range(500):
            before = [draw.choice([0, 0, 1, 2, 4, 6, 30]) for _ in range(draw.randint(1, 8))]
            now = list(before)
            now[draw.randrange(len(now))] += 1
            old, new = in_fives(before, 5), in_fives(now, 5)
            assert len(old) == len(before)
            assert sum(old) == sum(before) // 5 * 5
            assert all(number % 5 == 0 and number >= 0 for number in (*old, *new))
            for end in range(1, len(old) + 1):
                assert sum(new[:end]) - sum(old[:end]) in (0, 5)
