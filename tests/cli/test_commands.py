"""The commands on the sample company, and every example of their help that can run on it."""

import csv
import io
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from funnelkit.cli.app import cli
from funnelkit.cli.sample import _loads
from tests.cli.run import run
from tests.conftest import ROOT


def invoke(*args: str):
    return CliRunner().invoke(cli, list(args), prog_name="funnelkit")


@pytest.fixture(scope="module")
def copy(company: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built company, to write in."""
    root = tmp_path_factory.mktemp("copy") / "acme"
    shutil.copytree(company, root)
    return root


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample project made by its command, nothing loaded."""
    folder = tmp_path_factory.mktemp("raw")
    done = run("sample", "acme", "--users", "150", cwd=folder)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert [line.strip() for line in done.stderr.splitlines()[1:]] == [
        "next: cd acme",
        "funnelkit load events data/events.csv",
        "funnelkit load users data/users.csv",
        "funnelkit load feedback data/feedback.csv",
        "funnelkit build",
    ]
    return folder / "acme"


def test_numbered_parts_are_loaded_as_one_glob() -> None:
    files = ("data/events-0001.parquet", "data/events-0002.parquet", "data/users.csv", "truth.yml")
    assert _loads(files) == [
        "funnelkit load events data/events-*.parquet",
        "funnelkit load users data/users.csv",
    ]


def test_a_printed_funnel_is_the_planted_truth(company: Path) -> None:
    truth = yaml.safe_load((ROOT / "seeds" / "truth.yml").read_text(encoding="utf-8"))
    done = invoke("--project", str(company), "funnel", "--by", "channel", "--format", "csv")
    assert (done.exit_code, done.stderr) == (0, "")
    names = ("entered", "reached", "open", "lost", "matured", "matured_reached")
    found: dict[str, list[dict[str, object]]] = {}
    for row in csv.DictReader(io.StringIO(done.stdout)):
        counts = {name: int(row[name]) for name in names}
        found.setdefault(row["value"] or "all", []).append({"step": row["step_name"], **counts})
    assert found == truth["activation"]["realised"]


@pytest.mark.parametrize(
    ("args", "error", "hint"),
    [
        (["funnel", "activaton"], "no funnel is called 'activaton'", "did you mean 'activation'?"),
        (
            ["definitions", "activatoin"],
            "no definition is called 'activatoin'",
            "did you mean 'activation'?",
        ),
        (
            ["funnel", "--by", "chanel"],
            "no property is called 'chanel'",
            "did you mean 'channel'?",
        ),
        (
            ["funnel", "--by", "recipients@shard"],
            "funnel 'activation' has no step 'shard'",
            "did you mean 'shared'?",
        ),
        (
            ["funnel", "--next-after", "conected"],
            "funnel 'activation' has no step 'conected'",
            "did you mean 'connected'?",
        ),
        (
            ["funnel", "--who", "-shard", "x.csv"],
            "funnel 'activation' has no step 'shard'",
            "did you mean 'shared'?",
        ),
        (
            ["funnel", "--compare", "chanel"],
            "no property is called 'chanel'",
            "did you mean 'channel'?",
        ),
        (
            ["funnel", "--segment", "payng"],
            "no segment is called 'payng'",
            "declare it under `segments:`",
        ),
        (
            ["report", "build", "activaton"],
            "no report is called 'activaton'",
            "did you mean 'activation'?",
        ),
    ],
)
def test_misspelled_nouns(company: Path, args: list[str], error: str, hint: str) -> None:
    done = invoke("--project", str(company), *args)
    assert (done.exit_code, done.stdout) == (2, "")
    lines = done.stderr.splitlines()
    assert lines[0] == f"error: {error}"
    assert lines[1].startswith(f"  hint: {hint}")


def test_before_the_build_a_funnel_says_what_to_run(raw: Path) -> None:
    done = invoke("--project", str(raw), "funnel")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        "error: there is no warehouse yet (warehouse.duckdb)\n  hint: run: funnelkit build\n"
    )


