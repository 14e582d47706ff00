"""Experiments and shipped changes in plain sentences, for `definitions` and the meta of tables."""

from funnelkit.project.durations import format_duration
from funnelkit.project.shipping import Change, Experiment, Goal
from funnelkit.project.words import events_text, whose
from funnelkit.table import percent

_DID = {
    "funnel": "converted in funnel {}",
    "outcome": "had outcome {}",
    "aha": "reached {}",
}
_SHOWN = {"funnel": "funnel {}", "outcome": "outcome {}", "aha": "aha moment {}"}


def goal_text(goal: Goal) -> str:
    """What an experiment looks for: `event invite_sent`."""
    return events_text({"events": goal.event, "where": goal.where})


def planned_shares(experiment: Experiment) -> dict[str, float]:
    """The part of all that each variant was to get, 0..1, control first."""
    whole = sum(experiment.shares.values())
    names = sorted(experiment.shares, key=lambda name: name != experiment.control)
    return {name: experiment.shares[name] / whole for name in names}


def experiment_in_words(experiment: Experiment) -> list[str]:
    """Who is in which group, when the groups are read at all, and what is counted in them."""
    those = whose({"entity": experiment.entity})
    exposure = events_text({"events": experiment.exposure, "where": experiment.where})
    shares = ", ".join(
        f"{name} {percent(part)}" for name, part in planned_shares(experiment).items()
    )
    within = format_duration(experiment.outcome.within_us)
    return [
        f"Counts {those} ({experiment.entity}) from their first {exposure} on, in the group that "
        f"its {experiment.variant} names; who saw several is left out and counted.",
        f"Planned: {shares}. Sizes that chance would hardly make of that (chi-square, p < 0.001) "
        "stop the evaluation.",
        f"Converted: {goal_text(experiment.outcome)}, from the exposure until just before {within} "
        "after it.",
        f"Mature: the exposure plus {within} is not after the end of the data (observed_until), "
        "whatever happened in between; only these count.",
        f"Compared: each variant with {experiment.control}, Newcombe's interval, score test.",
        *(
            f"Evidence for: {what} {name}."
            for what, name in (("feature", experiment.feature), ("aha moment", experiment.aha))
            if name
        ),
    ]


def metric_shown(change: Change) -> str:
    """What a change is measured by: `funnel activation`."""
    kind, name = change.metric
    return _SHOWN[kind].format(name)


def metric_did(change: Change) -> str:
    """What those did whom its number counts: `converted in funnel activation`."""
    kind, name = change.metric
    return _DID[kind].format(name)


def change_in_words(change: Change) -> list[str]:
    """By what a change is measured, on whom, and when it is judged."""
    weeks = change.cohorts
    clock = f", from the first entry in funnel {change.funnel}" if change.outcome else ""
    return [
        f"Shipped on {change.shipped_on}; measured by {metric_shown(change)}"
        f"{clock if change.funnel else ''}, by its definition as it is for both sides.",
        f"Before: who entered from {weeks.before_from} to {weeks.before_to}; after: from "
        f"{weeks.after_from} to {weeks.after_to} (whole weeks, both days included; that of the "
        "shipping is in neither).",
        f"Judged on {change.evaluate_on}: only who is mature when that day begins counts, so that "
        "later data change nothing; until then it is interim, without a verdict.",
        "The hash is that of what it is measured by"
        + (
            f"; pinned: {change.definition_hash}, with another one nothing is compared."
            if change.definition_hash
            else "; write it as definition_hash, and a change of the rules will be told."
        ),
    ]
