"""Models are the same files on every engine: their SQL for Spark is read here, with no Spark."""

import json
import re

import pytest

from tests.conftest import ROOT

pytest.importorskip("sqlglot", reason="reads the compiled models")

from tests.spark.compiled import compiled
from tests.spark.portable import faults

# All that definitions may say, as far as it changes the SQL.
RICH = {
    "timezone": "Europe/Berlin",
    "observed_until": "2026-06-30",
    "event_properties": {
        "recipients": "integer",
        "amount_cents": "bigint",
        "variant": "varchar",
        "at": "timestamp",
    },
    "user_properties": {
        "plan": "varchar",
        "mrr_cents": "bigint",
        "since": "date",
        "beta": "boolean",
        "score": "double",
    },
    "sessions": {"idle": "30 minutes"},
    "identity": {"shared_devices": "last"},
    "quality": {
        "near_duplicates": "1 second",
        "clock_skew": {"over": "1 hour", "then": "flag"},
        "exclude": [
            {"name": "bots", "events": "event_name = 'crawled'"},
            {"name": "ours", "users": "plan = 'internal'"},
            {"name": "listed", "list": "people.txt"},
        ],
    },
    "funnels": {
        "plain": {
            "steps": ["a", "b"],
            "window": "1 day",
            "breakdowns": ["plan", {"property": "variant", "at": "last"}],
        },
        "accounts": {
            "steps": ["a", "b", "c"],
            "entity": "account_id",
            "entry": "best",
            "window": "9 days",
            "step_window": "2 days",
        },
        "strict": {
            "steps": ["a", "b"],
            "order": "strict",
            "window": "1 hour",
            "entity": "session_id",
        },
        "any": {"steps": ["a", "b", "c"], "order": "any", "window": "7 days"},
        "held": {
            "steps": ["a", {"name": "b", "optional": True}, "c"],
            "hold": ["variant"],
            "window": "7 days",
            "exclude": [{"event": "x"}],
        },
        "leaving": {
            "steps": ["a", "b"],
            "window": "7 days",
            "exclude": [{"event": "x", "scope": "entity"}],
        },
        "attempts": {"steps": ["a", "b"], "count": "entries", "window": "7 days"},
        "reuse": {
            "steps": ["a", {"name": "again", "event": "a"}],
            "row_reuse": True,
            "window": "7 days",
        },
        "rising": {"steps": ["a", "b"], "strict_increase": True},
    },
    "outcomes": {
        "paid": {
            "event": "paid",
            "sum": "amount_cents",
            "at_least": 100,
            "after": "7 days",
            "within": "7 days",
        },
        "thrice": {"event": "b", "at_least": 3, "after": "7 days", "within": "7 days"},
        "through": {"funnel": "plain", "after": "6 hours", "within": "6 hours"},
        "gone": {"not": "thrice"},
    },
    "aha_moments": {
        "days": {
            "event": "b",
            "count": "days",
            "at_least": 2,
            "within": "7 days",
            "outcome": "thrice",
            "funnel": "plain",
        },
        "kinds": {
            "event": "b",
            "count": {"distinct": "variant"},
            "within": "7 days",
            "funnel": "any",
        },
        "own": {"event": "b", "within": "7 days", "entity": "account_id", "entry": "a"},
    },
    "features": {
        "f": {
            "events": ["b", "c"],
            "where": "recipients > 0",
            "entitlement": "plan = 'team'",
            "released_on": "2026-02-01",
            "topics": ["f"],
        },
    },
    "segments": {"big": "mrr_cents > 1000"},
    "revenue": "mrr_cents",
    "feedback": {
        "waves": "quarter",
        "weights": {"by": ["plan"], "segments": ["big"], "aha": "days"},
        "questions": {
            "q": {"kind": "rating5", "feature": "f"},
            "often": {
                "kind": "frequency",
                "claim": {"event": "b", "count": "days", "within": "7 days"},
            },
            "much": {
                "kind": "amount",
                "claim": {"event": "paid", "sum": "amount_cents", "within": "7 days"},
            },
        },
    },
}


@pytest.mark.parametrize("definitions", [None, RICH], ids=["sample", "rich"])
def test_models_are_portable(project, definitions):
    args = () if definitions is None else ("--vars", json.dumps({"funnelkit": definitions}))
    queries = compiled(project, *args)
    assert len(queries) > 200
    found = {name: sorted(set(faults(sql))) for name, sql in queries.items()}
    assert {name: said for name, said in found.items() if said} == {}


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ('select "a" from t', "a double quote"),
        ("select epoch_us(a) from t", "epoch_us"),
        ("select datediff('day', a, b) from t", "dat"),
        ("select time_bucket(interval '7 days', a) from t", "time_bucket"),
        ("select cast(a / 2 as bigint) from t", "/ differs"),
        ("select cast(cast(a as double) as bigint) from t", "rounds on DuckDB"),
        ("select a // 2 from t", "is no Spark"),
        ("select strftime(a, '%Y') from t", "strftime"),
        ("select unnest(a) from t", "unnest"),
        ("select list(a) from t", "list"),
        ("select concat(a, b) from t", "concat"),
        ("select hash(a) from t", "hash"),
        ("select * from t asof join u on t.p = u.p and t.x >= u.x", "join is DuckDB's"),
        ("select row_number() over () from t", "has no order"),
        ("select row_number() over (order by event_no) from t", "one task"),
        ("select sum(a) over () from t", "one task"),
        ("select a from t where a not in (select b from u)", "not exists"),
        ("select row_number() over (partition by p order by source) from t", "where nulls go"),
        ("select row_number() over (partition by p order by source desc) from t", "where nulls go"),
    ],
)
def test_what_differs_is_found(sql, said):
    assert any(said in fault for fault in faults(sql)), list(faults(sql))


@pytest.mark.parametrize(
    "sql",
    [
        "select cast(a as bigint), cast(b as string) from t",
        "select row_number() over (partition by p order by source nulls last, pos) from t",
        "select row_number() over (order by place) from (select distinct place from t) as u",
        "select sum(a) over w from t window w as (partition by p order by us)",
        "select a from t where a in (select b from u) and a not in (1, 2)",
        "select row_number() over (partition by p order by source desc nulls first) from t",
        "select * except (a) from t qualify row_number() over (partition by p order by us) = 1",
        'select count(*) filter (where a = \'it is "quoted"\') from t -- "so"',
    ],
)
def test_the_rest_may_be_said(sql):
    assert list(faults(sql)) == []


def test_contracts_name_types_that_both_have():
    files = (ROOT / "dbt_project" / "models").rglob("*.yml")
    said = {kind for file in files for kind in re.findall(r"data_type: (\S+)", file.read_text())}
    assert said <= {"bigint", "boolean", "date", "double", "integer", "string", "timestamp"}
