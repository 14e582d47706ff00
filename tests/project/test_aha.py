"""Outcomes, aha moments and the search: typed as documented, mistakes told at their place."""

import datetime as dt
import itertools
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from funnelkit.errors import FunnelkitError
from funnelkit.project.aha import Distinct, Moment, Outcome, Rules, Search
from funnelkit.project.definitions import Definitions
from funnelkit.project.durations import format_duration
from funnelkit.project.read import read
from funnelkit.warehouse.macros import aha_plan

DAY = 86_400_000_000
PROJECT = """\
vars:
  funnelkit:
    event_properties: {n: integer, team: varchar, price: "decimal(18,2)"}
    user_properties: {channel: varchar, plan: varchar}
    funnels:
      buy: {steps: [a, b], window: 14 days, breakdowns: [plan]}
      grow: {steps: [a, {name: o, optional: true}, b, c], step_window: 3 days, entity: account_id}
      ever: {steps: [a, b]}
    outcomes:
      back: {event: [x, y], after: 21 days, within: 7 days}
      bought: {funnel: buy, after: 7 days, within: 14 days}
      grown: {funnel: grow, after: 2 days, within: 14 days}
      gone: {not: back}
"""


def written(folder: Path, block: str) -> Path:
    file = folder / "dbt_project.yml"
    lines = "".join(f"    {line}\n" for line in block.splitlines())
    file.write_text(PROJECT + lines, encoding="utf-8")
    return file


def defined(folder: Path, block: str) -> Definitions:
    return read(written(folder, block)).definitions


def mistakes(folder: Path, block: str) -> list[str]:
    with pytest.raises(FunnelkitError) as caught:
        read(written(folder, block))
    return caught.value.message.splitlines()


def outcome(folder: Path, rules: str) -> Path:
    """The file of the project with one more outcome, `o`, on line 14."""
    file = written(folder, "")
    file.write_text(file.read_text() + f"      o: {rules}\n", encoding="utf-8")
    return file


def test_outcomes_are_typed(tmp_path):
    file = outcome(tmp_path, "{event: p, where: n > 1, sum: n, at_least: 5, after: 1d, within: 2d}")
    found = read(file).definitions.outcomes
    assert found["o"].model_dump(exclude_none=True) == {
        "event": ("p",),
        "where": "n > 1",
        "sum": "n",
        "at_least": 5,
        "after_us": DAY,
        "within_us": 2 * DAY,
        "description": "",
    }
    assert found["back"].event == ("x", "y")
    assert (found["bought"].funnel, found["bought"].after_us) == ("buy", 7 * DAY)
    assert (found["gone"].not_, found["gone"].after_us) == ("back", None)


def test_an_opposite_may_hold_its_rules_itself(tmp_path):
    file = outcome(tmp_path, "{not: {event: x, after: 1 day, within: 2 days}, description: d}")
    found = read(file).definitions.outcomes["o"]
    assert found.not_ == Rules.model_validate({"event": "x", "after": "1 day", "within": "2 days"})
    assert found.description == "d"


def test_aha_moments_are_typed(tmp_path):
    found = defined(
        tmp_path,
        "aha_moments:\n"
        "  a: {event: e, within: 7 days, funnel: buy}\n"
        "  b:\n"
        "    {event: [e, f], where: n > 0, at_least: 3, count: {distinct: team}, within: 1 day,\n"
        "     outcome: gone, entity: team, entry: a, declared_on: 2026-03-01, breakdowns: [plan]}\n"
        "  c: {event: e, count: days, within: 21 days, outcome: back, entity: user_id,\n"
        "      entry: {event: [a, b], where: n = 1}}\n",
    ).aha_moments
    assert (found["a"].at_least, found["a"].count, found["a"].breakdowns) == (1, "events", None)
    assert (found["a"].funnel, found["a"].outcome, found["a"].declared_on) == ("buy", None, None)
    b = found["b"]
    assert (b.event, b.where, b.at_least, b.within_us) == (("e", "f"), "n > 0", 3, DAY)
    assert b.count == Distinct(distinct="team")
    assert (b.declared_on, b.breakdowns) == (dt.date(2026, 3, 1), ("plan",))
    assert b.entry is not None
    assert (b.entity, b.entry.event, b.entry.where) == ("team", ("a",), None)
    c = found["c"]
    assert c.entry is not None
    assert (c.count, c.entry.event, c.entry.where) == ("days", ("a", "b"), "n = 1")


