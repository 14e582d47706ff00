"""Say against do on the sample company: what was planted comes out, and few are only counted."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from funnelkit.api import Project
from funnelkit.jobs.gaps import Gap
from funnelkit.results.gap_rows import GAP_COLUMNS
from funnelkit.results.gap_words import findings
from funnelkit.results.gaps import Split, found_rows, gaps_table, told
from funnelkit.results.say_frames import Feature, WaveFrames, features, read_wave, waves
from funnelkit.warehouse.queries import open_marts

ROOT = Path(__file__).resolve().parents[1]
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "seeds" / "truth.yml").read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def rows(built_sample: Project) -> Rows:
    return built_sample.gaps(wave="all").records()


def own(rows: Rows, wave: str = "wave_2") -> dict[str, dict[str, Any]]:
    return {row["feature"]: row for row in rows if (row["wave"], row["used_days"]) == (wave, 2)}


@pytest.fixture(scope="module")
def rated(built_sample: Project) -> dict[tuple[str, str], Gap]:
    """Cells at the features' own cut by wave and feature, of ratings alone."""
    with open_marts(built_sample.paths.warehouse) as con:
        known = features(con)
        found = {}
        for wave in waves(con, ("rating5",)):
            frames = read_wave(con, built_sample._say, wave)
            for row in found_rows(frames, known, known, Split()):
                if row.gap.used_days == row.feature.used_days:
                    found[wave.name, row.feature.name] = row.gap
    return found


def test_cells_are_the_planted_ones(
    rated: dict[tuple[str, str], Gap], truth: dict[str, Any]
) -> None:
    """Opinions exactly; use up to two people, whose days change at midnight of another zone."""
    assert {name for _, name in rated} == set(truth["features"])
    for (wave, name), gap in rated.items():
        planted = truth["features"][name]["realised"][wave]
        assert gap.n + gap.neutral == planted["rated"]
        assert gap.a + gap.b == planted["like_and_use"] + planted["like_and_not_use"]
        assert gap.c + gap.d == planted["dislike_and_use"] + planted["dislike_and_not_use"]
        assert abs(gap.a - planted["like_and_use"]) <= 2
        assert abs(gap.c - planted["dislike_and_use"]) <= 2


def test_what_is_praised_and_not_used_is_lip_service(rows: Rows) -> None:
    exports = own(rows)["exports"]
    assert exports["lip_service"] > 50 * (exports["aligned"] + exports["captive"] + 1)
    assert exports["nl_lo"] > 0.9
    assert exports["gap_lo"] > 0.8
    assert exports["q_value"] < 0.001
    assert (
        "who rate it good or write so did not use it in the last 28 days (99 %"
        in exports["finding"]
    )


def test_what_is_cursed_and_used_has_captives(rows: Rows) -> None:
    """Those who dislike it use it more than those who like it, and more than everybody."""
    alerts = own(rows)["alerts"]
    assert alerts["ud_lo"] > alerts["use_everybody"]
    assert alerts["ud_lo"] > 1 - alerts["nl_lo"]
    assert alerts["phi"] < 0
    assert alerts["finding"].startswith(
        f"Alerts: {alerts['captive']} of {alerts['captive'] + alerts['rejected']} who rate it bad"
        " or write so used it in the last 28 days ("
    )


def test_the_dominated_cell_is_a_one_account_story(rows: Rows, truth: dict[str, Any]) -> None:
    whale = truth["dominating_account"]["mrr_cents"]
    for wave in ("wave_1", "wave_2"):
        alerts = own(rows, wave)["alerts"]
        assert alerts["captive_money_label"] == "most of it one account's"
        assert alerts["money_label"] == "most of it one account's"
        assert alerts["captive_revenue_cents"] > whale
        assert "most of it one account's" in f"{alerts['finding']} {alerts['also']}"
    largest = own(rows)["alerts"]["captive_largest_share"]
    assert largest == pytest.approx(whale / own(rows)["alerts"]["captive_revenue_cents"], abs=1e-6)
    assert own(rows)["alerts"]["lip_money_label"] == ""


