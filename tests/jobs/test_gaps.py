import random
from collections import defaultdict
from math import comb
from typing import Any

import numpy as np
import polars as pl
import pytest

from funnelkit.jobs.gaps import Gap, gaps
from funnelkit.jobs.respondents import respondents
from funnelkit.stats.proportions import wilson

PEOPLE = {
    "aims": pl.String,
    "feature_no": pl.Int32,
    "user_key": pl.String,
    "customer_id": pl.String,
    "response_id": pl.String,
    "opinion": pl.String,
    "days": pl.Int64,
    "how": pl.String,
}
ANSWERS = {
    "response_id": pl.String,
    "feature_no": pl.Int32,
    "feature": pl.String,
    "user_key": pl.String,
    "customer_id": pl.String,
    "source": pl.String,
    "aims": pl.String,
    "opinion": pl.String,
    "submitted_at": pl.Int64,
    "days": pl.Int64,
    "left_out": pl.String,
}
CUTS = pl.DataFrame(
    [(1, 2), (1, 1), (1, 4), (2, 3), (2, 1), (2, 2), (2, 4)],
    {"feature_no": pl.Int32, "used_days": pl.Int64},
    orient="row",
)


def people(rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    """Rows of customer, opinion, days, of feature 1, a user each."""
    full = [
        ("attitude", 1, f"u{n}", customer, f"r{n}", opinion, days, "rating")
        for n, (customer, opinion, days) in enumerate(rows)
    ]
    return pl.DataFrame(full, PEOPLE, orient="row")


def singles(a: int, b: int, c: int, d: int) -> pl.DataFrame:
    """Respondents of a customer each, in these cells."""
    cells = [("like", 9)] * a + [("like", 0)] * b + [("dislike", 9)] * c + [("dislike", 0)] * d
    return people([(f"c{n}", opinion, days) for n, (opinion, days) in enumerate(cells)])


def own(found: list[Gap]) -> Gap:
    return next(each for each in found if each.segment is None and each.used_days == 2)


def test_a_gap_of_zero_can_hide_half_of_the_respondents() -> None:
    gap = own(gaps(singles(60, 40, 40, 20), CUTS))
    assert (gap.a, gap.b, gap.c, gap.d, gap.n) == (60, 40, 40, 20, 160)
    assert gap.gap.estimate == 0
    assert (gap.b + gap.c) / gap.n == 0.5
    assert gap.not_using == wilson(40, 100)
    assert gap.using == wilson(40, 60)
    assert gap.phi == pytest.approx((60 * 20 - 40 * 40) / (100 * 60))
    # Fagerland, Lydersen and Laake 2013: 1 less half the probability of b = c.
    assert gap.p == pytest.approx(1 - comb(80, 40) / 2**81)
    assert gap.design_effect == 1.0


def test_neutrals_stand_beside() -> None:
    gap = own(gaps(people([("c1", "neutral", 5), ("c2", "neutral", 0), ("c3", "like", 2)]), CUTS))
    assert (gap.n, gap.neutral, gap.neutral_used, gap.a) == (1, 2, 1, 1)


def world(seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    draw = random.Random(seed)
    rows, groups = [], []
    for n in range(400):
        for feature in (1, 2):
            for aims in ("attitude", "intent"):
                if draw.random() < 0.4:
                    continue
                response = f"r{n}-{feature}-{aims}"
                opinion = draw.choice(("like", "neutral", "dislike"))
                how = draw.choice(("rating", "text")) if aims == "attitude" else "rating"
                customer = f"c{draw.randrange(90)}"
                days = draw.randrange(7)
                rows.append((aims, feature, f"u{n}", customer, response, opinion, days, how))
                if draw.random() < 0.8:
                    groups.append((response, f"plan = {draw.choice('xyz')}"))
    draw.shuffle(rows)
    frame = pl.DataFrame(rows, PEOPLE, orient="row")
    return frame, pl.DataFrame(groups, ["response_id", "segment"], orient="row")


def slow(frame: pl.DataFrame, segments: pl.DataFrame) -> dict[tuple[Any, ...], dict[str, Any]]:
    """The cells by counting one respondent after the other."""
    of = dict(segments.iter_rows())
    found: dict[tuple[Any, ...], dict[str, Any]] = defaultdict(lambda: defaultdict(int))
    by_customer: dict[tuple[Any, ...], Any] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for row in frame.iter_rows(named=True):
        for feature_no, cut in CUTS.iter_rows():
            if feature_no != row["feature_no"]:
                continue
            for segment in {None, of.get(row["response_id"])}:
                key = (row["aims"], feature_no, segment, cut)
                used = row["days"] >= cut
                if row["opinion"] == "neutral":
                    found[key]["neutral"] += 1
                    found[key]["neutral_used"] += used
                    continue
                like = row["opinion"] == "like"
                found[key][("a" if used else "b") if like else ("c" if used else "d")] += 1
                found[key]["ratings"] += row["how"] == "rating"
                sums = by_customer[key][row["customer_id"]]
                sums[0] += like - used
                sums[1] += 1
    for key, customers in by_customer.items():
        found[key]["signed"] = sorted(tuple(each) for each in customers.values())
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_cells_are_those_of_counting_one_by_one(seed: int) -> None:
    frame, segments = world(seed)
    expected = slow(frame, segments)
    found = gaps(frame, CUTS, segments)
    assert {each[:4] for each in found} == set(expected)
    for gap in found:
        cells = expected[gap[:4]]
        for name in ("a", "b", "c", "d", "neutral", "neutral_used", "ratings"):
            assert getattr(gap, name) == cells[name], name
        sums = cells["signed"]
        assert gap.signed.clusters == len(sums)
        assert gap.signed.sum_x2 == sum(x * x for x, _ in sums)
        assert gap.signed.sum_xm == sum(x * m for x, m in sums)
        assert (gap.likes.sum_x, gap.likes.sum_m) == (gap.b, gap.a + gap.b)
        assert (gap.dislikes.sum_x, gap.dislikes.sum_m) == (gap.c, gap.c + gap.d)


def test_the_order_of_rows_does_not_matter() -> None:
    frame, segments = world(3)
    assert gaps(frame.reverse(), CUTS, segments.reverse()) == gaps(frame, CUTS, segments)


def test_respondents_of_one_customer_are_fewer() -> None:
    """Every customer's two say and do the same: as many as there are customers, c / (c - 1)."""
    twice = [(f"c{n}", "like" if n % 3 else "dislike", 9 * (n % 2)) for n in range(60)] * 2
    gap = own(gaps(people(twice), CUTS))
    assert gap.design_effect == pytest.approx(2 * 60 / 59)
    assert gap.n_eff == pytest.approx(59)


def test_the_design_effect_is_the_ratio_of_variances() -> None:
    """Against the variance of a mean over clusters, reckoned from the residuals."""
    frame, _ = world(4)
    gap = next(each for each in gaps(frame, CUTS) if each[:4] == ("attitude", 1, None, 2))
    mine = frame.filter(
        (pl.col("aims") == "attitude")
        & (pl.col("feature_no") == 1)
        & (pl.col("opinion") != "neutral")
    )
    y = (mine["opinion"] == "like").to_numpy().astype(int) - (mine["days"] >= 2).to_numpy()
    residual = y - y.mean()
    _, at = np.unique(mine["customer_id"].to_numpy(), return_inverse=True)
    sums = np.bincount(at, weights=residual)
    ratio = len(sums) / (len(sums) - 1) * (sums @ sums) / (residual @ residual)
    assert gap.gap.estimate == pytest.approx(y.mean())
    assert gap.design_effect == pytest.approx(max(1.0, ratio))


def test_where_all_are_alike_those_of_a_customer_count_as_one() -> None:
    gap = own(gaps(people([(f"c{n // 4}", "like", 0) for n in range(40)]), CUTS))
    assert gap.n_eff == 10


# --- who is a respondent -------------------------------------------------------------------------


def answer(no: int, user: str, opinion: str | None, at: int, **other: Any) -> dict[str, Any]:
    return {
        "response_id": f"r{no}",
        "feature_no": 1,
        "feature": "alerts",
        "user_key": user,
        "customer_id": f"of {user}",
        "source": "survey",
        "aims": "attitude",
        "opinion": opinion,
        "submitted_at": at,
        "days": 3,
        "left_out": None,
        **other,
    }


def frame_of(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), ANSWERS)


def mentions(*rows: tuple[str, str | None]) -> pl.DataFrame:
    table = [(response, "alerts", polarity) for response, polarity in rows]
    return pl.DataFrame(
        table,
        {"response_id": pl.String, "feature": pl.String, "polarity": pl.String},
        orient="row",
    )


def said(found: pl.DataFrame) -> list[tuple[str, str, str]]:
    return sorted(found.select("user_key", "opinion", "how").rows())


def test_the_latest_rating_counts_and_the_rest_is_told() -> None:
    found = respondents(
        frame_of(
            answer(1, "ann", "like", 1, left_out="superseded"),
            answer(2, "ann", "dislike", 2),
            answer(3, "bob", "like", 1, left_out="no access for the whole window"),
            answer(4, "cid", None, 1, left_out="no opinion"),
        )
    )
    assert said(found.people) == [("ann", "dislike", "rating")]
    assert found.left.select("left_out", "answers").rows() == [
        ("no access for the whole window", 1),
        ("no opinion", 1),
        ("superseded", 1),
    ]


def test_a_text_counts_only_where_there_is_no_rating() -> None:
    text: dict[str, Any] = {"aims": "text", "opinion": None}
    found = respondents(
        frame_of(
            answer(1, "ann", "like", 1),
            answer(2, "ann", None, 2, **{k: v for k, v in text.items() if k != "opinion"}),
            answer(3, "bob", None, 1, aims="text"),
            answer(4, "bob", None, 2, aims="text"),
            answer(5, "cid", None, 1, aims="text"),
            answer(6, "dan", None, 1, left_out="no opinion"),
            answer(7, "dan", None, 1, aims="text"),
            answer(8, "eve", "like", 1, left_out="window open"),
            answer(9, "eve", None, 1, aims="text"),
        ),
        mentions(
            ("r2", "negative"),
            ("r3", "negative"),
            ("r4", "positive"),
            ("r5", None),
            ("r7", "neutral"),
            ("r9", "positive"),
        ),
    )
    assert said(found.people) == [
        ("ann", "like", "rating"),
        ("bob", "like", "text"),
        ("dan", "neutral", "text"),
    ]


def test_who_was_not_asked_stands_apart() -> None:
    found = respondents(
        frame_of(
            answer(1, "ann", "like", 1),
            answer(2, "bob", None, 1, aims="text", source="ticket"),
            answer(3, "ann", None, 2, aims="text", source="ticket"),
            answer(4, "cid", None, 1, aims="text", source="nps"),
            answer(5, "cid", None, 2, aims="text", source="review"),
        ),
        mentions(("r2", "negative"), ("r3", "negative"), ("r4", "positive"), ("r5", "negative")),
    )
    assert said(found.people) == [("ann", "like", "rating"), ("cid", "like", "text")]
    assert said(found.unasked) == [("bob", "dislike", "text")]
