"""`funnelkit themes`."""

from typing import Any

import click

from funnelkit.cli.app import Command, state, tell
from funnelkit.cli.options import THEME, WAVE
from funnelkit.cli.output import emit, format_option, refuse_existing, working, write_csv


@click.command(
    cls=Command,
    short_help="Print what customers write about, and how it sounds.",
    example="""
funnelkit themes
funnelkit themes --wave wave_2 --by source
funnelkit themes --label 200 ../labels.csv
funnelkit themes --labels ../labels.csv
funnelkit themes --by product
""",
)
@click.option(
    "--by",
    type=click.Choice(["source", "product"]),
    help="Again for each source; or the market: reviews by the product that they are of.",
)
@click.option(
    "--wave",
    metavar="NAME",
    type=WAVE,
    help="Texts of this wave, or `all`; the latest, if none is named.",
)
@click.option(
    "--label",
    nargs=2,
    type=(click.IntRange(1, 1_000_000), str),
    metavar="N FILE",
    help="Write N sentences, drawn from those of the figures, to be labelled.",
)
@click.option(
    "--theme", metavar="NAME", type=THEME, help="With --label: only sentences on this theme."
)
@click.option("--force", is_flag=True, help="With --label: replace FILE where it exists.")
@click.option("--labels", metavar="FILE", help="Correct the figures by the labels in a file (CSV).")
@click.option(
    "--method",
    type=click.Choice(["vader", "own"]),
    help="How polarity is told: own learns from your labels (needs funnelkit[text]).",
)
@format_option()
def command(format_: str, **asked: Any) -> None:
    """Print the themes of a wave's texts: mentions, customers, negatives.

    Themes are the topics of features and the themes of feedback, by name. A
    mention sounds like the sentence that it is in. Without labels the flags
    are counted and no share is told: a lexicon misses most of what is bad.
    --label draws sentences to label; --labels takes them back.
    """
    _check(asked)
    from funnelkit import api

    project = api.open(state().project)
    warning = project.build_warning()
    if warning:
        tell(f"warning: {warning}")
    if asked["label"]:
        _write(project, asked)
        return
    if asked["by"] == "product":
        emit(project.market(), format_)
        return
    with working("reading"):
        table = project.themes(
            wave=asked["wave"],
            by_source=asked["by"] == "source",
            labels=asked["labels"],
            method=asked["method"] or "vader",
        )
    emit(table, format_)


def _write(project: Any, asked: dict[str, Any]) -> None:
    """Writes the sentences to label, and says how many."""
    n, file = asked["label"]
    project.check_private(file)
    refuse_existing(file, asked["force"])
    table = project.themes_to_label(n, file=file, wave=asked["wave"], theme=asked["theme"])
    write_csv(table, file)
    tell(f"{f'wrote {file}: ' if file != '-' else ''}{table.headline.removesuffix('.')}")
    for note in table.notes:
        tell(f"note: {note}")


def _check(asked: dict[str, Any]) -> None:
    """Raises UsageError for options that do not go together."""
    if asked["label"]:
        others = [f"--{name}" for name in ("by", "labels", "method") if asked[name]]
        if others:
            raise click.UsageError(f"--label writes sentences: {others[0]} does not go with it")
    for name in ("theme", "force"):
        if asked[name] and not asked["label"]:
            raise click.UsageError(f"--{name} goes with --label")
    if asked["by"] == "product":
        others = [f"--{name}" for name in ("wave", "labels", "method") if asked[name]]
        if others:
            raise click.UsageError(f"--by product is another table: {others[0]} is not for it")
