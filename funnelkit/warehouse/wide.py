"""Wide survey exports: a row per respondent, a column per question, made a row per answer.

Which column is which question is declared (`feedback: questions: …: column:`), given on the command
line, or known of the vendor's export (`presets.surveys`).
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from funnelkit.errors import FunnelkitError, did_you_mean
from funnelkit.warehouse.cells import cells_of
from funnelkit.warehouse.connect import literal
from funnelkit.warehouse.mapping import Columns, listed, resolve
from funnelkit.warehouse.mapping import found as place_of
from funnelkit.warehouse.raw import ORIGIN, REQUIRED, TARGETS
from funnelkit.warehouse.sources import Scan

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

KINDS = (
    "nps", "csat", "ces", "rating5", "importance", "satisfaction", "intent", "frequency", "amount",
    "choice", "text",
)  # fmt: skip
_WORDS = {"text", "choice"}  # kinds whose answer is text; that of the others is a number
# What a row of a wide file says of all its answers; the rest of raw.feedback its columns say.
OF_ROW = ("response_id", "user_id", "source", "submitted_at", "language", "product")
_OF_ANSWER = ("question", "score", "text")
_serial = itertools.count(1)


class Asked(NamedTuple):
    """A question and the columns that may hold its answers; `given` by name on the command line.

    Of several columns a choice takes all that are filled (one a box ticked), joined by `; `; any
    other kind the first that is: headings change from export to export.
    """

    question: str
    kind: str
    feature: str | None
    columns: tuple[str, ...]
    given: bool = False


@dataclass(frozen=True)
class Survey:
    """How the wide files of one `load` are read.

    `defaults` are a vendor's columns for our targets, by `--map` or name if not there; `typed` is a
    column that names the kind of survey a row answers, which takes the place of the question `nps`.
    """

    asked: tuple[Asked, ...] = ()
    defaults: Mapping[str, str] | None = None
    typed: str | None = None

    @property
    def told(self) -> bool:
        """Whether it is certain that the files are wide: a preset or the command line says so."""
        return self.defaults is not None or any(each.given for each in self.asked)


class Layout(NamedTuple):
    """A file's columns: those for every answer of a row, and each question with its columns'
    places, `rest` those that nothing asks for."""

    columns: Columns
    questions: tuple[tuple[Asked, tuple[int, ...]], ...]
    rest: tuple[int, ...]

    @property
    def ledger(self) -> dict[str, list[int]]:
        """Question → places of its columns, as raw.loads keeps it."""
        return {asked.question: list(places) for asked, places in self.questions}


def parse_questions(
    items: Iterable[str], declared: Sequence[Mapping[str, Any]]
) -> tuple[Asked, ...]:
    """The questions that wide files are asked for: those declared, and `--question ID=COLUMN`.

    `declared`: the questions of the say plan. What is given decides over what is declared; an id
    that is not declared names its kind: `ID:KIND=COLUMN`, or is one, like `nps`. Raises
    FunnelkitError for other items.
    """
    known = {str(each["name"]): each for each in declared}
    given: dict[str, Asked] = {}
    for item in items:
        told, equals, column = (part.strip() for part in item.partition("="))
        name, _, kind = told.partition(":")
        if not (name and equals and column):
            raise FunnelkitError(
                f"--question {item!r}: expected ID=COLUMN",
                'example: --question nps="How likely are you to recommend us?"',
            )
        kind = kind or _kind_of(name, known)
        if kind not in KINDS:
            raise FunnelkitError(
                f"--question {item!r}: no kind is called {kind!r}", did_you_mean(kind, KINDS)
            )
        before = given[name].columns if name in given else ()
        feature = known[name].get("feature") if name in known else None
        given[name] = Asked(name, kind, feature, (*before, column), given=True)
    rest = [
        Asked(name, str(each["kind"]), each.get("feature"), tuple(each["columns"]))
        for name, each in known.items()
        if each["columns"] and name not in given
    ]
    return (*rest, *given.values())


def _kind_of(name: str, known: Mapping[str, Mapping[str, Any]]) -> str:
    if name in known:
        return str(known[name]["kind"])
    if name in KINDS:
        return name
    near = did_you_mean(name, [*known, *KINDS])
    raise FunnelkitError(
        f"--question {name}=…: no question {name!r} is declared, so its kind is not known",
        near if near and near.startswith("did you mean") else f"say it: {name}:rating5=…",
    )


def layout(
    survey: Survey, file: str, columns: Sequence[str], mapping: Mapping[str, str]
) -> Layout | None:
    """How a wide file is read; None for a long one, and for one without a column of a question.

    A file is wide if no column is the question, score or text of its rows and one at least is
    declared to be a question; it is wide whatever it has where a preset or `--question` says so.
    Raises FunnelkitError for a mapping that is of no wide file, and as `mapping.resolve` does.
    """
    questions = tuple(
        (each, places) for each in survey.asked if (places := _places(columns, each.columns))
    )
    if not questions or not (survey.told or is_wide(columns, mapping)):
        return None
    for target in mapping:
        if target not in OF_ROW and target in TARGETS["feedback"]:
            raise FunnelkitError(
                f"--map {target}={mapping[target]}: the questions say the {target} of each answer",
                f"leave it out; --map takes {', '.join(OF_ROW)}",
            )
    given = {"source": "'survey'", **_defaults(survey, columns), **mapping}
    if "source" not in mapping and place_of(columns, "source") is not None:
        given.pop("source")
    needed = tuple(group for group in REQUIRED["feedback"] if "question" not in group)
    found = resolve("feedback", file, columns, given, targets=OF_ROW, required=needed)
    taken = {*found.sources.values(), *(place for _, places in questions for place in places)}
    if survey.typed is not None and (typed := place(columns, survey.typed)) is not None:
        taken.add(typed)
    return Layout(found, questions, tuple(i for i in range(len(columns)) if i not in taken))


def is_wide(columns: Sequence[str], mapping: Mapping[str, str]) -> bool:
    """Whether no column is the question, score or text of a row: it is not a row an answer."""
    return not any(
        target in mapping or place_of(columns, target) is not None for target in _OF_ANSWER
    )


def _defaults(survey: Survey, columns: Sequence[str]) -> dict[str, str]:
    """A vendor's columns that the file has, by the name that they have there; and constants."""
    found = {}
    for target, theirs in (survey.defaults or {}).items():
        places = [place(columns, name) for name in theirs.split("|")]
        here = [columns[each] for each in places if each is not None]
        if theirs.startswith("'") or here:
            found[target] = here[0] if here else theirs
    return found


