"""Random small worlds of customers who say and do, with their files and definitions."""

import csv
import datetime as dt
import json
import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from funnelkit.api import Project
from tests.dbt import growing as g
from tests.dbt.say_oracle import DAY, Answer, Event, Feature, Question, Told, Wave, World

ZONE = "Europe/Berlin"
KINDS = ("declared", "month", "quarter", "all")
_HOUR = 3_600_000_000
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_QUESTIONS = {
    "rate_one": Question("rating5", "one"),
    "rate_two": Question("csat", "two", (1, 10)),
    "want_three": Question("intent", "three"),
    "nps": Question("nps"),
    "why": Question("text"),
    "pick": Question("choice", "one"),
    "how_many": Question("amount", claimed="a", measure="events", claim_us=7 * DAY),
    "how_often": Question("frequency", claimed="c", measure="days", claim_us=14 * DAY),
    "how_much": Question("amount", claimed="c", measure="sum", claim_us=10 * DAY),
}
DEFINITIONS = """
timezone: Europe/Berlin
observed_until: {observed}
event_properties: {{n: integer}}
user_properties: {{plan: varchar, cents: bigint}}
segments: {{paying: "plan <> 'free'", of_an_event: "event_name = 'a'"}}
quality: {{exclude: [{{name: staff, users: "plan = 'staff'"}}]}}
aha_moments: {{tried: {{event: b, within: 7 days, entity: user_id, entry: a}}}}
revenue: cents
features:
  one: {{events: [a, b], used: {{within: 7 days}}, topics: [x]}}
  two:
    events: c
    where: "n > 1"
    used: {{within: 14 days}}
    entitlement: "plan <> 'free'"
    topics: [z]
  three: {{events: [a, c], released_on: {released}, topics: [y]}}
  short: {{events: b, used: {{days: 1, within: 1 day}}}}
feedback:
  questions:
    rate_one: {{kind: rating5, feature: one}}
    rate_two: {{kind: csat, feature: two, scale: [1, 10]}}
    want_three: {{kind: intent, feature: three}}
    nps: {{kind: nps}}
    why: {{kind: text}}
    pick: {{kind: choice, feature: one}}
    how_many: {{kind: amount, claim: {{event: a, within: 7 days}}}}
    how_often: {{kind: frequency, claim: {{event: c, count: days, within: 14 days}}}}
    how_much: {{kind: amount, claim: {{event: c, sum: n, within: 10 days}}}}
  weights: {{by: [plan], segments: [paying], aha: tried}}
{waves}
"""


def world(seed: int) -> World:
    """Half of the logs are of spring and half of autumn, when clocks change the other way."""
    draw = random.Random(seed)
    kind = KINDS[seed % 4]
    first = dt.date(2026, 2, 15) if seed % 8 < 4 else dt.date(2026, 9, 12)
    start = (dt.datetime.combine(first, dt.time(), dt.UTC) - _EPOCH) // dt.timedelta(microseconds=1)
    observed = start + 72 * DAY + draw.randrange(DAY)
    features = [
        Feature("one", lambda each: each.name in "ab", 7 * DAY, has_topics=True),
        Feature(
            "two",
            lambda each: each.name == "c" and each.n is not None and each.n > 1,
            14 * DAY,
            entitled=lambda plan: plan is not None and plan != "free",
            has_topics=True,
        ),
        Feature(
            "three",
            lambda each: each.name in "ac",
            28 * DAY,
            released=first + dt.timedelta(days=20),
            has_topics=True,
        ),
        Feature("short", lambda each: each.name == "b", DAY),
    ]
    days = [(38, 42), (55, 57), (70, 71), (90, 95)]
    waves = [
        Wave(f"w{no}", first + dt.timedelta(days=since), first + dt.timedelta(days=until))
        for no, (since, until) in enumerate(days)
    ]
    told, log, edges = _told(draw, start), _log(draw, start), _edges(start, observed)
    made = World(
        ZONE,
        observed,
        log,
        told,
        [],
        features,
        _QUESTIONS,
        kind,
        waves if kind == "declared" else [],
        frozenset({"staff"}),
    )
    log += [*edges.log, *_edges_of_a_wave(made.midnight(waves[1].first))]
    told += edges.told
    return made._replace(answers=_answers(draw, made) + edges.answers)


