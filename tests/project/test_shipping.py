"""Experiments and changes: typed as documented, mistakes told at their place."""

import datetime as dt
import itertools
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from funnelkit.errors import FunnelkitError
from funnelkit.project.definitions import Definitions
from funnelkit.project.read import read
from funnelkit.project.references import references
from funnelkit.project.shipping import Change, Experiment, Goal, Weeks
from funnelkit.project.shipping_words import change_in_words, experiment_in_words
from funnelkit.warehouse.conditions import check_definitions
from funnelkit.warehouse.meta import canonical

DAY = 86_400_000_000
PROJECT = """\
vars:
  funnelkit:
    event_properties: {variant: varchar, test: varchar}
    user_properties: {plan: varchar}
    funnels:
      buy: {steps: [a, b], window: 14 days}
      ever: {steps: [a, b]}
      best: {steps: [a, b], window: 14 days, entry: best}
      held: {steps: [a, b], window: 14 days, hold: [test]}
      team: {steps: [a, b], window: 14 days, entity: account_id}
    outcomes:
      back: {event: b, after: 21 days, within: 7 days}
      gone: {not: back}
      bought: {funnel: buy, after: 2 days, within: 7 days}
      unbought: {not: bought}
    aha_moments:
      three: {event: b, at_least: 3, within: 7 days, funnel: buy}
"""
EXPERIMENT = (
    "exposure: seen, where: \"test = 'x'\", variant: variant, control: old, "
    "shares: {old: 1, new: 3}, outcome: {event: b, within: 7 days}"
)


def written(folder: Path, block: str) -> Path:
    file = folder / "dbt_project.yml"
    lines = "".join(f"    {line}\n" for line in block.splitlines())
    file.write_text(PROJECT + lines, encoding="utf-8")
    return file


def defined(folder: Path, block: str) -> Definitions:
    return read(written(folder, block)).definitions


def mistakes(folder: Path, block: str) -> str:
    with pytest.raises(FunnelkitError) as caught:
        read(written(folder, block))
    return str(caught.value.message)


def experiment(folder: Path, rules: str = EXPERIMENT) -> Experiment:
    return defined(folder, f"experiments: {{x: {{{rules}}}}}").experiments["x"]


def change(folder: Path, rules: str) -> Change:
    return defined(folder, f"changes: {{c: {{{rules}}}}}").changes["c"]


def test_an_experiment_is_read_with_its_defaults(tmp_path):
    assert experiment(tmp_path) == Experiment(
        exposure=("seen",),
        where="test = 'x'",
        variant="variant",
        control="old",
        shares={"old": 1.0, "new": 3.0},
        outcome=Goal.model_validate({"event": "b", "within": "7 days"}),
        entity="user_id",
    )
    assert experiment(tmp_path).outcome.within_us == 7 * DAY


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("variant: variant", "variant: varient", "unknown event property 'varient'; did you mean"),
        ("variant: variant", "variant: plan", "'plan' is a user property; variant needs an event"),
        ("control: old", "control: odd", "control: 'odd' has no share; shares has old, new"),
        ("{old: 1, new: 3}", "{old: 1}", "shares: at least two variants"),
        ("{old: 1, new: 3}", "{old: 1, new: 0}", "0 is not a number above 0"),
        ("within: 7 days", "within: 7 dyas", "is not a duration"),
        ("control: old", "control: old, aha: thre", "unknown aha moment 'thre'; did you mean"),
        ("control: old", "control: old, feature: f", "unknown feature 'f'"),
        ("control: old", "control: old, entity: team", "'team' is not accepted"),
        ("control: old", "control: old, contrl: x", "unknown key"),
    ],
)
def test_a_mistake_of_an_experiment_is_told_where_it_is(tmp_path, old, new, told):
    assert old in EXPERIMENT
    block = f"experiments: {{x: {{{EXPERIMENT.replace(old, new)}}}}}"
    found = mistakes(tmp_path, block)
    assert told in found
    assert found.startswith("dbt_project.yml:18: ")


