"""How a sentence sounds: VADER, a small lexicon with rules, which needs no network and no luck.

Hutto & Gilbert 2014, "VADER: A parsimonious rule-based model for sentiment analysis of social media
text"; its compound score lies in -1..1, and its authors' thresholds are +-0.05.
"""

from collections.abc import Callable, Iterable
from functools import cache
from importlib.metadata import version
from typing import Any, NamedTuple

import polars as pl

NEGATIVE, POSITIVE = -0.05, 0.05
POLARITIES = ("negative", "neutral", "positive")
LONGEST = 1000  # characters of a sentence that are read: VADER's time grows with their square
_BATCH = 50_000  # sentences in Python at once


class Method(NamedTuple):
    """A way to tell a sentence's polarity.

    `name`: with its version, printed with every figure. `score`: from distinct sentences to
    sentence, compound (-1..1; the larger without its sign, the surer), polarity.
    """

    name: str
    score: Callable[[pl.Series], pl.DataFrame]


def vader() -> Method:
    """VADER as it is installed."""
    return Method(f"VADER {version('vaderSentiment')}", vader_scores)


def vader_scores(sentences: pl.Series) -> pl.DataFrame:
    """Sentence, compound, polarity: a row for each distinct sentence, sorted by it.

    In batches, so that no more than one of them is in Python at a time.
    """
    distinct = sentences.unique().drop_nulls().sort().alias("sentence")
    read = distinct.str.slice(0, LONGEST)
    parts = [_compounds(read.slice(at, _BATCH)) for at in range(0, len(read), _BATCH)]
    compound = pl.concat(parts) if parts else pl.Series(dtype=pl.Float64)
    scored = pl.DataFrame([distinct, compound.alias("compound")])
    return scored.with_columns(polarity=polarity(pl.col("compound")))


def polarity(compound: pl.Expr) -> pl.Expr:
    """A compound score in words: negative, neutral or positive; null for none."""
    return (
        pl.when(compound <= NEGATIVE)
        .then(pl.lit("negative"))
        .when(compound >= POSITIVE)
        .then(pl.lit("positive"))
        .when(compound.is_not_null())
        .then(pl.lit("neutral"))
    )


def is_read(language: pl.Expr) -> pl.Expr:
    """Whether a text's polarity is told: it is in English, or nobody said what it is in."""
    told = language.str.strip_chars().str.to_lowercase()
    return told.is_null() | told.str.contains(r"^(en([-_].*)?|eng|english)?$")


def own_sound(words: Iterable[str]) -> dict[str, float]:
    """Those of the words that VADER itself takes for good or bad, with its score of them (-4..4).

    A feature called `alert` makes every sentence on it sound better than it is.
    """
    lexicon = _analyzer().lexicon
    spelled = sorted({word.casefold() for word in words})
    return {word: float(lexicon[word]) for word in spelled if word in lexicon}


@cache
def _analyzer() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()


def _compounds(sentences: pl.Series) -> pl.Series:
    score = _analyzer().polarity_scores
    found = [score(each)["compound"] for each in sentences.to_list()]
    return pl.Series(found, dtype=pl.Float64)
