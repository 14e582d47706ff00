from pathlib import Path

import pytest

from funnelkit.stats.evidence import (
    FAMILIES,
    FEWEST,
    LEAST_N,
    WIDEST,
    claim,
    families_markdown,
    label,
    percent_allowed,
    shown_share,
)
from funnelkit.stats.proportions import NOTHING, Interval, wilson
from tests.stats.vectors import cases

ROOT = Path(__file__).resolve().parents[2]
DESIGN = ROOT.parent / "shared" / "design" / "aha.md"


def test_the_documentation_holds_the_same_families():
    assert families_markdown() in (ROOT / "docs" / "aha.md").read_text("utf-8")


def test_no_call_stands_twice():
    assert len({each.call for each in FAMILIES}) == len(FAMILIES)


@pytest.mark.skipif(not DESIGN.is_file(), reason="needs ../shared/design/aha.md")
def test_the_families_are_those_of_the_design():
    assert families_markdown().strip() in DESIGN.read_text("utf-8")


@pytest.mark.parametrize(
    ("srm_p", "expected"),
    [(None, "association"), (0.0009, "association"), (0.001, "caused"), (0.8, "caused")],
)
def test_caused_needs_an_experiment_with_the_groups_it_meant_to_have(srm_p, expected):
    assert claim(srm_p) == expected


def test_the_thresholds_are_the_designs():
    assert (FEWEST, LEAST_N, WIDEST) == (5, 30, 0.30)


def test_the_findings_sentence():
    # 71 of 96: "74 %, 64-82" in the design's own sentence.
    found = shown_share(71, 96, wilson(71, 96))
    assert found == ("percent", "74 %, 64–82")


@pytest.mark.parametrize(
    ("k", "n", "n_eff", "expected"),
    [
        (0, 0, None, ("suppressed", "fewer than 5")),
        (2, 4, None, ("suppressed", "fewer than 5")),
        (2, 5, None, ("k of n", "2 of 5")),
        (29, 29, None, ("k of n", "29 of 29")),  # narrow, but few
        (30, 30, None, ("percent", "100 %, 89–100")),
        (30, 30, 29.9, ("k of n", "30 of 30")),
        (20, 40, None, ("percent", "50 %, 35–65")),  # Wilson's is 0.296 wide
        (18, 36, None, ("k of n", "18 of 36")),  # 0.310
        (500, 1000, None, ("percent", "50 %, 47–53")),
        (600, 1200, 25, ("k of n", "600 of 1,200")),
    ],
)
def test_one_place_decides_what_is_shown(k, n, n_eff, expected):
    assert shown_share(k, n, wilson(k, n), n_eff) == expected


def test_an_interval_of_exactly_the_widest_may_be_a_percentage():
    # 0.45 - 0.15 is 0.30000000000000004 in binary.
    assert percent_allowed(Interval(0.3, 0.15, 0.45), 100)
    assert not percent_allowed(Interval(0.5, 0.4, 0.7001), 100)
    assert not percent_allowed(NOTHING, 100)


# The design's rule is that of Parker et al. 2017 on n_eff and absolute width. It has Wilson's
# interval for theirs (which is wider: 20 of 40 and 22.5 of 45 pass here), and no rule on relative
# width: 10 % of 80 is shown here.
ALSO_SHOWN = {"suppress_width", "suppress_relative"}


@pytest.mark.parametrize("case", cases("nchs_rule_"))
def test_published_decisions(case):
    p, n_eff = case["inputs"]["p"], case["inputs"]["n_eff"]
    theirs = Interval(p, case["expected"]["lo"], case["expected"]["hi"])
    decision = case["expected"]["decision"]
    # Given their interval the rule decides as they do, but for the relative width.
    assert percent_allowed(theirs, n_eff) == (decision in ("show", "suppress_relative"))
    ours = percent_allowed(wilson(p * n_eff, n_eff), n_eff)
    assert ours == (decision == "show" or decision in ALSO_SHOWN)


@pytest.mark.parametrize(
    ("n", "n_eff", "rule", "again", "expected"),
    [
        (4, None, True, True, "anecdote"),
        (5, None, True, True, "signal"),
        (29, None, False, False, "signal"),
        (30, None, False, False, "estimate"),
        (200, 25.0, True, True, "signal"),
        (200, 250.0, True, False, "estimate"),
        (200, None, False, True, "estimate"),
        (200, 150.0, True, True, "decision-grade"),
    ],
)
def test_labels(n, n_eff, rule, again, expected):
    assert label(n, n_eff, passed=rule, borne_out=again) == expected
