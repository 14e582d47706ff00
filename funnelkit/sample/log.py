"""The event log as columns of integers; text is made only when it is written."""

from typing import NamedTuple, Self

import numpy as np

from funnelkit.sample.plan import CODE, SECOND, Flags, Ints

NOBODY = -1  # no user, no visitor, no account
NO_TIME = np.int64(-(1 << 62))  # an instant that is written as a text no parser takes


class Events(NamedTuple):
    """Events, a value per row: ids as numbers, instants in microseconds since 1970.

    `number` becomes the event id; `name` and `properties` index `plan.EVENTS` and
    `plan.PROPERTIES`.
    """

    number: Ints
    user: Ints
    visitor: Ints
    account: Ints
    name: Ints
    occurred: Ints
    received: Ints
    properties: Ints

    def take(self, rows: Ints | Flags) -> Self:
        """The rows asked for, in that order."""
        return type(self)(*(column[rows] for column in self))

    def in_arrival_order(self) -> Self:
        """Rows by received_at, then by event number."""
        return self.take(np.lexsort((self.number, self.received)))


def concatenate(parts: list[Events]) -> Events:
    """All rows of the parts, in their order."""
    return Events(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


class Draft:
    """Collects a block's events as (place in the block, second), a vector at a time."""

    def __init__(self) -> None:
        self._parts: list[tuple[Ints, Ints, Ints, Ints]] = []

    def add(
        self,
        name: str,
        user: Ints,
        at: Ints,
        keep: Flags | None = None,
        properties: Ints | int = 0,
    ) -> None:
        """Add one event `name` per element: `user` at second `at`, where `keep` holds."""
        columns = (user, np.full(len(user), CODE[name]), at, properties + np.zeros_like(user))
        if keep is not None:
            columns = tuple(column[keep] for column in columns)  # type: ignore[assignment]
        self._parts.append(columns)

    def columns(self) -> tuple[Ints, Ints, Ints, Ints]:
        """Place of the user, event code, second, property code of every event added."""
        user, name, at, properties = (
            np.concatenate(column) for column in zip(*self._parts, strict=True)
        )
        return user, name, at, properties


def at_seconds(seconds: Ints) -> Ints:
    """Seconds as microseconds."""
    return seconds * SECOND
