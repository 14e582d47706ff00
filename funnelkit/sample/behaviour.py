"""From latent draws to events: what the users of one block do, and when."""

from typing import NamedTuple

import numpy as np

from funnelkit.sample.journeys import Journeys, between
from funnelkit.sample.log import Draft
from funnelkit.sample.people import NEVER, People
from funnelkit.sample.plan import (
    AMOUNT,
    BLOCK,
    DAY_S,
    EXPOSURE,
    FORMAT,
    FORMATS,
    INVITE_PROMPT_DAYS,
    INVITE_SHARES,
    LAST_S,
    NAVIGATION_DAYS,
    NAVIGATION_LOST,
    PATH,
    PATHS,
    PRICES,
    RECIPIENTS,
    START_S,
    WINDOW_S,
    Flags,
    Ints,
)

EVERYONE = np.arange(BLOCK)


class Behaviour(NamedTuple):
    """A block's events, and the latent facts that truth and feedback need.

    `invited_at` is NEVER without an invitation; variants are -1 where not exposed.
    """

    draft: Draft
    visit_user: Ints
    visit_at: Ints
    alert_user: Flags
    exporter: Flags
    invited_at: Ints
    prompt_variant: Ints
    navigation_variant: Ints


def behave(rng: np.random.Generator, people: People, journeys: Journeys) -> Behaviour:
    """Events of the users of a block who are signed up, before the log's end is cut."""
    draft = Draft()
    _activation(rng, draft, people, journeys)
    _detours(rng, draft, people, journeys)
    exporter = rng.random(BLOCK) < 0.05
    visit_user, visit_at = _visits(rng, people, journeys)
    _visit_events(rng, draft, journeys, people, exporter, visit_user, visit_at)
    alert_user = _alerts(rng, draft, people, journeys)
    prompt, navigation, invited_at = _experiments(rng, draft, people)
    _accounts(rng, draft, people, journeys)
    return Behaviour(
        draft, visit_user, visit_at, alert_user, exporter, invited_at, prompt, navigation
    )


def _activation(rng: np.random.Generator, draft: Draft, people: People, journeys: Journeys) -> None:
    draft.add("signed_up", EVERYONE, people.signed_up)
    draft.add("source_connected", EVERYONE, journeys.reached_at[:, 1], keep=journeys.level >= 2)
    copied = rng.random(BLOCK) < 0.25
    built = journeys.level >= 3
    draft.add("dashboard_created", EVERYONE, journeys.reached_at[:, 2], keep=built & ~copied)
    draft.add("dashboard_copied", EVERYONE, journeys.reached_at[:, 2], keep=built & copied)
    shares = journeys.shares
    draft.add("dashboard_shared", shares.user, shares.at, properties=RECIPIENTS + shares.recipients)
    again = (journeys.level >= 2) & (rng.random(BLOCK) < 0.10)
    again_at = journeys.reached_at[:, 1] + rng.integers(3600, 30 * DAY_S, BLOCK)
    draft.add("source_connected", EVERYONE, again_at, keep=again)


def _detours(rng: np.random.Generator, draft: Draft, people: People, journeys: Journeys) -> None:
    """Steps out of order, and steps after the window: they never change the planted level."""
    level, signed_up = journeys.level, people.signed_up
    # Built before connected: anywhere for level 1, strictly before the connection for level 2.
    until = np.where(level == 2, journeys.reached_at[:, 1], signed_up + WINDOW_S)
    at, room = between(rng, signed_up, until)
    early = (level <= 2) & room & (rng.random(BLOCK) < 0.12)
    draft.add("dashboard_created", EVERYONE, at, keep=early)
    # Too late: the missing steps between day 14 and day 21, so that week 4 is not touched.
    late = (level <= 3) & (rng.random(BLOCK) < 0.10)
    at = signed_up + WINDOW_S + rng.integers(3600, 2 * DAY_S, BLOCK)
    for step, name in enumerate(("source_connected", "dashboard_created", "dashboard_shared"), 2):
        draft.add(name, EVERYONE, at, keep=late & (level < step), properties=_recipients(rng, name))
        at = at + rng.integers(600, 2 * DAY_S, BLOCK)


