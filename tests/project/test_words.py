import copy
import json
from typing import Any

import pytest

from funnelkit.project.words import entities, in_words, window_text
from funnelkit.warehouse.macros import definition_hash

DAY = 86_400_000_000


def step(no: int, name: str, events: list[str], where: str | None = None) -> dict[str, Any]:
    return {
        "no": no,
        "name": name,
        "events": events,
        "where": where,
        "optional": False,
        "rank": no,
    }


SPEC: dict[str, Any] = {
    "no": 0,
    "name": "activation",
    "description": "From sign-up to the first shared dashboard",
    "entity": "user_id",
    "count": "entities",
    "order": "ordered",
    "anchor_first": False,
    "entry": "first",
    "window_us": 14 * DAY,
    "step_window_us": None,
    "hold": [],
    "row_reuse": False,
    "strict_increase": False,
    "steps": [
        step(1, "signed_up", ["signed_up"]),
        step(2, "built", ["created", "Created", "moved"]),
        step(3, "shared", ["shared"], "recipients\n  > 0"),
    ],
    "exclude": [],
    "breakdowns": [
        {"name": "channel", "property": "channel", "at": "entry"},
        {"name": "plan", "property": "plan", "at": "entry"},
    ],
}


def changed(**values: Any) -> dict[str, Any]:
    return {**copy.deepcopy(SPEC), **values}


def test_a_first_entry_funnel_in_words():
    assert in_words(SPEC) == [
        "Counts users (user_id).",
        "Step 1, signed_up: event signed_up.",
        "Step 2, built: event created, Created or moved.",
        "Step 3, shared: event shared where recipients > 0.",
        "Entry: only the first signed_up in the date range starts an attempt (first): one attempt "
        "each, and users that begin again are not counted again.",
        "Steps count in this order; other events may lie between, and one event fills one step.",
        "Events at the same instant count in the order of the steps.",
        "Window: shared comes at most 14 days after the entry, inclusive, in elapsed time.",
        "Mature: the entry plus 14 days is not after the end of the data (observed_until), "
        "whatever happened in between.",
        "Conversion: users that reach a step from a mature entry, of those with a mature entry.",
        "Open: stopped before a step, while the window goes on after the end of the data; "
        "lost: stopped before it, and no window is left in which to get there.",
        "Broken down by channel, plan, each as it was at the first entry in the date range.",
    ]


def test_a_best_entry_says_what_the_outcome_chooses():
    words = " ".join(in_words(changed(entry="best")))
    assert "any signed_up in the date range may start the attempt (best)" in words
    assert "curve still follow the first entry" in words
    assert "ranges of unequal length do not compare" in words
    assert "only the first" not in words
    assert "Mature: an entry plus 14 days" in words
    assert "while the window of some entry goes on" in words


def test_without_a_window_nothing_is_open():
    words = in_words(changed(window_us=None, breakdowns=[], entity="account_id"))
    assert words[0] == "Counts accounts (account_id)."
    assert words[-2:] == [
        "No window: shared may follow at any time, so nothing is open, lost or mature.",
        "Conversion: accounts that reach a step, of all that entered.",
    ]
    assert not any(word.startswith(("Window", "Mature", "Open", "Broken")) for word in words)


def sentence(start: str, **values: Any) -> str:
    """The one sentence that begins with `start`."""
    (found,) = [each for each in in_words(changed(**values)) if each.startswith(start)]
    return found


def lines(**values: Any) -> set[str]:
    """The sentences that a rule adds to those of SPEC."""
    return set(in_words(changed(**values))) - set(in_words(SPEC))


EXCLUSION = {
    "no": 1,
    "events": ["deleted", "closed"],
    "where": "n >\n 0",
    "from": 2,
    "to": 3,
    "scope": "attempt",
}
GENERAL_OPEN = (
    "Open: stopped before a step that events after the end of the data could still bring; "
    "lost: stopped before it, and nothing can bring it any more."
)


