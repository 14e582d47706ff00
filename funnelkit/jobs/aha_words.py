"""The reason for a verdict, in one plain sentence with its figures."""

from funnelkit.jobs.aha_confirm import Confirmation, Difference
from funnelkit.jobs.aha_rules import SearchRules, Verdict
from funnelkit.table import fine_percent, percent, shown

IS_OUTCOME = "It is part of the outcome itself."
LEADS_TO = "It is a step of the outcome's funnel: without it there is no outcome to have."
IS_PREREQUISITE = "Declared a prerequisite: without it there is no outcome to have."


def precedes(share: float) -> str:
    """Why an event is set apart that comes immediately before nearly every outcome."""
    return (
        f"{percent(share)} of those with the outcome did it immediately before, in the same "
        "session: it is a part of the outcome."
    )


def reached_by(rules: SearchRules) -> str:
    """Why an event is set apart that nearly everybody does, or nearly nobody."""
    return (
        f"Every count and window is reached by fewer than {fine_percent(rules.least_reach)} or by "
        f"more than {fine_percent(rules.most_reach)} of entrants: there is nobody to compare with."
    )


def not_enough(rules: SearchRules) -> str:
    """Why no cell of an event is searched."""
    return (
        f"No count and window has {rules.least_group} entrants who reached it, {rules.least_group} "
        f"who did not and {rules.least_outcome} of the rarer outcome in each half, among those "
        "that another event shows still active."
    )


def not_proposed(p: float, rules: SearchRules, candidates: int) -> str:
    """Why an event did not go on to the half that decides."""
    if p <= rules.level_discovery:
        return f"{candidates} other events stood out more, and no more than that go on."
    return (
        f"Chance alone makes something stand out as much in {percent(p)} of searches like this "
        f"(more than {percent(rules.level_discovery)}): no candidate."
    )


def decided(
    verdict: Verdict,
    each: Confirmation,
    p_holm: float,
    n: int,
    p_newer: float | None,
    rules: SearchRules,
) -> str:
    """Why a candidate is accepted or not, on the half that did not choose it."""
    told = {
        "accepted": _accepted,
        "goes with activity": _activity,
        "not confirmed": _not_confirmed,
    }[verdict](each, p_holm, n)
    if p_newer is not None and p_newer < rules.level:
        told += f" Newer entrants differ (p {shown(p_newer, 'p')})."
    return told


def _accepted(each: Confirmation, p_holm: float, n: int) -> str:
    assert each.rd is not None
    assert each.adjusted is not None
    return (
        f"Difference {_points(each.rd)} among {n:,} entrants who had no part in choosing it (Holm "
        f"p {shown(p_holm, 'p')}), and {_points(each.adjusted)} among equally active ones."
    )


def _activity(each: Confirmation, p_holm: float, n: int) -> str:
    assert each.rd is not None
    left = "nobody left to compare" if each.adjusted is None else _points(each.adjusted)
    return (
        f"Difference {_points(each.rd)} among {n:,} entrants who had no part in choosing it, but "
        f"{left} among equally active ones: whoever does more does this too."
    )


def _not_confirmed(each: Confirmation, p_holm: float, n: int) -> str:
    if each.rd is None:
        return "Among the entrants who had no part in choosing it, no two could be compared."
    told = f"Difference {_points(each.rd)} among {n:,} entrants who had no part in choosing it "
    told += f"(Holm p {shown(p_holm, 'p')})"
    if each.rd.estimate * each.in_discovery <= 0:
        return f"{told}: not the sign that proposed it, {shown(each.in_discovery, 'points')}."
    return f"{told}; it proposed itself with {shown(each.in_discovery, 'points')}."


def _points(each: Difference) -> str:
    estimate, lo, hi = (shown(value, "points") for value in each[:1] + each[2:4])
    return f"{estimate} (95 % {lo.removesuffix(' pp')} to {hi.removesuffix(' pp')})"
