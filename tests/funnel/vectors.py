"""Cases of other systems told in our words: their journeys as a log, their rules as a funnel.

What the cases are stands in ../shared/vectors/funnel.json; which of our switches a mode of theirs
is, and where we differ on purpose, stands in test_vectors.py.
"""

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Protocol

FILE = Path(__file__).resolve().parents[3] / "shared" / "vectors" / "funnel.json"
# Instants are counted from here where a case counts from its own zero: a log begins in 2000.
ZERO = datetime(2020, 1, 1, tzinfo=UTC)
COLUMNS = ("event_id", "user_id", "account_id", "event_name", "occurred_at")
LONGEST = 36_500 * 86_400  # seconds; a longer window is none
NOBODY_DOES = "(nobody does)"

Vector = Mapping[str, Any]
Record = Mapping[str, Any]


class NoFunnelError(Exception):
    """The case asks for something that is no funnel of ours."""


@dataclass(frozen=True)
class Event:
    """An event of the log; `at` is UTC, a property that is absent or None is NULL."""

    id: str
    user_id: str
    account_id: str
    name: str
    at: datetime
    properties: Mapping[str, str | None]


@dataclass(frozen=True)
class Case:
    """A vector, or its part in one time zone: a funnel, its log, and what must come out.

    `rules` is a funnel as in the YAML; `by`, `trend`, `next_after`, `since` and `until` are options
    of the question. `entities` are ours for each of its actors. `ignored` names what the vector
    asks for and we have nothing for: then it must differ.
    """

    id: str
    rules: Mapping[str, Any]
    events: tuple[Event, ...]
    entities: Mapping[str, str]
    expected: Mapping[str, Any]
    timezone: str = "UTC"
    by: str | None = None
    trend: str | None = None
    from_step: int = 1
    next_after: str | None = None
    since: str | None = None
    until: str | None = None
    ignored: tuple[str, ...] = ()

    @property
    def funnel(self) -> str:
        """The funnel's name in a project."""
        return "f_" + "".join(char if char.isalnum() else "_" for char in self.id.lower())

    @property
    def properties(self) -> list[str]:
        """Names of the event properties that the log or the rules know."""
        return sorted({name for event in self.events for name in event.properties})

    @property
    def asked_range(self) -> dict[str, str]:
        """The options that restrict entries."""
        return {
            name: value
            for name, value in (("since", self.since), ("until", self.until))
            if value is not None
        }


class Asked(Protocol):
    """Somebody to ask: `explore`, or a built project."""

    def rows(self, case: Case, **options: Any) -> Sequence[Record]:
        """Records of the table that `funnel` and `explore` print."""

    def levels(self, case: Case) -> Mapping[str, int]:
        """Of each entity that entered, how deep it got."""

    def mean_times(self, case: Case) -> Mapping[int, float]:
        """Mean seconds from the previous step over all proof rows, by step from the second on."""

    def trend(self, case: Case) -> Mapping[str, tuple[int, int]]:
        """By cohort: how many reached step `from_step`, and how many the last."""


@cache
def vectors() -> dict[str, Vector]:
    """All vectors by id; empty where the file is not."""
    if not FILE.is_file():
        return {}
    found = json.loads(FILE.read_text(encoding="utf-8"))["vectors"]
    assert len({vector["id"] for vector in found}) == len(found)
    return {vector["id"]: vector for vector in found}


def mode(vector: Vector) -> tuple[str, str]:
    """The system and what of it a vector uses, as one key: ("clickhouse", "strict_once")."""
    funnel = vector["funnel"]
    words = [*sorted(funnel.get("modes", []))]
    if funnel.get("function", "windowFunnel") != "windowFunnel":
        words += [funnel[key] for key in ("function", "direction", "base") if key in funnel]
        words += ["one step"] if len(funnel.get("chain", "")) == 1 else []
    words += [funnel[key] for key in ("order", "entry", "viz") if key in funnel]
    if "exclusions" in funnel:
        words.append("exclusions")
    if "breakdown" in funnel:
        words.append("at step" if "step_" in funnel["attribution"] else funnel["attribution"])
    return vector["system"].split(" ")[0].split("/")[0], " ".join(words)


def cases(vector: Vector, switches: Mapping[str, Any], entity: str) -> Iterator[Case]:
    """The vector as one question, or one in each time zone; NoFunnelError where it is none."""
    zones = vector["expected"].get("bucket_by_timezone")
    if zones is None:
        zone = vector["funnel"].get("timezone", "UTC")
        yield _case(vector, vector["id"], switches, entity, zone, vector["expected"])
        return
    for zone, bucket in zones.items():
        everybody = sum(actor.get("n", 1) for actor in vector["actors"])
        expected = {"trend": {bucket: [everybody, everybody]}}
        yield _case(vector, f"{vector['id']} {zone}", switches, entity, zone, expected)


