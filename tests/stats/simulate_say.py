"""Do the intervals of say versus do cover? `python -m tests.stats.simulate_say FILE`.

Writes its section of docs/say-do-evidence.md and leaves the others; `test_say_coverage.py` holds
the figures to what the design promises. On the same NumPy the same figures come out.
"""

import sys
from pathlib import Path

from tests.stats.worlds_say import (
    LARGEST,
    MARKETS,
    READERS,
    SMALLEST,
    TIMES,
    WORTH,
    agreements,
    answers,
    coverage,
    elsewhere,
    gap_coverage,
    mean,
    nps_coverage,
    percent,
    rankings,
    readings,
    revenues,
    width,
    within,
)

PAGE = Path(__file__).resolve().parents[2] / "docs" / "say-do-evidence.md"
TITLE = "## Do the intervals cover?"
_HEAD = """\
{title}

Intervals of 95 % against known truths: enumerated where outcomes are few, else {times} samples each
(an error of 1.1 points at 95 %). Written by
`python -m tests.stats.simulate_say docs/say-do-evidence.md`; `make test-long` holds the promises.
"""


def report():
    """The section in Markdown."""
    parts = (_gap(), _population(), _unseen(), _revenue(), _texts(), _claims(), _ranks())
    lines = [_HEAD.format(title=TITLE, times=TIMES)]
    return "\n".join([*lines, *(line for part in parts for line in part)]).rstrip() + "\n"


def _table(title, text, columns, rows):
    head = [
        f"### {title}",
        "",
        *text,
        "",
        f"| {' | '.join(columns)} |",
        "| --: " * len(columns) + "|",
    ]
    return [*head, *(f"| {' | '.join(str(each) for each in row)} |" for row in rows), ""]


def _gap():
    rows = []
    for name, of, sizes in (
        ("gap", gap_coverage, (10, 20, 30)),
        ("NPS", nps_coverage, (10, 30, 100)),
    ):
        for n in sizes:
            covered = of(n)
            rows.append((name, n, f"{covered.mean():.3f}", f"{covered.min():.3f}"))
    text = (
        "Newcombe's paired interval (method 10) and the adjusted Wald interval (3 answers more),",
        "over all tables of n answers, each with its exact chance, at 400 truths spread evenly.",
    )
    return _table("The gap, and NPS", text, ("of", "n", "mean coverage", "least"), rows)


INTERCEPTS = (-4.6, -3.9, -2.5, -1.8)


def _population():
    rows = []
    for intercept in INTERCEPTS:
        found = answers(intercept)
        likes, plain, cells = (
            [getattr(each, name) for each in found] for name in ("like", "plain", "cell")
        )
        rows.append(
            (
                f"{mean(each.n for each in likes):.0f}",
                f"{coverage(likes):.3f}",
                f"{width(likes):.2f}",
                f"{coverage(plain):.3f}",
                f"{coverage(cells):.3f}",
                f"{mean(each.deff for each in found):.2f}",
                percent(mean(each.allowed for each in found)),
            )
        )
    text = (
        f"Populations of {SMALLEST:,} to {LARGEST:,} users; opinion and use go with activity and",
        "plan, answering with visits, tenure and plan only. Raked by the program itself (active",
        "days, tenure, plan, aha reached; levels under 30 merged), Wilson on Kish's n, corrected",
        "for the finite population. With few respondents levels are merged until they no longer",
        "tell who answered, and some of the bias is left.",
    )
    columns = (
        "respondents",
        "like: coverage",
        "width",
        "unweighted",
        "like & not use",
        "design effect",
        "allowed",
    )
    return _table("Shares of everybody", text, columns, rows)


UNSEEN_AT = -3.9
UNSEEN = (
    ("visits, tenure, plan", 1.0, 1.0),
    ("also: likes it, odds x 2", 2.0, 1.0),
    ("also: uses it, odds x 4", 1.0, 4.0),
)


