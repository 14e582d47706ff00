"""Features and feedback: typed as documented, mistakes told at their place."""

import datetime as dt
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from funnelkit.errors import FunnelkitError
from funnelkit.project import say
from funnelkit.project.read import read
from funnelkit.project.say import SCALES
from funnelkit.project.say_words import feature_in_words, feedback_in_words
from funnelkit.warehouse import macros
from funnelkit.warehouse.conditions import check_definitions

DAY = 86_400_000_000
PROJECT = """\
vars:
  funnelkit:
    timezone: Europe/Berlin
    event_properties: {hours: double, team: varchar}
    user_properties: {plan: varchar, mrr: bigint}
    segments: {paying: "plan <> 'free'"}
    funnels: {buy: {steps: [a, b], window: 14 days, entity: account_id}}
    aha_moments:
      mine: {event: b, within: 7 days, entity: user_id, entry: a}
      theirs: {event: b, within: 7 days, funnel: buy}
"""
WHOLE = """\
revenue: mrr
features:
  alerts:
    description: Tells when a number leaves its range
    events: [alert_created, alert_opened]
    where: "hours > 0"
    used: {days: 3, within: 2 weeks}
    regular: {days: 6}
    released_on: 2026-01-10
    entitlement: "plan <> 'free'"
    topics: [alert, "/\\\\bpings?\\\\b/"]
    success: {event: alert_opened, within: 7 days}
  plain: {events: seen}
feedback:
  version: "2026-11"
  questions:
    q: {kind: rating5, feature: alerts, column: "How?"}
    nps: {kind: nps, column: [NPS, nps score]}
    hours:
      kind: amount
      claim: {event: played, sum: hours, within: 14 days}
      tolerance: 1
      unit: h
    often: {kind: frequency, claim: {event: played, count: days, within: 7 days}}
    imp: {kind: importance, feature: alerts, scale: [1, 10]}
    why: {kind: text}
  waves: {w1: {from: 2026-04-01, to: 2026-04-06}, w2: {from: 2026-04-07, to: 2026-04-07}}
  weights: {by: [plan], segments: [paying], aha: mine}
  themes: {pricing: [price, expensive]}
  labels: private/labels.csv
reports: {say: {features: all}, some: {features: [alerts]}}
"""


def written(folder: Path, block: str) -> Path:
    file = folder / "dbt_project.yml"
    lines = "".join(f"    {line}\n" for line in block.splitlines())
    file.write_text(PROJECT + lines, encoding="utf-8")
    return file


def mistakes(folder: Path, block: str) -> list[str]:
    with pytest.raises(FunnelkitError) as caught:
        read(written(folder, block))
    return caught.value.message.splitlines()


def plan(block: str) -> dict[str, Any]:
    whole = yaml.safe_load(PROJECT)["vars"]["funnelkit"] | yaml.safe_load(block)
    return macros.say_plan(whole)


def test_everything_is_read_as_written(tmp_path):
    defined = read(written(tmp_path, WHOLE)).definitions
    alerts, plain = defined.features.values()
    assert (alerts.used.days, alerts.used.within_us, alerts.regular.days) == (3, 14 * DAY, 6)
    assert alerts.topics == ("alert", r"/\bpings?\b/")
    assert (plain.used.days, plain.used.within_us, plain.regular.days) == (2, 28 * DAY, None)
    assert defined.feedback.questions["nps"].columns == ("NPS", "nps score")
    assert defined.feedback.questions["imp"].scale == (1, 10)
    assert not isinstance(defined.feedback.waves, str | None)
    assert list(defined.feedback.waves) == ["w1", "w2"]
    assert (defined.reports["say"].features, defined.reports["some"].features) == (
        "all",
        ("alerts",),
    )
    assert defined.revenue == "mrr"


