"""People who do not meet: users without events, feedback without users, devices, accounts."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from funnelkit.warehouse import meta
from funnelkit.warehouse.doctor.check import Check, count, share
from funnelkit.warehouse.queries import query

if TYPE_CHECKING:
    import duckdb

_MANY = 0.2
_EXAMPLES = 1000  # ids whose spelling is tried in other forms

# How one id is written in two systems: what to do with both sides, and what that says.
_FORMS = (
    ("lower(trim({id}))", "when case and spaces are ignored", "B-7 is not b-7"),
    ("ltrim(trim({id}), '0')", "without leading zeros", "007 is not 7"),
    ("nullif(regexp_extract({id}, '[0-9]+$'), '')", "by the digits at the end", "u7 is not 7"),
)
_LOST_FEEDBACK = """
select distinct user_id as id from main.fct_feedback
where user_id is not null and user_id not in (select user_id from main.int_users)
"""
_LOST_USERS = "select user_id as id from main.dim_users where first_seen_at is null"
_SEEN = "select user_id as id from main.dim_users where first_seen_at is not null"
_ALL = "select user_id as id from main.int_users"


def users(con: "duckdb.DuckDBPyConnection") -> Iterator[Check]:
    """Users that were told of and have no event, and events that no known user has."""
    if not _has(con, "dim_users", "int_user_rows"):
        return
    (found,) = query(con, "doctor_people")
    seen, told, unseen = found["seen"], found["told"], found["unseen"]
    if not seen:  # no event counts: that is told elsewhere
        return
    who = f"{count(seen, 'user')} with events"
    if found["anonymous"]:
        who += f", {share(found['anonymous'], seen)} of them anonymous"
    if not unseen:
        yield Check("users", "ok", who)
        return
    lost = f"{count(unseen, 'user')} of {told:,} ({share(unseen, told)}) without an event"
    spelled = _other_form(con, _LOST_USERS, _SEEN)
    if spelled or unseen >= _MANY * told:
        hint = spelled or "do the users file and the events have the same ids, and the same time?"
        yield Check("users", "warn", lost, hint)
    else:
        yield Check("users", "ok", f"{who}; {lost}")


def feedback(con: "duckdb.DuckDBPyConnection") -> Iterator[Check]:
    """Answers whose user is neither in the events nor in the users."""
    if not _has(con, "int_users", "fct_feedback"):
        return
    (found,) = query(con, "doctor_feedback")
    answers, signed, lost = found["answers"], found["signed"], found["unjoined"]
    if not answers:
        return
    if not lost:
        nobody = answers - signed
        more = f", {nobody:,} ({share(nobody, answers)}) without a user" if nobody else ""
        yield Check("feedback", "ok", f"{count(answers, 'answer')}{more}")
        return
    shown = ", ".join(repr(each) for each in found["examples"])
    hint = _other_form(con, _LOST_FEEDBACK, _ALL)
    yield Check(
        "feedback",
        "warn",
        f"{count(lost, 'answer')} of {signed:,} ({share(lost, signed)}) of a user that no event"
        f" and no users file has, like {shown}",
        hint or "map the column that has the users' ids: `--map user_id=THEIRS`",
    )


def _other_form(con: "duckdb.DuckDBPyConnection", lost: str, known: str) -> str | None:
    """A hint when ids that join nothing would join if they were written in another form."""
    columns = ", ".join(
        f"count(*) filter ({form.format(id='id')} in (select {form.format(id='id')} from known))"
        for form, _, _ in _FORMS
    )
    ((tried, *joined),) = con.execute(
        f"with lost as (from ({lost}) order by id limit {_EXAMPLES}), known as ({known})"
        f" select count(*), {columns} from lost"
    ).fetchall()
    for (_, how, example), number in zip(_FORMS, joined, strict=True):
        if number and number >= tried / 2:
            return f"{number:,} of {tried:,} ids would join {how} ({example}): write them alike"
    return None


def identities(con: "duckdb.DuckDBPyConnection") -> Iterator[Check]:
    """Ids that are nobody's because too many belong together, and logs in which none do."""
    if not _has(con, "int_identities"):
        return
    (found,) = query(con, "doctor_identities")
    if found["crowded"]:
        yield Check(
            "identities",
            "warn",
            f"{count(found['crowded'], 'device')} of more users than a device has, like"
            f" {_id(found['crowded_id'])}: what was done there unsigned is nobody's",
            "`identity: {max_users_per_device: 50}` would follow them",
        )
    if found["capped"]:
        yield Check(
            "identities",
            "warn",
            f"{count(found['capped'], 'id')} would merge more than one person has, like"
            f" {_id(found['capped_id'])}: not followed",
            "look for a test or default id in aliases; `identity: {max_ids_per_person: 200}`",
        )
    if found["anonymous"] and found["users"] and not found["owned"]:
        yield Check(
            "identities",
            "warn",
            f"{count(found['anonymous'], 'anonymous id')}, and none is a user's: what people did"
            " before they signed in is not theirs",
            "load events that carry both ids (identify, alias), with `--map anonymous_id=THEIRS`",
        )
    elif found["anonymous"] and not (found["crowded"] or found["capped"]):
        shared = f", {count(found['shared'], 'shared device')}" if found["shared"] else ""
        told = f"{count(found['anonymous'], 'anonymous id')}, {found['owned']:,} of them a user's"
        yield Check("identities", "ok", told + shared)


def _id(logged: str) -> str:
    return repr(logged.removeprefix("anonymous:"))


def accounts(con: "duckdb.DuckDBPyConnection", variables: Mapping[str, Any]) -> Iterator[Check]:
    """Events without an account, where a funnel counts accounts."""
    funnels = variables.get("funnels") or {}
    if "account_id" not in [each.get("entity") for each in funnels.values()]:
        return
    if not _has(con, "fct_events"):
        return
    ((rows, named),) = con.execute(
        "select count(*), count(account_id) from main.fct_events"
    ).fetchall()
    if not rows:
        return
    told = f"{count(rows - named, 'event')} ({share(rows - named, rows)}) of no account"
    if rows - named < _MANY * rows:
        yield Check("accounts", "ok", told)
    else:
        hint = "they are in no funnel of accounts: load users with account_id, or map it in events"
        yield Check("accounts", "warn", told, hint)


def _has(con: "duckdb.DuckDBPyConnection", *names: str) -> bool:
    return all(meta.has_table(con, "main", name) for name in names)
