"""What stands in the section of a funnel: its charts, each with its sentence and its table."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from funnelkit.report import (
    annotations,
    charts_funnel,
    charts_next,
    charts_rates,
    findings,
    findings_next,
    views,
    views_next,
)
from funnelkit.report.annotations import Release
from funnelkit.report.csvs import chart_base, section_tables
from funnelkit.report.model import DRAWN, Figure, FunnelSection, Section
from funnelkit.report.theme import NARROW, WIDE
from funnelkit.table import Table


class Draft(NamedTuple):
    """A figure that does not know its file name yet; without `spec` a table that no chart draws."""

    topic: str
    lead: str | None
    title: str
    subtitle: str
    spec: Mapping[str, object] | None
    narrow: Mapping[str, object] | None
    table: Table
    more: str = ""
    notes: tuple[str, ...] = ()

    def named(self, name: str) -> Figure:
        """The figure, with the file name of its chart and CSV."""
        alt = f"{self.title}. {self.subtitle} The table below the chart holds the same numbers."
        what = DRAWN if self.spec else self.title
        return Figure(
            name=name,
            topic=self.topic,
            lead=self.lead or "",
            title=self.title,
            subtitle=self.subtitle,
            alt=alt,
            spec=self.spec,
            narrow=self.narrow,
            table=self.table,
            caption=f"{self.topic}: {what}{self.more}",
            notes=self.notes,
        )


def funnel_section(section: FunnelSection, releases: Sequence[Release] = ()) -> Section:
    """A funnel's charts in their order: steps, where the lost went, groups, weeks, times."""
    base = chart_base(section.name)
    if not findings.entrants(section):
        # Bars of nothing would look like a funnel that everybody left.
        nobody = findings.nobody(section)
        return Section(section.name, f"funnel-{base}", section.description, (), nobody)
    drafts: list[Draft | None] = [_funnel_figure(section)]
    drafts += [_next_figure(section)] if section.next_events.rows else []
    drafts += [_comparison_figure(section)] if section.comparison.rows else []
    drafts += [
        _breakdown_figure(name, table) if table.rows else None
        for name, table in section.breakdowns.items()
    ]
    if section.trend.rows:
        drafts.append(_trend_figure(section, releases))
    if section.times.rows:
        drafts.append(_times_figure(section))
    named = zip(section_tables(section), drafts, strict=True)
    figures = tuple(draft.named(name) for name, draft in named if draft)
    return Section(section.name, f"funnel-{base}", section.description, figures)


def _funnel_figure(section: FunnelSection) -> Draft:
    return Draft(
        "Steps",
        None,
        findings.funnel_title(section),
        charts_funnel.funnel_subtitle(section),
        charts_funnel.draw_funnel(section, WIDE),
        charts_funnel.draw_funnel(section, NARROW),
        views.steps_view(section.steps),
        "; exact limits and the quartiles of the times are in the CSV",
    )


def _next_figure(section: FunnelSection) -> Draft:
    return Draft(
        "What the lost did next",
        None,
        findings_next.next_title(section),
        findings_next.next_subtitle(section),
        charts_next.draw_next(section, WIDE),
        charts_next.draw_next(section, NARROW),
        views_next.next_view(section),
        notes=section.told.get("next_events", ()),
    )


def _comparison_figure(section: FunnelSection) -> Draft:
    told = section.told.get("comparison", ())
    drawn = bool(findings_next.drawn_pairs(section))
    return Draft(
        f"Groups of {findings_next.compared(section)} compared",
        told[0] if told else None,
        findings_next.compare_title(section),
        findings_next.compare_subtitle(section),
        # One drawing for all screens: a group is in several pairs, all of which a count moves.
        charts_next.draw_comparison(section, NARROW) if drawn else None,
        None,
        views_next.compare_view(section),
        notes=told[1:],
    )


def _breakdown_figure(name: str, table: Table) -> Draft:
    return Draft(
        f"By {name}",
        findings.breakdown_sentence(name, table),
        findings.breakdown_title(name, table),
        charts_funnel.breakdown_subtitle(table),
        charts_funnel.draw_breakdown(name, table, WIDE),
        charts_funnel.draw_breakdown(name, table, NARROW),
        views.breakdown_view(name, table),
    )


def _trend_figure(section: FunnelSection, releases: Sequence[Release]) -> Draft:
    table = views.latest_periods(section.trend)
    weeks = [str(row["period"]) for row in findings.final_rows(table)]
    return Draft(
        "By entry week" + views.latest_of(section.trend),
        findings.trend_sentence(table),
        findings.trend_title(table),
        charts_rates.trend_subtitle(table),
        charts_rates.draw_trend(table, WIDE, releases),
        charts_rates.draw_trend(table, NARROW, releases),
        views.trend_view(table),
        "; a week of fewer than five entrants is joined to its neighbour",
        annotations.notes(releases, weeks),
    )


def _times_figure(section: FunnelSection) -> Draft:
    table = section.times
    step = str(section.steps.records()[-1]["step_name"])
    entered = findings.entrants(section)
    return Draft(
        "Time to convert",
        findings.times_sentence(table),
        findings.times_title(table),
        charts_rates.times_subtitle(entered, step),
        charts_rates.draw_times(table, entered, step, WIDE),
        charts_rates.draw_times(table, entered, step, NARROW),
        views.times_view(table),
    )
