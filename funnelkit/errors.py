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


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Hint for a misspelled noun: the nearest known name, else the known names.

    Returns None when nothing is known at all.
    """
    import difflib

    names = sorted(set(known))
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]!r}?"
    if not names:
        return None
    shown = ", ".join(names[:12]) + (f", … ({len(names)} in all)" if len(names) > 12 else "")
    return f"known: {shown}"
