"""Gates as they are written: limits, names, and every mistake at its place."""

from pathlib import Path

import pytest

from funnelkit.errors import FunnelkitError
from funnelkit.project.gates import Target, find_target, parse_limit
from funnelkit.project.read import read

BLOCK = """\
vars:
  funnelkit:
    funnels:
      buy: {steps: [seen, {name: "a.b=c", event: x}, paid], window: 1 day}
      grow: {steps: [seen, paid], window: 1 day}
      any: {steps: [seen, paid], window: 1 day, order: any}
    outcomes:
      back: {event: seen, after: 1 day, within: 1 day}
      grow: {event: seen, after: 1 day, within: 1 day}
    aha_moments:
      tried: {event: seen, within: 1 day, funnel: buy}
    features: {alerts: {events: x}, buys: {events: x}}
    gates:
"""
LINE = BLOCK.count("\n") + 1


def written(folder: Path, *gates: str) -> Path:
    lines = "".join(f"      {gate}\n" for gate in gates)
    (folder / "dbt_project.yml").write_text(BLOCK + lines, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("given", "kind", "value", "shown"),
    [
        ("30 %", "funnel", 0.3, "30 %"),
        ("30%", "funnel", 0.3, "30 %"),
        (0.3, "funnel", 0.3, "30 %"),
        ("0.3", "aha", 0.3, "30 %"),
        (".5", "outcome", 0.5, "50 %"),
        (1, "outcome", 1.0, "100 %"),
        (0, "outcome", 0.0, "0 %"),
        ("0.05 %", "outcome", 0.0005, "0.05 %"),
        ("66.4 %", "funnel", 0.664, "66.4 %"),
        (1e-7, "funnel", 1e-7, "0.00001 %"),
        ("20 pp", "feature", 0.2, "20 pp"),
        ("20 %", "feature", 0.2, "20 pp"),
        (-0.2, "feature", -0.2, "−20 pp"),
        ("−5 pp", "feature", -0.05, "−5 pp"),
        (-30, "nps", -0.3, "−30"),
        ("12.5", "nps", 0.125, "12.5"),
    ],
)
def test_a_limit_is_a_share_points_or_a_score(given, kind, value, shown):
    limit = parse_limit(given)
    assert limit.of(kind) == value
    assert limit.shown(kind) == shown


@pytest.mark.parametrize(
    ("given", "kind", "told"),
    [
        (30, "funnel", "30 is not from 0 to 1; for 30 % write 30 %"),
        ("101 %", "funnel", "101 % is not from 0 to 1"),
        (-0.1, "aha", "−0.1 is not from 0 to 1; "),
        ("5 pp", "outcome", "5 pp is a difference; write 30 % or 0.3"),
        ("-101 pp", "feature", "−101 pp is not from -1 to 1"),
        (101, "nps", "101 is not a net promoter score; write a number from -100 to 100"),
        ("30 %", "nps", "30 % is not a net promoter score; "),
    ],
)
def test_a_limit_that_the_number_cannot_have(given, kind, told):
    with pytest.raises(ValueError, match="is") as caught:
        parse_limit(given).of(kind)
    assert str(caught.value).startswith(told)


@pytest.mark.parametrize("given", ["", "high", "30 percent", "1,5", "0x1", True, None, [1], "1e3"])
def test_what_is_no_limit(given):
    with pytest.raises(ValueError, match=r"is not a limit; write 0\.3 or 30 %"):
        parse_limit(given)


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("buy", Target("funnel", "buy")),
        ("buy.paid", Target("funnel", "buy", "paid")),
        ("buy.a.b=c", Target("funnel", "buy", "a.b=c")),
        ("funnel:grow", Target("funnel", "grow")),
        ("outcome:grow", Target("outcome", "grow")),
        ("tried", Target("aha", "tried")),
        ("alerts", Target("feature", "alerts")),
        ("nps", Target("nps", "nps")),
        ("nps:all", Target("nps", "nps")),
    ],
)
def test_a_name_says_which_number(tmp_path, name, target):
    assert find_target(name, read(written(tmp_path, "nps: {fail_under: 0}")).raw) == target


