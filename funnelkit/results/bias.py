"""Do the respondents of a wave behave like everybody? One row a feature."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from funnelkit.results import gap_words as words
from funnelkit.results.built import inputs
from funnelkit.results.gap_rows import Found, Record
from funnelkit.results.gaps import Split, found_rows, kept_mentions, told
from funnelkit.results.notes import noted, of_log
from funnelkit.results.say_frames import (
    OPINIONS,
    check_features,
    features,
    other_waves,
    pick_feature,
    pick_wave,
    read_wave,
    waves,
)
from funnelkit.stats.bias import ALIKE, UNLIKE
from funnelkit.table import Column, Table

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

BIAS_COLUMNS = (
    Column("feature"),
    Column("wave"),
    Column("used_days", "count"),
    Column("eligible", "count"),
    Column("answered", "count"),
    Column("use_everybody", "share"),
    Column("use_answered", "share"),
    Column("use_weighted", "share"),
    Column("do_bias", "points"),
    Column("do_bias_lo", "points"),
    Column("do_bias_hi", "points"),
    Column("do_bias_verdict"),
    Column("pop_n_eff", "number"),
    Column("pop_deff", "number"),
    Column("margins"),
    Column("pop_why"),
    Column("aims"),
)


def bias_table(
    con: "DuckDBPyConnection",
    plan: Mapping[str, Any],
    *,
    feature: str | None = None,
    wave: str | None = None,
) -> Table:
    """The do-bias check of every feature, or of one, in a wave (the latest): one row a feature.

    Raises FunnelkitError for what is not declared or not built.
    """
    known = features(con)
    check_features(known)
    shown = known if feature is None else [pick_feature(known, feature)]
    there = waves(con, OPINIONS, of_feature=True) or waves(con, ("text",))
    asked = pick_wave(there, wave, "on a feature")
    frames = read_wave(con, plan, asked, kept_mentions(con, plan))
    found = found_rows(frames, known, shown, Split())
    rows = [_row(row) for row in found if row.gap.used_days == row.feature.used_days]
    meta = {"definition_hashes": {each.name: each.definition_hash for each in shown}, **inputs(con)}
    names = [column.name for column in BIAS_COLUMNS]
    cells = tuple(tuple(row[name] for name in names) for row in rows)
    table = Table(BIAS_COLUMNS, cells, meta, _headline(rows))
    notes = words.bias_notes()
    return noted(table, *notes, other_waves(there, asked), *of_log(meta))


def _row(found: Found) -> Record:
    """What the row of gaps shows of it, and the shares that the check compares."""
    record, population = told(found), found.population
    row: Record = {
        **record,
        "answered": population.answered,
        "use_answered": None,
        "use_weighted": None,
        "margins": ", ".join(population.weighted.margins) if population.weighted else "",
    }
    if record["do_bias"] is not None and population.bias is not None:
        bias, use = population.bias.difference, population.use
        row["use_answered"] = population.use_answered
        row["use_weighted"] = None if bias is None or use is None else use + bias
    return row


def _headline(rows: Sequence[Record]) -> str:
    verdicts = [row["do_bias_verdict"] for row in rows]
    unlike = [str(row["feature"]) for row in rows if row["do_bias_verdict"] == UNLIKE]
    if unlike:
        return f"Respondents do not use {', '.join(unlike)} like everybody, weighted as they are."
    alike = sum(verdict == ALIKE for verdict in verdicts)
    rest = "; of the others there are too few to tell" if alike < len(rows) else ""
    whole = f"Weighted, respondents use {alike} of {len(rows)} features like everybody, within 5"
    return f"{whole} points{rest}."
