"""A search is run once per build: what it found is kept in the warehouse and read from there."""

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from funnelkit import __version__
from funnelkit.results.search_asked import Asked, frames, read_search
from funnelkit.warehouse import aha_store
from funnelkit.warehouse.macros import search_hash
from funnelkit.warehouse.meta import has_table
from funnelkit.warehouse.queries import query

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from funnelkit.jobs.aha_rules import SearchResult


def found(con: "DuckDBPyConnection", asked: Asked) -> "SearchResult":
    """What a search finds: as it was kept, if it is the one that was, else by running it."""
    from funnelkit.jobs.aha_rules import Facts, SearchResult

    kept = aha_store.kept(con, _key(con, asked))
    if kept is None:
        return _run(con, asked)
    return SearchResult(kept.findings, kept.cells, Facts(**kept.facts))


def keep(con: "DuckDBPyConnection", plan: Mapping[str, Any]) -> None:
    """Runs the search of the plan, unless it was already, and keeps what it finds.

    Without a search in the plan, removes what was kept. Raises as `read_search` does.
    """
    if plan["search"] is None:
        if has_table(con, "aha", "search_runs"):
            aha_store.drop(con)
        return
    asked = read_search(con, plan)
    key = _key(con, asked)
    if aha_store.kept(con, key) is None:
        result = _run(con, asked)
        kept = aha_store.Kept(result.facts._asdict(), result.findings, result.cells)
        aha_store.keep(con, key, asked.search["outcome"], kept)


def _run(con: "DuckDBPyConnection", asked: Asked) -> "SearchResult":
    from funnelkit.jobs.aha_search import search

    return search(*frames(con, asked), asked.rules)


def _key(con: "DuckDBPyConnection", asked: Asked) -> str:
    """Equal only for the same rules over the same rows, by the same version of all that computes.

    Digests of rows are DuckDB's own hashes: another version of it only makes the search run again.
    """
    import duckdb

    (rows,) = query(
        con,
        "aha_inputs",
        clock=asked.clock,
        outcome=asked.search["outcome"],
        stratify_by=asked.search["stratify_by"],
    )
    parts = (__version__, duckdb.__version__, search_hash(asked.plan), rows)
    text = json.dumps(parts, sort_keys=True)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
