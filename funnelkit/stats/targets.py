"""Whether a number keeps its target: told by its interval, never by the estimate alone."""

from typing import Literal

Standing = Literal["met", "missed", "not shown", "no target", "not known"]
MET: Standing = "met"
MISSED: Standing = "missed"
NOT_SHOWN: Standing = "not shown"
NO_TARGET: Standing = "no target"
NOT_KNOWN: Standing = "not known"
STANDINGS: tuple[Standing, ...] = (MISSED, MET, NOT_SHOWN, NOT_KNOWN, NO_TARGET)


def standing(
    bound: float | None,
    lo: float | None,
    hi: float | None,
    *,
    is_floor: bool,
    both_ways: bool = False,
) -> Standing:
    """`met` where the whole interval is on the target's side, `missed` where it is on the other.

    `bound`: the target itself counts as kept. An exact number is an interval without width; None
    as a limit: nothing is known to that side, and without both of them nothing at all. `both_ways`:
    at most so far from zero.
    """
    if bound is None:
        return NO_TARGET
    if lo is None and hi is None:
        return NOT_KNOWN
    low = float("-inf") if lo is None else round(lo, 9)
    high = float("inf") if hi is None else round(hi, 9)
    least = bound if is_floor else -bound if both_ways else float("-inf")
    most = float("inf") if is_floor else bound
    if least <= low and high <= most:
        return MET
    return MISSED if high < least or low > most else NOT_SHOWN
