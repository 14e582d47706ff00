"""Vendors' exports, by preset: data and SQL; `staged` makes the query, `recognised` the guess."""

from funnelkit.errors import FunnelkitError, did_you_mean
from funnelkit.warehouse.presets.amplitude import AMPLITUDE
from funnelkit.warehouse.presets.ga4 import GA4
from funnelkit.warehouse.presets.mixpanel import MIXPANEL
from funnelkit.warehouse.presets.posthog import POSTHOG
from funnelkit.warehouse.presets.preset import Preset
from funnelkit.warehouse.presets.segment import SEGMENT

PLAIN = "plain"
PRESETS = {preset.name: preset for preset in (SEGMENT, AMPLITUDE, MIXPANEL, POSTHOG, GA4)}
_ALSO = {"rudderstack": SEGMENT}
NAMES = (*PRESETS, *_ALSO, PLAIN)


def find(name: str | None) -> Preset | None:
    """The preset of this name; None for `plain` and for none. Raises FunnelkitError for others."""
    if name is None or name == PLAIN:
        return None
    found = PRESETS.get(name) or _ALSO.get(name)
    if found is None:
        raise FunnelkitError(f"no preset is called {name!r}", did_you_mean(name, NAMES))
    return found
