"""What a text is about: a declared taxonomy of themes, each a few phrases or expressions."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import polars as pl

from funnelkit.errors import FunnelkitError


class Theme(NamedTuple):
    """A theme and what tells it in a sentence; of a feature, if it is called as one."""

    name: str
    feature: str | None
    topics: tuple[str, ...]

    @property
    def pattern(self) -> str:
        """One expression for all topics, in the syntax of Polars (Rust's regex)."""
        return "|".join(topic_pattern(topic) for topic in self.topics)


class Taxonomy(NamedTuple):
    """The themes that texts are searched for, under the version that figures are printed with."""

    version: str | None
    themes: tuple[Theme, ...]

    @classmethod
    def of(cls, plan: Mapping[str, Any]) -> "Taxonomy":
        """The taxonomy of a plan of say versus do, in its order: features with topics come first.

        Raises FunnelkitError for a topic that is empty or that no text can be searched for.
        """
        themes = [
            Theme(each["name"], each["feature"], tuple(each["topics"])) for each in plan["themes"]
        ]
        found = cls(plan["version"], tuple(themes))
        found.check()
        return found

    def check(self) -> None:
        """Raises FunnelkitError for a topic that is empty or that Polars cannot search for."""
        for theme in self.themes:
            for topic in theme.topics:
                _check(theme.name, topic)

    @property
    def rows(self) -> list[tuple[str, str | None, list[str]]]:
        """All that decides what is found, as plain values."""
        return [(theme.name, theme.feature, list(theme.topics)) for theme in self.themes]


def topic_pattern(topic: str) -> str:
    """A topic as an expression: `/…/` as it is written, else a phrase between word ends.

    A phrase is found in any case, with any space between its words, and with a plural s.
    """
    if is_expression(topic):
        return f"(?:{topic[1:-1]})"
    words = topic.split()
    phrase = r"\s+".join(re.escape(word) for word in words)
    # A word does not go on at either end; a sign, as in c++ or .net, ends by itself.
    start = r"\b" if _is_word(words[0][0]) else ""
    end = r"s?\b" if _is_word(words[-1][-1]) else ""
    return f"(?i:{start}{phrase}{end})"


def is_expression(topic: str) -> bool:
    """Whether a topic is written as `/expression/`."""
    return len(topic) > 2 and topic.startswith("/") and topic.endswith("/")


def _is_word(character: str) -> bool:
    return re.match(r"\w", character) is not None


def _check(theme: str, topic: str) -> None:
    if not topic.strip():
        raise FunnelkitError(f"theme {theme}: a topic is empty", "name a word, a phrase or /regex/")
    try:
        found = pl.Series([""]).str.contains(topic_pattern(topic))
    except pl.exceptions.ComputeError as error:
        reason = " ".join(str(error).split())
        raise FunnelkitError(
            f"theme {theme}: the expression {topic} is not accepted: {reason}",
            "look-around and back-references are not known (syntax of Rust's regex)",
        ) from None
    if found[0]:
        raise FunnelkitError(
            f"theme {theme}: the expression {topic} is found in an empty text",
            "it would be found everywhere: name what must be there",
        )


def themed(sentences: pl.DataFrame, taxonomy: Taxonomy) -> pl.DataFrame:
    """The sentences that mention a theme, once for each: the same columns, with theme and feature.

    Sorted by response_id, theme, sentence_no.
    """
    found = [
        sentences.filter(pl.col("sentence").str.contains(theme.pattern)).with_columns(
            theme=pl.lit(theme.name), feature=pl.lit(theme.feature, pl.String)
        )
        for theme in taxonomy.themes
    ]
    if not found:
        nothing = pl.lit(None, pl.String)
        found = [sentences.clear().with_columns(theme=nothing, feature=nothing)]
    return pl.concat(found).sort("response_id", "theme", "sentence_no")
