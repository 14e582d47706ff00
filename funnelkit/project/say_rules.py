"""What does not go together in features and feedback, and names that point nowhere.

All of it from the `vars: funnelkit:` block as written; whatever has the wrong shape is passed over
in silence here.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from funnelkit.errors import FunnelkitError
from funnelkit.project.aha import DAY_US
from funnelkit.project.durations import format_duration, parse_duration
from funnelkit.project.known import Known, known, no_event_property, unknown
from funnelkit.project.rules import Mistake, as_list, as_mapping
from funnelkit.project.say import CLAIMS, FIXED, SCALES, USED_DAYS, WITHIN_US

Given = Mapping[str, Any]
_WHOLE = ("integer", "bigint")
_NUMERIC = (*_WHOLE, "decimal", "double")


class _Project(NamedTuple):
    """The sections that refer to one another, and the declared properties."""

    raw: Given
    features: Given
    declared: Known


def say_mistakes(raw: Given) -> Iterator[Mistake]:
    """Mistakes of `revenue`, `features`, `feedback` and reports that show between keys."""
    project = _Project(raw, as_mapping(raw.get("features")), known(raw))
    yield from _of_revenue(project)
    yield from _repeated_names(("features",), project.features)
    for name, feature in project.features.items():
        for mistake in _of_feature(as_mapping(feature)):
            yield _under(mistake, "features", name)
    for mistake in _of_feedback(as_mapping(raw.get("feedback")), project):
        yield _under(mistake, "feedback")
    for name, report in as_mapping(raw.get("reports")).items():
        for mistake in _names(("features",), as_mapping(report), "feature", project.features):
            yield _under(mistake, "reports", name)


def _under(mistake: Mistake, *path: str) -> Mistake:
    return Mistake((*path, *mistake.path), mistake.text)


def _repeated_names(path: tuple[str, ...], named: Given) -> Iterator[Mistake]:
    first: dict[str, str] = {}
    for name in named:
        if name.lower() in first:
            text = f"the same name as {first[name.lower()]!r} but for case"
            yield Mistake((*path, name), text)
        first.setdefault(name.lower(), name)


def _names(
    path: tuple[str, ...], given: Given, what: str, known_names: Given, section: str = ""
) -> Iterator[Mistake]:
    """Unknown names, and names said twice, in the list at the last key of `path`."""
    names = as_list(given.get(path[-1]))
    for at, name in enumerate(names):
        if not isinstance(name, str):
            continue
        if name in names[:at]:
            yield Mistake((*path, at), f"{name!r} again; once is enough")
        elif name not in known_names:
            text = unknown(what, name, list(known_names), section or f"{what}s")
            yield Mistake((*path, at), text)


def _of_revenue(project: _Project) -> Iterator[Mistake]:
    name = project.raw.get("revenue")
    if not isinstance(name, str):
        return
    types = as_mapping(project.raw.get("user_properties"))
    if name not in types:
        if name in project.declared.of_events:
            text = f"{name!r} is an event property; write a user property"
        else:
            text = unknown("user property", name, project.declared.of_users, "user_properties")
        yield Mistake(("revenue",), text)
    elif str(types[name]).strip().lower() not in _WHOLE:
        yield Mistake(
            ("revenue",), f"{name!r} is {types[name]}; cents are whole numbers: integer or bigint"
        )


def _of_feature(feature: Given) -> Iterator[Mistake]:
    used = as_mapping(feature.get("used"))
    days = _whole(used.get("days", USED_DAYS))
    within = _us(used["within"]) if "within" in used else WITHIN_US
    if days is not None and within is not None and days * DAY_US > within:
        at = "within" if "within" in used else "days"
        text = f"{days} days do not fit into {format_duration(within)}"
        yield Mistake(("used", at), f"{text}; write fewer days or a longer time")
    regular = _whole(as_mapping(feature.get("regular")).get("days"))
    if days is not None and regular is not None and regular < days:
        yield Mistake(
            ("regular", "days"), f"{regular} is fewer than used.days, {days}; write {days} or more"
        )
    if regular is not None and within is not None and regular * DAY_US > within:
        text = f"{regular} days do not fit into {format_duration(within)}"
        yield Mistake(("regular", "days"), f"{text}; write fewer")
    yield from _repeated_topics(("topics",), feature.get("topics"))


def _repeated_topics(path: tuple[str, ...], topics: Any) -> Iterator[Mistake]:
    seen: list[str] = []
    for at, topic in enumerate(as_list(topics)):
        if isinstance(topic, str):
            if topic.lower() in seen:
                yield Mistake((*path, at), f"{topic!r} again; once is enough")
            seen.append(topic.lower())


def _of_feedback(feedback: Given, project: _Project) -> Iterator[Mistake]:
    questions = as_mapping(feedback.get("questions"))
    for name, question in questions.items():
        for mistake in _of_question(as_mapping(question), project):
            yield _under(mistake, "questions", name)
    yield from _repeated_columns(questions)
    yield from _of_waves(as_mapping(feedback.get("waves")))
    yield from _of_weights(as_mapping(feedback.get("weights")), project)
    themes = as_mapping(feedback.get("themes"))
    yield from _repeated_names(("themes",), themes)
    of_features = {name.lower(): name for name in project.features}
    for name, topics in themes.items():
        yield from _repeated_topics(("themes", name), topics)
        if name.lower() in of_features:
            text = (
                f"feature {of_features[name.lower()]!r} is a theme already; write its topics there"
            )
            yield Mistake(("themes", name), text)


def _of_question(question: Given, project: _Project) -> Iterator[Mistake]:
    kind, feature = question.get("kind"), question.get("feature")
    if isinstance(feature, str) and feature not in project.features:
        text = unknown("feature", feature, list(project.features), "features")
        yield Mistake(("feature",), text)
    if question.get("scale") is not None and isinstance(kind, str):
        if kind in FIXED:
            lo, hi = SCALES[kind]
            yield Mistake(("scale",), f"{kind} is always {lo} to {hi}; leave it out")
        elif kind not in SCALES:
            yield Mistake(("scale",), f"{kind} has no scale; leave it out")
    if question.get("claim") is None:
        return
    if isinstance(kind, str) and kind not in CLAIMS:
        yield Mistake(("claim",), f"not with kind {kind}; write kind: frequency or amount")
    for mistake in _of_claim(as_mapping(question["claim"]), project):
        yield _under(mistake, "claim")


def _of_claim(claim: Given, project: _Project) -> Iterator[Mistake]:
    name = claim.get("sum")
    if name is not None and claim.get("count") is not None:
        yield Mistake(("count",), "not beside sum; write one of them")
    if not isinstance(name, str):
        return
    types = as_mapping(project.raw.get("event_properties"))
    if name not in types:
        yield Mistake(("sum",), no_event_property(name, project.declared, "sum needs"))
    elif not str(types[name]).strip().lower().startswith(_NUMERIC):
        yield Mistake(("sum",), f"{name!r} is {types[name]}; sum needs a number")


def _repeated_columns(questions: Given) -> Iterator[Mistake]:
    taken: dict[str, str] = {}
    for name, question in questions.items():
        written = as_mapping(question).get("column")
        columns = [written] if isinstance(written, str) else as_list(written)
        for at, column in enumerate(columns):
            path = ("questions", name, "column")
            if not isinstance(column, str):
                continue
            if column in taken:
                text = f"{column!r} is a column of question {taken[column]!r} already"
                yield Mistake(path if isinstance(written, str) else (*path, at), text)
            taken.setdefault(column, name)


def _of_waves(waves: Given) -> Iterator[Mistake]:
    yield from _repeated_names(("waves",), waves)
    before: list[tuple[str, dt.date, dt.date]] = []
    for name, wave in waves.items():
        first, last = (_date(as_mapping(wave).get(key)) for key in ("from", "to"))
        if first is None or last is None:
            continue
        if last < first:
            yield Mistake(("waves", name, "to"), f"{last} is before from, {first}")
            continue
        for other, since, until in before:
            if first <= until and since <= last:
                text = f"has days of {other!r}; a day is of one wave"
                yield Mistake(("waves", name), text)
        before.append((name, first, last))


def _of_weights(weights: Given, project: _Project) -> Iterator[Mistake]:
    raw = project.raw
    properties, segments = (as_mapping(raw.get(key)) for key in ("user_properties", "segments"))
    path = ("weights", "by")
    yield from _names(path, weights, "user property", properties, "user_properties")
    yield from _names(("weights", "segments"), weights, "segment", segments)
    name, moments = weights.get("aha"), as_mapping(raw.get("aha_moments"))
    if not isinstance(name, str):
        return
    if name not in moments:
        text = unknown("aha moment", name, list(moments), "aha_moments")
        yield Mistake(("weights", "aha"), text)
        return
    entity = _entity(as_mapping(moments[name]), as_mapping(raw.get("funnels")))
    if isinstance(entity, str) and entity != "user_id":
        yield Mistake(
            ("weights", "aha"), f"{name!r} counts {entity}; write one that counts user_id"
        )


def _entity(moment: Given, funnels: Given) -> Any:
    if isinstance(moment.get("funnel"), str):
        return as_mapping(funnels.get(moment["funnel"])).get("entity", "user_id")
    return moment.get("entity")


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _date(value: Any) -> dt.date | None:
    try:
        return dt.date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _us(duration: Any) -> int | None:
    if not isinstance(duration, str):
        return None
    try:
        return parse_duration(duration)
    except FunnelkitError:
        return None
