"""NPS on built marts: by wave and value, its change, and what each theme takes from it."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from funnelkit.jobs.nps import Impact, Votes, impacts, votes
from funnelkit.results.built import inputs
from funnelkit.results.mentions_kept import read_mentions
from funnelkit.results.notes import noted, of_log
from funnelkit.results.say_frames import Wave, other_waves, pick_wave
from funnelkit.stats.evidence import FEWEST, LEAST_N, WIDEST, label
from funnelkit.stats.funnels import many
from funnelkit.stats.nps import Difference, nps_difference
from funnelkit.stats.proportions import benjamini_hochberg
from funnelkit.table import Column, Table, Value, score, signed_score
from funnelkit.warehouse.queries import frame

if TYPE_CHECKING:
    import polars as pl
    from duckdb import DuckDBPyConnection

NPS_COLUMNS = (
    Column("wave"),
    Column("breakdown"),
    Column("value"),
    Column("n", "count"),
    Column("customers", "count"),
    Column("promoters", "count"),
    Column("passives", "count"),
    Column("detractors", "count"),
    Column("nps", "points"),
    Column("lo", "points"),
    Column("hi", "points"),
    Column("difference", "points"),
    Column("d_lo", "points"),
    Column("d_hi", "points"),
    Column("p_value", "p"),
    Column("q_value", "p"),
    Column("label"),
    Column("n_eff", "number"),
    Column("before"),
)
IMPACT_COLUMNS = (
    Column("theme"),
    Column("wave"),
    Column("n", "count"),
    Column("mentions", "count"),
    Column("nps_all", "points"),
    Column("nps_without", "points"),
    Column("impact", "points"),
    Column("lo", "points"),
    Column("hi", "points"),
    Column("label"),
)
UNKNOWN = "(unknown)"  # the value of who is anonymous, or was told without one
_ASKED = "to an NPS question"
_METHOD = (
    "Promoters (9-10) less detractors (0-6), of each respondent's latest answer in the wave; "
    "adjusted Wald, 95 %, over the number that answers of different customers would be worth."
)
_CHANGE = (
    "The change to the wave before takes the two as independent: where the same people answered "
    "both, its interval is wider than it need be. q: over all changes of this table."
)
_ARITHMETIC = (
    "Impact is an arithmetic contribution, not a cause: NPS of all less NPS of those who do not "
    "name the theme in a text of the wave; customers drawn anew 2,000 times, 95 %."
)


def nps_table(
    con: "DuckDBPyConnection",
    plan: Mapping[str, Any],
    *,
    by: str | None = None,
    wave: str | None = None,
) -> Table:
    """NPS of every wave, or of one and each value of `by` in it, with its change since the last.

    `by`: a user property or segment, as of the answer; the latest wave unless one is named.
    Raises FunnelkitError for a wave that is not there.
    """
    found = _waves(frame(con, "nps_answers", breakdown=None))
    picked = pick_wave(found, wave, _ASKED)
    shown = found if by is None and wave is None else [picked]
    groups, keys = _groups(con, by, shown, picked)
    before = {after.no: earlier for earlier, after in pairwise(found)}
    changes = [_change(groups, key, before.get(key[0])) for key in keys]
    rows = [
        _row(groups[key], by if key[1] is not None else None, change, q, before.get(key[0]))
        for key, change, q in zip(keys, changes, _q_values(changes), strict=True)
    ]
    everybody, at = groups[picked.no, None], keys.index((picked.no, None))
    meta = {"version": plan["version"], "wave": picked.name, **inputs(con)}
    headline = _headline(everybody, changes[at], before.get(picked.no))
    return noted(
        Table(NPS_COLUMNS, tuple(rows), meta, headline),
        *_few(groups[key] for key in keys),
        _anonymous(everybody),
        _METHOD,
        _CHANGE if any(change.estimate is not None for change in changes) else None,
        None if len(shown) > 1 else other_waves(found, picked),
        *of_log(meta),
    )


_Key = tuple[int, str | None]  # a wave's number and a value; of everybody, None


def _groups(
    con: "DuckDBPyConnection", by: str | None, shown: Sequence[Wave], picked: Wave
) -> tuple[dict[_Key, Votes], list[_Key]]:
    """All groups of all waves, and those that are rows, in their order."""
    everybody = votes(frame(con, "nps_answers", breakdown=None))
    groups: dict[_Key, Votes] = {(each.wave_no, None): each for each in everybody}
    keys: list[_Key] = [(each.no, None) for each in shown]
    if by is not None:
        split = votes(_split(con, by))
        groups |= {(each.wave_no, each.value): each for each in split}
        keys += [(each.wave_no, each.value) for each in split if each.wave_no == picked.no]
    return groups, keys


def impact_table(
    con: "DuckDBPyConnection", plan: Mapping[str, Any], *, wave: str | None = None
) -> Table:
    """What each theme of the taxonomy takes from the NPS of a wave; the most negative first.

    Raises FunnelkitError for a wave that is not there.
    """
    answers = frame(con, "nps_answers", breakdown=None)
    found = _waves(answers)
    picked = pick_wave(found, wave, _ASKED)
    mentions = read_mentions(con, plan)
    named = frame(con, "nps_texts", wave_no=picked.no).join(mentions, on="response_id")
    mine = answers.filter(answers["wave_no"] == picked.no)
    seed = f"nps impact {picked.name}"
    rows = [_impact_row(each, picked) for each in impacts(mine, named, seed)]
    at = IMPACT_COLUMNS.index(Column("impact", "points"))
    rows.sort(key=lambda row: (row[at] is None, row[at] or 0.0, str(row[0])))
    table = Table(
        IMPACT_COLUMNS,
        tuple(rows),
        {"version": plan["version"], "wave": picked.name, **inputs(con)},
        _impact_headline(rows, picked),
    )
    return noted(table, _ARITHMETIC, other_waves(found, picked), *of_log(table.meta))


def _waves(answers: "pl.DataFrame") -> list[Wave]:
    rows = (
        answers.select("wave_no", "wave", "reference_at").unique().sort("reference_at", "wave_no")
    )
    return [Wave(no, name, str(at)) for no, name, at in rows.iter_rows()]


def _split(con: "DuckDBPyConnection", by: str) -> "pl.DataFrame":
    """The answers with their value of a property or segment, as of the answer."""
    import polars as pl

    answers = frame(con, "nps_answers", breakdown=by)
    return answers.with_columns(pl.col("value").fill_null(UNKNOWN))


def _change(
    groups: Mapping[_Key, Votes],
    key: _Key,
    before: Wave | None,
) -> Difference:
    """The difference to the same group a wave before; nothing where one has too few for a score."""
    earlier = None if before is None else groups.get((before.no, key[1]))
    now = groups[key]
    if earlier is None or not (earlier.is_told and now.is_told):
        return Difference(None, None, None, None)
    return nps_difference(now.scores, earlier.scores)


def _q_values(changes: Sequence[Difference]) -> list[float | None]:
    """Benjamini and Hochberg over the changes that were judged."""
    judged = [at for at, each in enumerate(changes) if each.p is not None]
    q: list[float | None] = [None] * len(changes)
    for at, value in zip(
        judged, benjamini_hochberg([changes[at].p or 0.0 for at in judged]), strict=True
    ):
        q[at] = value
    return q


def _row(
    votes: Votes, by: str | None, change: Difference, q: float | None, before: Wave | None
) -> tuple[Value, ...]:
    told = label(votes.n, votes.n_eff)
    if votes.n < FEWEST:
        return (votes.wave, by, votes.value, *[None] * 13, told, None, None)
    return (
        *(votes.wave, by, votes.value, votes.n, votes.customers),
        *(votes.promoters, votes.passives, votes.detractors),
        *(votes.nps if votes.is_told else (None, None, None)),
        *change,
        q,
        told,
        votes.n_eff,
        before.name if before is not None and change.estimate is not None else None,
    )


def _impact_row(each: Impact, wave: Wave) -> tuple[Value, ...]:
    told = label(each.mentions)
    if each.mentions < FEWEST or each.n - each.mentions < FEWEST:
        return (each.theme, wave.name, *[None] * 7, told)
    enough = each.is_told
    scores = (each.everybody, each.without, *each.impact) if enough else [None] * 5
    return (each.theme, wave.name, each.n, each.mentions, *scores, told)


# --- words ---------------------------------------------------------------------------------------


def _headline(votes: Votes, change: Difference, before: Wave | None) -> str:
    if votes.n < FEWEST:
        return f"NPS of {votes.wave}: fewer than {FEWEST} respondents."
    whom = f"{votes.n:,} respondents of {votes.customers:,} customers"
    if not votes.is_told:
        counts = (
            f"{votes.promoters:,} promoters, {votes.passives:,} passives and"
            f" {votes.detractors:,} detractors"
        )
        return f"{votes.wave}: {counts}: {whom} are too few for a score."
    estimate, lo, hi = (score(each or 0.0) for each in votes.nps)
    text = f"NPS of {votes.wave}: {estimate} ({lo} to {hi}), {whom}"
    if change.estimate is None or before is None:
        return f"{text}."
    limits = f"{signed_score(change.lo or 0.0)} to {signed_score(change.hi or 0.0)}"
    return f"{text}; {signed_score(change.estimate)} since {before.name} ({limits})."


def _impact_headline(rows: Sequence[tuple[Value, ...]], wave: Wave) -> str:
    names = [column.name for column in IMPACT_COLUMNS]
    found = [dict(zip(names, row, strict=True)) for row in rows]
    told = [row for row in found if row["impact"] is not None]
    if not told:
        return f"No theme of {wave.name} is named often enough to tell what it takes from NPS."
    clear = [row for row in told if not _number(row["lo"]) <= 0 <= _number(row["hi"])]
    if not clear:
        return f"No theme clearly adds to the NPS of {wave.name}, or takes from it."
    first = max(clear, key=lambda row: abs(_number(row["impact"])))
    impact, lo, hi = (signed_score(_number(first[name])) for name in ("impact", "lo", "hi"))
    return (
        f"{first['theme']}, named by {first['mentions']:,} of {first['n']:,} respondents:"
        f" {impact} in the NPS of {wave.name} ({lo} to {hi}), in arithmetic."
    )


def _number(value: Value) -> float:
    return float(value or 0.0)


def _few(groups: Iterable[Votes]) -> list[str]:
    """Which rows show no score, and why."""
    small = [each for each in groups if not each.is_told]
    if not small:
        return []
    return [
        f"No score where answers are worth fewer than {LEAST_N} of different customers, or the"
        f" interval is wider than {200 * WIDEST:.0f} points: counts alone; under {FEWEST} none."
    ]


def _anonymous(votes: Votes) -> str:
    if not votes.anonymous:
        return ""
    return (
        f"{many(votes.anonymous, 'answers')} of {votes.wave} are anonymous: each counts as a"
        f" respondent and a customer of its own, of value {UNKNOWN}."
    )
