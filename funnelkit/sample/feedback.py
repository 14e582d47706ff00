"""What users say: two survey waves, support tickets and anonymous reviews of one block."""

from typing import NamedTuple

import numpy as np

from funnelkit.sample.behaviour import Behaviour
from funnelkit.sample.journeys import Journeys
from funnelkit.sample.people import People
from funnelkit.sample.plan import (
    ANSWER_LOGIT,
    BLOCK,
    CODE,
    DAY_S,
    FEATURES,
    LAST_S,
    START_S,
    USED_DAYS,
    USED_WITHIN_DAYS,
    WAVE_DAYS,
    WAVES_S,
    Flags,
    Floats,
    Ints,
)
from funnelkit.sample.sentences import OTHER_LANGUAGES, REVIEWS, TICKETS, WHY

EVERYONE = np.arange(BLOCK)
NAMES = tuple(FEATURES)
# Texts of every kind in one bank; index 0 is no text.
_WHY = tuple(text for name in NAMES for polarity in WHY[name] for text in polarity)
TEXTS = ("", *_WHY, *(text for _, text in OTHER_LANGUAGES), *TICKETS, *REVIEWS)
LANGUAGES = (
    *("",),
    *("en",) * len(_WHY),
    *(language for language, _ in OTHER_LANGUAGES),
    *("en",) * (len(TICKETS) + len(REVIEWS)),
)
OTHER = 1 + len(_WHY)
TICKET = OTHER + len(OTHER_LANGUAGES)
REVIEW = TICKET + len(TICKETS)
SOURCES = ("survey", "nps", "ticket", "review")


class Question(NamedTuple):
    """A question of the long table: source, id, kind and rated feature."""

    source: str
    question: str
    kind: str
    feature: str


QUESTIONS = (
    *(Question("survey", f"q_{name}", "rating5", name) for name in NAMES),
    Question("nps", "nps", "nps", ""),
    Question("survey", "ces", "ces", ""),
    Question("nps", "why", "text", ""),
    Question("ticket", "", "text", ""),
    Question("review", "", "text", ""),
)
NPS, CES, WHY_TEXT, TICKET_TEXT, REVIEW_TEXT = range(len(NAMES), len(QUESTIONS))


class Answers(NamedTuple):
    """Rows of feedback: place in the block (-1 anonymous), second, question, score, text codes.

    A score of -1 is none.
    """

    user: Ints
    at: Ints
    question: Ints
    score: Ints
    text: Ints


class Wave(NamedTuple):
    """One survey wave over the users of a block, answering or not.

    `rating` is BLOCK x features: what each would say or says; `rated` where they said it;
    `used` on two days in the 28 days before the wave, `used_said` before the answer.
    """

    eligible: Flags
    responded: Flags
    satisfaction: Floats
    visits: Ints
    tenure_days: Ints
    tier: Ints
    rating: Ints
    rated: Flags
    used: Flags
    used_said: Flags


class Said(NamedTuple):
    """All feedback of a block, and its waves."""

    answers: Answers
    waves: tuple[Wave, ...]


