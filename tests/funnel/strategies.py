"""Random small logs and random funnels over all the rules, and what both mean to the oracle.

Events have few distinct instants, so that ties occur; names stand in several steps, so that rows
match several; the properties that conditions and `hold` read are often missing.
"""

import csv
import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import strategies as st

from tests.funnel.oracle import Exclusion, Outcome, Row, Rules, search

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
START_US = int(EPOCH.timestamp()) * 1_000_000
SECOND = 1_000_000

WHERES = {None: lambda n: True, "n > 0": lambda n: n is not None and n > 0}
NAMES = ["a", "b", "c", "x"]


class Event(NamedTuple):
    second: int
    name: str
    n: int | None = 1
    space: str | None = "p"


Log = Sequence[Sequence[Event]]  # the events of each entity
Funnel = Mapping[str, Any]  # a definition as in YAML
Span = tuple[int | None, int | None]  # entries from the one second on and before the other

_KINDS = [
    Event(second, name, n, space)
    for second in range(7)
    for name in NAMES
    for n in (1, 1, None)
    for space in ("p", "p", "p", "q", "q", None)
]


# A case is made from one number: hypothesis repeats parts of long drawn lists, and most of its
# funnels let nothing through. What a failure lacks in shrinking, `difference` makes up.
seeds = st.integers(0, 2**32 - 1)
ORDERS = ("ordered", "ordered", "strict", "any")


def crowd(chance: random.Random) -> Log:
    """Thirty entities, to be worth a database."""
    return [[chance.choice(_KINDS) for _ in range(chance.randint(1, 10))] for _ in range(30)]


def funnel(chance: random.Random, orders: Sequence[str] = ORDERS) -> Funnel:
    """A definition over all the rules that none of them refuses."""
    order = chance.choice(orders)
    steps = [_step(chance, f"s{k}") for k in range(1, chance.choice([3, 4, 4, 5]))]
    window = chance.choice([None, "2 s", "3 s", "4 s", "5 s", "60 s"])
    definition = _given({"order": order, "steps": steps, "window": window})
    if chance.random() < 0.35:
        definition["hold"] = ["space"]
    if order == "any":
        definition["anchor_first"] = chance.random() < 0.5
        definition["entry"] = chance.choice(["first", "best"])
        return definition
    unit = chance.choice(["first", "best", "entries"])
    definition["count" if unit == "entries" else "entry"] = unit
    if chance.random() < 0.4:
        definition["step_window"] = chance.choice(["1 s", "2 s"])
    definition["strict_increase"] = chance.random() < 0.2
    definition["row_reuse"] = order == "ordered" and chance.random() < 0.3
    exclusions = chance.choice([0, 1, 1, 2])
    definition["exclude"] = [_exclusion(chance, len(steps)) for _ in range(exclusions)]
    # Anywhere but at the ends.
    for k in range(chance.choice([0, 0, 1, 2]) if order == "ordered" else 0):
        optional = {**_step(chance, f"o{k}"), "optional": True}
        steps.insert(chance.randint(1, len(steps) - 1), optional)
    return definition


def plain_funnel(chance: random.Random) -> Funnel:
    """What the array kernel knows: ordered, windows, no event name in two steps."""
    names = chance.sample(NAMES, len(NAMES))
    count = chance.choice([2, 3, 3, 4])
    events = [names[k:] if k == count - 1 else names[k : k + 1] for k in range(count)]
    steps = [
        _given({"name": f"s{k}", "event": names, "where": _where(chance)})
        for k, names in enumerate(events, start=1)
    ]
    window, step_window = (chance.choice([None, "1 s", "2 s", "3 s", "4 s"]) for _ in range(2))
    return {
        **_given({"steps": steps, "window": window, "step_window": step_window}),
        "entry": chance.choice(["first", "best"]),
        "strict_increase": chance.random() < 0.2,
    }


def span(chance: random.Random) -> Span:
    """Seldom a range of entries that leaves some out."""
    since = 2 if chance.random() < 0.2 else None
    return since, 5 if chance.random() < 0.2 else None


def _step(chance: random.Random, name: str) -> dict[str, Any]:
    events = chance.choice([["a"], ["b"], ["c"], ["a", "b"], ["a", "b"], ["b", "c"], ["c", "x"]])
    return _given({"name": name, "event": events, "where": _where(chance)})


