"""Groups of an aha moment that are too small for a committed report: joined, or left out.

As for funnels nobody stands alone, nor can be found by subtraction.
"""

from collections.abc import Iterable, Sequence

from funnelkit.results.small import OTHER, neighbours, others
from funnelkit.stats.reach import ReachCounts, Stuck, joined
from funnelkit.stats.retention import RetentionCounts
from funnelkit.table import Table, Value

Row = tuple[Value, ...]
# What a row of the search keeps where nothing else may be shown.
_NAMES = ("event", "at_least", "within_days", "verdict", "label", "chosen")
MOST_STUCK = 12  # rows of where those stand that did not reach it, the rest together
_WITHHELD = "Fewer than {fewest} entrants did it, or all but so few: no figure is shown."


def reach_periods(cohorts: Sequence[ReachCounts], fewest: int) -> list[ReachCounts]:
    """Entry weeks with fewer than `fewest` entrants joined to a neighbour."""
    named = {str(each.cohort): each for each in cohorts}
    sizes = {name: each.entrants for name, each in named.items()}
    return [
        joined([named[name] for name in group], cohort=group[0])
        for group in neighbours(sizes, fewest)
    ]


def reach_values(values: Sequence[ReachCounts], fewest: int) -> list[ReachCounts]:
    """Values with fewer than `fewest` entrants as one value `(other)`, last."""
    rest = others({each.value: each.entrants for each in values}, fewest, OTHER)
    kept = [each for each in values if each.value not in rest]
    together = [each for each in values if each.value in rest]
    return [*kept, joined(together, value=OTHER)] if together else kept


def stuck_rows(rows: Sequence[Stuck], fewest: int, most: int) -> list[Stuck]:
    """Rows with fewer than `fewest` entities, and those beyond `most`, as one row `(other)`."""
    sizes = {number: each.entities for number, each in enumerate(rows)}
    largest_first = sorted(sizes, key=lambda number: (-sizes[number], number))
    rest = {*others(sizes, fewest, -1), *(largest_first[most:])}
    kept = [each for number, each in enumerate(rows) if number not in rest]
    count = sum(sizes[number] for number in rest)
    return [*kept, Stuck(rows[0].aha, None, OTHER, OTHER, count)] if rest else kept


def may_be_told(rows: Sequence[Stuck], fewest: int) -> bool:
    """Whether the sentence over all rows names no group of fewer than `fewest`, nor leaves one.

    It names the largest row with a next event, and the step that most got no further than.
    """
    steps: dict[int | None, int] = {}
    for each in rows:
        steps[each.step] = steps.get(each.step, 0) + each.entities
    total = sum(steps.values())
    counts = [
        [count for step, count in steps.items() if step is not None],
        [each.entities for each in rows if each.next_event is not None],
    ]
    named = [max(each) for each in counts if each]
    named += [n for n in [sum(each.entities for each in rows if each.next_event is None)] if n]
    return all(count >= fewest and (total == count or total - count >= fewest) for count in named)


def joined_weeks(counts: Iterable[RetentionCounts], fewest: int) -> list[RetentionCounts]:
    """Cells of entry weeks of at least `fewest` entrants, small ones joined to a neighbour."""
    cells = list(counts)
    sizes: dict[str, int] = {}
    for each in cells:
        sizes[str(each.cohort)] = max(each.entrants, sizes.get(str(each.cohort), 0))
    groups = neighbours(sizes, fewest)
    first = {name: group[0] for group in groups for name in group}
    # A member without anybody mature in a week has no row there, and is of the joined week still.
    whole = {group[0]: sum(sizes[name] for name in group) for group in groups}
    together: dict[tuple[str, int], RetentionCounts] = {}
    for each in cells:
        key = (first[str(each.cohort)], each.week)
        before = together.get(key)
        joined_ = _joined(before, each) if before else each._replace(cohort=key[0])
        together[key] = joined_._replace(entrants=whole[key[0]])
    return [together[key] for key in sorted(together)]


def retention_periods(counts: Iterable[RetentionCounts], fewest: int) -> list[RetentionCounts]:
    """Cells of at least `fewest` mature entrants, small entry weeks joined to a neighbour.

    A week whose left out cells hold fewer than `fewest` together loses its smallest other one too.
    """
    together = {(str(each.cohort), each.week): each for each in joined_weeks(counts, fewest)}
    left_out = {key for key, each in together.items() if 0 < each.entrants - each.matured < fewest}
    left_out |= {
        key
        for week in {week for _, week in together}
        for key in others(
            {key: cell.matured for key, cell in together.items() if key[1] == week},
            fewest,
            ("", -1),
        )
    }
    return [together[key] for key in sorted(together) if key not in left_out]


def _joined(one: RetentionCounts, other: RetentionCounts) -> RetentionCounts:
    return one._replace(
        entrants=one.entrants + other.entrants,
        matured=one.matured + other.matured,
        retained=one.retained + other.retained,
    )


def retention_weeks(
    counts: Sequence[RetentionCounts], values: Iterable[str], fewest: int
) -> list[RetentionCounts]:
    """The weeks in which each value has at least `fewest` mature entrants."""
    matured: dict[tuple[int, str | None], int] = {}
    for each in counts:
        key = (each.week, each.value)
        matured[key] = matured.get(key, 0) + each.matured
    wanted = list(values)
    weeks = {week for week, _ in matured}
    kept = {week for week in weeks if all(matured.get((week, v), 0) >= fewest for v in wanted)}
    return [each for each in counts if each.week in kept]


def search_rows(table: Table, fewest: int) -> Table:
    """Without the figures of rows where fewer than `fewest` did it, or did not do it."""
    return Table(
        table.columns,
        tuple(_shown(row, table.names, fewest) for row in table.rows),
        table.meta,
        table.headline,
        table.notes,
    )


def _shown(row: Row, names: Sequence[str], fewest: int) -> Row:
    values = dict(zip(names, row, strict=True))
    n, reach = values["n"], values["reach"]
    if n is None or reach is None:
        return row
    did = round(float(n) * float(reach))
    if min(did, int(n) - did) >= fewest:
        return row
    kept = {name: value if name in _NAMES else None for name, value in values.items()}
    if "why" in kept:
        kept["why"] = _WITHHELD.format(fewest=fewest)
    return tuple(kept.values())
