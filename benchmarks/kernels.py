"""funnelkit's kernels alone, on a table like fct_events: from its rows to users per step.

One run over all entries. The SQL kernels run as in a dbt build: matches, rows in order, chains.
"""

import itertools
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks.tasks import EVENTS, WINDOW_DAYS, Task

# Rows of the table at a time for the array kernel; a user is never split.
_PART_ROWS = 4_000_000


def warm_up() -> None:
    """What a program does once, whatever it is asked: imports, reading the macros."""
    import numpy  # noqa: F401
    import pyarrow  # noqa: F401

    from funnelkit import kernel  # noqa: F401

    for engine in ("duckdb", "default"):
        _render("funnel_values", "[]", engine=engine)


def kernel_asof(con: Any, task: Task) -> list[int]:
    """DuckDB's macros: one ASOF join a step."""
    return _sql_kernel(con, task, "duckdb")


def kernel_windows(con: Any, task: Task) -> list[int]:
    """The portable macros: a layer of window functions a step."""
    return _sql_kernel(con, task, "default")


def kernel_array(con: Any, task: Task) -> list[int]:
    """The array kernel: of a clustered table by ranges of users, else over a sorted stream."""
    import numpy as np

    parts = _ranges(con, task) if task.log.order == "sorted" else _sorted_stream(con, task)
    depths = np.zeros(task.steps + 1, dtype=np.int64)
    for found in parts:
        depths += np.bincount(found, minlength=task.steps + 1)
    return [int(depths[k:].sum()) for k in range(1, task.steps + 1)]


def _depths(entity: Any, us: Any, step: Any, steps: int) -> Any:
    """How deep each entity came that entered; the rows are in row order."""
    import numpy as np

    from funnelkit.kernel import Rows, Rules, chains

    rows = Rows(entity.astype(np.int32, copy=False), us, step.astype(np.int8, copy=False))
    rules = Rules(steps, WINDOW_DAYS * 86_400_000_000)
    return chains(rows, np.flatnonzero(rows.step == 0), rules).depth


def _step_rows(task: Task, condition: str = "true") -> str:
    steps = ", ".join(f"('{name}', cast({k} as tinyint))" for k, name in enumerate(task.names))
    return (
        "select cast(user_key as integer) as user_key, epoch_us(occurred_at) as us, step"
        f" from events inner join (values {steps}) as steps (event_name, step) using (event_name)"
        f" where {condition}"
    )


def _ranges(con: Any, task: Task) -> Iterator[Any]:
    """Two cursors take turns at ranges of users, which lie together in the table."""
    rows = con.execute("select count(*) from events").fetchall()[0][0]
    starts = ", ".join(str(row) for row in range(_PART_ROWS, rows, _PART_ROWS))
    found = con.execute(
        f"select distinct user_key from events where rowid in ({starts or -1}) order by user_key"
    ).fetchall()
    borders = [0, *(key for (key,) in found), 1 << 31]

    def part(span: tuple[int, int]) -> Any:
        condition = f"user_key >= {span[0]} and user_key < {span[1]}"
        with con.cursor() as cursor:
            got = cursor.execute(_step_rows(task, condition)).fetchnumpy()
        rows = _in_order(*_columns(got))
        return _depths(*rows, task.steps)

    with ThreadPoolExecutor(2) as pool:
        yield from pool.map(part, itertools.pairwise(borders))


def _in_order(entity: Any, us: Any, step: Any) -> tuple[Any, Any, Any]:
    """The rows in row order; they nearly are.

    DuckDB hands over blocks of a clustered table as its threads finish them, and rows that share an
    instant lie as they came.
    """
    import numpy as np

    if (entity[1:] < entity[:-1]).any():
        order = np.argsort(entity, kind="stable")  # blocks that rise: quick
        entity, us, step = entity[order], us[order], step[order]
    late = (us[1:] < us[:-1]) | ((us[1:] == us[:-1]) & (step[1:] < step[:-1]))
    wrong = np.unique(entity[1:][late & (entity[1:] == entity[:-1])])
    if len(wrong):
        at = np.flatnonzero(np.isin(entity, wrong))
        order = at[np.lexsort((step[at], us[at], entity[at]))]
        us[at], step[at] = us[order], step[order]
    return entity, us, step


