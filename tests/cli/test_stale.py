"""Tables that are older than what they come from: printed with a warning, never written down."""

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from funnelkit.api import Project
from funnelkit.warehouse import meta
from tests.cli.run import invoke

CHANGED = "the definitions changed after the last build"
MIXED = "so the tables are from different builds"


@pytest.fixture(scope="module")
def written(built_sample: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built company with a written report."""
    root = tmp_path_factory.mktemp("stale") / "acme"
    shutil.copytree(built_sample.paths.root, root)
    shutil.rmtree(root / "reports", ignore_errors=True)
    assert invoke(root, "report", "build").exit_code == 0
    return root


@pytest.fixture
def copy(written: Path, tmp_path: Path) -> Path:
    """The same, to spoil."""
    return Path(shutil.copytree(written, tmp_path / "acme"))


def edit(folder: Path, old: str, new: str) -> None:
    file = folder / "dbt_project" / "dbt_project.yml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def sql(folder: Path, statement: str) -> None:
    with duckdb.connect(str(folder / "build" / "warehouse.duckdb")) as con:
        con.execute(statement)


def refused(folder: Path, message: str) -> None:
    page = folder / "reports" / "activation" / "report.html"
    before = page.read_bytes()
    for command in ("build", "check"):
        done = invoke(folder, "report", command)
        assert (done.exit_code, done.stdout) == (2, ""), done.output
        assert done.stderr == f"error: {message}\n  hint: run: funnelkit build\n"
    assert page.read_bytes() == before


def changed_window(folder: Path) -> None:
    edit(folder, "window: 14 days", "window: 13 days")


def other_marts(folder: Path) -> None:
    # A plain `dbt` rebuilt them from other definitions, which were then put back.
    sql(folder, "update dim_funnels set definition_hash = '000000000000'")


def plain_dbt_then_changed(folder: Path) -> None:
    sql(folder, "drop table meta.builds")
    changed_window(folder)


@pytest.mark.parametrize("spoil", [changed_window, other_marts, plain_dbt_then_changed])
def test_no_report_of_other_definitions(copy: Path, spoil: Callable[[Path], None]) -> None:
    spoil(copy)
    refused(copy, CHANGED)


@pytest.mark.parametrize(
    ("state", "how"),
    [
        (meta.PARTIAL, "built only a part (--select x)"),
        (meta.FAILED, "failed"),
        (meta.RUNNING, "did not finish"),
    ],
)
def test_no_report_of_mixed_tables(copy: Path, state: str, how: str) -> None:
    sql(copy, f"update meta.builds set state = '{state}', selection = '--select x'")
    refused(copy, f"the last build {how}, {MIXED}")


def test_tables_of_a_plain_dbt_make_a_report(copy: Path) -> None:
    sql(copy, "drop table meta.builds")
    assert invoke(copy, "report", "check").exit_code == 0


def test_a_report_can_be_renamed_without_a_build(copy: Path) -> None:
    edit(copy, "title: Activation", "title: First steps")
    done = invoke(copy, "report", "build")
    assert done.exit_code == 0, done.stderr
    assert "# First steps" in (copy / "reports/activation/report.md").read_text(encoding="utf-8")


def test_a_build_of_an_older_version_is_read(copy: Path) -> None:
    sql(
        copy,
        "create or replace table meta.builds as"
        " select state, selection, definitions, version from meta.builds",
    )
    done = invoke(copy, "funnel")
    assert (done.exit_code, done.stderr) == (0, "")


def test_files_that_were_loaded_after_the_build_are_told(copy: Path) -> None:
    rows = "insert into raw.loads values ('events', '{0}.csv', '{0}', 1, 0, '{{}}', 1)"
    sql(copy, rows.format("a"))
    told = "1 file was loaded after the last build"
    done = invoke(copy, "funnel")
    assert (done.exit_code, done.stderr) == (0, f"warning: {told}: run `funnelkit build`\n")
    refused(copy, told)
    sql(copy, rows.format("b"))
    refused(copy, "2 files were loaded after the last build")
    doctor = invoke(copy, "doctor").stdout
    assert "! warn  build        2 files were loaded after the last build\n" in doctor


def test_the_ledgers_digest_ignores_order_and_notices_content() -> None:
    found = []
    for names in ("ab", "ba", "ac"):
        with duckdb.connect() as con:
            con.execute("create schema raw; create table raw.loads (kind varchar, sha256 varchar)")
            assert meta.ledger(con)[0] == 0
            for name in names:
                con.execute("insert into raw.loads values ('events', ?)", [name])
            found.append(meta.ledger(con))
    assert found[0] == found[1] != found[2]
    with duckdb.connect() as con:
        empty = meta.ledger(con)
        con.execute("create schema raw; create table raw.loads (kind varchar, sha256 varchar)")
        assert meta.ledger(con) == empty, "seeds build without a ledger, and leave an empty one"


def test_what_differs_stands_before_the_diffs_and_old_folders_are_deleted(copy: Path) -> None:
    (copy / "reports" / "money").mkdir()
    (copy / "reports" / "money" / "report.md").write_text("x\n")
    done = invoke(copy, "report", "check")
    assert done.exit_code == 1
    folder = "reports/money"
    assert done.stdout == f"{folder}: no report of this name is declared: delete {folder}\n"
    assert "report build" not in done.stderr, "it would not help"
    page = copy / "reports" / "activation" / "report.md"
    page.write_text(page.read_text(encoding="utf-8") + "more\n", encoding="utf-8")
    done = invoke(copy, "report", "check")
    assert done.stdout.startswith("activation: 1 file differs:\n  changed  report.md\n")
    assert "run `funnelkit report build`" in done.stderr


def test_the_doctor_tells_failed_tests_and_rejects_of_the_build(copy: Path) -> None:
    sql(copy, "update meta.builds set failed_tests = 2")
    found = invoke(copy, "doctor").stdout
    assert "! warn  build        finished, 2 tests failed\n" in found
    assert "! warn  rejects      9 rows rejected by the build; mostly: neither user_id" in found
    sql(copy, "update meta.builds set built = 0")
    assert "the last build made 0 tables" in invoke(copy, "doctor").stdout
    sql(copy, "delete from raw_rejects")
    assert "✓ ok    rejects      every line could be parsed" in invoke(copy, "doctor").stdout
