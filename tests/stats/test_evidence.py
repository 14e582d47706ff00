from pathlib import Path

import pytest

from funnelkit.stats.evidence import FAMILIES, families_markdown, label

ROOT = Path(__file__).resolve().parents[2]
DESIGN = ROOT.parent / "shared" / "design" / "aha.md"


def test_the_documentation_holds_the_same_families():
    assert families_markdown() in (ROOT / "docs" / "aha.md").read_text("utf-8")


def test_no_call_stands_twice():
    assert len({each.call for each in FAMILIES}) == len(FAMILIES)


@pytest.mark.skipif(not DESIGN.is_file(), reason="needs ../shared/design/aha.md")
def test_the_families_are_those_of_the_design():
    assert families_markdown().strip() in DESIGN.read_text("utf-8")


@pytest.mark.parametrize(
    ("srm_p", "expected"),
    [(None, "association"), (0.0009, "association"), (0.001, "caused"), (0.8, "caused")],
)
def test_caused_needs_an_experiment_with_the_groups_it_meant_to_have(srm_p, expected):
    assert label(srm_p) == expected
