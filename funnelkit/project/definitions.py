"""What a project defines under `vars: funnelkit:`, as typed, frozen values.

Unknown keys are errors.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator

from funnelkit.project.aha import Moment, Outcome, Search
from funnelkit.project.fields import (
    Date,
    Duration,
    Instant,
    Name,
    Properties,
    Strict,
    Text,
    TimeZone,
    wrong,
)
from funnelkit.project.funnels import Funnel
from funnelkit.project.gates import Gate
from funnelkit.project.identity import EventModel, Identity
from funnelkit.project.quality import Quality
from funnelkit.project.say import Feature, Feedback
from funnelkit.project.scorecard import Scorecard
from funnelkit.project.shipping import Change, Experiment

MAX_FUNNELS = 127  # the funnel's number shares 64 bits with lane and entity


def _shown(value: Any) -> Any:
    if value in (None, "all"):
        return value
    if isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
        return tuple(value)
    raise wrong(f"{value!r} is not accepted; write all, or a list of features")


class Sessions(Strict):
    """Where a user's log is cut into sessions: a longer gap, in microseconds, starts a new one."""

    idle_us: Annotated[Duration, Field(alias="idle")]


class Report(Strict):
    """A report and what it shows; `features`: names of some, or all.

    `compare`: a user property whose values are held against each other in each funnel. `owner`: a
    name or an e-mail address, for dbt's exposure of the report; in no page.
    """

    title: str = ""
    description: str = ""
    owner: str = ""
    funnels: tuple[Text, ...] = ()
    compare: Text | None = None
    aha: tuple[Text, ...] = ()
    features: Annotated[tuple[Text, ...] | Literal["all"] | None, PlainValidator(_shown)] = None
    scorecard: Scorecard | None = None


class Definitions(Strict):
    """The whole `vars: funnelkit:` block.

    `observed_until` is UTC (a date alone means its first instant, a time without offset is UTC);
    None means the latest accepted event. `as_of`, likewise, is the last instant of which a row may
    have been received (or, without that, have occurred); None means all rows. `events`: a model
    instead of raw.events. `segments` are SQL over user properties. `revenue`: the user property
    with the cents per period of a customer. `annotations`: what happened
    on a day, such as a release.
    """

    timezone: TimeZone = "UTC"
    observed_until: Instant | None = None
    as_of: Instant | None = None
    events: EventModel | None = None
    event_properties: Properties = Field(default_factory=dict)
    user_properties: Properties = Field(default_factory=dict)
    identity: Identity = Field(default_factory=Identity)
    quality: Quality = Field(default_factory=Quality)
    sessions: Sessions | None = None
    segments: dict[Name, Text] = Field(default_factory=dict)
    funnels: Annotated[dict[Name, Funnel], Field(max_length=MAX_FUNNELS)] = Field(
        default_factory=dict
    )
    outcomes: dict[Name, Outcome] = Field(default_factory=dict)
    aha_moments: dict[Name, Moment] = Field(default_factory=dict)
    aha_search: Search | None = None
    experiments: dict[Name, Experiment] = Field(default_factory=dict)
    changes: dict[Name, Change] = Field(default_factory=dict)
    reports: dict[Name, Report] = Field(default_factory=dict)
    gates: dict[Text, Gate] = Field(default_factory=dict)
    annotations: dict[Date, Text] = Field(default_factory=dict)
    revenue: Text | None = None
    features: dict[Name, Feature] = Field(default_factory=dict)
    feedback: Feedback = Field(default_factory=Feedback)
