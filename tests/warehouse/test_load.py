import gzip
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from funnelkit.errors import FunnelkitError
from funnelkit.warehouse import cells, raw
from funnelkit.warehouse.connect import WarehouseBusy, connect, memory
from funnelkit.warehouse.files import misread, relation, scan
from funnelkit.warehouse.load import load
from funnelkit.warehouse.mapping import parse_map

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MAP = {"user_id": "uid", "event_name": "event", "occurred_at": "t"}
TABLES = ("events", "users", "feedback", "loads", "rejects")


def _write(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


def _dump(con: "DuckDBPyConnection") -> dict[str, list[Any]]:
    return {t: con.execute(f"select * from raw.{t} order by all").fetchall() for t in TABLES}


def _events(con: "DuckDBPyConnection", columns: str) -> list[tuple[Any, ...]]:
    return con.execute(
        f"select {columns} from raw.events order by source_file, source_line"
    ).fetchall()


# Mapping


def test_columns_are_mapped_matched_by_name_folded_or_constant(
    con: "DuckDBPyConnection", tmp_path: Path
) -> None:
    path = _write(
        tmp_path / "s.csv", "uid,T,plan,Account_ID,note\n7,2026-01-01,free,a1,\n8,2026-01-02,,,hi\n"
    )
    mapping = {"user_id": "uid", "event_name": "'it''s a session'", "occurred_at": "t"}
    result = load(con, "events", [path], root=tmp_path, mapping=mapping)
    assert _events(con, "user_id, account_id, event_name, occurred_at, properties") == [
        ("7", "a1", "it's a session", "2026-01-01 00:00:00Z", '{"plan":"free"}'),
        ("8", None, "it's a session", "2026-01-02 00:00:00Z", '{"note":"hi"}'),
    ]
    assert result.files[0].folded == ("plan", "note")
    assert (result.rows, result.rejected, result.skipped) == (2, 0, 0)


def test_properties_take_in_what_no_column_asked_for(
    con: "DuckDBPyConnection", tmp_path: Path
) -> None:
    rows: list[dict[str, Any]] = [
        {"properties": {"z": None, "a": [1, {"b": None}]}, "x": 1.5, "ok": True},
        {"properties": {}, "x": "0", "deep": {"k": [None, {}]}},
        {"properties": {"x": "own"}, "x": "column"},
        {"properties": "no object", "x": 2},
        {"properties": "no object"},
        {"x": None, 'q"u\\o/t~e\u202e': "v"},
        {},
    ]
    lines = [json.dumps({"user_id": str(n), **row}) for n, row in enumerate(rows)]
    load(con, "users", [_write(tmp_path / "u.jsonl", "\n".join(lines))], root=tmp_path)
    found = con.execute("select properties from raw.users order by source_line").fetchall()
    assert [text and json.loads(text) for (text,) in found[:4]] == [
        {"z": None, "a": [1, {"b": None}], "x": 1.5, "ok": True},
        {"x": "0", "deep": {"k": [None, {}]}},
        {"x": "own"},
        {"properties": "no object", "x": 2},
    ]
    assert found[0][0].index('"z"') < found[0][0].index('"a"') < found[0][0].index('"x"')
    assert found[4:] == [("no object",), ('{"q\\"u\\\\o/t~e\u202e":"v"}',), (None,)]


@pytest.mark.parametrize("many", [0, 1000], ids=["as a list", "one by one"])
def test_properties_are_the_same_text_however_many_columns_there_are(
    con: "DuckDBPyConnection", tmp_path: Path, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    monkeypatch.setattr(cells, "_MANY", many)
    told = {
        r'{"properties":{"z":null,"x":7},"x":1.5,"ok":true}': '{"z":null,"x":7,"ok":true}',
        r'{"properties":{},"x":"0","deep":{"k":[null]}}': '{"deep":{"k":[null]},"x":"0"}',
        r'{"properties":"text","x":2}': '{"properties":"text","x":2}',
        r'{"properties":"text","x":""}': "text",
        r'{"properties":{"a/b~\"é":1},"a/b~\"é":2,"x":null}': r'{"a/b~\"é":1}',
        r'{"a/b~\"é":2}': r'{"a/b~\"é":2}',
        r'{"user_id":"u"}': None,
    }
    load(con, "users", [_write(tmp_path / "own.jsonl", "\n".join(told))], root=tmp_path)
    lists = '{"user_id":"u","b":[1,"x"]}\n{"b":null,"a":"y"}\n{}'
    load(con, "users", [_write(tmp_path / "rest.jsonl", lists)], root=tmp_path)
    table = 'b,user_id,"a""c"\n1,u,2\n,u,"x,""y"\n,u,\n'
    load(con, "users", [_write(tmp_path / "rest.csv", table)], root=tmp_path)
    numbers = "select 'u' as user_id, 1.5 as d, 'nan'::double as c, ['x'] as b, null::int as a"
    con.execute(f"copy ({numbers}) to '{tmp_path}/rest.parquet'")
    load(con, "users", [tmp_path / "rest.parquet"], root=tmp_path)

    found: dict[str, list[str | None]] = {}
    for name, text in con.execute(
        "select source_file, properties from raw.users order by source_file, source_line"
    ).fetchall():
        found.setdefault(name, []).append(text)
    assert found == {
        "own.jsonl": list(told.values()),
        "rest.jsonl": ['{"b":[1,"x"]}', '{"a":"y"}', None],
        "rest.csv": [r'{"a\"c":"2","b":"1"}', r'{"a\"c":"x,\"y"}', None],
        "rest.parquet": ['{"b":["x"],"c":"nan","d":1.5}'],
    }


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_hundreds_of_columns_are_properties(
    con: "DuckDBPyConnection", tmp_path: Path, ending: str
) -> None:
    keys = [f"k{number:03}" for number in range(400)]
    columns = ["user_id", "event_name", "occurred_at", *keys]
    full = ["u", "a", "2026-01-01", *(f"v{key}" for key in keys)]
    rows: list[list[str | None]] = [[*full], [*full[:3], *([None] * 399), "last"]]
    path = tmp_path / f"wide.{ending}"
    if ending == "csv":
        _as_csv(path, columns, rows, quote_all=False, end="\n")
    else:
        (_as_jsonl if ending == "jsonl" else _as_parquet)(path, columns, rows)
    load(con, "events", [path], root=tmp_path)
    assert [json.loads(text) for (text,) in _events(con, "properties")] == [
        {key: f"v{key}" for key in keys},
        {"k399": "last"},
    ]


def test_a_missing_column_names_what_is_there_and_how_to_map_it(
    con: "DuckDBPyConnection", tmp_path: Path
) -> None:
    path = _write(tmp_path / "e.csv", "user_id,evnt_name,occurred_at\n1,a,2026-01-01\n")
    with pytest.raises(FunnelkitError) as error:
        load(con, "events", [path], root=tmp_path)
    assert error.value.message == (
        "e.csv has no column event_name; it has: user_id, evnt_name, occurred_at"
    )
    assert error.value.hint == "did you mean 'evnt_name'? --map event_name=evnt_name"
    nobody = _write(tmp_path / "n.csv", "event_name,occurred_at\na,2026-01-01\n")
    with pytest.raises(FunnelkitError, match="no column user_id or anonymous_id") as error:
        load(con, "events", [nobody], root=tmp_path)
    assert error.value.hint == "say which it is: --map user_id=uid"


@pytest.mark.parametrize(
    ("mapping", "message", "hint"),
    [
        ({"evnt_name": "x"}, "events have no column 'evnt_name'", "did you mean 'event_name'?"),
        ({"user_id": "uidd"}, "e.csv has no column 'uidd'", "did you mean 'uid'?"),
        (
            {"event_name": "opened"},
            "e.csv has no column 'opened'",
            "a constant needs quotes inside: --map event_name=\"'opened'\"",
        ),
        ({"source_line": "uid"}, "events have no column 'source_line'", None),
    ],
)
def test_a_wrong_map(
    con: "DuckDBPyConnection",
    tmp_path: Path,
    mapping: dict[str, str],
    message: str,
    hint: str | None,
) -> None:
    path = _write(tmp_path / "e.csv", "uid,event,t\n1,a,2026-01-01\n")
    with pytest.raises(FunnelkitError) as error:
        load(con, "events", [path], root=tmp_path, mapping={**MAP, **mapping})
    assert message in error.value.message
    assert hint is None or error.value.hint == hint


def test_map_from_the_command_line_and_from_yaml(tmp_path: Path) -> None:
    path = _write(tmp_path / "map.yml", "event_name: event\noccurred_at: t\n")
    assert parse_map([str(path), "occurred_at=when = then", "source='a=b'"]) == {
        "event_name": "event",
        "occurred_at": "when = then",
        "source": "'a=b'",
    }
    bad = _write(tmp_path / "bad.yml", "- event_name\n")
    for item in ("event_name", "=x", "event_name=", str(bad), str(tmp_path / "absent.yml")):
        with pytest.raises(FunnelkitError):
            parse_map([item])


def test_feedback(con: "DuckDBPyConnection", tmp_path: Path) -> None:
    path = _write(
        tmp_path / "f.csv",
        "response_id,question,submitted_at,score,text,extra,user_id\n"
        'r1,nps,2026-01-01T10:00:00+01:00,9,"good; ""really""",x,\n'
        ",nps,2026-01-02,8,,,u\n"
        ",nps,2026-01-02,7,,,u\n",
    )
    result = load(con, "feedback", [path], root=tmp_path)
    found = con.execute(
        "select response_id, submitted_at, score, text from raw.feedback order by source_line"
    ).fetchall()
    assert found[0] == ("r1", "2026-01-01 09:00:00Z", "9", 'good; "really"')
    ids = [row[0] for row in found]
    assert all(len(made) == 32 for made in ids[1:])
    assert len(set(ids)) == 3
    assert result.files[0].ignored == ("extra",)
    # The id of a user's answer depends on it alone: not on the file, its order or its format.
    other = _write(
        tmp_path / "g.jsonl",
        '{"user_id": "u", "question": "nps", "score": 7, "submitted_at": "2026-01-02T00:00:00Z"}',
    )
    load(con, "feedback", [other], root=tmp_path)
    again = con.execute("select response_id from raw.feedback where source_file = 'g.jsonl'")
    assert again.fetchall() == [(ids[2],)]


# Times


def test_times_become_utc_across_a_dst_change_and_mixed_formats_stay_for_staging(
    con: "DuckDBPyConnection", tmp_path: Path
) -> None:
    con.execute("set TimeZone = 'America/New_York'")  # must not matter
    path = _write(
        tmp_path / "e.csv",
        "uid,event,t,received_at\n"
        "1,a,2026-03-29T01:59:59+01:00,1767225600\n"
        "1,a,2026-03-29T03:00:00+02:00,1767225600123\n"
        "1,a,2026-10-25 02:30:00+0200,2026-01-01\n"
        "1,a,2026-10-25 02:30:00+0100,\n"
        "1,a,03/29/2026,soon\n",
    )
    result = load(con, "events", [path], root=tmp_path, mapping=MAP)
    assert _events(con, "occurred_at, received_at") == [
        ("2026-03-29 00:59:59Z", "2026-01-01 00:00:00Z"),
        ("2026-03-29 01:00:00Z", "2026-01-01 00:00:00.123Z"),
        ("2026-10-25 00:30:00Z", "2026-01-01 00:00:00Z"),
        ("2026-10-25 01:30:00Z", None),
        ("03/29/2026", "soon"),
    ]
    assert result.files[0].unreadable == 2


def test_no_readable_time_asks_for_the_format(con: "DuckDBPyConnection", tmp_path: Path) -> None:
    path = _write(tmp_path / "e.csv", "uid,event,t\n1,a,\n1,a,31/12/2025 23:30\n")
    with pytest.raises(FunnelkitError) as error:
        load(con, "events", [path], root=tmp_path, mapping=MAP)
    assert "e.csv, column 't': '31/12/2025 23:30' is not a time" in error.value.message
    assert error.value.hint == "say how it is written: --time-format '%m/%d/%Y %H:%M'"
    load(con, "events", [path], root=tmp_path, mapping=MAP, time_format="%d/%m/%Y %H:%M")
    assert _events(con, "occurred_at") == [(None,), ("2025-12-31 23:30:00Z",)]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
def test_time_format_comes_first_and_the_known_formats_still_work(
    con: "DuckDBPyConnection", tmp_path: Path, zone: str
) -> None:
    con.execute(f"set TimeZone = '{zone}'")
    path = _write(
        tmp_path / "e.csv",
        "uid,event,t\n1,a,02.01.2026 01:00 +0200\n1,a,2026-01-02T01:00:00Z\n1,a,x\n",
    )
    load(con, "events", [path], root=tmp_path, mapping=MAP, time_format="%d.%m.%Y %H:%M %z")
    assert _events(con, "occurred_at") == [
        ("2026-01-01 23:00:00Z",), ("2026-01-02 01:00:00Z",), ("x",),
    ]  # fmt: skip
    naive = _write(tmp_path / "n.csv", "uid,event,t\n1,a,02.01.2026\n")
    load(con, "events", [naive], root=tmp_path, mapping=MAP, time_format="%d.%m.%Y")
    assert _events(con, "occurred_at")[-1] == ("2026-01-02 00:00:00Z",)
    with pytest.raises(FunnelkitError, match="is not a strptime format"):
        load(con, "events", [naive], root=tmp_path, mapping=MAP, time_format="%d' %Q")


# Lines


def test_rejects_have_file_line_reason_and_text_and_the_rest_keeps_its_line(
    con: "DuckDBPyConnection", tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    path = _write(
        tmp_path / "data" / "e.csv",
        "uid,event,t\n1,a\n2,a,2026-01-01\n3\n4,a,2,3,4\n5,a,2026-01-01\n6,a,2026-01-01\n7,=1+1\n",
    )
    result = load(con, "events", [path], root=tmp_path, mapping=MAP)
    assert (result.rows, result.rejected) == (3, 4)
    assert _events(con, "user_id, source_file, source_line") == [
        ("2", "data/e.csv", 3), ("5", "data/e.csv", 6), ("6", "data/e.csv", 7),
    ]  # fmt: skip
    assert con.execute("select * from raw.rejects order by source_line").fetchall() == [
        ("events", "data/e.csv", 2, "too few cells: expected 3, found 2", "1,a", 1),
        ("events", "data/e.csv", 4, "too few cells: expected 3, found 1", "3", 1),
        ("events", "data/e.csv", 5, "too many cells: expected 3, found 5", "4,a,2,3,4", 1),
        ("events", "data/e.csv", 8, "too few cells: expected 3, found 2", "7,=1+1", 1),
    ]
    assert [reject.line for reject in result.files[0].rejects] == [2, 4, 5]


@settings(max_examples=12, deadline=None)
@given(st.lists(st.sampled_from(["good", "short", "long", "bytes"]), min_size=1, max_size=40))
def test_every_line_is_loaded_or_rejected_with_its_number(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    kinds: dict[str, tuple[bytes, bytes]] = {
        "good": (b"u,e,2026-01-01", b'{"uid": "u", "event": "e", "t": "2026-01-01"}'),
        "short": (b"u,e", b'{"uid": '),
        "long": (b"u,e,t,x", b"[1, 2]"),
        "bytes": (b"u,\xff,2026-01-01", b'{"uid": "\xff"}'),
    }
    lines = [*lines, "good"]
    folder = tmp_path_factory.mktemp("lines")
    (folder / "e.csv").write_bytes(b"uid,event,t\n" + b"\n".join(kinds[line][0] for line in lines))
    (folder / "e.jsonl").write_bytes(b"\n".join(kinds[line][1] for line in lines))
    with memory() as con:
        load(con, "events", [folder / "e.*"], root=folder, mapping=MAP)
        for name, first in (("e.csv", 2), ("e.jsonl", 1)):
            for table, good in (("events", True), ("rejects", False)):
                found = con.execute(
                    f"select source_line from raw.{table} where source_file = ? order by 1", [name]
                ).fetchall()
                assert [line for (line,) in found] == [
                    n for n, line in enumerate(lines, first) if (line == "good") is good
                ]


OPEN = "a quote that is not closed, or text after it"


@pytest.mark.parametrize("packing", ["csv", "csv.gz"])
@pytest.mark.parametrize("quoted", [False, True], ids=["plain", "quoted"])
def test_an_open_quote_costs_its_own_line_only(
    con: "DuckDBPyConnection", tmp_path: Path, quoted: bool, packing: str
) -> None:
    rows = 60_000
    lines = [f'u{n},"a, b",2026-01-01' if quoted else f"u{n},a,2026-01-01" for n in range(rows)]
    broken = {1_000: '"u1000,a,2026-01-01', 40_000: 'u,"a,2026-01-01', rows - 1: 'u,a,"'}
    for n, line in broken.items():
        lines[n] = line
    text = "uid,event,t\n" + "\n".join(lines) + "\n"
    path = tmp_path / f"e.{packing}"
    data = text.encode()
    path.write_bytes(gzip.compress(data, mtime=0) if packing.endswith("gz") else data)
    result = load(con, "events", [path], root=tmp_path, mapping=MAP)
    assert (result.rows, result.rejected) == (rows - 3, 3)
    assert con.execute(
        "select source_line, reason, text from raw.rejects order by 1"
    ).fetchall() == [(n + 2, OPEN, line) for n, line in broken.items()]
    wrong = "select count(*) from raw.events where user_id <> 'u' || (source_line - 2)"
    assert con.execute(wrong).fetchall() == [(0,)]
    assert len(relation(con, "log", [path]).rejects) == 3
    assert con.execute("select count(*) from log").fetchall() == [(rows - 3,)]


def _slow_cell(text: str, at: int) -> tuple[str, int] | None:
    """The cell that begins at `at`, and where it ends; None where its quotes are broken."""
    value = ""
    if text[at] != '"':
        while text[at] not in ",\n":
            value, at = value + text[at], at + 1
        return value, at
    at += 1
    while at < len(text):
        if text[at : at + 2] == '""':
            value, at = value + '"', at + 2
        elif text[at] == '"':
            return (value, at + 1) if text[at + 1] in ",\n" else None
        else:
            value, at = value + text[at], at + 1
    return None


def _read_slowly(text: str) -> tuple[list[tuple[int, str, str]], list[int]]:
    """Rows of a CSV file with two columns, and rejected lines, character by character."""
    rows: list[tuple[int, str, str]] = []
    rejects: list[int] = []
    at, line = 0, 2
    while at < len(text):
        cells, end, found = [], at, _slow_cell(text, at)
        while found is not None:
            cells.append(found[0])
            end = found[1]
            if text[end] == "\n":
                break
            found = _slow_cell(text, end + 1)
        if found is None or ("\n" in text[at:end] and len(cells) != 2):
            end = text.index("\n", at)  # broken: only its first line is lost
            rejects.append(line)
        elif len(cells) == 2:
            rows.append((line, cells[0], cells[1]))
        else:
            rejects.append(line)
        at, line = end + 1, line + 1
    return rows, rejects


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["a", '"', '""', ",c", "\nd", 'b,"x\ny"\nd', '"q,c"', '\n"', "\nd,e\nf,g\nh"],
        ),
        max_size=14,
    )
)
@example([",c", "\nd", '"', "\nd", '"q,c"', "a"])
@example(['a"q,c""""q,c"', '\n"', ',c""q,c"b,"x\ny"', "\nd"])
def test_quotes_of_any_kind_are_read_as_a_slow_reader_reads_them(
    tmp_path_factory: pytest.TempPathFactory, parts: list[str]
) -> None:
    path = tmp_path_factory.mktemp("quotes") / "e.csv"
    text = "z," + "".join(parts) + "\nz,z\n"
    path.write_text("x,y\n" + text)
    with memory() as con:
        made = relation(con, "log", [path], text=["x", "y"])
        found = con.execute("select fk_row, x, y from log order by fk_row").fetchall()
        rows, rejects = _read_slowly(text)
        assert [row[1:] for row in found] == [(x or None, y or None) for _, x, y in rows]
        assert [reject.line for _, reject in made.rejects] == rejects


def test_a_count_that_does_not_add_up_is_an_error(
    con: "DuckDBPyConnection", tmp_path: Path
) -> None:
    path = _write(tmp_path / "e.csv", "uid,event,t\n1,a,2026-01-01\n2,b\n")
    each = scan(con, path, careful=True)
    rows = con.execute(f"select * from {each.relation}").fetchall()
    assert len(rows) == 1
    assert not misread(con, each, 1)
    with pytest.raises(FunnelkitError, match=r"e\.csv: 1 lines cannot be told apart"):
        misread(con, each, 0)
    each.close(con)


# Formats


def _as_csv(
    path: Path, columns: list[str], rows: list[list[str | None]], quote_all: bool, end: str
) -> Path:
    def cell(value: str | None) -> str:
        if value is None:
            return ""
        if not quote_all and not any(mark in value for mark in ',;|\t"\r\n'):
            return value
        return '"' + value.replace('"', '""') + '"'

    table: list[list[str | None]] = [[*columns], *rows]
    lines = [",".join(cell(value) for value in row) for row in table]
    path.write_bytes((end.join(lines) + end).encode())
    return path


def _as_jsonl(path: Path, columns: list[str], rows: list[list[str | None]]) -> Path:
    lines = [json.dumps(dict(zip(columns, row, strict=True))) for row in rows]
    path.write_text("\n".join(lines) + "\n")
    return path


def _as_parquet(path: Path, columns: list[str], rows: list[list[str | None]]) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    data = [pa.array([row[i] for row in rows], pa.string()) for i in range(len(columns))]
    pq.write_table(pa.table(data, names=columns), path)
    return path


def _content(con: "DuckDBPyConnection") -> Counter[tuple[Any, ...]]:
    return Counter(
        con.execute(
            "select * exclude (source_file, source_line, load_no) from raw.events"
        ).fetchall()
    )


COLUMNS = ["uid", "event", "t", "plan", 'odd "name"', "name;2"]
_cell = st.one_of(
    st.none(),
    st.text(st.characters(codec="utf-8"), max_size=8),
    st.sampled_from(["'", '"', '""', ",", ";", "\n", "\r\n", "\\", "\x00", "007", "null", " x "]),
)
_row = st.tuples(
    _cell, _cell, st.sampled_from(["2026-01-01T08:00:00+02:00", "1767225600", "?", None]),
    _cell, _cell, _cell,

).map(lambda cells: list[str | None](cells))  # fmt: skip


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(_row, max_size=12),
    quote_all=st.booleans(),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_a_table_loads_to_the_same_rows_from_any_format(
    tmp_path: Path, rows: list[list[str | None]], quote_all: bool, end: str
) -> None:
    rows = [["u", "e", "2026-01-01", None, None, None], *rows]
    files = [
        _as_csv(tmp_path / "x.csv", COLUMNS, rows, quote_all, end),
        _as_jsonl(tmp_path / "x.jsonl", COLUMNS, rows),
        _as_parquet(tmp_path / "x.parquet", COLUMNS, rows),
    ]
    found = []
    for path in files:
        with memory() as con:
            result = load(con, "events", [path], root=tmp_path, mapping=MAP)
            assert (result.rows, result.rejected) == (len(rows), 0)
            found.append(_content(con))
    assert found[0] == found[1] == found[2]
    names = [row[0] or None for row in rows]
    assert Counter(key[1] for key in found[0].elements()) == Counter(names)


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.lists(_row, min_size=1, max_size=30), cuts=st.sets(st.integers(1, 29), max_size=4))
def test_cutting_a_file_into_several_changes_no_row(
    tmp_path: Path, rows: list[list[str | None]], cuts: set[int]
) -> None:
    for old in tmp_path.glob("*.csv"):
        old.unlink()
    rows = [[*row[:2], row[2] if row[2] != "?" else "2026-01-01", *row[3:]] for row in rows]
    edges = sorted({0, len(rows), *(cut for cut in cuts if cut < len(rows))})
    whole = _as_csv(tmp_path / "whole.csv", COLUMNS, rows, True, "\n")
    with memory() as con:
        load(con, "events", [whole], root=tmp_path, mapping=MAP)
        expected = _content(con)
    for number, (start, stop) in enumerate(itertools.pairwise(edges)):
        part = [*rows[start:stop], ["part", str(number), "2026-01-01", None, None, None]]
        _as_csv(tmp_path / f"part{number}.csv", COLUMNS, part, True, "\n")
        content = (None, "part", None, None, None, str(number), "2026-01-01 00:00:00Z", None, None)
        expected[content] += 1
    with memory() as con:
        load(con, "events", [tmp_path / "part*.csv"], root=tmp_path, mapping=MAP)
        assert _content(con) == expected


