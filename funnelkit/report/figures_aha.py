"""What stands in the section of an aha moment, and in that of the search."""

from collections.abc import Sequence

from funnelkit.report import annotations, charts_aha, charts_retention, charts_search, views_aha
from funnelkit.report import findings_aha as findings
from funnelkit.report.annotations import Release
from funnelkit.report.csvs import aha_base, aha_tables
from funnelkit.report.figures import Draft
from funnelkit.report.findings import records, value_name, with_interval
from funnelkit.report.model import AhaSection, SearchSection, Section
from funnelkit.report.theme import NARROW, WIDE
from funnelkit.report.views import MOST_PERIODS, latest_of
from funnelkit.table import Table

_SEARCH_NOTE = "; the CSV has every figure of each event"


def aha_section(section: AhaSection, releases: Sequence[Release] = ()) -> Section:
    """Reach, time, who is stuck, and who comes back."""
    base = aha_base(section.name)
    drafts = [_reach(section, releases)] if findings.cohort_rows(section.reach) else []
    named = {f"{base}-reach": draft for draft in drafts}
    by = [name for name in aha_tables(section) if name.startswith(f"{base}-by-")]
    for key, (name, table) in zip(by, section.breakdowns.items(), strict=True):
        if table.rows:
            named[key] = _breakdown(section, name, table)
    if section.times.rows:
        named[f"{base}-times"] = _times(section)
    if section.stuck.rows:
        named[f"{base}-stuck"] = _stuck(section)
    if any(findings.split_rows(section).values()):
        named[f"{base}-retention"] = _split(section)
    if views_aha.triangle_rows(section):
        named[f"{base}-cohorts"] = _triangle(section, releases)
    figures = [draft.named(name) for name, draft in named.items()]
    note = "" if figures else " ".join(section.findings)
    return Section(f"Aha moment {section.name}", base, section.description, tuple(figures), note)


def _told(section: AhaSection, part: str) -> tuple[str | None, tuple[str, ...]]:
    """The sentence above a table, and those below it."""
    told = section.told.get(part, ())
    return (told[0], told[1:]) if told else (None, ())


def _reach(section: AhaSection, releases: Sequence[Release]) -> Draft:
    # Without a chart of who comes back, this is where the outcome is told of.
    outcome = () if any(findings.split_rows(section).values()) else section.told.get("outcome", ())
    weeks = [str(row["cohort"]) for row in findings.cohort_rows(section.reach)[-MOST_PERIODS:]]
    return Draft(
        "Reach by entry week" + latest_of(section.reach, "cohort"),
        None,  # the first of the findings, and the title
        findings.reach_title(section),
        findings.reach_subtitle(section),
        charts_aha.draw_reach(section, WIDE, releases),
        charts_aha.draw_reach(section, NARROW, releases),
        views_aha.reach_view(section.reach),
        "; where some are open also Kaplan-Meier and bounds: if none of them reaches it, if all do",
        (*section.told.get("reach", ()), *outcome, *annotations.notes(releases, weeks)),
    )


def _breakdown(section: AhaSection, name: str, table: Table) -> Draft:
    return Draft(
        f"Reach by {name}",
        _range(table),
        f"reach of {section.name} per value of {name}",
        "",
        None,
        None,
        views_aha.value_view(name, table),
    )


def _range(table: Table) -> str | None:
    """The lowest and the highest of the values, each with n and interval; no verdict."""
    known = [row for row in records(table) if row["reach"] is not None]
    if len(known) < 2:
        return None
    low = min(known, key=lambda row: row["reach"])
    high = max(known, key=lambda row: row["reach"])
    ends = [
        f"{value_name(row)} with {with_interval(row['reach'], row['reach_lo'], row['reach_hi'])},"
        f" n = {row['matured']:,}"
        for row in (low, high)
    ]
    return (
        f"Lowest: {ends[0]}; highest: {ends[1]}. Each value has its own interval; differences"
        " between them are not tested here."
    )


def _times(section: AhaSection) -> Draft:
    lead, notes = _told(section, "times")
    return Draft(
        "Time to aha",
        lead,
        findings.aha_times_title(section),
        findings.aha_times_subtitle(section),
        charts_aha.draw_aha_times(section, WIDE),
        charts_aha.draw_aha_times(section, NARROW),
        views_aha.aha_times_view(section.times),
        "; how many are still watched is in the CSV",
        notes,
    )


def _stuck(section: AhaSection) -> Draft:
    lead, notes = _told(section, "stuck")
    return Draft(
        "Stuck elsewhere",
        lead,
        findings.stuck_title(section),
        "",
        None,
        None,
        views_aha.stuck_view(section),
        "; the rarest, and fewer than five, stand together as (other)",
        notes,
    )


def _split(section: AhaSection) -> Draft:
    lead, notes = _told(section, "retention")
    outcome, more = _told(section, "outcome")
    return Draft(
        "Who comes back",
        " ".join(filter(None, (lead, outcome))) or None,
        findings.split_title(section),
        findings.split_subtitle(section),
        charts_retention.draw_split(section, WIDE),
        charts_retention.draw_split(section, NARROW),
        views_aha.split_view(section),
        "; later weeks are in the CSV",
        (*more, *notes),
    )


def _triangle(section: AhaSection, releases: Sequence[Release]) -> Draft:
    return Draft(
        "Retention by entry week",
        None,
        findings.triangle_title(section, views_aha.triangle_rows(section)),
        findings.triangle_subtitle(section),
        charts_retention.draw_triangle(section, NARROW, releases),
        None,
        views_aha.triangle_view(section),
        f", of the latest {views_aha.MOST_COHORTS} entry weeks; intervals and the rest are in the"
        " CSV",
        annotations.notes(releases, list(views_aha.triangle_rows(section))),
    )


def search_section(section: SearchSection) -> Section:
    """The candidates with both halves, every event with its verdict, and the thresholds."""
    figures = []
    if section.findings.rows:
        figures.append(_candidates(section).named("search-findings"))
    if section.cells.rows:
        figures.append(_cells(section).named("search-cells"))
    name = f"What goes with {section.outcome}"
    return Section(name, "search", "", tuple(figures), "" if figures else section.headline)


def _candidates(section: SearchSection) -> Draft:
    proposed = bool(findings.candidates(section))
    return Draft(
        "Candidates on both halves",
        section.headline or None,
        findings.candidates_title(section),
        findings.candidates_subtitle(section),
        charts_search.draw_candidates(section, WIDE) if proposed else None,
        charts_search.draw_candidates(section, NARROW) if proposed else None,
        views_aha.findings_view(section),
        _SEARCH_NOTE,
        section.told,
    )


def _cells(section: SearchSection) -> Draft:
    return Draft(
        "How often, how soon",
        None,
        findings.cells_title(section),
        findings.cells_subtitle(section),
        charts_search.draw_cells(section, NARROW),
        None,
        views_aha.cells_view(section),
    )