def test_every_entry_as_an_attempt():
    assert lines(count="entries", entry="best") == {
        "Counts attempts of users (user_id).",
        "Entry: every signed_up in the date range starts an attempt of its own (count: entries); "
        "a later event counts for the latest attempt that it can extend.",
        "Conversion: attempts that reach a step from a mature entry, of those with a mature "
        "entry; the intervals allow for several attempts of the same users.",
        GENERAL_OPEN,
        "Broken down by channel, plan, each as it was at the attempt's entry.",
    }
    words = in_words(changed(count="entries", entry="best", window_us=None, breakdowns=[]))
    assert words[-1] == (
        "Conversion: attempts that reach a step, of all that entered; the intervals allow for "
        "several attempts of the same users."
    )


def test_strict_order():
    assert lines(order="strict") == {
        "Each step is the very next event after the step before (strict): any other event in "
        "between ends the attempt, and one event fills one step.",
        "Events of no step come last in their instant.",
        GENERAL_OPEN,
    }


@pytest.mark.parametrize(
    ("anchor", "starts", "after"),
    [(False, "event of a step", ""), (True, "signed_up", " after the entry")],
)
def test_any_order(anchor: bool, starts: str, after: str):
    words = in_words(changed(order="any", anchor_first=anchor))
    assert words[4:7] == [
        f"Entry: only the first {starts} in the date range starts an attempt (first): one attempt "
        "each, and users that begin again are not counted again.",
        f"Steps count in any order{after} (any): step 2 is reached with two different steps, and "
        "so on; an event counts for every step that it matches.",
        "Window: a step comes at most 14 days after the entry, inclusive, in elapsed time.",
    ]
    best = sentence("Entry", order="any", anchor_first=anchor, entry="best")
    assert best.startswith(f"Entry: any {starts} in the date range may start the attempt (best)")
    assert sentence("No window", order="any", anchor_first=anchor, window_us=None) == (
        "No window: steps may follow at any time, so nothing is open, lost or mature."
    )


def test_a_step_window_beside_a_window():
    assert lines(step_window_us=DAY) == {
        "Windows: each step comes at most 1 day after the one before, shared at most 14 days after "
        "the entry, inclusive, in elapsed time.",
        GENERAL_OPEN,
    }


def test_a_step_window_alone_is_the_sum_of_the_gaps():
    assert sentence("Windows", step_window_us=DAY, window_us=2 * DAY) == (
        "Windows: each step comes at most 1 day after the one before, so shared at most 2 days "
        "after the entry, inclusive, in elapsed time."
    )


def test_optional_steps():
    spec = changed(window_us=DAY, step_window_us=DAY)
    spec["steps"][1] |= {"optional": True, "rank": None}
    spec["steps"][2] |= {"rank": 2}
    words = in_words(spec)
    assert words[2] == "Step 2, built (optional): event created, Created or moved."
    assert words[6] == (
        "Optional: built may be left out; done with an event between the events of the steps "
        "around it, or after the last step reached within the window."
    )
    assert words[8] == (
        "Windows: each required step comes at most 1 day after the required one before, so shared "
        "at most 1 day after the entry, inclusive, in elapsed time."
    )
    assert any(
        each.endswith("last step reached.") for each in in_words({**spec, "window_us": None})
    )


def test_exclusions_with_their_scope():
    assert lines(
        exclude=[EXCLUSION, {**EXCLUSION, "where": None, "from": 1, "scope": "entity"}]
    ) == {
        "Exclusion: event deleted or closed where n > 0 between built and shared ends the attempt; "
        "what it reached before counts (scope: attempt).",
        "Exclusion: event deleted or closed between signed_up and shared ends the attempt; users "
        "that get less far by it leave the funnel (scope: entity).",
        "Exclusions that are no step come last in their instant.",
        GENERAL_OPEN,
    }


def test_held_properties():
    assert lines(hold=["team", "plan"]) == {
        "Held: all events of an attempt have the same team and plan; an event without it fills no "
        "step.",
        "Entry: only the first signed_up in the date range for each team and plan starts an "
        "attempt (first); of several attempts the deepest counts, and cohort, breakdowns and the "
        "time-to-convert curve follow the first entry of all.",
        "Mature: an entry plus 14 days is not after the end of the data (observed_until), "
        "whatever happened in between.",
        "Open: stopped before a step, while the window of some entry goes on after the end of the "
        "data; lost: stopped before it, and no window is left in which to get there.",
    }
    assert sentence("Held", hold=["team"], exclude=[EXCLUSION]) == (
        "Held: all events of an attempt have the same team; an event without it fills no step, "
        "and an exclusion ends only attempts with its own."
    )


