"""Whose an id is: the macro against the oracle, and cases worked out by hand."""

import random
import time
from collections.abc import Sequence
from itertools import pairwise

import pytest

from tests.dbt.identities import DEFAULT, Rules, Said, Whose, by_macro, by_oracle, groups

RULES = [
    Rules(shared_devices, *caps)
    for shared_devices in ("first", "last", "none")
    for caps in ((20, 100), (2, 3))
]


def _random_log(seed: int) -> tuple[list[Said], list[str]]:
    """A small log whose ids no other seed's log has; and ids that only user rows tell."""
    draw = random.Random(seed)
    users, devices = ("u1", "u2", "u3", "7"), ("d1", "d2", "d3", "7")
    anyone = (*users, *devices, "x", "y")
    log = []
    for _ in range(draw.randrange(1, 12)):
        user, device = draw.choice((None, *users)), draw.choice((None, None, *devices))
        if user is None and device is None:
            device = "d1"
        previous = draw.choice(anyone) if draw.random() < 0.4 else None
        seen, received = draw.randrange(9), draw.choice((None, draw.randrange(9)))
        own = [None if name is None else f"{seed:04}.{name}" for name in (user, device, previous)]
        log.append(Said(own[0], own[1], own[2], seen, received))
    told = [f"{seed:04}.{name}" for name in ("u1", "u9") if draw.random() < 0.2]
    return log, told


# No id is in two of the logs, so one query answers them all.
@pytest.mark.parametrize("rules", RULES, ids=str)
def test_random_logs_as_the_oracle(rules: Rules) -> None:
    logs = [_random_log(seed) for seed in range(400)]
    found = by_macro(
        [e for log, _ in logs for e in log], rules, [i for _, told in logs for i in told]
    )
    wrong = []
    for log, told in logs:
        expected = by_oracle(log, rules, told)
        own = {id: found.pop(id) for id in expected}
        if own != expected:
            other = {id: (own[id], expected[id]) for id in expected if own[id] != expected[id]}
            wrong.append((len(log), log, told, other))
    assert not wrong, f"{len(wrong)} logs, of them\n{min(wrong, key=lambda each: each[:1])}"
    assert not found


def test_the_portable_groups_answer_the_same() -> None:
    logs = [_random_log(seed) for seed in range(100)]
    log = [row for each, _ in logs for row in each]
    assert by_macro(log, Rules(engine="default")) == by_macro(log, Rules(engine="duckdb"))


@pytest.mark.parametrize("engine", ["duckdb", "default"])
def test_groups_are_connected_components(engine: str) -> None:
    draw = random.Random(1)
    for _ in range(20):
        nodes = [f"n{n:02}" for n in range(draw.randrange(2, 14))]
        edges = [(draw.choice(nodes), draw.choice(nodes)) for _ in range(draw.randrange(1, 14))]
        assert groups(edges, 20, engine) == _reached(edges)


def _reached(edges: Sequence[tuple[str, str]]) -> set[frozenset[str]]:
    """What can be walked to from each node."""
    found = set()
    for start in {node for edge in edges for node in edge}:
        group, before = {start}, set[str]()
        while group != before:
            before = group
            group = before | {n for edge in edges if before & {*edge} for n in edge}
        found.add(frozenset(group))
    return found


def _users(log: Sequence[Said], rules: Rules = DEFAULT) -> dict[str, str]:
    return {id: whose.user for id, whose in by_macro(log, rules).items()}


def test_an_anonymous_id_is_its_users_from_when_the_log_tells() -> None:
    log = [Said(device="d", at=1), Said("ann", "d", at=5, told=6), Said("ann", at=9)]
    assert by_macro(log) == {
        "anonymous:d": Whose("ann", "device", 6),
        "ann": Whose("ann", "itself", None),
    }


def test_cycles_and_aliases_to_oneself_end() -> None:
    cycle = [Said("a", previous="b", at=1), Said("b", previous="c", at=2), Said("c", previous="a")]
    itself = [Said("s", previous="s"), Said(device="t", previous="t")]
    assert _users([*cycle, *itself]) == {
        **dict.fromkeys("abc", "c"),  # c was seen first, at 0
        "s": "s",
        "anonymous:t": "anonymous:t",
    }


def test_merged_users_keep_the_id_that_was_seen_first() -> None:
    log = [Said("new", at=2), Said("old", at=1), Said("new", previous="old", at=7, told=8)]
    assert by_macro(log) == {
        "old": Whose("old", "itself", None),
        "new": Whose("old", "merge", 8),
    }


def test_a_merge_by_way_of_others_holds_once_all_of_them_are_told() -> None:
    """a is b since 3, and b is c since 9: c, seen last, is a since 9; b since 3."""
    log = [
        *(Said("a", at=0), Said("b", at=1), Said("c", at=2)),
        *(Said("b", previous="a", at=3), Said("c", previous="b", at=9)),
        *(Said("c", "d", at=4), Said(device="e", previous="d", at=20)),
    ]
    assert by_macro(log) == {
        "a": Whose("a", "itself", None),
        "b": Whose("a", "merge", 3),
        "c": Whose("a", "merge", 9),
        "anonymous:d": Whose("a", "device", 9),
        "anonymous:e": Whose("a", "device", 20),
    }


def test_a_device_told_to_be_another_is_the_same_users() -> None:
    log = [Said(device="d1"), Said(device="d2", previous="d1", at=1), Said("u", "d2", at=2)]
    assert _users(log) == {"anonymous:d1": "u", "anonymous:d2": "u", "u": "u"}