def _case(
    vector: Vector,
    name: str,
    switches: Mapping[str, Any],
    entity: str,
    timezone: str,
    expected: Mapping[str, Any],
) -> Case:
    asked = dict(vector["funnel"])
    if asked.get("function") == "sequenceNextNode":
        # Those who stopped after the chain, as nobody can go on: where they went instead.
        asked["steps"] = [*asked["chain"], NOBODY_DOES]
    if "steps" not in asked:
        raise NoFunnelError(f"{asked['function']} has no steps")
    ignored = [key for key in ("tie_tolerance_s", "breakdown_limit") if key in asked]
    events = tuple(_events(vector, name, asked.get("order_key"), entity))
    names = sorted({event.name for event in events})
    steps = [_step(step, no, name, names, ignored) for no, step in enumerate(asked["steps"], 1)]
    rules: dict[str, Any] = {"steps": steps, "entity": entity, **switches}
    if asked.get("window") is not None and asked["window"] <= LONGEST:
        rules["window"] = f"{asked['window']} seconds"
    if "exclusions" in asked:
        rules["exclude"] = [_exclusion(each, name) for each in asked["exclusions"]]
    at = _at(asked)
    if at is not None:
        rules["breakdowns"] = [{"property": _property(asked["breakdown"]), "at": at}]
    return Case(
        id=name,
        rules=rules,
        events=events,
        entities={actor["id"]: _entity(name, actor["id"], 0) for actor in vector["actors"]},
        expected=expected,
        timezone=timezone,
        by=None if at is None else f"{_property(asked['breakdown'])}@{at}",
        trend=asked.get("interval"),
        from_step=asked.get("from_step", 0) + 1,
        next_after=f"s{len(steps) - 1}" if asked.get("function") == "sequenceNextNode" else None,
        since=asked.get("date_from"),
        until=asked.get("date_to"),
        ignored=tuple(ignored),
    )


def _step(
    step: str | Mapping[str, Any], no: int, case: str, names: list[str], ignored: list[str]
) -> dict[str, Any]:
    given: dict[str, Any] = {"event": step} if isinstance(step, str) else dict(step)
    if "window" in given:
        raise NoFunnelError("each step has a window of its own")
    if given.pop("first_ever_for_actor", False):
        ignored.append("first_ever_for_actor")
    told: dict[str, Any] = {"name": f"s{no}", "event": names}
    if "event" in given:
        told["event"] = [_name(case, given.pop("event"))]
    elif "any_of" in given:
        told["event"] = [_name(case, each) for each in given.pop("any_of")]
    if given.pop("optional", False):
        told["optional"] = True
    if "where" in given:
        told["where"] = _where(given.pop("where"))
    assert not given or given == {"any": True}, given
    return told


def _exclusion(given: Mapping[str, Any], case: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "event": _name(case, given["event"]),
        "from": f"s{given['from'] + 1}",
        "to": f"s{given['to'] + 1}",
        "scope": "entity",
    }
    return {**told, "where": _where(given["where"])} if "where" in given else told


def _where(filters: Mapping[str, str | None]) -> str:
    return " and ".join(
        f"{_property(name)} is null" if value is None else f"{_property(name)} = '{value}'"
        for name, value in filters.items()
    )


def _at(asked: Mapping[str, Any]) -> str | None:
    """Where a breakdown's value is taken: the word `first`, or a step's name."""
    if "breakdown" not in asked:
        return None
    how = asked["attribution"]
    if how.startswith("step_"):
        return f"s{int(how.removeprefix('step_')) + 1}"
    return {"first_touch": "first", "all_events": "s1"}[how]


def _events(vector: Vector, case: str, order_key: str | None, entity: str) -> Iterator[Event]:
    if "active_dates" in vector["actors"][0]:
        return
    seconds = [event[0] for actor in vector["actors"] for event in actor["events"]]
    zero = ZERO if min(seconds) < 946_684_800 else datetime(1970, 1, 1, tzinfo=UTC)
    known = {name for a in vector["actors"] for event in a["events"] for name in _given(event)}
    for actor in vector["actors"]:
        for copy in range(actor.get("n", 1)):
            who = _entity(case, actor["id"], copy)
            for no, event in enumerate(actor["events"]):
                given = _given(event)
                properties = {_property(name): given.get(name) for name in sorted(known)}
                # Whoever counts accounts or sessions takes their events from several people.
                user = who if entity == "user_id" else f"{who} person {no % 2}"
                if entity not in ("user_id", "account_id"):
                    properties[entity] = who
                # The column that a project maps to occurred_at is the one that orders.
                at = event[0] if order_key is None else given[order_key]
                yield Event(
                    id=f"{who} {no:03}",
                    user_id=user,
                    account_id=who,
                    name=_name(case, event[1]),
                    at=zero + timedelta(seconds=float(at)),
                    properties=properties,
                )


def _given(event: Sequence[Any]) -> Mapping[str, Any]:
    return event[2] if len(event) > 2 else {}


