import copy
import json
from typing import Any

import pytest

from funnelkit.project.words import entities, in_words, window_text
from funnelkit.warehouse.macros import definition_hash

SPEC: dict[str, Any] = {
    "no": 0,
    "name": "activation",
    "description": "From sign-up to the first shared dashboard",
    "entity": "user_id",
    "order": "ordered",
    "entry": "first",
    "window_us": 14 * 86_400_000_000,
    "steps": [
        {"no": 1, "name": "signed_up", "events": ["signed_up"], "where": None},
        {"no": 2, "name": "built", "events": ["created", "Created", "moved"], "where": None},
        {"no": 3, "name": "shared", "events": ["shared"], "where": "recipients\n  > 0"},
    ],
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


def test_names_in_short():
    assert (entities(SPEC), window_text(SPEC)) == ("users", "14 days")
    assert window_text(changed(window_us=None)) is None
    assert window_text(changed(window_us=1)) == "1 microseconds"
    assert entities(changed(entity="session_id")) == "values of session_id"


def test_hash_is_the_md5_of_the_rules():
    # printf '%s' "$TEXT" | md5sum | cut -c1-12
    text = (
        '{"entity": "user_id", "entry": "first", "order": "ordered", "steps": [{"events": ["a"], '
        '"where": null}, {"events": ["\\u00e9"], "where": "x > 0"}], "window_us": null}'
    )
    spec = {**json.loads(text), "no": 3, "name": "f", "description": "x", "breakdowns": [1]}
    assert definition_hash(spec) == "2ac00cd99a86"


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
    ],
)
def test_hash_changes_with_the_meaning(other):
    assert definition_hash(changed(**other)) != definition_hash(SPEC)
