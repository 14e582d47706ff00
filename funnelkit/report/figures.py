"""What stands in the section of a funnel: its charts, each with its sentence and its table."""

from collections.abc import Mapping
from typing import NamedTuple

from funnelkit.report import charts_funnel, charts_rates, findings, views
from funnelkit.report.csvs import chart_base, section_tables
from funnelkit.report.model import Figure, FunnelSection, Section
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
        what = "the numbers drawn above" if self.spec else self.title
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


def funnel_section(section: FunnelSection) -> Section:
    """A funnel's charts in their order: steps, breakdowns, weeks, times."""
    base = chart_base(section.name)
    if not findings.entrants(section):
        # Bars of nothing would look like a funnel that everybody left.
        nobody = findings.nobody(section)
        return Section(section.name, f"funnel-{base}", section.description, (), nobody)
    drafts: list[Draft | None] = [_funnel_figure(section)]
    drafts += [
        _breakdown_figure(name, table) if table.rows else None
        for name, table in section.breakdowns.items()
    ]
    if section.trend.rows:
        drafts.append(_trend_figure(section))
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


def _trend_figure(section: FunnelSection) -> Draft:
    table = views.latest_periods(section.trend)
    return Draft(
        "By entry week" + views.latest_of(section.trend),
        findings.trend_sentence(table),
        findings.trend_title(table),
        charts_rates.trend_subtitle(table),
        charts_rates.draw_trend(table, WIDE),
        charts_rates.draw_trend(table, NARROW),
        views.trend_view(table),
        "; a week of fewer than five entrants is joined to its neighbour",
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
