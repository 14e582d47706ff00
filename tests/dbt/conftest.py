"""The sample company as built, and what was planted in it."""

from typing import Any

import duckdb
import pytest
import yaml

from tests.conftest import ROOT


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "seeds" / "truth.yml").read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def marts(built_sample):
    with duckdb.connect(str(built_sample.paths.warehouse), read_only=True) as con:
        yield con
