"""The query that reads a vendor's export by its preset, and what it needs of the file."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from funnelkit.errors import FunnelkitError
from funnelkit.warehouse.connect import identifier, literal
from funnelkit.warehouse.mapping import constant, found, listed
from funnelkit.warehouse.presets import PRESETS
from funnelkit.warehouse.presets.preset import EVENT_CELLS, USER_CELLS, Preset
from funnelkit.warehouse.presets.terms import json_object
from funnelkit.warehouse.sources import Scan

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_NULL = "cast(null as varchar)"
_LOOK = 1_000  # rows that a preset is recognised by


def staged(preset: Preset, scan: Scan, relation: str, mapping: Mapping[str, str]) -> str:
    """SQL: a row per record, with what it says for both raw tables, as text.

    Columns: fk_line; e_<target> and e_properties for raw.events; with traits u_<target> and
    u_properties for raw.users, u_properties NULL where the row tells nothing. `mapping` fills a
    target from a column, else from a key of the vendor's properties, or with a constant.
    Raises FunnelkitError for a mapped target or column that is not there.
    """
    paths = _paths(preset)
    rest = rest_of(preset, scan.columns)
    raw_cells = [f"{scan.line} as fk_line", f"{_members(scan, rest)} as fk_rest"]
    part_cells, field_cells = ["*"], ["*"]
    for number, (column, keys) in enumerate(paths.items()):
        index = found(scan.columns, column)
        text = "cast(null as varchar)" if index is None else scan.text[index]
        raw_cells.append(f"{text} as c{number}")
        if keys:
            pointers = ", ".join(literal("/" + key) for key in keys)
            part_cells.append(f"try(json_extract(c{number}, [{pointers}]::varchar[])) as p{number}")
    for alias, spec in preset.fields.items():
        field_cells.append(f"{_field(paths, spec)} as {identifier(alias)}")
    raw = f"select {', '.join(raw_cells)} from {relation}"
    parts = f"select {', '.join(part_cells)} from ({raw})"
    fields = f"select {', '.join(field_cells)} from ({parts})"
    told = preset.traits.properties if preset.traits else _NULL
    own = f"select *, {preset.properties} as fk_own, {told} as fk_told from ({fields})"
    return f"select {', '.join(_targets(preset, paths, mapping))} from ({own})"


def rest_of(preset: Preset, columns: Sequence[str]) -> tuple[int, ...]:
    """Indexes of the columns that go into an event's properties under their own name."""
    whole = {spec for field in preset.fields.values() for spec in field.split("|")}
    taken = {*whole, *preset.ignored} - preset.kept
    return tuple(i for i, column in enumerate(columns) if column not in taken)


def left_out(preset: Preset, columns: Sequence[str]) -> tuple[str, ...]:
    """Columns of the file that go nowhere: they tell how an event was delivered."""
    fields = {spec for field in preset.fields.values() for spec in field.split("|")}
    return tuple(c for c in columns if c in preset.ignored and c not in fields)


def check_columns(con: "DuckDBPyConnection", preset: Preset, scan: Scan) -> None:
    """Raise FunnelkitError if the file is not the vendor's export: what it lacks, what it has."""
    missing = [
        need for need in preset.needed if not any(n in scan.columns for n in need.split("|"))
    ]
    if not missing:
        return
    wanted = ", ".join(need.replace("|", " or ") for need in missing)
    other = recognised(con, scan)
    hint = "leave out --preset, and say with --map which column is which"
    if other is not None and other != preset:
        hint = looks_like(other)
    raise FunnelkitError(
        f"{scan.source.path.name} is no {preset.title} export: it has no column {wanted};"
        f" it has: {listed(scan.columns)}",
        hint,
    )


def looks_like(preset: Preset) -> str:
    """The hint that names a preset."""
    return f"it looks like a {preset.title} export: --preset {preset.name}"


def recognised(con: "DuckDBPyConnection", scan: Scan) -> Preset | None:
    """The preset whose signs the file's columns and first rows have; None for no vendor's."""
    for preset in PRESETS.values():
        if all(_has_sign(con, scan, sign) for sign in preset.signs):
            return preset
    return None


def _has_sign(con: "DuckDBPyConnection", scan: Scan, sign: str) -> bool:
    for spec in sign.split("|"):
        column, _, path = spec.partition("/")
        if column not in scan.columns:
            continue
        value = scan.text[scan.columns.index(column)]
        if path:
            value = f"try(json_extract_string({value}, {literal('/' + path)}))"
        rows = con.execute(
            f"select 1 from (select {value} as value from {scan.peek} limit {_LOOK})"
            " where value is not null limit 1"
        ).fetchall()
        if rows:
            return True
    return False


