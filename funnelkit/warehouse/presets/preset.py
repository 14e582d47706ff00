"""What a vendor's preset says: where each of our columns stands in its export."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

# Raw columns that a preset fills, beside `properties`.
EVENT_CELLS = (
    "event_id",
    "user_id",
    "anonymous_id",
    "previous_id",
    "account_id",
    "event_name",
    "occurred_at",
    "received_at",
)
USER_CELLS = ("user_id", "anonymous_id", "account_id", "updated_at")


@dataclass(frozen=True)
class Traits:
    """What rows of an event log tell of users: rows of raw.users.

    `properties` is SQL over the preset's fields: a JSON object, NULL where the row tells nothing.
    `cells` as in Preset; those left out are the event's, `updated_at` its time. `flat` as in
    Preset. `once`: equal rows of a file are told once (their time is that of the value, not of the
    event).
    """

    properties: str
    cells: Mapping[str, str] = field(default_factory=dict)
    flat: Mapping[str, str] = field(default_factory=dict)
    once: bool = False


@dataclass(frozen=True)
class Preset:
    """One vendor's export.

    `title` is what people call it, `schema` the vendor's page that describes it. `signs` are
    fields (`column`, `column/key/key`, alternatives with `|`) that its rows have and, taken
    together, no other's; the columns of those in `needed` must be there. `fields` names the parts
    that the SQL below reads, all as text. `cells` is SQL over `fields` for our columns;
    `properties` SQL for the vendor's own properties, a JSON object; `moved` are keys of it that are
    left out, for a cell has them or they tell of the delivery only. `flat` are parts of nested
    objects that become properties of their own, by their new name. Columns of the file that are
    in `fields` as a whole, or `ignored` (they tell of the delivery), stay out of the properties;
    all others go in, under their name.
    """

    name: str
    title: str
    schema: str
    signs: tuple[str, ...]
    needed: tuple[str, ...]
    fields: Mapping[str, str]
    cells: Mapping[str, str]
    properties: str
    moved: tuple[str, ...] = ()
    flat: Mapping[str, str] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()
    ignored: tuple[str, ...] = ()
    traits: Traits | None = None

    def fields_of(self, cell: str) -> str:
        """The vendor's columns that a cell is made of, as an error names them."""
        words = set(re.findall(r"[a-z_0-9]+", self.cells[cell]))
        named = [spec for field, spec in self.fields.items() if field in words]
        return ", ".join(spec.replace("|", " or ").replace("/", ".") for spec in named)
