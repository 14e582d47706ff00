"""Metrics of a scorecard that rest on what customers say: NPS, gaps, revenue at stake, cadence."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from funnelkit.project.say_words import feature_in_words
from funnelkit.results.cadence import LOOK_BACK, built_cadence
from funnelkit.results.gaps import gaps_table
from funnelkit.results.nps import nps_table
from funnelkit.results.say_frames import OPINIONS, features, waves
from funnelkit.results.say_money import with_money
from funnelkit.results.scorecard_metric import (
    A_WEEK,
    POINTS,
    SCORE,
    WHOLE_SHARE,
    Point,
    Rules,
    Told,
    counted_change,
    exact,
    period_of,
)
from funnelkit.results.small_gaps import (
    EXACT,
    FEW_DO_NOT,
    FEW_USE,
    gap_row,
    money_rows,
    sides,
)
from funnelkit.results.small_say import Row, enough, nps_rows, rows_of
from funnelkit.stats.proportions import NOTHING, Interval
from funnelkit.table import rounded
from funnelkit.warehouse.macros import feature_hash

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Plan = Mapping[str, Any]
_OVERLAP = "partly the same people"
_WAVES = "NPS, gaps and revenue at stake: by wave of asking, as of the latest."
_HEARD = f"A week: the mean of the last {LOOK_BACK} weeks; by period that of its weeks (Mondays)."
_FEW_HEARD = (
    "≈ a week: in whole numbers, as a period of fewer than {fewest} would follow otherwise; these"
    " are not told."
)
_STAKE = (
    "Revenue at stake: of customers who like it and do not use it, or dislike it and use it; the"
    " share is of those that answered. It is held against its target up to the upper limit of the"
    " estimate that counts the others too; without an estimate up to everything."
)
_SIDE = (
    "≈ at stake: beside a cell of fewer than {fewest} of the one problem that has more revenue"
    " alone, or of all who like it, or dislike it."
)


class Voice:
    """What was said, read once for all metrics of a scorecard; nothing of fewer than `fewest`."""

    def __init__(self, con: "DuckDBPyConnection", plan: Plan, trend: str, fewest: int) -> None:
        self.con = con
        self.plan = plan
        self.trend = trend
        self.fewest = fewest

    # --- NPS ---

    def nps(self) -> Told:
        """The NPS of the latest wave, and its change to the one before."""
        found = waves(self.con, ("nps",))
        rows = nps_rows(rows_of(nps_table(self.con, self.plan)), self.fewest) if found else []
        if not rows:
            return Told(SCORE, "no wave has enough answers", None, NOTHING, ())
        last, before = rows[-1], rows[-1]["before"]
        told = last["nps"] is not None
        return Told(
            SCORE,
            f"respondents of {last['wave']}",
            last["n"] if told else None,
            Interval(last["nps"], last["lo"], last["hi"]),
            [
                Point(str(row["wave"]), row["nps"], row["lo"], row["hi"], row["n"])
                for row in rows
                if row["nps"] is not None
            ],
            Interval(last["difference"], last["d_lo"], last["d_hi"]),
            f"{last['wave']} against {before}" if last["difference"] is not None else "",
            notes=(_WAVES,),
        )

    # --- gaps ---

    @cached_property
    def _gaps(self) -> list[Row]:
        """Rows of everybody at the features' own cuts, of all waves, with the money of sides."""
        there = waves(self.con, OPINIONS, of_feature=True) or waves(self.con, ("text",))
        if not there:
            return []
        known = {each.name: each for each in features(self.con)}
        found = rows_of(gaps_table(self.con, self.plan, wave="all"))
        own = [
            row
            for row in found
            if row["segment"] is None and row["aims"] == "attitude"
            if row["used_days"] == known[row["feature"]].used_days
        ]
        return [
            row
            for wave in there
            for row in with_money(
                self.con, self.plan, wave, [r for r in own if r["wave"] == wave.name], known
            )
        ]

    def gap(self, feature: str) -> Told:
        """The gap of a feature in the latest wave, as a committed report may show it."""
        rows = [row for row in self._gaps if row["feature"] == feature]
        points = [self._gap_point(row) for row in rows if enough(self.fewest, row["n"])]
        told = [point for point in points if point.value is not None]
        rules = self._rules(feature)
        if not points:
            return Told(POINTS, "no wave has enough answers", None, NOTHING, (), rules=rules)
        last = points[-1]
        change, which = counted_change(told if last in told else [], _OVERLAP)
        return Told(
            POINTS,
            f"respondents of {last.period} with an opinion",
            last.n,
            Interval(last.value, last.lo, last.hi),
            told,
            change,
            which,
            rounded=last.rounded,
            rules=rules,
            notes=(_WAVES,),
        )

    def _gap_point(self, row: Row) -> Point:
        told = gap_row(row, self.fewest)
        limits = (told["gap"], told["gap_lo"], told["gap_hi"])
        return Point(str(row["wave"]), *limits, told["n"], rounded=bool(told["rounded"]))

    def at_stake(self, feature: str) -> Told:
        """The share of revenue behind the feature's two discordant cells, in the latest wave."""
        rows = [row for row in self._gaps if row["feature"] == feature]
        stakes = {str(row["wave"]): stake(row, self.fewest) for row in rows}
        points = [
            Point(wave, each.share, each.share, each.most, each.customers, rounded=each.rounded)
            for wave, each in stakes.items()
            if each is not None
        ]
        last = str(rows[-1]["wave"]) if rows else ""
        its = stakes.get(last)
        notes = (_WAVES, _STAKE, _SIDE.format(fewest=self.fewest) if its and its.rounded else "")
        rules = self._rules(feature)
        if its is None:
            of = f"{last}: too few in a cell" if last else "no wave has enough answers"
            return Told(WHOLE_SHARE, of, None, NOTHING, points, rules=rules, notes=notes)
        change, which = counted_change(points, _OVERLAP)
        return Told(
            WHOLE_SHARE,
            f"customers of respondents of {last}",
            its.customers,
            Interval(its.share, its.share, its.most),
            points,
            change,
            which,
            rounded=its.rounded,
            rules=rules,
            notes=notes,
        )

    def _rules(self, feature: str) -> Rules:
        declared = next(each for each in self.plan["features"] if each["name"] == feature)
        words = tuple(feature_in_words(declared))
        return Rules(f"feature {feature}", words, feature_hash(self.plan, declared["no"]))

    # --- cadence ---

    def cadence(self, what: str) -> Told:
        """How many were heard a week, in the last 12 weeks and by period."""
        rows = rows_of(built_cadence(self.con, self.plan["timezone"]))
        weeks = [(period_of(str(row["week"]), self.trend), int(row[what])) for row in rows]
        if not weeks:
            return Told(A_WEEK, "nobody was heard yet", None, NOTHING, ())
        points = list(_heard_points(weeks, self.fewest))
        last = [number for _, number in weeks[-LOOK_BACK:]]
        heard = heard_a_week(weeks, LOOK_BACK, self.fewest)
        change, which = counted_change(points, "counted")
        return Told(
            A_WEEK,
            "the only week" if len(last) == 1 else f"the last {len(last)} weeks",
            len(last),
            NOTHING if heard.mean is None else exact(heard.mean),
            points,
            change,
            which,
            rounded=heard.rounded,
            notes=(_HEARD, _FEW_HEARD.format(fewest=self.fewest) if heard.rounded else ""),
        )


