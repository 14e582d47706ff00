"""What a dbt build costs: whole, after one more day, and under a memory limit.

`python -m benchmarks.build --events 10000000` writes benchmarks/BUILD.md; raw figures stay in
build/bench/built.json, so that a size can be measured again alone.
"""

import argparse
import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.kernels import create_chain_rows, create_chains, create_rows, ten_funnels
from benchmarks.measure import Outcome, make_log, run, tell
from benchmarks.pages import machine, table
from benchmarks.tasks import EVENTS, FOLDER, WINDOW_DAYS, Log

_KERNEL = ("int_funnel_rows", "int_funnel_chains", "int_funnel_chain_rows")
_STAGING = ("stg_raw__events", "int_log_ids", "int_events_duplicates", "fct_events")
_KERNELS_OF = 10_000_000
_RAW = FOLDER / "built.json"
_ABOUT = """\
# A dbt build: what it costs

`{command}`

{machine}

The log: one user's events are few or thousands, 20 event names, 90 days, five steps that touch 30 %
of the rows, no ids of its own; {memory}. `build` runs the models and all their tests, `load` reads
Parquet. The floor is one query over the loaded rows: read user, name and time, type, sort, write
once. One more day is the last of the 90, loaded and built after the other 89.
"""


def main() -> None:
    """Measures the sizes asked for, keeps the others, writes the page."""
    options = _options()
    FOLDER.mkdir(parents=True, exist_ok=True)
    found: dict[str, Any] = json.loads(_RAW.read_text("utf-8")) if _RAW.exists() else {}
    for events in options.events:
        found[f"{events} {options.memory or ''}".strip()] = _measured(events, options.memory)
        if events == _KERNELS_OF and "kernels" not in found:
            make_log(Log(events, "sorted"), "duckdb")
            found["kernels"] = _own("kernels", events, options.memory)
        _RAW.write_text(json.dumps(found), "utf-8")
    options.output.write_text(_page(found), encoding="utf-8")
    tell(f"wrote {options.output}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.build", description=__doc__)
    parser.add_argument("--events", type=int, nargs="*", default=[_KERNELS_OF], help="sizes")
    parser.add_argument("--memory", help="DuckDB's limit, such as 2GB")
    parser.add_argument("--output", type=Path, default=Path("benchmarks/BUILD.md"))
    return parser.parse_args()


def _measured(events: int, memory: str | None) -> dict[str, float]:
    make_log(Log(events), "days")
    most, day_alone = (str(path.resolve()) for path in Log(events).days())
    folder = _prepared(events)
    figures: dict[str, float] = {"events": events}
    figures["load"] = _funnelkit(folder, memory, "load", "events", most).seconds
    whole = _funnelkit(folder, memory, "build")
    figures |= {"build": whole.seconds, "build_gb": whole.gigabytes, "build_cpu": whole.cpu}
    figures |= _parts(folder)
    figures["load_day"] = _funnelkit(folder, memory, "load", "events", day_alone).seconds
    day = _funnelkit(folder, memory, "build")
    figures |= {"day": day.seconds, "day_gb": day.gigabytes}
    figures["day_models"] = _parts(folder)["models"]
    figures |= _own("floor", events, memory)
    return figures


def _prepared(events: int) -> Path:
    """A project with one funnel."""
    from funnelkit.project.scaffold import write_project

    folder = FOLDER / f"project-{events}"
    shutil.rmtree(folder, ignore_errors=True)
    steps = ", ".join(EVENTS[:5])
    funnel = f"{{steps: [{steps}], window: {WINDOW_DAYS} days, entry: best}}"
    write_project(folder, "bench", f"funnels:\n  bench: {funnel}\n")
    return folder


def _funnelkit(folder: Path, memory: str | None, *arguments: str) -> Outcome:
    command = [sys.executable, "-m", "funnelkit", *arguments]
    tell(f"  {folder.name}: {' '.join(arguments)}")
    done = run(command, 7200, folder, {"FUNNELKIT_MEMORY": memory} if memory else {})
    if done.failure:
        raise SystemExit(f"{' '.join(arguments)}: {done.failure}")
    tell(f"    {done.seconds:.1f} s, {done.gigabytes:.2f} GB")
    return done


def _own(job: str, events: int, memory: str | None) -> dict[str, float]:
    """One of the jobs below, in a process of its own."""
    done = run(
        [sys.executable, "-m", "benchmarks.build_jobs", job, str(events), memory or ""], 3600
    )
    if done.failure:
        raise SystemExit(f"{job}: {done.failure}")
    found: dict[str, float] = json.loads(done.output.splitlines()[-1])
    return found