def test_a_search_has_the_documented_defaults(tmp_path):
    found = defined(tmp_path, "aha_search: {funnel: buy, outcome: back}").aha_search
    assert found is not None
    # Contract: k in 1, 2, 3, 5, 7, 10; X in 1, 3, 7, 14 days; a week to be alive in.
    assert (found.counts, found.days, found.alive_us) == (
        *((1, 2, 3, 5, 7, 10), (1, 3, 7, 14)),
        7 * DAY,
    )
    assert (found.stratify_by, found.events, found.prerequisites) == ((), None, ())
    other = defined(
        tmp_path,
        "aha_search: {entity: team, entry: a, outcome: back, counts: [2], days: [1, 2],\n"
        "  alive: 1 day, stratify_by: [plan], events: e, prerequisites: [l], salt: s}",
    ).aha_search
    assert other is not None
    assert (other.counts, other.days, other.alive_us) == ((2,), (1, 2), DAY)
    assert (other.stratify_by, other.events, other.prerequisites, other.salt) == (
        *(("plan",), ("e",)),
        *(("l",), "s"),
    )


def test_a_project_without_any_of_them_is_fine(tmp_path):
    found = defined(tmp_path, "reports: {r: {aha: [], funnels: [buy]}}")
    assert (found.aha_moments, found.aha_search) == ({}, None)
    assert found.reports["r"].aha == ()


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ("{}", ": nothing to look for; write event, funnel or not"),
        ("{after: 1 day, within: 1 day}", ": nothing to look for; write event, funnel or not"),
        ("{evnt: x}", ".evnt: unknown key; did you mean 'event'?"),
        ("[x]", ": must be a mapping of key: value, not a list"),
        ("{event: x, within: 1 day}", ".after: missing; write after: 21 days"),
        ("{event: x, after: 1 day, within: null}", ".within: missing; write within: 7 days"),
        ("{event: x, after: soon, within: 1 day}", ".after: 'soon' is not a duration; accepted: "),
        ("{event: x, after: 0 days, within: 1 day}", ".after: '0 days' is not a duration between"),
        (
            "{event: x, at_least: 0, after: 1 day, within: 1 day}",
            ".at_least: 0 is not a whole number from 1 on",
        ),
        (
            "{event: x, funnel: buy, after: 1 day, within: 1 day}",
            ".funnel: not beside event; write one of them",
        ),
        (
            "{event: x, sum: n, after: 1 day, within: 1 day}",
            ".at_least: missing; write how much the sum must be: at_least: 5000",
        ),
        (
            "{event: x, sum: team, at_least: 1, after: 1 day, within: 1 day}",
            ".sum: 'team' is varchar; sum needs integer, bigint or decimal(p,s)",
        ),
        (
            "{event: x, sum: teem, at_least: 1, after: 1 day, within: 1 day}",
            ".sum: unknown event property 'teem'; did you mean 'team'?",
        ),
        (
            "{event: x, sum: plan, at_least: 1, after: 1 day, within: 1 day}",
            ".sum: 'plan' is a user property; sum needs an event property",
        ),
        ("{funnel: zzz, after: 1 day, within: 1 day}", ".funnel: unknown funnel 'zzz'; known: buy"),
        (
            "{funnel: buy, at_least: 2, after: 1 day, within: 1 day}",
            ".at_least: not beside funnel, whose steps say it; leave it out",
        ),
        (
            "{funnel: buy, after: 14 days, within: 1 day}",
            ".after: 14 days is not before the end of the window of funnel 'buy', 14 days: nothing "
            "is left to look at; write a shorter time",
        ),
        (  # two gaps between its three required steps
            "{funnel: grow, after: 6 days, within: 1 day}",
            ".after: 6 days is not before the end of the window of funnel 'grow', 6 days: nothing "
            "is left to look at; write a shorter time",
        ),
        ("{not: o}", ".not: the opposite of itself; name another outcome"),
        ("{not: bakc}", ".not: unknown outcome 'bakc'; did you mean 'back'?"),
        ("{not: gone}", ".not: 'gone' is itself the opposite of another; name that one"),
        ("{not: 7}", ".not: must be a mapping of key: value, not 7"),
        ("{not: back, within: 7 days}", ".within: not beside `not`, which has its own; leave it o"),
        ("{not: {after: 1 day}}", ".not: nothing to look for; write event or funnel"),
        (
            "{not: {not: back}}",
            ".not.not: unknown key; known: after, at_least, event, funnel, sum, where, within",
        ),
        (
            "{not: {evnt: x, after: 1 day, within: 1 day}}",
            ".not.evnt: unknown key; did you mean 'event'?",
        ),
        ("{not: {event: x, after: 1 day}}", ".not.within: missing; write within: 7 days"),
    ],
)
def test_a_mistake_of_an_outcome_is_told_at_its_place(tmp_path, rules, told):
    (found,) = mistakes_of(outcome(tmp_path, rules))
    assert found.startswith(f"dbt_project.yml:14: outcomes.o{told}")


