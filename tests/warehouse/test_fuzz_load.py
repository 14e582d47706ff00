"""Whatever bytes a file holds: loaded line by line, or one clear error and nothing changed.

More of each under `-m long`. Inputs that found a mistake stand as examples, with what they broke.
"""

import gzip
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from funnelkit.errors import FunnelkitError
from funnelkit.warehouse.connect import memory
from funnelkit.warehouse.files import relation
from funnelkit.warehouse.load import LoadResult, load

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MAP = {"user_id": "uid", "event_name": "event", "occurred_at": "t"}
GOOD = b"uid,event,t\n1,a,2026-01-01\n"


def fuzz(
    *strategies: Any, few: int, many: int, kept: Sequence[tuple[Any, ...]] = ()
) -> Callable[[Callable[..., None]], Any]:
    """The test with a few examples, and as `.long` with many; `kept`: inputs always tried."""

    def decorate(check: Callable[..., None]) -> Any:
        def run(examples: int) -> Any:
            test = given(*strategies)(check)
            for each in kept:
                test = example(*each)(test)
            return settings(
                max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck)
            )(test)

        quick = run(few)
        quick.long = pytest.mark.long(run(many))
        return quick

    return decorate


def _everything(con: "DuckDBPyConnection") -> dict[str, list[Any]]:
    """Every table of every schema with its rows in the order in which they lie there."""
    tables = con.execute("select schema_name, table_name from duckdb_tables()").fetchall()
    return {
        f"{schema}.{name}": con.execute(f'select rowid, * from {schema}."{name}"').fetchall()
        for schema, name in sorted(tables)
    }


def _load(name: str, content: bytes) -> tuple[LoadResult | None, dict[str, list[Any]]]:
    """Load the file into a warehouse that holds something already; hold what is true of any file.

    The result, or None after a clear error, and the rows that came in, by table.
    """
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder, memory() as con:
        root = Path(folder)
        (root / "good.csv").write_bytes(GOOD)
        (root / name).write_bytes(content)
        load(con, "events", [root / "good.csv"], root=root, mapping=MAP)
        con.execute("create table precious as select 'mine' as own")
        before = _everything(con)
        try:
            result = load(con, "events", [root / name], root=root, mapping=MAP)
        except FunnelkitError:
            assert _everything(con) == before
            return None, {}
        after = _everything(con)
        assert list(after) == list(before)  # no table more, and no temporary one left
        for table, rows in before.items():
            assert after[table][: len(rows)] == rows
        new = {table: rows[len(before[table]) :] for table, rows in after.items()}
        assert {table for table, rows in new.items() if rows} <= {
            *("raw.events", "raw.rejects", "raw.loads")
        }
        if not result.skipped:
            _add_up(con, result)
            assert load(con, "events", [root / name], root=root, mapping=MAP).skipped == 1
        assert _everything(con) == after
        assert sorted(path.name for path in root.iterdir()) == sorted({"good.csv", name})
        _explore(con, root / name, result)
        return result, new


def _add_up(con: "DuckDBPyConnection", result: LoadResult) -> None:
    """Each line is a row or a reject, and the ledger says the same."""
    lines = con.execute("select source_line from raw.events where load_no = 2").fetchall()
    rejects = con.execute("select source_line from raw.rejects").fetchall()
    assert (len(lines), len(rejects)) == (result.rows, result.rejected)
    assert len({*lines, *rejects}) == len(lines) + len(rejects)
    told = con.execute("select rows, rejected from raw.loads where load_no = 2").fetchall()
    assert told == [(result.rows, result.rejected)]


def _explore(con: "DuckDBPyConnection", path: Path, result: LoadResult) -> None:
    """The other reader of files finds as many, or says what it cannot take."""
    try:
        made = relation(con, "log", [path])
    except FunnelkitError:
        return
    ((rows,),) = con.execute("select count(*) from log").fetchall()
    if not result.skipped:
        assert (rows, len(made.rejects)) == (result.rows, result.rejected)


# Any bytes

NAMES = ["x.csv", "x.jsonl", "x.json", "x", "x.parquet", "x.csv.gz", "x.jsonl.zst", "x.tsv.gz"]
STARTS = [b"", GOOD, b'{"uid":1,"event":"a","t":1}\n', b"[{", b"PAR1", b"\x1f\x8b\x08\x00",
          b"\x28\xb5\x2f\xfd", b"\xef\xbb\xbf", b"\xff\xfe", b'"', b"uid,event,t\r"]  # fmt: skip
_bytes = st.one_of(
    st.binary(max_size=120),
    st.lists(st.sampled_from(list(b'\n\r,;"\t\\{}[]:1a\x00\x1a\x1b\x1d\x1f\xff '))).map(bytes),
)


@fuzz(st.sampled_from(NAMES), st.sampled_from(STARTS), _bytes, few=40, many=6000)
def test_any_bytes(name: str, start: bytes, rest: bytes) -> None:
    _load(name, start + rest)


test_any_bytes_long = test_any_bytes.long


# CSV in any dialect, damaged

DIALECTS = st.tuples(
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["utf-8", "utf-8-sig", "latin-1", "utf-16", "utf-16-le"]),
    st.booleans(),
)
_cells = st.lists(
    st.tuples(
        st.sampled_from(["1", "", "é", "'; drop table precious; --", "x" * 300, '"']),
        st.sampled_from(["a", "", "b\nc", 'say "hi"', "\x00", "=1+1", "\x1d", "\x1a,,,"]),
        st.sampled_from(["2026-01-01", "1767225600", "never", ""]),
    ),
    max_size=8,
)
_bits = st.sampled_from(
    [
        b'"',
        b'""',
        b",",
        b";",
        b"\n",
        b"\r",
        b"\r\n",
        b"\x00",
        b"\xff",
        b"\xef\xbb\xbf",
        b" ",
        b"\x1a",
        b"\x1d",
        b"\n\n",
        b',"',
    ]
)
_damage = st.lists(st.tuples(st.integers(0, 400), _bits, st.booleans()), max_size=5)


