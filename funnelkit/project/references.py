"""Names in the definitions that point at nothing, and names used twice."""

from collections.abc import Iterator, Mapping
from typing import Any

from funnelkit.project.aha_rules import aha_mistakes
from funnelkit.project.gates import gate_mistakes
from funnelkit.project.known import (
    SESSION,
    Known,
    known,
    no_event_property,
    unknown,
    wrong_entity,
)
from funnelkit.project.quality import repeated_rules
from funnelkit.project.rules import AT_ENTRY, Mistake, as_list, as_mapping, conflicts
from funnelkit.project.say_rules import say_mistakes
from funnelkit.project.scorecard import scorecard_mistakes
from funnelkit.project.shipping import shipping_mistakes


def references(raw: Mapping[str, Any]) -> Iterator[Mistake]:
    """Mistakes that only show between keys of the `vars: funnelkit:` block, as written.

    Works beside other mistakes: whatever has the wrong shape is passed over in silence here.
    """
    declared = known(raw)
    for name, funnel in as_mapping(raw.get("funnels")).items():
        for mistake in _of_funnel(as_mapping(funnel), declared):
            yield Mistake(("funnels", name, *mistake.path), mistake.text)
    yield from aha_mistakes(raw)
    yield from say_mistakes(raw)
    yield from shipping_mistakes(raw)
    yield from _wrong_reports(raw)
    yield from scorecard_mistakes(raw)
    yield from gate_mistakes(raw)
    for section in ("event_properties", "user_properties"):
        yield from _repeated_properties(section, as_mapping(raw.get(section)))
    if declared.sessions:
        yield from _taken_by_sessions(declared)
    yield from repeated_rules(raw)


# What a report shows: its key, what that names, and where it is declared.
_SHOWN = (("funnels", "funnel", "funnels"), ("aha", "aha moment", "aha_moments"))
_CONTENT = ("funnels", "aha", "features", "scorecard")
_ABOUT = frozenset({"title", "description", "owner"})


def _wrong_reports(raw: Mapping[str, Any]) -> Iterator[Mistake]:
    for name, report in as_mapping(raw.get("reports")).items():
        for key, what, section in _SHOWN:
            names = list(as_mapping(raw.get(section)))
            for at, shown in enumerate(as_list(as_mapping(report).get(key))):
                if isinstance(shown, str) and shown not in names:
                    text = unknown(what, shown, names, section)
                    yield Mistake(("reports", name, key, at), text)
        yield from _wrong_comparison(name, as_mapping(report), raw)
        if isinstance(report, Mapping) and _is_empty(report):
            text = "nothing to show; write funnels: [NAME], aha: [NAME], features: all or scorecard"
            yield Mistake(("reports", name), text)


def _is_empty(report: Mapping[str, Any]) -> bool:
    # Of another key, misspelled perhaps, its own mistake is told.
    return all(key in _ABOUT or (key in _CONTENT and report[key] in (None, [])) for key in report)


def _wrong_comparison(
    name: str, report: Mapping[str, Any], raw: Mapping[str, Any]
) -> Iterator[Mistake]:
    compared, properties = report.get("compare"), list(as_mapping(raw.get("user_properties")))
    if isinstance(compared, str) and compared not in properties:
        text = unknown("user property", compared, properties, "user_properties")
        yield Mistake(("reports", name, "compare"), text)
    elif isinstance(compared, str) and not report.get("funnels"):
        text = "there is no funnel to compare in; write `funnels: [NAME]`"
        yield Mistake(("reports", name, "compare"), text)


def _of_funnel(funnel: Mapping[str, Any], declared: Known) -> Iterator[Mistake]:
    yield from conflicts(funnel)
    yield from wrong_entity(funnel.get("entity"), declared)
    yield from _wrong_hold(as_list(funnel.get("hold")), declared)
    yield from _wrong_breakdowns(as_list(funnel.get("breakdowns")), declared)


def _wrong_hold(hold: list[Any], declared: Known) -> Iterator[Mistake]:
    for at, name in enumerate(hold):
        if not isinstance(name, str):
            continue
        if name in hold[:at]:
            yield Mistake(("hold", at), f"{name!r} again; once is enough")
        elif name not in declared.of_events:
            yield Mistake(("hold", at), no_event_property(name, declared, "hold needs"))


def _wrong_breakdowns(breakdowns: list[Any], declared: Known) -> Iterator[Mistake]:
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
        elif whole and name not in declared.of_users:
            text = unknown("user property", name, declared.of_users, "user_properties")
            yield Mistake(path, _of_events(name) if name in declared.of_events else text)
        elif not whole and at == AT_ENTRY:
            text = f"{at!r} is no step here; write a step's name, first or last"
            yield Mistake((*path, "at"), text)
        elif not whole and name not in declared.of_events:
            needs = "write its name alone; with `at` a breakdown needs"
            yield Mistake((*path, "property"), no_event_property(name, declared, needs))
        seen.add((name, at))


def _repeated_properties(section: str, properties: Mapping[str, Any]) -> Iterator[Mistake]:
    seen: dict[str, str] = {}
    for name in map(str, properties):
        if name.lower() in seen:
            text = f"the same column as {seen[name.lower()]!r}: columns ignore case"
            yield Mistake((section, name), text)
        seen.setdefault(name.lower(), name)


def _taken_by_sessions(declared: Known) -> Iterator[Mistake]:
    for name in declared.of_events:
        if name.lower() == SESSION:
            yield Mistake(("event_properties", name), "this name is taken: sessions: makes it")


def _of_events(name: str) -> str:
    return (
        f"{name!r} is an event property; write {{property: {name}, at: …}} with a step's name, "
        "first or last"
    )
