import numpy as np
import pytest

from funnelkit.stats.bias import ALIKE, CONFIDENCE, TOO_FEW, UNLIKE, UNSEEN, do_bias
from funnelkit.stats.proportions import Interval
from funnelkit.stats.survey import weighted_share


@pytest.mark.parametrize(
    ("lo", "hi", "verdict"),
    [
        (0.45, 0.55, "like everybody in what they do"),  # inside the margin, ends included
        (0.449, 0.55, "too few to tell"),
        (0.46, 0.551, "too few to tell"),
        (0.551, 0.60, "not like everybody"),
        (0.40, 0.449, "not like everybody"),
        (0.54, 0.60, "too few to tell"),
        (0.30, 0.70, "too few to tell"),
    ],
)
def test_three_verdicts(lo, hi, verdict):
    found = do_bias(Interval((lo + hi) / 2, lo, hi), 0.5)
    assert found.verdict == verdict
    assert found[:3] == pytest.approx(((lo + hi) / 2 - 0.5, lo - 0.5, hi - 0.5))


def test_the_names_are_the_sentences():
    assert (ALIKE, UNLIKE, TOO_FEW) == (
        "like everybody in what they do",
        "not like everybody",
        "too few to tell",
    )
    assert "cannot be seen" in UNSEEN
    assert "representative" not in UNSEEN


def test_nobody_tells_nothing():
    assert do_bias(Interval(None, None, None), 0.5) == (None, None, None, TOO_FEW)


def test_many_more_users_among_respondents_than_among_everybody_refute():
    # 400 of 500 use it; by hand at 90 %: 0.8 -+ 1.645 sqrt(0.16 / 500) is 0.771..0.829.
    used = np.arange(500) < 400
    share = weighted_share(np.ones(500), used, 10_000, CONFIDENCE)
    assert do_bias(share, 0.70).verdict == UNLIKE
    assert do_bias(share, 0.80).verdict == ALIKE
    assert do_bias(share, 0.74).verdict == TOO_FEW


def test_everybody_answering_leaves_no_doubt():
    used = np.arange(50) < 20
    share = weighted_share(np.ones(50), used, 50, CONFIDENCE)
    assert do_bias(share, 0.4) == (0, 0, 0, ALIKE)


def test_arguments_are_checked():
    with pytest.raises(ValueError, match=r"everybody == 1\.1"):
        do_bias(Interval(0.5, 0.4, 0.6), 1.1)
