"""How the table of products side by side looks."""

from funnelkit.cli.grid import Cell, Field, Grid
from funnelkit.cli.layout import Row, Share, column, has, rates, records, text
from funnelkit.table import Table, shown

ALL = "(all)"
_HUMAN = (
    *("theme", "product", "reviews", "mentions", "share", "lo", "hi", "rating", "rating_lo"),
    *("rating_hi", "scored", "negative", "label"),
)


def lay_out_market(table: Table) -> Grid:
    """One line a theme and product: mentions with their share, rating, and how many are flagged."""
    rows = records(table)
    # A theme is written once: its products stand under it.
    themes = [text("" if row["product"] != ALL else str(row["theme"])) for row in rows]
    fields = [
        Field("theme", themes, flexible=True),
        Field("product", [_product(row) for row in rows], flexible=True),
        Field("reviews", column(rows, "reviews", "count"), right=True, drop=3),
        Field("mentions", column(rows, "mentions", "count"), right=True, drop=2),
        Field("share", rates(rows, Share("share", "lo", "hi")), right=True),
        Field("rating", [_rating(row) for row in rows], right=True),
        Field("negative", [_negative(row) for row in rows], right=True),
        Field("", [text(str(row["label"]), "dim") for row in rows], drop=1),
    ]
    return Grid(tuple(fields))


def _product(row: Row) -> Cell:
    return text(str(row["product"]), "dim" if row["product"] == ALL else "")


def _rating(row: Row) -> Cell:
    if row["rating"] is None:
        return text("")
    mean, lo, hi = (shown(row[name], "number") for name in ("rating", "rating_lo", "rating_hi"))
    known = row["rating_lo"] is not None
    return [*text(mean), *text(f"  {lo}–{hi}" if known else "", "dim")]


def _negative(row: Row) -> Cell:
    """`25 of 36`: a count, for nothing says how many negative ones go unseen."""
    return text("" if row["negative"] is None else f"{row['negative']:,} of {row['scored']:,}")


def human_market(table: Table) -> Table:
    """The columns that people read, for Markdown: empty ones are left out."""
    return table.select([name for name in _HUMAN if has(table, name)])
