"""Raw files into raw tables: every line is loaded or rejected, and no file twice.

Text stays text. Times that can be read (the grammar is in `times`) are written as UTC text,
`2026-03-29 06:00:00.5Z`; what cannot be read stays as it was, for staging to reject with a reason.
Empty cells are NULL, in every format.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from funnelkit.errors import FunnelkitError, did_you_mean
from funnelkit.warehouse import connect, files, raw, wide
from funnelkit.warehouse.cells import cells_of
from funnelkit.warehouse.connect import literal
from funnelkit.warehouse.forget import suppress
from funnelkit.warehouse.loaded import (
    FileLoad,
    LoadResult,
    examples,
    keep_rejects,
    unreadable_times,
)
from funnelkit.warehouse.mapping import Columns, check_mapping, check_once, parse_map, resolve
from funnelkit.warehouse.presets import find as preset_of
from funnelkit.warehouse.presets.fill import Reading, drop, insert, stage
from funnelkit.warehouse.presets.preset import EVENT_CELLS, Preset
from funnelkit.warehouse.presets.query import left_out, looks_like, recognised
from funnelkit.warehouse.presets.surveys import (
    SurveyPreset,
    check_survey,
    find_survey,
    survey_of,
)
from funnelkit.warehouse.raw import KINDS, TARGETS, TIMES, Kind
from funnelkit.warehouse.sources import Scan, reading
from funnelkit.warehouse.times import checked_format, time_sql, unreadable

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["KINDS", "FileLoad", "LoadResult", "load", "parse_map"]

_QUESTIONS = "--question"  # in the ledger: the columns of a wide file that were loaded


class _Job(NamedTuple):
    kind: Kind
    root: Path
    mapping: Mapping[str, str]
    time_format: str | None
    preset: Preset | None = None
    vendor: SurveyPreset | None = None
    survey: wide.Survey = wide.Survey()

    @property
    def reading(self) -> Reading:
        """The same for a vendor's export."""
        assert self.preset is not None
        return Reading(self.preset, self.mapping, self.time_format)

    @property
    def settings(self) -> dict[str, object]:
        """The mapping as raw.loads holds it, but for the questions of a wide file."""
        settings: dict[str, object] = dict(self.mapping)
        if self.time_format is not None:
            settings["--time-format"] = self.time_format
        vendor = self.preset or self.vendor
        if vendor is not None:
            settings["--preset"] = vendor.name
        return settings

    def ledger(self, questions: Mapping[str, Sequence[int]]) -> str:
        """The same as JSON with sorted keys, with the questions of a wide file."""
        told = {**self.settings, _QUESTIONS: questions} if questions else self.settings
        return json.dumps(told, sort_keys=True, ensure_ascii=False)


def load(
    warehouse: "DuckDBPyConnection | str | Path",
    kind: str,
    patterns: Iterable[str | Path],
    *,
    root: str | Path,
    mapping: Mapping[str, str] | None = None,
    time_format: str | None = None,
    preset: str | None = None,
    asked: Sequence[wide.Asked] = (),
    dry_run: bool = False,
    wait: float = 10.0,
) -> LoadResult:
    """Load files into raw.events, raw.users or raw.feedback: all of them, or none on any error.

    `warehouse` is a connection or the file's path; `patterns` are names and globs; `mapping` says
    ours → theirs, or a constant in single quotes; `time_format` (strptime) is tried before the
    formats of `times`; `preset` reads a vendor's export of events, which may tell of users too
    (docs/presets.md), or a survey tool's of feedback; `asked` are the questions whose columns make
    a feedback file wide: a row per answer (see `wide`). `source_file` is the path from `root`.
    `source_line` is the line in the file, blank and rejected lines counted, a cell with line breaks
    as one line; in Parquet and JSON arrays, the number of the row. Columns that nothing asks for go
    into `properties`, where it has no such key yet; feedback has none and ignores them. Properties
    of an event without event_id have sorted keys, for they are part of what identifies it. Feedback
    without response_id gets the md5 of its content, and of its file's content and line where it has
    no user_id. A file whose content was loaded before, under whatever name, is skipped. `dry_run`
    does all of it, then undoes it. `wait`: seconds to wait for another process to let go of the
    warehouse.

    Raises FunnelkitError for what is not a log, a missing or unknown column, and a file in which
    a time column has values but not one that can be read; for a file loaded before with another
    mapping, unless the mapping gives its rows another name. Rejects are rows in raw.rejects.
    """
    known = _kind(kind)
    surveyed = find_survey(preset) if known == "feedback" else None
    vendor = None if surveyed else _preset(known, preset)
    check_mapping(known, mapping or {}, EVENT_CELLS if vendor else None)
    paths = files.find(patterns)
    if not paths:
        raise FunnelkitError(f"no file to load as {kind}", f"example: load {kind} data/*.csv")
    with _opened(warehouse, dry_run, wait) as con, _transaction(con, dry_run):
        if time_format is not None:
            checked_format(con, time_format)
        survey = survey_of(surveyed, asked)
        job = _Job(
            known,
            Path(root).absolute(),
            dict(mapping or {}),
            time_format,
            vendor,
            surveyed,
            survey,
        )
        raw.ensure(con)
        first = raw.next_load(con)
        loaded = tuple(_load_file(con, job, path) for path in paths)
        _check_given(survey, loaded)
        forgotten = suppress(con, first)
    return LoadResult(job.kind, loaded, dry_run, forgotten)


