"""Why somebody is on the list, and what to ask: open questions about what was done, no hints."""

from collections.abc import Iterator

import polars as pl

from funnelkit.jobs.opportunities import CAPTIVE, LIP_SERVICE
from funnelkit.results.say_frames import Feature
from funnelkit.stats.funnels import many

NO_VALUE = "(none)"
_DAY_US = 86_400_000_000
_BETWEEN = " / "
_CAPTIVE = (
    "Tell me about the last time you used {}: what did you want to get done?",
    "What happened then, step by step?",
    "How else have you tried to get it done?",
)
_LIP_SERVICE = (
    "When did you last have something to do that {} is for? What did you do?",
    "How did you come to do it that way?",
    "Tell me what you know about {}, and where you have it from.",
)
_STUCK = (
    "Walk me through the day you got as far as '{}': what did you want to get done?",
    "What did you do next, here or elsewhere?",
    "Have you come across '{}'? What is it for, to you?",
)


def said_and_did(feature: Feature) -> pl.Expr:
    """`rated alerts 1 on 2026-06-17, used it on 9 of 28 days`; of columns how, score, on, days."""
    score = pl.col("score").round(2).cast(pl.String).str.strip_suffix(".0")
    rated = pl.format("rated {} {} on {}", pl.lit(feature.name), score, pl.col("on"))
    tone = pl.when(pl.col("cell") == CAPTIVE).then(pl.lit("badly")).otherwise(pl.lit("well"))
    wrote = pl.format("wrote {} of {} on {}", tone, pl.lit(feature.name), pl.col("on"))
    days = feature.within_us // _DAY_US
    did = pl.format("used it on {} of {} days", pl.col("days"), pl.lit(days))
    said = pl.when(pl.col("how") == "rating").then(rated).otherwise(wrote)
    return pl.concat_str(said, did, separator=", ")


def questions(feature: str) -> pl.Expr:
    """What to ask about a feature; of the column cell."""
    asked = {CAPTIVE: _asked(_CAPTIVE, feature), LIP_SERVICE: _asked(_LIP_SERVICE, feature)}
    return pl.col("cell").replace_strict(asked)


def stayed(funnel: str, step: str, following: str, window: str) -> pl.Expr:
    """`got to connected of activation on 2026-04-05, not to built within 14 days`."""
    return pl.format(
        "got to {} of {} on {}, not to {} within {}",
        pl.lit(step),
        pl.lit(funnel),
        pl.col("on"),
        pl.lit(following),
        pl.lit(window),
    )


def ask_of_step(step: str, following: str) -> str:
    """What to ask who did a step and not the next."""
    first, second, third = _STUCK
    return _BETWEEN.join((first.format(_said(step)), second, third.format(_said(following))))


def _asked(texts: tuple[str, ...], name: str) -> str:
    return _BETWEEN.join(text.format(_said(name)) for text in texts)


def _said(name: str) -> str:
    return name.replace("_", " ")


def of_feature(name: str) -> str:
    """Who is on a feature's list."""
    return f"whose word on {name} and use of it differ"


def of_step(funnel: str, step: str, following: str) -> str:
    """Who is on a step's list."""
    return f"who got to {step} of {funnel} and were lost before {following}"


def headline(drawn: int, people: int, of_whom: str) -> str:
    """How many were drawn, of how many."""
    return f"{many(drawn, 'people')} to talk to, of {people:,} {of_whom}."


def notes(asked_lately: int) -> Iterator[str]:
    """How they were drawn, and who was left out."""
    yield (
        "One person of a customer in each group; the chance goes with the square root of its"
        " revenue (nothing or unknown: as the least) and stands in `probability`."
    )
    if asked_lately:
        yield (
            f"Left out: {many(asked_lately, 'people')} talked to (interview, exit) in the 90 days"
            " before the end of the log. An answered survey is no talk."
        )
