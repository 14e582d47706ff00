"""`definitions`: everything that is declared, in words, each with the hash of what was built."""

from pathlib import Path

import duckdb
import pytest

import funnelkit as fk
from funnelkit.api import Project
from funnelkit.errors import FunnelkitError
from tests.cli.run import run

BLOCK = """\
name: shop
vars:
  funnelkit:
    timezone: Europe/Berlin
    user_properties: {plan: varchar}
    funnels: {buy: {steps: [a, b], window: 1 day}}
    outcomes:
      back: {event: x, after: 21 days, within: 7 days}
      buy: {funnel: buy, after: 1 hour, within: 1 day}
    aha_moments:
      often: {event: y, at_least: 2, count: days, within: 7 days, funnel: buy, outcome: back}
    aha_search: {funnel: buy, outcome: back}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    (tmp_path / "dbt_project.yml").write_text(BLOCK, encoding="utf-8")
    return fk.open(tmp_path)


def test_everything_is_spelled_out_in_the_order_of_what_needs_what(shop: Project) -> None:
    rows = shop.definitions().records()
    told = list(dict.fromkeys((row["funnel"], row["kind"]) for row in rows))
    assert told == [
        ("buy", "funnel"),
        ("back", "outcome"),
        ("buy", "outcome"),
        ("often", "aha moment"),
        ("aha_search", "aha search"),
        ("(event log)", "event log"),
    ]
    for name, kind in told:
        lines = [row["line"] for row in rows if (row["funnel"], row["kind"]) == (name, kind)]
        assert lines == list(range(1, len(lines) + 1))


def test_a_name_asks_for_all_that_have_it(shop: Project) -> None:
    kinds = {name: [row["kind"] for row in shop.definitions(name).records()] for name in NAMES}
    assert {name: set(found) for name, found in kinds.items()} == {
        "buy": {"funnel", "outcome"},
        "often": {"aha moment"},
        "aha_search": {"aha search"},
    }
    with pytest.raises(FunnelkitError, match="no definition is called 'oftn'") as caught:
        shop.definitions("oftn")
    assert caught.value.hint == "did you mean 'often'?"
    with pytest.raises(FunnelkitError, match="no definition is called"):
        shop.definitions("(event log)")


NAMES = ("buy", "often", "aha_search")


def test_days_are_those_of_the_projects_time_zone(shop: Project) -> None:
    words = shop.definitions("often").column("text")
    assert any("2 days of the calendar (Europe/Berlin)" in str(text) for text in words)


def test_a_condition_that_cannot_be_is_told_here_too(tmp_path: Path) -> None:
    text = BLOCK.replace("{event: y,", '{event: y, where: "colour = 1",')
    (tmp_path / "dbt_project.yml").write_text(text, encoding="utf-8")
    with pytest.raises(FunnelkitError, match=r"aha_moments\.often\.where: there is no column"):
        fk.open(tmp_path).definitions()


def test_the_command_prints_what_each_is(shop: Project) -> None:
    done = run("--project", str(shop.paths.root), "definitions")
    heads = [line.split("  ") for line in done.stdout.splitlines() if line[:1].strip()]
    assert [(head[0], *head[2:]) for head in heads] == [
        ("buy",),
        ("back", "outcome"),
        ("buy", "outcome"),
        ("often", "aha moment"),
        ("aha_search", "aha search"),
        ("(event log)",),
    ]
    assert all(len(head[1]) == 12 for head in heads[:-1])


def test_names_are_those_that_can_be_asked_for(shop: Project) -> None:
    assert shop.definition_names() == ["buy", "back", "buy", "often", "aha_search"]
    assert all(shop.definitions(name).rows for name in shop.definition_names())


def test_the_hashes_are_those_of_the_built_tables(built_sample: Project) -> None:
    rows = built_sample.definitions().records()
    told = {(row["kind"], row["funnel"]): row["definition_hash"] for row in rows}
    with duckdb.connect(str(built_sample.paths.warehouse), read_only=True) as con:
        built = con.execute(
            "select 'funnel', funnel, definition_hash from dim_funnels"
            " union all select 'outcome', outcome, definition_hash from dim_outcomes"
            " union all select 'aha moment', aha, definition_hash from dim_aha_moments"
            " union all select 'aha search', 'aha_search', definition_hash from dim_aha_search"
            " union all select 'feature', feature, definition_hash from dim_features"
        ).fetchall()
    assert len(built) >= 7
    # No table is built of the others.
    kinds = {kind for kind, *_ in built}
    assert {kind for kind, _ in told} - kinds == {"experiment", "change", "feedback", "event log"}
    assert {(kind, name): hash_ for kind, name, hash_ in built} == {
        key: hash_ for key, hash_ in told.items() if key[0] in kinds
    }
