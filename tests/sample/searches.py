"""The sample company as a search for aha moments sees it, straight from the generator.

`python -m tests.sample.searches` tabulates, from two million entrants, what each cell's risk
difference truly is: TRUTH of test_search.py.
"""

import sys
from typing import NamedTuple

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa

from funnelkit.jobs.aha_rules import SearchRules
from funnelkit.sample.blocks import simulate
from funnelkit.sample.plan import BLOCK, CHANNELS, DAY_S, EVENTS, LAST_S, SECOND

SALT = "funnelkit"
COUNTS, DAYS, ALIVE_DAYS, AFTER_DAYS, WITHIN_DAYS = (1, 2, 3, 5, 7, 10), (1, 3, 7, 14), 7, 21, 7
OUTCOME = "dashboard_viewed"
PLANTED, DECOY, PREREQUISITE = "dashboard_shared", "search_used", "logged_in"
_DAY = DAY_S * SECOND


class Frames(NamedTuple):
    """What `search` is given, and what it is told of the events."""

    entrants: pl.DataFrame
    exposures: pl.DataFrame
    preceding: dict[str, float]

    @property
    def rules(self) -> SearchRules:
        """The rules of the sample's own search."""
        told = frozenset({OUTCOME})
        return SearchRules(COUNTS, DAYS, outcome_events=told, preceding=self.preceding, salt=SALT)


def frames(seed: int, blocks: int, first: int = 0) -> Frames:
    """The entrants of so many blocks whose outcome is known, and what they did."""
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        _log(con, seed, range(first, first + blocks))
        con.execute(f"""
            create table people as
            select *, cast(row_number() over (order by user_id) - 1 as integer) as entity
            from entrants where us + {(AFTER_DAYS + WITHIN_DAYS) * _DAY} <= {LAST_S * SECOND}""")
        con.execute("""
            create table seen as
            select people.entity, events.us - people.us as us, events.event
            from events join people using (user_id) where events.us >= people.us""")
        after, until = AFTER_DAYS * _DAY, (AFTER_DAYS + WITHIN_DAYS) * _DAY
        con.execute(f"""
            create table outcomes as
            select entity, min(us) as us from seen
            where us >= {after} and us < {until} and event = '{OUTCOME}' group by entity""")
        entrants = con.sql(f"""
            select people.entity,
                cast(date_trunc('week', make_timestamp(people.us)) as date) as week,
                segment, outcomes.entity is not null as outcome,
                cast('0x' || substr(md5(user_id || '{SALT}'), 1, 8) as bigint)
                    < 0.4 * 4294967296 as in_hash_half
            from people left join outcomes on people.entity = outcomes.entity
            order by people.entity""").pl()
        counts = ", ".join(
            f"cast(count_if(us < {days * _DAY}) as integer) as n_{days}d" for days in DAYS
        )
        longest, alive = DAYS[-1] * _DAY, (DAYS[-1] + ALIVE_DAYS) * _DAY
        exposures = con.sql(f"""
            select entity, event, {counts},
                cast(count_if(us >= {longest} and us < {alive}) as integer) as n_alive
            from seen where us < {alive} group by entity, event order by entity, event""").pl()
        return Frames(entrants, exposures, _preceding(con))


def _log(con: duckdb.DuckDBPyConnection, seed: int, blocks: range) -> None:
    events: list[pa.Table] = []
    people: list[pa.Table] = []
    for block in blocks:
        made = simulate(seed, block, 1 + block * BLOCK, BLOCK, 1)
        log = made.events
        once = np.unique(log.number, return_index=True)[1]  # planted duplicates
        once = once[log.user[once] >= 0]  # pages seen before anybody signed up
        columns = (log.user[once], log.name[once], log.occurred[once])
        events.append(pa.table(dict(zip(("user", "name", "us"), columns, strict=True))))
        users = made.people
        columns = (users.number, users.signed_up * SECOND, users.channel)
        people.append(pa.table(dict(zip(("user", "us", "channel"), columns, strict=True))))
    con.register("log", pa.concat_tables(events))
    con.register("users", pa.concat_tables(people))
    con.execute("create temp table names (name integer, event varchar)")
    con.executemany("insert into names values (?, ?)", list(enumerate(EVENTS)))
    con.execute("create temp table channels (channel integer, segment varchar)")
    con.executemany("insert into channels values (?, ?)", list(enumerate(CHANNELS)))
    con.execute("""
        create table events as
        select 'u' || user as user_id, event, us from log join names using (name)""")
    con.execute("""
        create table entrants as
        select 'u' || user as user_id, us, segment from users join channels using (channel)""")


def _preceding(con: duckdb.DuckDBPyConnection) -> dict[str, float]:
    """Of those with the outcome, the share that did each event last before it."""
    found = con.execute("""
        with last as (
            select outcomes.entity, arg_max(event, (seen.us, event)) as event
            from outcomes join seen on seen.entity = outcomes.entity and seen.us < outcomes.us
                and seen.us >= outcomes.us - 1800000000
            group by outcomes.entity
        )
        select event, count(*) / (select count(*) from outcomes) from last group by event""")
    return {str(event): float(share) for event, share in found.fetchall()}


def true_differences(seed: int, blocks: int, event: str) -> dict[tuple[int, int], float]:
    """By (at_least, days), the risk difference among those whom other events show alive.

    Mantel-Haenszel over channels, each block of the generator adding to the same tables.
    """
    tables: dict[tuple[int, int, str], np.ndarray] = {}
    for first in range(0, blocks, 50):
        part = frames(seed, min(50, blocks - first), first)
        for key, table in _tables(part, event):
            tables[key] = tables.get(key, 0) + table
        print(f"{first + 50} of {blocks}", file=sys.stderr, flush=True)
    found = {}
    for k in COUNTS:
        for days in DAYS:
            cells = np.array([tables[k, days, segment] for segment in CHANNELS], np.float64)
            a, b, c, d = cells[cells[:, 0] + cells[:, 1] > 0].T
            weights = (a + b) * (c + d) / (a + b + c + d)
            rates = a / (a + b) - c / (c + d)
            found[k, days] = float(weights @ rates / weights.sum()) if len(a) else float("nan")
    return found


def _tables(part: Frames, event: str) -> list[tuple[tuple[int, int, str], np.ndarray]]:
    """Reachers with and without the outcome, then others, by cell and channel."""
    alive = (
        part.exposures.filter(pl.col("event") != event)
        .group_by("entity")
        .agg(pl.col("n_alive").sum())
        .filter(pl.col("n_alive") > 0)
    )
    people = part.entrants.join(alive, on="entity", how="semi").join(
        part.exposures.filter(pl.col("event") == event), on="entity", how="left"
    )
    found = []
    for days in DAYS:
        done = people[f"n_{days}d"].fill_null(0).to_numpy()
        outcome = people["outcome"].to_numpy()
        segment = people["segment"].to_numpy()
        for k in COUNTS:
            for name in CHANNELS:
                here, reached = segment == name, done >= k
                table = [
                    (here & who & what).sum()
                    for who in (reached, ~reached)
                    for what in (outcome, ~outcome)
                ]
                found.append(((k, days, name), np.array(table, np.int64)))
    return found


if __name__ == "__main__":
    for (k, days), difference in true_differences(1_000_003, 2400, PLANTED).items():
        print(f"    ({k}, {days}): {difference:.4f},")
