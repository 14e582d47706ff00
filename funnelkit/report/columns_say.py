"""What the columns of say and do mean, part by part."""

from funnelkit.report.columns import by_name
from funnelkit.table import Kind

# The parts of say and do, in the order in which they stand; the same name is another thing in each.
_SAY_KINDS: dict[str, dict[Kind, dict[str, str]]] = {
    "gaps": {
        "text": {
            "feature": "Feature",
            "like_side": "Of those who like it",
            "dislike_side": "Of those who dislike it",
            "rounded": "Small cells as 2",
            "decided": "q ≤ 0.05",
            "label": "Label",
        },
        "count": {
            "n": "n",
            "likes": "Like it",
            "dislikes": "Dislike it",
            "aligned": "Like, use",
            "lip_service": "Like, do not use",
            "captive": "Dislike, use",
            "rejected": "Dislike, do not use",
            "neutral": "Neutral",
            "neutral_used": "Neutral, use",
        },
        "share": {
            "not_using_among_like": "Do not use it, of those who like it",
            "nl_lo": "Low",
            "nl_hi": "High",
            "using_among_dislike": "Use it, of those who dislike it",
            "ud_lo": "Low",
            "ud_hi": "High",
            "say": "Like it",
            "do": "Use it",
            "lip_rate": "Like, do not use",
            "captive_rate": "Dislike, use",
        },
        "points": {"gap": "Gap", "gap_lo": "Gap, low", "gap_hi": "Gap, high"},
        "number": {"phi": "phi", "n_eff": "Effective n"},
    },
    "quadrant": {
        "text": {"feature": "Feature", "rounded": "Small cells as 2"},
        "count": {"n": "n"},
        "share": {
            "say": "Like it",
            "say_lo": "Low",
            "say_hi": "High",
            "do": "Use it",
            "do_lo": "Low",
            "do_hi": "High",
        },
    },
    "cuts": {
        "text": {"feature": "Feature", "rounded": "Small cells as 2"},
        "count": {"used_days": "Days of use", "n": "n"},
        "points": {"gap": "Gap", "gap_lo": "Gap, low", "gap_hi": "Gap, high"},
    },
    "bias": {
        "text": {"feature": "Feature", "do_bias_verdict": "Verdict"},
        "count": {"n": "Answered", "eligible": "Everybody"},
        "share": {"use_everybody": "Everybody uses it"},
        "points": {
            "do_bias": "Respondents beside them",
            "do_bias_lo": "Low",
            "do_bias_hi": "High",
        },
    },
    "population": {
        "text": {"feature": "Feature"},
        "number": {"pop_n_eff": "Effective n"},
        "share": {
            f"pop_{name}{end}": f"{label}{ends}"
            for name, label in (
                ("like", "Like"),
                ("neutral", "Neutral"),
                ("dislike", "Dislike"),
                ("like_not_use", "Like, do not use"),
                ("dislike_use", "Dislike, use"),
            )
            for end, ends in (("", ""), ("_lo", ", low"), ("_hi", ", high"))
        },
    },
    "money": {
        "text": {"feature": "Feature", "problem": "Who", "money_label": "Note"},
        "count": {
            "customers": "Customers",
            "revenue_cents": "Identified revenue",
            "estimated_revenue_cents": "Estimated revenue",
            "er_lo": "Low",
            "er_hi": "High",
        },
        "share": {"revenue_share": "Of revenue"},
    },
    "claims": {
        "text": {"question": "Question", "wave": "Wave"},
        "count": {
            "n": "n",
            "persons": "Persons",
            "over": "Over",
            "same": "Same",
            "under": "Under",
        },
        "number": {
            "mean_difference": "Mean difference",
            "lo": "Low",
            "hi": "High",
            "median_said": "Median said",
            "median_logged": "Median logged",
            "median_difference": "Median difference",
            "md_lo": "Low",
            "md_hi": "High",
            "spearman": "Spearman",
            "sp_lo": "Low",
            "sp_hi": "High",
            "tolerance": "Tolerance",
        },
    },
    "nps": {
        "text": {"wave": "Wave", "label": "Label"},
        "count": {
            "n": "n",
            "customers": "Customers",
            "promoters": "Promoters",
            "passives": "Passives",
            "detractors": "Detractors",
        },
        "points": {
            "nps": "NPS",
            "lo": "Low",
            "hi": "High",
            "difference": "Change",
            "d_lo": "Low",
            "d_hi": "High",
        },
    },
    "impact": {
        "text": {"theme": "Theme", "wave": "Wave", "label": "Label"},
        "count": {"n": "n"},
        "points": {
            "impact": "Contribution",
            "lo": "Low",
            "hi": "High",
        },
    },
    "themes": {
        "text": {
            "theme": "Theme",
            "wave": "Wave",
            "method": "Method",
            "calibration": "Calibration",
            "label": "Label",
        },
        "count": {
            "mentions": "Mentions",
            "customers": "Customers",
            "scored": "Scored",
            "negative": "Flagged negative",
            "labels": "Labels",
        },
        "share": {
            "negative_share": "Negative",
            "lo": "Low",
            "hi": "High",
            "se": "Se",
            "sp": "Sp",
        },
    },
    "opportunities": {
        "text": {
            "kind": "Kind",
            "name": "Where",
            "problem": "Problem",
            "severity_of": "Severity of",
            "rounded": "Rounded",
            "label": "Label",
        },
        "count": {
            "tier": "Tier",
            "eligible": "Eligible",
            "affected": "Affected",
            "rank_lo": "Rank, from",
            "rank_hi": "Rank, to",
            "business_value_cents": "Business value",
        },
        "share": {"affected_share": "Affected", "lo": "Low", "hi": "High", "severity": "Severity"},
        "number": {
            "importance": "Importance",
            "satisfaction": "Satisfaction",
            "ulwick": "Ulwick",
            "ulwick_behavioural": "Ulwick, by log",
            "customer_value": "Customer value",
        },
    },
}

SAY_PARTS = tuple(_SAY_KINDS)
SAY_COLUMNS = {part: by_name(kinds) for part, kinds in _SAY_KINDS.items()}
