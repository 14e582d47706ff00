"""How many questions were asked at once, and what an answer may be called."""

from typing import Literal, NamedTuple

Label = Literal["association", "caused"]
ASSOCIATION: Label = "association"
CAUSED: Label = "caused"
LEAST_SRM_P = 0.001


class Family(NamedTuple):
    """The numbers of one call that are judged together, and the rule that pays for their number.

    `rule` is empty where nothing is judged.
    """

    call: str
    family: str
    rule: str


FAMILIES = (
    Family("aha search", "all events x cells x segments of the run", "max-T in D, Holm in V"),
    Family("funnel --compare", "groups on the final conversion in one call", "BH 0.05"),
    Family(
        "breakdowns, trends, cohorts",
        "none",
        '95 % intervals each, no verdict, no colour for "significant"',
    ),
    Family("gaps", "features x segments of one wave", "BH 0.05 on mid-p McNemar"),
    Family("nps", "segments of one wave; change to the previous wave", "BH 0.05"),
    Family(
        "experiments",
        "primary alone; secondary BH; guardrails one-sided; SRM 0.001 outside",
        "",
    ),
    Family(
        "diagnostics (do-bias, log-rank, hash against time)",
        "uncorrected: they can only take a claim away",
        "",
    ),
    Family(
        "front page",
        "only findings that passed their own family, ordered by customers or revenue, never by p",
        "",
    ),
    Family(
        "report diff",
        'difference over entry cohorts that are in one version only, with interval; else "same '
        'people, more data"',
        "",
    ),
)


def label(srm_p: float | None) -> Label:
    """What a finding may be called: `caused` only if a linked experiment bears it out.

    `srm_p`: p of the experiment's sample-ratio check; None: no experiment is linked. Below 0.001
    its groups are not what chance made of them, and it shows nothing.
    Source: Fabijan et al. 2019, KDD, on sample-ratio mismatch.
    """
    return CAUSED if srm_p is not None and srm_p >= LEAST_SRM_P else ASSOCIATION


def families_markdown() -> str:
    """The families as a pipe table, for the documentation."""
    lines = ["| call | family | rule |", "| --- | --- | --- |"]
    lines += [f"| {each.call} | {each.family} | {each.rule}".rstrip() + " |" for each in FAMILIES]
    return "\n".join(lines) + "\n"
