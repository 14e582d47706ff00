"""Say and do in titles and subtitles: what the charts say. Only columns are read again.

`say` is the share that likes a feature among those with an opinion of it, `do` the share that uses
it among the same people.
"""

from collections.abc import Sequence

from funnelkit.report.findings import Record, count, records
from funnelkit.report.findings_aha import difference
from funnelkit.report.model import SaySection
from funnelkit.stats.evidence import LEAST_N
from funnelkit.table import percent, shown

WITHHELD = "withheld"
ONE_WAVE = "all"  # what dim_waves calls the only one where none are declared
FEW_USE = "few use it"  # what `like_side` and `dislike_side` say of which cell is too small
_PROBLEMS = {"captive": "disliked, yet used", "lip service": "liked, yet not used"}


def wave_name(section: SaySection) -> str:
    """The wave at the head of a sentence; where none are declared, all answers are one."""
    return "All answers" if section.wave == ONE_WAVE else f"Wave {section.wave}"


def by_gap(section: SaySection) -> list[Record]:
    """The features whose gap is known, the largest first; equal ones by name."""
    known = [row for row in records(section.table("gaps")) if row["gap"] is not None]
    return sorted(known, key=lambda row: (-row["gap"], row["feature"]))


def not_drawn(section: SaySection) -> list[str]:
    """Features with a row and no gap: too few for a percentage, or for a committed report."""
    return [str(r["feature"]) for r in records(section.table("gaps")) if r["gap"] is None]


def passed(row: Record) -> bool:
    """Whether the gap is decided within its family (Benjamini-Hochberg over the wave)."""
    return bool(row["decided"] == "yes")


def gap(row: Record) -> str:
    """A gap with its interval; `≈` where a cell is too small to be told."""
    return about(row) + difference(row["gap"], row["gap_lo"], row["gap_hi"])


def about(row: Record) -> str:
    """`≈ ` before what is not exact, as a number of fewer than five is behind it."""
    return "≈ " if row.get("rounded") else ""


def revenue_label(section: SaySection, row: Record) -> str:
    """Whom the gap concerns: `disliked, yet used: 26 customers, 59 % of revenue`; or nothing."""
    side = "like" if row["gap"] > 0 else "dislike"
    for each in records(section.table("money")):
        ours = each["feature"] == row["feature"] and str(each["problem"]).startswith(side)
        if ours and None not in (each["customers"], each["revenue_share"]):
            story = f", {each['money_label']}" if each["money_label"] else ""
            share = f"{100 * each['revenue_share']:.0f} % of revenue"
            return f"{each['problem']}: {count(each['customers'])} customers, {share}{story}"
    return ""


def _sizes(rows: Sequence[Record]) -> str:
    ends = [int(pick(row["n"] for row in rows)) for pick in (min, max)]
    return f"n = {'–'.join(count(number) for number in dict.fromkeys(ends))}"


def gaps_title(section: SaySection) -> str:
    """The widest gap that is decided, towards praise and towards use."""
    rows = by_gap(section)
    decided = [row for row in rows if passed(row)]
    if not rows:
        return "No feature has enough answers for a gap"
    if not decided:
        return f"No gap between say and do is decided ({_sizes(rows)})"
    parts = []
    if decided[0]["gap"] > 0:
        parts.append(f"{decided[0]['feature']} is liked more than used")
    if decided[-1]["gap"] < 0:
        parts.append(f"{decided[-1]['feature']} is used more than liked")
    told = {row["feature"]: row for row in decided}
    named = [told[part.split(" is ")[0]] for part in parts]
    ends = "; ".join(
        f"{part} ({about(row)}{difference(row['gap'], None, None)}, n = {count(row['n'])})"
        for part, row in zip(parts, named, strict=True)
    )
    return ends[0].upper() + ends[1:]


def gaps_subtitle(section: SaySection) -> str:
    """The method in one sentence."""
    return (
        f"{wave_name(section)}, respondents with an opinion (top or bottom two boxes). Diamond:"
        " share who like it; circle: share of the same people who use it. Gap: likes it and does"
        " not use it, minus dislikes it and uses it, with Newcombe's paired 95 % interval."
    )


def quadrant_rows(section: SaySection) -> list[Record]:
    """The features that can be placed."""
    return [row for row in records(section.table("quadrant")) if row["say"] is not None]


def corner(row: Record) -> str:
    """In which of the four corners a feature stands; half of them is the border."""
    liked = "liked" if row["say"] >= 0.5 else "disliked"
    return f"{liked}, {'used' if row['do'] >= 0.5 else 'not used'}"


