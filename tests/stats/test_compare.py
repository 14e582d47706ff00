import json

import pytest
from scipy.stats import chi2

from funnelkit.stats.compare import Group, compare_table
from funnelkit.stats.funnels import StepCounts
from funnelkit.stats.proportions import (
    Clusters,
    benjamini_hochberg,
    clustered_wilson,
    newcombe,
    two_proportion_p,
)
from funnelkit.table import to_json

# Newcombe 1998, Table II (a), and a pair that does not differ.
ONE, OTHER = Group("f", "plan = a", 56, 70), Group("f", "plan = b", 48, 80)
THIRD = Group("f", "plan = c", 30, 50)
COLUMNS = [
    *("funnel", "a", "b", "n_a", "n_b", "conversion_a", "conversion_a_lo", "conversion_a_hi"),
    *("conversion_b", "conversion_b_lo", "conversion_b_hi", "difference", "lo", "hi"),
    *("p_value", "q_value"),
]


def test_a_difference_with_its_interval():
    table = compare_table([(ONE, OTHER)])
    assert list(table.names) == COLUMNS
    row = table.records()[0]
    assert [row[name] for name in COLUMNS[:5]] == ["f", "plan = a", "plan = b", 70, 80]
    assert (row["conversion_a"], row["conversion_b"], row["difference"]) == (0.8, 0.6, 0.2)
    assert (row["lo"], row["hi"]) == (0.052431, 0.333873)
    # Pearson's chi-square of 56, 14 / 48, 32, by its short formula.
    square = 150 * (56 * 32 - 14 * 48) ** 2 / (104 * 46 * 70 * 80)
    assert row["p_value"] == row["q_value"] == pytest.approx(chi2.sf(square, 1), abs=5e-7)


def test_p_is_adjusted_over_the_call():
    table = compare_table([(ONE, OTHER), (ONE, THIRD), (OTHER, THIRD)])
    p = [two_proportion_p(56, 70, 48, 80), two_proportion_p(56, 70, 30, 50), 1.0]
    assert table.column("p_value") == pytest.approx(p)
    assert table.column("q_value") == pytest.approx(benjamini_hochberg([v or 0.0 for v in p]))


@pytest.mark.parametrize(
    ("pairs", "told"),
    [
        (
            [(ONE, OTHER), (OTHER, THIRD)],
            "1 of 2 differences stands at q ≤ 0.05: plan = a 56 of 70 (80.0 %, 95 % interval "
            "69.2–87.7 %) against plan = b 48 of 80 (60.0 %, 95 % interval 49.0–70.0 %): "
            "+20.0 pp, 95 % interval +5.2 to +33.4 pp.",
        ),
        ([(OTHER, THIRD)], "No difference stands at q ≤ 0.05 (1 compared)."),
        (
            # Chi-square 200 * 1000² / (110 * 90 * 100 * 100) = 2.02: p = 0.16.
            [(Group("f", "x", 50, 100), Group("f", "y", 60, 100)), (OTHER, THIRD)],
            "No difference stands at q ≤ 0.05 (2 compared).",
        ),
        (
            [(Group("f", "x", 0, 0), ONE)],
            "Nothing to compare: in each pair a group has no matured users yet.",
        ),
        ([], "Nothing to compare: in each pair a group has no matured users yet."),
    ],
)
def test_the_finding_in_one_sentence(pairs, told):
    assert compare_table(pairs, entities="users").headline == told


def test_of_several_the_largest_is_told():
    large = (Group("f", "x", 10, 100), Group("f", "y", 90, 100))
    told = compare_table([(ONE, OTHER), large]).headline
    assert told.startswith("2 of 2 differences stand at q ≤ 0.05; the largest is x 10 of 100 (")
    assert "−80.0 pp" in told


def test_an_empty_group_is_not_tested():
    table = compare_table([(ONE, Group("f", "x", 0, 0)), (ONE, OTHER)])
    first, second = table.records()
    assert [first[name] for name in COLUMNS[8:]] == [None] * 8
    assert first["conversion_a"] == 0.8
    assert second["q_value"] == second["p_value"]
    assert table.notes[-1] == "Not tested: 1 of 2 pairs, where a group has nobody."
    assert "NaN" not in to_json(table)
    json.loads(to_json(table))


def test_entries_are_compared_as_what_they_are_worth():
    # 14 entities of 5 entries each, all alike: 56 of 70 entries, or about 11 of 14 entities.
    clusters = Clusters(14, 55, 70, 11 * 25, 11 * 25, 14 * 25)
    one = Group("f", "a", 55, 70, clusters)
    row = compare_table([(one, OTHER)], entities="entries").records()[0]
    assert (row["n_a"], row["conversion_a"]) == (70, round(55 / 70, 6))
    estimate, lo, hi = clustered_wilson(clusters)
    assert (row["conversion_a_lo"], row["conversion_a_hi"]) == (
        round(lo or 0, 6),
        round(hi or 0, 6),
    )
    # All alike: 14 but for c / (c - 1).
    worth = 13.0
    assert clusters.effective_n == pytest.approx(worth)
    expected = newcombe((estimate or 0) * worth, worth, 48, 80)
    assert row["lo"] == pytest.approx(expected.lo, abs=1e-6)
    assert float(str(row["p_value"])) > (two_proportion_p(55, 70, 48, 80) or 0)
    assert "entries of one entity" in compare_table([(one, OTHER)], entities="entries").notes[-1]


def test_a_group_is_its_last_step():
    last = StepCounts("f", "plan", "x", 3, "paid", 90, 50, 5, 10, 80, 48)
    assert Group.of(last, "plan = b") == OTHER
    assert Group.of(last._replace(matured=None, matured_reached=None), "b")[2:4] == (50, 90)
    entries = last._replace(clusters=2, sum_x2=1200, sum_xm=2000, sum_m2=3300)
    assert Group.of(entries, "b").clusters == Clusters(2, 48, 80, 1200, 2000, 3300)
