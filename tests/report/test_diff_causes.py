"""Why numbers moved between two versions of a report: the cause that acted, and no other."""

import duckdb
import pytest

from funnelkit.report.diff import FigureChange, compare, told
from funnelkit.report.diff_causes import (
    ANSWERS,
    GONE,
    LATE,
    MERGES,
    NEW_DATA,
    OTHERS,
    SHORTER,
    USERS,
    ZONE,
    DataCauses,
    Rows,
)
from funnelkit.report.diff_markdown import write_diff
from funnelkit.report.diff_rows import diff_table
from funnelkit.report.diff_tables import changed_tables
from funnelkit.report.diff_words import lead_sentence
from funnelkit.report.headlines import Headline, headlines
from funnelkit.table import Table
from funnelkit.warehouse.queries import query
from tests.report.data import section, week_start, weeks
from tests.report.test_diff import LAST, data, difference, inputs, moved, only, version
from tests.report.test_diff import SHORTER as SEVEN_DAYS
from tests.report.test_scorecard import whole

FEWER = section(steps=SEVEN_DAYS.steps)


def why(made):
    text = write_diff(made)
    assert not [row for row in text.splitlines() if row.strip() in ("-", "*") or row.endswith(": ")]
    return text


@pytest.mark.parametrize(
    ("events", "cause", "words"),
    [
        (2036, LATE, "**Late data**: 36 events more"),
        (1964, GONE, "**Events are gone**: 36 events fewer"),
        (2000, OTHERS, "**Other events**: as many, but others (renamed or corrected)"),
        (None, OTHERS, "**Other events**: not those of before (a week withholds how many)"),
    ],
)
def test_a_week_that_changed_is_told_by_its_sign(events, cause, words):
    made = difference(data(), data(FEWER, inputs=inputs((3, "digest", "x"), (3, "events", events))))
    assert moved(only(made), LAST).causes == (cause,)
    assert words in why(made)
    assert ("rows came late" in write_diff(made)) == (cause == LATE)


def test_weeks_of_different_signs_are_causes_of_their_own():
    changed = inputs((3, "digest", "x"), (3, "events", 2009), (5, "digest", "y"), (5, "events", 1))
    found = only(difference(data(), data(inputs=changed))).data
    assert found.late == (9, (week_start(3),))
    assert found.gone == (-1999, (week_start(5),))
    assert found.others is None


def test_a_log_that_ends_earlier_is_neither_late_nor_merged():
    """A branch that was built before the last days of main."""
    short = inputs((22, "digest", "x"), (22, "events", 1489), number=23)
    head = data(FEWER, inputs=short, last_event="2026-06-11T08:00:00Z")
    made = difference(data(), head)
    found = only(made).data
    # Of 26 weeks three are missing, and of the last one 511 events.
    assert found == DataCauses(
        shorter=Rows(-6511, tuple(week_start(each) for each in range(22, 26))),
        unclear=found.unclear,
    )
    assert moved(only(made), LAST).causes == (SHORTER,)
    text = why(made)
    assert "because the log ends earlier" in text.partition("\n")[0]
    assert "6,511 events fewer" in text
    assert "that of `main` at 2026-07-05 23:58 UTC" in text


def test_under_a_shorter_log_earlier_weeks_still_compare():
    short = inputs((3, "digest", "x"), (3, "events", 2009), (4, "people", "y"), number=23)
    found = only(difference(data(), data(inputs=short, last_event="2026-06-14T23:00:00Z"))).data
    assert found.late == (9, (week_start(3),))
    assert found.merges is None  # rows that are missing may have joined them
    assert week_start(4) in found.unclear[-1]


def test_late_data_stand_beside_new_weeks():
    """What new weeks differ by does not replace the late rows of old ones."""
    more = inputs((3, "digest", "x"), (3, "events", 2009), number=28)
    head = data(
        section(trend=weeks(28), steps=SEVEN_DAYS.steps),
        inputs=more,
        last_event="2026-07-19T23:00:00Z",
    )
    made = difference(data(section(trend=weeks(26))), head)
    figure = moved(only(made), LAST)
    assert figure.causes == (NEW_DATA, LATE)
    assert figure.between is not None
    (row,) = [each for each in why(made).splitlines() if each.startswith(f"| activation: {LAST}")]
    assert "new data and late data, not told apart; " in row
    assert "95 % interval" in row


