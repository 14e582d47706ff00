"""Texts to sentences: what somebody says of a theme is said in a sentence, not in a document."""

import polars as pl

# A stop ends a sentence where a space follows: `2.5` and `app.example` go on. Quotes and brackets
# that close belong to the sentence. Wide stops need no space.
_STOP = r"([.!?…]+[\"'”’»)\]]*)[^\S\n]+"
_WIDE_STOP = r"([。！？]+)"
# The stop of an abbreviation ends nothing: a few that are common in feedback, no dictionary.
_SHORT = (
    r"(?i)\b(e\.g|i\.e|etc|vs|cf|approx|incl|excl|mr|mrs|ms|dr|prof|inc|ltd|st|no|fig)\."
    "\u001f"
)
_LINE_ENDS = "[\r\n\u2028\u2029\u0085\u000b\u000c]+"
_CUT = "\u001f"  # between sentences, while they are being found: no text has one


def sentences(texts: pl.DataFrame) -> pl.DataFrame:
    """Each text's sentences: response_id, language, sentence_no (from 1), sentence; in that order.

    `texts`: response_id (unique), text, language. Sentences end at line ends and at `.`, `!`, `?`
    before a space; a text without a letter or sign has none.
    """
    parts = (
        pl.col("text")
        .str.replace_all(_CUT, " ", literal=True)
        .str.replace_all(_LINE_ENDS, "\n")
        .str.replace_all(_STOP, "${1}" + _CUT)
        .str.replace_all(_SHORT, "${1}. ")
        .str.replace_all(_WIDE_STOP, "${1}" + _CUT)
        .str.replace_all("\n", _CUT, literal=True)
        .str.split(_CUT)
    )
    found = (
        texts.filter(pl.col("text").is_not_null())
        .sort("response_id")
        .select("response_id", "language", sentence=parts)
        .explode("sentence")
        .with_columns(pl.col("sentence").str.strip_chars())
        .filter(pl.col("sentence") != "")
    )
    number = pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("response_id")
    return found.select("response_id", "language", sentence_no=number, sentence="sentence")
