"""`funnelkit load`."""

from typing import TYPE_CHECKING, Any

import click

from funnelkit.cli.app import Command, state, tell

if TYPE_CHECKING:
    from funnelkit.api import FileLoad


@click.command(
    cls=Command,
    short_help="Load raw files: events, users or feedback.",
    example="""
funnelkit load events data/events*.csv
funnelkit load events 'export/*.json.gz' --preset amplitude
funnelkit load events log.jsonl.gz --map event_name=event --map occurred_at=ts
funnelkit load events 'days/*.parquet' --to parquet lake/raw
funnelkit load feedback survey.csv --question nps="Recommend us?" --preset typeform
""",
)
@click.argument("kind", metavar="KIND", type=click.Choice(["events", "users", "feedback"]))
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option(
    "--preset",
    metavar="NAME",
    help="Whose export it is: segment, rudderstack, amplitude, mixpanel, posthog, ga4; of "
    "feedback: typeform, delighted.",
)
@click.option(
    "--map",
    "maps",
    metavar="COLUMN=THEIRS",
    multiple=True,
    help="Our column from one of theirs, or a constant: event_name=\"'session'\".",
)
@click.option(
    "--question",
    "questions",
    metavar="ID=COLUMN",
    multiple=True,
    help="A column of a survey with a column per question, beside those declared; ID:KIND=COLUMN "
    "where the question is not declared.",
)
@click.option(
    "--time-format", metavar="FORMAT", help="How times are written, if not ISO: '%m/%d/%Y %H:%M'."
)
@click.option(
    "--to",
    metavar="parquet DIR",
    nargs=2,
    type=str,
    help="Into a folder of Parquet files, for `build --target spark`, not into the warehouse.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be loaded, and load nothing.")
def command(
    kind: Any,
    files: tuple[str, ...],
    preset: str | None,
    maps: tuple[str, ...],
    questions: tuple[str, ...],
    time_format: str | None,
    to: tuple[str, str] | None,
    dry_run: bool,
) -> None:
    """Load raw files into the warehouse: CSV, JSON lines or Parquet, also .gz and .zst.

    KIND is events, users or feedback; FILE may be a glob. A vendor's export of
    events (--preset) may fill users too. A file that was loaded before changes
    nothing. Lines that cannot be parsed are kept in
    raw.rejects, with file, line and reason.
    """
    from funnelkit import api

    if to is not None and to[0] != "parquet":
        raise click.UsageError(f"--to {to[0]}: expected `parquet` and a folder")
    result = api.open(state().project).load(
        kind,
        files,
        mapping=api.parse_map(maps),
        time_format=time_format,
        preset=preset,
        questions=questions,
        dry_run=dry_run,
        to=to[1] if to else None,
    )
    for file in result.files:
        if file.skipped:
            tell(f"{file.source_file}: loaded before, nothing to do")
            continue
        tell(f"{file.source_file}: {_counts(file)}")
        for reject in file.rejects:
            tell(f"  line {reject.line}: {reject.reason}")
        if file.ignored:
            tell(f"  ignored: {', '.join(file.ignored)}")
        if file.replaced_name:
            tell("  other content was loaded under this name before; it stays")
    if result.forgotten:
        tell(f"left out, of forgotten people: {result.forgotten:,} rows")
    if dry_run:
        tell("nothing was loaded (--dry-run)")
    elif not all(file.skipped for file in result.files):
        tell(f"next: funnelkit build{f' --target spark --raw {to[1]}' if to else ''}")


def _counts(file: "FileLoad") -> str:
    found = [
        (file.rows, "row", ""),
        (file.users, "row", " about users"),
        (file.rejected, "line", " rejected"),
        (file.unreadable, "unreadable time", ""),
    ]
    return ", ".join(
        f"{number:,} {noun}{'' if number == 1 else 's'}{what}"
        for at, (number, noun, what) in enumerate(found)
        if number or at == 0
    )