def test_load_says_what_became_of_each_file(raw: Path, tmp_path: Path) -> None:
    ragged = raw / "data" / "ragged.csv"
    ragged.write_text(
        "user_id,event_name,occurred_at\nu1,a,2026-01-01 10:00:00\nu2,a\nu3,a,2026-01-02 10:00:00\n"
    )
    dry = run("load", "events", "data/ragged.csv", "--dry-run", cwd=raw)
    assert (dry.returncode, dry.stdout) == (0, "")
    first, reject, last = dry.stderr.splitlines()
    assert first == "data/ragged.csv: 2 rows, 1 line rejected"
    assert reject.startswith("  line 3: ")
    assert last == "nothing was loaded (--dry-run)"
    wet = run("load", "events", "data/ragged.csv", cwd=raw)
    assert wet.stderr.splitlines()[0] == first
    assert wet.stderr.splitlines()[-1] == "next: funnelkit build"
    again = run("load", "events", "data/ragged.csv", cwd=raw)
    assert again.stderr == "data/ragged.csv: loaded before, nothing to do\n"
    found = _doctor(raw)
    assert found["raw"] == ("ok", "2 rows of events, 0 rows of users, 0 rows of feedback")
    assert found["rejects"][0] == "warn"
    assert "1 line could not be parsed" in found["rejects"][1]
    assert found["build"] == ("warn", "no tables yet")


def test_definitions_in_words_with_their_hash(company: Path) -> None:
    done = invoke("--project", str(company), "definitions", "activation")
    head, *lines = done.stdout.splitlines()
    assert re.fullmatch(r"activation  [0-9a-f]{12}", head)
    assert all(line.startswith("  ") for line in lines)
    assert any("recipients > 0" in line for line in lines)
    funnel = invoke("--project", str(company), "funnel", "--format", "json")
    meta = json.loads(funnel.stdout)["meta"]
    assert meta["definition_hash"] == head.split()[1]
    assert meta["definition"] == [line.strip() for line in lines]


def _doctor(folder: Path) -> dict[str, tuple[str, str]]:
    done = invoke("--project", str(folder), "doctor", "--format", "json")
    rows = json.loads(done.stdout)["rows"]
    assert done.exit_code == (1 if any(row["state"] == "fail" for row in rows) else 0)
    return {row["check"]: (row["state"], row["found"]) for row in rows}


