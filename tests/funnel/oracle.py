"""The definition of a funnel by brute force: every chain of one entity, tried one after the other.

Written from funnel-semantics alone and sharing nothing with the kernel: rows are tuples, a chain is
a tuple of positions, the reported chain is picked by comparing all of them, and whether a unit is
open is found by adding rows after the end of the log and searching again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

LAST = 31  # sorts a row that matches no step behind all that do


@dataclass(frozen=True)
class Row:
    """An event; `no` is its place in (time, event id) order, `held` is None for a NULL."""

    us: int
    mask: int  # a bit for each step it matches
    no: int
    xmask: int = 0  # a bit for each exclusion it matches
    held: str | None = ""

    @property
    def order(self) -> tuple[int, int, int, int]:
        mask = 0 if self.held is None else self.mask  # NULL matches no step: a foreign row
        lowest = next((k for k in range(LAST) if mask >> k & 1), LAST)
        return (self.us, lowest, mask, self.no)


@dataclass(frozen=True)
class Exclusion:
    """An exclusion between two steps, by their numbers; `bit` is its place in a row's xmask."""

    bit: int
    start: int
    end: int
    scope: str = "attempt"


@dataclass(frozen=True)
class Rules:
    """A funnel's rules; steps are numbers, durations microseconds."""

    steps: int
    optional: frozenset[int] = frozenset()
    order: str = "ordered"
    anchor_first: bool = False
    entry: str = "first"
    count: str = "entities"
    window: int | None = None
    step_window: int | None = None
    hold: bool = False
    row_reuse: bool = False
    strict_increase: bool = False
    exclude: tuple[Exclusion, ...] = ()
    since: int | None = None  # entries from here on
    until: int | None = None  # and before this

    @property
    def required(self) -> tuple[int, ...]:
        return tuple(k for k in range(1, self.steps + 1) if k not in self.optional)

    @property
    def whole_window(self) -> int | None:
        if self.window is None and self.step_window is not None:
            return self.step_window * (len(self.required) - 1)
        return self.window


# Proof rows: (step, step that the row fills, instant, event); they differ only in `any` order.
Proof = tuple[tuple[int, int, int, int], ...]


@dataclass(frozen=True)
class Journey:
    """What became of an entity, or of an attempt; `reasons`: those that the text allows."""

    level: int
    proofs: Mapping[str, Proof]  # by run: all, mature, first
    first_entry_us: int
    is_mature: bool | None
    matured_level: int | None
    is_open: bool | None
    first_converted_us: int | None
    reasons: frozenset[str]


@dataclass(frozen=True)
class Outcome:
    """An entity's journeys by the event of the attempt's entry (None: the entity's only one)."""

    left: bool
    journeys: Mapping[int | None, Journey]


Chain = tuple[int, ...]


def search(rows: Sequence[Row], rules: Rules, observed: int) -> Outcome | None:
    """What became of one entity; None when it has no entry."""
    log = sorted(rows, key=lambda row: row.order)
    entries = _entries(log, rules)
    if not entries:
        return None
    if _leaves(log, rules):
        return Outcome(True, {})
    if rules.count == "entries":
        found = _attempts(log, rules)
        return Outcome(
            False,
            {log[e].no: _attempt(log, rules, observed, e, chain) for e, chain in found.items()},
        )
    return Outcome(False, {None: _entity(log, rules, observed)})


def depth(log: Sequence[Row], rules: Rules) -> int:
    """The number of required steps of the entity's deepest chain; 0 without an entry."""
    ordered = sorted(log, key=lambda row: row.order)
    allowed = _allowed(ordered, rules)
    return len(_reported(ordered, allowed, rules)) if allowed else 0


# --- entries


def _entries(log: Sequence[Row], rules: Rules) -> list[int]:
    """Positions of the rows that may open a chain."""
    anywhere = rules.order == "any" and not rules.anchor_first
    return [
        i
        for i, row in enumerate(log)
        if row.held is not None
        and (row.mask != 0 if anywhere else row.mask & 1)
        and (rules.since is None or row.us >= rules.since)
        and (rules.until is None or row.us < rules.until)
    ]


