"""What was said and done in a wave, read from the marts as frames for the jobs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from funnelkit.errors import FunnelkitError, did_you_mean
from funnelkit.warehouse.meta import has_table
from funnelkit.warehouse.queries import frame, query

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from funnelkit.jobs.respondents import Respondents
    from funnelkit.jobs.weights import Margins

ALL_WAVES = "all"
# Kinds of answers that say what somebody thinks of a feature, or means to do with it.
OPINIONS = ("nps", "csat", "ces", "rating5", "satisfaction", "intent")
CLAIMS = ("frequency", "amount")


class Wave(NamedTuple):
    """A round of asking: its number and name, and up to when users count as of it."""

    no: int
    name: str
    reference_at: str


class Feature(NamedTuple):
    """A feature as it was built."""

    no: int
    name: str
    within_us: int
    used_days: int
    regular_days: int
    definition_hash: str

    @property
    def cuts(self) -> list[int]:
        """On how many days it has to be used: its own rule first, then 1, 2 and 4."""
        return [self.used_days, *(days for days in (1, 2, 4) if days != self.used_days)]

    @property
    def title(self) -> str:
        """Its name at the head of a sentence."""
        return self.name.replace("_", " ").capitalize()


@dataclass(frozen=True)
class WaveFrames:
    """A wave's respondents and everybody they may stand for.

    `respondents`: see jobs/respondents; `users`: everybody the wave could have asked;
    `customers`: customer_id, revenue_cents of theirs and of who answered besides;
    `access`: feature_no, user_key, days of those that could use a feature throughout its window;
    `values`: what users were, as of the wave, by user_key and breakdown; `answer_values`: the same
    as of the answer, by response_id; `margins`: what weights rest on.
    """

    wave: Wave
    respondents: "Respondents"
    users: pl.DataFrame
    customers: pl.DataFrame
    access: pl.DataFrame
    values: pl.DataFrame
    answer_values: pl.DataFrame
    margins: "Margins"

    def paying(self, users: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
        """customer_id and revenue_cents of the customers of these users, or with an answer.

        `users`: user_key; `people`: customer_id.
        """
        there = self.users.join(users, on="user_key", how="semi").select("customer_id")
        whose = pl.concat([there, people.select("customer_id")])
        return self.customers.join(whose, on="customer_id", how="semi", maintain_order="left")


def waves(
    con: "DuckDBPyConnection", kinds: Collection[str], *, of_feature: bool | None = None
) -> list[Wave]:
    """The waves with identified answers of these kinds, the earliest first.

    `of_feature`: only answers that are, or are not, asked of a feature.
    """
    found = {}
    for row in query(con, "say_waves"):
        fits = row["kind"] in kinds and of_feature in (None, row["of_feature"])
        if fits and row["people"]:
            found[row["wave_no"]] = Wave(row["wave_no"], row["wave"], str(row["reference_at"]))
    return list(found.values())


def pick_wave(found: Sequence[Wave], name: str | None, asked: str) -> Wave:
    """The wave of this name; without one, the latest.

    `asked` says what of, for the error where no wave has any. Raises FunnelkitError for a name
    that none has.
    """
    if not found:
        raise FunnelkitError(
            f"no wave has an answer {asked} of a known user",
            "load feedback, declare its questions under `feedback:`, then run `funnelkit build`",
        )
    if name is None:
        return found[-1]
    for wave in found:
        if wave.name == name:
            return wave
    names = [wave.name for wave in found]
    raise FunnelkitError(
        f"no wave {name!r} has an answer {asked}", did_you_mean(name, names) or _known(names)
    )


def _known(names: Sequence[str]) -> str:
    return f"those that have: {', '.join(names)}"


def other_waves(found: Sequence[Wave], picked: Wave) -> str:
    """Which wave was looked at and which were not, in a sentence; empty with a single one."""
    others = [wave.name for wave in found if wave != picked]
    return f"Of wave {picked.name}; others: {', '.join(others)} (`--wave`)." if others else ""


def features(con: "DuckDBPyConnection") -> list[Feature]:
    """The features as they were built, in the order of the file; none where none was declared."""
    if not has_table(con, "main", "dim_features"):
        return []
    return [
        Feature(
            row["feature_no"],
            row["feature"],
            row["within_us"],
            row["used_days"],
            row["regular_days"],
            row["definition_hash"],
        )
        for row in query(con, "say_features")
    ]


def pick_feature(found: Sequence[Feature], name: str) -> Feature:
    """The built feature of this name; raises FunnelkitError when there is none."""
    for feature in found:
        if feature.name == name:
            return feature
    names = [feature.name for feature in found]
    check_features(found)
    raise FunnelkitError(
        f"feature {name!r} was not built; built: {', '.join(names) or 'none'}",
        did_you_mean(name, names) or "declare it under `features:`, then run `funnelkit build`",
    )


def check_features(found: Sequence[Feature]) -> None:
    """Raises FunnelkitError where no feature was built."""
    if not found:
        raise FunnelkitError(
            "no feature was built", "declare one under `features:`, then run `funnelkit build`"
        )


def read_wave(
    con: "DuckDBPyConnection",
    plan: Mapping[str, Any],
    wave: Wave,
    mentions: pl.DataFrame | None = None,
    breakdowns: Sequence[str] = (),
) -> WaveFrames:
    """A wave's frames; `mentions` as in jobs/respondents, `breakdowns` what will be split by."""
    from funnelkit.jobs.respondents import respondents
    from funnelkit.jobs.weights import margins

    weights = plan["weights"]
    names = sorted({*weights["by"], *weights["segments"], *breakdowns})
    users = frame(con, "say_users", wave_no=wave.no)
    values = frame(con, "say_values", wave_no=wave.no, names=names)
    by = pl.col("breakdown").is_in([*weights["by"], *weights["segments"]])
    return WaveFrames(
        wave=wave,
        respondents=respondents(_answers(con, wave, mentions), mentions),
        users=users,
        customers=frame(con, "say_customers", wave_no=wave.no),
        access=frame(con, "say_access", wave_no=wave.no),
        values=values,
        answer_values=frame(con, "say_answer_values", wave_no=wave.no, names=list(breakdowns)),
        margins=margins(users, values.filter(by)),
    )


def _answers(con: "DuckDBPyConnection", wave: Wave, mentions: pl.DataFrame | None) -> pl.DataFrame:
    answers = frame(con, "say_answers", wave_no=wave.no)
    if mentions is None:
        return answers
    heard = mentions.filter(pl.col("polarity").is_not_null() & pl.col("feature").is_not_null())
    con.register("heard", heard.select("response_id", "feature").unique())
    try:
        texts = frame(con, "say_texts", wave_no=wave.no)
    finally:
        con.unregister("heard")
    return pl.concat([answers, texts])
