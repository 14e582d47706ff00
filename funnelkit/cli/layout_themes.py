"""How the table of themes looks."""

from funnelkit.cli.grid import Field, Grid
from funnelkit.cli.layout import Row, column, has, records, scaled, text, with_bars
from funnelkit.table import Table

_HUMAN = (
    *("theme", "source", "texts", "mentions", "customers", "customers_share", "scored"),
    *("negative", "negative_share", "lo", "hi", "calibration", "unscored", "label"),
)


def lay_out_themes(table: Table, width: int | None) -> Grid:
    """One line a theme: mentions, who wrote them, and how much of it is negative."""
    from funnelkit.results.themes_words import shown_negatives

    rows = records(table)
    shares = [{**row, "mentioned": _mentioned(row)} for row in rows]
    fields = [
        Field("theme", column(rows, "theme", "text"), flexible=True),
        Field("mentions", column(rows, "mentions", "count"), right=True),
        Field("", []),
        Field("customers", column(rows, "customers", "count"), right=True, drop=3),
        Field("of who wrote", column(rows, "customers_share", "share"), right=True, drop=2),
        Field("negative", [text(shown_negatives(row) or "–") for row in rows], right=True),
        Field("", [text(str(row["label"]), "dim") for row in rows], drop=1),
    ]
    if has(table, "source"):
        sources = [text(str(row["source"] or "all")) for row in rows]
        fields.insert(0, Field("source", sources, flexible=True))
    return with_bars(
        fields, 2 + has(table, "source"), width, lambda size: scaled(shares, "mentioned", size)
    )


def _mentioned(row: Row) -> float | None:
    """Mentions a text; the bar of all themes together would only dwarf the others."""
    if row["theme"] == "(all)" or not row["texts"]:
        return None
    return float(str(row["mentions"])) / float(str(row["texts"]))


def human_themes(table: Table) -> Table:
    """The columns that people read, for Markdown: empty ones are left out."""
    return table.select([name for name in _HUMAN if has(table, name)])
