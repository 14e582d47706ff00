"""The sample company as say versus do sees it, straight from the generator, for many seeds.

`python -m tests.sample.voices FILE` writes what the runs found into docs/say-do-evidence.md;
`test_voices.py` holds them to what the design promises.
"""

import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from funnelkit.jobs.population import Population, populations
from funnelkit.jobs.weights import Margins, margins
from funnelkit.sample.blocks import Block, simulate
from funnelkit.sample.feedback import NAMES
from funnelkit.sample.plan import (
    ANSWER_LOGIT,
    BLOCK,
    DAY_S,
    SECOND,
    USED_DAYS,
    WAVES_S,
    Flags,
    Ints,
)

BLOCKS = 2  # 2,000 users
WAVE = 1  # the larger one: about 1,400 eligible, 400 respondents
LIKES_ANSWER_MORE = 2.0  # odds of answering of who likes the feature, at equal behaviour
MARK = "<!-- the sample company -->"


class Share(NamedTuple):
    """What a wave says of everybody's likes of a feature, and what is true of everybody."""

    feature: str
    truth: float
    respondents: int
    eligible: int
    found: Population

    @property
    def covered(self) -> bool:
        """Whether the interval of the weighted share holds the truth."""
        like = self.found.shares.get("like")
        if like is None or like.lo is None or like.hi is None:
            return False
        return like.lo <= self.truth <= like.hi


class _Company(NamedTuple):
    """Blocks side by side, a value a user: rating and flags are users x features."""

    account: Ints
    active_days: Ints
    tenure_days: Ints
    visits: Ints
    tier: Ints
    eligible: Flags
    rating: Ints
    rated: Flags
    used: Flags
    used_said: Flags


def shares(seed: int, odds: float = 1.0) -> list[Share]:
    """Every feature in one company; `odds`: of answering, of who likes it against the others."""
    company = _company(seed)
    known = _margins(company)
    return [_share(company, known, place, seed, odds) for place in range(len(NAMES))]


