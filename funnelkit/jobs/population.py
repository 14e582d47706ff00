"""What everybody with access would say, reckoned from the respondents; and whether that may be."""

from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

import polars as pl

from funnelkit.jobs.weights import Margins, Weighted, weigh
from funnelkit.stats.bias import CONFIDENCE, UNLIKE, Bias, do_bias
from funnelkit.stats.proportions import Interval
from funnelkit.stats.survey import Counts, design_effect, weighted_share

SHARES = ("like", "neutral", "dislike", "like_not_use", "dislike_use")
TOO_UNEVEN = "weighted, the respondents are worth fewer than 30, or weights differ too much"
UNLIKE_ALL = "weighted, the respondents do not behave like everybody"
NOBODY = "no respondent had access throughout"
NO_WEIGHTS = "no weights meet all margins at once"


class Population(NamedTuple):
    """Shares of all users with access to a feature at one cut, and the check of who answered.

    `shares`: by the names of SHARES; empty where `why` tells why there are none. `use`: of
    everybody, a count; None where nobody has access. `eligible`: users with access; `answered`
    those of them that did, `use_answered` their use, not weighted. `worth`: how many respondents of
    different customers each of the shares is worth: Kish's number over the accounts' design effect.
    """

    eligible: int
    use: float | None = None
    bias: Bias | None = None
    shares: Mapping[str, Interval] = MappingProxyType({})
    weighted: Weighted | None = None
    why: str = ""
    answered: int = 0
    use_answered: float | None = None
    worth: Mapping[str, float] = MappingProxyType({})


def populations(
    people: pl.DataFrame, access: pl.DataFrame, margins: Margins, cuts: Sequence[int]
) -> dict[int, Population]:
    """Raked shares of those with access, of one feature, and its do-bias check, at each cut.

    `people`: user_key, customer_id, opinion, days (in the answer's window), a row a respondent;
    `access`: user_key, days (in the wave's window), a row a user with access throughout.
    Shares: Wilson on Kish's effective number over the accounts' design effect, corrected for a
    finite population. The check at the first cut, the feature's own, decides for all of them.
    """
    everybody = access.height
    use = {cut: _use(access, cut) for cut in cuts}
    try:
        weighted = weigh(margins, access["user_key"], people["user_key"])
    except ValueError:
        return {cut: Population(everybody, use[cut], why=NO_WEIGHTS) for cut in cuts}
    if weighted is None:
        return {cut: Population(everybody, use[cut], why=NOBODY) for cut in cuts}
    table = weighted.users.join(people, on="user_key", maintain_order="left").join(
        access.rename({"days": "days_before"}), on="user_key", maintain_order="left"
    )
    accounts = table["customer_id"].rank("dense").cast(pl.Int64).to_numpy()
    share = partial(_share, weighted, accounts)
    worth = partial(_worth, weighted, accounts)
    found: dict[int, Population] = {}
    why = "" if weighted.allowed else TOO_UNEVEN
    said = {name: table["opinion"] == name for name in SHARES[:3]}
    for cut in cuts:
        before = table["days_before"] >= cut
        bias = do_bias(share(before, confidence=CONFIDENCE), use[cut] or 0.0)
        if not found and bias.verdict == UNLIKE:
            why = why or UNLIKE_ALL
        flags = {} if why else said | _discordant(table, cut)
        found[cut] = Population(
            everybody,
            use[cut],
            bias,
            {name: share(each) for name, each in flags.items()},
            weighted,
            why,
            table.height,
            int(before.sum()) / table.height,
            {name: worth(each) for name, each in flags.items()},
        )
    return found


def _use(access: pl.DataFrame, cut: int) -> float | None:
    return int((access["days"] >= cut).sum()) / access.height if access.height else None


def _discordant(table: pl.DataFrame, cut: int) -> dict[str, pl.Series]:
    used = table["days"] >= cut
    like, dislike = table["opinion"] == "like", table["opinion"] == "dislike"
    return {"like_not_use": like & ~used, "dislike_use": dislike & used}


def _share(
    weighted: Weighted, accounts: Counts, flags: pl.Series, confidence: float = 0.95
) -> Interval:
    bits = flags.to_numpy()
    return weighted_share(
        weighted.users["weight"].to_numpy(),
        bits,
        weighted.population,
        confidence=confidence,
        alike=design_effect(bits, accounts),
    )


def _worth(weighted: Weighted, accounts: Counts, flags: pl.Series) -> float:
    return weighted.kish.n_eff / design_effect(flags.to_numpy(), accounts)
