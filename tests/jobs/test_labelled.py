import numpy as np
import polars as pl
import pytest

from funnelkit.jobs.labelled import Figure, Labels, corrected, counts, drawn, enough_for
from funnelkit.stats.proportions import NOTHING

FIGURE = Figure("wave_1", "alerts")


def mentions(flagged, passed, unscored=0, theme="alerts"):
    polarity = ["negative"] * flagged + ["positive"] * passed + [None] * unscored
    return pl.DataFrame(
        {
            "response_id": [f"{theme}{number:04}" for number in range(len(polarity))],
            "theme": [theme] * len(polarity),
            "sentence_no": [1] * len(polarity),
            "polarity": polarity,
        },
        schema_overrides={"polarity": pl.String},
    )


def labels(found, negative, wave="wave_1", theme=""):
    """Labels of these mentions; `negative`: of which they say so, by position."""
    said = np.zeros(found.height, bool)
    said[list(negative)] = True
    return found.select(
        "response_id",
        "theme",
        "sentence_no",
        drawn_wave=pl.lit(wave),
        drawn_theme=pl.lit(theme),
        flagged=pl.col("polarity") == "negative",
        negative=pl.Series(said),
    )


def elsewhere(hit, false, missed, right):
    return pl.DataFrame(
        {
            "flagged": [True] * (hit + false) + [False] * (missed + right),
            "negative": [True] * hit + [False] * false + [True] * missed + [False] * right,
        },
        schema={"flagged": pl.Boolean, "negative": pl.Boolean},
    )


NONE = elsewhere(0, 0, 0, 0)
NO_OWN = labels(mentions(1, 0), []).clear()


@pytest.mark.parametrize(
    ("flagged", "passed", "n", "expected"),
    [(40, 60, 50, 20), (1, 999, 100, 0), (6, 94, 10, 1), (30, 0, 10, 10), (3, 4, 100, 3)],
)
def test_sentences_are_drawn_in_proportion_from_either_flag(flagged, passed, n, expected):
    sample = drawn(mentions(flagged, passed, unscored=50), n)
    assert sample.height == min(n, flagged + passed)
    assert (sample["flag"] == "negative").sum() == expected
    sizes = dict(sample.group_by("flag").agg(pl.col("stratum_size").unique().first()).rows())
    known = {"negative": flagged, "not negative": passed}
    assert sizes == {flag: known[flag] for flag in sizes}


def test_the_draw_is_the_same_whatever_the_order_of_rows():
    found = mentions(40, 60)
    assert drawn(found.sample(fraction=1, shuffle=True, seed=3), 30).equals(drawn(found, 30))


def test_no_place_is_drawn_more_often_than_another():
    found = mentions(0, 60)
    times = np.zeros(60)
    for size in range(60):
        sample = drawn(found, size)
        times += np.isin(found["response_id"].to_numpy(), sample["response_id"].to_numpy())
    # Each of 60 is in a sample of k with chance k / 60: 29.5 times of 60, deviation 3.1.
    assert times.mean() == 29.5
    assert times.std() < 5
    assert np.abs(np.corrcoef(times, np.arange(60))[0, 1]) < 0.4


def test_labels_of_the_figure_are_weighted_by_its_flags():
    found = mentions(40, 60)
    sample = pl.concat([found[:20], found[40:70]])
    own = labels(sample, [*range(15), *range(20, 26)])  # 15 of 20 flagged, 6 of 30 passed
    told = corrected(found, FIGURE, Labels.of(own, NONE))
    assert told.share.estimate == pytest.approx(0.4 * 15 / 20 + 0.6 * 6 / 30)
    # 30 flagged and 12 passed are negative; 10 flagged and 48 passed are not.
    assert (told.se, told.sp) == pytest.approx((30 / 42, 48 / 58))
    assert (told.calibration, told.labels) == ("post-stratified", 50)
    _, lo, hi = np.array(told.share, float)
    assert lo < 0.42 < hi


