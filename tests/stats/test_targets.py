"""A target is held against the interval; the bound itself is kept."""

import pytest

from funnelkit.stats.targets import standing


@pytest.mark.parametrize(
    ("lo", "hi", "told"),
    [
        (0.2, 0.3, "met"),
        (0.199, 0.3, "not shown"),
        (0.1, 0.2, "not shown"),
        (0.1, 0.199, "missed"),
        (0.2, 0.2, "met"),
        (0.1 + 0.1 - 1e-17, 0.3, "met"),
        (None, 0.1, "missed"),
        (0.3, None, "met"),
        (0.1, None, "not shown"),
        (None, None, "not known"),
    ],
)
def test_at_least_by_the_whole_interval(lo: float | None, hi: float | None, told: str) -> None:
    assert standing(0.2, lo, hi, is_floor=True) == told


@pytest.mark.parametrize(
    ("lo", "hi", "told"),
    [
        (0.1, 0.2, "met"),
        (0.1, 0.201, "not shown"),
        (0.2, 0.3, "not shown"),
        (0.201, 0.3, "missed"),
        (0.3, None, "missed"),
        (0.1, None, "not shown"),
        (-0.9, -0.5, "met"),
    ],
)
def test_at_most_by_the_whole_interval(lo: float, hi: float | None, told: str) -> None:
    assert standing(0.2, lo, hi, is_floor=False) == told


@pytest.mark.parametrize(
    ("lo", "hi", "told"),
    [
        (-0.2, 0.2, "met"),
        (-0.9, -0.5, "missed"),
        (0.3, 0.4, "missed"),
        (-0.3, 0.1, "not shown"),
        (-0.3, 0.3, "not shown"),
    ],
)
def test_a_gap_may_be_large_to_neither_side(lo: float, hi: float, told: str) -> None:
    assert standing(0.2, lo, hi, is_floor=False, both_ways=True) == told


def test_without_a_target_nothing_is_judged() -> None:
    assert standing(None, 0.1, 0.2, is_floor=True) == "no target"
