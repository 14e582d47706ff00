r"""The grammar of `--step`, `--exclude` and `--by`.

`--step`: `[NAME=]EVENT[|EVENT...][ where SQL]`

    signed_up
    product=product1|product2
    big=purchase where amount > 10

`--exclude`: `EVENT[|EVENT...][ from=STEP][ to=STEP][ scope=attempt|entity][ where SQL]`

    deleted
    deleted|closed from=signed_up to=shared scope=entity where n > 0

`--by`: `PROPERTY[@STEP|@first|@last]`

A backslash makes the next character part of a name: `a\|b`, `a\=b`, `known\ where`. The SQL after
`where` is taken as it stands.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from funnelkit.errors import FunnelkitError, did_you_mean
from funnelkit.project.rules import AT_ENTRY

EXAMPLES = 'like --step signed_up, --step "product=product1|product2" or ' + (
    '--step "big=purchase where amount > 10"'
)
FEWEST, MOST = 2, 31
EXCLUDE_EXAMPLES = 'like --exclude deleted or --exclude "deleted|closed from=signed_up to=shared"'
SCOPES = ("attempt", "entity")
_TOKEN = re.compile(r"\\.|(?P<where>\s+where(?=\s|$))|.", re.IGNORECASE | re.DOTALL)
_CHARACTER = re.compile(r"\\.|.", re.DOTALL)
_LATE = re.compile(r"\s(?:from|to|scope)=")
_OPERATOR = re.compile(r"(?:\b(?:and|or|not|when|then|else)|[(=<>,+*/|-])$", re.IGNORECASE)
_OPTION = re.compile(r"\\.|\s+(?P<key>from|to|scope)=|.", re.DOTALL)


def parse_steps(texts: Sequence[str]) -> list[dict[str, Any]]:
    """Steps in the order given: `{"name": …, "event": [names], "where": SQL or None}`.

    A name that is already taken gets a number: `viewed`, `viewed 2`. Raises FunnelkitError for
    fewer than 2 or more than 31 steps, or one that is not in the grammar.
    """
    if not FEWEST <= len(texts) <= MOST:
        raise FunnelkitError(
            f"a funnel has {FEWEST} to {MOST} steps: {len(texts)} given",
            "like --step signed_up --step connected --step shared",
        )
    steps = [parse_step(text) for text in texts]
    for step, name in zip(steps, _distinct(step["name"] for step in steps), strict=True):
        step["name"] = name
    return steps


def parse_step(text: str) -> dict[str, Any]:
    """One step; see the module for the grammar. Raises FunnelkitError."""
    head, where = _split_where(text)
    name, events = _split_name(head)
    if where == "":
        raise _wrong(text, "no condition after `where`")
    if name == "":
        raise _wrong(text, "no name before `=`")
    if not all(events):
        raise _wrong(text, "an event name is missing")
    return {"name": name or "|".join(events), "event": events, "where": where}


def parse_exclude(text: str) -> dict[str, Any]:
    """One exclusion as it would stand in the YAML: `event` (a list) and the keys that were given.

    Raises FunnelkitError if it is not in the grammar; whether `from` and `to` are steps is not
    looked at.
    """
    head, where = _split_where(text)
    names, options = _split_options(text, head)
    events = [_plain(part) for part in _split(names, "|")]
    if not all(events):
        raise _wrong_exclusion(text, "an event name is missing")
    if where == "":
        raise _wrong_exclusion(text, "no condition after `where`")
    if where and _misplaced(where):
        raise _wrong_exclusion(text, "`from=`, `to=` and `scope=` stand before `where`")
    scope = options.get("scope", SCOPES[0])
    if scope not in SCOPES:
        raise _wrong_exclusion(text, f"unknown scope {scope!r}; {did_you_mean(scope, SCOPES)}")
    return {"event": events, **options, **({"where": where} if where else {})}


def _misplaced(where: str) -> bool:
    """Whether an option of the grammar stands in the SQL, where no operand can stand."""
    flat = " ".join(re.sub(r"'(?:[^']|'')*'", "''", where).split())
    return any(not _OPERATOR.search(flat[: found.start()]) for found in _LATE.finditer(flat))


def parse_by(text: str) -> dict[str, str]:
    """A breakdown, `{"property": …, "at": …}`; `at` is `entry` where none is given.

    Raises FunnelkitError if the property or the place is missing.
    """
    name, *rest = _split(text, "@", most=1)
    found = {"property": _plain(name), "at": _plain(rest[0]) if rest else AT_ENTRY}
    like = "like --by channel, --by browser@first or --by recipients@shared"
    if not all(found.values()):
        missing = "no step after `@`" if found["property"] else "a property's name is missing"
        raise FunnelkitError(f"--by {text!r}: {missing}", like)
    if rest and found["at"] == AT_ENTRY:
        raise FunnelkitError(
            f"--by {text!r}: {AT_ENTRY!r} is the entry itself here, not a step",
            f"--by {name}, or give the step another name: --step begun={AT_ENTRY}",
        )
    return found


def _wrong(text: str, why: str) -> FunnelkitError:
    return FunnelkitError(f"--step {text!r}: {why}", EXAMPLES)


def _wrong_exclusion(text: str, why: str) -> FunnelkitError:
    return FunnelkitError(f"--exclude {text!r}: {why}", EXCLUDE_EXAMPLES)


def _split_where(text: str) -> tuple[str, str | None]:
    for token in _TOKEN.finditer(text):
        # What a backslash protects is a token of its own, so this `where` is no part of a name.
        if token["where"] and text[: token.start()].strip():
            return text[: token.start()], text[token.end() :].strip()
    return text, None


def _split_options(text: str, head: str) -> tuple[str, dict[str, str]]:
    """What stands before the first ` key=`, and each key's value, escapes undone."""
    found = [token for token in _OPTION.finditer(head) if token["key"]]
    ends = [*(token.start() for token in found), len(head)]
    options: dict[str, str] = {}
    for token, end in zip(found, ends[1:], strict=True):
        key, value = token["key"], _plain(head[token.end() : end])
        if key in options:
            raise _wrong_exclusion(text, f"`{key}=` is there twice")
        if not value:
            raise _wrong_exclusion(text, f"nothing after `{key}=`")
        options[key] = value
    return head[: ends[0]], options


