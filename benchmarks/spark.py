"""What builds cost on Spark, beside DuckDB on the same log and machine: whole, and a day later.

`python -m benchmarks.spark 10000000:all` writes benchmarks/SPARK.md; raw figures stay in
build/bench/spark.json, so that a size and part can be measured again alone. Spark is
local[cores]: what a stage reads, shuffles and spills is from its own event log.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.measure import Outcome, make_log, run, tell
from benchmarks.pages import machine, table
from benchmarks.tasks import EVENTS, FOLDER, WINDOW_DAYS, Log

# Of 100 million events the models that count funnels: hours less, and the ones as large as the log.
_FUNNEL = ("--select", "+rpt_funnel_steps")
_PARTS = {"all": (), "funnel": _FUNNEL}
_MEASURED = ("10000000:all", "10000000:funnel", "100000000:funnel")
_RAW = FOLDER / "spark.json"
_LIMIT = 6 * 3600
_ABOUT = """\
# A dbt build on Spark, beside DuckDB

`{command}`

{machine}

The log is that of [BUILD.md](BUILD.md); one funnel. Each engine may use {memory}, in one process
on this machine. `load` reads Parquet: into the warehouse for DuckDB, into files by day for Spark.
`build` of all runs the models and all their tests; of the funnel the models that its counts need
(`{select}`), without tests. On Spark it brings the marts back. Shuffled: what
tasks wrote for others. Spilled: what did not fit into memory, on disk. What came back: rows of the
tables that then are in the warehouse. One more day is the last of the 90, loaded and built after
the other 89, of which everything else is told.
"""


def main() -> None:
    """Measures the sizes asked for, keeps the others, writes the page."""
    options = _options()
    FOLDER.mkdir(parents=True, exist_ok=True)
    found: dict[str, Any] = json.loads(_RAW.read_text("utf-8")) if _RAW.exists() else {}
    for asked in options.measured:
        events, part = asked.split(":")
        key = f"{int(events):012} {part} {options.memory}"
        for figures in _measured(int(events), part, options.memory, options.engines):
            found[key] = found.get(key, {}) | figures
            _RAW.write_text(json.dumps(found), "utf-8")
    options.output.write_text(_page(found), encoding="utf-8")
    tell(f"wrote {options.output}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.spark", description=__doc__)
    parser.add_argument(
        "measured",
        nargs="*",
        default=list(_MEASURED),
        metavar="EVENTS:PART",
        help=f"how many, and what is built: {' or '.join(_PARTS)}",
    )
    parser.add_argument("--memory", default="4GB", help="for each engine, such as 4GB")
    parser.add_argument(
        "--engines", nargs="*", choices=("duckdb", "spark"), default=["duckdb", "spark"]
    )
    parser.add_argument("--output", type=Path, default=Path("benchmarks/SPARK.md"))
    return parser.parse_args()


def _measured(
    events: int, part: str, memory: str, engines: list[str]
) -> Iterator[dict[str, float]]:
    """Figures as soon as they are known: a size takes hours."""
    make_log(Log(events), "days")
    most, day = (str(path.resolve()) for path in Log(events).days())
    for engine in engines:
        folder = _project(events, engine)
        load, build = _commands(folder, engine, most)
        variables = {"FUNNELKIT_MEMORY": memory, "SPARK_CONF_DIR": str(folder / "conf")}
        if part != "all":
            variables["DBT_INDIRECT_SELECTION"] = "empty"
        loaded, built = (
            _funnelkit(folder, variables, *words) for words in (load, [*build, *_PARTS[part]])
        )
        figures = {"events": float(events)}
        figures |= {f"{engine}_load": loaded.seconds, f"{engine}_build": built.seconds}
        figures |= {f"{engine}_cpu": built.cpu, f"{engine}_gb": built.gigabytes}
        figures[f"{engine}_models"] = _models(folder)
        figures[f"{engine}_disk"] = _size(folder)
        if engine == "spark":
            figures |= totals(folder / "events")
            # All but the last of the ninety days.
            figures["shuffled_bytes"] = figures["shuffled_gb"] * 1e9 / (events * 89 / 90)
            figures["returned"] = _returned(folder)
        _slowest(folder, engine)
        yield figures
        later = (_commands(folder, engine, day)[0], [*build, *_PARTS[part]])
        loaded, built = (_funnelkit(folder, variables, *words) for words in later)
        yield {f"{engine}_load_day": loaded.seconds, f"{engine}_day": built.seconds}
        _slowest(folder, engine)
        shutil.rmtree(folder)


def _project(events: int, engine: str) -> Path:
    """A project with one funnel, and Spark's own settings: an event log."""
    from funnelkit.project.scaffold import write_project

    folder = (FOLDER / f"spark-{engine}-{events}").resolve()
    shutil.rmtree(folder, ignore_errors=True)
    steps = ", ".join(EVENTS[:5])
    funnel = f"{{steps: [{steps}], window: {WINDOW_DAYS} days, entry: best}}"
    write_project(folder, "bench", f"funnels:\n  bench: {funnel}\n")
    for name in ("conf", "events"):
        (folder / name).mkdir()
    (folder / "conf" / "spark-defaults.conf").write_text(
        "spark.eventLog.enabled true\n"
        f"spark.eventLog.dir {(folder / 'events').as_uri()}\n"
        "spark.eventLog.compress false\n",
        "utf-8",
    )
    return folder


def _commands(folder: Path, engine: str, log: str) -> tuple[list[str], list[str]]:
    if engine == "duckdb":
        return ["load", "events", log], ["build"]
    raw = str(folder / "raw")
    return (
        ["load", "events", log, "--to", "parquet", raw],
        ["build", "--target", "spark", "--raw", raw],
    )


