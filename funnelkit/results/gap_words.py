"""What is said of gaps: the finding in a sentence, what is left out, and what nobody can see."""

from collections.abc import Iterable, Mapping, Sequence

from funnelkit.jobs.population import Population
from funnelkit.jobs.sentiment import vader
from funnelkit.project.durations import format_duration
from funnelkit.results.gap_rows import PASSES, Record
from funnelkit.results.say_frames import Feature
from funnelkit.stats.bias import UNSEEN
from funnelkit.stats.evidence import FEWEST, LEAST_N
from funnelkit.stats.funnels import many
from funnelkit.stats.paired import LITERATURE_PHI
from funnelkit.table import Value

METHOD = (
    "Of those with an opinion; the latest answer of each, who had access for the whole window. "
    "Rates: Wilson; gap: likes less uses, Newcombe's paired interval; respondents of one customer "
    "count as n / design effect. q: mid-p McNemar, Benjamini-Hochberg over the rows of a wave."
)
FEW = (
    f"With fewer than {LEAST_N} effective answers, or an interval wider than 0.30, counts stand "
    f"instead of percentages; of fewer than {FEWEST} nothing is told."
)
NOT_ADDED = (
    "Revenue: identified is the exact sum over these customers; estimated holds those that did not "
    "answer too, by revenue bands. Never add them."
)
PHI_BESIDE = f"others found {LITERATURE_PHI[0]}–{LITERATURE_PHI[1]}"


def findings(record: Record, feature: Feature) -> tuple[str, str]:
    """The side that is the finding in a sentence, and the other, where they may be told.

    A decided gap says which side. Of one that is not, who dislikes it and uses it are the finding
    where they use it more than everybody does, else the larger cell: of a feature that few use,
    most of those who like it do not use it, and that alone says little.
    """
    found = [_side(record, feature, name) for name in told_sides(record)]
    if not found:
        return f"{feature.title}: fewer than {FEWEST} told an opinion.", ""
    return found[0], found[1] if len(found) > 1 else ""


def told_sides(record: Record) -> list[str]:
    """The sides that may be told, `captive` and `lip`; the one that is the finding first."""
    told = [
        name for name, cell, rest in _SIDES if record[cell] is not None and _of(record, cell, rest)
    ]
    first = "captive" if _is_captive(record) else "lip"
    return sorted(told, key=lambda name: name != first)


_SIDES = (("captive", "captive", "rejected"), ("lip", "lip_service", "aligned"))


def _is_captive(record: Record) -> bool:
    """Whether the finding is on those who dislike it and use it."""
    q, gap = record["q_value"], record["gap"]
    if isinstance(q, float) and q <= PASSES and isinstance(gap, float):
        return gap < 0
    lowest, everybody = record["ud_lo"], record["use_everybody"]
    if isinstance(lowest, float) and isinstance(everybody, float) and lowest > everybody:
        return True
    return _of(record, "captive") > _of(record, "lip_service")


def finding(record: Record, feature: Feature) -> str:
    """The stronger side alone."""
    return findings(record, feature)[0]


def _side(record: Record, feature: Feature, cell: str) -> str:
    """`Alerts: 71 of 96 who rate it bad used it in the last 28 days (74 %, 64–82 %); ...`."""
    if cell == "captive":
        k, n = record["captive"], _of(record, "captive", "rejected")
        share = [record[name] for name in ("using_among_dislike", "ud_lo", "ud_hi")]
    else:
        k, n = record["lip_service"], _of(record, "aligned", "lip_service")
        share = [record[name] for name in ("not_using_among_like", "nl_lo", "nl_hi")]
    who, did = who_says(record, cell), _did(record, feature, cell)
    segment = f" ({record['segment']})" if record["segment"] else ""
    return (
        f"{feature.title}{segment}: {k:,} of {n:,} who {who} {did}"
        f"{_in_percent(share)}{_money(record, cell)}."
    )


def who_says(record: Record, cell: str) -> str:
    """Who is on the side of a cell: `rate it good`."""
    if record["aims"] == "intent":
        return "do not mean to use it" if cell == "captive" else "mean to use it"
    verb = "speak" if record["source"] == "text" else "rate it"
    words = {"speak": ("badly of it", "well of it"), "rate it": ("bad", "good")}[verb]
    also = " or write so" if record["source"] == "rating and text" else ""
    return f"{verb} {words[0] if cell == 'captive' else words[1]}{also}"


