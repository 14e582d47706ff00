"""A team's own way to tell polarity, learnt from its labels: TF-IDF and logistic regression.

Needs the extra `text` (scikit-learn).
"""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from funnelkit.errors import FunnelkitError
from funnelkit.jobs.sentiment import POLARITIES, Method

LEAST_LABELS = 300
FOLDS = 5
_DECIMALS = 4  # as VADER's: what the last bits say depends on the machine


def own_method(sentences: Sequence[str], labels: Sequence[str]) -> Method:
    """The method that all these labels teach.

    `labels`: negative, neutral or positive. Raises FunnelkitError for fewer than LEAST_LABELS, for
    labels that are all the same, and without scikit-learn.
    """
    check_labels(labels)
    model = _fitted(sentences, labels)
    name = f"TF-IDF and logistic regression on {len(labels):,} labels"
    return Method(name, lambda asked: _scores(model, asked))


def check_labels(labels: Sequence[str]) -> None:
    """Raises FunnelkitError for labels that nothing can be learnt from, and without the extra."""
    if find_spec("sklearn") is None:
        raise FunnelkitError(
            "the method `own` needs scikit-learn", "pip install 'funnelkit[text]' brings it"
        )
    if len(labels) < LEAST_LABELS:
        raise FunnelkitError(
            f"{len(labels):,} labels teach too little",
            f"the method `own` takes {LEAST_LABELS} at least: funnelkit themes --label N FILE",
        )
    if len(set(labels)) < 2:
        raise FunnelkitError(f"all labels are {labels[0]}", "there is nothing to tell apart")


def cross_validated(
    sentences: Sequence[str], labels: Sequence[str], responses: Sequence[str]
) -> pl.DataFrame:
    """What the method says of each sentence when it has learnt from the others: compound, polarity.

    In the order of the sentences. All sentences of a response are in one of FOLDS parts, so that
    none is told by its neighbours. Raises as `own_method` does.
    """
    check_labels(labels)
    from sklearn.model_selection import GroupKFold

    texts, known = np.array(sentences, dtype=object), np.array(labels, dtype=object)
    compound = np.zeros(len(texts))
    polarity = np.empty(len(texts), dtype=object)
    for learnt, asked in GroupKFold(FOLDS).split(texts, known, np.array(responses)):
        model = _fitted(texts[learnt].tolist(), known[learnt].tolist())
        compound[asked], polarity[asked] = _told(model, texts[asked].tolist())
    return pl.DataFrame({"compound": compound, "polarity": polarity.tolist()})


def _fitted(sentences: Sequence[str], labels: Sequence[str]) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
    # Balanced: negatives are rarer than they are worth finding.
    model = make_pipeline(words, LogisticRegression(class_weight="balanced", max_iter=1000))
    try:
        return model.fit(sentences, labels)
    except ValueError as error:
        raise FunnelkitError(f"nothing can be learnt from the labels: {error}", "") from None


def _scores(model: Any, sentences: pl.Series) -> pl.DataFrame:
    distinct = sentences.unique().drop_nulls().sort().alias("sentence")
    if distinct.is_empty():
        schema = {"sentence": pl.String, "compound": pl.Float64, "polarity": pl.String}
        return pl.DataFrame(schema=schema)
    compound, polarity = _told(model, distinct.to_list())
    told = pl.DataFrame({"compound": compound, "polarity": polarity.tolist()})
    return pl.concat([distinct.to_frame(), told], how="horizontal")


def _told(model: Any, sentences: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """Compound, the chance of positive less that of negative, and the likeliest polarity."""
    chances = np.round(model.predict_proba(sentences), _DECIMALS)
    classes = [str(each) for each in model.classes_]
    share = {
        name: chances[:, classes.index(name)] if name in classes else np.zeros(len(chances))
        for name in POLARITIES
    }
    compound = np.round(share["positive"] - share["negative"], _DECIMALS)
    return compound, np.array(classes, dtype=object)[chances.argmax(axis=1)]
