"""Experiments: the sample ratio first, then differences, and what they may be called."""

import pytest

from funnelkit.jobs.experiments import (
    MISMATCH,
    Design,
    Experiment,
    Group,
    LeftOut,
    experiment_sentence,
    experiment_table,
    linked_sentence,
    read_experiment,
)

DESIGN = Design("prompt", "control", "users", "event invited", "7 days")
NOBODY_LEFT = LeftOut()


def experiment(*groups: tuple[str, int, int, int], left: LeftOut = NOBODY_LEFT) -> Experiment:
    """Of groups `(variant, exposed, matured, converted)`, planned alike."""
    planned = 1 / len(groups)
    return read_experiment(DESIGN, [Group(each[0], planned, *each[1:]) for each in groups], left)


# Newcombe 1998, Table II (a), method 10: 56 of 70 against 48 of 80, 0.0524 to 0.3339.
NEWCOMBE = (("control", 80, 80, 48), ("treatment", 70, 70, 56))


def test_a_difference_is_that_of_newcombe():
    table = experiment_table([experiment(*NEWCOMBE)], meta={})
    control, treatment = table.records()
    assert control["difference"] is None
    assert control["verdict"] == "control"
    assert treatment["difference"] == pytest.approx(0.2)
    assert treatment["d_lo"] == pytest.approx(0.0524, abs=5e-5)
    assert treatment["d_hi"] == pytest.approx(0.3339, abs=5e-5)
    assert treatment["verdict"] == "higher"
    assert "56 of 70 of treatment" in table.headline
    assert "48 of 80 of control" in table.headline
    assert "+20.0 pp, 95 % interval +5.2 to +33.4 pp" in table.headline


def test_the_other_way_round_it_is_lower():
    (control, treatment) = NEWCOMBE
    found = experiment(("control", *treatment[1:]), ("treatment", *control[1:]))
    assert found.compared[0].verdict == "lower"
    assert round(found.compared[0].difference.hi or 0, 4) == -0.0524


def test_a_sample_ratio_mismatch_stops_everything():
    # Kohavi, Tang and Xu 2020, Trustworthy Online Controlled Experiments, chapter 21: 821,588
    # against 815,482 of a planned half and half, p = 1.8e-6.
    found = experiment(
        ("control", 821_588, 821_588, 400_000), ("treatment", 815_482, 815_482, 500_000)
    )
    assert found.srm_p == pytest.approx(1.8e-6, rel=0.03)
    table = experiment_table([found], meta={})
    for row in table.records():
        assert [row[name] for name in ("rate", "difference", "p_value", "converted")] == [None] * 4
        assert row["verdict"] == MISMATCH
    assert "not evaluated" in table.headline
    assert "pp" not in table.headline
    assert found.best is None
    assert linked_sentence(found) == ""


def test_unequal_shares_are_no_mismatch_when_they_were_planned():
    sizes = {"control": 900, "treatment": 100}
    groups = [Group(name, size / 1000, size, size, size // 5) for name, size in sizes.items()]
    assert not read_experiment(DESIGN, groups, LeftOut()).is_mismatched
    halves = [each._replace(planned=0.5) for each in groups]
    assert read_experiment(DESIGN, halves, LeftOut()).is_mismatched


def test_several_treatments_pay_for_their_number():
    alone = experiment(("control", 400, 400, 100), ("a", 400, 400, 126))
    both = experiment(("control", 400, 400, 100), ("a", 400, 400, 126), ("b", 400, 400, 101))
    (first,), (again, second) = alone.compared, both.compared
    assert first.verdict == "higher"
    assert first.q == first.p
    assert again.p == first.p
    assert again.q == pytest.approx(2 * (first.p or 0))
    assert 0.025 < (first.p or 0) < 0.05
    assert again.verdict == "no difference shown"
    assert second.q == second.p


def test_of_those_whose_time_is_not_over_nothing_is_said_but_how_many():
    found = experiment(("control", 90, 80, 48), ("treatment", 80, 70, 56))
    table = experiment_table([found], meta={})
    assert [row["open"] for row in table.records()] == [10, 10]
    assert any(note.startswith("20 users not counted yet") for note in table.notes)
    assert [row["rate"] for row in table.records()] == [0.6, 0.8]


def test_before_anybody_is_mature_there_is_no_rate():
    found = experiment(("control", 12, 0, 0), ("treatment", 11, 0, 0))
    table = experiment_table([found], meta={})
    assert [row["rate"] for row in table.records()] == [None, None]
    assert table.records()[1]["verdict"] == "nobody to compare yet"
    assert "the 7 days of 23 users are still open" in table.headline


def test_nobody_exposed():
    found = experiment(("control", 0, 0, 0), ("treatment", 0, 0, 0))
    assert experiment_sentence(found) == "prompt: nobody was exposed."


def test_who_is_left_out_is_counted():
    left = LeftOut(several=3, undeclared=2, unnamed=1, nobody=4)
    notes = experiment_table([experiment(*NEWCOMBE, left=left)], meta={}).notes
    assert (
        "Left out of users: 3 exposed to several variants; 2 to a variant that `shares` does not "
        "have; 1 whose exposure names no variant."
    ) in notes
    assert "4 exposures of users without an account." in notes


def test_caused_is_said_only_of_a_difference_that_stands():
    told = linked_sentence(experiment(*NEWCOMBE))
    assert "treatment caused event invited within 7 days more often than control" in told
    assert "56 of 70" in told
    assert "48 of 80" in told
    same = experiment(("control", 80, 80, 48), ("treatment", 70, 70, 43))
    assert linked_sentence(same) == ""


def test_several_experiments_are_summed_up_and_each_is_told():
    stopped = experiment(("control", 691, 691, 5), ("treatment", 544, 544, 50))
    table = experiment_table([experiment(*NEWCOMBE), stopped], meta={})
    assert table.headline == (
        "1 of 2 experiments shows a difference, 1 not evaluated (sample ratio mismatch)."
    )
    assert table.notes[0] == experiment_sentence(experiment(*NEWCOMBE))
    assert "691 : 544 users" in table.notes[1]
