"""What does not go together in outcomes, aha moments and the search, and names that point nowhere.

All of it from the `vars: funnelkit:` block as written; whatever has the wrong shape is passed over
in silence here.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from funnelkit.errors import FunnelkitError, did_you_mean
from funnelkit.project.aha import ALIVE_US, DAY_US, DAYS
from funnelkit.project.durations import format_duration, parse_duration
from funnelkit.project.known import Known, known, no_event_property, unknown, wrong_entity
from funnelkit.project.rules import Mistake, as_list, as_mapping

Given = Mapping[str, Any]
_KINDS = ("event", "funnel", "not")
_OF_EVENTS = ("where", "sum", "at_least")
_SUMMED = ("integer", "bigint", "decimal")  # sums of others depend on the order of the rows


class _Project(NamedTuple):
    """The sections that refer to one another, and the declared properties with their types."""

    funnels: Given
    outcomes: Given
    types: Given
    declared: Known


def aha_mistakes(raw: Given) -> Iterator[Mistake]:
    """Mistakes of `outcomes`, `aha_moments` and `aha_search` that show between keys."""
    project = _Project(
        as_mapping(raw.get("funnels")),
        as_mapping(raw.get("outcomes")),
        as_mapping(raw.get("event_properties")),
        known(raw),
    )
    for name, outcome in _mappings(project.outcomes):
        for mistake in _of_outcome(name, outcome, project):
            yield _under(mistake, "outcomes", name)
    for name, moment in _mappings(raw.get("aha_moments")):
        for mistake in _of_moment(moment, project):
            yield _under(mistake, "aha_moments", name)
    for name, search in _mappings({"aha_search": raw.get("aha_search")}):
        for mistake in _of_search(search, project):
            yield _under(mistake, name)
    for section in ("outcomes", "aha_moments"):
        yield from _repeated_names(section, as_mapping(raw.get(section)))


def _mappings(named: Any) -> Iterator[tuple[str, Given]]:
    return ((name, each) for name, each in as_mapping(named).items() if isinstance(each, Mapping))


def _under(mistake: Mistake, *path: str) -> Mistake:
    return Mistake((*path, *mistake.path), mistake.text)


def _repeated_names(section: str, named: Given) -> Iterator[Mistake]:
    first: dict[str, str] = {}
    for name in named:
        if name.lower() in first:
            # Reports name files after them, and not every disk tells A from a.
            yield Mistake((section, name), f"the same name as {first[name.lower()]!r} but for case")
        first.setdefault(name.lower(), name)


def _of_outcome(name: str, outcome: Given, project: _Project) -> Iterator[Mistake]:
    if outcome.get("not") is None:
        yield from _of_rules(outcome, project, _KINDS)
        return
    for key in (*_KINDS[:2], *_OF_EVENTS, "after", "within"):
        if key in outcome:
            yield Mistake((key,), "not beside `not`, which has its own; leave it out")
    other = outcome["not"]
    if isinstance(other, str):
        yield from _wrong_opposite(name, other, project)
        return
    if isinstance(other, Mapping):
        for mistake in _of_rules(other, project, _KINDS[:2]):
            yield _under(mistake, "not")


def _wrong_opposite(name: str, other: str, project: _Project) -> Iterator[Mistake]:
    if other == name:
        yield Mistake(("not",), "the opposite of itself; name another outcome")
    elif other not in project.outcomes:
        names = [each for each in project.outcomes if each != name]
        yield Mistake(("not",), unknown("outcome", other, names, "outcomes"))
    elif as_mapping(project.outcomes[other]).get("not") is not None:
        yield Mistake(("not",), f"{other!r} is itself the opposite of another; name that one")


def _of_rules(rules: Given, project: _Project, kinds: tuple[str, ...]) -> Iterator[Mistake]:
    given = [kind for kind in kinds if rules.get(kind) is not None]
    if not given and not set(rules) - {*kinds, *_OF_EVENTS, "after", "within", "description"}:
        yield Mistake((), f"nothing to look for; write {', '.join(kinds[:-1])} or {kinds[-1]}")
    if not given:  # or it is a misspelt key, which is told
        return
    for other in given[1:]:
        yield Mistake((other,), f"not beside {given[0]}; write one of them")
    for key, example in (("after", "21 days"), ("within", "7 days")):
        if rules.get(key) is None:
            yield Mistake((key,), f"missing; write {key}: {example}")
    if given[0] == "funnel":
        yield from _of_conversion(rules, project)
    elif rules.get("sum") is not None:
        yield from _of_sum(rules, project)


def _of_conversion(rules: Given, project: _Project) -> Iterator[Mistake]:
    for key in _OF_EVENTS:
        if rules.get(key) is not None:
            yield Mistake((key,), "not beside funnel, whose steps say it; leave it out")
    name, after = rules["funnel"], _us(rules.get("after"))
    if not isinstance(name, str):
        return
    if name not in project.funnels:
        yield Mistake(("funnel",), unknown("funnel", name, list(project.funnels), "funnels"))
        return
    window = _window(as_mapping(project.funnels[name]))
    if window is not None and after is not None and after >= window:
        yield Mistake(
            ("after",),
            f"{format_duration(after)} is not before the end of the window of funnel {name!r}, "
            f"{format_duration(window)}: nothing is left to look at; write a shorter time",
        )


def _window(funnel: Given) -> int | None:
    """A funnel's window as the macro funnel_specs completes it; None without one."""
    if funnel.get("window") is not None:
        return _us(funnel["window"])
    gap = _us(funnel.get("step_window"))
    required = sum(
        as_mapping(step).get("optional") is not True for step in as_list(funnel.get("steps"))
    )
    return None if gap is None else gap * (required - 1)


