"""Gates judged on built marts: each number as its own command shows it, beside its limits."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from operator import gt, lt
from typing import TYPE_CHECKING, Any, NamedTuple

from funnelkit.errors import FunnelkitError
from funnelkit.project.gates import LIMITS, Judge, Kind, Limit, Target
from funnelkit.results.aha import built_moment, everybody, reach_cohorts
from funnelkit.results.built import built_funnel, inputs, steps
from funnelkit.results.gates_asked import Asked
from funnelkit.results.shipping import outcome_clock
from funnelkit.results.small_say import Row, nps_rows, rows_of
from funnelkit.stats.evidence import FEWEST
from funnelkit.stats.proportions import NOTHING, Interval, wilson
from funnelkit.table import MINUS, Column, Table, Value, percent, score, shown
from funnelkit.warehouse.queries import frame, query

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

OK, FAIL = "ok", "FAIL"
COLUMNS = (
    Column("state"),
    Column("gate"),
    Column("kind"),
    Column("measure"),
    Column("wave"),
    Column("n", "count"),
    Column("value", "number"),
    Column("lo", "number"),
    Column("hi", "number"),
    Column("fails"),
    Column("limit", "number"),
    Column("judge"),
    Column("bound", "number"),
    Column("at_least_n", "count"),
    Column("line", "count"),
    Column("finding"),
)
_ENDS: Mapping[Judge, str] = {
    "lower": "lower bound",
    "upper": "upper bound",
    "estimate": "estimate",
}
# Which end must be on the right side, where the gate does not say.
_SHOWN_BY: Mapping[str, Judge] = {"fail_under": "lower", "fail_over": "upper"}


class _Measure(NamedTuple):
    """How a number is called and written; `digits` are those behind the comma of 100 times it."""

    name: str
    text: Callable[[float], str]
    digits: int
    unit: str = ""


def _points(value: float) -> str:
    return shown(value, "points")


_SHARE = (percent, 1, " %")
_MEASURES: Mapping[Kind, _Measure] = {
    "funnel": _Measure("conversion", *_SHARE),
    "aha": _Measure("reach", *_SHARE),
    "outcome": _Measure("share", *_SHARE),
    "feature": _Measure("gap", _points, 1, " pp"),
    "nps": _Measure("NPS", score, 0),
}


class Measured(NamedTuple):
    """A number with its 95 % interval, -1..1, of how many, and of which wave of asking, if any.

    The interval is None where so few have none; `n` is None where not even that is told. `people`:
    how many stand behind it, where `n` counts attempts; `is_withheld`: no report tells it, because
    of a cell of too few; `is_rounded`: it is told, and rests on such a cell.
    """

    interval: Interval
    n: int | None
    wave: str | None = None
    people: int | None = None
    is_withheld: bool = False
    is_rounded: bool = False

    def as_told(self) -> "Measured":
        """As a committed report may tell it: of fewer than five nothing but that they are few."""
        known = [each for each in (self.n, self.people) if each is not None]
        if any(0 < each < FEWEST for each in known):
            return Measured(NOTHING, None, self.wave, is_withheld=True)
        return self._replace(interval=NOTHING) if self.is_withheld else self


def gates_table(
    con: "DuckDBPyConnection",
    asked: Sequence[Asked],
    plan: Mapping[str, Any],
    say: Mapping[str, Any],
) -> Table:
    """One row a gate and limit: state (ok, FAIL), what was judged, and the finding in words.

    `plan` and `say` are complete: what the macros aha_plan and say_plan make. Values and limits
    are of -1..1, and unrounded when they are judged. Judged is what a committed report may tell,
    since a CI's log may be as public. Raises FunnelkitError for what is not built.
    """
    values = _Values(con, plan, say)
    rows = tuple(row for each in asked for row in judged_rows(each, values.of(each)))
    failed = sum(row[0] == FAIL for row in rows)
    return Table(COLUMNS, rows, {"failed": failed, **inputs(con)}, _headline(failed, len(rows)))


def _headline(failed: int, limits: int) -> str:
    if limits == 1:
        return "The limit does not hold." if failed else "The limit holds."
    if not failed:
        return f"All {limits:,} limits hold."
    return f"{failed:,} of {limits:,} limits {'does' if failed == 1 else 'do'} not hold."


class _Values:
    """The numbers of gates; what several of them need is computed once."""

    def __init__(
        self, con: "DuckDBPyConnection", plan: Mapping[str, Any], say: Mapping[str, Any]
    ) -> None:
        self.con, self.plan, self.say = con, plan, say

    def of(self, asked: Asked) -> Measured:
        """The number that a gate is about."""
        target = asked.target
        if target.kind == "funnel":
            return self._conversion(target)
        if target.kind == "aha":
            name = built_moment(self.con, target.name).name
            total = everybody(name, reach_cohorts(self.con, name))
            return Measured(total.reach, total.matured)
        if target.kind == "outcome":
            return self._outcome(target.name, asked.gate.funnel)
        return self._gap(target.name) if target.kind == "feature" else self._nps

    def _conversion(self, target: Target) -> Measured:
        found = steps(self.con, built_funnel(self.con, target.name)["funnel"], None)
        named = [each for each in found if target.step in (None, each.step_name)]
        step = named[-1]
        return Measured(step.conversion(), step.base, people=step.clusters)

    def _outcome(self, name: str, funnel: str | None) -> Measured:
        clock = outcome_clock(name, funnel, self.plan)
        if name not in [row["outcome"] for row in query(self.con, "outcomes")]:
            raise FunnelkitError(f"outcome {name!r} was not built yet", "run `funnelkit build`")
        row = query(self.con, "outcome_share", outcome=name, clock=clock["name"])[0]
        return Measured(wilson(row["happened"], row["matured"]), row["matured"])

    @cached_property
    def _gaps(self) -> list[Row]:
        from funnelkit.results.gaps import gaps_table
        from funnelkit.results.say_frames import OPINIONS, waves

        if not (waves(self.con, OPINIONS, of_feature=True) or waves(self.con, ("text",))):
            return []
        return rows_of(gaps_table(self.con, self.say))

    def _gap(self, name: str) -> Measured:
        from funnelkit.jobs.respondents import ATTITUDE
        from funnelkit.results.small_gaps import gap_row

        # The first row of a feature is everybody, at its own cut.
        for row in self._gaps:
            if row["feature"] == name and row["aims"] == ATTITUDE:
                told = gap_row(row, FEWEST) if row["n"] else row
                interval = Interval(told["gap"], told["gap_lo"], told["gap_hi"])
                return Measured(
                    interval,
                    told["n"],
                    row["wave"],
                    is_withheld=row["gap"] is not None and told["gap"] is None,
                    is_rounded=bool(told.get("rounded")),
                )
        return Measured(NOTHING, 0)

    @cached_property
    def _nps(self) -> Measured:
        from funnelkit.results.nps import nps_table

        if frame(self.con, "nps_answers", breakdown=None).is_empty():
            return Measured(NOTHING, 0)
        table = nps_table(self.con, self.say)
        row = next(each for each in rows_of(table) if each["wave"] == table.meta["wave"])
        told = next(iter(nps_rows([row], FEWEST)), row | dict.fromkeys(("nps", "lo", "hi")))
        return Measured(
            Interval(told["nps"], told["lo"], told["hi"]),
            row["n"],
            row["wave"],
            is_withheld=row["nps"] is not None and told["nps"] is None,
        )


def judged_rows(asked: Asked, found: Measured) -> Iterator[tuple[Value, ...]]:
    """A row for each limit of a gate, as in COLUMNS, of the number that was found."""
    gate, kind, found = asked.gate, asked.target.kind, found.as_told()
    for fails in LIMITS:
        limit: Limit | None = getattr(gate, fails)
        if limit is None:
            continue
        judge = gate.judge or _SHOWN_BY[fails]
        bound = _end(found.interval, judge)
        holds, why = _judged(asked, found, fails, limit, judge)
        yield (
            OK if holds else FAIL,
            asked.name,
            kind,
            _MEASURES[kind].name,
            found.wave,
            found.n,
            *found.interval,
            fails,
            limit.of(kind),
            judge,
            bound,
            gate.at_least_n,
            asked.line,
            f"{_told(found, _MEASURES[kind])}: {why}",
        )


def _end(interval: Interval, judge: Judge) -> float | None:
    return {"lower": interval.lo, "upper": interval.hi, "estimate": interval.estimate}[judge]


def _judged(
    asked: Asked, found: Measured, fails: str, limit: Limit, judge: Judge
) -> tuple[bool, str]:
    """Whether the gate holds, and why; of too few nothing is shown, so it does not."""
    least, measure = asked.gate.at_least_n, _MEASURES[asked.target.kind]
    bound = _end(found.interval, judge)
    if found.n == 0:
        return False, "nothing to judge yet"
    if found.is_withheld:
        return False, f"not told: fewer than {FEWEST} in a cell"
    if found.n is None or found.n < least:
        return False, f"not enough, at least {least:,} are needed"
    if bound is None:
        return False, f"not enough for a {measure.name}"
    at = limit.of(asked.target.kind)
    beyond = lt if fails == "fail_under" else gt

    def is_beyond(hundred: float) -> bool:
        # 0.3 is no float: ten digits are as exact as anybody writes.
        return bool(beyond(round(hundred, 10), round(100 * at, 10)))

    failed, told = is_beyond(100 * bound), _precisely(bound, measure, is_beyond)
    verb = f"{'is' if failed else 'is not'} {fails.removeprefix('fail_')}"
    return not failed, f"{_ENDS[judge]} {told} {verb} {limit.shown(asked.target.kind)}"


def _told(found: Measured, measure: _Measure) -> str:
    """The number as its command prints it: `conversion 32.1 % (30.0–34.3 %, n = 1,770)`."""
    of = f"n = {found.n:,}" if found.n is not None else "n too small to tell"
    about = "≈ " if found.is_rounded else ""
    whose = f"{of}, {found.wave}" if found.wave else of
    estimate, lo, hi = found.interval
    if estimate is None or lo is None or hi is None:
        return f"{measure.name} ({whose})"
    first, last = measure.text(lo), measure.text(hi)
    if measure.unit == " %":
        limits = f"{first.removesuffix(measure.unit)}–{last}"
    else:
        limits = f"{first.removesuffix(measure.unit)} to {last}"
    return f"{measure.name} {about}{measure.text(estimate)} ({limits}, {whose})"


def _precisely(bound: float, measure: _Measure, is_beyond: Callable[[float], bool]) -> str:
    """The bound as it is printed, and with more digits where these seem to say otherwise.

    `is_beyond`: whether a hundred times a bound is on the wrong side of the limit.
    """
    text = measure.text(bound)
    exact, printed = round(100 * bound, 10), text.removesuffix(measure.unit).replace(MINUS, "-")
    if is_beyond(float(printed)) == is_beyond(exact):
        return text
    digits = measure.digits + 1
    while is_beyond(round(exact, digits)) != is_beyond(exact):  # with 10 digits it is the same
        digits += 1
    more = f"{exact:.{digits}f}".replace("-", MINUS)
    return f"{text} (unrounded {more}{measure.unit})"
