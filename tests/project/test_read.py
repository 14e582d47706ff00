"""Every mistake in dbt_project.yml: told at its place, all at once, never as a traceback."""

import copy
import datetime as dt
import json
import re
from pathlib import Path

import duckdb
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from funnelkit.errors import FunnelkitError
from funnelkit.project import reserved
from funnelkit.project.read import read
from funnelkit.project.steps import parse_exclude
from funnelkit.warehouse.macros import funnel_specs

GOOD = """\
name: shop
version: '1.0'
vars:
  funnelkit:
    timezone: Europe/Berlin            # for date buckets only
    observed_until: null
    event_properties: {recipients: integer, amount_cents: bigint, price: "decimal(18,2)"}
    user_properties: {plan: varchar, channel: varchar, country: varchar, mrr_cents: bigint}
    sessions: {idle: 30 minutes}
    segments: {paying: "plan <> 'free'"}
    funnels:
      activation:
        description: From sign-up to the first shared dashboard
        steps:
          - signed_up
          - {name: connected, event: source_connected}
          - {name: built, event: [dashboard_created, dashboard_copied]}
          - {name: shared, event: dashboard_shared, where: "recipients > 0"}
        window: 14 days
        breakdowns: [channel]
      visits: {steps: [page_viewed, {event: signed_up}], entry: best, entity: account_id}
      shares:
        steps: [opened, {name: tried, event: [previewed, printed], optional: true}, built, shared]
        count: entries
        step_window: 1 day
        hold: [recipients]
        strict_increase: true
        exclude:
          - deleted
          - {event: [closed, left], where: "recipients > 0", from: built, to: shared, scope: entity}
        breakdowns: [plan, {property: price, at: built}, {property: price, at: first}]
      tour: {steps: [a, b, c], order: any, anchor_first: true, entity: session_id}
    outcomes:
      retained_week_4: {event: [dashboard_viewed], after: 21 days, within: 7 days}
      gone: {not: retained_week_4}
    reports:
      activation: {funnels: [activation], aha: [team_value], compare: channel}
      say_do: {features: all}
    annotations: {2026-02-14: new onboarding}
    as_of: 2026-06-30
    events: {model: my_events}
    identity: {shared_devices: last, max_users_per_device: 5}
    quality:
      near_duplicates: 1 second
      clock_skew: {over: 2 days, then: flag}
      exclude:
        - {name: bots, events: "event_name = 'crawl'"}
        - {name: test users, users: "plan = 'test'", list: private/test_users.txt}
      fail_over: {rejected: 0.01, late: 1}
    features: {alerts: {events: [alert_created]}}
    aha_moments:
      team_value: {event: shared, at_least: 3, within: 7 days, outcome: gone, funnel: activation}
      regular: {event: seen, count: days, within: 7 days, entity: account_id, entry: [a, b]}
      broad: {event: seen, count: {distinct: price}, within: 1 day, funnel: visits}
    aha_search: {funnel: activation, outcome: retained_week_4, days: [1, 3], alive: 3 days}
    gates:
      activation: {fail_under: 30 %, judge: estimate}
      activation.connected: {fail_over: 0.5, at_least_n: 30}
      gone: {fail_over: 60 %, funnel: activation}
      alerts: {fail_under: -10 pp, fail_over: 20 pp}
      nps: {fail_under: -30}
"""


@pytest.fixture
def project(tmp_path: Path):
    def write(text: str | bytes) -> Path:
        file = tmp_path / "dbt_project.yml"
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return file

    return write


def mistakes(file: Path) -> list[str]:
    with pytest.raises(FunnelkitError) as caught:
        read(file)
    return caught.value.message.splitlines()


def with_vars(block: str) -> str:
    return "vars:\n  funnelkit:\n" + "".join(f"    {line}\n" for line in block.splitlines())


def test_definitions_are_typed(project):
    definitions = read(project(GOOD)).definitions
    funnel = definitions.funnels["activation"]
    assert [step.name for step in funnel.steps] == ["signed_up", "connected", "built", "shared"]
    assert funnel.steps[0].event == ("signed_up",)
    assert funnel.steps[2].event == ("dashboard_created", "dashboard_copied")
    assert funnel.steps[3].where == "recipients > 0"
    assert funnel.window_us == 14 * 86_400_000_000
    assert (funnel.entry, funnel.entity, funnel.order) == ("first", "user_id", "ordered")
    assert definitions.funnels["visits"].window_us is None
    assert definitions.funnels["visits"].entry == "best"
    assert definitions.event_properties["price"] == "decimal(18,2)"
    assert definitions.annotations == {dt.date(2026, 2, 14): "new onboarding"}
    assert definitions.reports["activation"].funnels == ("activation",)
    assert definitions.reports["activation"].compare == "channel"
    assert definitions.reports["say_do"].compare is None
    assert definitions.sessions is not None
    assert definitions.sessions.idle_us == 30 * 60_000_000
    assert definitions.segments == {"paying": "plan <> 'free'"}


