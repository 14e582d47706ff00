"""SQL for what a file's columns fill in a raw table, and for what they leave over."""

import json
from collections.abc import Sequence

from funnelkit.warehouse.connect import literal
from funnelkit.warehouse.mapping import Columns
from funnelkit.warehouse.raw import TARGETS, TIMES, Kind
from funnelkit.warehouse.sources import Scan
from funnelkit.warehouse.times import time_sql, utc_text

_BLANK = "' ' || chr(9) || chr(10) || chr(13)"
_MANY = 20  # columns


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
    has_own = _has_own(columns)
    members_of = _members_listed if len(rest) > _MANY else _members
    members, is_any = members_of(scan, rest, own if has_own else None)
    if not has_own:
        return f"('{{' || nullif(concat_ws(',', {members}), '') || '}}')"
    inner = f"substr(trim({own}, {_BLANK}), 2, length(trim({own}, {_BLANK})) - 2)"
    first = (
        f"case when try(json_type({own})) = 'OBJECT' then nullif(trim({inner}, {_BLANK}), '')"
        f" when {own} is not null then '\"properties\":' || to_json({own}) end"
    )
    body = f"nullif(concat_ws(',', {first}, {members}), '')"
    return f"case when {is_any} then ('{{' || {body} || '}}') else {own} end"


def _members(scan: Scan, rest: Sequence[int], own: str | None) -> tuple[str, str]:
    """SQL, twice: `"a":1` and so on, of what these columns hold, less the keys that `own` has, as
    arguments of concat_ws; and whether they hold anything."""
    members = []
    for index in rest:
        held, name = scan.json[index], scan.columns[index]
        is_new = f" and {_lacks(f'try(json_exists({own}, {_pointer(name)}))')}" if own else ""
        members.append(f"case when {held} is not null{is_new} then {_key(name)} || {held} end")
    is_any = " or ".join(f"{scan.json[index]} is not null" for index in rest)
    return ", ".join(members), is_any


def _members_listed(scan: Scan, rest: Sequence[int], own: str | None) -> tuple[str, str]:
    """The same as one argument: to plan an expression for each takes time with their square."""
    names, held = [scan.columns[index] for index in rest], scan.json_list(rest)
    lists, member = [f"[{', '.join(map(_key, names))}]", held], "e[1] || e[2]"
    if own:
        lists.append(f"try(json_exists({own}, [{', '.join(map(_pointer, names))}]))")
        member = f"case when {_lacks('e[3]')} then {member} end"
    members = f"list_transform(list_zip({', '.join(lists)}), lambda e: {member})"
    return f"array_to_string({members}, ',')", f"list_any_value({held}) is not null"


def _lacks(has: str) -> str:
    return f"not coalesce({has}, false)"


def _key(name: str) -> str:
    return literal(json.dumps(name, ensure_ascii=False) + ":")


def _pointer(name: str) -> str:
    return literal("/" + name.replace("~", "~0").replace("/", "~1"))
