"""Seeds and loads are the same raw tables, and never mix: the sample's project, then own files."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

import funnelkit as fk
from funnelkit.api import Project

LOG = """event_id,user_id,event_name,occurred_at
1,ann,signed_up,2026-01-01T00:00:00Z
2,ann,source_connected,2026-01-02T00:00:00Z
3,bob,signed_up,2026-01-03T00:00:00Z
4,bob,signed_up,not a time
"""


@pytest.fixture(scope="module")
def loaded(built_sample: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The sample's project with its seeds built, then a log of two users loaded and built."""
    root = tmp_path_factory.mktemp("loaded") / "copy"
    shutil.copytree(built_sample.paths.root, root)
    (root / "log.csv").write_text(LOG)
    project = fk.open(root)
    assert project.load("events", [str(root / "log.csv")]).rows == 4
    assert project.build().ok
    return project


def test_loading_replaces_the_made_up_company(loaded):
    with duckdb.connect(str(loaded.paths.warehouse), read_only=True) as con:
        users = con.execute("select user_id from dim_users order by 1").fetchall()
        rejects = con.execute(
            "select kind, stage, reason, text, source_file, source_line from raw_rejects"
        ).fetchall()
    assert users == [("ann",), ("bob",)]
    assert rejects == [
        ("events", "staging", "occurred_at is not a time", "not a time", "log.csv", 5)
    ]
    steps = loaded.funnel("activation").records()
    assert [step["reached"] for step in steps] == [2, 1, 0, 0]


def test_a_plain_dbt_build_never_overwrites_what_was_loaded(loaded):
    dbt = Path(sys.executable).with_name("dbt")
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("FUNNELKIT", "DBT"))}
    done = subprocess.run(
        [str(dbt), "--no-use-colors", "build"],
        cwd=loaded.paths.dbt_dir,
        env={**inherited, "DBT_SEND_ANONYMOUS_USAGE_STATS": "False"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "this warehouse holds loaded files" in done.stdout
    with duckdb.connect(str(loaded.paths.warehouse), read_only=True) as con:
        assert con.execute("select count(*) from raw.events").fetchall() == [(4,)]
