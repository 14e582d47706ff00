"""A row of gaps: what of the cells, the population and the money may be shown, and how sure."""

from typing import NamedTuple

from funnelkit.jobs.gaps import Gap
from funnelkit.jobs.money import Affected
from funnelkit.jobs.population import SHARES, Population
from funnelkit.results.say_frames import Feature
from funnelkit.stats.bias import TOO_FEW
from funnelkit.stats.evidence import FEWEST, LEAST_N, label, percent_allowed
from funnelkit.stats.proportions import NOTHING
from funnelkit.stats.revenue import ONE_ACCOUNT_STORY
from funnelkit.table import Column, Kind, Value

Record = dict[str, Value]
PASSES = 0.05

_POP = tuple(f"pop_{name}" for name in SHARES)
_CELLS = ("captive", "lip")
_MONEY: tuple[tuple[str, Kind], ...] = (
    ("customers", "count"),
    ("revenue_cents", "count"),
    ("revenue_share", "share"),
    ("largest_share", "share"),
    ("money_label", "text"),
)
GAP_COLUMNS = (
    Column("feature"),
    Column("n", "count"),
    Column("n_eff", "number"),
    *(Column(name, "count") for name in ("aligned", "lip_service", "captive", "rejected")),
    Column("neutral", "count"),
    Column("neutral_used", "count"),
    *(Column(name, "share") for name in ("not_using_among_like", "nl_lo", "nl_hi")),
    *(Column(name, "share") for name in ("using_among_dislike", "ud_lo", "ud_hi")),
    *(Column(name, "points") for name in ("gap", "gap_lo", "gap_hi")),
    Column("lip_rate", "share"),
    Column("captive_rate", "share"),
    Column("phi", "number"),
    Column("use_everybody", "share"),
    Column("do_bias", "points"),
    Column("do_bias_verdict"),
    Column("customers", "count"),
    Column("customers_share", "share"),
    Column("revenue_cents", "count"),
    Column("revenue_share", "share"),
    Column("money_label"),
    Column("label"),
    Column("segment"),
    Column("wave"),
    Column("used_days", "count"),
    Column("p_value", "p"),
    Column("q_value", "p"),
    Column("do_bias_lo", "points"),
    Column("do_bias_hi", "points"),
    *(Column(f"{name}{end}", "share") for name in _POP for end in ("", "_lo", "_hi")),
    *(Column(name, "count") for name in ("estimated_revenue_cents", "er_lo", "er_hi")),
    Column("largest_share", "share"),
    Column("effective_customers", "number"),
    Column("source"),
    Column("eligible", "count"),
    Column("left_out", "count"),
    Column("deff", "number"),
    Column("aims"),
    Column("pop_n_eff", "number"),
    Column("pop_deff", "number"),
    Column("pop_why"),
    *(Column(f"{cell}_{name}", kind) for cell in _CELLS for name, kind in _MONEY),
    Column("finding"),
    Column("also"),
)
NAMES = tuple(column.name for column in GAP_COLUMNS)


class Found(NamedTuple):
    """What a row tells of: a gap, whom it may stand for, and whose money it concerns.

    `both`, `captive` and `lip`: customers of the discordant cells together, and of each. `q`: the
    gap's, in its family; None where it is not judged. `left_out`: answers that do not count.
    `borne_out`: a holdout or an experiment showed it again.
    """

    feature: Feature
    wave: str
    gap: Gap
    population: Population
    both: Affected
    captive: Affected
    lip: Affected
    q: float | None = None
    left_out: int | None = None
    borne_out: bool = False


def gap_record(found: Found) -> Record:
    """The row by the names of GAP_COLUMNS, without what the rules of evidence do not show.

    Of fewer than five nothing is told; fewer than 30 effective ones have counts and no share of
    any kind. A side with fewer than five hides what would give it away.
    """
    gap, n_eff = found.gap, found.gap.n_eff
    passed = found.q is not None and found.q <= PASSES
    record: Record = dict.fromkeys(NAMES)
    record |= {
        "feature": found.feature.name,
        "n": gap.n,
        "label": label(gap.n, n_eff, passed=passed, borne_out=found.borne_out),
        "segment": gap.segment,
        "wave": found.wave,
        "used_days": gap.used_days,
        "eligible": found.population.eligible,
        "left_out": found.left_out,
        "aims": gap.aims,
        "do_bias_verdict": TOO_FEW,
        "money_label": "",
    }
    if gap.n < FEWEST:
        return record
    is_hidden = any(0 < clusters.sum_m < FEWEST for clusters in (gap.likes, gap.dislikes))
    record |= {"n_eff": n_eff, "deff": gap.design_effect, "source": _source(gap)}
    record |= _cells(gap) | _sides(gap) | _money(found, in_percent=n_eff >= LEAST_N)
    if n_eff >= LEAST_N:
        record |= _population(found.population)
        if not is_hidden:
            record |= _gap(found)
    return record


