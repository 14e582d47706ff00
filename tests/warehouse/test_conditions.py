"""SQL in the definitions is told at its place when it is no condition that can be true."""

from pathlib import Path

import pytest

from funnelkit.errors import FunnelkitError
from funnelkit.project.read import read
from funnelkit.warehouse.conditions import check_definitions

DEFINITIONS = """\
vars:
  funnelkit:
    event_properties: {{n: integer}}
    user_properties: {{plan: varchar, mrr: integer}}
    segments:
      paying: "plan <> 'free'"
      big: "{segment}"
    funnels:
      f:
        steps: [a, {{name: b, where: "{step}"}}]
        exclude:
          - x
          - {{event: y, where: "{exclusion}"}}
    outcomes:
      back: {{event: x, where: "{outcome}", after: 21 days, within: 7 days}}
      gone: {{not: {{event: x, where: "{opposite}", after: 21 days, within: 7 days}}}}
    aha_moments:
      m: {{event: x, where: "{moment}", within: 7 days, entity: n,
           entry: {{event: a, where: "{entry}"}}}}
    aha_search:
      {{outcome: back, entity: n, entry: {{event: a, where: "{clock}"}}}}
    quality:
      exclude:
        - {{name: bots, events: "{bots}", users: "{testers}"}}
"""


def checked(folder: Path, **sql: str) -> list[str]:
    """The mistakes of definitions with this SQL, each with what to do; none if it is right."""
    file = folder / "dbt_project.yml"
    right = {"segment": "mrr > 0", "step": "n > 0", "exclusion": "n is null"}
    right |= dict.fromkeys(("outcome", "opposite", "moment", "entry", "clock"), "n > 1")
    right |= {"bots": "n > 9 or source_file like 'x%'", "testers": "plan = 'test'"}
    file.write_text(DEFINITIONS.format(**right | sql), encoding="utf-8")
    try:
        check_definitions(read(file))
    except FunnelkitError as error:
        if error.hint is not None:
            return [f"{error.message}; {error.hint}"]
        return error.message.splitlines()
    return []


def test_expressions_everywhere_are_no_mistake(tmp_path: Path) -> None:
    assert checked(tmp_path) == []


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ("segment", "dbt_project.yml:7: segments.big"),
        ("step", "dbt_project.yml:10: funnels.f.steps[1].where"),
        ("exclusion", "dbt_project.yml:13: funnels.f.exclude[1].where"),
        ("outcome", "dbt_project.yml:15: outcomes.back.where"),
        ("opposite", "dbt_project.yml:16: outcomes.gone.not.where"),
        ("moment", "dbt_project.yml:18: aha_moments.m.where"),
        ("entry", "dbt_project.yml:19: aha_moments.m.entry.where"),
        ("clock", "dbt_project.yml:21: aha_search.entry.where"),
        ("bots", "dbt_project.yml:24: quality.exclude[0].events"),
        ("testers", "dbt_project.yml:24: quality.exclude[0].users"),
    ],
)
@pytest.mark.parametrize("text", ["n >", "true) or (true", "1; select 2"])
def test_what_is_no_expression_is_told_at_its_place(
    tmp_path: Path, key: str, place: str, text: str
) -> None:
    (told,) = checked(tmp_path, **{key: text})
    assert told.startswith(f"{place}: {text!r} is not one SQL expression: ")


def test_all_are_told_at_once(tmp_path: Path) -> None:
    told = checked(tmp_path, segment="plan = free", step="(", exclusion="n n n")
    assert [line.split(":")[1] for line in told] == ["10", "13", "7"]
    assert told[2].endswith("text goes in single quotes: \"plan = 'free'\"")


@pytest.mark.parametrize(
    ("key", "text", "told"),
    [
        ("step", "event_nam = 'x'", "no column 'event_nam'; did you mean event_name?"),
        ("step", "plan = 'free'", "no column 'plan'; plan is a user property, events do not have"),
        ("step", "other > 1", "no column 'other'; declare it in event_properties; columns of"),
        ("exclusion", "event_name = look", "no column 'look'; text goes in single quotes"),
        ("segment", "plan <> free", "no column 'free'; text goes in single quotes: \"plan <> 'fr"),
        ("step", "n", 'is no condition, its type is INTEGER; like "recipients > 0"'),
        ("bots", "plan = 'free'", "no column 'plan'; plan is a user property"),
        ("testers", "n > 1", "no column 'n'"),  # what one event says, a user has many of
        ("segment", "'free'", "is no condition, its type is VARCHAR"),
    ],
)
def test_what_cannot_be_true_is_told_before_a_build(
    tmp_path: Path, key: str, text: str, told: str
) -> None:
    (mistake,) = checked(tmp_path, **{key: text})
    assert told in mistake


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("segment", "plan = 'free' and n > 0 and event_name = 'x'"),
        ("step", "n > 0 -- more than none"),
        ("step", "properties ->> 'plan' = 'free'"),
        ("step", "only_the_build_knows(n)"),
        ("step", "session_id is not null and occurred_at < '2026-01-01'"),
        ("exclusion", "null"),
    ],
)
def test_what_can_be_true_is_left_alone(tmp_path: Path, key: str, text: str) -> None:
    assert checked(tmp_path, **{key: text}) == []
