"""No cell of fewer than five follows from all that a report tells of a feature, by brute force.

Each world is a small table of who likes, dislikes and uses a feature. Whatever cell of it is small,
another world with another number in that cell must be told in the same words and figures.
"""

import random
from typing import Any, NamedTuple

from funnelkit.report.columns_say import SAY_COLUMNS
from funnelkit.results import small_gaps, small_say
from funnelkit.stats.evidence import FEWEST, LEAST_N
from funnelkit.stats.proportions import wilson
from tests.report.test_small_say import gap_row

WORLDS = 120


class World(NamedTuple):
    """Like, dislike and neutral: those who use it on two days, those on one day alone, the rest."""

    like: tuple[int, int, int]
    dislike: tuple[int, int, int]
    neutral: tuple[int, int, int]
    silent: tuple[int, int]  # who did not answer: those who use it, the rest

    def cells(self, days: int) -> tuple[int, int, int, int]:
        (a, _), (c, _) = (self.split(side, days) for side in ("like", "dislike"))
        return a, sum(self.like) - a, c, sum(self.dislike) - c

    def split(self, side: str, days: int) -> tuple[int, int]:
        most, some, none = getattr(self, side)
        return (most, some + none) if days == 2 else (most + some, none)


def row_of(world: World, days: int) -> Any:
    """The row of `gaps` as the command shows it: weights of one, a customer a respondent."""
    cells = a, b, c, d = world.cells(days)
    used, idle = world.split("neutral", days)
    neutral, n = used + idle, sum(cells)
    answers, everybody = n + neutral, n + neutral + sum(world.silent)
    row = gap_row(cells, (neutral, used), used_days=days, eligible=everybody)
    row |= {"label": "estimate" if n >= LEAST_N else "signal"}
    row |= small_sides(row, cells, neutral)
    row |= {"use_everybody": (a + c + used + world.silent[0]) / everybody}
    row |= {"do_bias": (a + c + used) / answers - row["use_everybody"], "do_bias_lo": -0.1,
            "do_bias_hi": 0.1, "do_bias_verdict": "too few to tell"}  # fmt: skip
    shares = {"like": a + b, "neutral": neutral, "dislike": c + d, "like_not_use": b,
              "dislike_use": c}  # fmt: skip
    for name, k in shares.items():
        found = wilson(k, answers)
        row |= {f"pop_{name}": found.estimate, f"pop_{name}_lo": found.lo,
                f"pop_{name}_hi": found.hi}  # fmt: skip
    row |= {"pop_n_eff": float(answers)}
    for of, k in (("likes", a + b), ("dislikes", c + d), ("lip", b), ("captive", c)):
        row |= {f"{of}_customers": k, f"{of}_revenue_share": k / everybody,
                f"{of}_revenue_cents": 1000 * k, f"{of}_money_label": "",
                f"{of}_estimated_revenue_cents": 1000 * k * everybody / answers,
                f"{of}_er_lo": 900.0 * k, f"{of}_er_hi": 2000.0 * k}  # fmt: skip
    if n < LEAST_N:
        row |= {name: None for name in row if name.endswith(("revenue_share", "_cents", "_er_lo"))}
        row |= {name: None for name in row if name.startswith(("pop_", "do_bias", "gap", "phi"))}
    return row


def small_sides(row, cells, neutral):
    """The command itself tells nothing of a side of fewer than five."""
    names = ("aligned", "lip_service"), ("captive", "rejected"), ("neutral", "neutral_used")
    sizes = cells[0] + cells[1], cells[2] + cells[3], neutral
    found = {
        name for of, size in zip(names, sizes, strict=True) if 0 < size < FEWEST for name in of
    }
    if found & {"aligned", "captive"}:
        found |= {name for name in row if name.startswith(("gap", "phi", "lip_rate", "captive_r"))}
    return dict.fromkeys(found)


def problems_of(world: World) -> list[dict[str, Any]]:
    """Both problems as the command ranks them, of the respondents alone."""
    (_, b, c, _), n = world.cells(2), sum((*world.like, *world.dislike, *world.neutral))
    rows = []
    for problem, k in (("lip service", b), ("captive", c)):
        share = wilson(k, n)
        named = {"kind": "feature", "name": "alerts", "problem": problem, "severity": 1.0}
        scores = dict.fromkeys(("importance", "satisfaction", "ulwick", "ulwick_behavioural"))
        enough = k >= FEWEST and n >= LEAST_N
        rows.append({**named, **scores, "severity_of": "", "n": n, "eligible": n,
                     "affected": k if k >= FEWEST else None,
                     "affected_share": share.estimate if enough else None,
                     "lo": share.lo if enough else None, "hi": share.hi if enough else None,
                     "tier": 1 if enough else None,
                     "customer_value": 10 * k / n if enough else None,
                     "business_value_cents": 1000.0 * k if enough else None,
                     "label": "estimate" if n >= LEAST_N else "signal"})  # fmt: skip
    return rows


