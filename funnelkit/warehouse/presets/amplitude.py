"""Amplitude: the files of the Export API, one JSON object a line."""

from funnelkit.warehouse.presets.preset import Preset, Traits
from funnelkit.warehouse.presets.terms import only_group

AMPLITUDE = Preset(
    name="amplitude",
    title="Amplitude",
    schema="Amplitude, Export API: Response schema",
    signs=("event_type", "event_time", "device_id|amplitude_id"),
    needed=("event_type", "event_time", "user_id|device_id"),
    fields={
        "insert_id": "$insert_id|insert_id",
        "uuid": "uuid",
        "known": "user_id",
        "device": "device_id",
        "name": "event_type",
        "happened": "event_time",
        "received": "server_upload_time|server_received_time",
        "own": "event_properties",
        "person": "user_properties",
        "groups_json": "groups",
    },
    cells={
        "event_id": "coalesce(insert_id, uuid)",
        "user_id": "known",
        "anonymous_id": "device",
        "account_id": only_group("groups_json"),
        "event_name": "name",
        "occurred_at": "happened",
        "received_at": "received",
    },
    properties="own",
    ignored=(
        # event_id is a counter of the device, no id.
        *("event_id", "$insert_key", "$schema", "server_received_time", "client_event_time"),
        *("client_upload_time", "processed_time", "is_attribution_event", "sample_rate"),
        *("data", "data_type", "source_id", "partner_id", "global_user_properties"),
    ),
    traits=Traits(properties="person"),
)
