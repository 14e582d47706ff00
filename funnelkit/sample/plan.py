"""What is planted: dates, names, prices and probabilities of the sample company.

Everything a reader may want to change is here; `truth.yml` repeats these numbers beside the
counts that a run realised.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

SECOND: Final = 1_000_000
DAY_S: Final = 86_400
DAYS: Final = 180
START_S: Final = 1_767_225_600  # 2026-01-01T00:00:00Z
LAST_S: Final = START_S + DAYS * DAY_S - 1  # 2026-06-29T23:59:59Z, the latest accepted event
WINDOW_S: Final = 14 * DAY_S

SEEDS_USERS: Final = 2_000
SEEDS_SEED: Final = 7
BLOCK: Final = 1_000  # users that share one random stream; never change with the chunk size
EVENTS_PER_USER: Final = 29.0  # measured; held by a test

# --- events -------------------------------------------------------------------------------------
EVENTS: Final = (
    "page_viewed",
    "signed_up",
    "source_connected",
    "dashboard_created",
    "dashboard_copied",
    "dashboard_shared",
    "logged_in",
    "dashboard_viewed",
    "search_used",
    "comment_added",
    "report_exported",
    "template_browsed",
    "settings_changed",
    "help_opened",
    "api_key_created",
    "alert_created",
    "alert_fired_opened",
    "invite_sent",
    "invite_accepted",
    "plan_upgraded",
    "account_deleted",
    "experiment_exposed",
)
CODE: Final = {name: code for code, name in enumerate(EVENTS)}

# --- accounts -----------------------------------------------------------------------------------
CHANNELS: Final = ("organic", "paid", "referral", "partner")
CHANNEL_SHARES: Final = (0.40, 0.27, 0.22, 0.11)
COUNTRIES: Final = ("DE", "US", "GB", "FR", "NL", "ES", "AT", "SE")
COUNTRY_SHARES: Final = (0.28, 0.22, 0.14, 0.11, 0.09, 0.07, 0.05, 0.04)
# A price is one of eleven tiers: free, five of team, five of business; the last is the big account.
PRICES: Final = (
    *(0,),
    *(4_900, 9_900, 19_900, 29_900, 49_900),
    *(49_900, 99_900, 149_900, 249_900, 399_900),
)
WHALE_TIER: Final = len(PRICES)
PLANS: Final = ("free", *("team",) * 5, *("business",) * 5, "business")
WHALE_USERS: Final = 12
UPGRADE_SHARE: Final = 0.12


def whale_mrr(users: int) -> int:
    """Monthly revenue in cents of the dominating account; grows with the sample to stay so."""
    return 9_600_000 * max(1, round(users / SEEDS_USERS))


# --- activation ---------------------------------------------------------------------------------
STEPS: Final = ("signed_up", "connected", "built", "shared")
STEP_PROBABILITIES: Final = {
    "organic": (0.70, 0.75, 0.65),
    "paid": (0.52, 0.66, 0.50),
    "referral": (0.80, 0.80, 0.72),
    "partner": (0.75, 0.70, 0.60),
}
GAP_MEDIANS_S: Final = (2_400.0, 10_800.0, 86_400.0)
GAP_SIGMAS: Final = (1.9, 1.6, 1.2)

# --- retention ----------------------------------------------------------------------------------
AHA_COUNT: Final = 3
AHA_DAYS: Final = 7
RETAINED_AFTER_DAYS: Final = 21
RETAINED_WITHIN_DAYS: Final = 7
RETAINED_BASE: Final = 0.10
RETAINED_PER_VISIT: Final = 0.035
RETAINED_VISITS_CAP: Final = 10
RETAINED_EFFECT: Final = 0.30

# --- experiments --------------------------------------------------------------------------------
VARIANTS: Final = ("control", "treatment")
INVITE_PROMPT_DAYS: Final = (40, 130)  # sign-up days exposed, half open
INVITE_SHARES: Final = (0.20, 0.34)  # invite_sent within 7 days: control, treatment
NAVIGATION_DAYS: Final = (20, 160)
NAVIGATION_LOST: Final = 0.30  # share of treatment exposures that are never logged

# --- feedback -----------------------------------------------------------------------------------
WAVES_S: Final = (START_S + 90 * DAY_S, START_S + 165 * DAY_S)  # 2026-04-01, 2026-06-15
WAVE_DAYS: Final = 6
USED_DAYS: Final = 2
USED_WITHIN_DAYS: Final = 28


class Feature(NamedTuple):
    """A rated feature: its events and the planted shares of like (4-5) and dislike (1-2).

    Each pair is (not heavy, heavy); heavy is `alert user` for alerts, `reached shared` for sharing
    and `exporter` for exports.
    """

    events: tuple[str, ...]
    like: tuple[float, float]
    dislike: tuple[float, float]


FEATURES: Final = {
    "alerts": Feature(("alert_created", "alert_fired_opened"), (0.20, 0.08), (0.40, 0.80)),
    "exports": Feature(("report_exported",), (0.80, 0.85), (0.06, 0.05)),
    "sharing": Feature(("dashboard_shared",), (0.40, 0.80), (0.25, 0.06)),
}
ANSWER_LOGIT: Final = {
    "intercept": -2.5,
    "per_visit_in_28_days": 0.40,
    "visits_cap": 8,
    "per_day_of_tenure": 0.006,
    "team": 0.4,
    "business": 0.8,
}

# --- property texts: every JSON text an event may carry, by code --------------------------------
PATHS: Final = ("/", "/pricing", "/features", "/templates", "/docs", "/customers")
FORMATS: Final = ("pdf", "csv", "png")
MAX_RECIPIENTS: Final = 30
_EXPERIMENTS: Final = ("invite_prompt", "new_navigation")
PROPERTIES: Final = (
    "",
    *(f'{{"recipients":{n}}}' for n in range(MAX_RECIPIENTS + 1)),
    '{"recipients":"many"}',
    *(f'{{"path":"{path}"}}' for path in PATHS),
    *(f'{{"format":"{form}"}}' for form in FORMATS),
    *(f'{{"amount_cents":{price}}}' for price in PRICES),
    *(
        f'{{"experiment":"{experiment}","variant":"{variant}"}}'
        for experiment in _EXPERIMENTS
        for variant in VARIANTS
    ),
)
RECIPIENTS: Final = 1  # code of {"recipients":0}; code + n is n recipients
MANY: Final = PROPERTIES.index('{"recipients":"many"}')
PATH: Final = MANY + 1
FORMAT: Final = PATH + len(PATHS)
AMOUNT: Final = FORMAT + len(FORMATS)
EXPOSURE: Final = AMOUNT + len(PRICES)