def test_every_rule_of_a_funnel_is_typed(project):
    funnels = read(project(GOOD)).definitions.funnels
    funnel = funnels["shares"]
    assert [step.optional for step in funnel.steps] == [False, True, False, False]
    assert (funnel.count, funnel.entry, funnel.order) == ("entries", "best", "ordered")
    assert (funnel.window_us, funnel.step_window_us) == (None, 86_400_000_000)
    assert (funnel.hold, funnel.row_reuse, funnel.strict_increase) == (("recipients",), False, True)
    one, two = funnel.exclude
    assert (one.event, one.where, one.from_, one.to) == (("deleted",), None, None, None)
    assert (two.event, two.where) == (("closed", "left"), "recipients > 0")
    assert (two.from_, two.to) == ("built", "shared")
    assert (one.scope, two.scope) == ("attempt", "entity")
    assert [(each.property, each.at) for each in funnel.breakdowns] == [
        ("plan", "entry"),
        ("price", "built"),
        ("price", "first"),
    ]
    tour = funnels["tour"]
    assert (tour.order, tour.anchor_first, tour.entity) == ("any", True, "session_id")


def test_what_does_not_count_is_typed(project):
    definitions = read(project(GOOD)).definitions
    assert definitions.as_of == dt.datetime(2026, 6, 30, tzinfo=dt.UTC)
    assert definitions.events is not None
    assert definitions.events.model == "my_events"
    identity, quality = definitions.identity, definitions.quality
    assert (identity.shared_devices, identity.max_users_per_device) == ("last", 5)
    assert identity.max_ids_per_person == 100
    assert quality.near_duplicates_us == 1_000_000
    assert (quality.clock_skew.over_us, quality.clock_skew.then) == (172_800_000_000, "flag")
    bots, testers = quality.exclude
    assert (bots.name, bots.events, bots.users, bots.list) == (
        *("bots", "event_name = 'crawl'"),
        *(None, None),
    )
    assert (testers.users, testers.list) == ("plan = 'test'", "private/test_users.txt")
    assert (quality.fail_over.rejected, quality.fail_over.late) == (0.01, 1.0)
    assert (quality.fail_over.duplicate, quality.fail_over.excluded) == (None, None)


def test_what_is_left_out_has_the_documented_default(project):
    funnel = read(project(GOOD)).definitions.funnels["activation"]
    assert (funnel.count, funnel.anchor_first, funnel.row_reuse) == ("entities", False, False)
    assert (funnel.strict_increase, funnel.step_window_us) == (False, None)
    assert (funnel.hold, funnel.exclude) == ((), ())


def test_raw_is_what_was_written_as_json(project):
    raw = read(project(GOOD).parent).raw
    assert json.loads(json.dumps(raw, allow_nan=False)) == raw
    assert raw["annotations"] == {"2026-02-14": "new onboarding"}
    assert list(raw["funnels"]) == ["activation", "visits", "shares", "tour"]
    assert raw["funnels"]["activation"]["steps"][0] == "signed_up"


def test_a_key_of_the_block_can_be_placed(project):
    source = read(project(GOOD))
    line = GOOD.splitlines().index(next(x for x in GOOD.splitlines() if "shared, event" in x)) + 1
    place = source.place("funnels", "activation", "steps", 3, "where")
    assert place == f"dbt_project.yml:{line}: funnels.activation.steps[3].where"


@pytest.mark.parametrize(
    ("written", "until"),
    [
        ("2026-06-29", "2026-06-29T00:00:00+00:00"),
        ("2026-06-29T12:00:00", "2026-06-29T12:00:00+00:00"),
        ("2026-06-29 12:00:00.000001Z", "2026-06-29T12:00:00.000001+00:00"),
        ("'2026-06-29T12:00:00+02:00'", "2026-06-29T10:00:00+00:00"),
    ],
)
def test_observed_until_is_utc(project, written, until):
    definitions = read(project(with_vars(f"observed_until: {written}"))).definitions
    assert definitions.observed_until is not None
    assert definitions.observed_until.isoformat() == until