def _of_sum(rules: Given, project: _Project) -> Iterator[Mistake]:
    name = rules["sum"]
    if rules.get("at_least") is None:
        yield Mistake(("at_least",), "missing; write how much the sum must be: at_least: 5000")
    if not isinstance(name, str):
        return
    if name not in project.declared.of_events:
        yield Mistake(("sum",), no_event_property(name, project.declared, "sum needs"))
    elif not str(project.types[name]).strip().lower().startswith(_SUMMED):
        known_types = "integer, bigint or decimal(p,s)"
        yield Mistake(("sum",), f"{name!r} is {project.types[name]}; sum needs {known_types}")


def _of_moment(moment: Given, project: _Project) -> Iterator[Mistake]:
    yield from _of_clock(moment, project)
    yield from _wrong_outcome(moment, project)
    yield from _wrong_users(moment, "breakdowns", project)
    distinct = as_mapping(moment.get("count")).get("distinct")
    if isinstance(distinct, str) and distinct not in project.declared.of_events:
        text = no_event_property(distinct, project.declared, "distinct needs")
        yield Mistake(("count", "distinct"), text)
    within, after = _us(moment.get("within")), _after(moment.get("outcome"), project)
    if within is not None and after is not None and within > after:
        yield Mistake(
            ("within",),
            f"{format_duration(within)} is longer than until outcome {moment['outcome']!r} begins, "
            f"{format_duration(after)} after the entry; write at most that",
        )


