"""What moved in one sentence, and differences as parts that add up as printed."""

from collections.abc import Sequence

from funnelkit.report.diff import DEFINITION, RULES, Comparison, FigureChange, ReportChange
from funnelkit.report.diff_amounts import TOO_FEW
from funnelkit.report.diff_causes import (
    ANSWERS,
    GONE,
    LATE,
    LOG,
    MERGES,
    NEW_DATA,
    OTHERS,
    SAY,
    SHORTER,
    USERS,
    ZONE,
)
from funnelkit.report.diff_shown import is_real, once, shown_difference
from funnelkit.report.headlines import Kind, told_difference, told_value
from funnelkit.report.markdown import line

_WHY = {
    ZONE: "the time zone changed",
    NEW_DATA: "there is new data",
    SHORTER: "the log ends earlier",
    LATE: "rows came late",
    GONE: "events are gone",
    OTHERS: "events are others than before (renamed or corrected)",
    MERGES: "ids turned out to be other people's (identity merges)",
    USERS: "what is told of users changed",
    ANSWERS: "answers changed",
}
# Rules of more than one figure, by name.
_OF_MANY = {LOG: "what of the log counts changed", SAY: "the rules of say and do changed"}

_MOST_OUTDATED = 5


def many(number: int, noun: str) -> str:
    """`1 row`, `1,204 rows`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def outdated_words(made: Comparison) -> str:
    """That the reports are not yet those of the definitions as they are, and what to run."""
    some = [line(each) for each in made.outdated[:_MOST_OUTDATED]]
    more = len(made.outdated) - len(some)
    items = [f"- {each}" for each in (*some, *([f"… and {more} more"] if more else []))]
    nothing = "" if made.reports else "Nothing moved in the reports, but they are behind. "
    return (
        f"{nothing}**`dbt_project.yml` has other definitions than these reports**: what they"
        " move is not in here. Run `funnelkit build` and `funnelkit report build`, then this"
        " again.\n\n" + "\n".join(items)
    )


def lead_sentence(made: Comparison) -> str:
    """The sentence to act on: what moved most, why, and whether before and after compare."""
    moved = [each.change for each in once(made.reports) if each.change.difference]
    if not moved:
        return _nothing_in_figures(made)
    first = max(moved, key=lambda each: (each.one.leads, abs(each.difference or 0.0)))
    assert first.base is not None
    assert first.head is not None
    kind = first.one.kind
    told = (
        f"**{line(f'{first.one.section}: {first.one.figure}')}"
        f" {told_value(kind, first.base.value)} → {told_value(kind, first.head.value)}"
        f" ({shown_difference(first)})**"
    )
    rest = len(moved) - 1
    more = f" {many(rest, 'more headline figure')} moved." if rest else ""
    real = is_real(first)
    return f"{told}{_because(first)}{f' {real}' if real else ''}{more}"


def _because(figure: FigureChange) -> str:
    """Why, as a clause; what is not known stands below."""
    apart = "; before and after do not compare" if figure.redefined else ""
    if len(figure.acting_parts) > 1:
        return f": {', '.join(shown_parts(figure))}{apart}."
    reasons = [reason for cause in figure.acting for reason in _why(figure, cause)]
    acting = joined(reasons)
    if not acting:
        return ": neither its definition nor the data changed."
    if figure.idle:
        return f": {acting}, and that is all of it ({idle_words(figure)}){apart}."
    if all(cause in RULES for cause in figure.causes):
        whose = "the definition's" if figure.acting == (DEFINITION,) else "theirs"
        alone = joined([*reasons, "the data did not"])
        return f": {alone}, so all of it is {whose}{apart}."
    if figure.redefined:
        return f": {acting}{apart}."
    same = "; the definition is the same" if figure.one.definition else ""
    return f", because {acting}{same}."


def _why(figure: FigureChange, cause: str) -> list[str]:
    if cause != DEFINITION:
        return [_WHY[cause]]
    own = [name for name in figure.rules if name not in (*_OF_MANY, ZONE)]
    others = [name for name in own if name != figure.one.definition]
    # What it rests on goes by name.
    words = f"the definition of {joined([line(name) for name in others])} changed"
    its = [words if others else "its definition changed"] if own else []
    return [*its, *_of_many(figure)]


def _of_many(figure: FigureChange) -> list[str]:
    return [words for name, words in _OF_MANY.items() if name in figure.rules]


def idle_words(figure: FigureChange) -> str:
    """`late data moved none of it`."""
    return f"{joined(figure.idle)} moved none of it"


def _nothing_in_figures(made: Comparison) -> str:
    whole = [each for each in made.reports if each.what != "changed" or each.slug_before]
    if whole:
        return "; ".join(f"**{line(each.title)}** was {_became(each)}" for each in whole) + "."
    if all(each.redrawn for each in made.reports):
        return "No number moved: pages are worded or drawn otherwise."
    changed = joined([line(name) for name in _redefined(made.reports)])
    rules = f", though the definition of {changed} changed" if changed else ""
    held = any(each.is_withheld for report in made.reports for each in report.figures)
    but = f", but for revenue ({TOO_FEW})" if held else ""
    return f"No headline figure moved{but}{rules}."


def _became(report: ReportChange) -> str:
    return "renamed, and no headline figure of it moved" if report.slug_before else report.what


def _redefined(reports: Sequence[ReportChange]) -> list[str]:
    names = [each.name for report in reports for each in report.definitions if each.counts]
    return list(dict.fromkeys(names))


def joined(words: Sequence[str]) -> str:
    """`a, b and c`."""
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
