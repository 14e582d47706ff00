"""Cases worked out on paper, each with one entity: what its rows say without any program.

A history is written `a0 b1/q c2/- b3!`: name and second, after `/` the space (`-` for none, `p`
when not given), `!` for a property n that is NULL. A proof is written `1@0 2@3`: step and second;
in `any` order `1b@0`: the step's place, the event that filled it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.funnel.oracle import Outcome, Proof
from tests.funnel.strategies import SECOND, Event, Funnel

UNASKED = -1
_EVENT = re.compile(r"([a-z])(\d+)(?:/([a-z]|-))?(!)?")


@dataclass(frozen=True)
class Case:
    """What becomes of an entity; `levels` are those of its attempts, where entries are counted."""

    name: str
    history: str
    funnel: Funnel
    levels: tuple[int, ...]
    proof: str = ""  # of the only or the last journey; empty: not asked
    reason: str | None = None  # of the same
    is_mature: bool | None = None  # of the same; None: not asked
    matured_level: int | None = None
    first_converted: int | None = UNASKED  # seconds
    left: bool = False
    observed: int = 20

    def log(self) -> list[list[Event]]:
        """The entity's events, and another's that ends the log."""
        return [history(self.history), [Event(self.observed, "z")]]

    def check(self, found: Mapping[str, Outcome]) -> None:
        """Fails unless the program's answer is the one on paper."""
        if not self.levels and not self.left:
            assert found == {}
            return
        outcome = found["u0"]
        assert outcome.left == self.left
        # Attempts go by the event of their entry, and a history stands in order.
        journeys = [
            one for _, one in sorted(outcome.journeys.items(), key=lambda item: item[0] or 0)
        ]
        assert tuple(one.level for one in journeys) == self.levels
        if self.left:
            return
        last = journeys[-1]
        if self.proof:
            assert self._written(last.proofs["all"]) == self.proof
        if self.reason:
            assert last.reasons == {self.reason}
            if self.reason != "not reached" and "window" in self.funnel:
                assert last.is_open == (self.reason == "open")
        if self.is_mature is not None:
            assert last.is_mature == self.is_mature
        if self.matured_level is not None:
            assert last.matured_level == self.matured_level
        if self.first_converted != UNASKED:
            expected = self.first_converted
            assert last.first_converted_us == (None if expected is None else expected * SECOND)

    def _written(self, proof: Proof) -> str:
        names = [""] * len(self.funnel["steps"])
        if self.funnel.get("order") == "any":
            names = [step["event"][-1] for step in self.funnel["steps"]]
        return " ".join(f"{k}{names[filled - 1]}@{us // SECOND}" for k, filled, us, _ in proof)


def history(text: str) -> list[Event]:
    found = []
    for word in text.split():
        parts = _EVENT.fullmatch(word)
        assert parts, word
        name, second, space, missing = parts.groups()
        n = None if missing else 1
        found.append(Event(int(second), name, n, {None: "p", "-": None}.get(space, space)))
    return found


def funnel_of(steps: str, **rules: Any) -> Funnel:
    """Steps as `a b|c d?`: events joined by |, ? for an optional step; rules as in YAML."""
    found = []
    for k, word in enumerate(steps.split(), start=1):
        step: dict[str, Any] = {"name": f"s{k}", "event": word.rstrip("?").split("|")}
        if word.endswith("?"):
            step["optional"] = True
        found.append(step)
    return {"steps": found, **rules}


def _x(start: int, end: int, event: str = "x", **rules: Any) -> list[dict[str, Any]]:
    return [{"event": [event], "from": f"s{start}", "to": f"s{end}", **rules}]


