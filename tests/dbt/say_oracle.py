"""Say versus do by plain loops over lists of events, rows and answers: no SQL, no code of the
project, every rule written out as docs and design say it.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import NamedTuple
from zoneinfo import ZoneInfo

DAY = 86_400_000_000
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
SCALES = {
    "nps": (0, 10),
    "csat": (1, 5),
    "ces": (1, 7),
    "rating5": (1, 5),
    "importance": (1, 5),
    "satisfaction": (1, 5),
    "intent": (1, 5),
}
RATED = ("nps", "csat", "ces", "rating5", "satisfaction", "intent")


class Event(NamedTuple):
    """`named`: the row itself says the user; else a device of theirs does."""

    user: str
    us: int
    name: str
    n: int | None = None
    named: bool = True


class Told(NamedTuple):
    """What a row says of a user; `us` None: without a time."""

    user: str
    us: int | None
    account: str | None
    plan: str | None
    cents: int | None


ASKED = ("survey", "nps", "exit")


class Answer(NamedTuple):
    """A response as the file has it."""

    id: str
    user: str | None
    us: int
    source: str
    question: str | None = None
    kind: str | None = None
    feature: str | None = None
    score: float | None = None
    text: str | None = None


class Question(NamedTuple):
    """A declared question; `measure` and `claim_us`: of a claim about events `claimed`."""

    kind: str
    feature: str | None = None
    scale: tuple[int, int] | None = None
    claimed: str = ""
    measure: str = ""
    claim_us: int = 0


class Feature(NamedTuple):
    """`entitled`: of a plan, None where everybody is; `released`: a date of the zone."""

    name: str
    match: Callable[[Event], bool]
    within: int
    entitled: Callable[[str | None], bool] | None = None
    released: dt.date | None = None
    has_topics: bool = False


class Wave(NamedTuple):
    """A declared wave: its days, both included."""

    name: str
    first: dt.date
    last: dt.date


class World(NamedTuple):
    """Everything that is known and declared. `kind`: all, month, quarter or declared."""

    zone: str
    observed: int
    log: list[Event]
    told: list[Told]
    answers: list[Answer]
    features: list[Feature]
    questions: dict[str, Question]
    kind: str
    waves: list[Wave]
    excluded: frozenset[str] = frozenset()

    def date(self, us: int) -> dt.date:
        local = (_EPOCH + us * dt.timedelta(microseconds=1)).astimezone(ZoneInfo(self.zone))
        return local.date()

    def midnight(self, day: dt.date) -> int:
        local = dt.datetime.combine(day, dt.time.min, ZoneInfo(self.zone))
        return (local - _EPOCH) // dt.timedelta(microseconds=1)

    def events(self, user: str) -> list[Event]:
        return [event for event in self.log if event.user == user]

    @property
    def start(self) -> int:
        return min(event.us for event in self.log if event.user not in self.excluded)

    @property
    def users(self) -> set[str]:
        names = {each.user for each in self.log} | {each.user for each in self.told}
        return names - self.excluded

    def rows(self, user: str) -> list[tuple[int, Told]]:
        """What was told of a user, oldest first; without a time it holds from ever."""
        never = -(10**18)
        rows = [(never if row.us is None else row.us, row) for row in self.told if row.user == user]
        return sorted(rows, key=lambda each: each[0])

    def then(self, user: str, us: int) -> Told | None:
        """The latest row by then."""
        known = [row for at, row in self.rows(user) if at <= us]
        return known[-1] if known else None

    def account(self, user: str) -> str | None:
        rows = self.rows(user)
        return rows[-1][1].account if rows else None

    def customer(self, user: str) -> str:
        return self.account(user) or user

    def known(self, user: str) -> int | None:
        times = [event.us for event in self.events(user) if event.named]
        times += [row.us for row in self.told if row.user == user and row.us is not None]
        return min(times, default=None)

    def cents(self, customer: str, us: int) -> int | None:
        """The latest that any row of the customer's told by then; of one time the least user's."""
        found = [
            (-at, row.user, row.cents)
            for user in self.users
            for at, row in self.rows(user)
            if at <= us and row.cents is not None
            if (row.account or self.customer(user)) == customer
        ]
        return min(found)[2] if found else None

    def days(self, events: Iterable[Event]) -> int:
        return len({self.date(event.us) for event in events})


class Heard(NamedTuple):
    """An answer with what is declared of its question."""

    answer: Answer
    kind: str | None
    feature: str | None
    user: str | None
    wave: str | None
    opinion: str | None
    problem: str | None


def heard(world: World) -> dict[str, Heard]:
    """Accepted answers by id: those of excluded users are none."""
    found = {}
    for answer in world.answers:
        if answer.user in world.excluded:
            continue
        asked = world.questions.get(answer.question or "")
        kind = asked.kind if asked else answer.kind
        feature = asked.feature if asked and asked.feature else answer.feature
        scale = (asked.scale if asked else None) or SCALES.get(kind or "")
        opinion, problem = _opinion(kind, answer.score, scale)
        user = answer.user if answer.user in world.users else None
        found[answer.id] = Heard(
            answer, kind, feature, user, wave_of(world, answer.us), opinion, problem
        )
    return found


def respondent(answer: Answer) -> str:
    """Whose one voice it is; nobody's answers to one row of a wide export are one person's."""
    if answer.user is not None:
        return answer.user
    row, _, question = answer.id.rpartition(":")
    return f"response {row if row and question == answer.question else answer.id}"


def _opinion(
    kind: str | None, score: float | None, scale: tuple[int, int] | None
) -> tuple[str | None, str | None]:
    if score is None or scale is None:
        return None, None
    low, high = scale
    if not low <= score <= high:
        return None, f"score {score:g} outside {low} to {high}"
    if kind == "nps":
        return ("like" if score >= 9 else "neutral" if score >= 7 else "dislike"), None
    return ("like" if score >= high - 1 else "dislike" if score <= low + 1 else "neutral"), None


def wave_of(world: World, us: int) -> str | None:
    day = world.date(us)
    if world.kind == "all":
        return "all"
    if world.kind == "month":
        return f"{day.year}-{day.month:02}"
    if world.kind == "quarter":
        return f"{day.year}-Q{(day.month + 2) // 3}"
    return next((each.name for each in world.waves if each.first <= day <= each.last), None)


def references(world: World) -> dict[str, int]:
    """When everybody's behaviour is looked at, by wave."""
    if world.kind == "declared":
        return {wave.name: world.midnight(wave.first) for wave in world.waves}
    times: dict[str, list[int]] = defaultdict(list)
    for each in heard(world).values():
        if each.user is not None and each.wave is not None:
            times[each.wave].append(each.answer.us)
    return {wave: sorted(found)[(len(found) - 1) // 2] for wave, found in times.items()}


def frame(world: World) -> dict[tuple[str, str], tuple[object, ...]]:
    """(wave, user) -> account, customer, tenure days, active days, aha reached, cents."""
    found: dict[tuple[str, str], tuple[object, ...]] = {}
    for wave, us in references(world).items():
        for user in world.users if us <= world.observed else ():
            known = world.known(user)
            if known is None or known > us - 28 * DAY:
                continue
            active = [each for each in world.events(user) if us - 28 * DAY <= each.us < us]
            customer = world.customer(user)
            found[wave, user] = (
                world.account(user),
                customer,
                (us - known) // DAY,
                world.days(active),
                _has_tried(world, user, us),
                world.cents(customer, us),
            )
    return found


def _has_tried(world: World, user: str, us: int) -> bool:
    """The aha moment of these worlds: a `b` within 7 days of the first `a`."""
    first = min((each.us for each in world.events(user) if each.name == "a"), default=None)
    if first is None:
        return False
    until = min(first + 7 * DAY, world.observed + 1, us)
    return any(each.name == "b" and first <= each.us < until for each in world.events(user))


def wave_usage(world: World) -> dict[tuple[str, str, str], int]:
    """(wave, feature, user) -> days, where there are any."""
    at = references(world)
    found = {}
    for wave, user in frame(world):
        for feature in world.features:
            days = world.days(_inside(world, feature, user, at[wave] - feature.within, at[wave]))
            if days:
                found[wave, feature.name, user] = days
    return found


def wave_access(world: World) -> set[tuple[str, str, str]]:
    at = references(world)
    return {
        (wave, feature.name, user)
        for wave, user in frame(world)
        for feature in world.features
        if _could(world, feature, user, at[wave] - feature.within, at[wave])
        and at[wave] - feature.within >= world.start
    }


def _inside(world: World, feature: Feature, user: str, since: int, until: int) -> list[Event]:
    mine = (each for each in world.events(user) if since <= each.us < until)
    return [each for each in mine if feature.match(each)]


def _could(world: World, feature: Feature, user: str, since: int, until: int) -> bool:
    known = world.known(user)
    if known is None or known > since:
        return False
    if feature.released is not None and since < world.midnight(feature.released):
        return False
    if feature.entitled is None:
        return True
    rows = (world.then(user, since), world.then(user, until))
    return all(row is not None and feature.entitled(row.plan) for row in rows)


class Pair(NamedTuple):
    """An answer and a feature."""

    opinion: str | None
    days: int
    events: int
    left_out: str | None


def say_do(world: World) -> dict[tuple[str, str, str], Pair]:
    """(response, feature, aims) -> what was said and done."""
    pairs = {}
    said = heard(world)
    for each in said.values():
        if each.user is None:
            continue
        for feature in world.features:
            if each.kind in RATED and each.feature == feature.name:
                aims = "intent" if each.kind == "intent" else "attitude"
                late = _is_superseded(each, aims, said.values())
                pairs[each.answer.id, feature.name, aims] = _pair(world, each, feature, aims, late)
            if feature.has_topics and each.answer.text and each.kind != "choice":
                pair = _pair(world, each, feature, "text", False)
                pairs[each.answer.id, feature.name, "text"] = pair
    return pairs


def _is_superseded(one: Heard, aims: str, said: Iterable[Heard]) -> bool:
    return any(
        other.user == one.user
        and other.feature == one.feature
        and other.wave == one.wave
        and other.kind in RATED
        and (other.kind == "intent") == (aims == "intent")
        and (other.answer.source in ASKED) == (one.answer.source in ASKED)
        and other.opinion is not None
        and (other.answer.us, other.answer.id) > (one.answer.us, one.answer.id)
        for other in said
    )


def _pair(world: World, each: Heard, feature: Feature, aims: str, superseded: bool) -> Pair:
    assert each.user is not None
    at = each.answer.us
    since = at if aims == "intent" else at - feature.within
    until = at + feature.within if aims == "intent" else at
    seen = _inside(world, feature, each.user, since, min(until, world.observed + 1))
    opinion = None if aims == "text" else each.opinion
    left_out = None
    if superseded:
        left_out = "superseded"
    elif not _could(world, feature, each.user, since, until):
        left_out = "no access for the whole window"
    elif since < world.start or until > world.observed:
        left_out = "window open"
    elif aims != "text" and opinion is None:
        left_out = "no opinion"
    return Pair(opinion, world.days(seen), len(seen), left_out)


def claims(world: World) -> dict[str, tuple[float, float, str | None]]:
    """Response -> said, logged, why it is left out."""
    found = {}
    for each in heard(world).values():
        asked = world.questions.get(each.answer.question or "")
        if each.user is None or asked is None or not asked.claimed or each.answer.score is None:
            continue
        since, until = each.answer.us - asked.claim_us, each.answer.us
        mine = world.events(each.user)
        inside = [one for one in mine if since <= one.us < until and one.name == asked.claimed]
        logged = {
            "events": len(inside),
            "days": world.days(inside),
            "sum": sum(one.n or 0 for one in inside),
        }[asked.measure]
        first = min((one.us for one in mine), default=None)
        whole = first is not None and first <= since and until <= world.observed
        left_out = None if whole else "window open"
        found[each.answer.id] = (each.answer.score, float(logged), left_out)
    return found


def values(world: World) -> dict[tuple[str, str], str]:
    """(response, breakdown) -> value, as of the answer."""
    found = {}
    for each in heard(world).values():
        if each.user is not None:
            for breakdown, value in _values(world, each.user, each.answer.us):
                found[each.answer.id, breakdown] = value
    return found


def wave_values(world: World) -> dict[tuple[str, str, str], str]:
    at = references(world)
    return {
        (wave, user, breakdown): value
        for wave, user in frame(world)
        for breakdown, value in _values(world, user, at[wave])
    }


def _values(world: World, user: str, us: int) -> list[tuple[str, str]]:
    row = world.then(user, us)
    plan, cents = (None, None) if row is None else (row.plan, row.cents)
    return [
        ("plan", plan or "(none)"),
        ("cents", "(none)" if cents is None else str(cents)),
        ("paying", "true" if plan not in (None, "free") else "false"),
        ("of_an_event", "false"),
    ]