class TestDefinitionAndData:
    late = inputs((3, "digest", "x"), (3, "events", 2021))

    def made(self, now=None):
        report = only(difference(data(), data(SEVEN_DAYS, inputs=self.late)))
        made = difference(data(), data(SEVEN_DAYS, inputs=self.late))
        return made._replace(reports=(told(report, None, now),)) if now else made

    def test_both_are_said(self):
        made = self.made()
        assert "its definition changed and rows came late" in lead_sentence(made)
        assert "not comparable**; late data too, not told apart" in write_diff(made)

    def test_data_that_moved_nothing_are_not_said_to_be_the_same(self):
        """By the earlier rules the present data give what they gave: all is the definition's."""
        made = self.made(data(inputs=self.late))
        lead = lead_sentence(made)
        assert "its definition changed, and that is all of it (late data moved none of it)" in lead
        assert "the data did not" not in lead
        assert "not comparable**; late data moved none of it" in write_diff(made)

    def test_a_definition_that_moved_nothing_is_not_the_cause(self):
        made = self.made(data(SEVEN_DAYS, inputs=self.late))
        assert "rows came late, and that is all of it (definition moved none" in lead_sentence(made)

    def test_causes_together_are_all_named(self):
        base = Headline("f", "x", "share", 0.5, None, None, 90, "f")
        both = (NEW_DATA, LATE, MERGES)
        figure = FigureChange(base, base._replace(value=0.6), both)
        made = difference(data(), data(FEWER))
        text = lead_sentence(made._replace(reports=(only(made)._replace(figures=(figure,)),)))
        assert "there is new data, rows came late and ids turned out to be other people's" in text


def test_the_time_zone_is_a_cause_of_its_own():
    base, head = data(timezone="Europe/Berlin"), data(FEWER, timezone="America/New_York")
    made = difference(base, head)
    figure = moved(only(made), LAST)
    assert figure.causes == (ZONE,)
    text = why(made)
    assert "the time zone changed and the data did not" in text.partition("\n")[0]
    assert "**Time zone**: Europe/Berlin → America/New" in text
    assert "**time zone changed: not comparable**" in text
    assert "another version of funnelkit" not in text
    # A version that did not write it is not another time zone.
    assert moved(only(difference(data(), head)), LAST).causes == ()


def test_a_hash_that_a_time_zone_changed_says_so():
    head = data(section(definition_hash="0" * 12), timezone="UTC")
    text = write_diff(difference(data(timezone="Asia/Tokyo"), head))
    assert "its words are the same, the time zone is not" in text


def test_figures_rest_on_what_they_are_made_from():
    rests = {each.figure: each.rests_on for each in headlines(whole())}
    some = Rows(1, ("2026-01-05",))
    acted = DataCauses(some, some, some, some, some, some, users=True, answers=True)
    names = {figure: acted.names(of) for figure, of in rests.items()}
    assert names["NPS"] == (MERGES, USERS, ANSWERS)
    assert names["Interviews a week"] == (NEW_DATA, SHORTER, MERGES, USERS, ANSWERS)
    assert names["Revenue"] == (NEW_DATA, SHORTER, MERGES, USERS)
    assert names["Gap between say and do: exports"] == (*acted.of_events, USERS, ANSWERS)
    # A copy of the figure of an aha moment moves by what that moves by.
    assert names["Reach of team_value"] == acted.names(headlines(data())[-1].rests_on)
    assert ANSWERS not in names["Reach of team_value"]


def test_answers_where_there_were_none_are_a_cause():
    base, head = data(timezone="UTC"), data(timezone="UTC", answers_digest="b")
    assert only(difference(base, head)).data.answers
    assert not only(difference(data(), data(answers_digest="b"))).data.answers


def test_metrics_of_a_scorecard_change_and_do_not_come_and_go():
    one = {"data/scorecard-customers.csv": b"metric,kind,value\nReach,reach,0.2\nNPS,nps,0.1\n"}
    other = {"data/scorecard-customers.csv": b"metric,kind,value\nReach,reach,0.1\nNPS,nps,0.1\n"}
    ((_, _, rows),) = changed_tables(one, other)
    assert [(row.key, row.what, row.cells) for row in rows] == [
        ("Reach", "changed", (("value", "0.2", "0.1"),))
    ]


class TestEdited:
    def test_a_table_that_no_page_follows_has_no_false_cause(self):
        """A cell of a CSV file was changed by hand, and nothing else."""
        before = version(data())
        files = dict(before.reports["activation"])
        name = "data/activation-steps.csv"
        cell = b",495,"
        assert files[name].count(cell) >= 1
        files[name] = files[name].replace(cell, b",450,")
        text = why(compare(before, before._replace(reports={"activation": files})))
        assert f"`{name}` does not follow from definitions and data" in text
        assert "funnelkit report check" in text
        assert "another version of funnelkit" not in text

    def test_counts_that_their_digest_does_not_give(self):
        made = difference(data(), data(inputs=inputs((3, "events", 2100))))
        assert only(made).data == DataCauses(edited=(week_start(3),))
        text = why(made)
        assert "`data/inputs.csv` does not follow from the log" in text
        assert "the same events of the same people" not in text


def test_the_same_rows_loaded_again_move_no_number():
    quality = data().quality
    again = Table(quality.columns, tuple((row[0], row[1] + 1, *row[2:]) for row in quality.rows))
    made = difference(data(), data(quality=again))
    text = why(made)
    assert "**Raw rows**" in text
    assert "another version of funnelkit" not in text