def mistakes_of(file: Path) -> list[str]:
    with pytest.raises(FunnelkitError) as caught:
        read(file)
    return caught.value.message.splitlines()


@pytest.mark.parametrize(
    "rules",
    [
        "{funnel: buy, after: 13 days, within: 100 days}",
        "{funnel: grow, after: 5 days, within: 1 day}",
        "{funnel: ever, after: 500 days, within: 1 day}",  # without a window nothing cuts it
        "{event: x, sum: price, at_least: 1, after: 1 day, within: 1 day}",
        "{not: {funnel: buy, after: 1 day, within: 1 day}}",
    ],
)
def test_outcomes_that_can_be(tmp_path, rules):
    assert read(outcome(tmp_path, rules)).definitions.outcomes["o"]


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ("within: 1 day", ": no entry to count from; write funnel, or entity and entry"),
        ("within: 1 day, entity: user_id", ".entry: missing; write entry: signed_up"),
        ("within: 1 day, entry: a", ".entity: missing; write entity: user_id"),
        (
            "within: 1 day, funnel: buy, entry: a",
            ".entry: not beside funnel, which has its own; leave one of them out",
        ),
        ("within: 1 day, funnel: zzz", ".funnel: unknown funnel 'zzz'; known: buy, ever, grow"),
        ("within: 1 day, entity: usr_id, entry: a", ".entity: unknown entity 'usr_id'; did you me"),
        ("within: 1 day, entity: plan, entry: a", ".entity: 'plan' is a user property; an entity"),
        (
            "within: 1 day, entity: session_id, entry: a",
            ".entity: session_id needs sessions: {idle: 30 minutes}",
        ),
        ("within: 1 day, entity: user_id, entry: []", ".entry.event: an empty list; name at least"),
        ("within: 1 day, entity: user_id, entry: 7", ".entry: must be a mapping of key: value, no"),
        (
            "within: 1 day, entity: user_id, entry: {wher: x, event: a}",
            ".entry.wher: unknown key; did you mean 'where'?",
        ),
        (
            "within: 1 day, entity: user_id, entry: {where: x}",
            ".entry.event: missing; write {event: …}",
        ),
        ("funnel: buy", ".within: missing; write within: 7 days"),
        ("within: 1 day, funnel: buy, at_least: 1.5", ".at_least: 1.5 is not a whole number from"),
        (
            "within: 1 day, funnel: buy, count: dayz",
            ".count: 'dayz' is not accepted; write events, days or {distinct: an event property}",
        ),
        (
            "within: 1 day, funnel: buy, count: {distinct: teem}",
            ".count.distinct: unknown event property 'teem'; did you mean 'team'?",
        ),
        (
            "within: 1 day, funnel: buy, count: {distinct: plan}",
            ".count.distinct: 'plan' is a user property; distinct needs an event property",
        ),
        (
            "within: 1 day, funnel: buy, count: {}",
            ".count.distinct: missing; write {distinct: an event property}",
        ),
        ("within: 1 day, funnel: buy, outcome: bak", ".outcome: unknown outcome 'bak'; did you me"),
        (
            "within: 1 day, funnel: buy, outcome: grown",
            ".outcome: 'grown' is of funnel 'grow', which counts account_id, and here user_id "
            "counts; write an outcome of events, or a funnel of the same entity",
        ),
        (
            "within: 22 days, funnel: buy, outcome: back",
            ".within: 22 days is longer than until outcome 'back' begins, 21 days after the entry; "
            "write at most that",
        ),
        (  # an opposite begins when the other does
            "within: 22 days, funnel: buy, outcome: gone",
            ".within: 22 days is longer than until outcome 'gone' begins, 21 days after the entry; "
            "write at most that",
        ),
        ("within: 1 day, funnel: buy, breakdowns: [n]", ".breakdowns[0]: 'n' is an event property"),
        (
            "within: 1 day, funnel: buy, breakdowns: [plan, plan]",
            ".breakdowns[1]: 'plan' again; once is enough",
        ),
        (
            "within: 1 day, funnel: buy, breakdowns: [pln]",
            ".breakdowns[0]: unknown user property 'pln'; did you mean 'plan'?",
        ),
        (
            "within: 1 day, funnel: buy, declared_on: 2026-03",
            ".declared_on: '2026-03' is not a date; write 2026-02-14",
        ),
        ("within: 1 day, funnel: buy, declard_on: x", ".declard_on: unknown key; did you mean 'de"),
    ],
)
def test_a_mistake_of_an_aha_moment_is_told_at_its_place(tmp_path, rules, told):
    found = mistakes(tmp_path, f"aha_moments:\n  m: {{event: e, {rules}}}")
    assert [line.partition(": ")[0] for line in found] == ["dbt_project.yml:15"]
    assert found[0].startswith(f"dbt_project.yml:15: aha_moments.m{told}"), found


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ("funnel: buy", ".outcome: missing; name one of `outcomes`"),
        ("outcome: back", ": no entry to count from; write funnel, or entity and entry"),
        ("funnel: buy, outcome: bak", ".outcome: unknown outcome 'bak'; did you mean 'back'?"),
        ("funnel: buy, outcome: grown, days: [1], alive: 1 hour", ".outcome: 'grown' is of funnel"),
        ("funnel: buy, outcome: back, counts: []", ".counts: [] is not a list of numbers; write ["),
        ("funnel: buy, outcome: back, counts: 3", ".counts: 3 is not a list of numbers; write [1"),
        ("funnel: buy, outcome: back, counts: [0]", ".counts: 0 is not a whole number from 1 on"),
        ("funnel: buy, outcome: back, counts: [2, 1]", ".counts: write each number once, the smal"),
        ("funnel: buy, outcome: back, days: [1, 1]", ".days: write each number once, the smallest"),
        (
            f"funnel: buy, outcome: back, counts: {list(range(1, 52))}",
            ".counts: too many: at most 50",
        ),
        (
            "funnel: buy, outcome: back, days: [3, 15]",
            ".days: the longest, 15 days, and alive, 7 days, end 22 days after the entry; outcome "
            "'back' begins 21 days after it",
        ),
        (
            "funnel: buy, outcome: back, alive: 8 days",
            ".alive: the longest, 14 days, and alive, 8 days, end 22 days after the entry; outcome "
            "'back' begins 21 days after it",
        ),
        (
            "funnel: buy, outcome: bought",
            ".days: the longest, 14 days, and alive, 7 days, end 21 days after the entry; outcome "
            "'bought' begins 7 days after it",
        ),
        ("funnel: buy, outcome: back, stratify_by: plan", ".stratify_by: must be a list such as ["),
        ("funnel: buy, outcome: back, stratify_by: [pla]", ".stratify_by[0]: unknown user propert"),
        ("funnel: buy, outcome: back, stratify_by: [n]", ".stratify_by[0]: 'n' is an event proper"),
        ("funnel: buy, outcome: back, events: [e, e]", ".events[1]: 'e' again; once is enough"),
        ("funnel: buy, outcome: back, events: []", ".events: an empty list; name at least one ev"),
        ("funnel: buy, outcome: back, prerequisites: l", ".prerequisites: must be a list such as"),
        ("funnel: buy, outcome: back, salt: 7", ".salt: must be text, not 7; put it in quotes"),
        ("funnel: buy, outcome: back, cuonts: [1]", ".cuonts: unknown key; did you mean 'counts'?"),
    ],
)
def test_a_mistake_of_the_search_is_told_at_its_place(tmp_path, rules, told):
    (found,) = mistakes(tmp_path, f"aha_search: {{{rules}}}")
    assert found.startswith(f"dbt_project.yml:14: aha_search{told}")


