"""How tables of what is said against what is done look."""

from collections.abc import Iterator
from dataclasses import dataclass

from funnelkit.cli.grid import Cell, Field, Grid, wrap
from funnelkit.cli.layout import Row, column, has, plain, records, text
from funnelkit.cli.layout_aha import WithReasons
from funnelkit.results.gap_words import PHI_BESIDE
from funnelkit.table import MINUS, NOTHING, Table, Value, percent, plain_number, shown

_HUMAN = {
    "lip_service": (
        *("feature", "segment", "wave", "used_days", "n", "aligned", "lip_service", "captive"),
        *("rejected", "neutral", "not_using_among_like", "nl_lo", "nl_hi"),
        *("using_among_dislike", "ud_lo", "ud_hi", "gap", "gap_lo", "gap_hi", "q_value"),
        *("customers", "revenue_share", "money_label", "label"),
    ),
    "use_weighted": (
        *("feature", "eligible", "answered", "use_everybody", "use_answered", "use_weighted"),
        *("do_bias", "do_bias_lo", "do_bias_hi", "do_bias_verdict"),
    ),
    "median_said": (
        *("question", "wave", "group", "n", "persons", "median_said", "median_logged"),
        *("mean_difference", "lo", "hi", "over", "same", "under", "spearman", "sp_lo", "sp_hi"),
        *("pearson",),
    ),
    "from_average": (
        *("question", "group", "quarter", "from_average", "to_average", "n", "p2_5", "median"),
        *("p97_5",),
    ),
}
_LABELS = {"anecdote": "dim", "signal": "warn", "decision-grade": "good"}
_VERDICTS = {"like everybody in what they do": "good", "not like everybody": "bad"}


def human_say(table: Table) -> Table:
    """The columns that people read, for Markdown: empty ones are left out."""
    wanted = next(names for column, names in _HUMAN.items() if column in table.names)
    return table.select([name for name in wanted if has(table, name)])


def lay_out_say(table: Table) -> Grid:
    """The Grid for one of these tables."""
    names = set(table.names)
    if "lip_service" in names:
        return _gaps(table)
    if "use_weighted" in names:
        return _bias(table)
    return _claims(table) if "median_said" in names else plain(human_say(table))


def _gaps(table: Table) -> Grid:
    """One line a feature or segment, and what was found; of a single one every cut, and more."""
    rows = records(table)
    keys = [(row["wave"], row["feature"], row["aims"], row["segment"]) for row in rows]
    if len(set(keys)) == 1:
        return Detailed(_fields(rows, with_cut=True), tuple(_detail(rows[0])))
    first = [
        row for row, key, before in zip(rows, keys, [None, *keys], strict=False) if key != before
    ]
    reasons = tuple(str(row["finding"]) for row in first)
    return WithReasons(_fields(first, with_cut=False), reasons)


def _fields(rows: list[Row], *, with_cut: bool) -> tuple[Field, ...]:
    fields = [
        Field("feature", [_name(row) for row in rows], flexible=True),
        Field("n", column(rows, "n", "count"), right=True, drop=1),
        Field("like, unused", [_share(row, "lip_service", "aligned", _NL) for row in rows]),
        Field("dislike, used", [_share(row, "captive", "rejected", _UD) for row in rows]),
        Field("gap, pp", [_points(row, "gap", "gap_lo", "gap_hi") for row in rows], drop=2),
        Field("evidence", [_label(row) for row in rows]),
    ]
    if len({row["wave"] for row in rows}) > 1:
        fields.insert(0, Field("wave", column(rows, "wave", "text")))
    if with_cut:
        days = [text(f"{row['used_days']} d or more") for row in rows]
        fields[0] = Field("used on", days)
    return tuple(fields)


_NL = ("not_using_among_like", "nl_lo", "nl_hi")
_UD = ("using_among_dislike", "ud_lo", "ud_hi")