def test_the_hash_is_of_what_can_change_a_number(tmp_path):
    whole = experiment(tmp_path).definition_hash
    same = (
        EXPERIMENT.replace("{old: 1, new: 3}", "{new: 3, old: 1}") + ", description: it, aha: three"
    )
    assert experiment(tmp_path, same).definition_hash == whole
    for old, new in (("test = 'x'", "test = 'y'"), ("7 days", "8 days"), ("new: 3", "new: 2")):
        assert experiment(tmp_path, EXPERIMENT.replace(old, new)).definition_hash != whole


@pytest.mark.parametrize("place", ["where: \"test = 'x'\"", "event: b, within"])
def test_a_where_is_checked_as_that_of_a_step(tmp_path, place):
    wrong = (
        "where: tset = 'x'" if place.startswith("where") else "event: b, where: tset > 1, within"
    )
    wrong = wrong.replace("where: tset = 'x'", "where: \"tset = 'x'\"")
    file = written(tmp_path, f"experiments: {{x: {{{EXPERIMENT.replace(place, wrong)}}}}}")
    with pytest.raises(FunnelkitError) as caught:
        check_definitions(read(file))
    assert "there is no column 'tset'" in caught.value.message
    assert "experiments.x" in caught.value.message
    assert "did you mean test?" in (caught.value.hint or "")


def test_a_change_is_read_with_its_defaults(tmp_path):
    rules = "shipped_on: 2026-03-15, funnel: buy, evaluate_on: 2026-06-01"
    found = change(tmp_path, rules)
    assert (found.weeks, found.metric, found.definition_hash) == (8, ("funnel", "buy"), None)
    assert change(tmp_path, rules.replace("funnel: buy", "aha: three")).metric == ("aha", "three")
    both = change(tmp_path, rules.replace("funnel: buy", "outcome: gone, funnel: buy"))
    assert both.metric == ("outcome", "gone")


@pytest.mark.parametrize(
    ("shipped", "weeks", "expected"),
    [  # calendar of 2026: 9 and 16 March are Mondays, 15 March is a Sunday
        ("2026-03-15", 8, ("2026-01-12", "2026-03-08", "2026-03-16", "2026-05-10")),
        ("2026-03-16", 1, ("2026-03-09", "2026-03-15", "2026-03-23", "2026-03-29")),
        ("2026-03-18", 2, ("2026-03-02", "2026-03-15", "2026-03-23", "2026-04-05")),
    ],
)
def test_the_week_of_shipping_is_on_neither_side(shipped, weeks, expected):
    given = {"shipped_on": shipped, "evaluate_on": "2026-12-01", "funnel": "buy", "weeks": weeks}
    assert Change.model_validate(given).cohorts == Weeks(*map(dt.date.fromisoformat, expected))


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ("funnel: bye", "unknown funnel 'bye'; did you mean 'buy'?"),
        ("aha: tree", "unknown aha moment 'tree'; did you mean 'three'?"),
        ("outcome: bak, funnel: buy", "unknown outcome 'bak'; did you mean 'back'?"),
        (
            "outcome: unbought, funnel: team",
            "'unbought' is of funnel 'buy', which counts user_id, and 'team' counts account_id",
        ),
        ("outcome: back", "whose first entry starts its time? write funnel beside it"),
        ("weeks: 2", "nothing to measure it by; write funnel, outcome or aha"),
        ("funnel: buy, aha: three", "aha: not beside funnel"),
        ("funnel: ever", "has no window"),
        ("funnel: best", "not a funnel with entry: best"),
        ("funnel: held", "not a funnel with hold"),
        ("funnel: buy, weeks: 0", "0 is not a whole number from 1 on"),
        ("funnel: buy, weeks: 5000", "at most 520"),
        ("funnel: buy, week: 2", "unknown key"),
    ],
)
def test_a_mistake_of_a_change_is_told_where_it_is(tmp_path, rules, told):
    block = f"changes: {{c: {{shipped_on: 2026-03-15, evaluate_on: 2026-06-01, {rules}}}}}"
    found = mistakes(tmp_path, block)
    assert told in found
    assert found.startswith("dbt_project.yml:18: changes.c")