def _kind(kind: str) -> Kind:
    for known in KINDS:
        if kind == known:
            return known
    raise FunnelkitError(
        f"cannot load {kind!r}; expected events, users or feedback", did_you_mean(kind, KINDS)
    )


def _preset(kind: Kind, name: str | None) -> Preset | None:
    found = preset_of(name)
    if found is not None and kind != "events":
        raise FunnelkitError(
            f"--preset {name} is for events; expected none with {kind}",
            "an export of events brings what it tells of users along: load events",
        )
    return found


@contextmanager
def _opened(
    warehouse: "DuckDBPyConnection | str | Path", dry_run: bool, wait: float
) -> Iterator["DuckDBPyConnection"]:
    if not isinstance(warehouse, str | Path):
        yield warehouse
        return
    # A dry run leaves no file behind.
    absent = dry_run and not Path(warehouse).exists()
    con = connect.memory() if absent else connect.connect(warehouse, wait=wait)
    try:
        yield con
    finally:
        con.close()


@contextmanager
def _transaction(con: "DuckDBPyConnection", dry_run: bool) -> Iterator[None]:
    con.execute("begin")
    try:
        with connect.interruptible():
            yield
    except BaseException:  # Ctrl-C too: nothing half-written stays
        con.execute("rollback")
        raise
    con.execute("rollback" if dry_run else "commit")


def _load_file(con: "DuckDBPyConnection", job: _Job, path: Path) -> FileLoad:
    name = Path(os.path.relpath(path, job.root)).as_posix()
    digest = _sha256(path)
    known = _known(con, job, name, digest)
    if known is None:
        return FileLoad(path, name, 0, 0, skipped=True)
    loaded = _read(con, job, path, _Named(name, digest, known), careful=False)
    loaded = loaded or _read(con, job, path, _Named(name, digest, known), careful=True)
    assert loaded is not None
    return loaded


class _Named(NamedTuple):
    """A file as the ledger knows it; of a wide one, the questions that were loaded before."""

    name: str
    digest: str
    questions: Mapping[str, Sequence[int]]


def _known(
    con: "DuckDBPyConnection", job: _Job, name: str, digest: str
) -> dict[str, list[int]] | None:
    """Of a wide file, the questions loaded before; None for a file that was loaded as a whole."""
    loads = con.execute(
        "select source_file, mapping from raw.loads where kind = ? and sha256 = ?"
        " order by load_no, source_file",
        [job.kind, digest],
    ).fetchall()
    questions: dict[str, list[int]] = {}
    for earlier, text in loads:
        mapping = json.loads(text)
        loaded = mapping.pop(_QUESTIONS, None)
        if mapping == job.settings and loaded is None:
            return None
        if mapping != job.settings:
            check_once(job.kind, name, job.settings, earlier, mapping)
        questions |= loaded or {}
    return questions