def say(rng: np.random.Generator, people: People, journeys: Journeys, behaviour: Behaviour) -> Said:
    """Draw the feedback of a block; answering depends on visits, tenure and plan only."""
    user, name, at, _ = behaviour.draft.columns()
    uses = [_uses(user, name, at, feature.events) for feature in FEATURES.values()]
    rating = _ratings(rng, people, journeys, behaviour)
    satisfaction = 0.25 * np.log1p(journeys.early_visits) + rng.normal(size=BLOCK)
    parts, waves = [], []
    for start in WAVES_S:
        wave, answers = _wave(rng, start, people, behaviour, rating, satisfaction, uses)
        waves.append(wave)
        parts.append(answers)
    parts.append(_tickets(rng, people, behaviour))
    answers = Answers(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    return Said(answers, tuple(waves))


def _uses(user: Ints, name: Ints, at: Ints, events: tuple[str, ...]) -> tuple[Ints, Ints]:
    mine = np.isin(name, [CODE[event] for event in events]) & (at <= LAST_S)
    return user[mine], at[mine]


def _used_before(uses: tuple[Ints, Ints], until: Ints) -> Flags:
    """Used on USED_DAYS days (UTC) in the 28 days before each user's `until`, half open."""
    user, at = uses
    inside = (at >= until[user] - USED_WITHIN_DAYS * DAY_S) & (at < until[user])
    days = np.unique(user[inside] * 100_000 + at[inside] // DAY_S)
    return np.bincount(days // 100_000, minlength=BLOCK) >= USED_DAYS


def _ratings(
    rng: np.random.Generator, people: People, journeys: Journeys, behaviour: Behaviour
) -> Ints:
    """What each user thinks of each feature, 1 to 5, by the planted shares."""
    heavy = {
        "alerts": behaviour.alert_user,
        "exports": behaviour.exporter,
        "sharing": journeys.level == 4,
    }
    columns = []
    for name, feature in FEATURES.items():
        row = heavy[name].astype(np.int64)
        like, dislike = np.array(feature.like)[row], np.array(feature.dislike)[row]
        draw, top = rng.random(BLOCK), rng.integers(0, 2, BLOCK)
        score = np.where(draw < dislike, 1 + top, np.where(draw < 1 - like, 3, 4 + top))
        columns.append(score)
    rating = np.stack(columns, axis=1)
    rating[people.is_whale, NAMES.index("alerts")] = 1
    return rating


def _wave(
    rng: np.random.Generator,
    start: int,
    people: People,
    behaviour: Behaviour,
    rating: Ints,
    satisfaction: Floats,
    uses: list[tuple[Ints, Ints]],
) -> tuple[Wave, Answers]:
    recent = (behaviour.visit_at >= start - USED_WITHIN_DAYS * DAY_S) & (behaviour.visit_at < start)
    visits = np.bincount(behaviour.visit_user[recent], minlength=BLOCK)
    tenure = (start - people.signed_up) // DAY_S
    eligible = tenure >= 28
    tier = people.tier_at(start)
    responded = eligible & (rng.random(BLOCK) < _answer_chance(visits, tenure, tier))
    at = start + rng.integers(0, WAVE_DAYS * DAY_S, BLOCK)
    rated = responded[:, None] & (rng.random((BLOCK, len(NAMES))) < 0.85)
    asked = np.full(BLOCK, start)
    wave = Wave(
        eligible=eligible,
        responded=responded,
        satisfaction=satisfaction,
        visits=visits,
        tenure_days=tenure,
        tier=tier,
        rating=rating,
        rated=rated,
        used=np.stack([_used_before(use, asked) for use in uses], axis=1),
        used_said=np.stack([_used_before(use, at) for use in uses], axis=1),
    )
    return wave, _answers(rng, wave, at)


def _answer_chance(visits: Ints, tenure: Ints, tier: Ints) -> Floats:
    c = ANSWER_LOGIT
    logit = (
        c["intercept"]
        + c["per_visit_in_28_days"] * np.minimum(visits, c["visits_cap"])
        + c["per_day_of_tenure"] * tenure
        + c["team"] * ((tier > 0) & (tier < 6))
        + c["business"] * (tier >= 6)
    )
    return np.asarray(1 / (1 + np.exp(-logit)))


def _answers(rng: np.random.Generator, wave: Wave, at: Ints) -> Answers:
    none = np.zeros(BLOCK, np.int64)
    alerts = wave.rating[:, NAMES.index("alerts")]
    nps = np.rint(7.1 + 1.7 * wave.satisfaction - 1.2 * (alerts <= 2)).astype(np.int64)
    ces = np.clip(np.rint(4.8 + 1.1 * rng.normal(size=BLOCK)), 1, 7).astype(np.int64)
    theme = rng.integers(0, len(NAMES), BLOCK)
    opinion = wave.rating[EVERYONE, theme]
    polarity = np.where(opinion <= 2, 0, np.where(opinion == 3, 1, 2))
    why = 1 + (theme * 3 + polarity) * 4 + rng.integers(0, 4, BLOCK)
    foreign = rng.random(BLOCK) < 0.05
    why = np.where(foreign, OTHER + rng.integers(0, len(OTHER_LANGUAGES), BLOCK), why)
    rows = [
        (wave.rated[:, place], np.full(BLOCK, place), wave.rating[:, place], none)
        for place in range(len(NAMES))
    ]
    rows += [
        (wave.responded & (rng.random(BLOCK) < 0.9), none + NPS, np.clip(nps, 0, 10), none),
        (wave.responded & (rng.random(BLOCK) < 0.3), none + CES, ces, none),
        (wave.responded & (rng.random(BLOCK) < 0.6), none + WHY_TEXT, none - 1, why),
    ]
    parts = [
        (EVERYONE[keep], at[keep], question[keep], score[keep], text[keep])
        for keep, question, score, text in rows
    ]
    return Answers(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _tickets(rng: np.random.Generator, people: People, behaviour: Behaviour) -> Answers:
    """Tickets of users, mostly about alerts, and reviews without a user."""
    writes = rng.random(BLOCK) < np.where(behaviour.alert_user, 0.20, 0.04)
    at = people.signed_up + rng.integers(DAY_S, 60 * DAY_S, BLOCK)
    about = rng.integers(0, len(TICKETS), BLOCK)
    about = np.where(behaviour.alert_user & (about > 2), about - 3, about)
    keep = writes & (at <= LAST_S)
    reviews = rng.random(BLOCK) < 0.015
    reviewed_at = rng.integers(START_S + 7 * DAY_S, LAST_S, BLOCK)
    review = REVIEW + rng.integers(0, len(REVIEWS), BLOCK)
    tickets, others = int(keep.sum()), int(reviews.sum())
    return Answers(
        user=np.concatenate((EVERYONE[keep], np.full(others, -1))),
        at=np.concatenate((at[keep], reviewed_at[reviews])),
        question=np.concatenate((np.full(tickets, TICKET_TEXT), np.full(others, REVIEW_TEXT))),
        score=np.full(tickets + others, -1),
        text=np.concatenate((TICKET + about[keep], review[reviews])),
    )
