"""`make bench`: funnelkit and its peers over the same logs, in the same run.

Writes benchmarks/RESULTS.md; logs and raw figures stay in build/bench, so that a part can be
measured again: make bench BENCH="--events 10000000 --parts table".
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.measure import (
    Measured,
    compete,
    make_log,
    measured_from,
    run,
    tell,
)
from benchmarks.results import Results, markdown
from benchmarks.tasks import FOLDER, Log, Task

PARTS = ("parquet", "ids", "table", "bot", "memory")
ON_PARQUET = ("limit", "explore", "clickhouse", "clickhouse_inferred", "polars")
# Whoever grows with the square of a user's rows, or needs minutes, is asked about one million only.
ON_SMALL = ("retentioneering", "naive")
ON_TABLE = ("limit", "kernel_array", "kernel_asof", "kernel_windows", "clickhouse")
OURS = ("explore", "kernel_array", "kernel_asof")
STEPS = (3, 5, 8)
SMALL = 1_000_000
MIDDLE = 10_000_000
MEMORY_GB = 2.0


@dataclass(frozen=True)
class Group:
    """Tasks that are measured together, so that their ratios mean something."""

    part: str
    name: str
    tasks: tuple[Task, ...]


def groups(events: int) -> Iterator[Group]:
    """All that is asked about logs of this size."""
    for order in ("random", "sorted"):
        yield from _on_parquet(Log(events, order))
    if events == MIDDLE:
        numbers = Log(events, ids="int")
        yield _group("ids", "parquet", numbers, _tasks(ON_PARQUET, "parquet", numbers, (5,)))
    for order in ("random", "sorted"):
        log = Log(events, order)
        yield _group("table", "table", log, _tasks(ON_TABLE, "table", log, STEPS))
    if events == MIDDLE:
        yield _with_bot("parquet", Log(events), (*ON_PARQUET, "naive"))
        yield _with_bot("table", Log(events, "sorted"), ON_TABLE)
    log = Log(events)
    tasks = _tasks(ON_PARQUET, "parquet", log, (5,), MEMORY_GB)
    yield _group("memory", "parquet", log, tasks)
    log = Log(events, "sorted")
    tasks = _tasks(ON_TABLE, "table", log, (5,), MEMORY_GB)
    yield _group("memory", "table", log, tasks)


def _on_parquet(log: Log) -> Iterator[Group]:
    names = (*ON_PARQUET, *ON_SMALL) if log.events <= SMALL else ON_PARQUET
    yield _group("parquet", "parquet", log, _tasks(names, "parquet", log, STEPS))


def _with_bot(place: str, log: Log, names: tuple[str, ...]) -> Group:
    """Everybody with the bot, and ours also without it."""
    bot = replace(log, bot=True)
    own = tuple(name for name in names if name in OURS)
    tasks = _tasks(names, place, bot, (5,)) + _tasks(own, place, log, (5,))
    return _group("bot", place, log, tasks)


def _tasks(
    names: tuple[str, ...],
    place: str,
    log: Log,
    steps: tuple[int, ...],
    memory_gb: float | None = None,
) -> tuple[Task, ...]:
    return tuple(Task(name, place, log, k, memory_gb) for k in steps for name in names)


def _group(part: str, place: str, log: Log, tasks: tuple[Task, ...]) -> Group:
    return Group(part, f"{part}/{place}/{log.events}/{log.order}", tasks)


def needed(task: Task) -> tuple[Log, str]:
    """The log on disk that the task reads."""
    if task.place == "parquet":
        return task.log, "parquet"
    if task.contestant == "clickhouse":
        return Log(task.log.events, bot=task.log.bot), "mergetree"
    return task.log, "duckdb"


def main() -> None:
    """Measures what is asked for, keeps the rest of the figures, writes the table."""
    options = _options()
    FOLDER.mkdir(parents=True, exist_ok=True)
    raw = FOLDER / "measured.json"
    results = _read(raw)
    results.notes["retentioneering"] = _install_retentioneering()
    for events in options.events:
        for group in groups(events):
            if group.part in options.parts:
                tell(f"{group.name}: {len(group.tasks)} tasks, {options.runs} runs")
                for log, place in dict.fromkeys(map(needed, group.tasks)):
                    make_log(log, place)
                results.groups[group.name] = compete(
                    _installed(group.tasks, results), options.runs, options.limit
                )
                results.options[group.name] = _as_typed(options)
                _write(raw, results)
    options.output.write_text(markdown(results), encoding="utf-8")
    tell(f"wrote {options.output}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--events",
        type=int,
        nargs="+",
        default=[SMALL, MIDDLE],
        help="sizes; 100000000 takes an hour and 8 GB of disk",
    )
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--runs", type=int, default=3, help="of which the best counts")
    parser.add_argument("--limit", type=float, default=120, help="seconds that a run may take")
    parser.add_argument("--output", type=Path, default=Path("benchmarks/RESULTS.md"))
    return parser.parse_args()


def _as_typed(options: argparse.Namespace) -> str:
    """The options that figures depend on, those left out too; parts where they are not all."""
    told = ["--events", *map(str, options.events)]
    if set(options.parts) != set(PARTS):
        told += ["--parts", *options.parts]
    return " ".join([*told, "--runs", str(options.runs), "--limit", f"{options.limit:g}"])


def _read(raw: Path) -> Results:
    if not raw.exists():
        return Results()
    found = json.loads(raw.read_text("utf-8"))
    try:
        kept: dict[str, list[Measured]] = {
            name: [measured_from(each) for each in group] for name, group in found["groups"].items()
        }
        return Results(kept, found["notes"], found["options"])
    except (TypeError, KeyError):  # figures of an older shape
        return Results()


def _write(raw: Path, results: Results) -> None:
    part = raw.with_suffix(".part")
    named = {name: [each.to_dict() for each in found] for name, found in results.groups.items()}
    part.write_text(
        json.dumps(
            {
                "groups": named,
                "notes": results.notes,
                "options": results.options,
            }
        ),
        "utf-8",
    )
    part.replace(raw)


def _installed(tasks: tuple[Task, ...], results: Results) -> list[Task]:
    if results.notes["retentioneering"].startswith("not installed"):
        return [task for task in tasks if task.contestant != "retentioneering"]
    return list(tasks)


def _install_retentioneering() -> str:
    """Makes its environment, once; its version, or why there is none."""
    folder = FOLDER / "retentioneering"
    version = folder / "version.txt"
    if not version.exists():
        tell("installing Retentioneering into an environment of its own")
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        install = ["-m", "pip", "install", "--quiet", "retentioneering>=5,<6"]
        done = run([str(folder / "bin/python"), *install], 900)
        if done.failure:
            return f"not installed: {done.failure}"
        show = "import importlib.metadata as m; print(m.version('retentioneering'))"
        version.write_text(run([str(folder / "bin/python"), "-c", show], 60).output, "utf-8")
    return version.read_text("utf-8").strip()


if __name__ == "__main__":
    main()