def _did(record: Record, feature: Feature, cell: str) -> str:
    window = format_duration(feature.within_us)
    when = f"in the next {window}" if record["aims"] == "intent" else f"in the last {window}"
    if record["used_days"] != feature.used_days:
        when = f"on {many(_of(record, 'used_days'), 'days')} or more {when}"
    return f"used it {when}" if cell == "captive" else f"did not use it {when}"


def _in_percent(share: Sequence[Value]) -> str:
    """` (74 %, 64–82 %)`; empty where it may not be a percentage."""
    if not all(isinstance(each, float | int) for each in share):
        return ""
    point, lo, hi = (round(100 * float(each or 0)) for each in share)
    return f" ({point} %, {lo}–{hi} %)"


def _money(record: Record, cell: str) -> str:
    """`; 38 customers, 12 % of revenue`, and whether one of them makes most of it."""
    customers = record[f"{cell}_customers"]
    if not isinstance(customers, int) or not customers:
        return ""
    part = record[f"{cell}_revenue_share"]
    told = f"; {many(customers, 'customers')}"
    told += f", {100 * part:.0f} % of revenue" if isinstance(part, float) else ""
    label, largest = record[f"{cell}_money_label"], record[f"{cell}_largest_share"]
    is_told = isinstance(largest, float) and customers > 1
    most = f" ({100 * float(largest or 0):.0f} %)" if is_told else ""
    return f"{told}, {label}{most}" if label else told


def headline(records: Sequence[Record], own: Mapping[str, int]) -> str:
    """The finding on most customers, of those that passed their family where any did.

    `own`: how many days make a use, by feature: other cuts have no headline.
    """
    mine = [row for row in records if row["used_days"] == own[str(row["feature"])]]
    whole = [row for row in mine if row["segment"] is None] or mine
    if not whole:
        return "Nobody told an opinion on a feature."
    return str(max(whole, key=_weight)["finding"])


def _weight(record: Record) -> tuple[bool, int, str]:
    q, customers = record["q_value"], record["customers"]
    passed = isinstance(q, float) and q <= PASSES
    return passed, customers if isinstance(customers, int) else -1, str(record["feature"])


def left_in_words(left: Iterable[tuple[str, int]]) -> str:
    """How many ratings do not count, and why; empty without any."""
    told = [f"{reason} {answers:,}" for reason, answers in left]
    return f"Ratings left out: {', '.join(told)}." if told else ""


def texts_in_words(found: Mapping[str, int]) -> str:
    """How many opinions are read from texts, and how; empty without any."""
    told = [f"{name} {texts:,}" for name, texts in found.items() if texts]
    if not told:
        return ""
    return (
        f"Read from texts of people who rated nothing, by {vader().name} (`funnelkit themes` says"
        f" how far it may be trusted): {', '.join(told)}."
    )


def unasked_in_words(dislike: int, used: int, like: int) -> str:
    """Who spoke up without being asked: counts of customers, never weighted; empty without any."""
    if dislike + like < FEWEST:
        return ""
    return (
        f"Not among them: customers that only tickets, reviews or interviews tell of: {dislike:,} "
        f"dislike a feature ({used:,} of them use it), {like:,} like one."
    )


def used_in_words(features: Iterable[Feature]) -> str:
    """What counts as used, in a sentence: features of one rule together."""
    rules: dict[str, list[str]] = {}
    for feature in features:
        days = many(feature.used_days, "days")
        rule = f"on {days} or more within {format_duration(feature.within_us)}"
        rules.setdefault(rule, []).append(feature.name)
    if len(rules) == 1:
        return f"Used: {next(iter(rules))} before the answer (after it, for an intent)."
    told = "; ".join(f"{', '.join(names)} {rule}" for rule, names in rules.items())
    return f"Used, before the answer (after it, for an intent): {told}."


def population_in_words(found: Mapping[str, Population]) -> list[str]:
    """Whether the figures may stand for everybody, by feature, and what nobody can see."""
    refused: dict[str, list[str]] = {}
    for name, population in found.items():
        if population.why:
            refused.setdefault(population.why, []).append(name)
    told = [f"Respondents only, {', '.join(names)}: {why}." for why, names in refused.items()]
    return [*told, UNSEEN] if found else told


def bias_notes() -> tuple[str, ...]:
    """What the check compares, what it can show, and what it cannot."""
    return (
        "Use in the window before the wave: of the weighted respondents less that of everybody "
        "with access, 90 % interval; inside ±5 points they are alike. It can refute, never prove.",
        UNSEEN,
    )


def _number(record: Record, name: str) -> int | None:
    value = record[name]
    return value if isinstance(value, int) else None


def _of(record: Record, *names: str) -> int:
    return sum(_number(record, name) or 0 for name in names)