def _read(
    con: "DuckDBPyConnection", job: _Job, path: Path, file: _Named, *, careful: bool
) -> FileLoad | None:
    """Load the file's rows; or none, and None, if it must be scanned with more care."""
    scan = files.scan(con, path, careful=careful)
    try:
        with reading(path):
            return _insert(con, job, scan, file)
    finally:
        scan.close(con)


def _sha256(path: Path) -> str:
    files.inspect(path)  # an empty file, a folder: said before anything else
    with reading(path), path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _check_times(con: "DuckDBPyConnection", job: _Job, scan: Scan, columns: Columns) -> None:
    """Raise if a time column has values and none is readable: then the format must be given."""
    for target in TIMES[job.kind]:
        if target not in columns.sources:
            continue
        value = scan.text[columns.sources[target]]
        # A readable one usually stands in the first row: the scan ends there.
        readable = _first(con, f"{_time(value, job)} is not null", "1", scan)
        if readable is not None:
            continue
        example = _first(con, f"{value} is not null", value, scan)
        if example is not None:
            theirs = scan.columns[columns.sources[target]]
            expected, hint = unreadable(job.time_format)
            raise FunnelkitError(
                f"{scan.source.path.name}, column {theirs!r}: {str(example)[:60]!r} is not a time,"
                f" nor is any other value; expected {expected}",
                hint,
            )


def _first(con: "DuckDBPyConnection", where: str, value: str, scan: Scan) -> object:
    rows = con.execute(f"select {value} from {scan.peek} where {where} limit 1").fetchall()
    return rows[0][0] if rows else None


def _time(value: str, job: _Job) -> str:
    """SQL: the text as a TIMESTAMP in UTC or NULL: the given format first, then the known ones."""
    return f"({time_sql(value, job.time_format)})"


class _Filled(NamedTuple):
    """What a file filled: rows of its kind and of raw.users, columns that stayed out of them, the
    questions of a wide file (`old`: all of them were loaded before)."""

    rows: int
    users: int = 0
    folded: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    questions: Mapping[str, Sequence[int]] = {}
    old: bool = False


def _insert(con: "DuckDBPyConnection", job: _Job, scan: Scan, file: _Named) -> FileLoad | None:
    name, digest = file.name, file.digest
    before = {kind: _last_row(con, kind) for kind in KINDS}
    ((known,),) = con.execute(
        "select count(*) from raw.loads where kind = ? and source_file = ? and sha256 <> ?",
        [job.kind, name, digest],
    ).fetchall()
    number = raw.next_load(con)
    filled = _filled(con, job, scan, file, number)
    if filled is None:
        return None
    if filled.old:
        return FileLoad(scan.source.path, name, 0, 0, skipped=True)
    kinds: tuple[Kind, ...] = (job.kind, "users") if job.preset else (job.kind,)
    rejected = keep_rejects(con, kinds, scan, name, before, number)
    ledger = job.ledger(filled.questions)
    _note(con, (job.kind, name, digest, filled.rows, rejected, ledger, number))
    if filled.users:
        _note(con, ("users", name, digest, filled.users, 0, ledger, number))
    return FileLoad(
        scan.source.path,
        name,
        filled.rows,
        rejected,
        skipped=False,
        unreadable=unreadable_times(con, job.kind, name, before[job.kind]),
        rejects=examples(con, scan) if rejected else (),
        folded=filled.folded,
        ignored=filled.ignored,
        replaced_name=bool(known),
        users=filled.users,
        columns=scan.columns,
    )


def _filled(
    con: "DuckDBPyConnection", job: _Job, scan: Scan, file: _Named, number: int
) -> _Filled | None:
    """Insert as the file is: a vendor's export, a wide one, or a row an event, user or answer."""
    if job.preset is not None:
        return _fill_export(con, job, scan, file.name, number)
    if job.survey.asked or job.vendor:
        if job.vendor is not None:
            check_survey(job.vendor, scan.source.path.name, scan.columns, job.mapping)
        found = wide.layout(job.survey, scan.source.path.name, scan.columns, job.mapping)
        if found is not None:
            return _fill_wide(con, job, scan, found, file, number)
        if job.vendor is not None:
            raise wide.no_question(job.survey, scan.source.path.name, scan.columns)
    return _fill(con, job, scan, file.name, file.digest, number)


