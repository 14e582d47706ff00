"""One contestant a function: five ordered steps in seven days, entry best, users per level.

Run as `python -m benchmarks.contestants NAME PARQUET`; prints the users that reach each step.
"""

import sys
from collections.abc import Callable

import duckdb

from benchmarks.log import STEPS, WINDOW_DAYS


def limit(path: str) -> list[int]:
    """What nobody can beat on this engine: read the step rows, group by user."""
    names = ", ".join(f"'{step}'" for step in STEPS)
    columns = ", ".join(f"min(occurred_at) filter (event_name = '{step}')" for step in STEPS)
    sql = f"select user_id, {columns} from '{path}' where event_name in ({names}) group by user_id"
    duckdb.execute(f"select count(*) from ({sql})").fetchall()
    return []


def funnelkit(path: str, engine: str = "duckdb") -> list[int]:
    """`funnelkit explore`, ASOF ladder."""
    from funnelkit.warehouse.explore import Question, explore
    from funnelkit.warehouse.macros import funnel_specs

    definition = {"steps": list(STEPS), "window": f"{WINDOW_DAYS} days", "entry": "best"}
    (spec,) = funnel_specs({"bench": definition})
    answer = explore(Question([path], spec, {}, engine=engine))
    return [row["reached"] for row in answer.counts]


def funnelkit_windows(path: str) -> list[int]:
    """The same with the portable window-function kernel."""
    return funnelkit(path, "default")


def naive_self_join(path: str) -> list[int]:
    """What an analyst writes first: each step joined to the entry and the step before."""
    joins = "\n".join(
        f"left join (select user_id, occurred_at t from '{path}' where event_name = '{step}') s{k}"
        f" on s1.user_id = s{k}.user_id and s{k}.t > s{k - 1}.t"
        f" and s{k}.t <= s1.t + interval {WINDOW_DAYS} days"
        for k, step in enumerate(STEPS[1:], start=2)
    )
    counts = ", ".join(f"count(distinct s{k}.user_id)" for k in range(1, len(STEPS) + 1))
    first = f"(select user_id, occurred_at t from '{path}' where event_name = '{STEPS[0]}') s1"
    return list(duckdb.execute(f"select {counts} from {first} {joins}").fetchall()[0])


def clickhouse(path: str) -> list[int]:
    """windowFunnel of ClickHouse, through chdb, on the same Parquet."""
    import chdb

    conditions = ", ".join(f"event_name = '{step}'" for step in STEPS)
    sql = f"""
        select level, count() from (
            select user_id, windowFunnel({WINDOW_DAYS * 86_400_000_000})(
                toUInt64(toUnixTimestamp64Micro(occurred_at)), {conditions}) as level
            from file('{path}', Parquet) group by user_id) where level > 0 group by level"""
    rows = str(chdb.query(sql, "CSV")).split()
    levels = {int(level): int(users) for level, users in (row.split(",") for row in rows)}
    return [sum(n for level, n in levels.items() if level >= k) for k in range(1, len(STEPS) + 1)]


CONTESTANTS: dict[str, Callable[[str], list[int]]] = {
    each.__name__: each
    for each in (limit, funnelkit, funnelkit_windows, clickhouse, naive_self_join)
}

if __name__ == "__main__":
    print(*CONTESTANTS[sys.argv[1]](sys.argv[2]))
