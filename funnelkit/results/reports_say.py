"""What reports show of say and do, read from the built marts; small cells are out."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from funnelkit.results import gap_words, small_gaps, small_say
from funnelkit.results.experiments import linked
from funnelkit.results.gap_rows import PASSES
from funnelkit.results.gaps import gaps_table
from funnelkit.results.say_frames import OPINIONS, features, waves
from funnelkit.results.small_say import Row, rows_of
from funnelkit.stats.bias import UNSEEN
from funnelkit.stats.funnels import many
from funnelkit.warehouse.queries import query

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from funnelkit.project.shipping import Experiment
    from funnelkit.report.model import Definition, SaySection

Plan = Mapping[str, Any]
_SEGMENTS = "Of everybody who answered; funnelkit gaps --by shows segments."
_CONTRIBUTION = "An arithmetic contribution, not a cause."
_ROUGH = "≈: customers to the nearest five and revenue in whole percents."
_TIERS = (
    "Problems of one tier are not told apart. Rank: from one more than clearly stand above, to all"
    " but those clearly below."
)
_FEW = (
    "Cells of fewer than {fewest} are not told. Where a gap rests on one (≈) it counts as"
    " {middle}, and the cell beside it makes up for that: the command shows it as it is."
)


def reported_features(plan: Plan, wanted: str | Sequence[str] | None) -> list[Plan]:
    """The declared features that a report names: all of them, or some, in the file's order."""
    if not wanted:
        return []
    return [each for each in plan["features"] if wanted == "all" or each["name"] in wanted]


class Asked(NamedTuple):
    """What a report asks for: `features` of the plan, and nothing of fewer than `fewest`.

    `experiments` may be linked to features; labels are read from below `root`, of the project.
    """

    features: Sequence[Plan]
    experiments: "Mapping[str, Experiment]"
    root: "Path"
    fewest: int


def say_section(con: "DuckDBPyConnection", plan: Plan, asked: Asked) -> "SaySection":
    """Say and do of features in the latest wave; small cells are out, or counted as others.

    `plan`: everything declared of features and feedback. Raises FunnelkitError for what was not
    built.
    """
    from funnelkit.report.columns_say import SAY_COLUMNS
    from funnelkit.report.model import SaySection

    gaps = _Gaps(con, plan, asked)
    parts = {**gaps.parts(), **_others(con, plan, asked, gaps)}
    told = {**gaps.told(), **_told_of_others(parts)}
    return SaySection(
        wave=gaps.wave,
        words=tuple(in_words(plan)),
        features=tuple(_definitions(plan, asked.features)),
        findings=tuple(gaps.findings()),
        told={part: sentences for part, sentences in told.items() if parts.get(part)},
        tables={
            part: small_say.as_table(rows, SAY_COLUMNS[part])
            for part, rows in parts.items()
            if rows
        },
    )