def _allowed(log: Sequence[Row], rules: Rules) -> list[int]:
    entries = _entries(log, rules)
    if rules.entry == "best" or rules.count == "entries":
        return entries
    lanes = {log[i].held for i in entries}
    return sorted(min(i for i in entries if log[i].held == held) for held in lanes)


def _leaves(log: Sequence[Row], rules: Rules) -> bool:
    kept = tuple(each for each in rules.exclude if each.scope != "entity")
    return depth(log, rules) < depth(log, replace(rules, exclude=kept))


# --- chains


def _chains(log: Sequence[Row], chain: Chain, rules: Rules) -> Iterator[Chain]:
    """A chain and all that prolong it."""
    yield chain
    if len(chain) == len(rules.required):
        return
    for i in range(chain[-1], len(log)):
        if _is_chain(log, (*chain, i), rules):
            yield from _chains(log, (*chain, i), rules)


def _is_chain(log: Sequence[Row], chain: Chain, rules: Rules) -> bool:
    """Whether a chain stays one with its last row; it was one without."""
    first, before, last = log[chain[0]], log[chain[-2]], log[chain[-1]]
    step = rules.required[len(chain) - 1]
    window, gap = rules.whole_window, rules.step_window
    return (
        _matches(last, step)
        and last.held == first.held
        and (chain[-1] > chain[-2] or rules.row_reuse)
        and (rules.order != "strict" or chain[-1] == chain[-2] + 1)
        and (last.us > before.us or not rules.strict_increase)
        and (window is None or last.us <= first.us + window)
        and (gap is None or last.us <= before.us + gap)
        and all(_is_clean(log, chain, rules, each) for each in rules.exclude)
    )


def _is_clean(log: Sequence[Row], chain: Chain, rules: Rules, exclusion: Exclusion) -> bool:
    start = rules.required.index(exclusion.start)
    end = rules.required.index(exclusion.end)
    covered = chain[start : end + 1]
    if len(covered) < 2:
        return True
    between = range(covered[0] + 1, covered[-1])
    inside = chain[start + 1 : end]  # rows that fill a step strictly inside
    return not any(
        _excludes(log[i], exclusion) and log[i].held == log[chain[0]].held
        for i in (*between, *inside)
    )


def _reported(log: Sequence[Row], entries: Sequence[int], rules: Rules) -> Chain:
    """The deepest chain; of several the one with the earliest last row, then latest rows before.

    In `any` order: the positions of the distinct steps' next rows, from the entry.
    """
    if rules.order == "any":
        found = [tuple(i for i, _ in _steps_from(log, entry, rules)) for entry in entries]
    else:
        found = [chain for entry in entries for chain in _chains(log, (entry,), rules)]
    return _best(found)


def _best(found: Sequence[Chain]) -> Chain:
    deepest = max(len(chain) for chain in found)
    longest = [chain for chain in found if len(chain) == deepest]
    end = min(chain[-1] for chain in longest)
    # Read backwards, each earlier row the latest that keeps the chain valid.
    return max((chain for chain in longest if chain[-1] == end), key=lambda chain: chain[::-1])


def _steps_from(log: Sequence[Row], entry: int, rules: Rules) -> list[tuple[int, int]]:
    """(position, step) of the next row of each step, at or after the entry and in its window."""
    window = rules.whole_window
    found = []
    for step in range(1, rules.steps + 1):
        for i in range(entry, len(log)):
            inside = window is None or log[i].us <= log[entry].us + window
            if inside and log[i].held == log[entry].held and _matches(log[i], step):
                found.append((i, step))
                break
    return sorted(found)


def _attempts(log: Sequence[Row], rules: Rules) -> dict[int, Chain]:
    """The chain of every attempt, each row credited to the latest attempt that it can extend."""
    chains = {e: list(_chains(log, (e,), rules)) for e in _entries(log, rules)}
    credited: dict[tuple[int, int], int] = {}
    for entry, found in sorted(chains.items()):
        credited.update({(len(chain), chain[-1]): entry for chain in found})
    return {
        entry: _best([c for c in found if credited[len(c), c[-1]] == entry])
        for entry, found in chains.items()
    }


