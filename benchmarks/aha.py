"""What a search for aha moments costs: the grid of exposures, and the permutations that pay for it.

`python -m benchmarks.aha` writes benchmarks/AHA.md.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measure import run, tell
from benchmarks.pages import machine, table
from benchmarks.tasks import EVENTS, FOLDER

if TYPE_CHECKING:
    import duckdb

COUNTS, DAYS, ALIVE_DAYS = (1, 2, 3, 5, 7, 10), (1, 3, 7, 14), 7
_DAY_US = 86_400_000_000
_RUNS = 5
SPANS = (90, 20)  # days of the log
_ABOUT = """\
# Aha search: what it costs

`{command}`

{machine}

## Exposures

{events:,} events of {entrants:,} entrants (uneven users, 20 event names), sorted by user and time
as `fct_events` is; counts in {counts} windows and the landmark's, in one pass. The floor is one
`group by (entity, event)` over the same table. Best of {runs}, in turn, in one process. Of a log of
90 days the windows hold a part, and the goal is met; of one of 20 days they hold every row, and it
is not: each row is joined with its entry and counted in five ways.
"""


def main() -> None:
    """Measures both in processes of their own and writes the page."""
    options = _options()
    FOLDER.mkdir(parents=True, exist_ok=True)
    found = {
        "grid": _own("grid", options.events, options.entrants),
        "search": _own("search", options.searched),
    }
    options.output.write_text(_page(found, options), encoding="utf-8")
    tell(f"wrote {options.output}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.aha", description=__doc__)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--entrants", type=int, default=1_000_000)
    parser.add_argument("--searched", type=int, default=100_000, help="entrants permuted")
    parser.add_argument("--output", type=Path, default=Path("benchmarks/AHA.md"))
    return parser.parse_args()


def _own(job: str, *sizes: int) -> dict[str, float]:
    """One of the jobs below, in a process of its own."""
    done = run([sys.executable, "-m", "benchmarks.aha_jobs", job, *map(str, sizes)], 3600)
    if done.failure:
        raise SystemExit(f"{job}: {done.failure}")
    found: dict[str, float] = json.loads(done.output.splitlines()[-1])
    tell(f"  {job}: {found}, {done.gigabytes:.2f} GB")
    return {**found, "gigabytes": done.gigabytes}


def _page(found: dict[str, dict[str, float]], options: argparse.Namespace) -> str:
    grid, search = found["grid"], found["search"]
    head = _ABOUT.format(
        command="python -m benchmarks.aha",
        machine=machine(),
        events=options.events,
        entrants=options.entrants,
        counts=len(DAYS),
        runs=_RUNS,
    )
    cells = len(EVENTS) * len(COUNTS) * len(DAYS)
    each = f"a query per cell, {cells} cells (from {len(COUNTS) * len(DAYS)} of them)"
    rows = []
    for span in SPANS:
        floor = grid[f"{span} floor"]
        for name, text in (("floor", "the floor"), ("grid", "all exposures"), ("queries", each)):
            seconds = grid[f"{span} {name}"]
            rows.append((f"{span} days", text, f"{seconds:.2f} s", f"{seconds / floor:.2f}"))
    return "\n".join(
        [
            head,
            *table(("log", "", "seconds", "x the floor (goal 1.2)"), rows),
            "",
            "## Permutations",
            "",
            f"{search['permuted']:,} entrants permuted 2,000 times, {search['cells']} cells, with"
            f" the confirmation by as many others: {search['seconds']:.1f} s (goal 10), peak memory"
            f" of the process {search['gigabytes']:.2f} GB (goal 1.5), the frames included.",
            "",
        ]
    )


# --- jobs --------------------------------------------------------------------------------------


def grid(events: int, entrants: int) -> dict[str, float]:
    """Seconds of the floor, of all exposures, and of a query per cell (all cells, from a part)."""
    import duckdb

    from funnelkit.warehouse.macros import render

    search = {
        "days": DAYS,
        "xmax_us": DAYS[-1] * _DAY_US,
        "landmark_us": (DAYS[-1] + ALIVE_DAYS) * _DAY_US,
    }
    exposures = render("aha_exposures", json.dumps(search), "events", "entrants", "user_key")
    asked = {
        "floor": "select user_key, event_name, count(*) from events group by all",
        "grid": exposures,
    }
    cells = [(k, days) for k in COUNTS for days in DAYS]
    found = {}
    for span in SPANS:
        with duckdb.connect() as con:
            _make_log(con, events, entrants, span)
            best = dict.fromkeys(asked, float("inf"))
            for _ in range(_RUNS):
                for name, sql in asked.items():
                    best[name] = min(best[name], _created(con, sql))
            one = sum(_created(con, _cell(EVENTS[0], *cell)) for cell in cells)
        found |= {f"{span} {name}": seconds for name, seconds in best.items()}
        found[f"{span} queries"] = one * len(EVENTS)
    return found


def _make_log(con: "duckdb.DuckDBPyConnection", events: int, entrants: int, days: int) -> None:
    names = ", ".join(f"'{name}'" for name in EVENTS)
    con.execute(f"set temp_directory = '{FOLDER / 'spill'}'")
    con.execute("select setseed(0.5)")
    con.execute(f"""
        create table events as
        select * from (
            select
                cast(floor(power(random(), 2) * {entrants}) as bigint) as user_key,
                list_extract([{names}], 1 + cast(floor(random() * {len(EVENTS)}) as integer))
                    as event_name,
                make_timestamp(1767225600000000 + cast(random() * {days * _DAY_US} as bigint))
                    as occurred_at
            from range({events})
        ) order by user_key, occurred_at""")
    con.execute("""
        create table entrants as
        select user_key as entity_key, min(epoch_us(occurred_at)) as entry_us
        from events group by user_key""")


def _cell(event: str, at_least: int, days: int) -> str:
    return f"""
        select entity_key from events inner join entrants on user_key = entity_key
        where event_name = '{event}' and epoch_us(occurred_at) >= entry_us
            and epoch_us(occurred_at) < entry_us + {days * _DAY_US}
        group by entity_key having count(*) >= {at_least}"""


def _created(con: "duckdb.DuckDBPyConnection", sql: str) -> float:
    """Seconds to make a table of the rows."""
    return _seconds(lambda: con.execute(f"create or replace temp table made as {sql}"))


def search(entrants: int) -> dict[str, float]:
    """Seconds of a whole search in which that many entrants are permuted; as many confirm."""
    from funnelkit.jobs.aha_search import SearchRules
    from funnelkit.jobs.aha_search import search as search_

    people, exposures = _frames(2 * entrants)
    rules = SearchRules(COUNTS, DAYS, salt="bench", least_reach=0.0, most_reach=1.0)
    started = time.perf_counter()
    facts = search_(people, exposures, rules).facts
    seconds = time.perf_counter() - started
    return {"cells": facts.cells, "permuted": facts.discovery, "seconds": seconds}


def _frames(entrants: int) -> tuple[Any, Any]:
    """Twenty events, all of which fill every cell of the grid, of entrants of 26 weeks."""
    import datetime as dt

    import numpy as np
    import polars as pl

    random = np.random.default_rng(7)
    weeks = [dt.date(2025, 1, 6) + dt.timedelta(weeks=week) for week in range(26)]
    people = pl.DataFrame(
        {
            "entity": np.arange(entrants, dtype=np.int32),
            "week": pl.Series([weeks[each] for each in random.integers(0, 26, entrants)]),
            "segment": random.choice(["a", "b", "c", "d"], entrants),
            "outcome": random.random(entrants) < 0.3,
            "in_hash_half": random.random(entrants) < 0.34,  # with the newest weeks, half of all
        }
    )
    activity = random.gamma(0.6, 20.0, (len(EVENTS), entrants))
    parts = []
    for number, name in enumerate(EVENTS):
        spread = np.diff((0, *DAYS, DAYS[-1] + ALIVE_DAYS)) / DAYS[-1]
        counts = random.poisson(activity[number] * spread[:, None])
        told = {f"n_{days}d": counts[: at + 1].sum(axis=0) for at, days in enumerate(DAYS)}
        every = {"entity": np.arange(entrants, dtype=np.int32), **told, "n_alive": counts[-1]}
        frame = pl.DataFrame(every).with_columns(event=pl.lit(name))
        parts.append(frame.filter(pl.col(f"n_{DAYS[-1]}d") + pl.col("n_alive") > 0))
    return people, pl.concat(parts)


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
