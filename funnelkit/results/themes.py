"""What texts speak of, and how: themes by wave and source, negatives as labels correct them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from funnelkit.errors import FunnelkitError
from funnelkit.jobs.labelled import (
    ALL_WAVES,
    Corrected,
    Figure,
    Labels,
    corrected,
    counts,
    enough_for,
)
from funnelkit.jobs.mentions import mentions as find_mentions
from funnelkit.jobs.sentiment import Method, vader
from funnelkit.jobs.themes import Taxonomy, Theme
from funnelkit.results import labels as labelling
from funnelkit.results.mentions_kept import read_mentions
from funnelkit.results.say_frames import Wave, other_waves, pick_wave
from funnelkit.results.themes_words import Scope, theme_notes, themes_headline
from funnelkit.stats.evidence import LEAST_N, label, percent_allowed
from funnelkit.stats.funnels import many
from funnelkit.table import Column, Table, Value
from funnelkit.warehouse.queries import frame, query

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ALL_THEMES = "(all)"
THEME_COLUMNS = (
    Column("theme"),
    Column("feature"),
    Column("wave"),
    Column("source"),
    Column("texts", "count"),
    Column("mentions", "count"),
    Column("customers", "count"),
    Column("customers_share", "share"),
    Column("scored", "count"),
    Column("negative", "count"),
    Column("negative_share", "share"),
    Column("lo", "share"),
    Column("hi", "share"),
    Column("method"),
    Column("se", "share"),
    Column("sp", "share"),
    Column("labels", "count"),
    Column("unscored", "count"),
    Column("label"),
    Column("calibration"),
    Column("writers", "count"),
)


class ThemesAsked(NamedTuple):
    """Of which texts, by which method: what `themes` is asked for.

    `wave`: the latest with texts, if None; `all`: texts of no wave too. `by_source`: also a row for
    each source. `labels`: a file of labels, instead of the declared one. `method`: vader or own.
    """

    wave: str | None = None
    by_source: bool = False
    labels: str | None = None
    method: str = "vader"


@dataclass(frozen=True)
class Told:
    """All that figures of themes are made from.

    `texts`: response_id, wave, source, customer_id of the texts asked for; `mentions` of them;
    `labels` against the method, if there are any; `wave`: its name, None: all texts.
    """

    taxonomy: Taxonomy
    method: Method
    texts: pl.DataFrame
    mentions: pl.DataFrame
    labels: Labels | None
    wave: str | None
    notes: tuple[str, ...]


def themes_table(
    con: "DuckDBPyConnection", plan: Mapping[str, Any], root: Path, asked: ThemesAsked
) -> Table:
    """Themes of a wave's texts, one row each, all of them first; then the same for each source.

    `root`: of the project, from which the declared labels are read. Raises FunnelkitError for what
    is not declared or not built, and as `results.labels` does.
    """
    told = read_told(con, plan, root, asked)
    rows = list(_rows(told, None))
    if asked.by_source:
        for source in sorted(told.texts["source"].drop_nulls().unique().to_list()):
            rows += _rows(told, source)
    table = Table(THEME_COLUMNS, tuple(rows), _meta(told))
    records = table.records()
    drawn = told.labels.own["drawn_wave"].to_list() if told.labels else []
    scope = Scope(told.wave, tuple(drawn))
    return Table(
        THEME_COLUMNS,
        table.rows,
        table.meta,
        themes_headline(records, told.wave),
        (*theme_notes(records, told.taxonomy, told.method, scope), *told.notes),
    )


def labels_to_fill(
    con: "DuckDBPyConnection",
    plan: Mapping[str, Any],
    n: int,
    *,
    wave: str | None = None,
    theme: str | None = None,
) -> Table:
    """n sentences of the figures to label, or of one theme's; columns LABEL_COLUMNS.

    Raises FunnelkitError for a theme that is not declared, and where nothing is scored.
    """
    taxonomy = _taxonomy(plan)
    texts, picked, _ = _texts(con, wave)
    found = read_mentions(con, plan).join(texts, on="response_id", how="semi")
    if theme is not None:
        _check_theme(taxonomy, theme)
        found = found.filter(pl.col("theme") == theme)
    return labelling.to_label(found, frame(con, "theme_bodies"), n, (picked or ALL_WAVES, theme))


def _check_theme(taxonomy: Taxonomy, theme: str) -> None:
    from funnelkit.errors import did_you_mean

    names = [each.name for each in taxonomy.themes]
    if theme not in names:
        raise FunnelkitError(f"no theme is called {theme!r}", did_you_mean(theme, names))


def read_told(
    con: "DuckDBPyConnection", plan: Mapping[str, Any], root: Path, asked: ThemesAsked
) -> Told:
    """The texts asked for, their mentions, and what labels say of the method."""
    taxonomy = _taxonomy(plan)
    texts, wave, notes = _texts(con, asked.wave)
    bodies = frame(con, "theme_bodies")
    known = labelling.of_project(plan, root, asked.labels, bodies)
    if known and asked.labels:
        _check_enough(known)
    if asked.method == "own":
        method = labelling.own_method_of(known)
        found = find_mentions(bodies, taxonomy, method)
        against = labelling.cross_validated_labels(known) if known else None
    else:
        method = vader()
        found = read_mentions(con, plan)
        against = labelling.against_method(known, method, found) if known else None
    kept = found.join(texts, on="response_id", how="semi")
    more = known.notes if known else ()
    return Told(taxonomy, method, texts, kept, against, wave, (*notes, *more))


def _taxonomy(plan: Mapping[str, Any]) -> Taxonomy:
    if not plan["themes"]:
        raise FunnelkitError(
            "no themes are declared",
            "give features `topics: [word, phrase]`, or feedback `themes: {pricing: [price]}`",
        )
    return Taxonomy.of(plan)


def _check_enough(known: labelling.Known) -> None:
    own, elsewhere = known.own.height, known.elsewhere.height
    wanted = enough_for(own, elsewhere)
    if wanted:
        raise FunnelkitError(f"{own + elsewhere:,} labels are too few", f"label {wanted}")


def _texts(
    con: "DuckDBPyConnection", wave: str | None
) -> tuple[pl.DataFrame, str | None, tuple[str, ...]]:
    """The texts of a wave, its name (None: all texts), and what is not in it."""
    texts = frame(con, "theme_texts")
    if texts.is_empty():
        raise FunnelkitError(
            "there are no texts", "load feedback with a text, then run `funnelkit build`"
        )
    waves = [
        Wave(row["wave_no"], row["wave"], str(row["reference_at"]))
        for row in query(con, "theme_waves")
    ]
    if wave == ALL_WAVES or (wave is None and not waves):
        return texts, None, ()
    picked = pick_wave(waves, wave, "with a text")
    without = int(texts["wave"].is_null().sum())
    outside = (
        f"Left out: {many(without, 'texts')} of no wave (`--wave all` has them)." if without else ""
    )
    notes = tuple(filter(None, (other_waves(waves, picked), outside)))
    return texts.filter(pl.col("wave") == picked.name), picked.name, notes


def _rows(told: Told, source: str | None) -> Iterator[tuple[Value, ...]]:
    """One row for all themes together, then one for each, in the taxonomy's order."""
    texts, found = told.texts, told.mentions
    if source is not None:
        texts = texts.filter(pl.col("source") == source)
    joined = found.join(texts, on="response_id", how="inner")
    yield _row(told, texts, joined, Theme(ALL_THEMES, None, ()), source)
    for theme in told.taxonomy.themes:
        yield _row(told, texts, joined.filter(pl.col("theme") == theme.name), theme, source)


