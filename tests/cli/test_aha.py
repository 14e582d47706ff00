"""`funnelkit aha` and `funnelkit retention` as they are typed and printed."""

import csv
import io
import json
import re
import shutil
from pathlib import Path

import pytest

from funnelkit.api import Project
from funnelkit.cli.grid import text_width, wrap
from funnelkit.cli.layout import lay_out
from funnelkit.table import Column, Table
from tests.cli.run import invoke, on_terminal, run

QUESTIONS = [
    ["aha"],
    ["aha", "team_value", "--by", "channel"],
    ["aha", "--times"],
    ["aha", "--stuck"],
    ["aha", "--search"],
    ["aha", "--search", "--outcome", "churned"],
    ["aha", "--search", "--cells"],
    ["aha", "--null", "--runs", "2"],
    ["retention", "retained_week_4"],
    ["retention", "retained_week_4", "--by", "aha"],
    ["retention", "retained_week_4", "--by", "channel"],
    ["retention", "retained_week_4", "--cohorts"],
]
COLUMNS = {
    "aha": "aha,cohort,breakdown,value,entrants,matured,reached,reach,reach_lo,reach_hi,km_reach,"
    "km_lo,km_hi,bound_lo,bound_hi,state,median_days",
    "aha --times": "aha,seconds,reached_share,lo,hi,at_risk",
    "aha --stuck": "aha,step,step_name,next_event,entities,share",
    "aha --search": "event,at_least,within_days,n,reach,base_rate,ppv,rate_without,phi,p_search,"
    "rd_discovery,rd,rd_lo,rd_hi,p_holm,rd_adjusted,shrinkage,potential,shape,verdict,why",
    "aha --search --cells": "event,at_least,within_days,n,reach,rate_with,rate_without,rd,rd_lo,"
    "rd_hi,z,chosen",
    "aha --null --runs 2": "runs,accepted_runs,share,hi,discovery_runs",
    "retention retained_week_4": "outcome,cohort,breakdown,value,week,matured,retained,"
    "retention,retention_lo,retention_hi",
}


@pytest.fixture
def copy(company: Path, tmp_path: Path) -> Path:
    shutil.copytree(company, tmp_path / "acme")
    return tmp_path / "acme"


@pytest.mark.parametrize("asked", COLUMNS, ids=str)
def test_columns_are_those_of_the_design(company: Path, asked: str) -> None:
    done = invoke(company, *asked.split(), "--format", "csv")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0].startswith(COLUMNS[asked])


# Those of a search are of the same code, and take a second each.
SLOW = [asked for asked in QUESTIONS if len(asked) > 2 and asked[1] in ("--search", "--null")]


@pytest.mark.parametrize("asked", QUESTIONS, ids=" ".join)
def test_every_format_has_the_same_numbers(company: Path, asked: list[str]) -> None:
    printed = {}
    for format_ in ("json", "table") if asked in SLOW else ("json", "table", "markdown", "csv"):
        done = invoke(company, *asked, "--format", format_)
        assert (done.exit_code, done.stderr) == (0, ""), done.output
        printed[format_] = done.stdout
    value = json.loads(printed["json"])
    assert re.fullmatch("[0-9a-f]{12}", value["meta"]["definition_hash"])
    assert all(sentence.endswith(".") for sentence in value["meta"]["definition"])
    headline = printed["table"].splitlines()[0]
    assert headline.endswith(".")
    if asked in SLOW:
        return
    rows = list(csv.DictReader(io.StringIO(printed["csv"])))
    assert [
        {name: "" if cell is None else str(cell) for name, cell in row.items()}
        for row in value["rows"]
    ] == [{name: cell.removeprefix("'") for name, cell in row.items()} for row in rows]
    assert headline in printed["markdown"].replace("\\", "")


@pytest.fixture(scope="module")
def tables(built_sample: Project) -> list[Table]:
    project = built_sample
    return [
        *(project.aha(), project.aha(by="channel"), project.aha(times=True)),
        *(project.aha(stuck=True), project.aha_search(), project.aha_search(cells=True)),
        *(
            project.aha_null(runs=2),
            project.retention("retained_week_4"),
            project.retention("retained_week_4", cohorts=True),
        ),
        *(project.retention("retained_week_4", by=by) for by in ("aha", "channel", "country")),
        project.retention("retained_week_4", by="aha", cohorts=True),
    ]


@pytest.mark.parametrize("columns", [80, 120])
def test_it_fits_the_terminal(tables: list[Table], columns: int) -> None:
    for table in tables:
        lines = lay_out(table, columns).lines(columns)
        assert len(lines) > 1
        widest = max(text_width("".join(piece for piece, _ in line)) for line in lines)
        assert widest <= columns, table.headline