def _recipients(rng: np.random.Generator, name: str) -> Ints | int:
    return RECIPIENTS + rng.integers(1, 6, BLOCK) if name == "dashboard_shared" else 0


def _visits(rng: np.random.Generator, people: People, journeys: Journeys) -> tuple[Ints, Ints]:
    """Place and second of every visit; none in days 21 to 28 unless retained.

    Whole days after sign-up with up to three hours either way, so that people keep their hours.
    """
    weeks = np.maximum(LAST_S - people.signed_up - 29 * DAY_S, 0) / (7 * DAY_S)
    per_week = np.where(journeys.retained, 0.38 + 0.15 * journeys.activity, 0.04)
    numbers = (
        journeys.early_visits,
        rng.poisson(0.6 + 0.7 * journeys.activity),
        np.where(journeys.retained, 1 + rng.poisson(0.8, BLOCK), 0),
        rng.poisson(per_week * weeks),
    )
    users, seconds = [], []
    for number, (low, high) in zip(numbers, ((1, 14), (15, 21), (22, 28), (29, 0)), strict=True):
        user = np.repeat(EVERYONE, number)
        reach = (LAST_S - people.signed_up[user]) // DAY_S + 1
        above = np.maximum(reach, low + 1) if high == 0 else np.full(len(user), high)
        u = rng.random(len(user))
        day = low + np.floor((u**1.4 if low == 1 else u) * (above - low)).astype(np.int64)
        jitter = rng.integers(-3 * 3600, 3 * 3600, len(user))
        users.append(user)
        seconds.append(people.signed_up[user] + day * DAY_S + jitter)
    return np.concatenate(users), np.concatenate(seconds)


def _visit_events(
    rng: np.random.Generator,
    draft: Draft,
    journeys: Journeys,
    people: People,
    exporter: Flags,
    user: Ints,
    at: Ints,
) -> None:
    """A visit: logged_in, then dashboard_viewed within seconds, then whatever comes up."""
    size = len(user)
    draft.add("logged_in", user, at)
    draft.add("dashboard_viewed", user, at + rng.integers(2, 20, size))
    age = at - people.signed_up[user]
    level = journeys.level[user]
    chances: tuple[tuple[str, float | Flags | np.ndarray], ...] = (
        ("search_used", 0.45),
        ("dashboard_viewed", 0.20),
        ("comment_added", 0.08),
        ("template_browsed", 0.06),
        ("help_opened", 0.06),
        ("settings_changed", 0.05),
        ("api_key_created", 0.006),
        ("report_exported", np.where(exporter[user], 0.5, 0.01)),
        # A dashboard more is harmless once the user is past that step, a share once week 4 is near.
        ("dashboard_created", 0.08 * ((level >= 3) & (at > journeys.reached_at[user, 2]))),
        ("dashboard_shared", 0.70 * ((level == 4) & (age > 21 * DAY_S))),
    )
    for name, chance in chances:
        keep = rng.random(size) < chance
        later = at + 30 + rng.integers(0, 1500, size)
        properties: Ints | int = 0
        if name == "report_exported":
            properties = FORMAT + rng.integers(0, len(FORMATS), size)
        elif name == "dashboard_shared":
            properties = RECIPIENTS + rng.integers(1, 9, size)
        draft.add(name, user, later, keep=keep, properties=properties)
    browsed = rng.random(BLOCK) < 0.35
    later = people.signed_up + rng.integers(20, 600, BLOCK)
    draft.add("template_browsed", EVERYONE, later, keep=browsed)


