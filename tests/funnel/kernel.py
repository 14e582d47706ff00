"""What the kernel says of a log, in the oracle's words."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from funnelkit.warehouse.answers import step_counts
from funnelkit.warehouse.explore import journeys
from funnelkit.warehouse.explore_log import Question
from funnelkit.warehouse.macros import funnel_specs
from funnelkit.warehouse.stream import can_stream
from tests.funnel.oracle import Journey, Outcome, Proof
from tests.funnel.strategies import SECOND, START_US, Funnel, Log, Span

ENGINES = ("duckdb", "default")  # the array kernel beside them knows plain funnels alone


def question(
    path: Path, funnel: Funnel, engine: str = "duckdb", span: Span = (None, None), **more: Any
) -> Question:
    (spec,) = funnel_specs({"f": funnel})
    since, until = (None if at is None else START_US + at * SECOND for at in span)
    return Question([str(path)], spec, {}, engine=engine, since_us=since, until_us=until, **more)


def counted(asked: Question) -> list[dict[str, Any]]:
    """Counts by step."""
    with journeys(asked) as (con, _):
        return step_counts(con, asked.spec)


def by_kernel(
    path: Path, funnel: Funnel, engine: str = "duckdb", span: Span = (None, None)
) -> dict[str, Outcome]:
    """Every entity's journeys and proof rows, by name and by the event of the attempt's entry.

    The array kernel knows instants, not events: see `without_events`.
    """
    asked = question(path, funnel, engine, span, events=engine != "array")
    event = "(select fk_event_id from fk_accepted a where a.fk_event_no = c.event_no)"
    with journeys(asked) as (con, log):
        if engine == "array":
            assert not asked.needs_events
            assert can_stream(asked.asked, log.observed_us)
            event = "'no--1'"
        chains = con.execute(
            f"select entity_id, attempt, run, step, filled, us, {event}, us_from_entry,"
            " us_from_previous from fk_chain_rows c inner join fk_entities on p = entity_key"
            " order by all"
        ).fetchall()
        found = con.execute(
            "select entity_id, attempt, level, first_entry_us, is_mature, matured_level, is_open,"
            " first_converted_us, reason, entry_us, last_us"
            " from fk_journeys inner join fk_entities on p = entity_key"
        ).fetchall()
        left = con.execute(
            "select entity_id from fk_leavers inner join fk_entities on p = entity_key"
        ).fetchall()
    optional = {step["no"] for step in asked.spec["steps"] if step["optional"]}
    proofs = _proofs(chains, optional)
    outcomes = {entity: Outcome(True, {}) for (entity,) in left}
    for entity, attempt, *facts in found:
        own = proofs[entity, attempt]
        entry = own["all"][0][3] if asked.spec["count"] == "entries" else None
        others = {} if entity not in outcomes else outcomes[entity].journeys
        assert entry not in others
        told = {**others, entry: _journey(own, facts)}
        outcomes[entity] = Outcome(entity in {name for (name,) in left}, told)
    return outcomes


def without_events(outcome: Outcome) -> Outcome:
    """The proof by instants alone, and of what the curve follows only its time."""
    (one,) = outcome.journeys.values()
    proofs = {
        run: tuple((step, filled, us, -1) for step, filled, us, _ in proof)
        for run, proof in one.proofs.items()
        if run != "first"
    }
    return replace(outcome, journeys={None: replace(one, proofs=proofs)})


def _proofs(
    chains: list[tuple[Any, ...]], optional: set[int]
) -> Mapping[tuple[str, int], dict[str, Proof]]:
    proofs: dict[tuple[str, int], dict[str, Proof]] = defaultdict(dict)
    for entity, attempt, run, step, filled, us, event, us_from_entry, us_from_previous in chains:
        runs = proofs[entity, attempt]
        before = runs.get(run, ())
        row = (step, filled, us - START_US, int(event.split("-", 1)[1]))
        runs[run] = (*before, row)
        assert us_from_entry == row[2] - runs[run][0][2]
        required = [each for each in before if each[0] not in optional]
        assert us_from_previous == (row[2] - required[-1][2] if required else None)
    return proofs


def _journey(proofs: Mapping[str, Proof], facts: list[Any]) -> Journey:
    level, first_entry, is_mature, matured_level, is_open, converted, reason, entry, last = facts
    required = [us for _, _, us, _ in proofs["all"]]
    assert entry - START_US == required[0]
    assert last - START_US in required
    return Journey(
        level=level,
        proofs=proofs,
        first_entry_us=first_entry - START_US,
        is_mature=is_mature,
        matured_level=matured_level,
        is_open=is_open,
        first_converted_us=converted,
        reasons=frozenset({reason}),
    )


def difference(
    log: Log, funnel: Funnel, expected: Mapping[str, Outcome], found: Mapping[str, Outcome]
) -> str:
    """The entity with the fewest events of which the two do not say the same; empty for none.

    A reason agrees when it is one of those that the oracle allows.
    """
    names = sorted(expected.keys() | found.keys(), key=lambda name: len(log[int(name[1:])]))
    for name in names:
        one, other = expected.get(name), found.get(name)
        if one is None or other is None or not _agree(one, other):
            events = sorted(log[int(name[1:])])
            observed = max(event.second for each in log for event in each)
            return (
                f"{funnel}\n{name}, observed until {observed}: {[tuple(each) for each in events]}"
                f"\nexpected {one}\nfound    {other}"
            )
    return ""


def _agree(expected: Outcome, found: Outcome) -> bool:
    if expected.left != found.left or expected.journeys.keys() != found.journeys.keys():
        return False
    return all(
        found.journeys[key].reasons <= one.reasons
        and replace(found.journeys[key], reasons=one.reasons) == one
        for key, one in expected.journeys.items()
    )
