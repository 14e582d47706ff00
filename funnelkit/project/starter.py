"""The first definitions of a new project: YAML with what was seen in its log."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import yaml

_EMPTY = """\
# Days, weeks and months of reports; times are stored in UTC.
timezone: UTC

# Typed once, when the log is built: {recipients: integer, paid: boolean}
event_properties: {}
# What is known of a user, as of a time: {plan: varchar, mrr_cents: bigint}
user_properties: {}

# funnels:
#   activation:
#     steps: [signed_up, project_created, invited]
#     window: 14 days
# outcomes:
#   back_in_week_3: {event: project_opened, after: 21 days, within: 7 days}
# aha_search: {funnel: activation, outcome: back_in_week_3}
"""


class Starter(NamedTuple):
    """What a log told: where it is from, how to load it, its events with counts, its properties.

    `funnel` are names of events that may be steps.
    """

    source: str
    load: str
    events: Sequence[tuple[str, int]]
    event_properties: Mapping[str, str]
    user_properties: Mapping[str, str]
    unnamed: Sequence[str]
    funnel: Sequence[str]


def starter_vars(seen: Starter | None = None) -> str:
    """The block under `vars: funnelkit:` of a new project, comments and all.

    The funnel is written as a comment: it is a guess. Text from the log stands only in quotes, or
    in comments that it cannot end.
    """
    if seen is None:
        return _EMPTY
    lines = [
        f"# From {_line(seen.source)}. Load it with:",
        f"#   {_line(seen.load)}",
        "",
        "# Days, weeks and months of reports; times are stored in UTC.",
        "timezone: UTC",
        "",
        "# Typed once, when the log is built; leave out what no funnel asks for.",
        *_properties("event_properties", seen.event_properties),
        *_properties("user_properties", seen.user_properties),
    ]
    if seen.unnamed:
        lines.append(f"# Not declared, for their names: {_names(seen.unnamed[:12])}")
    lines += ["", "# Events of the log:"]
    lines += [f"#   {count:>9,}  {_line(name)}" for name, count in seen.events[:20]]
    if len(seen.events) > 20:
        lines.append(f"#   and {len(seen.events) - 20} more")
    lines += ["", *_funnel(seen.funnel)]
    return "\n".join(lines) + "\n"


def _properties(key: str, types: Mapping[str, str]) -> list[str]:
    if not types:
        return [f"{key}: {{}}"]
    return [f"{key}:", *(f"  {name}: {kind}" for name, kind in types.items())]


def _funnel(steps: Sequence[str]) -> list[str]:
    if not steps:
        steps = ["signed_up", "project_created"]
        told = "# A funnel looks like this:"
    else:
        told = "# A first funnel, guessed from what users do first. Right? Take away the `# `."
    return [
        told,
        "# funnels:",
        "#   first:",
        "#     steps:",
        *(f"#       - {_step(step)}" for step in steps),
        "#     window: 14 days",
    ]


def _step(event: str) -> str:
    """A step as YAML: the bare name where it is one, and else a name made of it."""
    if _is_name(event):
        return event
    name = re.sub(r"[^a-z0-9]+", "_", event.lower()).strip("_")[:40]
    name = name if _is_name(name) else f"step_{name}".rstrip("_")
    return f"{{name: {name}, event: {_line(json.dumps(event, ensure_ascii=False))}}}"


def _is_name(text: str) -> bool:
    # `on` and `null` are no texts in YAML.
    return bool(re.fullmatch("[a-z][a-z0-9_]{0,62}", text)) and yaml.safe_load(text) == text


def _names(names: Iterable[str]) -> str:
    return ", ".join(_line(name) for name in names)


def _line(text: str) -> str:
    """Text of the log in a comment: no line break of any kind, nothing that turns text around."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)[:200]
