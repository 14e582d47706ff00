"""The oracle against answers worked out on paper: all kernels are measured by it."""

import pytest

from tests.funnel.cases import CASES, Case
from tests.funnel.strategies import outcomes


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_oracle_says_what_paper_says(case: Case):
    case.check(outcomes(case.log(), case.funnel))
