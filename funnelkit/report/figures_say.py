"""What stands in the section of say and do."""

from collections.abc import Callable, Mapping
from typing import Any

from funnelkit.report import charts_say, charts_voice, findings_voice, views_say
from funnelkit.report import findings_say as findings
from funnelkit.report.columns_say import SAY_PARTS
from funnelkit.report.figures import Draft
from funnelkit.report.findings import count
from funnelkit.report.model import Figure, SaySection, Section
from funnelkit.report.theme import NARROW, WIDE
from funnelkit.table import Table

Draw = Callable[[SaySection, int], Mapping[str, Any]]
_MORE = "; every figure is in the CSV"


def say_section(section: SaySection) -> Section:
    """The parts that have rows, in their order."""
    figures: list[Figure] = [
        _DRAFTS[part](section).named(f"say-{part}")
        for part in SAY_PARTS
        if section.table(part).rows
    ]
    latest = ", the latest with answers on a feature" if section.wave != findings.ONE_WAVE else ""
    about = f"{findings.wave_name(section)}{latest}." if section.wave else ""
    note = "" if figures else "No feature has answers of five respondents."
    return Section("Say and do", "say", about, tuple(figures), note)


def _draft(
    section: SaySection,
    part: str,
    topic: str,
    words: tuple[str, str],
    table: Table,
    draw: Draw | None = None,
    more: str = _MORE,
) -> Draft:
    """A figure: the first of the part's sentences stands above it, the others below."""
    told = section.told.get(part, ())
    return Draft(
        topic,
        told[0] if told else None,
        *words,
        draw(section, WIDE) if draw else None,
        draw(section, NARROW) if draw else None,
        table,
        more,
        told[1:],
    )


def _gaps(section: SaySection) -> Draft:
    words = findings.gaps_title(section), findings.gaps_subtitle(section)
    draw = charts_say.draw_gaps if findings.by_gap(section) else None
    table = views_say.gaps_view(section)
    draft = _draft(section, "gaps", "Gap between say and do", words, table, draw)
    left = findings.not_drawn(section)
    missing = (f"Not drawn, too few in a cell or with an opinion: {', '.join(left)}.",)
    return draft._replace(notes=(*draft.notes, *(missing if left else ())))


def _quadrant(section: SaySection) -> Draft:
    words = findings.quadrant_title(section), findings.quadrant_subtitle(section)
    table = views_say.quadrant_view(section)
    return _draft(section, "quadrant", "Say by do", words, table, charts_say.draw_quadrant, "")


def _cuts(section: SaySection) -> Draft:
    words = "the gap where other numbers of days count as used", ""
    return _draft(section, "cuts", "Other cuts", words, views_say.cuts_view(section), more="")


def _bias(section: SaySection) -> Draft:
    drawn = bool(findings_voice.bias_rows(section))
    words = ("use by those who answered, weighted, beside use by everybody who has it", "")
    if drawn:
        words = findings_voice.bias_title(section), findings_voice.bias_subtitle()
    draw = charts_voice.draw_bias if drawn else None
    return _draft(section, "bias", "Who answers", words, views_say.bias_view(section), draw, "")


def _population(section: SaySection) -> Draft:
    words = "shares of everybody who has it, weighted by what people do", ""
    table = views_say.population_view(section)
    return _draft(section, "population", "Everybody who has it", words, table, more="")


def _money(section: SaySection) -> Draft:
    words = "customers who like it and do not use it, or dislike it and use it", ""
    return _draft(section, "money", "Customers and revenue", words, views_say.money_view(section))


def _claims(section: SaySection) -> Draft:
    drawn = bool(findings.claim_rows(section))
    words = ("what people say they did, beside the log", "")
    if drawn:
        words = findings.claims_title(section), findings.claims_subtitle()
    draw = charts_say.draw_claims if drawn else None
    return _draft(section, "claims", "Claims", words, views_say.claims_view(section), draw)


def _nps(section: SaySection) -> Draft:
    drawn = bool(findings.nps_rows(section))
    words = ("NPS by wave", "")
    if drawn:
        words = findings.nps_title(section), findings.nps_subtitle()
    draw = charts_say.draw_nps if drawn else None
    return _draft(section, "nps", "NPS", words, views_say.nps_view(section), draw, "")


def _impact(section: SaySection) -> Draft:
    words = "NPS of all, less the NPS without those who mention the theme", ""
    table = views_say.impact_view(section)
    return _draft(section, "impact", "Themes in the NPS", words, table, more="")


def _themes(section: SaySection) -> Draft:
    drawn = bool(findings_voice.theme_rows(section))
    words = ("what texts mention, and how", "")
    if drawn:
        words = findings_voice.themes_title(section), findings_voice.themes_subtitle(section)
    draw = charts_voice.draw_themes if drawn else None
    return _draft(section, "themes", "Themes", words, views_say.themes_view(section), draw)


def _opportunities(section: SaySection) -> Draft:
    drawn = bool(findings.opportunity_rows(section))
    words = (f"{count(len(section.table('opportunities').rows))} problems by tier", "")
    if drawn:
        words = findings.opportunities_title(section), findings.opportunities_subtitle()
    draw = charts_say.draw_opportunities if drawn else None
    table = views_say.opportunities_view(section)
    return _draft(section, "opportunities", "Opportunities", words, table, draw)


_DRAFTS: Mapping[str, Callable[[SaySection], Draft]] = {
    "gaps": _gaps,
    "quadrant": _quadrant,
    "cuts": _cuts,
    "bias": _bias,
    "population": _population,
    "money": _money,
    "claims": _claims,
    "nps": _nps,
    "impact": _impact,
    "themes": _themes,
    "opportunities": _opportunities,
}
