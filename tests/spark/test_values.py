"""What macros make of single values on Spark, against what they make of them on DuckDB.

DuckDB's values are tested on their own.
"""

from collections.abc import Callable, Sequence
from typing import Any

import duckdb
import pytest

from funnelkit.warehouse.macros import render
from tests.warehouse.test_properties import TYPED
from tests.warehouse.test_times import READABLE, UNREADABLE

pytest.importorskip("pyspark", reason="needs the extra `spark`")

from tests.spark import warm

pytestmark = [pytest.mark.long, warm.NEEDS_JAVA]

# An expression over the column v, by engine.
Of = Callable[[str], str]

# What is known to differ: DuckDB's, Spark's. Whoever mends one takes it out here.
_NO_DUCKDB = "of DuckDB's parsers alone"
_NO_OBJECT = "as_json looks at what follows an object, not at what follows anything else"
_AS_JAVA = "Spark writes doubles as Java does; json_text mends those that are the whole value"
_HALF_AN_HOUR = "from_local looks an hour ahead for the later of two instants"
EXPECTED: dict[tuple[str, str], tuple[object, object, str]] = {
    ("double", "1_0"): (10.0, None, _NO_DUCKDB),
    ("double", "1_000"): (1000.0, None, _NO_DUCKDB),
    ("decimal(5,2)", "1_0"): ("10.00", None, _NO_DUCKDB),
    ("json_text", '{"a":NaN}'): ("NaN", None, _NO_DUCKDB),
    ("json_has", '{"a":NaN}'): ("true", "false", _NO_DUCKDB),
    ("is JSON", '{"a":NaN}'): ("true", "false", _NO_DUCKDB),
    ("is JSON", "[1] 2"): ("false", "true", _NO_OBJECT),
    ("json_text", '{"a": {"b": 12345678.0}}'): (
        *('{"b":12345678.0}', '{"b":1.2345678E7}'),
        _AS_JAVA,
    ),
    ("text", "12345678"): ("12345678.0", "1.2345678E7", _AS_JAVA),
    ("text", "-12345678.25"): ("-12345678.25", "-1.234567825E7", _AS_JAVA),
    ("text", "1e20"): ("1e+20", "1.0E20", _AS_JAVA),
    ("text", "0.0001"): ("0.0001", "1.0E-4", _AS_JAVA),
    ("text", "1e-5"): ("1e-05", "1.0E-5", _AS_JAVA),
    ("number_text", "-12345678.25"): ("-12345678.25", "-1.234567825E7", _AS_JAVA),
    ("number_text", "1e20"): ("1e+20", "1.0E20", _AS_JAVA),
    ("number_text", "0.0001"): ("0.0001", "1.0E-4", _AS_JAVA),
    ("number_text", "1e-5"): ("1e-05", "1.0E-5", _AS_JAVA),
    ("from_local Australia/Lord_Howe", "2026-04-05 01:30:00"): (
        *("2026-04-04 15:00:00", "2026-04-04 14:30:00"),
        _HALF_AN_HOUR,
    ),
}