def test_parquet_types_become_the_text_a_csv_would_hold(
    con: "DuckDBPyConnection", tmp_path: Path
) -> None:
    con.execute(f"""copy (select 7::bigint as user_id, 'e' as event_name,
        timestamptz '2026-03-29 03:30:00.000001+02' as occurred_at,
        timestamp '2026-01-01 00:00:00' as received_at, date '2026-01-01' as day,
        3::integer as n, true as flag, [1, null] as l, {{'a': 'x'}} as s, 1.5::double as d,
        null::varchar as nothing, timestamptz '2026-01-01 02:00:00+02' as other
        ) to '{tmp_path}/e.parquet'""")
    con.execute("set TimeZone = 'Asia/Tokyo'")
    load(con, "events", [tmp_path / "e.parquet"], root=tmp_path)
    ((user, seen, received, properties, line),) = _events(
        con, "user_id, occurred_at, received_at, properties, source_line"
    )
    assert (user, seen, received, line) == (
        "7", "2026-03-29 01:30:00.000001Z", "2026-01-01 00:00:00Z", 1,
    )  # fmt: skip
    assert json.loads(properties) == {
        "day": "2026-01-01", "n": 3, "flag": True, "l": [1, None], "s": {"a": "x"}, "d": 1.5,
        "other": "2026-01-01 00:00:00Z",
    }  # fmt: skip


