"""What every dbt command is given: its environment and its profile.

`environment` is what `funnelkit env` prints; builds set the same variables, so that a plain `dbt`
after `eval "$(funnelkit env)"` does exactly what they do.
"""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funnelkit import __version__
from funnelkit import paths as package
from funnelkit.warehouse import meta, spark

if TYPE_CHECKING:
    import duckdb

    from funnelkit.project.locate import Paths

PACKAGE = "funnelkit"
_SETTINGS = {
    "TimeZone": "UTC",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "enable_progress_bar": "false",
}


def environment(paths: "Paths", *, raw: str | None = None) -> dict[str, str]:
    """Variables that make any dbt command work on this project.

    `raw` is `loaded` or `seeds`; asked of the warehouse when it is not given.
    """
    return {
        "DBT_LOG_PATH": str(paths.run_dir / "logs"),
        "DBT_PROFILES_DIR": str(paths.run_dir),
        "DBT_PROJECT_DIR": str(paths.dbt_dir),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "False",
        "DBT_TARGET_PATH": str(paths.run_dir / "target"),
        "FUNNELKIT_DBT": str(package.root("dbt")),
        "FUNNELKIT_RAW": raw or raw_mode(paths),
        # Relative to the package. A user's project must not find the sample's seeds: dbt would
        # look for them beside its link to the package.
        "FUNNELKIT_SEEDS": "../seeds" if paths.name == PACKAGE else "no-seeds",
        "FUNNELKIT_VERSION": __version__,
        "FUNNELKIT_WAREHOUSE": str(paths.warehouse),
    }


def raw_mode(paths: "Paths", con: "duckdb.DuckDBPyConnection | None" = None) -> str:
    """`seeds` for the sample's project while nothing was loaded into its warehouse, else `loaded`.

    A user's project is always `loaded`: seeds must never overwrite what was loaded.
    """
    if paths.name != PACKAGE:
        return "loaded"
    if con is not None:
        return "loaded" if has_loads(con) else "seeds"
    if not paths.warehouse.exists():
        return "seeds"
    from funnelkit.warehouse.connect import connect

    with connect(paths.warehouse, read_only=True) as reader:
        return "loaded" if has_loads(reader) else "seeds"


def has_loads(con: "duckdb.DuckDBPyConnection") -> bool:
    """Whether files were loaded; the ledger exists, empty, after a build from seeds."""
    if not meta.has_table(con, "raw", "loads"):
        return False
    return bool(con.execute("select count(*) from raw.loads").fetchall()[0][0])


def write_profiles(paths: "Paths", rows: int | None = None) -> Path:
    """Writes profiles.yml into the run folder, returns its path.

    With a target `spark` beside DuckDB's for a build of so many raw rows.
    """
    from funnelkit.warehouse.connect import memory_limit

    limit = memory_limit()
    output = {
        "type": "duckdb",
        "path": _verbatim(str(paths.warehouse.resolve())),
        "schema": "main",
        "threads": cores(),
        "settings": _SETTINGS | ({"memory_limit": limit} if limit else {}),
    }
    outputs = {spark.DUCKDB: output}
    if rows is not None:
        outputs[spark.SPARK] = _verbatim_all(spark.output(paths, cores(), rows))
    profile = {PACKAGE: {"target": spark.DUCKDB, "outputs": outputs}}
    paths.run_dir.mkdir(parents=True, exist_ok=True)
    file = paths.run_dir / "profiles.yml"
    beside = file.with_suffix(".yml.new")
    beside.write_text(json.dumps(profile, indent=2) + "\n", encoding="utf-8")  # JSON is YAML
    beside.replace(file)
    return file


def _verbatim_all(output: dict[str, Any]) -> dict[str, Any]:
    told = output["server_side_parameters"]
    return {**output, "server_side_parameters": {key: _verbatim(told[key]) for key in told}}


def _verbatim(text: str) -> str:
    # dbt renders profiles as Jinja; a folder may well be called `{{x}}`.
    braces = "{{" in text or "{%" in text or "{#" in text
    return "{% raw %}" + text + "{% endraw %}" if braces else text


def cores() -> int:
    """How many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextlib.contextmanager
def variables(values: Mapping[str, str]) -> Iterator[None]:
    """Sets environment variables and puts them, and the current folder, back afterwards."""
    before = {name: os.environ.get(name) for name in values}
    folder = Path.cwd()
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        os.chdir(folder)
