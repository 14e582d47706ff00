"""A scorecard as written: metrics of customers beside metrics of the business, typed and in words.

Each key alone is checked by its type; names, and keys against each other, in `scorecard_mistakes`,
from the `vars: funnelkit:` block as written: whatever has the wrong shape is passed over there.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import PlainValidator, model_validator

from funnelkit.project.fields import Strict, Text, wrong
from funnelkit.project.known import unknown
from funnelkit.project.rules import Mistake, as_list, as_mapping

Trend = Literal["week", "month", "quarter"]
Cadence = Literal["interviews", "surveys_answered", "tickets", "reviews", "customers"]
SIDES = ("customer", "business")
_TARGET = re.compile(r"(at least|at most) ([-\u2212]?[0-9][0-9,]*(?:\.[0-9]+)?) ?(%|pp)?")
# The unit of each kind's target; without one a plain number.
_UNITS = {
    "reach": "%",
    "retention": "%",
    "conversion": "%",
    "at_stake": "%",
    "gap": "pp",
    "nps": "",
    "cadence": "",
    "revenue": "",
}
_EXAMPLES = {"%": "at least 20 %", "pp": "at most 20 pp", "": "at least 2"}
_HEARD = {
    "interviews": "Interviews a week",
    "surveys_answered": "Answered surveys a week",
    "tickets": "Tickets a week",
    "reviews": "Reviews a week",
    "customers": "Customers heard a week",
}


class Target(NamedTuple):
    """`at least` or `at most` a number, with its unit (`%`, `pp` or none) and as it was written."""

    is_floor: bool
    number: float
    unit: str
    text: str

    @property
    def bound(self) -> float:
        """The number as the metric is measured: shares and points as fractions."""
        return self.number / 100 if self.unit else self.number


def _target(value: Any) -> Any:
    if value is None or isinstance(value, Target):
        return value
    text = " ".join(value.split()) if isinstance(value, str) else ""
    found = _TARGET.fullmatch(text)
    if not found:
        raise wrong(f"{value!r} is not a target; write at least 20 %, at most 20 pp or at least 2")
    number = float(found[2].replace(",", "").replace("\u2212", "-"))
    return Target(found[1] == "at least", number, found[3] or "", text)


class _Metric(Strict):
    """A metric with who answers for it and what it should be; None: nobody, nothing."""

    kinds: ClassVar[tuple[str, ...]] = ()

    owner: Text | None = None
    target: Annotated[Target | None, PlainValidator(_target)] = None

    @model_validator(mode="after")
    def _one_kind(self) -> "_Metric":
        given = [kind for kind in self.kinds if getattr(self, kind) is not None]
        if len(given) != 1:
            said = f"{' and '.join(given)} are different metrics" if given else "no metric"
            raise wrong(f"{said}; write one of {', '.join(self.kinds)}")
        return self

    @property
    def kind(self) -> str:
        """The key that says what is measured."""
        return next(kind for kind in self.kinds if getattr(self, kind) is not None)

    @property
    def name(self) -> str:
        """What it is measured of: the name of an aha moment, an outcome, a feature, …"""
        return str(getattr(self, self.kind))

    @property
    def title(self) -> str:
        """The metric in words; no other of the scorecard has the same."""
        return _title(self.kind, self.name)

    def in_words(self) -> str:
        """`Reach of team_value: owner Growth, target at least 20 %.`"""
        target = f"target {self.target.text}" if self.target else "no target"
        return f"{self.title}: {f'owner {self.owner}' if self.owner else 'no owner'}, {target}."


def _title(kind: str, name: str) -> str:
    titles = {
        "reach": f"Reach of {name}",
        "retention": f"Retention: {name}",
        "nps": "NPS",
        "gap": f"Gap between say and do: {name}",
        "cadence": _HEARD.get(name, name),
        "revenue": "Revenue",
        "conversion": f"Conversion: {name}",
        "at_stake": f"Revenue at stake: {name}",
    }
    return titles[kind]


class CustomerMetric(_Metric):
    """What customers get, do and say."""

    kinds = ("reach", "retention", "nps", "gap", "cadence")

    reach: Text | None = None
    retention: Text | None = None
    nps: Literal["all"] | None = None
    gap: Text | None = None
    cadence: Cadence | None = None


class BusinessMetric(_Metric):
    """What the business gets; `at_stake`: the revenue behind a feature's discordant cells."""

    kinds = ("revenue", "conversion", "at_stake")

    revenue: Literal["states"] | None = None
    conversion: Text | None = None
    at_stake: Text | None = None