# Idempotence


def test_a_file_loads_once_under_whatever_name(con: "DuckDBPyConnection", tmp_path: Path) -> None:
    text = "uid,event,t\n1,a,2026-01-01\n1,b\n"
    first, copy = _write(tmp_path / "a.csv", text), _write(tmp_path / "b.csv", text)
    result = load(con, "events", [first, copy], root=tmp_path, mapping=MAP)
    assert [(f.source_file, f.rows, f.rejected, f.skipped) for f in result.files] == [
        ("a.csv", 1, 1, False), ("b.csv", 0, 0, True),
    ]  # fmt: skip
    before = _dump(con)
    assert load(con, "events", [tmp_path / "*"], root=tmp_path, mapping=MAP).skipped == 2
    assert _dump(con) == before
    # Other content under a known name is loaded beside the first, and said.
    _write(first, "uid,event,t\n2,a,2026-01-01\n")
    (again,) = load(con, "events", [first], root=tmp_path, mapping=MAP).files
    assert (again.rows, again.replaced_name) == (1, True)


def test_a_file_is_not_read_in_another_way_unless_its_rows_get_another_name(
    con: "DuckDBPyConnection", tmp_path: Path
) -> None:
    path = _write(tmp_path / "a.csv", "uid,event,t,end,nps,csat\n1,a,2026-01-01,2026-01-02,9,4\n")
    load(con, "events", [path], root=tmp_path, mapping=MAP)
    before = _dump(con)
    for other in ({**MAP, "account_id": "event"}, {**MAP, "event_name": "'ended'"}):
        with pytest.raises(FunnelkitError) as error:
            load(con, "events", [path], root=tmp_path, mapping=other)
        assert error.value.message == (
            "a.csv was loaded before with another mapping (event_name=event, occurred_at=t,"
            " user_id=uid); loading it again would put its events in twice"
        )
    with pytest.raises(FunnelkitError, match="another mapping"):
        load(con, "events", [path], root=tmp_path, mapping=MAP, time_format="%Y-%m-%d")
    assert _dump(con) == before
    # Columns of one survey are several questions; starts and ends of sessions several events.
    for number, question in enumerate(("nps", "csat"), 1):
        mapping = {"user_id": "uid", "submitted_at": "t", "question": f"'{question}'"}
        for _ in range(2):
            result = load(
                con, "feedback", [path], root=tmp_path, mapping={**mapping, "score": question}
            )
        assert (result.skipped, result.files[0].replaced_name) == (1, False)
        assert con.execute("select count(*) from raw.feedback").fetchall() == [(number,)]
        with pytest.raises(FunnelkitError, match="another mapping"):
            load(con, "feedback", [path], root=tmp_path, mapping={**mapping, "score": "end"})