def test_the_grid_may_end_where_the_outcome_begins(tmp_path):
    block = "aha_search: {funnel: buy, outcome: back, days: [14], alive: 7 days}"
    assert defined(tmp_path, block).aha_search


@pytest.mark.parametrize(
    ("section", "rules"),
    [
        ("outcomes", "{event: e, after: 1 day, within: 1 day}"),
        ("aha_moments", "{event: e, within: 1 day, funnel: buy}"),
    ],
)
def test_names_differ_by_more_than_case(tmp_path, section, rules):
    file = written(tmp_path, "")
    head = PROJECT.partition("    outcomes:\n")[0]
    names = f"    {section}:\n      one: {rules}\n      One: {rules}\n"
    file.write_text(head + names, encoding="utf-8")
    assert mistakes_of(file) == [
        f"dbt_project.yml:11: {section}.One: the same name as 'one' but for case"
    ]


def test_a_report_shows_declared_aha_moments(tmp_path):
    block = "aha_moments: {m: {event: e, within: 1 day, funnel: buy}}\nreports: {r: {aha: [m, n]}}"
    assert mistakes(tmp_path, block) == [
        "dbt_project.yml:15: reports.r.aha[1]: unknown aha moment 'n'; known: m"
    ]


WRONG: list[Any] = [None, 7, "x", [], ["x"], {}, {"a": []}, {"not": {"not": []}}, [[]], True]


