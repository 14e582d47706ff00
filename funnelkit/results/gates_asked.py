"""Which gates are to be judged: those that are declared, and those of the command line."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from funnelkit.errors import FunnelkitError, did_you_mean
from funnelkit.project.gates import (
    LIMITS,
    Gate,
    Judge,
    Target,
    clock_mistakes,
    find_target,
    parse_limit,
)

if TYPE_CHECKING:
    from funnelkit.project.read import Source

EXAMPLE = "declare one, `gates: {activation: {fail_under: 30 %}}`, or `--fail-under activation=30%`"


class Asked(NamedTuple):
    """A gate to judge: its name as written, what it is about, and its line in the file, if any."""

    name: str
    target: Target
    gate: Gate
    line: int | None = None


def gates_asked(
    source: "Source",
    names: Sequence[str] = (),
    flags: Mapping[str, Mapping[str, str]] | None = None,
    judge: Judge | None = None,
) -> list[Asked]:
    """The declared gates in the order of the file, then those that only `flags` name.

    `flags`: fail_under and fail_over, each limit as text by name; they replace the limits of the
    declared gate of that number. `names`: only these, and those of `flags`; `judge`: of all,
    instead of their own. Raises FunnelkitError for a name or a limit that is not right, and where
    there is no gate at all.
    """
    found = {each.target: each for each in _declared(source)}
    flagged = _flagged(source.raw, flags or {}, found)
    found |= flagged
    if names:
        wanted = [_named(name, source.raw, found) for name in names]
        found = {key: each for key, each in found.items() if key in wanted or key in flagged}
    if not found:
        raise FunnelkitError("this project declares no gate", EXAMPLE)
    judged = {"judge": judge} if judge else {}
    return [each._replace(gate=each.gate.model_copy(update=judged)) for each in found.values()]


def _declared(source: "Source") -> list[Asked]:
    top = ("vars", "funnelkit", "gates")
    return [
        Asked(name, find_target(name, source.raw), gate, source.document.line((*top, name)))
        for name, gate in source.definitions.gates.items()
    ]


def _flagged(
    raw: Mapping[str, Any],
    flags: Mapping[str, Mapping[str, str]],
    declared: Mapping[Target, Asked],
) -> dict[Target, Asked]:
    limits: dict[Target, dict[str, str]] = {}
    written: dict[Target, str] = {}
    for key in LIMITS:
        for name, text in flags.get(key, {}).items():
            option = f"--{key.replace('_', '-')} {name}={text}"
            try:
                target = find_target(name, raw)
                parse_limit(text).of(target.kind)
            except ValueError as error:
                raise FunnelkitError(f"{option}: {error}") from None
            limits.setdefault(target, {})[key] = text
            written.setdefault(target, name)
    return {
        target: _gate_of(written[target], target, given, raw, declared.get(target))
        for target, given in limits.items()
    }


def _gate_of(
    name: str,
    target: Target,
    limits: Mapping[str, str],
    raw: Mapping[str, Any],
    declared: Asked | None,
) -> Asked:
    """A gate of these limits; whatever else is declared of it stays."""
    own: dict[str, Any] = {}
    if declared is not None:
        own = declared.gate.model_dump(exclude=set(LIMITS), exclude_none=True)
    for mistake in clock_mistakes(target, own.get("funnel"), raw):
        raise FunnelkitError(
            f"{name}: {mistake.text}",
            f"declare it: `gates: {{{name}: {{fail_under: 5 %, funnel: …}}}}`",
        )
    gate = Gate.model_validate({**own, **limits})
    return Asked(declared.name if declared else name, target, gate)


def _named(name: str, raw: Mapping[str, Any], found: Mapping[Target, Asked]) -> Target:
    for target, each in found.items():
        if name == each.name:
            return target
    try:
        target = find_target(name, raw)
    except ValueError as error:
        raise FunnelkitError(str(error)) from None
    if target not in found:
        near = did_you_mean(name, [each.name for each in found.values()])
        raise FunnelkitError(f"{name!r} has no gate", near or EXAMPLE)
    return target
