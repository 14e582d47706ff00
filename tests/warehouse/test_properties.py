"""Properties in any shape: reachable where they are undeclared, and typed or given up."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from funnelkit import api
from funnelkit.warehouse.connect import memory
from funnelkit.warehouse.load import load
from funnelkit.warehouse.macros import render

# Of three events the first two have plan y, deep inside of it 1; the third has neither.
SHAPES = {
    "struct": ("{'plan': 'y', 'in': {'a': 1}}", "{'plan': 'z', 'in': {'a': 2}}"),
    "map": ("map {'plan': 'y'}", "map {'plan': 'z'}"),
    "json": ("""'{"plan": "y", "in": {"a": 1}}'::json""", "null::json"),
    "text": ("""'{"plan": "y", "in": {"a": 1}}'""", "'{bad'"),
    "array": ("""'{"plan": "y", "in": {"a": 1}}'""", "'[1]'"),
    "number": ("""'{"plan": "y", "in": {"a": 1}}'""", "'5'"),
}


def _reached(path: Path, where: str) -> list[Any]:
    return api.explore([str(path)], api.parse_steps(["a", "b"]), where=where).column("reached")


def _write(folder: Path, shape: str, format_: str) -> Path:
    good, bad = SHAPES[shape]
    path = folder / f"x.{format_}"
    options = {"jsonl": "format json", "csv": "header", "parquet": "format parquet"}[format_]
    text = "" if format_ == "parquet" or shape not in ("struct", "map") else "::json"
    duckdb.sql(f"""
        copy (select user_id, event_name, occurred_at, (properties){text} as properties
              from (values ('1', 'a', '2026-01-01', {good}), ('1', 'b', '2026-01-02', {good}),
                           ('2', 'a', '2026-01-01', {bad}))
              events (user_id, event_name, occurred_at, properties))
        to '{path}' ({options})""")
    return path


@pytest.mark.parametrize("format_", ["parquet", "jsonl", "csv"])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_property_is_reached_in_any_shape(tmp_path: Path, shape: str, format_: str) -> None:
    path = _write(tmp_path, shape, format_)
    assert _reached(path, "properties ->> 'plan' = 'y'") == [1, 1]
    if shape != "map":
        assert _reached(path, "properties ->> '$.in.a' = '1'") == [1, 1]
    with memory() as con:
        assert load(con, "events", [path], root=tmp_path).rows == 3
        found = con.execute("select properties from raw.events order by source_line").fetchall()
    assert json.loads(found[0][0])["plan"] == "y"
    kept = {"text": "{bad", "array": "[1]", "number": "5", "json": None}
    if shape in kept:
        assert found[2] == (kept[shape],)


GIVEN_UP = None
TYPED: dict[str, dict[str, Any]] = {
    "integer": {
        "1": "1",
        "1.0": "1",
        "-0": "0",
        "007": "7",
        "2147483647": "2147483647",
        **dict.fromkeys(["2147483648", "1.5", "1e3", "NaN", "1_000", "0x1F", " 5 ", "", "true"]),
    },
    "bigint": {"2147483648": "2147483648", "9223372036854775808": GIVEN_UP, "9" * 400: GIVEN_UP},
    "double": {
        "1": "1.0",
        "1e3": "1000.0",
        "-1.5": "-1.5",
        **dict.fromkeys(["NaN", "nan", "inf", "-Infinity", "1e999", "9" * 400, "five", "", "\x00"]),
    },
    "boolean": {"true": "True", "FALSE": "False", "2": GIVEN_UP, "maybe": GIVEN_UP},
    "date": {
        "2026-01-31": "2026-01-31",
        "2026-01-31T23:00:00Z": "2026-01-31",
        **dict.fromkeys(["2026-02-30", "infinity", "epoch", "today", "2026-01-01 (BC)x", "31.1."]),
        "1767225600": GIVEN_UP,
    },
    "timestamp": {"2026-01-31T23:00:00+01:00": "2026-01-31 22:00:00", "infinity": GIVEN_UP},
    "decimal(5,2)": {"1.5": "1.50", "12345.6": GIVEN_UP, "NaN": GIVEN_UP, "inf": GIVEN_UP},
}


@pytest.mark.parametrize("type_", TYPED)
def test_what_does_not_fit_its_type_is_null_and_never_an_error(type_: str) -> None:
    with memory() as con:
        con.execute("create table given (no integer, text varchar)")
        con.executemany("insert into given values (?, ?)", list(enumerate(TYPED[type_])))
        sql = f"select {render('typed', 'text', type_)} from given order by no"
        found = [None if row[0] is None else str(row[0]) for row in con.execute(sql).fetchall()]
    assert dict(zip(TYPED[type_], found, strict=True)) == TYPED[type_]