def _note(con: "DuckDBPyConnection", entry: tuple[object, ...]) -> None:
    con.execute("insert into raw.loads values (?, ?, ?, ?, ?, ?, ?)", list(entry))


def _fill(
    con: "DuckDBPyConnection", job: _Job, scan: Scan, name: str, digest: str, number: int
) -> _Filled | None:
    """Insert by column names and `--map`; None, and nothing, if the file was misread."""
    columns = _resolved(con, job, scan)
    _check_times(con, job, scan, columns)
    before = _last_row(con, job.kind)
    targets = (*TARGETS[job.kind], *raw.ORIGIN)
    cells = cells_of(job.kind, scan, columns, digest, job.time_format)
    cells += [literal(name), scan.line, str(number)]
    ((rows,),) = con.execute(
        f"insert into raw.{job.kind} ({', '.join(targets)})"
        f" select {', '.join(cells)} from {scan.relation}"
    ).fetchall()
    if files.misread(con, scan, rows):
        con.execute(f"delete from raw.{job.kind} where rowid > ?", [before])
        return None
    rest = tuple(scan.columns[index] for index in columns.rest)
    if "properties" in TARGETS[job.kind]:
        return _Filled(rows, folded=rest)
    return _Filled(rows, ignored=rest)


def _resolved(con: "DuckDBPyConnection", job: _Job, scan: Scan) -> Columns:
    """The file's columns by name; where one is missing and a vendor wrote the file, the hint
    names its preset."""
    try:
        return resolve(job.kind, scan.source.path.name, scan.columns, job.mapping)
    except FunnelkitError as error:
        if job.survey.asked and wide.is_wide(scan.columns, job.mapping):
            raise wide.no_question(job.survey, scan.source.path.name, scan.columns) from None
        vendor = recognised(con, scan) if job.kind == "events" else None
        if vendor is None:
            raise
        raise FunnelkitError(error.message, looks_like(vendor)) from None


def _fill_wide(
    con: "DuckDBPyConnection",
    job: _Job,
    scan: Scan,
    found: wide.Layout,
    file: _Named,
    number: int,
) -> _Filled | None:
    """Insert a row per answer of the questions that are new; None, and nothing, if the file was
    misread. Raises FunnelkitError for a question that was loaded from another column."""
    new = wide.unloaded(found, file.questions, file.name)
    if not new.questions:
        return _Filled(0, old=True)
    _check_times(con, job, scan, found.columns)
    table = wide.stage(con, job.survey, scan, new, job.time_format)
    try:
        ((rows,),) = con.execute(f"select count(*) from {table}").fetchall()
        if files.misread(con, scan, rows):
            return None
        answers = wide.insert(con, table, file.digest, file.name, number)
    finally:
        wide.drop(con, table)
    rest = tuple(scan.columns[index] for index in found.rest)
    return _Filled(answers, ignored=rest, questions=new.ledger)


def _check_given(survey: wide.Survey, loaded: Sequence[FileLoad]) -> None:
    """Raise if a column given on the command line is in no file; of one skipped nobody knows."""
    if not any(file.skipped for file in loaded):
        error = wide.never_found(survey, [file.columns for file in loaded])
        if error is not None:
            raise error


def _fill_export(
    con: "DuckDBPyConnection", job: _Job, scan: Scan, name: str, number: int
) -> _Filled | None:
    """Insert a vendor's export by its preset; None, and nothing, if the file was misread."""
    table = stage(con, job.reading, scan)
    try:
        ((rows,),) = con.execute(f"select count(*) from {table}").fetchall()
        if files.misread(con, scan, rows):
            return None
        events, users = insert(con, job.reading, table, name, number)
        return _Filled(events, users, ignored=left_out(job.reading.preset, scan.columns))
    finally:
        drop(con, table)


def _last_row(con: "DuckDBPyConnection", kind: Kind) -> int:
    ((last,),) = con.execute(f"select coalesce(max(rowid), -1) from raw.{kind}").fetchall()
    return int(last)
