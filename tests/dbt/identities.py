"""Whose ids are: what the macro says, and an oracle that knows only what was agreed."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

import duckdb
from jinja2 import Environment, StrictUndefined

from funnelkit.paths import root

NEVER = 10**9
Edge = tuple[str, str, int]


class Rules(NamedTuple):
    """`identity:` of a project, and how the engine finds groups of ids."""

    shared_devices: str = "first"
    max_users_per_device: int = 20
    max_ids_per_person: int = 100
    engine: str = "duckdb"


DEFAULT = Rules()


class Said(NamedTuple):
    """A row of the log: who it names, when it occurred and when it was received, in seconds."""

    user: str | None = None
    device: str | None = None
    previous: str | None = None
    at: int = 0
    told: int | None = None

    @property
    def id(self) -> str:
        return self.user or f"anonymous:{self.device}"

    @property
    def told_at(self) -> int:
        return self.at if self.told is None else self.told


class Whose(NamedTuple):
    """Whose an id is, by what, and since when the log says so (seconds)."""

    user: str
    how: str
    valid_from: int | None


Link = tuple[str, str, Said]  # a device, a user, and the row that names both


class _Dispatch:
    def __init__(self, engine: str) -> None:
        self.engine = engine
        self.module: Any = None

    def dispatch(self, name: str, package: str) -> Any:
        found = getattr(self.module, f"{self.engine}__{name}", None)
        return found or getattr(self.module, f"default__{name}")


@cache
def macros(engine: str) -> Any:
    """The macros of identity, as an engine's."""
    folder = root("dbt") / "macros"
    files = (*(folder / "identity").glob("*.sql"), folder / "engine" / "id_groups.sql")
    environment = Environment(undefined=StrictUndefined, extensions=["jinja2.ext.do"])
    adapter = _Dispatch(engine)
    environment.globals["adapter"] = adapter
    text = "\n".join(file.read_text("utf-8") for file in files)
    adapter.module = environment.from_string(text).module
    return adapter.module


def by_macro(
    log: Iterable[Said], rules: Rules = DEFAULT, told: Iterable[str] = ()
) -> dict[str, Whose]:
    """Whose every id is, by the macro; `told`: ids that only user rows name."""
    with duckdb.connect() as con:
        load(con, log, told)
        sql = macros(rules.engine).identity_map("log_ids", "told_ids", rules._asdict())
        found = con.execute(
            f"select logged_id, user_id, how, cast(epoch(valid_from) as bigint) from ({sql})"
        ).fetchall()
    assert len({row[0] for row in found}) == len(found)
    return {row[0]: Whose(*row[1:]) for row in found}


def load(con: duckdb.DuckDBPyConnection, log: Iterable[Said], told: Iterable[str]) -> None:
    """Tables log_ids (as int_log_ids) and told_ids."""
    con.execute(
        "create table said (logged_id varchar, user_id varchar, anonymous_id varchar,"
        " previous_id varchar, seen_at bigint, told_at bigint)"
    )
    rows = [(e.id, e.user, e.device, e.previous, e.at, e.told_at) for e in log]
    columns = list(zip(*rows, strict=True)) or [()] * 6
    con.execute("insert into said select " + ", ".join(["unnest(?)"] * 6), columns)
    con.execute(
        "create table log_ids as select logged_id, user_id, anonymous_id, previous_id,"
        " min(make_timestamp(seen_at * 1000000)) as first_seen_at,"
        " max(make_timestamp(seen_at * 1000000)) as last_seen_at,"
        " min(make_timestamp(told_at * 1000000)) as first_told_at from said group by all"
    )
    con.execute("create table told_ids as select unnest(?::varchar[]) as logged_id", [[*told]])


def groups(edges: Iterable[tuple[str, str]], rounds: int, engine: str) -> set[frozenset[str]]:
    """Connected components of the edges, by the macro; every label is its group's least node."""
    both = [*edges, *((b, a) for a, b in edges)]
    with duckdb.connect() as con:
        con.execute(
            "create table edges as select unnest(?) as a, unnest(?) as b",
            [*zip(*both, strict=True)],
        )
        sql = macros(engine).id_groups("edges", rounds)
        found = con.execute(f"select label, list(node) from ({sql}) group by label").fetchall()
    assert all(label == min(nodes) for label, nodes in found)
    return {frozenset(nodes) for _, nodes in found}