def test_all_mistakes_at_once_in_the_order_of_the_file(project):
    text = GOOD.replace("window: 14 days", "windw: 14 days")
    text = text.replace("Europe/Berlin", "Europe/Berln").replace("entry: best", "entry: frist")
    text = text.replace("breakdowns: [channel]", "breakdowns: [chanel]")
    text = text.replace("scope: entity", "scope: entty")
    text = text.replace("{funnels: [activation]", "{funnels: [activatoin]")
    assert mistakes(project(text)) == [
        "dbt_project.yml:5: timezone: 'Europe/Berln' is not an IANA time zone; "
        "did you mean 'Europe/Berlin'?",
        "dbt_project.yml:19: funnels.activation.windw: unknown key; did you mean 'window'?",
        "dbt_project.yml:20: funnels.activation.breakdowns[0]: unknown user property 'chanel'; "
        "did you mean 'channel'?",
        "dbt_project.yml:21: funnels.visits.entry: 'frist' is not accepted; "
        "write 'first' or 'best'",
        "dbt_project.yml:30: funnels.shares.exclude[1].scope: 'entty' is not accepted; "
        "write 'attempt' or 'entity'",
        "dbt_project.yml:37: reports.activation.funnels[0]: unknown funnel 'activatoin'; "
        "did you mean 'activation'?",
    ]


FUNNEL = "funnels:\n  f:\n    steps: [a, b]\n    "
FOUR = (
    "event_properties: {n: integer, team: varchar}\n"
    "user_properties: {plan: varchar}\n"
    "funnels:\n  f:\n    steps: [a, b, {name: o, optional: true}, c]\n    "
)


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (
            "entity: session_id",
            "entity: session_id needs sessions: {idle: 30 minutes}",
        ),
        ("entity: teem", "entity: unknown entity 'teem'; did you mean 'team'?"),
        ("entity: x", "entity: unknown entity 'x'; known: account_id, n, team, user_id"),
        (
            "entity: plan",
            "entity: 'plan' is a user property; an entity is user_id, account_id, session_id or "
            "an event property",
        ),
        ("entity: null", "entity: must be text, not nothing"),
        ("count: attempts", "count: 'attempts' is not accepted; write 'entities' or 'entries'"),
        (
            "{count: entries, entry: best}",
            "entry: not with count: entries, where every entry is an attempt; leave it out",
        ),
        ("order: strickt", "order: 'strickt' is not accepted; write 'ordered', 'strict' or 'any'"),
        ("anchor_first: true", "anchor_first: only with order: any"),
        ("{order: strict, anchor_first: true}", "anchor_first: only with order: any"),
        ("anchor_first: 'yes'", "anchor_first: must be true or false, not 'yes'"),
        ("row_reuse: 1", "row_reuse: must be true or false, not 1"),
        ("strict_increase: null", "strict_increase: must be true or false, not nothing"),
        (
            "{order: strict, row_reuse: true}",
            "row_reuse: not with order: strict; write order: ordered",
        ),
        ("step_window: soon", "step_window: 'soon' is not a duration; accepted: a whole number"),
        ("hold: team", "hold: must be a list such as [a, b], not 'team'"),
        ("hold: [teem]", "hold[0]: unknown event property 'teem'; did you mean 'team'?"),
        ("hold: [team, team]", "hold[1]: 'team' again; once is enough"),
        (
            "hold: [plan]",
            "hold[0]: 'plan' is a user property; hold needs an event property",
        ),
        ("exclude: deleted", "exclude: must be a list such as [a, b], not 'deleted'"),
        ("exclude: [7]", "exclude[0]: 7 is not an exclusion; write an event's name or {event: …}"),
        ("exclude: [{from: a}]", "exclude[0].event: missing; write {event: …}"),
        ("exclude: [{event: []}]", "exclude[0].event: an empty list; name at least one event"),
        ("exclude: [{event: x, wher: y}]", "exclude[0].wher: unknown key; did you mean 'where'?"),
        ("exclude: [{event: x, where: ' '}]", "exclude[0].where: empty; write a text"),
        (
            "exclude: [{event: x, scope: user}]",
            "exclude[0].scope: 'user' is not accepted; write 'attempt' or 'entity'",
        ),
        (
            f"exclude: [{', '.join(f'e{n}' for n in range(32))}]",
            "exclude: 32 exclusions; a funnel has at most 31",
        ),
        ("exclude: [{event: x, from: d}]", "exclude[0].from: unknown step 'd'; known: a, b, c"),
        ("exclude: [{event: x, to: bb}]", "exclude[0].to: unknown step 'bb'; did you mean 'b'?"),
        (
            "exclude: [{event: x, from: o}]",
            "exclude[0].from: 'o' is an optional step; write one of a, b, c",
        ),
        (
            "exclude: [{event: x, to: o}]",
            "exclude[0].to: 'o' is an optional step; write one of a, b, c",
        ),
        (
            "exclude: [{event: x, from: c, to: a}]",
            "exclude[0].to: from 'c' to 'a': from must be an earlier step than to",
        ),
        (
            "exclude: [y, {event: x, from: b, to: b}]",
            "exclude[1].to: from 'b' to 'b': from must be an earlier step than to",
        ),
        (
            "exclude: [{event: x, from: c}]",
            "exclude[0].from: from 'c' to 'c': from must be an earlier step than to",
        ),
        ("breakdowns: [7]", "breakdowns[0]: 7 is not a breakdown; write a user property's name or"),
        ("breakdowns: [{at: b}]", "breakdowns[0].property: missing; write {property: …, at: …}"),
        (
            "breakdowns: [{property: n}]",
            "breakdowns[0].at: missing; write a step's name, first or last; a user property's "
            "name stands alone",
        ),
        (
            "breakdowns: [{property: m, at: b}]",
            "breakdowns[0].property: unknown event property 'm'; known: n, team",
        ),
        (
            "breakdowns: [{property: plan, at: b}]",
            "breakdowns[0].property: 'plan' is a user property; write its name alone; with `at` a "
            "breakdown needs an event property",
        ),
        (
            "breakdowns: [{property: n, at: d}]",
            "breakdowns[0].at: unknown step 'd'; known: a, b, c, first, last, o",
        ),
        (
            "breakdowns: [{property: n, at: entry}]",
            "breakdowns[0].at: 'entry' is no step here; write a step's name, first or last",
        ),
        (
            "breakdowns: [{property: n, at: o}, {property: n, at: o}]",
            "breakdowns[1]: 'n' at 'o' again; once is enough",
        ),
        ("breakdowns: [n]", "breakdowns[0]: 'n' is an event property; write {property: n, at: …} "),
    ],
)
def test_a_rule_that_cannot_be_is_told_at_its_place(project, rule, told):
    rule = rule if rule.startswith("{") else f"{{{rule}}}"
    funnel = FOUR.replace("{name: o, optional: true}", "o") if "strict," in rule else FOUR
    found = mistakes(project(with_vars(funnel + f"<<: {rule}")))
    assert found[0].startswith("dbt_project.yml:8: funnels.f." + told), found
    assert len(found) == 1


