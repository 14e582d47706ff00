"""What is worth solving first: problems by the revenue they touch at least, ranked into tiers."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

from funnelkit.jobs.population import Population
from funnelkit.stats.bootstrap import bootstrap_sums
from funnelkit.stats.evidence import Shown, shown_share
from funnelkit.stats.proportions import Clusters, Interval, clustered_wilson
from funnelkit.stats.resampling import generator
from funnelkit.stats.scores import ulwick, ulwick_behavioural
from funnelkit.stats.survey import Counts, Floats, clusters
from funnelkit.stats.tiers import TIMES, Rank, tiers_of

CAPTIVE, LIP_SERVICE = "captive", "lip service"
EVERYBODY, RESPONDENTS, COUNTED = "everybody", "respondents", "counted"
# Weights in whole steps: sums of whole numbers do not depend on the number of threads.
_STEPS = 1 << 20
# More customers than this are drawn in so many groups: as wide, and no slower with a larger log.
_MOST_UNITS = 20_000


class Affected(NamedTuple):
    """Who has a problem, of those it was seen of.

    `people`: customer_id, x, m, sums of what its affected and all of its people stand for, in
    whole numbers. `k` of `n` people; `share` of those eligible, which `holds_for` everybody with
    access (weighted), the respondents alone, or is a count of all.
    """

    people: pl.DataFrame
    k: int
    n: int
    n_eff: float
    share: Interval
    holds_for: str

    @property
    def shown(self) -> Shown:
        """Whether the share may be told, and how."""
        return shown_share(self.k, self.n, self.share, self.n_eff)


class Severity(NamedTuple):
    """How bad the problem is for who has it, 0..1, and what says so."""

    value: float
    of: str


class Scored(NamedTuple):
    """What a feature is worth to people: shares of top answers, and of logged success, 0..1.

    None where nobody was asked, or too few for a share.
    """

    importance: float | None = None
    satisfaction: float | None = None
    success: float | None = None

    @property
    def ulwick(self) -> float | None:
        """Ulwick's score, 0..20, of answers alone."""
        if self.importance is None or self.satisfaction is None:
            return None
        return ulwick(10 * self.importance, 10 * self.satisfaction)

    @property
    def behavioural(self) -> float | None:
        """The same with logged success in the place of satisfaction."""
        if self.importance is None or self.success is None:
            return None
        return ulwick_behavioural(10 * self.importance, self.success)


class Problem(NamedTuple):
    """A problem of a feature or at a step of a funnel, for one segment or everybody.

    `eligible`: people who could have it; `eligible_cents`: the revenue of their customers, None
    where nobody's is known.
    """

    kind: str
    name: str
    problem: str
    segment: str | None
    eligible: int
    eligible_cents: int | None
    affected: Affected
    severity: Severity
    scored: Scored = Scored()

    @property
    def customer_value(self) -> float | None:
        """Ulwick's score, or affected share x severity x 10 where nobody was asked for it."""
        if self.scored.ulwick is not None:
            return self.scored.ulwick
        if self.affected.shown.kind != "percent":
            return None
        return 10 * (self.affected.share.estimate or 0.0) * self.severity.value

    @property
    def label(self) -> str:
        """What tells it from the others."""
        return f"{self.kind} {self.name} {self.problem} {self.segment or ''}"


class Opportunity(NamedTuple):
    """A problem with what it is worth in cents: at its share's lower limit, and at the estimate.

    None where it is not ranked (too few answers) or revenue is unknown. `rank`: its tier and the
    ranks it may have.
    """

    problem: Problem
    value_cents: int | None
    estimate_cents: int | None
    rank: Rank | None


def of_respondents(
    people: pl.DataFrame, flags: pl.Series, share: Population, name: str
) -> Affected:
    """Who of a feature's respondents has a problem; weighted to everybody where that may be.

    `people`: user_key, customer_id, a row a respondent; `flags`: whether each has it; `name`: the
    problem's share in `share`.
    """
    table = people.select("user_key", "customer_id").with_columns(affected=flags)
    if share.weighted is None or name not in share.shares:
        return _counted(table, RESPONDENTS)
    weights = share.weighted.users.with_columns(
        m=(pl.col("weight") * _STEPS).round().cast(pl.Int64)
    )
    table = weights.join(table, on="user_key", maintain_order="left")
    return Affected(
        people=_sums(table),
        k=int(table["affected"].sum()),
        n=table.height,
        n_eff=share.worth[name],
        share=share.shares[name],
        holds_for=EVERYBODY,
    )