# --- journeys


def _entity(log: Sequence[Row], rules: Rules, observed: int) -> Journey:
    allowed = _allowed(log, rules)
    entries = _entries(log, rules)
    window = rules.whole_window
    mature = [i for i in allowed if window is not None and log[i].us + window <= observed]
    chain = _reported(log, allowed, rules)
    of_first = _reported(log, entries[:1], rules)
    proofs = {"all": _proof(log, chain, rules)}
    if rules.entry == "best" or rules.hold:
        proofs["first"] = _proof(log, of_first, rules)
        if mature:
            proofs["mature"] = _proof(log, _reported(log, mature, rules), rules)
    matured = _level(_reported(log, mature, rules), rules) if mature else 0
    is_open = None
    if window is not None:
        is_open = len(chain) < len(rules.required) and any(
            len(_reported(later, allowed, rules)) > len(chain)
            for later in _futures(log, allowed, rules, observed)
        )
    return Journey(
        level=_level(chain, rules),
        proofs=proofs,
        first_entry_us=log[entries[0]].us,
        is_mature=None if window is None else bool(mature),
        matured_level=None if window is None else matured,
        is_open=is_open,
        first_converted_us=_converted_us(log, of_first, rules),
        reasons=_reasons(log, chain, rules, observed, is_open),
    )


def _attempt(log: Sequence[Row], rules: Rules, observed: int, entry: int, chain: Chain) -> Journey:
    window = rules.whole_window
    is_mature = None if window is None else log[entry].us + window <= observed
    is_open = None
    if window is not None:
        is_open = len(chain) < len(rules.required) and any(
            len(_attempts(later, rules)[entry]) > len(chain)
            for later in _futures(log, [entry], rules, observed)
        )
    matured = _level(chain, rules) if is_mature else 0
    return Journey(
        level=_level(chain, rules),
        proofs={"all": _proof(log, chain, rules)},
        first_entry_us=log[entry].us,
        is_mature=is_mature,
        matured_level=None if window is None else matured,
        is_open=is_open,
        first_converted_us=_converted_us(log, chain, rules),
        reasons=_reasons(log, chain, rules, observed, is_open),
    )


def _futures(
    log: Sequence[Row], entries: Sequence[int], rules: Rules, observed: int
) -> Iterator[list[Row]]:
    """The log with rows after its end: in each lane, the steps from any one on, at once."""
    starts = [0] if rules.order == "any" else range(1, len(rules.required))
    for held in sorted({log[i].held or "" for i in entries}):
        for start in starts:
            steps = rules.required[start:]
            yield [
                *log,
                *(
                    Row(observed + n, 1 << step - 1, 10**6 + n, held=held)
                    for n, step in enumerate(steps, start=1)
                ),
            ]


def _level(chain: Chain, rules: Rules) -> int:
    return len(chain) if rules.order == "any" else rules.required[len(chain) - 1]


def _converted_us(log: Sequence[Row], chain: Chain, rules: Rules) -> int | None:
    if len(chain) < len(rules.required):
        return None
    return log[chain[-1]].us - log[chain[0]].us


def _proof(log: Sequence[Row], chain: Chain, rules: Rules) -> Proof:
    if rules.order == "any":
        steps = _steps_from(log, chain[0], rules)
        return tuple((n, step, log[i].us, log[i].no) for n, (i, step) in enumerate(steps, start=1))
    filled = dict(zip(rules.required, chain, strict=False))
    for step in rules.optional:
        done = _optional_row(log, chain, rules, step)
        if done is not None:
            filled[step] = done
    return tuple((step, step, log[i].us, log[i].no) for step, i in sorted(filled.items()))