def _csv(dialect: tuple[str, str, str, bool], rows: list[tuple[str, ...]]) -> bytes:
    mark, end, encoding, quote_all = dialect

    def cell(text: str) -> str:
        quoted = '"' + text.replace('"', '""') + '"'
        return quoted if quote_all or any(each in text for each in (mark, '"', "\n")) else text

    lines = [mark.join(map(cell, row)) for row in [("uid", "event", "t"), *rows]]
    return (end.join(lines) + end).encode(encoding, "replace")


def _damaged(content: bytes, damage: list[tuple[int, bytes, bool]]) -> bytes:
    """Bits put in, or written over what stood there."""
    for place, bit, over in damage:
        content = content[:place] + bit + content[place + len(bit) * over :]
    return content


@fuzz(DIALECTS, _cells, _damage, few=50, many=6000)
def test_csv_of_any_dialect(
    dialect: tuple[str, str, str, bool], rows: list[tuple[str, ...]], damage: Any
) -> None:
    content = _damaged(_csv(dialect, rows), damage)
    result, _ = _load("x.csv", content)
    if result is None or result.skipped:
        return
    if b'"' not in content:  # then a record is a line, and blank ones are none
        lines = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        assert result.rows + result.rejected == sum(line != b"" for line in lines[1:])


test_csv_of_any_dialect_long = test_csv_of_any_dialect.long


# JSON lines

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)
_object = st.dictionaries(
    st.sampled_from(["uid", "event", "t", "UID", "", "a b", "properties", "a.b", "\x00", '"', "$"]),
    _json,
    max_size=6,
)
_line = st.one_of(
    _object.map(json.dumps),
    _object.map(lambda each: json.dumps(each, ensure_ascii=False)),
    _json.map(json.dumps),
    st.sampled_from(["", " ", "\t", "{", "}", "[", "null", "{}", '{"uid":', "{'uid':1}", "\x1f"]),
    st.sampled_from(["[" * 10_000 + "]" * 10_000, '{"a":' * 10_000 + "1" + "}" * 10_000]),
)
FIRST = '{"uid": 1, "event": "a", "t": "2026-01-01"}'


# A line with the character that the reader takes for the end of a cell was lost, or cut there.
_CUT = [(["\x1f"], "\n"), (['{"uid": 1}\x1f{"uid": 2}', '\x1f{"uid": 1}'], "\r\n")]


@fuzz(st.lists(_line, max_size=8), st.sampled_from(["\n", "\r\n"]), few=40, many=6000, kept=_CUT)
def test_json_lines(lines: list[str], end: str) -> None:
    text = end.join([FIRST, *lines])
    content = text.encode("utf-8", "surrogatepass")
    result, new = _load("x.jsonl", content)
    if result is None:
        return
    physical = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    told = [number for number, line in enumerate(physical, 1) if line.strip(b" \t")]
    assert result.rows + result.rejected == len(told)
    rejected = {row[3] for row in new["raw.rejects"]}
    for number in told:
        if (found := _python_reads(physical[number - 1])) is not None:
            assert (number not in rejected) == found


def _python_reads(line: bytes) -> bool | None:
    """Whether the line is an object; None where readers of JSON differ."""
    try:
        value = json.loads(line.decode("utf-8"))
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return None  # half a character, escaped
    except RecursionError:
        return None
    except ValueError:
        return False
    return isinstance(value, dict)


test_json_lines_long = test_json_lines.long


# Cut short or with a byte flipped


def _parquet() -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    out = io.BytesIO()
    rows = {"uid": ["1", "2"], "event": ["a", None], "t": ["2026-01-01", "x"], "p": [{"a": 1}] * 2}
    pq.write_table(pa.table(rows), out)
    return out.getvalue()


def _zstd(content: bytes) -> bytes:
    import pyarrow as pa

    out = pa.BufferOutputStream()
    with pa.CompressedOutputStream(out, "zstd") as packing:
        packing.write(content)
    return bytes(out.getvalue().to_pybytes())


_LINES = GOOD + b"".join(b"%d,b,2026-01-02\n" % n for n in range(200))
PACKED = {
    "x.csv.gz": gzip.compress(_LINES, mtime=0),
    "x.csv.zst": _zstd(_LINES),
    "x.parquet": _parquet(),
}


@fuzz(
    st.sampled_from(sorted(PACKED)),
    st.floats(0, 1),
    st.none() | st.tuples(st.floats(0, 1), st.integers(1, 255)),
    few=40,
    many=4000,
    # What a library inside of DuckDB throws is of no class of its own: it left as a traceback.
    kept=[("x.parquet", 1.0, (0.5, 1))],
)
def test_packed_files_cut_short_or_with_a_byte_flipped(
    name: str, length: float, flip: tuple[float, int] | None
) -> None:
    content = bytearray(PACKED[name][: round(length * len(PACKED[name]))])
    if flip is not None and content:
        content[round(flip[0] * (len(content) - 1))] ^= flip[1]
    _load(name, bytes(content))


test_packed_files_long = test_packed_files_cut_short_or_with_a_byte_flipped.long