def test_the_plan_is_complete():
    found = plan(WHOLE)
    alerts, plain = found["features"]
    assert alerts["events"] == ["alert_created", "alert_opened"]
    assert (alerts["used_days"], alerts["regular_days"], alerts["within_us"]) == (3, 6, 14 * DAY)
    # 2026-01-10 begins an hour earlier in UTC.
    assert alerts["released_us"] == 1_768_003_200_000_000 - 3_600_000_000
    assert alerts["success"] == {"events": ["alert_opened"], "where": None, "within_us": 7 * DAY}
    assert (plain["used_days"], plain["regular_days"], plain["within_us"]) == (2, 4, 28 * DAY)
    questions = {each["name"]: each for each in found["questions"]}
    assert {name: (each["lo"], each["hi"]) for name, each in questions.items()} == {
        "q": (1, 5),
        "nps": (0, 10),
        "hours": (None, None),
        "often": (None, None),
        "imp": (1, 10),
        "why": (None, None),
    }
    assert (questions["hours"]["claim"]["measure"], questions["hours"]["claim"]["property"]) == (
        "sum",
        "hours",
    )
    assert questions["often"]["claim"]["measure"] == "days"
    first, second = found["waves"]["list"]
    assert (first["from_us"], second["until_us"] - second["from_us"]) == (
        1_774_994_400_000_000,  # midnight of 1 April in Berlin, UTC + 2
        DAY,
    )
    assert [(each["name"], each["feature"]) for each in found["themes"]] == [
        ("alerts", "alerts"),
        ("pricing", None),
    ]
    assert found["declared"] is True


def test_nothing_declared_is_nothing():
    found = macros.say_plan({})
    assert (found["features"], found["questions"], found["declared"]) == ([], [], False)
    assert found["waves"] == {"kind": "all", "list": []}
    assert plan("feedback: {waves: month}")["waves"] == {"kind": "month", "list": []}


def test_the_hash_follows_the_rules_and_nothing_else():
    def of(feature: str) -> str:
        return macros.feature_hash(plan(f"features: {{f: {{{feature}}}}}"), 0)

    same = of("events: [b, a]")
    assert same == of("events: [a, b], description: x, topics: [t], used: {days: 2}")
    others = [
        of("events: [a]"),
        of("events: [a, b], where: 'hours > 1'"),
        of("events: [a, b], used: {days: 1}"),
        of("events: [a, b], used: {within: 7 days}"),
        of("events: [a, b], regular: {days: 5}"),
        of("events: [a, b], released_on: 2026-01-01"),
        of("events: [a, b], entitlement: \"plan = 'pro'\""),
    ]
    assert len({same, *others}) == len(others) + 1


