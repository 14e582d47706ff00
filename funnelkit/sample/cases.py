"""The planted cases: users made by hand, one per rule, with the level that is right for each."""

from typing import NamedTuple

import numpy as np

from funnelkit.sample.log import NO_TIME, NOBODY, Events
from funnelkit.sample.plan import (
    CHANNELS,
    CODE,
    DAY_S,
    LAST_S,
    MANY,
    RECIPIENTS,
    SECOND,
    START_S,
    WINDOW_S,
    Ints,
)

ACCOUNT = 1  # the account of all hand-made users
TIER = 1
WINDOW = WINDOW_S * SECOND
LAST = LAST_S * SECOND
DAY = DAY_S * SECOND
HOUR = 3600 * SECOND
BASE = (START_S + 33 * DAY_S + 9 * 3600) * SECOND  # 2026-02-03T09:00:00Z
BEFORE_2000 = 946_681_200 * SECOND  # 1999-12-31T23:00:00Z
FIVE = RECIPIENTS + 5


class Row(NamedTuple):
    """One event of a case; instants in microseconds, `received` a second later when None."""

    name: str
    at: int
    properties: int = 0
    received: int | None = None
    defect: str = ""


class Case(NamedTuple):
    """A hand-made user: its rows in file order, the right level, and why."""

    key: str
    why: str
    signed_up: int
    level: int
    rows: tuple[Row, ...]
    twice: bool = False
    level_best: int | None = None


def _chain(t: int, *after: int, shared: Row | None = None) -> tuple[Row, ...]:
    """Sign-up at t, then the steps at t + after; `shared` replaces the last one."""
    names = ("signed_up", "source_connected", "dashboard_created", "dashboard_shared")
    rows = [
        Row(name, t + gap, FIVE if name == "dashboard_shared" else 0)
        for name, gap in zip(names, (0, *after), strict=False)
    ]
    return (*rows, shared) if shared else tuple(rows)