class _Gaps:
    """The gaps of everybody in the latest wave with answers on a feature."""

    def __init__(self, con: "DuckDBPyConnection", plan: Plan, asked: Asked) -> None:
        self.known = {each.name: each for each in features(con)}
        self.fewest = fewest = asked.fewest
        rows = []
        if waves(con, OPINIONS, of_feature=True) or waves(con, ("text",)):
            names = {each["name"] for each in asked.features}
            found = rows_of(gaps_table(con, plan))
            rows = [row for row in found if row["feature"] in names and row["segment"] is None]
        self.wave = str(rows[0]["wave"]) if rows else ""
        own = [row for row in rows if row["used_days"] == self.known[row["feature"]].used_days]
        self.own = own
        self.others = [row for row in rows if row not in own]
        self.told_of = [row for row in own if small_say.enough(fewest, row["n"])]
        self.few = [str(row["feature"]) for row in own if row not in self.told_of]

    def parts(self) -> dict[str, list[Row]]:
        """The rows of every part that is made of gaps."""
        own, fewest = self.told_of, self.fewest
        shown = [small_gaps.gap_row(row, fewest) for row in own]
        parts = {
            "gaps": shown,
            "quadrant": [row for row in shown if row["gap"] is not None],
            "cuts": small_gaps.cut_rows(own, self.others, fewest),
            "bias": small_gaps.bias_rows(own, fewest),
            "population": small_gaps.population_rows(own, fewest),
            "money": small_gaps.money_rows(own, fewest),
        }
        return {
            part: [{**row, "feature": _name(row)} for row in rows] for part, rows in parts.items()
        }

    def told(self) -> dict[str, tuple[str, ...]]:
        """The sentences beside each part."""
        decided = sum(_passed(row) for row in self.own)
        lead = f"{decided} of {many(len(self.own), 'features')} have a gap that is decided."
        left = sum(int(row["left_out"] or 0) for row in self.own)
        few = (
            f"Fewer than {self.fewest} with an opinion, not shown: {', '.join(self.few)}."
            if self.few
            else ""
        )
        out = f"{many(left, 'ratings')} do not count." if left >= self.fewest else ""
        used = gap_words.used_in_words(self.known[n] for n in dict.fromkeys(self._names()))
        notes = (
            *self._beside(),
            used,
            gap_words.METHOD,
            _FEW.format(fewest=self.fewest, middle=self.fewest // 2),
            few,
            out,
            _SEGMENTS,
        )
        return {
            "gaps": (lead, *filter(None, notes)),
            "bias": (UNSEEN,),
            "population": (UNSEEN,),
            "money": (gap_words.NOT_ADDED, _ROUGH),
        }

    def _names(self) -> list[str]:
        return [str(row["feature"]) for row in self.own]

    def findings(self) -> Iterator[str]:
        """A sentence for each gap that is decided, that on most customers first."""
        found = [self._sentences(row) for row in self.told_of if _passed(row)]
        told = [each for each in found if each[1]]
        yield from (text for _, text, _ in sorted(told, key=lambda each: (-each[0], each[1])))
        if not told and self.wave:
            yield f"{self.wave}: no gap between say and do is decided."

    def _beside(self) -> Iterator[str]:
        """What else the cells tell: the other side of findings, and gaps that are not decided."""
        for row in self.told_of:
            _, first, also = self._sentences(row)
            yield from (text for text in ("" if _passed(row) else first, also) if text)

    def _sentences(self, row: Row) -> tuple[int, str, str]:
        """How many customers a row is about, and its sides, the stronger first, as may be told."""
        record, bounds = small_gaps.finding_record(row, self.fewest)
        if record["captive"] is None and record["lip_service"] is None:
            return 0, "", ""
        first, also = gap_words.findings(record, self.known[row["feature"]])
        customers = max(record[f"{cell}_customers"] or 0 for cell in ("captive", "lip"))
        return customers, self._bounded(first, bounds), self._bounded(also, bounds)

    def _bounded(self, text: str, bounds: Sequence[str]) -> str:
        for bound in bounds:
            if f": {bound} " in text:
                few = f": all but fewer than {self.fewest} of {bound.partition(' ')[0]} "
                return text.replace(f": {bound} ", few).replace("; ", "; about ", 1)
        return text

    def problems(self) -> dict[tuple[str, str], str]:
        """How the problems of each feature may be told of."""
        return {
            (str(row["feature"]), problem): how
            for row in self.told_of
            if row["aims"] == "attitude"
            for problem, how in small_gaps.problems_told(row, self.fewest).items()
        }


def _passed(row: Row) -> bool:
    return row["q_value"] is not None and row["q_value"] <= PASSES


def _name(row: Row) -> str:
    return f"{row['feature']} (intent)" if row.get("aims") == "intent" else str(row["feature"])


def _others(
    con: "DuckDBPyConnection", plan: Plan, asked: Asked, gaps: _Gaps
) -> dict[str, list[Row]]:
    """Claims, NPS, themes and opportunities, each where there are answers for it."""
    fewest = asked.fewest
    found: dict[str, list[Row]] = {}
    if any(each["claim"] for each in plan["questions"]):
        from funnelkit.results.claims import claims_tables

        claimed, _ = claims_tables(con, plan)
        found["claims"] = small_say.claim_rows(rows_of(claimed), fewest)
    if waves(con, ("nps",)):
        from funnelkit.results.nps import nps_table

        found["nps"] = small_say.nps_rows(rows_of(nps_table(con, plan)), fewest)
        found["impact"] = _impact(con, plan, found["nps"], fewest)
    found["themes"] = _themes(con, plan, asked)
    found["opportunities"] = _opportunities(con, plan, asked, gaps)
    return found


def _opportunities(con: "DuckDBPyConnection", plan: Plan, asked: Asked, gaps: _Gaps) -> list[Row]:
    """Problems of the features of the report, and of funnel steps, ranked among all."""
    from funnelkit.results.opportunities import opportunities_table

    linked_to = {
        str(each["name"]): linked(con, asked.experiments, feature=str(each["name"]))
        for each in plan["features"]
    }
    uplifts = {name: found[0] for name, found in linked_to.items() if found}
    rows = rows_of(opportunities_table(con, plan, linked=uplifts))
    everybody = [row for row in rows if row["segment"] is None]
    return small_say.opportunity_rows(everybody, gaps.problems(), asked.fewest)


def _themes(con: "DuckDBPyConnection", plan: Plan, asked: Asked) -> list[Row]:
    """Themes of the latest wave with texts; the first row is all of them."""
    if not plan["themes"] or not query(con, "theme_waves"):
        return []
    from funnelkit.results.themes import ThemesAsked, themes_table

    told = themes_table(con, plan, asked.root, ThemesAsked())
    return small_say.theme_rows(rows_of(told), asked.fewest)


def _impact(con: "DuckDBPyConnection", plan: Plan, scores: Sequence[Row], fewest: int) -> list[Row]:
    if not plan["themes"]:
        return []
    from funnelkit.results.nps import impact_table

    told = [row["wave"] for row in scores if row["nps"] is not None]
    return small_say.impact_rows(rows_of(impact_table(con, plan)), told, fewest)


def _told_of_others(parts: Mapping[str, Sequence[Row]]) -> dict[str, tuple[str, ...]]:
    return {
        "impact": (_CONTRIBUTION,),
        "themes": tuple(dict.fromkeys(map(_method, parts.get("themes", ())))),
        "opportunities": (_TIERS,),
    }


def _method(row: Row) -> str:
    """How polarity was told, and how well it was measured to do so."""
    if row["se"] is None or row["sp"] is None:
        return (
            f"Polarity by {row['method']}, not calibrated: flags are counts, and no estimate of how"
            " many texts are negative."
        )
    return (
        f"Polarity by {row['method']}, {row['calibration']}: Se {row['se']:.2f}, Sp {row['sp']:.2f}"
        f" on {row['labels']:,} labels."
    )


def in_words(plan: Plan) -> Iterator[str]:
    """What holds for all features, one sentence a rule: how opinions are read, waves, weights."""
    from funnelkit.project.say_words import feedback_in_words

    version = plan["version"]
    yield f"Taxonomy {version}." if version else "The taxonomy has no version."
    yield (
        "Opinions: NPS 9 or 10 like, 0 to 6 dislike; other scales by their top and bottom two"
        " boxes; of several answers the latest."
    )
    yield (
        "Texts: polarity of the sentence that mentions the feature, and only where there is no"
        " rating."
    )
    yield from feedback_in_words(plan)


def _definitions(plan: Plan, wanted: Sequence[Plan]) -> "Iterator[Definition]":
    from funnelkit.project.say_words import feature_in_words
    from funnelkit.report.model import Definition
    from funnelkit.warehouse.macros import feature_hash

    for each in wanted:
        words = tuple(feature_in_words(each))
        yield Definition(str(each["name"]), words, feature_hash(plan, each["no"]))