def _name(row: Row) -> Cell:
    """The feature; behind it the segment, and what the answers were of if not an attitude."""
    aims = f" ({row['aims']})" if row["aims"] != "attitude" else ""
    return text(f"{row['feature']}{aims}" if row["segment"] is None else f"  {row['segment']}")


def _share(row: Row, k: str, rest: str, names: tuple[str, str, str]) -> Cell:
    """`74 % (64–82)`; `7 of 12` where it may not be a percentage; nothing where suppressed."""
    point, lo, hi = (row[name] for name in names)
    if point is not None:
        return text(f"{_whole(point)} % ({_whole(lo)}–{_whole(hi)})")
    count, other = row[k], row[rest]
    if not isinstance(count, int) or not isinstance(other, int):
        return text(NOTHING, "dim")
    return text(f"{count:,} of {count + other:,}" if count + other else NOTHING, "dim")


def _whole(share: Value) -> int:
    return round(100 * float(share or 0))


def _points(row: Row, name: str, lo: str, hi: str) -> Cell:
    """`−20 (−30…−10)`: a difference in percentage points and its limits."""
    if row[name] is None:
        return text(NOTHING, "dim")
    point, low, high = (f"{_whole(row[each]):+d}".replace("-", MINUS) for each in (name, lo, hi))
    return text(f"{point} ({low}…{high})")


def _label(row: Row) -> Cell:
    return text(str(row["label"]), _LABELS.get(str(row["label"]), ""))


@dataclass(frozen=True)
class Detailed(Grid):
    """Fields side by side, and under them lines of a name and a text."""

    told: tuple[tuple[str, str], ...] = ()

    def lines(self, width: int | None) -> list[Cell]:
        """Header and rows, then the texts, broken to the width."""
        lines = [*super().lines(width), [("", "")]]
        wide = max((len(name) for name, _ in self.told), default=0)
        for name, words in self.told:
            first, *rest = wrap(words, (width or 10**9) - wide - 3) or [""]
            lines.append([(f"{name:<{wide}}  ", "dim"), (first, "")])
            lines += [[(" " * (wide + 2), ""), (each, "")] for each in rest]
        return lines


def _detail(row: Row) -> Iterator[tuple[str, str]]:
    """What else is known at the feature's own cut."""
    if row["also"]:
        yield "also", str(row["also"])
    yield from _cells(row)
    if row["phi"] is not None:
        together = f"saying and doing go together by {plain_number(float(row['phi']))}"
        yield "phi", f"{together}; {PHI_BESIDE}"
    yield from _everybody(row)
    yield from _money(row)


def _cells(row: Row) -> Iterator[tuple[str, str]]:
    names = {"aligned": "like & use", "lip_service": "like & not use"}
    names |= {"captive": "dislike & use", "rejected": "dislike & not use"}
    cells = [f"{_count(row[name])} {words}" for name, words in names.items()]
    if row["n_eff"] is not None:
        yield "cells", ", ".join(cells)
        neutral = f"{_count(row['neutral'])}, of whom {_count(row['neutral_used'])} use it"
        yield "neutral", neutral
        worth = plain_number(float(row["n_eff"] or 0))
        yield "worth", f"{_count(row['n'])} respondents count as {worth} of different customers"


def _count(value: Value) -> str:
    return "few" if value is None else f"{value:,}"


def _everybody(row: Row) -> Iterator[tuple[str, str]]:
    named = {
        "like": "like",
        "neutral": "neutral",
        "dislike": "dislike",
        "like_not_use": "like & not use",
        "dislike_use": "dislike & use",
    }
    shares = [
        f"{words} {_share(row, '', '', (f'pop_{name}', f'pop_{name}_lo', f'pop_{name}_hi'))[0][0]}"
        for name, words in named.items()
        if row[f"pop_{name}"] is not None
    ]
    if shares:
        yield "everybody", f"of {_count(row['eligible'])} with access: {', '.join(shares)}"
    elif row["pop_why"]:
        yield "everybody", f"not told: {row['pop_why']}"
    if row["use_everybody"] is not None:
        yield "use", f"{percent(float(row['use_everybody']))} of everybody with access use it"
    if row["do_bias"] is not None:
        bias = _points(row, "do_bias", "do_bias_lo", "do_bias_hi")[0][0]
        yield "do-bias", f"{bias} pp, 90 % interval: {row['do_bias_verdict']}"