def _alerts(rng: np.random.Generator, draft: Draft, people: People, journeys: Journeys) -> Flags:
    """Alerts: set up in week 1, opened most days while the user stays; before day 21 alike."""
    chance = 0.08 + 0.03 * np.minimum(journeys.early_visits, 8)
    alert_user = (rng.random(BLOCK) < chance) | people.is_whale
    created = people.signed_up + rng.integers(6 * 3600, 6 * DAY_S, BLOCK)
    draft.add("alert_created", EVERYONE, created, keep=alert_user)
    until = people.signed_up + 20 * DAY_S
    early = rng.poisson(0.30 * (until - created) / DAY_S)
    stays = journeys.retained | people.is_whale
    rest = np.maximum(LAST_S - people.signed_up - 21 * DAY_S, 0)
    late = np.where(stays, rng.poisson(0.50 * rest / DAY_S), 0)
    spans = ((early, created, until), (late, people.signed_up + 21 * DAY_S, None))
    for number, low, high in spans:
        user = np.repeat(EVERYONE, np.where(alert_user, number, 0))
        top = np.full(len(user), LAST_S) if high is None else high[user]
        at = low[user] + np.floor(rng.random(len(user)) * (top - low[user])).astype(np.int64)
        draft.add("alert_fired_opened", user, at)
    return alert_user


def _experiments(rng: np.random.Generator, draft: Draft, people: People) -> tuple[Ints, Ints, Ints]:
    """One experiment that works (more invitations), one that loses exposures of one variant."""
    day = (people.signed_up - START_S) // DAY_S
    exposed = (day >= INVITE_PROMPT_DAYS[0]) & (day < INVITE_PROMPT_DAYS[1])
    prompt = np.where(exposed, rng.integers(0, 2, BLOCK), -1)
    at = people.signed_up + rng.integers(5, 60, BLOCK)
    draft.add("experiment_exposed", EVERYONE, at, keep=exposed, properties=EXPOSURE + prompt)
    chance = np.where(prompt == 1, INVITE_SHARES[1], INVITE_SHARES[0])
    invites = rng.random(BLOCK) < chance
    invited_at = np.where(invites, at + rng.integers(60, 6 * DAY_S, BLOCK), NEVER)
    draft.add("invite_sent", EVERYONE, invited_at, keep=invites)

    exposed = (day >= NAVIGATION_DAYS[0]) & (day < NAVIGATION_DAYS[1])
    assigned = rng.integers(0, 2, BLOCK)
    logged = exposed & ~((assigned == 1) & (rng.random(BLOCK) < NAVIGATION_LOST))
    navigation = np.where(logged, assigned, -1)
    at = people.signed_up + rng.integers(60, 120, BLOCK)
    draft.add("experiment_exposed", EVERYONE, at, keep=logged, properties=EXPOSURE + 2 + navigation)
    return prompt, navigation, invited_at


def _accounts(rng: np.random.Generator, draft: Draft, people: People, journeys: Journeys) -> None:
    accepted = ~people.is_first & (rng.random(BLOCK) < 0.6)
    draft.add("invite_accepted", EVERYONE, people.signed_up + 2, keep=accepted)
    upgraded = people.is_first & (people.upgrade_at < NEVER)
    price = AMOUNT + np.minimum(people.next_tier, len(PRICES) - 1)
    draft.add("plan_upgraded", EVERYONE, people.upgrade_at, keep=upgraded, properties=price)
    # Only long after the window: the funnel's exclusion of account_deleted changes no level.
    leaves = people.is_first & ~journeys.retained & (rng.random(BLOCK) < 0.05)
    at = people.signed_up + rng.integers(30 * DAY_S, 60 * DAY_S, BLOCK)
    draft.add("account_deleted", EVERYONE, at, keep=leaves)


def anonymous_pages(rng: np.random.Generator, people: People) -> tuple[Ints, Ints, Ints]:
    """Pages seen before sign-up, and by visitors who never sign up: visitor, second, property.

    The visitor of user n is 2n, one who never signs up 2n + 1.
    """
    number = rng.geometric(0.5, BLOCK) - 1
    own = np.repeat(EVERYONE, number)
    before = np.floor(rng.exponential(1.2 * DAY_S, len(own))).astype(np.int64)
    own_at = people.signed_up[own] - 20 - before
    stranger = EVERYONE[rng.random(BLOCK) < 0.5]
    stranger_at = START_S + rng.integers(0, LAST_S - START_S, len(stranger))
    visitor = np.concatenate((2 * people.number[own], 2 * people.number[stranger] + 1))
    at = np.concatenate((own_at, stranger_at))
    path = PATH + rng.integers(0, len(PATHS), len(at))
    keep = at >= START_S
    return visitor[keep], at[keep], path[keep]