def test_a_healthy_project_has_no_warning(company: Path) -> None:
    found = _doctor(company)
    # the sample has 9 planted rows that no build can use
    assert found.pop("rejects")[1].startswith("9 rows rejected by the build; mostly: neither user")
    assert {state for state, _ in found.values()} == {"ok"}, found
    assert "duckdb 2." in found["versions"][1]
    done = invoke("--project", str(company), "doctor")
    lines = [line for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert len(lines) == len(found) + 1
    assert done.stdout.startswith("✓ ok    versions")


def test_the_doctor_names_what_is_wrong(copy: Path, tmp_path: Path) -> None:
    sick = tmp_path / "sick"
    shutil.copytree(copy, sick)
    project = sick / "dbt_project" / "dbt_project.yml"
    text = project.read_text(encoding="utf-8")
    project.write_text(text.replace("event: source_connected", "event: source_conected"))
    events = invoke("--project", str(sick), "doctor").stdout
    assert "! warn  events" in events
    assert "activation, step connected: no event is called 'source_conected'" in events
    assert "→ did you mean 'source_connected'?" in events
    assert "the definitions changed after the last build" in events
    warned = invoke("--project", str(sick), "funnel")
    assert warned.exit_code == 0
    assert warned.stderr == (
        "warning: the definitions changed after the last build: run `funnelkit build`\n"
    )

    project.write_text(text.replace("window: 14 days", "windw: 14 days"))
    broken = _doctor(sick)
    assert broken["definitions"][0] == "fail"
    assert "did you mean 'window'?" in broken["definitions"][1]
    assert broken["warehouse"][0] == "ok"

    (sick / "build" / "warehouse.duckdb").write_bytes(b"not a database")
    assert _doctor(sick)["warehouse"] == ("fail", "warehouse.duckdb is not a DuckDB database")


def test_the_doctor_names_who_holds_the_warehouse(copy: Path) -> None:
    code = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); input()"
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(copy / "build" / "warehouse.duckdb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "open\n"
    try:
        state, found = _doctor(copy)["warehouse"]
    finally:
        holder.communicate("\n", timeout=120)
    assert state == "warn"
    assert f"(PID {holder.pid})" in found


def test_no_project_at_all_is_a_failed_check(tmp_path: Path) -> None:
    assert _doctor(tmp_path)["project"][0] == "fail"


def test_reports_are_written_checked_and_listed(copy: Path) -> None:
    shutil.rmtree(copy / "reports", ignore_errors=True)
    project = ("--project", str(copy))
    missing = invoke(*project, "report", "check")
    assert missing.exit_code == 1
    assert missing.stdout.startswith("reports/activation: not written yet\n")
    listed = json.loads(invoke(*project, "report", "list", "--format", "json").stdout)["rows"]
    slugs = ["activation", "aha", "say_do", "scorecard"]
    assert [(row["report"], row["page"]) for row in listed] == [(slug, None) for slug in slugs]

    written = invoke(*project, "report", "build")
    assert (written.exit_code, written.stdout) == (0, "")
    assert written.stderr == "".join(f"wrote reports/{slug}\n" for slug in slugs)
    assert "activation/report.md" in (copy / "reports" / "README.md").read_text(encoding="utf-8")
    good = invoke(*project, "report", "check")
    assert (good.exit_code, good.stdout) == (0, "")
    assert good.stderr == "4 reports are up to date\n"

    page = copy / "reports" / "activation" / "report.md"
    before = page.read_text(encoding="utf-8")
    page.write_text(before.replace("2,000", "2,001"), encoding="utf-8")
    (copy / "reports" / "old").mkdir()
    (copy / "reports" / "old" / "report.md").write_text("x\n")
    bad = invoke(*project, "report", "check")
    assert bad.exit_code == 1
    assert "activation/report.md: changed" in bad.stdout
    assert re.search(r"^-.*2,001", bad.stdout, re.MULTILINE)
    assert re.search(r"^\+.*2,000", bad.stdout, re.MULTILINE)
    assert "reports/old: no report of this name is declared" in bad.stdout
    page.write_text(before, encoding="utf-8")
    shutil.rmtree(copy / "reports" / "old")

    # A CI has no raw logs: the pages are held against the committed numbers, and it says so.
    bare = copy.parent / "bare"
    shutil.copytree(copy, bare, ignore=shutil.ignore_patterns("build"))
    checked = invoke("--project", str(bare), "report", "check")
    assert (checked.exit_code, checked.stdout) == (0, ""), checked.stdout
    assert "not computed again" in checked.stderr
    yml = bare / "dbt_project" / "dbt_project.yml"
    yml.write_text(yml.read_text(encoding="utf-8").replace("window: 14 days", "window: 13 days"))
    changed = invoke("--project", str(bare), "report", "check")
    assert changed.exit_code == 1
    assert "activation: the definition of activation is" in changed.stdout
    hint = "run `funnelkit report build` where the data is, and commit"
    assert hint in " ".join(changed.stderr.split())


def test_a_report_opens_in_the_browser(copy: Path, tmp_path: Path) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf "%s" "$1" > "{tmp_path}/seen"\n')
    browser.chmod(0o755)
    shutil.rmtree(copy / "reports", ignore_errors=True)
    missing = run("report", "open", "activation", cwd=copy, BROWSER=f"{browser} %s")
    assert (missing.returncode, missing.stdout) == (2, "")
    assert missing.stderr == (
        "error: reports/activation: not written yet\n"
        "  hint: run: funnelkit report build activation\n"
    )
    assert not (tmp_path / "seen").exists()
    page = copy / "reports" / "activation" / "report.html"
    page.parent.mkdir(parents=True)
    page.write_text("<p>")
    done = run("report", "open", "activation", cwd=copy, BROWSER=f"{browser} %s")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{page}\n", "")
    assert (tmp_path / "seen").read_text() == page.as_uri()


def test_the_doctor_shows_one_line_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "dbt_project.yml").write_text("name: x\nvars: {funnelkit: {a: 1, b: 2}}\n")
    done = invoke("--project", str(tmp_path), "doctor")
    assert "\ufffd" not in done.stdout
    mistakes = [line.split("dbt_project.yml:2: ")[-1] for line in done.stdout.splitlines()]
    assert "a: unknown key;" in " ".join(mistakes)
    assert any(line.startswith("b: unknown key;") for line in mistakes)