@pytest.mark.parametrize(
    "asked", [["aha"], ["aha", "--search"], ["retention", "retained_week_4", "--cohorts"]]
)
def test_a_terminal_without_colour_gets_no_codes(company: Path, asked: list[str]) -> None:
    shown = on_terminal(*asked, cwd=company, columns=80, NO_COLOR="1")
    assert "\x1b" not in shown
    assert max(map(text_width, shown.splitlines())) <= 80


def test_colour_is_for_terminals(company: Path) -> None:
    colored = on_terminal("aha", "--search", cwd=company)
    assert "\x1b[38;5;172mgoes with activity" in colored
    assert "\x1b" not in run("aha", "--search", cwd=company).stdout


def test_a_week_that_is_not_over_for_all_is_marked(company: Path) -> None:
    shown = on_terminal("retention", "retained_week_4", "--cohorts", cwd=company, NO_COLOR="1")
    rows = json.loads(
        run("retention", "retained_week_4", "--cohorts", "--format", "json", cwd=company).stdout
    )["rows"]
    partly = next(
        row
        for row in rows
        if row["cohort"] and row["week"] < 6 and row["matured"] < row["entrants"]
    )
    line = next(line for line in shown.splitlines() if line.startswith(partly["cohort"]))
    percent = f"{100 * partly['retention']:.0f}"
    assert line.split()[2 + partly["week"]] == f"{percent}*"
    assert "* not yet over for the whole cohort" in shown
    last = max(row["week"] for row in rows)
    assert re.search(rf"no room for weeks \d+ to {last}: `--format csv` has them", shown)
    assert "no room" not in run("retention", "retained_week_4", "--cohorts", cwd=company).stdout


def test_values_stand_beside_each_other_as_far_as_there_is_room(company: Path) -> None:
    wide = on_terminal(
        "retention", "retained_week_4", "--by", "channel", cwd=company, columns=120, NO_COLOR="1"
    )
    narrow = on_terminal(
        "retention", "retained_week_4", "--by", "channel", cwd=company, columns=80, NO_COLOR="1"
    )
    tiny = on_terminal(
        "retention", "retained_week_4", "--by", "channel", cwd=company, columns=50, NO_COLOR="1"
    )
    weeks = [len(re.findall(r"^ +3  ", shown, re.MULTILINE)) for shown in (wide, narrow)]
    assert weeks == [1, 1]
    interval = r"\d–\d+\.\d  "
    assert re.search(rf"^ +3  .*{interval}", wide, re.MULTILINE)
    assert not re.search(rf"^ +3  .*{interval}", narrow, re.MULTILINE)
    assert re.search(r"^organic +3 ", tiny, re.MULTILINE)


def test_why_stands_under_its_row(company: Path) -> None:
    shown = on_terminal("aha", "--search", cwd=company, NO_COLOR="1").splitlines()
    rows = json.loads(run("aha", "--search", "--format", "json", cwd=company).stdout)["rows"]
    row = next(row for row in rows if row["verdict"] == "goes with activity")
    at = next(number for number, line in enumerate(shown) if line.startswith(row["event"]))
    under = " ".join(line.strip() for line in shown[at + 1 : at + 6])
    assert under.startswith(row["why"])


@pytest.mark.parametrize(
    ("args", "error"),
    [
        (["aha", "team_valu"], "no aha moment is called 'team_valu'"),
        (["aha", "--by", "chanel"], "no user property is called 'chanel'"),
        (["aha", "--search", "--null"], "--search and --null are different tables: ask for one"),
        (
            ["aha", "--by", "channel", "--times"],
            "--by and --times are different tables: ask for one",
        ),
        (["aha", "--outcome", "churned"], "--outcome goes with --search"),
        (["aha", "--null", "--cells"], "--cells goes with --search"),
        (["aha", "--search", "--runs", "3"], "--runs goes with --null"),
        (
            ["aha", "team_value", "--search"],
            "--search takes no name: it looks at every behaviour, not at 'team_value'",
        ),
        (["aha", "--search", "--outcome", "churnd"], "no outcome is called 'churnd'"),
        (["retention", "retaned_week_4"], "no outcome is called 'retaned_week_4'"),
        (["retention", "retained_week_4", "--by", "aha:team"], "no aha moment is called 'team'"),
    ],
    ids=" ".join,
)
def test_what_does_not_go_is_said_in_a_line(company: Path, args: list[str], error: str) -> None:
    done = invoke(company, *args)
    assert (done.exit_code, done.stdout) == (2, "")
    first, hint = done.stderr.splitlines()
    assert first == f"error: {error}"
    assert hint.startswith("  hint: ")