@pytest.mark.parametrize(
    ("wave", "theme", "labelled"),
    [
        ("wave_1", "", 50),
        ("all", "", 50),
        ("all", "alerts", 50),
        ("wave_2", "", 0),
        ("wave_1", "exports", 0),
    ],
)
def test_only_labels_drawn_from_what_holds_the_figure_are_its_own(wave, theme, labelled):
    found = mentions(40, 60)
    own = labels(pl.concat([found[:20], found[40:70]]), range(20), wave, theme)
    told = corrected(found, FIGURE, Labels.of(own, NONE))
    assert told.labels == labelled
    assert (told.share == NOTHING) is (labelled == 0)


def test_labels_from_elsewhere_correct_by_their_sensitivity_and_specificity():
    found = mentions(30, 70, unscored=9)
    told = corrected(found, FIGURE, Labels.of(NO_OWN, elsewhere(80, 20, 20, 180)))
    assert told.share.estimate == pytest.approx((0.3 + 0.9 - 1) / (0.8 + 0.9 - 1))
    assert told[1:] == ("Rogan-Gladen", 0.8, 0.9, 300)


def test_fewer_than_300_labels_from_elsewhere_tell_nothing():
    told = corrected(mentions(30, 70), FIGURE, Labels.of(NO_OWN, elsewhere(80, 20, 20, 179)))
    assert told.share == NOTHING
    assert told.calibration == "none: 0 labels drawn from it, 299 in all"


def test_flags_that_tell_too_little_apart_make_no_share():
    found = mentions(40, 60)
    both = (elsewhere(40, 20, 60, 180), elsewhere(39, 0, 111, 150))  # 0.4 + 0.9; 0.26 + 1
    told = [corrected(found, FIGURE, Labels.of(NO_OWN, each)) for each in both]
    assert [each.share == NOTHING for each in told] == [False, True]
    assert told[1].calibration == "none: Se + Sp below 1.3"
    own = labels(pl.concat([found[:20], found[40:70]]), [*range(4), *range(20, 26)])
    assert corrected(found, FIGURE, Labels.of(own, NONE)).calibration == told[1].calibration


def test_without_labels_flags_are_counted_and_nothing_is_estimated():
    found = mentions(3, 4, unscored=2)
    assert corrected(found, FIGURE, None).share == NOTHING
    assert counts(found) == {"mentions": 9, "scored": 7, "negative": 3, "unscored": 2}


@pytest.mark.parametrize(
    ("own", "others", "few"), [(30, 0, False), (29, 0, True), (29, 271, False), (0, 299, True)]
)
def test_how_many_labels_are_too_few(own, others, few):
    assert bool(enough_for(own, others)) is few


def test_drawing_labelling_and_correcting_covers_the_truth():
    """2,000 mentions, 35 % of them negative, 60 % of those flagged; 200 labels, 200 times."""
    random = np.random.default_rng(5)
    inside = 0
    widths = []
    for world in range(200):
        negative = random.random(2000) < 0.35
        flagged = random.random(2000) < np.where(negative, 0.6, 0.08)
        found = pl.DataFrame(
            {
                "response_id": [f"{world:03}-{number:04}" for number in range(2000)],
                "theme": "alerts",
                "sentence_no": 1,
                "polarity": np.where(flagged, "negative", "neutral"),
            }
        )
        truth = found.select("response_id", negative=pl.Series(negative))
        sample = drawn(found, 200).join(truth, on="response_id", maintain_order="left")
        own = sample.with_columns(
            flagged=pl.col("flag") == "negative",
            drawn_wave=pl.lit("wave_1"),
            drawn_theme=pl.lit(""),
        )
        share = corrected(found, FIGURE, Labels.of(own, NONE)).share
        _, lo, hi = np.array(share, float)
        inside += lo <= negative.mean() <= hi
        widths.append(hi - lo)
    assert inside >= 184  # of which fewer has a chance of 0.02 at a coverage of 0.95
    assert np.mean(widths) < 0.12
