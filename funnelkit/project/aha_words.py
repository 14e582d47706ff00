"""Outcomes, aha moments and the search in plain sentences, from the complete plan.

The plan is what the macro aha_plan makes of the definitions; times in it are microseconds.
"""

from collections.abc import Mapping
from typing import Any

from funnelkit.project.durations import format_duration
from funnelkit.project.words import both, either, events_text, flat, whose

Part = Mapping[str, Any]
_TIMES = {1: "at least once", 2: "at least twice"}


def outcome_in_words(outcome: Part) -> list[str]:
    """What happened means, when it is looked for, and when its time is over, a sentence each."""
    return [
        f"{'Happened when this did not' if outcome['negated'] else 'Happened'}: {_what(outcome)}.",
        f"When: from {format_duration(outcome['after_us'])} after the entry until just before "
        f"{format_duration(_end(outcome))} after it.",
        *_ineligible(outcome),
        f"Mature: the entry plus {format_duration(_end(outcome))} is not after the end of the data "
        "(observed_until), whatever happened in between.",
    ]


def _what(outcome: Part) -> str:
    if outcome["kind"] == "funnel":
        return (
            f"the first conversion in funnel {outcome['funnel']} falls in that time, which ends "
            "with the funnel's own window at the latest"
        )
    if outcome["kind"] == "sum":
        return (
            f"{events_text(outcome)}, their {outcome['property']} at least "
            f"{outcome['at_least']:,} in all; one without it adds nothing"
        )
    return f"{events_text(outcome)}, {_at_least(outcome['at_least'])}"


def _ineligible(outcome: Part) -> list[str]:
    if outcome["kind"] != "funnel":
        return []
    after = format_duration(outcome["after_us"])
    return [f"Left out and counted apart: who converts before {after} after the entry."]


def moment_in_words(moment: Part, plan: Part, zone: str = "UTC") -> list[str]:
    """What an aha moment counts and whom, one sentence a rule; `zone`: of its days."""
    within = format_duration(moment["within_us"])
    whom = whose(moment)
    return [
        _clock(moment, plan),
        f"Aha: {_reached(moment, zone)}, within {within} of the entry.",
        f"Window: from the entry, events at that instant included, until just before {within} "
        "after it, in elapsed time.",
        f"Mature: the entry plus {within} is not after the end of the data (observed_until), "
        "whatever happened in between.",
        f"Reach: of the mature {whom}, the share that reached it; who reached it and is not mature "
        "yet is in neither number.",
        *_leads_to(moment),
        *_broken_down(moment),
    ]


def _clock(part: Part, plan: Part) -> str:
    clock = next(each for each in plan["clocks"] if each["no"] == part["clock_no"])
    entry = f"their first entry in funnel {clock['funnel']}"
    if clock["funnel"] is None:
        entry = f"their first {events_text(clock['entry'])}"
    return f"Counts {whose(clock)} ({clock['entity']}) from {entry} on."


def _reached(moment: Part, zone: str) -> str:
    events, least = events_text(moment), moment["at_least"]
    if moment["counted"] == "days":
        return f"{events}, on at least {_number(least, 'day')} of the calendar ({zone})"
    if moment["counted"] == "distinct":
        values = _number(least, "different value" if least > 1 else "value")
        return f"{events}, with at least {values} of {moment['property']}"
    return f"{events}, {_at_least(least)}"


def _leads_to(moment: Part) -> list[str]:
    declared, outcome = moment["declared_on"], moment["outcome"]
    sentences = []
    if outcome:
        sentences.append(
            f"Meant to lead to outcome {outcome}: that those who reach it have that more often "
            "shows that the two go together, not that one causes the other."
        )
    if declared and outcome:
        sentences.append(
            f"Declared on {declared}: who entered before is no evidence for that; the rule may "
            "have been found on them."
        )
    elif declared:
        sentences.append(f"Declared on {declared}.")
    return sentences


def _broken_down(moment: Part) -> list[str]:
    if not moment["breakdowns"]:
        return []
    return [f"Broken down by {', '.join(moment['breakdowns'])}, each as it was at the entry."]


def search_in_words(plan: Part) -> list[str]:
    """What the search tries, on whom, and by which rules it accepts, one sentence a rule.

    Raises ValueError where the plan has no search.
    """
    search = plan["search"]
    if search is None:
        raise ValueError("no search is declared")
    whom, strata = whose(search), both(["entry week", *search["stratify_by"]])
    longest, landmark = format_duration(search["xmax_us"]), format_duration(search["landmark_us"])
    return [
        _clock(search, plan),
        f"Asked: what {whom} do first that goes with outcome {search['outcome']}; of those whose "
        "time for it is over.",
        _grid(search),
        f"Still there: a cell counts only {whom} with another event from {longest} until just "
        f"before {landmark} after the entry, so that having left is not taken for an effect of not "
        "doing it; what works by keeping them until then is left out.",
        _apart(search, whom),
        f"Two parts: {whom} of the newest entry weeks (a quarter of the weeks and of the {whom} at "
        "most) and 40 % of the others, by a hash of the id and the salt "
        f"{flat(search['salt'])!r}, decide; the rest propose.",
        f"Proposed: for each event its best cell, when chance alone would give the whole search "
        f"one as good with p of at most 0.20 ({search['permutations']:,} permutations of the "
        f"outcome within {strata}); 5 events at most.",
        "Accepted: on the deciding part the difference within the same strata has the same sign, "
        "a Holm p of at most 0.05, and is still there, by half or more, among those equally active "
        "otherwise.",
        "Level: 5 %, the chance that a run in which nothing is related to the outcome accepts "
        "anything.",
        "Every finding is an association: it goes with the outcome, and may not cause it.",
    ]


def _grid(search: Part) -> str:
    events = f"events {both(search['events'])}" if search["events"] else "every event"
    counts, days = search["counts"], search["days"]
    cells = _number(len(counts) * len(days), "cell")
    return (
        f"Searched: {events}, at least {either([str(each) for each in counts])} times within "
        f"{either([str(each) for each in days])} days of the entry: {cells} an event."
    )


def _apart(search: Part, whom: str) -> str:
    declared = "prerequisites"
    if search["prerequisites"]:
        declared += f" ({', '.join(search['prerequisites'])})"
    return (
        f"Set apart: the outcome's own events, {declared}, what fewer than 2 % or more than 95 % "
        f"of {whom} do, and what 99 % of those with the outcome did immediately before it."
    )


def _at_least(count: int) -> str:
    return _TIMES.get(count, f"at least {count:,} times")


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def _end(outcome: Part) -> int:
    return int(outcome["after_us"] + outcome["within_us"])
