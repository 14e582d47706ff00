"""Do those who answered behave like everybody? A check that can refute, never prove."""

from typing import Literal, NamedTuple

from funnelkit.stats.proportions import Interval

Verdict = Literal["like everybody in what they do", "not like everybody", "too few to tell"]
ALIKE: Verdict = "like everybody in what they do"
UNLIKE: Verdict = "not like everybody"
TOO_FEW: Verdict = "too few to tell"
MARGIN = 0.05
CONFIDENCE = 0.90
UNSEEN = (
    "If the satisfied answer more at equal behaviour, this cannot be seen in what people do: "
    "with twice the odds the share who like is overstated by up to 17 points."
)
"""What stands wherever a population figure is printed.

Who likes it answers at most twice as often then: 2p / (1 + p) - p is 17 points at most, at 41 %.
"""


class Bias(NamedTuple):
    """Use among respondents less use among everybody, in points of a share, and what it says.

    `lo` and `hi`: 90 %. All three None where nobody answered: too few to tell.
    """

    difference: float | None
    lo: float | None
    hi: float | None
    verdict: Verdict


def do_bias(respondents: Interval, everybody: float) -> Bias:
    """The do-bias of one feature: inside ±5 points, wholly outside, or too few to tell.

    `respondents`: the weighted share of respondents who use it, with limits at 90 % (that of
    `survey.weighted_share(..., confidence=CONFIDENCE)`); `everybody`: the share of all eligible, a
    count of all and so without error. Raises ValueError unless it lies in 0..1.
    Source: say-do.md; the two one-sided tests of Schuirmann 1987, J. Pharmacokinetics and
    Biopharmaceutics 15:657-680: a 90 % interval inside the margin.
    """
    if not 0 <= everybody <= 1:
        raise ValueError(f"everybody == {everybody}, must be between 0 and 1.")
    estimate, lo, hi = respondents
    if estimate is None or lo is None or hi is None:
        return Bias(None, None, None, TOO_FEW)
    below, above = lo - everybody, hi - everybody
    return Bias(estimate - everybody, below, above, _verdict(below, above))


def _verdict(below: float, above: float) -> Verdict:
    # A hair: 0.55 - 0.5 is more than 0.05 in binary.
    if below >= -MARGIN - 1e-9 and above <= MARGIN + 1e-9:
        return ALIKE
    return UNLIKE if below > MARGIN or above < -MARGIN else TOO_FEW
