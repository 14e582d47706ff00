"""Gaps between what is said and done, from built marts: a row a feature, segment and cut."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from funnelkit.errors import FunnelkitError, did_you_mean
from funnelkit.jobs.gaps import Gap, gaps
from funnelkit.jobs.money import Affected, affected_each
from funnelkit.jobs.population import Population, populations
from funnelkit.jobs.respondents import INTENT
from funnelkit.project.say_words import feature_in_words
from funnelkit.results import gap_words as words
from funnelkit.results.built import inputs
from funnelkit.results.gap_rows import GAP_COLUMNS, NAMES, Found, Record, gap_record
from funnelkit.results.notes import noted, of_log
from funnelkit.results.say_frames import (
    ALL_WAVES,
    OPINIONS,
    Feature,
    WaveFrames,
    check_features,
    features,
    other_waves,
    pick_feature,
    pick_wave,
    read_wave,
    waves,
)
from funnelkit.stats.proportions import benjamini_hochberg
from funnelkit.table import Table

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Plan = Mapping[str, Any]
NO_VALUE = "(none)"


@dataclass(frozen=True)
class Split:
    """Whom rows tell of: everybody, or those of segments, which have a label each.

    `breakdown`: a user property or a declared segment; None: everybody. `alone`: the rows of
    everybody are left out, and of a segment's values only `true` is looked at.
    """

    breakdown: str | None = None
    alone: bool = False

    def labelled(self, values: pl.DataFrame, key: str) -> pl.DataFrame | None:
        """`key` and segment of the values, a row each; None without a breakdown."""
        if self.breakdown is None:
            return None
        mine = values.filter(pl.col("breakdown") == self.breakdown)
        if self.alone:
            mine = mine.filter(pl.col("value") == "true")
            return mine.select(key, segment=pl.lit(self.breakdown))
        value = pl.col("value").fill_null(NO_VALUE)
        return mine.select(key, segment=pl.format("{} = {}", pl.lit(self.breakdown), value))


def gaps_table(
    con: "DuckDBPyConnection",
    plan: Plan,
    *,
    feature: str | None = None,
    by: str | None = None,
    segment: str | None = None,
    wave: str | None = None,
    borne_out: Sequence[str] = (),
) -> Table:
    """Say against do of every feature, or of one, at its own cut and at 1, 2 and 4 days.

    `plan`: everything declared of features and feedback. `by`: everybody and each value of a user
    property or segment; `segment`: only those in a declared one; `wave`: its name, or `all`;
    `borne_out`: features whose finding a holdout or an experiment showed again.
    Raises FunnelkitError for what is not declared or not built.
    """
    known = features(con)
    check_features(known)
    shown = known if feature is None else [pick_feature(known, feature)]
    split = pick_split(plan, by, segment)
    there = waves(con, OPINIONS, of_feature=True) or waves(con, ("text",))
    asked = there if wave == ALL_WAVES else [pick_wave(there, wave, "on a feature")]
    records: list[Record] = []
    notes: list[str] = []
    for each in asked:
        frames = read_wave(con, plan, each, kept_mentions(con, plan), _breakdowns(split))
        found = list(found_rows(frames, known, shown, split, borne_out))
        records += [told(row) for row in found]
        if each == asked[-1]:
            notes = list(_notes(frames, shown, found))
    own = {each.name: each.used_days for each in known}
    meta = {
        "definition": _definitions(plan, shown),
        "definition_hash": shown[0].definition_hash if len(shown) == 1 else None,
        "definition_hashes": {each.name: each.definition_hash for each in shown},
        "version": plan["version"],
        **inputs(con),
    }
    rows = tuple(tuple(record[name] for name in NAMES) for record in records)
    table = Table(GAP_COLUMNS, rows, meta, words.headline(records, own), tuple(filter(None, notes)))
    which = "" if wave == ALL_WAVES else other_waves(there, asked[0])
    return noted(table, which, *of_log(meta))


def _definitions(plan: Plan, shown: Sequence[Feature]) -> list[str]:
    """The rules of the shown features, a sentence each, behind their names where they are many."""
    names = [each.name for each in shown]
    declared = [each for each in plan["features"] if each["name"] in names]
    if len(declared) == 1:
        return feature_in_words(declared[0])
    return [f"{each['name']}: {text}" for each in declared for text in feature_in_words(each)]


def borne_out(con: "DuckDBPyConnection", experiments: Mapping[str, Any]) -> list[str]:
    """Features that a declared experiment showed to matter: its sample ratio and difference hold.

    Raises FunnelkitError for an experiment that was not built.
    """
    from funnelkit.results.experiments import linked

    named = dict.fromkeys(each.feature for each in experiments.values() if each.feature)
    return [name for name in named if linked(con, experiments, feature=name)]


def pick_split(plan: Plan, by: str | None, segment: str | None) -> Split:
    """Whom is asked for; raises FunnelkitError for both at once and for what is not declared."""
    if by is not None and segment is not None:
        raise FunnelkitError("--by and --segment are different questions", "ask for one")
    if segment is not None:
        if segment not in plan["segments"]:
            near = did_you_mean(segment, list(plan["segments"]))
            hint = near or "declare it under `segments:`"
            raise FunnelkitError(f"no segment is called {segment!r}", hint)
        return Split(segment, alone=True)
    return Split(by)


def _breakdowns(split: Split) -> list[str]:
    return [] if split.breakdown is None else [split.breakdown]


def kept_mentions(con: "DuckDBPyConnection", plan: Plan) -> pl.DataFrame | None:
    """What texts say of features; None where no feature has topics."""
    if not any(each["topics"] for each in plan["features"]):
        return None
    from funnelkit.results.mentions_kept import read_mentions

    return read_mentions(con, plan)


def found_rows(
    frames: WaveFrames,
    known: Sequence[Feature],
    shown: Sequence[Feature],
    split: Split,
    borne_out: Sequence[str] = (),
) -> Iterator[Found]:
    """Everything of a wave's shown rows: features in order, everybody first, own cut first.

    Judged together are the rows of all features at their own cut, whichever are shown.
    """
    people = frames.respondents.people
    segments = split.labelled(frames.answer_values, "response_id")
    cells = gaps(people, _cuts(known), segments)
    if split.alone:
        cells = [each for each in cells if each.segment is not None]
    q = _judged(cells, {each.no: each.used_days for each in known})
    parts: dict[tuple[int, str, str | None], list[Gap]] = {}
    for cell in cells:
        parts.setdefault((cell.feature_no, cell.aims, cell.segment), []).append(cell)
    for feature in shown:
        mine = [(key, part) for key, part in parts.items() if key[0] == feature.no]
        for (_, aims, segment), part in sorted(mine, key=_by_size):
            one = _Part(frames, feature, aims, segment, split)
            yield from one.rows(part, q, feature.name in borne_out)


def _by_size(part: tuple[tuple[int, str, str | None], list[Gap]]) -> tuple[str, bool, int, str]:
    (_, aims, segment), cells = part
    return aims, segment is not None, -cells[0].n, segment or ""


def _cuts(known: Sequence[Feature]) -> pl.DataFrame:
    pairs = [(feature.no, days) for feature in known for days in feature.cuts]
    return pl.DataFrame(pairs, {"feature_no": pl.Int32, "used_days": pl.Int64}, orient="row")


def _judged(cells: Sequence[Gap], own: Mapping[int, int]) -> dict[tuple[Any, ...], float]:
    """q of each row that is judged, by what tells rows apart."""
    family = [cell for cell in cells if cell.is_tested and cell.used_days == own[cell.feature_no]]
    adjusted = benjamini_hochberg([cell.p for cell in family])
    return {cell[:4]: q for cell, q in zip(family, adjusted, strict=True)}


@dataclass(frozen=True)
class _Part:
    """The respondents of one feature and segment, and everybody that they may stand for."""

    frames: WaveFrames
    feature: Feature
    aims: str
    segment: str | None
    split: Split

    def rows(
        self, cells: Sequence[Gap], q: Mapping[tuple[Any, ...], float], borne_out: bool
    ) -> Iterator[Found]:
        """A row for each cut, the feature's own first."""
        people, access = self._people(), self._access()
        by_cut = {cell.used_days: cell for cell in cells}
        found = populations(people, access, self.frames.margins, self.feature.cuts)
        money = self._money(people, access)
        for cut in self.feature.cuts:
            yield Found(
                self.feature,
                self.frames.wave.name,
                by_cut[cut],
                found[cut],
                both=money[f"both {cut}"],
                captive=money[f"captive {cut}"],
                lip=money[f"lip {cut}"],
                q=q.get(by_cut[cut][:4]),
                left_out=self._left(),
                borne_out=borne_out,
            )

    def _money(self, people: pl.DataFrame, access: pl.DataFrame) -> dict[str, Affected]:
        """Whose money it is, of both discordant cells and of each, at every cut."""
        flags: dict[str, pl.Expr] = {}
        for cut in self.feature.cuts:
            used = pl.col("days") >= cut
            captive = (pl.col("opinion") == "dislike") & used
            lip = (pl.col("opinion") == "like") & ~used
            flags |= {f"both {cut}": captive | lip, f"captive {cut}": captive, f"lip {cut}": lip}
        eligible = self.frames.paying(access, people)
        estimated = {name: name.startswith("both") for name in flags}
        return affected_each(eligible, people.with_columns(**flags), estimated)

    def _people(self) -> pl.DataFrame:
        mine = (pl.col("feature_no") == self.feature.no) & (pl.col("aims") == self.aims)
        people = self.frames.respondents.people.filter(mine)
        return self._inside(people, self.frames.answer_values, "response_id")

    def _access(self) -> pl.DataFrame:
        mine = pl.col("feature_no") == self.feature.no
        there = self.frames.access.filter(mine).drop("feature_no")
        return self._inside(there, self.frames.values, "user_key")

    def _inside(self, table: pl.DataFrame, values: pl.DataFrame, key: str) -> pl.DataFrame:
        labelled = self.split.labelled(values, key)
        if self.segment is None or labelled is None:
            return table
        inside = labelled.filter(pl.col("segment") == self.segment)
        return table.join(inside, on=key, how="semi")

    def _left(self) -> int | None:
        """Ratings that do not count; by segment nobody knows."""
        if self.segment is not None:
            return None
        mine = (pl.col("feature_no") == self.feature.no) & (pl.col("aims") == self.aims)
        return int(self.frames.respondents.left.filter(mine)["answers"].sum())


