"""Outcomes and aha moments that tell nothing: nobody is mature, nobody has it, or everybody."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from funnelkit.warehouse import meta
from funnelkit.warehouse.doctor.check import Check, count
from funnelkit.warehouse.queries import query

if TYPE_CHECKING:
    import duckdb

    from funnelkit.project.aha import Clock

Row = Mapping[str, Any]
_WAIT = "wait, load a longer log, or look at less time"


def named_events(variables: Mapping[str, Any]) -> Iterator[tuple[str, str, Sequence[str]]]:
    """Events that outcomes, aha moments, the search, features and claims name: whose, in which
    place, their names."""
    from funnelkit.project.definitions import Definitions

    defined = Definitions.model_validate(variables)
    for name, outcome in defined.outcomes.items():
        rules = outcome if outcome.not_ is None or isinstance(outcome.not_, str) else outcome.not_
        yield f"outcome {name}", "its event", rules.event or ()
    for name, moment in defined.aha_moments.items():
        yield f"aha moment {name}", "its event", moment.event
        yield f"aha moment {name}", "its entry", _entry(moment)
    if defined.aha_search is not None:
        yield "aha search", "its entry", _entry(defined.aha_search)
        yield "aha search", "events", defined.aha_search.events or ()
        yield "aha search", "prerequisites", defined.aha_search.prerequisites
    for name, feature in defined.features.items():
        yield f"feature {name}", "its events", feature.events
        yield f"feature {name}", "its success", feature.success.event if feature.success else ()
    for name, question in defined.feedback.questions.items():
        yield f"question {name}", "its claim", question.claim.event if question.claim else ()


def _entry(clock: "Clock") -> Sequence[str]:
    return clock.entry.event if clock.entry is not None else ()


def outcomes(con: "duckdb.DuckDBPyConnection", variables: Mapping[str, Any]) -> Iterator[Check]:
    """Outcomes, as last built, that tell nobody from anybody else; ok where none is like that."""
    from funnelkit.warehouse.macros import aha_plan, outcome_hash

    if not meta.has_table(con, "main", "fct_outcomes"):
        return
    plan = aha_plan(variables)
    hashes = {each["name"]: outcome_hash(plan, each["no"]) for each in plan["outcomes"]}
    found = _unchanged(query(con, "doctor_outcomes"), hashes)
    yield from _told("outcome", found, _of_outcome, "happen to some and not to others")


def moments(con: "duckdb.DuckDBPyConnection", variables: Mapping[str, Any]) -> Iterator[Check]:
    """Aha moments, as last built, that nobody can have reached, nobody did, or everybody did."""
    from funnelkit.warehouse.macros import aha_hash, aha_plan

    if not meta.has_table(con, "main", "fct_aha_moments"):
        return
    plan = aha_plan(variables)
    hashes = {each["name"]: aha_hash(plan, each["no"]) for each in plan["moments"]}
    found = _unchanged(query(con, "doctor_aha_moments"), hashes)
    yield from _told("aha moment", found, _of_moment, "reached by some and not by others")


def _unchanged(found: Sequence[Row], hashes: Mapping[str, str]) -> list[Row]:
    """Rows of definitions that are still what was built: of others they would tell nothing."""
    return [row for row in found if hashes.get(row["name"]) == row["definition_hash"]]


def _told(
    noun: str, found: Sequence[Row], of_one: Callable[[Row], tuple[str, str] | None], fine: str
) -> Iterator[Check]:
    wrong = [(row["name"], told) for row in found if (told := of_one(row)) is not None]
    for name, (text, hint) in wrong:
        yield Check(f"{noun}s", "warn", f"{noun} {name}: {text}", hint)
    if found and not wrong:
        yield Check(f"{noun}s", "ok", f"{count(len(found), noun)}: {fine}")


def _of_outcome(row: Row) -> tuple[str, str] | None:
    entrants, eligible, matured = row["entrants"], row["eligible"], row["matured"]
    if not eligible:
        return f"{count(entrants, 'entrant')}, all converted before it", "make `after` shorter"
    if not matured:
        return f"the log ends before it is over for any of {count(eligible, 'entrant')}", _WAIT
    if row["happened"] in (0, matured):
        who = "every one" if row["happened"] else "none"
        return f"{who} of {count(matured, 'mature entrant')} has it", (
            "look at its event, `where` and `at_least`, and at `after` and `within`"
        )
    return None


def _of_moment(row: Row) -> tuple[str, str] | None:
    matured = row["matured"]
    if not matured:
        entrants = count(row["entrants"], "entrant")
        return f"the log ends before `within` is over for any of {entrants}", _WAIT
    if row["matured_reached"] in (0, matured):
        who = "every one" if row["matured_reached"] else "none"
        return f"{who} of {count(matured, 'mature entrant')} reached it", (
            "look at its event, `where`, `at_least` and `within`"
        )
    return None
