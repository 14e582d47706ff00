"""A run: a study in two halves, which cells are searched, and why an event is left out."""

from typing import NamedTuple

import numpy as np
import polars as pl

from funnelkit.jobs import aha_words as words
from funnelkit.jobs.aha_cells import Half, half
from funnelkit.jobs.aha_rules import SearchRules, Verdict
from funnelkit.jobs.aha_study import Study, study
from funnelkit.jobs.halves import Counts, Flags
from funnelkit.stats.association import Floats


class Scope(NamedTuple):
    """The numbers of the cells that are searched, and the events that are not, with the reason."""

    cells: Counts
    left_out: dict[int, tuple[Verdict, str]]


class Run(NamedTuple):
    """A study in two halves, D and V, and what is searched."""

    study: Study
    proposing: Half
    deciding: Half
    scope: Scope


def run_of(entrants: pl.DataFrame, exposures: pl.DataFrame, rules: SearchRules) -> Run:
    """The run of two frames; raises ValueError as `study` does."""
    found = study(entrants, exposures, rules)
    proposing, deciding = half(found, found.proposes), half(found, ~found.proposes)
    return Run(found, proposing, deciding, scope(found, proposing, deciding))


def scope(found: Study, proposing: Half, deciding: Half) -> Scope:
    """The cells of the grid that are searched: enough in each half, reached by neither all nor few.

    Only counts decide here, never how behaviour and outcome go together.
    """
    rules = found.rules
    reach = _reach(proposing, deciding)
    enough = np.logical_and(
        *(each.is_enough(rules.least_group, rules.least_outcome) for each in (proposing, deciding))
    )
    ordinary = (reach >= rules.least_reach) & (reach <= rules.most_reach)
    each, open_cells, left_out = proposing.each, enough & ordinary, {}
    for event, name in enumerate(found.events):
        own = slice(event * each, (event + 1) * each)
        if rules.events is not None and name not in rules.events:
            open_cells[own] = False
            continue
        reason = _declared(name, rules) or _counted(
            event, own, open_cells, ordinary, proposing, deciding, rules
        )
        if reason:
            open_cells[own] = False
            left_out[event] = reason
    return Scope(np.flatnonzero(open_cells), left_out)


def _declared(name: str, rules: SearchRules) -> tuple[Verdict, str] | None:
    if name in rules.outcome_events:
        return "set apart", words.IS_OUTCOME
    if name in rules.steps_before:
        return "set apart", words.LEADS_TO
    if name in rules.prerequisites:
        return "set apart", words.IS_PREREQUISITE
    if rules.preceding.get(name, 0.0) >= rules.most_preceding:
        return "set apart", words.precedes(rules.preceding[name])
    return None


def _counted(
    event: int,
    own: slice,
    open_cells: Flags,
    ordinary: Flags,
    proposing: Half,
    deciding: Half,
    rules: SearchRules,
) -> tuple[Verdict, str] | None:
    if open_cells[own].any():
        return None
    if (
        ordinary[own].any()
        or _is_small(event, proposing, rules)
        or _is_small(event, deciding, rules)
    ):
        return "not enough", words.not_enough(rules)
    return "set apart", words.reached_by(rules)


def _is_small(event: int, half: Half, rules: SearchRules) -> bool:
    """Whether no cell of the event could have enough, however often it was done."""
    people, successes = int(half.people[event].sum()), int(half.successes[event].sum())
    few = min(successes, people - successes) < rules.least_outcome
    return people < 2 * rules.least_group or few


def _reach(proposing: Half, deciding: Half) -> Floats:
    reachers = sum(each.reachers.sum(axis=1) for each in (proposing, deciding))
    people = sum(each.of_cells(each.people.sum(axis=1)) for each in (proposing, deciding))
    return np.asarray(reachers / np.maximum(people, 1), np.float64)
