"""Which search is asked, by whose rules, and over which rows."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from funnelkit.errors import FunnelkitError, did_you_mean
from funnelkit.project.durations import format_duration
from funnelkit.project.words import whose
from funnelkit.warehouse.macros import aha_plan
from funnelkit.warehouse.meta import last_build
from funnelkit.warehouse.queries import frame, query

if TYPE_CHECKING:
    import polars as pl
    from duckdb import DuckDBPyConnection

    from funnelkit.jobs.aha_rules import SearchRules

Part = Mapping[str, Any]


@dataclass(frozen=True)
class Asked:
    """A search that can be run: its plan as it was built, and who is not in its frames.

    `entrants`, `waiting` (outcome window still open) and `ineligible` (converted before it began)
    count everybody of the clock.
    """

    plan: Part
    rules: "SearchRules"
    entrants: int
    waiting: int
    ineligible: int

    @property
    def search(self) -> Part:
        """The search of the plan."""
        found: Part = self.plan["search"]
        return found

    @property
    def entities(self) -> str:
        """The plural of what is searched."""
        return whose(self.search)

    @property
    def outcome(self) -> Part:
        """The outcome that behaviours are held against."""
        return pick_outcome(self.plan, self.search["outcome"])

    @property
    def clock(self) -> str:
        """The name of the clock whose entrants are searched."""
        return str(self.plan["clocks"][self.search["clock_no"]]["name"])


def read_search(con: "DuckDBPyConnection", plan: Part, outcome: str | None = None) -> Asked:
    """A search as it was built, for its own outcome or another of the definitions.

    Raises FunnelkitError without a search, for an outcome that begins too early for it, and for
    tables that were not built.
    """
    plan = _for_outcome(_as_built(con, plan), outcome)
    search = plan["search"]
    clock = plan["clocks"][search["clock_no"]]["name"]
    counted = query(con, "aha_eligibility", clock=clock, outcome=search["outcome"])[0]
    return Asked(plan, search_rules(con, plan), **counted)


def frames(con: "DuckDBPyConnection", asked: Asked) -> tuple["pl.DataFrame", "pl.DataFrame"]:
    """Entrants and exposures as the job takes them; `entity` is numbered by entity id."""
    people = frame(
        con,
        "aha_entrants",
        clock=asked.clock,
        outcome=asked.search["outcome"],
        stratify_by=asked.search["stratify_by"],
        salt=asked.search["salt"],
    )
    return people.drop("entity_key"), _exposures(con, people, asked.search["days"])


def _exposures(
    con: "DuckDBPyConnection", people: "pl.DataFrame", days: Sequence[int]
) -> "pl.DataFrame":
    """Rows of the eligible, numbered as they are."""
    import polars as pl

    rows = frame(con, "aha_exposures")
    windows = [f"n_{each}d" for each in days]
    if not set(windows) <= set(rows.columns):
        raise FunnelkitError("the search was not built yet", "run `funnelkit build`")
    joined = rows.join(people.select("entity_key", "entity"), on="entity_key")
    return joined.select("entity", pl.col("event_name").alias("event"), "n_alive", *windows)


def _as_built(con: "DuckDBPyConnection", plan: Part) -> Part:
    """The plan that the tables follow, where the definitions changed since; raises without any."""
    if plan["search"] is None:
        raise FunnelkitError(
            "this project declares no search", "add one under `vars: funnelkit: aha_search:`"
        )
    build = last_build(con)
    built = plan if build is None else aha_plan(json.loads(build.definitions))
    if built["search"] is None:
        raise FunnelkitError("the search was not built yet", "run `funnelkit build`")
    return built


def _for_outcome(plan: Part, name: str | None) -> Part:
    """The plan with its search for another outcome; raises where that does not fit."""
    search = plan["search"]
    if name is None or name == search["outcome"]:
        return plan
    outcome = pick_outcome(plan, name)
    pairs = [(each["clock_no"], each["outcome_no"]) for each in plan["pairs"]]
    if (search["clock_no"], outcome["no"]) not in pairs:
        raise FunnelkitError(
            f"outcome {name!r} is of another entity than the search's {search['entity']}",
            "an outcome of events, or of a funnel of that entity",
        )
    if outcome["after_us"] < search["landmark_us"]:
        began = format_duration(outcome["after_us"])
        raise FunnelkitError(
            f"outcome {name!r} begins {began} after the entry, before the search has seen enough: "
            f"{format_duration(search['landmark_us'])} (the longest of days, and alive)",
            "an outcome with a later `after`, or a search with fewer days",
        )
    return {**plan, "search": {**search, "outcome": name, "outcome_no": outcome["no"]}}


def pick_outcome(plan: Part, name: str) -> Part:
    """The outcome of this name; raises FunnelkitError with the nearest when none is."""
    names = [str(each["name"]) for each in plan["outcomes"]]
    if name not in names:
        raise FunnelkitError(f"no outcome is called {name!r}", did_you_mean(name, names))
    found: Part = plan["outcomes"][names.index(name)]
    return found


def search_rules(con: "DuckDBPyConnection", plan: Part) -> "SearchRules":
    """The rules of a plan's search, and what its outcome itself consists of."""
    from funnelkit.jobs.aha_rules import SearchRules

    search = plan["search"]
    events, before = outcome_events(pick_outcome(plan, search["outcome"]))
    preceding = query(con, "aha_preceding", outcome=search["outcome"])
    return SearchRules(
        counts=tuple(search["counts"]),
        days=tuple(search["days"]),
        outcome_events=frozenset(events),
        prerequisites=frozenset(search["prerequisites"]),
        steps_before=frozenset(before),
        preceding={
            row["event_name"]: row["entities"] / row["outcome_entities"] for row in preceding
        },
        events=frozenset(search["events"]) if search["events"] else None,
        salt=search["salt"],
        permutations=search["permutations"],
    )


def outcome_events(outcome: Part) -> tuple[list[str], list[str]]:
    """Events that are an outcome, and those that lead to it by definition.

    Of a funnel: those of its last required step, and of the ones before; in any order, of all.
    """
    if outcome["kind"] != "funnel":
        return list(outcome["events"]), []
    steps = [each["events"] for each in outcome["rules"]["steps"] if not each.get("optional")]
    parts = len(steps) if outcome["rules"]["order"] == "any" else 1
    before = [event for events in steps[:-parts] for event in events]
    return [event for events in steps[-parts:] for event in events], before
