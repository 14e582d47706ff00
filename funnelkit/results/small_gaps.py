"""Cells of say against do that are too small for a committed report.

Of those who like a feature, and of those who dislike it, some use it and some do not. Where fewer
than five of a side do the one or the other (nobody included), neither number is told, only that
they are so few; what rests on all four cells (the gap, use among respondents) counts them as 2 and
moves as many to the cell beside them, so that nothing gives them back. Where a side is small in
both cells or as a whole, what rests on it is left out.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from funnelkit.results.gap_rows import PASSES
from funnelkit.results.small_say import Row, enough, without
from funnelkit.stats.paired import newcombe_paired, phi
from funnelkit.stats.proportions import wilson

ROUNDED = "rounded"
EXACT, FEW_USE, FEW_DO_NOT = "exact", "few use it", "few do not use it"
_LIKE = ("aligned", "lip_service", "not_using_among_like", "nl_lo", "nl_hi")
_DISLIKE = ("captive", "rejected", "using_among_dislike", "ud_lo", "ud_hi")
_GAP = ("gap", "gap_lo", "gap_hi", "phi")
_SHARES = ("say", "say_lo", "say_hi", "do", "do_lo", "do_hi")
_OF_CELLS = ("lip_rate", "captive_rate", "p_value", "q_value")
_CUT = ("feature", "used_days", "n", *_GAP[:3], "rounded")
_ESTIMATED = ("estimated_revenue_cents", "er_lo", "er_hi")
_ALIKE = 1.05  # weights whose design effect is smaller give counts back


class Side(NamedTuple):
    """Those who like it, or those who dislike it: how many use it and do not; None: not told.

    `state` says which of the two is too few; empty where the side is left out.
    """

    use: int | None
    others: int | None
    state: str

    @property
    def total(self) -> int | None:
        """How many there are."""
        return None if self.use is None or self.others is None else self.use + self.others

    def counted(self, fewest: int) -> tuple[int, int]:
        """Both cells, small ones as the middle of what they may be."""
        use, others, small = self.use or 0, self.others or 0, fewest // 2
        if self.state == FEW_USE:
            return small, use + others - small
        return (use + others - small, small) if self.state == FEW_DO_NOT else (use, others)


def side(use: int | None, others: int | None, fewest: int) -> Side:
    """Whether the two cells of a side may be told.

    Of a side of fewer than nine, a bound of one cell leaves it not every number below five.
    """
    if enough(fewest, use, others):
        return Side(use, others, EXACT)
    if use is None or others is None or use + others < 2 * fewest - 1:
        return Side(use, others, "")
    return Side(use, others, FEW_USE if use < fewest else FEW_DO_NOT)


def sides(row: Mapping[str, Any], fewest: int) -> tuple[Side, Side]:
    """Those who like it and those who dislike it."""
    return (
        side(row["aligned"], row["lip_service"], fewest),
        side(row["captive"], row["rejected"], fewest),
    )


def gap_row(row: Row, fewest: int) -> Row:
    """A row of `gaps` as a report may show it, with `likes`, `dislikes` (how many there are),
    `like_side`, `dislike_side` (which cell is too small), `rounded` and `decided`.
    """
    like, dislike = sides(row, fewest)
    hidden = [] if like.state == EXACT else [*_LIKE]
    hidden += [] if dislike.state == EXACT else [*_DISLIKE]
    hidden += _neutral_hidden(row, fewest)
    totals = {
        "likes": like.total if enough(fewest, like.total) else None,
        "dislikes": dislike.total if enough(fewest, dislike.total) else None,
    }
    if None in totals.values():
        # Less the side that is told, n gives the other.
        told = any(total is not None for total in totals.values())
        hidden += ["n", "n_eff", "deff"] if told else []
    shown = without(row, hidden) | totals
    shown |= {"like_side": like.state, "dislike_side": dislike.state}
    return shown | _gap(row, like, dislike, fewest)


def _neutral_hidden(row: Row, fewest: int) -> list[str]:
    neutral, used = row["neutral"], row["neutral_used"]
    if not enough(fewest, neutral):
        return ["neutral", "neutral_used"]
    return [] if enough(fewest, used, neutral - (used or 0)) else ["neutral_used"]


def _gap(row: Row, like: Side, dislike: Side, fewest: int) -> Row:
    """What rests on all four cells: as it is, with small cells as 2, or not at all."""
    nothing: Row = dict.fromkeys((*_GAP, *_SHARES, *_OF_CELLS, "rounded", "decided"))
    if row["gap"] is None or not (like.state and dislike.state):
        return nothing
    told = row["q_value"] is not None
    decided = {"decided": ("yes" if row["q_value"] <= PASSES else "no") if told else None}
    cells = (*like.counted(fewest), *dislike.counted(fewest))
    shares = _shares(cells, row["n_eff"])
    if like.state == dislike.state == EXACT:
        return nothing | {name: row[name] for name in (*_GAP, *_OF_CELLS)} | shares | decided
    gap = newcombe_paired(*(cell / row["deff"] for cell in cells))
    figures = dict(zip(_GAP, (*gap, phi(*cells)), strict=True))
    return nothing | figures | shares | decided | {"rounded": "yes"}


def _shares(cells: tuple[int, int, int, int], n_eff: float) -> Row:
    """Who likes it and who uses it, of those with an opinion: Wilson, by their effective number."""
    a, b, c, _ = cells
    found = [wilson((x + y) / sum(cells) * n_eff, n_eff) for x, y in ((a, b), (a, c))]
    return dict(zip(_SHARES, (*found[0], *found[1]), strict=True))


def cut_rows(own: Sequence[Row], others: Sequence[Row], fewest: int) -> list[Row]:
    """Gaps at every cut that differs from the ones before by no fewer than `fewest` in a cell.

    Who used it on one day and not on two is the difference of two cells.
    """
    found: list[Row] = []
    for row in own:
        kept = [row]
        for other in others:
            of_it = all(other[name] == row[name] for name in ("feature", "aims"))
            if of_it and _may_join(other, kept, fewest):
                kept.append(other)
        shown = [row | gap_row(row, fewest) for row in kept]
        known = [row for row in shown if row["gap"] is not None]
        if len(known) > 1:
            known.sort(key=lambda each: int(each["used_days"]))
            found += [{name: each[name] for name in (*_CUT, "aims")} for each in known]
    return found


def _may_join(other: Row, kept: Sequence[Row], fewest: int) -> bool:
    """Each cell that is told exactly is the same at the other cuts, or so many more or fewer."""
    steps = [
        abs(int(mine.use or 0) - int(its.use or 0))
        for row in kept
        for mine, its in zip(sides(other, fewest), sides(row, fewest), strict=True)
        if mine.state == its.state == EXACT
    ]
    return all(step == 0 or step >= fewest for step in steps)


def bias_rows(rows: Sequence[Row], fewest: int) -> list[Row]:
    """Do-bias where users and others are enough, among those who answered and among all."""
    return [
        row
        for row in rows
        if row["do_bias"] is not None and _use_told(row, fewest) and _weights_hide(row, fewest)
    ]


def _use_told(row: Row, fewest: int) -> bool:
    used = sum(row[name] or 0 for name in ("aligned", "captive", "neutral_used"))
    answers = row["n"] + (row["neutral"] or 0)
    everybody = row["eligible"]
    of_them = round(everybody * row["use_everybody"])
    return enough(fewest, used, answers - used, of_them, everybody - of_them)


def _weights_hide(row: Row, fewest: int) -> bool:
    """Whether a weighted share tells no count: all cells may be told, or weights differ enough."""
    exact = all(each.state == EXACT for each in sides(row, fewest))
    return exact or (row["pop_deff"] or 1.0) >= _ALIKE


def population_rows(rows: Sequence[Row], fewest: int) -> list[Row]:
    """Weighted shares where likes, neutrals and dislikes are enough, of cells that are too."""
    shown = []
    for row in rows:
        like, dislike = sides(row, fewest)
        parts = like.total, dislike.total, row["neutral"]
        if row["pop_like"] is None or not enough(fewest, *parts):
            continue
        hidden: list[str] = []
        cells = {
            "like_not_use": (like, row["lip_service"]),
            "dislike_use": (dislike, row["captive"]),
        }
        for name, (its, cell) in cells.items():
            told = its.state == EXACT or (enough(fewest, cell) and _weights_hide(row, fewest))
            hidden += [] if told else [f"pop_{name}{end}" for end in ("", "_lo", "_hi")]
        shown.append(without(row, hidden))
    return shown


def money_rows(rows: Sequence[Row], fewest: int) -> list[Row]:
    """Customers and revenue of each discordant cell of at least `fewest` people and customers.

    Where its neighbour is too small, customers are told to the nearest five and no sum; so are
    those of both cells together, where one is too small: the rest of a sum is the other cell.
    """
    shown = []
    for row in rows:
        like, dislike = sides(row, fewest)
        cells = {
            "lip": (like, row["lip_service"], "liked, yet not used"),
            "captive": (dislike, row["captive"], "disliked, yet used"),
        }
        mine = [
            _money_of(row, cell, its.state, words, fewest)
            for cell, (its, people, words) in cells.items()
            if its.state and enough(fewest, people, row[f"{cell}_customers"])
        ]
        shown += [*mine, *_money_of_both(row, like, dislike, fewest)]
    return shown


def _money_of(row: Row, cell: str, state: str, words: str, fewest: int) -> Row:
    of_cell = {
        name: row[f"{cell}_{name}"]
        for name in ("customers", "revenue_cents", "revenue_share", "money_label")
    }
    named = {"feature": row["feature"], "aims": row["aims"], "problem": words}
    if state == EXACT:
        return named | of_cell
    return named | rough_money(of_cell, fewest) | {"rounded": "yes"}


def rough_money(of_cell: Mapping[str, Any], fewest: int) -> Row:
    """Customers to the nearest five, revenue to whole percents: these give nobody back."""
    share = of_cell["revenue_share"]
    return {
        **of_cell,
        "customers": fewest * round(of_cell["customers"] / fewest),
        "revenue_cents": None,
        "revenue_share": None if share is None else round(share, 2),
    }


def _money_of_both(row: Row, like: Side, dislike: Side, fewest: int) -> list[Row]:
    """The two cells together, with what those that did not answer add."""
    if not (like.state and dislike.state and enough(fewest, row["customers"])):
        return []
    names = ("customers", "customers_share", "revenue_cents", "revenue_share", "money_label")
    sums = {name: row[name] for name in (*names, *_ESTIMATED)}
    named = {"feature": row["feature"], "aims": row["aims"], "problem": "both"}
    if like.state == dislike.state == EXACT:
        return [named | sums]
    part = row["customers_share"]
    rough = rough_money(sums, fewest) | {name: _two_digits(row[name]) for name in _ESTIMATED}
    rough["customers_share"] = None if part is None else round(part, 2)
    return [named | rough | {"rounded": "yes"}]


def _two_digits(cents: int | None) -> int | None:
    """A sum as `4,400,000`: what is left of its digits tells nobody's part in it."""
    return None if cents is None else int(float(f"{cents:.1e}"))