def _exclusion(chance: random.Random, steps: int) -> str | dict[str, Any]:
    if chance.random() < 0.2:
        return "x"
    start, end = sorted(chance.sample(range(1, steps + 1), 2))
    return _given(
        {
            "event": chance.choice([["x"], ["x"], ["b"], ["x", "c"]]),
            "where": _where(chance),
            "from": f"s{start}",
            "to": f"s{end}",
            "scope": chance.choice(["attempt", "entity"]),
        }
    )


def _where(chance: random.Random) -> str | None:
    return chance.choice([None, None, None, "n > 0"])


def _given(definition: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in definition.items() if value is not None}


# --- what they mean


def rules_of(funnel: Funnel, since: int | None = None, until: int | None = None) -> Rules:
    """The funnel's rules, for entries from second `since` on and before `until`."""
    steps = funnel["steps"]
    numbers = {step["name"]: k for k, step in enumerate(steps, start=1)}
    exclude = [
        Exclusion(
            bit,
            numbers[each["from"]] if "from" in each else 1,
            numbers[each["to"]] if "to" in each else len(steps),
            each.get("scope", "attempt"),
        )
        for bit, each in enumerate(_complete(funnel))
    ]
    return Rules(
        steps=len(steps),
        optional=frozenset(numbers[step["name"]] for step in steps if step.get("optional")),
        order=funnel.get("order", "ordered"),
        anchor_first=funnel.get("anchor_first", False),
        entry=funnel.get("entry", "first"),
        count=funnel.get("count", "entities"),
        window=_us(funnel.get("window")),
        step_window=_us(funnel.get("step_window")),
        hold=bool(funnel.get("hold")),
        row_reuse=funnel.get("row_reuse", False),
        strict_increase=funnel.get("strict_increase", False),
        exclude=tuple(exclude),
        since=None if since is None else since * SECOND,
        until=None if until is None else until * SECOND,
    )


def rows_of(events: Sequence[Event], funnel: Funnel) -> list[Row]:
    """An entity's events as rows; outside `strict`, rows that match nothing are of no account."""
    found = []
    for no, event in enumerate(events):
        mask = _bits(event, funnel["steps"])
        xmask = _bits(event, _complete(funnel))
        held = event.space if funnel.get("hold") else ""
        if mask or xmask or funnel.get("order") == "strict":
            found.append(Row(event.second * SECOND, mask, no, xmask, held))
    return found


def outcomes(log: Log, funnel: Funnel, span: Span = (None, None)) -> dict[str, Outcome]:
    """What the oracle says of every entity that has an entry."""
    rules = rules_of(funnel, *span)
    observed = max(event.second for events in log for event in events) * SECOND
    found = {}
    for entity, events in enumerate(log):
        outcome = search(rows_of(events, funnel), rules, observed)
        if outcome is not None:
            found[f"u{entity}"] = outcome
    return found


def _complete(funnel: Funnel) -> Iterator[dict[str, Any]]:
    for each in funnel.get("exclude", []):
        yield {"event": [each]} if isinstance(each, str) else each


def _bits(event: Event, predicates: Sequence[Mapping[str, Any]] | Iterator[dict[str, Any]]) -> int:
    return sum(
        1 << k
        for k, each in enumerate(predicates)
        if event.name in each["event"] and WHERES[each.get("where")](event.n)
    )


def _us(duration: str | None) -> int | None:
    return None if duration is None else int(duration.split()[0]) * SECOND


# --- files


def write(path: Path, log: Log, mixed: random.Random | None = None, ids: bool = True) -> None:
    """The log as CSV; `mixed`: every line twice, in any order."""
    lines = [
        (f"{entity:03}-{no:03}", f"u{entity}", event.name, _moment(event), event.n, event.space)
        for entity, events in enumerate(log)
        for no, event in enumerate(events)
    ]
    if mixed:
        lines = mixed.sample(lines * 2, 2 * len(lines))
    header = ("event_id", "user_id", "event_name", "occurred_at", "n", "space")
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerows(line[0 if ids else 1 :] for line in [header, *lines])


def _moment(event: Event) -> str:
    return (EPOCH + timedelta(seconds=event.second)).isoformat()
