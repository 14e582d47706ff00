"""Reach, retention and what is searched on the built sample, against a reading of its seeds."""

import datetime as dt
import hashlib
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from funnelkit.api import Project
from funnelkit.errors import FunnelkitError
from funnelkit.jobs.aha_rules import Facts
from funnelkit.results.pick import aha_breakdown, pick, returning
from funnelkit.results.search_asked import Asked, frames, outcome_events, read_search, search_rules
from funnelkit.results.search_words import search_headline
from funnelkit.table import Table
from funnelkit.warehouse.queries import open_marts
from tests.conftest import ROOT
from tests.sample.reader import DAY, END, Company, read_company

ZONE = ZoneInfo("Europe/Berlin")
COUNTS = ("entrants", "matured", "reached", "reached_so_far", "open", "not_reached")


@pytest.fixture(scope="module")
def company() -> Company:
    return read_company(ROOT / "seeds")


@pytest.fixture(scope="module")
def entries(company: Company) -> dict[str, dt.datetime]:
    return company.entries()


def records(table: Table) -> list[dict[str, Any]]:
    return [dict(row) for row in table.records()]


def names_of(built_sample: Project, section: str, name: str) -> set[str]:
    """The events of a definition, as its file lists them."""
    event = built_sample.variables[section][name]["event"]
    return {event} if isinstance(event, str) else set(event)


def monday(entry: dt.datetime) -> str:
    day = entry.astimezone(ZONE).date()
    return str(day - dt.timedelta(days=day.weekday()))


def times_of(company: Company, user: str, names: set[str]) -> list[dt.datetime]:
    return [event.at for event in company.events[user] if event.name in names]


def third_share(company: Company, user: str, entry: dt.datetime) -> dt.datetime | None:
    """When a user had shared three dashboards, in the first week and the log."""
    shares = [at for at in times_of(company, user, {"dashboard_shared"}) if at >= entry]
    shares = [at for at in shares if at < entry + 7 * DAY]
    return shares[2] if len(shares) > 2 else None


