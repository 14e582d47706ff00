"""How well polarity is told, on sentences that people have rated.

`python -m tests.jobs.sentiment_evidence docs/sentiment-evidence.md` writes the page;
`tests/real/test_sentiment_ratings.py` holds it to what the design promises. Splits are fixed by
their number. A rating is the mean of 20 people's, -4..4.
"""

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from funnelkit.jobs.labelled import weighted_accuracy
from funnelkit.jobs.own_model import cross_validated
from funnelkit.jobs.sentiment import vader, vader_scores
from funnelkit.stats.calibration import (
    LEAST_USABLE,
    Table,
    measured,
    poststratified,
    rogan_gladen,
)
from funnelkit.stats.proportions import wilson
from funnelkit.stats.resampling import generator

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "sentiment_ratings"
SETS = {
    "product sentences": "amazonReviewSnippets_GroundTruth.txt",
    "tweets": "tweets_GroundTruth.txt",
}
NEGATIVE, POSITIVE = -0.5, 0.5  # of the mean rating
LABELS, OWN_LABELS = 300, 200
PROMISED, WIDEST = 182, 0.30
_INTRO = """\
# How well is polarity told?

Sentences that people have rated (`../shared/data/sentiment_ratings`: the mean of 20 raters, -4 to
4), read by each method. Negative: a mean of -0.5 or less; positive: 0.5 or more. Written by
`python -m tests.jobs.sentiment_evidence docs/sentiment-evidence.md`; `make test-long` holds the
promises.

## Methods

*Se*: share of the negatives that are found; *Sp*: share of the others that are passed; *r*: with
the mean rating. TF-IDF and logistic regression learns from four fifths and reads the last one, five
times over; a review's sentences are never in both. *Majority* calls everything what most are.

| sentences | method | accuracy | F1, mean of three | F1 of negatives | Se | Sp | r |
| --- | --- | --: | --: | --: | --: | --: | --: |
"""
_SPLITS = """\

## The share of negatives, corrected by labels

Product sentences. In each of {splits} splits by review, {labels} sentences are labelled (as rated)
and the sentences of all other reviews are the figure; VADER flags a compound of -0.05 or less.
Rogan and Gladen, labels from elsewhere; the rule on Se + Sp is off, and how often it would fire is
told.

| | found | promised |
| --- | --- | --- |
| the true share is in the corrected interval | {inside} of {splits} | at least {least} of 200 |
| mean width of that interval | {width:.3f} | at most {widest:.2f} |
| the true share is in the interval of plain VADER | {plain} of {splits} | none |
| Se + Sp below 1.3: mentions only | {fires} of {splits} | reported |

## Labels of the figure's own sentences

In each of {splits} draws, {own} of all {all:,} product sentences are labelled, as many of the
flagged as their share; post-stratified by flag. The share of negatives is that of all.

| | found |
| --- | --- |
| the true share is in the interval | {own_inside} of {splits} |
| mean width of that interval | {own_width:.3f} |
| Se + Sp below 1.3: mentions only | {own_fires} of {splits} |
"""


class Rated(NamedTuple):
    """Rated sentences: the review (of a tweet: itself), the mean rating, VADER's compound."""

    review: np.ndarray
    rating: np.ndarray
    sentence: list[str]
    compound: np.ndarray

    @property
    def labels(self):
        names = np.where(self.rating >= POSITIVE, "positive", "neutral")
        return np.where(self.rating <= NEGATIVE, "negative", names)


class Told(NamedTuple):
    """How well a method's polarity fits the labels."""

    accuracy: float
    f1: float
    f1_negative: float
    se: float
    sp: float
    r: float | None


class Splits(NamedTuple):
    """Of the splits: how often the truth was inside, the mean width, plain VADER, the rule."""

    inside: int
    width: float
    plain: int
    fires: int


def rated(name):
    lines = (FOLDER / SETS[name]).read_text("utf-8", errors="replace").splitlines()
    rows = [line.split("\t", 2) for line in lines]
    sentences = [row[2] for row in rows]
    scores = dict(vader_scores(pl.Series(sentences)).select("sentence", "compound").rows())
    return Rated(
        np.array([row[0].partition("_")[0] for row in rows]),
        np.array([float(row[1]) for row in rows]),
        sentences,
        np.array([scores[each] for each in sentences]),
    )