def test_shares_of_everybody_are_near_the_planted(rows: Rows, truth: dict[str, Any]) -> None:
    """The second wave's 385 answers: every interval holds what all eligible think."""
    eligible = truth["respondents"]["realised"]["wave_2"]["eligible"]
    for name, row in own(rows).items():
        planted = truth["features"][name]["realised"]["wave_2"]
        for side in ("like", "dislike"):
            share = planted[f"eligible_would_{side}"] / eligible
            assert row[f"pop_{side}_lo"] <= share <= row[f"pop_{side}_hi"]
        assert row["use_everybody"] == pytest.approx(planted["eligible_used"] / eligible, abs=0.003)
        assert row["do_bias_verdict"] == "like everybody in what they do"


def test_rows_are_features_and_cuts(rows: Rows) -> None:
    keys = [(row["wave"], row["feature"], row["used_days"]) for row in rows]
    assert keys == [
        (wave, feature, days)
        for wave in ("wave_1", "wave_2")
        for feature in ("alerts", "exports", "sharing")
        for days in (2, 1, 4)
    ]
    for row in rows:
        assert row["label"] == "estimate"
        assert row["n"] == sum(
            row[cell] for cell in ("aligned", "lip_service", "captive", "rejected")
        )
        assert (row["q_value"] is None) == (row["used_days"] != 2)


def test_segments_are_parts_of_everybody(built_sample: Project) -> None:
    found: Rows = built_sample.gaps("sharing", by="plan").records()
    whole, *parts = [row for row in found if row["used_days"] == 2]
    assert whole["segment"] is None
    assert {row["segment"] for row in parts} == {
        f"plan = {p}" for p in ("free", "team", "business")
    }
    for cell in ("n", "aligned", "lip_service"):
        assert sum(row[cell] for row in parts) == whole[cell]
    assert sum(row["eligible"] for row in parts) == whole["eligible"]


def test_a_declared_segment_is_looked_at_alone(built_sample: Project) -> None:
    """Respondents and everybody: those of it are those of its plans together."""
    plan = built_sample._say
    with open_marts(built_sample.paths.warehouse) as con:
        known = features(con)
        frames = read_wave(con, plan, waves(con, ("rating5",))[-1], breakdowns=["plan"])
    paying = [
        table.with_columns(
            breakdown=pl.lit("paying"), value=(pl.col("value") != "free").cast(pl.String)
        )
        for table in (frames.values, frames.answer_values)
    ]
    of_it = replace(frames, values=paying[0], answer_values=paying[1])
    segment = list(found_rows(of_it, known, known, Split("paying", alone=True)))
    by_plan = list(found_rows(frames, known, known, Split("plan")))
    assert [row.gap.segment for row in segment] == ["paying"] * 9
    for row in segment:
        parts = [
            each
            for each in by_plan
            if each.gap.segment not in (None, "plan = free")
            and (each.feature, each.gap.used_days) == (row.feature, row.gap.used_days)
        ]
        assert [row.gap.n, row.population.eligible, row.population.answered] == [
            sum(each.gap.n for each in parts),
            sum(each.population.eligible for each in parts),
            sum(each.population.answered for each in parts),
        ]


def test_a_feature_alone_has_the_figures_that_it_has_among_all(
    built_sample: Project, rows: Rows
) -> None:
    """The family is that of the wave, whichever are printed."""
    assert built_sample.gaps("alerts").records() == [
        row for row in rows if row["feature"] == "alerts" and row["wave"] == "wave_2"
    ]


def test_an_experiment_makes_it_decision_grade(built_sample: Project) -> None:
    with open_marts(built_sample.paths.warehouse) as con:
        table = gaps_table(con, built_sample._say, borne_out=["alerts", "exports"])
    labels = {row["feature"]: row["label"] for row in table.records() if row["used_days"] == 2}
    # Of alerts the gap is not decided: an experiment alone is not enough.
    assert labels == {"alerts": "estimate", "exports": "decision-grade", "sharing": "estimate"}


