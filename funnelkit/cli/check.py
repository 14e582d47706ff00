"""`funnelkit check`."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from funnelkit.cli.app import FAILED, OK, Command, state, tell
from funnelkit.cli.options import GATE
from funnelkit.cli.output import emit, emit_lines, working

if TYPE_CHECKING:
    from funnelkit.api import Project
    from funnelkit.table import Table

_STYLES = {"ok": "good", "FAIL": "bad"}


def _limits(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """`NAME=LIMIT` by name; a step's name may hold a `=` itself, a limit does not."""
    found: dict[str, str] = {}
    for text in given:
        name, equals, limit = text.rpartition("=")
        if not equals or not name:
            raise click.BadParameter(f"{text!r}: write NAME=LIMIT, like activation=30%", ctx, param)
        if name in found:
            raise click.BadParameter(f"{name} is given twice", ctx, param)
        found[name] = limit
    return found


@click.command(
    cls=Command,
    short_help="Fail when a number is under its limit, or over it.",
    example="""
funnelkit check
funnelkit check --fail-under activation=30% --fail-over exports=0.5
funnelkit check activation --format github
""",
)
@click.argument("names", metavar="[NAME]...", nargs=-1, type=GATE)
@click.option(
    "--fail-under",
    metavar="NAME=LIMIT",
    multiple=True,
    callback=_limits,
    help="Fail unless this number is shown not to be under the limit.",
)
@click.option(
    "--fail-over",
    metavar="NAME=LIMIT",
    multiple=True,
    callback=_limits,
    help="Fail unless this number is shown not to be over the limit.",
)
@click.option(
    "--judge",
    type=click.Choice(["lower", "upper", "estimate"]),
    help="Which end of the 95 % interval must hold, of all gates of this run.",
)
@click.option(
    "--if-declared",
    is_flag=True,
    help="Where the project declares no gate, say so and exit with 0.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "github", "json", "markdown"]),
    default="text",
    help="One line each; or annotations of a GitHub workflow, JSON, a table.",
)
def command(
    names: tuple[str, ...],
    fail_under: Mapping[str, str],
    fail_over: Mapping[str, str],
    judge: Literal["lower", "upper", "estimate"] | None,
    if_declared: bool,
    format_: str,
) -> int:
    """Judge the gates of these names, or all, and exit with 1 if one fails.

    A gate is a limit on a number of the project (`gates:` in dbt_project.yml,
    or an option here): a funnel, FUNNEL.STEP, an aha moment, an outcome, a
    feature's gap, or nps. What must hold is the end of the interval that is
    nearer to the limit: the lower bound for --fail-under, the upper one for
    --fail-over. Fewer than at_least_n fail, since they show nothing.

    A limit of the command line replaces those that are declared of the number.
    """
    from funnelkit import api

    project = api.open(state().project)
    asked = names or fail_under or fail_over
    if if_declared and not asked and not project.gate_names():
        tell("this project declares no gate: nothing is judged")
        return OK
    with working("judging"):
        table = project.check(names, fail_under=fail_under, fail_over=fail_over, judge=judge)
    if format_ == "json":
        emit(table, "json")
    elif format_ == "markdown":
        emit(table.select(("state", "gate", "finding")), "markdown")
    elif format_ == "github":
        file = _from_repository(project)
        for row in table.records():
            click.echo(_workflow_command(row, file))
    else:
        _print_text(table)
    return FAILED if "FAIL" in table.column("state") else OK


def _print_text(table: "Table") -> None:
    """State, name and finding, a line each."""
    rows = [{name: str(value) for name, value in row.items()} for row in table.records()]
    width = max(len(row["gate"]) for row in rows)
    emit_lines(
        [[(f"{row['state']:<4}", _STYLES[row["state"]]), (_after(row, width), "")] for row in rows]
    )


def _after(row: Mapping[str, str], width: int) -> str:
    return f"  {row['gate']:<{width}}  {row['finding']}"


def _workflow_command(row: Mapping[str, Any], file: str) -> str:
    """The annotation that GitHub shows beside the gate's line.

    Source: docs.github.com/actions/reference/workflow-commands-for-github-actions; what it needs
    escaped is what its toolkit escapes, packages/core/src/command.ts.
    """
    properties = {"title": f"{row['gate']}: {row['state']}"}
    if row["line"] is not None:
        properties = {"file": file, "line": str(row["line"]), **properties}
    told = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    name = "error" if row["state"] == "FAIL" else "notice"
    return f"::{name} {told}::{_data(str(row['finding']))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _from_repository(project: "Project") -> str:
    """The file of the definitions from the repository's root, as GitHub names files."""
    file = project.paths.project_file
    tops = [folder for folder in file.parents if Path(folder, ".git").exists()]
    return file.relative_to(tops[0] if tops else project.paths.root).as_posix()
