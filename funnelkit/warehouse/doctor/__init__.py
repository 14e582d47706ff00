"""What `funnelkit doctor` looks at; every check is a function that yields its findings."""

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funnelkit.errors import FunnelkitError
from funnelkit.warehouse.doctor import aha, answers, declared, people, setup, steps, tables, times
from funnelkit.warehouse.doctor.check import Check
from funnelkit.warehouse.doctor.steps import Unseen, unseen_events

if TYPE_CHECKING:
    import duckdb

    from funnelkit.project.locate import Paths

__all__ = ["Check", "Unseen", "checks", "unseen_events"]


def checks(folder: Path) -> Iterator[Check]:
    """Everything the doctor finds for the project in this folder, in order; nothing is changed."""
    yield from setup.versions()
    try:
        from funnelkit.project.locate import find

        paths = find(folder)
    except FunnelkitError as error:
        yield Check("project", "fail", error.message, error.hint)
        return
    shown = paths.project_file.relative_to(paths.root).as_posix()
    yield Check("project", "ok", f"{paths.name}, definitions in {shown}")
    variables: dict[str, Any] | None = None
    try:
        from funnelkit.project.read import read
        from funnelkit.warehouse.conditions import check_definitions

        source = read(paths.project_file)
        variables = source.raw
        check_definitions(source)
        yield from setup.definitions(source)
    except FunnelkitError as error:
        yield Check("definitions", "fail", error.message, error.hint)
    yield from setup.dbt_package(paths, variables)
    if variables is not None:
        yield from answers.labels(paths.root, variables)
    yield from setup.disk(paths)
    yield from _warehouse(paths, variables)


def _warehouse(paths: "Paths", variables: dict[str, Any] | None) -> Iterator[Check]:
    if not paths.warehouse.exists():
        yield Check("warehouse", "warn", "not built yet", "`funnelkit build` makes it")
        return
    from funnelkit.warehouse.connect import WarehouseBusy, connect

    try:
        con = connect(paths.warehouse, read_only=True, wait=0.0)
    except WarehouseBusy as error:
        yield Check("warehouse", "warn", error.message, error.hint)
        return
    except FunnelkitError as error:
        yield Check("warehouse", "fail", error.message, error.hint)
        return
    with contextlib.closing(con):
        size = paths.warehouse.stat().st_size / 2**20
        where = paths.warehouse.relative_to(paths.root).as_posix()
        yield Check("warehouse", "ok", f"{where}, {size:,.1f} MB, nobody else has it open")
        yield from _tables(con, variables)


def _tables(con: "duckdb.DuckDBPyConnection", variables: dict[str, Any] | None) -> Iterator[Check]:
    yield from _guarded("raw", tables.raw(con))
    yield from _guarded("rejects", tables.rejects(con))
    yield from _guarded("build", tables.built(con, variables))
    yield from _guarded("duplicates", tables.duplicates(con))
    yield from _guarded("times", times.files(con))
    if variables is None:  # the definitions cannot be read: nothing to compare the log with
        return
    yield from _guarded("times", times.log(con, variables))
    yield from _guarded("properties", declared.properties(con, variables))
    yield from _guarded("rules", declared.rules(con))
    yield from _guarded("lists", declared.lists(con))
    yield from _guarded("users", people.users(con))
    yield from _guarded("identities", people.identities(con))
    yield from _guarded("accounts", people.accounts(con, variables))
    yield from _guarded("feedback", people.feedback(con))
    yield from _guarded("feedback", answers.answers(con, variables))
    yield from _guarded("feedback", answers.sources(con))
    yield from _guarded("waves", answers.waves(con))
    yield from _guarded("events", steps.events(con, variables))
    yield from _guarded("steps", steps.steps(con, variables))
    yield from _guarded("outcomes", aha.outcomes(con, variables))
    yield from _guarded("aha moments", aha.moments(con, variables))


def _guarded(name: str, found: Iterable[Check]) -> Iterator[Check]:
    """The findings; a check that the tables are not fit for, half built or of another version, is
    told and stops none of the others."""
    import duckdb

    try:
        yield from found
    except (duckdb.InterruptException, duckdb.OutOfMemoryException):
        raise
    except duckdb.IOException as error:
        yield Check(name, "fail", f"cannot be read: {_first_line(error)}", "`funnelkit build`")
    except (duckdb.Error, FunnelkitError) as error:
        yield Check(name, "warn", f"not checked: {_first_line(error)}", "run `funnelkit build`")


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
