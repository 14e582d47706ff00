"""Small cells of say and do: nothing that a report shows depends on them, nor gives them back."""

import itertools
import random

import pytest

from funnelkit.results import small_gaps, small_say
from funnelkit.results.gap_rows import NAMES
from funnelkit.stats.paired import newcombe_paired, phi
from funnelkit.stats.proportions import wilson

FEWEST = 5
BIAS = {"do_bias": 0.01, "do_bias_lo": -0.02, "do_bias_hi": 0.04,
        "do_bias_verdict": "too few to tell"}  # fmt: skip
# What does not come from the cells of a row: of its customers, tested by themselves.
OF_CUSTOMERS = ("customers", "customers_share", "revenue_cents", "revenue_share", "money_label",
                "largest_share", "er_lo", "er_hi")  # fmt: skip


def gap_row(cells, neutral=(40, 12), **changes):
    """A row of `gaps` as the command shows it, by definition; one customer a respondent."""
    a, b, c, d = cells
    n = a + b + c + d
    row = dict.fromkeys(NAMES)
    row |= {"feature": "alerts", "aims": "attitude", "used_days": 2, "n": n, "n_eff": float(n),
            "deff": 1.0, "aligned": a, "lip_service": b, "captive": c, "rejected": d,
            "neutral": neutral[0], "neutral_used": neutral[1], "label": "estimate",
            "q_value": 0.01, "p_value": 0.004, "lip_rate": b / n, "captive_rate": c / n,
            "phi": phi(*cells), "eligible": 1000, "use_everybody": 0.3}  # fmt: skip
    sides = {("not_using_among_like", "nl_lo", "nl_hi"): (b, a + b),
             ("using_among_dislike", "ud_lo", "ud_hi"): (c, c + d)}  # fmt: skip
    for names, (k, of) in sides.items():
        row |= dict(zip(names, wilson(k, of), strict=True))
    row |= dict(zip(("gap", "gap_lo", "gap_hi"), newcombe_paired(*cells), strict=True))
    for cell, people in (("captive", c), ("lip", b), ("likes", a + b), ("dislikes", c + d)):
        row |= {f"{cell}_customers": people, f"{cell}_revenue_cents": 100 * people,
                f"{cell}_revenue_share": people / 3000, f"{cell}_largest_share": 0.3,
                f"{cell}_money_label": "", f"{cell}_estimated_revenue_cents": 4_321_987,
                f"{cell}_er_lo": 3, f"{cell}_er_hi": 9}  # fmt: skip
    return row | changes


def published(row):
    """What a report shows of the cells."""
    (judged,) = small_gaps.judged([row], FEWEST)
    shown = small_gaps.gap_row(judged, FEWEST)
    return {name: shown[name] for name in shown if not name.endswith(OF_CUSTOMERS)}


