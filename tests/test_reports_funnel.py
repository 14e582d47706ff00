"""What reports add to a funnel: nobody stands alone in it, nor follows by subtraction."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import funnelkit as fk
from funnelkit.api import Project
from funnelkit.report.build import render, report, write
from funnelkit.results.built import steps
from funnelkit.results.reports_funnel import comparison, large_enough, next_events, next_rows
from funnelkit.stats.funnels import StepCounts, largest_loss
from funnelkit.stats.proportions import benjamini_hochberg, two_proportion_p
from funnelkit.warehouse.queries import open_marts

DRAWN = {
    "activation": {
        *("activation-steps", "activation-next", "activation-compare", "activation-by-channel"),
        *("activation-by-plan", "activation-trend", "activation-times", "quality"),
    },
    "aha": {
        *("aha-team_value-reach", "aha-team_value-times", "aha-team_value-retention"),
        *("aha-team_value-cohorts", "search-findings", "search-cells", "quality"),
    },
    # Of the bias no figures may be told there, and nobody was asked how often.
    "say_do": {
        *("say-gaps", "say-quadrant", "say-nps", "say-themes", "say-opportunities", "quality"),
    },
}


def rows(*numbers: int, clusters: tuple[int, ...] = ()) -> list[dict[str, object]]:
    behind = clusters or numbers
    return [
        {"event": f"e{at}", "entities": number, "clusters": of}
        for at, (number, of) in enumerate(zip(numbers, behind, strict=True))
    ]


@pytest.mark.parametrize(
    ("numbers", "shown"),
    [
        ((9, 8, 7), [9, 8, 7]),
        # 3 and 1 are few, and so are both: the smallest of the others goes with them.
        ((90, 8, 3, 1), [90, 12]),
        ((90, 8, 3, 2), [90, 8, 5]),
        ((90, 4), []),
        ((4, 3, 3), []),
        ((), []),
        # The ninth and tenth stand with the few.
        ((50, 40, 30, 20, 19, 18, 17, 16, 15, 14, 2), [50, 40, 30, 20, 19, 18, 17, 16, 31]),
    ],
)
def test_rows_of_few_stand_together(numbers: tuple[int, ...], shown: list[int]) -> None:
    assert [row["entities"] for row in next_rows(rows(*numbers), 5)] == shown


def test_of_attempts_only_the_largest_row_is_sure_of_its_entities() -> None:
    # One entity may stand behind all four of the last rows.
    made = rows(90, 20, 12, 9, 7, clusters=(40, 6, 2, 2, 1))
    assert [row["entities"] for row in next_rows(made, 5, of_attempts=True)] == [90, 48]
    assert [row["entities"] for row in next_rows(made, 5)] == [90, 20, 28]


@given(st.lists(st.integers(1, 30), max_size=14))
def test_no_row_is_of_few_and_none_is_lost(numbers: list[int]) -> None:
    shown = next_rows(rows(*sorted(numbers, reverse=True)), 5)
    assert all(int(row["entities"]) >= 5 for row in shown)
    assert sum(int(row["entities"]) for row in shown) in (0, sum(numbers))
    assert len(shown) <= 9


def test_what_differs_by_few_from_what_is_told_elsewhere_stands_with_the_rest() -> None:
    def shown(*numbers: int, **elsewhere: int) -> list[int]:
        beside: list[Mapping[str | None, int]] = [dict(elsewhere.items())]
        return [row["entities"] for row in next_rows(rows(*numbers), 5, beside=beside)]

    # Two of e1 entered between the two windows: one would know where they stopped, and what next.
    assert shown(43, 30, 6, e0=43, e1=32, e2=20) == [43, 36]
    assert shown(43, 30, 6, 2, e0=43, e1=30, e2=8) == [43, 30, 8]
    # The rest would differ by the same two, whatever goes with it.
    assert shown(43, 30, 6, e0=43, e1=30, e2=8) == []
    assert shown(43, 30, 6, e0=43, e1=30) == [43, 30, 6]
    assert shown(43, 30, 6, e0=43, e1=30, e2=11) == [43, 30, 6]


@given(
    st.lists(st.integers(1, 30), min_size=1, max_size=10),
    st.lists(st.integers(0, 6), min_size=10, max_size=10),
)
def test_no_sum_of_rows_differs_by_few_from_those_elsewhere(
    numbers: list[int], more: list[int]
) -> None:
    made = rows(*sorted(numbers, reverse=True))
    elsewhere: dict[str | None, int] = {
        str(row["event"]): int(str(row["entities"])) + extra
        for row, extra in zip(made, more, strict=False)
        if int(str(row["entities"])) + extra >= 5
    }
    shown = next_rows(made, 5, beside=[elsewhere])
    kept = {str(row["event"]): int(row["entities"]) for row in shown}
    known = {event: n for event, n in kept.items() if event in elsewhere}
    for event, number in known.items():
        assert elsewhere[event] - number not in range(1, 5)
    folded = [str(row["event"]) for row in made if row["event"] not in kept]
    if "(other)" in kept and all(event in elsewhere for event in folded):
        assert sum(elsewhere[event] for event in folded) - kept["(other)"] not in range(1, 5)


def group(value: str, base: int, clusters: int | None = None) -> StepCounts:
    return StepCounts("f", "plan", value, 2, "b", base + 3, 1, matured=base, clusters=clusters)


def test_groups_of_few_are_not_compared_nor_found_by_subtraction() -> None:
    def kept(*groups: StepCounts) -> list[str | None]:
        return [each.value for each in large_enough(groups, 5)]

    assert kept(group("a", 40), group("b", 9), group("c", 5)) == ["a", "b", "c"]
    # All but the 4 of c would be a and b: with c goes b.
    assert kept(group("a", 40), group("b", 9), group("c", 4)) == ["a"]
    assert kept(group("a", 40), group("b", 9), group("c", 4), group("d", 3)) == ["a", "b"]
    assert kept(group("a", 40), group("b", 9), group("(other)", 6)) == ["a", "b"]
    # 30 attempts of 2 entities are few.
    assert kept(group("a", 40, 20), group("b", 60, 30), group("c", 30, 2)) == ["b"]


def test_the_sample_is_told_as_the_command_tells_it(built_sample: Project) -> None:
    spec = built_sample.pick("activation", built_sample.specs())
    with open_marts(built_sample.paths.warehouse) as con:
        total = steps(con, "activation", None)
        told = next_events(con, spec, total, 5)
        channels = comparison(con, spec, "channel", 5)
        left = con.execute("select view_name from duckdb_views() where temporary").fetchall()
        assert [name for (name,) in left if name.startswith("fk_")] == []
    loss = largest_loss(total)
    assert loss is not None
    asked = built_sample.funnel("activation", next_after=loss[0].step_name)
    every = {row["event"]: row for row in asked.records()}
    shown = {row["event"]: row for row in told.records()}
    # Who is lost at the step after it, by the funnel's own count.
    stopped = total[1].lost
    assert {row["stopped"] for row in shown.values()} == {stopped}
    assert sum(int(row["entities"] or 0) for row in shown.values()) == stopped
    assert len(shown) < len(every)
    for event, row in shown.items():
        assert int(row["entities"] or 0) >= 5
        if event != "(other)":
            assert every[event] == {name: row[name] for name in every[event]}
    asked = built_sample.funnel("activation", compare=["channel"])
    assert channels.select(asked.names).records() == asked.records()
    assert channels.headline == asked.headline


def test_verdicts_are_those_of_benjamini_and_hochberg(built_sample: Project) -> None:
    spec = built_sample.pick("activation", built_sample.specs())
    with open_marts(built_sample.paths.warehouse) as con:
        made = comparison(con, spec, "channel", 5).records()
        by_channel = [each for each in steps(con, "activation", "channel") if each.step == 4]
    counted = {each.value: (each.done, each.base) for each in by_channel}
    p_values = [two_proportion_p(*counted[str(row["a"])], *counted[str(row["b"])]) for row in made]
    known = [p for p in p_values if p is not None]
    expected = ["differ" if q <= 0.05 else "not shown to differ" for q in benjamini_hochberg(known)]
    assert [row["verdict"] for row in made] == expected
    assert len(set(expected)) == 2


def test_another_compared_property_is_told_without_a_warehouse(
    built_sample: Project, tmp_path: Path
) -> None:
    shutil.copytree(built_sample.paths.root / "dbt_project", tmp_path / "dbt_project")
    (data,) = built_sample._reports.data(["activation"]).values()
    write(render(data), tmp_path / "reports" / "activation")
    assert fk.open(tmp_path).report_check(["activation"]).differences == ()
    file = tmp_path / "dbt_project" / "dbt_project.yml"
    text = file.read_text("utf-8")
    assert text.count("compare: channel") == 1
    file.write_text(text.replace("compare: channel", "compare: plan"), "utf-8")
    assert fk.open(tmp_path).report_check(["activation"]).differences == (
        "activation: compare: names another property than channel, which the report shows",
    )


@pytest.mark.parametrize("slug", ["activation", "aha", "say_do"])
def test_every_chart_of_the_sample_is_drawn(built_sample: Project, slug: str) -> None:
    (data,) = built_sample._reports.data([slug]).values()
    made = report(data)
    figures = [figure for section in made.sections for figure in section.figures]
    assert not [note for each in figures for note in each.notes if "A table alone" in note]
    drawn = {figure.name for figure in (*figures, made.quality) if figure.spec}
    assert drawn == DRAWN[slug]
    assert len(drawn) <= 8
