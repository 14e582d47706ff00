"""What is said beside figures of themes: the finding, the method, how far it can be believed."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from funnelkit.jobs.labelled import (
    ALL_WAVES,
    NOT_CALIBRATED,
    POSTSTRATIFIED,
    ROGAN_GLADEN,
    enough_for,
)
from funnelkit.jobs.sentiment import Method, own_sound
from funnelkit.jobs.themes import Taxonomy, is_expression
from funnelkit.stats.evidence import FEWEST, shown_share
from funnelkit.stats.funnels import many
from funnelkit.stats.proportions import Interval
from funnelkit.table import percent

Record = Mapping[str, Any]
# docs/sentiment-evidence.md.
UNCALIBRATED = (
    "not calibrated: on 3,708 human-rated product sentences it finds 43 % of the negatives."
    " Label some: `funnelkit themes --label 200 FILE`."
)


class Scope(NamedTuple):
    """The wave of the figures (None: all texts), and of each of the labels the wave it was drawn
    from."""

    wave: str | None = None
    drawn: tuple[str, ...] = ()


def themes_headline(records: Sequence[Record], wave: str | None) -> str:
    """What the texts speak of most, in one sentence."""
    everything = [each for each in records if each["source"] is None]
    total, themes = everything[0], everything[1:]
    top = max(themes, key=lambda each: each["mentions"])
    of = f"{total['texts']:,} texts of {wave or 'all waves'}"
    if top["mentions"] < FEWEST:
        return f"{of}: no theme is mentioned by {FEWEST} of them."
    told = f"{of}: {top['theme']} is mentioned most, in {top['mentions']:,}"
    share = shown_negatives(top)
    return f"{told} (negative: {share})." if share else f"{told}."


def shown_negatives(record: Record) -> str:
    """The share of negatives as it may be shown: in percent with labels, else flags of mentions."""
    if record["scored"] < FEWEST:
        return ""
    if record["negative_share"] is None:
        return f"{record['negative']:,} of {record['scored']:,} flagged"
    share = Interval(record["negative_share"], record["lo"], record["hi"])
    return shown_share(record["negative"], record["scored"], share).text


def theme_notes(
    records: Sequence[Record], taxonomy: Taxonomy, method: Method, scope: Scope
) -> Iterator[str]:
    """How polarity was told and what its figures are worth."""
    total = records[0]
    if taxonomy.version is not None:
        yield f"Taxonomy {taxonomy.version}."
    worth = _worth(records, scope)
    yield f"Polarity of the sentence that mentions the theme, by {method.name}; {worth}"
    sounds = _sounds(taxonomy) if method.name.startswith("VADER") else ""
    if sounds:
        yield f"Topics that it takes for good or bad by themselves: {sounds}."
    if total["unscored"]:
        yield (
            f"Unscored: {many(total['unscored'], 'mentions')} in texts that are not in English (no"
            " language is taken for English)."
        )
    yield "Texts are never weighted: who writes is not everybody."


def _worth(records: Sequence[Record], scope: Scope) -> str:
    used = {each["calibration"] for each in records}
    if not used & {POSTSTRATIFIED, ROGAN_GLADEN}:
        few = records[0]
        if few["se"] is not None or few["sp"] is not None:
            return f"{_accuracy(few)}: too little is told apart for a share, flags are counted."
        return _other_labels(scope) if scope.drawn else UNCALIBRATED
    best = next(each for each in records if each["calibration"] in (POSTSTRATIFIED, ROGAN_GLADEN))
    how = " and ".join(name for name in (POSTSTRATIFIED, ROGAN_GLADEN) if name in used)
    without = [
        each["theme"]
        for each in records
        if each["source"] is None and str(each["calibration"]).startswith(NOT_CALIBRATED)
        if each["scored"] >= FEWEST
    ]
    more = f"; too few labels for {', '.join(without)}" if without else ""
    return f"shares corrected by labels ({how}); {_accuracy(best)}{more}."


def _other_labels(scope: Scope) -> str:
    """Why labels that are there correct nothing."""
    waves = sorted({*scope.drawn})
    named = [wave for wave in waves if wave != ALL_WAVES]
    waves_of = f"wave{'s' if len(named) > 1 else ''} {', '.join(named)}" if named else ""
    drawn = " and ".join(filter(None, (waves_of, "all texts" if ALL_WAVES in waves else "")))
    command = f"funnelkit themes --wave {scope.wave or ALL_WAVES} --label 200 FILE"
    return (
        f"not calibrated: the {many(len(scope.drawn), 'labels')} were drawn from {drawn}; needed"
        f" are {enough_for(0, 0)}: `{command}`."
    )


def _accuracy(record: Record) -> str:
    """Se and Sp in words, with how many labels they were measured on."""
    parts = [
        f"{told} –, for no label is one" if share is None else f"{told} {percent(share)} ({sign})"
        for told, share, sign in (
            ("of the negatives it finds", record["se"], "Se"),
            ("of the others it passes", record["sp"], "Sp"),
        )
    ]
    return f"on {record['labels']:,} labels, {' and '.join(parts)}"


def _sounds(taxonomy: Taxonomy) -> str:
    words = [
        word
        for theme in taxonomy.themes
        for topic in theme.topics
        if not is_expression(topic)
        for word in topic.split()
    ]
    return ", ".join(f"{word} ({value:+g})" for word, value in own_sound(words).items())
