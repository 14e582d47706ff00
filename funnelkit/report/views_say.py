"""The tables below the charts of say and do."""

from collections.abc import Callable, Sequence

from funnelkit.report.columns_say import SAY_COLUMNS
from funnelkit.report.findings import Record, count, records, with_interval
from funnelkit.report.findings_aha import difference
from funnelkit.report.findings_say import (
    FEW_USE,
    WITHHELD,
    about,
    by_gap,
    claim_name,
    corner,
    gap,
    nps_interval,
    opportunity_name,
    three,
)
from funnelkit.report.model import SaySection
from funnelkit.report.views import Cell, view
from funnelkit.stats.evidence import FEWEST
from funnelkit.table import NOTHING, Column, Table, Value, plain_number, signed_score


def _plain(part: str, name: str) -> Cell:
    return SAY_COLUMNS[part][name], lambda row: row[name]


def _text(name: str, label: str, value: Callable[[Record], Value]) -> Cell:
    return Column(name, "text", label), value


def _rate(name: str, lo: str, hi: str, label: str) -> Cell:
    return _text(f"{name}_interval", label, lambda row: with_interval(row[name], row[lo], row[hi]))


def _side(row: Record, state: str, cells: tuple[str, str, str], rate: Sequence[str]) -> str:
    """`71 of 96: 74.0 % (64.3–81.7 %)` of a side; of a cell too small to be told its bound.

    `cells`: the one that is told of, the other and their sum; `rate`: the share and its interval.
    """
    cell, other, whole = (row[name] for name in cells)
    if cell is not None and other is not None:
        counts = f"{count(cell)} of {count(cell + other)}"
        share, low, high = (row[name] for name in rate)
        return counts if share is None else f"{counts}: {with_interval(share, low, high)}"
    if whole is None or not row[state]:
        return WITHHELD
    few = (row[state] == FEW_USE) == (cells[0] == "captive")
    return f"{'' if few else 'all but '}fewer than {FEWEST} of {count(whole)}"


def _lip(row: Record) -> str:
    cells = ("lip_service", "aligned", "likes")
    return _side(row, "like_side", cells, ("not_using_among_like", "nl_lo", "nl_hi"))


def _captive(row: Record) -> str:
    cells = ("captive", "rejected", "dislikes")
    return _side(row, "dislike_side", cells, ("using_among_dislike", "ud_lo", "ud_hi"))


def gaps_view(section: SaySection) -> Table:
    """A row per feature: the two rates first, then the gap; the widest gap first."""
    table = section.table("gaps")
    first = by_gap(section)
    rest = [row for row in records(table) if row["gap"] is None]
    cells = [
        _plain("gaps", "feature"),
        _plain("gaps", "n"),
        _text("lip_interval", "Like it, do not use it (95 %)", _lip),
        _text("captive_interval", "Dislike it, use it (95 %)", _captive),
        _text("gap_interval", "Gap (95 %)", gap),
        _plain("gaps", "decided"),
        _plain("gaps", "label"),
    ]
    return view([*first, *rest], cells)


def quadrant_view(section: SaySection) -> Table:
    """A row per feature: both shares with their intervals, and the corner."""
    cells = [
        _plain("quadrant", "feature"),
        _plain("quadrant", "n"),
        _rate("say", "say_lo", "say_hi", "Like it (95 % interval)"),
        _text("do_interval", "Use it (95 % interval)", _do),
        _text("corner", "Most of them", corner),
    ]
    return view(records(section.table("quadrant")), cells)


def _do(row: Record) -> str:
    return about(row) + with_interval(row["do"], row["do_lo"], row["do_hi"])


def cuts_view(section: SaySection) -> Table:
    """A row per feature and cut."""
    cells = [
        _plain("cuts", "feature"),
        _plain("cuts", "used_days"),
        _plain("cuts", "n"),
        _text("gap_interval", "Gap (95 % interval)", gap),
    ]
    return view(records(section.table("cuts")), cells)


def bias_view(section: SaySection) -> Table:
    """A row per feature: what respondents do beside what everybody does."""
    cells = [
        _plain("bias", "feature"),
        _plain("bias", "n"),
        _plain("bias", "eligible"),
        _plain("bias", "use_everybody"),
        _text(
            "do_bias_interval",
            "Respondents beside them (90 % interval)",
            lambda row: difference(row["do_bias"], row["do_bias_lo"], row["do_bias_hi"]),
        ),
        _plain("bias", "do_bias_verdict"),
    ]
    return view(records(section.table("bias")), cells)


def population_view(section: SaySection) -> Table:
    """A row per feature: shares of everybody who has it."""

    def share(name: str, label: str) -> Cell:
        key = f"pop_{name}"
        return _rate(key, f"{key}_lo", f"{key}_hi", label)

    cells = [
        _plain("population", "feature"),
        _plain("population", "pop_n_eff"),
        share("like", "Like (95 %)"),
        share("neutral", "Neutral (95 %)"),
        share("dislike", "Dislike (95 %)"),
        share("like_not_use", "Like, do not use (95 %)"),
        share("dislike_use", "Dislike, use (95 %)"),
    ]
    return view(records(section.table("population")), cells)


def money(cents: float | None) -> str:
    """Whole units of the currency that the log is in: `12,400`."""
    return NOTHING if cents is None else f"{round(cents / 100):,}"


def _estimated(row: Record) -> str:
    told = money(row["estimated_revenue_cents"])
    ends = (row["er_lo"], row["er_hi"])
    return told if None in ends else f"{told} ({money(ends[0])}–{money(ends[1])})"


