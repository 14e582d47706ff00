import gzip
import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from funnelkit.errors import FunnelkitError
from funnelkit.warehouse.connect import lock, memory
from funnelkit.warehouse.files import find, inspect, relation

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ODD_NAMES = ["o'hara.csv", "a b.csv", "a[1].csv", "what?.csv", "star*.csv", "ünï.csv", "x;y--.csv"]


def _rows(con: "DuckDBPyConnection", path: Path, **options: Any) -> list[tuple[Any, ...]]:
    made = relation(con, "log", [path], **options)
    columns = ", ".join('"' + c.replace('"', '""') + '"' for c in made.columns)
    return con.execute(f"select {columns} from log order by fk_row").fetchall()


def _rejects(con: "DuckDBPyConnection", path: Path) -> list[tuple[int, str, str]]:
    return [(r.line, r.reason, r.text) for _, r in relation(con, "log", [path]).rejects]


def _pack(path: Path, packing: str) -> Path:
    if packing == "gz":
        packed = path.with_name(path.name + ".gz")
        packed.write_bytes(gzip.compress(path.read_bytes()))
        return packed
    if packing == "zst":
        import pyarrow as pa

        packed = path.with_name(path.name + ".zst")
        with pa.output_stream(str(packed), compression="zstd") as out:
            out.write(path.read_bytes())
        return packed
    return path


# Finding


def test_globs_are_sorted_and_no_file_comes_twice(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "c.jsonl"):
        (tmp_path / name).write_text("x\n")
    (tmp_path / "d.csv").mkdir()
    found = find([tmp_path / "b.csv", tmp_path / "*.csv", tmp_path / "." / "a.csv"])
    assert [path.name for path in found] == ["b.csv", "a.csv"]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_name_that_exists_is_that_file(
    con: "DuckDBPyConnection", tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text("who\nme\n")
    (tmp_path / "a1.csv").write_text("who\nnot me\n")
    (tmp_path / "starry.csv").write_text("who\nnot me\n")
    (path,) = find([tmp_path / name])
    assert _rows(con, path) == [("me",)]
    with memory() as locked:
        lock(locked, [path])
        assert _rows(locked, path) == [("me",)]
        # As a glob the name may match a neighbour: that stays out of reach.
        with suppress(duckdb.PermissionException):
            read = "select * from read_csv($p, header = true)"
            assert locked.execute(read, {"p": str(path)}).fetchall() == [("me",)]


def test_missing_folder_and_empty_glob(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text("a\n")
    with pytest.raises(FunnelkitError, match=r"no file '.*event\.csv'") as error:
        find([tmp_path / "event.csv"])
    assert error.value.hint == "did you mean 'events.csv'?"
    with pytest.raises(FunnelkitError, match="is a folder"):
        find([tmp_path])
    with pytest.raises(FunnelkitError, match="no file matches"):
        find([tmp_path / "*.jsonl"])


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("e.csv", b"", "is empty"),
        ("e.jsonl", b"\n \n", "is empty"),
        ("bom.csv", b"\xef\xbb\xbf\r\n", "is empty"),
        ("e.csv.gz", gzip.compress(b"", mtime=0), "is empty"),
        ("cut.csv.gz", gzip.compress(b"a,b\n" * 100, mtime=0)[:-20], "cannot read cut.csv.gz"),
        ("bad.csv.gz", b"\x1f\x8b\x08\x00" + b"\xff" * 40, "cannot read bad.csv.gz"),
        ("bad.csv.zst", b"\x28\xb5\x2f\xfd" + b"\xff" * 40, "cannot read bad.csv.zst"),
        ("x.xlsx", b"PK\x03\x04rest", "is a zip or Excel file"),
        ("u.csv", "a,b\n1,2\n".encode("utf-16"), "is UTF-16 text"),
        ("p.parquet", b"a,b\n1,2\n", "not a Parquet file"),
        ("p.parquet", b"PAR1 and then nothing of it", "cannot read p.parquet"),
        ("h.csv", b"a,,c\n1,2,3\n", "column 2 has no name"),
        ("h.csv", b"a,b,A\n1,2,3\n", "columns 1 and 3 are both named 'A'"),
        ("h.csv", b"n\xe9,b\n1,2\n", "line 1: byte 2 is not UTF-8"),
        ("h.csv", b'"a,b\n1,2\n', "a quote in the header is not closed"),
        ("h.csv", b"\na,b\n1,2\n", "line 1 is blank"),
        ("j.json", b'[{"a": 1}, {"a": ', "cannot read j.json"),
    ],
)
def test_what_is_no_log_is_one_clear_error(
    con: "DuckDBPyConnection", tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FunnelkitError) as error:
        relation(con, "log", [path])
    assert said in error.value.message
    assert "\n" not in error.value.message
    assert str(tmp_path) not in error.value.message


