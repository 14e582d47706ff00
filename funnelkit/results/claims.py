"""What people claim against what was logged, from built marts: a row a question, wave and group."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from funnelkit.errors import FunnelkitError, did_you_mean
from funnelkit.jobs.claims import Claimed, claims
from funnelkit.project.durations import format_duration
from funnelkit.results.built import inputs
from funnelkit.results.notes import noted, of_log
from funnelkit.results.say_frames import ALL_WAVES
from funnelkit.stats.evidence import FEWEST, percent_allowed
from funnelkit.stats.funnels import many
from funnelkit.stats.proportions import NOTHING
from funnelkit.table import Column, Table, Value, plain_number
from funnelkit.warehouse.queries import frame, query

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Plan = Mapping[str, Any]
Row = tuple[Value, ...]
_SIDES = {"over": "more than was logged", "same": "as much", "under": "less"}
CLAIM_COLUMNS = (
    Column("question"),
    Column("n", "count"),
    Column("persons", "count"),
    Column("mean_difference", "number"),
    Column("lo", "number"),
    Column("hi", "number"),
    Column("median_said", "number"),
    Column("median_logged", "number"),
    Column("median_difference", "number"),
    Column("md_lo", "number"),
    Column("md_hi", "number"),
    Column("over", "count"),
    Column("same", "count"),
    Column("under", "count"),
    Column("spearman", "number"),
    Column("sp_lo", "number"),
    Column("sp_hi", "number"),
    Column("pearson", "number"),
    Column("wave"),
    Column("group"),
    Column("tolerance", "number"),
    *(Column(f"{side}_{part}", "share") for side in _SIDES for part in ("share", "lo", "hi")),
)
QUARTER_COLUMNS = (
    Column("question"),
    Column("quarter", "count"),
    Column("from_average", "number"),
    Column("to_average", "number"),
    Column("n", "count"),
    Column("p2_5", "number", "2.5 %"),
    Column("median", "number"),
    Column("p97_5", "number", "97.5 %"),
    Column("wave"),
    Column("group"),
)
_DEFAULT_TOLERANCE = 0.5


def claims_tables(
    con: "DuckDBPyConnection",
    plan: Plan,
    *,
    question: str | None = None,
    by: str | None = None,
    wave: str | None = None,
) -> tuple[Table, Table]:
    """Claims against logs, one row a question and group; and their quarters by the average.

    `wave`: of one wave; else of all together, persons clustered. `by`: also each value of a user
    property as of the answer. Raises FunnelkitError for what is not declared or not built.
    """
    questions = _questions(plan, question)
    no, name = _wave(con, wave)
    answers = frame(con, "say_claims", wave_no=no)
    groups = _groups(con, no, by)
    rows: list[Row] = []
    parts: list[Row] = []
    for each in questions:
        mine = answers.filter(pl.col("question") == each["name"])
        counted = mine.filter(pl.col("left_out").is_null() & pl.col("user_key").is_not_null())
        for found in claims(counted, groups, each["tolerance"]):
            rows.append(_row(each, found, name))
            parts += _quarters(each, found, name)
    left = answers.filter(
        pl.col("question").is_in([each["name"] for each in questions])
        & pl.col("left_out").is_not_null()
    ).height
    meta = {"questions": [each["name"] for each in questions], **inputs(con)}
    told, notes = _headline(rows, questions), tuple(_notes(questions, left, name))
    tables = (
        noted(Table(columns, tuple(cells), meta, told, notes), *of_log(meta))
        for columns, cells in ((CLAIM_COLUMNS, rows), (QUARTER_COLUMNS, parts))
    )
    one, other = tables
    return one, other


def _questions(plan: Plan, name: str | None) -> list[Mapping[str, Any]]:
    declared = [each for each in plan["questions"] if each["claim"]]
    names = [each["name"] for each in declared]
    if not declared:
        raise FunnelkitError(
            "no question claims anything that is logged",
            "give one a `claim:` under `feedback: questions:`",
        )
    if name is None:
        return declared
    if name not in names:
        near = did_you_mean(name, names) or f"those that are: {', '.join(names)}"
        raise FunnelkitError(f"{name!r} is no question with a claim", near)
    return [declared[names.index(name)]]


def _wave(con: "DuckDBPyConnection", name: str | None) -> tuple[int | None, str]:
    if name in (None, ALL_WAVES):
        return None, ALL_WAVES
    known = {row["wave"]: row["wave_no"] for row in query(con, "say_waves")}
    if name not in known:
        raise FunnelkitError(
            f"no wave is called {name!r}", did_you_mean(str(name), list(known)) or None
        )
    return known[name], str(name)


def _groups(con: "DuckDBPyConnection", wave: int | None, by: str | None) -> pl.DataFrame | None:
    if by is None:
        return None
    values = frame(con, "say_answer_values", wave_no=wave, names=[by])
    if values.is_empty():
        raise FunnelkitError(
            f"no respondent has a value of {by!r}", "name a declared user property or segment"
        )
    value = pl.col("value").fill_null("(none)")
    return values.select("response_id", group=pl.format("{} = {}", pl.lit(by), value))


def _row(question: Mapping[str, Any], found: Claimed, wave: str) -> Row:
    """Counts and figures; of fewer than five persons nothing but how many they are."""
    each = found.agreement
    end = (wave, found.group, _tolerance(question))
    if each.persons < FEWEST:
        return (question["name"], each.n, each.persons, *(None,) * 15, *end, *(None,) * 9)
    medians = (each.median_said, each.median_logged)
    figures = (*each.mean, *medians, *each.median, *each.sides, *each.spearman, each.pearson)
    told = [side.share if percent_allowed(*side) else NOTHING for side in each.shares]
    shares = [part for share in told for part in share]
    return (question["name"], each.n, each.persons, *figures, *end, *shares)


def _tolerance(question: Mapping[str, Any]) -> float:
    return _DEFAULT_TOLERANCE if question["tolerance"] is None else float(question["tolerance"])


def _quarters(question: Mapping[str, Any], found: Claimed, wave: str) -> Iterator[Row]:
    """Of fewer than five claims, no percentile."""
    for each in found.quarters:
        if each.n >= FEWEST:
            yield (question["name"], *each, wave, found.group)


def _headline(rows: Sequence[Row], questions: Sequence[Mapping[str, Any]]) -> str:
    """Of the question with the most claims: how many say more than was logged."""
    names = [column.name for column in CLAIM_COLUMNS]
    records = [dict(zip(names, row, strict=True)) for row in rows]
    whole = [row for row in records if row["group"] is None and row["over"] is not None]
    if not whole:
        return f"No question has the claims of {FEWEST} known people."
    first: dict[str, Any] = max(whole, key=lambda row: (row["n"], row["question"]))
    unit = next((each["unit"] for each in questions if each["name"] == first["question"]), None)
    said, logged = (plain_number(first[name]) for name in ("median_said", "median_logged"))
    sides = ", ".join(_side(first, name) for name in ("over", "same", "under"))
    of = f" {unit}" if unit else ""
    return (
        f"{first['question']}: of {first['n']:,} claims of {many(first['persons'], 'people')}: "
        f"{sides}; median said {said}{of}, logged {logged}{of}."
    )


def _side(row: Mapping[str, Any], name: str) -> str:
    """`31,000 (49 %, 48–50) more than was logged`; no percentage where none may be told."""
    found = [row[f"{name}_{part}"] for part in ("share", "lo", "hi")]
    share = ""
    if None not in found:
        estimate, lo, hi = (round(100 * each) for each in found)
        share = f" ({estimate} %, {lo}–{hi})"
    return f"{row[name]:,}{share} {_SIDES[name]}"


def _notes(questions: Sequence[Mapping[str, Any]], left: int, wave: str) -> Iterator[str]:
    for each in questions:
        within, unit = format_duration(each["claim"]["within_us"]), each["unit"] or "units"
        tolerance = plain_number(_tolerance(each))
        same = f"within {tolerance} {unit} or 10 % of the logged" if _tolerance(each) else "equal"
        yield f"{each['name']}: logged in the {within} before the answer; same: {same}."
    if wave == ALL_WAVES:
        yield "Claims of all waves together, and of none; `--wave NAME` takes those of one."
    else:
        yield f"Claims of {wave}; `--wave all` takes those of all together."
    yield (
        "Difference: said less logged; intervals clustered by person (mean: t; median: Woodruff; "
        "Spearman: Bonett and Wright). Quarters are of the average of said and logged, never of "
        "either alone."
    )
    if left:
        yield f"Left out: {many(left, 'claims')} on a time that began before the log or the user."
