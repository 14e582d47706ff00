"""Who is one person, and where the events come from."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from funnelkit.project.fields import Strict, Text, whole_number, wrong


def _model(value: Any) -> Any:
    # A name and no path: dbt finds the model, whatever its folder is.
    if not isinstance(value, str) or not value.replace("_", "a").isalnum():
        raise wrong(f"{value!r} is not a model's name; write the name of its file, without .sql")
    return value


class EventModel(Strict):
    """A model of the project's own that stands for raw.events: same columns, a row an event."""

    model: Annotated[Text, BeforeValidator(_model)]


class Identity(Strict):
    """Whose events are whose, where a log tells more than one story.

    `shared_devices`: the user that a device's anonymous events go to, where several used it: the
    `first`, the `last` or `none`. A device of more than `max_users_per_device` users is nobody's;
    aliases that would make one person of more than `max_ids_per_person` ids are not followed.
    """

    shared_devices: Literal["first", "last", "none"] = "first"
    max_users_per_device: Annotated[int, BeforeValidator(whole_number(1))] = 20
    max_ids_per_person: Annotated[int, BeforeValidator(whole_number(2))] = 100
