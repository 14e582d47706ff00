"""The one error users see, and the hint that goes with it."""

from collections.abc import Iterable


class FunnelkitError(Exception):
    """A mistake the user can mend; the CLI prints it as `error:` and `hint:` and exits with 2.

    `message` names the file, line or row, the value and what was expected;
    `hint` says what to do, with an example.
    """

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def check_unicode(text: str) -> str:
    """`text` itself; raises FunnelkitError where it came from bytes that are not UTF-8."""
    # Such bytes are halves of characters in Python, which neither SQL nor a terminal can hold.
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        hint = "rename the file, or write the word in UTF-8"
        raise FunnelkitError(f"{text!r} is not UTF-8", hint)
    return text


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Hint for a misspelled noun: the nearest known name, else the known names.

    Returns None when nothing is known at all.
    """
    import difflib

    names = sorted(set(known))
    # Nobody misspells a name as long as that, and to compare it takes seconds.
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6) if len(word) < 200 else []
    if near:
        return f"did you mean {near[0]!r}?"
    if not names:
        return None
    shown = ", ".join(names[:12]) + (f", … ({len(names)} in all)" if len(names) > 12 else "")
    return f"known: {shown}"