def quadrant_title(section: SaySection) -> str:
    """Which features stand where say and do part; without any, how many stand where they agree."""
    rows = quadrant_rows(section)
    apart = [row for row in rows if (row["say"] >= 0.5) != (row["do"] >= 0.5)]
    told = [
        f"most dislike {row['feature']} and use it"
        if row["do"] >= 0.5
        else f"most like {row['feature']} and do not use it"
        for row in apart[:2]
    ]
    if not told:
        return f"Say and do agree for most respondents of {_features(len(rows))}"
    return _capital("; ".join(told)) + f" ({_sizes(apart[:2])})"


def quadrant_subtitle(section: SaySection) -> str:
    """The method in one sentence."""
    return (
        f"{wave_name(section)}: share of respondents with an opinion who like a feature (across)"
        " and who use it (up). Lines: half of them. The table has the 95 % Wilson intervals."
    )


def _features(number: int) -> str:
    return "the one feature" if number == 1 else f"{count(number)} features"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def claim_rows(section: SaySection) -> list[Record]:
    """The claims of enough persons for percentages."""
    return [row for row in records(section.table("claims")) if _has_shares(row)]


def _has_shares(row: Record) -> bool:
    return row["over"] is not None and int(row["persons"]) >= LEAST_N


def three(row: Record) -> list[str]:
    """How many claim more, the same and less: in percent where the persons are enough for it."""
    parts = [row["over"], row["same"], row["under"]]
    if None in parts:
        return []
    if _has_shares(row):
        return [percent(part / row["n"]) for part in parts]
    return [f"{count(part)} of {count(row['n'])}" for part in parts]


def claim_name(row: Record) -> str:
    """The question, with its wave where it has one."""
    return f"{row['question']}, {row['wave']}" if row["wave"] else str(row["question"])


def claims_title(section: SaySection) -> str:
    """How many say more than the log, of the question where most do."""
    rows = claim_rows(section)
    top = max(rows, key=lambda row: row["over"] / row["n"])
    over, _, under = three(top)
    return (
        f"{over} of answers to {top['question']} claim more than the log has, {under} less"
        f" (n = {count(top['n'])})"
    )


def claims_subtitle() -> str:
    """The method in one sentence."""
    return (
        "What people say they did, beside the log of the same window and unit: over, the same"
        " within the declared tolerance, or under."
    )


def nps_rows(section: SaySection) -> list[Record]:
    """The waves whose NPS may stand here."""
    return [row for row in records(section.table("nps")) if row["nps"] is not None]


def points(value: float | None) -> str:
    """An NPS: `+12`, without a unit; `–` for nothing."""
    return shown(value, "points").removesuffix(" pp")


def nps_interval(row: Record) -> str:
    """An NPS with its interval: `+12.5 (+3.1 to +21.0)`."""
    if row["lo"] is None:
        return points(row["nps"])
    return f"{points(row['nps'])} ({points(row['lo'])} to {points(row['hi'])})"


def nps_title(section: SaySection) -> str:
    """The latest wave's, and whether the change to the one before is decided by its interval."""
    row = nps_rows(section)[-1]
    title = f"NPS {nps_interval(row)} in {row['wave']} (n = {count(row['n'])})"
    if row["d_lo"] is None or row["d_lo"] <= 0 <= row["d_hi"]:
        return title
    return f"{title}, {points(row['difference'])} since the wave before"


def nps_subtitle() -> str:
    """The method in one sentence."""
    return (
        "Share of promoters (9 or 10) minus share of detractors (0 to 6), in points of 100, 95 %"
        " adjusted Wald interval (n + 3)."
    )


def opportunity_rows(section: SaySection) -> list[Record]:
    """The problems that have a tier and both values."""
    return [
        row
        for row in records(section.table("opportunities"))
        if None not in (row["tier"], row["customer_value"], row["business_value_cents"])
    ]


def opportunity_name(row: Record) -> str:
    """What it is about: `alerts: disliked, yet used`."""
    problem = _PROBLEMS.get(row["problem"], row["problem"])
    return f"{row['name']}: {problem}" if problem else str(row["name"])


def opportunities_title(section: SaySection) -> str:
    """What stands in the first of the tiers that may be told of."""
    rows = records(section.table("opportunities"))
    tiers = [int(row["tier"]) for row in rows if row["tier"] is not None]
    if not tiers:
        return f"None of {count(len(rows))} problems can be ranked: too few answers"
    tier = min(tiers)
    first = [opportunity_name(row) for row in rows if row["tier"] == tier]
    if len(first) > 3:
        return f"{len(first)} of {len(rows)} problems share tier {tier}: none stands out"
    alone = "Alone in" if len(first) == 1 else "In"
    return f"{alone} tier {tier} of {len(rows)} problems: {'; '.join(first)}"


def opportunities_subtitle() -> str:
    """The method in one sentence."""
    return (
        "Up: customer value; across: business value, the lower limit of the share affected x"
        " revenue x severity. Tiers: what simultaneous 90 % intervals over accounts cannot tell"
        " apart."
    )