def methods(ratings):
    """Told by VADER, by what learns from the labels, and by the majority."""
    labels = ratings.labels
    flags = np.where(ratings.compound >= 0.05, "positive", "neutral")
    flags = np.where(ratings.compound <= -0.05, "negative", flags)
    own = cross_validated(ratings.sentence, labels.tolist(), ratings.review.tolist())
    names, counts = np.unique(labels, return_counts=True)
    most = np.full(len(labels), names[counts.argmax()])
    return {
        vader().name: told(ratings, flags, ratings.compound),
        "TF-IDF and logistic": told(
            ratings, own["polarity"].to_numpy().astype(str), own["compound"].to_numpy()
        ),
        "majority": told(ratings, most, None),
    }


def told(ratings, flags, compound):
    labels = ratings.labels
    scores = {name: _f1(flags == name, labels == name) for name in np.unique(labels)}
    negative = labels == "negative"
    r = None if compound is None else float(np.corrcoef(compound, ratings.rating)[0, 1])
    return Told(
        float((flags == labels).mean()),
        float(np.mean(list(scores.values()))),
        scores["negative"],
        float((flags == "negative")[negative].mean()),
        float((flags != "negative")[~negative].mean()),
        r,
    )


def _f1(flagged, true):
    both = (flagged & true).sum()
    return float(2 * both / (flagged.sum() + true.sum())) if both else 0.0


def splits(ratings, numbers):
    """Labels from some reviews, the figure from all others; the true share is known."""
    reviews, code = np.unique(ratings.review, return_inverse=True)
    sizes = np.bincount(code)
    negative, flagged = ratings.rating <= NEGATIVE, ratings.compound <= -0.05
    found = []
    for number in numbers:
        random = generator(f"split {number}")
        order = random.permutation(len(reviews))
        enough = np.searchsorted(sizes[order].cumsum(), LABELS) + 1
        is_labelled = np.isin(code, order[:enough])
        sample = random.permutation(np.flatnonzero(is_labelled))[:LABELS]
        calibration = measured(Table.of(flagged[sample], negative[sample]), random)
        truth, n = negative[~is_labelled].mean(), int((~is_labelled).sum())
        k = int(flagged[~is_labelled].sum())
        _, lo, hi = np.array(rogan_gladen(k, n, calibration), float)
        _, plain_lo, plain_hi = np.array(wilson(k, n), float)
        found.append(
            (lo <= truth <= hi, hi - lo, plain_lo <= truth <= plain_hi, not calibration.usable)
        )
    inside, width, plain, fires = np.array(found, dtype=float).T
    return Splits(int(inside.sum()), float(width.mean()), int(plain.sum()), int(fires.sum()))


def own_draws(ratings, numbers):
    """Of OWN_LABELS: how often the share of all is inside, the mean width, how often 1.3 fires."""
    negative, flagged = ratings.rating <= NEGATIVE, ratings.compound <= -0.05
    n, k = len(negative), int(flagged.sum())
    strata = [(np.flatnonzero(flagged), round(OWN_LABELS * k / n)), (np.flatnonzero(~flagged), 0)]
    strata[1] = (strata[1][0], OWN_LABELS - strata[0][1])
    found = []
    for number in numbers:
        random = generator(f"draw {number}")
        sample = np.concatenate([random.permutation(each)[:size] for each, size in strata])
        table = Table.of(flagged[sample], negative[sample])
        _, lo, hi = np.array(poststratified(k, n, table), float)
        useless = np.array(weighted_accuracy(k, n, table), float).sum() < LEAST_USABLE
        found.append((lo <= negative.mean() <= hi, hi - lo, useless))
    inside, width, fires = np.array(found, dtype=float).T
    return int(inside.sum()), float(width.mean()), int(fires.sum())


def page(numbers=range(200)):
    """The whole page, as it is committed."""
    rows = [
        f"| {name}, {len(ratings.rating):,} | {method} | {_numbers(figures)} |"
        for name in SETS
        for ratings in [rated(name)]
        for method, figures in methods(ratings).items()
    ]
    ratings = rated("product sentences")
    found, own = splits(ratings, numbers), own_draws(ratings, numbers)
    told = _SPLITS.format(
        splits=len(numbers),
        labels=LABELS,
        least=PROMISED,
        widest=WIDEST,
        own=OWN_LABELS,
        own_inside=own[0],
        own_width=own[1],
        own_fires=own[2],
        all=len(ratings.rating),
        **found._asdict(),
    )
    return _INTRO + "\n".join(rows) + "\n" + told


def _numbers(figures):
    return " | ".join("–" if each is None else f"{each:.2f}" for each in figures)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
