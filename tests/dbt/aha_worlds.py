"""Random logs whose events lie on the edges of windows, what is declared on them, and the same in
the words of the oracle."""

import json
import random
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from funnelkit.api import Project
from tests.dbt import growing as g
from tests.dbt.aha_oracle import (
    DAY,
    HOUR,
    WEEK,
    Clock,
    Happening,
    Moment,
    Outcome,
    World,
    iso,
    local_day,
    us_of,
)
from tests.dbt.growing import Event, User

DEFINITIONS = """
timezone: {zone}
observed_until: {observed}
event_properties: {{item: varchar, amount: integer}}
user_properties: {{plan: varchar, size: varchar}}
funnels:
  plain: {{steps: [a, b, c], window: 2 days, breakdowns: [plan]}}
  teams:
    steps: [a, {{event: b, where: "amount > 40"}}]
    window: 3 days
    entity: account_id
outcomes:
  back: {{event: [b, c], after: 3 days, within: 1 day}}
  twice: {{event: b, where: "amount > 40", at_least: 2, after: 2 days, within: 2 days}}
  paid: {{event: [b, c], sum: amount, at_least: 50, after: 2 days, within: 2 days}}
  bought: {{funnel: plain, after: 1 day, within: 5 days}}
  team_bought: {{funnel: teams, after: 1 day, within: 1 day}}
  lapsed: {{not: back}}
  unsold: {{not: {{funnel: plain, after: 1 day, within: 5 days}}}}
aha_moments:
  once: {{event: b, within: 1 day, funnel: plain, outcome: back}}
  three: {{event: [b, c], at_least: 3, within: 2 days, funnel: plain, breakdowns: []}}
  days: {{event: [a, b], count: days, at_least: 2, within: 42 hours, funnel: plain}}
  items:
    event: b
    count: {{distinct: item}}
    at_least: 2
    within: 2 days
    entity: account_id
    entry: c
  bought_x:
    event: b
    where: "amount > 40"
    at_least: 2
    within: 10 days
    entity: user_id
    entry: {{event: a, where: "item = 'x'"}}
    declared_on: 2026-03-29
    breakdowns: [plan]
aha_search:
  funnel: {searched}
  outcome: back
  counts: [1, 2]
  days: [1, 2]
  alive: 1 day
  stratify_by: [plan]
"""
ZONES = ("Europe/Berlin", "UTC", "America/New_York")
OBSERVED = ("null", "2026-04-03T06:00:00Z")  # on the hour, as many events are
START = us_of("2026-03-24T00:00:00")  # Europe's clocks go forward on 29 March


def named(*names: str) -> Any:
    return lambda event: event.name in names


def above_40(event: Happening) -> bool:
    return event.name == "b" and event.amount is not None and event.amount > 40


PLAIN = Clock("plain", "user", named("a"))
TEAMS = Clock("teams", "team", named("a"))
OF_C = Clock("account_id: c", "team", named("c"))
OF_X = Clock(
    "user_id: a where item = 'x'", "user", lambda event: event.name == "a" and event.item == "x"
)
CLOCKS = (PLAIN, TEAMS, OF_C, OF_X)
STEPS = (named("a"), named("b"), named("c"))
TEAM_STEPS = (named("a"), above_40)
OUTCOMES = (
    Outcome("back", 3 * DAY, DAY, named("b", "c")),
    Outcome("twice", 2 * DAY, 2 * DAY, above_40, at_least=2),
    Outcome("paid", 2 * DAY, 2 * DAY, named("b", "c"), amount_at_least=50),
    # Five days are cut at the end of the funnel's window of two.
    Outcome("bought", DAY, DAY, steps=STEPS, window=2 * DAY),
    Outcome("team_bought", DAY, DAY, steps=TEAM_STEPS, window=3 * DAY),
    Outcome("lapsed", 3 * DAY, DAY, named("b", "c"), negated=True),
    Outcome("unsold", DAY, DAY, steps=STEPS, window=2 * DAY, negated=True),
)


