"""What is said of a search: what was accepted, on whom, and what such a finding is not."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from funnelkit.project.durations import format_duration
from funnelkit.stats.funnels import many
from funnelkit.table import percent, shown

if TYPE_CHECKING:
    from funnelkit.jobs.aha_rules import Facts, NullResult
    from funnelkit.results.search_asked import Asked

Record = Mapping[str, Any]
NEWER_DIFFER = 0.05
CELLS_NOTE = (
    "Cells are of the half that proposes, and the best of so many flatters itself: only the chosen "
    "one of a proposed event is held against the other half (funnelkit aha --search)."
)


def search_headline(findings: Sequence[Record], asked: "Asked", facts: "Facts") -> str:
    """How many behaviours go with the outcome, and the one that may be worth most."""
    outcome = asked.search["outcome"]
    if not facts.eligible:
        return f"Nobody's outcome {outcome} is known yet."
    accepted = [each for each in findings if each["verdict"] == "accepted"]
    if facts.base_rate in (0.0, 1.0):
        who = "None" if not facts.base_rate else "All"
        return (
            f"{who} of {many(facts.eligible, asked.entities)} whose {outcome} is known have it: "
            "there is nothing to tell apart."
        )
    tried = sum(count for verdict, count in facts.verdicts.items() if verdict != "set apart")
    scarce = facts.verdicts.get("not enough", 0)
    searched = tried - scarce
    if not tried:
        return f"Nothing was left to be searched for what goes with {outcome}."
    if not searched:
        return f"There are not enough entrants to search for what goes with {outcome}."
    if not accepted:
        return _none_accepted(findings, searched, outcome)
    verb = "goes" if len(accepted) == 1 else "go"
    first = accepted[0]
    lead = ":" if len(accepted) == 1 else "; the one that may be worth most is"
    return (
        f"{len(accepted)} of {searched} searched behaviours {verb} with {outcome}, confirmed on "
        f"{asked.entities} that had no part in finding it{lead} {rule_in_words(first)}. "
        f"{_rates(first, asked)}; like for like {_points(first)}. An association: that it causes "
        f"{outcome} is not shown."
    )


def _rates(finding: Record, asked: "Asked") -> str:
    """The outcome of both groups, and who they are: not all entrants, but those still there."""
    n = finding["n"]
    did = round(n * finding["reach"])
    return (
        f"Of {n:,} {asked.entities} there that were still active {_later(asked)}, "
        f"{percent(finding['ppv'])} of the {did:,} that did it have the outcome, and "
        f"{percent(finding['rate_without'])} of the {n - did:,} others"
    )


def _later(asked: "Asked") -> str:
    begins = format_duration(asked.search["xmax_us"])
    return f"{begins} to {format_duration(asked.search['landmark_us'])} after the entry"


def _none_accepted(findings: Sequence[Record], searched: int, outcome: str) -> str:
    verdicts = [each["verdict"] for each in findings]
    active = verdicts.count("goes with activity")
    rest = {0: "", 1: "; 1 goes with doing more of everything"}
    return (
        f"None of {many(searched, 'searched behaviours')} was shown to go with {outcome}"
        + rest.get(active, f"; {active} go with doing more of everything")
        + "."
    )


def rule_in_words(finding: Record) -> str:
    """A cell as people say it: `dashboard_shared at least 3 times in 7 days`."""
    times = many(finding["at_least"], "times") if finding["at_least"] > 1 else "once"
    return f"{finding['event']} at least {times} in {many(finding['within_days'], 'days')}"


def _points(finding: Record) -> str:
    rd, lo, hi = (shown(finding[name], "points") for name in ("rd", "rd_lo", "rd_hi"))
    return f"{rd}, 95 % interval {lo.removesuffix(' pp')} to {hi}"


def search_notes(
    findings: Sequence[Record], asked: "Asked", facts: "Facts", fewest: int = 1
) -> Iterable[str]:
    """On whom, at which level, what an accepted row is and is not, and who is left out.

    Groups of fewer than `fewest` are not spoken of.
    """
    whom, outcome, level = asked.entities, asked.search["outcome"], asked.rules.level
    if not facts.eligible:
        yield from _left_out(asked, fewest)
        return
    yield (
        f"Searched: {many(facts.cells, 'cells')} of {many(facts.eligible, whom)} whose {outcome} "
        f"is known; of all of them {percent(facts.base_rate or 0.0)} have it. "
        f"{facts.discovery:,} proposed, {facts.confirmation:,} others decided "
        f"(entry weeks: {facts.weeks}, the newest {facts.newest_weeks} decide)."
    )
    yield from _left_out(asked, fewest)
    yield (
        f"Level {100 * level:.0f} %: the chance that a run in which nothing is related to "
        f"{outcome} accepts anything. funnelkit aha --null tries it on these very entrants."
    )
    if any(each["verdict"] == "not proposed" for each in findings):
        yield (
            "Not proposed: in more than "
            f"{100 * asked.rules.level_discovery:.0f} % of searches of shuffled outcomes something "
            "stands out as much as the best of it (p search)."
        )
    yield _landmark(asked)
    yield (
        "Difference: in the outcome, between who did it and who did not, among those of the same "
        "entry weeks"
        + (f" and {', '.join(asked.search['stratify_by'])}" if asked.search["stratify_by"] else "")
        + ", on the deciding half. Every finding is an association: an experiment tells whether "
        "bringing it about helps."
    )
    if any(each["verdict"] == "accepted" for each in findings):
        yield (
            f"Accepted ones are in the order of the CSV's potential: {whom} a month that may be "
            "won at most, if it were a cause and all did it."
        )
    if facts.newer_differ is not None and facts.newer_differ < NEWER_DIFFER:
        yield (
            f"Newer {whom} differ from older ones in the deciding half (p "
            f"{'' if facts.newer_differ < 0.001 else '= '}{shown(facts.newer_differ, 'p')}): what "
            "held before may not hold now."
        )


def _left_out(asked: "Asked", fewest: int) -> Iterable[str]:
    groups = (
        (asked.waiting, "whose time for the outcome is not over"),
        (asked.ineligible, "that had converted before it began"),
    )
    left = [f"{count:,} {why}" for count, why in groups if count >= max(1, fewest)]
    if left:
        yield (f"Left out of {many(asked.entrants, asked.entities)}: {' and '.join(left)}.")


def _landmark(asked: "Asked") -> str:
    return (
        f"A row counts those that did something else {_later(asked)}: who had left could do "
        "neither. So it leaves out what works by keeping people until then; the CSV's rd_all has "
        "everybody, and with them those that had left."
    )


def null_headline(result: "NullResult", level: float) -> str:
    """How often a search of nothing finds something."""
    return (
        f"With the outcome shuffled {result.runs:,} times, {_runs(result.accepted_runs)} accepted "
        f"anything ({percent(result.share)}, at most {percent(result.hi)} by its 95 % interval); "
        f"the stated level is {100 * level:.0f} %."
    )


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count:,} runs" if count else "no run"


def null_notes(result: "NullResult", level: float) -> Iterable[str]:
    """What was shuffled, and what half of the search alone would have found."""
    yield (
        "The outcome is shuffled within entry weeks and segments, in each half by itself: whatever "
        "is found then is found in nothing."
    )
    yield (
        f"Proposing alone, without the other half to decide, found something at p ≤ 0.05 in "
        f"{_runs(result.discovery_runs)} ({percent(result.discovery_runs / result.runs)})."
    )
