"""Write the sample company: blocks in, files out, one part of the users in memory at a time."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from funnelkit.errors import FunnelkitError
from funnelkit.sample import plan
from funnelkit.sample.blocks import Block, merge_defects, simulate
from funnelkit.sample.cases import cases, planted_events
from funnelkit.sample.files import Format, Layout, SampleFiles, check_directory
from funnelkit.sample.log import Events, concatenate
from funnelkit.sample.tables import (
    Feedback,
    Names,
    Users,
    block_feedback,
    block_users,
    event_table,
    feedback_table,
    planted_users,
    user_table,
)
from funnelkit.sample.tally import Tally
from funnelkit.sample.texts import instants
from funnelkit.sample.truth import Facts, truth_text

CSV_EVENTS = 200_000  # more events than this become Parquet unless a format is asked for
PART_USERS = 40_000  # about a million events
FEWEST_USERS = 100


class Summary(NamedTuple):
    """What was written: rows of each log, and every file, relative to `directory`."""

    directory: Path
    users: int
    accounts: int
    event_rows: int
    user_rows: int
    feedback_rows: int
    observed_until: str
    files: tuple[str, ...]


def generate(
    directory: Path,
    *,
    users: int = plan.SEEDS_USERS,
    events: int | None = None,
    seed: int = plan.SEEDS_SEED,
    format: Format | None = None,
    layout: Layout = "project",
    part_users: int = PART_USERS,
) -> Summary:
    """Write the sample company of `users` users, or of about `events` events, into `directory`.

    Layout `project` writes data/events.csv (or data/events-0001.parquet, …), data/users.csv,
    data/feedback.csv and truth.yml; `seeds` writes raw_events.csv, raw_users.csv,
    raw_feedback.csv and truth.yml, in arrival order. Without `format`, more than 200,000 expected
    events are written as Parquet. Rows depend on the seed only: a smaller sample of a seed holds
    the same people, and `part_users`, the users in memory at a time, only says where files are cut
    and hence sorted. Same arguments, same bytes. An earlier sample is replaced.

    Raises FunnelkitError when `directory` holds anything but an earlier sample, and for numbers
    that are too small.
    """
    users = _checked_users(users, events, seed, part_users)
    check_directory(directory)
    if layout == "seeds":
        format, part_users = "csv", users
    if format is None:
        format = "parquet" if users * plan.EVENTS_PER_USER > CSV_EVENTS else "csv"
    blocks = _Blocks(users, seed)
    per_part = max(1, part_users // plan.BLOCK)
    parts = -(-blocks.number // per_part)
    with SampleFiles(directory, layout, format, parts) as files:
        for part in range(parts):
            _write_part(files, blocks, part, per_part)
        return blocks.summary(directory, files.publish(truth_text(*blocks.truth())))


def write_seeds(directory: Path) -> Summary:
    """Write the repository's seeds/ into `directory`: 2,000 users of the default seed."""
    return generate(directory, layout="seeds")


def _checked_users(users: int, events: int | None, seed: int, part_users: int) -> int:
    asked = f"{users} users"
    if events is not None:
        asked = f"{events} events"
        users = round(events / plan.EVENTS_PER_USER)
    if users < FEWEST_USERS:
        fewest = round(FEWEST_USERS * plan.EVENTS_PER_USER)
        raise FunnelkitError(
            f"{asked}: too few for the sample company, expected at least"
            f" {FEWEST_USERS} users or {fewest} events",
            "for example --users 2000",
        )
    for name, value, least in (("seed", seed, 0), ("part_users", part_users, 1)):
        if value < least:
            raise FunnelkitError(f"{name} is {value}, expected {least} or more")
    return users


class _Blocks:
    """Makes block after block, numbering events and responses, and keeps the counts."""

    def __init__(self, users: int, seed: int) -> None:
        self.users, self.seed = users, seed
        self.names = Names.of(users)
        self.planted = planted_events()
        self.regular = users - len(cases())
        self.number = -(-self.regular // plan.BLOCK)
        self.tally = Tally()
        self.tally.add_cases()
        self.rows = {"events": 0, "users": 0, "feedback": 0}
        self.accounts = 1
        self.defects = self.planted.defects
        self.next_event = int(self.planted.events.number.max()) + 1
        self.next_response = 1
        self.whale_account = 0

    def make(self, place: int) -> Block:
        """The block at `place`; call in order, once each."""
        size = min(plan.BLOCK, self.regular - place * plan.BLOCK)
        first = 1 + len(cases()) + place * plan.BLOCK
        block = simulate(self.seed, place, first, size, self.next_event)
        if place == 0:
            self.defects = merge_defects(self.planted, block)
            self.whale_account = first
        self.next_event = int(block.events.number.max()) + 1
        self.accounts += int((block.people.is_first & block.present).sum())
        self.tally.add_block(block)
        return block

    def truth(self) -> tuple[Facts, Tally]:
        """What truth.yml says, once all blocks are made."""
        names = self.names
        days = instants(np.array([plan.START_S, plan.LAST_S]) * plan.SECOND).to_pylist()
        facts = Facts(
            seed=self.seed,
            users=self.users,
            accounts=self.accounts,
            event_rows=self.rows["events"],
            user_rows=self.rows["users"],
            feedback_rows=self.rows["feedback"],
            defects={
                kind: names.event_ids(np.array(numbers)).to_pylist()
                for kind, numbers in self.defects.items()
            },
            case_ids=names.user_ids(np.arange(1, len(cases()) + 1)).to_pylist(),
            account_ids={
                "dominating": names.account_ids(np.array([self.whale_account]))[0].as_py()
            },
            days=(days[0][:10], days[1]),
        )
        return facts, self.tally

    def summary(self, directory: Path, files: tuple[str, ...]) -> Summary:
        """What was written."""
        facts, _ = self.truth()
        return Summary(
            directory,
            facts.users,
            facts.accounts,
            facts.event_rows,
            facts.user_rows,
            facts.feedback_rows,
            facts.days[1],
            files,
        )


def _write_part(files: SampleFiles, blocks: _Blocks, part: int, per_part: int) -> None:
    """Make the blocks of one part, write them, and let them go."""
    first = part == 0
    events: list[Events] = [blocks.planted.events] if first else []
    users: list[Users] = [planted_users()] if first else []
    feedback: list[Feedback] = []
    for place in range(part * per_part, min((part + 1) * per_part, blocks.number)):
        block = blocks.make(place)
        events.append(block.events)
        users.append(block_users(block))
        feedback.append(block_feedback(block, blocks.next_response))
        blocks.next_response += len(feedback[-1].number)
    event_rows = event_table(concatenate(events), blocks.names)
    files.write_events(event_rows, part + 1)
    blocks.rows["events"] += event_rows.num_rows
    user_rows = user_table(users, blocks.names)
    files.append_rows("users", user_rows)
    blocks.rows["users"] += user_rows.num_rows
    said = feedback_table(feedback, blocks.names)
    files.append_rows("feedback", said)
    blocks.rows["feedback"] += said.num_rows
