"""Experiments and shipped changes as written, typed, and what does not go together in them.

Each key alone is checked by its type; names, and keys against each other, in `shipping_mistakes`,
from the `vars: funnelkit:` block as written: whatever has the wrong shape is passed over there.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator, Field

from funnelkit.errors import FunnelkitError
from funnelkit.project.durations import parse_duration
from funnelkit.project.fields import Date, Duration, Events, Strict, Text, whole_number, wrong
from funnelkit.project.known import Known, known, no_event_property, unknown
from funnelkit.project.rules import Mistake, as_mapping

WEEKS = 8
MOST_WEEKS = 520
_YEARS = range(1980, 2501)  # ten years of weeks before are still dates
_METRICS = ("funnel", "outcome", "aha")
_SECTIONS = {"funnel": "funnels", "outcome": "outcomes", "aha": "aha_moments"}
_WHATS = {"funnel": "funnel", "outcome": "outcome", "aha": "aha moment"}
_WEEK = dt.timedelta(weeks=1)


def _weight(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise wrong(f"{value!r} is not a number above 0; write {{control: 1, treatment: 1}}")
    return float(value)


def _weeks(value: Any) -> int:
    number = whole_number(1)(value)
    if number > MOST_WEEKS:
        raise wrong(f"{number} weeks; at most {MOST_WEEKS}")
    return number


class Goal(Strict):
    """What an experiment should lead to: one of these events in [exposure, exposure + within)."""

    event: Events
    where: Text | None = None
    within_us: Annotated[Duration, Field(alias="within")]


class Experiment(Strict):
    """An experiment whose log has an event for each exposure.

    `variant`: the event property that says which; `shares`: how many were to be assigned to each,
    in any unit. `feature` and `aha`: what its result is evidence for.
    """

    description: str = ""
    exposure: Events
    where: Text | None = None
    variant: Text
    control: Text
    shares: dict[Text, Annotated[float, BeforeValidator(_weight)]]
    outcome: Goal
    entity: Literal["user_id", "account_id"] = "user_id"
    feature: Text | None = None
    aha: Text | None = None

    @property
    def definition_hash(self) -> str:
        """12 hex digits of its rules: equal as long as no number can change."""
        rules = {
            "entity": self.entity,
            "exposure": [sorted(self.exposure), self.where, self.variant],
            "control": self.control,
            "shares": dict(self.shares),
            "outcome": [sorted(self.outcome.event), self.outcome.where, self.outcome.within_us],
        }
        text = json.dumps(rules, sort_keys=True)
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:12]


class Weeks(NamedTuple):
    """First and last day, inclusive, of the entry weeks before and after a change."""

    before_from: dt.date
    before_to: dt.date
    after_from: dt.date
    after_to: dt.date


class Change(Strict):
    """Something shipped on a day, and the one number that is to show it.

    `funnel`, `outcome` (with `funnel`: whose entry starts its time) or `aha`. `definition_hash`:
    that of the number's rules when the change was planned; None: not pinned.
    """

    description: str = ""
    shipped_on: Date
    funnel: Text | None = None
    outcome: Text | None = None
    aha: Text | None = None
    evaluate_on: Date
    weeks: Annotated[int, BeforeValidator(_weeks)] = WEEKS
    definition_hash: Text | None = None

    @property
    def metric(self) -> tuple[str, str]:
        """What it is measured by: `funnel`, `outcome` or `aha`, and its name."""
        kind = next(key for key in ("outcome", "aha", "funnel") if getattr(self, key) is not None)
        return kind, str(getattr(self, kind))

    @property
    def cohorts(self) -> Weeks:
        """The whole entry weeks, from Monday, on both sides; the week of shipping is in neither."""
        monday = self.shipped_on - dt.timedelta(days=self.shipped_on.weekday())
        day, span = dt.timedelta(days=1), self.weeks * _WEEK
        after = monday + _WEEK
        return Weeks(monday - span, monday - day, after, after + span - day)


def shipping_mistakes(raw: Mapping[str, Any]) -> Iterator[Mistake]:
    """Mistakes of `experiments` and `changes` that show between keys."""
    declared = known(raw)
    for section, check in (("experiments", _of_experiment), ("changes", _of_change)):
        first: dict[str, str] = {}
        for name, given in as_mapping(raw.get(section)).items():
            if name.lower() in first:
                text = f"the same name as {first[name.lower()]!r} but for case"
                yield Mistake((section, name), text)
            first.setdefault(name.lower(), name)
            for mistake in check(as_mapping(given), raw, declared):
                yield Mistake((section, name, *mistake.path), mistake.text)


def _of_experiment(
    given: Mapping[str, Any], raw: Mapping[str, Any], declared: Known
) -> Iterator[Mistake]:
    variant, control, shares = (given.get(key) for key in ("variant", "control", "shares"))
    if isinstance(variant, str) and variant not in declared.of_events:
        yield Mistake(("variant",), no_event_property(variant, declared, "variant needs"))
    if isinstance(shares, Mapping) and len(shares) < 2:
        yield Mistake(("shares",), "at least two variants: {control: 1, treatment: 1}")
    elif isinstance(shares, Mapping) and isinstance(control, str) and control not in shares:
        known_variants = ", ".join(map(str, shares))
        yield Mistake(("control",), f"{control!r} has no share; shares has {known_variants}")
    for key, what, section in (
        ("feature", "feature", "features"),
        ("aha", "aha moment", "aha_moments"),
    ):
        name, names = given.get(key), list(as_mapping(raw.get(section)))
        if isinstance(name, str) and name not in names:
            yield Mistake((key,), unknown(what, name, names, section))


def _of_change(
    given: Mapping[str, Any], raw: Mapping[str, Any], declared: Known
) -> Iterator[Mistake]:
    shown = [key for key in _METRICS if given.get(key) is not None]
    if not shown and given:
        yield Mistake((), "nothing to measure it by; write funnel, outcome or aha")
    if "aha" in shown and len(shown) > 1:
        yield Mistake(("aha",), f"not beside {shown[0]}; write one of them")
    for key in shown:
        names = list(as_mapping(raw.get(_SECTIONS[key])))
        if isinstance(given[key], str) and given[key] not in names:
            yield Mistake((key,), unknown(_WHATS[key], given[key], names, _SECTIONS[key]))
    if "outcome" in shown:
        yield from wrong_clock(given, raw)
    if shown == ["funnel"] and isinstance(given["funnel"], str):
        yield from _wrong_funnel(as_mapping(raw.get("funnels")).get(given["funnel"]))
    yield from _wrong_dates(given, _longest_us(given, raw))


def wrong_clock(given: Mapping[str, Any], raw: Mapping[str, Any]) -> Iterator[Mistake]:
    """Of an outcome: the funnel whose entry starts its time, the only one where none is named."""
    funnels, funnel = as_mapping(raw.get("funnels")), given.get("funnel")
    if funnel is None and len(funnels) != 1:
        which = f", one of {', '.join(funnels)}" if funnels else ", and declare one in funnels"
        text = f"whose first entry starts its time? write funnel beside it{which}"
        yield Mistake(("outcome",), text)
        return
    of = _rules("outcome", given["outcome"], raw).get("funnel")
    clock = next(iter(funnels)) if funnel is None else funnel
    own, other = (_entity(each, funnels) for each in (clock, of))
    if own is not None and other is not None and own != other:
        text = (
            f"{given['outcome']!r} is of funnel {of!r}, which counts {other}, and {clock!r} counts "
            f"{own}; name a funnel of the same entity beside it"
        )
        yield Mistake(("outcome",), text)


def _entity(funnel: Any, funnels: Mapping[str, Any]) -> str | None:
    """What a funnel counts; None for one that is not there."""
    if not isinstance(funnel, str) or funnel not in funnels:
        return None
    return str(as_mapping(funnels[funnel]).get("entity", "user_id"))


def _rules(kind: str, name: Any, raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """The rules of a funnel, an aha moment or an outcome; of an opposite, those of the other."""
    if not isinstance(name, str):
        return {}
    found = as_mapping(as_mapping(raw.get(_SECTIONS[kind])).get(name))
    other = found.get("not") if kind == "outcome" else None
    if isinstance(other, str):
        return as_mapping(as_mapping(raw.get("outcomes")).get(other))
    return found if other is None else as_mapping(other)


def _wrong_funnel(funnel: Any) -> Iterator[Mistake]:
    """Of one that is there: what is counted must not move once it is mature."""
    if not isinstance(funnel, Mapping):
        return
    if funnel.get("window") is None and funnel.get("step_window") is None:
        text = "this funnel has no window, so nothing of it is ever mature; give it one"
        yield Mistake(("funnel",), text)
    moving = {"entry: best": funnel.get("entry") == "best", "hold": bool(funnel.get("hold"))}
    for key, is_written in moving.items():
        if is_written:
            text = (
                f"not a funnel with {key}: what became of an entity may change with its later "
                "entries, after evaluate_on too; name one without"
            )
            yield Mistake(("funnel",), text)


def _wrong_dates(given: Mapping[str, Any], window_us: int | None) -> Iterator[Mistake]:
    shipped, evaluate = (_date(given.get(key)) for key in ("shipped_on", "evaluate_on"))
    if shipped is None or evaluate is None:
        return
    for key, day in (("shipped_on", shipped), ("evaluate_on", evaluate)):
        if day.year not in _YEARS:
            text = f"{day}: a year from {_YEARS[0]} to {_YEARS[-1]} is meant"
            yield Mistake((key,), text)
            return
    if evaluate <= shipped:
        yield Mistake(("evaluate_on",), f"{evaluate} is not after shipped_on, {shipped}")
        return
    if window_us is None:
        return
    first = shipped - dt.timedelta(days=shipped.weekday()) + _WEEK
    if evaluate <= first + dt.timedelta(microseconds=window_us):
        matured = first + dt.timedelta(microseconds=window_us, days=1)
        text = (
            f"{evaluate}: nobody who enters from {first} on, the first whole week after "
            f"shipped_on, can be mature by then; write {matured} or later"
        )
        yield Mistake(("evaluate_on",), text)


def _longest_us(given: Mapping[str, Any], raw: Mapping[str, Any]) -> int | None:
    """How long after its entry an entity is mature, in microseconds; None where nobody can tell."""
    kind = next((key for key in ("outcome", "aha", "funnel") if given.get(key) is not None), None)
    if kind is None:
        return None
    of = _rules(kind, given[kind], raw)
    if kind == "funnel":
        return _us(of.get("window"))
    parts = [_us(of.get(key)) for key in (("within",) if kind == "aha" else ("after", "within"))]
    return None if None in parts else sum(part for part in parts if part is not None)


def _us(duration: Any) -> int | None:
    try:
        return parse_duration(duration) if isinstance(duration, str) else None
    except FunnelkitError:
        return None


def _date(value: Any) -> dt.date | None:
    try:
        return dt.date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
