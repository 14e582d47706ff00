"""The grammars of `--step`, `--exclude` and `--by`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelkit.errors import FunnelkitError
from funnelkit.project.rules import as_option, conflicts
from funnelkit.project.steps import parse_by, parse_exclude, parse_step, parse_steps


@pytest.mark.parametrize(
    ("text", "name", "events", "where"),
    [
        ("signed_up", "signed_up", ["signed_up"], None),
        ("product=product1|product2", "product", ["product1", "product2"], None),
        ("product1|product2", "product1|product2", ["product1", "product2"], None),
        ("big=purchase where amount > 10", "big", ["purchase"], "amount > 10"),
        ("purchase  WHERE  a = 'b|c'", "purchase", ["purchase"], "a = 'b|c'"),
        ("Page viewed where x", "Page viewed", ["Page viewed"], "x"),
        (" a | b ", "a|b", ["a", "b"], None),
        ("n=a=b", "n", ["a=b"], None),
        (r"a\=b", "a=b", ["a=b"], None),
        (r"a\|b", "a|b", ["a|b"], None),
        (r"known\ where", "known where", ["known where"], None),
        (r"a\\ where x", "a\\", ["a\\"], "x"),
        ("where", "where", ["where"], None),
        ("nowhere x", "nowhere x", ["nowhere x"], None),
        ("a whereabouts", "a whereabouts", ["a whereabouts"], None),
        ("a where b where c", "a", ["a"], "b where c"),
    ],
)
def test_what_a_step_means(text: str, name: str, events: list[str], where: str | None) -> None:
    assert parse_step(text) == {"name": name, "event": events, "where": where}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "an event name is missing"),
        ("a|", "an event name is missing"),
        ("n=", "an event name is missing"),
        ("=a", "no name before `=`"),
        ("a where", "no condition after `where`"),
        ("a where  ", "no condition after `where`"),
    ],
)
def test_what_is_no_step(text: str, why: str) -> None:
    with pytest.raises(FunnelkitError) as caught:
        parse_step(text)
    assert caught.value.message == f"--step {text!r}: {why}"
    assert "--step signed_up" in str(caught.value.hint)


def escaped(name: str) -> str:
    """Any name as one can write it: a backslash before every character."""
    return "".join("\\" + character for character in name)


names = st.text(min_size=1, max_size=8)
conditions = st.text(min_size=1).map(str.strip).filter(bool)


@given(names, st.lists(names, min_size=1, max_size=4), st.none() | conditions)
def test_every_name_can_be_written(name: str, events: list[str], where: str | None) -> None:
    text = f"{escaped(name)}={'|'.join(map(escaped, events))}"
    text += f" where {where}" if where else ""
    assert parse_step(text) == {"name": name, "event": events, "where": where}


@given(st.text(max_size=30))
def test_any_text_is_a_step_or_our_error(text: str) -> None:
    try:
        step = parse_step(text)
    except FunnelkitError:
        return
    assert step["name"]
    assert all(step["event"])
    assert step["where"] != ""


@given(st.lists(st.sampled_from(["a", "b", "a 2", "a 3", "n=a"]), min_size=2, max_size=31))
def test_names_are_distinct_and_the_first_keeps_its_own(texts: list[str]) -> None:
    steps = parse_steps(texts)
    found = [step["name"] for step in steps]
    assert len(set(found)) == len(found)
    assert [step["event"] for step in steps] == [parse_step(text)["event"] for text in texts]
    first = parse_step(texts[0])["name"]
    assert found[0] == first


def test_a_name_given_twice_is_numbered() -> None:
    found = parse_steps(["view", "view", "view 2", "view"])
    assert [step["name"] for step in found] == ["view", "view 2", "view 2 2", "view 3"]


@pytest.mark.parametrize("number", [0, 1, 32])
def test_two_to_31_steps(number: int) -> None:
    with pytest.raises(FunnelkitError, match=f"2 to 31 steps: {number} given"):
        parse_steps(["a"] * number)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("deleted", {"event": ["deleted"]}),
        (" a | b ", {"event": ["a", "b"]}),
        ("Page viewed", {"event": ["Page viewed"]}),
        ("a=b", {"event": ["a=b"]}),
        ("a from=x", {"event": ["a"], "from": "x"}),
        ("a to=x y from=z", {"event": ["a"], "to": "x y", "from": "z"}),
        ("a from= x  to=y", {"event": ["a"], "from": "x", "to": "y"}),
        ("a scope=entity", {"event": ["a"], "scope": "entity"}),
        ("a where from=1", {"event": ["a"], "where": "from=1"}),
        (r"a\ from=b", {"event": ["a from=b"]}),
        (r"a\|b from=c\ to=d", {"event": ["a|b"], "from": "c to=d"}),
        ("a from x", {"event": ["a from x"]}),
        ("a from=x|y", {"event": ["a"], "from": "x|y"}),
        (
            "deleted|closed from=signed_up to=shared scope=entity where n > 0",
            {
                "event": ["deleted", "closed"],
                "from": "signed_up",
                "to": "shared",
                "scope": "entity",
                "where": "n > 0",
            },
        ),
    ],
)
def test_what_an_exclusion_means(text: str, meant: dict[str, object]) -> None:
    assert parse_exclude(text) == meant


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "an event name is missing"),
        (" from=a", "an event name is missing"),
        ("a||b", "an event name is missing"),
        ("a from=", "nothing after `from=`"),
        ("a from= to=b", "nothing after `from=`"),
        ("a to=b to=c", "`to=` is there twice"),
        ("a where p = 'x' scope=entity", "`from=`, `to=` and `scope=` stand before `where`"),
        ("a where n > 0  to=b", "`from=`, `to=` and `scope=` stand before `where`"),
        ("a scope=entty", "unknown scope 'entty'; did you mean 'entity'?"),
        ("a from=b where ", "no condition after `where`"),
    ],
)
def test_what_is_no_exclusion(text: str, why: str) -> None:
    with pytest.raises(FunnelkitError) as caught:
        parse_exclude(text)
    assert caught.value.message == f"--exclude {text!r}: {why}"
    assert "--exclude deleted" in str(caught.value.hint)


@given(st.lists(names, min_size=1, max_size=3), names, names, st.none() | conditions)
def test_every_exclusion_can_be_written(
    events: list[str], start: str, end: str, where: str | None
) -> None:
    text = f"{'|'.join(map(escaped, events))} from={escaped(start)} to={escaped(end)}"
    text += f" where {where}" if where else ""
    meant = {"event": events, "from": start, "to": end} | ({"where": where} if where else {})
    assert parse_exclude(text) == meant


@pytest.mark.parametrize(
    ("text", "name", "at"),
    [
        ("channel", "channel", "entry"),
        ("recipients@shared", "recipients", "shared"),
        (" browser @ first ", "browser", "first"),
        ("n@Page viewed", "n", "Page viewed"),
        ("n@a@b", "n", "a@b"),
        (r"a\@b@last", "a@b", "last"),
        (r"a\@b", "a@b", "entry"),
    ],
)
def test_what_a_breakdown_means(text: str, name: str, at: str) -> None:
    assert parse_by(text) == {"property": name, "at": at}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "a property's name is missing"),
        ("@shared", "a property's name is missing"),
        ("n@", "no step after `@`"),
        ("n@entry", "'entry' is the entry itself here, not a step"),
    ],
)
def test_what_is_no_breakdown(text: str, why: str) -> None:
    with pytest.raises(FunnelkitError) as caught:
        parse_by(text)
    assert caught.value.message == f"--by {text!r}: {why}"
    assert "--by " in str(caught.value.hint)


@given(names, names.filter(lambda name: name != "entry"))
def test_every_breakdown_can_be_written(name: str, at: str) -> None:
    assert parse_by(f"{escaped(name)}@{escaped(at)}") == {"property": name, "at": at}


@given(st.text(max_size=30))
def test_any_text_is_an_exclusion_and_a_breakdown_or_our_error(text: str) -> None:
    for parse in (parse_exclude, parse_by):
        try:
            assert all(parse(text).values())
        except FunnelkitError:
            continue


def test_a_conflict_is_told_as_the_option_that_makes_it() -> None:
    funnel = {
        "steps": [parse_step("a"), parse_step("b"), {**parse_step("a"), "optional": True}],
        "exclude": [parse_exclude("x from=c")],
        "breakdowns": [parse_by("n@bb"), parse_by("n")],
        "anchor_first": True,
        "count": "entries",
        "entry": "first",
    }
    assert [as_option(mistake) for mistake in conflicts(funnel)] == [
        "--step: a second step named 'a'; write {name: …, event: a}",
        "--optional: the first and the last step cannot be optional",
        "--anchor-first: only with order: any",
        "--entry: not with count: entries, where every entry is an attempt; leave it out",
        "--exclude: unknown step 'c'; known: a, b",
        "--by: unknown step 'bb'; did you mean 'b'?",
    ]