def test_env_is_quoted_for_the_shell(raw: Path, tmp_path: Path) -> None:
    odd = tmp_path / "it's a $HOME; `dir`"
    shutil.copytree(raw, odd, ignore=shutil.ignore_patterns("build"))
    printed = run("env", cwd=odd).stdout
    script = f'{printed}\nprintf "%s" "$FUNNELKIT_WAREHOUSE"'
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == str(odd / "build" / "warehouse.duckdb")
    assert "export FUNNELKIT_RAW=loaded\n" in printed


# `build` and `report build` run elsewhere in these tests, as they are in the examples.
RUNNABLE = [
    *(("funnel", line) for line in range(5)),
    ("definitions", 0),
    ("doctor", 0),
    ("report list", 0),
    ("dbt", 0),
]


@pytest.mark.parametrize(("words", "line"), RUNNABLE)
def test_examples_run_on_the_sample(copy: Path, words: str, line: int) -> None:
    example = invoke(*words.split(), "--help").output.split("\nExample:\n")[1].splitlines()
    done = _shell(example[line], copy)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_examples_of_sample_and_load_run_after_each_other(tmp_path: Path) -> None:
    lines = invoke("--help").output.split("\nExample:\n")[1].splitlines()[:2]
    done = _shell("\n".join(lines), tmp_path)
    assert done.returncode == 0, done.stderr
    assert "data/events.csv: 58,217 rows" in done.stderr
    assert "data/users.csv: 2,134 rows" in done.stderr


