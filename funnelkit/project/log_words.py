"""What of the log counts, and whose it is, in plain sentences."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from funnelkit.project.definitions import Definitions
from funnelkit.project.durations import format_duration
from funnelkit.project.identity import Identity
from funnelkit.project.moments import in_zone
from funnelkit.project.quality import Quality, Rule
from funnelkit.table import fine_percent

LOG = "(event log)"  # no funnel's name has brackets
_OWNERS = {
    "first": "the first of its users",
    "last": "the last of its users",
    "none": "its user, or to nobody where it has several",
}
_US = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def own_log_in_words(definitions: Definitions) -> list[str]:
    """As `log_in_words`, of a project that says anything of its log; else nothing."""
    defaults = Definitions()
    keys = ("events", "as_of", "identity", "quality")
    if all(getattr(definitions, key) == getattr(defaults, key) for key in keys):
        return []
    return log_in_words(definitions)


def log_in_words(definitions: Definitions) -> list[str]:
    """The rules of `events`, `as_of`, `identity` and `quality`, one sentence each.

    Rules at their defaults included; what a project does not have is left out.
    """
    return [
        *_source(definitions),
        *_identity(definitions.identity),
        *_quality(definitions.quality),
    ]


def _source(definitions: Definitions) -> Iterator[str]:
    if definitions.events is not None:
        yield f"Events: the rows of the model {definitions.events.model}."
    if definitions.as_of is not None:
        at = in_zone((definitions.as_of - _EPOCH) // _US, "UTC")
        yield (
            f"As of {at} UTC: rows received later do not count (of rows without a time of receipt, "
            "those that occurred later)."
        )


def _identity(identity: Identity) -> Iterator[str]:
    users, ids = f"{identity.max_users_per_device:,}", f"{identity.max_ids_per_person:,}"
    yield (
        f"Identity: anonymous events of a device go to {_OWNERS[identity.shared_devices]}; a "
        f"device of more than {users} users is nobody's, and aliases that would make one person of "
        f"more than {ids} ids are not followed."
    )


def _quality(quality: Quality) -> Iterator[str]:
    yield "Duplicates: of rows with one event_id, the one received first counts."
    if quality.near_duplicates_us is not None:
        yield (
            "Near duplicates: an event at most "
            f"{format_duration(quality.near_duplicates_us)} after one of the same user, name and "
            "properties does not count."
        )
    ahead = f"more than {format_duration(quality.clock_skew.over_us)} after they were received"
    then = "are rejected" if quality.clock_skew.then == "reject" else "are kept and counted"
    yield f"Clock skew: events that occurred {ahead} {then}."
    yield from (_rule(rule) for rule in quality.exclude)
    limits = quality.fail_over.model_dump(exclude_none=True)
    if limits:
        over = ", ".join(f"{outcome} {fine_percent(share)}" for outcome, share in limits.items())
        yield f"Limits: a build fails with more of its event rows than {over}."


def _rule(rule: Rule) -> str:
    taken = [f"events where {_flat(rule.events)}"] if rule.events else []
    taken += [f"all events of users where {_flat(rule.users)}"] if rule.users else []
    taken += [f"all events of the ids in {rule.list}"] if rule.list else []
    return f"Left out, {rule.name}: {'; '.join(taken)}."


def _flat(text: str) -> str:
    return " ".join(text.split())
