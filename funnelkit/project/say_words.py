"""Features and feedback in plain sentences, from the complete plan.

The plan is what the macro say_plan makes of the definitions; times in it are microseconds.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from funnelkit.project.durations import format_duration
from funnelkit.project.words import both, either, events_text, flat

Part = Mapping[str, Any]
_SCALED = ("nps", "csat", "ces", "rating5", "importance", "satisfaction", "intent")
_MEASURED = {"events": "the number of", "days": "the days of the calendar with"}


def feature_in_words(feature: Part) -> list[str]:
    """What counts as use of a feature and who could use it, one sentence a rule."""
    within = format_duration(feature["within_us"])
    return [
        f"Used: {events_text(feature)}, on {_days(feature['used_days'])} of the calendar within "
        f"{within}; regularly on {_days(feature['regular_days'])}.",
        f"Window: {within} until just before an answer, from it on for an intent, in elapsed time.",
        *_access(feature),
        *_topics(feature),
        *_success(feature),
    ]


def feedback_in_words(plan: Part) -> list[str]:
    """What is asked, when, and how answers are weighted, one sentence a rule."""
    return [
        *(_question(question) for question in plan["questions"]),
        *_waves(plan),
        _weights(plan["weights"]),
        *_revenue(plan),
        *(_theme(theme) for theme in plan["themes"] if theme["feature"] is None),
    ]


def _days(count: int) -> str:
    return f"at least {count:,} day" + ("" if count == 1 else "s")


def _access(feature: Part) -> Iterator[str]:
    needs = ["the log or a user row had named them by an id"]
    if feature["released_on"]:
        needs.append(f"it was out (from {feature['released_on']} on)")
    if feature["entitlement"]:
        rule = flat(feature["entitlement"])
        needs.append(f"{rule} was true as of the first and the last instant")
    yield f"Counted: who could use it in the whole window: {both(needs)}."


def _topics(feature: Part) -> Iterator[str]:
    if feature["topics"]:
        yield f"Texts speak of it by {either([flat(each) for each in feature['topics']])}."


def _success(feature: Part) -> Iterator[str]:
    success = feature["success"]
    if success:
        yield (
            f"Its task is done: {events_text(success)} within "
            f"{format_duration(success['within_us'])} of using it."
        )


def _question(question: Part) -> str:
    about = f" about {question['feature']}" if question["feature"] else ""
    return f"Question {question['name']}: {question['kind']}{about}{_answered(question)}."


def _answered(question: Part) -> str:
    if question["claim"]:
        return f", held against {_claimed(question)}"
    if question["kind"] not in _SCALED:
        return ""
    lo, hi = question["lo"], question["hi"]
    if question["kind"] == "nps":
        return f", {lo} to {hi}: like from 9, dislike to 6"
    return f", {lo} to {hi}: like from {hi - 1}, dislike to {lo + 1}"


def _claimed(question: Part) -> str:
    claim = question["claim"]
    if claim["measure"] == "sum":
        what = f"the sum of {claim['property']} of {events_text(claim)}"
    else:
        what = f"{_MEASURED[claim['measure']]} {events_text(claim)}"
    near = question["tolerance"]
    unit = f" {question['unit']}" if question["unit"] else ""
    same = "" if near is None else f"; the same within {near:g}{unit}"
    return f"{what} in the {format_duration(claim['within_us'])} before{same}"


def _waves(plan: Part) -> Iterator[str]:
    kind = plan["waves"]["kind"]
    if kind == "all":
        yield "Waves: one of all answers; behaviour is looked at as of their median time."
    elif kind != "declared":
        yield (
            f"Waves: by {kind} of the calendar ({plan['timezone']}); behaviour is looked at as of "
            "the median time of the answers."
        )
    for wave in plan["waves"]["list"]:
        yield (
            f"Wave {wave['name']}: {wave['from']} to {wave['to']}, both included "
            f"({plan['timezone']}); behaviour is looked at as of its first instant."
        )


def _weights(weights: Part) -> str:
    margins = ["active days", "tenure", *weights["by"], *weights["segments"]]
    if weights["aha"]:
        margins.append(f"aha moment {weights['aha']}")
    return f"Weighted by {both(margins)}, to everybody known for 28 days."


def _revenue(plan: Part) -> Iterator[str]:
    if plan["revenue"]:
        yield (
            f"Revenue: {plan['revenue']}, cents per period of a customer, the latest that was told "
            "by then."
        )


def _theme(theme: Part) -> str:
    topics = either([flat(each) for each in theme["topics"]])
    return f"Theme {theme['name']}: texts that have {topics}."