def tally(company: Company, entries: dict[str, dt.datetime], users: list[str]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for user in users:
        entry = entries[user]
        reached = third_share(company, user, entry) is not None
        mature = entry + 7 * DAY <= END
        found.update(
            entrants=1,
            matured=mature,
            reached=mature and reached,
            reached_so_far=reached,
            open=not mature and not reached,
            not_reached=mature and not reached,
        )
    return {name: found[name] for name in COUNTS}


def counts_of(row: dict[str, Any]) -> dict[str, int]:
    return {name: row[name] for name in COUNTS}


def test_reach_is_what_the_seeds_hold(built_sample: Project, company, entries) -> None:
    total, *weeks = records(built_sample.aha("team_value"))
    assert counts_of(total) == tally(company, entries, list(entries))
    groups = defaultdict(list)
    for user, entry in entries.items():
        groups[monday(entry)].append(user)
    assert {row["cohort"]: counts_of(row) for row in weeks} == {
        week: tally(company, entries, users) for week, users in groups.items()
    }
    assert [row["cohort"] for row in weeks] == sorted(groups)


def test_values_stand_behind_everybody_the_largest_first(
    built_sample: Project, company, entries
) -> None:
    for by in ("channel", "country"):  # built for the aha moment; any other property
        total, *values = records(built_sample.aha(by=by))
        groups = defaultdict(list)
        for user, value in company.property_at(by, entries).items():
            groups[value].append(user)
        assert {row["value"]: counts_of(row) for row in values} == {
            value: tally(company, entries, users) for value, users in groups.items()
        }
        sizes = [row["entrants"] for row in values]
        assert sizes == sorted(sizes, reverse=True)
        assert sum(sizes) == total["entrants"]


def test_the_curve_is_read_at_every_third_share(built_sample: Project, company, entries) -> None:
    seconds = sorted(
        (at - entry).total_seconds()
        for user, entry in entries.items()
        if (at := third_share(company, user, entry))
    )
    table = built_sample.aha(times=True)
    assert [row["seconds"] for row in records(table)][1:-1] == pytest.approx(sorted(set(seconds)))
    assert records(table)[0]["at_risk"] == len(entries)


def test_those_that_did_not_reach_it_stand_in_one_row_each(built_sample: Project, entries) -> None:
    total = records(built_sample.aha())[0]
    rows = records(built_sample.aha(stuck=True))
    assert sum(row["entities"] for row in rows) == total["not_reached"]
    assert [row["entities"] for row in rows] == sorted(
        (row["entities"] for row in rows), reverse=True
    )


def test_the_outcome_is_compared_from_the_declaration_on(
    built_sample: Project, company, entries
) -> None:
    names = names_of(built_sample, "outcomes", "retained_week_4")
    groups = {True: Counter[str](), False: Counter[str]()}
    waiting = 0
    for user, entry in entries.items():
        if entry.astimezone(ZONE).date() < dt.date(2026, 3, 1):
            continue
        if entry + 28 * DAY > END:
            waiting += 1
            continue
        stayed = any(
            entry + 21 * DAY <= at < entry + 28 * DAY for at in times_of(company, user, names)
        )
        groups[third_share(company, user, entry) is not None].update(known=1, stayed=stayed)
    found = built_sample.aha().meta["outcome"]
    assert found["since"] == "2026-03-01"
    assert (found["reachers"], found["reachers_happened"]) == tuple(groups[True].values())
    assert (found["others"], found["others_happened"]) == tuple(groups[False].values())
    assert (found["waiting"], found["ineligible"]) == (waiting, 0)


def test_retention_is_what_the_seeds_hold(built_sample: Project, company, entries) -> None:
    names = names_of(built_sample, "outcomes", "retained_week_4")
    cells: dict[tuple[str | None, int], Counter[str]] = defaultdict(Counter)
    for user, entry in entries.items():
        back = {(at - entry) // (7 * DAY) for at in times_of(company, user, names) if at >= entry}
        for week in range((END - entry) // (7 * DAY)):
            for cohort in (None, monday(entry)):
                cells[cohort, week].update(matured=1, retained=week in back)
    found = records(built_sample.retention("retained_week_4", cohorts=True))
    assert {(row["cohort"], row["week"]): (row["matured"], row["retained"]) for row in found} == {
        key: (cell["matured"], cell["retained"]) for key, cell in cells.items()
    }
    assert len(found) == len(cells)


def test_retention_by_aha_is_of_those_whose_week_begins_after_it(
    built_sample: Project, company, entries
) -> None:
    rows = records(built_sample.retention("retained_week_4", by="aha"))
    assert {row["breakdown"] for row in rows} == {"aha:team_value"}
    assert min(row["week"] for row in rows) == 1
    assert list(dict.fromkeys(row["value"] for row in rows)) == ["reached", "not reached"]
    # The fourth week is the outcome's own.
    outcome = built_sample.aha().meta["outcome"]
    fourth = {row["value"]: (row["retained"], row["matured"]) for row in rows if row["week"] == 3}
    assert fourth == {
        "reached": (outcome["reachers_happened"], outcome["reachers"]),
        "not reached": (outcome["others_happened"], outcome["others"]),
    }


def test_what_is_searched_is_what_the_seeds_hold(built_sample: Project, company, entries) -> None:
    with open_marts(built_sample.paths.warehouse) as con:
        asked = read_search(con, built_sample._plan)
        entrants, exposures = frames(con, asked)
    names = names_of(built_sample, "outcomes", asked.search["outcome"])
    salt = asked.search["salt"]
    channel = company.property_at("channel", entries)
    known = sorted(user for user, entry in entries.items() if entry + 28 * DAY <= END)
    people = [
        (
            number,
            dt.date.fromisoformat(monday(entries[user])),
            channel[user],
            any(21 * DAY <= at - entries[user] < 28 * DAY for at in times_of(company, user, names)),
            int(hashlib.md5(f"{user}{salt}".encode()).hexdigest()[:8], 16) < 0.4 * 16**8,
        )
        for number, user in enumerate(known)
    ]
    assert entrants.rows() == people
    assert asked.rules.outcome_events == names
    assert asked.rules.preceding["logged_in"] >= 0.99  # planted: seconds before each view
    assert (asked.entrants, asked.waiting) == (len(entries), len(entries) - len(known))

    expected: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0] * 5)
    for number, user in enumerate(known):
        for event in company.events[user]:
            after = event.at - entries[user]
            if dt.timedelta(0) <= after < 21 * DAY:
                counted = expected[number, event.name]
                counted[0] += after >= 14 * DAY
                for at, days in enumerate((1, 3, 7, 14), start=1):
                    counted[at] += after < days * DAY
    columns = ["entity", "event", "n_alive", "n_1d", "n_3d", "n_7d", "n_14d"]
    found = {tuple(row[:2]): list(row[2:]) for row in exposures.select(columns).rows()}
    assert {key: value for key, value in found.items() if any(value)} == dict(expected)


def test_declared_prerequisites_and_steps_before_a_conversion_are_set_apart(
    built_sample: Project,
) -> None:
    plan = built_sample._plan
    search = {**plan["search"], "prerequisites": ["help_opened"]}
    with open_marts(built_sample.paths.warehouse) as con:
        viewed = search_rules(con, {**plan, "search": search})
        bought = search_rules(con, {**plan, "search": {**search, "outcome": "converted"}})
    assert viewed.prerequisites == {"help_opened"}
    steps = {"signed_up", "source_connected", "dashboard_created", "dashboard_copied"}
    assert bought.prerequisites == viewed.prerequisites
    assert bought.steps_before == steps
    assert not viewed.steps_before
    assert bought.outcome_events == {"dashboard_shared"}


def test_steps_of_a_funnel_lead_to_its_conversion() -> None:
    a, b, c = {"events": ["a"]}, {"events": ["b"], "optional": True}, {"events": ["c", "d"]}

    def told(order: str, *steps: dict[str, Any]) -> tuple[list[str], list[str]]:
        return outcome_events({"kind": "funnel", "rules": {"order": order, "steps": list(steps)}})

    assert told("ordered", a, b, c) == (["c", "d"], ["a"])
    assert told("ordered", a, c, b) == (["c", "d"], ["a"])
    assert told("any", a, c) == (["a", "c", "d"], [])
    assert outcome_events({"kind": "sum", "events": ["e"]}) == (["e"], [])


def test_a_search_has_one_row_an_event_and_the_decoy_is_seen_through(built_sample: Project) -> None:
    table = built_sample.aha_search()
    rows = {row["event"]: row for row in records(table)}
    assert len(rows) == len(table.rows)
    assert rows["search_used"]["verdict"] == "goes with activity"
    assert rows["logged_in"]["verdict"] == "set apart"
    order = ["accepted", "goes with activity", "not confirmed", "not proposed", "set apart"]
    verdicts = [order.index(row["verdict"]) for row in records(table)]
    assert verdicts == sorted(verdicts)
    assert table.meta["definition_hash"]
    told = " ".join(table.notes)
    assert "Level 5 %" in told
    assert "association" in told
    run = table.meta["run"]
    assert f"{run['discovery']:,} proposed, {run['confirmation']:,} others decided" in told
    assert built_sample.aha_search() == table


def test_cells_are_of_the_same_search(built_sample: Project) -> None:
    cells = records(built_sample.aha_search(cells=True))
    chosen = {row["event"]: (row["at_least"], row["within_days"]) for row in cells if row["chosen"]}
    searched = [
        row for row in records(built_sample.aha_search()) if row["verdict"] not in ("set apart",)
    ]
    assert {row["event"]: (row["at_least"], row["within_days"]) for row in searched} == chosen


def test_churn_is_staying_turned_around(built_sample: Project) -> None:
    stayed = {
        row["event"]: row for row in records(built_sample.aha_search(outcome="retained_week_4"))
    }
    churned = built_sample.aha_search(outcome="churned")
    assert churned.meta["outcome"] == "churned"
    assert churned.meta["definition_hash"] != built_sample.aha_search().meta["definition_hash"]
    for row in records(churned):
        other = stayed[row["event"]]
        if row["rd"] is not None and other["rd"] is not None:
            assert row["rd"] == pytest.approx(-other["rd"])


def test_nothing_is_found_in_a_shuffled_outcome(built_sample: Project) -> None:
    table = built_sample.aha_null(runs=40)
    (row,) = records(table)
    assert row["runs"] == 40
    assert row["accepted_runs"] <= 5  # 2 are expected at the level of 5 %
    assert row["share"] == row["accepted_runs"] / 40 <= row["hi"]
    assert "With the outcome shuffled 40 times" in table.headline


def told(call: Any) -> tuple[str, str | None]:
    with pytest.raises(FunnelkitError) as caught:
        call()
    return caught.value.message, caught.value.hint


def test_what_is_asked_for_and_is_not_there(built_sample: Project) -> None:
    assert told(lambda: built_sample.aha("team_valu")) == (
        "no aha moment is called 'team_valu'",
        "did you mean 'team_value'?",
    )
    assert told(lambda: built_sample.aha(by="chanel")) == (
        "no user property is called 'chanel'",
        "did you mean 'channel'?",
    )
    assert told(lambda: built_sample.aha(by="channel", stuck=True))[0] == (
        "--by and --stuck are different tables: ask for one"
    )
    assert told(lambda: built_sample.retention("retained_week_5")) == (
        "no outcome is called 'retained_week_5'",
        "did you mean 'retained_week_4'?",
    )
    assert told(lambda: built_sample.retention("converted"))[0] == (
        "outcome 'converted' is not of events that can occur again each week"
    )
    assert (
        told(lambda: built_sample.retention("retained_week_4", by="chanel"))[1]
        == "did you mean 'channel'?"
    )
    assert (
        told(lambda: built_sample.retention("retained_week_4", by="aha:team"))[0]
        == "no aha moment is called 'team'"
    )
    message, hint = told(lambda: built_sample.aha_search(outcome="converted"))
    assert message.startswith(
        "outcome 'converted' begins 3 days after the entry, before the search"
    )
    assert "21 days" in message
    assert hint
    assert told(lambda: built_sample.aha_search(outcome="churnd"))[1] == "did you mean 'churned'?"


def test_which_of_several_is_meant() -> None:
    moments = [{"name": "a"}, {"name": "b"}]
    assert pick("b", moments, "aha moment") == {"name": "b"}
    assert pick(None, moments[:1], "aha moment") == {"name": "a"}
    assert told(lambda: pick(None, moments, "aha moment")) == (
        "this project has 2 aha moments: which one?",
        "known: a, b; for example `funnelkit aha a`",
    )
    assert told(lambda: pick(None, [], "outcome")) == (
        "this project declares no outcome",
        "add one under `vars: funnelkit: outcomes:`",
    )
    plan = {"moments": moments, "outcomes": []}
    assert aha_breakdown(plan, "aha:b") == "aha:b"
    assert aha_breakdown(plan, "ahab") == "ahab"
    assert told(lambda: aha_breakdown(plan, "aha"))[1] == ("for example `--by aha:a`; known: a, b")
    assert returning(plan, "x") == []
    of_funnel = {"name": "bought", "kind": "funnel", "negated": False}
    message, hint = told(lambda: returning({**plan, "outcomes": [of_funnel]}, None))
    assert message == "no outcome is of events that can occur again each week"
    assert hint is not None
    assert hint.endswith("; declared: bought")


def test_a_project_without_any_of_it(built_sample: Project, tmp_path: Path) -> None:
    import funnelkit as fk

    (tmp_path / "dbt_project.yml").write_text(
        "name: x\nvars: {funnelkit: {funnels: {f: {steps: [a, b], window: 1 day}}}}\n"
    )
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "warehouse.duckdb").write_bytes(built_sample.paths.warehouse.read_bytes())
    project = fk.open(tmp_path)
    assert told(project.aha)[0] == "this project declares no aha moment"
    assert told(project.retention)[0] == "this project declares no outcome"
    assert told(project.aha_search)[0] == "this project declares no search"
    assert told(project.aha_null)[0] == "this project declares no search"