def _places(columns: Sequence[str], names: Iterable[str]) -> tuple[int, ...]:
    found = (place(columns, name) for name in names)
    return tuple(dict.fromkeys(each for each in found if each is not None))


def place(columns: Sequence[str], name: str) -> int | None:
    """Where a heading is: as `mapping.found`, then with blanks, case and punctuation set aside."""
    exact = place_of(columns, name)
    if exact is not None:
        return exact
    near = [i for i, column in enumerate(columns) if _bare(column) == _bare(name)]
    return near[0] if len(near) == 1 and _bare(name) else None


def _bare(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def no_question(survey: Survey, file: str, columns: Sequence[str]) -> FunnelkitError:
    """The error for a file that has neither an answer a row nor a column of a question."""
    names = [name for each in survey.asked for name in each.columns]
    hints = [did_you_mean(name, columns) for name in names]
    near = next((hint for hint in hints if hint and hint.startswith("did you mean")), None)
    return FunnelkitError(
        f"{file} has no column of a question (looked for: {listed(names)}); it has:"
        f" {listed(columns)}",
        near or 'say which it is: --question nps="Its heading"',
    )


def never_found(survey: Survey, files: Iterable[Sequence[str]]) -> FunnelkitError | None:
    """The error for a column given on the command line that no file has; else None."""
    all_columns = list(files)
    for each in survey.asked:
        if each.given and not any(_places(columns, each.columns) for columns in all_columns):
            seen = sorted({column for columns in all_columns for column in columns})
            return FunnelkitError(
                f"no file has a column {each.columns[0]!r} (--question {each.question}=…);"
                f" they have: {listed(seen)}",
                did_you_mean(each.columns[0], seen),
            )
    return None


def unloaded(found: Layout, loaded: Mapping[str, Sequence[int]], file: str) -> Layout:
    """The layout without the questions that were loaded before from the same columns.

    Raises FunnelkitError for one that was loaded from others: it would be there twice.
    """
    for asked, places in found.questions:
        if asked.question in loaded and list(loaded[asked.question]) != list(places):
            raise FunnelkitError(
                f"question {asked.question!r} of {file} was loaded before from another column;"
                " loading it again would put its answers in twice",
                "give it another id, or start from a new warehouse",
            )
    new = tuple(each for each in found.questions if each[0].question not in loaded)
    return found._replace(questions=new)


# SQL


def stage(
    con: "DuckDBPyConnection",
    survey: Survey,
    scan: Scan,
    found: Layout,
    time_format: str | None,
) -> str:
    """The name of a temporary table with a row per record of the file: fk_line, the targets of the
    row, its survey's type, and a list of its answers (question, kind, feature, score, text)."""
    table = f"temp.fk_wide_{next(_serial)}"
    cells = dict(
        zip(
            TARGETS["feedback"],
            cells_of("feedback", scan, found.columns, "", time_format),
            strict=True,
        )
    )
    # The loader's own id is of the whole row: that of an answer is made below.
    cells["response_id"] = _told_id(scan, found.columns)
    typed = None if survey.typed is None else place(scan.columns, survey.typed)
    kind = "null" if typed is None else f"lower(trim({scan.text[typed]}))"
    row = ", ".join(f"{cells[target]} as {target}" for target in OF_ROW)
    answers = ", ".join(_answer(scan, asked, places) for asked, places in found.questions)
    con.execute(
        f"create temp table {table.removeprefix('temp.')} as select {scan.line} as fk_line, {row},"
        f" cast({kind} as varchar) as fk_type, [{answers}] as fk_answers from {scan.relation}"
    )
    return table


def drop(con: "DuckDBPyConnection", table: str) -> None:
    """Drop what `stage` made."""
    import duckdb

    # In a transaction that failed nothing can be dropped; its rollback takes it away.
    with suppress(duckdb.TransactionException):
        con.execute(f"drop table if exists {table}")


def _told_id(scan: Scan, columns: Columns) -> str:
    if "response_id" in columns.constants:
        return literal(columns.constants["response_id"])
    index = columns.sources.get("response_id")
    return "cast(null as varchar)" if index is None else scan.text[index]


def _answer(scan: Scan, asked: Asked, places: Sequence[int]) -> str:
    cells = [scan.text[each] for each in places]
    if asked.kind == "choice":
        value = f"nullif(concat_ws('; ', {', '.join(cells)}), '')"
    else:
        value = cells[0] if len(cells) == 1 else f"coalesce({', '.join(cells)})"
    is_text = asked.kind in _WORDS
    feature = "null" if asked.feature is None else literal(asked.feature)
    return (
        f"{{question: {literal(asked.question)}, kind: {literal(asked.kind)},"
        f" feature: cast({feature} as varchar),"
        f" score: cast({'null' if is_text else value} as varchar),"
        f" text: cast({value if is_text else 'null'} as varchar)}}"
    )


def insert(con: "DuckDBPyConnection", table: str, digest: str, name: str, number: int) -> int:
    """Insert a row per answer into raw.feedback; how many. An empty cell is no answer.

    The id of an answer is that of its row and its question; a row without one gives the md5 of the
    answer, its user and time, and of its place in the file where nobody signed it.
    """
    targets = ", ".join((*TARGETS["feedback"], *ORIGIN))
    # Such a survey's own two questions are named after its type; an unknown type is no kind.
    typed = {
        "question": "case when fk_type is not null and answer.question in ('nps', 'nps_why')"
        " then fk_type || substr(answer.question, 4) else answer.question end",
        "kind": "case when fk_type is null or answer.question <> 'nps' then answer.kind"
        f" when fk_type in ({', '.join(map(literal, KINDS))}) then fk_type end",
    }
    place_sql = f"case when user_id is null then {literal(digest + '/')} || fk_line end"
    content = "user_id, source, submitted_at, language, product, question, score, text"
    ((rows,),) = con.execute(f"""
        insert into raw.feedback ({targets})
        select
            coalesce(response_id, md5(cast(to_json([{content}, {place_sql}]) as varchar)))
                || ':' || question,
            user_id, source, submitted_at, question, kind, feature, score, text, language, product,
            {literal(name)}, fk_line, {number}
        from (
            select
                fk_line, {", ".join(OF_ROW)},
                {typed["question"]} as question,
                {typed["kind"]} as kind,
                answer.feature, answer.score, answer.text
            from (select *, unnest(fk_answers) as answer from {table})
            where coalesce(answer.score, answer.text) is not null
        )""").fetchall()
    return int(rows)