def moments(world: World) -> tuple[Moment, ...]:
    def day(event: Happening) -> object:
        return local_day(world, event.us)

    declared = local_day(world, us_of("2026-03-29T12:00:00"))
    return (
        Moment("once", PLAIN, named("b"), 1, DAY, steps=STEPS),
        Moment("three", PLAIN, named("b", "c"), 3, 2 * DAY, steps=STEPS),
        Moment("days", PLAIN, named("a", "b"), 2, 42 * HOUR, counted=day, steps=STEPS),
        Moment("items", OF_C, named("b"), 2, 2 * DAY, counted=lambda event: event.item),
        Moment("bought_x", OF_X, above_40, 2, 10 * DAY, declared_on=declared),
    )


class Told:
    """A world, and what its user rows tell: of each user one plan, from some time on."""

    def __init__(self, seed: int) -> None:
        draw = random.Random(f"aha {seed}")
        self.zone = ZONES[seed % len(ZONES)]
        self.observed_until = OBSERVED[seed % len(OBSERVED)]
        self.searched = TEAMS if seed % 2 else PLAIN
        self.log = [
            event for number in range(45) for event in _of_user(draw, f"u{number:02}", number)
        ]
        draw.shuffle(self.log)
        self.plans = {
            f"u{number:02}": (START + draw.randrange(12) * DAY, draw.choice(["free", "pro"]))
            for number in range(40)
        }
        until = self.observed_until.removesuffix("Z")
        last = max(event.us for event in self.log)
        observed = last if until == "null" else us_of(until)
        self.world = World(self.log, observed, ZoneInfo(self.zone))

    def plan(self, user: str, entry: int) -> str:
        since, plan = self.plans.get(user, (entry + 1, ""))
        return plan if since <= entry else "(none)"

    def size(self, user: str, entry: int) -> str:
        """Another property, told with the plan."""
        return "(none)" if self.plan(user, entry) == "(none)" else "small"

    def build(self, root: Path) -> Project:
        opened = g.project(
            root,
            DEFINITIONS.format(
                zone=self.zone, observed=self.observed_until, searched=self.searched.name
            ),
        )
        g.load(opened, "events", "events", [_row(event) for event in self.log])
        told = [
            User(user, None, None, iso(since), json.dumps({"plan": plan, "size": "small"}))
            for user, (since, plan) in self.plans.items()
        ]
        g.load(opened, "users", "users", told)
        assert opened.dbt(["build", "--quiet"]) == 0
        return opened


def _of_user(draw: random.Random, user: str, number: int) -> list[Happening]:
    """A user's events: on edges of windows from a first one on, a little off, or anywhere."""
    base = START + draw.randrange(10 * 24) * HOUR
    if number in (1, 2):  # windows of four and of two days that close as the log was last seen
        base = us_of(OBSERVED[1].removesuffix("Z")) - (4, 2)[number - 1] * DAY
    if number == 3:  # Monday in Berlin, Sunday in London
        base = us_of("2026-03-29T22:30:00")
    team = draw.choice([f"t{draw.randrange(14)}", None]) if number % 5 else "t0"
    edges = [hours * HOUR for hours in (0, 1, 18, 24, 42, 48, 54, 72, 95, 96)]
    edges += [7 * DAY, WEEK + 3 * DAY, 2 * WEEK, 3 * WEEK]
    events = [Happening(f"{user}-0", user, team, "a", base, item=draw.choice([None, "x"]))]
    for place in range(1, draw.randrange(4, 18)):
        at = base + draw.choice(edges) + draw.choice([-1, 0, 0, 1])
        if draw.random() < 0.3:
            at = base + draw.randrange(96) * HOUR
        events.append(
            Happening(
                f"{user}-{place}",
                user,
                team,
                draw.choice("abbbccx"),
                at,
                draw.choice([None, "x", "x", "y"]),
                draw.choice([None, -30, 20, 45, 60]),
            )
        )
    return events


def _row(event: Happening) -> Event:
    given = {"item": event.item, "amount": event.amount}
    told = {name: value for name, value in given.items() if value is not None}
    return Event(
        event.id,
        event.user,
        account_id=event.team,
        event_name=event.name,
        occurred_at=iso(event.us),
        properties=json.dumps(told) if told else None,
    )
