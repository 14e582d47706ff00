"""A whole project of hostile names: loaded, built, asked and reported; nothing of it is run."""

import csv
import io
import json
from datetime import datetime, timedelta
from pathlib import Path
from xml.dom import minidom

import duckdb
import pytest
import yaml

import funnelkit as fk
from funnelkit.api import Project
from funnelkit.table import csv_text, read_csv_text
from tests.cli.run import on_terminal, run

SCRIPT = "</script><script>alert(1)</script>"
EVIL = [
    *("'; drop table raw.events; --", '"; drop table fct_events; --', SCRIPT, "{{ 1 / 0 }}"),
    *("<img src=x onerror=alert(1)>", "=cmd|' /C calc'!A0", "@SUM(1)", "{% raw %}", "%s", "a\nb"),
    *("a|b `c` [x](http://evil) **b**", "\x1b[31mred\x1b]0;title\x07", "\u202eright", "nul\x00nul"),
    *("x" * 2_000, "*/ 1 /*", "\\", "${x}"),
]
SHOWN = [EVIL[11], SCRIPT, EVIL[5], EVIL[10]]  # of groups large enough to be shown
USERS = 240


def _rows() -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for n in range(USERS):
        at = datetime(2026, 1, 1) + timedelta(days=n % 40)
        name = EVIL[n % len(EVIL)]
        for hour, event in enumerate(["begun", name, EVIL[0]] + ["done"] * (n % 3 == 0)):
            told = {"channel": SHOWN[n % 4], name: name}
            when = (at + timedelta(hours=hour)).isoformat()
            rows.append(
                {
                    "user_id": f"{name}{n}",
                    "event_name": event,
                    "occurred_at": when,
                    "account_id": name,
                    "properties": told,
                }
            )
    bad = {"user_id": "u", "event_name": "begun", "occurred_at": "2026-01-02"}
    return [*rows, {**bad, "properties": "{bad"}, {**bad, "user_id": "v", "properties": [1]}]


def _definitions() -> dict[str, object]:
    steps = [
        {"name": SCRIPT, "event": "begun"},
        {"name": "'; drop", "event": EVIL[0]},
        {"name": "done", "event": "done", "where": "properties ->> 'channel' is not null"},
    ]
    funnel = {
        "description": EVIL[10] + SCRIPT,
        "steps": steps,
        "window": "14 days",
        "breakdowns": [{"property": "channel", "at": "first"}],
    }
    return {
        "event_properties": {"channel": "varchar"},
        "funnels": {"evil": funnel},
        "annotations": {"2026-01-10": SCRIPT},
        "reports": {"evil": {"title": SCRIPT + EVIL[10], "funnels": ["evil"]}},
    }


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("hostile")
    settings = {"name": "hostile", "version": "1.0", "config-version": 2, "profile": "funnelkit"}
    document = {**settings, "model-paths": ["models"], "vars": {"funnelkit": _definitions()}}
    (root / "dbt_project.yml").write_text(yaml.safe_dump(document), encoding="utf-8")
    packages = "packages:\n  - local: \"{{ env_var('FUNNELKIT_DBT') }}\"\n"
    (root / "packages.yml").write_text(packages)
    log = root / "ev'; drop table raw.events; --.jsonl"
    log.write_text("\n".join(json.dumps(row) for row in _rows()) + "\n{bad \x1b[31m\n")
    project = fk.open(root)
    project.load("events", [str(log)])
    result = project.build()
    assert result.ok, result
    project.report_build()
    return project


def test_every_row_is_an_event_with_its_very_names(project: Project) -> None:
    with duckdb.connect(str(project.paths.warehouse), read_only=True) as con:
        found = con.execute("select event_name, count(*) from fct_events group by 1").fetchall()
        lost = con.execute(
            "select user_id, untyped_values from fct_events where untyped_values <> '' order by 1"
        ).fetchall()
    wanted: dict[object, int] = {}
    for row in _rows():
        wanted[row["event_name"]] = wanted.get(row["event_name"], 0) + 1
    assert dict(found) == wanted
    assert lost == [("u", "properties"), ("v", "properties")]