class TestRenamed:
    def test_a_report_of_the_same_is_told_as_renamed(self):
        made = compare(version(data()), version(data(SEVEN_DAYS, slug="funnel")))
        report = only(made)
        assert (report.slug, report.slug_before, report.what) == ("funnel", "activation", "changed")
        assert moved(report, LAST).difference is not None
        assert made.number == 1
        text = why(made)
        assert "the report `activation` is now called `funnel`" in text
        assert "was removed" not in text
        (row,) = [each for each in diff_table(made).records() if each["what"] == "report"]
        assert (row["base"], row["head"], row["note"]) == ("activation", "funnel", "renamed")

    def test_without_other_changes(self):
        made = compare(version(data()), version(data(slug="funnel")))
        assert "renamed, and no headline figure of it moved" in lead_sentence(made)

    def test_two_that_may_be_it_are_not_guessed(self):
        after = version(data(slug="one"), data(slug="two"))
        made = compare(version(data()), after)
        assert [each.what for each in made.reports] == ["removed", "added", "added"]


ROWS = [("u1", "a1", "2026-01-01", '{"plan": "free"}'), ("u2", None, "2026-02-01", None)]
ANSWER = ("r1", "u1", "survey", "q", "nps", None, 9.0, "fine", "en", None, "2026-03-01")


def digests(users, answers):
    """What `log_others` gives for these rows."""
    with duckdb.connect() as con:
        con.execute(
            "create table stg_raw__users as select * from (values {}) as t(logged_id, account_id,"
            " valid_from, properties, reject_reason)".format(
                ", ".join("(?, ?, cast(? as timestamp), ?, null)" for _ in users)
            ),
            [value for row in users for value in row],
        )
        con.execute(
            "create table stg_raw__feedback (response_id varchar, user_id varchar, source varchar,"
            " question varchar, kind varchar, feature varchar, score double, text varchar,"
            " language varchar, product varchar, submitted_at timestamp, reject_reason varchar)"
        )
        for row in answers:
            con.execute(
                f"insert into stg_raw__feedback values ({', '.join('?' * 11)}, null)", list(row)
            )
        row = query(con, "log_others")[0]
    return row["users_digest"], row["answers_digest"]


class TestDigests:
    def test_loading_the_same_again_changes_nothing(self):
        once = digests(ROWS, [ANSWER])
        assert digests([*ROWS, *ROWS[::-1]], [ANSWER, ANSWER]) == once
        assert digests([*ROWS, *ROWS, *ROWS], [ANSWER] * 3) == once
        assert None not in once

    def test_every_column_counts(self):
        once = digests(ROWS, [ANSWER])
        other = replace_at(ANSWER, 4, "ces")
        assert digests(ROWS, [other])[1] != once[1]
        assert digests([ROWS[0], (*ROWS[1][:3], "{}")], [ANSWER])[0] != once[0]
        assert digests(ROWS, [])[1] is None

    def test_the_difference_of_two_is_not_the_hash_of_a_row(self):
        """Who knows an id could else try times and plans."""
        one, both = (int(digests(rows, [])[0], 16) for rows in (ROWS[:1], ROWS))
        with duckdb.connect() as con:
            ((found,),) = con.execute(
                "select md5('u2' || chr(31) || chr(31) || cast(epoch_us(timestamp '2026-02-01') as"
                " varchar) || chr(31))[:12]"
            ).fetchall()
        row = int(found, 16)
        assert row not in (one ^ both, (both - one) % 2**48)

    def test_weeks_are_hashed_once_more_too(self):
        with duckdb.connect() as con:
            con.execute("create table int_log_ids (logged_id varchar, first_seen_at timestamp)")
            con.execute("create table int_identities (logged_id varchar, user_id varchar)")
            con.execute(
                "create table fct_events as select * from (values"
                " ('e1', 'u1', 'signed_up', timestamp '2026-01-06', '{}'),"
                " ('e2', 'u2', 'signed_up', timestamp '2026-01-07', null)"
                ") as t(event_id, user_id, event_name, occurred_at, properties)"
            )
            until = ("2026-01-06T12:00:00", None)
            one, both = (query(con, "log_weeks", until=end)[0] for end in until)
            ((event, person),) = con.execute(
                "select md5('e2' || chr(31) || 'signed_up' || chr(31) || cast(epoch_us(timestamp"
                " '2026-01-07') as varchar) || chr(31))[:12], md5('e2' || chr(31) || 'u2')[:12]"
            ).fetchall()
        for name, row in (("digest", event), ("people", person)):
            assert one[name] != both[name]
            assert int(one[name], 16) ^ int(both[name], 16) != int(row, 16)


def replace_at(row, number, value):
    return (*row[:number], value, *row[number + 1 :])
