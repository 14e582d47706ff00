"""What `funnelkit doctor` looks at; every check is a function that yields its findings."""

import contextlib
import platform
import shutil
from collections.abc import Iterator, Mapping, Sequence
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
    yield from _package(paths, variables)
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


def _package(paths: "Paths", variables: dict[str, Any] | None) -> Iterator[Check]:
    root = package.root("dbt")
    if not (root / "dbt_project.yml").is_file():
        yield Check("dbt package", "fail", "funnelkit's dbt package is missing", "install it again")
    if not (variables or {}).get("funnels"):
        return
    from funnelkit.warehouse.dbt_results import package_missing

    error = package_missing(paths.dbt_dir, paths.name)
    if error:
        yield Check("dbt package", "fail", error.message, error.hint)


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
    if meta.has_table(con, "main", "raw_rejects"):
        table, stage = "main.raw_rejects", "stage"
    elif meta.has_table(con, "raw", "rejects"):
        table, stage = "raw.rejects", "'load'"
    else:
        return
    found = con.execute(
        f"select {stage} as stage, reason, count(*) as n, min(source_file) from {table}"
        " group by all order by n desc, stage, reason"
    ).fetchall()
    if not found:
        yield Check("rejects", "ok", "every line could be parsed")
    for name, noun, what in (
        ("load", "line", "could not be parsed"),
        ("staging", "row", "rejected by the build"),
    ):
        rows = [row[1:] for row in found if row[0] == name]
        if rows:
            total = sum(number for _, number, _ in rows)
            reason, number, file = rows[0]
            where = f"{number:,}, {file}" if file else f"{number:,}"
            yield Check(
                "rejects",
                "warn",
                f"{_count(total, noun)} {what}; mostly: {reason} ({where})",
                f"they are in {table.removeprefix('main.')}, with file, line and text",
            )


def _built(con: "duckdb.DuckDBPyConnection", variables: dict[str, Any] | None) -> Iterator[Check]:
    build = meta.last_build(con)
    if build is None and not meta.has_table(con, "main", "rpt_funnel_steps"):
        yield Check("build", "warn", "no tables yet", "`funnelkit build` makes them")
        return
    told = meta.problem(build, variables, meta.ledger(con))
    if told:
        yield Check("build", "warn", told, "run `funnelkit build`")
    elif build is None:
        yield Check("build", "ok", "built by a plain dbt")
    elif build.built == 0:
        yield Check("build", "warn", "the last build made 0 tables", "run `funnelkit build`")
    elif build.failed_tests:
        failed = _count(build.failed_tests, "test")
        yield Check(
            "build", "warn", f"finished, {failed} failed", "`funnelkit build` tells which, and why"
        )
    else:
        yield Check("build", "ok", f"finished, by funnelkit {build.version}")


class Unseen(NamedTuple):
    """An event that a step names and the log does not have; `hint` is a name that it has."""

    funnel: str
    place: str
    event: str
    hint: str | None

    def __str__(self) -> str:
        return f"{self.finding}; {self.hint}" if self.hint else self.finding

    @property
    def finding(self) -> str:
        """The sentence without the hint."""
        return f"{self.funnel}, {self.place}: no event is called {self.event!r}"


def unseen_events(con: "duckdb.DuckDBPyConnection", variables: Mapping[str, Any]) -> list[Unseen]:
    """Event names that steps declare and no event has: most often a spelling mistake."""
    if not meta.has_table(con, "main", "fct_events"):
        return []
    from funnelkit.warehouse.macros import funnel_specs

    names = con.execute("select distinct event_name from main.fct_events").fetchall()
    seen = {str(name) for (name,) in names}
    unseen = {
        (spec["name"], place, event): None
        for spec in funnel_specs(variables.get("funnels") or {})
        for place, events in _events_of(spec)
        for event in events
        if event not in seen
    }
    return [Unseen(*each, did_you_mean(each[2], seen)) for each in unseen]


def _events_of(spec: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[str]]]:
    for step in spec["steps"]:
        yield f"step {step['name']}", step["events"]
    for exclusion in spec["exclude"]:
        yield "exclude", exclusion["events"]


def _events(con: "duckdb.DuckDBPyConnection", variables: dict[str, Any]) -> Iterator[Check]:
    if not meta.has_table(con, "main", "fct_events"):
        return
    unseen = unseen_events(con, variables)
    for each in unseen:
        yield Check("events", "warn", each.finding, each.hint)
    if variables.get("funnels") and not unseen:
        yield Check("events", "ok", "every step's events occur")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
