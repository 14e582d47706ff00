"""How many questions were asked at once, what may be shown, and what it may be called."""

from typing import Literal, NamedTuple

from funnelkit.stats.proportions import Interval

Claim = Literal["association", "caused"]
ASSOCIATION: Claim = "association"
CAUSED: Claim = "caused"
LEAST_SRM_P = 0.001

Label = Literal["anecdote", "signal", "estimate", "decision-grade"]
ANECDOTE: Label = "anecdote"
SIGNAL: Label = "signal"
ESTIMATE: Label = "estimate"
DECISION_GRADE: Label = "decision-grade"

FEWEST = 5
"""Fewer people than this are never told of: not how many, not what share."""
LEAST_N = 30
"""Fewer (effective) answers than this make no percentage."""
WIDEST = 0.30
"""An interval wider than this makes no percentage."""
SUPPRESSED_TEXT = f"fewer than {FEWEST}"


class Shown(NamedTuple):
    """How a share may be shown: not at all, as "k of n", or in percent; and that as text."""

    kind: Literal["suppressed", "k of n", "percent"]
    text: str


class Family(NamedTuple):
    """The numbers of one call that are judged together, and the rule that pays for their number.

    `rule` is empty where nothing is judged.
    """

    call: str
    family: str
    rule: str


FAMILIES = (
    Family("aha search", "all events x cells x segments of the run", "max-T in D, Holm in V"),
    Family("funnel --compare", "groups on the final conversion in one call", "BH 0.05"),
    Family(
        "breakdowns, trends, cohorts",
        "none",
        '95 % intervals each, no verdict, no colour for "significant"',
    ),
    Family("gaps", "features x segments of one wave", "BH 0.05 on mid-p McNemar"),
    Family("nps", "segments of one wave; change to the previous wave", "BH 0.05"),
    Family(
        "experiments",
        "primary alone; secondary BH; guardrails one-sided; SRM 0.001 outside",
        "",
    ),
    Family(
        "diagnostics (do-bias, log-rank, hash against time)",
        "uncorrected: they can only take a claim away",
        "",
    ),
    Family(
        "front page",
        "only findings that passed their own family, ordered by customers or revenue, never by p",
        "",
    ),
    Family(
        "report diff",
        'difference over entry cohorts that are in one version only, with interval; else "same '
        'people, more data"',
        "",
    ),
)


def shown_share(k: int, n: int, interval: Interval, n_eff: float | None = None) -> Shown:
    """How the share k of n may be shown, wherever it stands: the one place that decides.

    `interval`: that of the share; `n_eff`: the effective number of answers, n by default. Fewer
    than 5 are suppressed; fewer than 30 effective ones, or an interval wider than 0.30, are told
    as "k of n"; the rest as "74 %, 64–82". A weighted share brings its own interval and n_eff, and
    its k and n unweighted.
    Source: Parker et al. 2017, NCHS Vital and Health Statistics 2(175); its rule on relative width
    and its Clopper-Pearson interval are not taken over (say-do.md).
    """
    if n < FEWEST:
        return Shown("suppressed", SUPPRESSED_TEXT)
    if not percent_allowed(interval, n if n_eff is None else n_eff):
        return Shown("k of n", f"{k:,} of {n:,}")
    share, lo, hi = (round(100 * (each or 0.0)) for each in interval)
    return Shown("percent", f"{share} %, {lo}–{hi}")


def percent_allowed(interval: Interval, n_eff: float) -> bool:
    """Whether a share with this interval on so many effective answers may be a percentage."""
    estimate, lo, hi = interval
    if estimate is None or lo is None or hi is None or n_eff < LEAST_N:
        return False
    # A hair: limits that are 0.30 apart in decimals are not in binary.
    return hi - lo <= WIDEST + 1e-9


def label(
    n: int, n_eff: float | None = None, *, passed: bool = False, borne_out: bool = False
) -> Label:
    """How much evidence so many answers are: anecdote, signal, estimate or decision-grade.

    `n_eff`: the effective number, n by default. `passed`: the finding passed the rule of its
    family (`FAMILIES`); `borne_out`: a holdout or an experiment showed it again. Source: say-do.md.
    """
    if n < FEWEST:
        return ANECDOTE
    if (n if n_eff is None else min(n, n_eff)) < LEAST_N:
        return SIGNAL
    return DECISION_GRADE if passed and borne_out else ESTIMATE


def claim(srm_p: float | None) -> Claim:
    """What a finding may be called: `caused` only if a linked experiment bears it out.

    `srm_p`: p of the experiment's sample-ratio check; None: no experiment is linked. Below 0.001
    its groups are not what chance made of them, and it shows nothing.
    Source: Fabijan et al. 2019, KDD, on sample-ratio mismatch.
    """
    return CAUSED if srm_p is not None and srm_p >= LEAST_SRM_P else ASSOCIATION


def families_markdown() -> str:
    """The families as a pipe table, for the documentation."""
    lines = ["| call | family | rule |", "| --- | --- | --- |"]
    lines += [f"| {each.call} | {each.family} | {each.rule}".rstrip() + " |" for each in FAMILIES]
    return "\n".join(lines) + "\n"