def by_oracle(
    log: Sequence[Said], rules: Rules = DEFAULT, told: Iterable[str] = ()
) -> dict[str, Whose]:
    """Whose every id is, by what was agreed:

    ids are one person where an alias says so, and transitively; a device's events are its user's; a
    device of several users goes by the rule; more ids or users than the caps are not followed. An
    id is somebody's from when what the log had told by then says so.
    """
    seen = dict(_seen(log))
    ids = {*seen, *told}
    merges, links = _edges(log, ids)
    groups = components(merges)
    too_large = {id for group in groups for id in group if len(group) > rules.max_ids_per_person}
    persons = {id: id for id in ids}
    for group in groups:
        first = min(group, key=lambda id: (seen.get(id, NEVER), id))
        persons |= {id: id if id in too_large else first for id in group}
    merges = [edge for edge in merges if edge[0] not in too_large]
    devices: dict[str, list[Link]] = {}
    for device, user, row in links:
        person = persons.get(device, device)
        devices.setdefault(person, []).append((persons.get(user, user), device, row))
    whose = {}
    for id in ids:
        users = devices.get(persons[id], [])
        owner, how = _owner(users, rules)
        if owner is not None:
            whose[id] = Whose(owner, how, _linked(id, persons, owner, merges, links))
        elif how:
            whose[id] = Whose(persons[id], how, _told(id, persons[id], merges))
        elif id in too_large:
            whose[id] = Whose(id, "too many ids", None)
        else:
            how = "itself" if persons[id] == id else "merge"
            whose[id] = Whose(persons[id], how, _told(id, persons[id], merges))
    return whose


def _seen(log: Sequence[Said]) -> Iterator[tuple[str, int]]:
    """When each id was first seen; rows that name a user and a device show both."""
    for row in sorted(log, key=lambda row: -row.at):
        yield row.id, row.at
        if row.device is not None:
            yield f"anonymous:{row.device}", row.at


def _edges(log: Sequence[Said], ids: set[str]) -> tuple[list[Edge], list[Link]]:
    """Ids told to be one person, and devices with their users."""
    merges: list[Edge] = []
    links: list[Link] = []
    for row in log:
        if row.user is not None and row.device is not None:
            links.append((f"anonymous:{row.device}", row.user, row))
        if row.previous is None:
            continue
        other = row.previous if row.previous in ids else f"anonymous:{row.previous}"
        kinds = [id.startswith("anonymous:") for id in (row.id, other)]
        if kinds[0] == kinds[1]:
            if row.id != other:
                merges.append((row.id, other, row.told_at))
        else:
            links.append((row.id, other, row) if kinds[0] else (other, row.id, row))
    return merges, links


def components(merges: Iterable[Edge]) -> list[set[str]]:
    found: dict[str, set[str]] = {}
    for a, b, _ in merges:
        both = found.get(a, {a}) | found.get(b, {b})
        found |= dict.fromkeys(both, both)
    return [group for id, group in found.items() if id == min(group)]


def _owner(users: Sequence[Link], rules: Rules) -> tuple[str | None, str]:
    several = {user for user, _, _ in users}
    if len(several) <= 1:
        return (users[0][0], "device") if users else (None, "")
    if len(several) > rules.max_users_per_device:
        return None, "too many users"
    if rules.shared_devices == "none":
        return None, "shared device"
    if rules.shared_devices == "last":
        return max((row.at, user) for user, _, row in users)[1], "shared device"
    return min((row.at, user) for user, _, row in users)[1], "shared device"


def _told(id: str, person: str, merges: Sequence[Edge]) -> int | None:
    """The earliest moment by which the log had told that these two are one."""
    if id == person:
        return None
    for moment in sorted({told for _, _, told in merges}):
        known = [edge for edge in merges if edge[2] <= moment]
        if any({id, person} <= group for group in components(known)):
            return moment
    return None


def _linked(
    id: str, persons: dict[str, str], owner: str, merges: Sequence[Edge], links: Sequence[Link]
) -> int:
    """The earliest moment by which it had told that the id's person is the owner."""

    def person(of: str) -> str:
        return persons.get(of, of)

    return min(
        max(row.told_at, *(_told(each, person(each), merges) or 0 for each in (id, device, user)))
        for device, user, row in links
        if (person(device), person(user)) == (person(id), owner)
    )