@pytest.mark.parametrize(
    ("gate", "told"),
    [
        ("grow: {fail_under: 0.1}", "'grow' is declared more than once; write funnel:grow or out"),
        ("bui: {fail_under: 0.1}", "no funnel, aha moment, outcome or feature is called 'bui'; di"),
        ("outcome:bac: {fail_under: 1 %}", "no outcome is called 'bac'; did you mean 'back'?"),
        ("aha:buy: {fail_under: 1 %}", "no aha moment is called 'buy'; known: tried"),
        ("nps:some: {fail_under: 1}", "no net promoter score is called 'some'; known: all"),
        ("funel:buy: {fail_under: 1 %}", "unknown kind 'funel'; did you mean 'funnel'?"),
        ("buy.payd: {fail_under: 1 %}", "funnel 'buy' has no step 'payd'; did you mean 'paid'?"),
        ("buy.seen: {fail_under: 1 %}", "'seen' is the entry, which everybody reached; name a la"),
        ("any.paid: {fail_under: 1 %}", "'any' has steps in any order; judge its final conversio"),
        ("tried.paid: {fail_under: 1 %}", "'tried' has no steps; only a funnel has: leave out .p"),
        ("buy: {}", "no limit; write fail_under: 30 % or fail_over: 0.5"),
        ("buy: 0.5", "must be a mapping of key: value, not 0.5"),
        ("buy: {fail_under: high}", ".fail_under: 'high' is not a limit; write 0.3 or 30 %"),
        ("buy: {fail_under: }", ".fail_under: nothing is not a limit; write 0.3 or 30 %"),
        ("buy: {fail_under: 15}", ".fail_under: 15 is not from 0 to 1; for 15 % write 15 %"),
        ("nps: {fail_over: 101}", ".fail_over: 101 is not a net promoter score"),
        ("buy: {fail_udner: 0.1}", ".fail_udner: unknown key; did you mean 'fail_under'?"),
        ("buy: {fail_below: 0.1}", ".fail_below: unknown key; did you mean 'fail_under'?"),
        ("buy: {fail_above: 0.1}", ".fail_above: unknown key; did you mean 'fail_over'?"),
        ("buy: {fail_under: 0.1, judge: mean}", ".judge: 'mean' is not accepted; write 'lower', "),
        ("buy: {fail_under: 0.1, at_least_n: 0}", ".at_least_n: 0 is not a whole number from 1"),
        ("buy: {fail_under: 0.1, funnel: buy}", ".funnel: only an outcome takes it; leave it out"),
        ("back: {fail_under: 0.1}", "whose first entry starts its time? write funnel beside it, "),
        ("back: {fail_under: 0.1, funnel: by}", ".funnel: unknown funnel 'by'; did you mean 'buy"),
    ],
)
def test_a_mistake_is_told_at_its_gate(tmp_path, gate, told):
    with pytest.raises(FunnelkitError) as caught:
        read(written(tmp_path, gate))
    name = gate.partition(": ")[0]
    path = f"gates.{name}" if told.startswith(".") else f"gates.{name}: "
    lines = caught.value.message.splitlines()
    assert lines[-1].startswith(f"dbt_project.yml:{LINE}: {path}{told}"), lines


def test_the_same_number_twice(tmp_path):
    with pytest.raises(FunnelkitError) as caught:
        read(written(tmp_path, "buy: {fail_under: 1 %}", "funnel:buy: {fail_over: 2 %}"))
    assert caught.value.message.endswith("gates.funnel:buy: the same number as 'buy'")


def test_an_outcome_needs_its_funnel_only_where_there_are_several(tmp_path):
    gate = "back: {fail_under: 0.1, funnel: buy}"
    assert read(written(tmp_path, gate)).definitions.gates["back"].funnel == "buy"
