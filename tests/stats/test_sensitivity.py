import json

import pytest

from funnelkit.stats.funnels import StepCounts
from funnelkit.stats.proportions import wilson
from funnelkit.stats.sensitivity import Variant, sensitivity_table
from funnelkit.table import to_json

# simple_shop, 30 days.
DEFINED = Variant("as defined", "first, 30 days", 3611, 605, 1172, 167)
BEST = Variant("entry", "best", 3611, 644, 1180, 190, changed=60, gained=60)
NO_WINDOW = Variant("window", "none", 3611, 653, changed=48, gained=48)
SAME = Variant("ties", "in order of time alone", 3611, 605, 1172, 167)


def test_each_row_stands_beside_the_definition():
    table = sensitivity_table([DEFINED, BEST, NO_WINDOW, SAME])
    assert list(table.names) == [
        *("rule", "variant", "entered", "reached", "matured", "matured_reached"),
        *("conversion", "conversion_lo", "conversion_hi"),
        *("difference", "changed", "gained", "lost"),
    ]
    defined, best, no_window, same = table.records()
    assert [defined[name] for name in ("difference", "changed", "gained", "lost")] == [None] * 4
    assert defined["conversion"] == round(167 / 1172, 6)
    assert best["difference"] == round(190 / 1180 - 167 / 1172, 6)
    assert (best["changed"], best["gained"], best["lost"]) == (60, 60, 0)
    assert no_window["matured"] is None
    limits = [round(value or 0, 6) for value in wilson(653, 3611)]
    assert [no_window[f"conversion{end}"] for end in ("", "_lo", "_hi")] == limits
    assert (same["difference"], same["changed"]) == (0.0, 0)


@pytest.mark.parametrize(
    ("variants", "told"),
    [
        (
            [DEFINED, BEST, NO_WINDOW],
            "As defined 167 of 1,172 (14.2 %, 95 % interval 12.4–16.4 %); the largest change is "
            "window: none, 653 of 3,611 (18.1 %, 95 % interval 16.9–19.4 %), +3.8 pp, "
            "48 users changed.",
        ),
        (
            [DEFINED, SAME],
            "As defined 167 of 1,172 (14.2 %, 95 % interval 12.4–16.4 %); "
            "nothing changes under 1 other rule.",
        ),
        (
            [DEFINED],
            "As defined 167 of 1,172 (14.2 %, 95 % interval 12.4–16.4 %); no other rule applies.",
        ),
        (
            [
                DEFINED._replace(matured=0, matured_reached=0),
                Variant("a", "b", 9, 4, 0, 0, 1, 0, 1),
            ],
            "As defined no conversion yet (605 of 3,611 so far); the largest change is a: b, "
            "no conversion yet (4 of 9 so far), 1 user changed.",
        ),
    ],
)
def test_the_largest_change_is_told(variants, told):
    assert sensitivity_table(variants, entities="users").headline == told


def test_nothing_matured_is_null():
    table = sensitivity_table([DEFINED, Variant("window", "60 days", 3611, 640, 0, 0, 5, 5)])
    row = table.records()[1]
    assert [row[name] for name in ("conversion", "conversion_lo", "difference")] == [None] * 3
    assert row["changed"] == 5
    json.loads(to_json(table))


def test_a_variant_is_its_last_step():
    last = StepCounts("f", None, None, 3, "paid", 3611, 644, 5, 10, 1180, 190)
    assert Variant.of(last, "entry", "best", 60, 60) == BEST


def test_the_definition_comes_first():
    with pytest.raises(ValueError, match="must begin with the funnel as defined"):
        sensitivity_table([])
