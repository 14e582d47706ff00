"""Segment, and RudderStack, which writes the same: track, identify, alias, group, page, screen."""

from funnelkit.warehouse.presets.preset import Preset, Traits
from funnelkit.warehouse.presets.terms import patched

SEGMENT = Preset(
    name="segment",
    title="Segment",
    schema="Segment, Spec: Common fields; RudderStack, Event Spec",
    signs=("type", "messageId|anonymousId|userId", "timestamp|originalTimestamp"),
    needed=("type", "timestamp|originalTimestamp", "userId|anonymousId"),
    fields={
        "call": "type",
        "track_name": "event",
        "known": "userId",
        "anonymous": "anonymousId",
        "previous": "previousId",
        "group_id": "groupId",
        "group_context": "context/groupId",
        "message": "messageId",
        # Corrected by the vendor for a clock that is wrong; the original one is not.
        "sent": "timestamp|originalTimestamp",
        "received": "receivedAt",
        "own": "properties",
        "traits": "traits",
        "context_traits": "context/traits",
    },
    cells={
        "event_id": "message",
        "user_id": "known",
        "anonymous_id": "anonymous",
        "previous_id": "previous",
        "account_id": "coalesce(group_id, group_context)",
        "event_name": "case when call is null or call = 'track' then track_name else call end",
        "occurred_at": "sent",
        "received_at": "received",
    },
    properties="own",
    flat={
        "context_page_path": "context/page/path",
        "context_page_url": "context/page/url",
        "context_page_referrer": "context/page/referrer",
        "context_page_title": "context/page/title",
        "context_campaign_source": "context/campaign/source",
        "context_campaign_medium": "context/campaign/medium",
        "context_campaign_name": "context/campaign/name",
        "context_device_type": "context/device/type",
        "context_os_name": "context/os/name",
        "context_app_version": "context/app/version",
        "context_locale": "context/locale",
        "context_user_agent": "context/userAgent",
        "context_library_name": "context/library/name",
    },
    kept=frozenset({"traits"}),
    ignored=(
        *("sentAt", "originalTimestamp", "integrations", "version", "writeKey", "projectId"),
        *("_metadata", "metadata", "rudderId", "request_ip"),
    ),
    traits=Traits(
        # RudderStack tells them in the context.
        properties=f"case when call = 'identify' then {patched('context_traits', 'traits')} end",
        cells={"account_id": "group_context"},
    ),
)