OTHER = gap_row((20, 9, 21, 30), feature="exports")


def told(world: World) -> str:
    """All that a report holds of the feature."""
    own, other = small_gaps.judged([row_of(world, 2), OTHER], FEWEST)
    others = [row_of(world, 1)]
    problems = {("alerts", name): near for name, near in
                small_gaps.problems_told(own, FEWEST).items()}  # fmt: skip
    record, bounds = small_gaps.finding_record(own, FEWEST)
    counts = ("aligned", "lip_service", "captive", "rejected", "lip_customers", "captive_customers")
    sentence = [record[name] for name in counts]
    sentence += [
        f"{record[name] or 0:.2f}" for name in ("lip_revenue_share", "captive_revenue_share")
    ]
    shown = small_gaps.gap_row(own, FEWEST)
    parts = {
        "gaps": [shown, {"feature": "exports", "decided": other["decided"]}],
        "quadrant": [shown] if shown["gap"] is not None else [],
        "cuts": small_gaps.cut_rows([own], others, FEWEST),
        "bias": small_gaps.bias_rows([own], FEWEST),
        "population": small_gaps.population_rows([own], FEWEST),
        "money": small_gaps.money_rows([own], FEWEST),
        "opportunities": small_say.opportunity_rows(problems_of(world), problems, FEWEST),
    }
    written = [
        (part, [tuple(_csv(row.get(name)) for name in SAY_COLUMNS[part]) for row in rows])
        for part, rows in parts.items()
    ]
    return repr((written, sentence, sorted(bounds.items())))


def _csv(value):
    return round(value, 6) if isinstance(value, float) else value


def small_cells(world: World):
    """What a report may not give away: how many of a world are in each, where they are few."""
    for days in (1, 2):
        for side in ("like", "dislike", "neutral"):
            total = sum(getattr(world, side))
            yield (f"{side} {days}", lambda w, s=side, d=days: w.split(s, d)[0])
            yield (f"{side} not {days}", lambda w, s=side, d=days: w.split(s, d)[1])
            if total < FEWEST:
                yield (f"all {side}", lambda w, s=side: sum(getattr(w, s)))
    for side in ("like", "dislike"):
        yield (f"{side} on one day", lambda w, s=side: getattr(w, s)[1])


def others_like(world: World):
    """Worlds in which a few of one side do otherwise, or a few more or fewer are on it."""
    steps = range(-4, 5)
    for side in ("like", "dislike", "neutral"):
        was = getattr(world, side)
        for most in steps:
            for some in steps:
                for total in sorted(steps, key=abs):
                    now = (was[0] + most, was[1] + some, was[2] - most - some + total)
                    # Who is on another side had been silent: everybody is as many.
                    for use in (most, 0, total) if total else (0,):
                        silent = (world.silent[0] - use, world.silent[1] - total + use)
                        if now != was and min(*now, *silent) >= 0:
                            yield world._replace(**{side: now, "silent": silent})


def drawn(number: int) -> World:
    """Ten to sixty that answered: each part is small, or not, as a coin falls."""
    random_ = random.Random(number)

    def part(most: int) -> int:
        return random_.choice([0, random_.randrange(6), random_.randrange(most)])

    while True:
        like, dislike, neutral = ((part(25), part(12), part(25)) for _ in range(3))
        if 10 <= sum((*like, *dislike, *neutral)) <= 60 and sum((*like, *dislike)) >= FEWEST:
            return World(like, dislike, neutral, (random_.randrange(20), random_.randrange(60)))


def test_no_small_cell_follows_from_what_is_told():
    looked_at = 0
    given = []
    for number in range(WORLDS):
        world = drawn(number)
        small = [(name, count) for name, count in small_cells(world) if count(world) < FEWEST]
        looked_at += len(small)
        said = told(world)
        for other in others_like(world):
            if not small:
                break
            changed = [each for each in small if each[1](other) != each[1](world)]
            if changed and told(other) == said:
                small = [each for each in small if each not in changed]
        given += [(number, name, world) for name, _ in small]
    assert looked_at > 5 * WORLDS
    assert given == []