def _unseen():
    rows = []
    for name, liked, used in UNSEEN:
        found = answers(UNSEEN_AT, liked=liked, used=used)
        verdicts = [each.verdict for each in found]
        rows.append(
            (
                name,
                f"{mean(each.like.n for each in found):.0f}",
                f"{100 * mean(each.like.estimate - each.like.truth for each in found):+.1f}",
                f"{coverage([each.like for each in found]):.3f}",
                f"{100 * mean(each.bias for each in found):+.1f}",
                *(percent(verdicts.count(each) / len(verdicts)) for each in _VERDICTS),
            )
        )
    text = (
        "The do-bias check refutes where use itself decides who answers. Where those who like it",
        "answer more at equal behaviour, it sees nothing, and the share of likes is overstated:",
        "the sentence that says so stands at every population figure.",
    )
    columns = (
        "answering depends on",
        "respondents",
        "likes overstated, points",
        "coverage",
        "do-bias, points",
        "like everybody",
        "not like everybody",
        "too few",
    )
    return _table("What the check can and cannot see", text, columns, rows)


_VERDICTS = ("like everybody in what they do", "not like everybody", "too few to tell")


def _revenue():
    rows = []
    for each in MARKETS:
        found = revenues(each)
        relative = mean((one.hi - one.lo) / one.truth for one in found)
        rows.append((*each, f"{coverage(found):.3f}", f"{relative:.2f}"))
    text = (
        "Lognormal revenues. The slope is how far one standard deviation of log revenue moves the",
        "logit of being in the cell; width as a share of the true revenue.",
    )
    columns = (
        "customers",
        "respondents",
        "sigma",
        "share in the cell",
        "slope",
        "coverage",
        "width",
    )
    return _table("Estimated revenue", text, columns, rows)


def _texts():
    rows = []
    for name, how in (
        ("Rogan-Gladen, 300 labels elsewhere", elsewhere),
        ("post-stratified, 200 own labels", within),
    ):
        for each in READERS:
            found = readings(how, each)
            rows.append((name, *each, f"{coverage(found):.3f}", f"{width(found):.2f}"))
    text = ("The share of negative texts, from a classifier's flags and labels.",)
    return _table(
        "Texts", text, ("method", "Se", "Sp", "share", "texts", "coverage", "width"), rows
    )


def _claims():
    rows = []
    for persons in (30, 100, 400):
        found = agreements(persons)
        rows.append((persons, *(f"{coverage(each):.3f}" for each in found.values())))
    text = (
        "Skewed hours (half above 2.7, one in a hundred above 30) said and logged in one to three",
        "waves, each person with own habits. A mean of so skewed hours covers less than it says:",
        "the median is the figure to read.",
    )
    columns = ("persons", "mean difference", "median difference", "Spearman")
    return _table("Claims", text, columns, rows)


def _ranks():
    rows = []
    for accounts in (40, 150, 600):
        found = rankings(accounts)
        held = mean(each[0] for each in found)
        rows.append((accounts, f"{held:.3f}", f"{mean(each[1] for each in found):.1f}"))
    text = (
        f"{len(WORTH)} rows over lognormal accounts, limits of 90 % for all pairs at once: how",
        "often every row's rank interval holds its true rank, and how many tiers there are.",
    )
    return _table("Ranks", text, ("accounts", "all rank intervals hold", "tiers"), rows)


def written(page, section):
    """The page with the section in the place of the one of that title, or at its end."""
    before, title, after = page.partition(TITLE)
    _, following, rest = after.partition("\n## ")
    parts = [before.rstrip(), section.rstrip(), (following + rest).strip() if title else ""]
    return "\n\n".join(part for part in parts if part) + "\n"


if __name__ == "__main__":
    file = Path(sys.argv[1])
    start = (
        file.read_text("utf-8") if file.is_file() else "# Say versus do: does it keep its word?\n"
    )
    file.write_text(written(start, report()), "utf-8")
