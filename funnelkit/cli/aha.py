"""`funnelkit aha`."""

from typing import Any

import click

from funnelkit.cli.app import Command, state, tell
from funnelkit.cli.options import AHA_MOMENT, OUTCOME, USER_PROPERTY
from funnelkit.cli.output import emit, format_option, working


@click.command(
    cls=Command,
    short_help="Print who reached an aha moment, or search for one.",
    example="""
funnelkit aha team_value
funnelkit aha team_value --by channel
funnelkit aha team_value --stuck
funnelkit aha --search
funnelkit aha --null --runs 200
""",
)
@click.argument("name", required=False, type=AHA_MOMENT)
@click.option(
    "--by",
    metavar="PROP",
    type=USER_PROPERTY,
    help="One line for each value of a user property, instead of each entry week.",
)
@click.option("--times", is_flag=True, help="How long it takes from the entry.")
@click.option("--stuck", is_flag=True, help="How far those that did not reach it got.")
@click.option(
    "--search", is_flag=True, help="Which behaviour of the first days goes with an outcome?"
)
@click.option(
    "--outcome",
    metavar="NAME",
    type=OUTCOME,
    help="With --search: another outcome than it declares.",
)
@click.option("--cells", is_flag=True, help="With --search: everything that was tried.")
@click.option(
    "--null", is_flag=True, help="Does the search find anything when the outcome is shuffled?"
)
@click.option(
    "--runs",
    metavar="N",
    type=click.IntRange(1, 10_000),
    help="With --null: how often it is shuffled; 200, if not given.",
)
@format_option()
def command(name: str | None, format_: str, **asked: Any) -> None:
    """Print who reached the aha moment NAME of the built warehouse.

    The project's only aha moment needs no name. Reach counts those whose time
    for it has passed; who reached it early is shown beside it, never mixed in.
    --search tries all behaviours of a declared search on one half of the
    entrants and lets the other half decide; what it accepts goes with the
    outcome and need not cause it. `funnelkit definitions` spells the rules out.
    """
    _check(name, asked)
    from funnelkit import api

    project = api.open(state().project)
    if asked["search"]:
        with working("searching"):
            table = project.aha_search(outcome=asked["outcome"], cells=asked["cells"])
    elif asked["null"]:
        with working("shuffling"):
            table = project.aha_null(runs=asked["runs"] or 200)
    else:
        table = project.aha(name, **{key: asked[key] for key in ("by", "times", "stuck")})
        name = name or project.aha_names()[0]
    warning, unseen = project.build_state(f"aha moment {name}" if name else "aha search")
    if warning:
        tell(f"warning: {warning}")
    for text in unseen:
        tell(f"note: {text}")
    if asked["times"] and format_ in ("table", "markdown"):
        table = api.readable_curve(table)  # a row for each that reached it is for programs
    emit(table, format_)


_TABLES = ("by", "times", "stuck", "search", "null")
_GO_WITH = {"outcome": "search", "cells": "search", "runs": "null"}


def _check(name: str | None, asked: dict[str, Any]) -> None:
    """Raises UsageError for options that do not go together."""
    given = [f"--{option}" for option in _TABLES if asked[option] not in (None, False)]
    if len(given) > 1:
        told = f"{', '.join(given[:-1])} and {given[-1]} are different tables: ask for one"
        raise click.UsageError(told)
    for option, of in _GO_WITH.items():
        if asked[option] not in (None, False) and not asked[of]:
            raise click.UsageError(f"--{option} goes with --{of}")
    if name is not None and (asked["search"] or asked["null"]):
        raise click.UsageError(
            f"{given[0]} takes no name: it looks at every behaviour, not at {name!r}"
        )