def test_a_pipe_is_refused_and_not_waited_for(con: "DuckDBPyConnection", tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "log.csv")
    code = (
        "import sys; from pathlib import Path; from funnelkit.warehouse.sources import inspect\n"
        "inspect(Path(sys.argv[1]))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "log.csv")],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert "log.csv is a pipe or a device" in run.stderr


def test_format_comes_from_content_when_the_name_does_not_say(tmp_path: Path) -> None:
    for name, content, format_ in [
        ("log", b'{"a":1}\n', "jsonl"),
        ("log.dump", b" [1]", "json"),
        ("log.1", b"a;b\n", "csv"),
        ("lines.json", b'{"a":1}\n{"a":2}\n', "jsonl"),
        ("odd.jsonl", b"[1]\n", "jsonl"),
    ]:
        (tmp_path / name).write_bytes(content)
        assert inspect(tmp_path / name).format == format_


# CSV


def test_broken_lines_are_rejects_and_never_one_wide_column(
    con: "DuckDBPyConnection", tmp_path: Path
) -> None:
    path = tmp_path / "ragged.csv"
    path.write_bytes(b'user,event,t\n1,a,x\n2,b\n3,c,y,z\n4,\xe9,y\n\n5,e,z\n6,"f"g,z\n7,g,z\n')
    assert _rows(con, path) == [(1, "a", "x"), (5, "e", "z"), (7, "g", "z")]
    con.execute("drop view log; drop table log_text")
    assert _rejects(con, path) == [
        (3, "too few cells: expected 3, found 2", "2,b"),
        (4, "too many cells: expected 3, found 4", "3,c,y,z"),
        (5, "not UTF-8", "4,??y"),
        (8, "a quote that is not closed, or text after it", '6,"f"g,z'),
    ]


@pytest.mark.parametrize("packing", ["plain", "gz", "zst"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_and_packing(
    con: "DuckDBPyConnection", tmp_path: Path, delimiter: str, packing: str
) -> None:
    path = tmp_path / "x.csv"
    row = delimiter.join([f'"a{delimiter}b"', "x,y" if delimiter != "," else "x;y", "3"])
    path.write_text(delimiter.join(["one", '"two, or so"', "three"]) + f"\n{row}\n")
    expected = [(f"a{delimiter}b", "x,y" if delimiter != "," else "x;y", 3)]
    assert _rows(con, _pack(path, packing)) == expected


@pytest.mark.parametrize(
    "content",
    [
        b"a,b\r\n1,x\r\n2,y\n3,z\r\n",
        b"a,b\n1,x\r2,y\r\n3,z",
        b"\xef\xbb\xbfa,b\r1,x\r2,y\r3,z\r",
        b'"a","b"\r\n"1","x"\r\n"2","y"\r\n"3","z"\r\n',
    ],
)
def test_line_ends_of_any_kind_and_mixed(
    con: "DuckDBPyConnection", tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    assert _rows(con, path) == [(1, "x"), (2, "y"), (3, "z")]


def test_line_ends_in_quotes_stay_as_they_are_in_a_mixed_file(
    con: "DuckDBPyConnection", tmp_path: Path
) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b'a,b\r\n1,"x\r\ny\rz\nw ""q"""\n2,y\r\n')
    assert _rows(con, path) == [(1, 'x\r\ny\rz\nw "q"'), (2, "y")]
    with memory() as locked:
        lock(locked, [path])
        with pytest.raises(FunnelkitError, match="mixes kinds"):
            relation(locked, "log", [path])


# Types for explore


def test_types_are_what_all_values_are_written_in(
    con: "DuckDBPyConnection", tmp_path: Path
) -> None:
    path = tmp_path / "x.csv"
    path.write_text(
        "id,zip,amount,rate,flag,t,mixed,none\n"
        "1,00501,10,0.5,true,2026-01-01T08:00:00+02:00,1,\n"
        "2,10115,-3,1e3,FALSE,2026-01-02,x,\n"
        "3,,,,,,,\n"
    )
    made = relation(con, "log", [path], text=["ID"])
    kinds = {name: kind for name, kind, *_ in con.execute("describe log").fetchall()}
    assert [kinds[column] for column in made.columns] == [
        "VARCHAR", "VARCHAR", "BIGINT", "DOUBLE", "BOOLEAN", "VARCHAR", "VARCHAR", "VARCHAR",
    ]  # fmt: skip
    found = con.execute("select id, zip from log where amount < 5 and not flag").fetchall()
    assert found == [("2", "10115")]
    # A late value decides as much as an early one.
    path.write_text("a\n" + "1\n" * 30_000 + "1x\n")
    con.execute("drop view log; drop table log_text")
    relation(con, "log", [path])
    assert con.execute("describe log").fetchall()[0][1] == "VARCHAR"


def test_a_whole_number_that_is_too_long_stays_text(
    con: "DuckDBPyConnection", tmp_path: Path
) -> None:
    path = tmp_path / "x.csv"
    path.write_text(
        "ns,oid,mixed,empty\n"
        "1767225600123456789,12345678901234567890,1.5,1\n"
        "9223372036854775807,12345678901234567891,9223372036854775808,\n"
    )
    relation(con, "log", [path])
    kinds = [kind for _, kind, *_ in con.execute("describe log").fetchall()]
    assert kinds[:4] == ["BIGINT", "VARCHAR", "VARCHAR", "BIGINT"]
    assert con.execute("select ns from log where oid = '12345678901234567890'").fetchall() == [
        (1767225600123456789,)
    ]


def test_files_of_several_formats_become_one_relation(
    con: "DuckDBPyConnection", tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text("User,x\n1,5\n2,\n")
    (tmp_path / "b.jsonl").write_text('{"user": "3", "y": {"z": [1, null]}}\n')
    con.execute(f"copy (select 4 as user, 7 as x) to '{tmp_path}/c.parquet'")
    paths = find([tmp_path / "*"])
    made = relation(con, "log", paths)
    assert made.columns == ("User", "x", "y")
    assert con.execute('select "User", x, y from log order by fk_row').fetchall() == [
        (1, 5, None), (2, None, None), (3, None, '{"z":[1,null]}'), (4, 7, None),
    ]  # fmt: skip


def test_parquet_keeps_its_types_unless_text_is_asked_for(
    con: "DuckDBPyConnection", tmp_path: Path
) -> None:
    con.execute(f"""copy (select 7::bigint as id, 2.5::double as amount,
        timestamptz '2026-03-29 03:30:00+02' as seen, timestamp '2026-03-29 03:30:00.25' as t,
        {{'a': [1, null]}} as nested) to '{tmp_path}/a.parquet'""")
    con.execute(f"copy (select 8::bigint as id, 'x' as extra) to '{tmp_path}/b.parquet'")
    paths = find([tmp_path / "*.parquet"])
    relation(con, "typed", paths)
    kinds = [kind for _, kind, *_ in con.execute("describe typed").fetchall()]
    assert kinds[:5] == ["BIGINT", "DOUBLE", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP",
                         "STRUCT(a INTEGER[])"]  # fmt: skip
    relation(con, "texts", paths, text=["id", "seen", "t", "nested"])
    lock(con, paths)  # a view over files still works when nothing else does
    assert con.execute(
        "select id, amount, seen, t, nested, extra from texts order by fk_row"
    ).fetchall() == [
        ("7", 2.5, "2026-03-29 01:30:00Z", "2026-03-29 03:30:00.25Z", '{"a":[1,null]}', None),
        ("8", None, None, None, None, "x"),
    ]


# JSON


@pytest.mark.parametrize("packing", ["plain", "gz", "zst"])
def test_json_lines(con: "DuckDBPyConnection", tmp_path: Path, packing: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(
        b'\xef\xbb\xbf{"a": 1, "b": {"x": [1, null]}}\n{broken\n\n[1]\r\n"text"\n7\nnull\n'
        b'{"a": 2, "c/~\\"d": "\\u0000\xe2\x80\xae"}\n{"a": "\xff"}\n{"a": 3, "b": null}\n{"a'
    )
    packed = _pack(path, packing)
    assert _rows(con, packed) == [
        (1, '{"x":[1,null]}', None), (2, None, "\x00\u202e"), (3, None, None),
    ]  # fmt: skip
    con.execute("drop view log; drop table log_text")
    assert [(line, reason) for line, reason, _ in _rejects(con, packed)] == [
        (2, "not valid JSON"),
        (4, "expected a JSON object, found array"),
        (5, "expected a JSON object, found a string"),
        (6, "expected a JSON object, found a number"),
        (7, "expected a JSON object, found null"),
        (9, "not UTF-8"),
        (11, "not valid JSON"),
    ]


@pytest.mark.parametrize("packing", ["plain", "gz", "zst"])
def test_json_array(con: "DuckDBPyConnection", tmp_path: Path, packing: str) -> None:
    path = tmp_path / "x.json"
    path.write_text('[\n {"a": 1},\n {"b": "x",\n  "a": 2}, 5]', "utf-8")
    assert _rows(con, _pack(path, packing)) == [(1, None), (2, "x")]


def test_a_key_first_seen_late_is_a_column(con: "DuckDBPyConnection", tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"a": 1}\n' * 50_000 + '{"late": 2}\n')
    assert relation(con, "log", [path]).columns == ("a", "late")
    assert con.execute("select count(*) from log where late = 2").fetchall() == [(1,)]


def test_cells_are_data(con: "DuckDBPyConnection", tmp_path: Path) -> None:
    values = [
        "'; drop table log; --", '"', "=cmd|' /C calc'!A0", "@SUM(1)", "\x00", "a\x00b",
        "\u202eabc",
        "x" * 1_000_000, json.dumps([[[[[[[[1]]]]]]]]), "{" * 500, "\\", "\\n", "NULL",
        "\t", "a\r\nb",
    ]  # fmt: skip
    csv_file, jsonl = tmp_path / "x.csv", tmp_path / "x.jsonl"
    quoted = ['"' + value.replace('"', '""') + '"' for value in values]
    csv_file.write_bytes(("v,n\n" + "".join(f"{cell},1\n" for cell in quoted)).encode())
    jsonl.write_text("".join(json.dumps({"v": value}) + "\n" for value in values))
    relation(con, "c", [csv_file], text=["v"])
    relation(con, "j", [jsonl], text=["v"])
    for name in "cj":
        found = con.execute(f"select v from {name} order by fk_row").fetchall()
        assert [value for (value,) in found] == values


def test_memory_stays_flat(tmp_path: Path) -> None:
    """A file of 60 MB goes through 200 MB of memory: nothing holds it whole."""
    path = tmp_path / "big.csv"
    line = b"user,signed_up,2026-01-01T00:00:00Z," + b"x" * 60 + b"\n"
    path.write_bytes(b"a,b,c,d\n" + line * 600_000)
    code = (
        "import sys; from pathlib import Path; from funnelkit.warehouse import connect, files\n"
        "con = connect.memory({'memory_limit': '200MB', 'threads': '2'})\n"
        "files.relation(con, 'log', [Path(sys.argv[1])])\n"
        "print(con.execute('select count(*) from log').fetchall()[0][0])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    assert run.stdout == "600000\n"
