"""dbt inside the package: readable failures, progress, and the file released afterwards."""

import contextlib
import gc
import os
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funnelkit import paths as package
from funnelkit.errors import FunnelkitError
from funnelkit.warehouse import log_answers, meta, parquet, quality, spark
from funnelkit.warehouse.dbt_progress import Counter, OnEvent, interruptible
from funnelkit.warehouse.dbt_results import (
    BuildError,
    BuildResult,
    invocation_error,
    nothing_built,
    nothing_selected,
    package_missing,
    quiet_logging,
    refused,
    summarise,
)
from funnelkit.warehouse.dbt_setup import (
    PACKAGE,
    cores,
    environment,
    has_loads,
    raw_mode,
    variables,
    write_profiles,
)
from funnelkit.warehouse.fetched import Columns, comes_back, fetch
from funnelkit.warehouse.lists import Lists, write_lists

if TYPE_CHECKING:
    import duckdb

    from funnelkit.project.locate import Paths

# Nothing on the console (we say it ourselves); everything in build/dbt/logs/dbt.log.
_QUIET = (
    *("--log-level", "none", "--no-use-colors"),
    *("--log-level-file", "debug", "--no-use-colors-file"),
)
_INDIRECT = "DBT_INDIRECT_SELECTION"
# These compile models; the first four also replace tables.
_REPLACING = frozenset({"build", "run", "seed", "snapshot", "retry"})
_COMPILING = _REPLACING | {"clone", "compile", "docs", "show", "test"}
# These open no database, so they need not wait for it; `""` stands for no command of dbt's.
_LOCKLESS = frozenset({"", "clean", "deps", "init", "list", "ls", "parse"})
_PACKAGELESS = frozenset({"", "clean", "deps", "init"})
COMMANDS = _COMPILING | (_LOCKLESS - {""}) | {"debug", "run-operation", "source"}
# These make marts of some models only; `retry` too.
_SELECTING = {"--select", "-s", "--models", "--model", "-m", "--exclude", "--selector"} | {
    *("--resource-type", "--resource-types", "--exclude-resource-type", "--exclude-resource-types")
}
# With no other argument, `dbt build` builds all of it, as `funnelkit build` does.
_WHOLE = frozenset({"build", "--full-refresh", "-f", "--quiet", "-q"})


def build(
    paths: "Paths",
    *,
    select: Sequence[str] = (),
    full_refresh: bool = False,
    definitions: Mapping[str, Any] | None = None,
    lists: Lists | None = None,
    target: str = spark.DUCKDB,
    raw_files: Path | None = None,
    on_event: OnEvent | None = None,
) -> BuildResult:
    """Runs `dbt build`; failed tests are in the result. `lists` become raw.lists before it.

    Holds the warehouse from before dbt is even imported until it is done, so a second build is
    told at once who is at work. `target` spark builds from `raw_files`, the folder that `load --to
    parquet` fills, and brings the marts into the warehouse when all are made. Raises WarehouseBusy,
    BuildError for models that failed (the marts before them are replaced, each in a transaction, or
    on Spark none; the others stay as they were) and KeyboardInterrupt, after the running query was
    interrupted.
    """
    args = ["build", *(["--full-refresh"] if full_refresh else [])]
    for selector in select:
        args += ["--select", selector]
    if select and _INDIRECT not in os.environ:
        # dbt's own choice is every test that touches one of them, also of tables never built.
        args += ["--indirect-selection", "buildable"]
    selection, defined = " ".join(f"--select {each}" for each in select), _defined(definitions)
    elsewhere = target == spark.SPARK
    if elsewhere:
        spark.check()
        _check_raw(paths, raw_files)
    with _held(paths) as guard:
        if not elsewhere:
            _check_rows(guard, raw_mode(paths, guard))
        if select:
            _check_whole(guard, target)

        def started() -> None:
            # What Spark builds replaces nothing here before it is done.
            if not elsewhere:
                meta.record(guard.cursor(), meta.RUNNING, selection, defined)

        def arrived() -> None:
            meta.record(guard, meta.RUNNING, selection, defined, None, target, within=True)

        write_lists(guard, lists or {})
        counter = Counter(on_event, started)
        invoke = _invoke_spark if elsewhere else _invoke_duckdb
        outcome, columns = invoke(paths, guard, raw_files, [*_QUIET, *args], counter)
        if outcome.exception is not None or outcome.result is None:
            raise invocation_error(outcome.exception, paths.root)
        if select and not outcome.result.results:
            raise nothing_selected(counter.unmatched or select, paths.run_dir / "target")
        result = summarise(outcome.result.results, paths.root, tuple(counter.unmatched))
        if not (select or result.built or result.errors):
            raise package_missing(paths.dbt_dir, paths.name) or nothing_built()
        if elsewhere:
            if result.errors:
                raise BuildError(result)
            if result.skipped:
                return result  # what is here stays: half of it would come
            manifest = paths.run_dir / "target" / "manifest.json"
            fetch(guard, spark.tables(paths), columns, manifest, arrived)
        result = quality.told(result, guard, definitions or {})
        result = replace(result, unseen=_unseen(guard, definitions))
        state = _state(result, bool(select))
        meta.record(guard, state, selection, defined, _outcome(result), target)
    if result.errors:
        raise BuildError(result)
    return result


