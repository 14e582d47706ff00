"""Texts are read once per build: their mentions are kept in the warehouse and read from there."""

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from funnelkit import __version__
from funnelkit.warehouse import say_store
from funnelkit.warehouse.queries import frame, query

if TYPE_CHECKING:
    import polars as pl
    from duckdb import DuckDBPyConnection

    from funnelkit.jobs.sentiment import Method
    from funnelkit.jobs.themes import Taxonomy


def read_mentions(con: "DuckDBPyConnection", plan: Mapping[str, Any]) -> "pl.DataFrame":
    """Mentions of the plan's themes in all texts: as they were kept, else found now.

    Columns as `jobs.mentions.mentions` says. Raises FunnelkitError for a topic that cannot be
    searched for, and for tables that were not built.
    """
    from funnelkit.jobs.mentions import mentions
    from funnelkit.jobs.sentiment import vader
    from funnelkit.jobs.themes import Taxonomy

    taxonomy, method = Taxonomy.of(plan), vader()
    known = say_store.kept(con, _key(con, taxonomy, method))
    return mentions(_bodies(con), taxonomy, method) if known is None else known


def keep_mentions(con: "DuckDBPyConnection", plan: Mapping[str, Any]) -> None:
    """Finds the mentions of the plan's themes, unless that was done already, and keeps them.

    Without themes in the plan, removes what was kept. Raises as `read_mentions` does.
    """
    if not plan["themes"]:
        say_store.drop(con)
        return
    from funnelkit.jobs.mentions import mentions
    from funnelkit.jobs.sentiment import vader
    from funnelkit.jobs.themes import Taxonomy

    taxonomy, method = Taxonomy.of(plan), vader()
    key = _key(con, taxonomy, method)
    if not say_store.has(con, key):
        say_store.keep(con, key, mentions(_bodies(con), taxonomy, method))


def _bodies(con: "DuckDBPyConnection") -> "pl.DataFrame":
    return frame(con, "theme_bodies")


def _key(con: "DuckDBPyConnection", taxonomy: "Taxonomy", method: "Method") -> str:
    """Equal only for the same texts, taxonomy and method, by the same version of all that reads.

    The digest is DuckDB's own hash: another version of it only makes the texts be read again. The
    taxonomy's version is not part of it: no mention depends on what it is called.
    """
    import duckdb
    import polars as pl

    (texts,) = query(con, "theme_digest")
    versions = (__version__, duckdb.__version__, pl.__version__, method.name)
    text = json.dumps((versions, taxonomy.rows, texts), sort_keys=True)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