def _reversed(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """The same rows received in reverse, a second apart: the file holds later steps first."""
    end = max(row.at for row in rows) + SECOND
    return tuple(
        row._replace(received=end + (len(rows) - place) * SECOND) for place, row in enumerate(rows)
    )


def cases() -> tuple[Case, ...]:
    """All hand-made users, in the order of their numbers (1, 2, …)."""
    odd = BASE + 123_456
    wrong_clock = Row("dashboard_shared", BASE + 3 * DAY, FIVE, BASE + DAY, "future_clock")
    far_clock = Row("dashboard_viewed", LAST + 400 * DAY, 0, LAST - 60 * DAY, "future_clock")
    no_time = Row("dashboard_shared", int(NO_TIME), FIVE, BASE + 2 * DAY, "untypeable_time")
    many = Row("dashboard_shared", BASE + 2 * DAY, MANY, None, "untypeable_recipients")
    old = Row("signed_up", BEFORE_2000, 0, BASE - DAY, "before_2000")
    late = Row("source_connected", BASE + HOUR, 0, BASE + 20 * DAY, "late")
    end = LAST - WINDOW
    together = _chain(BASE, WINDOW, WINDOW, WINDOW)
    second_try = _chain(BASE + 16 * DAY, HOUR, 2 * HOUR, 3 * HOUR)
    step = _chain(BASE, HOUR, 2 * HOUR)
    return (
        Case("window_edge_at", "last step at exactly entry + 14 d counts", odd, 4,
             _chain(odd, HOUR, 2 * HOUR, WINDOW)),
        Case("window_edge_after", "last step one microsecond after entry + 14 d does not", odd, 3,
             _chain(odd, HOUR, 2 * HOUR, WINDOW + 1)),
        Case("window_edge_together", "three steps at once at exactly entry + 14 d count", BASE, 4,
             (together[0], *_reversed(together[1:]))),
        Case("window_edge_middle", "second step one microsecond too late", BASE, 1,
             _chain(BASE, WINDOW + 1, WINDOW + 2, WINDOW + 3)),
        Case("same_instant_all", "all steps at one instant count in step order", BASE, 4,
             _reversed(_chain(BASE, 0, 0, 0))),
        Case("same_instant_pair", "built and shared at one instant, shared first in the file",
             BASE, 4, _reversed(_chain(BASE, HOUR, 2 * HOUR, 2 * HOUR))),
        Case("just_out_of_order", "shared one microsecond before built does not count", BASE, 3,
             _chain(BASE, HOUR, 2 * HOUR, 2 * HOUR - 1)),
        Case("late_row", "connected arrives 20 days later and still counts", BASE, 4,
             (step[0], late, step[2], Row("dashboard_shared", BASE + DAY, FIVE))),
        Case("future_clock", "shared more than a day ahead of received_at: quarantined", BASE, 3,
             _chain(BASE, HOUR, 2 * HOUR, shared=wrong_clock)),
        Case("far_future_clock", "viewed a year ahead: must not mature every entry", BASE, 1,
             (*_chain(BASE), far_clock)),
        Case("untypeable_time", "shared at 'not a time' does not count", BASE, 3,
             _chain(BASE, HOUR, 2 * HOUR, shared=no_time)),
        Case("untypeable_recipients", "shared with recipients 'many' does not count", BASE, 3,
             _chain(BASE, HOUR, 2 * HOUR, shared=many)),
        Case("no_recipients", "shared with 0 recipients does not count", BASE, 3,
             _chain(BASE, HOUR, 2 * HOUR,
                    shared=Row("dashboard_shared", BASE + 3 * HOUR, RECIPIENTS))),
        Case("all_rows_twice", "every row of the user twice; counts once", BASE, 4,
             _chain(BASE, HOUR, 2 * HOUR, 3 * HOUR), twice=True),
        Case("before_2000", "a sign-up in 1999 is refused; the real one counts", BASE, 4,
             (old, *_chain(BASE, HOUR, 2 * HOUR, 3 * HOUR))),
        Case("second_entry", "converts only after a second sign-up: first 1, best 4", BASE, 1,
             (*_chain(BASE), *second_try), level_best=4),
        Case("mature_to_the_microsecond", "entry + 14 d = end of the log: mature, lost", end, 2,
             _chain(end, HOUR)),
        Case("open_by_a_microsecond", "entry + 14 d one microsecond after the end: open",
             end + 1, 2, _chain(end + 1, HOUR)),
        Case("last_event", "holds the latest accepted event", LAST - 10 * DAY, 1,
             (*_chain(LAST - 10 * DAY), Row("dashboard_viewed", LAST))),
    )  # fmt: skip


def channel_of(place: int) -> int:
    """Channel code of the hand-made user at a place: they go round the channels."""
    return place % len(CHANNELS)


def nameless_rows() -> tuple[Row, ...]:
    """Rows with neither user nor anonymous id."""
    return tuple(
        Row("dashboard_viewed", BASE + day * DAY, 0, None, "no_identity") for day in range(5)
    )


class Planted(NamedTuple):
    """Events of the hand-made users, and the event numbers of each kind of defect."""

    events: Events
    defects: dict[str, list[int]]


def planted_events() -> Planted:
    """Rows of all cases with event numbers from 1; a row written twice keeps its number."""
    rows: list[tuple[int, int, Row]] = []
    defects: dict[str, list[int]] = {}
    number = 0
    everyone = [(place + 1, case.rows, case.twice) for place, case in enumerate(cases())]
    for user, user_rows, twice in (*everyone, (NOBODY, nameless_rows(), False)):
        for row in user_rows:
            number += 1
            rows.extend([(number, user, row)] * (2 if twice else 1))
            for kind in (row.defect, "duplicate" if twice else ""):
                if kind:
                    defects.setdefault(kind, []).append(number)
    return Planted(_as_events(rows), defects)


def _as_events(rows: list[tuple[int, int, Row]]) -> Events:
    def column(values: list[int]) -> Ints:
        return np.array(values, dtype=np.int64)

    user = column([user for _, user, _ in rows])
    return Events(
        number=column([number for number, _, _ in rows]),
        user=user,
        visitor=np.full(len(rows), NOBODY),
        account=np.where(user == NOBODY, NOBODY, ACCOUNT),
        name=column([CODE[row.name] for *_, row in rows]),
        occurred=column([row.at for *_, row in rows]),
        received=column(
            [
                row.at + SECOND - row.at % SECOND if row.received is None else row.received
                for *_, row in rows
            ]
        ),
        properties=column([row.properties for *_, row in rows]),
    )