def _money(row: Row) -> Iterator[tuple[str, str]]:
    """How many customers are affected, in one line; what is estimated in another."""
    if row["customers"] is None:
        return
    told = f"{row['customers']:,} like it unused or dislike it used"
    if row["customers_share"] is not None:
        told += f" ({percent(float(row['customers_share']))} of those with access)"
    if row["revenue_cents"] is not None:
        told += f"; identified revenue {_amount(row['revenue_cents'])}"
    if row["revenue_share"] is not None:
        told += f" ({percent(float(row['revenue_share']))})"
    if row["largest_share"] is not None and row["effective_customers"] is not None:
        like = plain_number(float(row["effective_customers"]))
        told += f", the largest {percent(float(row['largest_share']))}, as {like} equal ones"
    label = f"; {row['money_label']}" if row["money_label"] else ""
    yield "customers", told + label
    if row["estimated_revenue_cents"] is not None:
        lo, hi = (_amount(row[name]) for name in ("er_lo", "er_hi"))
        middle = _amount(row["estimated_revenue_cents"])
        yield "estimated", f"revenue with those that did not answer: {middle} ({lo}–{hi})"


def _amount(cents: Value) -> str:
    """Cents as a whole amount of the unit that they are cents of."""
    return f"{round(float(cents or 0) / 100):,}"


def _bias(table: Table) -> Grid:
    """One line a feature: use of everybody, of the respondents, weighted, and the verdict."""
    rows = records(table)
    fields = [
        Field("feature", column(rows, "feature", "text"), flexible=True),
        Field("answered", column(rows, "answered", "count"), right=True, drop=2),
        Field("everybody", column(rows, "use_everybody", "share"), right=True),
        Field("raw", column(rows, "use_answered", "share"), right=True, drop=1),
        Field("weighted", column(rows, "use_weighted", "share"), right=True),
        Field("do-bias, pp", [_points(row, "do_bias", "do_bias_lo", "do_bias_hi") for row in rows]),
        Field(
            "verdict",
            [
                text(str(row["do_bias_verdict"]), _VERDICTS.get(str(row["do_bias_verdict"]), "dim"))
                for row in rows
            ],
            flexible=True,
        ),
    ]
    reasons = tuple(f"{row['pop_why']}" if row["pop_why"] else "" for row in rows)
    return WithReasons(tuple(fields), reasons)


def _claims(table: Table) -> Grid:
    """One line a question or group: who says more and less, the medians, and how they agree."""
    rows = records(table)
    fields = [
        Field("question", [_asked(row) for row in rows], flexible=True),
        Field("n", column(rows, "n", "count"), right=True),
        Field("over", column(rows, "over", "count"), right=True, drop=1),
        Field("same", column(rows, "same", "count"), right=True, drop=1),
        Field("under", column(rows, "under", "count"), right=True, drop=1),
        Field("said", column(rows, "median_said", "number"), right=True),
        Field("logged", column(rows, "median_logged", "number"), right=True),
        Field("difference", [_difference(row) for row in rows]),
        Field("Spearman", column(rows, "spearman", "number"), right=True, drop=2),
    ]
    return Grid(tuple(fields))


def _asked(row: Row) -> Cell:
    return text(str(row["question"]) if row["group"] is None else f"  {row['group']}")


def _difference(row: Row) -> Cell:
    """`+0.28 (0.22…0.34)`: the mean of said less logged."""
    if row["mean_difference"] is None:
        return text(NOTHING, "dim")
    limits = "…".join(shown(row[name], "number") for name in ("lo", "hi"))
    return text(f"{shown(row['mean_difference'], 'number')} ({limits})")