class TestCells:
    def test_large_cells_are_shown_as_they_are(self):
        row = gap_row((21, 9, 71, 25))
        (judged,) = small_gaps.judged([row], FEWEST)
        shown = small_gaps.gap_row(judged, FEWEST)
        same = set(NAMES) - {"p_value", "q_value"}
        assert {name: shown[name] for name in same} == {name: row[name] for name in same}
        assert shown["p_value"] is shown["q_value"] is None
        assert (shown["likes"], shown["dislikes"], shown["rounded"]) == (30, 96, None)
        assert (shown["say"], shown["do"]) == pytest.approx((30 / 126, 92 / 126))
        assert shown["decided"] == "yes"

    @pytest.mark.parametrize("cell", range(4))
    def test_what_is_shown_is_the_same_for_every_number_below_five(self, cell):
        """The sides' totals stand: with them a cell's neighbour would tell it too."""
        beside = cell ^ 1
        shown = []
        for number in range(FEWEST):
            cells = [40, 30, 50, 20]
            total = cells[cell] + cells[beside]
            cells[cell], cells[beside] = number, total - number
            row = gap_row(cells)
            shown.append(published(row))
        assert all(each == shown[0] for each in shown)
        assert shown[0]["rounded"] == "yes"
        assert shown[0]["n"] == 140

    def test_a_small_cell_counts_as_two_in_the_gap(self):
        shown = small_gaps.gap_row(gap_row((3, 266, 0, 19)), FEWEST)
        # (267 - 2) / 288, as if 2 and 2 used it; the share who like it rests on no small cell.
        assert shown["gap"] == pytest.approx(265 / 288)
        wanted = newcombe_paired(2, 267, 2, 17)
        assert (shown["gap_lo"], shown["gap_hi"]) == pytest.approx(wanted[1:])
        assert (shown["say"], shown["do"]) == pytest.approx((269 / 288, 4 / 288))
        assert (shown["like_side"], shown["dislike_side"]) == ("few use it", "few use it")
        assert shown["p_value"] is shown["q_value"] is shown["lip_rate"] is None

    @pytest.mark.parametrize("cells", [(3, 1, 50, 20), (0, 4, 50, 20), (4, 4, 50, 20)])
    def test_a_side_that_is_small_in_both_cells_takes_the_gap_with_it(self, cells):
        shown = small_gaps.gap_row(gap_row(cells), FEWEST)
        assert (shown["captive"], shown["rejected"]) == (50, 20)
        assert [shown[name] for name in ("aligned", "lip_service", "gap", "phi", "say", "do")] == [
            None
        ] * 6
        # Below five in all, n less the other side would tell how many.
        assert (shown["n"] is None) == (sum(cells[:2]) < FEWEST)
        assert (shown["likes"] is None) == (sum(cells[:2]) < FEWEST)

    @pytest.mark.parametrize(
        ("neutral", "shown"),
        [
            ((40, 12), (40, 12)),
            ((40, 3), (40, None)),
            ((40, 37), (40, None)),
            ((4, 2), (None, None)),
        ],
    )
    def test_neutrals(self, neutral, shown):
        row = small_gaps.gap_row(gap_row((21, 9, 71, 25), neutral), FEWEST)
        assert (row["neutral"], row["neutral_used"]) == shown

    def test_no_cell_below_five_can_be_told_from_what_is_shown(self):
        """Over random tables: some other table with the same sums looks the same."""
        drawn = random.Random(6)
        for _ in range(300):
            cells = [drawn.choice([drawn.randrange(7), drawn.randrange(60)]) for _ in range(4)]
            if sum(cells) < FEWEST:
                continue
            shown = published(gap_row(cells))
            for cell in range(4):
                if cells[cell] < FEWEST:
                    assert self._alternatives(cells, cell, shown), (cells, cell)

    def _alternatives(self, cells, cell, shown):
        """Whether another number in this cell, whatever is in the others, gives the same row."""
        for step, other in itertools.product(range(-4, 5), range(-8, 9)):
            changed = list(cells)
            changed[cell] += step
            changed[cell ^ 1] += other
            if step and min(changed) >= 0 and sum(changed) and published(gap_row(changed)) == shown:
                return True
        return False


class TestCuts:
    def cut(self, cells, days):
        return gap_row(cells, used_days=days)

    def test_cuts_that_differ_by_fewer_than_five_are_left_out(self):
        own = self.cut((28, 140, 35, 76), 2)
        near, far = self.cut((24, 144, 35, 76), 4), self.cut((43, 125, 40, 71), 1)
        rows = small_gaps.cut_rows([own], [far, near], FEWEST)
        assert [row["used_days"] for row in rows] == [1, 2]
        assert small_gaps.cut_rows([own], [near], FEWEST) == []
        # That nobody is in between is a small number too.
        same = self.cut((43, 125, 35, 76), 1)
        assert small_gaps.cut_rows([own], [same], FEWEST) == []

    @pytest.mark.parametrize(("used", "shown"), [(8, False), (9, True)])
    def test_beside_a_small_cell_the_other_cut_is_far_from_whatever_is_in_it(self, used, shown):
        own, one = self.cut((3, 97, 40, 71), 2), self.cut((used, 100 - used, 50, 61), 1)
        assert bool(small_gaps.cut_rows([own], [one], FEWEST)) == shown

    def test_a_cut_is_compared_with_every_other_one(self):
        """One and four days are three apart, each is far from two."""
        own = self.cut((40, 100, 35, 76), 2)
        one, four = self.cut((50, 90, 45, 66), 1), self.cut((47, 93, 25, 86), 4)
        rows = small_gaps.cut_rows([own], [one, four], FEWEST)
        assert [row["used_days"] for row in rows] == [1, 2]


