"""What a project declares, and the mistakes of names that point at none of it."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from funnelkit.errors import did_you_mean
from funnelkit.project.rules import Mistake, as_mapping

SESSION = "session_id"  # the entity and the column that `sessions:` makes
ENTITIES = ("user_id", "account_id")  # those that every log has


class Known(NamedTuple):
    """The declared properties, and whether `sessions:` is there."""

    of_users: list[str]
    of_events: list[str]
    sessions: bool


def known(raw: Mapping[str, Any]) -> Known:
    """What the `vars: funnelkit:` block, as written, declares."""
    return Known(
        [str(name) for name in as_mapping(raw.get("user_properties"))],
        [str(name) for name in as_mapping(raw.get("event_properties"))],
        bool(raw.get("sessions")),
    )


def unknown(what: str, name: str, names: list[str], section: str) -> str:
    """What is wrong with a name that no `section` declares."""
    return f"unknown {what} {name!r}; {did_you_mean(name, names) or f'declare it in {section}'}"


def no_event_property(name: str, declared: Known, needs: str) -> str:
    """What is wrong with a name that is no event property where `needs` one."""
    if name in declared.of_users:
        return f"{name!r} is a user property; {needs} an event property"
    return unknown("event property", name, declared.of_events, "event_properties")


def wrong_entity(entity: Any, declared: Known) -> Iterator[Mistake]:
    """The mistake at `entity`, if there is one."""
    keys = [*ENTITIES, *([SESSION] if declared.sessions else ()), *declared.of_events]
    if not isinstance(entity, str) or entity in keys:
        return
    if entity == SESSION:
        text = "session_id needs sessions: {idle: 30 minutes}"
    elif entity in declared.of_users:
        kinds = "user_id, account_id, session_id or an event property"
        text = f"{entity!r} is a user property; an entity is {kinds}"
    else:
        text = f"unknown entity {entity!r}; {did_you_mean(entity, keys)}"
    yield Mistake(("entity",), text)
