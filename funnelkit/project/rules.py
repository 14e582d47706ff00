"""What does not go together within one funnel, and step names that point at nothing."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from funnelkit.errors import did_you_mean

AT_ENTRY = "entry"  # a breakdown by a property of the entity, as of its first entry
AT_ENDS = ("first", "last")  # a breakdown by a property of the chain's first or last event
# Key -> what to do instead, for every order that cannot have it.
_APART = {
    "any": {
        "step_window": "write window",
        "exclude": "write order: ordered or strict",
        "row_reuse": "an event counts for every step there, leave it out",
        "strict_increase": "leave it out",
    },
    "strict": {"row_reuse": "write order: ordered"},
}
# In `strict`, an event of an optional step would itself end the attempt.
_NO_OPTIONAL = {"any": "leave it out", "strict": "write order: ordered"}


class Mistake(NamedTuple):
    """What is wrong at one place; `path` holds keys and list indexes from the mapping checked."""

    path: tuple[str | int, ...]
    text: str


class _Named(NamedTuple):
    name: str
    optional: bool


def step_name(step: Mapping[str, Any]) -> Any:
    """A step's name; left out, it is that of its event or events, as in the macro funnel_specs."""
    name, event = step.get("name"), step.get("event")
    if name is not None or not event:
        return name
    events = [event] if isinstance(event, str) else event
    whole = isinstance(events, list) and all(isinstance(each, str) for each in events)
    return "|".join(events) if whole else None


def conflicts(funnel: Mapping[str, Any]) -> Iterator[Mistake]:
    """Rules of one funnel that exclude each other, and wrong names of its steps, as written.

    Works beside other mistakes: whatever has the wrong shape is passed over in silence here.
    """
    written = as_list(funnel.get("steps"))
    steps = [_named(step) for step in written]
    known = [step for step in steps if step is not None]
    yield from _repeated_steps(steps)
    yield from _optional_steps(written, str(funnel.get("order")))
    yield from _apart(funnel)
    if len(known) == len(written) >= 2:
        for at, exclusion in enumerate(as_list(funnel.get("exclude"))):
            for mistake in _ends(as_mapping(exclusion), known):
                yield Mistake(("exclude", at, *mistake.path), mistake.text)
        for at, breakdown in enumerate(as_list(funnel.get("breakdowns"))):
            for text in _place(as_mapping(breakdown).get("at"), known, funnel.get("order")):
                yield Mistake(("breakdowns", at, "at"), text)


def as_option(mistake: Mistake) -> str:
    """A mistake of `conflicts` for a funnel given on the command line: `--exclude: …`."""
    key = "optional" if "optional" in mistake.path else str(mistake.path[0])
    option = {"steps": "step", "breakdowns": "by"}.get(key, key.replace("_", "-"))
    return f"--{option}: {mistake.text}"


def _named(step: Any) -> _Named | None:
    name = step if isinstance(step, str) else step_name(as_mapping(step))
    optional = as_mapping(step).get("optional") is True
    return _Named(name, optional) if isinstance(name, str) else None


def _repeated_steps(steps: list[_Named | None]) -> Iterator[Mistake]:
    seen: set[str] = set()
    for at, step in enumerate(steps):
        if step is None:
            continue
        if step.name in seen:
            text = f"a second step named {step.name!r}; write {{name: …, event: {step.name}}}"
            yield Mistake(("steps", at), text)
        seen.add(step.name)


def _optional_steps(steps: list[Any], order: str) -> Iterator[Mistake]:
    for at, step in enumerate(steps):
        if as_mapping(step).get("optional") is not True:
            continue
        if at in (0, len(steps) - 1):
            text = "the first and the last step cannot be optional"
            yield Mistake(("steps", at, "optional"), text)
        elif order in _NO_OPTIONAL:
            yield Mistake(("steps", at, "optional"), _without(order, _NO_OPTIONAL[order]))


def _apart(funnel: Mapping[str, Any]) -> Iterator[Mistake]:
    order = funnel.get("order")
    for key, instead in _APART.get(str(order), {}).items():
        if funnel.get(key):
            yield Mistake((key,), _without(order, instead))
    if funnel.get("anchor_first") is True and order != "any":
        yield Mistake(("anchor_first",), "only with order: any")
    if funnel.get("count") == "entries":
        if order == "any":
            yield Mistake(("count",), _without(order, "write count: entities"))
        if funnel.get("entry"):
            text = "not with count: entries, where every entry is an attempt; leave it out"
            yield Mistake(("entry",), text)


def _without(order: Any, instead: str) -> str:
    return f"not with order: {order}; {instead}"


def _ends(exclusion: Mapping[str, Any], steps: list[_Named]) -> Iterator[Mistake]:
    """The mistakes of one exclusion's `from` and `to`, at most one each."""
    required = [step.name for step in steps if not step.optional]
    places: list[int] = []
    for key, default in (("from", steps[0].name), ("to", steps[-1].name)):
        name = exclusion.get(key) or default
        if name in required:
            places.append(required.index(name))
        elif name in [step.name for step in steps if step.optional]:
            text = f"{name!r} is an optional step; write one of {', '.join(required)}"
            yield Mistake((key,), text)
        elif isinstance(name, str):
            yield Mistake((key,), f"unknown step {name!r}; {did_you_mean(name, required)}")
    if len(places) == 2 and places[0] >= places[1]:
        start, end = (required[at] for at in places)
        key = "to" if exclusion.get("to") else "from"
        yield Mistake((key,), f"from {start!r} to {end!r}: from must be an earlier step than to")


def _place(at: Any, steps: list[_Named], order: Any) -> Iterator[str]:
    """What is wrong with a breakdown's `at`; the words first and last win over steps' names."""
    if not isinstance(at, str) or at in (AT_ENTRY, *AT_ENDS):
        return
    names = [step.name for step in steps]
    if at not in names:
        yield f"unknown step {at!r}; {did_you_mean(at, [*names, *AT_ENDS])}"
    elif order == "any":
        yield _without(order, "write at: first or at: last")


def as_mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def as_list(value: Any) -> list[Any]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []
