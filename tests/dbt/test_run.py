"""Running dbt inside the package, on small projects that the tests write: real dbt, no mocks."""

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from funnelkit import api
from funnelkit.errors import FunnelkitError
from funnelkit.paths import root
from funnelkit.project.locate import find
from funnelkit.warehouse import dbt, dbt_setup, meta
from funnelkit.warehouse.connect import connect, memory
from funnelkit.warehouse.dbt_progress import Progress
from funnelkit.warehouse.dbt_results import BuildError, paragraph
from tests.dbt import project

SCHEMA = """\
models:
  - name: good
    columns: [{name: a, data_tests: [not_null]}]
  - name: leaf
    columns:
      - name: a
        data_tests: [{accepted_values: {arguments: {values: [5]}}}]
unit_tests:
  - name: adds_one
    model: unit
    given: [{input: ref('good'), rows: [{a: 3}]}]
    expect: {rows: [{a: 5}]}
"""
FILES = {
    "models/good.sql": "select range as a, 'x''y' as text from range(3)",
    "models/leaf.sql": "select a from {{ ref('good') }}",
    "models/unit.sql": "select a + 1 as a from {{ ref('good') }}",
    "models/schema.yml": SCHEMA,
}
BAD = "select a,\n       nosuch\nfrom {{ ref('good') }}"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    # A folder's name is data: for YAML, Jinja, SQL and the shell.
    return project.write(tmp_path / "it's {{ a }} shop", FILES)


def test_failed_tests_are_counted_and_the_file_is_released(shop: Path, monkeypatch) -> None:
    monkeypatch.setenv("DBT_PROJECT_DIR", "elsewhere")
    before, folder = dict(os.environ), Path.cwd()
    events: list[Progress] = []

    result = api.open(shop).build(on_event=events.append)

    assert not result.ok
    assert (result.built, result.passed, result.skipped, result.errors) == (2, 1, 1, ())
    unit, data = sorted(result.failed_tests, key=lambda failure: failure.kind, reverse=True)
    assert (unit.kind, unit.name, unit.rows) == ("unit_test", "adds_one", None)
    assert "+++,4" in unit.message
    assert (data.kind, data.rows, data.file) == ("test", 3, "models/schema.yml")
    assert data.sql is not None
    assert (shop / data.sql).read_text(encoding="utf-8").strip().startswith("with all_values")
    # every node once, numbered; the total is known before the first has finished
    assert [event.done for event in events] == list(range(len(events)))
    assert {event.total for event in events} == {6}
    assert {event.name for event in events} >= {"good", "adds_one"}
    # nothing leaks out of the run: environment, folder, lock, files in the project
    assert dict(os.environ) == before
    assert Path.cwd() == folder
    assert _other_process_writes(shop / "build" / "warehouse.duckdb")
    written = {path.name for path in shop.iterdir()}
    assert written == {"dbt_project.yml", "models", "build"}


def test_a_failing_model_is_told_with_its_sql_and_the_others_stay(shop: Path) -> None:
    (shop / "models" / "schema.yml").unlink()
    assert api.open(shop).build().ok
    assert _state(shop) == meta.FINISHED
    project.write(shop, {"models/bad.sql": BAD, "models/after.sql": "from {{ ref('bad') }}"})

    with pytest.raises(BuildError) as caught:
        api.open(shop).build()

    first, skipped = caught.value.message.splitlines()
    assert first == (
        'model bad: Binder Error: Referenced column "nosuch" not found in FROM clause! '
        'Candidate bindings: "a"'
    )
    assert skipped == "1 node that needs these was skipped"
    sql = "build/dbt/target/compiled/shop/models/bad.sql"
    assert caught.value.hint == f"the compiled SQL is {sql}, from models/bad.sql"
    assert "nosuch" in (shop / sql).read_text(encoding="utf-8")
    assert _state(shop) == meta.FAILED
    with duckdb.connect(str(shop / "build" / "warehouse.duckdb"), read_only=True) as con:
        assert con.execute("select sum(a) from unit").fetchall() == [(6,)]

    # A part of it can be built, and the warehouse says that it is a part.
    assert api.open(shop).build(select=["good"]).built == 1
    assert _state(shop) == meta.PARTIAL
    warning = api.open(shop).build_warning()
    assert warning is not None
    assert "only a part (--select good)" in warning


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("models/good.sql", "select {{ nosuch( }} as a", "unexpected '}'"),
        ("models/good.sql", "from {{ ref('nosuch') }}", "node named 'nosuch' which was not found"),
        ("models/schema.yml", "models: [{name: good", "schema.yml"),
    ],
)
def test_what_stops_dbt_before_any_node_is_one_readable_error(
    shop: Path, name: str, text: str, told: str
) -> None:
    project.write(shop, {name: text})
    with pytest.raises(FunnelkitError) as caught:
        api.open(shop).build()
    assert caught.value.message.startswith("dbt could not start: ")
    assert told in caught.value.message
    assert str(shop) not in caught.value.message
    # nothing was touched, so nothing has to be warned of
    assert _state(shop) is None
    assert _other_process_writes(shop / "build" / "warehouse.duckdb")


def test_the_package_is_installed_once_and_again_when_it_is_another_one(tmp_path: Path) -> None:
    packages = "packages:\n  - local: \"{{ env_var('FUNNELKIT_DBT') }}\"\n"
    paths = find(project.write(tmp_path, {"packages.yml": packages}))
    link, folder = tmp_path / "dbt_packages" / "funnelkit", Path.cwd()
    with dbt_setup.variables(dbt_setup.environment(paths)):
        dbt.install(paths)
        assert link.resolve() == root("dbt").resolve()
        first = link.lstat().st_mtime_ns
        dbt.install(paths)
        assert link.lstat().st_mtime_ns == first, "deps ran for nothing"
        link.unlink()
        link.symlink_to(tmp_path)
        dbt.install(paths)
        assert link.resolve() == root("dbt").resolve()
    assert Path.cwd() == folder


def test_any_dbt_command_runs_and_gives_dbts_exit_code(shop: Path) -> None:
    listed = project.run(shop, "dbt", "ls", "--resource-type", "model", "--quiet")
    assert listed.returncode == 0
    assert listed.stdout.split() == ["shop.good", "shop.leaf", "shop.unit"]
    assert not (shop / "target").exists()
    assert not (shop / "logs").exists()


@pytest.mark.parametrize(
    ("args", "error", "hint"),
    [
        (["buidl"], "No such command 'buidl'", "did you mean 'build'?"),
        (
            ["build", "--nope"],
            "No such option '--nope'",
            "`funnelkit dbt build --help` shows what it takes",
        ),
    ],
)
def test_what_dbt_does_not_take_is_told(shop: Path, args: list[str], error: str, hint: str) -> None:
    done = project.run(shop, "dbt", *args)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"error: dbt: {error}\n  hint: {hint}\n"


def test_what_dbt_has_printed_is_not_told_again(shop: Path) -> None:
    (shop / "models" / "good.sql").write_text("from {{ ref('nosuch') }}")
    done = project.run(shop, "dbt", "compile", "--no-use-colors")
    assert done.returncode == 2
    assert (done.stdout + done.stderr).count("which was not found") == 1


def test_the_commands_are_dbts() -> None:
    from dbt.cli.main import cli

    assert set(cli.commands) == dbt.COMMANDS


@pytest.mark.parametrize(
    ("args", "command"),
    [
        ("build", "build"),
        ("--log-level debug run --select build", "run"),
        ("--quiet docs generate", "docs"),
        ("build --help", ""),
        ("--version", ""),
        ("foo", ""),
    ],
)
def test_which_command_runs(args: str, command: str) -> None:
    assert dbt.command_of(args.split()) == command


def test_a_selection_that_matches_nothing_is_an_error_and_changes_nothing(shop: Path) -> None:
    (shop / "models" / "schema.yml").unlink()
    project.run(shop, "build")
    done = project.run(shop, "build", "--select", "+god+")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: nothing matches --select +god+\n  hint: did you mean 'good'?\n"
    assert _state(shop) == meta.FINISHED
    part = project.run(shop, "build", "--select", "nosuch", "--select", "good")
    assert part.returncode == 0
    assert part.stderr == (
        "warning: nothing matches --select nosuch\nbuilt 1 table; 0 tests passed\n"
    )


def test_tests_of_tables_that_a_part_leaves_out_do_not_run(shop: Path) -> None:
    related = "{relationships: {arguments: {to: ref('leaf'), field: a}}}"
    columns = f"[{{name: a, data_tests: [not_null, {related}]}}]"
    schema = f"models: [{{name: good, columns: {columns}}}]\n"
    project.write(shop, {"models/schema.yml": schema})
    part = api.open(shop).build(select=["good"])
    assert (part.ok, part.built, part.passed) == (True, 1, 1)
    # What the selected table is made of counts as there.
    rest = api.open(shop).build(select=["leaf"])
    assert (rest.ok, rest.built, rest.passed) == (True, 1, 1)


def test_a_part_built_through_dbt_is_recorded(shop: Path) -> None:
    (shop / "models" / "schema.yml").unlink()
    opened = api.open(shop)
    assert opened.dbt(["--quiet", "build"]) == 0
    assert opened.build_warning() is None
    assert opened.dbt(["--quiet", "test"]) == 0
    assert _state(shop) == meta.FINISHED, "nothing was replaced"
    assert opened.dbt(["--quiet", "run", "--select", "good"]) == 0
    assert _state(shop) == meta.PARTIAL
    warning = opened.build_warning()
    assert warning is not None
    assert "only a part (funnelkit dbt --quiet run --select good)" in warning
    project.write(shop, {"models/bad.sql": BAD})
    assert opened.dbt(["--quiet", "build"]) == 1
    assert _state(shop) == meta.FAILED
    assert _other_process_writes(shop / "build" / "warehouse.duckdb")


WRONG = """\
name: shop
profile: funnelkit
vars:
  funnelkit:
    funnels:
      f:
        steps:
          - visit
          - {name: late, event: order, where: "true) or (true"}
          - {name: paid, event: pay, where: "amount >"}
"""
AT = (
    "dbt_project.yml:9: funnels.f.steps[1].where: 'true) or (true' is not one SQL expression",
    "dbt_project.yml:10: funnels.f.steps[2].where: 'amount >' is not one SQL expression",
)


@pytest.mark.parametrize("words", ["build", "dbt build", "dbt compile", "definitions", "doctor"])
def test_a_condition_that_is_not_one_expression_is_told_at_its_place(
    tmp_path: Path, words: str
) -> None:
    project.write(tmp_path, {"dbt_project.yml": WRONG})
    done = project.run(tmp_path, *words.split())
    assert done.returncode == (1 if words == "doctor" else 2)
    for place in AT:
        assert place in done.stdout + done.stderr
    assert not (tmp_path / "build").exists()
    assert project.run(tmp_path, "dbt", "--quiet", "ls").returncode == 0, "it compiles nothing"


def test_dbt_builds_only_definitions_that_are_right(tmp_path: Path) -> None:
    text = project.DBT_PROJECT.replace("{steps:", "{order: any, step_window: 1 day, steps:")
    project.write(tmp_path, {"dbt_project.yml": text})
    done = project.run(tmp_path, "dbt", "build")
    assert (done.returncode, done.stdout) == (2, "")
    assert "funnels.buy.step_window: not with order: any; write window" in done.stderr


def test_a_plain_dbt_refuses_what_the_package_does_not_know(tmp_path: Path) -> None:
    text = project.DBT_PROJECT.replace("{steps:", "{entry: bset, steps:")
    packages = "packages:\n  - local: \"{{ env_var('FUNNELKIT_DBT') }}\"\n"
    project.write(tmp_path, {"dbt_project.yml": text, "packages.yml": packages})
    printed = project.run(tmp_path, "env").stdout
    script = 'eval "$1" && "$2" -m dbt.cli.main -q deps && exec "$2" -m dbt.cli.main -q parse'
    done = subprocess.run(
        ["sh", "-c", script, "sh", printed, sys.executable],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 2
    assert 'funnels.buy.entry: "bset" is not supported; supported: first, best' in done.stdout


def test_the_printed_environment_is_enough_for_a_plain_dbt(shop: Path, tmp_path: Path) -> None:
    printed = project.run(shop, "env")
    assert printed.stderr == ""
    script = 'eval "$1" && exec "$2" -m dbt.cli.main run --quiet --select good'
    done = subprocess.run(
        ["sh", "-c", script, "sh", printed.stdout, sys.executable],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with duckdb.connect(str(shop / "build" / "warehouse.duckdb"), read_only=True) as con:
        assert con.execute("select count(*) from good").fetchall() == [(3,)]
        assert meta.last_build(con) is None


def test_raw_is_seeds_only_for_the_sample_while_nothing_was_loaded(tmp_path: Path) -> None:
    paths = find(project.write(tmp_path, {}))
    sample = paths._replace(name="funnelkit")
    assert dbt_setup.raw_mode(paths) == "loaded"
    assert dbt_setup.raw_mode(sample) == "seeds"
    paths.warehouse.parent.mkdir()
    with duckdb.connect(str(paths.warehouse)) as con:
        con.execute("create schema raw; create table raw.loads (kind varchar)")
    assert dbt_setup.raw_mode(sample) == "seeds", (
        "an empty ledger is what a build from seeds leaves"
    )
    with duckdb.connect(str(paths.warehouse)) as con:
        con.execute("insert into raw.loads values ('events')")
    assert dbt_setup.raw_mode(sample) == "loaded"
    assert dbt_setup.raw_mode(paths) == "loaded"
    assert dbt_setup.environment(sample)["FUNNELKIT_RAW"] == "loaded"


def test_the_profile_names_this_file_in_utc_and_downloads_nothing(tmp_path: Path) -> None:
    paths = find(project.write(tmp_path, {}))
    profile = json.loads(dbt_setup.write_profiles(paths).read_text(encoding="utf-8"))
    output = profile["funnelkit"]["outputs"]["duckdb"]
    assert output["path"] == str(paths.warehouse)
    assert output["settings"] == {
        "TimeZone": "UTC",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "enable_progress_bar": "false",
    }
    assert "plugins" not in output


def test_a_message_becomes_one_paragraph() -> None:
    message = (
        'Runtime Error in model m (models/m.sql)\n  Parser Error: syntax error at or near "fro"\n'
        "\n  LINE 3: select a fro b\n                   ^\n  compiled code at target/run/m.sql"
    )
    told = paragraph(message)
    assert told == 'Parser Error: syntax error at or near "fro" near `select a fro b`'


def test_definitions_that_changed_after_the_build_are_told() -> None:
    build = meta.Build(meta.FINISHED, "", meta.canonical({"b": 1, "a": [2]}), "0.1.0")
    assert meta.warning(build, {"a": [2], "b": 1}) is None
    assert "changed" in str(meta.warning(build, {"a": [2], "b": 2}))
    assert meta.warning(None, {}) is None


def test_no_connection_of_ours_draws_into_the_output(tmp_path: Path) -> None:
    asked = "select value from duckdb_settings() where name = 'enable_progress_bar'"
    for opened in (connect(tmp_path / "w.duckdb"), memory()):
        with opened as con:
            assert con.execute(asked).fetchall() in ([("false",)], [("False",)], [("0",)])


def test_a_project_without_the_package_is_told_what_to_write(tmp_path: Path) -> None:
    project.write(tmp_path, {})
    done = project.run(tmp_path, "build")
    assert (done.returncode, done.stdout) == (2, "")
    first, hint, *lines = done.stderr.splitlines()
    assert first == "error: the funnelkit package is not installed: packages.yml is missing"
    assert hint == "  hint: packages.yml needs these two lines:"
    assert _state(tmp_path) is None
    doctor = project.run(tmp_path, "doctor")
    assert doctor.returncode == 1
    assert "✗ fail  dbt package  the funnelkit package is not installed" in doctor.stdout
    # What is told is enough.
    (tmp_path / "packages.yml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert project.run(tmp_path, "dbt", "--quiet", "deps").returncode == 0
    assert "funnelkit.fct_events" in project.run(tmp_path, "dbt", "--quiet", "ls").stdout.replace(
        "marts.core.", ""
    )
    assert "dbt package" not in project.run(tmp_path, "doctor").stdout


def test_a_whole_build_of_nothing_is_an_error(tmp_path: Path) -> None:
    project.write(tmp_path, {"packages.yml": "packages: []  # funnelkit, one day\n"})
    done = project.run(tmp_path, "build")
    assert done.returncode == 2
    assert done.stderr.startswith("error: nothing was built: dbt found no model")


def test_events_that_never_occur_and_failed_tests_are_told(tmp_path: Path) -> None:
    log = "select unnest(['visit', 'cart']) as event_name, null as a"
    schema = "models: [{name: fct_events, columns: [{name: a, data_tests: [not_null]}]}]\n"
    text = project.DBT_PROJECT.replace("order]", "crat]")
    files = {"models/fct_events.sql": log, "models/schema.yml": schema, "dbt_project.yml": text}
    done = project.run(project.write(tmp_path, files), "build")
    assert done.returncode == 1
    told = "buy, step crat: no event is called 'crat'; did you mean 'cart'?"
    assert done.stderr.splitlines()[-2:] == [
        f"warning: {told}",
        "built 1 table; 0 tests passed, 1 failed",
    ]
    assert api.open(tmp_path).unseen_events() == [told]
    assert api.open(tmp_path).unseen_events("other") == []
    assert "finished, 1 test failed" in project.run(tmp_path, "doctor").stdout


def test_a_reader_that_goes_away_gets_no_traceback(shop: Path) -> None:
    process = project.start(shop, "dbt", "ls")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == ""
    process.wait(timeout=120)


def _state(shop: Path) -> str | None:
    with duckdb.connect(str(shop / "build" / "warehouse.duckdb"), read_only=True) as con:
        build = meta.last_build(con)
    return build.state if build else None


def _other_process_writes(file: Path) -> bool:
    code = "import duckdb, sys; duckdb.connect(sys.argv[1]).execute('create table t (i int)')"
    return subprocess.run([sys.executable, "-c", code, str(file)], check=False).returncode == 0
