"""Nothing that names a person, and nothing that anybody wrote, enters reports/.

The sample company's reports are built and searched for every id and every sentence of its files;
what looks like an address, a number or an id is refused wherever it comes from.
"""

import csv
import html
import re
import shutil
from pathlib import Path

import pytest

import funnelkit as fk
from funnelkit.api import Project
from funnelkit.cli import main
from funnelkit.errors import FunnelkitError
from funnelkit.report.personal import check_personal, personal
from funnelkit.stats.evidence import FEWEST

IDS = ("user_id", "anonymous_id", "account_id", "event_id", "response_id")
# Figures that count no people: ranks, days, cents, labelled sentences.
NO_PEOPLE = re.compile(r"tier|rank_.*|used_days|.*cents|er_.*|labels|.*_at|step|within_.*|at_least")


@pytest.fixture(scope="module")
def project(built_sample: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The sample company with its reports written anew."""
    root = tmp_path_factory.mktemp("privacy") / "sample"
    shutil.copytree(built_sample.paths.root, root, ignore=shutil.ignore_patterns("target", "logs"))
    made = fk.open(root)
    made.report_build()
    return made


@pytest.fixture(scope="module")
def files(project: Project) -> dict[str, str]:
    """Every file under reports/, as people read it."""
    found = {}
    for path in sorted(project.paths.reports.rglob("*")):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            found[path.relative_to(project.paths.reports).as_posix()] = html.unescape(text)
    return found


def seeds(project: Project) -> list[tuple[str, list[dict[str, str]]]]:
    csv.field_size_limit(1 << 30)
    found = []
    for path in sorted((project.paths.root / "seeds").glob("raw_*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            found.append((path.name, list(csv.DictReader(file))))
    return found


def sentences(text: str) -> list[str]:
    """Sentences of three words or more, in lower case with single blanks."""
    parts = re.split(r"[.!?\n]+", " ".join(text.split()).lower())
    return [part.strip() for part in parts if len(part.split()) >= 3]


def found_in(files: dict[str, str], ids: set[str], said: set[str]) -> list[str]:
    """Which of these a file has: ids as words, sentences anywhere in its text without marks."""
    found = []
    for name, text in files.items():
        found += [f"{name}: {word}" for word in ids.intersection(re.findall(r"[\w-]+", text))]
        plain = " ".join(re.sub(r"<[^>]*>", " ", text).split()).lower()
        found += [f"{name}: {each}" for each in said if each in plain]
    return found


class TestSample:
    def test_reports_are_there_and_say_something(self, files: dict[str, str]) -> None:
        assert {"activation/report.html", "say_do/report.html", "say_do/data/say-gaps.csv"} <= set(
            files
        )
        assert "exports" in files["say_do/report.md"]

    def test_no_id_and_no_sentence_of_the_files_is_in_a_report(
        self, project: Project, files: dict[str, str]
    ) -> None:
        ids: set[str] = set()
        said: set[str] = set()
        for _, rows in seeds(project):
            for row in rows:
                ids.update(row[name] for name in IDS if row.get(name))
                said.update(sentences(row.get("text") or ""))
        assert len(ids) > 10_000
        assert len(said) > 40
        assert found_in(files, ids, said) == []
        # The search itself finds what is there.
        one, words = min(ids), min(said)
        leaked = {"x.html": f"<td>{one}</td><p>{words.upper()}.</p>"}
        assert len(found_in(leaked, ids, said)) == 2

    def test_nothing_looks_like_an_address_or_an_id(self, project: Project) -> None:
        paths = [path for path in project.paths.reports.rglob("*") if path.is_file()]
        assert personal({str(path): path.read_bytes() for path in paths}) == []

    def test_no_count_of_people_is_below_five(self, project: Project) -> None:
        from funnelkit.report.columns_say import SAY_COLUMNS

        looked_at = 0
        for part, columns in SAY_COLUMNS.items():
            path = project.paths.reports / "say_do" / "data" / f"say-{part}.csv"
            for row in csv.DictReader(path.open(encoding="utf-8")) if path.exists() else ():
                for name, column in columns.items():
                    if column.kind == "count" and row[name] and not NO_PEOPLE.fullmatch(name):
                        looked_at += 1
                        assert int(row[name]) >= FEWEST, (part, name, row)
        assert looked_at > 50

    def test_what_is_not_withheld_is_what_the_command_says(self, project: Project) -> None:
        data = project.paths.reports / "say_do" / "data"
        told = {row["feature"]: row for row in project.gaps().records() if row["used_days"] == 2}
        shown = list(csv.DictReader((data / "say-gaps.csv").open(encoding="utf-8")))
        same = 0
        for row in shown:
            for name in ("n", "captive", "using_among_dislike", "lip_service", "nl_hi"):
                if row[name]:
                    same += 1
                    assert row[name] == str(told[row["feature"]][name])
        assert len(shown) == len(told) == 3
        assert same >= 7
        waves = project.nps().records()
        scores = csv.DictReader((data / "say-nps.csv").open(encoding="utf-8"))
        assert [row["nps"] for row in scores] == [str(wave["nps"]) for wave in waves]

    def test_without_a_warehouse_other_rules_are_noticed(
        self, project: Project, tmp_path: Path
    ) -> None:
        for folder in ("dbt_project", "reports"):
            shutil.copytree(project.paths.root / folder, tmp_path / folder)
        assert fk.open(tmp_path).report_check(["say_do"]).differences == ()
        file = tmp_path / "dbt_project" / "dbt_project.yml"
        text = file.read_text(encoding="utf-8")
        text = text.replace("to: 2026-04-07", "to: 2026-04-08")
        text = text.replace("events: report_exported", "events: report_shared")
        file.write_text(text, encoding="utf-8")
        found = "\n".join(fk.open(tmp_path).report_check(["say_do"]).differences)
        assert "the rules of feedback are others" in found
        assert "the definition of feature exports is" in found
        assert "feature alerts" not in found

    def test_a_report_that_somebody_wrote_an_id_into_fails(self, project: Project) -> None:
        page = project.paths.reports / "say_do" / "report.md"
        before = page.read_text(encoding="utf-8")
        try:
            page.write_text(before + "\nAsk u01583 <a.b@example.org>\n", encoding="utf-8")
            found = "\n".join(project.report_check(["say_do"]).differences)
        finally:
            page.write_text(before, encoding="utf-8")
        line = before.count("\n") + 2
        assert "1 file differs" in found
        assert f"say_do/report.md:{line}: looks like an id: u0…" in found
        assert f"say_do/report.md:{line}: looks like an e-mail address: a.…" in found


class TestPatterns:
    @pytest.mark.parametrize(
        ("text", "what"),
        [
            ("write to Jo.Doe+x@mail.example.org now", "an e-mail address"),
            ("<td>jo@example.org</td>", "an e-mail address"),
            ("ring +49 30 901820 or", "a phone number"),
            ("(030) 901820", "a phone number"),
            ("0049 30 901820", "a phone number"),
            ("555-123-4567", "a phone number"),
            ("user_1234", "an id"),
            ("u01583", "an id"),
            ("a-90210", "an id"),
            ("76561198012345678", "an id"),
            ("550e8400-e29b-41d4-a716-446655440000", "an id"),
            ("507f1f77bcf86cd799439011", "an id"),
            ("192.168.10.12", "an id"),
            ("x,+49 171 2345678,3", "a phone number"),
            ("x,555-123-4567,3", "a phone number"),
            ("account90210", "an id"),
        ],
    )
    def test_what_is_found(self, text: str, what: str) -> None:
        for name in ("report.md", "report.html", "data/x.csv"):
            assert [found.what for found in personal({name: text.encode()})] == [what], name

    @pytest.mark.parametrize(
        "text",
        [
            "gap −49.2 pp (−60.2 to −38.2), n = 126; +41.8 to +63.8",
            "2026-04-01 to 2026-04-06, 2026-04-01T00:00:00Z",
            "1,234,567 of 12,345,678 (2026) 13 299 084",
            "ace7c2c2dd90 a12345678901 012345678901",
            "wave_2026-04 2026-Q2 dashboard_shared step_3",
            "account360 org2024 person1000 customer360 cust100",
            "1,+49.2,3 and 12,+1,234.5 and x,-1234567,3",
            '<path d="M0049.12 30.55L901820,555-123.45" transform="translate(1234567890123,5)"/>',
        ],
    )
    def test_what_is_let_through(self, text: str) -> None:
        assert personal({"report.html": text.encode()}) == []

    def test_words_of_a_mark_are_read_and_styles_are_not(self) -> None:
        page = b'<style>a@b.example{}</style>\n<svg aria-label="jo@example.org"></svg>'
        assert [(found.line, found.value) for found in personal({"x.svg": page})] == [(2, "jo…")]

    def test_the_error_says_where_and_not_whom(self) -> None:
        files = {"reports/x/data/a.csv": b"value\njo.doe@example.org\n"}
        with pytest.raises(FunnelkitError) as error:
            check_personal(files)
        assert "reports/x/data/a.csv:2: looks like an e-mail address" in str(error.value)
        assert "doe" not in str(error.value)
        assert error.value.hint


class TestBuild:
    def test_a_report_with_an_address_in_it_is_not_written(
        self, project: Project, tmp_path: Path
    ) -> None:
        """A title is checked like a value of the log."""
        root = tmp_path / "sample"
        shutil.copytree(project.paths.root, root)
        file = root / "dbt_project" / "dbt_project.yml"
        asked = "      ask: {title: Ask jo.doe@example.org, funnels: [activation]}\n"
        file.write_text(file.read_text(encoding="utf-8") + asked, encoding="utf-8")
        with pytest.raises(FunnelkitError, match="nothing that names a person"):
            fk.open(root).report_build(["ask"])
        assert not (root / "reports" / "ask").exists()


class TestLists:
    """Lists of people are files that are asked for: never in the folder that is committed."""

    @pytest.mark.parametrize(
        "command",
        [
            ["funnel", "activation", "--who", "-shared", "reports/who.csv"],
            ["interviews", "sharing", "reports/say_do/data/whom.csv"],
            ["interviews", "sharing", "build/../reports/whom.csv"],
        ],
    )
    def test_they_are_refused_inside_reports(
        self,
        project: Project,
        command: list[str],
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.chdir(project.paths.root)
        with pytest.raises(SystemExit) as done:
            main(command)
        assert done.value.code != 0
        assert "inside reports/" in capsys.readouterr().err
        assert not (project.paths.root / command[-1]).exists()