def _check_rows(con: "duckdb.DuckDBPyConnection", raw: str) -> None:
    """Marts that came from Spark are not replaced by those of no rows at all."""
    if raw == "loaded" and not has_loads(con) and not meta.log_is_here(con):
        raise FunnelkitError(
            "the last build was on Spark, and nothing was loaded into this warehouse",
            "funnelkit build --target spark --raw DIR",
        )


def _check_whole(con: "duckdb.DuckDBPyConnection", target: str) -> None:
    """Raises FunnelkitError where a few marts of one engine would come to all of the other's.

    Each numbers people in its own way.
    """
    before = meta.last_build(con)
    if target == spark.SPARK and before is not None and before.target != spark.SPARK:
        raise FunnelkitError(
            "the marts here are DuckDB's, and --select would bring only some of Spark's",
            "funnelkit build --target spark, without --select",
        )
    if target != spark.SPARK and not meta.log_is_here(con):
        raise FunnelkitError(
            "the marts here are Spark's, and only some of them would be DuckDB's",
            "funnelkit build, without --select",
        )


def _check_raw(paths: "Paths", raw_files: Path | None) -> None:
    if raw_files is not None:
        parquet.check(raw_files)
    elif paths.name != PACKAGE:
        raise FunnelkitError(
            "Spark builds from Parquet files, and no folder of them was given",
            "funnelkit load events FILE... --to parquet DIR, then "
            "funnelkit build --target spark --raw DIR",
        )


def _invoke_duckdb(
    paths: "Paths",
    guard: "duckdb.DuckDBPyConnection",
    _: Path | None,
    args: list[str],
    counter: Counter,
) -> tuple[Any, Columns]:
    """A dbtRunnerResult of a build in the warehouse itself."""
    with variables(environment(paths, raw=raw_mode(paths, guard))):
        install(paths)
        write_profiles(paths)
        return _invoke(args, counter), {}


def _invoke_spark(
    paths: "Paths",
    guard: "duckdb.DuckDBPyConnection",
    raw_files: Path | None,
    args: list[str],
    counter: Counter,
) -> tuple[Any, Columns]:
    """A dbtRunnerResult of a build on Spark, from raw files or the sample's seeds, and the columns
    of all tables where no model failed.
    """
    where = spark.folder(paths)
    values = environment(paths, raw="loaded" if raw_files else "seeds")
    with parquet.held(raw_files) if raw_files else contextlib.nullcontext():
        rows, loads = 0, ["seeds"]
        if raw_files:
            rows, loads = parquet.rows(raw_files), parquet.loads(raw_files)
        spark.prepare(where, loads)
        if raw_files:
            parquet.write_lists(guard, where / "lists")
            values["FUNNELKIT_SPARK_RAW"] = str(raw_files.resolve())
        values |= {"FUNNELKIT_SPARK": str(where), "FUNNELKIT_SPARK_PARTS": str(spark.parts(rows))}
        with variables(values):
            install(paths)
            write_profiles(paths, rows)
            with spark.session(where, spark.settings(where, cores(), rows)) as session:
                spark.sweep(session, where)
                outcome = _invoke([*args, "--target", spark.SPARK], counter, spark.cancel)
                result = summarise(getattr(outcome.result, "results", None) or (), paths.root)
                if outcome.exception is not None or result.errors or result.skipped:
                    return outcome, {}
                log_answers.keep(session)
                return outcome, spark.columns(session, comes_back)


def _unseen(
    con: "duckdb.DuckDBPyConnection", definitions: Mapping[str, Any] | None
) -> tuple[tuple[str, str], ...]:
    from funnelkit.warehouse.doctor import unseen_events

    return tuple((each.funnel, str(each)) for each in unseen_events(con, definitions or {}))


def _outcome(result: BuildResult) -> meta.Outcome:
    return meta.Outcome(result.built, len(result.failed_tests), result.unseen)


def _state(result: BuildResult, selected: bool) -> str:
    if result.errors or result.skipped:
        return meta.FAILED
    return meta.PARTIAL if selected else meta.FINISHED


def _defined(definitions: Mapping[str, Any] | None) -> str:
    return meta.canonical(definitions or {})


def command_of(args: Sequence[str]) -> str:
    """Which of dbt's commands the arguments run; "" for none, or for help."""
    if {"--help", "-h", "--version", "-V"} & set(args):
        return ""
    before = ""
    for arg in args:
        if arg in COMMANDS and not before.startswith("--log-level"):  # `--log-level debug run`
            return arg
        before = arg
    return ""


