"""truth.yml: every planted thing with its parameter and, where exact, its realised count."""

from typing import Any, NamedTuple

from funnelkit.sample import plan
from funnelkit.sample.cases import cases, channel_of
from funnelkit.sample.plan import CHANNELS, FEATURES, STEPS
from funnelkit.sample.tally import Tally

HEADER = "# The sample company: what was planted, and what this run realised.\n"
Tree = dict[str, Any]


class Facts(NamedTuple):
    """What the writer knows beside the tally: sizes, ids, defects as written."""

    seed: int
    users: int
    accounts: int
    event_rows: int
    user_rows: int
    feedback_rows: int
    defects: dict[str, list[str]]
    case_ids: list[str]
    account_ids: dict[str, str]
    days: tuple[str, str]


def truth_text(facts: Facts, tally: Tally) -> str:
    """The whole of truth.yml; the same facts give the same bytes."""
    import yaml

    sections: tuple[tuple[str, str, Tree | list[Tree]], ...] = (
        ("The run; the log ends at observed_until, the latest accepted event.", "run", _run(facts)),
        (
            "Activation: signed_up, connected (source_connected), built (dashboard_created or\n"
            "# dashboard_copied), shared (dashboard_shared, recipients > 0); 14 days, first.\n"
            "# planted: the chance of each step given the one before, within the window.\n"
            "# realised: counted from the draws; mature = entry + 14 d <= observed_until.\n"
            "# account_deleted comes only 30 days after sign-up: excluding it changes no level.",
            "activation",
            _activation(tally),
        ),
        (
            "Users made by hand, a rule each: level under entry first, and under best.",
            "cases",
            _cases(facts),
        ),
        (
            "Rows that cleaning must find. accepted = rows less all of them but late rows and\n"
            "# untypeable recipients (there the property is untypeable, not the event).\n"
            "# late: received more than a day after it occurred. duplicate: rows beyond the first.",
            "quality",
            _quality(facts),
        ),
        (
            "Behaviour in week 1 and retention in [entry + 21 d, + 7 d) by dashboard_viewed or\n"
            "# dashboard_shared; eligible = entry + 28 d <= observed_until.",
            "retention",
            _retention(tally),
        ),
        (
            "Goes with activity only: three searches in 14 days. Nothing is caused by it.",
            "decoy",
            {"event": "search_used", "at_least": 3, "within_days": 14, **_two(tally, "decoy")},
        ),
        (
            "Comes seconds before dashboard_viewed in the same session, for everybody.",
            "prerequisite",
            {"event": "logged_in", "outcome": "dashboard_viewed"},
        ),
        ("Experiments, assigned half and half.", "experiments", _experiments(tally)),
        (
            "What people say. used = on two UTC days in the 28 days before: *_used before the\n"
            "# wave, *_use before the answer. would_like: what all eligible think, asked or not.\n"
            "# heavy: users with an alert, regular exporters, users who reached shared.\n"
            "# An English answer to `why` names one feature and has its rating's polarity.",
            "features",
            _features(tally),
        ),
        (
            "Survey waves. Answering depends on visits in the last 28 days, tenure in days and\n"
            "# plan, by this logit, and on nothing else.",
            "respondents",
            _respondents(tally),
        ),
        (
            "One account that makes most of the revenue of those who dislike alerts and use them:\n"
            "# all its users have alerts and rate them 1; whether they answer is up to the logit.",
            "dominating_account",
            _whale(facts, tally),
        ),
    )
    parts = [HEADER]
    for comment, key, tree in sections:
        body = yaml.safe_dump({key: tree}, sort_keys=False, width=96, allow_unicode=True)
        parts.append(f"\n# {comment}\n{body}")
    return "".join(parts)


def _run(facts: Facts) -> Tree:
    return {
        "seed": facts.seed,
        "first_day": facts.days[0],
        "observed_until": facts.days[1],
        "users": facts.users,
        "accounts": facts.accounts,
        "event_rows": facts.event_rows,
        "user_rows": facts.user_rows,
        "feedback_rows": facts.feedback_rows,
        "event_names": sorted(plan.EVENTS),
    }


def _activation(tally: Tally) -> Tree:
    def steps(channels: tuple[str, ...]) -> list[Tree]:
        def total(step: str, name: str) -> int:
            return sum(tally.counts["funnel", channel, step, name] for channel in channels)

        first = STEPS[0]
        return [
            {
                "step": step,
                "entered": total(first, "reached"),
                "reached": total(step, "reached"),
                "open": total(step, "open"),
                "lost": total(step, "lost"),
                "matured": total(first, "matured_reached"),
                "matured_reached": total(step, "matured_reached"),
            }
            for step in STEPS
        ]

    return {
        "window_days": plan.WINDOW_S // plan.DAY_S,
        "planted": {
            channel: dict(zip(STEPS[1:], plan.STEP_PROBABILITIES[channel], strict=True))
            for channel in CHANNELS
        },
        "realised": {"all": steps(CHANNELS), **{name: steps((name,)) for name in CHANNELS}},
        "median_seconds_entry_to_shared": tally.median_seconds_to_shared(),
    }


