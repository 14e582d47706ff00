"""`funnelkit init`."""

import shlex
from typing import TYPE_CHECKING

import click

from funnelkit.cli.app import Command, tell
from funnelkit.table import Column, Table

if TYPE_CHECKING:
    from funnelkit.api import Preview

_EVENTS = 15  # names that are listed; the rest are counted


@click.command(
    cls=Command,
    project=False,
    short_help="Write a new project, from a look at a log.",
    example="""
funnelkit init acme --events 'logs/*.jsonl'
funnelkit init acme --events log.csv --map user_id=customer --time-format '%d.%m.%Y %H:%M'
""",
)
@click.argument("directory", metavar="DIR", type=click.Path(file_okay=False))
@click.option("--events", metavar="GLOB", multiple=True, help="The log to look at; quote a glob.")
@click.option(
    "--preset",
    metavar="NAME",
    help="Whose export it is, if it is not recognised: segment, amplitude, mixpanel, posthog, ga4;"
    " plain for none.",
)
@click.option(
    "--map",
    "maps",
    metavar="COLUMN=THEIRS",
    multiple=True,
    help="Our column from one of theirs, where the guess is wrong.",
)
@click.option("--time-format", metavar="FORMAT", help="How times are written, if not ISO.")
def command(
    directory: str,
    events: tuple[str, ...],
    preset: str | None,
    maps: tuple[str, ...],
    time_format: str | None,
) -> None:
    """Write a new project into DIR; with --events, from a look at the log.

    Shows whose export it is, or which column is what and why; five rows as
    they will be loaded; the events with counts. Writes dbt_project.yml with
    the properties found and a first funnel to correct. Loads nothing.
    """
    from funnelkit import api
    from funnelkit.cli.output import emit

    started = api.init(
        directory,
        events=events,
        preset=preset,
        mapping=api.parse_map(maps),
        time_format=time_format,
    )
    if started.preview is not None:
        _tell_source(started.preview)
        for table in _tables(started.preview):
            emit(table, "table")
            click.echo()
    tell(f"wrote {directory}: read its dbt_project.yml, and correct it")
    tell(f"next: cd {shlex.quote(directory)}")
    tell(f"      {started.load or 'funnelkit load events FILE...'}")
    tell("      funnelkit build")


def _tell_source(seen: "Preview") -> None:
    of = f", the first of {seen.files:,} files" if seen.files > 1 else ""
    if seen.title is not None:
        tell(f"{seen.file.name}{of}: a {seen.title} export")
        return
    tell(f"{seen.file.name}{of}: a log of no known vendor; its columns:")
    left = max(len(guess.target) for guess in seen.guesses) if seen.guesses else 0
    for ours, theirs in seen.mapping.items():
        if ours not in {guess.target for guess in seen.guesses}:
            tell(f"  {ours:<{left}} = {theirs}  (--map)")
    for guess in seen.guesses:
        tell(f"  {guess.target:<{left}} = {guess.column}  ({guess.why})")


def _tables(seen: "Preview") -> list[Table]:
    rows = Table(
        tuple(Column(name) for name in seen.columns),
        tuple(seen.rows),
        headline=f"As they will be loaded, {len(seen.rows)} of {seen.looked:,} rows:",
    )
    more = len(seen.events) - _EVENTS
    events = Table(
        (Column("event_name"), Column("rows", "count"), Column("users", "count")),
        tuple(tuple(each) for each in seen.events[:_EVENTS]),
        headline=f"{len(seen.events):,} events:",
        notes=((f"and {more:,} more",) if more > 0 else ()) + _properties(seen),
    )
    return [rows, events]


def _properties(seen: "Preview") -> tuple[str, ...]:
    kinds = (("events", seen.event_properties), ("users", seen.user_properties))
    return tuple(
        f"properties of {kind}: {', '.join(f'{name} {of}' for name, of in found.items())}"
        for kind, found in kinds
        if found
    )
