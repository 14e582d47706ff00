"""Everything that a project defines, in words, with the hash of each definition."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from funnelkit.errors import FunnelkitError, did_you_mean
from funnelkit.table import Column, Table

if TYPE_CHECKING:
    from funnelkit.project.definitions import Definitions

SEARCH, FEEDBACK = "aha_search", "feedback"  # as their keys in the definitions
COLUMNS = (
    Column("funnel"),
    Column("definition_hash"),
    Column("line", "count"),
    Column("text"),
    Column("kind"),
)


class Spelled(NamedTuple):
    """One definition: its name, hash (empty for the log's), sentences, and what it is one of."""

    name: str
    definition_hash: str
    sentences: Sequence[str]
    kind: str


def spelled(
    specs: Sequence[Mapping[str, Any]],
    plan: Mapping[str, Any],
    say: Mapping[str, Any],
    defined: "Definitions",
) -> Iterator[Spelled]:
    """Funnels, outcomes, aha moments, what was shipped, the search, what is said, then the log.

    `specs`, `plan` and `say` are complete: what the macros funnel_specs, aha_plan and say_plan make
    of `defined`.
    """
    from funnelkit.project.aha_words import moment_in_words, outcome_in_words, search_in_words
    from funnelkit.project.log_words import LOG, log_in_words
    from funnelkit.project.words import in_words
    from funnelkit.warehouse import macros

    for spec in specs:
        yield Spelled(spec["name"], macros.definition_hash(spec), in_words(spec), "funnel")
    for outcome in plan["outcomes"]:
        hash_ = macros.outcome_hash(plan, outcome["no"])
        yield Spelled(outcome["name"], hash_, outcome_in_words(outcome), "outcome")
    for moment in plan["moments"]:
        words = moment_in_words(moment, plan, defined.timezone)
        yield Spelled(moment["name"], macros.aha_hash(plan, moment["no"]), words, "aha moment")
    yield from _shipping(specs, plan, defined)
    if plan["search"]:
        yield Spelled(SEARCH, macros.search_hash(plan), search_in_words(plan), "aha search")
    yield from _said(say)
    yield Spelled(LOG, "", log_in_words(defined), "event log")


def _said(say: Mapping[str, Any]) -> Iterator[Spelled]:
    """Features, and what is asked about them where anything is declared of that."""
    from funnelkit.project.say_words import feature_in_words, feedback_in_words
    from funnelkit.warehouse import macros

    for feature in say["features"]:
        hash_ = macros.feature_hash(say, feature["no"])
        yield Spelled(feature["name"], hash_, feature_in_words(feature), "feature")
    if say["declared"]:
        yield Spelled(FEEDBACK, macros.feedback_hash(say), feedback_in_words(say), FEEDBACK)


def _shipping(
    specs: Sequence[Mapping[str, Any]], plan: Mapping[str, Any], defined: "Definitions"
) -> Iterator[Spelled]:
    """Experiments, and changes with the hash of what each is measured by."""
    from funnelkit.project.shipping_words import change_in_words, experiment_in_words
    from funnelkit.results.shipping import declared_hash

    for name, experiment in defined.experiments.items():
        words = experiment_in_words(experiment)
        yield Spelled(name, experiment.definition_hash, words, "experiment")
    for name, change in defined.changes.items():
        hash_ = declared_hash(change, specs, plan)
        yield Spelled(name, hash_, change_in_words(change), "change")


def spelled_table(found: Sequence[Spelled], name: str | None = None) -> Table:
    """One row a sentence; with `name`, of those called that: a funnel and an outcome may share it.

    Raises FunnelkitError where none is called that.
    """
    if name is not None:
        names = [each.name for each in found if each.definition_hash]
        if name not in names:
            raise FunnelkitError(f"no definition is called {name!r}", did_you_mean(name, names))
        found = [each for each in found if each.name == name]
    rows = (
        (each.name, each.definition_hash, number, sentence, each.kind)
        for each in found
        for number, sentence in enumerate(each.sentences, start=1)
    )
    return Table(COLUMNS, tuple(rows))
