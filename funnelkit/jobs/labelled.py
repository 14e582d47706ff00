"""Sentences that people have labelled: drawn from a figure's own, or brought from elsewhere.

What VADER flags as negative is corrected by what people say of the same sentences, in one of two
ways: post-stratified where enough labels are of the figure's own mentions, else by Rogan and Gladen
with the sensitivity and specificity that all labels show.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import polars as pl

from funnelkit.stats.calibration import LEAST_LABELS, LEAST_USABLE, Calibration, Table, measured
from funnelkit.stats.calibration import poststratified as _poststratified
from funnelkit.stats.calibration import rogan_gladen as _rogan_gladen
from funnelkit.stats.evidence import LEAST_N
from funnelkit.stats.proportions import NOTHING, Interval
from funnelkit.stats.resampling import generator

ALL_WAVES = "all"
KEY = ("response_id", "theme", "sentence_no")
SCOPE = ("drawn_wave", "drawn_theme")
"""What a label was drawn from: a wave or `all`; a theme, or none for all of them."""
IS_NEGATIVE = pl.col("polarity") == "negative"
POSTSTRATIFIED, ROGAN_GLADEN = "post-stratified", "Rogan-Gladen"
NOT_CALIBRATED, UNUSABLE = "none", f"none: Se + Sp below {LEAST_USABLE}"


class Corrected(NamedTuple):
    """A share of negatives as labels correct it, and how.

    `calibration`: post-stratified, Rogan-Gladen, or none and why; `share` is an Interval of None
    without one. `se`, `sp`: of the flags, where labels show them; `labels`: how many were used.
    """

    share: Interval
    calibration: str
    se: float | None
    sp: float | None
    labels: int


class Figure(NamedTuple):
    """Of what a share is: a wave (`all`: every text) and a theme (`(all)`: every one)."""

    wave: str
    theme: str


class Labels(NamedTuple):
    """Labelled sentences with what the method says of them.

    `own`: KEY, SCOPE, flagged, negative: a row a labelled mention; `all`: flags against labels of
    all, from which Se and Sp are measured once for every row.
    """

    own: pl.DataFrame
    all: Calibration

    @classmethod
    def of(cls, own: pl.DataFrame, elsewhere: pl.DataFrame) -> "Labels":
        """`own` and `elsewhere`: flagged, negative; `own` has KEY and SCOPE beside them."""
        both = pl.concat([frame.select("flagged", "negative") for frame in (own, elsewhere)])
        return cls(own, measured(_table(both), generator("labels of sentences")))

    def drawn_from(self, figure: "Figure") -> pl.DataFrame:
        """The labels that were drawn at random from what holds this figure's mentions."""
        wave, theme = pl.col("drawn_wave"), pl.col("drawn_theme")
        return self.own.filter(
            wave.is_in([figure.wave, ALL_WAVES]) & theme.is_in(["", figure.theme])
        )


def drawn(mentions: pl.DataFrame, n: int) -> pl.DataFrame:
    """n of the scored mentions, or all if there are fewer, in proportion from either flag.

    KEY, flag, stratum_size (how many mentions have that flag), sorted by KEY. The same mentions
    give the same draw, whatever their order.
    """
    scored = mentions.filter(pl.col("polarity").is_not_null()).sort(KEY)
    flag = pl.when(IS_NEGATIVE).then(pl.lit("negative")).otherwise(pl.lit("not negative"))
    strata = scored.select(*KEY, flag=flag).with_columns(
        stratum_size=pl.len().over("flag").cast(pl.Int64)
    )
    flagged = int((strata["flag"] == "negative").sum())
    wanted = min(n, strata.height)
    of_flagged = round(wanted * flagged / strata.height) if strata.height else 0
    parts = [
        _sample(strata.filter(flag=name), size)
        for name, size in (("negative", of_flagged), ("not negative", wanted - of_flagged))
    ]
    return pl.concat(parts).sort(KEY)


def _sample(stratum: pl.DataFrame, size: int) -> pl.DataFrame:
    order = generator("sentences to label", size).permutation(stratum.height)
    return stratum[np.sort(order[:size])]


def corrected(mentions: pl.DataFrame, figure: Figure, labels: Labels | None) -> Corrected:
    """The share of negatives among the scored of a figure's mentions, as labels correct it.

    Labels drawn from what holds these mentions decide where there are LEAST_N of them; else all
    labels do, of which `stats.calibration` wants 300. Where flags tell too little apart there is no
    share.
    """
    scored = mentions.filter(pl.col("polarity").is_not_null())
    n, flagged = scored.height, int(scored.select(IS_NEGATIVE.sum()).item())
    if labels is None or not n:
        return Corrected(NOTHING, NOT_CALIBRATED, None, None, 0)
    own = _table(labels.drawn_from(figure).join(scored, on=KEY, how="semi"))
    if own.n >= LEAST_N:
        return _by_own(flagged, n, own)
    whole = labels.all
    if not whole.enough:
        few = f"{NOT_CALIBRATED}: {own.n} labels drawn from it, {whole.n_labels} in all"
        return Corrected(NOTHING, few, None, None, own.n)
    share = _rogan_gladen(flagged, n, whole) if whole.usable else NOTHING
    how = ROGAN_GLADEN if whole.usable else UNUSABLE
    return Corrected(share, how, whole.se, whole.sp, whole.n_labels)


def _by_own(flagged: int, n: int, own: Table) -> Corrected:
    se, sp = weighted_accuracy(flagged, n, own)
    usable = se is not None and sp is not None and se + sp >= LEAST_USABLE
    share = _poststratified(flagged, n, own) if usable else NOTHING
    return Corrected(share, POSTSTRATIFIED if usable else UNUSABLE, se, sp, own.n)


def weighted_accuracy(flagged: int, n: int, own: Table) -> tuple[float | None, float | None]:
    """Se and Sp of flags from labels drawn by flag: each label stands for its part of its stratum.

    None where no label is of the kind. Source: Begg and Greenes 1983, Biometrics 39:207-215.
    """
    hit, false, missed, right = own
    of_flagged = flagged / (hit + false) if hit + false else 0.0
    of_passed = (n - flagged) / (missed + right) if missed + right else 0.0
    negative = hit * of_flagged + missed * of_passed
    other = false * of_flagged + right * of_passed
    return (
        hit * of_flagged / negative if negative else None,
        right * of_passed / other if other else None,
    )


def enough_for(own: int, elsewhere: int) -> str:
    """What so many labels are too few for, in words; empty where they are enough for something."""
    if own >= LEAST_N or own + elsewhere >= LEAST_LABELS:
        return ""
    return f"{LEAST_N} of a figure's own sentences, or {LEAST_LABELS} from elsewhere"


def _table(frame: pl.DataFrame) -> Table:
    return Table.of(frame["flagged"].to_numpy(), frame["negative"].to_numpy())


def counts(mentions: pl.DataFrame) -> Mapping[str, int]:
    """How many mentions are there, scored, flagged as negative, and in a language not read."""
    scored = int(mentions["polarity"].is_not_null().sum())
    return {
        "mentions": mentions.height,
        "scored": scored,
        "negative": int(mentions.select(IS_NEGATIVE.sum()).item() or 0),
        "unscored": mentions.height - scored,
    }