def told(found: Found) -> Record:
    """The row as it may be shown, with what was found in sentences."""
    record = gap_record(found)
    finding, also = words.findings(record, found.feature)
    return {**record, "finding": finding, "also": also}


def _notes(frames: WaveFrames, shown: Sequence[Feature], found: Sequence[Found]) -> Iterator[str]:
    yield words.used_in_words(shown)
    yield words.METHOD
    yield words.FEW
    yield words.texts_in_words(_from_texts(found))
    yield words.left_in_words(_left_out(frames, shown))
    yield words.unasked_in_words(*_unasked(frames, shown))
    yield words.NOT_ADDED
    yield from words.population_in_words(_whole(found))


def _whole(found: Sequence[Found]) -> dict[str, Population]:
    """What may be said of everybody, by feature, and of intents apart."""
    return {
        f"{row.feature.name} (intent)" if row.gap.aims == INTENT else row.feature.name: (
            row.population
        )
        for row in found
        if row.gap.segment is None and row.gap.used_days == row.feature.used_days
    }


def _from_texts(found: Sequence[Found]) -> dict[str, int]:
    """How many opinions on each feature are read from texts."""
    return {
        row.feature.name: row.gap.n - row.gap.ratings
        for row in found
        if row.gap.segment is None and row.gap.used_days == row.feature.used_days
        if row.gap.aims != INTENT
    }


def _left_out(frames: WaveFrames, shown: Sequence[Feature]) -> list[tuple[str, int]]:
    mine = pl.col("feature_no").is_in([each.no for each in shown])
    left = frames.respondents.left.filter(mine).group_by("left_out").agg(pl.col("answers").sum())
    return [(reason, answers) for reason, answers in left.sort("left_out").rows()]


def _unasked(frames: WaveFrames, shown: Sequence[Feature]) -> tuple[int, int, int]:
    """Customers that dislike a feature unasked, those of them that use it, and that like one."""
    cuts = _cuts(shown).unique("feature_no", keep="first", maintain_order=True)
    asked = frames.respondents.people
    told = frames.respondents.unasked.join(cuts, on="feature_no").join(
        asked, on=("feature_no", "customer_id"), how="anti"
    )
    dislike, like = (told.filter(pl.col("opinion") == name) for name in ("dislike", "like"))
    used = dislike.filter(pl.col("days") >= pl.col("used_days"))
    return (
        dislike["customer_id"].n_unique(),
        used["customer_id"].n_unique(),
        like["customer_id"].n_unique(),
    )
