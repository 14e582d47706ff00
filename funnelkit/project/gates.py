"""Gates as written, typed: the number that must not fall under a limit, or rise over it.

A gate's name says which number: `activation`, `activation.connected`, `team_value`, `nps`, or with
its kind before it, `outcome:upgraded`, where two things share a name. Limits are shares, `0.3` or
`30 %`; of a gap also points, `20 pp`; of a net promoter score -100 to 100.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator, PlainValidator, model_validator

from funnelkit.errors import did_you_mean
from funnelkit.project.fields import Strict, Text, whole_number, wrong
from funnelkit.project.rules import Mistake, as_list, as_mapping, step_name
from funnelkit.project.shipping import wrong_clock

Kind = Literal["funnel", "aha", "outcome", "feature", "nps"]
Judge = Literal["lower", "upper", "estimate"]
SECTIONS: Mapping[Kind, str] = {
    "funnel": "funnels",
    "aha": "aha_moments",
    "outcome": "outcomes",
    "feature": "features",
}
NPS: Kind = "nps"
_KINDS: tuple[str, ...] = (*SECTIONS, NPS)
_WHATS: Mapping[str, str] = {"aha": "aha moment", NPS: "net promoter score"}
AT_LEAST_N = 100
LIMITS = ("fail_under", "fail_over")
_LIMIT = re.compile(r"([-+\u2212]?)(\d+(?:\.\d+)?|\.\d+)\s*(%|pp)?")
_EXAMPLE = "write 0.3 or 30 %; of nps a number from -100 to 100"


class Limit(NamedTuple):
    """A limit as written: its number, and `%` or `pp` behind it, or nothing."""

    number: Decimal
    unit: str = ""

    def __str__(self) -> str:
        """As people read it."""
        behind = f" {self.unit}" if self.unit else ""
        return f"{self.number:f}{behind}".replace("-", "\u2212")

    def shown(self, kind: Kind) -> str:
        """The same on the scale that people read: `30 %`, `20 pp` of a gap, a bare score."""
        if kind == NPS:
            return str(self)
        number = self.number if self.unit else self.number * 100
        # Not `normalize` alone, which writes 3E+1.
        plain = number.to_integral() if number == number.to_integral() else number.normalize()
        return str(Limit(plain, "pp" if kind == "feature" else "%"))

    def of(self, kind: Kind) -> float:
        """The limit on the scale of that number: 0..1, of gaps and scores -1..1.

        Raises ValueError for one that this number cannot have.
        """
        if kind == NPS:
            return self._score()
        if self.unit == "pp" and kind != "feature":
            raise ValueError(f"{self} is a difference; write 30 % or 0.3")
        value = float(self.number / 100 if self.unit else self.number)
        least = -1 if kind == "feature" else 0
        if not least <= value <= 1:
            percent = f"; for {self.number:f} % write {self.number:f} %" if not self.unit else ""
            raise ValueError(f"{self} is not from {least} to 1{percent}")
        return value

    def _score(self) -> float:
        if self.unit or not -100 <= self.number <= 100:
            raise ValueError(f"{self} is not a net promoter score; write a number from -100 to 100")
        return float(self.number / 100)


def parse_limit(value: Any) -> Limit:
    """A limit as it is written in YAML or on the command line; raises ValueError for none."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    text = str(Decimal(str(value)).normalize().__format__("f")) if number else value
    match = _LIMIT.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        given = "nothing" if value is None else repr(value)
        raise ValueError(f"{given} is not a limit; {_EXAMPLE}")
    sign = "-" if match[1] in ("-", "\u2212") else ""
    return Limit(Decimal(sign + match[2]), match[3] or "")


def _limit(value: Any) -> Limit:
    try:
        return parse_limit(value)
    except ValueError as error:
        raise wrong(str(error)) from None


LimitField = Annotated[Limit | None, PlainValidator(_limit)]


class Gate(Strict):
    """A number and its limits; at least one of both.

    `judge`: which end of the 95 % interval must be on the right side, without it the lower bound
    for `fail_under` and the upper one for `fail_over`. With fewer than `at_least_n` nothing is
    shown, so the gate fails. `funnel`: of an outcome, whose first entry starts its time.
    """

    fail_under: LimitField = None
    fail_over: LimitField = None
    judge: Judge | None = None
    at_least_n: Annotated[int, BeforeValidator(whole_number(1))] = AT_LEAST_N
    funnel: Text | None = None

    @model_validator(mode="after")
    def _has_a_limit(self) -> "Gate":
        if self.fail_under is None and self.fail_over is None:
            raise wrong("no limit; write fail_under: 30 % or fail_over: 0.5")
        return self


