"""What the tests on Spark share."""

import re
import shutil
from pathlib import Path

import pytest

import funnelkit as fk
from funnelkit.api import Project
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


@pytest.fixture(scope="session")
def files(tmp_path_factory) -> Path:
    """The sample company's raw files as Parquet, as `load --to parquet` writes them."""
    base: Path = tmp_path_factory.mktemp("files")
    _load(fk.open(_copy(base / "sample")), base / "raw")
    return base / "raw"


@pytest.fixture(scope="session")
def company(files, tmp_path_factory) -> Path:
    """The sample company built on Spark from its files."""
    _stop_spark()
    folder = _copy(tmp_path_factory.mktemp("spark") / "sample")
    result = fk.open(folder).build(target="spark", raw=files)
    assert result.ok, result
    return folder


@pytest.fixture(scope="session")
def same_company(tmp_path_factory) -> Path:
    """The sample company loaded from the same files into DuckDB, and built there."""
    folder = _copy(tmp_path_factory.mktemp("duckdb") / "sample")
    _load(fk.open(folder))
    result = fk.open(folder).build()
    assert result.ok, result
    return folder


def _stop_spark() -> None:
    """Ends the session of a module before: a build starts its own, with settings of its own."""
    from pyspark.sql import SparkSession

    running = SparkSession.getActiveSession()
    if running is not None:
        running.stop()


def _load(project: Project, to: Path | None = None) -> None:
    for kind in ("events", "users", "feedback"):
        project.load(kind, [str(ROOT / "seeds" / f"raw_{kind}.csv")], to=to)


def _copy(folder: Path) -> Path:
    for name in ("dbt_project", "seeds", "reports"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("target", "logs"))
    return folder
