"""What a search finds in sample companies of many seeds: the planted behaviour, not the decoys."""

import math
from collections import Counter
from typing import Any, NamedTuple

import pytest

from funnelkit.jobs.aha_search import null, search
from tests.sample.searches import DECOY, PLANTED, PREREQUISITE, frames

# By (at_least, days): the risk difference of the planted behaviour among those whom other events
# show alive, of 2,400,000 users of another seed: `python -m tests.sample.searches`.
TRUTH = {
    (1, 1): 0.1220,
    (1, 3): 0.1541,
    (1, 7): 0.1573,
    (1, 14): 0.1322,
    (2, 1): 0.2735,
    (2, 3): 0.2974,
    (2, 7): 0.3092,
    (2, 14): 0.2453,
    (3, 1): 0.3028,
    (3, 3): 0.3181,
    (3, 7): 0.3688,
    (3, 14): 0.3545,
    (5, 1): 0.7249,
    (5, 3): 0.3239,
    (5, 7): 0.3192,
    (5, 14): 0.3204,
    (7, 3): 0.3932,
    (7, 7): 0.2886,
    (7, 14): 0.2900,
}
SMALL, LARGE = 4, 9  # thousand users: at least 2,000 and 5,000 alive whose outcome is known


class Seen(NamedTuple):
    """Of how many companies what was seen; the fewest alive entrants of one."""

    alive: int
    planted: Counter[str]
    covered: int
    decoy: Counter[str]
    prerequisite: Counter[str]


def seen(blocks: int, seeds: range) -> Seen:
    """Verdicts over these seeds, and how often V's interval holds its cell's true difference."""
    verdicts: dict[str, Counter[str]] = {
        event: Counter() for event in (PLANTED, DECOY, PREREQUISITE)
    }
    covered, alive = 0, []
    for seed in seeds:
        company = frames(seed, blocks)
        result = search(company.entrants, company.exposures, company.rules)
        alive.append(result.facts.alive)
        found: dict[str, dict[str, Any]] = {
            row["event"]: row for row in result.findings.iter_rows(named=True)
        }
        for event, counted in verdicts.items():
            counted[found[event]["verdict"]] += 1
        planted = found[PLANTED]
        truth = TRUTH.get((planted["at_least"], planted["within_days"]), math.nan)
        if planted["rd"] is not None:
            covered += planted["rd_lo"] <= truth <= planted["rd_hi"]
    return Seen(min(alive), verdicts[PLANTED], covered, verdicts[DECOY], verdicts[PREREQUISITE])


def test_a_few_companies() -> None:
    few = seen(SMALL, range(3))
    assert few.planted == {"accepted": 3}
    assert few.decoy == {"goes with activity": 3}
    assert few.prerequisite == {"set apart": 3}


@pytest.mark.long
def test_the_planted_behaviour_is_found_and_its_difference_covered() -> None:
    many = seen(SMALL, range(100))
    assert many.alive >= 2_000
    assert many.planted["accepted"] >= 95
    assert many.covered >= 90
    assert many.prerequisite == {"set apart": 100}


@pytest.mark.long
def test_the_decoy_goes_with_activity() -> None:
    many = seen(LARGE, range(100, 200))
    assert many.alive >= 5_000
    assert many.decoy["accepted"] <= 3
    assert many.decoy["goes with activity"] + many.decoy["accepted"] == 100
    assert many.prerequisite == {"set apart": 100}


@pytest.mark.long
def test_nothing_is_found_where_nothing_is() -> None:
    company = frames(7, 2)
    found = null(company.entrants, company.exposures, company.rules, runs=200)
    assert found.accepted_runs <= 5
    assert 3 <= found.discovery_runs <= 19
