"""What a whole dbt build costs, and the funnels' part in it.

`python -m benchmarks.build prepare|shares|funnels EVENTS` prints JSON; run.py measures the build
itself between the first two.
"""

import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.kernels import create_chain_rows, create_chains, create_rows, ten_funnels
from benchmarks.tasks import EVENTS, FOLDER, WINDOW_DAYS, Log

_KERNEL = ("int_funnel_rows", "int_funnel_chains", "int_funnel_chain_rows")


def project_of(events: int) -> Path:
    """The folder of the project that is built."""
    return FOLDER / f"project-{events}"


def prepare(events: int) -> dict[str, float]:
    """A project with one funnel and the log loaded, nothing built."""
    from funnelkit import api
    from funnelkit.project.scaffold import write_project

    folder = project_of(events)
    shutil.rmtree(folder, ignore_errors=True)
    steps = ", ".join(EVENTS[:5])
    funnel = f"{{steps: [{steps}], window: {WINDOW_DAYS} days, entry: best}}"
    write_project(folder, "bench", f"funnels:\n  bench: {funnel}\n")
    start = time.perf_counter()
    api.open(folder).load("events", [str(Log(events).parquet().absolute())])
    return {"load": time.perf_counter() - start}


def shares(events: int) -> dict[str, float]:
    """Seconds of the last build by part, and of its floor: read, type, sort, write once."""
    folder = project_of(events)
    results = json.loads((folder / "build/dbt/target/run_results.json").read_text("utf-8"))
    models = {
        result["unique_id"].split(".")[2]: result["execution_time"]
        for result in results["results"]
        if result["unique_id"].startswith("model.")
    }
    return {
        "models": sum(models.values()),
        "events": models["fct_events"],
        "kernel": sum(models[name] for name in _KERNEL),
        "floor": _floor(folder),
    }


def _floor(folder: Path) -> float:
    import duckdb

    target = folder / "floor.duckdb"
    target.unlink(missing_ok=True)
    with duckdb.connect(str(target)) as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(f"attach '{folder / 'build/warehouse.duckdb'}' as warehouse (read_only)")
        start = time.perf_counter()
        con.execute("""
            create table events as
            select user_id, event_name, cast(occurred_at as timestamp) as occurred_at
            from warehouse.raw.events
            order by user_id, occurred_at""")
        seconds = time.perf_counter() - start
    target.unlink()
    return seconds


def funnels(events: int) -> dict[str, float]:
    """Microseconds a step row, from the table to proof rows, of one funnel and of ten."""
    best = {"one": float("inf"), "ten": float("inf")}
    for _ in range(3):
        for name, specs in (("one", ten_funnels()[:1]), ("ten", ten_funnels())):
            best[name] = min(best[name], _microseconds_a_row(events, specs))
    return best


def _microseconds_a_row(events: int, specs: list[dict[str, Any]]) -> float:
    import duckdb

    table = str(Log(events, order="sorted").duckdb())
    with duckdb.connect(table, read_only=True) as con:
        start = time.perf_counter()
        rows = create_rows(con, specs)
        create_chains(con, specs)
        create_chain_rows(con, specs)
        return (time.perf_counter() - start) / rows * 1e6


if __name__ == "__main__":
    jobs: dict[str, Any] = {"prepare": prepare, "shares": shares, "funnels": funnels}
    print(json.dumps(jobs[sys.argv[1]](int(sys.argv[2]))))
