"""The array kernel on a log: step rows sorted by DuckDB, handed over a few million at a time."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from funnelkit.warehouse.connect import literal
from funnelkit.warehouse.journeys import Asked, table, tell_journeys
from funnelkit.warehouse.macros import render

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from funnelkit.kernel import Chains, Indexes, Rows, Rules

# Rows at a time: some hundred megabytes of arrays, and an entity is never split.
CHUNK_ROWS = 4_000_000
_NEVER = -1  # arrays have no null


def can_stream(asked: Asked, latest_us: int) -> bool:
    """Whether the array kernel knows this funnel's rules: ordered, entities, nothing but windows.

    Time and step must fit one number (`latest_us`: the log's latest event).
    """
    spec = asked.spec
    plain = spec["order"] == "ordered" and spec["count"] == "entities"
    others = spec["hold"] or spec["exclude"] or spec["row_reuse"]
    optional = any(step["optional"] for step in spec["steps"])
    return plain and not others and not optional and latest_us < 1 << (62 - _bits(spec))


def _bits(spec: Mapping[str, Any]) -> int:
    return (len(spec["steps"]) - 1).bit_length()


def stream_journeys(
    con: "DuckDBPyConnection", asked: Asked, observed_us: int, *, lean: bool = False
) -> None:
    """The tables of `create_journeys` but its rows, from the view fk_accepted (fk_entity_id).

    Only where the order of equal rows cannot matter: no event name stands in two steps. `lean`:
    what the step counts need and no more, so neither the curve nor every proof row.
    """
    spec = asked.spec
    rules = _rules(spec)
    _create_rows(con, spec)
    _create_empty(con)
    for rows in _chunks(con, _bits(spec)):
        runs = _entries(rows, asked, observed_us)
        if lean:
            runs.pop("first", None)
        _append(con, rows, runs, rules, lean)
    tell_journeys(con, asked, observed_us)


def _rules(spec: Mapping[str, Any]) -> "Rules":
    from funnelkit.kernel import Rules

    limits = (spec["window_us"], spec["step_window_us"])
    return Rules(len(spec["steps"]), *limits, spec["strict_increase"])


def _create_rows(con: "DuckDBPyConnection", spec: Mapping[str, Any]) -> None:
    """fk_stepped: id and, in one number, time and step; one look at the log, which may be slow.

    fk_entities: of those that enter, a number for each.
    """
    bits = _bits(spec)
    cases = " ".join(
        f"when {render('step_predicate', step)} then {k}" for k, step in enumerate(spec["steps"])
    )
    names = {event for step in spec["steps"] for event in step["events"]}
    listed = ", ".join(literal(name) for name in sorted(names))
    table(
        con,
        "fk_stepped",
        f"""
        select entity_id, us * {1 << bits} + step as us_and_step
        from (
            select fk_entity_id as entity_id, {render("epoch_us", "occurred_at")} as us,
                case {cases} end as step
            from fk_accepted
            where event_name in ({listed})
        )
        where step is not null""",
    )
    table(
        con,
        "fk_entities",
        "select entity_id, cast(row_number() over () as integer) as entity_key from ("
        f"select distinct entity_id from fk_stepped where us_and_step & {(1 << bits) - 1} = 0)",
    )


def _create_empty(con: "DuckDBPyConnection") -> None:
    columns = {
        "fk_rows": "p, pos, tie, us, mask, xmask, event_no",
        "fk_chains": "p, attempt, lane_p, depth, last_pos, open_until_us",
        "fk_units": "funnel_no, p, attempt, first_entry_us, last_entry_us, lane_p, depth, last_pos,"
        " open_until_us, level, entry_us, last_us, mature_level, initial_level, initial_us",
        "fk_chain_rows": "p, attempt, step, filled, us, us_from_entry, us_from_previous, event_no",
    }
    others = {"fk_chains": ", run varchar", "fk_chain_rows": ", run varchar, is_optional boolean"}
    for name, listed in columns.items():
        typed = ", ".join(f"{column.strip()} bigint" for column in listed.split(","))
        con.execute(f"create temp table {name} ({typed}{others.get(name, '')})")


def _chunks(con: "DuckDBPyConnection", bits: int) -> Iterator["Rows"]:
    """Rows of whole entities, in row order."""
    import numpy as np

    from funnelkit.kernel import Rows

    keyed = (
        "select entity_key, us_and_step from fk_stepped inner join fk_entities using (entity_id)"
    )
    found = con.execute(
        "select (select count(*) from fk_stepped), (select count(*) from fk_entities)"
    ).fetchall()
    rows, entities = found[0]
    parts = max(1, -(-rows // CHUNK_ROWS))
    if parts > 1:
        table(con, "fk_keyed", keyed)
        con.execute("drop table fk_stepped")
        keyed = "select * from fk_keyed"
    for part in range(parts):
        lowest, above = part * entities // parts + 1, (part + 1) * entities // parts + 1
        condition = f"where entity_key >= {lowest} and entity_key < {above}" if parts > 1 else ""
        got = con.execute(f"{keyed} {condition} order by entity_key, us_and_step").fetchnumpy()
        both = np.asarray(got["us_and_step"])
        step = (both & ((1 << bits) - 1)).astype(np.int8)
        yield Rows(np.asarray(got["entity_key"]), both >> bits, step)


def _entries(rows: "Rows", asked: Asked, observed_us: int) -> dict[str, "Indexes"]:
    """By run, the rows that may open a chain: as the macro funnel_entries."""
    import numpy as np

    from funnelkit.kernel import first_of_each

    is_entry = rows.step == 0
    if asked.since_us is not None:
        is_entry &= rows.us >= asked.since_us
    if asked.until_us is not None:
        is_entry &= rows.us < asked.until_us
    entries = np.flatnonzero(is_entry)
    if asked.spec["entry"] == "first":
        return {"entered": entries, "all": first_of_each(rows, entries)}
    window = asked.spec["window_us"]
    mature = entries[:0] if window is None else entries[rows.us[entries] <= observed_us - window]
    first = first_of_each(rows, entries)
    return {"entered": entries, "all": entries, "mature": mature, "first": first}


def _append(
    con: "DuckDBPyConnection",
    rows: "Rows",
    runs: Mapping[str, "Indexes"],
    rules: "Rules",
    lean: bool,
) -> None:
    from funnelkit.kernel import chains

    found = {run: chains(rows, at, rules) for run, at in runs.items() if run != "entered"}
    con.register("fk_part", _units(rows, runs["entered"], found))
    con.execute("""
        insert into fk_units
        select 0, entity, 0, first_entry_us, last_entry_us, entity, depth, null,
            nullif(open_until_us, -1), depth, entry_us, last_us,
            nullif(mature_level, -1), nullif(initial_level, -1), nullif(initial_us, -1)
        from fk_part""")
    con.unregister("fk_part")
    proven = [run for run in ("all", "mature") if run in found]
    if lean:  # the run that times are taken from
        proven = proven[-1:] if rules.window_us is not None else proven[:1]
    for run in proven:
        for step, part in enumerate(_steps(found[run]), start=1):
            if lean and step == 1:
                continue
            con.register("fk_part", part)
            con.execute(f"""
                insert into fk_chain_rows
                select entity, 0, {step}, {step}, us, us - entry_us,
                    {"us - previous_us" if step > 1 else "null"}, 0, '{run}', false
                from fk_part""")
            con.unregister("fk_part")


def _units(rows: "Rows", entered: "Indexes", found: Mapping[str, "Chains"]) -> dict[str, Any]:
    """The columns of fk_units, one value an entity; -1 for null."""
    import numpy as np

    whole = found["all"]
    mature, first = found.get("mature", whole), found.get("first", whole)
    each = np.arange(len(whole.entity))
    by_entity = rows.entity[entered]
    last = whole.times[each, whole.depth - 1]
    level = np.full(len(each), _NEVER, dtype=np.int64)
    level[np.searchsorted(whole.entity, mature.entity)] = mature.depth
    return {
        "entity": whole.entity,
        "first_entry_us": rows.us[entered[np.searchsorted(by_entity, whole.entity)]],
        "last_entry_us": rows.us[entered[np.searchsorted(by_entity, whole.entity, "right") - 1]],
        "depth": whole.depth,
        "open_until_us": whole.open_until,
        "entry_us": whole.times[:, 0].copy(),
        "last_us": last,
        "mature_level": level,
        "initial_level": first.depth,
        "initial_us": first.times[each, first.depth - 1] - first.times[:, 0],
    }


def _steps(found: "Chains") -> Iterator[dict[str, Any]]:
    """Per step, who reached it and when; `previous_us` is its own time on the first."""
    for step in range(found.times.shape[1]):
        who = found.depth > step
        yield {
            "entity": found.entity[who],
            "us": found.times[who, step],
            "entry_us": found.times[who, 0],
            "previous_us": found.times[who, max(step - 1, 0)],
        }
