"""Mistakes in `events: {model: …}`, from dbt's and DuckDB's own words as a build gave them."""

from pathlib import Path

import pytest

from funnelkit.warehouse.events_model import missing_column, missing_model

NO_MODEL = (
    "Model 'model.funnelkit.stg_raw__events' (models/staging/stg_raw__events.sql) depends on a node"
    " named 'my_event' which was not found"
)
NO_COLUMN = (
    'Binder Error: Column "received_at" referenced that exists in the SELECT clause - but this'
    " column cannot be referenced before it is defined"
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "my_events.sql").write_text("select 1", encoding="utf-8")
    (tmp_path / "dbt_project.yml").write_text(
        "name: shop\nvars:\n  funnelkit:\n    events: {model: my_event}\n", encoding="utf-8"
    )
    return tmp_path


def test_a_model_that_is_not_there_is_told_at_its_line(root: Path) -> None:
    error = missing_model(NO_MODEL, root)
    assert error is not None
    assert error.message == "dbt_project.yml:4: events.model: this project has no model 'my_event'"
    assert error.hint == "did you mean 'my_events'?"


def test_the_first_column_that_lacks_and_all_that_are_needed(root: Path) -> None:
    told = missing_column("stg_raw__events", NO_COLUMN, root)
    assert told == (
        "dbt_project.yml:4: events.model: my_event has no column received_at; it needs all of"
        " event_id, user_id, anonymous_id, previous_id, account_id, event_name, occurred_at,"
        " received_at, properties, NULL where there is nothing"
    )


def test_other_errors_stay_dbts(root: Path) -> None:
    assert missing_model(NO_MODEL.replace("stg_raw__events", "mine"), root) is None
    assert missing_column("mine", NO_COLUMN, root) is None
    assert missing_column("stg_raw__events", NO_COLUMN.replace("received_at", "plan"), root) is None
    plain = "name: shop\nvars:\n  funnelkit:\n    timezone: UTC\n"
    (root / "dbt_project.yml").write_text(plain, encoding="utf-8")
    assert missing_column("stg_raw__events", NO_COLUMN, root) is None  # of raw.events
