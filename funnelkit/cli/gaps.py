"""`funnelkit gaps`."""

from typing import TYPE_CHECKING, Any

import click

from funnelkit.cli.app import Command, state, tell
from funnelkit.cli.options import FEATURE, QUESTION, SEGMENT, USER_PROPERTY, WAVE
from funnelkit.cli.output import emit, format_option, working

if TYPE_CHECKING:
    from funnelkit.table import Table


@click.command(
    cls=Command,
    short_help="Print who likes a feature and does not use it, and the reverse.",
    example="""
funnelkit gaps
funnelkit gaps alerts
funnelkit gaps --by plan
funnelkit gaps --bias
funnelkit gaps --claims hours --by plan
""",
)
@click.argument("feature", required=False, type=FEATURE)
@click.option("--segment", metavar="NAME", type=SEGMENT, help="Only those in a declared segment.")
@click.option(
    "--by",
    metavar="PROP",
    type=USER_PROPERTY,
    help="Also one line for each value of a user property or segment.",
)
@click.option(
    "--wave",
    metavar="NAME",
    type=WAVE,
    help="Which wave of asking; the latest if none is named; `all`: each.",
)
@click.option(
    "--claims",
    metavar="[QUESTION]",
    type=QUESTION,
    is_flag=False,
    flag_value="",
    help="Instead, how much people say they do against what was logged.",
)
@click.option("--quarters", is_flag=True, help="With --claims: by how much there is to agree on.")
@click.option("--bias", is_flag=True, help="Instead, whether respondents behave like everybody.")
@format_option()
def command(feature: str | None, format_: str, **asked: Any) -> None:
    """Print what is said of features against what is done with them.

    Of those who like FEATURE, how many do not use it; of those who dislike it,
    how many do; the gap between saying and doing, and how many customers and
    how much revenue it concerns. Without FEATURE, all of them. Counts stand
    instead of percentages where too few answered.
    """
    _check(feature, asked)
    from funnelkit import api

    project = api.open(state().project)
    with working("comparing"):
        if asked["claims"] is not None:
            table = project.claims(
                asked["claims"] or None,
                by=asked["by"],
                wave=asked["wave"],
                quarters=asked["quarters"],
            )
        elif asked["bias"]:
            table = project.bias(feature, wave=asked["wave"])
        else:
            chosen = {key: asked[key] for key in ("by", "segment", "wave")}
            table = project.gaps(feature, **chosen)
    warning, unseen = project.build_state(*_whose(table))
    if warning:
        tell(f"warning: {warning}")
    for text in unseen:
        tell(f"note: {text}")
    emit(table, format_)


def _whose(table: "Table") -> list[str]:
    """Whose events the table's figures are of, as the build names them."""
    names = ("feature", "question")
    return [
        f"{name} {row[name]}" for row in table.records() for name in names if name in table.names
    ] or ["feature"]


def _check(feature: str | None, asked: dict[str, Any]) -> None:
    """Raises UsageError for options that do not go together."""
    claims, bias = asked["claims"] is not None, asked["bias"]
    if claims and bias:
        raise click.UsageError("--claims and --bias are different tables: ask for one")
    if asked["by"] and asked["segment"]:
        raise click.UsageError("--by and --segment are different questions: ask for one")
    if asked["quarters"] and not claims:
        raise click.UsageError("--quarters goes with --claims")
    if claims and feature is not None:
        raise click.UsageError(f"--claims takes a question, no feature: not {feature!r}")
    if claims and asked["segment"]:
        raise click.UsageError("--segment does not go with --claims; --by does")
    if bias and (asked["by"] or asked["segment"]):
        raise click.UsageError("--bias is of everybody: it goes with neither --by nor --segment")
