"""What moved in one sentence, and differences as parts that add up as printed."""

from collections.abc import Sequence

from funnelkit.report.diff import Comparison, FigureChange, ReportChange
from funnelkit.report.headlines import Kind, told_difference, told_value
from funnelkit.report.markdown import line

_WHY = {
    "new data": "there is new data",
    "late data": "rows came late",
    "identity merges": "ids turned out to be other people's (identity merges)",
    "rows of users": "what is told of users changed",
    "answers": "answers changed",
}


def many(number: int, noun: str) -> str:
    """`1 row`, `1,204 rows`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def lead_sentence(made: Comparison) -> str:
    """The sentence to act on: what moved most, why, and whether before and after compare."""
    moved = [each for report in made.reports for each in report.figures if each.difference]
    if not moved:
        return _nothing_in_figures(made)
    first = max(moved, key=lambda each: (each.one.leads, abs(each.difference or 0.0)))
    assert first.base is not None
    assert first.head is not None
    kind = first.one.kind
    told = (
        f"**{line(f'{first.one.section}: {first.one.figure}')}"
        f" {told_value(kind, first.base.value)} → {told_value(kind, first.head.value)}"
        f" ({told_difference(kind, first.difference)})**"
    )
    rest = len(moved) - 1
    more = f" {many(rest, 'more headline figure')} moved." if rest else ""
    return f"{told}{_because(first)}{more}"


def _because(figure: FigureChange) -> str:
    """Why, as a clause; what is not known stands below."""
    causes = figure.acting
    data = [_WHY[cause] for cause in causes if cause in _WHY]
    if len(figure.acting_parts) > 1:
        apart = "; before and after do not compare" if figure.redefined else ""
        return f": {', '.join(shown_parts(figure))}{apart}."
    if figure.redefined and not data:
        return (
            ": its definition changed and the data did not, so all of it is the definition's, and"
            " before and after do not compare."
        )
    if figure.redefined:
        return f": its definition changed and {_and(data)}; before and after do not compare."
    if not data:
        return ": neither its definition nor the events changed."
    same = "; the definition is the same" if figure.one.definition else ""
    return f", because {_and(data)}{same}."


def _nothing_in_figures(made: Comparison) -> str:
    whole = [each for each in made.reports if each.what != "changed"]
    if whole:
        return "; ".join(f"**{line(each.title)}** was {each.what}" for each in whole) + "."
    if all(each.redrawn for each in made.reports):
        return "No number moved: pages are worded or drawn otherwise."
    changed = _and([line(name) for name in _redefined(made.reports)])
    rules = f", though the definition of {changed} changed" if changed else ""
    return f"No headline figure moved{rules}."


def _redefined(reports: Sequence[ReportChange]) -> list[str]:
    names = [each.name for report in reports for each in report.definitions if each.counts]
    return list(dict.fromkeys(names))


def _and(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)


def shown_parts(figure: FigureChange) -> list[str]:
    """`definition −3.9 pp`, `new data +0.2 pp`: in tenths that add up to the printed difference."""
    kind = figure.one.kind
    if kind not in ("share", "points", "score"):
        return [f"{p.cause} {told_difference(kind, p.difference)}" for p in figure.acting_parts]
    scale = 100 if figure.one.kind == "score" else 1000
    parts = figure.acting_parts
    exact = [scale * part.difference for part in parts]
    tenths = [_units(figure.one.kind, part.difference) for part in parts]
    total = _units(figure.one.kind, figure.difference or 0.0)
    for _ in range(abs(total - sum(tenths))):
        step = 1 if total > sum(tenths) else -1
        at = max(range(len(exact)), key=lambda i: step * (exact[i] - tenths[i]))
        tenths[at] += step
    return [
        f"{part.cause} {told_difference(figure.one.kind, number / scale)}"
        for part, number in zip(parts, tenths, strict=True)
    ]


def _units(kind: Kind, value: float) -> int:
    """As many tenths of a point, or points of a score, as are printed."""
    if kind == "score":
        return round(100 * round(value, 6))
    return round(10 * float(f"{100 * round(value, 6):.1f}"))