def test_users_of_one_device_are_not_one_person() -> None:
    log = [Said("u", "d", at=1), Said("v", "d", at=2), Said("v", "e", at=3), Said("w", "e", at=4)]
    found = _users(log)
    assert [found[user] for user in "uvw"] == ["u", "v", "w"]


@pytest.mark.parametrize(
    ("rule", "owner", "since"), [("first", "u", 1), ("last", "v", 2), ("none", "anonymous:d", None)]
)
def test_a_shared_device_goes_by_the_rule(rule: str, owner: str, since: int | None) -> None:
    log = [Said(device="d", at=0), Said("u", "d", at=1), Said("v", "d", at=2), Said("v", "d", at=3)]
    whose = by_macro(log, Rules(rule))
    assert whose["anonymous:d"] == Whose(owner, "shared device", since)
    assert whose["u"].user == "u"


def test_an_alias_tells_the_device_of_a_user_who_is_the_last() -> None:
    log = [Said("u", previous="d", at=1), Said("v", "d", at=2), Said("u", previous="d", at=3)]
    assert _users(log, Rules("last"))["anonymous:d"] == "u"
    assert _users(log, Rules("first"))["anonymous:d"] == "u"
    assert _users(log[:2], Rules("last"))["anonymous:d"] == "v"


def test_an_id_that_no_row_has_joins_those_that_name_it() -> None:
    assert _users([Said("u", previous="x")]) == {"u": "u"}
    both = [Said(device="d", previous="x", at=0), Said("u", previous="x", at=1)]
    assert _users(both) == {"anonymous:d": "u", "u": "u"}


def test_a_user_and_a_device_of_one_name_are_two() -> None:
    assert _users([Said("7"), Said(device="7")]) == {"7": "7", "anonymous:7": "anonymous:7"}
    # 7 is a user, so the alias names that user and not the device.
    log = [Said("7", at=0), Said(device="7", at=1), Said("u", previous="7", at=2)]
    assert _users(log) == {"7": "7", "anonymous:7": "anonymous:7", "u": "7"}
    assert _users([Said("7", previous="7", at=0), Said(device="7")])["anonymous:7"] == "anonymous:7"


def test_ids_are_only_texts() -> None:
    names = ["it's", "a'); drop table said; --", "ö\u202e名", 'q"\\', "%_", " a", "a "]
    log = [Said(name, f"d {name}", at=n) for n, name in enumerate(names)]
    merged = [Said(b, previous=a, at=9) for a, b in pairwise(names)]
    assert _users(log) == {id: n for n in names for id in (n, f"anonymous:d {n}")}
    assert set(_users([*log, *merged]).values()) == {"it's"}


@pytest.mark.parametrize(("length", "is_followed"), [(100, True), (101, False), (150, False)])
def test_a_chain_of_aliases_is_followed_up_to_the_cap(length: int, is_followed: bool) -> None:
    draw = random.Random(length)
    names = [f"u{draw.random()}" for _ in range(length)]
    log = [Said(b, previous=a, at=n) for n, (a, b) in enumerate(pairwise(names))]
    log += [Said(names[0], at=-1)]
    found = by_macro(log)
    assert len(found) == length
    if is_followed:
        assert {whose.user for whose in found.values()} == {names[0]}
        assert found[names[-1]] == Whose(names[0], "merge", length - 2)
    else:
        assert found == {name: Whose(name, "too many ids", None) for name in names}


def test_what_is_too_large_merges_nothing_but_itself() -> None:
    """A chain of 6 with a cap of 5, a device of one of its users, and a pair that is small."""
    log = [Said(b, previous=a) for a, b in pairwise(["u1", "u2", "u3", "u4", "u5", "u6"])]
    log += [Said("u1"), Said("u3", "d", at=4), Said("v2", previous="v1", at=2), Said("v1", at=1)]
    found = by_macro(log, Rules(max_ids_per_person=5))
    assert found["anonymous:d"] == Whose("u3", "device", 4)
    assert found["v2"] == Whose("v1", "merge", 2)
    assert {found[f"u{n}"] for n in range(1, 7)} == {
        Whose(f"u{n}", "too many ids", None) for n in range(1, 7)
    }


def test_a_device_of_ten_thousand_users_is_nobodys_at_once() -> None:
    log = [Said(f"u{n}", "kiosk", at=n) for n in range(10_000)]
    log += [Said(device="kiosk", at=20_000), Said("u5", "own", at=20_001)]
    started = time.process_time()
    found = by_macro(log)
    assert time.process_time() - started < 2
    assert found["anonymous:kiosk"] == Whose("anonymous:kiosk", "too many users", None)
    assert found["anonymous:own"].user == "u5"
    assert all(found[f"u{n}"].user == f"u{n}" for n in range(10_000))


@pytest.mark.parametrize("is_hub_aliasing", [True, False])
def test_a_user_told_to_be_ten_thousand_others_is_not_followed(is_hub_aliasing: bool) -> None:
    if is_hub_aliasing:
        log = [Said("hub", previous=f"u{n}", at=n) for n in range(10_000)]
    else:
        log = [Said(f"u{n}", previous="hub", at=n) for n in range(10_000)]
    log += [Said(f"u{n}") for n in range(10_000)] + [Said("hub")]
    started = time.process_time()
    found = by_macro(log)
    assert time.process_time() - started < 2
    assert {whose.how for whose in found.values()} == {"too many ids"}
    assert all(whose.user == id for id, whose in found.items())
