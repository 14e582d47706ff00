"""Running contestants: each in a process of its own, in rounds, the best of its runs counts."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from benchmarks.contestants import explore_arguments, explored
from benchmarks.tasks import FOLDER, Log, Task, from_json

_SLOW = 20.0  # seconds


@dataclass(frozen=True)
class Outcome:
    """One process: wall seconds from fork to exit, processor seconds, peak memory in GB, output."""

    seconds: float
    cpu: float
    gigabytes: float
    output: str = ""
    failure: str = ""


@dataclass(frozen=True)
class Measured:
    """A task's best seconds (`whole` process and `query` alone) and largest peak memory in GB.

    `cpu`: the fewest seconds that its processors worked, all together.
    """

    task: Task
    whole: float
    cpu: float
    gigabytes: float
    query: float | None = None
    reached: tuple[int, ...] = ()
    note: str = ""
    failure: str = ""

    @property
    def seconds(self) -> float | None:
        """What ratios compare: of a file the whole process, of a table the question alone."""
        if self.failure:
            return None
        return self.query if self.task.place == "table" else self.whole

    def to_dict(self) -> dict[str, object]:
        """For the file of all that was measured."""
        return {**asdict(self), "task": self.task.to_json()}


def measured_from(fields: Mapping[str, object]) -> Measured:
    """The inverse of `Measured.to_dict`."""
    found = Measured(**{**fields, "task": from_json(str(fields["task"]))})  # type: ignore[arg-type]
    return replace(found, reached=tuple(found.reached))


def find(found: Sequence[Measured], contestant: str, steps: int = 5) -> Measured | None:
    """Who was asked about so many steps, in a group; with a bot first."""
    for each in found:
        if (each.task.contestant, each.task.steps) == (contestant, steps):
            return each
    return None


def ratio(each: Measured | None, other: Measured | None) -> float | None:
    """Times the other's seconds; None when one of them has none."""
    if each is None or other is None or each.seconds is None or not other.seconds:
        return None
    return each.seconds / other.seconds


def run(
    command: Sequence[str],
    limit: float,
    cwd: Path | None = None,
    variables: Mapping[str, str] | None = None,
) -> Outcome:
    """One process; after `limit` seconds it is killed."""
    environment = {
        **os.environ,
        **(variables or {}),
        "PYTHONPATH": str(Path.cwd()),
        "NO_COLOR": "1",
    }
    start = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=cwd,
    )
    too_long = threading.Event()

    def stop() -> None:
        too_long.set()
        process.kill()

    timer = threading.Timer(limit, stop)
    timer.start()
    errors: list[str] = []
    reader = threading.Thread(target=lambda: errors.append(process.stderr.read()))  # type: ignore[union-attr]
    reader.start()
    output = process.stdout.read() if process.stdout else ""
    reader.join()
    _, status, usage = os.wait4(process.pid, 0)  # not wait(): it has the peak memory
    seconds = time.perf_counter() - start
    timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    failure = ""
    if too_long.is_set():
        failure = f"> {limit:.0f} s"
    elif status:
        failure = last_line("".join(errors)) or f"exit status {process.returncode}"
    cpu = usage.ru_utime + usage.ru_stime
    return Outcome(seconds, cpu, usage.ru_maxrss * 1024 / 1e9, output, failure)


def last_line(errors: str) -> str:
    """The end of what a failed program said, without addresses or paths."""
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    words = lines[-1].split() if lines else []
    return " ".join(word for word in words if "/" not in word)[:160]


def compete(tasks: Sequence[Task], runs: int, limit: float) -> list[Measured]:
    """Every task `runs` times, in rounds, so that a busy moment of the machine hits all alike.

    Who fails, or takes longer than `_SLOW`, is not asked again.
    """
    best: dict[Task, Measured] = {}
    for _ in range(runs):
        for task in tasks:
            before = best.get(task)
            if before is None or not (before.failure or before.whole > _SLOW):
                best[task] = _better(before, _measure(task, limit))
                tell(f"  {_line(best[task])}")
    return list(best.values())


def tell(text: str) -> None:
    """Progress, on stderr."""
    print(text, file=sys.stderr, flush=True)


def make_log(log: Log, place: str) -> None:
    """The log on disk, made where it is not there yet."""
    path = log.place(place)
    if path.exists():
        return
    tell(f"  writing {path.name}")
    made = run([sys.executable, "-m", "benchmarks.log", place, json.dumps(asdict(log))], 3600)
    if made.failure:
        raise SystemExit(f"{path.name}: {made.failure}")


def _measure(task: Task, limit: float) -> Measured:
    is_command = task.contestant == "explore" and task.memory_gb is None
    if is_command:  # what users run, in a process that has nothing else in it
        command = [sys.executable, "-m", "funnelkit", *explore_arguments(task)]
    else:
        command = [python(task), "-m", "benchmarks.contestants", task.to_json()]
    outcome = run(command, limit)
    found = Measured(task, outcome.seconds, outcome.cpu, outcome.gigabytes, failure=outcome.failure)
    if outcome.failure:
        return found
    if is_command:
        return replace(found, reached=tuple(explored(outcome.output)))
    answer = json.loads(outcome.output.splitlines()[-1])
    reached = tuple(answer["reached"])
    return replace(found, query=answer["seconds"], reached=reached, note=answer["note"])


def python(task: Task) -> str:
    """The interpreter: Retentioneering has an environment of its own."""
    if task.contestant == "retentioneering":
        return str(FOLDER / "retentioneering" / "bin" / "python")
    return sys.executable


def _better(before: Measured | None, now: Measured) -> Measured:
    if before is None or now.failure:
        return now
    queries = [each.query for each in (before, now) if each.query is not None]
    return replace(
        now,
        whole=min(before.whole, now.whole),
        cpu=min(before.cpu, now.cpu),
        query=min(queries) if queries else None,
        gigabytes=max(before.gigabytes, now.gigabytes),
    )


def _line(found: Measured) -> str:
    task, log = found.task, found.task.log
    what = f"{task.place} {log.order} K={task.steps} {task.contestant}"
    return f"{what}: {found.failure or f'{found.whole:.2f} s, {found.gigabytes:.2f} GB'}"
