"""The search for aha moments on a built warehouse: what it found, as tables."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from funnelkit.project.aha_words import search_in_words
from funnelkit.results.built import inputs
from funnelkit.results.notes import noted, of_log
from funnelkit.results.search_asked import Asked, frames, read_search
from funnelkit.results.search_kept import found
from funnelkit.results.search_words import (
    CELLS_NOTE,
    null_headline,
    null_notes,
    search_headline,
    search_notes,
)
from funnelkit.table import Column, Table
from funnelkit.warehouse.macros import search_hash

if TYPE_CHECKING:
    import polars as pl
    from duckdb import DuckDBPyConnection

Part = Mapping[str, Any]
SEARCH_COLUMNS = (
    Column("event"),
    Column("at_least", "count"),
    Column("within_days", "count"),
    Column("n", "count"),
    Column("reach", "share"),
    Column("base_rate", "share"),
    Column("ppv", "share"),
    Column("rate_without", "share"),
    Column("phi", "number"),
    Column("p_search", "p"),
    Column("rd_discovery", "points"),
    Column("rd", "points"),
    Column("rd_lo", "points"),
    Column("rd_hi", "points"),
    Column("p_holm", "p"),
    Column("rd_adjusted", "points"),
    Column("shrinkage", "number"),
    Column("potential", "number"),
    Column("shape"),
    Column("verdict"),
    Column("why"),
    Column("rd_discovery_lo", "points"),
    Column("rd_discovery_hi", "points"),
    Column("rd_all", "points"),
    Column("n_discovery", "count"),
    Column("n_confirmation", "count"),
    Column("n_all", "count"),
    Column("sensitivity", "share"),
    Column("specificity", "share"),
    Column("lift", "number"),
    Column("odds_ratio", "number"),
    Column("rd_adjusted_lo", "points"),
    Column("rd_adjusted_hi", "points"),
    Column("p_newer", "p"),
    Column("label"),
)
CELL_COLUMNS = (
    Column("event"),
    Column("at_least", "count"),
    Column("within_days", "count"),
    Column("n", "count"),
    Column("reach", "share"),
    Column("rate_with", "share"),
    Column("rate_without", "share"),
    Column("rd", "points"),
    Column("rd_lo", "points"),
    Column("rd_hi", "points"),
    Column("z", "number"),
    Column("chosen"),
)
NULL_COLUMNS = (
    Column("runs", "count"),
    Column("accepted_runs", "count"),
    Column("share", "share"),
    Column("hi", "share"),
    Column("discovery_runs", "count"),
)


def search_tables(
    con: "DuckDBPyConnection", plan: Part, *, outcome: str | None = None, fewest: int = 1
) -> tuple[Table, Table]:
    """What a search finds, one row an event, and all the cells that it looked at.

    `plan`: the complete one of the definitions; `outcome`: another of them than the search's own;
    `fewest`: notes speak of no smaller group.
    Raises FunnelkitError without a search, for an outcome that begins too early for it, and for
    tables that were not built.
    """
    asked = read_search(con, plan, outcome)
    result = found(con, asked)
    meta = {**_meta(con, asked), "run": result.facts._asdict()}
    rows = _ranked(result.findings).select(_names(SEARCH_COLUMNS)).rows()
    findings = Table(SEARCH_COLUMNS, tuple(rows))
    told = replace(
        findings,
        meta=meta,
        headline=search_headline(findings.records(), asked, result.facts),
        notes=tuple(search_notes(findings.records(), asked, result.facts, fewest)),
    )
    cells = result.cells.rename({"is_chosen": "chosen"}).sort("event", "within_days", "at_least")
    grid = Table(
        CELL_COLUMNS,
        tuple(cells.select(_names(CELL_COLUMNS)).rows()),
        meta,
        told.headline,
        (CELLS_NOTE,),
    )
    return noted(told, *of_log(meta)), noted(grid, *of_log(meta))


def null_table(con: "DuckDBPyConnection", plan: Part, *, runs: int = 200) -> Table:
    """How often the same search accepts anything when the outcome is shuffled; one row.

    Raises as `search_tables` does.
    """
    from funnelkit.jobs.aha_search import null

    asked = read_search(con, plan)
    result = null(*frames(con, asked), asked.rules, runs)
    meta = _meta(con, asked)
    return Table(
        NULL_COLUMNS,
        (tuple(getattr(result, name) for name in _names(NULL_COLUMNS)),),
        meta,
        null_headline(result, asked.rules.level),
        (*null_notes(result, asked.rules.level), *filter(None, of_log(meta))),
    )


def _meta(con: "DuckDBPyConnection", asked: Asked) -> dict[str, Any]:
    return {
        "definition": search_in_words(asked.plan),
        "definition_hash": search_hash(asked.plan),
        "outcome": asked.search["outcome"],
        "entrants": asked.entrants,
        "waiting": asked.waiting,
        "ineligible": asked.ineligible,
        **inputs(con),
    }


def _names(columns: Sequence[Column]) -> list[str]:
    return [each.name for each in columns]


def _ranked(findings: "pl.DataFrame") -> "pl.DataFrame":
    """The accepted by what they may be worth, then the others as sure as they are of nothing."""
    import polars as pl

    from funnelkit.jobs.aha_rules import VERDICTS

    order = pl.col("verdict").replace_strict(VERDICTS, range(len(VERDICTS)))
    return findings.sort(
        order,
        pl.when(pl.col("verdict") == "accepted").then(pl.col("potential")).neg(),
        "p_search",
        "event",
        nulls_last=True,
    )