class Stake(NamedTuple):
    """Revenue at stake as it may be told: its share, at most what others add, and of how many."""

    share: float
    most: float | None
    customers: int
    rounded: bool


def stake(row: Row, fewest: int) -> Stake | None:
    """What a row of gaps with money tells of both discordant cells; None where it may not.

    Both together where each may be told, and customers in both cells are none or enough: less the
    two, they would follow. Else the larger of what may be told of one of them.
    """
    like, dislike = sides(row, fewest)
    if not (like.state and dislike.state):
        return None
    both = row["customers"]
    if like.state == dislike.state == EXACT and row["revenue_share"] is not None:
        cells = (row["lip_customers"], row["captive_customers"])
        overlap = sum(cells) - both if enough(fewest, both, *cells) else None
        if overlap == 0 or enough(fewest, overlap):
            share = round(row["revenue_share"], 2)
            return Stake(share, _most(row, share), both, rounded=False)
    small = {"like it": like.state == FEW_DO_NOT, "dislike it": dislike.state == FEW_USE}
    told = [
        each
        for each in money_rows([row], fewest)
        if each["revenue_share"] is not None and not small.get(str(each["problem"]), False)
    ]
    if not told:
        return None
    first = max(told, key=lambda each: (each["revenue_share"], each["customers"]))
    return Stake(first["revenue_share"], None, first["customers"], rounded=True)


def _most(row: Row, share: float) -> float | None:
    """The upper limit of the estimated revenue as a share, in whole percents."""
    if row["er_hi"] is None or not row["revenue_share"]:
        return None
    eligible = row["revenue_cents"] / row["revenue_share"]
    return max(share, min(1.0, round(float(row["er_hi"] / eligible), 2)))


class Heard(NamedTuple):
    """How many were heard a week, None: not told; `rounded`: to a whole number."""

    mean: float | None
    rounded: bool


def heard_a_week(weeks: Sequence[tuple[str, int]], last: int, fewest: int) -> Heard:
    """The mean of the last weeks, as `funnelkit cadence` has it.

    `weeks`: period and number. In whole numbers where a number of fewer than `fewest` would follow
    from it beside the periods that are told; not at all where whole weeks do not hide it either.
    """
    window = weeks[-last:]
    total = sum(number for _, number in window)
    inside: dict[str, int] = {}
    whole: dict[str, int] = {}
    for period, number in weeks:
        whole[period] = whole.get(period, 0) + number
    for period, number in window:
        inside[period] = inside.get(period, 0) + number
    parts = [total]
    for period, number in inside.items():
        parts += [number, whole[period], whole[period] - number]
    if not any(0 < part < fewest for part in parts):
        return Heard(float(rounded(total / len(window)) or 0.0), rounded=False)
    # A whole number leaves as many totals open as there are weeks.
    is_hidden = len(window) >= 2 * fewest
    return Heard(float(round(total / len(window))) if is_hidden else None, rounded=True)


def _heard_points(weeks: Sequence[tuple[str, int]], fewest: int) -> "list[Point]":
    """The mean of each period's weeks; of fewer than `fewest`, but for nobody, none."""
    found: dict[str, list[int]] = {}
    for period, number in weeks:
        found.setdefault(period, []).append(number)
    last = next(reversed(found))
    return [
        Point(period, *exact(sum(numbers) / len(numbers)), len(numbers), period != last)
        for period, numbers in found.items()
        if not 0 < sum(numbers) < fewest
    ]
