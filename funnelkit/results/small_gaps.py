"""Cells of say against do that are too small for a committed report.

Of those who like a feature, and of those who dislike it, some use it and some do not. Where fewer
than five of a side do the one or the other (nobody included), neither number is told, only that
they are so few; what rests on all four cells (the gap, its verdict, use among respondents) counts
them as 2 and moves as many to the cell beside them, so that nothing gives them back. What rests on
the small cell alone is left out; its money is told of the side as a whole. Where a side is small
in both cells or as a whole, what rests on it is left out.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from funnelkit.results.gap_rows import PASSES
from funnelkit.results.small_say import Near, Row, enough, significant, without
from funnelkit.stats.evidence import LEAST_N
from funnelkit.stats.paired import mcnemar_mid_p, newcombe_paired, phi
from funnelkit.stats.proportions import benjamini_hochberg, wilson

EXACT, FEW_USE, FEW_DO_NOT = "exact", "few use it", "few do not use it"
_LIKE = ("aligned", "lip_service", "not_using_among_like", "nl_lo", "nl_hi")
_DISLIKE = ("captive", "rejected", "using_among_dislike", "ud_lo", "ud_hi")
_GAP = ("gap", "gap_lo", "gap_hi", "phi")
_SHARES = ("say", "say_lo", "say_hi", "do", "do_lo", "do_hi")
_OF_CELLS = ("lip_rate", "captive_rate")
_NEVER = ("p_value", "q_value")  # of one feature they rest on the cells of all
_CUT = ("feature", "used_days", "n", *_GAP[:3], "rounded")
_ESTIMATED = ("estimated_revenue_cents", "er_lo", "er_hi")
_BIAS = ("use_everybody", "do_bias", "do_bias_lo", "do_bias_hi")


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


def judged(rows: Sequence[Row], fewest: int) -> list[Row]:
    """All rows of a family with `decided`: `yes` or `no`, None of too few.

    Small cells count as in the gap, so that no verdict gives one back; a row without a gap counts
    as one that is not decided.
    """
    tested = [_may_be_tested(row, fewest) for row in rows]
    family = [row for row, is_tested in zip(rows, tested, strict=True) if is_tested]
    q = iter(benjamini_hochberg([_p(row, fewest) for row in family]))
    verdicts = ["yes" if is_tested and next(q) <= PASSES else "no" for is_tested in tested]
    return [
        row | {"decided": verdict if is_tested else None}
        for row, verdict, is_tested in zip(rows, verdicts, tested, strict=True)
    ]


def _may_be_tested(row: Row, fewest: int) -> bool:
    """Whether n is 30; beside a side that is not told, whether it may be."""
    totals = [each.total for each in sides(row, fewest)]
    if enough(fewest, *totals):
        return bool((row["n_eff"] or 0) >= LEAST_N)
    return max(total or 0 for total in totals) + fewest > LEAST_N


def _p(row: Row, fewest: int) -> float:
    like, dislike = sides(row, fewest)
    if row["gap"] is None or not (like.state and dislike.state):
        return 1.0
    lip, captive = like.counted(fewest)[1], dislike.counted(fewest)[0]
    deff = _deff(row, like, dislike)
    return mcnemar_mid_p(lip / deff, captive / deff)


def _deff(row: Row, like: Side, dislike: Side) -> float:
    """The design effect; beside a small cell, which moves it, with one decimal."""
    deff = float(row["deff"])
    return deff if like.state == dislike.state == EXACT else max(1.0, round(deff, 1))


def gap_row(row: Row, fewest: int) -> Row:
    """A row of `judged` as a report may show it, with `likes`, `dislikes` (how many there are),
    `like_side`, `dislike_side` (which cell is too small) and `rounded`.
    """
    like, dislike = sides(row, fewest)
    hidden = [*_NEVER] if like.state == EXACT else [*_NEVER, *_LIKE, "n_eff", "deff"]
    hidden += [] if dislike.state == EXACT else [*_DISLIKE, "n_eff", "deff"]
    hidden += _neutral_hidden(row, fewest)
    totals = {
        "likes": like.total if enough(fewest, like.total) else None,
        "dislikes": dislike.total if enough(fewest, dislike.total) else None,
    }
    # Less the side that is told, n gives the other; the label tells whether n is 30 or more.
    hidden += ["n", "label"] if None in totals.values() else []
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
    cells = (*like.counted(fewest), *dislike.counted(fewest))
    deff = _deff(row, like, dislike)
    told = nothing | _shares(cells, sum(cells) / deff) | {"decided": row.get("decided")}
    if like.state == dislike.state == EXACT:
        return told | {name: row[name] for name in (*_GAP, *_OF_CELLS)}
    a, b, c, d = (cell / deff for cell in cells)
    gap = newcombe_paired(a, b, c, d)
    return told | dict(zip(_GAP, (*gap, phi(*cells)), strict=True)) | {"rounded": "yes"}


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
    """Each cell that is told exactly has so many more or fewer at every other cut."""
    return all(
        _apart(mine, its, fewest)
        for row in kept
        for mine, its in zip(sides(other, fewest), sides(row, fewest), strict=True)
    )


def _apart(one: Side, other: Side, fewest: int) -> bool:
    """Beside a small cell: however many are in it, since what is left out tells that too."""
    if one.state != EXACT:
        one, other = other, one
    if one.state != EXACT:
        return True
    if other.state == EXACT:
        return abs(int(one.use or 0) - int(other.use or 0)) >= fewest
    cell = one.use if other.state == FEW_USE else one.others
    return enough(2 * fewest - 1, cell)


def bias_rows(rows: Sequence[Row], fewest: int) -> list[Row]:
    """Do-bias: figures where every cell may be told, else the verdict alone; n with the neutrals.

    What respondents do is the sum of what the likes, the dislikes and the neutrals do.
    """
    shown = []
    for row in rows:
        told = gap_row(row, fewest)
        if row["do_bias"] is None or told["n"] is None:
            continue
        exact = told["neutral_used"] is not None and all(
            each.state == EXACT for each in sides(row, fewest)
        )
        told |= {"n": row["n"] + row["neutral"] if told["neutral"] else None}
        figures = told if exact and _others_told(row, fewest) else without(told, _BIAS)
        # Less those with an opinion, everybody gives a bound of the neutrals.
        shown.append(figures if told["neutral"] else without(figures, ["eligible"]))
    return shown


def _others_told(row: Row, fewest: int) -> bool:
    """Whether those that did not answer are enough too, those that use it and those that do not."""
    used = sum(row[name] for name in ("aligned", "captive", "neutral_used"))
    idle = row["n"] + row["neutral"] - used
    use = round(row["eligible"] * row["use_everybody"])
    return enough(fewest, use - used, row["eligible"] - use - idle)


def population_rows(rows: Sequence[Row], fewest: int) -> list[Row]:
    """Weighted shares where likes, neutrals and dislikes are enough; of cells that are told.

    Beside the share that likes it, the share that does not use it gives the others back.
    """
    shown = []
    for row in rows:
        like, dislike = sides(row, fewest)
        parts = like.total, dislike.total, row["neutral"]
        if row["pop_like"] is None or not enough(fewest, *parts):
            continue
        hidden = [
            f"pop_{name}{end}"
            for name, its in (("like_not_use", like), ("dislike_use", dislike))
            if its.state != EXACT
            for end in ("", "_lo", "_hi")
        ]
        shown.append(without(row, hidden))
    return shown


# Of each side: its columns of money, what a row is called, and that of the side as a whole.
_MONEY = (
    ("lip", "likes", "liked, yet not used", "like it"),
    ("captive", "dislikes", "disliked, yet used", "dislike it"),
)


def money_rows(rows: Sequence[Row], fewest: int) -> list[Row]:
    """Customers and revenue of each discordant cell of at least `fewest` people and customers.

    Where its side has a small cell they are those of the whole side. Rows as of `say_money`.
    """
    shown = []
    for each in rows:
        row = _without_shares(each, fewest)
        for (cell, side_name, words, whole), its in zip(_MONEY, sides(row, fewest), strict=True):
            named = {"feature": row["feature"], "aims": row["aims"]}
            if its.state == EXACT and enough(fewest, row[f"{cell}_customers"]):
                shown.append(named | {"problem": words} | _of_cell(row, cell))
            elif its.state not in ("", EXACT) and enough(fewest, row[f"{side_name}_customers"]):
                shown.append(named | {"problem": whole} | _of_side(row, side_name))
    return shown


def _without_shares(row: Row, fewest: int) -> Row:
    """Where n is not told, without what tells that it is 30 or more; estimates rest on neutrals."""
    shares: tuple[str, ...] = () if enough(fewest, row["neutral"]) else _ESTIMATED
    if not all(enough(fewest, each.total) for each in sides(row, fewest)):
        shares = ("revenue_share", *_ESTIMATED)
    return without(row, (f"{of}_{name}" for names in _MONEY for of in names[:2] for name in shares))


def _of_cell(row: Row, cell: str) -> Row:
    return {
        **{name: row[f"{cell}_{name}"] for name in ("customers", "revenue_cents", "money_label")},
        "revenue_share": _whole_percent(row[f"{cell}_revenue_share"]),
        **{name: significant(row[f"{cell}_{name}"], 2) for name in _ESTIMATED},
    }


def _of_side(row: Row, side_name: str) -> Row:
    return {
        **{name: row[f"{side_name}_{name}"] for name in ("customers", "money_label")},
        "revenue_share": _whole_percent(row[f"{side_name}_revenue_share"]),
    }


def _whole_percent(share: float | None) -> float | None:
    """With more digits a sum and its share give everybody's revenue back."""
    return None if share is None else round(share, 2)