TIMES = [
    *READABLE,
    *(text for text in UNREADABLE if "\x00" not in text),
    "2026-01-01T10:00:00.123456789",
    "2026-01-01 10:00+02",
    "2026-01-01 10:00:00-0330",
    "2026-01-01 10:00:00+15:59",
    "2026-01-01 10:00:00+16:00",
    "2026-01-01 24:00:00",
    "2026-01-01 24:00:00Z",
    "2026-01-01T24:00",
    "2026-01-01 24:00:01",
    "2026-01-01 24:00:00+02",
    "2026-01-01 24:00\n",
    "2026-01-01 23:59:59.9999995",
    "1999-12-31 23:59:59.9999999Z",
    "2024-02-29T00:00Z",
    "2026-01-01\n",
    "1767225600\n",
    "\t2026-01-01",
]
_OTHERS = """
    12 12.0 +12 -12.00 12.5 1e3 0 00012 1.5 .5 1. 1.5d 1.5f NaN 1e400 1e-5 t yes y on 1 no N f TRUE
    2026-01-05 2026-01-05T10 epoch x 1E5 12e 1_0 Infinity 99999999999 9223372036854775807
    -2147483649
"""
TEXTS = sorted(
    {text for texts in TYPED.values() for text in texts if "\x00" not in text}
    | {"", " ", " 12", "12 ", " 1.5 ", " true", "12\n", "1.5\n", "true\n", "2026-01-05\n", "\n12"}
    | {"2026-01-05T10\n", "2026-01-05 1\r", *_OTHERS.split()}
)
TYPES = ("integer", "bigint", "double", "boolean", "date", "timestamp", "varchar", "decimal(5,2)")
NUMBERS = """
    1 1.50 1e2 1e7 1.5E7 12345678.0 12345678.25 1700000000.123 -1.5e10 1E+2 123456.7e3 2e-3 0.1
    0.001 0.0001 0.000123456 1e-5 1.5e-5 1e-6 1.234567890123456e-6 1e-7 1.5e-7 1e15 1e16 1e17
    123456789012345678 1e20 1e21 1.5e22 12345678901234567890 9007199254740993.0 0.0 -0.0 1e-400
    12345678.123456789012 123456789012345678.5 1.7976931348623157e308
    100000000000000000000 100000000000000000000.5
"""
JSONS = [
    *(f'{{"a":{number}}}' for number in NUMBERS.split()),
    *(f'{{"a": {{"b": {number}}}}}' for number in ("1.5", "12345678.0")),
    '{"a":null}',
    '{"a":"1.5E7"}',
    '{"a":"1.2345678E7", "b": 1}',
    '{"a":"12345678.0"}',
    '{"a":"q\\"t\\\\n"}',
    '{"a":{"x": 1, "y":[1, 2]}}',
    '{"a":[1, 2]}',
    '{"a":true}',
    '{"a":"ä\\u00e4"}',
    '{ "a" : "" }',
    '{"b":1}',
    '{"a":1,"a":2}',
    '{"a":NaN}',
    '{"a":1',
    '{"a":1} x',
    '{"a":1} {"a":2}',
    '{"a":1}\n',
    '\t{"a":1} \r\n',
    '{"a":1},{"a":2}',
    '{"a":"} {"}',
    '{"a":[{"b":1}, {"b":2}]}',
    '[{"a":1}, {"a":2}]',
    '{"a":{"b":1}}\n{"a":2}',
    " 1",
    "[1] 2",
    "[1]",
    "null",
    '"s"',
    "x",
    "",
]
ZONES = (
    *("UTC", "Europe/Berlin", "America/New_York", "America/Havana", "Asia/Beirut"),
    *("Australia/Lord_Howe", "Pacific/Apia", "Asia/Kolkata"),
)
DAYS = (
    *("2026-03-08", "2026-03-28", "2026-03-29", "2026-04-05", "2026-10-04", "2026-10-24"),
    *("2026-10-25", "2026-11-01"),
)


@pytest.fixture(scope="module")
def spark(tmp_path_factory) -> Any:
    return warm.session(tmp_path_factory.mktemp("values"))