def test_an_optional_step_would_end_a_strict_attempt(project):
    (found,) = mistakes(project(with_vars(FOUR + "order: strict")))
    assert "steps[2].optional: not with order: strict; write order: ordered" in found


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("step_window: 1 day", "step_window: not with order: any; write window"),
        ("exclude: [x]", "exclude: not with order: any; write order: ordered or strict"),
        (
            "row_reuse: true",
            "row_reuse: not with order: any; an event counts for every step there, leave it out",
        ),
        ("strict_increase: true", "strict_increase: not with order: any; leave it out"),
        ("count: entries", "count: not with order: any; write count: entities"),
        (
            "breakdowns: [{property: n, at: b}]",
            "breakdowns[0].at: not with order: any; write at: first or at: last",
        ),
        (
            "steps: [a, {name: o, optional: true}, b]",
            "steps[1].optional: not with order: any; leave it out",
        ),
    ],
)
def test_in_any_order_there_are_no_gaps_between_steps(project, rule, told):
    block = f"event_properties: {{n: integer}}\nfunnels:\n  f: {{order: any, <<: {{{rule}}}"
    block += "}" if rule.startswith("steps") else ", steps: [a, b, c]}"
    assert mistakes(project(with_vars(block))) == [f"dbt_project.yml:5: funnels.f.{told}"]


@pytest.mark.parametrize(
    "rule",
    [
        "order: any",
        "order: any, hold: [n], entry: best, anchor_first: true, window: 1 day",
        "order: any, breakdowns: [{property: n, at: first}, {property: n, at: last}]",
        "order: any, exclude: [], row_reuse: false",
        "order: strict, strict_increase: true, exclude: [x], step_window: 1 day, hold: [n, m]",
        "anchor_first: false, hold: []",
        "count: entries, row_reuse: true",
        "entity: n",
        "entity: account_id, entry: best",
        "exclude: [{event: x, from: a, to: c}, {event: x, from: b}, {event: x, to: b}]",
        "breakdowns: [{property: n, at: a}, {property: n, at: b}, {property: m, at: a}]",
    ],
)
def test_rules_that_go_together(project, rule):
    block = "event_properties: {n: integer, m: integer}\n"
    block += f"funnels: {{f: {{steps: [a, b, c], {rule}}}}}"
    assert read(project(with_vars(block))).definitions.funnels["f"]


@pytest.mark.parametrize("at", [0, 2])
def test_the_ends_of_a_funnel_are_not_optional(project, at):
    steps = ["{name: a}", "{name: b}", "{name: c}"]
    steps[at] = steps[at].replace("}", ", optional: true}")
    assert mistakes(project(with_vars(f"funnels: {{f: {{steps: [{', '.join(steps)}]}}}}"))) == [
        f"dbt_project.yml:3: funnels.f.steps[{at}].optional: "
        "the first and the last step cannot be optional"
    ]