def _parts(folder: Path) -> dict[str, float]:
    """Seconds of the last build's models, by part; two run at a time."""
    results = json.loads((folder / "build/dbt/target/run_results.json").read_text("utf-8"))
    models = {
        result["unique_id"].split(".")[2]: result["execution_time"]
        for result in results["results"]
        if result["unique_id"].startswith("model.")
    }
    return {
        "models": sum(models.values()),
        "staging": sum(models[name] for name in _STAGING),
        "kernel": sum(models[name] for name in _KERNEL),
    }


def _page(found: dict[str, Any]) -> str:
    sizes = {name: each for name, each in found.items() if name != "kernels"}
    limits = sorted({name.partition(" ")[2] for name in sizes} - {""})
    memory = (
        f"with a limit where one is named ({', '.join(limits)})" if limits else "no memory limit"
    )
    commands = "` and `".join(
        f"python -m benchmarks.build --events {name.replace(' ', ' --memory ')}" for name in sizes
    )
    head = _ABOUT.format(command=commands, machine=machine(), memory=memory)
    lines = [head, *table(("events", *sizes), _rows(list(sizes.values()))), ""]
    if "kernels" in found:
        one, ten = found["kernels"]["one"], found["kernels"]["ten"]
        lines += [
            f"Kernel from table to proof rows, a step row: {one:.2f} µs with one funnel,"
            f" {ten:.2f} µs with ten over the same events ({ten / one:.2f} x; goal 1.2).",
            "",
        ]
    return "\n".join(lines)


def _rows(sizes: list[dict[str, float]]) -> list[tuple[str, ...]]:
    def row(text: str, cell: Any) -> tuple[str, ...]:
        return (text, *(cell(each) for each in sizes))

    def ratio(one: str, other: str) -> Any:
        return lambda each: f"{each[one] / each[other]:.2f}"

    def seconds(name: str) -> Any:
        return lambda each: f"{each[name]:.1f} s"

    return [
        row("`load`, 89 days", seconds("load")),
        row("`build`, 89 days", seconds("build")),
        row("peak memory of the process", lambda each: f"{each['build_gb']:.2f} GB"),
        row("its models, added up", seconds("models")),
        row("of which staging to `fct_events`", seconds("staging")),
        row("of which the kernel, x models (goal 0.15)", ratio("kernel", "models")),
        row("the floor", seconds("floor")),
        row("`build` x the floor (goal 1.5)", ratio("build", "floor")),
        row("its models x the floor", ratio("models", "floor")),
        row("one more day: `load`", seconds("load_day")),
        row("one more day: `build`", seconds("day")),
        row("one more day x the 89 days (goal 0.25)", ratio("day", "build")),
        row("its models x those of the 89 days", ratio("day_models", "models")),
    ]


def floor(events: int, memory: str) -> dict[str, float]:
    """Seconds to read the loaded rows, type, sort and write them once."""
    import duckdb

    folder = FOLDER / f"project-{events}"
    target = folder / "floor.duckdb"
    target.unlink(missing_ok=True)
    with duckdb.connect(str(target)) as con:
        con.execute("set TimeZone = 'UTC'")
        if memory:
            con.execute(f"set memory_limit = '{memory}'")
        con.execute(f"attach '{folder / 'build/warehouse.duckdb'}' as warehouse (read_only)")
        start = time.perf_counter()
        con.execute("""
            create table events as
            select user_id, event_name, cast(occurred_at as timestamp) as occurred_at
            from warehouse.raw.events
            order by user_id, occurred_at""")
        seconds = time.perf_counter() - start
    target.unlink()
    return {"floor": seconds}


def kernels(events: int, memory: str) -> dict[str, float]:
    """Microseconds a step row, from the table to proof rows, of one funnel and of ten."""
    best = {"one": float("inf"), "ten": float("inf")}
    for _ in range(3):
        for name, specs in (("one", ten_funnels()[:1]), ("ten", ten_funnels())):
            best[name] = min(best[name], _microseconds_a_row(events, specs))
    return best


def _microseconds_a_row(events: int, specs: list[dict[str, Any]]) -> float:
    import duckdb

    with duckdb.connect(str(Log(events, order="sorted").duckdb()), read_only=True) as con:
        start = time.perf_counter()
        rows = create_rows(con, specs)
        create_chains(con, specs)
        create_chain_rows(con, specs)
        return (time.perf_counter() - start) / rows * 1e6


if __name__ == "__main__":
    main()