def problems_told(row: Row, fewest: int) -> dict[str, str]:
    """Which of the two problems of a feature may be told of: exactly, or to the nearest five."""
    like, dislike = sides(row, fewest)
    found = {}
    for problem, its, people in (
        ("lip service", like, row["lip_service"]),
        ("captive", dislike, row["captive"]),
    ):
        if its.state == EXACT:
            found[problem] = EXACT
        elif its.state and enough(fewest, people) and _weights_hide(row, fewest):
            found[problem] = ROUNDED
    return found


def finding_record(row: Row, fewest: int) -> tuple[Row, list[str]]:
    """What a finding is told of (as `gap_words` reads it), and which `k of n` stand for a bound.

    A side that is too small in one cell tells of the other as of all of them: the text says how
    many. The largest customer's share is never told.
    """
    like, dislike = sides(row, fewest)
    record, bounds = dict(row), []
    for cell, names, its in (
        ("lip", ("lip_service", "aligned"), like),
        ("captive", ("captive", "rejected"), dislike),
    ):
        record[f"{cell}_largest_share"] = None
        if not enough(fewest, row[f"{cell}_customers"]):
            record[f"{cell}_customers"] = None
        big = FEW_USE if cell == "lip" else FEW_DO_NOT
        if its.state == EXACT:
            continue
        record |= dict.fromkeys(names)
        if its.state == big:
            record |= _bound(row, cell, names, its, fewest)
            bounds.append(f"{its.total:,} of {its.total:,}")
    return record, bounds


def _bound(row: Row, cell: str, names: tuple[str, str], its: Side, fewest: int) -> Row:
    customers = row[f"{cell}_customers"]
    of_cell = {name: row[f"{cell}_{name}"] for name in ("customers", "revenue_share")}
    rough = rough_money({**of_cell, "revenue_cents": None}, fewest) if customers else of_cell
    rates = _LIKE[2:] if cell == "lip" else _DISLIKE[2:]
    return {
        **dict(zip(names, (its.total, 0), strict=True)),
        **dict.fromkeys(rates),
        **{f"{cell}_{name}": rough[name] for name in of_cell},
    }
