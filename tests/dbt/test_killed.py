"""kill -9 at any moment of a build that grows: what is there opens, and the next build is right."""

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import duckdb
import pytest

from tests.dbt import growing as g
from tests.dbt import project

KILLS = 30
PIECES = 20
EVENTS = 200_000

DEFINITIONS = """
event_properties: {item: varchar}
sessions: {idle: 30 minutes}
quality: {near_duplicates: 5 seconds, exclude: [{name: bots, events: "item = 'bot'"}]}
funnels:
  first: {steps: [a, b, c], window: 7 days, breakdowns: [{property: item, at: b}]}
  best: {steps: [a, b, c], window: 2 days, entry: best}
  visits: {steps: [a, b], window: 1 hour, entity: session_id}
  accounts: {steps: [a, b], window: 1 day, entity: account_id}
"""

# Pseudo-random by arithmetic on a row's number: 4,000 users, devices that several share, aliases,
# ids that come twice, in pieces that each hold rows of the whole time.
LOG = """
copy (
    select
        case when n % 7 > 0 then 'e' || if(n % 50 = 1, n - 1, n) end as event_id,
        case when h % 5 > 0 then 'u' || (h // 5 % 4000) end as user_id,
        case when h % 5 = 0 or h % 3 = 0 then 'd' || (h // 7 % 5000) end as anonymous_id,
        case when n % 211 = 0 then 'u' || (h // 11 % 4000) end as previous_id,
        case when h % 4 = 0 then 'acc' || (h // 13 % 300) end as account_id,
        ['a', 'a', 'b', 'c', 'x'][h // 17 % 5 + 1] as event_name,
        make_timestamp(1767225600000000 + (h // 19 % 5000000) * 1000000) as occurred_at,
        make_timestamp(1767225600000000 + (h // 19 % 5000000 + n % 90000) * 1000000) as received_at,
        case when n % 97 = 0 then 'bot' else 'i' || (n % 5) end as item
    from (select range as n, cast(hash(range) % 1000000007 as bigint) as h from range({events}))
    where n % {pieces} = {piece}
) to '{file}' (format csv, header)
"""


@pytest.mark.long
def test_thirty_kills_leave_a_warehouse_that_the_next_build_puts_right(tmp_path: Path) -> None:
    draw = random.Random(30)
    opened = g.project(tmp_path / "p", DEFINITIONS)
    waiting = [_piece(tmp_path, piece) for piece in range(PIECES)]
    opened.load("events", [waiting.pop() for _ in range(PIECES // 2)])
    killed, lasts = 0, 15.0
    for _ in range(KILLS):
        if waiting and draw.random() < 0.4:
            opened.load("events", [waiting.pop()])
        started = time.monotonic()
        building = project.start(opened.paths.root, "build")
        try:
            building.communicate(timeout=draw.uniform(0.5, lasts))
            lasts = max(3.0, 0.7 * (time.monotonic() - started))  # kill within what it takes
        except subprocess.TimeoutExpired:
            os.kill(building.pid, signal.SIGKILL)
            building.communicate()
            lasts *= 1.05
        killed += building.returncode == -signal.SIGKILL
        _readable(opened.paths.warehouse)
    assert killed >= KILLS // 2
    if waiting:
        opened.load("events", waiting)
    last = project.run(opened.paths.root, "build")
    assert last.returncode == 0, last.stderr
    found = g.tables(opened)
    assert len(found["fct_events"]) > EVENTS / 2
    again = g.whole(opened, tmp_path / "whole")
    for table, rows in g.tables(again).items():
        assert rows == found[table], table


def _piece(folder: Path, piece: int) -> str:
    file = folder / f"piece{piece}.csv"
    with duckdb.connect() as con:
        con.execute(LOG.format(events=EVENTS, pieces=PIECES, piece=piece, file=file))
    return str(file)


def _readable(warehouse: Path) -> None:
    """Opens, and every table can be read to its end."""
    with duckdb.connect(str(warehouse), read_only=True) as con:
        tables = con.execute(
            "select table_schema, table_name from information_schema.tables"
            " where table_type = 'BASE TABLE'"
        ).fetchall()
        for schema, table in tables:
            con.execute(f"select count(columns(*)) from {schema}.{table}").fetchall()