@pytest.mark.parametrize(
    ("evaluate", "told"),
    [
        ("2026-03-15", "is not after shipped_on, 2026-03-15"),
        ("2026-03-01", "is not after shipped_on, 2026-03-15"),
        ("9999-12-31", "9999-12-31: a year from 1980 to 2500 is meant"),
        # Who enters on Monday 16 March is mature 14 days later.
        ("2026-03-30", "nobody who enters from 2026-03-16 on"),
        ("2026-03-31", None),
    ],
)
def test_the_day_to_judge_it_must_leave_time(tmp_path, evaluate, told):
    block = f"changes: {{c: {{shipped_on: 2026-03-15, funnel: buy, evaluate_on: {evaluate}}}}}"
    if told is None:
        assert defined(tmp_path, block).changes["c"].evaluate_on == dt.date(2026, 3, 31)
    else:
        assert told in mistakes(tmp_path, block)


def test_the_time_of_an_opposite_is_that_of_the_other(tmp_path):
    rules = "shipped_on: 2026-03-15, outcome: gone, funnel: buy, evaluate_on: 2026-04-13"
    assert "nobody who enters from 2026-03-16 on" in mistakes(
        tmp_path, f"changes: {{c: {{{rules}}}}}"
    )
    assert change(tmp_path, rules.replace("2026-04-13", "2026-04-14"))


def test_names_that_differ_by_case_alone_are_refused(tmp_path):
    rules = "{shipped_on: 2026-03-15, funnel: buy, evaluate_on: 2026-06-01}"
    assert "the same name as 'c' but for case" in mistakes(
        tmp_path, f"changes:\n  c: {rules}\n  C: {rules}"
    )


def test_no_table_depends_on_them():
    given: dict[str, Any] = {"funnels": {"buy": {}}, "experiments": {"x": {}}, "changes": {"c": {}}}
    assert canonical(given) == canonical({"funnels": {"buy": {}}})


def test_the_words_tell_every_rule(tmp_path):
    told = "\n".join(experiment_in_words(experiment(tmp_path)))
    for part in ("event seen where test = 'x'", "old 25.0 %, new 75.0 %", "7 days", "p < 0.001"):
        assert part in told
    rules = "shipped_on: 2026-03-15, outcome: back, funnel: buy, evaluate_on: 2026-06-01"
    words = "\n".join(change_in_words(change(tmp_path, rules)))
    for part in ("outcome back, from the first entry in funnel buy", "2026-01-12 to 2026-03-08"):
        assert part in words
    pinned = change(tmp_path, rules + ', definition_hash: "0123456789ab"')
    assert "pinned: 0123456789ab" in "\n".join(change_in_words(pinned))


WRONG: list[Any] = [None, 7, "x", [], ["x"], {}, {"a": []}, {"x": {"y": 1}}, [[]], True]


@pytest.mark.parametrize("section", ["experiments", "changes"])
def test_whatever_has_the_wrong_shape_is_passed_over(section):
    keys = ("variant", "control", "shares", "feature", "aha", "funnel", "outcome", "shipped_on")
    for key, first, second in itertools.product((*keys, "evaluate_on"), WRONG, WRONG):
        dates = {"shipped_on": "2026-03-15", "evaluate_on": "2026-06-01"}
        raw = {section: {"o": {**dates, key: first}}, "funnels": {"x": second}, "outcomes": second}
        for mistake in references(raw):
            assert mistake.text


DOCUMENTED = (Path(__file__).parents[2] / "docs" / "shipping.md").read_text("utf-8")


def test_the_examples_of_the_documentation_are_right(tmp_path):
    blocks = re.findall(r"```yaml\n(.*?)```", DOCUMENTED, re.DOTALL)
    whole = {key: value for block in blocks for key, value in yaml.safe_load(block).items()}
    text = yaml.safe_dump({"vars": {"funnelkit": whole}}, sort_keys=False)
    (tmp_path / "dbt_project.yml").write_text(text, encoding="utf-8")
    found = read(tmp_path)
    check_definitions(found)
    assert list(found.definitions.experiments) == ["invite_prompt"]
    assert list(found.definitions.changes) == ["faster_connect"]


@pytest.mark.parametrize("model", [Experiment, Change])
def test_the_documentation_names_every_key(model):
    keys = {field.alias or name for name, field in model.model_fields.items()} - {"description"}
    assert all(f"`{key}`" in DOCUMENTED for key in keys)
