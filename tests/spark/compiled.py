"""The models' SQL for Spark, compiled with no Spark."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

# As dbt names a DuckDB table; Spark's are main.x.
_RELATION = re.compile(r'"\w+"\."(\w+)"\."(\w+)"')


def compiled(folder: Path, *args: str) -> dict[str, str]:
    """SQL of models and tests, by name."""
    shutil.rmtree(folder / "target", ignore_errors=True)
    paths = {
        "FUNNELKIT_WAREHOUSE": str(folder / "warehouse.duckdb"),
        "FUNNELKIT_SEEDS": str(ROOT / "seeds"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }
    command = [
        str(Path(sys.executable).with_name("dbt")),
        "compile",
        "--quiet",
        "--profiles-dir",
        ".",
    ]
    done = subprocess.run(
        [*command, "--select", "resource_type:model", "resource_type:test", *args],
        cwd=folder / "dbt_project",
        env={**os.environ, **paths},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    nodes = json.loads((folder / "target" / "manifest.json").read_text("utf-8"))["nodes"].values()
    return {
        node["name"]: _RELATION.sub(r"\1.\2", node["compiled_code"])
        for node in nodes
        if node["resource_type"] in ("model", "test") and node.get("compiled_code")
    }
