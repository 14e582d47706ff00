"""What many tests share: the sample company, built once a session."""

import shutil
from pathlib import Path

import pytest

import funnelkit as fk
from funnelkit.api import Project

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def built_sample(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """This repository's own project, its seeds built into a warehouse elsewhere. Read only."""
    root = tmp_path_factory.mktemp("sample")
    for folder in ("dbt_project", "seeds", "reports"):
        shutil.copytree(
            ROOT / folder, root / folder, ignore=shutil.ignore_patterns("target", "logs")
        )
    project = fk.open(root)
    result = project.build()
    assert result.ok, result
    return project
