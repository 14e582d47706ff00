"""`explore` reads the files it was given and nothing else, whatever its SQL says."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from funnelkit import api
from funnelkit.errors import FunnelkitError
from funnelkit.warehouse.conditions import check_expression
from funnelkit.warehouse.connect import lock, memory
from funnelkit.warehouse.files import relation

LOG = """user_id,event_name,occurred_at,amount
1,a,2026-01-01,5
1,b,2026-01-02,6
2,a,2026-01-01,5
"""

# {there}: a file beside the log; {here}: their folder; {log}: the log itself.
OPENS_A_FILE = [
    "exists(from read_csv('{there}'))",
    "exists(from read_csv_auto('{there}'))",
    "exists(from sniff_csv('{there}'))",
    "exists(from read_text('{there}'))",
    "exists(from read_blob('{there}'))",
    "exists(from read_json('{there}'))",
    "exists(from read_ndjson_objects('{there}'))",
    "exists(from read_parquet('{there}'))",
    "exists(from parquet_metadata('{there}'))",
    "exists(from read_duckdb('{there}'))",
    "exists(from '{there}')",
    'exists(from "{there}")',
    "1 in (select 1 from '{there}')",
    "(with x as materialized (from read_text('{there}')) select count(*) from x) > 0",
    "exists(from query('from read_text(''{there}'')'))",
    "exists(from query_table('{there}'))",
    "exists(from json_execute_serialized_sql(json_serialize_sql('from read_text(''{there}'')')))",
    "exists(from read_text('{there}' || ''))",
    "exists(from read_csv(['{log}', '{there}']))",
    "exists(from read_csv('{here}/*.csv'))",
    "exists(from read_csv('{log}*'))",
    "exists(from read_csv('{log}/../other.csv'))",
    "exists(from read_text('{here}/../' || parse_filename('{here}') || '/other.csv'))",
    "exists(from read_text('file://{there}'))",
    "exists(from read_text('http://127.0.0.1:1/x'))",
    "exists(from read_text('s3://bucket/x'))",
    "exists(from read_text('/etc/hostname'))",
    "exists(from '/etc/hostname')",
    "exists(from read_text('/proc/self/environ'))",
    "exists(from read_text('/dev/stdin'))",
    "exists(from glob('*'))",
    "exists(from glob('{here}/*'))",
    "exists(from duckdb_secrets())",
    "exists(from duckdb_extensions())",
    "exists(from enable_logging(storage := 'file', storage_path := '{here}/made'))",
    "exists(from enable_profiling(save_location := '{here}/made'))",
]
IS_NO_EXPRESSION = [
    "true; copy fk_log to '{here}/made'",
    "true); copy fk_log to '{here}/made'; --",
    "true); drop table fk_log_text; --",
    "true) or (true",
    "true) union all select * from fk_log where (true",
    "true /* open",
    "(copy fk_log to '{here}/made') > 0",
    "exists(copy fk_log to '{here}/made')",
    "(attach '{here}/made') > 0",
    "(install httpfs) is null",
    "(load httpfs) is null",
    "(set enable_external_access = true) is null",
    "(pragma database_list) is null",
    "(insert into fk_log_text select 1) > 0",
    "(with x as (delete from fk_log_text returning 1) select count(*) from x) > 0",
    "exists(from query('drop table fk_log_text'))",
    "exists(from query('set allowed_paths = []'))",
    "getenv('HOME') is not null",
    "exists(from path)",  # a variable of the program that runs it
    "?",
    "$1",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "log.csv").write_text(LOG)
    (tmp_path / "other.csv").write_text("secret\n1\n")
    return tmp_path


def _reached(folder: Path, steps: list[Any], **asked: Any) -> list[Any]:
    told = [each if isinstance(each, dict) else api.parse_steps([each, "z"])[0] for each in steps]
    return api.explore([str(folder / "log.csv")], told, **asked).column("reached")


def _told(sql: str, folder: Path) -> str:
    return sql.format(here=folder, there=folder / "other.csv", log=folder / "log.csv")


def _refused(con: duckdb.DuckDBPyConnection, text: str) -> bool:
    path = "a variable that no SQL may see"
    try:
        check_expression(con, text, "--where")
        con.execute(f"select * from fk_log where (\n{text}\n)").fetchall()
    except (FunnelkitError, duckdb.Error):
        return bool(path)
    return False


def test_no_sql_gets_out_of_the_log(folder: Path) -> None:
    """All of them on one database that is opened and locked as `explore` does it."""
    before = {each.name: each.read_bytes() for each in folder.iterdir()}
    with memory() as con:
        relation(con, "fk_log", [folder / "log.csv"])
        lock(con, [folder / "log.csv"])
        for sql in OPENS_A_FILE + IS_NO_EXPRESSION:
            assert _refused(con, _told(sql, folder)), sql
        assert con.execute("select count(*) from fk_log").fetchall() == [(3,)]
    assert {each.name: each.read_bytes() for each in folder.iterdir()} == before


@pytest.mark.parametrize("sql", [OPENS_A_FILE[3], OPENS_A_FILE[10], *IS_NO_EXPRESSION[:2]])
def test_no_option_gets_out_of_the_log(folder: Path, sql: str) -> None:
    text = _told(sql, folder)
    asked: list[tuple[list[Any], dict[str, Any]]] = [
        (["a", "b"], {"where": text}),
        ([{"name": "a", "event": "a", "where": text}, "b"], {}),
        (["a", "b"], {"compare": [text]}),
        (["a", "b"], {"exclude": [{"event": "b", "where": text}]}),
    ]
    for steps, options in asked:
        with pytest.raises(
            FunnelkitError, match=r"Permission Error|not one SQL expression"
        ) as error:
            _reached(folder, steps, **options)
        assert "secret" not in error.value.message
    assert not (folder / "made").exists()


def test_the_log_itself_can_be_asked(folder: Path) -> None:
    log = folder / "log.csv"
    assert _reached(folder, ["a", "b"], where=f"exists(from read_csv('{log}'))") == [2, 1]
    assert _reached(folder, ["a", "b"], where="amount > (select min(amount) from fk_log)") == [0, 0]
    assert _reached(folder, ["a", "b"], where="amount > 0 -- a comment") == [2, 1]


@pytest.mark.parametrize("name", ["log'; drop.csv", "log[1].csv", "lo?.csv", "*.csv", "a;b.csv"])
def test_a_glob_in_a_name_gives_no_neighbour(tmp_path: Path, name: str) -> None:
    for each in (name, "log1.csv", "log.csv"):
        (tmp_path / each).write_text(LOG)
    steps = api.parse_steps(["a", "b"])
    for other in ("log1.csv", "log.csv"):
        where = f"exists(from read_csv('{tmp_path / other}'))"
        with pytest.raises(FunnelkitError, match="Permission Error"):
            api.explore([str(tmp_path / name)], steps, where=where)
    assert api.explore([str(tmp_path / name)], steps).column("reached") == [2, 1]


EVIL = [
    *("'; drop table fk_log_text; --", '"; drop table fk_log_text; --', "a)b", "--", "/*", "'"),
    *("\x00", "a\x00b", "\x1b[31m", "\u202e", "{{ 1 }}", "$1", "?", "*", "columns(*)", "%s"),
    *("=cmd|' /C calc'!A0", "x" * 1_000_000, "amount from read_text('/etc/hostname')"),
]


@pytest.mark.parametrize("word", EVIL, ids=range(len(EVIL)))
def test_words_of_options_are_names(folder: Path, word: str) -> None:
    """No such column or step: an error that says so; no such event: nobody reached it."""
    assert _reached(folder, [{"name": "x", "event": word}, "b"]) == [0, 0]
    assert _reached(folder, [{"name": word, "event": "a"}, "b"]) == [2, 1]
    assert _reached(folder, ["a", "b"], exclude=[{"event": word}]) == [2, 1]
    assert _reached(folder, ["a", "b"], mapping={"user_id": f"'{word}'"}) == [1, 1]


@pytest.mark.parametrize("word", EVIL[:2] + EVIL[6:8], ids=range(4))
def test_there_is_no_such_name(folder: Path, word: str) -> None:
    options: list[dict[str, Any]] = [
        *({"mapping": {"event_name": word}}, {"by": word}, {"entity": word}, {"hold": [word]}),
        *({"next_after": word}, {"who": word}, {"explain": word}, {"timezone": word}),
        *({"since": word}, {"window": word}),
    ]
    for asked in options:
        with pytest.raises(FunnelkitError):
            _reached(folder, ["a", "b"], **asked)


def test_bytes_that_are_not_utf8_are_told(folder: Path) -> None:
    name = b"caf\xe9.csv".decode("utf-8", "surrogateescape")
    (folder / name).write_text(LOG)
    with pytest.raises(FunnelkitError, match=r"'caf\\udce9.csv' is not UTF-8"):
        api.explore([str(folder / name)], api.parse_steps(["a", "b"]))
    with pytest.raises(FunnelkitError, match="is not UTF-8"):
        _reached(folder, ["a", "b"], mapping={"user_id": "'\udce9'"})
