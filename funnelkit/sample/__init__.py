"""The sample company: a B2B dashboard product over 180 days, with known truth planted in it."""

from funnelkit.sample.company import Summary, generate, write_seeds
from funnelkit.sample.plan import EVENTS_PER_USER, SEEDS_SEED, SEEDS_USERS

__all__ = ["EVENTS_PER_USER", "SEEDS_SEED", "SEEDS_USERS", "Summary", "generate", "write_seeds"]
