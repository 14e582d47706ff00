"""`funnelkit build`."""

from typing import Literal

import click

from funnelkit.cli.app import FAILED, OK, Command, state, tell
from funnelkit.cli.output import progress_bar

_SHOWN = 10


@click.command(
    cls=Command,
    short_help="Build the tables: dbt build, with tests.",
    example="""
funnelkit build
funnelkit build --select rpt_funnel_steps+
funnelkit build --target spark --raw lake/raw
""",
)
@click.option(
    "--select",
    metavar="SEL",
    multiple=True,
    help="Build these only, in dbt's selection syntax; run the tests that need no others.",
)
@click.option("--full-refresh", is_flag=True, help="Build incremental tables anew.")
@click.option(
    "--target",
    type=click.Choice(["duckdb", "spark"]),
    default="duckdb",
    help="What builds: DuckDB in the warehouse's file, or Spark beside it.",
)
@click.option(
    "--raw",
    metavar="DIR",
    type=click.Path(),
    help="For Spark: the folder that `load --to parquet DIR` filled.",
)
def command(
    select: tuple[str, ...], full_refresh: bool, target: Literal["duckdb", "spark"], raw: str | None
) -> int:
    """Build the warehouse's tables from what was loaded, and test them.

    Each table is replaced in a transaction: after Ctrl-C or a failure the last
    good one is still there. Exits with 1 when a test fails and with 2 when a
    table cannot be built.

    With --target spark all tables are built by Spark, in build/spark; those
    that are not as large as the log then replace the warehouse's, so that
    other commands read them as ever. The event log stays there.
    """
    from funnelkit import api

    if raw is not None and target != "spark":
        raise click.UsageError("--raw goes with --target spark")

    project = api.open(state().project)
    with progress_bar("building") as on_event:
        result = project.build(select, full_refresh, on_event, target=target, raw=raw)
    for selector in result.unmatched:
        tell(f"warning: nothing matches --select {selector}")
    for failure in result.warnings[:_SHOWN]:
        tell(f"warning: {failure}")
    for failure in result.failed_tests[:_SHOWN]:
        tell(f"failed: {failure}")
        if failure.sql:
            tell(f"  the compiled SQL is {failure.sql}, from {failure.file}")
    if len(result.failed_tests) > _SHOWN:
        tell(f"and {len(result.failed_tests) - _SHOWN:,} more failed tests")
    for _, text in result.unseen:
        tell(f"warning: {text}")
    failed = f", {len(result.failed_tests):,} failed" if result.failed_tests else ""
    skipped = f", {result.skipped:,} skipped" if result.skipped else ""
    built = f"{result.built:,} table{'' if result.built == 1 else 's'}"
    passed = f"{result.passed:,} test{'' if result.passed == 1 else 's'}"
    tell(f"built {built}; {passed} passed{failed}{skipped}")
    if result.skipped and target == "spark":
        tell("what is in the warehouse stays as it was: not all tables were built")
    return OK if result.ok else FAILED