def test_equal_answers_of_nobody_are_several_and_of_a_user_one(
    con: "DuckDBPyConnection", tmp_path: Path
) -> None:
    rows = ",nps,2026-01-01,9\n" * 3 + "u,nps,2026-01-01,9\n" * 2
    path = _write(tmp_path / "f.csv", "user_id,question,submitted_at,score\n" + rows)
    ids = "select user_id, count(distinct response_id), min(response_id) from raw.feedback"
    load(con, "feedback", [path], root=tmp_path)
    first = con.execute(f"{ids} group by 1 order by 1").fetchall()
    assert [row[:2] for row in first] == [("u", 1), (None, 3)]
    # The same file under another name, elsewhere, gives the same ids.
    with memory() as other:
        load(other, "feedback", [path.rename(tmp_path / "g.csv")], root=tmp_path)
        assert other.execute(f"{ids} group by 1 order by 1").fetchall() == first


def test_order_of_columns_and_keys_does_not_make_another_event(tmp_path: Path) -> None:
    first = {"user_id": "1", "event_name": "e", "occurred_at": "2026-01-01"}
    own = {"z": {"b": 1, "a": None}, "é": None, "a": [2.5, "x"], "": 12345678901234567890123}
    contents: list[list[str]] = []
    for turn in (1, -1):
        row = dict([*{**first, "plan": "free", "channel": "ads"}.items()][::turn])
        nested = {**first, "properties": dict([*own.items()][::turn]), "more": 1}
        given = {**first, "event_id": "i", "properties": dict([*own.items()][::turn])}
        _as_csv(tmp_path / "a.csv", [*row], [[*row.values()]], False, "\n")
        for name, value in (("b", row), ("c", nested), ("d", given)):
            (tmp_path / f"{name}.jsonl").write_text(json.dumps(value, ensure_ascii=False))
        with memory() as con:
            load(con, "events", [tmp_path / "*"], root=tmp_path)
            contents.append([text for (text,) in _events(con, "properties")])
    assert contents[0][:3] == contents[1][:3]
    assert contents[0][0] == contents[0][1] == '{"channel":"ads","plan":"free"}'
    assert contents[0][2] == (
        '{"":12345678901234567890123,"a":[2.5,"x"],"more":1,"z":{"b":1,"a":null},"é":null}'
    )
    # An event with an id is known by it: its properties stay as they are written.
    assert contents[0][3] != contents[1][3]