class TestMoney:
    def rows(self, cells, **changes):
        found = small_gaps.money_rows([gap_row(cells, **changes)], FEWEST)
        return {row["problem"]: row for row in found}

    def test_all_cells_large(self):
        rows = self.rows((21, 12, 71, 25))
        assert {name: row["customers"] for name, row in rows.items()} == {
            "liked, yet not used": 12, "disliked, yet used": 71,
        }  # fmt: skip
        row = rows["liked, yet not used"]
        assert (row["revenue_cents"], row["revenue_share"]) == (1200, 0.0)
        assert row["estimated_revenue_cents"] == 4_300_000
        assert all("largest_share" not in row for row in rows.values())

    def test_beside_a_small_cell_money_is_that_of_the_side(self):
        """It does not tell how many of them use it: of 79 that dislike it, 3 do."""
        rows = self.rows((28, 140, 3, 76))
        assert rows["liked, yet not used"]["revenue_cents"] == 14_000
        assert list(rows) == ["liked, yet not used", "dislike it"]
        shown = {name: value for name, value in rows["dislike it"].items() if value is not None}
        assert shown == {"feature": "alerts", "aims": "attitude", "problem": "dislike it",
                         "customers": 79, "revenue_share": 0.03, "money_label": ""}  # fmt: skip

    def test_revenue_of_fewer_than_five_customers_is_not_told(self):
        rows = self.rows((28, 140, 30, 76), captive_customers=4)
        assert list(rows) == ["liked, yet not used"]
        rows = self.rows((28, 140, 3, 76), dislikes_customers=4)
        assert list(rows) == ["liked, yet not used"]

    def test_a_share_beside_a_side_that_is_not_told_is_not_either(self):
        """It would say that there are 30 in all."""
        rows = self.rows((16, 10, 1, 3), captive=None, rejected=None)
        row = rows["liked, yet not used"]
        assert (row["customers"], row["revenue_share"]) == (10, None)
        assert row["estimated_revenue_cents"] is None

    def test_findings_never_name_the_largest_customers_share(self):
        record, bounds = small_gaps.finding_record(gap_row((3, 266, 12, 19)), FEWEST)
        assert record["captive_largest_share"] is record["lip_largest_share"] is None
        assert (record["lip_service"], record["aligned"]) == (269, 0)
        assert list(bounds) == ["lip"]
        assert (bounds["lip"]["people"], bounds["lip"]["customers"]) == (269, 269)
        assert (record["lip_customers"], record["captive_customers"]) == (None, 12)
        assert record["not_using_among_like"] is None


class TestWhoAnswers:
    @pytest.mark.parametrize(
        ("cells", "neutral", "changes", "shown"),
        [
            ((21, 9, 71, 25), (40, 12), {}, True),
            ((2, 80, 10, 25), (40, 12), {}, False),
            ((21, 9, 71, 25), (40, 3), {}, False),
            ((21, 9, 71, 25), (40, 12), {"use_everybody": 0.108}, False),  # 4 others
            ((21, 9, 71, 25), (40, 12), {"use_everybody": 0.109}, True),
            ((21, 9, 71, 25), (40, 12), {"use_everybody": 0.936}, False),  # 2 others do not
        ],
    )
    def test_bias_beside_a_small_cell_is_its_verdict_alone(self, cells, neutral, changes, shown):
        (row,) = small_gaps.bias_rows([gap_row(cells, neutral, **{**BIAS, **changes})], FEWEST)
        assert row["do_bias_verdict"] == "too few to tell"
        figures = [row[name] is not None for name in ("use_everybody", "do_bias", "do_bias_lo")]
        assert figures == [shown] * 3

    def test_bias_needs_figures_and_both_sides(self):
        row = gap_row((21, 9, 71, 25), **BIAS)
        assert small_gaps.bias_rows([{**row, "do_bias": None}], FEWEST) == []
        assert small_gaps.bias_rows([{**row, "captive": 4, "rejected": 0}], FEWEST) == []

    def test_population_needs_all_three_and_hides_small_cells(self):
        names = ("like", "neutral", "dislike", "like_not_use", "dislike_use")
        pop = {f"pop_{name}{end}": 0.2 for end in ("", "_lo", "_hi") for name in names}
        row = gap_row((21, 9, 3, 25), **pop)
        (shown,) = small_gaps.population_rows([row], FEWEST)
        assert (shown["pop_like_not_use"], shown["pop_dislike_use"]) == (0.2, None)
        assert small_gaps.population_rows([{**row, "neutral": 4}], FEWEST) == []
        assert small_gaps.population_rows([{**row, "rejected": 1}], FEWEST) == []


