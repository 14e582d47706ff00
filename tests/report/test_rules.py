"""Reports of funnels whose steps or values are not all alike tell no more than the counts do."""

from funnelkit.report.charts_funnel import draw_breakdown, draw_funnel
from funnelkit.report.findings import (
    breakdown_sentence,
    breakdown_title,
    funnel_title,
    loss_sentence,
    optional_steps,
)
from funnelkit.stats.funnels import StepCounts, step_rows
from tests.report.data import section

WORDS = ("Counts users (user_id).", "Step 1, a: event a.", "Step 2, o (optional): event o.")
#        step, name, reached, open, lost, matured_reached
STEPS = ((1, "a", 100, 0, 0, 90), (2, "o", 20, None, None, 18), (3, "b", 80, 5, 15, 70))


def counts(steps, matured=90, **which):
    return [
        StepCounts(
            "f", which.get("breakdown"), which.get("value"), no, name, 100, reached, open_, lost,
            matured, done, is_optional=lost is None, previous_step=1 if no > 1 else None,
            after=which.get("after"),
        )
        for no, name, reached, open_, lost, done in steps
    ]  # fmt: skip


def test_nobody_is_lost_before_a_step_that_may_be_passed_by():
    shown = section(words=WORDS, steps=step_rows(counts(STEPS)), breakdowns={})
    assert optional_steps(shown) == {2}
    assert "the largest loss is before b" in funnel_title(shown)
    # 90 - 70 of the mature, between the required steps: not 90 - 18 before the optional one.
    assert "between a and b: 20 of 90 entrants" in str(loss_sentence(shown))
    drawn = str(draw_funnel(shown, 720))
    assert "optional: 20.0 % of those at a" in drawn
    assert "lost of 20" not in drawn


def test_a_required_step_may_be_called_optional():
    words = ("Step 1, a: event a.", "Step 2, b (optional): event b.")
    steps = ((1, "a", 100, 0, 0, 90), (2, "b (optional)", 20, 10, 70, 18))
    assert not optional_steps(section(words=words, steps=step_rows(counts(steps))))


def test_values_without_a_conversion_are_not_called_immature():
    steps = ((1, "a", 100, 0, 0, 90), (2, "b", 80, 5, 15, 70))
    table = step_rows(
        [each for v in ("x", "y") for each in counts(steps, breakdown="p@first", value=v, after=31)]
    )
    assert breakdown_title("p@first", table) == "p@first: counts only"
    assert "depends on how far they got" in str(breakdown_sentence("p@first", table))
    drawn = str(draw_breakdown("p@first", table, 720))
    assert "none mature" not in drawn
    assert "Number of mature entries per value." in drawn


def test_values_at_a_step_say_whose_conversion_it_is():
    steps = ((1, "a", 100, 0, 0, 90), (2, "b", 80, 5, 15, 70))
    table = step_rows(counts(steps, breakdown="p@a", value="x", after=1))
    told = str(breakdown_sentence("p@a", table))
    assert told.startswith("Values as they were at a: conversions of later steps only.")
    assert "77.8 %" in told  # 70 of 90
