"""What say versus do costs: a million responses held against twenty features' use.

`python -m benchmarks.say` writes benchmarks/SAY.md.
"""

import argparse
import json
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.measure import Outcome, run, tell
from benchmarks.pages import machine, table
from benchmarks.tasks import EVENTS, FOLDER

PROJECT = FOLDER / "say"
MODELS = ("fct_feature_usage", "fct_say_do")
_ABOUT = """\
# Say versus do: what it costs

`{command}`

{machine}

{events:,} events of {users:,} users (uneven, 20 event names, 90 days) stand in `fct_events` as a
build leaves them, {responses:,} texts of known users in `fct_feedback`. Of each text and each of 20
features `fct_say_do` tells what its author did in the 28 days before: {pairs:,} rows. dbt runs the
two models under DuckDB's limit of {memory}; the peak is that of the whole process, Python and dbt
among it (goal: 4 GB). The floor is one `group by (user, event, day)` over the events.
"""


def main() -> None:
    """Makes the tables, lets dbt build on them, writes the page."""
    options = _options()
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not options.filled:
        _prepare()
        _job("fill", options.events, options.users, options.responses)
    limit = {"FUNNELKIT_MEMORY": options.memory}
    found: dict[str, Any] = {}
    for model in MODELS:
        done = _funnelkit("dbt", "run", "--select", model, variables=limit)
        found[model] = {"seconds": _in_dbt(), "gigabytes": done.gigabytes}
        tell(f"  {model}: {found[model]}")
    found["floor"] = _job("floor", options.memory)
    options.output.write_text(_page(found, options), encoding="utf-8")
    tell(f"wrote {options.output}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.say", description=__doc__)
    parser.add_argument("--events", type=int, default=100_000_000)
    parser.add_argument("--users", type=int, default=5_000_000)
    parser.add_argument("--responses", type=int, default=1_000_000)
    parser.add_argument("--memory", default="3GB", help="DuckDB's limit")
    parser.add_argument("--filled", action="store_true", help="the tables are there: only measure")
    parser.add_argument("--output", type=Path, default=Path("benchmarks/SAY.md"))
    return parser.parse_args()


def _prepare() -> None:
    """A project of twenty features, built on a few rows: its tables are there to be filled."""
    from funnelkit.project.scaffold import write_project

    shutil.rmtree(PROJECT, ignore_errors=True)
    features = "".join(f"  {name}: {{events: {name}, topics: [{name}]}}\n" for name in EVENTS)
    feedback = "feedback:\n  questions:\n    why: {kind: text}\n"
    funnel = f"funnels:\n  bench: {{steps: [{EVENTS[0]}, {EVENTS[1]}], window: 7 days}}\n"
    write_project(PROJECT, "bench", f"{funnel}features:\n{features}{feedback}")
    rows = "".join(f"u{number},{name},2026-01-01\n" for number, name in enumerate(EVENTS))
    (PROJECT / "events.csv").write_text(f"user_id,event_name,occurred_at\n{rows}", "utf-8")
    said = (
        "response_id,user_id,source,submitted_at,question,text\nr1,u1,survey,2026-01-02,why,Good\n"
    )
    (PROJECT / "said.csv").write_text(said, "utf-8")
    for words in (("load", "events", "events.csv"), ("load", "feedback", "said.csv"), ("build",)):
        _funnelkit(*words)


def _funnelkit(*arguments: str, variables: dict[str, str] | None = None) -> Outcome:
    done = run([sys.executable, "-m", "funnelkit", *arguments], 7200, PROJECT, variables)
    if done.failure:
        raise SystemExit(f"{' '.join(arguments)}: {done.failure}")
    return done


def _in_dbt() -> float:
    """Seconds of the one model that dbt ran last, without its own start."""
    results = json.loads((PROJECT / "build/dbt/target/run_results.json").read_text("utf-8"))
    return sum(result["execution_time"] for result in results["results"])


def _job(name: str, *arguments: object) -> dict[str, float]:
    """One of the jobs below, in a process of its own."""
    done = run([sys.executable, "-m", "benchmarks.say_jobs", name, *map(str, arguments)], 7200)
    if done.failure:
        raise SystemExit(f"{name}: {done.failure}")
    found: dict[str, float] = json.loads(done.output.splitlines()[-1])
    tell(f"  {name}: {found}")
    return found