def money_view(section: SaySection) -> Table:
    """A row per feature: two kinds of revenue, side by side and never added."""
    cells: list[Cell] = [
        _plain("money", "feature"),
        _plain("money", "problem"),
        _plain("money", "customers"),
        (Column("identified", "number", "Identified revenue"), _identified),
        _text("revenue_share", "Of revenue", _whole_percent),
        _text("estimated_interval", "Estimated revenue (95 %)", _estimated),
        _plain("money", "money_label"),
    ]
    return view(records(section.table("money")), cells)


def _whole_percent(row: Record) -> str:
    share = row["revenue_share"]
    return NOTHING if share is None else f"{100 * share:.0f} %"


def _identified(row: Record) -> Value:
    cents = row["revenue_cents"]
    return None if cents is None else float(cents) / 100


def claims_view(section: SaySection) -> Table:
    """A row per question (and wave)."""

    def ends(name: str, low: str, high: str) -> Callable[[Record], Value]:
        return lambda row: _number_interval(row[name], row[low], row[high])

    cells = [
        _text("claim", "Question", claim_name),
        _plain("claims", "n"),
        _text("three", "Over / same / under", _three),
        _text("medians", "Median said / logged", _medians),
        _text("mean_interval", "Mean difference (95 %)", ends("mean_difference", "lo", "hi")),
        _text("spearman_interval", "Spearman (95 %)", ends("spearman", "sp_lo", "sp_hi")),
    ]
    return view(records(section.table("claims")), cells)


def _number_interval(value: float | None, low: float | None, high: float | None) -> str:
    if value is None:
        return NOTHING
    told = plain_number(value)
    if low is None or high is None:
        return told
    return f"{told} ({plain_number(low)} to {plain_number(high)})"


def _three(row: Record) -> str:
    return " / ".join(three(row)) or WITHHELD


def _medians(row: Record) -> str:
    told = [row["median_said"], row["median_logged"]]
    return " / ".join(NOTHING if value is None else plain_number(value) for value in told)


def nps_view(section: SaySection) -> Table:
    """A row per wave."""
    cells = [
        _plain("nps", "wave"),
        _plain("nps", "n"),
        _plain("nps", "promoters"),
        _plain("nps", "passives"),
        _plain("nps", "detractors"),
        _text("nps_interval", "NPS (95 %)", nps_interval),
        _text("change_interval", "Change (95 %)", _change),
    ]
    return view(records(section.table("nps")), cells)


def _change(row: Record) -> str:
    ends = {"nps": row["difference"], "lo": row["d_lo"], "hi": row["d_hi"]}
    return nps_interval(ends)


def impact_view(section: SaySection) -> Table:
    """A row per theme."""
    cells = [
        _plain("impact", "theme"),
        _plain("impact", "n"),
        _text("impact_interval", "Contribution to the NPS (95 %)", _contribution),
    ]
    return view(records(section.table("impact")), cells)


def _contribution(row: Record) -> str:
    """In whole points: `+3 (−1 to +7)`."""
    told = signed_score(row["impact"])
    ends = [row["lo"], row["hi"]]
    return told if None in ends else f"{told} ({' to '.join(map(signed_score, ends))})"


def themes_view(section: SaySection) -> Table:
    """A row per theme: who speaks of it, what the method flags, and what labels make of that."""
    cells = [
        _plain("themes", "theme"),
        _plain("themes", "mentions"),
        _plain("themes", "customers"),
        _text("flagged", "Flagged negative", _flagged),
        _rate("negative_share", "lo", "hi", "Negative, calibrated (95 %)"),
        _plain("themes", "label"),
    ]
    return view(records(section.table("themes")), cells)


def _flagged(row: Record) -> str:
    if row["negative"] is None or row["scored"] is None:
        return WITHHELD
    return f"{count(row['negative'])} of {count(row['scored'])}"


def opportunities_view(section: SaySection) -> Table:
    """A row per problem, by tier."""
    cells: list[Cell] = [
        _plain("opportunities", "tier"),
        _text("what", "Problem", opportunity_name),
        _text("affected_interval", "Affected (95 %)", _affected),
        _text("rank", "Rank", _rank),
        _text("customer_value", "Customer value", customer_value),
        _text("business", "Business value", business_value),
        _plain("opportunities", "label"),
    ]
    return view(records(section.table("opportunities")), cells)


def customer_value(row: Record) -> str:
    """With one decimal; `≈ 8` in whole numbers where cells are too small."""
    value = row["customer_value"]
    return NOTHING if value is None else f"{about(row)}{value:.{0 if row['rounded'] else 1}f}"


def business_value(row: Record) -> str:
    """In whole units, of which the first one or two digits count."""
    cents = row["business_value_cents"]
    return NOTHING if cents is None else about(row) + money(cents)


def _affected(row: Record) -> str:
    """The share of those that could be, behind its counts where these are what it is of."""
    if row["affected"] is None:
        return WITHHELD
    told = count(row["affected"])
    if row["affected_share"] is None:
        return told
    share = with_interval(row["affected_share"], row["lo"], row["hi"])
    return share if row["kind"] == "feature" else f"{told} of {count(row['eligible'])}: {share}"


def _rank(row: Record) -> str:
    low, high = row["rank_lo"], row["rank_hi"]
    if low is None or high is None:
        return NOTHING
    return f"{low}" if low == high else f"{low}–{high}"