def _paths(preset: Preset) -> dict[str, list[str]]:
    """Column → paths into it, of everything that the preset reads; one extraction a column."""
    flats = [preset.flat, preset.traits.flat if preset.traits else {}]
    specs = [*preset.fields.values(), *(spec for flat in flats for spec in flat.values())]
    paths: dict[str, list[str]] = {}
    for spec in (each for field in specs for each in field.split("|")):
        column, _, path = spec.partition("/")
        keys = paths.setdefault(column, [])
        if path and path not in keys:
            keys.append(path)
    return paths


def _part(paths: Mapping[str, Sequence[str]], spec: str) -> str:
    """SQL: a part of a column, as JSON where it is nested, else the column's text."""
    column, _, path = spec.partition("/")
    number = list(paths).index(column)
    return f"p{number}[{paths[column].index(path) + 1}]" if path else f"c{number}"


def _field(paths: Mapping[str, Sequence[str]], specs: str) -> str:
    texts = [
        f"nullif({_part(paths, spec)} ->> '$', '')" if "/" in spec else _part(paths, spec)
        for spec in specs.split("|")
    ]
    return texts[0] if len(texts) == 1 else f"coalesce({', '.join(texts)})"


def _members(scan: Scan, columns: Sequence[int]) -> str:
    """SQL: `"a":1,"b":"x"` of these columns; NULL if there is nothing."""
    members = [
        f"case when {scan.json[i]} is not null then {_key(scan.columns[i])} || {scan.json[i]} end"
        for i in columns
    ]
    return f"nullif(concat_ws(',', {', '.join(members)}), '')" if members else _NULL


def _key(name: str) -> str:
    return literal(json.dumps(name, ensure_ascii=False) + ":")


def _flat(paths: Mapping[str, Sequence[str]], flat: Mapping[str, str]) -> list[str]:
    """SQL: a member `"name":value` for each of the parts that is there."""
    members = []
    for name, spec in sorted(flat.items()):
        value = f"cast({_part(paths, spec)} as varchar)"
        members.append(
            f"case when {value} not in ('null', '\"\"') then {_key(name)} || {value} end"
        )
    return members


def _with(own: str, members: Sequence[str], moved: Sequence[str] = ()) -> str:
    """SQL: the object `own` with what it has not; its own keys decide, those `moved` go.

    Other text stays as the value of the key `properties`.
    """
    gone = literal(json.dumps(dict.fromkeys(moved), ensure_ascii=False))
    kept = f"cast(json_merge_patch({own}, {gone}) as varchar)" if moved else own
    more = f"nullif(concat_ws(',', {', '.join(members)}), '')" if members else "null"
    is_object = f"({json_object(own)}) is not null"
    added = f"'{{' || ({more}) || '}}'"
    whole = f"case when {is_object} then {kept} when {own} is not null"
    whole += f" then '{{\"properties\":' || to_json({own}) || '}}' end"
    merged = f"cast(json_merge_patch({added}, {whole}) as varchar)"
    return (
        f"nullif(case when ({more}) is null then {whole} when {own} is null then {added}"
        f" else {merged} end, '{{}}')"
    )


def _targets(
    preset: Preset, paths: Mapping[str, Sequence[str]], mapping: Mapping[str, str]
) -> list[str]:
    flat = [*_flat(paths, preset.flat), "fk_rest"]
    cells = {target: preset.cells.get(target, _NULL) for target in EVENT_CELLS}
    cells |= {target: _mapped(theirs) for target, theirs in mapping.items()}
    events = [f"{cells[target]} as e_{target}" for target in EVENT_CELLS]
    events.append(f"{_with('fk_own', flat, preset.moved)} as e_properties")
    traits = preset.traits
    if traits is None:
        return ["fk_line", *events]
    of_users = {"updated_at": cells["occurred_at"], **cells, **traits.cells}
    users = [f"{of_users[target]} as u_{target}" for target in USER_CELLS]
    told = _with("fk_told", _flat(paths, traits.flat))
    told = f"case when fk_told is not null then {told} end"
    return ["fk_line", *events, *users, f"{told} as u_properties"]


def _mapped(theirs: str) -> str:
    """SQL: a constant, or a value of the vendor's properties, else of the other columns."""
    text = constant(theirs)
    if text is not None:
        return literal(text)
    pointer = literal("/" + theirs.replace("~", "~0").replace("/", "~1"))
    own = f"json_extract_string(({json_object('fk_own')}), {pointer})"
    rest = f"json_extract_string('{{' || fk_rest || '}}', {pointer})"
    return f"nullif(coalesce({own}, {rest}), '')"