def test_a_funnel_of_them_counts(project: Project) -> None:
    """Everybody takes two steps and each third is done; two begin and have no channel."""
    table = project.funnel("evil")
    assert table.column("reached") == [USERS + 2, USERS, USERS // 3]
    narrowed = project.funnel("evil", where="properties ->> 'channel' like '=%'")
    assert narrowed.column("entered")[0] == USERS // 4


def test_a_report_of_them_holds_no_markup_and_no_code(project: Project) -> None:
    files = [path for path in (project.paths.root / "reports").rglob("*") if path.is_file()]
    assert {path.suffix for path in files} >= {".html", ".md", ".csv", ".svg"}
    for path in files:
        text = path.read_text("utf-8")
        assert not [char for char in text if ord(char) < 32 and char != "\n"]
        if path.suffix in (".html", ".svg"):
            assert "<script" not in text
            assert "<img src=x" not in text
        if path.suffix == ".svg":
            minidom.parseString(text.encode())
        if path.suffix == ".md":
            assert "](http" not in text.replace("\\](http", "")
            assert "<script" not in text
        if path.suffix == ".csv":
            cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
            assert not [cell for cell in cells if cell != csv_text(read_csv_text(cell))]
    assert not project.report_check().differences


def test_no_command_steers_the_terminal(project: Project) -> None:
    root = project.paths.root
    for words in (
        ["funnel", "evil", "--by", "channel"],
        *(["funnel", "evil", "--by", "channel", "--format", each] for each in ("csv", "markdown")),
        ["funnel", "evil", "--next-after", SCRIPT],
        ["doctor"],
        ["definitions"],
    ):
        told = on_terminal(*words, cwd=root, TERM="dumb")
        assert "\x1b]0" not in told
        assert "\x1b[31mred" not in told
        assert "\u202e" not in told


def test_codes_in_an_error_are_not_obeyed_where_it_is_coloured(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("\x1b]0;title\x07,b\n1,2\n")
    words = ["explore", "--events", "x.csv", "--step", "a", "--step", "b", "--color", "always"]
    told = run(*words, cwd=tmp_path)
    assert told.returncode == 2
    assert told.stderr.startswith("\x1b[1;31merror:\x1b[0m ")
    assert told.stderr.count("\x1b") == 2
    assert "\x07" not in told.stderr


def test_a_word_of_other_bytes_or_of_a_megabyte_is_one_short_error(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("user_id,event_name,occurred_at\n1,a,2026-01-01\n")
    asked = ["explore", "--events", "x.csv", "--step", "b"]
    told = run(*asked, "--step", b"caf\xe9".decode("utf-8", "surrogateescape"), cwd=tmp_path)
    assert (told.returncode, told.stderr.splitlines()[0]) == (
        2,
        "error: 'caf\\udce9' is not UTF-8",
    )
    told = run(*asked, "--step", "a", "--by", "x" * 100_000, cwd=tmp_path)
    assert told.returncode == 2
    assert len(told.stderr) < 3_000


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"), ("+1+1", "'+1+1"), ("-a", "'-a"), ("@x", "'@x"), ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"), ("＝1", "'＝1"), ("'=1", "''=1"), ("''=1", "'''=1"),
        ("-5", "-5"), ("+4.5", "+4.5"), ("-1e-3", "-1e-3"), ("it's", "it's"), ("'a", "'a"),
        ("", ""), ("a=1", "a=1"), ("-5\n", "'-5\n"), ("-٣+1", "'-٣+1"),
    ],
)  # fmt: skip
def test_no_cell_of_a_csv_is_a_formula_and_each_reads_back(text: str, cell: str) -> None:
    assert csv_text(text) == cell
    assert read_csv_text(cell) == text
