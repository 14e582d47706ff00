"""The three logs as tables of text, with exactly the raw layer's columns."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from funnelkit.sample import plan
from funnelkit.sample.blocks import Block, user_rows
from funnelkit.sample.cases import ACCOUNT, TIER, cases, channel_of
from funnelkit.sample.feedback import LANGUAGES, QUESTIONS, TEXTS
from funnelkit.sample.log import NOBODY, Events, at_seconds
from funnelkit.sample.plan import Ints
from funnelkit.sample.texts import chosen, instants, numbered

SCORES = ("", *(str(score) for score in range(11)))


class Names(NamedTuple):
    """Widths of the ids of a run, and what its prices are."""

    user: int
    event: int
    response: int
    whale_mrr: int

    @classmethod
    def of(cls, users: int) -> "Names":
        """Widths that hold for a run of so many users; never below those of the seeds."""
        events = int(users * plan.EVENTS_PER_USER * 1.2)
        return cls(
            user=max(5, len(str(2 * users + 1))),
            event=max(7, len(f"{events:x}")),
            response=max(6, len(str(users * 4))),
            whale_mrr=plan.whale_mrr(users),
        )

    def event_ids(self, numbers: Ints) -> pa.Array:
        """Event ids, hexadecimal."""
        return numbered("e", numbers, self.event, base=16)

    def user_ids(self, numbers: Ints) -> pa.Array:
        """User ids, decimal; null for nobody."""
        return numbered("u", numbers, self.user)

    def account_ids(self, numbers: Ints) -> pa.Array:
        """Account ids: the number of the account's first user."""
        return numbered("a", numbers, self.user)


class Users(NamedTuple):
    """Rows of the users' log as numbers; `updated` in microseconds."""

    user: Ints
    account: Ints
    channel: Ints
    country: Ints
    tier: Ints
    updated: Ints


class Feedback(NamedTuple):
    """Rows of feedback as numbers; `at` in seconds, -1 is no score and nobody."""

    number: Ints
    user: Ints
    at: Ints
    question: Ints
    score: Ints
    text: Ints


def planted_users() -> Users:
    """The rows of the hand-made users, one each."""
    made = cases()
    size = len(made)
    return Users(
        user=np.arange(1, size + 1),
        account=np.full(size, ACCOUNT),
        channel=np.array([channel_of(place) for place in range(size)]),
        country=np.zeros(size, np.int64),
        tier=np.full(size, TIER),
        updated=np.array([case.signed_up for case in made]),
    )


def block_users(block: Block) -> Users:
    """The rows of a block's present users."""
    rows, people = user_rows(block), block.people
    return Users(
        people.number[rows.place],
        people.account[rows.place],
        people.channel[rows.place],
        people.country[rows.place],
        rows.tier,
        rows.updated,
    )


def block_feedback(block: Block, next_response: int) -> Feedback:
    """The feedback of a block's present users and its anonymous reviews, by time."""
    answers, people = block.said.answers, block.people
    anonymous = answers.user == NOBODY
    keep = np.flatnonzero((anonymous & block.present[0]) | block.present[answers.user])
    keep = keep[np.lexsort((keep, answers.at[keep]))]
    user = np.where(anonymous, NOBODY, people.number[answers.user])[keep]
    return Feedback(
        next_response + np.arange(len(keep)),
        user,
        answers.at[keep],
        answers.question[keep],
        answers.score[keep],
        answers.text[keep],
    )


def event_table(events: Events, names: Names) -> pa.Table:
    """Events in arrival order as text."""
    events = events.in_arrival_order()
    return pa.table(
        {
            "event_id": names.event_ids(events.number),
            "user_id": names.user_ids(events.user),
            "anonymous_id": numbered("v", events.visitor, names.user),
            "account_id": names.account_ids(events.account),
            "event_name": chosen(plan.EVENTS, events.name),
            "occurred_at": instants(events.occurred),
            "received_at": instants(events.received),
            "properties": chosen(plan.PROPERTIES, events.properties),
        }
    )


def user_table(parts: list[Users], names: Names) -> pa.Table:
    """Users by updated_at as text; plan, channel, country and revenue as JSON."""
    rows = Users(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    order = np.lexsort((rows.user, rows.updated))
    rows = Users(*(column[order] for column in rows))
    prices = (*plan.PRICES, names.whale_mrr)
    bank = [
        f'{{"plan":"{name}","channel":"{channel}","country":"{country}","mrr_cents":{price}}}'
        for name, price in zip(plan.PLANS, prices, strict=True)
        for channel in plan.CHANNELS
        for country in plan.COUNTRIES
    ]
    code = (rows.tier * len(plan.CHANNELS) + rows.channel) * len(plan.COUNTRIES) + rows.country
    return pa.table(
        {
            "user_id": names.user_ids(rows.user),
            "account_id": names.account_ids(rows.account),
            "updated_at": instants(rows.updated),
            "properties": chosen(bank, code),
        }
    )


def feedback_table(parts: list[Feedback], names: Names) -> pa.Table:
    """Feedback by submitted_at as text."""
    rows = Feedback(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    order = np.lexsort((rows.number, rows.at))
    rows = Feedback(*(column[order] for column in rows))

    def asked(place: int) -> pa.Array:
        return chosen([question[place] for question in QUESTIONS], rows.question)

    return pa.table(
        {
            "response_id": numbered("r", rows.number, names.response),
            "user_id": names.user_ids(rows.user),
            "source": asked(0),
            "submitted_at": instants(at_seconds(rows.at)),
            "question": asked(1),
            "kind": asked(2),
            "feature": asked(3),
            "score": chosen(SCORES, rows.score + 1),
            "text": chosen(TEXTS, rows.text),
            "language": chosen(LANGUAGES, rows.text),
        }
    )
