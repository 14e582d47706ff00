"""Metrics of a scorecard that are shares of entrants: reach, retention, conversion."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from funnelkit.project.aha_words import outcome_in_words
from funnelkit.project.words import in_words, whose
from funnelkit.results.aha import built_moment, everybody, reach_cohorts
from funnelkit.results.built import built_funnel, periods, steps
from funnelkit.results.retention import check_outcome, pick_clock, retention_counts
from funnelkit.results.scorecard_metric import (
    OVER,
    SHARE,
    Point,
    Rules,
    Told,
    cohort_told,
    last_two,
    period_of,
)
from funnelkit.results.small import joined_periods, merged, size
from funnelkit.results.small_aha import joined_weeks, retention_periods
from funnelkit.stats.funnels import StepCounts, period_state
from funnelkit.stats.proportions import NOTHING, wilson
from funnelkit.stats.retention import RetentionCounts, all_cohorts, days_of, told_week, week_of
from funnelkit.warehouse.queries import query

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Part = Mapping[str, Any]
BY_MONDAY = (
    "Reach, retention and conversion: entry weeks, by the period of their Monday; a week of fewer"
    " than {fewest} stands with its neighbour, in the period of the earlier one."
)
_LEFT_OUT = (
    "{name}: weeks of which fewer than {fewest} count, or all but so few, are in no period, as they"
    " are in no table by entry week, with as many others as it takes."
)
_ALIKE = (
    "{name}: attempts of the same {entities} in several weeks count as alike as they are over the"
    " whole time, where that is more than within the period."
)


def reach(con: "DuckDBPyConnection", plan: Part, name: str, trend: str, fewest: int) -> Told:
    """The matured reach of an aha moment, as `funnelkit aha` has it."""
    moment = built_moment(con, name)
    declared = next(each for each in plan["moments"] if each["name"] == name)
    cohorts = reach_cohorts(con, name)
    total = everybody(name, cohorts)
    cells = [
        RetentionCounts(
            *(name, each.cohort, None, None, 0),
            *(each.entrants, each.matured, each.matured_reached),
        )
        for each in cohorts
    ]
    return cohort_told(
        cells,
        (total.reach, total.matured),
        trend,
        fewest,
        rules=Rules(
            f"aha moment {name}",
            tuple(moment.in_words(declared["breakdowns"])),
            moment.definition_hash,
        ),
        notes=(BY_MONDAY.format(fewest=fewest),),
    )


def retention(con: "DuckDBPyConnection", plan: Part, name: str, trend: str, fewest: int) -> Told:
    """Who came back in the week that the headline of `funnelkit retention` tells of."""
    outcome = _outcome(plan, name)
    clock = pick_clock(plan, outcome, None)["name"]
    rules = _built_outcome(con, outcome, clock)
    counts = retention_counts(con, clock, name)
    own = week_of(outcome["after_us"], outcome["within_us"], outcome["at_least"])
    week = told_week(counts, own)
    if week is None:
        return Told(SHARE, "nobody has a whole week behind them", None, NOTHING, (), rules=rules)
    total = next(each for each in all_cohorts(counts) if each.week == week)
    weeks = joined_weeks(_of_week(counts, week), fewest)
    # Less the cells that the table by entry week tells, a period would give the others back.
    told = retention_periods([each for each in weeks if each.matured], fewest)
    some = sum(each.matured for each in told) < total.matured
    shown = {each.cohort for each in told}
    # Of a week that is still to come to its end the period is open, whatever is told of it.
    still = [each for each in weeks if each.cohort not in shown and each.matured < each.entrants]
    told += [each._replace(matured=0, retained=0) for each in still]
    return cohort_told(
        told,
        (total.retention, total.matured),
        trend,
        fewest,
        rules=rules,
        notes=(
            f"{name}: came back in week {week} ({days_of(week)} after the entry), as funnelkit"
            " retention tells it.",
            BY_MONDAY.format(fewest=fewest),
            _LEFT_OUT.format(name=name, fewest=fewest) if some else "",
        ),
    )


def _of_week(counts: Sequence[RetentionCounts], week: int) -> Iterator[RetentionCounts]:
    """A week's cell of each cohort; of one without anybody mature zeros, which make it open."""
    cohorts = {each.cohort: each._replace(week=week, matured=0, retained=0) for each in counts}
    cohorts |= {each.cohort: each for each in counts if each.week == week}
    return (cohorts[name] for name in sorted(cohorts, key=str))