def _of_search(search: Given, project: _Project) -> Iterator[Mistake]:
    yield from _of_clock(search, project)
    yield from _wrong_outcome(search, project)
    yield from _wrong_users(search, "stratify_by", project)
    for key in ("events", "prerequisites"):
        yield from _repeated(key, as_list(search.get(key)))
    days, after = as_list(search.get("days", [*DAYS])), _after(search.get("outcome"), project)
    alive = _us(search["alive"]) if "alive" in search else ALIVE_US
    if not days or after is None or alive is None or not all(_is_count(day) for day in days):
        return
    if max(days) * DAY_US + alive > after:
        yield Mistake(
            ("days",) if "days" in search or "alive" not in search else ("alive",),
            f"the longest, {format_duration(max(days) * DAY_US)}, and alive, "
            f"{format_duration(alive)}, end {format_duration(max(days) * DAY_US + alive)} after "
            f"the entry; outcome {search['outcome']!r} begins {format_duration(after)} after it",
        )


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _of_clock(given: Given, project: _Project) -> Iterator[Mistake]:
    funnel, entity, entry = (given.get(key) for key in ("funnel", "entity", "entry"))
    if funnel is not None:
        for key, other in (("entity", entity), ("entry", entry)):
            if other is not None:
                yield Mistake((key,), "not beside funnel, which has its own; leave one of them out")
        if isinstance(funnel, str) and funnel not in project.funnels:
            text = unknown("funnel", funnel, list(project.funnels), "funnels")
            yield Mistake(("funnel",), text)
    elif entity is None and entry is None:
        yield Mistake((), "no entry to count from; write funnel, or entity and entry")
    elif entity is None or entry is None:
        missing, example = ("entity", "user_id") if entity is None else ("entry", "signed_up")
        yield Mistake((missing,), f"missing; write {missing}: {example}")
    yield from wrong_entity(entity, project.declared)


def _wrong_outcome(given: Given, project: _Project) -> Iterator[Mistake]:
    name = given.get("outcome")
    if not isinstance(name, str):
        return
    if name not in project.outcomes:
        text = unknown("outcome", name, list(project.outcomes), "outcomes")
        yield Mistake(("outcome",), text)
        return
    funnel = _plain(name, project).get("funnel")
    own = _entity(given, project)
    if not isinstance(funnel, str) or funnel not in project.funnels or own is None:
        return
    other = _entity({"funnel": funnel}, project)
    if other is not None and other != own:
        yield Mistake(
            ("outcome",),
            f"{name!r} is of funnel {funnel!r}, which counts {other}, and here {own} counts; "
            "write an outcome of events, or a funnel of the same entity",
        )


def _entity(given: Given, project: _Project) -> str | None:
    """What is counted; None where that cannot be told."""
    if not isinstance(given.get("funnel"), str):
        entity = given.get("entity")
    elif given["funnel"] in project.funnels:
        entity = as_mapping(project.funnels[given["funnel"]]).get("entity", "user_id")
    else:
        return None
    return entity if isinstance(entity, str) else None


def _wrong_users(given: Given, key: str, project: _Project) -> Iterator[Mistake]:
    names, of_users = as_list(given.get(key)), project.declared.of_users
    yield from _repeated(key, names)
    for at, name in enumerate(names):
        if not isinstance(name, str) or name in of_users:
            continue
        if name in project.declared.of_events:
            near = did_you_mean(name, of_users) or "declare one in user_properties"
            yield Mistake(
                (key, at), f"{name!r} is an event property; write a user property; {near}"
            )
        else:
            text = unknown("user property", name, of_users, "user_properties")
            yield Mistake((key, at), text)


def _repeated(key: str, names: list[Any]) -> Iterator[Mistake]:
    for at, name in enumerate(names):
        if isinstance(name, str) and name in names[:at]:
            yield Mistake((key, at), f"{name!r} again; once is enough")


def _plain(name: str, project: _Project) -> Given:
    """The rules of an outcome; those of the other one where it is an opposite."""
    outcome = as_mapping(project.outcomes.get(name))
    other = outcome.get("not")
    if other is None:
        return outcome
    return as_mapping(project.outcomes.get(other) if isinstance(other, str) else other)


def _after(name: Any, project: _Project) -> int | None:
    return _us(_plain(name, project).get("after")) if isinstance(name, str) else None


def _us(duration: Any) -> int | None:
    if not isinstance(duration, str):
        return None
    try:
        return parse_duration(duration)
    except FunnelkitError:
        return None