def finding(event: str, verdict: str, **more: Any) -> dict[str, Any]:
    figures = {"at_least": 3, "within_days": 7, "n": 1200, "ppv": 0.6, "rate_without": 0.2}
    figures |= {"reach": 0.25}
    figures |= {"rd": 0.38, "rd_lo": 0.31, "rd_hi": 0.45}
    return {"event": event, "verdict": verdict, **figures, **more}


def headline(*findings: dict[str, Any], eligible: int = 2000) -> str:
    search: dict[str, Any] = {"entity": "user_id", "outcome": "stayed"}
    search |= {"xmax_us": 14 * 86_400_000_000, "landmark_us": 21 * 86_400_000_000}
    asked = Asked({"search": search}, None, 0, 0, 0)  # type: ignore[arg-type]
    verdicts = Counter(each["verdict"] for each in findings)
    facts = Facts(eligible, 0, 0, 0, 0, 0, 0, 0, None, None, None, dict(verdicts))
    return search_headline(findings, asked, facts)


def test_the_finding_of_a_search_in_a_sentence() -> None:
    share, other = finding("share", "accepted"), finding("help", "not proposed")
    assert headline(share, other, finding("login", "set apart")) == (
        "1 of 2 searched behaviours goes with stayed, confirmed on users that had no part in "
        "finding it: share at least 3 times in 7 days. Of 1,200 users there that were still active "
        "14 days to 21 days after the entry, 60.0 % of the 300 that did it have the outcome, and "
        "20.0 % of the 900 others; like for like +38.0 pp, 95 % interval +31.0 to +45.0 pp. An "
        "association: that it causes stayed is not shown."
    )
    more = headline(share, finding("view", "accepted"), other)
    assert more.startswith(
        "2 of 3 searched behaviours go with stayed, confirmed on users that had no part"
    )
    assert "; the one that may be worth most is share at least 3 times in 7 days." in more
    once = headline(finding("share", "accepted", at_least=1, within_days=1))
    assert "share at least once in 1 day." in once
    assert headline(other) == "None of 1 searched behaviour was shown to go with stayed."
    assert headline(finding("view", "goes with activity")).endswith(
        "; 1 goes with doing more of everything."
    )
    assert headline(finding("view", "not enough")) == (
        "There are not enough entrants to search for what goes with stayed."
    )
    assert headline(finding("login", "set apart")) == (
        "Nothing was left to be searched for what goes with stayed."
    )
    assert headline(eligible=0) == "Nobody's outcome stayed is known yet."