def conversion(
    con: "DuckDBPyConnection",
    plan: Part,
    specs: Sequence[Part],
    name: str,
    asked: tuple[str, int],
) -> Told:
    """The share for whom an outcome came about, or who finish a funnel; `asked`: trend, fewest."""
    funnel = next((spec for spec in specs if spec["name"] == name), None)
    if funnel is not None:
        return _of_funnel(con, funnel, *asked)
    trend, fewest = asked
    outcome = _outcome(plan, name)
    clock = pick_clock(plan, outcome, None)["name"]
    rules = _built_outcome(con, outcome, clock)
    rows = query(con, "outcome_cohorts", clock=clock, outcome=name)
    cells = [
        RetentionCounts(
            *(name, row["cohort"], None, None, 0),
            *(row["entrants"], row["matured"], row["happened"]),
        )
        for row in rows
    ]
    matured, happened = (sum(getattr(each, key) for each in cells) for key in _COUNTED)
    share = wilson(happened, matured)
    notes = (BY_MONDAY.format(fewest=fewest),)
    return cohort_told(cells, (share, matured), trend, fewest, rules=rules, notes=notes)


_COUNTED = ("matured", "retained")


def _of_funnel(con: "DuckDBPyConnection", spec: Part, trend: str, fewest: int) -> Told:
    """Conversion to the last step, as `funnelkit funnel` has it, by period of the first entry."""
    name, of_attempts = spec["name"], spec["count"] == "entries"
    built = built_funnel(con, name)
    last = steps(con, name, None)[-1]
    # As its table by entry week joins them: see `cohort_told`.
    weeks = merged(periods(con, name, "week"), fewest, of_attempts)
    counts = merged(joined_periods(weeks, lambda day: period_of(day, trend)), fewest, of_attempts)
    final_step = [each for each in counts if each.counts.step == last.step]
    told = [each for each in final_step if _base(each.counts, of_attempts) >= fewest]
    points = [
        Point(
            each.period,
            *wilson(*_effective(each.counts, last)),
            each.counts.base,
            period_state(each.counts) == "mature",
        )
        for each in told
    ]
    mature = [each for each in told if period_state(each.counts) == "mature"]
    change, which = last_two(mature, lambda each: _effective(each.counts, last), lambda e: e.period)
    enough = _base(last, of_attempts) >= fewest
    alike = [_ALIKE.format(name=name, entities=whose(spec))] if of_attempts else []
    return Told(
        SHARE,
        OVER,
        last.base if enough else None,
        last.conversion() if enough else NOTHING,
        points,
        change,
        which,
        rules=Rules(f"funnel {name}", tuple(in_words(spec)), built["definition_hash"]),
        notes=(BY_MONDAY.format(fewest=fewest), *alike),
    )


def _base(counts: StepCounts, of_attempts: bool) -> int:
    return min(counts.base, size(counts, of_attempts))


def _effective(counts: StepCounts, whole: StepCounts) -> tuple[float, float]:
    """Done and base as independent trials; joined weeks hold an entity once for each of them."""
    worth = max(_design_effect(counts), _design_effect(whole))
    return counts.done / worth, counts.base / worth


def _design_effect(counts: StepCounts) -> float:
    clusters = counts.clustered()
    return clusters.design_effect if clusters is not None and counts.base else 1.0


def _outcome(plan: Part, name: str) -> Part:
    found: Part = next(each for each in plan["outcomes"] if each["name"] == name)
    return found


def _built_outcome(con: "DuckDBPyConnection", outcome: Part, clock: str) -> Rules:
    """The outcome's rules with the hash of what was built."""
    name = str(outcome["name"])
    check_outcome(con, name)
    built = next(row for row in query(con, "outcomes") if row["outcome"] == name)
    return Rules(
        f"outcome {name}",
        (*outcome_in_words(outcome), f"Time counts from the first entry ({clock})."),
        built["definition_hash"],
    )
