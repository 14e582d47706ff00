"""Three pull requests' worth of change to a small project in a git repository of its own."""

import csv
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

import funnelkit as fk
from funnelkit import api
from funnelkit.api import Project

LAST_DAY = "2026-06-29"
# Twelve who shared from a phone that had not signed in: the log tells only later whose it was.
PHONES = 12
Row = dict[str, str]


def start(root: Path) -> Project:
    """The sample without its last day, built, its report committed on `main`."""
    api.sample(root, users=300)
    file = root / "dbt_project.yml"
    document = yaml.safe_load(file.read_text("utf-8"))
    kept = document["vars"]["funnelkit"]
    for name in ("features", "feedback", "aha_search", "experiments", "changes", "revenue"):
        kept.pop(name, None)
    kept["reports"] = {"activation": {"funnels": ["activation"], "aha": ["team_value"]}}
    kept["quality"] = {
        "exclude": [{"name": "sign-in calls", "events": "event_name = 'identified'"}]
    }
    file.write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")
    rows = _rows(root)
    _write(root / "data" / "old.csv", _signed_out(rows, [r for r in rows if not _is_last(r)]))
    _write(root / "data" / "last_day.csv", [row for row in rows if _is_last(row)])
    _write(root / "data" / "late.csv", _identified(rows))
    _write(root / "data" / "late_views.csv", _late_views(rows))
    project = fk.open(root)
    project.load("events", [str(root / "data" / "old.csv")])
    project.load("users", [str(root / "data" / "users.csv")])
    built(project)
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "add", "-A")
    git(root, "-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "--quiet", "-m", "Reports")
    return project


def branch(project: Project, root: Path, *changes: Callable[[Path], None]) -> Project:
    """A copy of the project with these changes, built, its report written anew."""
    shutil.copytree(project.paths.root, root, symlinks=True)
    for change in changes:
        change(root)
    other = fk.open(root)
    built(other)
    return other


def built(project: Project) -> None:
    assert project.build().ok
    project.report_build()


def shown(project: Project) -> str:
    """What a reviewer gets."""
    return project.diff("main").markdown()


def shorter_window(root: Path) -> None:
    """The definition edit: 7 days instead of 14."""
    file = root / "dbt_project.yml"
    text = file.read_text("utf-8")
    assert text.count("window: 14 days") == 1
    file.write_text(text.replace("window: 14 days", "window: 7 days"), "utf-8")


def a_day(root: Path) -> None:
    """The last day of the log is loaded."""
    fk.open(root).load("events", [str(root / "data" / "last_day.csv")])


def whose_phones(root: Path) -> None:
    """Rows come late that tell whose the phones are."""
    fk.open(root).load("events", [str(root / "data" / "late.csv")])


def late_shares(root: Path) -> None:
    """Ordinary events of March come late."""
    fk.open(root).load("events", [str(root / "data" / "late_views.csv")])


def git(root: Path, *args: str) -> str:
    done = subprocess.run(["git", *args], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout


def _rows(root: Path) -> list[Row]:
    with (root / "data" / "events.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _write(path: Path, rows: Iterable[Row]) -> None:
    found = list(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, found[0])
        writer.writeheader()
        writer.writerows(found)


def _is_last(row: Row) -> bool:
    return row["occurred_at"] >= LAST_DAY


def sharers(rows: Iterable[Row]) -> dict[str, str]:
    """The phone of each of the first users who shared in March, by user."""
    found: dict[str, str] = {}
    for row in sorted(rows, key=lambda row: (row["occurred_at"], row["event_id"])):
        march = row["occurred_at"].startswith("2026-03")
        if march and row["event_name"] == "dashboard_shared" and len(found) < PHONES:
            found.setdefault(row["user_id"], f"phone-{len(found) + 1}")
    return found


def _signed_out(rows: list[Row], kept: Iterable[Row]) -> Iterable[Row]:
    phones = sharers(rows)
    for row in kept:
        phone = phones.get(row["user_id"])
        march = row["occurred_at"].startswith("2026-03")
        if phone and march and row["event_name"] == "dashboard_shared":
            yield {**row, "user_id": "", "account_id": "", "anonymous_id": phone}
        else:
            yield row


def _identified(rows: list[Row]) -> Iterable[Row]:
    empty = dict.fromkeys(rows[0], "")
    for user, phone in sharers(rows).items():
        yield {
            **empty,
            "event_id": f"late-{phone}",
            "user_id": user,
            "anonymous_id": phone,
            "event_name": "identified",
            "occurred_at": "2026-03-31T12:00:00Z",
            "received_at": "2026-06-29T12:00:00Z",
        }


def _late_views(rows: list[Row]) -> Iterable[Row]:
    """A first share of ten users who entered in March and have none."""
    shared = {row["user_id"] for row in rows if row["event_name"] == "dashboard_shared"}
    made = 0
    for row in rows:
        built_one = row["event_name"] in ("dashboard_created", "dashboard_copied")
        march = row["occurred_at"].startswith("2026-03")
        if built_one and march and row["user_id"] and row["user_id"] not in shared and made < 10:
            shared.add(row["user_id"])
            made += 1
            yield {
                **row,
                "event_id": f"late-share-{made}",
                "event_name": "dashboard_shared",
                "occurred_at": row["occurred_at"][:10] + "T23:59:00Z",
                "received_at": "2026-06-28T12:00:00Z",
                "properties": '{"recipients": 3}',
            }


GOLDEN = Path(__file__).parent / "golden" / "pull_requests"
CHANGES: dict[str, tuple[Callable[[Path], None], ...]] = {
    "definition": (shorter_window,),
    "new-day": (a_day,),
    "identity-merge": (whose_phones,),
    "definition-and-new-day": (shorter_window, a_day),
}

if __name__ == "__main__":  # writes the golden files: read them before you commit them
    with TemporaryDirectory() as made:
        main = start(Path(made) / "main")
        for name, changes in CHANGES.items():
            text = shown(branch(main, Path(made) / name, *changes))
            (GOLDEN / f"{name}.md").write_text(text, encoding="utf-8")
