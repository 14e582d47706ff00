"""What the sample company was made to say and do, as its marts tell it."""

import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

import funnelkit as fk
from tests.conftest import ROOT

CELLS = """
select
    wave,
    feature,
    count(*),
    count_if(opinion = 'like' and days >= used_days),
    count_if(opinion = 'like' and days < used_days),
    count_if(opinion = 'dislike' and days >= used_days),
    count_if(opinion = 'dislike' and days < used_days)
from fct_say_do
inner join dim_features using (feature_no, feature)
where aims = 'attitude' and left_out is null
group by wave, feature
"""
KEYS = ("rated", "like_and_use", "like_and_not_use", "dislike_and_use", "dislike_and_not_use")
USED = """
select wave, feature, count(*), count(answered.user_key)
from fct_wave_usage
inner join dim_waves using (wave_no)
inner join dim_features using (feature_no, feature)
left join (
    select distinct wave_no, user_key from fct_feedback where source in ('survey', 'nps')
) as answered using (wave_no, user_key)
where days >= used_days
group by wave, feature
"""


def _realised(truth: dict[str, Any], *keys: str) -> dict[tuple[str, str], tuple[int, ...]]:
    return {
        (wave, name): tuple(found[key] for key in keys)
        for name, feature in truth["features"].items()
        for wave, found in feature["realised"].items()
    }


def test_everybody_answered_who_did(marts, truth):
    found = marts.execute("""
        select wave, count(distinct user_key) from fct_feedback
        where source in ('survey', 'nps') group by wave
    """).fetchall()
    realised = truth["respondents"]["realised"]
    assert dict(found) == {wave: counts["respondents"] for wave, counts in realised.items()}


def test_opinions_are_the_planted_ones(marts, truth):
    # Whatever the calendar: who said what, and in which wave.
    found = {row[:2]: row[2:] for row in marts.execute(CELLS).fetchall()}
    expected = _realised(truth, *KEYS)
    assert found.keys() == expected.keys()
    for key, (rated, like, like_not, dislike, dislike_not) in found.items():
        counts = expected[key]
        assert (rated, like + like_not, dislike + dislike_not) == (
            counts[0],
            counts[1] + counts[2],
            counts[3] + counts[4],
        )


@pytest.fixture(scope="module")
def in_utc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample on the clocks by which its truth counts days."""
    root = tmp_path_factory.mktemp("utc")
    for folder in ("dbt_project", "seeds"):
        ignored = shutil.ignore_patterns("target", "logs")
        shutil.copytree(ROOT / folder, root / folder, ignore=ignored)
    file = root / "dbt_project" / "dbt_project.yml"
    text = file.read_text("utf-8")
    assert text.count("timezone: Europe/Berlin") == 1
    file.write_text(text.replace("timezone: Europe/Berlin", "timezone: UTC"), "utf-8")
    project = fk.open(root)
    assert project.build().ok
    return project.paths.warehouse


@pytest.mark.long
def test_cells_and_shares_are_the_planted_ones(in_utc, truth):
    with duckdb.connect(str(in_utc), read_only=True) as con:
        assert {row[:2]: row[2:] for row in con.execute(CELLS).fetchall()} == _realised(
            truth, *KEYS
        )
        used = {row[:2]: row[2:] for row in con.execute(USED).fetchall()}
        assert used == _realised(truth, "eligible_used", "respondents_used")
        cases = [case["user_id"] for case in truth["cases"]]
        eligible = con.execute(
            "select wave, count(*) from fct_wave_users where not list_contains($cases, user_id)"
            " group by wave",
            {"cases": cases},
        ).fetchall()
    realised = truth["respondents"]["realised"]
    assert dict(eligible) == {wave: counts["eligible"] for wave, counts in realised.items()}


def test_the_dominating_account_pays_what_was_planted(marts, truth):
    account = truth["dominating_account"]
    found = marts.execute(
        "select distinct revenue_cents from dim_customers_at where customer_id = ?",
        [account["account_id"]],
    ).fetchall()
    assert found == [(account["mrr_cents"],)]