def differences(spark: Any, of: dict[str, Of], values: Sequence[str]) -> dict[Any, Any]:
    """(expression, value) to what DuckDB and Spark make of it, where that is not as EXPECTED."""
    told: dict[str, list[Any]] = {}
    for engine in ("duckdb", "spark"):
        columns = ", ".join(
            each(engine) if name == "double" else f"cast({each(engine)} as string)"
            for name, each in of.items()
        )
        if engine == "duckdb":
            with duckdb.connect() as con:
                con.execute("set TimeZone = 'UTC'")
                con.execute("create table given (no integer, v varchar)")
                con.executemany("insert into given values (?, ?)", list(enumerate(values)))
                told[engine] = con.execute(f"select {columns} from given order by no").fetchall()
        else:
            given = spark.createDataFrame(list(enumerate(values)), "no int, v string")
            given.createOrReplaceTempView("given")
            told[engine] = spark.sql(f"select {columns} from given order by no").collect()
    found = {
        (name, value): (ours, theirs)
        for value, here, there in zip(values, told["duckdb"], told["spark"], strict=True)
        for name, ours, theirs in zip(of, here, there, strict=True)
        if ours != theirs
    }
    known = {
        (name, value): EXPECTED[name, value][:2]
        for name in of
        for value in values
        if (name, value) in EXPECTED
    }
    # Both ways: what is mended is to be taken out of the list.
    return {
        key: (found.get(key, "equal"), known.get(key, "to be equal"))
        for key in found.keys() | known.keys()
        if found.get(key) != known.get(key)
    }


def _said(macro: str, *arguments: object) -> Of:
    return lambda engine: render(macro, *arguments, engine=engine)


def _key(engine: str) -> str:
    return render("json_text", render("as_json", "v", engine=engine), "a", engine=engine)


def _typed_key(type_: str) -> Of:
    return lambda engine: render("typed", f"({_key(engine)})", type_, engine=engine)


def test_times(spark):
    assert differences(spark, {"parse_time": _said("parse_time", "v")}, TIMES) == {}


def test_texts_as_types(spark):
    of = {type_: _said("typed", "v", type_) for type_ in TYPES}
    assert differences(spark, of, TEXTS) == {}


def test_doubles_as_text(spark):
    of: dict[str, Of] = {
        "text": lambda _: "cast(v as double)",
        "number_text": _said("number_text", "cast(v as double)"),
    }
    numbers = "0 1 1.5 -0.1 100 1e3 9999999.5 12345678 -12345678.25 0.001 0.0001 1e-5 1e20"
    assert differences(spark, of, numbers.split()) == {}


def test_json(spark):
    of: dict[str, Of] = {
        "json_text": _key,
        "json_has": lambda engine: render(
            "json_has", render("as_json", "v", engine=engine), "a", engine=engine
        ),
        "is JSON": lambda engine: f"({render('as_json', 'v', engine=engine)}) is not null",
        **{type_: _typed_key(type_) for type_ in ("integer", "bigint", "double", "timestamp")},
    }
    assert differences(spark, of, JSONS) == {}


@pytest.mark.parametrize("zone", ZONES)
def test_local_times(spark, zone):
    times = [f"{day} {hour:02}:30:00" for day in DAYS for hour in (0, 1, 2, 3, 12, 23)]
    of = {
        f"{macro} {zone}": _said(macro, "cast(v as timestamp)", zone)
        for macro in ("local_time", "from_local")
    }
    assert differences(spark, of, times) == {}


@pytest.mark.parametrize("pattern", ["^a$", "a$", "^(user:)*anonymous:", "[0-9.] *$"])
def test_matches(spark, pattern):
    values = [
        "a",
        "a\n",
        "a\n\n",
        "\na",
        "ba",
        "user:anonymous:x",
        "anonymous:",
        "1 ",
        "1 \n",
        "1\r",
    ]
    assert differences(spark, {pattern: _said("matches", "v", f"'{pattern}'")}, values) == {}


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 10, 19, 20, 40, 57, 100, 101, 199, 1000])
def test_quantiles(spark, size):
    shares = (0.25, 0.5, 0.75, 0.9)
    here, there = (
        "select " + ", ".join(render("quantile_us", "us", share, engine=engine) for share in shares)
        for engine in ("duckdb", "spark")
    )
    rows = "(select 1767225600000000 + 7 * {} as us from range({})) as given"
    with duckdb.connect() as con:
        ours = con.execute(f"{here} from {rows.format('range', size)}").fetchall()[0]
    theirs = spark.sql(f"{there} from {rows.format('id', size)}").collect()[0]
    assert tuple(theirs) == ours
