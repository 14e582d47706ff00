"""`funnelkit forget` as it is typed; what goes and what stays: tests/warehouse/test_forget.py."""

import json
import shutil
from pathlib import Path

import pytest

from funnelkit.api import Project
from funnelkit.project.scaffold import write_project
from funnelkit.warehouse import raw
from funnelkit.warehouse.connect import connect
from tests.cli.run import invoke


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project whose warehouse has two people, as a build knows them."""
    write_project(tmp_path, "shop", "event_properties: {amount: integer}")
    with connect(tmp_path / "build" / "warehouse.duckdb") as con:
        raw.ensure(con)
        con.execute(
            "insert into raw.loads values ('events', 'l', 'aa', 2, 0, '{}', 1);"
            "insert into raw.events (user_id, load_no) values ('ann', 1), ('bob', 1);"
            "create table int_identities as select user_id as logged_id, user_id from raw.events;"
            "create schema meta; create table meta.model_state as"
            " select 1 as no, 'int_identity_changes' as model, 'x' as fingerprint, 1 as load_no"
        )
    return tmp_path


def test_what_was_removed_is_data_and_the_rest_is_told(shop: Path) -> None:
    done = invoke(shop, "forget", "ann", "--no-build")
    assert (done.exit_code, done.stderr) == (0, "next: funnelkit build\n")
    assert done.stdout.splitlines()[:5] == [
        "1 row under 1 id gone, and 1 row of tables made of them.",
        "",
        "table                rows",
        "raw.events              1",
        "main.int_identities     1",
    ]
    assert "Not reached: the files that were loaded, private lists" in done.stdout
    again = invoke(shop, "forget", "ann", "--no-build")
    assert again.exit_code == 0
    assert again.stdout.startswith("Forgotten before: nothing of the person is left to remove.\n")


def test_json_for_a_program(shop: Path) -> None:
    done = invoke(shop, "forget", "ann", "--dry-run", "--format", "json")
    assert done.stderr == "nothing was removed (--dry-run)\n"
    assert json.loads(done.stdout)["rows"] == [
        {"table": "raw.events", "rows": 1},
        {"table": "main.int_identities", "rows": 1},
    ]


def test_an_unknown_id_is_an_error_that_names_no_other(shop: Path) -> None:
    done = invoke(shop, "forget", "an")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        "error: nobody has the id 'an'\n  hint: ids are exact: capitals, zeros and blanks count\n"
    )


def test_the_made_up_company_is_not_forgotten(built_sample: Project, tmp_path: Path) -> None:
    # A copy: forgetting holds the warehouse alone, and others read the sample meanwhile.
    root = shutil.copytree(built_sample.paths.root, tmp_path / "acme")
    done = invoke(root, "forget", "u01583", "--dry-run")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("error: nothing was loaded into this warehouse\n")