class Target(NamedTuple):
    """The number that a gate is about; `step`: of a funnel, another than its last."""

    kind: Kind
    name: str
    step: str | None = None


def find_target(given: str, raw: Mapping[str, Any]) -> Target:
    """What a gate's name names in the `vars: funnelkit:` block; raises ValueError for nothing."""
    prefix, colon, rest = given.partition(":")
    if colon and prefix not in _KINDS:
        raise ValueError(f"unknown kind {prefix!r}; {did_you_mean(prefix, _KINDS)}")
    word = rest if colon else given
    name, _, step = word.partition(".")
    found = [
        kind
        for kind, section in SECTIONS.items()
        if (not colon or kind == prefix) and name in as_mapping(raw.get(section))
    ]
    if given in (NPS, f"{NPS}:all"):
        found.append(NPS)
    if not found:
        raise ValueError(_unknown(name, [prefix] if colon else list(_KINDS), raw))
    if len(found) > 1:
        choices = " or ".join(f"{kind}:{'all' if kind == NPS else word}" for kind in found)
        raise ValueError(f"{name!r} is declared more than once; write {choices}")
    kind = found[0]
    if step and kind != "funnel":
        raise ValueError(f"{name!r} has no steps; only a funnel has: leave out .{step}")
    if kind == NPS:
        return Target(NPS, NPS)
    if step:
        _check_step(name, step, as_mapping(as_mapping(raw.get("funnels"))[name]))
    return Target(kind, name, step or None)


def _unknown(name: str, kinds: list[str], raw: Mapping[str, Any]) -> str:
    sections = [section for kind, section in SECTIONS.items() if kind in kinds]
    known = [each for section in sections for each in as_mapping(raw.get(section))]
    if NPS in kinds:
        known.append(NPS if len(kinds) > 1 else "all")
    what = (
        _WHATS.get(kinds[0], kinds[0])
        if len(kinds) == 1
        else "funnel, aha moment, outcome or feature"
    )
    near = did_you_mean(name, known) or "declare it first"
    return f"no {what} is called {name!r}; {near}"


def _check_step(name: str, step: str, funnel: Mapping[str, Any]) -> None:
    """Raises ValueError for a step that the funnel does not have, and for the entry."""
    if funnel.get("order") == "any":
        raise ValueError(f"{name!r} has steps in any order; judge its final conversion: {name}")
    written = as_list(funnel.get("steps"))
    steps = [step_name(each) if isinstance(each, Mapping) else each for each in written]
    names = [each for each in steps if isinstance(each, str)]
    if step not in names:
        near = did_you_mean(step, names[1:])
        raise ValueError(f"funnel {name!r} has no step {step!r}; {near}")
    if step == names[0]:
        raise ValueError(f"{step!r} is the entry, which everybody reached; name a later step")


def gate_mistakes(raw: Mapping[str, Any]) -> Iterator[Mistake]:
    """Gates of nothing, of the same thing twice, or with limits that the number cannot have."""
    first: dict[Target, str] = {}
    for name, given in as_mapping(raw.get("gates")).items():
        try:
            target = find_target(name, raw)
        except ValueError as error:
            yield Mistake(("gates", name), str(error))
            continue
        if target in first:
            yield Mistake(("gates", name), f"the same number as {first[target]!r}")
        first.setdefault(target, name)
        for mistake in _of_gate(target, as_mapping(given), raw):
            yield Mistake(("gates", name, *mistake.path), mistake.text)


def _of_gate(target: Target, given: Mapping[str, Any], raw: Mapping[str, Any]) -> Iterator[Mistake]:
    for key in LIMITS:
        if given.get(key) is not None:
            text = _wrong_limit(given[key], target.kind)
            if text:
                yield Mistake((key,), text)
    yield from clock_mistakes(target, given.get("funnel"), raw)


def _wrong_limit(value: Any, kind: Kind) -> str | None:
    try:
        limit = parse_limit(value)
    except ValueError:
        return None  # told by its type
    try:
        limit.of(kind)
    except ValueError as error:
        return str(error)
    return None


def clock_mistakes(target: Target, funnel: Any, raw: Mapping[str, Any]) -> Iterator[Mistake]:
    """Of an outcome: whose first entry starts its time, where that is not clear."""
    if target.kind != "outcome":
        if funnel is not None:
            yield Mistake(("funnel",), "only an outcome takes it; leave it out")
        return
    funnels = as_mapping(raw.get("funnels"))
    if isinstance(funnel, str) and funnel not in funnels:
        near = did_you_mean(funnel, funnels)
        yield Mistake(("funnel",), f"unknown funnel {funnel!r}; {near or 'declare it in funnels'}")
        return
    for mistake in wrong_clock({"outcome": target.name, "funnel": funnel}, raw):
        yield Mistake((), mistake.text)
