"""What is said beside figures of themes: the finding, the method, how far it can be believed."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from funnelkit.jobs.labelled import POSTSTRATIFIED, ROGAN_GLADEN
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


def theme_notes(records: Sequence[Record], taxonomy: Taxonomy, method: Method) -> Iterator[str]:
    """How polarity was told and what its figures are worth."""
    total = records[0]
    if taxonomy.version is not None:
        yield f"Taxonomy {taxonomy.version}."
    yield f"Polarity of the sentence that mentions the theme, by {method.name}; {_worth(records)}"
    sounds = _sounds(taxonomy) if method.name.startswith("VADER") else ""
    if sounds:
        yield f"Topics that it takes for good or bad by themselves: {sounds}."
    if total["unscored"]:
        yield (
            f"Unscored: {many(total['unscored'], 'mentions')} in texts that are not in English (no"
            " language is taken for English)."
        )
    yield "Texts are never weighted: who writes is not everybody."


def _worth(records: Sequence[Record]) -> str:
    used = {each["calibration"] for each in records}
    if not used & {POSTSTRATIFIED, ROGAN_GLADEN}:
        few = records[0]
        if few["se"] is not None:
            return f"{_accuracy(few)}: too little is told apart for a share, flags are counted."
        return UNCALIBRATED
    best = next(each for each in records if each["calibration"] in (POSTSTRATIFIED, ROGAN_GLADEN))
    how = " and ".join(name for name in (POSTSTRATIFIED, ROGAN_GLADEN) if name in used)
    return f"shares corrected by labels ({how}); {_accuracy(best)}."


def _accuracy(record: Record) -> str:
    """Se and Sp in words, with how many labels they were measured on."""
    return (
        f"on {record['labels']:,} labels it finds {percent(record['se'])} of the negatives (Se) and"
        f" passes {percent(record['sp'])} of the others (Sp)"
    )


def _sounds(taxonomy: Taxonomy) -> str:
    words = [
        word
        for theme in taxonomy.themes
        for topic in theme.topics
        if not is_expression(topic)
        for word in topic.split()
    ]
    return ", ".join(f"{word} ({value:+g})" for word, value in own_sound(words).items())