def problems_told(row: Row, fewest: int) -> dict[str, Near]:
    """Which of the two problems of a feature may be told of, and how.

    Not those of a feature of which likes, dislikes or neutrals are too few as a whole: a share of
    all that answered gives these back.
    """
    like, dislike = sides(row, fewest)
    if not enough(fewest, like.total, dislike.total, row["neutral"]):
        return {}
    exact = like.state == dislike.state == EXACT
    found = {"lip service": (like, row["lip_service"]), "captive": (dislike, row["captive"])}
    return {
        problem: None if exact else _near(its, people, fewest)
        for problem, (its, people) in found.items()
        if its.state and enough(fewest, people)
    }


def _near(its: Side, people: int, fewest: int) -> Near:
    """How many times these people a side may hold, whatever its small cell does."""
    total = its.total or 0
    small = range(fewest) if its.state != EXACT else ()
    return tuple((total - number) / people for number in small) or (1.0,)


def finding_record(row: Row, fewest: int) -> tuple[Row, dict[str, Row]]:
    """What a finding is told of (as `gap_words` reads it), and of which cells by a bound.

    A side that is too small in one cell tells of the other as of all of them: the text says how
    many (`people`), and the money is that of the side. The largest customer's share is never told.
    """
    record, bounds = _without_shares(dict(row), fewest), {}
    # Which side comes first follows from the gap as it is told.
    shown = gap_row(row, fewest)
    record |= {"gap": shown["gap"], "q_value": 0.0 if shown["decided"] == "yes" else None}
    for (cell, side_name, *_), its in zip(_MONEY, sides(row, fewest), strict=True):
        names = _LIKE if cell == "lip" else _DISLIKE
        big = FEW_USE if cell == "lip" else FEW_DO_NOT
        record[f"{cell}_largest_share"] = None
        if its.state != EXACT or not enough(fewest, row[f"{cell}_customers"]):
            record |= {f"{cell}_customers": None, f"{cell}_revenue_share": None}
        if its.state == EXACT:
            continue
        record |= dict.fromkeys(names)
        if its.state == big:
            # The first of these columns is who does it: of the likes those who use it are few.
            counts = (0, its.total) if cell == "lip" else (its.total, 0)
            record |= dict(zip(names[:2], counts, strict=True))
            bounds[cell] = {"people": its.total}
            if enough(fewest, row[f"{side_name}_customers"]):
                bounds[cell] |= _of_side(record, side_name)
    return record, bounds