def top_share(answers: pl.DataFrame) -> float | None:
    """The share of top answers where it may be told. `answers`: customer_id, is_top."""
    table = answers.rename({"is_top": "affected"})
    found = _counted(table, RESPONDENTS)
    return found.share.estimate if found.shown.kind == "percent" else None


def _counted(table: pl.DataFrame, holds_for: str) -> Affected:
    own = clusters(table["affected"].to_numpy(), _numbers(table))
    people = _sums(table.with_columns(m=pl.lit(1, pl.Int64)))
    return Affected(people, own.sum_x, own.sum_m, own.effective_n, clustered_wilson(own), holds_for)


def of_customers(people: pl.DataFrame) -> Affected:
    """Who of all that were seen has a problem. `people`: customer_id, k of its n have it."""
    k, n = pl.col("k"), pl.col("n")
    sums = people.select(
        k.sum().alias("x"), n.sum().alias("m"), x2=(k * k).sum(), xm=(k * n).sum(), m2=(n * n).sum()
    ).row(0)
    own = Clusters(people.height, *(int(each) for each in sums))
    return Affected(
        people.select("customer_id", x="k", m="n"),
        own.sum_x,
        own.sum_m,
        own.effective_n,
        clustered_wilson(own),
        COUNTED,
    )


def _sums(table: pl.DataFrame) -> pl.DataFrame:
    """customer_id, x, m of rows with affected and m."""
    m = pl.col("m")
    return table.group_by("customer_id").agg(x=m.filter(pl.col("affected")).sum(), m=m.sum())


def _numbers(table: pl.DataFrame) -> Counts:
    return table["customer_id"].rank("dense").cast(pl.Int64).to_numpy()


def ranked(problems: Sequence[Problem], seed: str) -> list[Opportunity]:
    """The problems by estimate, those with too few answers to be ranked behind them.

    An estimate is share x eligible revenue x severity; without any revenue, eligible people take
    its place. Tiers by pairwise bootstrap over customers; `seed` decides what chance decides.
    """
    with_money = any(each.eligible_cents is not None for each in problems)
    told = [each for each in problems if _is_ranked(each, with_money)]
    estimates = np.array([_worth(each) * (each.affected.share.estimate or 0.0) for each in told])
    names = [each.label for each in told]
    ranks = tiers_of(estimates, _drawn(told, seed), names) if told else []
    found = [
        Opportunity(each, *_cents(each, estimate, with_money), rank)
        for each, estimate, rank in zip(told, estimates, ranks, strict=True)
    ]
    order = sorted(range(len(told)), key=lambda at: (-estimates[at], names[at]))
    rest = [each for each in problems if not _is_ranked(each, with_money)]
    rest.sort(key=lambda each: (-each.affected.k, each.label))
    return [*(found[at] for at in order), *(Opportunity(each, None, None, None) for each in rest)]


def _is_ranked(problem: Problem, with_money: bool) -> bool:
    """Enough answers for a share; where money ranks, somebody's revenue is known."""
    known = problem.eligible_cents is not None or not with_money
    return known and problem.affected.shown.kind == "percent"


def _worth(problem: Problem) -> float:
    """What the whole of it would be worth, were everybody affected: cents, or people."""
    cents = problem.eligible_cents
    return (problem.eligible if cents is None else cents) * problem.severity.value


def _cents(problem: Problem, estimate: float, with_money: bool) -> tuple[int | None, int | None]:
    if not with_money:
        return None, None
    return int(_worth(problem) * (problem.affected.share.lo or 0.0)), round(estimate)


def _drawn(problems: Sequence[Problem], seed: str) -> Floats:
    """The estimates of each replicate, a customer with all it has: (replicates, problems)."""
    random = generator(seed)
    customers = pl.concat(each.affected.people.select("customer_id") for each in problems)
    units = customers.unique().sort("customer_id")
    of_units = random.permutation(units.height) % _MOST_UNITS
    units = units.with_columns(unit=pl.Series(of_units, dtype=pl.Int64))
    sums = np.zeros((min(units.height, _MOST_UNITS), 2 * len(problems)))
    for at, each in enumerate(problems):
        own = each.affected.people.join(units, on="customer_id")
        for side, name in enumerate(("x", "m")):
            np.add.at(sums[:, 2 * at + side], own["unit"].to_numpy(), own[name].to_numpy())
    drawn = bootstrap_sums(sums, TIMES, random)
    x, m = drawn[:, 0::2], drawn[:, 1::2]
    point = np.array([each.affected.share.estimate or 0.0 for each in problems])
    share = np.where(m > 0, x / np.maximum(m, 1), point)
    return np.asarray(share * [_worth(each) for each in problems])
