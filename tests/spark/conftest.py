"""What the tests on Spark share."""

import re
import shutil
from pathlib import Path

import pytest

from tests.conftest import ROOT


@pytest.fixture(scope="module")
def project(built_sample, tmp_path_factory) -> Path:
    """A copy of the project where DuckDB's dispatch is Spark's, beside a copy of the warehouse."""
    folder: Path = tmp_path_factory.mktemp("portable")
    # What these say is no query of a model.
    ignored = shutil.ignore_patterns("target", "logs", "seed_rows.sql", "grown_spark.sql")
    shutil.copytree(ROOT / "dbt_project", folder / "dbt_project", ignore=ignored)
    for file in (folder / "dbt_project" / "macros").rglob("*.sql"):
        text = file.read_text("utf-8").replace("{% macro duckdb__", "{% macro unused__")
        file.write_text(re.sub(r"{% macro spark__", "{% macro duckdb__", text), "utf-8")
    shutil.copy(built_sample.paths.warehouse, folder / "warehouse.duckdb")
    return folder
