r"""The grammar of `--step`: `[NAME=]EVENT[|EVENT...][ where SQL]`.

    signed_up
    product=product1|product2
    big=purchase where amount > 10

A backslash makes the next character part of a name: `a\|b`, `a\=b`, `known\ where`. The SQL after
`where` is taken as it stands.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from funnelkit.errors import FunnelkitError

EXAMPLES = 'like --step signed_up, --step "product=product1|product2" or ' + (
    '--step "big=purchase where amount > 10"'
)
FEWEST, MOST = 2, 31
_TOKEN = re.compile(r"\\.|(?P<where>\s+where(?=\s|$))|.", re.IGNORECASE | re.DOTALL)


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


def _wrong(text: str, why: str) -> FunnelkitError:
    return FunnelkitError(f"--step {text!r}: {why}", EXAMPLES)


def _split_where(text: str) -> tuple[str, str | None]:
    for token in _TOKEN.finditer(text):
        # What a backslash protects is a token of its own, so this `where` is no part of a name.
        if token["where"] and text[: token.start()].strip():
            return text[: token.start()], text[token.end() :].strip()
    return text, None


def _split_name(head: str) -> tuple[str | None, list[str]]:
    """Name (None without `=`) and event names, escapes undone, blanks around them dropped."""
    parts: list[str] = [""]
    name: str | None = None
    kept = 0  # characters of the current part that a backslash protects from stripping
    characters = iter(head)
    for character in characters:
        if character == "\\":
            parts[-1] += next(characters, "\\")
            kept = len(parts[-1])
        elif character == "=" and name is None and len(parts) == 1:
            name, parts[-1], kept = _stripped(parts[-1], kept), "", 0
        elif character == "|":
            parts[-1], kept = _stripped(parts[-1], kept), 0
            parts.append("")
        elif character.isspace() and not parts[-1]:
            continue
        else:
            parts[-1] += character
    parts[-1] = _stripped(parts[-1], kept)
    return name, parts


def _stripped(part: str, kept: int) -> str:
    return part[:kept] + part[kept:].rstrip()


def _distinct(names: Iterable[str]) -> list[str]:
    taken: list[str] = []
    for name in names:
        candidate, number = name, 2
        while candidate in taken:
            candidate, number = f"{name} {number}", number + 1
        taken.append(candidate)
    return taken
