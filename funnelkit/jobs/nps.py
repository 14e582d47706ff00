"""NPS of groups of respondents, counted with their customers; and what a theme takes from it."""

from collections.abc import Iterator
from typing import NamedTuple

import polars as pl

from funnelkit.stats.evidence import percent_allowed
from funnelkit.stats.nps import Scores, impact_interval, nps
from funnelkit.stats.proportions import Interval
from funnelkit.stats.resampling import generator
from funnelkit.stats.survey import design_effect

_GROUP = ("wave_no", "wave", "value")


class Votes(NamedTuple):
    """What a group of respondents of a wave said.

    `anonymous`: how many of the n nobody knows; `design_effect`: how many times the variance is
    that of as many respondents of different customers.
    """

    wave_no: int
    wave: str
    value: str | None
    n: int
    customers: int
    anonymous: int
    promoters: int
    passives: int
    detractors: int
    design_effect: float

    @property
    def n_eff(self) -> float:
        """As many respondents of different customers would tell as much."""
        return self.n / self.design_effect

    @property
    def scores(self) -> Scores:
        """Promoters, passives and detractors of the effective number, in the same shares."""
        deff = self.design_effect
        return Scores(self.promoters / deff, self.passives / deff, self.detractors / deff)

    @property
    def nps(self) -> Interval:
        """The score with its interval over the effective number."""
        return nps(*self.scores)

    @property
    def is_told(self) -> bool:
        """Whether there are enough to tell a score, not only the counts."""
        return _is_told(self.nps, self.n_eff)


def votes(answers: pl.DataFrame) -> list[Votes]:
    """The counts of each wave and value, waves by time, values by respondents, no value last.

    `answers`: wave_no, wave, reference_at, customer_id, is_anonymous, vote (1, 0, -1), value; a row
    a respondent and wave.
    """
    size = pl.len().cast(pl.Int64).over("reference_at", *_GROUP)
    table = answers.sort("reference_at", "wave_no", pl.col("value").is_null(), size.neg(), "value")
    parts = table.partition_by("reference_at", *_GROUP, maintain_order=True)
    return [_counted(part) for part in parts]


def _counted(part: pl.DataFrame) -> Votes:
    vote = part["vote"].cast(pl.Int64)
    customers = part["customer_id"].rank("dense").cast(pl.Int64)
    wave_no, wave, value = part.select(_GROUP).row(0)
    return Votes(
        wave_no=wave_no,
        wave=wave,
        value=value,
        n=part.height,
        customers=customers.n_unique(),
        anonymous=int(part["is_anonymous"].sum()),
        promoters=int((vote > 0).sum()),
        passives=int((vote == 0).sum()),
        detractors=int((vote < 0).sum()),
        design_effect=design_effect(vote.to_numpy(), customers.to_numpy()),
    )


class Impact(NamedTuple):
    """What those who name a theme add to NPS, in arithmetic: NPS of all less that of the others.

    `n` respondents, of which `mentions` name it; `n_eff` of the others, whose NPS it rests on;
    `everybody`, `without`: the two scores; `impact` with its interval. None where all name it.
    """

    theme: str
    n: int
    mentions: int
    n_eff: float
    everybody: float | None
    without: float | None
    impact: Interval

    @property
    def is_told(self) -> bool:
        """Whether there are enough to tell it, by the rule of a score."""
        return _is_told(self.impact, self.n_eff)


def impacts(answers: pl.DataFrame, named: pl.DataFrame, seed: str) -> Iterator[Impact]:
    """The impact of each theme on a wave's NPS, by the theme's name.

    `answers`: as for `votes`, of one wave; `named`: respondent, theme, of the themes in the texts
    of that wave. `seed` and the theme's name decide what chance decides.
    """
    table = answers.sort("respondent").with_columns(value=pl.lit(None, pl.String))
    accounts = table["customer_id"].rank("dense").cast(pl.Int64).to_numpy()
    for theme in sorted(named["theme"].unique()):
        those = named.filter(pl.col("theme") == theme)["respondent"].unique()
        names_it = table["respondent"].is_in(those.implode())
        rest = votes(table.filter(~names_it))
        found = impact_interval(
            table["vote"].cast(pl.Int64).to_numpy(),
            names_it.to_numpy(),
            accounts,
            generator(f"{seed} {theme}"),
        )
        yield Impact(
            theme,
            table.height,
            int(names_it.sum()),
            rest[0].n_eff if rest else 0.0,
            votes(table)[0].scores.nps,
            rest[0].scores.nps if rest else None,
            found,
        )


def _is_told(score: Interval, n_eff: float) -> bool:
    # The rules of a share, on a scale that is twice as long.
    half = Interval(*(None if each is None else each / 2 for each in score))
    return percent_allowed(half, n_eff)
