import pytest
from scipy import stats

from funnelkit.stats.experiments import difference, difference_p, mismatched, srm_p
from tests.stats.vectors import cases


@pytest.mark.parametrize("case", cases("srm_"))
def test_published_mismatch(case):
    sizes = [case["inputs"]["control"], case["inputs"]["treatment"]]
    p = srm_p(sizes, case["inputs"]["expected"])
    assert p == pytest.approx(case["expected"]["p"], abs=case["tolerance_abs"])
    assert mismatched(p)


@pytest.mark.parametrize(
    ("observed", "shares"), [([100, 130], [1, 1]), ([50, 60, 900], [5, 5, 90]), ([7, 0], [1, 3])]
)
def test_the_check_is_scipys_chi_square(observed, shares):
    planned = [sum(observed) * each / sum(shares) for each in shares]
    assert srm_p(observed, shares) == pytest.approx(stats.chisquare(observed, planned).pvalue)


def test_a_thousandth_stops():
    assert mismatched(0.0009)
    assert not mismatched(0.001)
    assert srm_p([0, 0], [1, 1]) == 1


def test_a_difference_is_newcombes():
    # Newcombe 1998, Statistics in Medicine 17:873-890, Table II, method 10.
    found = difference(56, 70, 48, 80)
    assert [round(each or 0, 4) for each in found] == [0.2, 0.0524, 0.3339]
    assert difference_p(41, 195, 153, 605) == pytest.approx(0.227032418, abs=1e-9)


def test_arguments_are_checked():
    with pytest.raises(ValueError, match="1 groups and 2 shares"):
        srm_p([1], [1, 1])
    with pytest.raises(ValueError, match="shares > 0"):
        srm_p([1, 2], [1, 0])
