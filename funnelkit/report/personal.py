"""Values in a report's files that look as if they name a person: they fail `report check`.

Patterns find only what has the form of an e-mail address, a phone number or an id. What else is
private (names, what somebody wrote) no report holds in the first place.
"""

import html
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from funnelkit.errors import FunnelkitError

_MAIL = re.compile(r"[\w.%+-]+@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)+")
# With a country's prefix, with an area's in brackets, or in the groups of North America.
_PHONE = re.compile(
    r"(?<![\w+.])(?<!\d,)(?:\+\d{1,3}(?:[ /().-]{0,2}\d){7,12}|00\d{1,3}(?:[ /().-]{1,2}\d+){2,5}"
    r"|\(0?\d{2,5}\)[ /-]?\d{3,}(?:[ -]\d{2,})*|\d{3}-\d{3}-\d{4})(?!\.\d|\w)"
)
_ID = re.compile(
    r"(?<![\w.#-])(?:"
    r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"  # a UUID
    r"|[0-9a-f]{24,}"  # what databases and sessions are called by
    r"|\d{13,}"  # a card, a player
    r"|(?:users?|usr|accounts?|acct|acc|customers?|cust|cus|org|person|device|dev)"
    r"(?:[_-]\d{3,}|\d{5,})"  # account360 and org2024 are names of other things
    r"|[ua][_-]?\d{4,9}"  # longer ones are digests
    r"|(?:\d{1,3}\.){3}\d{1,3}"  # an address in a network
    r")(?![\w-]|\.\d)",
    re.IGNORECASE,
)
_PATTERNS = {"an e-mail address": _MAIL, "a phone number": _PHONE, "an id": _ID}
# Marks of a drawing and of a page hold coordinates; what people read stands between them and in
# the words of a mark.
_TAG = re.compile(r"<[^>]*>")
_STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)
_WORDS = re.compile(r"""(?:aria-label|content|title|alt)="([^"]*)\"""")


class Personal(NamedTuple):
    """A value that looks like `what`; `line` counts from 1, `value` is cut short."""

    path: str
    line: int
    what: str
    value: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: looks like {self.what}: {self.value}"


def personal(files: Mapping[str, bytes]) -> list[Personal]:
    """Values of these files that look as if they name somebody, by path and line."""
    return [found for path in sorted(files) for found in _of_file(path, files[path])]


def check_personal(files: Mapping[str, bytes]) -> None:
    """Raises FunnelkitError, with the places and without the values, where there are any."""
    found = personal(files)
    if found:
        first = "; ".join(map(str, found[:3]))
        more = f" and {len(found) - 3} more" if len(found) > 3 else ""
        raise FunnelkitError(
            f"nothing that names a person may enter a report: {first}{more}",
            "leave the property out of the breakdowns, or rename the event, segment, wave,"
            " question, feature or theme, or change the definition that says it",
        )


def _of_file(path: str, content: bytes) -> Iterator[Personal]:
    text = content.decode("utf-8", "replace")
    is_marked = path.endswith((".html", ".svg"))
    if is_marked:
        text = _STYLE.sub(lambda match: "\n" * match[0].count("\n"), text)
    for number, line in enumerate(text.splitlines(), start=1):
        read = _read(line) if is_marked else line
        for what, pattern in _PATTERNS.items():
            for match in pattern.finditer(read):
                yield Personal(path, number, what, f"{match[0][:2]}…")


def _read(line: str) -> str:
    """What people read of a line with marks."""
    words = " ".join(_WORDS.findall(line))
    return html.unescape(f"{_TAG.sub(' ', line)} {words}")
