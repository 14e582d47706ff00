"""What each text says of each theme: the polarity of the sentence that mentions it."""

import polars as pl

from funnelkit.jobs.sentences import sentences
from funnelkit.jobs.sentiment import Method, is_read, vader
from funnelkit.jobs.themes import Taxonomy, themed


def mentions(texts: pl.DataFrame, taxonomy: Taxonomy, method: Method | None = None) -> pl.DataFrame:
    """One row a text and theme that it mentions, sorted by both.

    Columns: response_id, theme, feature, polarity (negative, neutral, positive; null: `unscored`),
    compound, sentences (how many mention the theme), sentence_no (of the one that decides).
    Of several sentences on one theme the surest decides, that is the one whose compound is farthest
    from 0, the first of equals; where a good and a bad one are equally sure the mention is neutral.
    Unscored are texts in a language that the method does not read.

    `texts`: response_id (unique), text, language. `method`: VADER, if not given.
    """
    found = scored(themed(sentences(texts), taxonomy), method or vader())
    sure = pl.col("compound").abs()
    ranked = found.sort(
        *("response_id", "theme", sure, "sentence_no"),
        descending=[False, False, True, False],
        nulls_last=True,
    )
    surest = pl.col("compound").first()
    drawn = ((pl.col("compound") == -surest) & (surest != 0)).any()
    each = ranked.group_by("response_id", "theme", maintain_order=True).agg(
        pl.col("feature", "polarity", "compound", "sentence_no").first(),
        sentences=pl.len().cast(pl.Int64),
        drawn=drawn,
    )
    return each.select(
        *("response_id", "theme", "feature"),
        pl.when("drawn").then(pl.lit("neutral")).otherwise("polarity").alias("polarity"),
        pl.when("drawn").then(0.0).otherwise("compound").alias("compound"),
        *("sentences", "sentence_no"),
    )


def scored(found: pl.DataFrame, method: Method) -> pl.DataFrame:
    """Sentences with compound and polarity; both are null where the language is not read.

    `found`: language and sentence among its columns. The order of rows is kept.
    """
    read = is_read(pl.col("language"))
    scores = method.score(found.filter(read)["sentence"])
    told = found.join(scores, on="sentence", how="left", maintain_order="left")
    return told.with_columns(pl.when(read).then(pl.col("compound", "polarity")))