def _log(draw: random.Random, start: int) -> list[Event]:
    log = []
    for number in range(14):
        user, first = f"u{number:02}", draw.choice([0, 0, 5, 20, 40]) * DAY
        # A first event that names the user and the device: it is theirs from the first.
        log.append(Event(user, start + first + draw.randrange(DAY), draw.choice("abc"), 2))
        for _ in range(draw.choice([0, 6, 25, 40])):
            at = start + first + draw.randrange(75 * DAY - first)
            if draw.random() < 0.3:  # around midnight, where the clocks change
                at = at // DAY * DAY - 3_600_000_000 * draw.randrange(3) + draw.randrange(-1, 2)
            number_told = draw.choice([None, 1, 2, 3])
            log.append(Event(user, at, draw.choice("abcx"), number_told, draw.random() < 0.8))
            if draw.random() < 0.5:  # another of its day, so that a window can cut it
                log.append(log[-1]._replace(us=at + draw.choice([1, 3_600_000_000]), named=True))
        if draw.random() < 0.4:
            log.append(Event(user, start + draw.randrange(75 * DAY), "a", named=False))
    log += [Event("staff", start - DAY, "a"), Event("staff", start + 50 * DAY, "b")]
    return log


def _told(draw: random.Random, start: int) -> list[Told]:
    told = []
    for number in range(2, 17):  # two of the log without a row, three with nothing else
        user = f"u{number:02}"
        times = draw.sample(range(-10, 75), draw.choice([0, 2, 4]))
        for at in [*times, *([None] if draw.random() < 0.3 else [])]:
            told.append(
                Told(
                    user,
                    None if at is None else start + at * DAY + 7 * number,
                    draw.choice([None, "A", "B", "C"]),
                    draw.choice(["free", "team", "team", "team", None]),
                    draw.choice([None, 0, 4900, 19900]),
                )
            )
    told.append(Told("staff", start, "A", "staff", 1))
    return told


class _Edges(NamedTuple):
    log: list[Event]
    told: list[Told]
    answers: list[Answer]


def _edges(start: int, observed: int) -> _Edges:
    """People whose rows lie on the first instant of a window and on the first one after it."""
    at, early = start + 60 * DAY + 5 * _HOUR, start + DAY
    log = [Event(user, early, "x") for user in ("v0", "v2", "v3", "v4")]
    # Days that a window cuts: of one and of seven days.
    log += [Event("v0", at - 7 * DAY - _HOUR, "b"), Event("v0", at - 7 * DAY, "b")]
    log += [Event("v0", at - DAY - _HOUR, "b"), Event("v0", at - DAY, "b")]
    log += [Event("v0", at - _HOUR, "b"), Event("v0", at, "b")]
    log += [Event("v1", at - 7 * DAY, "a"), Event("v1", at, "a"), Event("v2", observed - DAY, "a")]
    plans = [("v3", early, "team"), ("v3", at - 3 * DAY, "free"), ("v3", at, "team")]
    plans += [("v4", early, "free"), ("v4", at - 14 * DAY, "team")]
    return _Edges(
        log,
        [Told(user, us, None, plan, None) for user, us, plan in plans],
        [
            Answer("x0", "v0", at, "survey", "rate_one", score=5.0),
            Answer("x1", "v0", at, "survey", None, "rating5", "short", 1.0),
            Answer("x2", "v1", at, "survey", "how_many", score=1.0),
            Answer("x3", "v2", observed, "survey", "how_many", score=1.0),
            Answer("x4", "v2", observed + 1, "survey", "how_many", score=1.0),
            Answer("x5", "v3", at, "survey", "rate_two", score=1.0),
            Answer("x6", "v4", at, "survey", "rate_two", score=1.0),
            # Rows of wide exports that name nobody.
            Answer("7:rate_one", None, at, "survey", "rate_one", score=5.0),
            Answer("7:why", None, at, "survey", "why", text="z"),
            Answer("8:8:why", None, at, "survey", "why", text="z"),
            Answer("9:other", None, at, "survey", "why", text="z"),
            Answer("nwhy", None, at, "survey", "why", text="z"),
            Answer("5:why", "who", at, "survey", "why", text="z"),
        ],
    )


def _edges_of_a_wave(reference: int) -> list[Event]:
    """Somebody known for exactly 28 days, who used something in the first instant and too late."""
    return [
        Event("v5", reference - 28 * DAY, "a"),
        Event("v5", reference - 7 * DAY, "b"),
        Event("v5", reference, "b"),
    ]