@pytest.mark.parametrize("text", ["[1]", "no object", '{"a":1,"a":2}', "{}", '{"a":"\\u0000"}'])
def test_properties_that_cannot_be_sorted_stay(
    con: "DuckDBPyConnection", tmp_path: Path, text: str
) -> None:
    quoted = text.replace('"', '""')
    path = _write(tmp_path / "e.csv", f'uid,event,t,properties\n1,a,2026-01-01,"{quoted}"\n')
    load(con, "events", [path], root=tmp_path, mapping=MAP)
    assert _events(con, "properties") == [(text,)]


def test_numbers_of_parquet_are_numbers(con: "DuckDBPyConnection", tmp_path: Path) -> None:
    con.execute(f"""copy (select 'u' as user_id, 'e' as event_name, '2026-01-01' as occurred_at,
        unnest(['nan', 'inf', '-inf', '1e300', '-0.25']::double[]) as d, 0.1::float as f,
        12345678901234567890.50::decimal(30, 2) as m, 18446744073709551615::ubigint as u
        ) to '{tmp_path}/e.parquet'""")
    load(con, "events", [tmp_path / "e.parquet"], root=tmp_path)
    found = [text for (text,) in _events(con, "properties")]
    assert [json.loads(text)["d"] for text in found] == ["nan", "inf", "-inf", 1e300, -0.25]
    rest = '"f":0.1,"m":12345678901234567890.50,"u":18446744073709551615}'
    assert all(text.endswith(rest) for text in found)