def _source(gap: Gap) -> str:
    if gap.ratings in (0, gap.n):
        return "rating" if gap.ratings else "text"
    return "rating and text"


def _cells(gap: Gap) -> Record:
    """Counts; of a side or of neutrals that are fewer than five, none."""
    like = {"aligned": gap.a, "lip_service": gap.b}
    dislike = {"captive": gap.c, "rejected": gap.d}
    neutral = {"neutral": gap.neutral, "neutral_used": gap.neutral_used}
    hidden = [
        name
        for side, of in ((like, gap.a + gap.b), (dislike, gap.c + gap.d), (neutral, gap.neutral))
        if 0 < of < FEWEST
        for name in side
    ]
    return {**like, **dislike, **neutral, **dict.fromkeys(hidden)}


def _sides(gap: Gap) -> Record:
    """The two rates, where they may be percentages."""
    likes = gap.not_using if percent_allowed(gap.not_using, gap.likes.effective_n) else NOTHING
    dislikes = gap.using if percent_allowed(gap.using, gap.dislikes.effective_n) else NOTHING
    return {
        **dict(zip(("not_using_among_like", "nl_lo", "nl_hi"), likes, strict=True)),
        **dict(zip(("using_among_dislike", "ud_lo", "ud_hi"), dislikes, strict=True)),
    }


def _gap(found: Found) -> Record:
    gap = found.gap
    return {
        **dict(zip(("gap", "gap_lo", "gap_hi"), gap.gap, strict=True)),
        "lip_rate": gap.b / gap.n,
        "captive_rate": gap.c / gap.n,
        "phi": gap.phi,
        "p_value": None if found.q is None else gap.p,
        "q_value": found.q,
    }


def _population(found: Population) -> Record:
    """Everybody's use, the do-bias, and the shares of everybody that may be percentages."""
    record: Record = {"use_everybody": found.use, "pop_why": found.why}
    if found.weighted is None or found.bias is None:
        return record
    kish = found.weighted.kish
    record |= {"pop_n_eff": kish.n_eff, "pop_deff": kish.deff}
    if kish.n_eff >= LEAST_N:
        bias = found.bias
        names = ("do_bias", "do_bias_lo", "do_bias_hi", "do_bias_verdict")
        record |= dict(zip(names, bias, strict=True))
    for name, share in found.shares.items():
        if percent_allowed(share, found.worth[name]):
            ends = (f"pop_{name}", f"pop_{name}_lo", f"pop_{name}_hi")
            record |= dict(zip(ends, share, strict=True))
    return record


def _money(found: Found, *, in_percent: bool) -> Record:
    """Customers and revenue of both cells and of each; shares only beside other percentages."""
    gap, both = found.gap, found.both
    record: Record = {"customers": both.customers, "revenue_cents": both.revenue_cents}
    labels = [both.label]
    for name, cell, side, rate in (
        ("captive", found.captive, gap.dislikes, gap.using),
        ("lip", found.lip, gap.likes, gap.not_using),
    ):
        if 0 < side.sum_m < FEWEST:
            continue
        labels.append(cell.label)
        record |= {
            f"{name}_customers": cell.customers,
            f"{name}_revenue_cents": cell.revenue_cents,
            f"{name}_money_label": cell.label,
        }
        if in_percent and percent_allowed(rate, side.effective_n):
            record[f"{name}_revenue_share"] = cell.revenue_share
            record[f"{name}_largest_share"] = cell.known and cell.known.largest_share
    record["money_label"] = ONE_ACCOUNT_STORY if any(labels) else ""
    if any(0 < side.sum_m < FEWEST for side in (gap.dislikes, gap.likes)):
        # Less the side that is told, both would give back the few of the other.
        return record | {"customers": None, "revenue_cents": None}
    return record | (_money_shares(both, found.population) if in_percent else {})


def _money_shares(both: Affected, population: Population) -> Record:
    """Shares of everybody eligible; an estimate only where respondents may stand for the others."""
    found, known = None if population.why else both.estimated, both.known
    return {
        "customers_share": both.share,
        "revenue_share": both.revenue_share,
        "largest_share": known.largest_share if known else None,
        "effective_customers": known.effective if known else None,
        "estimated_revenue_cents": round(found.cents) if found else None,
        "er_lo": round(found.lo) if found else None,
        "er_hi": round(found.hi) if found else None,
    }
