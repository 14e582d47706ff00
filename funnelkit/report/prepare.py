"""Data on its way into a report: checked, and rounded as the committed files hold it."""

from dataclasses import replace

from funnelkit.errors import FunnelkitError
from funnelkit.report.columns import AHA_COLUMNS, clean, file_name, normalised
from funnelkit.report.columns_front import LADDER_COLUMNS
from funnelkit.report.columns_funnel import COMPARE_COLUMNS, FUNNEL_PARTS, NEXT_COLUMNS
from funnelkit.report.columns_say import SAY_COLUMNS, SAY_PARTS
from funnelkit.report.csvs import PARTS
from funnelkit.report.csvs_scorecard import checked_scorecard
from funnelkit.report.model import (
    AhaSection,
    Annotation,
    Definition,
    FunnelSection,
    ReportData,
    SaySection,
    SearchSection,
)
from funnelkit.stats.curve import thinned
from funnelkit.table import Table


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
        aha=tuple(_checked_aha(section) for section in data.aha),
        search=_checked_search(data.search) if data.search else None,
        say=_checked_say(data.say) if data.say else None,
        scorecard=checked_scorecard(data.scorecard) if data.scorecard else None,
        findings=tuple(replace(each, text=clean(each.text)) for each in data.findings),
        annotations=tuple(Annotation(each.on, clean(each.text)) for each in data.annotations),
        ladder=normalised(data.ladder, LADDER_COLUMNS),
        users_digest=data.users_digest,
        answers_digest=data.answers_digest,
        timezone=clean(data.timezone),
        rests_on=tuple(
            Definition(clean(each.name), _cleaned(each.words), each.definition_hash)
            for each in data.rests_on
        ),
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
        next_events=normalised(section.next_events, NEXT_COLUMNS),
        comparison=normalised(section.comparison, COMPARE_COLUMNS),
        told={part: t for part in FUNNEL_PARTS if (t := _sentences(section.told.get(part, ())))},
    )


def _checked_aha(section: AhaSection) -> AhaSection:
    if not section.reach.rows:
        raise FunnelkitError(
            f"aha moment {section.name!r} of the report was not built",
            "build first: funnelkit build",
        )
    return AhaSection(
        name=clean(section.name),
        description=clean(section.description),
        words=_cleaned(section.words),
        definition_hash=section.definition_hash,
        entities=clean(section.entities),
        window=clean(section.window),
        outcome=clean(section.outcome),
        findings=_cleaned(section.findings),
        told={part: told for part in PARTS if (told := _sentences(section.told.get(part, ())))},
        reach=_of_aha(section.reach),
        breakdowns={clean(k): _of_aha(v) for k, v in section.breakdowns.items()},
        times=thinned(_of_aha(section.times), "reached_share", of_all=True),
        stuck=_of_aha(section.stuck),
        retention=_of_aha(section.retention),
        cohorts=_of_aha(section.cohorts),
    )


def _checked_search(section: SearchSection) -> SearchSection:
    return SearchSection(
        entities=clean(section.entities),
        outcome=clean(section.outcome),
        words=_cleaned(section.words),
        definition_hash=section.definition_hash,
        headline=clean(section.headline),
        told=_cleaned(section.told),
        findings=_of_aha(section.findings),
        cells=_of_aha(section.cells),
    )


def _checked_say(section: SaySection) -> SaySection:
    tables = {part: normalised(section.table(part), SAY_COLUMNS[part]) for part in SAY_PARTS}
    return SaySection(
        wave=clean(section.wave),
        words=_cleaned(section.words),
        features=tuple(
            Definition(clean(each.name), _cleaned(each.words), each.definition_hash)
            for each in section.features
        ),
        findings=_cleaned(section.findings),
        told={part: t for part in SAY_PARTS if (t := _sentences(section.told.get(part, ())))},
        tables={part: table for part, table in tables.items() if table.rows},
    )


def _of_aha(table: Table) -> Table:
    return normalised(table, AHA_COLUMNS)


def _sentences(sentences: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(filter(None, _cleaned(sentences)))


def _cleaned(sentences: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(clean(sentence) for sentence in sentences)
