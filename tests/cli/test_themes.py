"""`funnelkit themes` as it is typed and printed, from drawing sentences to what labels mend."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from click.testing import Result

from funnelkit.api import Project
from funnelkit.cli.grid import text_width
from funnelkit.jobs.mentions import mentions
from funnelkit.jobs.themes import Taxonomy
from funnelkit.sample.sentences import REVIEWS, TICKETS, WHY
from funnelkit.warehouse.connect import connect
from funnelkit.warehouse.macros import say_plan
from funnelkit.warehouse.queries import frame
from tests.cli.run import invoke, on_terminal

COLUMNS = (
    "theme,feature,wave,source,texts,mentions,customers,customers_share,scored,negative,"
    "negative_share,lo,hi,method,se,sp,labels,unscored,label"
)
JSON = ("themes", "--format", "json")
POLARITIES = ("negative", "neutral", "positive")
# As the sample's own texts were written: each of a bank has one polarity.
KNOWN = {
    text: polarity
    for feature in WHY.values()
    for polarity, bank in zip(POLARITIES, feature, strict=True)
    for text in bank
}


@pytest.fixture(scope="module")
def labelled(company: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sentences drawn by the command, labelled as they were written; others are left empty."""
    file = tmp_path_factory.mktemp("private") / "labels.csv"
    done = invoke(company, "themes", "--wave", "all", "--label", "1000", str(file))
    assert (done.exit_code, done.stdout) == (0, "")
    rows = list(csv.DictReader(io.StringIO(file.read_text("utf-8"))))
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0])
    writer.writeheader()
    writer.writerows({**row, "label": KNOWN.get(row["text"], "")} for row in rows)
    file.write_text(out.getvalue(), encoding="utf-8")
    return file


def rows(done: Result) -> list[dict[str, object]]:
    assert done.exit_code == 0, done.stderr
    return list(json.loads(done.stdout)["rows"])


def test_a_build_reads_the_texts_and_keeps_what_they_mention(built_sample: Project) -> None:
    with connect(built_sample.paths.warehouse, read_only=True) as con:
        kept = con.sql("from say_do.mentions order by response_id, theme").pl()
        texts = frame(con, "theme_bodies")
    assert kept.height > 100
    assert kept.equals(mentions(texts, Taxonomy.of(say_plan(built_sample.variables))))


def test_columns_are_those_of_the_design(company: Path) -> None:
    done = invoke(company, "themes", "--format", "csv")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith(COLUMNS)


@pytest.mark.parametrize("asked", [(), ("--by", "source"), ("--wave", "all")])
def test_a_terminal_of_80_columns_is_enough(company: Path, asked: tuple[str, ...]) -> None:
    printed = re.sub(r"\x1b\[[0-9;]*m", "", on_terminal("themes", *asked, cwd=company))
    assert "alerts" in printed
    assert max(map(text_width, printed.splitlines())) <= 80


def test_without_labels_flags_are_counted_and_no_share_is_told(company: Path) -> None:
    printed = invoke(company, "themes").stdout
    assert re.search(r"alerts .* \d+ of \d+ flagged", printed)
    assert "not calibrated" in printed
    assert all(row["negative_share"] is None for row in rows(invoke(company, *JSON)))


def test_no_sentence_is_printed_or_drawn_into_the_reports(company: Path) -> None:
    for format_ in ("table", "markdown", "csv", "json"):
        printed = invoke(company, "themes", "--by", "source", "--format", format_).stdout
        assert not any(text in printed for text in (*KNOWN, *TICKETS, *REVIEWS))
    done = invoke(company, "themes", "--label", "10", str(company / "reports" / "l.csv"))
    assert done.exit_code == 2
    assert "is inside reports/" in done.stderr
    assert not (company / "reports" / "l.csv").exists()


def test_labels_give_the_share_that_was_written(company: Path, labelled: Path) -> None:
    told = rows(invoke(company, *JSON, "--wave", "all", "--labels", str(labelled)))
    drawn = list(csv.DictReader(io.StringIO(labelled.read_text("utf-8"))))
    for row in told[1:]:
        mine = [each for each in drawn if each["theme"] == row["theme"]]
        assert len(mine) == row["scored"]  # all were drawn
        written = [each["label"] == "negative" for each in mine if each["label"]]
        assert row["labels"] == len(written) >= 30
        share, missing = sum(written) / len(mine), 1 - len(written) / len(mine)
        assert row["calibration"] == "post-stratified"
        estimate = row["negative_share"]
        assert isinstance(estimate, float)
        assert share - 1e-6 <= estimate <= share + missing + 1e-6


def test_a_file_that_is_there_keeps_its_labels(company: Path, tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    file.write_text("an afternoon's work", encoding="utf-8")
    asked = ("themes", "--wave", "all", "--label", "10", str(file))
    done = invoke(company, *asked)
    assert (done.exit_code, file.read_text("utf-8")) == (2, "an afternoon's work")
    assert "is there already" in done.stderr
    assert "--force" in done.stderr
    assert invoke(company, *asked, "--force").exit_code == 0
    assert len(list(csv.DictReader(io.StringIO(file.read_text("utf-8"))))) == 10


def test_labels_of_another_wave_are_told_as_such(company: Path, tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    assert invoke(company, "themes", "--wave", "wave_2", "--label", "60", str(file)).exit_code == 0
    drawn = list(csv.DictReader(io.StringIO(file.read_text("utf-8"))))
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, drawn[0])
        writer.writeheader()
        writer.writerows({**row, "label": "negative"} for row in drawn)
    done = invoke(company, "themes", "--wave", "wave_1", "--labels", str(file))
    assert done.exit_code == 0, done.stderr
    printed = " ".join(done.stdout.split())
    assert f"the {len(drawn)} labels were drawn from wave wave_2" in printed
    assert "`funnelkit themes --wave wave_1 --label 200 FILE`" in printed
    assert "Label some" not in printed


def test_what_does_not_go_together_is_told(company: Path, labelled: Path) -> None:
    for args, message in (
        (("--theme", "alerts"), "--theme goes with --label"),
        (("--force",), "--force goes with --label"),
        (("--label", "5", "-", "--by", "source"), "--by does not go with it"),
        (("--by", "product", "--wave", "all"), "--wave is not for it"),
        (("--label", "5", "-", "--theme", "alert"), "no theme is called 'alert'"),
        (("--wave", "wave_9"), "no wave 'wave_9'"),
    ):
        done = invoke(company, "themes", *args)
        assert done.exit_code == 2
        assert message in done.stderr + done.stdout


def test_labels_teach_a_method_of_ones_own(company: Path, labelled: Path) -> None:
    done = invoke(company, *JSON, "--wave", "all", "--labels", str(labelled), "--method", "own")
    first = rows(done)[0]
    assert str(first["method"]).startswith("TF-IDF and logistic regression on ")
    # A dozen sentences for each feature, said over and over: they can be learnt.
    assert isinstance(first["se"], float)
    assert first["se"] > 0.9