def _cases(facts: Facts) -> list[Tree]:
    return [
        {
            "case": case.key,
            "user_id": user,
            "channel": CHANNELS[channel_of(place)],
            "level": case.level,
            "level_best": case.level if case.level_best is None else case.level_best,
            "why": case.why,
        }
        for place, (case, user) in enumerate(zip(cases(), facts.case_ids, strict=True))
    ]


def _quality(facts: Facts) -> Tree:
    kept = ("late", "untypeable_recipients")
    refused = sum(len(ids) for kind, ids in facts.defects.items() if kind not in kept)
    return {
        "rows": facts.event_rows,
        "accepted": facts.event_rows - refused,
        **{
            kind: {"rows": len(ids), "event_ids": " ".join(ids)}
            for kind, ids in facts.defects.items()
        },
    }


def _two(tally: Tally, key: str) -> Tree:
    return {
        who: {name: tally.counts[key, who, name] for name in ("eligible", "retained")}
        for who in ("reachers", "others")
    }


def _retention(tally: Tally) -> Tree:
    return {
        "behaviour": {
            "event": "dashboard_shared",
            "at_least": plan.AHA_COUNT,
            "within_days": plan.AHA_DAYS,
        },
        "planted": {
            "base": plan.RETAINED_BASE,
            "per_visit_in_days_1_to_13": plan.RETAINED_PER_VISIT,
            "visits_cap": plan.RETAINED_VISITS_CAP,
            "risk_difference": plan.RETAINED_EFFECT,
        },
        "realised": _two(tally, "retention"),
    }


def _experiments(tally: Tally) -> Tree:
    def variants(experiment: str, names: tuple[str, ...]) -> Tree:
        return {
            variant: {name: tally.counts[experiment, variant, name] for name in names}
            for variant in plan.VARIANTS
        }

    return {
        "invite_prompt": {
            "effect_on": "invite_sent within 7 days",
            "planted": dict(zip(plan.VARIANTS, plan.INVITE_SHARES, strict=True)),
            "realised": variants("invite_prompt", ("exposed", "invited")),
        },
        "new_navigation": {
            "broken": "this share of the treatment's exposures was never logged",
            "planted": {"treatment_lost": plan.NAVIGATION_LOST},
            "realised": variants("new_navigation", ("exposed",)),
        },
    }


STORIES = {
    "alerts": "cursed but used daily",
    "exports": "praised but unused",
    "sharing": "liked by those who use it",
}
CELLS = ("like_and_use", "like_and_not_use", "dislike_and_use", "dislike_and_not_use")
SHARES = ("eligible_used", "eligible_would_like", "eligible_would_dislike", "respondents_used")


def _features(tally: Tally) -> Tree:
    return {
        name: {
            "story": STORIES[name],
            "events": list(feature.events),
            "planted_like": {"others": feature.like[0], "heavy": feature.like[1]},
            "planted_dislike": {"others": feature.dislike[0], "heavy": feature.dislike[1]},
            "realised": {
                f"wave_{wave}": {
                    count: tally.counts["wave", str(wave), name, count]
                    for count in (*SHARES, "rated", *CELLS)
                }
                for wave in range(1, len(plan.WAVES_S) + 1)
            },
        }
        for name, feature in FEATURES.items()
    }


def _respondents(tally: Tally) -> Tree:
    names = ("eligible", "respondents", "visits_of_eligible", "visits_of_respondents")
    return {
        "eligible": "signed up 28 days before the wave",
        "logit": plan.ANSWER_LOGIT,
        "realised": {
            f"wave_{wave}": {name: tally.counts["wave", str(wave), name] for name in names}
            for wave in range(1, len(plan.WAVES_S) + 1)
        },
    }


def _whale(facts: Facts, tally: Tally) -> Tree:
    return {
        "account_id": facts.account_ids["dominating"],
        "mrr_cents": plan.whale_mrr(facts.users),
        "users": plan.WHALE_USERS,
        "cell": "alerts: dislike_and_use",
        "respondents_in_cell": {
            f"wave_{wave}": tally.counts["wave", str(wave), "alerts", "dominating_account"]
            for wave in range(1, len(plan.WAVES_S) + 1)
        },
    }