def _company(seed: int) -> _Company:
    parts = [_block(simulate(seed, block, 1 + block * BLOCK, BLOCK, 1)) for block in range(BLOCKS)]
    return _Company(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _block(block: Block) -> _Company:
    wave = block.said.waves[WAVE]
    return _Company(
        block.people.account,
        _active_days(block),
        wave.tenure_days,
        wave.visits,
        wave.tier,
        wave.eligible,
        wave.rating,
        wave.rated,
        wave.used,
        wave.used_said,
    )


def _share(company: _Company, known: Margins, place: int, seed: int, odds: float) -> Share:
    likes, dislikes = company.rating[:, place] >= 4, company.rating[:, place] <= 2
    answered = company.rated[:, place]
    if odds != 1:
        answered = _answered(company, likes, seed, odds)
    users = np.arange(len(likes))
    everybody = pl.DataFrame(
        {
            "user_key": users,
            "customer_id": company.account,
            "opinion": np.where(likes, "like", np.where(dislikes, "dislike", "neutral")),
            "days": USED_DAYS * company.used[:, place].astype(np.int64),
            "days_said": USED_DAYS * company.used_said[:, place].astype(np.int64),
        }
    )
    access = everybody.filter(pl.Series(company.eligible)).select("user_key", "days")
    people = everybody.filter(pl.Series(answered)).with_columns(days="days_said")
    found = populations(people, access, known, [USED_DAYS])[USED_DAYS]
    truth = float(likes[company.eligible].mean())
    return Share(NAMES[place], truth, people.height, access.height, found)


def _answered(company: _Company, likes: Flags, seed: int, odds: float) -> Flags:
    """Who answers and rates it when who likes it does so with so many times the odds."""
    random = np.random.Generator(np.random.PCG64(np.random.SeedSequence((seed, 99))))
    plan = np.select([company.tier >= 6, company.tier > 0], [0.8, 0.4], 0.0)
    visits = np.minimum(company.visits, ANSWER_LOGIT["visits_cap"])
    logit = (
        ANSWER_LOGIT["intercept"]
        + ANSWER_LOGIT["per_visit_in_28_days"] * visits
        + ANSWER_LOGIT["per_day_of_tenure"] * company.tenure_days
        + plan
        + np.log(odds) * likes
    )
    answered: Flags = company.eligible & (random.random(len(likes)) < 1 / (1 + np.exp(-logit)))
    return answered


def _margins(company: _Company) -> Margins:
    """Active days, tenure and plan of everybody eligible."""
    plan = np.select([company.tier >= 6, company.tier > 0], ["business", "team"], "free")
    number = np.arange(len(plan))
    users = pl.DataFrame(
        {
            "user_key": number,
            "active_days": company.active_days,
            "tenure_days": company.tenure_days,
            "aha_reached": pl.Series([None] * len(plan), dtype=pl.Boolean),
        }
    ).filter(pl.Series(company.eligible))
    values = pl.DataFrame({"user_key": number, "breakdown": "plan", "value": plan})
    return margins(users, values.filter(pl.Series(company.eligible)))


def _active_days(block: Block) -> Ints:
    """Days with any event in the 28 days before the wave."""
    events, start = block.events, WAVES_S[WAVE] * SECOND
    inside = (events.user >= 0) & (events.occurred < start)
    inside &= events.occurred >= start - 28 * DAY_S * SECOND
    place = events.user[inside] - block.people.number[0]
    days = np.unique(place * 100_000 + events.occurred[inside] // (DAY_S * SECOND))
    found: Ints = np.bincount(days // 100_000, minlength=BLOCK)
    return found


class Seen(NamedTuple):
    """Of so many companies, how a feature's weighted likes did; means of shares in 0..1."""

    feature: str
    companies: int
    covered: int
    told: int
    respondents: float
    eligible: float
    bias: float
    width: float
    alike: int
    do_bias: float


def seen(seeds: range, odds: float = 1.0) -> list[Seen]:
    """Every feature over these companies, in processes of their own."""
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        runs = list(pool.map(partial(shares, odds=odds), seeds, chunksize=5))
    return [_seen([run[place] for run in runs]) for place in range(len(NAMES))]


def _seen(runs: list[Share]) -> Seen:
    likes = [(run, run.found.shares["like"]) for run in runs if "like" in run.found.shares]
    biases = [run.found.bias for run in runs if run.found.bias is not None]
    return Seen(
        runs[0].feature,
        len(runs),
        sum(run.covered for run in runs),
        len(likes),
        float(np.mean([run.respondents for run in runs])),
        float(np.mean([run.eligible for run in runs])),
        float(np.mean([(like.estimate or 0) - run.truth for run, like in likes])),
        float(np.mean([(like.hi or 0) - (like.lo or 0) for _, like in likes])),
        sum(bias.verdict == "like everybody in what they do" for bias in biases),
        float(np.mean([bias.difference or 0 for bias in biases])),
    )


def page(companies: int = 100) -> str:
    """The section of docs/say-do-evidence.md."""
    return "\n".join([MARK, *_lines(companies)]) + "\n"


def _lines(companies: int) -> Iterator[str]:
    yield "## The sample company"
    yield ""
    yield (
        f"`python -m tests.sample.voices docs/say-do-evidence.md`: {companies} companies of 2,000"
        " users, the wave of June. Weighted by active days, tenure and plan; the truth is what"
        " everybody eligible would say, asked or not."
    )
    for title, odds in (
        ("Answering depends on visits, tenure and plan only", 1.0),
        ("Besides, who likes it answers with twice the odds", LIKES_ANSWER_MORE),
    ):
        yield from ("", f"### {title}", "")
        yield (
            "| feature | respondents | of eligible | share told | truth inside | mean error |"
            " mean width | mean do-bias | like everybody in what they do |"
        )
        yield "| --- | --: | --: | --: | --: | --: | --: | --: | --: |"
        for each in seen(range(companies), odds):
            yield (
                f"| {each.feature} | {each.respondents:.0f} | {each.eligible:,.0f} | {each.told} |"
                f" {each.covered} | {100 * each.bias:+.1f} pp | {100 * each.width:.1f} pp |"
                f" {100 * each.do_bias:+.1f} pp | {each.alike} |"
            ).replace("-", "\N{MINUS SIGN}")
    yield ""
    yield (
        "The second table is what no check of behaviour can see: the shares are wrong by more than"
        " their intervals, and respondents use the feature as everybody does. Each report says so."
    )


def main(file: Path) -> None:
    """Replaces the section at the end of the page, or adds it."""
    text = file.read_text("utf-8") if file.exists() else ""
    head = text.partition(MARK)[0].rstrip("\n")
    file.write_text("\n\n".join(part for part in (head, page()) if part), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