def _funnelkit(folder: Path, variables: Mapping[str, str], *words: str) -> Outcome:
    tell(f"  {folder.name}: {words[0]}")
    done = run([sys.executable, "-m", "funnelkit", *words], _LIMIT, folder, variables)
    if done.failure:
        raise SystemExit(f"{folder.name}: {words[0]}: {done.failure}")
    tell(f"    {done.seconds:.1f} s, {done.gigabytes:.2f} GB")
    return done


def _slowest(folder: Path, engine: str) -> None:
    """Tells which models took longest."""
    results = json.loads((folder / "build/dbt/target/run_results.json").read_text("utf-8"))
    times = {each["unique_id"]: each["execution_time"] for each in results["results"]}
    for name in sorted(times, key=lambda name: -times[name])[:8]:
        tell(f"    {engine}: {name} {times[name]:.1f} s")


def _size(folder: Path) -> float:
    """GB of raw rows and tables, without Spark's own log of events."""
    files = (path for name in ("build", "raw") for path in (folder / name).rglob("*"))
    return sum(path.stat().st_size for path in files if path.is_file()) / 1e9


def _models(folder: Path) -> float:
    """Seconds of the build's models, added up."""
    results = json.loads((folder / "build/dbt/target/run_results.json").read_text("utf-8"))
    return float(
        sum(
            each["execution_time"]
            for each in results["results"]
            if each["unique_id"].startswith("model.")
        )
    )


def totals(folder: Path) -> dict[str, float]:
    """From Spark's event log: jobs, tasks, GB shuffled, spilled, and by one task at most."""
    found = dict.fromkeys(("jobs", "tasks", "shuffled_gb", "spilled_gb", "largest_gb"), 0.0)
    for event in _events(folder):
        if event["Event"] == "SparkListenerJobStart":
            found["jobs"] += 1
        metrics = event.get("Task Metrics") if event["Event"] == "SparkListenerTaskEnd" else None
        if not metrics:
            continue
        spilled = metrics["Disk Bytes Spilled"] / 1e9
        found["tasks"] += 1
        found["shuffled_gb"] += metrics["Shuffle Write Metrics"]["Shuffle Bytes Written"] / 1e9
        found["spilled_gb"] += spilled
        found["largest_gb"] = max(found["largest_gb"], spilled)
    return found


def _events(folder: Path) -> Iterator[dict[str, Any]]:
    for file in sorted(folder.rglob("*")):
        if not file.is_file() or file.name.startswith(("appstatus", ".")):
            continue
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)


def _returned(folder: Path) -> float:
    import duckdb

    with duckdb.connect(str(folder / "build/warehouse.duckdb"), read_only=True) as con:
        found = con.execute(
            "select sum(estimated_size) from duckdb_tables() where schema_name = 'main'"
        ).fetchall()
    return float(found[0][0] or 0)


def _page(found: dict[str, Any]) -> str:
    memory = ", ".join(sorted({name.split()[2] for name in found}))
    sizes = {
        f"{found[name]['events']:,.0f}, {name.split()[1]}": found[name] for name in sorted(found)
    }
    head = _ABOUT.format(
        command="make bench-spark",
        machine=machine("pyspark", "dbt-spark"),
        memory=memory,
        select=" ".join(_FUNNEL),
    )
    return "\n".join([head, *table(("events", *sizes), _rows(list(sizes.values()))), ""])


def _rows(sizes: list[dict[str, float]]) -> list[tuple[str, ...]]:
    def row(text: str, name: str, unit: str = "s", digits: int = 1) -> tuple[str, ...]:
        cells = (
            f"{each[name]:,.{digits}f} {unit}".strip() if name in each else "" for each in sizes
        )
        return (text, *cells)

    def ratio(text: str, one: str, other: str) -> tuple[str, ...]:
        known = (one in each and other in each for each in sizes)
        pairs = zip(sizes, known, strict=True)
        return (text, *(f"{each[one] / each[other]:.1f}" if both else "" for each, both in pairs))

    return [
        row("DuckDB: `load`", "duckdb_load"),
        row("Spark: `load --to parquet`", "spark_load"),
        row("DuckDB: `build`", "duckdb_build"),
        row("Spark: `build`", "spark_build"),
        ratio("Spark x DuckDB", "spark_build", "duckdb_build"),
        row("DuckDB: one more day, `build`", "duckdb_day"),
        row("Spark: one more day, `build`", "spark_day"),
        row("DuckDB: its models, added up", "duckdb_models"),
        row("Spark: its models, added up", "spark_models"),
        row("DuckDB: processor time of the build", "duckdb_cpu", "s", 0),
        row("Spark: processor time of the build", "spark_cpu", "s", 0),
        row("DuckDB: raw rows and tables", "duckdb_disk", "GB"),
        row("Spark: raw rows and tables", "spark_disk", "GB"),
        row("DuckDB: peak memory", "duckdb_gb", "GB", 2),
        row("Spark: peak memory, Java's", "spark_gb", "GB", 2),
        row("Spark: jobs", "jobs", "", 0),
        row("Spark: tasks", "tasks", "", 0),
        row("Spark: shuffled", "shuffled_gb", "GB"),
        row("Spark: shuffled, for an event", "shuffled_bytes", "bytes", 0),
        row("Spark: spilled", "spilled_gb", "GB"),
        row("Spark: spilled by one task at most", "largest_gb", "GB", 2),
        row("Spark: rows that came back", "returned", "", 0),
    ]


if __name__ == "__main__":
    main()
