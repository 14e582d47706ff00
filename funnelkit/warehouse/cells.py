"""SQL for what a file's columns fill in a raw table, and for what they leave over."""

import json

from funnelkit.warehouse.connect import literal
from funnelkit.warehouse.mapping import Columns
from funnelkit.warehouse.raw import TARGETS, TIMES, Kind
from funnelkit.warehouse.sources import Scan
from funnelkit.warehouse.times import time_sql, utc_text

_BLANK = "' ' || chr(9) || chr(10) || chr(13)"


def stored_time(text: str, time_format: str | None) -> str:
    """SQL: a time as raw holds it, UTC text; one that cannot be read stays as it was."""
    return f"coalesce({utc_text('(' + time_sql(text, time_format) + ')')}, {text})"


def cells_of(
    kind: Kind, scan: Scan, columns: Columns, digest: str, time_format: str | None = None
) -> list[str]:
    """SQL, one expression per target of the raw table; `digest` is the file's."""
    cells = dict.fromkeys(TARGETS[kind], "cast(null as varchar)")
    cells |= {target: scan.text[index] for target, index in columns.sources.items()}
    cells |= {target: literal(text) for target, text in columns.constants.items()}
    for target in TIMES[kind]:
        if target in columns.sources or target in columns.constants:
            cells[target] = stored_time(cells[target], time_format)
    if "properties" in cells:
        own = cells["properties"]
        cells["properties"] = _properties(own, scan, columns)
        if kind == "events" and _has_own(columns):
            cells["properties"] = sorted_without_id(cells["event_id"], cells["properties"])
    if "response_id" in cells:
        content = ", ".join(c for target, c in cells.items() if target != "response_id")
        # Of answers that nobody signed, two equal ones are two: they are told apart by their place.
        place = f"{literal(digest + '/')} || ({scan.line})"
        content += f", case when {cells['user_id']} is null then {place} end"
        cells["response_id"] = (
            f"coalesce({cells['response_id']}, md5(cast(to_json([{content}]) as varchar)))"
        )
    return [cells[target] for target in TARGETS[kind]]


def _has_own(columns: Columns) -> bool:
    return "properties" in columns.sources or "properties" in columns.constants


def sorted_without_id(event_id: str, properties: str) -> str:
    """SQL: the properties of an event, their keys sorted where they are part of its identity."""
    return f"case when {event_id} is null then {_sorted(properties)} else {properties} end"


def _sorted(text: str) -> str:
    """SQL: a JSON object with its keys sorted, each value as it is; other text, and an object that
    has a key twice, unchanged."""
    entries = f"map_entries(try_cast(try_cast({text} as json) as map(varchar, json)))"
    member = "cast(to_json(e.key) as varchar) || ':' || coalesce(cast(e.value as varchar), 'null')"
    members = f"list_transform(list_sort({entries}), lambda e: {member})"
    return f"coalesce('{{' || array_to_string({members}, ',') || '}}', {text})"


def _properties(own: str, scan: Scan, columns: Columns) -> str:
    """SQL: the file's properties and, behind them, what no target took; NULL if there is nothing.

    Text that is no JSON object stays as it is when there is nothing to add, for staging to refuse;
    else it becomes the value of the key `properties`.
    """
    if not columns.rest:
        return own
    # Sorted: the same event with its columns in another order is the same event.
    rest = sorted(columns.rest, key=scan.columns.__getitem__)
    keys = {index: json.dumps(scan.columns[index], ensure_ascii=False) for index in rest}
    has_own = _has_own(columns)
    members = []
    if has_own:
        inner = f"substr(trim({own}, {_BLANK}), 2, length(trim({own}, {_BLANK})) - 2)"
        members.append(
            f"case when try(json_type({own})) = 'OBJECT' then nullif(trim({inner}, {_BLANK}), '')"
            f" when {own} is not null then '\"properties\":' || to_json({own}) end"
        )
    for index, key in keys.items():
        held = scan.json[index]
        absent = _absent(own, scan.columns[index]) if has_own else "true"
        members.append(
            f"case when {held} is not null and {absent} then {literal(key + ':')} || {held} end"
        )
    body = f"nullif(concat_ws(',', {', '.join(members)}), '')"
    folded = f"('{{' || {body} || '}}')"
    if not has_own:
        return folded
    added = " or ".join(scan.json[index] + " is not null" for index in columns.rest)
    return f"case when {added} then {folded} else {own} end"


def _absent(own: str, key: str) -> str:
    pointer = literal("/" + key.replace("~", "~0").replace("/", "~1"))
    return f"not coalesce(try(json_exists({own}, {pointer})), false)"
