"""`funnelkit sample`."""

import shlex
from collections.abc import Iterable
from pathlib import PurePosixPath

import click

from funnelkit.cli.app import Command, tell


@click.command(
    cls=Command,
    project=False,
    short_help="Write a sample project: logs of a made-up company.",
    example="""
funnelkit sample acme
cd acme && funnelkit load events data/events*.csv && funnelkit load users data/users.csv
funnelkit load feedback data/feedback.csv
""",
)
@click.argument("directory", metavar="DIR", type=click.Path(file_okay=False))
@click.option(
    "--users", metavar="N", type=int, default=2000, show_default=True, help="How many users."
)
@click.option(
    "--events", metavar="N", type=int, help="About how many events; decides over --users."
)
@click.option(
    "--seed",
    metavar="N",
    type=int,
    default=7,
    show_default=True,
    help="The same seed gives the same bytes.",
)
def command(directory: str, users: int, events: int | None, seed: int) -> None:
    """Write a sample project: definitions, raw logs and the truth planted in them.

    A B2B dashboard product over 180 days. truth.yml says what was planted, so
    every number that funnelkit prints on it can be checked.
    """
    from funnelkit import api

    summary = api.sample(directory, users=users, events=events, seed=seed)
    tell(f"wrote {directory}: {summary.event_rows:,} events of {summary.users:,} users")
    tell(f"next: cd {shlex.quote(directory)}")
    for line in _loads(summary.files):
        tell(f"      {line}")
    tell("      funnelkit build")


def _loads(files: Iterable[str]) -> list[str]:
    """The commands that load these files of data/; numbered parts of one log as a glob."""
    lines: dict[str, None] = {}
    for file in files:
        path = PurePosixPath(file)
        kind = path.name.partition(".")[0].partition("-")[0]
        if str(path.parent) == "data" and kind in ("events", "users", "feedback"):
            several = "-" in path.name.partition(".")[0]
            name = f"{kind}-*{path.suffix}" if several else path.name
            lines[f"funnelkit load {kind} data/{name}"] = None
    return list(lines)