# --- what few may tell --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def frames(built_sample: Project) -> WaveFrames:
    with open_marts(built_sample.paths.warehouse) as con:
        return read_wave(con, built_sample._say, waves(con, ("rating5",))[-1])


def of(frames: WaveFrames, project: Project, people: pl.DataFrame) -> list[dict[str, Any]]:
    """The rows of these respondents alone."""
    fewer = frames.respondents._replace(people=people)
    with open_marts(project.paths.warehouse) as con:
        known = features(con)
    small = replace(frames, respondents=fewer)
    return [told(row) for row in found_rows(small, known, known, Split())]


def few(frames: WaveFrames, project: Project, people: int) -> list[dict[str, Any]]:
    """The rows of as many respondents, each with everything that they rated."""
    said = frames.respondents.people
    keys = said["user_key"].unique().sort()[:people]
    return of(frames, project, said.filter(pl.col("user_key").is_in(keys.implode())))


def test_twenty_respondents_have_counts_and_no_percentages(
    frames: WaveFrames, built_sample: Project
) -> None:
    shares = [column.name for column in GAP_COLUMNS if column.kind in ("share", "points", "p")]
    found = few(frames, built_sample, 20)
    assert len(found) == 9
    for row in found:
        assert {row[name] for name in shares} == {None}
        assert "%" not in f"{row['finding']}{row['also']}"
        assert row["label"] == "signal"
        assert row["lip_customers"] is not None or row["captive_customers"] is not None
        # Both sides' less those of the one that is told would be the few of the other.
        assert row["customers"] is None or None not in (row["aligned"], row["captive"])
    assert any(row["lip_service"] for row in found)


def test_of_fewer_than_five_nothing_is_told(frames: WaveFrames, built_sample: Project) -> None:
    for row in few(frames, built_sample, 4):
        told = {name for name, value in row.items() if value not in (None, "")}
        assert told <= {
            *("feature", "n", "label", "wave", "used_days", "eligible", "left_out", "aims"),
            *("do_bias_verdict", "finding"),
        }
        assert row["label"] == "anecdote"
        assert row["finding"].endswith("fewer than 5 told an opinion.")


def test_a_side_of_fewer_than_five_hides_what_gives_it_away(
    frames: WaveFrames, built_sample: Project
) -> None:
    """Of exports 269 like it and 3 dislike it."""
    said = frames.respondents.people.filter(pl.col("feature_no") == 1)
    sides = [said.filter(pl.col("opinion") == side) for side in ("like", "dislike")]
    rows = of(frames, built_sample, pl.concat([sides[0], sides[1][:3]]))
    assert [row["feature"] for row in rows] == ["exports"] * 3
    for row in rows:
        hidden = (
            *("captive", "rejected", "gap", "phi", "lip_rate", "captive_rate"),
            *("captive_customers", "captive_revenue_cents", "captive_money_label"),
        )
        assert {row[name] for name in hidden} == {None}
        assert row["nl_lo"] > 0.9
        assert row["also"] == ""


def test_a_decided_gap_says_which_side_the_finding_is_of() -> None:
    """93 of 106 who like it do not use it, 3 of 19 who dislike it do: more than everybody's 1 %."""
    feature = Feature(0, "exports", 28 * 86_400_000_000, 2, 4, "")
    record: dict[str, Any] = dict.fromkeys([*(column.name for column in GAP_COLUMNS)])
    record |= {"aligned": 13, "lip_service": 93, "captive": 3, "rejected": 16, "n": 125}
    record |= {"aims": "attitude", "source": "rating", "used_days": 2, "gap": 0.72}
    record |= {"q_value": 0.0001, "ud_lo": 0.06, "use_everybody": 0.01}
    assert findings(record, feature)[0].startswith("Exports: 93 of 106 who rate it good")
    undecided = {**record, "q_value": 0.2}
    assert findings(undecided, feature)[0].startswith("Exports: 3 of 19 who rate it bad")
    # Used by everybody as much as by them: nothing stands out but the larger cell.
    plain = {**undecided, "use_everybody": 0.2}
    assert findings(plain, feature)[0].startswith("Exports: 93 of 106 who rate it good")
