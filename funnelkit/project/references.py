"""Names in the definitions that point at nothing, and names used twice."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from funnelkit.errors import did_you_mean
from funnelkit.project.quality import repeated_rules
from funnelkit.project.rules import AT_ENTRY, Mistake, as_list, as_mapping, conflicts

SESSION = "session_id"  # the entity and the column that `sessions:` makes
ENTITIES = ("user_id", "account_id")  # those that every log has


class _Known(NamedTuple):
    """The declared properties, and whether `sessions:` is there."""

    of_users: list[str]
    of_events: list[str]
    sessions: bool


def references(raw: Mapping[str, Any]) -> Iterator[Mistake]:
    """Mistakes that only show between keys of the `vars: funnelkit:` block, as written.

    Works beside other mistakes: whatever has the wrong shape is passed over in silence here.
    """
    funnels = as_mapping(raw.get("funnels"))
    known = _Known(
        [str(name) for name in as_mapping(raw.get("user_properties"))],
        [str(name) for name in as_mapping(raw.get("event_properties"))],
        bool(raw.get("sessions")),
    )
    for name, funnel in funnels.items():
        for mistake in _of_funnel(as_mapping(funnel), known):
            yield Mistake(("funnels", name, *mistake.path), mistake.text)
    for name, report in as_mapping(raw.get("reports")).items():
        for at, funnel in enumerate(as_list(as_mapping(report).get("funnels"))):
            if isinstance(funnel, str) and funnel not in funnels:
                path = ("reports", name, "funnels", at)
                yield Mistake(path, _unknown("funnel", funnel, list(funnels), "funnels"))
    for section in ("event_properties", "user_properties"):
        yield from _repeated_properties(section, as_mapping(raw.get(section)))
    if known.sessions:
        yield from _taken_by_sessions(known)
    yield from repeated_rules(raw)


def _of_funnel(funnel: Mapping[str, Any], known: _Known) -> Iterator[Mistake]:
    yield from conflicts(funnel)
    yield from _wrong_entity(funnel.get("entity"), known)
    yield from _wrong_hold(as_list(funnel.get("hold")), known)
    yield from _wrong_breakdowns(as_list(funnel.get("breakdowns")), known)


def _wrong_entity(entity: Any, known: _Known) -> Iterator[Mistake]:
    keys = [*ENTITIES, *([SESSION] if known.sessions else ()), *known.of_events]
    if not isinstance(entity, str) or entity in keys:
        return
    if entity == SESSION:
        text = "session_id needs sessions: {idle: 30 minutes}"
    elif entity in known.of_users:
        kinds = "user_id, account_id, session_id or an event property"
        text = f"{entity!r} is a user property; an entity is {kinds}"
    else:
        text = f"unknown entity {entity!r}; {did_you_mean(entity, keys)}"
    yield Mistake(("entity",), text)


def _wrong_hold(hold: list[Any], known: _Known) -> Iterator[Mistake]:
    for at, name in enumerate(hold):
        if not isinstance(name, str):
            continue
        if name in hold[:at]:
            yield Mistake(("hold", at), f"{name!r} again; once is enough")
        elif name not in known.of_events:
            yield Mistake(("hold", at), _no_event_property(name, known, "hold needs"))


def _wrong_breakdowns(breakdowns: list[Any], known: _Known) -> Iterator[Mistake]:
    seen: set[tuple[str, str]] = set()
    for number, breakdown in enumerate(breakdowns):
        whole = isinstance(breakdown, str)
        given = {"property": breakdown, "at": AT_ENTRY} if whole else as_mapping(breakdown)
        name, at = given.get("property"), given.get("at")
        if not isinstance(name, str) or not isinstance(at, str):
            continue
        path = ("breakdowns", number)
        if (name, at) in seen:
            shown = f"{name!r}" if whole else f"{name!r} at {at!r}"
            yield Mistake(path, f"{shown} again; once is enough")
        elif whole and name not in known.of_users:
            text = _unknown("user property", name, known.of_users, "user_properties")
            yield Mistake(path, _of_events(name) if name in known.of_events else text)
        elif not whole and at == AT_ENTRY:
            text = f"{at!r} is no step here; write a step's name, first or last"
            yield Mistake((*path, "at"), text)
        elif not whole and name not in known.of_events:
            needs = "write its name alone; with `at` a breakdown needs"
            yield Mistake((*path, "property"), _no_event_property(name, known, needs))
        seen.add((name, at))


def _no_event_property(name: str, known: _Known, needs: str) -> str:
    if name in known.of_users:
        return f"{name!r} is a user property; {needs} an event property"
    return _unknown("event property", name, known.of_events, "event_properties")


def _repeated_properties(section: str, properties: Mapping[str, Any]) -> Iterator[Mistake]:
    seen: dict[str, str] = {}
    for name in map(str, properties):
        if name.lower() in seen:
            text = f"the same column as {seen[name.lower()]!r}: columns ignore case"
            yield Mistake((section, name), text)
        seen.setdefault(name.lower(), name)


def _taken_by_sessions(known: _Known) -> Iterator[Mistake]:
    for name in known.of_events:
        if name.lower() == SESSION:
            yield Mistake(("event_properties", name), "this name is taken: sessions: makes it")


def _of_events(name: str) -> str:
    return (
        f"{name!r} is an event property; write {{property: {name}, at: …}} with a step's name, "
        "first or last"
    )


def _unknown(what: str, name: str, known: list[str], section: str) -> str:
    return f"unknown {what} {name!r}; {did_you_mean(name, known) or f'declare it in {section}'}"