def _is_of_some_models(command: str, args: Sequence[str]) -> bool:
    if command not in {"build", "run"}:
        return command == "retry"
    return any(arg.partition("=")[0] in _SELECTING for arg in args)


def compiles(args: Sequence[str]) -> bool:
    """Whether this dbt command turns the project's definitions into SQL."""
    return command_of(args) in _COMPILING


def run(
    paths: "Paths",
    args: Sequence[str],
    *,
    definitions: Mapping[str, Any] | None = None,
    lists: Lists | None = None,
) -> int:
    """Any dbt command with the project's environment; dbt prints. Returns dbt's exit code.

    A command that replaces tables is recorded as a build, and `lists` become raw.lists before it.
    Raises WarehouseBusy before a command
    that opens the warehouse, FunnelkitError for arguments that dbt does not take, and
    KeyboardInterrupt.
    """
    command = command_of(args)
    if command in _LOCKLESS:
        return _run(paths, args, _raw_or_loaded(paths), Counter())
    with _held(paths) as guard:
        raw = raw_mode(paths, guard)
        if command in _REPLACING:
            _check_rows(guard, raw)
            if _is_of_some_models(command, args):
                _check_whole(guard, spark.DUCKDB)
            write_lists(guard, lists or {})
            return _run_recorded(paths, args, raw, guard, definitions or {})
    return _run(paths, args, raw, Counter())


def _run_recorded(
    paths: "Paths",
    args: Sequence[str],
    raw: str,
    guard: "duckdb.DuckDBPyConnection",
    definitions: Mapping[str, Any],
) -> int:
    how, defined = f"funnelkit dbt {shlex.join(args)}", _defined(definitions)

    def done(results: Sequence[Any]) -> None:
        result = replace(summarise(results, paths.root), unseen=_unseen(guard, definitions))
        state = _state(result, not set(args) <= _WHOLE)
        meta.record(guard, state, how, defined, _outcome(result))

    counter = Counter(
        on_start=lambda: meta.record(guard.cursor(), meta.RUNNING, how, defined),
        on_results=done,
    )
    return _run(paths, args, raw, counter)


def _run(paths: "Paths", args: Sequence[str], raw: str, counter: Counter) -> int:
    with variables(environment(paths, raw=raw)):
        write_profiles(paths)
        if command_of(args) not in _PACKAGELESS:
            install(paths)
        outcome = _invoke(list(args), counter)
    counter.finish(getattr(outcome.result, "results", None))
    if outcome.exception is not None and not counter.told:
        raise refused(command_of(args), args, outcome.exception, COMMANDS)
    if outcome.success:
        return 0
    return 1 if outcome.exception is None else 2


def _raw_or_loaded(paths: "Paths") -> str:
    # `funnelkit dbt ls` must work while a build holds the file.
    try:
        return raw_mode(paths)
    except FunnelkitError:
        return "loaded"


def install(paths: "Paths") -> None:
    """Runs `dbt deps` when the project asks for our package and has none, or another one's."""
    packages = paths.dbt_dir / "packages.yml"
    if not packages.is_file() or "FUNNELKIT_DBT" not in packages.read_text(encoding="utf-8"):
        return
    installed = paths.dbt_dir / "dbt_packages" / PACKAGE
    if installed.exists() and installed.resolve() == package.root("dbt").resolve():
        return
    outcome = _invoke([*_QUIET, "deps"], Counter())
    if not outcome.success:
        raise invocation_error(outcome.exception, paths.root)


@contextlib.contextmanager
def _held(paths: "Paths") -> Iterator["duckdb.DuckDBPyConnection"]:
    """The warehouse, opened for writing: nobody else can, and dbt joins within this process."""
    from funnelkit.warehouse.connect import connect

    paths.warehouse.parent.mkdir(parents=True, exist_ok=True)
    con = connect(paths.warehouse, wait=1.0)
    try:
        yield con
    finally:
        con.close()


def _invoke(args: list[str], counter: Counter, cancel: Callable[[], None] | None = None) -> Any:
    """A dbtRunnerResult; the warehouse is released whatever happened. Raises KeyboardInterrupt.

    `cancel` ends the running queries, if not those of DuckDB.
    """
    from dbt.cli.main import dbtRunner

    with interruptible(cancel) as interrupted, quiet_logging():
        try:
            outcome = dbtRunner(callbacks=[counter]).invoke(args)
        finally:
            _release()
    if interrupted.is_set() or isinstance(outcome.exception, KeyboardInterrupt):
        raise KeyboardInterrupt
    return outcome


def _release() -> None:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager as Manager

    # close_all_connections only forgets the environment; frames of a traceback may still hold it.
    if Manager._ENV is not None:
        Manager._ENV.close()
    Manager.close_all_connections()
    gc.collect()