def _page(found: dict[str, Any], options: argparse.Namespace) -> str:
    floor = found["floor"]["seconds"]
    head = _ABOUT.format(
        command=" ".join(
            ["python -m benchmarks.say", *(each for each in sys.argv[1:] if each != "--filled")]
        ),
        machine=machine(),
        events=options.events,
        users=options.users,
        responses=options.responses,
        pairs=options.responses * len(EVENTS),
        memory=options.memory,
    )
    rows = [("the floor", f"{floor:.1f} s", "1.00", "")]
    for model in MODELS:
        seconds, memory = found[model]["seconds"], found[model]["gigabytes"]
        rows.append(
            (f"`{model}`", f"{seconds:.1f} s", f"{seconds / floor:.2f}", f"{memory:.2f} GB")
        )
    return "\n".join([head, *table(("", "seconds", "x the floor", "peak memory"), rows), ""])


# --- jobs --------------------------------------------------------------------------------------


def fill(events: int, users: int, responses: int) -> dict[str, float]:
    """Puts so many rows into the built tables that the two models read."""
    import duckdb

    names = ", ".join(f"'{name}'" for name in EVENTS)
    start = time.perf_counter()
    with duckdb.connect(str(PROJECT / "build" / "warehouse.duckdb")) as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute("set memory_limit = '8GB'")
        con.execute("select setseed(0.5)")
        _refill(
            con,
            "fct_events",
            f"""
            select
                row_number() over (order by user_key, occurred_at) as event_no,
                user_key, 'u' || user_key as user_id, event_name, occurred_at
            from (
                select
                    cast(floor(power(random(), 2) * {users}) as bigint) as user_key,
                    list_extract([{names}], 1 + cast(floor(random() * {len(EVENTS)}) as integer))
                        as event_name,
                    timestamp '2026-01-01'
                        + to_microseconds(cast(random() * 90 * 86400000000 as bigint))
                        as occurred_at
                from range({events})
            ) as drawn
            order by event_no""",
        )
        everybody = f"""
            select range as user_key, 'u' || range as user_id, 'u' || range as customer_id,
                epoch_us(timestamp '2025-12-01') as known_us,
                epoch_us(timestamp '2025-12-01') as first_event_us
            from range({users})"""
        _refill(con, "dim_users", everybody)
        _refill(con, "int_customers", everybody)
        _refill(
            con,
            "fct_feedback",
            f"""
            select 'r' || range as response_id, user_key, 'u' || user_key as user_id,
                'u' || user_key as customer_id, 'survey' as source, 'why' as question,
                'text' as kind, 0 as wave_no, 'all' as wave, 'Good' as text, submitted_at
            from (
                select range, cast(floor(random() * {users}) as bigint) as user_key,
                    timestamp '2026-02-01'
                        + to_microseconds(cast(random() * 58 * 86400000000 as bigint))
                        as submitted_at
                from range({responses})
            ) as drawn
            order by range""",
        )
        _refill(
            con,
            "int_observed_until",
            """select timestamp '2026-04-01' as observed_until, timestamp '2026-01-01' as
                first_event_at, epoch_us(timestamp '2026-04-01') as observed_us""",
        )
    return {"seconds": time.perf_counter() - start}


def _refill(con: Any, name: str, rows: str) -> None:
    """Replaces a built table's rows; columns that `rows` does not have become null."""
    con.execute(f"create or replace table kept as select * from {name} limit 0")
    con.execute(
        f"create or replace table {name} as select * from kept union all by name from ({rows})"
    )
    con.execute("drop table kept")


def floor(memory: str) -> dict[str, float]:
    """Seconds of one grouping of the events by user, name and day."""
    import duckdb

    with duckdb.connect(str(PROJECT / "build" / "warehouse.duckdb")) as con:
        con.execute(f"set memory_limit = '{memory}'")
        start = time.perf_counter()
        con.execute("""
            create or replace temp table floored as
            select user_key, event_name, cast(occurred_at as date) as day, count(*) as events
            from fct_events group by all""")
        return {"seconds": time.perf_counter() - start}


if __name__ == "__main__":
    main()