class TestOthers:
    def test_scores_with_a_small_count_keep_only_how_many_answered(self):
        row = {"wave": "w", "n": 60, "customers": 50, "promoters": 40, "passives": 17,
               "detractors": 3, "nps": 37 / 60, "lo": 0.4, "hi": 0.8, "difference": 0.1,
               "d_lo": 0.0, "d_hi": 0.2, "p_value": 0.3, "q_value": 0.3,
               "label": "estimate"}  # fmt: skip
        large = {**row, "passives": 12, "detractors": 8, "wave": "v"}
        one, other, last = small_say.nps_rows([row, large, large], FEWEST)
        assert [name for name, value in one.items() if value is not None] == ["wave", "n", "label"]
        # A change to the withheld score would give it back.
        assert (other["detractors"], other["difference"]) == (8, None)
        assert last["difference"] == 0.1
        assert small_say.nps_rows([{**row, "n": None}], FEWEST) == []

    def test_claims(self):
        row = {"persons": 40, "over": 20, "same": 17, "under": 3}
        (shown,) = small_say.claim_rows([row], FEWEST)
        assert shown == {"persons": 40, "over": None, "same": None, "under": None}
        assert small_say.claim_rows([{**row, "persons": 4}], FEWEST) == []
        assert small_say.claim_rows([{**row, "under": 5}], FEWEST)[0]["under"] == 5

    @pytest.mark.parametrize(
        ("mentions", "without", "shown"),
        [(29, 0.0, 0), (30, 0.0, 1), (70, 0.0, 1), (71, 0.0, 0), (40, -0.4, 0), (40, 0.7, 0)],
    )
    def test_impact_needs_thirty_of_both_and_scores_of_all_kinds(self, mentions, without, shown):
        """Of 40, 31 more promoters than detractors (-0.4) or fewer: hardly anybody is else."""
        row = {"wave": "w", "n": 100, "mentions": mentions, "nps_all": 0.07,
               "nps_without": without, "impact": 0.0634, "lo": -0.018, "hi": None}  # fmt: skip
        rows = small_say.impact_rows([row], ["w"], FEWEST)
        assert [(each["impact"], each["lo"], each["hi"]) for each in rows] == [
            (0.06, -0.02, None)
        ] * shown
        assert small_say.impact_rows([row], ["v"], FEWEST) == []

    def test_themes(self):
        row = {"theme": "alerts", "mentions": 60, "customers": 50, "scored": 60, "negative": 12,
               "unscored": 0, "negative_share": 0.4, "lo": 0.3, "hi": 0.5}  # fmt: skip
        assert small_say.theme_rows([row], FEWEST) == [row]
        (few,) = small_say.theme_rows([{**row, "negative": 4}], FEWEST)
        assert few["negative"] is few["negative_share"] is None
        (some,) = small_say.theme_rows([{**row, "scored": 57, "unscored": 3}], FEWEST)
        assert some["scored"] is some["unscored"] is some["negative"] is None
        assert some["negative_share"] is None
        assert small_say.theme_rows([{**row, "customers": 4}], FEWEST) == []

    def test_problems_follow_the_cells_of_their_feature(self):
        row = {"kind": "feature", "name": "alerts", "problem": "captive", "affected": 71,
               "eligible": 400, "n": 166, "affected_share": 0.43, "lo": 0.4, "hi": 0.5,
               "importance": 7.654, "satisfaction": 3.21, "ulwick": None,
               "ulwick_behavioural": None, "severity": 0.925, "customer_value": 4.2345,
               "business_value_cents": 1_234_567,
               "severity_of": "1 - task success, 3 of 40 users"}  # fmt: skip
        alerts = ("alerts", "captive")
        assert small_say.opportunity_rows([row], {}, FEWEST) == []
        (exact,) = small_say.opportunity_rows([row], {alerts: None}, FEWEST)
        assert (exact["affected"], exact["severity_of"]) == (71, "1 - task success")
        assert (exact["customer_value"], exact["business_value_cents"]) == (4.2, 1_200_000)
        assert (exact["importance"], exact["severity"]) == (7.7, 0.93)
        (near,) = small_say.opportunity_rows([row], {alerts: (1.0,)}, FEWEST)
        assert near["affected"] is near["affected_share"] is near["importance"] is None
        assert (near["customer_value"], near["business_value_cents"]) == (4.0, 1_000_000)
        # 4.2 and 4.6 are not the same whole number, 1.2 and 1.3 have the same first digit.
        (far,) = small_say.opportunity_rows([row], {alerts: (1.0, 1.08)}, FEWEST)
        assert (far["customer_value"], far["business_value_cents"]) == (None, 1_000_000)
        step = {**row, "kind": "step", "name": "activation", "n": None}
        assert len(small_say.opportunity_rows([step], {}, FEWEST)) == 1
        few = {**step, "affected": 398}
        assert small_say.opportunity_rows([few], {}, FEWEST) == []
        # 400 less those lost before one step reach the next: of few the others tell nothing.
        (beside,) = small_say.opportunity_rows([step, few], {}, FEWEST)
        assert beside["affected"] is beside["eligible"] is beside["customer_value"] is None

    def test_how_problems_may_be_told(self):
        row = gap_row((3, 266, 12, 19))
        near = small_gaps.problems_told(row, FEWEST)
        assert near["captive"] == (1.0,)
        assert near["lip service"] == tuple(people / 266 for people in (269, 268, 267, 266, 265))
        assert small_gaps.problems_told(gap_row((80, 30, 14, 13)), FEWEST) == {
            "lip service": None,
            "captive": None,
        }
        assert small_gaps.problems_told(gap_row((80, 3, 14, 3)), FEWEST) == {
            "captive": (17 / 14, 16 / 14, 15 / 14, 1.0, 13 / 14)
        }
        assert small_gaps.problems_told(gap_row((80, 3, 4, 3)), FEWEST) == {}
        assert small_gaps.problems_told(gap_row((80, 30, 14, 13), (4, 2)), FEWEST) == {}