def _split_name(head: str) -> tuple[str | None, list[str]]:
    """Name (None without `=`) and event names, escapes undone, blanks around them dropped."""
    name, *rest = _split(head, "=", most=1)
    if not rest or len(_split(name, "|")) > 1:  # of `a|b=c` the `=` is part of an event's name
        return None, [_plain(part) for part in _split(head, "|")]
    return _plain(name), [_plain(part) for part in _split(rest[0], "|")]


def _split(text: str, mark: str, most: int = -1) -> list[str]:
    """Parts between the marks that no backslash protects, at most `most` cuts; escapes stay."""
    parts: list[str] = []
    start = 0
    for token in _CHARACTER.finditer(text):
        if token[0] == mark and most != len(parts):
            parts.append(text[start : token.start()])
            start = token.end()
    return [*parts, text[start:]]


def _plain(part: str) -> str:
    """A name as it is meant: blanks around it dropped, escapes undone; a protected blank stays."""
    characters = _CHARACTER.findall(part)
    while characters and characters[-1].isspace():
        characters.pop()
    while characters and characters[0].isspace():
        characters.pop(0)
    return "".join(each[1:] or each for each in characters)


def _distinct(names: Iterable[str]) -> list[str]:
    taken: list[str] = []
    for name in names:
        candidate, number = name, 2
        while candidate in taken:
            candidate, number = f"{name} {number}", number + 1
        taken.append(candidate)
    return taken
