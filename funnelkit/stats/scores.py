"""Small scores that product people know: how much a need is unmet, how many to interview."""

from math import ceil, log

FEWEST_INTERVIEWS = 9
"""Interviews per segment below which themes are still turning up.

Source: Guest, Bunce and Johnson 2006, Field Methods 18:59-82; Hennink, Kaiser and Marconi 2017,
Qualitative Health Research 27:591-608 (code saturation at nine interviews).
"""


def ulwick(importance: float, satisfaction: float) -> float:
    """Opportunity score: importance + what it exceeds satisfaction by; both on one scale, 0-10.

    0-20; above 10 is under-served. Raises ValueError outside 0..10.
    Source: Ulwick 2005, What Customers Want.
    """
    for name, value in (("importance", importance), ("satisfaction", satisfaction)):
        if not 0 <= value <= 10:
            raise ValueError(f"{name} == {value}, must be between 0 and 10.")
    return importance + max(importance - satisfaction, 0.0)


def ulwick_behavioural(importance: float, success: float) -> float:
    """The opportunity score with logged success (a share, 0..1) in the place of satisfaction."""
    return ulwick(importance, 10 * success)


def out_of_ten(score: float, lo: float, hi: float) -> float:
    """A score of a scale from lo to hi as 0 to 10. Raises ValueError for an empty scale."""
    if not lo < hi:
        raise ValueError(f"hi == {hi}, must be > lo == {lo}.")
    return 10 * (score - lo) / (hi - lo)


def seen(p: float, n: int) -> float:
    """Share of the problems, each met by a share p of people, that n interviews bring up.

    1 - (1 - p)^n. Source: Nielsen and Landauer 1993, INTERCHI, whose p = 0.31 the test has.
    """
    _check("p", p)
    return float(1 - (1 - p) ** n)


def interviews_needed(p: float, goal: float = 0.85) -> int:
    """The fewest interviews that bring up a share `goal` of the problems; 1 at least.

    `p`: the share of people who meet a problem. Raises ValueError unless 0 < p <= 1 and
    0 <= goal < 1. Source: as `seen`.
    """
    _check("p", p)
    if p == 0 or not 0 <= goal < 1:
        raise ValueError(f"p == {p} and goal == {goal}, must be > 0 and in 0..1.")
    if p == 1:
        return 1
    needed = max(1, ceil(log(1 - goal) / log(1 - p)))
    # Logarithms round: two are exactly enough for a goal of 0.36 at p = 0.2.
    return needed - 1 if needed > 1 and seen(p, needed - 1) >= goal - 1e-12 else needed


def fewest_interviews(p: float, goal: float = 0.85) -> int:
    """Interviews to hold in one segment: those needed, and nine at least."""
    return max(FEWEST_INTERVIEWS, interviews_needed(p, goal))


def _check(name: str, share: float) -> None:
    if not 0 <= share <= 1:
        raise ValueError(f"{name} == {share}, must be between 0 and 1.")
