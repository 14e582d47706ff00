"""Who answers, and what texts mention, in titles and subtitles: columns are read again."""

from funnelkit.report.findings import Record, count, records
from funnelkit.report.model import SaySection
from funnelkit.stats.bias import ALIKE, MARGIN, TOO_FEW, UNLIKE

BAND = f"±{100 * MARGIN:.0f} pp"
_MOST_THEMES = 15


def bias_rows(section: SaySection) -> list[Record]:
    """The features whose figures may be told."""
    known = ("do_bias", "do_bias_lo", "do_bias_hi")
    rows = records(section.table("bias"))
    return [row for row in rows if None not in [row[name] for name in known]]


def bias_title(section: SaySection) -> str:
    """Where respondents do not do like everybody; else how many features they use like them."""
    rows = records(section.table("bias"))
    unlike = [str(row["feature"]) for row in rows if row["do_bias_verdict"] == UNLIKE]
    if unlike:
        return f"Respondents do not use {', '.join(unlike)} like everybody"
    alike = sum(row["do_bias_verdict"] == ALIKE for row in rows)
    if not alike:
        return "Too few answered to tell whether they do what everybody does"
    features = "the one feature" if len(rows) == 1 else f"{alike} of {len(rows)} features"
    rest = "" if alike == len(rows) else "; too few to tell of the others"
    return f"Respondents use {features} like everybody, within {BAND}{rest}"


def bias_subtitle() -> str:
    """The method in one sentence."""
    return (
        "Use by those who answered, weighted, less use by everybody who has it; whisker: 90 %"
        f" interval. Inside {BAND} (shaded): like everybody; wholly outside: not; else too few to"
        " tell. It can refute, never prove."
    )


def is_told_apart(row: Record) -> bool:
    """Whether the check says anything of the feature."""
    return bool(row["do_bias_verdict"] != TOO_FEW)


def theme_rows(section: SaySection) -> list[Record]:
    """The themes that most texts mention, the most first; equal ones by name."""
    rows = [row for row in records(section.table("themes")) if row["mentions"]]
    return sorted(rows, key=lambda row: (-row["mentions"], row["theme"]))[:_MOST_THEMES]


def flagged(row: Record) -> str:
    """`29 of 72`: texts flagged negative, of those that could be scored; empty where not told."""
    if row["negative"] is None or row["scored"] is None:
        return ""
    return f"{count(row['negative'])} of {count(row['scored'])}"


def themes_title(section: SaySection) -> str:
    """What is mentioned most."""
    top = theme_rows(section)[0]
    return (
        f"Most mentioned: {top['theme']}, {count(top['mentions'])} times by"
        f" {count(top['customers'])} customers"
    )


def themes_subtitle(section: SaySection) -> str:
    """The method in one sentence."""
    rows = theme_rows(section)
    calibrated = any(row["negative_share"] is not None for row in rows)
    own = (
        "the table has what labels make of them"
        if calibrated
        else "not calibrated, so no share of the texts that are negative"
    )
    wave = f"Wave {rows[0]['wave']}: " if rows[0]["wave"] else ""
    return (
        f"{wave}mentions in texts; of those scored, how many are flagged negative. Flags are"
        f" counts, {own}."
    )
