"""`make bench`: every contestant in a process of its own, on the same file, in the same run."""

import argparse
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import duckdb

from benchmarks.contestants import CONTESTANTS
from benchmarks.log import write_log

# The self-join grows with the square of a user's rows: a million events are enough to see it.
_NAIVE_MOST = 1_000_000


class Measured(NamedTuple):
    """A contestant's best of the runs: wall seconds (start-up included), peak memory in GB."""

    name: str
    seconds: float
    gigabytes: float
    reached: str


def measure(name: str, log: Path, runs: int) -> Measured | None:
    """None when the contestant is not installed or failed."""
    best: Measured | None = None
    for _ in range(runs):
        start = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.contestants", name, str(log)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        out = process.stdout.read() if process.stdout else ""
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            return None
        seconds = time.perf_counter() - start
        if best is None or seconds < best.seconds:
            best = Measured(name, seconds, usage.ru_maxrss / 1e6, out.strip())
    return best


def main() -> None:
    """Prints a Markdown table: seconds, ratio to the limit, memory, users per step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores, DuckDB {duckdb.__version__}\n")
    print("| events | contestant | seconds | x limit | peak GB | users per step |")
    print("| --: | --- | --: | --: | --: | --- |")
    for events in options.events:
        log = Path("build/bench") / f"log-{events}.parquet"
        if not log.exists():
            write_log(log, events)
        limit: float | None = None
        for name in CONTESTANTS:
            if name == "naive_self_join" and events > _NAIVE_MOST:
                continue
            found = measure(name, log, options.runs)
            if found is None:
                print(f"| {events:,} | {name} | not installed or failed | | | |")
                continue
            limit = limit or found.seconds
            print(
                f"| {events:,} | {name} | {found.seconds:.2f} | {found.seconds / limit:.1f}"
                f" | {found.gigabytes:.2f} | {found.reached} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
