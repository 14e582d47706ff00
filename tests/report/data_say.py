"""Say and do made by hand: six features, two claims, three waves, four themes, five problems."""

from dataclasses import replace
from typing import Any

from funnelkit.report.columns_say import SAY_COLUMNS
from funnelkit.report.model import Definition, SaySection
from funnelkit.stats.proportions import wilson
from funnelkit.table import Table

# Like and use, like only, use only, neither; neutral, and of these who use it.
FEATURES = {
    "alerts": (21, 9, 71, 25, 40, 22),
    "exports": (18, 62, 6, 20, 31, 9),
    "sharing": (70, 18, 9, 14, 22, 12),
    "a feature with a rather long name": (30, 21, 18, 16, 12, 6),
    "search": (40, 20, 20, 40, 10, 5),
}


def table(part, rows):
    """Rows by column name; what a row does not name is nothing."""
    columns = SAY_COLUMNS[part]
    assert all(set(row) <= set(columns) for row in rows)
    return Table(tuple(columns.values()), tuple(tuple(map(row.get, columns)) for row in rows))


def around(estimate, half):
    return estimate, estimate - half, estimate + half


def gap_row(feature, cells, q=0.004):
    a, b, c, d, neutral, used = cells
    n = a + b + c + d
    nl, ud = wilson(b, a + b), wilson(c, c + d)
    gap, low, high = around((b - c) / n, 0.11)
    return {
        "feature": feature, "n": n, "n_eff": 0.9 * n, "aligned": a, "lip_service": b,
        "captive": c, "rejected": d, "neutral": neutral, "neutral_used": used,
        "not_using_among_like": nl.estimate, "nl_lo": nl.lo, "nl_hi": nl.hi,
        "using_among_dislike": ud.estimate, "ud_lo": ud.lo, "ud_hi": ud.hi,
        "say": (a + b) / n, "do": (a + c) / n, "gap": gap, "gap_lo": low, "gap_hi": high,
        "phi": 0.31, "label": "estimate", "likes": a + b,
        "dislikes": c + d, "decided": "yes" if q <= 0.05 else "no", "like_side": "exact",
        "dislike_side": "exact",
    }  # fmt: skip


def few_row(feature):
    """Ten with an opinion: counts alone, and one side is withheld."""
    return {"feature": feature, "n": 15, "captive": 6, "rejected": 5, "likes": 4, "dislikes": 11,
            "like_side": "", "dislike_side": "exact", "label": "signal"}  # fmt: skip


def rounded_row(feature):
    """Of 90 who like it fewer than five use it: the gap counts them as 2."""
    gap, low, high = around(0.67, 0.09)
    return {"feature": feature, "n": 121, "n_eff": 121.0, "captive": 9, "rejected": 22,
            "using_among_dislike": 9 / 31, "ud_lo": 0.16, "ud_hi": 0.47, "likes": 90,
            "dislikes": 31, "like_side": "few use it", "dislike_side": "exact",
            "say": 90 / 121, "do": 11 / 121, "gap": gap, "gap_lo": low, "gap_hi": high,
            "rounded": "yes", "decided": "yes", "label": "estimate"}  # fmt: skip


def gaps():
    rows = [gap_row(name, cells) for name, cells in FEATURES.items()]
    return [*rows, rounded_row("themes"), few_row("comments")]


def quadrant(rows):
    made = []
    for row in rows:
        if "gap" in row:
            ends: dict[str, float | None] = {}
            for name in ("say", "do"):
                found = wilson(row[name] * row["n"], row["n"])
                ends |= {f"{name}_lo": found.lo, f"{name}_hi": found.hi}
            names = ("feature", "n", "say", "do", "rounded")
            made.append({name: row.get(name) for name in names} | ends)
    return made


def cuts():
    rows = []
    for feature in ("alerts", "exports"):
        for days in (1, 2, 4):
            gap, low, high = around(-0.45 + 0.12 * days, 0.11)
            rows.append({"feature": feature, "used_days": days, "n": 126, "gap": gap,
                         "gap_lo": low, "gap_hi": high})  # fmt: skip
    return rows


def bias():
    verdicts = ("like everybody in what they do", "not like everybody", "too few to tell")
    rows = []
    for (name, cells), verdict in zip(FEATURES.items(), verdicts, strict=False):
        found, low, high = around(0.023, 0.04)
        rows.append({"feature": name, "n": sum(cells[:5]), "eligible": 1234, "use_everybody": 0.413,
                     "do_bias": found, "do_bias_lo": low, "do_bias_hi": high,
                     "do_bias_verdict": verdict})  # fmt: skip
    return rows


def population():
    rows = []
    for name in ("alerts", "exports"):
        row: dict[str, Any] = {"feature": name, "pop_n_eff": 151.234567}
        shares = {"like": 0.2, "neutral": 0.24, "dislike": 0.56, "like_not_use": 0.06,
                  "dislike_use": 0.38}  # fmt: skip
        for part, share in shares.items():
            row |= {f"pop_{part}": share, f"pop_{part}_lo": share - 0.05,
                    f"pop_{part}_hi": share + 0.05}  # fmt: skip
        rows.append(row)
    return rows