def test_parity_modes():
    assert lines(row_reuse=True) == {
        "Steps count in this order; other events may lie between, and one event may fill several "
        "steps (row_reuse)."
    }
    increase = (
        "Events at the same instant do not follow one another (strict_increase): each step comes "
        "later than the step before."
    )
    assert lines(strict_increase=True) == {increase}
    assert lines(strict_increase=True, row_reuse=True) == {increase}


def test_breakdowns_by_what_an_event_says():
    at = [{"name": f"n@{at}", "property": "n", "at": at} for at in ("shared", "first", "last")]
    assert in_words(changed(breakdowns=at))[-3:] == [
        "Broken down by n of the event that filled shared, (not reached) without one; conversions "
        "of later steps only.",
        "Broken down by n of the entity's first event of any step that has one; counts only.",
        "Broken down by n of the entity's last event of any step that has one; counts only.",
    ]


def test_names_in_short():
    assert (entities(SPEC), window_text(SPEC)) == ("users", "14 days")
    assert window_text(changed(window_us=None)) is None
    assert window_text(changed(window_us=1)) == "0.000001 seconds"
    assert entities(changed(entity="account_id")) == "accounts"
    assert entities(changed(entity="session_id")) == "sessions"
    assert entities(changed(entity="order_id")) == "values of order_id"
    assert entities(changed(count="entries", entry="best")) == "attempts of users"


def test_hash_is_the_md5_of_the_rules():
    # printf '%s' "$TEXT" | md5sum | cut -c1-12
    text = (
        '{"entity": "user_id", "entry": "first", "order": "ordered", "steps": [{"events": ["a"], '
        '"where": null}, {"events": ["\\u00e9"], "where": "x > 0"}], "window_us": null}'
    )
    written = json.loads(text)
    steps = [{**SPEC["steps"][0], **each} for each in written["steps"]]
    assert definition_hash({**SPEC, **written, "steps": steps}) == "2ac00cd99a86"


@pytest.mark.parametrize(
    "same", [{"no": 7}, {"name": "x"}, {"description": "other"}, {"breakdowns": []}]
)
def test_hash_ignores_what_changes_no_number(same):
    assert definition_hash(changed(**same)) == definition_hash(SPEC)


def test_hash_ignores_the_order_of_keys_and_of_a_steps_events():
    assert definition_hash(dict(reversed(SPEC.items()))) == definition_hash(SPEC)
    turned = changed()
    turned["steps"][1]["events"].reverse()
    turned["steps"][1]["name"] = "made"
    assert definition_hash(turned) == definition_hash(SPEC)


@pytest.mark.parametrize(
    "other",
    [
        {"entity": "account_id"},
        {"entry": "best"},
        {"window_us": None},
        {"window_us": SPEC["window_us"] + 1},
        {"steps": SPEC["steps"][:2]},
        {"steps": list(reversed(SPEC["steps"]))},
        {"steps": [{**SPEC["steps"][0], "where": "true"}, *SPEC["steps"][1:]]},
        {"steps": [SPEC["steps"][0], {**SPEC["steps"][1], "optional": True}, SPEC["steps"][2]]},
        {"count": "entries"},
        {"order": "strict"},
        {"anchor_first": True},
        {"step_window_us": 1},
        {"hold": ["team"]},
        {"row_reuse": True},
        {"strict_increase": True},
        {"exclude": [EXCLUSION]},
    ],
)
def test_hash_changes_with_the_meaning(other):
    assert definition_hash(changed(**other)) != definition_hash(SPEC)


@pytest.mark.parametrize(
    "other",
    [{"events": ["deleted"]}, {"where": None}, {"from": 1}, {"to": 2}, {"scope": "entity"}],
)
def test_hash_changes_with_the_meaning_of_an_exclusion(other):
    one, two = changed(exclude=[EXCLUSION]), changed(exclude=[{**EXCLUSION, **other}])
    assert definition_hash(one) != definition_hash(two)
