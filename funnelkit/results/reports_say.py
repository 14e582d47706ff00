"""What reports show of say and do, read from the built marts; small cells are out."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from funnelkit.results import gap_words, small_gaps, small_say
from funnelkit.results.experiments import linked
from funnelkit.results.gap_rows import PASSES
from funnelkit.results.gaps import gaps_table
from funnelkit.results.say_frames import OPINIONS, features, waves
from funnelkit.results.say_money import with_money
from funnelkit.results.small_say import Row, rows_of
from funnelkit.results.unseen import unused
from funnelkit.stats.bias import UNSEEN
from funnelkit.stats.evidence import LEAST_N
from funnelkit.stats.funnels import many
from funnelkit.warehouse.queries import query

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from funnelkit.project.shipping import Experiment
    from funnelkit.report.model import Definition, Finding, SaySection

Plan = Mapping[str, Any]
_SEGMENTS = "Of everybody who answered; funnelkit gaps --by shows segments."
_CONTRIBUTION = (
    "An arithmetic contribution, not a cause; themes that {least} respondents mention, and {least}"
    " do not."
)
_WHOLE = (
    "Beside a cell of fewer than {fewest}: customers and revenue of all who like it, or dislike it,"
    " whether they use it or not."
)
_TIERS = (
    "Problems of one tier are not told apart. Rank: from one more than clearly stand above, to all"
    " but those clearly below. ≈: a cell of the feature has fewer than {fewest}, so values are in"
    " round numbers, or not told; problems of so few are left out. funnelkit opportunities shows"
    " all."
)
_CUTS = (
    "Left out: cuts that differ from others by fewer than {fewest} people in a cell, or by none;"
    " funnelkit gaps shows all."
)
_VERDICTS = (
    "Beside a cell of fewer than {fewest} the verdict alone; funnelkit gaps --bias shows figures."
)
_FEW = (
    "Cells of fewer than {fewest} are not told. Where a gap rests on one (≈) it counts as"
    " {middle}, in its verdict too, and the cell beside it makes up for that: the command shows it"
    " as it is."
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


def say_section(
    con: "DuckDBPyConnection", plan: Plan, asked: Asked
) -> "tuple[SaySection, tuple[Finding, ...]]":
    """Say and do of features in the latest wave, and what of it may open the report.

    Small cells are out, or counted as others.

    `plan`: everything declared of features and feedback. Raises FunnelkitError for what was not
    built.
    """
    from funnelkit.report.columns_say import SAY_COLUMNS
    from funnelkit.report.model import SaySection

    gaps = _Gaps(con, plan, asked)
    parts = {**gaps.parts(), **_others(con, plan, asked, gaps)}
    told = {**gaps.told(), **_told_of_others(parts, asked.fewest)}
    section = SaySection(
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
    return section, (*gaps.candidates(), *_score(parts.get("nps", ())))


class _Gaps:
    """The gaps of everybody in the latest wave with answers on a feature."""

    def __init__(self, con: "DuckDBPyConnection", plan: Plan, asked: Asked) -> None:
        self.known = {each.name: each for each in features(con)}
        self.unused = unused(con, plan)
        self.fewest = fewest = asked.fewest
        names = {each["name"] for each in asked.features}
        there = waves(con, OPINIONS, of_feature=True) or waves(con, ("text",))
        found = rows_of(gaps_table(con, plan)) if there else []
        rows = [row for row in found if row["segment"] is None]
        own = [row for row in rows if row["used_days"] == self.known[row["feature"]].used_days]
        # Judged together are all features, whichever are reported.
        mine = [row for row in small_gaps.judged(own, fewest) if row["feature"] in names]
        self.others = [row for row in rows if row not in own]
        self.wave = str(mine[0]["wave"]) if mine else ""
        self.own = list(with_money(con, plan, there[-1], mine, self.known)) if mine else []
        self.told_of = [row for row in self.own if small_say.enough(fewest, row["n"])]
        self.few = [str(row["feature"]) for row in self.own if row not in self.told_of]

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
        have = "has" if decided == 1 else "have"
        lead = f"{decided} of {many(len(self.own), 'features')} {have} a gap that is decided."
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
            "cuts": (_CUTS.format(fewest=self.fewest),),
            "bias": (UNSEEN, _VERDICTS.format(fewest=self.fewest)),
            "population": (UNSEEN,),
            "money": (gap_words.NOT_ADDED, _WHOLE.format(fewest=self.fewest)),
        }

    def _names(self) -> list[str]:
        return [str(row["feature"]) for row in self.own]

    def findings(self) -> Iterator[str]:
        """A sentence for each gap, that on most customers first; those not decided at the end."""
        found = [(_passed(row), *self._sentences(row)) for row in self.told_of]
        told = sorted(
            (-(customers or 0), first) for ok, customers, first, _ in found if ok and first
        )
        yield from (text for _, text in told)
        if not told:
            yield (
                f"{self.wave}: no gap between say and do is decided."
                if self.wave
                else "No wave has answers on these features."
            )
        rest = sorted(
            (-(customers or 0), first) for ok, customers, first, _ in found if first and not ok
        )
        yield from (f"Not decided: {text}" for _, text in rest)
        names = [row["feature"] for row in self.told_of]
        yield from (self.unused[name].replace("`", "") for name in names if name in self.unused)

    def _beside(self) -> Iterator[str]:
        """What else the cells tell: the other side of findings."""
        yield from filter(None, (self._sentences(row)[2] for row in self.told_of))

    def candidates(self) -> "Iterator[Finding]":
        """A gap of each feature: the side that is its finding, and whose customers those are."""
        from funnelkit.report.model import Finding

        for row in self.told_of:
            customers, first, _ = self._sentences(row)
            if first:
                yield Finding(
                    first,
                    "gap",
                    f"gaps of {self.wave}",
                    _passed(row),
                    customers,
                    self._revenue(row),
                )

    def _revenue(self, row: Row) -> int | None:
        """The exact revenue behind a finding, where a report tells that of its cell."""
        sides = gap_words.told_sides(small_gaps.finding_record(row, self.fewest)[0])
        told = {
            "lip": "liked, yet not used",
            "captive": "disliked, yet used",
        }[sides[0]]
        shown = small_gaps.money_rows([row], self.fewest)
        return next((each["revenue_cents"] for each in shown if each["problem"] == told), None)

    def _sentences(self, row: Row) -> tuple[int | None, str, str]:
        """How many customers the finding is about, and its sides, that one first, as may be told.

        Of a side that is told as a whole they are those of the whole side.
        """
        record, bounds = small_gaps.finding_record(row, self.fewest)
        told = record["captive"] is not None or record["lip_service"] is not None
        if not told or row["feature"] in self.unused:
            return None, "", ""
        first, also = gap_words.findings(record, self.known[row["feature"]])
        side = gap_words.told_sides(record)[0]
        return (
            record[f"{side}_customers"] or bounds.get(side, {}).get("customers"),
            self._bounded(first, record, bounds),
            self._bounded(also, record, bounds),
        )

    def _bounded(self, text: str, record: Row, bounds: Mapping[str, Row]) -> str:
        """`of 273 …, fewer than 5 used it` for `273 of 273 … did not`; money of the whole side."""
        for cell, its in bounds.items():
            who = gap_words.who_says(record, cell)
            did, opposite = ("did not use it", "used it")[:: 1 if cell == "lip" else -1]
            all_of_them = f": {its['people']:,} of {its['people']:,} who {who} {did} "
            if all_of_them in text:
                few = f": of {its['people']:,} who {who}, fewer than {self.fewest} {opposite} "
                return f"{text.replace(all_of_them, few)[:-1]}{_whole_side(who, its)}."
        return text

    def problems(self) -> dict[tuple[str, str], small_say.Near]:
        """How the problems of each feature may be told of."""
        return {
            (str(row["feature"]), problem): near
            for row in self.told_of
            if row["aims"] == "attitude"
            for problem, near in small_gaps.problems_told(row, self.fewest).items()
        }


def _score(rows: Sequence[Row]) -> "Iterator[Finding]":
    """The change of the latest score, where both scores may be told."""
    from funnelkit.report.findings_say import nps_interval, points
    from funnelkit.report.model import Finding

    row = rows[-1] if rows else None
    if row is None or row["nps"] is None or row["q_value"] is None:
        return
    change = f"{points(row['d_lo'])} to {points(row['d_hi'])}"
    yield Finding(
        f"NPS {nps_interval(row)} in {row['wave']}, of {row['n']:,} respondents:"
        f" {points(row['difference'])} since {row['before']} (95 % interval {change}).",
        "nps",
        "changes of NPS between waves",
        bool(row["q_value"] <= PASSES),
        row["customers"],
    )


def _whole_side(who: str, its: Row) -> str:
    """`; those who rate it good are 228 customers with 82 % of revenue`."""
    if not its.get("customers"):
        return ""
    share, label = its["revenue_share"], its["money_label"]
    revenue = "" if share is None else f" with {100 * share:.0f} % of revenue"
    story = f", {label}" if label else ""
    return f"; those who {who} are {its['customers']:,} customers{revenue}{story}"


def _passed(row: Row) -> bool:
    return bool(row["decided"] == "yes")


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
    """Themes of the latest wave with texts."""
    if not plan["themes"] or not query(con, "theme_waves"):
        return []
    from funnelkit.results.themes import ALL_THEMES, ThemesAsked, themes_table

    told = rows_of(themes_table(con, plan, asked.root, ThemesAsked()))
    each = [row for row in told if row["theme"] != ALL_THEMES]
    return small_say.theme_rows(each, asked.fewest)


def _impact(con: "DuckDBPyConnection", plan: Plan, scores: Sequence[Row], fewest: int) -> list[Row]:
    if not plan["themes"]:
        return []
    from funnelkit.results.nps import impact_table

    told = [row["wave"] for row in scores if row["nps"] is not None]
    return small_say.impact_rows(rows_of(impact_table(con, plan)), told, fewest)


def _told_of_others(parts: Mapping[str, Sequence[Row]], fewest: int) -> dict[str, tuple[str, ...]]:
    return {
        "impact": (_CONTRIBUTION.format(least=LEAST_N),),
        "themes": tuple(dict.fromkeys(map(_method, parts.get("themes", ())))),
        "opportunities": (_TIERS.format(fewest=fewest),),
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