def _entity(case: str, actor: str, copy: int) -> str:
    return f"{case} / {actor} / {copy}"


def _name(case: str, event: str) -> str:
    """Event names are a case's own, so that cases share a project."""
    return f"{case} {event}"


def _property(name: str) -> str:
    return f"p_{name}"


def write_columns(path: Path, case: Case) -> None:
    """The log with a column for each property, as `explore` reads it."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream)
        out.writerow([*COLUMNS, *case.properties])
        for event in case.events:
            values = (event.properties.get(name) for name in case.properties)
            out.writerow([*_cells(event), *("" if value is None else value for value in values)])


def write_raw(path: Path, told: Iterable[Case]) -> None:
    """The logs of many cases with their properties as JSON, as `load` reads them."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream)
        out.writerow([*COLUMNS, "properties"])
        for case in told:
            for event in case.events:
                there = {name: v for name, v in event.properties.items() if v is not None}
                out.writerow([*_cells(event), json.dumps(there)])


def _cells(event: Event) -> tuple[str, ...]:
    return (event.id, event.user_id, event.account_id, event.name, event.at.isoformat())


def differences(asked: Asked, case: Case) -> list[str]:
    """Where the answer is not the expected one; each thing that the vector states is compared."""
    found = []
    for what, stated in case.expected.items():
        if what in _NOT_COMPARED:
            continue
        ours, theirs = _OURS[what](asked, case), _theirs(case, what, stated)
        if ours != theirs:
            found.append(f"{what}: ours {ours}, theirs {theirs}")
    return found


def _theirs(case: Case, what: str, stated: Any) -> Any:
    """What a vector states, in the form in which we answer."""
    if what in ("pct_of_first", "pct_of_previous"):
        return [None if share is None else round(share, 6) for share in stated]
    if what == "next":  # each actor's next event; we tell how many have it
        first = case.rules["steps"][0]["event"]
        entered = {event.user_id for event in case.events if event.name in first}
        return Counter(
            "(nothing more)" if event is None else _name(case.id, event)
            for actor, event in stated.items()
            if case.entities[actor] in entered
        )
    return stated


def _total(asked: Asked, case: Case) -> list[Record]:
    return [row for row in asked.rows(case) if row["breakdown"] is None]


def _reached(asked: Asked, case: Case) -> list[int]:
    return [row["reached"] for row in _total(asked, case)]


def _levels(asked: Asked, case: Case) -> dict[str, int]:
    levels = asked.levels(case)
    return {actor: levels.get(entity, 0) for actor, entity in case.entities.items()}


def _mean_times(asked: Asked, case: Case) -> list[float | None]:
    times = asked.mean_times(case)
    return [times.get(step) for step in range(1, len(case.rules["steps"]) + 1)]


def _trend(asked: Asked, case: Case) -> dict[str, list[int]]:
    return {period: list(pair) for period, pair in asked.trend(case).items() if any(pair)}


def _groups(asked: Asked, case: Case) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for row in asked.rows(case, by=case.by):
        if row["breakdown"] is not None and row["value"] != "(not reached)":
            value = "" if row["value"] == "(none)" else row["value"]
            found.setdefault(value, []).append(row["reached"])
    return found


def _next(asked: Asked, case: Case) -> dict[str, int]:
    rows = asked.rows(case, next_after=case.next_after)
    return {row["event"]: row["entities"] for row in rows}


_OURS: Mapping[str, Callable[[Asked, Case], Any]] = {
    "levels": _levels,
    "counts": _reached,
    "counts_first_last": lambda asked, case: [_reached(asked, case)[i] for i in (0, -1)],
    "counts_last": lambda asked, case: _reached(asked, case)[-1],
    "actors_step1": lambda asked, case: [
        actor for actor, level in _levels(asked, case).items() if level
    ],
    "pct_of_first": lambda asked, case: [row["conversion"] for row in _total(asked, case)],
    "pct_of_previous": lambda asked, case: [
        row["step_conversion"] if row["step"] > 1 else None for row in _total(asked, case)
    ],
    "avg_time": _mean_times,
    "trend": _trend,
    "breakdown_counts": _groups,
    "breakdown_values": lambda asked, case: sorted(_groups(asked, case)),
    "next": _next,
}
# Of a case that is listed as different, and would be one of its own.
_NOT_COMPARED = ("counts_if_date_from_2023-03-22",)


def buckets(case: Case) -> Iterator[tuple[str, str]]:
    """First and last day of every cohort that the case names, and of the ones beside them."""
    for day in sorted(case.expected["trend"]):
        first = date.fromisoformat(day)
        if case.trend == "month":
            yield day, _month_end(first).isoformat()
            before = (first - timedelta(days=1)).replace(day=1)
            yield before.isoformat(), _month_end(before).isoformat()
        else:
            yield day, day
            after = (first + timedelta(days=1)).isoformat()
            if after not in case.expected["trend"]:
                yield after, after


def _month_end(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