def test_dry_run_counts_and_leaves_nothing(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.csv", "uid,event,t\n1,a,2026-01-01\n1,b\n")
    warehouse = tmp_path / "build" / "w.duckdb"
    result = load(warehouse, "events", [path], root=tmp_path, mapping=MAP, dry_run=True)
    assert (result.rows, result.rejected, result.dry_run) == (1, 1, True)
    assert not warehouse.exists()
    load(warehouse, "events", [path], root=tmp_path, mapping=MAP)
    with connect(warehouse) as con:
        before = _dump(con)
    _write(path, "uid,event,t\n2,a,2026-01-01\n")
    assert load(warehouse, "events", [path], root=tmp_path, mapping=MAP, dry_run=True).rows == 1
    with connect(warehouse, read_only=True) as con:
        assert _dump(con) == before


@pytest.mark.parametrize(
    "bad",
    [
        b"", b"\xff\xfeu\x00", b"uid,event\n1,a\n", b"uid,event,t\n1,a,soon\n",
        gzip.compress(b"uid,event,t\n1,a,2026-01-01\n" * 900, mtime=0)[:-9], b"n\xe9,event,t\n",
    ],
)  # fmt: skip
def test_a_failing_load_leaves_the_warehouse_as_it_was(tmp_path: Path, bad: bytes) -> None:
    warehouse = tmp_path / "w.duckdb"
    good = _write(tmp_path / "a.csv", "uid,event,t\n1,a,2026-01-01\n")
    load(warehouse, "events", [good], root=tmp_path, mapping=MAP)
    with connect(warehouse) as con:
        before = _dump(con)
    more = _write(tmp_path / "b.csv", "uid,event,t\n2,a,2026-01-01\n2,ragged\n")
    (tmp_path / "c.csv").write_bytes(bad)
    with pytest.raises(FunnelkitError, match=r"c\.csv"):
        load(warehouse, "events", [more, tmp_path / "c.csv"], root=tmp_path, mapping=MAP)
    with connect(warehouse) as con:
        assert _dump(con) == before
    assert load(warehouse, "events", [more], root=tmp_path, mapping=MAP).rows == 1


def test_ctrl_c_leaves_nothing_half_written(tmp_path: Path) -> None:
    warehouse = tmp_path / "w.duckdb"
    small = _write(tmp_path / "a.csv", "uid,event,t\n1,a,2026-01-01\n")
    load(warehouse, "events", [small], root=tmp_path, mapping=MAP)
    big = _write(tmp_path / "b.csv", "uid,event,t,x\n" + "1,a,2026-01-01T00:00:00Z,y\n" * 2_000_000)
    code = (
        "import sys; from funnelkit.warehouse.load import load; print('go', flush=True)\n"
        "load(sys.argv[1], 'events', [sys.argv[2]], root='.', mapping="
        f"{MAP!r})"
    )
    for wait in (0.2, 0.6):
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(warehouse), str(big)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(wait)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=300)
        assert process.returncode != 0
        assert "KeyboardInterrupt" in stderr
        with connect(warehouse) as con:
            assert [len(rows) for rows in _dump(con).values()] == [1, 0, 0, 1, 0]


