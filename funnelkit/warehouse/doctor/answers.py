"""Answers that say nothing: off their scale, of a kind, source, feature or wave nobody knows."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funnelkit.errors import did_you_mean
from funnelkit.warehouse import meta
from funnelkit.warehouse.doctor.check import Check, count, listed, share
from funnelkit.warehouse.queries import query

if TYPE_CHECKING:
    import duckdb

Row = Mapping[str, Any]
# What says who was asked and who spoke up: answers of another source are in no figure.
SOURCES = ("survey", "nps", "ticket", "review", "interview", "exit")


def answers(con: "duckdb.DuckDBPyConnection", variables: Mapping[str, Any]) -> Iterator[Check]:
    """Scores outside their scale, and questions and features that nothing declares."""
    if not meta.has_table(con, "main", "dim_waves"):  # built by an older version
        return
    found = query(con, "doctor_answers")
    yield from _outside(found)
    yield from _questions(found, _names(variables.get("feedback"), "questions"))
    yield from _features(found, list(variables.get("features") or {}))


def sources(con: "duckdb.DuckDBPyConnection") -> Iterator[Check]:
    """Sources that nothing reads: most often misspelled."""
    if not meta.has_table(con, "main", "dim_waves"):
        return
    unknown = {
        str(row["source"]): row["answers"]
        for row in query(con, "doctor_sources")
        if row["source"] is not None and row["source"] not in SOURCES
    }
    if unknown:
        names = sorted(unknown, key=lambda name: (-unknown[name], name))
        told = listed([f"{name} {unknown[name]:,}" for name in names])
        hint = _near(names[0], SOURCES) or f"known: {', '.join(SOURCES)}"
        yield Check("feedback", "warn", f"answers of sources that nothing reads: {told}", hint)


def _names(section: Mapping[str, Any] | None, key: str) -> list[str]:
    return list((section or {}).get(key) or {})


def _outside(found: Sequence[Row]) -> Iterator[Check]:
    wrong = [row for row in found if row["outside"]]
    if not wrong:
        return
    outside, of = (sum(row[name] for row in wrong) for name in ("outside", "answers"))
    worst = max(wrong, key=lambda row: row["outside"])
    yield Check(
        "feedback",
        "warn",
        f"{count(outside, 'answer')} of {of:,} ({share(outside, of)}) outside the scale, like"
        f" {worst['example']} of {worst['question'] or 'no question'}: they have no opinion",
        _scale_hint(worst),
    )


def _scale_hint(row: Row) -> str:
    if row["kind"] in ("nps", "rating5"):
        return f"the scale of {row['kind']} is fixed: is it a question of another kind?"
    return f"`feedback: questions: {row['question'] or 'ID'}: {{scale: [lo, hi]}}`"


def _questions(found: Sequence[Row], declared: Sequence[str]) -> Iterator[Check]:
    unknown: dict[str, int] = {}
    for row in found:
        name, kind = row["question"], row["kind"]
        # What has a kind of its own counts; beside declared questions it may be misspelled.
        if name is not None and name not in declared and (declared or kind is None):
            unknown[name] = unknown.get(name, 0) + row["answers"]
    if unknown:
        names = sorted(unknown, key=lambda name: (-unknown[name], name))
        told = listed([f"{name} {unknown[name]:,}" for name in names])
        hint = _near(names[0], declared) or "declare them under `feedback: questions:`"
        yield Check("feedback", "warn", f"answers to questions that are not declared: {told}", hint)
    known = {row["question"] for row in found}
    silent = [name for name in declared if name not in known]
    if silent and found:
        hint = "look at its id, or at its `column`"
        yield Check("feedback", "warn", f"questions without an answer: {listed(silent)}", hint)


def _features(found: Sequence[Row], declared: Sequence[str]) -> Iterator[Check]:
    unknown: dict[str, int] = {}
    for row in found:
        name = row["feature"]
        if name is not None and name not in declared:
            unknown[name] = unknown.get(name, 0) + row["answers"]
    if unknown:
        names = sorted(unknown, key=lambda name: (-unknown[name], name))
        told = listed([f"{name} {unknown[name]:,}" for name in names])
        yield Check(
            "feedback",
            "warn",
            f"answers about features that are not declared: {told}",
            _near(names[0], declared) or "declare them under `features:`",
        )


def _near(name: str, declared: Sequence[str]) -> str | None:
    hint = did_you_mean(name, declared) or ""
    return hint if hint.startswith("did you mean") else None


def waves(con: "duckdb.DuckDBPyConnection") -> Iterator[Check]:
    """Declared waves in which nobody answered."""
    if not meta.has_table(con, "main", "dim_waves"):
        return
    found = query(con, "doctor_waves")
    silent = [str(row["wave"]) for row in found if not row["answers"]]
    if silent:
        hint = "look at `from` and `to`: dates of the project's time zone, `to` included"
        yield Check("waves", "warn", f"waves without an answer: {listed(silent)}", hint)
    elif found:
        yield Check("waves", "ok", f"{count(len(found), 'wave')} with answers")


def labels(folder: Path, variables: Mapping[str, Any]) -> Iterator[Check]:
    """The file of labelled sentences, where one is declared: it must be there."""
    path = (variables.get("feedback") or {}).get("labels")
    if path is None:
        return
    if (folder / path).is_file():
        yield Check("labels", "ok", str(path))
    else:
        hint = "`funnelkit themes --label 200 FILE` writes sentences to label"
        yield Check("labels", "warn", f"there is no file {path}: `feedback: labels`", hint)
