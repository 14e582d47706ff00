"""What is worth solving first, on built marts: features and steps ranked into tiers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from funnelkit.jobs.opportunities import (
    CAPTIVE,
    EVERYBODY,
    LIP_SERVICE,
    RESPONDENTS,
    Opportunity,
    Problem,
    ranked,
)
from funnelkit.results.built import inputs
from funnelkit.results.gaps import Split, pick_split
from funnelkit.results.notes import noted, of_log
from funnelkit.results.opportunity_problems import of_feature, of_steps
from funnelkit.results.say_frames import (
    OPINIONS,
    Wave,
    features,
    other_waves,
    pick_wave,
    read_wave,
    waves,
)
from funnelkit.stats.evidence import FEWEST, LEAST_N, WIDEST, label
from funnelkit.stats.funnels import many
from funnelkit.table import Column, Table, Value, amount, percent

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from funnelkit.results.experiments import Linked

Plan = Mapping[str, Any]
COLUMNS = (
    Column("tier", "count"),
    Column("kind"),
    Column("name"),
    Column("problem"),
    Column("segment"),
    Column("eligible", "count"),
    Column("affected", "count"),
    Column("affected_share", "share"),
    Column("lo", "share"),
    Column("hi", "share"),
    Column("eligible_revenue_cents", "count"),
    Column("severity", "number"),
    Column("severity_of"),
    Column("value_cents", "count"),
    Column("estimate_cents", "count"),
    Column("rank_lo", "count"),
    Column("rank_hi", "count"),
    Column("importance", "number"),
    Column("satisfaction", "number"),
    Column("ulwick", "number"),
    Column("ulwick_behavioural", "number"),
    Column("customer_value", "number"),
    Column("business_value_cents", "count"),
    Column("label"),
    Column("n", "count"),
    Column("n_eff", "number"),
    Column("holds_for"),
    Column("wave"),
)
_PROBLEMS = {CAPTIVE: "disliked, used", LIP_SERVICE: "liked, not used"}


def opportunities_table(
    con: "DuckDBPyConnection",
    plan: Plan,
    *,
    by: str | None = None,
    segment: str | None = None,
    wave: str | None = None,
    linked: Mapping[str, "Linked"] | None = None,
) -> Table:
    """Problems of features in a wave and at the steps of funnels, what may be worth most first.

    `by`: everybody and each value of a user property or segment; `segment`: a declared one alone;
    `wave`: the latest unless named; `linked`: an experiment by the feature that it is linked to.
    Raises FunnelkitError for what is not declared or not built.
    """
    split = pick_split(plan, by, segment)
    known = waves(con, OPINIONS, of_feature=True) or waves(con, ("text",))
    picked = pick_wave(known, wave, "on a feature") if known or wave else None
    problems: list[Problem] = list(of_steps(con, plan, split))
    if picked is not None and features(con):
        problems += _of_features(con, plan, picked, split, linked or {})
    found = ranked(problems, f"opportunities {picked.name if picked else ''}")
    table = Table(
        COLUMNS,
        tuple(_row(each, picked) for each in found),
        {
            "version": plan["version"],
            "wave": picked.name if picked else None,
            "revenue": plan["revenue"],
            "definition_hashes": {each.name: each.definition_hash for each in features(con)},
            **inputs(con),
        },
        _headline(found),
    )
    which = other_waves(known, picked) if picked is not None else ""
    return noted(table, *_notes(found, plan, picked), which, *of_log(table.meta))


def _of_features(
    con: "DuckDBPyConnection", plan: Plan, wave: Wave, split: Split, linked: Mapping[str, "Linked"]
) -> Iterator[Problem]:
    from funnelkit.results.mentions_kept import read_mentions

    topics = any(each["topics"] for each in plan["features"])
    mentions = read_mentions(con, plan) if topics else None
    asked = [] if split.breakdown is None else [split.breakdown]
    frames = read_wave(con, plan, wave, mentions, asked)
    for feature in features(con):
        yield from of_feature(con, plan, frames, feature, split, linked.get(feature.name))


def _row(each: Opportunity, wave: Wave | None) -> tuple[Value, ...]:
    problem, affected, scored = each.problem, each.problem.affected, each.problem.scored
    shown = affected.shown.kind
    rank = each.rank or (None, None, None)
    some = shown != "suppressed"
    share = affected.share if shown == "percent" else (None, None, None)
    return (
        rank[0],
        *(problem.kind, problem.name, problem.problem, problem.segment),
        problem.eligible if some else None,
        affected.k if some else None,
        *share,
        problem.eligible_cents if some else None,
        *(problem.severity.value, problem.severity.of),
        *(each.value_cents, each.estimate_cents, *rank[1:]),
        *(_of_ten(scored.importance), _of_ten(scored.satisfaction)),
        *(scored.ulwick, scored.behavioural, problem.customer_value, each.value_cents),
        label(affected.n, affected.n_eff),
        affected.n if some else None,
        affected.n_eff if some else None,
        affected.holds_for,
        wave.name if wave is not None and problem.kind == "feature" else None,
    )


def _of_ten(share: float | None) -> float | None:
    return None if share is None else 10 * share


# --- words ---------------------------------------------------------------------------------------


def named(problem: Problem) -> str:
    """A problem as people say it: `alerts: disliked, used`."""
    what = _PROBLEMS.get(problem.problem, problem.problem)
    return f"{problem.name}: {what}{_of_segment(problem)}"


def _of_segment(problem: Problem) -> str:
    return f" ({problem.segment})" if problem.segment else ""


def _headline(found: Sequence[Opportunity]) -> str:
    first = [each for each in found if each.rank is not None and each.rank.tier == 1]
    if not first:
        return "Nothing can be ranked: too few answers, or no revenue is known."
    problem, affected = first[0].problem, first[0].problem.affected
    share, lo, hi = (percent(each or 0.0).removesuffix(" %") for each in affected.share)
    of = {RESPONDENTS: "of respondents", EVERYBODY: "of those with access"}
    text = f"{named(problem)}: {affected.k:,} of {affected.n:,}"
    text += f"; {share} % {of.get(affected.holds_for, 'of those who could')} ({lo}–{hi})"
    if first[0].value_cents is not None:
        text += f", {amount(first[0].value_cents)} a period at stake at the lower limit"
    rest = [named(each.problem) for each in first[1:]]
    if rest:
        return f"{text}; not clearly above {_listed(rest)}."
    return f"{text}; clearly above all others." if len(found) > 1 else f"{text}."


def _listed(names: Sequence[str]) -> str:
    return "; ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")


def _notes(found: Sequence[Opportunity], plan: Plan, wave: Wave | None) -> Iterator[str]:
    if plan["revenue"]:
        yield (
            "At stake: lower limit of the share x revenue of those it holds for x severity;"
            f" {plan['revenue']} of a period, in whole units here and in cents in other formats."
        )
    else:
        yield "No `revenue:` is declared: ranked by affected people x severity, without a value."
    yield (
        "Sorted by the estimate. A problem joins a tier unless its first is above it by a"
        " simultaneous 90 % interval of all pairs, customers drawn anew 2,000 times; ranks: the"
        " first and last possible."
    )
    told = {
        f"{each.problem.name}{_of_segment(each.problem)}: {each.problem.severity.value:.2f}"
        f" ({each.problem.severity.of})"
        for each in found
        if each.problem.severity.value != 1
    }
    if told:
        yield f"Severity below 1: {'; '.join(sorted(told))}."
    kinds = {each.problem.affected.holds_for for each in found if each.rank is not None}
    if EVERYBODY in kinds:
        yield (
            "Share of features: of everybody with access, weighted as in `funnelkit gaps`; beside"
            " it, how many of those who answered. That equal behaviour means equal opinion is"
            " assumed, and cannot be seen."
        )
    if RESPONDENTS in kinds:
        yield (
            "Where respondents may not stand for everybody (`funnelkit gaps --bias`), share and"
            " revenue are those of respondents alone."
        )
    left = [each for each in found if each.rank is None]
    if left:
        yield (
            f"Not ranked: {many(len(left), 'problems')}, seen of fewer than {LEAST_N} of different"
            f" customers or with an interval wider than {100 * WIDEST:.0f} points; of fewer than"
            f" {FEWEST} nothing is told."
        )
    if wave is None:
        yield "No wave has an answer on a feature: steps of funnels alone."
    yield (
        "Customer value: Ulwick's importance + what it exceeds satisfaction by (0-20, shares of top"
        " answers x 10), or affected share x severity x 10 where importance was not asked."
    )