FEATURE = "features: {{f: {{events: e, {}}}}}"
QUESTION = "features: {{f: {{events: e}}}}\nfeedback: {{questions: {{q: {{{}}}}}}}"
WRONG = [
    (FEATURE.format("used: {days: 0}"), "features.f.used.days: 0 is not a whole number from 1 on"),
    (FEATURE.format("used: {within: 60 hours}"), "features.f.used.within: not whole days"),
    (
        FEATURE.format("used: {days: 8, within: 7 days}"),
        "features.f.used.within: 8 days do not fit into 7 days",
    ),
    (
        FEATURE.format("used: {days: 5}, regular: {days: 4}"),
        "features.f.regular.days: 4 is fewer than used.days, 5",
    ),
    (FEATURE.format("regular: {days: 29}"), "features.f.regular.days: 29 days do not fit"),
    (FEATURE.format("topics: []"), "features.f.topics: [] is not a list of phrases"),
    (FEATURE.format("topics: ['/(/']"), "features.f.topics[0]: '/(/' is no regular expression"),
    (FEATURE.format("topics: [a, A]"), "features.f.topics[1]: 'A' again"),
    (
        FEATURE.format("released_on: 2026-02-30"),
        "features.f.released_on: '2026-02-30' is not a date; write 2026-02-14",
    ),
    (FEATURE.format("success: {event: x}"), "features.f.success.within: missing"),
    (FEATURE.format("useed: {days: 1}"), "features.f.useed: unknown key; did you mean 'used'?"),
    ("features: {f: {where: x}}", "features.f.events: missing"),
    ("features: {f: {events: e}, F: {events: e}}", "features.F: the same name as 'f' but for case"),
    ("revenue: mr", "revenue: unknown user property 'mr'; did you mean 'mrr'?"),
    ("revenue: plan", "revenue: 'plan' is varchar; cents are whole numbers"),
    ("revenue: hours", "revenue: 'hours' is an event property"),
    (QUESTION.format("kind: rating"), "feedback.questions.q.kind: 'rating' is not accepted"),
    (
        QUESTION.format("kind: csat, feature: g"),
        "feedback.questions.q.feature: unknown feature 'g'",
    ),
    (QUESTION.format("kind: csat, scale: [1, 3]"), "feedback.questions.q.scale: [1, 3] is not a"),
    (QUESTION.format("kind: nps, scale: [0, 5]"), "feedback.questions.q.scale: nps is always 0 to"),
    (QUESTION.format("kind: text, scale: [0, 5]"), "feedback.questions.q.scale: text has no scale"),
    (
        QUESTION.format("kind: csat, claim: {event: e, within: 1 day}"),
        "feedback.questions.q.claim: not with kind csat",
    ),
    (
        QUESTION.format("kind: amount, claim: {event: e, sum: team, within: 1 day}"),
        "feedback.questions.q.claim.sum: 'team' is varchar; sum needs a number",
    ),
    (
        QUESTION.format("kind: amount, claim: {event: e, sum: mrr, within: 1 day}"),
        "feedback.questions.q.claim.sum: 'mrr' is a user property",
    ),
    (
        QUESTION.format("kind: amount, claim: {event: e, sum: hours, count: days, within: 1 day}"),
        "feedback.questions.q.claim.count: not beside sum",
    ),
    (QUESTION.format("kind: amount, tolerance: -1"), "feedback.questions.q.tolerance: -1 is not a"),
    (
        "feedback: {questions: {a: {kind: nps, column: X}, b: {kind: nps, column: [Y, X]}}}",
        "feedback.questions.b.column[1]: 'X' is a column of question 'a' already",
    ),
    ("feedback: {waves: week}", "feedback.waves: 'week' is not accepted; write month, quarter"),
    (
        "feedback: {waves: {a: {from: 2026-04-02, to: 2026-04-01}}}",
        "feedback.waves.a.to: 2026-04-01 is before from",
    ),
    (
        "feedback: {waves: {a: {from: 2026-04-01, to: 2026-04-02},"
        " b: {from: 2026-04-02, to: 2026-04-09}}}",
        "feedback.waves.b: has days of 'a'",
    ),
    (
        "feedback: {waves: {a: {from: 2026-04-33, to: 2026-05-01}}}",
        "feedback.waves.a.from: '2026-04-33' is not a date; write 2026-02-14",
    ),
    ("feedback: {waves: {a: {from: 2026-04-01}}}", "feedback.waves.a.to: missing"),
    ("feedback: {weights: {by: [plam]}}", "feedback.weights.by[0]: unknown user property 'plam'"),
    ("feedback: {weights: {segments: [x]}}", "feedback.weights.segments[0]: unknown segment 'x'"),
    ("feedback: {weights: {aha: x}}", "feedback.weights.aha: unknown aha moment 'x'"),
    ("feedback: {weights: {aha: theirs}}", "feedback.weights.aha: 'theirs' counts account_id"),
    (
        "features: {f: {events: e}}\nfeedback: {themes: {F: [x]}}",
        "feedback.themes.F: feature 'f' is a theme already",
    ),
    ("feedback: {version: 2}", "feedback.version: 2 is not a version"),
    ("feedback: {labels: ../x.csv}", "feedback.labels: '../x.csv' is not a file in the project"),
    ("reports: {r: {features: [x]}}", "reports.r.features[0]: unknown feature 'x'"),
    ("reports: {r: {features: some}}", "reports.r.features: 'some' is not accepted; write all"),
]


@pytest.mark.parametrize(("block", "expected"), WRONG, ids=[text for _, text in WRONG])
def test_a_mistake_is_told_at_its_place(tmp_path, block, expected):
    (found,) = mistakes(tmp_path, block)
    assert f": {expected}" in found


# Mistakes of shape, reports and files are the definitions' alone; of numbers and names both refuse.
_OURS = (
    "reports",
    "labels",
    "version",
    "tolerance",
    "unknown key;",
    "/(/",
    "but for case",
    "A' ag",
)


# So are types, entities and the calendar.
_OUR_BLOCKS = ("aha: theirs", "sum: team", "2026-02-30", "2026-04-33")


@pytest.mark.parametrize(
    "block",
    [
        block
        for block, text in WRONG
        if not any(each in text for each in _OURS)
        if not any(each in block for each in _OUR_BLOCKS)
    ],
)
def test_the_macros_refuse_it_too(block):
    # A plain dbt build has no other judge.
    with pytest.raises(FunnelkitError):
        plan(block)