def test_a_breakdown_at_first_is_the_word_and_at_entry_never_a_step(project):
    block = "event_properties: {n: integer}\nfunnels:\n  f:\n    steps: [entry, first]\n    "
    first = read(project(with_vars(block + "breakdowns: [{property: n, at: first}]")))
    assert first.definitions.funnels["f"].breakdowns[0].at == "first"
    assert mistakes(project(with_vars(block + "breakdowns: [{property: n, at: entry}]"))) == [
        "dbt_project.yml:7: funnels.f.breakdowns[0].at: 'entry' is no step here; "
        "write a step's name, first or last"
    ]


def test_sessions_and_their_entity(project):
    block = "sessions: {idle: 30 minutes}\nfunnels: {f: {steps: [a, b], entity: session_id}}"
    assert read(project(with_vars(block))).definitions.funnels["f"].entity == "session_id"
    assert mistakes(project(with_vars("event_properties: {Session_ID: varchar}\n" + block))) == [
        "dbt_project.yml:3: event_properties.Session_ID: this name is taken: sessions: makes it"
    ]
    own = "event_properties: {session_id: varchar}\n" + block.splitlines()[1]
    assert read(project(with_vars(own))).definitions.funnels["f"].entity == "session_id"


def test_the_example_of_the_documentation_is_right(project):
    text = (Path(__file__).parents[2] / "docs" / "funnels.md").read_text("utf-8")
    (block,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    source = read(project(with_vars(block)))
    specs = funnel_specs(source.raw["funnels"])
    assert [spec["name"] for spec in specs] == ["activation", "checkout", "setup", "purchases"]
    (written,) = re.findall(r'`--exclude "(.*?)"`', text)
    assert parse_exclude(written) == source.raw["funnels"]["activation"]["exclude"][1]


def test_a_wrong_step_makes_no_false_names(project):
    block = "funnels: {f: {steps: [a, 7, c], exclude: [{event: x, to: b}]}}"
    assert mistakes(project(with_vars(block))) == [
        "dbt_project.yml:3: funnels.f.steps[1]: 7 is not a step; write an event's name or "
        "{name: …, event: …}"
    ]


@pytest.mark.parametrize(
    ("block", "told"),
    [
        (
            FUNNEL + "window: 14 dyas",
            "6: funnels.f.window: '14 dyas' is not a duration: unknown unit 'dyas'; did you mean "
            "'days'? accepted: a whole number and seconds, minutes, hours, days or weeks: "
            "'14 days', '14d', '90 min'",
        ),
        (
            FUNNEL + "window: 2 months",
            "6: funnels.f.window: '2 months' is not a duration: months have no fixed length; "
            "say '30 days' instead",
        ),
        (
            FUNNEL + "window: 14",
            "6: funnels.f.window: 14 is not a duration; accepted: a whole number and seconds, "
            "minutes, hours, days or weeks: '14 days', '14d', '90 min'",
        ),
        ("funnels: {f: {steps: [a]}}", "3: funnels.f.steps: 1 step; a funnel has 2 to 31"),
        (
            f"funnels: {{f: {{steps: [{', '.join(f's{n}' for n in range(32))}]}}}}",
            "3: funnels.f.steps: 32 steps; a funnel has 2 to 31",
        ),
        ("funnels: {f: {}}", "3: funnels.f.steps: missing; list the steps: [signed_up, first_repo"),
        ("funnels: {f: {steps: [a, {}]}}", "3: funnels.f.steps[1].event: missing; write {name: …"),
        (
            "funnels:\n  f:\n    steps:\n      - a\n      - b\n      - {event: a}",
            "8: funnels.f.steps[2]: a second step named 'a'; write {name: …, event: a}",
        ),
        ("funnels: {f: {steps: [a, 7]}}", "3: funnels.f.steps[1]: 7 is not a step; write an event"),
        (
            "funnels: {f: {steps: [a, {name: b, event: 404}]}}",
            "3: funnels.f.steps[1].event: 404 is not an event; write a name or [a, b], numbers in",
        ),
        (
            "funnels: {f: {steps: [a, {name: b, event: [x, 404]}]}}",
            "3: funnels.f.steps[1].event[1]: must be text, not 404; put it in quotes",
        ),
        ("funnels: {f: {steps: [a, {name: b, event: []}]}}", "3: funnels.f.steps[1].event: an emp"),
        ("funnels: {f: {steps: [a, {name: b, where: ''}]}}", "3: funnels.f.steps[1].where: empty"),
        ("funnels: {a b: {steps: [a, b]}}", "3: funnels.a b: a name has letters, digits, '_' and"),
        ("funnels:", "3: funnels: must be a mapping of key: value, not nothing"),
        ("funnels: [a]", "3: funnels: must be a mapping of key: value, not a list"),
        (
            "user_properties: {plan: text}",
            "3: user_properties.plan: unknown type 'text'; types: varchar, integer, bigint, "
            "double, boolean, date, timestamp, decimal(p,s)",
        ),
        (
            "user_properties: {plan: varchr}",
            "3: user_properties.plan: unknown type 'varchr'; did you mean 'varchar'? types: ",
        ),
        ("user_properties: {p: 'decimal(40,2)'}", "3: user_properties.p: unknown type 'decimal(40"),
        ("user_properties: {p: 'decimal(4,5)'}", "3: user_properties.p: unknown type 'decimal(4,5"),
        (
            "event_properties: {event_name: varchar}",
            "3: event_properties.event_name: this name is taken: every event and user already has",
        ),
        ("event_properties: {order: varchar}", "3: event_properties.order: a word of SQL, which "),
        ("event_properties: {'a b': varchar}", "3: event_properties.a b: a property's name has "),
        (
            "event_properties:\n  plan: varchar\n  Plan: varchar",
            "5: event_properties.Plan: the same column as 'plan': columns ignore case",
        ),
        (
            "funnels: {f: {steps: [a, b], breakdowns: [plan]}}",
            "3: funnels.f.breakdowns[0]: unknown user property 'plan'; declare it in user_prop",
        ),
        (
            "event_properties: {platform: varchar}\n"
            "funnels: {f: {steps: [a, b], breakdowns: [platform]}}",
            "4: funnels.f.breakdowns[0]: 'platform' is an event property; write "
            "{property: platform, at: …} with a step's name, first or last",
        ),
        (
            "user_properties: {plan: varchar}\n"
            "funnels: {f: {steps: [a, b], breakdowns: [plan, plan]}}",
            "4: funnels.f.breakdowns[1]: 'plan' again; once is enough",
        ),
        ("observed_until: 2026-13-01", "3: observed_until: '2026-13-01' is not a date"),
        ("observed_until: soon", "3: observed_until: 'soon' is not a time; write 2026-06-29 or "),
        ("observed_until: 2026-W26-1", "3: observed_until: '2026-W26-1' is not a time; write 202"),
        ('observed_until: "2026-06-29\\n"', "3: observed_until: '2026-06-29\\n' is not a time; "),
        ("observed_until: 20260629", "3: observed_until: 20260629 is not a time; write 2026-06-"),
        ("annotations: {new: x}", "3: annotations.new: 'new' is not a date; write 2026-02-14"),
        ("annotations: {2026-01-01: 3}", "3: annotations.2026-01-01: must be text, not 3; put it "),
        ("events: my_events", "3: events: must be a mapping of key: value, not 'my_events'"),
        ("events: {}", "3: events.model: missing; write {model: my_events}"),
        ("events: {model: a.sql}", "3: events.model: 'a.sql' is not a model's name; write the na"),
        (
            "events: {model: a, modle: b}",
            "3: events.modle: unknown key; did you mean 'model'?",
        ),
        ("as_of: soon", "3: as_of: 'soon' is not a time; write 2026-06-29 or "),
        (
            "identity: {shared_devices: frist}",
            "3: identity.shared_devices: 'frist' is not accepted; write 'first', 'last' or 'none'",
        ),
        (
            "identity: {max_users_per_device: 0}",
            "3: identity.max_users_per_device: 0 is not a whole number from 1 on",
        ),
        (
            "identity: {max_ids_per_person: true}",
            "3: identity.max_ids_per_person: True is not a whole number from 2 on",
        ),
        ("identity: {max_ids_per_persn: 9}", "3: identity.max_ids_per_persn: unknown key; did you"),
        ("quality: {exclud: []}", "3: quality.exclud: unknown key; did you mean 'exclude'?"),
        ("quality: {near_duplicates: 1}", "3: quality.near_duplicates: 1 is not a duration; acce"),
        (
            "quality: {clock_skew: {then: drop}}",
            "3: quality.clock_skew.then: 'drop' is not accepted; write 'reject' or 'flag'",
        ),
        (
            "quality: {fail_over: {rejectd: 0.1}}",
            "3: quality.fail_over.rejectd: unknown key; did you mean 'rejected'?",
        ),
        (
            "quality: {fail_over: {late: 5}}",
            "3: quality.fail_over.late: 5 is not a share from 0 to 1; write 0.05 for 5 %",
        ),
        ("quality: {fail_over: {late: 5 %}}", "3: quality.fail_over.late: '5 %' is not a share"),
        ("quality: {exclude: [bots]}", "3: quality.exclude[0]: 'bots' is not a rule; write {name:"),
        (
            "quality: {exclude: [{name: bots}]}",
            "3: quality.exclude[0]: takes nothing out; write events, users or list",
        ),
        (
            "quality: {exclude: [{name: bots, event: x}]}",
            "3: quality.exclude[0].event: unknown key; did you mean 'events'?",
        ),
        (
            "quality: {exclude: [{events: x}]}",
            "3: quality.exclude[0].name: missing; write {name: bots, events: …}",
        ),
        (
            "quality:\n  exclude:\n    - {name: a, events: x}\n    - {name: a, users: x}",
            "6: quality.exclude[1].name: a second rule named 'a'; give it another name",
        ),
        (
            'quality: {exclude: [{name: "a\\nb", events: x}]}',
            "3: quality.exclude[0].name: a rule's name is one line of at most 63 characters",
        ),
        (
            "quality: {exclude: [{name: a, list: /etc/passwd}]}",
            "3: quality.exclude[0].list: '/etc/passwd' is not a file in the project; write priv",
        ),
        (
            "quality: {exclude: [{name: a, list: private/../../ids}]}",
            "3: quality.exclude[0].list: 'private/../../ids' is not a file in the project; ",
        ),
        ("funels: {}", "3: funels: unknown key; did you mean 'funnels'?"),
        ("reports: {a: {funels: []}}", "3: reports.a.funels: unknown key; did you mean 'funnels'?"),
        ("reports: {a: {aha: [], compare: plan}}", "3: reports.a.compare: unknown user property"),
        (
            "user_properties: {plan: varchar}\nreports: {a: {compare: paln}}",
            "4: reports.a.compare: unknown user property 'paln'; did you mean 'plan'?",
        ),
        (
            "user_properties: {plan: varchar}\nreports: {a: {compare: plan}}",
            "4: reports.a.compare: there is no funnel to compare in; write `funnels: [NAME]`",
        ),
        ("reports: {a: {title: A}}", "3: reports.a: nothing to show; write funnels: [NAME], aha"),
        ("reports: {a: {funnels: [], features: []}}", "3: reports.a: nothing to show; write"),
        ("reports: {a: null}", "3: reports.a: must be a mapping of key: value, not nothing"),
        ("reports: {a: {scorecard: {}}}", "3: reports.a"),
        ("yes: 1", "3: yes: YAML reads this key as true; put it in quotes"),
        ("sessions: {}", "3: sessions.idle: missing; write {idle: 30 minutes}"),
        ("sessions: 30 minutes", "3: sessions: must be a mapping of key: value, not '30 minutes'"),
        ("sessions: {idle: null}", "3: sessions.idle: nothing is not a duration; accepted: a w"),
        ("sessions: {idle: 1 day, max: 2}", "3: sessions.max: unknown key; known: idle"),
        ("segments: [a]", "3: segments: must be a mapping of key: value, not a list"),
        ("segments: {a b: x}", "3: segments.a b: a name has letters, digits, '_' and '-', and "),
        ("segments: {paying: true}", "3: segments.paying: must be text, not true; put it in quot"),
        ("segments: {paying: ''}", "3: segments.paying: empty; write a text"),
        ("observed_until: .nan", "3: observed_until: '.nan' is not a number; put it in quotes"),
        (
            "observed_until: !!set {a}",
            "3: observed_until: the tag !!set is not used here; leave it out",
        ),
        ("observed_until: !!binary YQ==", "3: observed_until: the tag !!binary is not used here; "),
        ("observed_until: !mine x", "3: observed_until: 'x' cannot be read"),
        ("timezone: ../../etc/passwd", "3: timezone: '../../etc/passwd' is not an IANA time zone"),
        ("timezone: localtime", "3: timezone: 'localtime' is not an IANA time zone"),
        ("timezone: 3", "3: timezone: 3 is not an IANA time zone"),
    ],
)
def test_one_mistake_is_told_at_its_place(project, block, told):
    found = mistakes(project(with_vars(block)))
    assert found[0].startswith(f"dbt_project.yml:{told}"), found
    assert len(found) == 1


def test_an_unquoted_decimal_in_braces_is_explained(project):
    found = mistakes(project(with_vars("event_properties: {price: decimal(18,2)}")))
    assert any("inside {…} write 'decimal(18,2)' in quotes" in line for line in found)


def test_duplicate_keys_are_told_anywhere_in_the_file(project):
    text = "models: {a: 1}\n" + GOOD.replace("        window: 14 days\n", WINDOWS) + "models: {}\n"
    assert mistakes(project(text)) == [
        "dbt_project.yml:21: funnels.activation.window: the same key again (first on line 20)",
        "dbt_project.yml:64: models: the same key again (first on line 1)",
    ]


WINDOWS = "        window: 14 days\n        window: 7 days\n"


def test_anchors_and_merges_are_read(project):
    block = (
        "funnels:\n"
        "  a: &base {steps: [x, y], window: 1 day}\n"
        "  b: &changed {<<: *base, window: 2 days}\n"
        "  c: *base\n"
        "  d: *changed"
    )
    funnels = read(project(with_vars(block))).definitions.funnels
    days = {name: (funnel.window_us or 0) // 86_400_000_000 for name, funnel in funnels.items()}
    assert days == {"a": 1, "b": 2, "c": 1, "d": 2}


@pytest.mark.parametrize("text", ["name: shop\n", "vars: {}\n", "vars: {other: 1}\n", "", "- a\n"])
def test_a_project_without_definitions_gets_an_example(project, text):
    with pytest.raises(FunnelkitError) as caught:
        read(project(text))
    assert caught.value.message == "dbt_project.yml: no definitions under vars: funnelkit:"
    example = caught.value.hint
    assert example is not None
    assert read(project(example.split("\n\n", 1)[1])).definitions.funnels["activation"]


def test_an_empty_block_says_where(project):
    assert mistakes(project("name: a\nvars:\n  funnelkit:\n")) == [
        "dbt_project.yml:3: vars: funnelkit: is empty"
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\nb: c: d\n", "dbt_project.yml:2: not valid YAML: mapping values are not allowed"),
        ("a:\n\t- b\n", "dbt_project.yml:2: not valid YAML: found character '\\t' that cannot"),
        ("a: 1\n--- \nb: 1\n", "dbt_project.yml:2: not valid YAML: but found another document"),
        ("a: 1\nb: \x07\n", "dbt_project.yml:2: not valid YAML: a character that YAML does not a"),
        (b"a: 1\nb: \xff\n", "dbt_project.yml:2: not UTF-8"),
        ("a: *b\n", "dbt_project.yml:1: not valid YAML: found undefined alias 'b'"),
        ("a: &x [*x]\n", "dbt_project.yml: nested too deeply, or inside itself"),
        ("a: " + "[" * 1200, "dbt_project.yml: nested too deeply, or inside itself"),
    ],
)
def test_what_is_no_yaml_says_where(project, text, told):
    assert mistakes(project(text))[0].startswith(told)


def test_aliases_cannot_blow_up(project):
    levels = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    text = "a0: &a0 [x]\n" + "\n".join(levels) + "\n"
    assert mistakes(project(text)) == ["dbt_project.yml: more than 100,000 values"]


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(FunnelkitError, match=r"^dbt_project\.yml: cannot be read: No such file"):
        read(tmp_path)


def test_a_byte_order_mark_is_no_mistake(project):
    assert read(project(b"\xef\xbb\xbf" + GOOD.encode())).definitions.funnels


def test_reserved_words_are_those_the_database_cannot_read_as_a_column():
    con = duckdb.connect()
    refused = set()
    words = con.execute("select distinct keyword_name from duckdb_keywords()").fetchall()
    for (word,) in words:
        query = f"select cast({word} as varchar) from (select 7 as {word}) where {word} > 6"
        try:
            if con.execute(query).fetchall() != [("7",)]:
                refused.add(word)
        except duckdb.Error:
            refused.add(word)
    assert refused - reserved.WORDS == set()
    assert reserved.WORDS - {word for (word,) in words} == set()


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 10**20)
    | st.floats()
    | st.dates()
    | st.text(max_size=6)
    | st.sampled_from(["14 days", "first", "activation", "channel", "varchar", "a: b"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=4) | st.integers() | st.sampled_from(["name", "event", "steps"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=4,
)


@settings(max_examples=120, suppress_health_check=list(HealthCheck), deadline=None)
@given(st.data())
def test_a_changed_value_anywhere_is_read_or_told_never_a_traceback(tmp_path, data):
    tree = copy.deepcopy(yaml.safe_load(GOOD))
    place = tree["vars"]
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        inner = place[key]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.integers(0, 3)) == 0:
            break
        place = inner
    if isinstance(place, dict) and data.draw(st.booleans()):
        place[data.draw(st.text(max_size=5))] = data.draw(VALUES)
    else:
        place[key] = data.draw(VALUES)
    file = tmp_path / "dbt_project.yml"
    file.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
    assert_read_or_told(file)


@settings(max_examples=120, suppress_health_check=list(HealthCheck), deadline=None)
@given(
    st.integers(0, len(GOOD)),
    st.integers(0, 20),
    st.text(max_size=3) | st.sampled_from(["!", "&", "*", "{", "[", "'", ": ", "\t", "- ", "\n"]),
)
def test_a_damaged_text_is_read_or_told_never_a_traceback(tmp_path, at, cut, put):
    file = tmp_path / "dbt_project.yml"
    file.write_bytes((GOOD[:at] + put + GOOD[at + cut :]).encode("utf-8", "surrogatepass"))
    assert_read_or_told(file)


def assert_read_or_told(file: Path) -> None:
    try:
        told = json.dumps(read(file).raw, allow_nan=False)
    except FunnelkitError as error:
        told = error.message
    assert told.startswith(("{", "dbt_project.yml"))