def test_no_run_is_no_answer(company: Path) -> None:
    done = invoke(company, "aha", "--null", "--runs", "0")
    assert done.exit_code == 2
    assert "0 is not in the range" in done.stderr


def test_numbers_follow_the_rules_that_were_built(copy: Path) -> None:
    before = invoke(copy, "aha", "--format", "json").stdout
    searched = invoke(copy, "aha", "--search", "--format", "json").stdout
    file = copy / "dbt_project" / "dbt_project.yml"
    text = file.read_text(encoding="utf-8")
    changed = text.replace("at_least: 3", "at_least: 2").replace("days: [1, 3, 7, 14]", "days: [2]")
    assert changed.count("at_least: 2") == changed.count("days: [2]") == 1
    file.write_text(changed, encoding="utf-8")
    for args, shown in ((["aha"], before), (["aha", "--search"], searched)):
        done = invoke(copy, *args, "--format", "json")
        assert done.stdout == shown
        assert done.stderr == (
            "warning: the definitions changed after the last build: run `funnelkit build`\n"
        )


def test_what_was_declared_since_is_not_built_yet(copy: Path) -> None:
    file = copy / "dbt_project" / "dbt_project.yml"
    text = file.read_text(encoding="utf-8")
    new = "other: {event: logged_in, within: 1 day, funnel: activation}\n      team_value:"
    file.write_text(text.replace("team_value:", new, 1), encoding="utf-8")
    done = invoke(copy, "aha", "other")
    assert done.exit_code == 2
    assert done.stderr == (
        "error: aha moment 'other' was not built yet; built: team_value\n"
        "  hint: run `funnelkit build`\n"
    )
    which = invoke(copy, "aha")
    assert which.stderr.startswith("error: this project has 2 aha moments: which one?\n")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("aha t", ["team_value"]),
        ("aha --by ch", ["channel"]),
        ("aha --outcome ch", ["churned"]),
        ("retention r", ["retained_week_4"]),
        ("retention --by a", ["aha", "aha:team_value"]),
    ],
)
def test_names_are_completed(company: Path, words: str, found: list[str]) -> None:
    done = run(
        cwd=company,
        _FUNNELKIT_COMPLETE="bash_complete",
        COMP_WORDS=f"funnelkit {words}",
        COMP_CWORD=str(len(words.split())),
    )
    assert [line.split(",")[1] for line in done.stdout.splitlines()] == found


@pytest.mark.parametrize("command", ["aha", "retention"])
def test_every_example_of_the_help_runs(company: Path, command: str) -> None:
    example = invoke(company, command, "--help").output.split("\nExample:\n")[1]
    lines = [line.strip().removeprefix("$ funnelkit ") for line in example.strip().splitlines()]
    assert len(lines) >= 3
    for line in lines:
        done = invoke(company, *line.split())
        assert (done.exit_code, done.stderr) == (0, ""), (line, done.output)


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from funnelkit.cli.app import cli;"
        "assert CliRunner().invoke(cli, ['{}', '--help']).exit_code == 0;"
        "print(*sorted({{'duckdb','numpy','scipy','polars','altair','dbt','pyarrow'}}"
        " & sys.modules.keys()))"
    )
    import subprocess
    import sys

    for command in ("aha", "retention"):
        out = subprocess.run(
            [sys.executable, "-c", code.format(command)], capture_output=True, text=True, check=True
        )
        assert out.stdout.strip() == ""


def test_a_number_and_its_unit_stay_together() -> None:
    assert wrap("of all 12.5 % stay", 12) == ["of all", "12.5 % stay"]
    assert wrap("it is (+3.1 pp)", 10) == ["it is", "(+3.1 pp)"]
    assert wrap("a  b", 10) == ["a  b"]


def test_names_of_events_do_not_steer_the_terminal() -> None:
    shares = (Column(name, "share") for name in ("share", "share_lo", "share_hi"))
    counts = (Column("entities", "count"), *shares, Column("step", "count"))
    table = Table(
        (Column("aha"), Column("next_event"), *counts, Column("step_name")),
        (("a", "x\x1b[2J", 3, 0.5, 0.1, 0.9, 1, "y\x07"),),
    )
    shown = "".join(text for line in lay_out(table, 80).lines(80) for text, _ in line)
    assert "\x1b" not in shown
    assert "\x07" not in shown