def _sorted_stream(con: Any, task: Task) -> Iterator[Any]:
    """DuckDB sorts; parts are cut between users."""
    import numpy as np
    import pyarrow as pa

    reader = con.sql(f"{_step_rows(task)} order by user_key, us, step").to_arrow_reader(1_000_000)
    held: list[Any] = []
    for batch in reader:
        held.append(batch)
        if sum(each.num_rows for each in held) >= _PART_ROWS // 2:
            table = pa.Table.from_batches(held)
            columns = _columns(table)
            cut = int(np.searchsorted(columns[0], columns[0][-1]))
            yield _depths(*(column[:cut] for column in columns), task.steps)
            held = table.slice(cut).to_batches()
    if held:
        yield _depths(*_columns(pa.Table.from_batches(held)), task.steps)


def _columns(table: Any) -> list[Any]:
    import numpy as np

    return [np.asarray(table[name]) for name in ("user_key", "us", "step")]


def specs(task: Task) -> list[dict[str, Any]]:
    """The task's funnel, complete."""
    from funnelkit.warehouse.macros import funnel_specs

    return funnel_specs({"bench": _funnel(task.names)})


def ten_funnels() -> list[dict[str, Any]]:
    """Ten funnels over the same five events, each in another order: equally many step rows."""
    from funnelkit.warehouse.macros import funnel_specs

    return funnel_specs({f"bench_{n}": _funnel(_rotated(n)) for n in range(10)})


def _rotated(n: int) -> list[str]:
    five = EVENTS[:5]
    turned = [five[(k + n) % 5] for k in range(5)]
    return turned if n < 5 else turned[::-1]


def _funnel(names: Sequence[str]) -> dict[str, Any]:
    return {"steps": list(names), "window": f"{WINDOW_DAYS} days", "entry": "best"}


def create_rows(con: Any, funnels: list[dict[str, Any]]) -> int:
    """Temp table fk_rows of these funnels from the table `events`; returns the number of rows."""
    specs = json.dumps(funnels)
    matches = _render("funnel_matches", specs, "events", {"user_id": "user_key"})
    con.execute(f"create temp view fk_matches as {matches}")
    con.execute(f"create temp table fk_rows as {_render('funnel_rows', 'fk_matches', specs)}")
    return int(con.execute("select count(*) from fk_rows").fetchall()[0][0])


def create_chains(con: Any, funnels: list[dict[str, Any]], engine: str = "duckdb") -> None:
    """Temp table fk_chains of the run over all entries."""
    specs = json.dumps(funnels)
    entries = _render("funnel_entries", "all", "fk_rows", specs, "0")
    chains = _render("funnel_chains", "fk_rows", "fk_entries", specs, engine=engine)
    con.execute(f"create temp table fk_entries as {entries}")
    con.execute(f"create temp table fk_chains as select 'all' as run, * from ({chains})")


def create_chain_rows(con: Any, funnels: list[dict[str, Any]]) -> None:
    """Temp table fk_chain_rows: the proof rows of fk_chains."""
    proof = _render("funnel_chain_rows", "fk_chains", "fk_rows", json.dumps(funnels))
    con.execute(f"create temp table fk_chain_rows as {proof}")


def _render(macro: str, *arguments: object, engine: str = "duckdb") -> str:
    from funnelkit.warehouse.macros import render

    return render(macro, *arguments, engine=engine)


def _sql_kernel(con: Any, task: Task, engine: str) -> list[int]:
    funnels = specs(task)
    create_rows(con, funnels)
    create_chains(con, funnels, engine)
    depths = dict(con.execute("select depth, count(*) from fk_chains group by depth").fetchall())
    return [sum(n for depth, n in depths.items() if depth >= k) for k in range(1, task.steps + 1)]
