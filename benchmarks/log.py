"""A synthetic log for measurements: uneven users, twenty event names, random order."""

from pathlib import Path

import duckdb

STEPS = ("e01", "e02", "e03", "e04", "e05")
WINDOW_DAYS = 7


def write_log(path: Path, events: int) -> None:
    """`events` rows (user_id, event_name, occurred_at) over 90 days to a Parquet file.

    events / 20 users with activity ~ u^-1/2; five of twenty names, 30 % of the rows, are steps.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with duckdb.connect() as con:
        con.execute("select setseed(0.5)")
        con.execute("set threads = 1")  # the same rows on every machine
        con.execute(f"""
            copy (
                select
                    'u' || cast(floor(power(random(), 2) * {max(events // 20, 1)}) as bigint)
                        as user_id,
                    case when random() < 0.3
                        then 'e0' || cast(1 + floor(5 * random()) as bigint)
                        else 'e' || cast(10 + floor(15 * random()) as bigint)
                    end as event_name,
                    make_timestamp(1767225600000000 + cast(floor(random() * 7776e9) as bigint))
                        as occurred_at
                from range({events})
            ) to '{part}' (format parquet)""")
    part.replace(path)
