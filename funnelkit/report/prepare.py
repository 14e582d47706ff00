"""Data on its way into a report: checked, and rounded as the committed files hold it."""

from funnelkit.errors import FunnelkitError
from funnelkit.report.model import FunnelSection, ReportData, clean, file_name, normalised
from funnelkit.stats.curve import thinned


def checked(data: ReportData) -> ReportData:
    """The data as the committed files hold it, names checked.

    Raises FunnelkitError for an empty or doubled name, and for a number that is not one.
    """
    if not data.slug or file_name(data.slug) != data.slug:
        raise FunnelkitError(
            f"report name {data.slug!r}: expected lower-case letters, digits, '-' and '_'",
            "for example: activation",
        )
    return ReportData(
        slug=data.slug,
        title=clean(data.title),
        description=clean(data.description),
        sections=tuple(_checked_section(section) for section in data.sections),
        quality=normalised(data.quality),
        first_event=clean(data.first_event),
        last_event=clean(data.last_event),
        observed_until=clean(data.observed_until),
        inputs=normalised(data.inputs),
        log=tuple(clean(sentence) for sentence in data.log),
        as_of=clean(data.as_of),
    )


def _checked_section(section: FunnelSection) -> FunnelSection:
    if not section.steps.rows:
        raise FunnelkitError(
            f"funnel {section.name!r} of the report has no steps", "build first: funnelkit build"
        )
    return FunnelSection(
        name=clean(section.name),
        description=clean(section.description),
        words=tuple(clean(sentence) for sentence in section.words),
        definition_hash=section.definition_hash,
        window=clean(section.window),
        steps=normalised(section.steps),
        breakdowns={clean(k): normalised(v) for k, v in section.breakdowns.items()},
        trend=normalised(section.trend),
        times=thinned(normalised(section.times)),
    )
