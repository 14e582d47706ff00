"""Labels of sentences: written to be filled in, taken back, held against what the method says."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from funnelkit.errors import FunnelkitError
from funnelkit.jobs.labelled import KEY, SCOPE, Labels, drawn
from funnelkit.jobs.sentences import sentences
from funnelkit.jobs.sentiment import Method
from funnelkit.results.label_files import SCHEMA, LabelFile, read_labels
from funnelkit.table import Column, Table

LABEL_COLUMNS = (
    Column("response_id"),
    Column("sentence_no", "count"),
    Column("theme"),
    Column("flag"),
    Column("stratum_size", "count"),
    Column("drawn_wave"),
    Column("drawn_theme"),
    Column("text"),
    Column("label"),
)
_SAID: dict[str, type[pl.DataType]] = {"sentence": pl.String, "label": pl.String}
_NAMED = 3  # lines in a message


class Known(NamedTuple):
    """Labels that fit the texts of the warehouse, with the sentence of each.

    `own`: KEY, SCOPE, sentence, label; `elsewhere`: sentence, label; `left_out`: how many labels
    are of answers or sentences that are not there; `notes` say so.
    """

    own: pl.DataFrame
    elsewhere: pl.DataFrame
    left_out: int

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of the labels."""
        gone = f"{self.left_out:,} labels are of sentences that are no longer in the warehouse."
        return (gone,) if self.left_out else ()


def to_label(
    mentions: pl.DataFrame, texts: pl.DataFrame, n: int, scope: tuple[str, str | None]
) -> Table:
    """n of these mentions as a table to fill in: LABEL_COLUMNS, `label` empty.

    Each is the sentence that decides a mention. `texts`: response_id, text, language; `scope`: the
    wave and theme that the mentions are of. Raises FunnelkitError where no mention is scored.
    """
    sample = drawn(mentions, n)
    if sample.is_empty():
        raise FunnelkitError(
            "no sentence of these figures has a polarity", "there is nothing to label"
        )
    said = sentences(texts.join(sample, on="response_id", how="semi"))
    rows = sample.join(said, on=("response_id", "sentence_no"), how="left").sort(KEY)
    names = ("response_id", "sentence_no", "theme", "flag", "stratum_size")
    flagged = int((sample["flag"] == "negative").sum())
    headline = (
        f"{sample.height:,} sentences to label, {flagged:,} of them flagged as negative, drawn from"
        f" {mentions['polarity'].is_not_null().sum():,} scored mentions."
    )
    notes = (
        "Write negative, neutral or positive into the column label; leave what nobody can tell.",
        "It holds what customers wrote: keep it out of reports/ and out of the repository.",
    )
    filled = tuple(
        (*row, *scope, text, None)
        for row, text in zip(rows.select(names).rows(), rows["sentence"].to_list(), strict=True)
    )
    return Table(LABEL_COLUMNS, filled, {}, headline, notes)


def known_labels(file: LabelFile, texts: pl.DataFrame, *, strict: bool) -> Known:
    """The labels of a file, with the sentences they are of.

    `strict`: raises FunnelkitError for labels of sentences that the warehouse does not have, or not
    with this text; else they are left out and counted.
    """
    if not file.is_own:
        nothing = pl.DataFrame(schema={name: SCHEMA[name] for name in (*KEY, *SCOPE)} | _SAID)
        return Known(nothing, file.rows.select(sentence="text", label="label"), 0)
    said = sentences(texts.join(file.rows, on="response_id", how="semi"))
    found = file.rows.join(
        said.drop("language"), on=("response_id", "sentence_no"), how="left", maintain_order="left"
    )
    same = (pl.col("text") == "") | (pl.col("text") == pl.col("sentence"))
    there = pl.col("sentence").is_not_null() & same
    gone = found.filter(~there)
    if strict and not gone.is_empty():
        raise FunnelkitError(
            f"{file.name}, {_lines(gone['line'].to_list())}: no such sentence in the warehouse",
            "expected response_id, sentence_no and text as `themes --label` wrote them",
        )
    own = found.filter(there).select(*KEY, *SCOPE, "sentence", "label").sort(KEY)
    return Known(own, pl.DataFrame(schema=_SAID), gone.height)


def _lines(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:_NAMED]))
    more = f" and {len(numbers) - _NAMED:,} more" if len(numbers) > _NAMED else ""
    return f"line{'s' if len(numbers) > 1 else ''} {shown}{more}"


def of_project(
    plan: Mapping[str, Any], root: Path, file: str | None, texts: pl.DataFrame
) -> Known | None:
    """The labels of a file as it was given, else those that the project declares; None without.

    Raises as `read_labels` does; for a file that was given, also for sentences that are not there.
    """
    if file is not None:
        return known_labels(read_labels(Path(file), file), texts, strict=True)
    if plan["labels"] is None:
        return None
    read = read_labels(root / plan["labels"], plan["labels"])
    return known_labels(read, texts, strict=False)


def against_method(known: Known, method: Method, mentions: pl.DataFrame) -> Labels:
    """What a method says of labelled sentences, beside their labels.

    Of a mention the flag is the mention's, so that it is in the stratum that it stands for.
    """
    own = known.own.join(mentions.select(*KEY, "polarity"), on=KEY, how="left")
    told = _flagged(own.filter(pl.col("polarity").is_not_null()))
    scores = method.score(known.elsewhere["sentence"])
    elsewhere = known.elsewhere.join(scores, on="sentence", how="left", maintain_order="left")
    return Labels.of(told, _flagged(elsewhere))


def cross_validated_labels(known: Known) -> Labels:
    """What the method `own` says of each labelled sentence when it learnt from the others."""
    from funnelkit.jobs.own_model import cross_validated

    sentence, label, response = taught(known)
    told = cross_validated(sentence, label, response).select("polarity")
    at = known.own.height
    own = pl.concat([known.own, told[:at]], how="horizontal")
    elsewhere = pl.concat([known.elsewhere, told[at:]], how="horizontal")
    return Labels.of(_flagged(own), _flagged(elsewhere))


def taught(known: Known) -> tuple[list[str], list[str], list[str]]:
    """Sentences, labels and responses that the method `own` learns from; the own ones first.

    A text from elsewhere is a response of its own, the same text the same one.
    """
    both = pl.concat([known.own.select("sentence", "label"), known.elsewhere])
    responses = [
        *("own " + known.own["response_id"]).to_list(),
        *("else " + known.elsewhere["sentence"]).to_list(),
    ]
    return both["sentence"].to_list(), both["label"].to_list(), responses


def _flagged(told: pl.DataFrame) -> pl.DataFrame:
    key = [name for name in (*KEY, *SCOPE) if name in told.columns]
    return told.select(
        *key,
        flagged=pl.col("polarity") == "negative",
        negative=pl.col("label") == "negative",
    )


def own_method_of(known: Known | None) -> Method:
    """The method `own`; raises FunnelkitError without labels enough, and without the extra."""
    from funnelkit.jobs.own_model import own_method

    sentence, label, _ = taught(known) if known else ([], [], [])
    return own_method(sentence, label)