def _optional_row(log: Sequence[Row], chain: Chain, rules: Rules, step: int) -> int | None:
    """The earliest row of an optional step between the chain's rows of its required neighbours."""
    before = sum(1 for required in rules.required if required < step)
    if before > len(chain):
        return None
    window = rules.whole_window
    if before < len(chain):
        places = range(chain[before - 1] + 1, chain[before])
    else:
        places = range(chain[-1] + 1, len(log))
    for i in places:
        inside = window is None or log[i].us <= log[chain[0]].us + window
        if inside and log[i].held == log[chain[0]].held and _matches(log[i], step):
            return i
    return None


# --- reasons


def _reasons(
    log: Sequence[Row], chain: Chain, rules: Rules, observed: int, is_open: bool | None
) -> frozenset[str]:
    """Why the reported chain ends where it does; several where the text does not choose."""
    if len(chain) == len(rules.required):
        return frozenset({"converted"})
    if is_open:
        return frozenset({"open"})
    closed = {"not reached"}
    if rules.whole_window is not None:
        closed = _closed(log, chain, rules, observed)
    if rules.order == "any":
        return frozenset(closed)
    after = range(chain[-1] + 1, len(log))
    reasons, certain = set(), False
    for i in after:
        interrupts = rules.order == "strict" and i == after[0]
        excludes = _excludes_next(log, chain, rules, i) and _in_window(log, chain, rules, i)
        reasons |= {"interrupted"} if interrupts else set()
        reasons |= {"excluded"} if excludes else set()
        certain |= (interrupts or excludes) and _in_both(log, chain, rules, i)
    return frozenset(reasons if certain else reasons | closed)


def _closed(log: Sequence[Row], chain: Chain, rules: Rules, observed: int) -> set[str]:
    """The window that closes first; either, where the step window has closed behind the other.

    An attempt whose next rows would be a later attempt's need not have a reason of its own.
    """
    assert rules.whole_window is not None
    end = log[chain[0]].us + rules.whole_window
    step_end = end if rules.step_window is None else log[chain[-1]].us + rules.step_window
    found = set()
    if end <= step_end:
        found.add("window closed")
    if rules.step_window is not None and (step_end <= end or step_end <= observed):
        found.add("step window closed")
    if rules.count == "entries":
        found.add("not reached")
    return found


def _excludes_next(log: Sequence[Row], chain: Chain, rules: Rules, i: int) -> bool:
    """Whether a row behind the chain excludes the transition that the chain lacks."""
    step, following = rules.required[len(chain) - 1], rules.required[len(chain)]
    return log[i].held == log[chain[0]].held and any(
        _excludes(log[i], each) and each.start <= step and following <= each.end
        for each in rules.exclude
    )


def _in_window(log: Sequence[Row], chain: Chain, rules: Rules, i: int) -> bool:
    window = rules.whole_window
    return window is None or log[i].us <= log[chain[0]].us + window


def _in_both(log: Sequence[Row], chain: Chain, rules: Rules, i: int) -> bool:
    gap = rules.step_window
    soon = gap is None or log[i].us <= log[chain[-1]].us + gap
    return soon and _in_window(log, chain, rules, i)


def _matches(row: Row, step: int) -> bool:
    return bool(row.mask >> step - 1 & 1)


def _excludes(row: Row, exclusion: Exclusion) -> bool:
    return bool(row.xmask >> exclusion.bit & 1)


# --- the mutant


def forward_ladder(rows: Sequence[Row], rules: Rules) -> int:
    """The mutant: from the earliest entry, take the earliest next row and never look back."""
    log = sorted(rows, key=lambda row: row.order)
    entries = _entries(log, rules)
    chain: Chain = (entries[0],) if entries else ()
    while chain and len(chain) < len(rules.required):
        step = rules.required[len(chain)]
        after = range(chain[-1] + (not rules.row_reuse), len(log))
        following = [
            i
            for i in after
            if _matches(log[i], step)
            and log[i].held == log[chain[0]].held
            and (log[i].us > log[chain[-1]].us or not rules.strict_increase)
        ]
        if not following or not _is_chain(log, (*chain, following[0]), rules):
            break
        chain = (*chain, following[0])
    return len(chain)
