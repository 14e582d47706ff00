"""What a report's numbers rest on without its showing it: the other definitions behind them.

An aha moment tells how far through its funnel those got that missed it, opportunities rank the
steps of all funnels beside all features, and a scorecard's outcome counts from a funnel's entry.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from funnelkit.results.reports_aha import reported
from funnelkit.results.reports_say import in_words
from funnelkit.results.retention import pick_clock
from funnelkit.results.spelled import spelled

if TYPE_CHECKING:
    from funnelkit.project.scorecard import BusinessMetric, CustomerMetric
    from funnelkit.report.model import Definition

Part = Mapping[str, Any]
_FUNNEL, _EXPERIMENT = "funnel", "experiment"
SAY = "say and do"  # the rules of feedback, as `report.diff_causes` calls them
# Metrics of a scorecard that the rules of feedback can move.
_OF_SAY = ("nps", "gap", "at_stake", "cadence", "revenue")


def rests_on(
    declared: Part, specs: Sequence[Part], definitions: Part, shown: Collection[str]
) -> "tuple[Definition, ...]":
    """The definitions behind a report, but for those of the names in `shown`.

    `declared`: its entry under `reports:`; `specs`: all funnels, complete; `definitions`: the whole
    block as written. Names are those of `ReportData.hashes`, of the rules of feedback "say and do".
    """
    return _Behind(declared, specs, definitions).found(shown)


class _Behind:
    """One report, and all that the project defines."""

    def __init__(self, declared: Part, specs: Sequence[Part], definitions: Part) -> None:
        from funnelkit.project.definitions import Definitions
        from funnelkit.warehouse.macros import aha_plan, say_plan

        self.declared = declared
        self.aha, self.say = aha_plan(definitions), say_plan(definitions)
        self.defined = Definitions.model_validate(definitions)
        known = spelled(specs, self.aha, self.say, self.defined)
        self.spelled = {(each.kind, each.name): each for each in known}

    def found(self, shown: Collection[str]) -> "tuple[Definition, ...]":
        """In the order of the definitions, each once."""
        from funnelkit.report.model import Definition

        wanted = dict.fromkeys((*self._of_aha(), *self._of_say(), *self._of_scorecard()))
        found = [
            Definition(_called(*key), tuple(each.sentences), each.definition_hash)
            for key, each in self.spelled.items()
            if key in wanted and not {_called(*key), " ".join(key)} & {*shown}
        ]
        return (*found, *self._feedback())

    def _of_aha(self) -> Iterator[tuple[str, str]]:
        moments, _ = reported(self.aha, self.declared.get("aha") or ())
        for each in moments:
            yield _FUNNEL, each["funnel"]
            yield from self._experiments("aha", [each["name"]])

    def _of_say(self) -> Iterator[tuple[str, str]]:
        """Problems are ranked among all, and gaps are judged together."""
        if not self.declared.get("features"):
            return
        features = [each["name"] for each in self.say["features"]]
        yield from (key for key in self.spelled if key[0] == _FUNNEL)
        yield from (("feature", name) for name in features)
        yield from self._experiments("feature", features)

    def _of_scorecard(self) -> Iterator[tuple[str, str]]:
        """Whose entries start the time of outcomes: their own hashes say nothing of it."""
        outcomes = {each["name"]: each for each in self.aha["outcomes"]}
        for metric in self._metrics():
            if metric.kind in ("retention", "conversion") and metric.name in outcomes:
                yield _FUNNEL, pick_clock(self.aha, outcomes[metric.name], None)["funnel"]

    def _experiments(self, link: str, names: Collection[str]) -> Iterator[tuple[str, str]]:
        for name, experiment in self.defined.experiments.items():
            if getattr(experiment, link) in names:
                yield _EXPERIMENT, name

    def _feedback(self) -> "Iterator[Definition]":
        """The rules of feedback, which a report of features shows itself."""
        from funnelkit.report.model import Definition
        from funnelkit.warehouse.macros import feedback_hash

        asked = any(metric.kind in _OF_SAY for metric in self._metrics())
        if asked and not self.declared.get("features"):
            yield Definition(SAY, tuple(in_words(self.say)), feedback_hash(self.say))

    def _metrics(self) -> "list[CustomerMetric | BusinessMetric]":
        from funnelkit.project.scorecard import Scorecard

        written = self.declared.get("scorecard")
        card = Scorecard.model_validate(written) if written else None
        return [*card.customer, *card.business] if card else []


def _called(kind: str, name: str) -> str:
    """A funnel goes by its name alone, as in the reports that show it."""
    return name if kind == _FUNNEL else f"{kind} {name}"
