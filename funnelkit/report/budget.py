"""How many charts a page draws: a reader who scrolls past a ninth reads none."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from funnelkit.report.model import Figure, Section

MOST_CHARTS = 8
_TOLD = f"A table alone: a page draws {MOST_CHARTS} charts; give it a report of its own."


def within_budget(
    sections: Sequence[Section], quality: Figure, most: int = MOST_CHARTS, note: str = _TOLD
) -> tuple[tuple[Section, ...], Figure]:
    """The sections and the figure of raw rows, `most` charts drawn; the others tables with a note.

    Each section's first chart comes first, then each one's second, and so on; raw rows come last.
    """
    drawn = set(_in_turn(sections)[:most])

    def told(figure: Figure, is_drawn: bool) -> Figure:
        return figure if is_drawn or not figure.spec else figure.as_table(note)

    kept = tuple(
        replace(each, figures=tuple(told(figure, figure.name in drawn) for figure in each.figures))
        for each in sections
    )
    return kept, told(quality, len(_in_turn(sections)) < most)


def _in_turn(sections: Sequence[Section]) -> list[str]:
    return [name for _, _, name in sorted(_charts(sections))]


def _charts(sections: Sequence[Section]) -> Iterator[tuple[int, int, str]]:
    """Name of each chart, behind its place in its section and the section's place."""
    for at, section in enumerate(sections):
        drawn = [figure.name for figure in section.figures if figure.spec]
        yield from ((place, at, name) for place, name in enumerate(drawn))
