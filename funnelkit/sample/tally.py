"""Realised counts of everything planted, summed over blocks from the generator's own draws."""

from collections import Counter

import numpy as np

from funnelkit.sample.blocks import Block
from funnelkit.sample.cases import Case, cases, channel_of
from funnelkit.sample.feedback import NAMES
from funnelkit.sample.journeys import open_entry
from funnelkit.sample.people import NEVER
from funnelkit.sample.plan import (
    CHANNELS,
    CODE,
    DAY_S,
    LAST_S,
    RETAINED_AFTER_DAYS,
    RETAINED_WITHIN_DAYS,
    SECOND,
    STEPS,
    WINDOW_S,
    Ints,
)

OUTCOME_CLOSED_S = (RETAINED_AFTER_DAYS + RETAINED_WITHIN_DAYS) * DAY_S


class Tally:
    """Counters by tuple of names; every block and the hand-made cases are added once."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, ...]] = Counter()
        self._to_shared: list[Ints] = []

    def add_block(self, block: Block) -> None:
        """Count the present users of a block."""
        self._funnel(block)
        self._retention(block)
        self._decoys(block)
        self._experiments(block)
        self._feedback(block)

    def add_cases(self) -> None:
        """Count the hand-made users: none reaches the aha count, searches or is retained."""
        for place, case in enumerate(cases()):
            self._case(CHANNELS[channel_of(place)], case)

    def median_seconds_to_shared(self) -> float | None:
        """Median seconds from entry to the last step, converters from mature entries."""
        seconds = np.concatenate((*self._to_shared, np.zeros(0)))
        return float(np.median(seconds)) if len(seconds) else None

    def _add(self, key: tuple[str, ...], number: int | np.integer) -> None:
        self.counts[key] += int(number)

    def _case(self, channel: str, case: Case) -> None:
        opened = case.signed_up + WINDOW_S * SECOND > LAST_S * SECOND
        for number, step in enumerate(STEPS, 1):
            self._add(("funnel", channel, step, "reached"), case.level >= number)
            matured = case.level >= number and not opened
            self._add(("funnel", channel, step, "matured_reached"), matured)
            stuck = case.level == number - 1
            self._add(("funnel", channel, step, "open"), stuck and opened)
            self._add(("funnel", channel, step, "lost"), stuck and not opened)
        if case.level == 4 and not opened:
            us = max(
                row.at for row in case.rows if row.name == "dashboard_shared" and not row.defect
            )
            self._to_shared.append(np.array([(us - case.signed_up) / SECOND]))
        if case.signed_up + OUTCOME_CLOSED_S * SECOND <= LAST_S * SECOND:
            self._add(("retention", "others", "eligible"), 1)
            self._add(("decoy", "others", "eligible"), 1)

    def _funnel(self, block: Block) -> None:
        at = block.journeys.reached_at
        level = (at <= LAST_S).sum(axis=1)
        opened = open_entry(block.people.signed_up)
        for code, channel in enumerate(CHANNELS):
            mine = block.present & (block.people.channel == code)
            for number, step in enumerate(STEPS, 1):
                reached = mine & (level >= number)
                stuck = mine & (level == number - 1)
                for name, those in (
                    ("reached", reached),
                    ("open", stuck & opened),
                    ("lost", stuck & ~opened),
                    ("matured_reached", reached & ~opened),
                ):
                    self._add(("funnel", channel, step, name), those.sum())
        done = block.present & (level == len(STEPS)) & ~opened
        self._to_shared.append((at[:, -1] - at[:, 0])[done])

    def _retention(self, block: Block) -> None:
        eligible = block.present & (block.people.signed_up + OUTCOME_CLOSED_S <= LAST_S)
        for name, those in (("reachers", block.journeys.aha), ("others", ~block.journeys.aha)):
            mine = eligible & those
            self._add(("retention", name, "eligible"), mine.sum())
            self._add(("retention", name, "retained"), (mine & block.journeys.retained).sum())

    def _decoys(self, block: Block) -> None:
        """Search in the first 14 days, by retention: the naive figure that misleads."""
        user, name, at, _ = block.behaviour.draft.columns()
        early = (name == CODE["search_used"]) & (at < block.people.signed_up[user] + WINDOW_S)
        searched = np.bincount(user[early], minlength=len(block.present)) >= 3
        eligible = block.present & (block.people.signed_up + OUTCOME_CLOSED_S <= LAST_S)
        for who, those in (("reachers", searched), ("others", ~searched)):
            mine = eligible & those
            self._add(("decoy", who, "eligible"), mine.sum())
            self._add(("decoy", who, "retained"), (mine & block.journeys.retained).sum())

    def _experiments(self, block: Block) -> None:
        behaviour = block.behaviour
        invited = behaviour.invited_at < NEVER
        for code, variant in enumerate(("control", "treatment")):
            exposed = block.present & (behaviour.prompt_variant == code)
            self._add(("invite_prompt", variant, "exposed"), exposed.sum())
            self._add(("invite_prompt", variant, "invited"), (exposed & invited).sum())
            exposed = block.present & (behaviour.navigation_variant == code)
            self._add(("new_navigation", variant, "exposed"), exposed.sum())

    def _feedback(self, block: Block) -> None:
        for number, wave in enumerate(block.said.waves, 1):
            eligible, responded = wave.eligible & block.present, wave.responded & block.present
            key = ("wave", str(number))
            self._add((*key, "eligible"), eligible.sum())
            self._add((*key, "respondents"), responded.sum())
            self._add((*key, "visits_of_eligible"), wave.visits[eligible].sum())
            self._add((*key, "visits_of_respondents"), wave.visits[responded].sum())
            for place, feature in enumerate(NAMES):
                likes, dislikes = wave.rating[:, place] >= 4, wave.rating[:, place] <= 2
                rated = wave.rated[:, place] & block.present
                used, used_said = wave.used[:, place], wave.used_said[:, place]
                for name, those in (
                    ("eligible_used", eligible & used),
                    ("eligible_would_like", eligible & likes),
                    ("eligible_would_dislike", eligible & dislikes),
                    ("respondents_used", responded & used),
                    ("rated", rated),
                    ("like_and_use", rated & likes & used_said),
                    ("like_and_not_use", rated & likes & ~used_said),
                    ("dislike_and_use", rated & dislikes & used_said),
                    ("dislike_and_not_use", rated & dislikes & ~used_said),
                ):
                    self._add((*key, feature, name), those.sum())
                whale = rated & block.people.is_whale & dislikes & used_said
                self._add((*key, feature, "dominating_account"), whale.sum())