class Scorecard(Strict):
    """Metrics of both sides, neither of them alone; `trend`: the periods that they are shown by."""

    trend: Trend = "month"
    customer: tuple[CustomerMetric, ...] = ()
    business: tuple[BusinessMetric, ...] = ()

    @model_validator(mode="after")
    def _both_sides(self) -> "Scorecard":
        missing = [side for side in SIDES if not getattr(self, side)]
        if missing:
            example = {"customer": "{nps: all}", "business": "{revenue: states}"}[missing[0]]
            raise wrong(
                f"neither side alone: no {missing[0]} metric; write {missing[0]}: [{example}]"
            )
        return self

    def in_words(self) -> list[str]:
        """What was declared, a sentence a metric: nothing of it is in any hash."""
        return [
            f"Shown by {self.trend}.",
            *(metric.in_words() for side in SIDES for metric in getattr(self, side)),
        ]


# --- names, and keys against each other ----------------------------------------------------------


def scorecard_mistakes(raw: Mapping[str, Any]) -> Iterator[Mistake]:
    """Mistakes of scorecards that only show beside the other sections."""
    for name, report in as_mapping(raw.get("reports")).items():
        card = as_mapping(as_mapping(report).get("scorecard"))
        for side, kinds in zip(SIDES, (CustomerMetric.kinds, BusinessMetric.kinds), strict=True):
            for mistake in _of_side(as_list(card.get(side)), kinds, raw):
                yield Mistake(("reports", name, "scorecard", side, *mistake.path), mistake.text)


def _of_side(
    metrics: Sequence[Any], kinds: Sequence[str], raw: Mapping[str, Any]
) -> Iterator[Mistake]:
    seen: set[str] = set()
    for at, metric in enumerate(map(as_mapping, metrics)):
        given = [kind for kind in kinds if isinstance(metric.get(kind), str)]
        if len(given) != 1:
            continue
        (kind,) = given
        title = _title(kind, metric[kind])
        if title in seen:
            yield Mistake((at, kind), f"{title!r} again; once is enough")
        seen.add(title)
        for text in _wrong_name(kind, metric[kind], raw):
            yield Mistake((at, kind), text)
        for text in _wrong_target(kind, metric.get("target")):
            yield Mistake((at, "target"), text)


_SECTIONS = {
    "reach": ("aha moment", "aha_moments"),
    "retention": ("outcome", "outcomes"),
    "gap": ("feature", "features"),
    "at_stake": ("feature", "features"),
}


def _wrong_name(kind: str, name: str, raw: Mapping[str, Any]) -> Iterator[str]:
    outcomes, funnels = (as_mapping(raw.get(key)) for key in ("outcomes", "funnels"))
    if kind in _SECTIONS:
        what, section = _SECTIONS[kind]
        declared = list(as_mapping(raw.get(section)))
        if name not in declared:
            yield unknown(what, name, declared, section)
    elif kind == "conversion":
        if name in outcomes and name in funnels:
            yield f"{name!r} is an outcome and a funnel; rename one of them"
        elif name not in outcomes and name not in funnels:
            yield unknown("outcome or funnel", name, [*outcomes, *funnels], "outcomes or funnels")
    if kind == "retention" and name in outcomes and not _is_of_events(outcomes[name]):
        yield f"{name!r} is no outcome of events, to which nobody comes back; write conversion"
    if kind in ("revenue", "at_stake") and not raw.get("revenue"):
        yield "needs revenue: a user property with the cents of a customer"


def _is_of_events(outcome: Any) -> bool:
    given = as_mapping(outcome)
    return bool(given.get("event")) and not given.get("not") and not given.get("sum")


def _wrong_target(kind: str, written: Any) -> Iterator[str]:
    try:
        target = _target(written)
    except ValueError:
        return  # its type says so
    if target is None:
        return
    unit = _UNITS[kind]
    if target.unit != unit:
        yield f"a target of {kind} is {_named(unit)}; write {_EXAMPLES[unit]}"
    elif kind == "gap" and (target.is_floor or target.number < 0):
        yield "a gap is to be small, to either side; write at most 20 pp"


def _named(unit: str) -> str:
    return {"%": "a share in %", "pp": "a difference in pp", "": "a plain number"}[unit]
