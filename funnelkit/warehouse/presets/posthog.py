"""PostHog: the events model of its batch exports; JSON lines, Parquet, CSV."""

from funnelkit.warehouse.presets.preset import Preset, Traits
from funnelkit.warehouse.presets.terms import only_group, patched

# What the web library tells decides; a server tells nothing, and its ids are of users.
_IS_ANONYMOUS = (
    "name <> '$identify' and known_user is null and ("
    "identified = 'false' or profiled = 'false' or coalesce(distinct_id = device, false)"
    " and coalesce(identified, '') <> 'true')"
)

POSTHOG = Preset(
    name="posthog",
    title="PostHog",
    schema="PostHog, Batch exports: Events model; Identifying users",
    signs=("event", "distinct_id", "timestamp", "properties"),
    needed=("event", "distinct_id", "timestamp", "properties"),
    fields={
        "uuid": "uuid|id",
        "name": "event",
        "distinct_id": "distinct_id",
        "happened": "timestamp",
        "received": "created_at",
        "own": "properties",
        "known_user": "properties/$user_id",
        "device": "properties/$device_id",
        "identified": "properties/$is_identified",
        "profiled": "properties/$process_person_profile",
        "anon": "properties/$anon_distinct_id",
        "alias": "properties/alias",
        "groups_json": "properties/$groups",
        "group_key": "properties/$group_key",
        "told": "properties/$set",
        "told_column": "set",
        "person": "person_properties",
        "person_object": "person/properties",
    },
    cells={
        "event_id": "uuid",
        "user_id": f"case when not coalesce({_IS_ANONYMOUS}, false) then"
        " case when name in ('$identify', '$create_alias', '$merge_dangerously') then distinct_id"
        " else coalesce(known_user, distinct_id) end end",
        "anonymous_id": "coalesce(anon, device,"
        f" case when coalesce({_IS_ANONYMOUS}, false) then distinct_id end)",
        "previous_id": "case when name in ('$create_alias', '$merge_dangerously') then alias end",
        "account_id": f"coalesce({only_group('groups_json')}, group_key)",
        "event_name": "name",
        "occurred_at": "happened",
        "received_at": "received",
    },
    properties="own",
    moved=("$insert_id", "$set", "$sent_at", "$time", "$lib_version", "$user_id", "$device_id"),
    flat={
        "current_url": "properties/$current_url",
        "pathname": "properties/$pathname",
        "host": "properties/$host",
        "referring_domain": "properties/$referring_domain",
        "browser": "properties/$browser",
        "raw_user_agent": "properties/$raw_user_agent",
        "os": "properties/$os",
        "device_type": "properties/$device_type",
        "country_code": "properties/$geoip_country_code",
        "screen_name": "properties/$screen_name",
        "el_text": "properties/$el_text",
    },
    ignored=("_inserted_at", "bq_ingested_timestamp", "team_id", "person"),
    traits=Traits(
        properties=patched("coalesce(person, person_object)", "coalesce(told, told_column)"),
        flat={
            "initial_utm_source": "person_properties/$initial_utm_source",
            "initial_utm_medium": "person_properties/$initial_utm_medium",
            "initial_utm_campaign": "person_properties/$initial_utm_campaign",
            "initial_referring_domain": "person_properties/$initial_referring_domain",
            "country_code": "person_properties/$geoip_country_code",
        },
    ),
)