CASES = [
    # --- rows and their order
    Case("one row fills one step", "a0", funnel_of("a a"), (1,), "1@0"),
    Case("two rows fill two", "a0 a1", funnel_of("a a"), (2,), "1@0 2@1"),
    Case("ties count in step order", "b3 a3", funnel_of("a b"), (2,), "1@3 2@3"),
    Case("a step before its entry is none", "b0 a1", funnel_of("a b"), (1,), "1@1"),
    Case("no entry, no journey", "b0 c1", funnel_of("a b"), ()),
    Case("NULL matches no condition", "a0! b1", {"steps": [{"name": "s1", "event": ["a"],
        "where": "n > 0"}, {"name": "s2", "event": ["b"]}]}, ()),
    Case("the latest row before", "a0 b1 b2 c3", funnel_of("a b c"), (3,), "1@0 2@2 3@3"),
    Case("the earliest last row", "a0 b1 c2 b3 c4", funnel_of("a b c"), (3,), "1@0 2@1 3@2"),
    # --- windows
    Case("the window is inclusive", "a0 b3", funnel_of("a b", window="3 s"), (2,), "1@0 2@3",
        "converted"),
    Case("and ends", "a0 b4", funnel_of("a b", window="3 s"), (1,), "1@0", "window closed"),
    Case("a gap is inclusive", "a0 b2 c4", funnel_of("a b c", step_window="2 s"), (3,),
        "1@0 2@2 3@4"),
    Case("a gap runs from the latest row that will do", "a0 b1 b4 c6",
        funnel_of("a b c", step_window="4 s"), (3,), "1@0 2@4 3@6"),
    Case("a gap alone sums to a window", "a0 b1 c5", funnel_of("a b c", step_window="2 s"), (2,),
        "1@0 2@1", "step window closed"),
    Case("a gap beside a window", "a0 b2 b4 c6", funnel_of("a b c", window="5 s",
        step_window="4 s"), (2,), "1@0 2@2"),
    # --- entry
    Case("first: the first entry alone", "a0 a5 b6", funnel_of("a b", window="3 s"), (1,), "1@0"),
    Case("best: any entry", "a0 a5 b6", funnel_of("a b", window="3 s", entry="best"), (2,),
        "1@5 2@6", first_converted=None),
    Case("best: the latest entry", "a0 a1 b2", funnel_of("a b", entry="best"), (2,), "1@1 2@2",
        first_converted=2),
    Case("best: a forward ladder gives up", "a0 a5 b6 c7", funnel_of("a b c", window="3 s",
        entry="best"), (3,), "1@5 2@6 3@7"),
    # --- maturity
    Case("an early converter is not mature", "a8 b9", funnel_of("a b", window="3 s"), (2,),
        reason="converted", is_mature=False, matured_level=0, first_converted=1, observed=10),
    Case("mature at the last instant", "a7", funnel_of("a b", window="3 s"), (1,),
        reason="window closed", is_mature=True, matured_level=1, observed=10),
    Case("open until the window closes", "a8", funnel_of("a b", window="3 s"), (1,),
        reason="open", is_mature=False, matured_level=0, observed=10),
    Case("best: one open entry will do", "a0 b1 a9", funnel_of("a b c", window="3 s",
        entry="best"), (2,), "1@0 2@1", "open", True, 2, observed=10),
    Case("mature entries alone", "a0 a8 b9", funnel_of("a b", window="3 s", entry="best"), (2,),
        "1@8 2@9", "converted", True, 1, observed=10),
    Case("a gap that ran out is not open", "a8", funnel_of("a b", window="5 s", step_window="1 s"),
        (1,), reason="step window closed", is_mature=False, observed=10),
    Case("a gap that a later row keeps open", "a6 b7 b9", funnel_of("a b c", window="9 s",
        step_window="3 s"), (2,), "1@6 2@7", "open", observed=10),
    Case("excluded before its window closed", "a9 x10", funnel_of("a b", window="3 s",
        exclude=["x"]), (1,), reason="excluded", is_mature=False, observed=10),
    Case("interrupted before its window closed", "a9 x10", funnel_of("a b", window="3 s",
        order="strict"), (1,), reason="interrupted", is_mature=False, observed=10),
    # --- order
    Case("strict: the very next event", "a0 x1 b2", funnel_of("a b", order="strict"), (1,), "1@0",
        "interrupted"),
    Case("strict, first: one attempt", "a0 x1 a2 b3", funnel_of("a b", order="strict"), (1,)),
    Case("strict, best: a later one may start", "a0 x1 a2 b3", funnel_of("a b", order="strict",
        entry="best"), (2,), "1@2 2@3"),
    Case("strict: foreign events last in their instant", "x1 b1 a1", funnel_of("a b",
        order="strict"), (2,), "1@1 2@1"),
    Case("any: from any step", "c0 a2 b3", funnel_of("a b c", order="any", window="3 s"), (3,),
        "1c@0 2a@2 3b@3", first_converted=3),
    Case("any: anchored", "c0 a2 b3", funnel_of("a b c", order="any", anchor_first=True,
        window="3 s"), (2,), "1a@2 2b@3"),
    Case("any: the first entry's window", "a0 b9 c9", funnel_of("a b c", order="any",
        window="3 s"), (1,), "1a@0"),
    Case("any, best", "a0 b9 c9", funnel_of("a b c", order="any", window="3 s", entry="best"),
        (2,), "1b@9 2c@9"),
    Case("any: each step once", "a0 a1 a2", funnel_of("a b", order="any"), (1,), "1a@0"),
    Case("any: a row counts for all it matches", "a0", funnel_of("a a|b", order="any"), (2,),
        "1a@0 2b@0"),
    # --- exclusions
    Case("excluded from the first to the last", "a0 b1 x2 b3 c4", funnel_of("a b c",
        exclude=["x"]), (2,), "1@0 2@1", "excluded"),
    Case("excluded between two: a row behind it will do", "a0 b1 x2 b3 c4", funnel_of("a b c",
        exclude=_x(2, 3)), (3,), "1@0 2@3 3@4"),
    Case("not excluded before", "a0 x1 b2 c3", funnel_of("a b c", exclude=_x(2, 3)), (3,)),
    Case("an exclusion sorts last in its instant", "x0 a0 b1", funnel_of("a b", exclude=["x"]),
        (1,), "1@0", "excluded"),
    Case("and so comes after the end", "a0 x1 b1", funnel_of("a b", exclude=["x"]), (2,)),
    Case("none strictly inside is an exclusion", "a0 b1 c2", funnel_of("a b c",
        exclude=_x(1, 3, "b")), (1,), "1@0", "excluded"),
    Case("the end may be one", "a0 b1 c2", funnel_of("a b c", exclude=_x(1, 3, "c")), (3,)),
    Case("but not before the end", "a0 c1 b2 c3", funnel_of("a b c", exclude=_x(1, 3, "c")), (1,)),
    Case("the start may be one", "a0 b1", funnel_of("a b", exclude=_x(1, 2, "a")), (2,)),
    Case("an exclusion needs its condition", "a0 x1! b2", funnel_of("a b", exclude=_x(1, 2,
        where="n > 0")), (2,)),
    Case("scope entity: it leaves", "a0 x1 b2", funnel_of("a b", exclude=_x(1, 2,
        scope="entity")), (), left=True),
    Case("scope entity: nothing lost", "a0 b1 x2", funnel_of("a b", exclude=_x(1, 2,
        scope="entity")), (2,)),
    Case("scope entity: a clean chain as deep", "a0 x1 a2 b3", funnel_of("a b", entry="best",
        exclude=_x(1, 2, scope="entity")), (2,), "1@2 2@3"),
    # --- optional steps
    Case("optional: done", "a0 b1 c2", funnel_of("a b? c"), (3,), "1@0 2@1 3@2"),
    Case("optional: the earliest", "a0 b1 b2 c3", funnel_of("a b? c"), (3,), "1@0 2@1 3@3"),
    Case("optional: not between", "a0 c1 b2", funnel_of("a b? c"), (3,), "1@0 3@1"),
    Case("optional: after the last reached", "a0 b1", funnel_of("a b? c", window="3 s"), (1,),
        "1@0 2@1", "window closed"),
    Case("optional: beyond the window", "a0 b4", funnel_of("a b? c", window="3 s"), (1,), "1@0"),
    Case("optional: a level skips it", "a0 c1 e2", funnel_of("a b? c d? e"), (5,), "1@0 3@1 5@2"),
    Case("optional: its required step not reached", "a0 d1", funnel_of("a c d? e"), (1,), "1@0"),
    # --- held properties
    Case("hold: shared", "a0/p b1/q", funnel_of("a b", hold=["space"]), (1,), "1@0"),
    Case("hold: NULL never matches", "a0/- b1/-", funnel_of("a b", hold=["space"]), ()),
    Case("hold: the first of each", "a0/p a1/q b2/q", funnel_of("a b", hold=["space"]), (2,),
        "1@1 2@2", first_converted=None),
    Case("hold: the best lane ends first", "a0/p a1/q b2/q b3/p", funnel_of("a b",
        hold=["space"]), (2,), "1@1 2@2", first_converted=3),
    Case("hold: an exclusion in its own lane", "a0/p x1/q b2/p", funnel_of("a b", hold=["space"],
        exclude=["x"]), (2,)),
    Case("hold: NULL excludes nothing", "a0/p x1/- b2/p", funnel_of("a b", hold=["space"],
        exclude=["x"]), (2,)),
    Case("hold, strict: another lane's event", "a0/p a1/q b2/p", funnel_of("a b", hold=["space"],
        order="strict"), (1,), reason="interrupted"),
    Case("hold, strict: NULL is an event", "a0/p b1/- b2/p", funnel_of("a b", hold=["space"],
        order="strict"), (1,), reason="interrupted"),
    Case("hold, any", "a0/p b1/q a2/q", funnel_of("a b", hold=["space"], order="any"), (2,),
        "1b@1 2a@2"),
    # --- entries
    Case("entries: the latest takes the row", "a0 a1 b2 b3", funnel_of("a b", count="entries"),
        (1, 2), "1@1 2@2", first_converted=1),
    Case("entries: one each", "a0 b1 a2 b3", funnel_of("a b", count="entries"), (2, 2), "1@2 2@3"),
    Case("entries: what it can extend", "a0 b1 a2 c3", funnel_of("a b c", count="entries"),
        (3, 1), "1@2"),
    Case("entries: mature each", "a0 b1 a9", funnel_of("a b", count="entries", window="3 s"),
        (2, 1), "1@9", "open", False, 0, observed=10),
    # --- parity
    Case("a row again", "a0", funnel_of("a a|b", row_reuse=True), (2,), "1@0 2@0"),
    Case("a later instant", "a0 b0", funnel_of("a b", strict_increase=True), (1,), "1@0"),
    Case("the next instant", "a0 b0 b1", funnel_of("a b", strict_increase=True), (2,), "1@0 2@1"),
]  # fmt: skip