def test_the_example_of_explore_runs(tmp_path: Path) -> None:
    rows = ["u,catalog,1", "u,product2,2", "u,cart,3", "v,catalog,1", "v,cart,2"]
    log = "user_id,event,ts\n" + "".join(
        "{},{},2026-01-0{}T00:00:00Z\n".format(*row.split(",")) for row in rows
    )
    (tmp_path / "shop.csv").write_text(log)
    example = invoke("explore", "--help").output.split("\nExample:\n")[1]
    done = _shell(f"{example.rstrip()} --format json", tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["rows"]
    assert [(row["step_name"], row["reached"]) for row in found] == [
        ("catalog", 2),
        ("product", 1),
        ("cart", 1),
    ]


def test_who_is_written_to_a_file_or_to_stdout(company: Path, tmp_path: Path) -> None:
    steps = run("funnel", "--format", "json", cwd=company)
    reached = json.loads(steps.stdout)["rows"][-1]["reached"]
    entered = json.loads(steps.stdout)["rows"][-1]["entered"]
    file = tmp_path / "lost.csv"
    file.write_text("what was there before")
    done = run("funnel", "--who", "-shared", str(file), cwd=company)
    assert (done.returncode, done.stdout) == (0, "")
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))))
    assert list(rows[0]) == ["entity_id", "first_entry_at", "level", "reason", "last_at"]
    assert len(rows) == entered - reached
    assert {row["reason"] for row in rows} == {"open", "window closed"}
    still = sum(row["reason"] == "open" for row in rows)
    assert done.stderr == (
        f"wrote {file}: {entered - reached:,} users that did not reach shared"
        f" ({still:,} of them still open)\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["lost.csv"]

    piped = run("funnel", "--who", "shared", "-", cwd=company)
    assert len(piped.stdout.splitlines()) == reached + 1
    assert piped.stderr == f"{reached:,} users that reached shared\n"
    missing = run("funnel", "--who", "shared", str(tmp_path / "no" / "x.csv"), cwd=company)
    assert (missing.returncode, missing.stdout) == (2, "")
    assert missing.stderr.startswith(f"error: no such folder: {tmp_path / 'no'}\n  hint: ")
    other = run("funnel", "--who", "shared", "-", "--format", "json", cwd=company)
    assert (other.returncode, other.stdout) == (2, "")
    assert other.stderr.startswith("error: --who writes CSV: --format json does not go with it\n")
    swapped = run("funnel", "--who", "lost.csv", "-shared", cwd=company)
    assert swapped.returncode == 2
    assert "the step comes first, then the file: --who -shared lost.csv" in swapped.stderr
    noted = run("funnel", "--who", "shared", "-", "--since", "2026-02-01", cwd=company)
    assert noted.stderr.endswith("note: Entries from 2026-02-01 on (Europe/Berlin).\n")


def test_properties_of_users_are_not_of_events(company: Path) -> None:
    def told(*words: str) -> tuple[str, str]:
        done = run("funnel", *words, cwd=company)
        assert (done.returncode, done.stdout) == (2, "")
        error, hint = done.stderr.splitlines()
        return error.removeprefix("error: "), hint.removeprefix("  hint: ")

    assert told("--by", "channel@connected") == (
        "--by channel@connected: channel is a user property, taken at the first entry",
        "--by channel",
    )
    error, hint = told("--where", "channel = 'paid'")
    assert error == "--where: there is no column 'channel'"
    assert hint.startswith("channel is a user property, events do not have it")
    _, hint = told("--where", "nosuch > 3")
    assert "recipients" in hint
    assert "untyped_values" not in hint
    assert "event_no" not in hint


def test_a_property_that_no_entry_has(company: Path) -> None:
    table = run("funnel", "--by", "recipients", cwd=company).stdout
    assert (
        "recipients is unknown at every entry: `--by recipients@shared` takes it from a later event"
        in table
    )


def test_rules_are_told_where_an_option_changed_them(company: Path) -> None:
    changed = run("funnel", "--entry", "best", cwd=company).stdout
    assert "Rules: entry best, not first as defined." in changed
    assert "Rules:" not in run("funnel", "--since", "2026-02-01", cwd=company).stdout
    nobody = run("funnel", "--since", "2027-01-01", cwd=company).stdout
    assert "No entry fits what was asked for; the log has events from 2026-01-01T" in nobody


def test_an_option_is_said_once(company: Path) -> None:
    twice = run("funnel", "--by", "plan", "--by", "channel", cwd=company)
    assert (twice.returncode, twice.stdout) == (2, "")
    assert twice.stderr.startswith("error: --by is given twice\n")
    several = ["--format", "json", "--format", "csv", "--compare", "plan", "--compare", "channel"]
    assert run("funnel", *several, cwd=company).returncode == 0


def test_a_log_without_its_option(tmp_path: Path) -> None:
    done = run("explore", "a.csv", "--step", "a", "--step", "b", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: a log is named by its option: --events a.csv\n")


@pytest.mark.parametrize("format_", ["table", "markdown", "csv", "json"])
@pytest.mark.parametrize(
    "asked",
    [
        ["--next-after", "connected"],
        ["--compare", "channel"],
        ["--sensitivity"],
        ["--explain", "u00001"],
        ["--by", "recipients@shared"],
        ["--since", "2026-02-01", "--until", "2026-03-01"],
    ],
    ids=" ".join,
)
def test_every_question_prints_in_every_format(
    company: Path, asked: list[str], format_: str
) -> None:
    done = invoke("--project", str(company), "funnel", *asked, "--format", format_)
    assert (done.exit_code, done.stderr) == (0, "")
    if format_ == "json":
        value = json.loads(done.stdout)
        assert value["rows"]
        assert value["meta"]["definition_hash"]
        assert ("restricted_to" in value["meta"]) == (asked[0] == "--since")
    elif format_ == "csv":
        assert len(list(csv.DictReader(io.StringIO(done.stdout)))) >= 2
    else:
        assert len(done.stdout.splitlines()) >= 4


def test_properties_are_completed(company: Path) -> None:
    done = run(
        cwd=company,
        _FUNNELKIT_COMPLETE="bash_complete",
        COMP_WORDS="funnelkit funnel --by c",
        COMP_CWORD="3",
    )
    assert [line.split(",")[1] for line in done.stdout.splitlines()] == ["channel", "country"]


def _shell(lines: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    script = re.sub(r"^ *\$ ", "", lines, flags=re.MULTILINE)
    code = "from funnelkit.cli import main; main()"
    function = f'funnelkit() {{ "{sys.executable}" -c "{code}" "$@"; }}\nset -e\n'
    return subprocess.run(
        ["sh", "-c", function + script],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
