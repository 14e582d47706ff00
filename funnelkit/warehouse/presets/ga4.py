"""Google Analytics 4: the rows of its BigQuery export, as JSON lines or Parquet."""

from funnelkit.warehouse.presets.preset import Preset, Traits
from funnelkit.warehouse.presets.terms import last_set, of_pairs

GA4 = Preset(
    name="ga4",
    title="GA4",
    schema="Google Analytics, [GA4] BigQuery Export schema",
    signs=("event_name", "event_timestamp", "event_params|user_pseudo_id"),
    needed=("event_name", "event_timestamp", "event_params", "user_pseudo_id|user_id"),
    fields={
        "name": "event_name",
        "happened": "event_timestamp",
        "known": "user_id",
        "pseudo": "user_pseudo_id",
        "params": "event_params",
        "person": "user_properties",
    },
    cells={
        "user_id": "known",
        "anonymous_id": "pseudo",
        "event_name": "name",
        "occurred_at": "happened",
    },
    properties=of_pairs("params"),
    flat={
        "device_category": "device/category",
        "device_operating_system": "device/operating_system",
        "device_browser": "device/web_info/browser",
        "device_language": "device/language",
        "geo_country": "geo/country",
        "geo_region": "geo/region",
        "geo_city": "geo/city",
        "traffic_source_source": "traffic_source/source",
        "traffic_source_medium": "traffic_source/medium",
        "traffic_source_name": "traffic_source/name",
        "app_info_version": "app_info/version",
        "ecommerce_transaction_id": "ecommerce/transaction_id",
        "ecommerce_purchase_revenue": "ecommerce/purchase_revenue",
    },
    ignored=("event_date", "event_previous_timestamp", "event_server_timestamp_offset"),
    traits=Traits(
        properties=of_pairs("person"),
        cells={"updated_at": f"coalesce({last_set('person')}, happened)"},
        once=True,
    ),
)
