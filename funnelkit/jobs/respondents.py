"""Who said what of a feature in a wave, beside what they did: one row a respondent and feature."""

from typing import NamedTuple

import polars as pl

ASKED = ("survey", "nps", "exit")
RATING, TEXT = "rating", "text"
ATTITUDE, INTENT = "attitude", "intent"
_KEYS = ("aims", "feature_no", "user_key")
_COLUMNS = (*_KEYS, "customer_id", "response_id", "opinion", "days", "how")
# A rating that is out for another reason than these still is the respondent's word on the feature.
_NO_WORD = ("superseded", "no opinion")


class Respondents(NamedTuple):
    """The respondents of a wave.

    `people`: aims (attitude, intent), feature_no, user_key, customer_id, response_id, opinion
    (like, neutral, dislike), days on which they used it in the answer's window, how (rating, text).
    `unasked`: the same of those who spoke up in tickets, reviews and interviews only.
    `left`: aims, feature_no, left_out, answers: what does not count, and why.
    """

    people: pl.DataFrame
    unasked: pl.DataFrame
    left: pl.DataFrame


def respondents(answers: pl.DataFrame, mentions: pl.DataFrame | None = None) -> Respondents:
    """The latest rating of each respondent and feature; a text only of those who rated nothing.

    `answers`: rows of fct_say_do of one wave. `mentions`: response_id, feature, polarity (null:
    unscored), of the sentences that name a feature; without them texts say nothing.
    """
    ratings = answers.filter(pl.col("aims") != TEXT)
    counted = ratings.filter(pl.col("left_out").is_null() & pl.col("user_key").is_not_null())
    said = _latest(counted.with_columns(how=pl.lit(RATING)))
    left = (
        ratings.filter(pl.col("left_out").is_not_null())
        .group_by("aims", "feature_no", "left_out")
        .agg(answers=pl.len())
        .sort("aims", "feature_no", "left_out")
    )
    if mentions is not None:
        rated = ratings.filter(~pl.col("left_out").fill_null("").is_in(_NO_WORD))
        told = _told(answers, mentions).join(rated, on=_KEYS, how="anti")
        said = pl.concat([said, told])
    asked = pl.col("source").is_in(ASKED)
    people, unasked = (said.filter(which).select(_COLUMNS).sort(_KEYS) for which in (asked, ~asked))
    return Respondents(people, unasked.join(people, on=_KEYS, how="anti"), left)


def _told(answers: pl.DataFrame, mentions: pl.DataFrame) -> pl.DataFrame:
    """The latest text of each respondent that speaks well or badly of a feature, or of neither."""
    opinions = {"positive": "like", "neutral": "neutral", "negative": "dislike"}
    heard = mentions.filter(pl.col("polarity").is_not_null() & pl.col("feature").is_not_null())
    opinion = heard.select(
        "response_id", "feature", said=pl.col("polarity").replace_strict(opinions)
    )
    texts = answers.filter(
        (pl.col("aims") == TEXT) & pl.col("left_out").is_null() & pl.col("user_key").is_not_null()
    )
    return _latest(
        texts.join(opinion, on=("response_id", "feature")).with_columns(
            aims=pl.lit(ATTITUDE), opinion=pl.col("said"), how=pl.lit(TEXT)
        )
    )


def _latest(answers: pl.DataFrame) -> pl.DataFrame:
    """One row a respondent and feature: the asked answers before the others, then the latest."""
    ranked = answers.with_columns(asked=pl.col("source").is_in(ASKED))
    return (
        ranked.sort("asked", "submitted_at", "response_id")
        .unique(_KEYS, keep="last", maintain_order=True)
        .select(*_COLUMNS, "source")
    )
