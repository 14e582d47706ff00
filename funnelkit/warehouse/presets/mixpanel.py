"""Mixpanel: the raw event export, one JSON object a line, everything in `properties`."""

from funnelkit.warehouse.presets.preset import Preset
from funnelkit.warehouse.presets.terms import device

# Simplified ID Merge: `$device:<device>` until there is a `$user_id`. Original ID Merge writes the
# bare device id, and later the id that its merges chose.
_IS_DEVICE = "coalesce(starts_with(distinct_id, '$device:') or distinct_id = device, false)"

MIXPANEL = Preset(
    name="mixpanel",
    title="Mixpanel",
    schema="Mixpanel, Event Export API: Download Data; Identifying Users; Identity Merge APIs",
    signs=("event", "properties/distinct_id|properties/$distinct_ids", "properties/time"),
    needed=("event", "properties"),
    fields={
        "name": "event",
        "own": "properties",
        "insert_id": "properties/$insert_id",
        "happened": "properties/time",
        "api_time": "properties/$mp_api_timestamp_ms",
        "processing_time": "properties/mp_processing_time_ms",
        "distinct_id": "properties/distinct_id",
        "before": "properties/$distinct_id_before_identity",
        "known": "properties/$user_id",
        "device": "properties/$device_id",
        "identified": "properties/$identified_id",
        "anon": "properties/$anon_id",
        "alias": "properties/alias",
        "merged_0": "properties/$distinct_ids/0",
        "merged_1": "properties/$distinct_ids/1",
    },
    cells={
        "event_id": "insert_id",
        "user_id": "case when name = '$merge' then merged_0 else coalesce(known, identified,"
        f" case when not {_IS_DEVICE} then distinct_id end) end",
        "anonymous_id": device(
            f"coalesce(device, case when {_IS_DEVICE} then distinct_id end, anon,"
            " case when before is distinct from distinct_id then before end)"
        ),
        "previous_id": device(
            "case name when '$create_alias' then alias when '$merge' then merged_1 end"
        ),
        "event_name": "name",
        "occurred_at": "happened",
        "received_at": "coalesce(api_time, processing_time)",
    },
    properties="own",
    moved=(
        *("time", "distinct_id", "$insert_id", "$user_id", "$device_id", "$mp_api_endpoint"),
        *("$mp_api_timestamp_ms", "mp_processing_time_ms", "$distinct_id_before_identity"),
        *("$import", "mp_sent_by_lib_version"),
    ),
    flat={
        "browser": "properties/$browser",
        "os": "properties/$os",
        "device": "properties/$device",
        "city": "properties/$city",
        "region": "properties/$region",
        "current_url": "properties/$current_url",
        "referrer": "properties/$referrer",
        "referring_domain": "properties/$referring_domain",
        "app_version": "properties/$app_version_string",
    },
)
