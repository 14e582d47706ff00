"""The grammar of `--step`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelkit.errors import FunnelkitError
from funnelkit.project.steps import parse_step, parse_steps


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