def _row(
    told: Told, texts: pl.DataFrame, found: pl.DataFrame, theme: Theme, source: str | None
) -> tuple[Value, ...]:
    writers = texts["customer_id"].drop_nulls().n_unique()
    customers = found["customer_id"].drop_nulls().n_unique()
    known = counts(found)
    share = corrected(found, Figure(told.wave or ALL_WAVES, theme.name), told.labels)
    named = {
        "theme": theme.name,
        "feature": theme.feature,
        "wave": told.wave or ALL_WAVES,
        "source": source,
        "texts": texts.height,
        **known,
        "customers": customers,
        # All who wrote are known: a share of them has no error, only too few to be one of.
        "customers_share": customers / writers if writers >= LEAST_N else None,
        "method": told.method.name,
        "label": label(known["mentions"]),
        "writers": writers,
        **_negatives(known["scored"], share),
    }
    return tuple(named[column.name] for column in THEME_COLUMNS)


def _negatives(scored: int, share: Corrected) -> dict[str, Value]:
    """The corrected share, unless too few or too wide an interval make no percentage."""
    shown = percent_allowed(share.share, scored)
    estimate, lo, hi = share.share if shown else (None, None, None)
    return {
        "negative_share": estimate,
        "lo": lo,
        "hi": hi,
        "se": share.se,
        "sp": share.sp,
        "labels": share.labels,
        "calibration": share.calibration,
    }


def _meta(told: Told) -> dict[str, Any]:
    return {
        "taxonomy_version": told.taxonomy.version,
        "method": told.method.name,
        "texts": told.texts.height,
    }