def test_the_macros_know_the_same_scales():
    scales = {
        name: each["hi"]
        for kind in SCALES
        for name, each in [
            (kind, plan(f"feedback: {{questions: {{q: {{kind: {kind}}}}}}}")["questions"][0])
        ]
    }
    assert scales == {kind: hi for kind, (_, hi) in SCALES.items()}


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (FEATURE.format("where: plan"), "features.f.where"),
        (FEATURE.format("where: 'hourz > 1'"), "features.f.where"),
        (FEATURE.format("entitlement: \"plann = 'x'\""), "features.f.entitlement"),
        (FEATURE.format("entitlement: 'hours > 1'"), "features.f.entitlement"),
        (FEATURE.format("entitlement: mrr"), "features.f.entitlement"),
        (
            FEATURE.format("success: {event: x, where: 'hourz > 1', within: 1 day}"),
            "features.f.success.where",
        ),
        (
            QUESTION.format("kind: amount, claim: {event: e, where: 'hourz > 1', within: 1 day}"),
            "feedback.questions.q.claim.where",
        ),
    ],
)
def test_sql_is_looked_at(tmp_path, block, expected):
    source = read(written(tmp_path, block))
    with pytest.raises(FunnelkitError, match=expected.replace(".", r"\.")):
        check_definitions(source)


@pytest.mark.parametrize("model", [say.Feature, say.Question, say.Feedback])
def test_every_key_is_documented(model):
    text = (Path(__file__).resolve().parents[2] / "docs" / "features.md").read_text("utf-8")
    for name, field in model.model_fields.items():
        assert f"| `{field.alias or name}" in text


def test_features_and_questions_in_words():
    found = plan(WHOLE)
    alerts, plain = (feature_in_words(each) for each in found["features"])
    assert alerts == [
        "Used: event alert_created or alert_opened where hours > 0, on at least 3 days of the "
        "calendar within 14 days; regularly on at least 6 days.",
        "Window: 14 days until just before an answer, from it on for an intent, in elapsed time.",
        "Counted: who could use it in the whole window: the log or a user row had named them by an "
        "id, it was out (from 2026-01-10 on) and plan <> 'free' was true as of the first and the "
        "last instant.",
        "Texts speak of it by alert or /\\bpings?\\b/.",
        "Its task is done: event alert_opened within 7 days of using it.",
    ]
    assert len(plain) == 3
    assert feedback_in_words(found) == [
        "Question q: rating5 about alerts, 1 to 5: like from 4, dislike to 2.",
        "Question nps: nps, 0 to 10: like from 9, dislike to 6.",
        "Question hours: amount, held against the sum of hours of event played in the 14 days "
        "before; the same within 1 h.",
        "Question often: frequency, held against the days of the calendar with event "
        "played in the 7 days before.",
        "Question imp: importance about alerts, 1 to 10: like from 9, dislike to 2.",
        "Question why: text.",
        "Wave w1: 2026-04-01 to 2026-04-06, both included (Europe/Berlin); behaviour is looked at "
        "as of its first instant.",
        "Wave w2: 2026-04-07 to 2026-04-07, both included (Europe/Berlin); behaviour is looked at "
        "as of its first instant.",
        "Weighted by active days, tenure, plan, paying and aha moment mine, to everybody known for "
        "28 days.",
        "Revenue: mrr, cents per period of a customer, the latest that was told by then.",
        "Theme pricing: texts that have price or expensive.",
    ]


@pytest.mark.parametrize(
    ("kind", "wave", "start"),
    [
        ("month", "2026-03", "2026-03-01"),
        ("quarter", "2026-Q1", "2026-01-01"),
        ("all", "all", None),
    ],
)
def test_calendar_waves_are_named_by_their_days(kind, wave, start):
    local = "timestamp '2026-03-31 23:59:59.999999'"
    named = macros.render("calendar_wave", kind, local)
    begins = macros.render("calendar_wave_start", kind, "wave")
    with duckdb.connect() as con:
        found = con.execute(f"select wave, {begins} from (select {named} as wave)").fetchall()
    assert found == [(wave, start and dt.datetime.fromisoformat(start))]
