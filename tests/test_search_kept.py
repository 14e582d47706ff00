"""A search is run when tables are built, and read afterwards: the same answer, found once."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from funnelkit import api
from funnelkit.api import Project
from funnelkit.results import search_kept
from funnelkit.warehouse.connect import connect


@pytest.fixture
def own(built_sample: Project, tmp_path: Path) -> Project:
    """A copy of the built sample, to write into."""
    folder = tmp_path / "own"
    shutil.copytree(built_sample.paths.root, folder, symlinks=True)
    return api.open(folder)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A note of every search that is really run."""
    noted: list[str] = []
    run: Callable[..., object] = search_kept._run

    def noting(con: object, asked: object) -> object:
        noted.append("run")
        return run(con, asked)

    monkeypatch.setattr(search_kept, "_run", noting)
    return noted


def test_what_was_kept_is_what_a_run_finds(own: Project, runs: list[str]) -> None:
    kept = [own.aha_search(), own.aha_search(cells=True)]
    assert not runs
    with connect(own.paths.warehouse) as con:
        con.execute("drop schema aha cascade")
    assert [own.aha_search(), own.aha_search(cells=True)] == kept
    assert len(runs) == 2


def test_another_outcome_is_another_search(own: Project, runs: list[str]) -> None:
    own.aha_search(outcome="churned")
    assert len(runs) == 1
    own.aha_search()
    assert len(runs) == 1


@pytest.mark.parametrize(
    "change",
    [
        "update int_aha_exposures set n_7d = n_7d + 1"
        " where entity_key = (select min(entity_key) from int_aha_exposures)",
        "update fct_outcomes set happened = not happened where outcome = 'viewed_week_4'"
        " and entity_id = (select min(entity_id) from fct_outcomes where is_mature)",
        "update int_entrants set cohort = cohort - 7"
        " where entity_id = (select min(entity_id) from int_entrants)",
        "update int_entrant_values set value = 'x' where breakdown = 'channel'"
        " and entity_key = (select min(entity_key) from int_entrant_values)",
        "update int_aha_preceding set entities = entities - 1",
    ],
    ids=["exposures", "outcomes", "entrants", "segments", "preceding"],
)
def test_other_rows_are_searched_again(own: Project, runs: list[str], change: str) -> None:
    with connect(own.paths.warehouse) as con:
        con.execute(change)
    own.aha_search()
    assert len(runs) == 1


def test_rows_that_nothing_is_asked_of_change_nothing(own: Project, runs: list[str]) -> None:
    with connect(own.paths.warehouse) as con:
        con.execute("update fct_outcomes set happened = not happened where outcome = 'converted'")
        con.execute("update int_entrant_values set value = 'x' where breakdown = 'plan'")
    own.aha_search()
    assert not runs


def test_without_a_search_nothing_is_kept(own: Project) -> None:
    plan = {**own._plan, "search": None}
    with connect(own.paths.warehouse) as con:
        search_kept.keep(con, plan)
        assert con.execute("from duckdb_schemas() where schema_name = 'aha'").fetchall() == []