def _answers(draw: random.Random, world: World) -> list[Answer]:
    answers = []
    users = [name for name in sorted(world.users) if name.startswith("u")] * 3 + [
        "staff",
        "nobody",
        None,
    ]
    for number in range(500):
        user = draw.choice(users)
        question = draw.choice([*_QUESTIONS, "rate_two", "why", "why", "undeclared", None])
        asked = _QUESTIONS.get(question or "")
        text = draw.choice(["I like x", None]) if asked is None else None
        if asked is not None and asked.kind in ("text", "choice"):
            text = draw.choice(["x and y", "z"])
        about = asked.feature if asked else None
        feature = next((each for each in world.features if each.name == about), None)
        score = None if asked is not None and text else _score(draw, asked)
        answers.append(
            Answer(
                f"r{number:03}",
                user,
                _said_at(draw, world, user, feature or draw.choice(world.features)),
                draw.choice(["survey", "nps", "ticket"]),
                question,
                draw.choice(["rating5", "ces", "text"]) if asked is None else None,
                draw.choice(["short", "two", "gone", None]) if asked is None else None,
                score,
                text,
            )
        )
    return answers


def _score(draw: random.Random, asked: Question | None) -> float | None:
    top = 10 if asked is None or asked.kind != "rating5" else 5
    return draw.choice([None, 11.0, 8.5, *map(float, range(top + 1)), *map(float, range(1, 6))])


def _said_at(draw: random.Random, world: World, user: str | None, feature: Feature | None) -> int:
    """Mostly at the very edge of a window: of an event, of a row, of the log, of a day."""
    anywhere = world.start + draw.randrange(80 * DAY)
    mine = [each.us for each in world.log if each.user == user]
    edges = draw.choice(
        [
            *(mine, mine, mine),
            [each.us for each in world.told if each.user == user and each.us is not None],
            mine[:1],
            [world.start, world.observed],
            [world.midnight(world.date(anywhere))],
        ]
    )
    lengths = [0] if feature is None else [0, feature.within, feature.within, -feature.within]
    edge = draw.choice(edges or [anywhere]) + draw.choice(lengths) + draw.choice([-1, 0, 1])
    inside = world.start - 2 * DAY <= edge <= world.start + 80 * DAY
    return edge if draw.random() < 0.8 and inside else anywhere


def build(world: World, root: Path) -> Project:
    """The world's files loaded into a project of its own, and built."""
    waves = world.kind if world.kind in ("month", "quarter") else ""
    if world.kind == "declared":
        days = (f"{each.name}: {{from: {each.first}, to: {each.last}}}" for each in world.waves)
        waves = f"{{{', '.join(days)}}}"
    released = world.features[2].released
    opened = g.project(
        root,
        DEFINITIONS.format(
            observed=_iso(world.observed),
            released=released,
            waves=f"  waves: {waves}" if waves else "",
        ),
    )
    _load(opened, "events", _LOGGED, _event_rows(world))
    _load(opened, "users", ("user_id", "account_id", "updated_at", "properties"), _user_rows(world))
    _load(opened, "feedback", ("response_id", "user_id", "submitted_at", *_SAID), _said_rows(world))
    g.build(opened)
    return opened


_LOGGED = ("event_id", "user_id", "anonymous_id", "event_name", "occurred_at", "properties")
_SAID = ("source", "question", "kind", "feature", "score", "text")


def _event_rows(world: World) -> Iterable[Sequence[object]]:
    for number, each in enumerate(world.log):
        device = f"d-{each.user}"
        told = "" if each.n is None else json.dumps({"n": each.n})
        # Every named event has the device: what it does alone is its user's.
        yield (
            f"e{number}",
            each.user if each.named else "",
            device,
            each.name,
            _iso(each.us),
            told,
        )


def _user_rows(world: World) -> Iterable[Sequence[object]]:
    for each in world.told:
        values = {"plan": each.plan, "cents": each.cents}
        told = json.dumps({key: value for key, value in values.items() if value is not None})
        yield (each.user, each.account or "", "" if each.us is None else _iso(each.us), told)


def _said_rows(world: World) -> Iterable[Sequence[object]]:
    for each in world.answers:
        cells = (each.source, each.question, each.kind, each.feature, each.score, each.text)
        yield (each.id, each.user or "", _iso(each.us), *("" if c is None else c for c in cells))


def _load(
    opened: Project, kind: g.RawKind, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    target = opened.paths.root / f"{kind}.csv"
    with target.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([columns, *rows])
    opened.load(kind, [str(target)])


def _iso(us: int) -> str:
    return (_EPOCH + us * dt.timedelta(microseconds=1)).isoformat().replace("+00:00", "Z")
