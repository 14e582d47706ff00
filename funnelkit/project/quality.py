"""What of the raw log does not count, and how much of that is too much."""

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from funnelkit.project.fields import Duration, Share, Strict, Text, wrong
from funnelkit.project.rules import Mistake, as_list, as_mapping

_DAY_US = 86_400_000_000
_MOST_OF_A_NAME = 63


def _line(value: str) -> str:
    # A rule's name is a reason in tables, and the name of its list.
    if len(value) > _MOST_OF_A_NAME or value != " ".join(value.split()):
        raise wrong(f"a rule's name is one line of at most {_MOST_OF_A_NAME} characters")
    return value


def inside(value: str) -> str:
    """The path of a file in the project's folder, as written; anything else is refused."""
    parts = PurePosixPath(value).parts
    if value.startswith(("/", "~")) or ".." in parts or "\\" in value or value.endswith("/"):
        raise wrong(f"{value!r} is not a file in the project; write private/test_users.txt")
    return value


class ClockSkew(Strict):
    """Events that occurred later than they were received by more than `over_us` microseconds.

    `then`: `reject` them, or `flag` them, which keeps and counts them.
    """

    over_us: Annotated[Duration, Field(alias="over")] = _DAY_US
    then: Literal["reject", "flag"] = "reject"


class Rule(Strict):
    """Events that do not count, by a name; at least one of the three.

    `events`: SQL over a row of the log, takes out the events for which it is true. `users`: SQL
    over user properties, and `list`: a file of ids, one a line, in the project's folder; both take
    out all events of those users.
    """

    name: Annotated[Text, AfterValidator(_line)]
    events: Text | None = None
    users: Text | None = None
    list: Annotated[Text, AfterValidator(inside)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _any(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            raise wrong(f"{value!r} is not a rule; write {{name: bots, events: …}}")
        if "name" in value and not any(value.get(key) for key in ("events", "users", "list")):
            known = {"name", "events", "users", "list"}
            if set(value) <= known:  # else it is a misspelt key, which is told
                raise wrong("takes nothing out; write events, users or list")
        return value


class Limits(Strict):
    """Shares of raw event rows, 0 to 1, above which the build fails; None: no limit."""

    rejected: Share | None = None
    duplicate: Share | None = None
    excluded: Share | None = None
    late: Share | None = None


class Quality(Strict):
    """What is dropped, flagged and excluded, each counted in `rpt_event_quality`.

    `near_duplicates_us`: an event like the one before (user, name and properties) within this time
    is a duplicate; None: only equal ids are.
    """

    near_duplicates_us: Annotated[Duration | None, Field(alias="near_duplicates")] = None
    clock_skew: ClockSkew = Field(default_factory=ClockSkew)
    exclude: tuple[Rule, ...] = ()
    fail_over: Limits = Field(default_factory=Limits)


def repeated_rules(raw: Mapping[str, Any]) -> Iterator[Mistake]:
    """Rules of one name, in the `vars: funnelkit:` block as written; wrong shapes are passed."""
    seen: set[str] = set()
    for at, rule in enumerate(as_list(as_mapping(raw.get("quality")).get("exclude"))):
        name = as_mapping(rule).get("name")
        if not isinstance(name, str):
            continue
        if name in seen:
            path = ("quality", "exclude", at, "name")
            yield Mistake(path, f"a second rule named {name!r}; give it another name")
        seen.add(name)