def money():
    story = {"feature": "alerts", "problem": "disliked, yet used", "customers": 38,
             "revenue_cents": 1_234_500, "revenue_share": 0.12,
             "estimated_revenue_cents": 4_400_000, "er_lo": 3_100_000, "er_hi": 5_900_000,
             "money_label": "most of it one account's"}  # fmt: skip
    side = {"feature": "themes", "problem": "like it", "customers": 85,
            "revenue_share": 0.31}  # fmt: skip
    return [story, side]


def claims():
    return [
        {"question": "hours", "n": 4210, "persons": 2107, "over": 2062, "same": 884,
         "under": 1264, "median_said": 4.0, "median_logged": 2.24, "mean_difference": 3.1,
         "lo": 2.8, "hi": 3.4, "median_difference": 1.1, "md_lo": 1.0, "md_hi": 1.2,
         "spearman": 0.56, "sp_lo": 0.53, "sp_hi": 0.59, "tolerance": 0.5},
        {"question": "how often do you export", "wave": "wave_1", "n": 61, "persons": 61,
         "median_said": 4.0, "median_logged": 2.0, "mean_difference": 1.1, "lo": 0.4, "hi": 1.8,
         "spearman": 0.4, "sp_lo": 0.2, "sp_hi": 0.6, "tolerance": 0.5},
    ]  # fmt: skip


def nps():
    rows = []
    for number, (wave, score) in enumerate(
        {"wave_0": 0.21, "wave_1": 0.11, "wave_2": -0.05}.items()
    ):
        found, low, high = around(score, 0.1)
        rows.append({"wave": wave, "n": 200, "customers": 150, "promoters": 80, "passives": 62,
                     "detractors": 58, "nps": found, "lo": low, "hi": high,
                     "label": "estimate"})  # fmt: skip
        if number:
            rows[-1] |= {"difference": -0.16, "d_lo": -0.31, "d_hi": -0.01}
    return rows


def impact():
    return [
        {"theme": theme, "wave": "wave_2", "n": 200, "impact": change, "lo": change - 0.03,
         "hi": change + 0.03, "label": "estimate"}
        for theme, change in (("alerts", -0.06), ("pricing", 0.01))
    ]  # fmt: skip


def themes():
    rows = [
        {"theme": theme, "wave": "wave_2", "mentions": 61, "customers": 55,
         "scored": 60, "negative": 24, "negative_share": 0.55,
         "lo": 0.41, "hi": 0.68, "method": "VADER", "se": 0.43, "sp": 0.95,
         "labels": 300, "label": "estimate"}
        for theme in ("alerts", "exports", "pricing")
    ]  # fmt: skip
    return [*rows, {"theme": "comments", "mentions": 9, "customers": 8,
                    "method": "VADER"}]  # fmt: skip


def opportunities():
    made = (
        (1, "feature", "alerts", "captive", 142, 71, 8.4, 1_210_000, 1, 2),
        (1, "step", "activation", "built", 420, 160, 4.0, 1_100_000, 1, 2),
        (2, "feature", "exports", "lip service", 106, 62, 6.1, 120_000, 3, 4),
        (3, "feature", "sharing", "lip service", 111, 18, 1.6, 100_000, 3, 5),
        (4, "feature", "search", "captive", 120, 20, 1.7, 98_000, 4, 5),
    )
    rows = []
    for tier, kind, name, problem, eligible, affected, value, business, low, high in made:
        found = wilson(affected, eligible)
        rows.append({"tier": tier, "kind": kind, "name": name, "problem": problem,
                     "eligible": eligible, "affected": affected,
                     "affected_share": found.estimate, "lo": found.lo, "hi": found.hi,
                     "customer_value": value, "business_value_cents": business,
                     "rank_lo": low, "rank_hi": high,
                     "label": "estimate"})  # fmt: skip
    hidden = dict.fromkeys(("eligible", "affected", "affected_share", "lo", "hi"))
    rows[2] |= hidden | {"customer_value": 6.0, "business_value_cents": 100_000, "rounded": "yes"}
    return rows


UNSEEN = (
    "Equal behaviour does not mean equal opinion: if the satisfied answer more at equal behaviour,"
    " this cannot be seen here."
)
FOUND = (
    "Alerts: 71 of 96 who rate it bad used it in the last 28 days (74 %, 64–82 %); 38 customers,"
    " 12 % of revenue."
)


def say_section(**changes):
    rows = gaps()
    parts = {
        "gaps": rows, "quadrant": quadrant(rows), "cuts": cuts(), "bias": bias(),
        "population": population(), "money": money(), "claims": claims(), "nps": nps(),
        "impact": impact(), "themes": themes(), "opportunities": opportunities(),
    }  # fmt: skip
    made = SaySection(
        wave="wave_2",
        words=("Taxonomy 2026-11.", "Texts: VADER, of the sentence that mentions the theme."),
        features=(
            Definition(
                "alerts", ("Used: alert_created on 2 days within 28 days.",), "ace7c2c2dd90"
            ),
            Definition("exports", ("Used: exported on 2 days within 28 days.",), "1be0a77cd112"),
        ),
        findings=(FOUND,),
        told={
            "gaps": ("Of 6 features, 3 have a gap that is decided.", "12 answers left out."),
            "bias": (UNSEEN,),
            "impact": ("An arithmetic contribution, not a cause.",),
        },
        tables={part: table(part, found) for part, found in parts.items()},
    )
    return replace(made, **changes)
