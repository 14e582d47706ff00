"""Which of the declared is meant: by its name, or because there is only one."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from funnelkit.errors import FunnelkitError, did_you_mean

Part = TypeVar("Part", bound=Mapping[str, Any])
AHA = "aha"
# Of what can be picked: its key in the definitions, and the command that takes its name.
_DECLARED = {
    "funnel": ("funnels", "funnel"),
    "aha moment": ("aha_moments", "aha"),
    "outcome": ("outcomes", "retention"),
}


def pick(name: str | None, declared: Sequence[Part], what: str) -> Part:
    """The one of this name; without a name, the only one. Raises FunnelkitError for neither."""
    key, command = _DECLARED[what]
    names = [str(each["name"]) for each in declared]
    if name is None and len(names) == 1:
        return declared[0]
    if not names:
        raise FunnelkitError(
            f"this project declares no {what}", f"add one under `vars: funnelkit: {key}:`"
        )
    if name is None:
        raise FunnelkitError(
            f"this project has {len(names)} {what}s: which one?",
            f"known: {', '.join(names)}; for example `funnelkit {command} {names[0]}`",
        )
    if name not in names:
        raise FunnelkitError(f"no {what} is called {name!r}", did_you_mean(name, names))
    return declared[names.index(name)]


def named(name: str | None, declared: Mapping[str, Any], what: str) -> dict[str, Any]:
    """The one of this name, or without a name all, by name. Raises FunnelkitError for none."""
    if not declared:
        raise FunnelkitError(
            f"this project declares no {what}", f"add one under `vars: funnelkit: {what}s:`"
        )
    if name is None:
        return dict(declared)
    if name not in declared:
        raise FunnelkitError(f"no {what} is called {name!r}", did_you_mean(name, list(declared)))
    return {name: declared[name]}


def breakdown(by: str | None, variables: Mapping[str, Any]) -> None:
    """Raises FunnelkitError unless `by` is a declared user property or segment, or nothing."""
    known = [name for kind in ("user_properties", "segments") for name in variables.get(kind) or {}]
    if by is not None and by not in known:
        raise FunnelkitError(
            f"no user property or segment is called {by!r}",
            did_you_mean(by, known) or f"declared: {', '.join(known) or 'none'}",
        )


def returning(plan: Mapping[str, Any], name: str | None) -> list[Mapping[str, Any]]:
    """The outcomes that say what coming back is: those of events, not turned around.

    Raises FunnelkitError when `name` is an outcome of another kind.
    """
    found = [each for each in plan["outcomes"] if _is_returning(each)]
    others = [each["name"] for each in plan["outcomes"] if not _is_returning(each)]
    declare = "declare one of events: `{event: ..., after: ..., within: ...}`"
    if others and not found and name is None:
        raise FunnelkitError(
            "no outcome is of events that can occur again each week",
            f"{declare}; declared: {', '.join(others)}",
        )
    if name in others:
        known = ", ".join(each["name"] for each in found)
        raise FunnelkitError(
            f"outcome {name!r} is not of events that can occur again each week",
            f"known: {known}" if known else declare,
        )
    return found


def _is_returning(outcome: Mapping[str, Any]) -> bool:
    return bool(outcome["kind"] == "event" and not outcome["negated"])


def aha_breakdown(plan: Mapping[str, Any], by: str | None) -> str | None:
    """`aha:NAME` for `aha` or `aha:NAME`, raises FunnelkitError for none; all else as it is."""
    if by is None or by.partition(":")[0] != AHA:
        return by
    name = by.partition(":")[2] or None
    if name is None and len(plan["moments"]) > 1:
        names = [each["name"] for each in plan["moments"]]
        raise FunnelkitError(
            f"this project has {len(names)} aha moments: which one?",
            f"for example `--by aha:{names[0]}`; known: {', '.join(names)}",
        )
    return f"{AHA}:{pick(name, plan['moments'], 'aha moment')['name']}"


def one_table(asked: Mapping[str, Any]) -> None:
    """Raises FunnelkitError when more than one of these options, by their names, is given."""
    given = [option for option, value in asked.items() if value not in (None, False)]
    if len(given) > 1:
        raise FunnelkitError(
            f"{', '.join(given[:-1])} and {given[-1]} are different tables: ask for one"
        )
