"""What a search for aha moments is asked, and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, get_args

import polars as pl

Verdict = Literal[
    "accepted", "goes with activity", "not confirmed", "not proposed", "set apart", "not enough"
]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


@dataclass(frozen=True)
class SearchRules:
    """The grid and the rules of a search: all that can change its numbers but the log.

    `counts`, `days`: the grid, a cell is "event at least k times within X days of entry".
    `outcome_events`, `prerequisites` and `steps_before` (of the outcome's funnel): set apart.
    `preceding`: by event, the share of entities with the outcome that did it immediately before.
    `events`: only these are searched (None: all; the others still tell who is alive and how
    active). `salt` decides every random number.
    `least_group`: reachers, and others, that each half of a cell must have; `least_outcome`: of the
    rarer outcome. Times in days, shares and levels as fractions.
    """

    counts: tuple[int, ...] = (1, 2, 3, 5, 7, 10)
    days: tuple[int, ...] = (1, 3, 7, 14)
    outcome_events: frozenset[str] = frozenset()
    prerequisites: frozenset[str] = frozenset()
    steps_before: frozenset[str] = frozenset()
    preceding: Mapping[str, float] = field(default_factory=dict)
    events: frozenset[str] | None = None
    salt: str = ""
    permutations: int = 2000
    least_group: int = 30
    least_outcome: int = 10
    least_stratum: int = 20
    least_reach: float = 0.02
    most_reach: float = 0.95
    most_preceding: float = 0.99
    most_candidates: int = 5
    level_discovery: float = 0.20
    level: float = 0.05
    confidence: float = 0.95
    keeps: float = 0.5
    activity_groups: int = 10

    def __post_init__(self) -> None:
        """Raises ValueError for a grid that no search can run over."""
        for name, values in (("counts", self.counts), ("days", self.days)):
            if not values or min(values) < 1 or list(values) != sorted(set(values)):
                raise ValueError(f"{name} == {values}, must be positive, ascending and unique.")
            if len(values) > 50:
                raise ValueError(f"{name} has {len(values)} items, must have at most 50.")
        if self.permutations < 1:
            raise ValueError(f"permutations == {self.permutations}, must be >= 1.")


class Facts(NamedTuple):
    """What a reader must know about a run beside its findings.

    `eligible` entrants, with any event in the landmark's window (`alive`), by half (`discovery`,
    `confirmation`, of the eligible); entry `weeks`, of which `newest_weeks` all confirm; `strata`;
    `cells` searched; `base_rate` of the eligible; `min_p`: the smallest discovery p of the search
    (None: nothing searched); `newer_differ`: the smallest p of "the newest entrants differ from the
    other half of the confirmation" over the candidates; `verdicts`: events by verdict.
    """

    eligible: int
    alive: int
    discovery: int
    confirmation: int
    weeks: int
    newest_weeks: int
    strata: int
    cells: int
    base_rate: float | None
    min_p: float | None
    newer_differ: float | None
    verdicts: dict[Verdict, int]


class SearchResult(NamedTuple):
    """Findings, one row an event; the cells that were searched; facts of the run.

    See `FINDINGS` and `CELLS` for the columns.
    """

    findings: pl.DataFrame
    cells: pl.DataFrame
    facts: Facts


class NullResult(NamedTuple):
    """How many of `runs` searches accept anything where nothing is related to the outcome.

    `share` of the runs, `hi`: its upper 95 % Wilson limit; `discovery_runs`: runs whose smallest
    discovery p is at most 0.05.
    """

    runs: int
    accepted_runs: int
    share: float
    hi: float
    discovery_runs: int


FINDINGS = pl.Schema(
    {
        "event": pl.String(),
        "at_least": pl.Int64(),
        "within_days": pl.Int64(),
        "n": pl.Int64(),
        "reach": pl.Float64(),
        "base_rate": pl.Float64(),
        "ppv": pl.Float64(),
        "rate_without": pl.Float64(),
        "phi": pl.Float64(),
        "p_search": pl.Float64(),
        "rd_discovery": pl.Float64(),
        "rd": pl.Float64(),
        "rd_lo": pl.Float64(),
        "rd_hi": pl.Float64(),
        "p_holm": pl.Float64(),
        "rd_adjusted": pl.Float64(),
        "shrinkage": pl.Float64(),
        "potential": pl.Float64(),
        "shape": pl.String(),
        "verdict": pl.String(),
        "why": pl.String(),
        "rd_discovery_lo": pl.Float64(),
        "rd_discovery_hi": pl.Float64(),
        "rd_all": pl.Float64(),
        "n_discovery": pl.Int64(),
        "n_confirmation": pl.Int64(),
        "n_all": pl.Int64(),
        "sensitivity": pl.Float64(),
        "specificity": pl.Float64(),
        "lift": pl.Float64(),
        "odds_ratio": pl.Float64(),
        "rd_adjusted_lo": pl.Float64(),
        "rd_adjusted_hi": pl.Float64(),
        "p_newer": pl.Float64(),
        "label": pl.String(),
    }
)
CELLS = pl.Schema(
    {
        "event": pl.String(),
        "at_least": pl.Int64(),
        "within_days": pl.Int64(),
        "n": pl.Int64(),
        "reach": pl.Float64(),
        "rate_with": pl.Float64(),
        "rate_without": pl.Float64(),
        "rd": pl.Float64(),
        "rd_lo": pl.Float64(),
        "rd_hi": pl.Float64(),
        "z": pl.Float64(),
        "is_chosen": pl.Boolean(),
    }
)