@pytest.mark.parametrize("section", ["outcomes", "aha_moments", "aha_search"])
@pytest.mark.parametrize(
    "key",
    [
        *("event", "funnel", "not", "sum", "after", "within", "count", "outcome", "entity"),
        *("entry", "breakdowns", "stratify_by", "counts", "days", "alive", "events"),
    ],
)
def test_wrong_shapes_are_told_never_a_traceback(section, key):
    from funnelkit.project.references import references

    for first, second in itertools.product(WRONG, WRONG):
        given = {"event": "e", "funnel": "f", "outcome": "o", key: first}
        raw = {section: given if section == "aha_search" else {"o": given}}
        raw["funnels"] = {"f": second}
        for mistake in references(raw):
            assert mistake.text


DOCUMENTED = (Path(__file__).parents[2] / "docs" / "aha.md").read_text("utf-8")


def test_the_examples_of_the_documentation_are_right(tmp_path):
    blocks = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", DOCUMENTED, re.S)]
    whole = dict(blocks[0])
    for block in blocks:  # the later ones stand beside the first
        for section, given in block.items():
            own = whole.get(section) or {}
            whole[section] = given if section == "aha_search" else {**own, **given}
        text = yaml.safe_dump({"vars": {"funnelkit": whole}}, sort_keys=False)
        (tmp_path / "dbt_project.yml").write_text(text, encoding="utf-8")
        plan = aha_plan(read(tmp_path).raw)
        assert plan["search"]
    assert len(blocks) == 4
    assert len(plan["moments"]) == 3
    assert len(plan["outcomes"]) == 7


def test_the_documentation_names_every_key_verdict_and_default():
    from funnelkit.jobs.aha_rules import VERDICTS

    for model in (Moment, Outcome, Search):
        for name, field in model.model_fields.items():
            key = field.alias or name
            assert re.search(rf"`{key}\b|\b{key}`", DOCUMENTED) or key == "description", key
    for verdict in VERDICTS:
        assert f"| `{verdict}` |" in DOCUMENTED
    defaults = Search.model_validate({"outcome": "x"})
    assert f"`{[*defaults.counts]}`, `{[*defaults.days]}`" in DOCUMENTED
    assert f"| `alive` | {format_duration(defaults.alive_us)} |" in DOCUMENTED
    assert f"| `salt` | `{defaults.salt}` |" in DOCUMENTED


def test_the_documentation_has_the_families_that_are_applied():
    from funnelkit.stats.evidence import families_markdown

    assert families_markdown() in DOCUMENTED