def test_a_second_writer_learns_who_is_loading(tmp_path: Path) -> None:
    warehouse = tmp_path / "w.duckdb"
    path = _write(tmp_path / "a.csv", "uid,event,t\n1,a,2026-01-01\n")
    code = (
        "import sys; from funnelkit.warehouse.connect import connect\n"
        "con = connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(warehouse)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    try:
        with pytest.raises(WarehouseBusy) as error:
            load(warehouse, "events", [path], root=tmp_path, mapping=MAP, wait=0.2)
    finally:
        holder.communicate("")
    assert error.value.pid == holder.pid


# Data is data


def test_nothing_in_a_file_is_run(con: "DuckDBPyConnection", tmp_path: Path) -> None:
    evil = "'); drop table raw.events; --"
    folder = tmp_path / evil.replace("/", "")
    folder.mkdir()
    header = ["uid", "event", "t", evil, '"; select 1; --', "$x", "{y}"]
    path = folder / f"{evil}.csv"
    _as_csv(path, header, [[evil, evil, "2026-01-01", evil, evil, "$1", "{{ 1 }}"]], True, "\n")
    load(con, "events", [path], root=tmp_path, mapping={**MAP, "account_id": f"'{evil[1:]}'"})
    ((user, event, account, properties, file),) = _events(
        con, "user_id, event_name, account_id, properties, source_file"
    )
    assert (user, event, account) == (evil, evil, evil[1:])
    assert json.loads(properties) == dict(
        zip(header[3:], [evil, evil, "$1", "{{ 1 }}"], strict=True)
    )
    assert file == path.relative_to(tmp_path).as_posix()


def test_a_file_outside_the_project_has_a_relative_name(
    con: "DuckDBPyConnection", tmp_path: Path
) -> None:
    (tmp_path / "project").mkdir()
    path = _write(tmp_path / "a.csv", "uid,event,t\n1,a,2026-01-01\n")
    load(con, "events", [path], root=tmp_path / "project", mapping=MAP)
    assert _events(con, "source_file") == [("../a.csv",)]


def test_raw_tables_appear_empty_and_stay_as_they_are(con: "DuckDBPyConnection") -> None:
    raw.ensure(con)
    con.execute("insert into raw.users (user_id) values ('1')")
    raw.ensure(con)
    assert [len(rows) for rows in _dump(con).values()] == [0, 1, 0, 0, 0]
    widths = {"events": 9, "users": 5, "feedback": 11}
    for table, width in widths.items():
        columns = con.execute(f"describe raw.{table}").fetchall()
        assert [kind for _, kind, *_ in columns] == ["VARCHAR"] * (width + 1) + ["BIGINT"] * 2


def test_threads_do_not_change_lines_or_order(tmp_path: Path) -> None:
    rows: Iterable[str] = (
        f'{n},"a\nb",2026-01-01\n' if n % 3 else f"{n},a\n" for n in range(120_000)
    )
    path = _write(tmp_path / "e.csv", "uid,event,t\n" + "".join(rows))
    for threads in ("1", str(max(2, os.cpu_count() or 2))):
        with memory({"threads": threads}) as con:
            result = load(con, "events", [path], root=tmp_path, mapping=MAP)
            assert (result.rows, result.rejected) == (80_000, 40_000)
            wrong = con.execute(
                "select count(*) from raw.events where user_id::bigint + 2 <> source_line"
            ).fetchall()
            assert wrong == [(0,)]


_CSV = b'uid,event,t,plan\r\n1,a,2026-01-01,"x,y"\r\n2,"b ""q""",1767225600,\r\n'
_JSON = b'{"uid":1,"event":"a","t":"2026-01-01","p":{"a":[1]}}\n{"uid":2,"event":"b","t":1}\n'
_bits = st.sampled_from(
    [
        b'"',
        b",",
        b"\n",
        b"\r",
        b"\x00",
        b"\xff",
        b"{",
        b"]",
        b"\\",
        b"\x1f",
        b"\xef\xbb\xbf",
        b"1e999",
    ]
)
_damage = st.lists(st.tuples(st.integers(0, 70), _bits), max_size=6)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.sampled_from([("x.csv", _CSV), ("x.jsonl", _JSON)]), _damage)
# Found by running this with many seeds: line ends that mix where quotes are broken too.
@example(("x.csv", _CSV + b'3,c,2026-01-01,"""m\r0,"m\r\nn"\r\n'), [])
@example(("x.jsonl", b'{"":1}\r\n' + _JSON), [])
def test_a_damaged_file_is_loaded_rejected_or_refused(
    tmp_path: Path, file: tuple[str, bytes], damage: list[tuple[int, bytes]]
) -> None:
    name, content = file
    for place, bit in damage:
        content = content[:place] + bit + content[place:]
    (tmp_path / name).write_bytes(content)
    with memory() as con:
        try:
            result = load(con, "events", [tmp_path / name], root=tmp_path, mapping=MAP)
        except FunnelkitError:
            return
        lines = con.execute("select count(distinct source_line) from raw.events").fetchall()
        rejects = con.execute("select count(*) from raw.rejects").fetchall()
        assert (lines, rejects) == ([(result.rows,)], [(result.rejected,)])
        relation(con, "log", [tmp_path / name])
