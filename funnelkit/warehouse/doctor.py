"""What `funnelkit doctor` looks at; every check is a function that yields its findings."""

import contextlib
import platform
import shutil
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from funnelkit import __version__
from funnelkit import paths as package
from funnelkit.errors import FunnelkitError, did_you_mean
from funnelkit.warehouse import meta

if TYPE_CHECKING:
    import duckdb

    from funnelkit.project.locate import Paths
    from funnelkit.project.read import Source

_PACKAGES = ("duckdb", "dbt-core", "dbt-duckdb", "polars", "altair")
_LOW_DISK = 1 << 30
_RAW = ("events", "users", "feedback")


class Check(NamedTuple):
    """One line of the doctor's report; `hint` is None where there is nothing to do."""

    check: str
    state: Literal["ok", "warn", "fail"]
    found: str
    hint: str | None = None


def checks(folder: Path) -> Iterator[Check]:
    """Everything the doctor finds for the project in this folder, in order."""
    yield from _versions()
    try:
        from funnelkit.project.locate import find

        paths = find(folder)
    except FunnelkitError as error:
        yield Check("project", "fail", error.message, error.hint)
        return
    yield Check("project", "ok", f"{paths.name}, definitions in {_shown(paths)}")
    variables: dict[str, Any] | None = None
    try:
        from funnelkit.project.read import read
        from funnelkit.warehouse.expressions import check_steps

        source = read(paths.project_file)
        variables = source.raw
        check_steps(source)
        yield from _definitions(source)
    except FunnelkitError as error:
        yield Check("definitions", "fail", error.message, error.hint)
    yield from _package()
    yield from _disk(paths)
    yield from _warehouse(paths, variables)


def _shown(paths: "Paths") -> str:
    return paths.project_file.relative_to(paths.root).as_posix()


def _versions() -> Iterator[Check]:
    found = [f"funnelkit {__version__}", f"Python {platform.python_version()}"]
    missing = []
    for name in _PACKAGES:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    yield Check("versions", "ok", ", ".join(found))
    if missing:
        names = ", ".join(missing)
        yield Check("packages", "fail", f"not installed: {names}", "install funnelkit again")


def _definitions(source: "Source") -> Iterator[Check]:
    names = list(source.definitions.funnels)
    if names:
        yield Check("definitions", "ok", f"{_count(len(names), 'funnel')}: {', '.join(names)}")
    else:
        yield Check(
            "definitions", "warn", "no funnel is declared", "add one under `vars: funnelkit:`"
        )
    unused = source.definitions.unused
    if unused:
        yield Check("definitions", "warn", f"not used by this version: {', '.join(unused)}")


def _package() -> Iterator[Check]:
    root = package.root("dbt")
    if not (root / "dbt_project.yml").is_file():
        yield Check("dbt package", "fail", "funnelkit's dbt package is missing", "install it again")


def _disk(paths: "Paths") -> Iterator[Check]:
    folder = next(p for p in (paths.warehouse.parent, paths.root) if p.exists())
    free = shutil.disk_usage(folder).free
    if free < _LOW_DISK:
        yield Check(
            "disk", "warn", f"{free / 2**20:,.0f} MB free", "a build needs about twice the logs"
        )
    else:
        yield Check("disk", "ok", f"{free / 2**30:,.1f} GB free")


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
        yield from _raw(con)
        yield from _rejects(con)
        yield from _built(con, variables)
        if variables is not None:
            yield from _events(con, variables)


def _raw(con: "duckdb.DuckDBPyConnection") -> Iterator[Check]:
    rows = {kind: _rows(con, "raw", kind) for kind in _RAW}
    found = ", ".join(f"{_count(number, 'row')} of {kind}" for kind, number in rows.items())
    if rows["events"]:
        yield Check("raw", "ok", found)
    else:
        yield Check("raw", "warn", found, "`funnelkit load events FILE...`")


def _rows(con: "duckdb.DuckDBPyConnection", schema: str, name: str) -> int:
    if not meta.has_table(con, schema, name):
        return 0
    return int(con.execute(f"select count(*) from {schema}.{name}").fetchall()[0][0])


def _rejects(con: "duckdb.DuckDBPyConnection") -> Iterator[Check]:
    if not meta.has_table(con, "raw", "rejects"):
        return
    found = con.execute(
        "select reason, count(*) as n, min(source_file) from raw.rejects"
        " group by reason order by n desc, reason"
    ).fetchall()
    if not found:
        yield Check("rejects", "ok", "every line could be parsed")
        return
    total = sum(number for _, number, _ in found)
    reason, number, file = found[0]
    yield Check(
        "rejects",
        "warn",
        f"{_count(total, 'line')} could not be parsed; mostly: {reason} ({number:,}, {file})",
        "they are in raw.rejects, with file, line and text",
    )


def _built(con: "duckdb.DuckDBPyConnection", variables: dict[str, Any] | None) -> Iterator[Check]:
    build = meta.last_build(con)
    if build is None and not meta.has_table(con, "main", "rpt_funnel_steps"):
        yield Check("build", "warn", "no tables yet", "`funnelkit build` makes them")
        return
    warning = meta.warning(build, variables)
    if warning:
        found, _, hint = warning.partition(": run ")
        yield Check("build", "warn", found, f"run {hint}")
    elif build is None:
        yield Check("build", "ok", "built by a plain dbt")
    else:
        yield Check("build", "ok", f"finished, by funnelkit {build.version}")


def _events(con: "duckdb.DuckDBPyConnection", variables: dict[str, Any]) -> Iterator[Check]:
    """Event names that steps declare and no event has: most often a spelling mistake."""
    if not meta.has_table(con, "main", "fct_events"):
        return
    from funnelkit.warehouse.macros import funnel_specs

    seen = {
        str(name)
        for (name,) in con.execute("select distinct event_name from main.fct_events").fetchall()
    }
    specs = funnel_specs(variables.get("funnels") or {})
    unseen = {
        (spec["name"], step["name"], event): None
        for spec in specs
        for step in spec["steps"]
        for event in step["events"]
        if event not in seen
    }
    for funnel, step, event in unseen:
        found = f"{funnel}, step {step}: no event is called {event!r}"
        yield Check("events", "warn", found, did_you_mean(event, seen))
    if specs and not unseen:
        yield Check("events", "ok", f"every step's events occur; {_count(len(seen), 'name')}")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
